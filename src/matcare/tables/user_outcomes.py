"""A user's exports of CDC WONDER in place of the embedded outcomes: counties, states, births, groups by race.

Every county gets a standing: `published` where the export gives its counts, `suppressed` where it says that they are
1-9, `not_identified` where it does not name the county (those of fewer than 250,000 people are one row a state), and
`not_reported` where the export does not cover the state. What is known of the deaths stands as bounds beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.disclosure import is_small
from matcare.errors import InputError
from matcare.geo import STATE_FIPS, convert_counts, state_of_county
from matcare.sources.wonder import WonderExport, read_wonder
from matcare.sources.wonder_checks import connecticut_vintage
from matcare.sources.wonder_labels import refuse_two_standards
from matcare.tables.user_disclosure import hide_complements
from matcare.tables.user_race import RACE_ROLES, by_race_table, groups_by_race
from matcare.tables.user_states import county_sums, totals_of_states
from matcare.tables.vintages import SPLIT_2019
from matcare.tables.wonder_pooling import (
    check_overlap,
    common_years,
    covers,
    place_rows,
    pool,
    refuse_partial,
    rows_expected,
    summed,
    years_in_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["UserOutcomes", "outcomes_from_exports"]

_UNIDENTIFIED: Final = "999"
_FEW_DEATHS: Final = 20
_PEOPLE: Final = {"linked": "250,000", "natality": "100,000"}
_POSTAL: Final = {fips: postal for postal, fips in STATE_FIPS.items()}
_RACE_COLUMNS: Final = ["place_kind", "place", "group", "infant_deaths", "live_births", "status"]


@dataclass(frozen=True, kw_only=True)
class UserOutcomes:
    """What a user's exports give.

    Attributes
    ----------
    outcomes : pandas.DataFrame or None
        One row a county of 2024: ``county_fips, infant_deaths, live_births, outcome_status`` (``published, apportioned,
        suppressed, not_identified, not_reported``) and ``deaths_at_least, deaths_at_most`` (the latter missing where
        there is no upper bound). The bounds are for a likelihood and not for showing. None with natality alone.
    states : pandas.DataFrame or None
        One row a state and ``US``: ``state, infant_deaths, live_births, outcome_status`` (``published, complementary,
        not_reported``).
    births : pandas.DataFrame or None
        From natality: ``county_fips, births_per_year, years`` (how many) of the counties that it names.
    by_race : pandas.DataFrame or None
        From linked exports grouped by race or Hispanic origin: ``place_kind`` (county, state, nation), ``place, group,
        infant_deaths, live_births, status`` (``published, suppressed, complementary, not_reported``).
    race_standard : str
        Of `by_race`: ``bridged, single_6, single_15, single_31, unknown``; empty without race.
    years, period : tuple of int, str
        Of deaths and births; empty with natality alone.
    source : str
        Data sets, dates and citations.
    notes : tuple of str
        What was repaired, left out, withheld or cannot be known, one line each.
    """

    outcomes: pd.DataFrame | None
    states: pd.DataFrame | None
    births: pd.DataFrame | None
    by_race: pd.DataFrame | None
    race_standard: str
    years: tuple[int, ...]
    period: str
    source: str
    notes: tuple[str, ...]


def outcomes_from_exports(
    paths: Iterable[Path | str], counties: pd.DataFrame, states: pd.DataFrame, weights: pd.DataFrame
) -> UserOutcomes:
    """Read a user's exports and put them together.

    Parameters
    ----------
    paths : iterable of pathlib.Path or str
        Exports of linked birth / infant death records, of natality, or both; by county, state or nation; of any years.
    counties : pandas.DataFrame
        ``county_fips`` of 2024.
    states : pandas.DataFrame
        ``state``: postal codes, ``US`` among them.
    weights : pandas.DataFrame
        ``old, new, weight`` of Connecticut.

    Returns
    -------
    UserOutcomes

    Raises
    ------
    InputError
        In one line: what :func:`~matcare.sources.wonder.read_wonder` refuses, a query that took some mothers or causes
        only, a county that is none any more, places or years that stand in two exports, exports of different years,
        groups that do not add up, totals that do not agree.
    """
    exports = [read_wonder(path) for path in paths]
    if not exports:
        raise InputError("no export of CDC WONDER given; name one or more files")
    notes = [note for export in exports for note in export.notes]
    for export in exports:
        refuse_partial(export)
        _check_counties(export, counties["county_fips"])
    linked = [export for export in exports if export.kind == "linked"]
    natality = [export for export in exports if export.kind == "natality"]
    births = _births_per_year(natality, counties["county_fips"], weights, notes) if natality else None
    source = "; ".join(dict.fromkeys(_source(export) for export in exports))
    if not linked:
        return UserOutcomes(
            outcomes=None, states=None, births=births, by_race=None, race_standard="", years=(), period="",
            source=source, notes=tuple(notes),
        )  # fmt: skip
    years = common_years(linked)
    raced = [export for export in linked if export.groups and set(export.groups) <= RACE_ROLES]
    totals = {level: _without_groups(linked, level, notes) for level in ("county", "state", "nation")}
    for kind in (*totals.values(), raced):
        _check_years(kind, years)
    outcomes, pooled = _counties(totals["county"], counties["county_fips"], weights, notes)
    sums = county_sums(totals["county"], counties["county_fips"]) if totals["county"] else pd.DataFrame()
    table, more = totals_of_states(totals["state"], totals["nation"], sums, states["state"])
    notes += more
    standard, groups, by_race = _races(raced, notes)
    rest = _open_states(totals["county"], outcomes, pooled)
    table, by_race = hide_complements(table, by_race, pooled, groups, rest=rest)
    notes += _withheld(table, by_race)
    if not totals["county"]:
        notes.append("no export by county: every county is not_reported, and only states or the nation are new")
    else:
        notes.append(_reach(outcomes, pooled))
    return UserOutcomes(
        outcomes=outcomes,
        states=table,
        births=births,
        by_race=by_race if raced else None,
        race_standard=standard,
        years=years,
        period=years_in_words(years),
        source=source,
        notes=tuple(notes),
    )


def _check_counties(export: WonderExport, counties: pd.Series) -> None:
    """Refuse a county that is none of 2024; legacy Connecticut is converted later, by weights."""
    if export.level != "county":
        return
    codes = export.frame.loc[export.frame["level"] == "county", "code"]
    known = codes.isin(counties) | (codes.str[:2].eq("09") & bool(connecticut_vintage(codes) == "legacy"))
    if known.all():
        return
    code = codes[~known].iloc[0]
    parts = SPLIT_2019.get(code)
    why = f"it was split into {' and '.join(parts)} in 2019" if parts else "no county of 2024 has that code"
    raise InputError(
        f"{export.path}: there is no county {code} ({why}), and its counts cannot be divided; leave it "
        "out, export later years, or group by State"
    )


def _check_years(exports: Sequence[WonderExport], years: tuple[int, ...]) -> None:
    """Refuse exports that are of fewer years than the others: deaths by race of two years beside totals of five."""
    own = common_years(exports) if exports else years
    if own != years:
        raise InputError(
            f"{exports[0].path}: of {years_in_words(own)}, where other exports are of {years_in_words(years)}; "
            "export the same years for all"
        )


def _without_groups(linked: Sequence[WonderExport], level: str, notes: list[str]) -> list[WonderExport]:
    """Return the exports that give a level's totals: those without groups, else those that can be summed."""
    mine = [export for export in linked if export.level == level]
    plain = [export for export in mine if not export.groups]
    for kind in (plain, [export for export in mine if set(export.groups) & RACE_ROLES]):
        check_overlap(kind)
    if plain:
        notes += [
            f"{export.path.name}: grouped beside an export without groups; it adds nothing and is left out"
            for export in mine
            if export.groups and not set(export.groups) <= RACE_ROLES
        ]
        return plain
    check_overlap(mine)
    return [summed(export) for export in mine]


