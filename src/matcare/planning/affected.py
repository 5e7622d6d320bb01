"""Each demand point's nearest unit before and after, who lives there, and what changes for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.errors import InputError
from matcare.geo import state_of_county
from matcare.travel.reasons import REASONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.travel.found import Nearest

__all__ = ["Access", "People", "access_of", "check_limits", "marks_of", "people_of"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Access:
    """Each demand point's nearest unit of a service, at one time or in one scenario.

    Attributes
    ----------
    minutes : numpy.ndarray of float64, shape (n,)
        NaN where there are none.
    unit, unit_state : numpy.ndarray of object, shape (n,)
        The unit's identifier and postal code; None where there is none.
    reason : numpy.ndarray of str, shape (n,)
        Why minutes stand or are missing.
    """

    minutes: F64
    unit: Objects
    unit_state: Objects
    reason: npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False, kw_only=True)
class People:
    """Who lives at the demand points, and in which county.

    Attributes
    ----------
    counts : dict of numpy.ndarray of float64, shape (n,)
        ``women`` 15-44 and estimated ``births`` of each demand point; 0 where not known.
    county : numpy.ndarray of int64, shape (n,)
        Position of each point's county among the next two.
    fips, state : numpy.ndarray of object, shape (counties,)
        County codes and postal codes.
    """

    counts: dict[str, F64]
    county: I64
    fips: Objects
    state: Objects


def access_of(nearest: Nearest, facilities: pd.DataFrame) -> Access:
    """Name the nearest units.

    Parameters
    ----------
    nearest : Nearest
        ``destination`` is a row of `facilities`.
    facilities : pandas.DataFrame
        ``facility_id, state``.

    Returns
    -------
    Access
    """
    known = nearest.destination >= 0
    named = []
    for column in ("facility_id", "state"):
        values = np.full(len(known), None, dtype=object)
        values[known] = facilities[column].to_numpy(dtype=object)[nearest.destination[known]]
        named.append(values)
    return Access(
        minutes=nearest.minutes, unit=named[0], unit_state=named[1], reason=np.asarray(REASONS)[nearest.reason_code]
    )


def people_of(demand: pd.DataFrame) -> People:
    """Read who lives at demand points, and number their counties.

    Parameters
    ----------
    demand : pandas.DataFrame, n rows
        Contract `DEMAND`.

    Returns
    -------
    People
    """
    county, fips = pd.factorize(demand["county_fips"].to_numpy(dtype=object))
    counts = {
        who: np.nan_to_num(demand[column].to_numpy(dtype=np.float64, na_value=np.nan))
        for who, column in (("women", "women_15_44"), ("births", "births_per_year"))
    }
    state = state_of_county(pd.Series(fips, dtype="str")).to_numpy(dtype=object)
    return People(counts=counts, county=county.astype(np.int64), fips=np.asarray(fips, dtype=object), state=state)


def check_limits(limits: Sequence[float]) -> tuple[float, ...]:
    """Return limits as numbers.

    Raises
    ------
    InputError
        When there is none, or they are not above 0 and ascending.
    """
    numbers = tuple(float(limit) for limit in limits)
    if not numbers or not all(low < high for low, high in zip((0.0, *numbers), numbers, strict=False)):
        raise InputError(
            f"limits are {', '.join(f'{x:g}' for x in numbers) or 'none'}: give minutes above 0, ascending"
        )
    return numbers


def marks_of(people: People, before: Access, after: Access, limits: Sequence[float]) -> tuple[I64, dict[str, Bools]]:
    """Find the demand points for which something changes, and tell of each of them what does.

    Parameters
    ----------
    people : People
        From :func:`people_of`.
    before, after : Access, n points
        In the order of the demand points.
    limits : sequence of float
        Minutes.

    Returns
    -------
    rows : numpy.ndarray of int64, shape (changed,)
        Demand points whose nearest unit is another one, or whose minutes differ.
    marks : dict of numpy.ndarray of bool, shape (changed,)
        ``affected`` (all of them), ``newly_without_minutes``, ``newly_with_minutes``, ``newly_out_of_state``,
        ``newly_beyond_<T>`` and ``newly_within_<T>``; a point without minutes is within no limit.
    """
    same_minutes = (before.minutes == after.minutes) | (np.isnan(before.minutes) & np.isnan(after.minutes))
    rows = np.flatnonzero((before.unit != after.unit) | ~same_minutes).astype(np.int64)
    was, becomes = before.minutes[rows], after.minutes[rows]
    had, has = ~np.isnan(was), ~np.isnan(becomes)
    home = people.state[people.county[rows]]
    own = [access.unit_state[rows] == home for access in (before, after)]
    marks = {
        "affected": np.ones(len(rows), dtype=np.bool_),
        "newly_without_minutes": had & ~has,
        "newly_with_minutes": ~had & has,
        "newly_out_of_state": had & has & own[0] & ~own[1],
    }
    for limit in limits:
        marks[f"newly_beyond_{limit:g}"] = (was <= limit) & ~(becomes <= limit)
        marks[f"newly_within_{limit:g}"] = ~(was <= limit) & (becomes <= limit)
    return rows, {name: np.asarray(mark, dtype=np.bool_) for name, mark in marks.items()}
