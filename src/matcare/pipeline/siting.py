"""Where to add units: ``matcare site``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from matcare.contracts.siting import SITING, SITING_OUT_OF_REACH, SITING_TOTALS, SITING_UNITS
from matcare.errors import InputError
from matcare.pipeline.drawing import drawn_counties, drawn_facilities, short_care
from matcare.pipeline.outputs import deliver
from matcare.pipeline.questions import Question, ask, number, records, share
from matcare.pipeline.report import SILENT
from matcare.planning.siting.plan import Siting, site_units
from matcare.planning.siting.request import SitingRequest
from matcare.publish.answers import Answer, TerminalTable
from matcare.publish.map.comparison_themes import minutes_themes, newly_within_theme, share_themes
from matcare.tables.other_hospitals import as_facilities
from matcare.tables.user_candidates import read_candidates

if TYPE_CHECKING:
    from matcare.pipeline.report import Report
    from matcare.scenario import Scenario
    from matcare.tables.snapshot import Snapshot

__all__ = ["OtherHospitals", "site"]

SHOWN: Final = 10
"""Rows of a table on the terminal."""

_ROLES: Final = {
    "new_site": "opened", "reopen": "opened", "open_service": "upgraded", "upgrade": "upgraded",
    "open_and_upgrade": "upgraded",
}  # fmt: skip


def site(
    scenario: Scenario,
    *,
    candidates: str = "hospitals",
    data_dir: Path | None = None,
    out: Path | None = None,
    report: Report | None = None,
    **asked: Any,
) -> Answer:
    """Choose where units should be added, and write it.

    Parameters
    ----------
    scenario : Scenario
        Today; its states say whose people count and whose places are candidates.
    candidates : str
        Kinds joined by ``+`` (``hospitals``, ``birth-hospitals``, ``block-groups``), or a user's file of places.
        ``hospitals`` are the facilities without the service and the hospitals without a sign of obstetrics.
    data_dir, out : pathlib.Path, optional
        Data tables in place of the embedded ones; output folder.
    report : Report, optional
        Told of each step.
    **asked
        As :class:`matcare.planning.siting.request.SitingRequest`.

    Returns
    -------
    Answer
        ``siting.csv`` (by county), ``siting_units.csv``, ``siting_totals.csv``, ``siting_out_of_reach.csv``.

    Raises
    ------
    InputError
        When an option or a file is not usable, or what is asked for cannot be had: by how much.
    OutputError
        When the output cannot be written.
    """
    report = report or SILENT
    kinds, files = _kinds(candidates)
    if not files:
        SitingRequest(candidates=kinds, states=scenario.states, **asked)  # what cannot be is said before the work
    target = out or Path("maps") / f"site-{scenario.region}"

    def make() -> Answer:
        without_births = OtherHospitals(scenario) if "hospitals" in kinds.split("+") else None
        question = ask(scenario, data_dir=data_dir, report=report, more_facilities=without_births)
        points = read_candidates(files[0], question.chosen.counties) if files else None
        request = SitingRequest(
            candidates=kinds, points=points, states=scenario.states,
            limit_minutes=scenario.search_limit_minutes, **asked,
        )  # fmt: skip
        _refuse_unknown_levels(question, request)
        with report.step(f"sites for {request.service.replace('_', ' ')}"):
            found = site_units(question.area, request)
        return _answer(question, request, found, files, () if without_births is None else without_births.told)

    return deliver(make, command="site", target=target, report=report)


@dataclass
class OtherHospitals:
    """The hospitals without a sign of obstetrics that a service could open at; tells how many there are."""

    scenario: Scenario
    told: tuple[str, ...] = ()

    def __call__(self, snapshot: Snapshot, facilities: pd.DataFrame) -> pd.DataFrame:
        """Return those of the scenario's states that are not among the facilities, in the form of facilities.

        Not those of one kind of care, and none whose evidence the scenario takes for birth care: it is no candidate
        then, but the scenario's facilities do not have it either. None with facilities of the user's alone.
        """
        if self.scenario.facilities_only or snapshot.other_hospitals is None:
            return facilities.iloc[:0]
        other = snapshot.other_hospitals
        if self.scenario.states:
            other = other[other["state"].isin(self.scenario.states)]
        there = {number for numbers in _numbers(facilities) for number in numbers}
        new = [there.isdisjoint(numbers) for numbers in _numbers(other)]
        other = other[pd.Series(new, index=other.index, dtype="bool")]
        general = other["specialty"].isna()
        found = as_facilities(other[general])
        found = found[~found["obstetric_evidence"].isin(self.scenario.birth_care_tiers)]
        kept = int((~general).sum())
        if len(found):
            words = (
                f"{len(found):,} of the candidates are hospitals without a sign of obstetrics in the sources, none "
                "known to be able to offer the service; hospitals whose name tells of one other kind of care "
                f"({kept:,}) are no candidates"
            )
            self.told = (words,)
        return found


def _numbers(facilities: pd.DataFrame) -> list[list[str]]:
    """Return the identifiers of each facility, the former ones too."""
    former = facilities["other_ids"].fillna("").str.split()
    return [[str(now), *before] for now, before in zip(facilities["facility_id"], former, strict=True)]


def _refuse_unknown_levels(question: Question, request: SitingRequest) -> None:
    """Refuse a level in a region where no unit's level is known: who is out of reach there cannot be told."""
    if not request.service.startswith("neonatal_") or request.service.endswith("_or_nicu"):
        return
    frame = question.area.facilities
    here = frame["state"].isin(question.opened.region) & (frame["status"] == "open")
    if not frame.loc[here, "neonatal_level"].notna().any():
        raise InputError(
            f"no neonatal level is reported in {question.place}: unknown is not none; bring levels with --facilities "
            "or --corrections, or ask for nicu"
        )


