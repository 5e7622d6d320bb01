"""Access before and after: of two study areas over the same people, or of one with some units gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.closures import PLANNING_LIMITS, access_changes_table, comparison_table
from matcare.errors import InputError
from matcare.measures.coverage import MOST_WITHOUT, county_coverage
from matcare.measures.deserts import drive_time_desert
from matcare.measures.disparity.groups import RURALITY, SHARE_COLUMNS, race_shares, rurality_of
from matcare.measures.disparity.notes import SOVEREIGNTY, joined
from matcare.planning.affected import Access, People, access_of, check_limits, marks_of, people_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.measures.study_area import StudyArea

__all__ = ["Comparison", "changes_by_county", "changes_by_group", "compare_access"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_POINTS: Final = "all women of the points"
_SHARES: Final = "county shares, all ages"
_SPREAD_ALIKE: Final = "all groups of a county are taken to be spread alike over its block groups"
_PLACES: Final = "places, not persons"
_NEARLY_ALL: Final = 0.9995
_DESERT_LIMITS: Final = (30, 60)


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """Access before and after.

    Attributes
    ----------
    before, after : Access
        By demand point.
    counties : pandas.DataFrame
        Contract ``COMPARISON``, one row a county with demand points.
    groups : pandas.DataFrame
        Contract ``ACCESS_CHANGES``: all, by home state, by rurality, by race where
        shares are given.
    """

    before: Access
    after: Access
    counties: pd.DataFrame
    groups: pd.DataFrame


def compare_access(
    before: StudyArea,
    after: StudyArea,
    *,
    service: str = "birth_care",
    limits: Sequence[float] = PLANNING_LIMITS,
    limit_minutes: float | None = None,
    shares: pd.DataFrame | None = None,
) -> Comparison:
    """Compare the nearest units of a service in two study areas over the same demand points.

    Parameters
    ----------
    before, after : StudyArea
        Such as today's and one with other facilities, closed roads or another speed profile.
    service : str
        As in :meth:`StudyArea.members`.
    limits : sequence of float
        Minutes, ascending; within T is ≤ T.
    limit_minutes : float, optional
        A unit farther than this does not count.
    shares : pandas.DataFrame, optional
        ``county_fips`` and shares by race of all ages (``share_black``, …); without it there are no rows by race.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        When the two have other demand points, a limit is wrong, or the service is not known.
    """
    limits = check_limits(limits)
    if not before.demand["demand_id"].equals(after.demand["demand_id"]):
        raise InputError(
            f"the two scenarios have different demand points ({len(before.demand):,} and {len(after.demand):,}); "
            "compare scenarios of the same states and people"
        )
    was, becomes = (
        access_of(area.nearest(service, limit_minutes=limit_minutes), area.facilities) for area in (before, after)
    )
    people = people_of(before.demand)
    return Comparison(
        before=was,
        after=becomes,
        counties=changes_by_county(
            before.counties, before.demand, people, was, becomes, service=service, limits=limits
        ),
        groups=changes_by_group(before.counties, people, was, becomes, service=service, limits=limits, shares=shares),
    )


def changes_by_group(
    counties: pd.DataFrame,
    people: People,
    before: Access,
    after: Access,
    *,
    service: str,
    limits: Sequence[float] = PLANNING_LIMITS,
    shares: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Sum what changes for all, by home state, by rurality and by race.

    Parameters
    ----------
    counties : pandas.DataFrame
        ``county_fips, rucc_2023``.
    people : People
        From :func:`people_of`.
    before, after : Access, n points
        In the order of the demand points.
    service : str
        For the table's column.
    limits : sequence of float
        Minutes, ascending.
    shares : pandas.DataFrame, optional
        ``county_fips`` and shares by race of all ages.

    Returns
    -------
    pandas.DataFrame
        Contract ``ACCESS_CHANGES``. Only states with somebody affected; classes and races always.
    """
    limits = check_limits(limits)
    rows, marks = marks_of(people, before, after, limits)
    by_county = {
        who: np.bincount(people.county, weights=count, minlength=len(people.fips))
        for who, count in people.counts.items()
    }
    changed = _Changed(people, marks, before, after, rows)
    table = []
    for scope, name, share in _groups(counties, people, np.unique(people.county[rows]), shares):
        weight = np.nan_to_num(share)
        row: dict[str, float | str] = {"service": service, "scope": scope, "group": name}
        row |= {"women": float(by_county["women"] @ weight), "births_per_year": float(by_county["births"] @ weight)}
        known = float(by_county["women"] @ ~np.isnan(share)) / max(float(by_county["women"].sum()), 1e-12)
        table.append({**row, **changed.sums(weight), **_words(scope, name, known)})
    return pd.DataFrame(table, columns=access_changes_table(limits).names)


