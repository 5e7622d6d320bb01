"""The numbers of the start page, in a sentence and in a table of states; each stands in the run's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd

from matcare.geo import STATES
from matcare.publish.site.words import count_words, grouped, minutes_words, share

if TYPE_CHECKING:
    from matcare.publish.finished import FinishedRun

__all__ = ["KeyFigure", "StateRow", "headline", "key_figures", "state_rows"]

_LEVELS: Final = ("neonatal_3_plus", "neonatal_3_plus_or_nicu")
"""Reported levels III and IV alone, and with the NICUs of unknown level."""

_MILLION: Final = 1_000_000


class KeyFigure(NamedTuple):
    """A number with what it is, and what must stand beside it."""

    value: str
    words: str
    beside: str


class StateRow(NamedTuple):
    """A state in the table of the start page."""

    code: str
    name: str
    counties: int
    deserts: int
    within_30: float
    minutes: float
    level: str


def _place(run: FinishedRun) -> str | None:
    """Return the one place whose access says the whole region, where there is one."""
    if run.national:
        return "US"
    return run.states[0] if len(run.states) == 1 else None


def _deserts(counties: pd.DataFrame) -> int:
    return int((counties["march_of_dimes_class"] == "desert").sum())


def headline(run: FinishedRun) -> str:
    """Return the region's access in plain words."""
    total, deserts = len(run.counties), _deserts(run.counties)
    where = "the United States" if run.national else run.title
    verb = "is a maternity care desert" if deserts == 1 else "are maternity care deserts"
    if total == 1:
        first = f"{run.counties['county_name'].iloc[0]}, {where}, is {'' if deserts else 'not '}a maternity care desert"
    else:
        first = f"In {where}, {count_words(deserts, '', ' ').strip()} of {total:,} counties {verb}"
    first += " by the March of Dimes rule"
    unsure = int(run.counties["march_of_dimes_class"].str.startswith("desert_or").sum())
    if unsure:
        first += f"; of {unsure:,} more it cannot be told, because an input is missing"
    place = _place(run)
    if place is None or run.access(place).empty:
        return f"{first}."
    row = _row(run.access(place), "birth_care")
    return (
        f"{first}. Of its {_women(row['women_15_44'])} women aged 15-44, {share(row['share_women_within_30'])} live "
        f"within 30 minutes of a hospital with birth care; the mean drive is {_minutes(row['minutes'])}."
    )


def _row(access: pd.DataFrame, service: str) -> dict[str, float]:
    """Return a service's row; a place without women has no figure in any column."""
    found = access[access.index == service].astype("float64")
    return {str(name): float(found[name].iloc[0]) if len(found) else float("nan") for name in access.columns}


def _women(number: float) -> str:
    return f"{number / _MILLION:.1f} million" if number >= _MILLION else grouped(number)


def _level_is_reported(counties: pd.DataFrame) -> bool:
    """Tell whether any county's state has a unit with a reported level: where none has, none is within is not known."""
    return bool((counties["minutes_neonatal_3_plus_reason"] != "level_not_reported").any())


def _level_words(access: pd.DataFrame, counties: pd.DataFrame) -> str:
    """Return the share of women within an hour of level III or IV, between its two readings."""
    if access.empty:
        return "no figure"
    low, high = (share(_row(access, name)["share_women_within_60"]) for name in _LEVELS)
    if not _level_is_reported(counties):
        return f"unknown, at most {high}"
    return low if low == high else f"{low} to {high}"


def _minutes(value: float) -> str:
    said = minutes_words(value)
    return "not known" if said == "no figure" else f"{said} minute{'s' * (said not in {'1', '<1'})}"


def key_figures(run: FinishedRun) -> list[KeyFigure]:
    """Return the region's numbers, each with what must stand beside it."""
    total = len(run.counties)
    found = [
        KeyFigure(
            f"{_deserts(run.counties):,} of {total:,}",
            f"{'county' if total == 1 else 'counties'} without birth care or any obstetric clinician in the data",
            "deserts by the March of Dimes rule; clinicians are a floor: no family physicians, no DOs",
        )
    ]
    place = _place(run)
    access = run.access(place) if place else pd.DataFrame()
    if len(access):
        birth = _row(access, "birth_care")
        found.append(
            KeyFigure(
                share(birth["share_women_within_60"]), "of women 15-44 within 60 minutes of birth care",
                f"{share(birth['share_women_within_30'])} within 30, {share(birth['share_women_within_90'])} within 90",
            )
        )  # fmt: skip
        reported = _level_is_reported(run.counties)
        found.append(
            KeyFigure(
                _level_words(access, run.counties), "of women within 60 minutes of a NICU of level III or IV",
                "reported levels only, to NICUs of unknown level counted in; self-reported"
                if reported
                else "no unit's level is reported here: NICUs of unknown level counted in, or not",
            )
        )  # fmt: skip
    found.extend(_rate(run))
    return found


def _rate(run: FinishedRun) -> list[KeyFigure]:
    """Return the published infant mortality of the region, where it is published."""
    pooled = run.tables["pooled_rates.csv"]
    asked = (
        pooled["grouping"] == "nation"
        if run.national
        else (pooled["grouping"] == "state") & (pooled["group"] == _place(run))
    )
    row = pooled[asked & (pooled["status"] == "published")]
    if len(row) != 1:
        return []
    one: Any = row.iloc[0]
    words = "infant deaths per 1,000 live births"
    interval = f"95 % interval {one['imr_low']:.2f} to {one['imr_high']:.2f}; {one['outcome_period']}"
    return [KeyFigure(f"{one['imr']:.2f}", words, interval)]


def state_rows(run: FinishedRun) -> list[StateRow]:
    """Return the run's states by name."""
    rows = []
    for state, counties in run.counties.groupby("state"):
        code = str(state)
        access = run.access(code)
        birth = _row(access, "birth_care")
        rows.append(
            StateRow(
                code, STATES[code], len(counties), _deserts(counties), birth["share_women_within_30"],
                birth["minutes"], _level_words(access, counties),
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: row.name)
