"""What a siting is asked for: objective, budget, candidates, floor, capacity, equity and limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from matcare.contracts.siting import CANDIDATE_KINDS, OBJECTIVES, WORST_OFF
from matcare.errors import InputError
from matcare.geo import canonical_state
from matcare.travel.ways import MS_PER_MINUTE

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SitingRequest"]

_WEIGHTS: Final = ("women_15_44", "births_per_year")
_LONGEST: Final = 10_000.0


@dataclass(frozen=True, kw_only=True, eq=False)
class SitingRequest:
    """What is asked.

    Attributes
    ----------
    add : int, optional
        Most units to add. Needed but for the objective `all`, where it is a bound that may be left out.
    service : str
        As :meth:`matcare.measures.study_area.StudyArea.members` takes it.
    within : float
        Minutes, T; within is ≤ T.
    objective : {"cover", "all", "minutes", "farthest", "equity"}
        `cover`: most women newly within T (MCLP); `all`: fewest units so that everyone who can be is within T (LSCP);
        `minutes`: least mean minutes (p-median); `farthest`: least of the longest minutes (p-center); `equity`: `cover`
        or `minutes` in which those worst off count more.
    candidates : str
        ``hospitals`` (without the service today), ``birth-hospitals`` (those of them that have birth care),
        ``block-groups`` (centers of population), ``file`` (`points`), or several joined by ``+``.
    points : pandas.DataFrame, optional
        A user's places, as :func:`matcare.tables.user_candidates.read_candidates` returns them.
    states : tuple of str
        Whose people count and whose places are candidates (a user's may be anywhere); empty for the whole area.
    weight : {"women_15_44", "births_per_year"}
        Whom a demand point counts for.
    equity_of : {"cover", "minutes"}
        The model of the objective `equity`.
    equity_weight : float
        Those worst off count 1 + this times, in the objective `equity` alone.
    worst_off : {"svi", "far", "either"}
        `svi`: their county's Social Vulnerability Index is 0.75 or more (national percentile); `far`: beyond T today,
        or without minutes; `either`.
    min_births : float, optional
        Estimated births a year that every added unit must have: of those for whom it is the nearest unit of all, within
        T. People within T of an existing unit today count too, where the added one is nearer.
    capacity : float, optional
        Estimated births a year that an added unit can take of those it newly brings within T (or nearer, in
        `minutes`); who cannot be taken does not count.
    cap_minutes : float
        In `minutes`, a longer trip counts as this long, and so does one that cannot be made: beyond two hours the
        model of drive times was not calibrated, and a handful of far points should not place the units of a state.
    limit_minutes : float
        A unit farther than this is out of reach today.
    gap : float
        Share by which the best found may fall short of the best possible.
    time_limit : float
        Seconds for solving; the best found by then is returned with its gap.
    """

    add: int | None = None
    service: str = "birth_care"
    within: float = 60.0
    objective: str = "cover"
    candidates: str = "hospitals"
    points: pd.DataFrame | None = None
    states: tuple[str, ...] = ()
    weight: str = "women_15_44"
    equity_of: str = "cover"
    equity_weight: float = 1.0
    worst_off: str = "svi"
    min_births: float | None = None
    capacity: float | None = None
    cap_minutes: float = 120.0
    limit_minutes: float = 600.0
    gap: float = 0.001
    time_limit: float = 60.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "states", tuple(sorted({canonical_state(state) for state in self.states})))
        _one_of("objective", self.objective, OBJECTIVES)
        _one_of("weight", self.weight, _WEIGHTS)
        _one_of("equity_of", self.equity_of, ("cover", "minutes"))
        _one_of("worst_off", self.worst_off, WORST_OFF)
        for kind in self.kinds:
            _one_of("candidates", kind, CANDIDATE_KINDS)
        if ("file" in self.kinds) != (self.points is not None):
            raise InputError("candidates from a file need the file, and a file needs 'file' among the candidates")
        self._check_numbers()
        if self.add is None and self.objective != "all":
            raise InputError(f"how many units to add is not said: objective {self.objective!r} needs add, 1 or more")
        if self.add is not None and self.add < 1:
            raise InputError(f"add is {self.add}: give 1 or more units")
        if self.objective == "farthest" and (self.min_births is not None or self.capacity is not None):
            raise InputError("objective 'farthest' takes neither min_births nor capacity: choose cover, all or minutes")
        if self.objective != "equity" and (self.equity_weight != 1.0 or self.equity_of != "cover"):
            raise InputError("equity_weight and equity_of need the objective equity: choose --objective equity")
        if self.min_births is not None and self.capacity is not None and self.min_births > self.capacity:
            raise InputError(
                f"min_births {self.min_births:g} is above capacity {self.capacity:g}: no unit has both; lower it"
            )
        if self.objective == "equity" and self.equity_of == "cover" and self.worst_off != "svi":
            raise InputError(
                f"worst_off {self.worst_off!r} weighs nothing in equity_of 'cover', where everyone who can be won is "
                "beyond the limit today: choose worst_off 'svi', or equity_of 'minutes'"
            )

    def _check_numbers(self) -> None:
        for name in ("within", "cap_minutes", "limit_minutes"):
            value = getattr(self, name)
            if not 0 < value <= _LONGEST:
                raise InputError(f"{name} is {value:g} minutes: give a number above 0 and at most {_LONGEST:,.0f}")
        for name in ("min_births", "capacity"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and np.isfinite(value)):
                raise InputError(f"{name} is {value:g}: give births a year above 0, or leave it out")
        if not 0 <= self.equity_weight < np.inf:
            raise InputError(f"equity_weight is {self.equity_weight:g}: give 0 or more")
        if not 0 <= self.gap < 1:
            raise InputError(f"gap is {self.gap:g}: give a share from 0 to below 1, such as 0.01")
        if not self.time_limit > 0:
            raise InputError(f"time_limit is {self.time_limit:g} seconds: give a number above 0")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of candidates asked for, each once."""
        return tuple(dict.fromkeys(kind.strip() for kind in self.candidates.split("+")))

    @property
    def model(self) -> str:
        """The location model: `cover`, `all`, `minutes` or `farthest`."""
        return self.equity_of if self.objective == "equity" else self.objective

    @property
    def within_ms(self) -> int:
        """T in whole milliseconds, rounded down."""
        return _floor_ms(self.within)

    @property
    def cap_ms(self) -> int:
        """The cap in whole milliseconds, rounded down."""
        return _floor_ms(self.cap_minutes)


def _floor_ms(minutes: float) -> int:
    ms = int(minutes * MS_PER_MINUTE)
    return ms + int((ms + 1) / MS_PER_MINUTE <= minutes)  # a product that rounding put just below a whole number


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"unknown {name} {value!r}: one of {', '.join(allowed)}")