def _groups(
    counties: pd.DataFrame, people: People, touched: I64, shares: pd.DataFrame | None
) -> list[tuple[str, str, F64]]:
    """Return each group's scope, name and its share in every county, NaN where not known."""
    names, state = people.fips, people.state
    codes = pd.Series(counties["rucc_2023"].to_numpy(), index=counties["county_fips"].to_numpy())
    rurality = rurality_of(codes).reindex(names).to_numpy(dtype=object)
    groups = [("all", "all", np.ones(len(names)))]
    groups += [("state", str(name), (state == name).astype(np.float64)) for name in sorted(set(state[touched]))]
    groups += [("rurality", name, (rurality == name).astype(np.float64)) for name in RURALITY]
    if shares is not None:
        known = shares[shares["county_fips"].isin(names)].reset_index(drop=True)
        by_county = np.full((len(names), len(SHARE_COLUMNS)), np.nan)
        by_county[pd.Index(names).get_indexer(pd.Index(known["county_fips"]))] = race_shares(known)
        groups += [("race", name, by_county[:, place]) for place, name in enumerate(SHARE_COLUMNS)]
    return groups


def _words(scope: str, name: str, known: float) -> dict[str, str]:
    if scope != "race":
        return {"basis": _POINTS, "note": _PLACES}
    partly = f"stands on {100 * known:.1f} % of the women" if known < _NEARLY_ALL else None
    note = joined(_PLACES, _SPREAD_ALIKE, partly, SOVEREIGNTY if name == "aian" else None)
    return {"basis": _SHARES, "note": str(note)}


class _Changed:
    """The demand points for which something changes, for sums over groups of their counties."""

    def __init__(self, people: People, marks: dict[str, Bools], before: Access, after: Access, rows: I64) -> None:
        self.county, self.marks = people.county[rows], marks
        self.people = {who: count[rows] for who, count in people.counts.items()}
        self.before, self.after = before.minutes[rows], after.minutes[rows]
        self.both = ~np.isnan(self.before) & ~np.isnan(self.after)

    def sums(self, share_of_county: F64) -> dict[str, float]:
        """People of a group by what changes for them, and their minutes."""
        share = share_of_county[self.county]
        mine = {who: count * share for who, count in self.people.items()}
        row = {
            f"{who}_{mark}": float(count[chosen].sum())
            for mark, chosen in self.marks.items()
            for who, count in mine.items()
        }
        there = self.both & (share > 0)
        women, before, after = mine["women"][there], self.before[there], self.after[there]
        if women.sum() > 0:
            row["minutes_before"] = float(np.average(before, weights=women))
            row["minutes_after"] = float(np.average(after, weights=women))
            row["minutes_added"] = float(np.average(after - before, weights=women))
            row["minutes_added_most"] = float((after - before).max())
        return row


