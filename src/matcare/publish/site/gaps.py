"""What is missing where: the reasons that stand in the run's tables, counted by state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.contracts import COUNTY_RESULTS, FACILITIES_OUT
from matcare.geo import STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.publish.finished import FinishedRun

__all__ = ["Counted", "Gap", "every_reason", "evidence_words", "gaps_by_state", "lacked_nowhere", "levels_by_state"]


@dataclass(frozen=True)
class Gap:
    """A thing that a county can lack, and the words of the column that say so.

    Attributes
    ----------
    head : str
        Head of its column on the page.
    column : str
        Of counties.csv.
    standings : tuple of str
        Values that count.
    """

    head: str
    column: str
    standings: tuple[str, ...]


@dataclass(frozen=True)
class Counted:
    """A table of counts for a page.

    Attributes
    ----------
    heads : sequence of str
        Of the columns of numbers.
    rows : sequence of (str, sequence of int)
        A state's or a value's name, and its counts.
    total : sequence of int
        Of all rows.
    """

    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]
    total: Sequence[int]


_NO_MINUTES: Final = ("beyond_limit", "unreachable", "no_road_access", "ferry_or_air_only", "no_demand_points")

GAPS: Final = (
    Gap("rate unreliable", "imr_status", ("published_unreliable",)),
    Gap("rate apportioned", "imr_status", ("apportioned",)),
    Gap("no rate, modelled", "imr_status", ("modelled",)),
    Gap("no rate, suppressed or not named", "imr_status", ("suppressed", "not_identified")),
    Gap("no rate, not reported", "imr_status", ("not_reported",)),
    Gap("no mean minutes to birth care", "minutes_birth_care_reason", _NO_MINUTES),
    Gap("some women without minutes", "minutes_birth_care_reason", ("partly_covered",)),
    Gap("uninsured women not reported", "share_women_uninsured_status", ("not_reported",)),
    Gap("OB-GYNs not reported", "obgyns_status", ("not_reported",)),
    Gap("low birthweight suppressed or not reported", "share_low_birthweight_status", ("suppressed", "not_reported")),
)
"""What counties can lack."""

_LEVEL_HEADS: Final = (
    "birth hospitals counted", "with a reported level", "level not reported", "of these with evidence of a NICU",
    "reported level queried", "birth care claimed by one source only",
)  # fmt: skip


def gaps_by_state(run: FinishedRun) -> Counted:
    """Return how many counties of each state lack what; what no county lacks has no column."""
    counties = run.counties
    lacks = pd.DataFrame({gap.head: counties[gap.column].isin(gap.standings) for gap in GAPS})
    lacked = [name for name in lacks.columns if lacks[name].any()]
    return _by_state(lacks.assign(counties=1)[["counties", *lacked]], counties["state"])


def lacked_nowhere(run: FinishedRun) -> list[str]:
    """Return what no county of the run lacks."""
    return [gap.head for gap in GAPS if not run.counties[gap.column].isin(gap.standings).any()]


def levels_by_state(run: FinishedRun) -> Counted:
    """Return how many birth hospitals of each state have no reported neonatal level, or one that is queried."""
    states = set(run.counties["state"])
    units = run.facilities[run.facilities["counts_birth_care"] & run.facilities["state"].isin(states)]
    reported = units["neonatal_level"].notna()
    found = pd.DataFrame(
        dict(
            zip(
                _LEVEL_HEADS,
                (
                    pd.Series(1, index=units.index), reported, ~reported, ~reported & units["counts_nicu"],
                    units["level_query"].notna(), units["counts_birth_care"] & ~units["counts_birth_care_corroborated"],
                ),
                strict=True,
            )
        )
    )  # fmt: skip
    return _by_state(found, units["state"], every=sorted(states))


def _by_state(found: pd.DataFrame, states: pd.Series, every: Sequence[str] = ()) -> Counted:
    sums = found.astype("int64").groupby(states.to_numpy()).sum()
    if every:
        sums = sums.reindex(list(every), fill_value=0)
    named = sorted(
        ((STATES[str(state)], [int(n) for n in row]) for state, row in zip(sums.index, sums.to_numpy(), strict=True))
    )
    return Counted(list(sums.columns), named, [int(n) for n in sums.sum()])


def every_reason(run: FinishedRun) -> list[tuple[str, str, list[tuple[str, int]]]]:
    """Return every column of counties.csv that says how another stands, with its values counted.

    Returns
    -------
    list of (str, str, list of (str, int))
        Column, its description, and each value with its counties, the most frequent first.
    """
    found = []
    for column in COUNTY_RESULTS.columns:
        if not column.values or not column.name.endswith(("_reason", "_status", "_status_corroborated")):
            continue
        counts = run.counties[column.name].value_counts()
        values = sorted(((str(value), int(n)) for value, n in counts.items()), key=lambda pair: (-pair[1], pair[0]))
        found.append((column.name, column.description, values))
    return found


def evidence_words() -> str:
    """Return how birth care is known, as the contract of the facilities has it."""
    return FACILITIES_OUT.column("obstetric_evidence").description