def _kinds(candidates: str) -> tuple[str, list[Path]]:
    """Part the kinds of candidates from a file that is named among them."""
    files = [Path(part.strip()) for part in candidates.split("+") if Path(part.strip()).suffix]
    kinds = ["file" if Path(part.strip()).suffix else part.strip() for part in candidates.split("+")]
    return "+".join(dict.fromkeys(kinds)), files[:1]


def _answer(
    question: Question, request: SitingRequest, found: Siting, files: list[Path], told: tuple[str, ...]
) -> Answer:
    area, service = question.area, request.service
    states = sorted(question.opened.region)
    drawn = drawn_counties(area.counties, found.counties, states=states)
    words = short_care(service)
    plural = "" if len(found.units) == 1 else "s"
    return Answer(
        command="site",
        title=f"{question.place}: where to add {len(found.units)} unit{plural} for {words}"
        if len(found.units)
        else f"{question.place}: no candidate brings anyone nearer to {words}",
        subtitle=f"{number(found.counties['women_newly_within'].sum())} women newly within {request.within:g} minutes; "
        f"objective {request.objective}, within {request.within:g} minutes; facility data to "
        f"{question.opened.data_date}",
        asked={
            **{name: getattr(request, name) for name in _ASKED},
            "candidates": request.candidates, "file": files[0].name if files else None,
        },
        tables={
            "siting.csv": (SITING, found.counties),
            "siting_units.csv": (SITING_UNITS, found.units),
            "siting_totals.csv": (SITING_TOTALS, found.totals),
            "siting_out_of_reach.csv": (SITING_OUT_OF_REACH, found.out_of_reach),
        },
        map_options={
            "counties": drawn,
            "facilities": _facilities(question, request, found, drawn),
            "themes": _themes(request, words),
        },
        terminal=_tables(request, found),
        lines=_lines(found),
        words=(*found.notes, *told),
        found={"status": found.status, "value": found.value, "bound": found.bound, "gap": found.gap, "unit": found.unit,
               "candidates": found.candidates},
        **question.provenance(),
    )  # fmt: skip


_ASKED: Final = (
    "add", "service", "within", "objective", "states", "weight", "equity_of", "equity_weight", "worst_off",
    "min_births", "capacity", "cap_minutes", "gap", "time_limit",
)  # fmt: skip


