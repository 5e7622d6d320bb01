"""Units in a county's brief: which are nearest for whom, what the loss of one would do, where infants are moved to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcare.geo import STATES
from matcare.publish.brief.html import Html, join, paragraphs, table, tag
from matcare.publish.brief.words import (
    EVIDENCE_WORDS,
    LEVEL_SOURCE_WORDS,
    MISSING_WORDS,
    SPACE,
    count,
    home_word,
    minutes,
    minutes_words,
    percent,
    shortened,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.publish.brief.data import BriefData

__all__ = [
    "closure_sentence",
    "closures",
    "closures_sentence",
    "evidence_words",
    "level_words",
    "nearest_units",
    "transfers",
    "unit_name",
]

Row = dict[str, Any]

_MOST_UNITS: Final = 8
_MOST_CLOSURES: Final = 6
_MOST_TRANSFERS: Final = 6
_TRANSFER_STATUS: Final = {
    "own": "itself",
    "same_site": "on its campus",
    "none_known": "none known",
    "not_reported": "no level reported in the state",
}

PROTECT_WORDS: Final = (
    "A list of units to protect, most women newly beyond 60 minutes first: not evidence that any unit should close. "
    "Quality, finances and staffing are not in it, and a closure also takes prenatal and emergency care with it."
)


def unit_name(row: Row) -> str:
    """Return a unit's name, cut where it is longer than a table can bear."""
    return shortened(str(row["facility_name"]))


def level_words(row: Row) -> str:
    """Return a unit's neonatal level with where it comes from and what speaks against it.

    Examples
    --------
    >>> level_words({"neonatal_level": None, "nicu": "yes", "level_source": "none", "level_query": None,
    ...              "correction": "none"})
    'not reported; has a NICU'
    >>> level_words({"neonatal_level": "III", "nicu": "yes", "level_source": "reported", "correction": "none",
    ...              "level_query": "matched loosely"})
    'III (self-reported; query: matched loosely)'
    """
    level = row["neonatal_level"]
    if level is None:
        return "not reported; has a NICU" if row["nicu"] == "yes" else "not reported"
    source = LEVEL_SOURCE_WORDS.get(row["level_source"], "source not given")
    if " level " in str(row["correction"] or ""):
        source = "as corrected"
    query = f"; query: {shortened(row['level_query'], 120)}" if row["level_query"] else ""
    return f"{level} ({source}{query})"


def evidence_words(row: Row) -> str:
    """Return what a unit's obstetrics rest on, with the query against them."""
    said = EVIDENCE_WORDS.get(row["obstetric_evidence"], "not known")
    if row["coord_precision"] == "supplied":
        said = "as given in the user's file"
    query = f"; query: {shortened(row['evidence_query'], 160)}" if row["evidence_query"] else ""
    correction = row["correction"]
    changed = f"; correction: {shortened(correction, 160)}" if correction and correction != "none" else ""
    return f"{said}{query}{changed}"


def _town(row: Row) -> str:
    return shortened(f"{row['city']}, {row['state']}" if row["city"] else str(row["state"]), 60)


def numbered_units(data: BriefData, code: str) -> dict[str, int]:
    """Return the units that stand in the table of nearest units, with their numbers."""
    return {unit.facility_id: i for i, unit in enumerate(data.nearest.get(code, ())[:_MOST_UNITS], 1)}


def nearest_units(data: BriefData, code: str) -> Html:
    """Return the table of units that are nearest for the county's women."""
    units = data.nearest.get(code, [])
    row = data.counties[code]
    women = row["women_15_44"] or 0.0
    if not units:
        why = MISSING_WORDS.get(row["minutes_birth_care_reason"], "no figure")
        return tag("p", f"No unit can be named as the nearest: {why}.")
    lines = []
    for i, unit in enumerate(units[:_MOST_UNITS], 1):
        found = data.facilities.get(unit.facility_id)
        name = unit.facility_id if found is None else unit_name(found)
        lines.append(
            [
                join([tag("b", i), f" {name}", tag("small", "" if found is None else _town(found))]),
                whole(unit.women),
                percent(_part(unit.women, women)),
                minutes(unit.minutes),
                "not known" if found is None else level_words(found),
                "not known" if found is None else evidence_words(found),
            ]
        )
    rest = units[_MOST_UNITS:]
    more = (
        f"{count(len(rest), 'further unit')} {'is' if len(rest) == 1 else 'are'} the nearest for "
        f"{percent(_part(sum(unit.women for unit in rest), women))} of the women."
        if rest and women
        else ""
    )
    without = row["share_women_without_minutes_birth_care"]
    none = f"{percent(without)} of the women cannot be given a drive to any unit." if without else ""
    return join(
        [
            table(
                f"Units that are the nearest birth care of the {_home(row)}'s women 15-44",
                ["Unit", "Women", "Share", "Mean min", "Neonatal level", "Evidence of obstetrics"],
                lines,
                numbers=(1, 2, 3),
            ),
            paragraphs([more, none]),
            tag(
                "p",
                (
                    "The nearest by car is not where every woman gives birth. Levels are self-reported unless said "
                    "otherwise; an absent level is unknown, not none. Not for choosing where to give birth or where an "
                    "ambulance should go."
                ),
                class_="quiet",
            ),
        ]
    )


def _home(row: Row) -> str:
    return home_word(str(row["county_name"]), str(row["state"]))


def _part(women: float, of: float) -> float | None:
    """Return a share to the four decimals that the tables have, so that all is all."""
    return round(women / of, 4) if of else None


