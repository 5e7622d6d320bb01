"""What if units close, or lose a level: who is farther from care, and who takes them.

Only demand points whose nearest unit closes can change, so only these are searched again. Births by unit are shared out
again by gravity for the points in reach of a closed unit. A closure also takes prenatal and emergency care with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.closures import CLOSURE_UNITS, PLANNING_LIMITS, PLANNING_SERVICES
from matcare.errors import InputError
from matcare.measures.unit_births import GRAVITY, Allocation, Gravity, allocate_births
from matcare.planning.affected import Access, People, access_of, check_limits, people_of
from matcare.planning.comparison import changes_by_county, changes_by_group
from matcare.tables.facilities import service_flags
from matcare.travel.found import Nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.measures.study_area import StudyArea

__all__ = ["NOT_EVIDENCE", "Closure", "Today", "close_units", "losing_services", "today"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NOT_EVIDENCE: Final = (
    "a closure also takes prenatal and emergency care with it; this is not evidence that any unit should close: "
    "quality, finances and staffing are not in it"
)
"""Stands wherever what a closure would do is shown."""

BIRTH_CARE: Final = ("birth_care", "birth_care_corroborated")
"""Services whose units births can be allocated to."""

_LEVELS: Final = ("I", "II", "III", "IV")
_LEVEL_FLAGS: Final = ("nicu", "neonatal_2_plus", "neonatal_3_plus", "neonatal_3_plus_or_nicu")
_LEAST_SHIFT: Final = 1e-6
"""Births a year; less is rounding."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Today:
    """What closures of a service are compared with, worked out once for any number of them.

    Attributes
    ----------
    area : StudyArea
        People, facilities and trips.
    service : str
        The service.
    limit_minutes : float or None
        A unit farther than this does not count.
    nearest : Nearest
        Each demand point's nearest unit; ``destination`` is a row of the facilities.
    access : Access
        The same units by name.
    people : People
        Who lives at the demand points.
    allocation : Allocation or None
        Births by unit, where the service is birth care.
    """

    area: StudyArea
    service: str
    limit_minutes: float | None
    nearest: Nearest
    access: Access
    people: People
    allocation: Allocation | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Closure:
    """What the loss of some units would do. Its tables are made when they are first looked at.

    Attributes
    ----------
    was : Today
        What it is compared with.
    rows : numpy.ndarray of int64
        Facilities that close or lose the level.
    level_to : str or None
        The level that they keep; None where they close.
    limits : tuple of float
        Minutes.
    shares : pandas.DataFrame or None
        Shares by race of the counties.
    affected : numpy.ndarray of int64
        Demand points whose nearest unit is lost.
    nearest_after : Nearest
        Each demand point's nearest unit afterwards; ``destination`` is a row of the facilities.
    after : Access
        The same units by name.
    births_after : numpy.ndarray of float64, shape (m,), or None
        Births by unit afterwards, where the service is birth care.
    births_lost : float
        Estimated births that no unit within reach is left for, by gravity; NaN for a service that is not birth care.
    warnings : tuple of str
        What is to be said beside the result: a unit on the same campus that stays, :data:`NOT_EVIDENCE`.
    """

    was: Today
    rows: I64
    level_to: str | None
    limits: tuple[float, ...]
    shares: pd.DataFrame | None
    affected: I64
    nearest_after: Nearest
    after: Access
    births_after: F64 | None
    births_lost: float
    warnings: tuple[str, ...]

    @property
    def service(self) -> str:
        """The service that is lost."""
        return self.was.service

    @property
    def before(self) -> Access:
        """Each demand point's nearest unit before."""
        return self.was.access

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Contract ``ACCESS_CHANGES``: all, by home state, by rurality, by race where shares are given."""
        return changes_by_group(
            self.was.area.counties, self.was.people, self.before, self.after,
            service=self.service, limits=self.limits, shares=self.shares,
        )  # fmt: skip

    @cached_property
    def counties(self) -> pd.DataFrame:
        """Contract ``COMPARISON``: counties with a demand point for which something changes."""
        area = self.was.area
        return changes_by_county(
            area.counties, area.demand, self.was.people, self.before, self.after,
            service=self.service, limits=self.limits, affected_only=True,
        )  # fmt: skip

    @cached_property
    def units(self) -> pd.DataFrame:
        """Contract ``CLOSURE_UNITS``: the units lost, and who takes their women and births."""
        return _units(self)


def today(
    area: StudyArea, service: str = "birth_care", *, limit_minutes: float | None = None, gravity: Gravity = GRAVITY
) -> Today:
    """Work out what closures of a service are compared with.

    Parameters
    ----------
    area : StudyArea
        People, facilities and trips.
    service : str
        As in :meth:`StudyArea.members`.
    limit_minutes : float, optional
        A unit farther than this does not count.
    gravity : Gravity
        Parameters of births by unit.

    Returns
    -------
    Today
    """
    allocation = allocate_births(area, service=service, gravity=gravity) if service in BIRTH_CARE else None
    nearest = area.nearest(service, limit_minutes=limit_minutes)
    return Today(
        area=area,
        service=service,
        limit_minutes=limit_minutes,
        nearest=nearest,
        access=access_of(nearest, area.facilities),
        people=people_of(area.demand),
        allocation=allocation,
    )


def losing_services(facilities: pd.DataFrame, rows: Sequence[int] | I64, *, level_to: str | None = None) -> list[str]:
    """Name the services that at least one of some facilities would lose.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Contract `FACILITIES_OUT`.
    rows : sequence of int
        Facilities that close, or lose their level.
    level_to : {"I", "II", "III"}, optional
        The neonatal level that they keep, birth care included; without it they close.

    Returns
    -------
    list of str
    """
    chosen = facilities.iloc[np.asarray(rows, dtype=np.int64)]
    kept = _flags_after(chosen, level_to)
    return [name for name in PLANNING_SERVICES if (chosen[f"counts_{name}"].to_numpy(dtype=bool) & ~kept[name]).any()]


def close_units(
    area: StudyArea,
    facility_rows: Sequence[int] | I64,
    *,
    service: str = "birth_care",
    limits: Sequence[float] = PLANNING_LIMITS,
    level_to: str | None = None,
    before: Today | None = None,
    shares: pd.DataFrame | None = None,
) -> Closure:
    """Close units, or take their level, and see who is farther from the service and who takes them.

    Parameters
    ----------
    area : StudyArea
        People, facilities and trips.
    facility_rows : sequence of int
        Rows of the facilities, each once.
    service : str
        The service that is looked at; every facility named must count for it, and lose it.
    limits : sequence of float
        Minutes, ascending; within T is ≤ T.
    level_to : {"I", "II", "III"}, optional
        The units keep birth care and this neonatal level; without it they close. At I or II the NICU is gone too.
    before : Today, optional
        From :func:`today` for this area and service; worked out anew without it.
    shares : pandas.DataFrame, optional
        ``county_fips`` and shares by race of all ages (``share_black``, …), such as the county indicators; without it
        there are no rows by race.

    Returns
    -------
    Closure

    Raises
    ------
    InputError
        When a facility is closed already, does not count for the service, keeps it at that level, or stands twice; when
        the level is none below IV; when `before` is of another area or service.
    """
    limits = check_limits(limits)
    rows = np.asarray(facility_rows, dtype=np.int64)
    _check_loss(area, rows, service, level_to)
    was = before or today(area, service)
    if was.area is not area or was.service != service:
        raise InputError(
            f"closures of {service} are compared with today's {was.service} of another area; prepare it anew"
        )
    closed = np.zeros(len(area.facilities), dtype=bool)
    closed[rows] = True
    affected, after = _without(was, closed)
    births_after, lost = was.allocation.without(closed) if was.allocation else (None, np.nan)
    return Closure(
        was=was,
        rows=rows,
        level_to=level_to,
        limits=limits,
        shares=shares,
        affected=affected,
        nearest_after=after,
        after=access_of(after, area.facilities),
        births_after=births_after,
        births_lost=lost,
        warnings=(*_campus_twins(area, rows, service), NOT_EVIDENCE),
    )


def _check_loss(area: StudyArea, rows: I64, service: str, level_to: str | None) -> None:
    counts = area.members(service)
    if not len(rows):
        raise InputError("no unit to close: name at least one")
    if len(np.unique(rows)) < len(rows):
        twice = rows[np.flatnonzero(pd.Series(rows).duplicated())[0]]
        raise InputError(f"{_name(area, int(twice))} stands twice; name it once")
    if level_to is not None and level_to not in _LEVELS[:-1]:
        raise InputError(f"level {level_to!r} is none that a unit can be lowered to; give I, II or III")
    for row in rows:
        unit, name = area.facilities.iloc[int(row)], _name(area, int(row))
        if unit["status"] == "closed":
            raise InputError(f"{name} is closed already: {unit['correction']}")
        if not counts[row]:
            mine = [other for other in PLANNING_SERVICES if unit[f"counts_{other}"]]
            raise InputError(f"{name} does not count for {service}; it counts for {', '.join(mine) or 'no service'}")
        level = unit["neonatal_level"]
        if level_to is not None and isinstance(level, str) and _LEVELS.index(level) <= _LEVELS.index(level_to):
            raise InputError(f"{name} is level {level} already; give a level below it")
        if service not in losing_services(area.facilities, [int(row)], level_to=level_to):
            lost = ", ".join(losing_services(area.facilities, [int(row)], level_to=level_to)) or "no service"
            raise InputError(f"{name} keeps {service} at level {level_to}; it loses {lost}: choose the service by that")


def _flags_after(chosen: pd.DataFrame, level_to: str | None) -> dict[str, Bools]:
    """Tell what facilities count for when they have closed, or have kept a level alone."""
    if level_to is None:
        return {name: np.zeros(len(chosen), dtype=bool) for name in PLANNING_SERVICES}
    lowered = chosen.assign(neonatal_level=pd.Series(level_to, index=chosen.index, dtype="str"))
    if level_to != "III":  # intensive care is what levels III and IV are
        lowered["nicu"] = pd.Series("no_evidence", index=chosen.index, dtype="str")
    flags = service_flags(lowered, birth_care_tiers=())
    kept = {name: chosen[f"counts_{name}"].to_numpy(dtype=bool) for name in PLANNING_SERVICES}
    return kept | {name: kept[name] & flags[f"counts_{name}"].to_numpy(dtype=bool) for name in _LEVEL_FLAGS}


def _without(was: Today, closed: Bools) -> tuple[I64, Nearest]:
    """Search again from the demand points whose nearest unit closes."""
    nearest = was.nearest
    affected = np.flatnonzero((nearest.destination >= 0) & closed[nearest.destination]).astype(np.int64)
    minutes, destination, reason = nearest.minutes.copy(), nearest.destination.copy(), nearest.reason_code.copy()
    if len(affected):
        members = was.area.members(was.service) & ~closed
        found = was.area.trips.nearest(members=members[None, :], rows=affected, limit_minutes=was.limit_minutes)[0]
        minutes[affected], destination[affected] = found.minutes, found.destination
        reason[affected] = found.reason_code
    return affected, Nearest(minutes, destination, reason)


def _units(closure: Closure) -> pd.DataFrame:
    was, rows, affected, after = closure.was, closure.rows, closure.affected, closure.nearest_after
    facilities, people = was.area.facilities, was.people.counts
    count = len(facilities)
    columns: dict[str, F64] = {}
    for when, nearest in (("before", was.nearest), ("after", after)):
        known = nearest.destination >= 0
        for who, weight in people.items():
            columns[f"{who}_nearest_{when}"] = np.bincount(
                nearest.destination[known], weights=weight[known], minlength=count
            ).astype(np.float64)
    to = after.destination[affected]
    home = was.people.state[was.people.county[affected]]
    across = to >= 0
    across[across] = facilities["state"].to_numpy(dtype=object)[to[across]] != home[across]
    columns["women_from_other_states"] = np.bincount(
        to[across], weights=people["women"][affected][across], minlength=count
    ).astype(np.float64)
    by_gravity = was.allocation is not None and closure.births_after is not None
    nothing = np.full(count, np.nan)
    columns["births_estimated_before"] = was.allocation.births if was.allocation is not None else nothing
    columns["births_estimated_after"] = closure.births_after if closure.births_after is not None else nothing
    basis = "births_estimated" if by_gravity else "births_nearest"
    first, then = columns[f"{basis}_before"], columns[f"{basis}_after"]
    columns["births_shifted"] = then - first
    with np.errstate(divide="ignore", invalid="ignore"):
        columns["load"] = np.where(first > 0, then / first, np.nan)
    received = columns["women_nearest_after"] - columns["women_nearest_before"]
    takes = (columns["births_shifted"] > _LEAST_SHIFT) | (received > _LEAST_SHIFT)
    takers = np.flatnonzero(takes)
    takers = takers[np.lexsort((takers, -received[takers], -columns["births_shifted"][takers]))]
    listed = np.concatenate([rows, takers])
    units = facilities.iloc[listed]
    lost = "closes" if closure.level_to is None else "loses_level"
    frame = units[["facility_id", "facility_name", "city", "state", "county_fips"]].reset_index(drop=True)
    frame = frame.assign(
        service=was.service,
        role=np.where(np.arange(len(listed)) < len(rows), lost, "receives"),
        load_basis="gravity" if by_gravity else "nearest",
        **{name: values[listed] for name, values in columns.items()},
    )
    return frame[CLOSURE_UNITS.names]


def _campus_twins(area: StudyArea, rows: I64, service: str) -> tuple[str, ...]:
    """Name the open units of the service that stand on the campus of one that closes, and stay."""
    facilities, counts = area.facilities, area.members(service)
    where = {str(key): row for row, key in enumerate(facilities["facility_id"])}
    lines = []
    for row in rows:
        others = facilities["same_site_as"].iloc[int(row)]
        for other in others.split() if isinstance(others, str) else ():
            twin = where.get(other)
            if twin is not None and counts[twin] and twin not in rows:
                lines.append(
                    f"{_name(area, twin)} stands on the campus of {_name(area, int(row))} and stays open here; close "
                    "both if they are one unit"
                )
    return tuple(lines)


def _name(area: StudyArea, row: int) -> str:
    unit = area.facilities.iloc[row]
    return f"{unit['facility_id']} ({unit['facility_name']}, {unit['state']})"