def _counties(
    exports: Sequence[WonderExport], counties: pd.Series, weights: pd.DataFrame, notes: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the outcomes by county, and the files' rows pooled with their state."""
    codes = pd.Index(sorted(counties), dtype="str")
    table = pd.DataFrame(
        {"infant_deaths": np.nan, "live_births": np.nan, "outcome_status": "not_reported"}, index=codes
    )
    table = table.assign(deaths_at_least=0.0, deaths_at_most=np.inf).astype({"outcome_status": "str"})
    pooled = _pooled(exports)
    if not exports:
        return _finished(table), pooled
    covered = np.logical_or.reduce([covers(export, codes) & ~_asked(export) for export in exports])
    table.loc[covered, "outcome_status"] = "not_identified"
    named = pooled[pooled.index.isin(codes)]
    table.loc[named.index, "outcome_status"] = named["status"].map(
        {"given": "published", "suppressed": "suppressed", "incomplete": "not_identified", "missing": "not_reported"}
    )
    given = named.index[named["status"].eq("given") & named["births"].gt(0)]
    empty = named.index[named["status"].eq("given") & named["births"].eq(0)]
    table.loc[given, ["infant_deaths", "live_births"]] = named.loc[given, ["deaths", "births"]].to_numpy()
    table.loc[empty, "outcome_status"] = "not_reported"
    table.loc[named.index, "deaths_at_least"] = named["deaths_known"] + named["deaths_least"]
    table.loc[named.index, "deaths_at_most"] = named["deaths_known"] + named["deaths_most"]
    if len(empty):
        notes.append(f"{len(empty)} counties have no births in the period and so no rate: not_reported")
    _note_years(exports, named, notes)
    if connecticut_vintage(pd.Series(pooled.index)) == "legacy":
        _apportion(table, pooled, weights, notes)
    return _finished(table), pooled


def _asked(export: WonderExport) -> bool:
    return bool(export.footer.counties_asked)


def _pooled(exports: Sequence[WonderExport]) -> pd.DataFrame:
    if not exports:
        names = [f"{name}_{part}" for name in ("deaths", "births") for part in ("known", "least", "most")]
        return pd.DataFrame(columns=["deaths", "births", *names, "status", "state"], index=pd.Index([], dtype="str"))
    rows = place_rows(exports)
    codes = pd.Index(sorted(rows["code"].unique()), dtype="str")
    table = pool(rows, ["code"], whole=rows.groupby("code").size().reindex(codes).eq(rows_expected(exports, codes)))
    return table.assign(state=table.index.str[:2].map(_POSTAL))


def _finished(table: pd.DataFrame) -> pd.DataFrame:
    table["deaths_at_most"] = table["deaths_at_most"].replace(np.inf, np.nan)
    return table.rename_axis("county_fips").reset_index().astype({"county_fips": "str"})


def _note_years(exports: Sequence[WonderExport], named: pd.DataFrame, notes: list[str]) -> None:
    if not any(export.by_year for export in exports):
        return
    suppressed, lacking = (int(named["status"].eq(status).sum()) for status in ("suppressed", "incomplete"))
    if suppressed:
        notes.append(f"years are pooled: {suppressed} counties are suppressed in a year and so in the pool")
    if lacking:
        notes.append(
            f"years are pooled: {lacking} counties have no row in one of the years (not named in it, zero or hidden) "
            "and get no rate"
        )


def _apportion(table: pd.DataFrame, pooled: pd.DataFrame, weights: pd.DataFrame, notes: list[str]) -> None:
    """Move Connecticut's legacy counties to the planning regions, if all eight have their counts."""
    regions = sorted(set(weights["new"]) & set(table.index))
    legacy = pooled.reindex(sorted(set(weights["old"])))
    whole = bool(legacy["status"].eq("given").all())
    moved = {
        name: convert_counts(legacy[name], weights, old="old", new="new", weight="weight").reindex(regions)
        for name in ("deaths", "births")
    }
    if not whole or is_small(pd.concat(list(moved.values()))).any():
        table.loc[regions, "outcome_status"] = "not_reported"
        notes.append(
            "Connecticut: the export has its legacy counties, and not all eight with counts that can be moved to the "
            "nine planning regions of 2024: the regions are not_reported"
        )
        return
    table.loc[regions, "infant_deaths"] = moved["deaths"]
    table.loc[regions, "live_births"] = moved["births"]
    table.loc[regions, "deaths_at_least"] = moved["deaths"]
    table.loc[regions, "deaths_at_most"] = moved["deaths"]
    table.loc[regions, "outcome_status"] = "apportioned"
    notes.append(
        "Connecticut: the eight legacy counties are moved to the nine planning regions by women 15-44 (apportioned)"
    )


def _races(raced: Sequence[WonderExport], notes: list[str]) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    if not raced:
        columns = ["code", "place_kind", "place", "state", "group", "hidden"]
        return "", pd.DataFrame(columns=columns), pd.DataFrame(columns=_RACE_COLUMNS)
    standard = refuse_two_standards({str(export.path): export.race_standard for export in raced})
    groups, more = groups_by_race(raced)
    notes += more
    if standard == "bridged":
        notes.append(
            "by race: bridged race counts each mother of several races in one group; not comparable with single race"
        )
    return standard, groups, by_race_table(groups)


def _open_states(exports: Sequence[WonderExport], outcomes: pd.DataFrame, pooled: pd.DataFrame) -> set[str]:
    """Return the states of which births can be in no row of the county files."""
    hidden = {
        _POSTAL[state]
        for export in exports
        if not export.shows_suppressed or export.footer.counties_asked
        for state in export.frame["code"].str[:2].unique()
    }
    unlisted = outcomes[~outcomes["county_fips"].isin(pooled.index)]
    lumped = set(pooled.loc[pooled.index.str[2:] == _UNIDENTIFIED, "state"])
    legacy = {"CT"} if connecticut_vintage(pd.Series(pooled.index)) == "legacy" else set()
    return hidden | (set(state_of_county(unlisted["county_fips"])) - lumped - legacy) | (legacy - lumped)


def _withheld(states: pd.DataFrame, by_race: pd.DataFrame) -> list[str]:
    notes = []
    gone = states.loc[states["outcome_status"] == "complementary", "state"].tolist()
    if gone:
        notes.append(
            f"the totals of {', '.join(gone)} are withheld: they would give a count of 1-9 back (complementary)"
        )
    rows = int((by_race["status"] == "complementary").sum())
    if rows:
        notes.append(f"{rows} rows by race are withheld: they would give a count of 1-9 back (complementary)")
    return notes


def _reach(outcomes: pd.DataFrame, pooled: pd.DataFrame) -> str:
    """Say in a line how few counties such an export informs."""
    stateside = outcomes[outcomes["county_fips"].str[:2] != STATE_FIPS["PR"]]
    status = stateside["outcome_status"].value_counts()
    rated = stateside["outcome_status"].isin(["published", "apportioned"])
    few = int((stateside.loc[rated, "infant_deaths"] < _FEW_DEATHS).sum())
    named = int((pooled.index.str[2:] != _UNIDENTIFIED).sum())
    parts = [f"{int(rated.sum()):,} get a rate of their own ({few:,} of them on fewer than {_FEW_DEATHS} deaths)"]
    for key, words in (
        ("suppressed", "suppressed, 1-9 deaths"),
        ("not_identified", "in 'Unidentified Counties' or hidden, so without a rate"),
        ("not_reported", "not in the export"),
    ):
        if status.get(key, 0):
            parts.append(f"{int(status[key]):,} {words}")
    return (
        f"the export names {named:,} of {len(stateside):,} counties (CDC WONDER names those of {_PEOPLE['linked']} "
        f"people and more): {', '.join(parts)}"
    )


def _births_per_year(
    exports: Sequence[WonderExport], counties: pd.Series, weights: pd.DataFrame, notes: list[str]
) -> pd.DataFrame:
    mine = [summed(export) for export in exports if export.level == "county"]
    columns = {"county_fips": "str", "births_per_year": "float64", "years": "int64"}
    if not mine:
        notes.append("natality by state or nation: births of no county follow from it")
        return pd.DataFrame(columns=list(columns)).astype(columns)
    check_overlap(mine)
    years = common_years(mine)
    pooled = _pooled(mine)
    births = pooled["births"].dropna()
    births = births[births.index.str[2:] != _UNIDENTIFIED]
    if connecticut_vintage(pd.Series(births.index)) == "legacy":
        legacy = births.reindex(sorted(set(weights["old"])))
        moved = (
            convert_counts(legacy, weights, old="old", new="new", weight="weight")
            if legacy.notna().all()
            else legacy[:0]
        )
        births = pd.concat([births[~births.index.isin(legacy.index)], moved])
    births = births[births.index.isin(counties)] / len(years)
    shown = births[~is_small(births)].sort_index()
    notes.append(
        f"natality {years_in_words(years)}: births of {len(shown):,} counties, a yearly mean (CDC WONDER names those "
        f"of {_PEOPLE['natality']} people and more)"
    )
    table = pd.DataFrame({"county_fips": shown.index, "births_per_year": shown.to_numpy(), "years": len(years)})
    return table.astype(columns)


def _source(export: WonderExport) -> str:
    when = f", query of {export.footer.query_date}" if export.footer.query_date else ""
    cited = f". {export.footer.citation}" if export.footer.citation else ""
    return f"CDC WONDER, {export.footer.dataset}{when}{cited}"