def closure_sentence(row: Row) -> str:
    """Return what the loss of a unit would do, in one sentence.

    Parameters
    ----------
    row : dict
        Of `FRAGILITY`.
    """
    beyond, without = row["women_newly_beyond_60"], row["women_newly_without_minutes"]
    who = "no woman of any county" if whole(beyond) == "0" else f"{count(beyond, 'woman', 'women')} of all counties"
    parts = [f"{who} would be newly beyond 60{SPACE}minutes of birth care"]
    if row["minutes_added"] is not None:
        parts.append(f"those who have another unit would drive {minutes_words(row['minutes_added'])} more on average")
    if without and whole(without) != "0":
        parts.append(f"{count(without, 'woman', 'women')} could drive to no other unit")
    return f"Without {unit_name(row)}, {'; '.join(parts)}."


def closures_sentence(rows: Sequence[Row]) -> str:
    """Return what the worst loss would do, or that none would leave women beyond 60 minutes.

    Parameters
    ----------
    rows : sequence of dict
        Of `FRAGILITY`, worst first; at least one.
    """
    if all(whole(row["women_newly_beyond_60"]) == "0" and not row["women_newly_without_minutes"] for row in rows):
        which = "this unit" if len(rows) == 1 else "any one of these units"
        return f"The loss of {which} alone would leave no woman newly beyond 60{SPACE}minutes of birth care."
    return closure_sentence(rows[0])


def closures(data: BriefData, code: str) -> Html:
    """Return what the loss of a unit in the county, or nearest for its women, would do."""
    here = [row["facility_id"] for row in data.facilities_by_county.get(code, []) if row["counts_birth_care"]]
    near = [unit.facility_id for unit in data.nearest.get(code, [])[:_MOST_UNITS]]
    wanted = dict.fromkeys([*here, *near])
    rows = sorted((data.fragility[unit] for unit in wanted if unit in data.fragility), key=lambda row: row["order"])
    outside = [unit for unit in near if unit not in data.fragility and unit in data.facilities]
    note = ""
    if outside:
        states = sorted({STATES.get(data.facilities[unit]["state"], "") for unit in outside})
        note = (
            f"{count(len(outside), 'nearest unit')} in {', '.join(states)} {'is' if len(outside) == 1 else 'are'} "
            "outside this run's list: run that state, or the nation, for them."
        )
    return closure_table(rows[:_MOST_CLOSURES], left=len(rows) - _MOST_CLOSURES, note=note)


def closure_table(rows: Sequence[Row], *, left: int = 0, note: str = "") -> Html:
    """Return units to protect, with what their loss would do."""
    if not rows:
        return paragraphs(["No unit of the run's list serves the place.", note])
    lines = [
        [
            join([unit_name(row), tag("small", _town(row))]),
            whole(row["women_nearest"]),
            whole(row["women_newly_beyond_60"]),
            whole(row["women_newly_beyond_30"]),
            "none" if row["minutes_added"] is None else minutes(row["minutes_added"]),
            _next(row),
        ]
        for row in rows
    ]
    more = f"{count(left, 'further unit')} {'stands' if left == 1 else 'stand'} in fragility.csv." if left > 0 else ""
    return join(
        [
            tag("p", closures_sentence(rows), class_="lead"),
            table(
                "If a unit were lost: women 15-44 of all counties, by car",
                [
                    "Unit",
                    "Women whose nearest it is",
                    "Newly beyond 60 min",
                    "Newly beyond 30 min",
                    "Mean min added",
                    "Next nearest",
                ],
                lines,
                numbers=(1, 2, 3, 4),
            ),
            paragraphs([more, note]),
            tag("p", PROTECT_WORDS, class_="warn"),
        ]
    )


def _next(row: Row) -> str:
    if row["next_unit"] is None:
        return "none can be driven to"
    share = row["share_women_next_unit"]
    whom = "" if share is None else f" (for {percent(share)} of them)"
    return f"{shortened(row['next_unit_name'] or row['next_unit'])}{whom}"


def transfers(data: BriefData, code: str) -> Html:
    """Return how far the county's birth hospitals are from units of a higher level."""
    rows = data.transfers.get(code, [])
    if not rows:
        home = _home(data.counties[code])
        return tag("p", f"No birth hospital of this {home}, so no transfer from one.")
    lines = [
        [
            unit_name(row),
            "not reported" if row["neonatal_level"] is None else row["neonatal_level"],
            _moved(row, "neonatal_3_plus"),
            _moved(row, "neonatal_3_plus_or_nicu"),
        ]
        for row in rows[:_MOST_TRANSFERS]
    ]
    left = len(rows) - _MOST_TRANSFERS
    more = (
        f"{count(left, 'further birth hospital')} {'stands' if left == 1 else 'stand'} in transfers.csv."
        if left > 0
        else ""
    )
    return join(
        [
            table(
                f"From the {_home(data.counties[code])}'s birth hospitals to a higher neonatal level, by car",
                [
                    "Birth hospital",
                    "Own level",
                    "To reported level III or IV",
                    "To level III or IV, or a NICU of unknown level",
                ],
                lines,
            ),
            paragraphs([more]),
        ]
    )


def _moved(row: Row, service: str) -> str:
    status = row[f"status_{service}"]
    if status != "transfer":
        return _TRANSFER_STATUS.get(status, MISSING_WORDS.get(status, "no figure"))
    where = f", {row[f'state_{service}']}" if row[f"out_of_state_{service}"] else ""
    query = f"; query: {shortened(row[f'level_query_{service}'], 80)}" if row[f"level_query_{service}"] else ""
    return f"{minutes_words(row[f'minutes_{service}'])}: {shortened(row[f'facility_name_{service}'])}{where}{query}"