def _themes(request: SitingRequest, words: str) -> list[Any]:
    limit = int(request.within)
    themes = [
        *share_themes(words, limit, before="share_women_within_before", after="share_women_within_after"),
        *minutes_themes(words, difference=None),
        newly_within_theme(words, limit, column="women_newly_within"),
    ]
    if limit == request.within:
        return themes
    return [replace(theme, title=theme.title.replace(f"{limit} min", f"{request.within:g} min")) for theme in themes]


def _facilities(question: Question, request: SitingRequest, found: Siting, drawn: Any) -> pd.DataFrame:
    """Chosen sites, and the existing units of the service; a place without a hospital has a row of its own."""
    row_of = {unit: row for row, unit in enumerate(question.area.facilities["facility_id"])}
    roles: dict[int, str] = {}
    words: dict[int, str] = {}
    new = []
    for unit in records(found.units):
        told = (
            f"Site {unit['rank']}: {_ACTION_WORDS[unit['action']]}; {number(unit['women_newly_within'])} women newly "
            f"within {request.within:g} minutes, nearest unit of {number(unit['births_nearest_per_year'])} estimated "
            "births a year."
        )
        row = row_of.get(unit["site_id"])
        if row is not None:
            roles[row], words[row] = _ROLES[unit["action"]], told
        else:
            new.append(
                {"facility_id": unit["site_id"], "facility_name": unit["site_name"], "city": "", "state": unit["state"],
                 "lat": unit["lat"], "lon": unit["lon"], "role": "opened", "words": told}
            )  # fmt: skip
    there = drawn_facilities(question.area, request.service, counties=drawn, roles=roles, words=words)
    if not new:
        return there
    more = pd.DataFrame(new).astype({"facility_id": "str", "facility_name": "str", "words": "str"})
    return pd.concat([there, more], ignore_index=True)


_ACTION_WORDS: Final = {
    "new_site": "a new site",
    "reopen": "reopened",
    "open_service": "birth care opened at a hospital",
    "upgrade": "a birth hospital upgraded",
    "open_and_upgrade": "birth care opened and upgraded at a hospital",
}


def _tables(request: SitingRequest, found: Siting) -> list[TerminalTable]:
    units = [
        [f"{row['rank']}. {row['site_name']}, {row['state']}", row["action"].replace("_", " "),
         number(row["women_newly_within"]), number(row["births_nearest_per_year"])]
        for row in records(found.units.head(SHOWN))
    ]  # fmt: skip
    totals = [
        [row["measure"].replace("_", " "), *(_value(row["unit"], row[name]) for name in ("before", "after", "change"))]
        for row in records(found.totals)
    ]
    tables = [
        TerminalTable(
            title=f"Sites ({found.candidates:,} candidates"
            + (f"; {len(found.units) - SHOWN:,} more in siting_units.csv)" if len(found.units) > SHOWN else ")"),
            columns=("site", "what", f"women new ≤{request.within:g}", "births nearest"),
            rows=units,
        ),
        TerminalTable(title="Everyone in the region", columns=("", "before", "after", "change"), rows=totals),
    ]
    if len(found.out_of_reach):
        rows = [
            [f"{row['county_name']}, {row['state']}", row["reason"].replace("_", " "), number(row["women_15_44"])]
            for row in records(found.out_of_reach.sort_values("women_15_44", ascending=False).head(SHOWN))
        ]
        tables.insert(
            0,
            TerminalTable(
                title=f"Who cannot be served ({len(found.out_of_reach):,} rows in siting_out_of_reach.csv)",
                columns=("county", "why", "women"),
                rows=rows,
            ),
        )
    return tables


def _value(unit: str, value: float) -> str:
    if unit == "share 0-1":
        return share(value)
    return number(value, 1 if unit == "minutes" else 0)


def _lines(found: Siting) -> list[str]:
    return [
        (
            f"Solution: {found.status.replace('_', ' ')}, {found.value:,.1f} {found.unit}; the best possible is at "
            f"most {100 * found.gap:.2f} % better. Checked against a new search of the minutes."
        )
    ]
