"""Exports of CDC WONDER put together: groups summed, years pooled, and what is known of a place that has no count.

A place is `given` only when every count of it is. One suppressed year makes the pool suppressed, with bounds that add
up; a year without a row leaves it incomplete, since a county that is not named in a year is in no way zero in it.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.disclosure import SMALL
from matcare.errors import InputError
from matcare.sources.wonder import WonderExport
from matcare.sources.wonder_labels import DEATH_SIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

__all__ = [
    "MEASURES",
    "check_overlap",
    "common_years",
    "covers",
    "place_rows",
    "pool",
    "refuse_partial",
    "rows_expected",
    "summed",
    "years_in_words",
]

MEASURES: Final = ("deaths", "births")
_NATION: Final = "00"


def refuse_partial(export: WonderExport) -> None:
    """Refuse an export whose query left some births or deaths out, or that is of some states without saying which.

    Raises
    ------
    InputError
        Naming the parameter of the query.
    """
    for name, value in export.footer.filters.items():
        raise InputError(
            f"{export.path}: the query took {name} = {_short(value)} only, so its counts are not those of all births "
            "and infant deaths; export again with All for everything but places and years"
        )
    if export.level == "nation" and export.footer.places:
        raise InputError(
            f"{export.path}: the query was limited to {_short(export.footer.places)}, and its rows do not say the "
            "place; group by State or County and export again"
        )


def covers(export: WonderExport, codes: pd.Index) -> npt.NDArray[np.bool_]:
    """Tell of which places an export would have a row if there were anything to show."""
    asked = export.footer.counties_asked
    if asked:
        return codes.isin(list(asked))
    return codes.str[:2].isin(export.frame["code"].str[:2].unique())


def check_overlap(exports: Sequence[WonderExport]) -> None:
    """Refuse two exports of the same level that hold the same place and year: it would be counted twice."""
    for one, other in combinations(exports, 2):
        years = sorted(set(one.years) & set(other.years))
        shared = set(one.frame["code"]) & set(other.frame["code"])
        if not one.footer.counties_asked and not other.footer.counties_asked:
            states = set(one.frame["code"].str[:2]) & set(other.frame["code"].str[:2])
            shared |= {f"{state}" for state in states}
        if years and shared:
            raise InputError(
                f"{other.path}: {min(shared)} in {years[0]} is in {one.path} too; give each place and year once "
                "(choose years that do not overlap)"
            )


def common_years(exports: Iterable[WonderExport]) -> tuple[int, ...]:
    """Return the years that all places of all levels are of.

    Raises
    ------
    InputError
        When a state, or the nation, is of other years than the rest: their rates could not stand side by side.
    """
    held: dict[tuple[str, str], set[int]] = {}
    named: dict[tuple[str, str], str] = {}
    for export in exports:
        for state in sorted(set(export.frame["code"].str[:2])):
            held.setdefault((export.level, state), set()).update(export.years)
            named[export.level, state] = str(export.path)
    years = set().union(*held.values())
    for place, own in held.items():
        missing = sorted(years - own)
        if missing:
            where = "the nation" if place[1] == _NATION else f"state {place[1]}"
            raise InputError(
                f"{named[place]}: {where} ({place[0]} rows) has no {missing[0]}, which another export has; "
                "export the same years for every place"
            )
    return tuple(sorted(years))


def summed(export: WonderExport) -> WonderExport:
    """Sum an export over its groups; births that WONDER repeats for each age or cause of death are taken once.

    Raises
    ------
    InputError
        When a group's count is suppressed, missing or may be hidden: the sum would be too small.
    """
    if not export.groups:
        return export
    words = " and ".join(repr(export.titles[role]) for role in export.groups)
    used = ["deaths", "births"] if export.kind == "linked" else ["births"]
    given = bool((export.frame[[f"{name}_status" for name in used]] == "given").all(axis=None))
    if not given or export.footer.shows("Suppressed") is not True:
        why = (
            "some counts are suppressed" if not given else "rows with suppressed counts may be hidden (Show Suppressed)"
        )
        raise InputError(
            f"{export.path}: grouped by {words}, and {why}: the groups do not add up; export again without {words}"
        )
    keys = ["code", "level", "year"]
    mothers = [*keys, *(role for role in export.groups if role not in DEATH_SIDE)]
    births = export.frame.drop_duplicates(mothers).groupby(keys, dropna=False, as_index=False)["births"].sum()
    deaths = export.frame.groupby(keys, dropna=False, as_index=False)["deaths"].sum(min_count=1)
    frame = births.merge(deaths, on=keys, validate="one_to_one").assign(
        deaths_status="given" if export.kind == "linked" else "not_in_file", births_status="given"
    )
    return WonderExport(
        path=export.path,
        kind=export.kind,
        level=export.level,
        years=export.years,
        by_year=export.by_year,
        groups=(),
        titles=export.titles,
        frame=frame,
        race_standard=export.race_standard,
        footer=export.footer,
        notes=export.notes,
    )


def place_rows(exports: Sequence[WonderExport]) -> pd.DataFrame:
    """Return all rows with what is known of each count and what is open.

    Returns
    -------
    pandas.DataFrame
        The exports' frames with ``export`` (position) and, for ``deaths`` and ``births``, ``*_known`` (the count, or 0)
        and ``*_least, *_most``: what the count adds to that when it is not given (0 when it is; no most, infinite,
        when it is missing).
    """
    frames = []
    for position, export in enumerate(exports):
        frame = export.frame.assign(export=position)
        least = float(SMALL[0] if export.shows_zeros else 0)
        for name in MEASURES:
            status = frame[f"{name}_status"]
            frame[f"{name}_known"] = frame[name].where(status.eq("given"), 0.0)
            frame[f"{name}_least"] = np.where(status.eq("suppressed"), least, 0.0)
            frame[f"{name}_most"] = np.select([status.eq("given"), status.eq("suppressed")], [0.0, SMALL[1]], np.inf)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def pool(rows: pd.DataFrame, by: list[str], *, whole: pd.Series | None = None) -> pd.DataFrame:
    """Pool rows of one kind, the years of a place or of a group in it.

    Parameters
    ----------
    rows : pandas.DataFrame
        From :func:`place_rows`; no place and year twice.
    by : list of str
        What stays: ``["code"]`` or ``["code", "group"]``.
    whole : pandas.Series of bool, optional
        By the same keys: whether no row is lacking. All are taken for whole when it is not given.

    Returns
    -------
    pandas.DataFrame
        By `by`: ``deaths, births`` (missing unless both are given), the sums ``*_known, *_least, *_most``, and
        ``status``: ``given``, ``suppressed``, ``incomplete`` (a row is lacking) or ``missing`` (a count is not stated).
    """
    grouped = rows.groupby(by)
    table = grouped[[f"{name}_{part}" for name in MEASURES for part in ("known", "least", "most")]].sum()
    complete = pd.Series(data=True, index=table.index) if whole is None else whole.reindex(table.index)
    measures = [name for name in MEASURES if not rows[f"{name}_status"].eq("not_in_file").all()]
    statuses = rows[[f"{name}_status" for name in measures]]
    flags = rows[by].assign(
        suppressed=(statuses == "suppressed").any(axis=1), given=(statuses == "given").all(axis=1)
    ).groupby(by)  # fmt: skip
    given, suppressed = flags["given"].all(), flags["suppressed"].any()
    table["status"] = np.select([~complete, given, suppressed], ["incomplete", "given", "suppressed"], "missing")
    for name in MEASURES:
        table[f"{name}_most"] = table[f"{name}_most"].where(complete, np.inf)
        kept = table["status"].eq("given") & (name in measures)
        table[name] = table[f"{name}_known"].where(kept)
    return table


def rows_expected(exports: Sequence[WonderExport], codes: pd.Index) -> pd.Series:
    """Return how many rows each place has when none is lacking: one an export, or one a year of it."""
    expected = pd.Series(0, index=codes)
    for export in exports:
        expected += covers(export, codes) * (len(export.years) if export.by_year else 1)
    return expected


def years_in_words(years: Sequence[int]) -> str:
    """Write years as a period.

    Examples
    --------
    >>> years_in_words([2018, 2019, 2020, 2022]), years_in_words([2021])
    ('2018-2020, 2022', '2021')
    """
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}…")  # noqa: PLR2004 - a message is one line