def changes_by_county(
    counties: pd.DataFrame,
    demand: pd.DataFrame,
    people: People,
    before: Access,
    after: Access,
    *,
    service: str,
    limits: Sequence[float] = PLANNING_LIMITS,
    affected_only: bool = False,
) -> pd.DataFrame:
    """Put each county's access before and after side by side.

    Parameters
    ----------
    counties : pandas.DataFrame
        ``county_fips, county_name, state``.
    demand : pandas.DataFrame, n rows
        Contract `DEMAND`.
    people : People
        From :func:`people_of`.
    before, after : Access, n points
        In the order of `demand`.
    service : str
        For the table's column.
    limits : sequence of float
        Minutes, ascending.
    affected_only : bool, default False
        Only counties with a demand point for which something changes.

    Returns
    -------
    pandas.DataFrame
        Contract ``COMPARISON``, in the order of `counties`; counties without demand points are left out.
    """
    limits = check_limits(limits)
    rows, marks = marks_of(people, before, after, limits)
    chosen = np.unique(people.county[rows]) if affected_only else np.arange(len(people.fips))
    kept = np.isin(people.county, chosen)
    points = demand.loc[kept, ["county_fips", "people", "women_15_44", "births_per_year"]].reset_index(drop=True)
    counts = {who: count[kept] for who, count in people.counts.items()}
    at = (np.cumsum(kept) - 1)[rows]
    columns = {"women_15_44": counts["women"], "births_per_year": counts["births"]}
    for mark, here in marks.items():
        for who, count in counts.items():
            columns[f"{who}_{mark}"] = np.zeros(len(points))
            columns[f"{who}_{mark}"][at[here]] = count[at[here]]
    sums = pd.DataFrame(columns)
    table = sums.groupby(points["county_fips"].to_numpy()).sum()
    within = tuple(dict.fromkeys((*limits, *_DESERT_LIMITS)))
    for when, access in (("before", before), ("after", after)):
        points[f"minutes_{when}"], points[f"reason_{when}"] = access.minutes[kept], access.reason[kept]
        found = county_coverage(points, minutes=f"minutes_{when}", reason=f"reason_{when}", limits=within)
        table[f"minutes_{when}"] = found["minutes"]
        table[f"minutes_{when}_reason"] = found["reason"].astype("str")
        for limit in limits:
            table[f"share_women_within_{limit:g}_{when}"] = found[f"share_within_{limit:g}"]
        for desert in _DESERT_LIMITS:
            table[f"drive_time_desert_{desert}_{when}"] = drive_time_desert(found[f"share_within_{desert}"])
    for desert in _DESERT_LIMITS:
        name = f"drive_time_desert_{desert}"
        table[f"{name}_change"] = _desert_change(table[f"{name}_before"], table[f"{name}_after"])
    table["minutes_change"] = _mean_change(points)
    place = counties[counties["county_fips"].isin(table.index)][["county_fips", "county_name", "state"]]
    result = pd.DataFrame(place).merge(
        table, left_on="county_fips", right_index=True, how="left", validate="one_to_one"
    )
    result.insert(0, "service", service)
    return result[comparison_table(limits).names].reset_index(drop=True)


def _mean_change(points: pd.DataFrame) -> pd.Series:
    """Mean change over those who have minutes before and after: who loses every way must not make the rest nearer."""
    both = points["minutes_before"].notna() & points["minutes_after"].notna()
    women = points["women_15_44"].groupby(points["county_fips"]).transform("sum", min_count=1)
    weight = points["women_15_44"].where(women > 0, points["people"]).astype("float64").fillna(0.0)
    moved = (points["minutes_after"] - points["minutes_before"]).where(both, 0.0) * weight
    sums = pd.DataFrame({"moved": moved, "known": weight.where(both, 0.0), "whole": weight})
    sums = sums.groupby(points["county_fips"].to_numpy()).sum()
    mean = sums["moved"] / sums["known"].where(sums["known"] > 0)
    return mean.where((sums["known"] / sums["whole"]).round(9) >= 1 - MOST_WITHOUT)


def _desert_change(before: pd.Series, after: pd.Series) -> pd.Series:
    words = {(False, False): "stays_not", (False, True): "becomes", (True, False): "ceases", (True, True): "stays"}
    pairs = zip(before, after, strict=True)
    named = ["not_known" if was is pd.NA or now is pd.NA else words[bool(was), bool(now)] for was, now in pairs]
    return pd.Series(named, index=before.index, dtype="str")
