"""Who goes where at no loss: the equilibrium of the rational agent access model.

With d_ij the drive in units of τ, c_j = 1/(ρ·S_j) and λ_j = c_j·D_j the crowding, the loads solve the dual of a convex
programme: the λ that make Σ_i P_i·min_j (d_ij + λ_j) − Σ_j λ_j²/(2·c_j) greatest. It is found in two stages.

1. The least of each point is made smooth by a temperature ε: −ε·log Σ_j exp(−(d_ij + λ_j)/ε), which is who goes where
   when small differences do not decide. Newton's method climbs at a high temperature first and then at lower ones,
   each from where the last one ended; its linear equations, a Laplacian of the units that points hesitate between, are
   solved by conjugate gradients. That settles crowding that spreads across the whole country.
2. One point after another chooses anew, exactly, while all others stay. That settles what is near by.

How far the result can be from the equilibrium is measured by what everybody together could still gain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled

if TYPE_CHECKING:
    from matcare.travel.found import Pairs

__all__ = ["Equilibrium", "settle"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

Choices = tuple[I64, I32, F64, F64, F64]
"""Where each point's choices begin; unit and drive of each; demand of the points; crowding that one demand makes."""

TEMPERATURES: Final = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
"""In units of the cost, or of the mean drive where it is shorter: the last is four seconds at τ = 60."""
MOST_STEPS: Final = 30
CLOSE: Final = 1e-4
"""Newton's method goes on while more than this share of the demand is out of place."""
SHORTEST: Final = 1e-4
"""A step is not halved below this."""
FARTHEST: Final = 30.0
"""Units that many temperatures worse than the best get nothing: e^-30."""
LEAST_SHARE: Final = 1e-9
EXACT: Final = 1e-3
"""To what share of the right side the linear equations are solved."""

GAIN: Final = 1e-5
"""Choosing ends when all together could gain at most this share of their cost."""
MOST_ROUNDS: Final = 100


@dataclass(frozen=True, eq=False, kw_only=True)
class Equilibrium:
    """Who goes where at no loss.

    Attributes
    ----------
    cost : numpy.ndarray of float64, shape (n,)
        Least cost of each demand point; infinite where no unit is in range.
    load : numpy.ndarray of float64, shape (units,)
        Demand that chooses each unit.
    gain : float
        What all together could gain by choosing once more, as a share of their cost.
    rounds : int
        How often everybody chose.
    """

    cost: F64
    load: F64
    gain: float
    rounds: int


def settle(
    pairs: Pairs, *, supply: F64, demand: F64, tau_minutes: float, gain: float = GAIN, rounds: int = MOST_ROUNDS
) -> Equilibrium:
    """Let everybody choose until nobody gains.

    Parameters
    ----------
    pairs : Pairs
        All choices that there are, of n demand points among the units.
    supply : numpy.ndarray of float64, shape (units,)
        Above 0.
    demand : numpy.ndarray of float64, shape (n,)
        0 or more.
    tau_minutes : float
    gain : float
        The share of their cost that all together may still gain in the end.
    rounds : int
        How often everybody chooses at most; ``Equilibrium.gain`` tells how far it came.

    Returns
    -------
    Equilibrium
        The same to the last bit on one or two cores: nothing here is shared out.
    """
    points = len(demand)
    order = np.argsort(pairs.origin, kind="stable")
    first = np.zeros(points + 1, np.int64)
    np.cumsum(np.bincount(pairs.origin, minlength=points), out=first[1:])
    unit, drive = pairs.destination[order], pairs.minutes[order] / tau_minutes
    served, used = np.diff(first) > 0, np.bincount(unit, minlength=len(supply)) > 0
    mean = demand[served].sum() / supply[used].sum() if used.any() else 0.0
    crowding = np.divide(1.0, mean * supply, out=np.zeros(len(supply)), where=mean * supply > 0)
    choices = first, unit, drive, demand, crowding
    share = _cooled(choices, demand[served].sum()) if mean > 0 else np.zeros(len(unit))
    load = _loads(unit, share, len(supply))
    cost, left = _least(*choices, share, load)
    done = 0
    while left > gain and done < rounds:
        turns = np.arange(points)[:: -1 if done % 2 else 1].copy()
        _choose(*choices, share, load, turns)
        load = _loads(unit, share, len(supply))  # anew: what rounding left of sums moved about does not stay
        done += 1
        cost, left = _least(*choices, share, load)
    return Equilibrium(cost=cost, load=load, gain=left, rounds=done)


def _loads(unit: I32, share: F64, units: int) -> F64:
    return np.asarray(np.bincount(unit, share, units), dtype=np.float64)


def _cooled(choices: Choices, total: float) -> F64:
    """Find who goes where at the lowest temperature, shape (pairs,)."""
    first, unit, drive, demand, crowding = choices
    scale = min(1.0, float(drive.mean()))  # where drives are short beside crowding, so must be the temperatures
    price, share = np.ones(len(crowding)), np.zeros(len(unit))
    for heat in (scale * one for one in TEMPERATURES if scale > 0):
        height, load = _spread(*choices, price, heat, share)
        for _ in range(MOST_STEPS):
            rest = load - price / crowding
            if np.abs(rest).sum() <= CLOSE * total:
                break
            step = _newton_step(first, unit, demand, crowding, share, rest, heat)
            size = 1.0
            while True:
                new_height, new_load = _spread(*choices, price + size * step, heat, share)
                if new_height >= height or size < SHORTEST:
                    break
                size /= 2
            price, height, load = price + size * step, new_height, new_load
    return share


@compiled
def _spread(
    first: I64, unit: I32, drive: F64, demand: F64, crowding: F64, price: F64, heat: float, share: F64
) -> tuple[float, F64]:
    """Share out every point's demand at a temperature; return the height of the smooth dual, and the units' loads."""
    load = np.zeros(len(crowding))
    height = 0.0
    for j in range(len(crowding)):
        height -= price[j] * price[j] / (2 * crowding[j])
    for i in range(len(first) - 1):
        begin, end = first[i], first[i + 1]
        best = np.inf
        for at in range(begin, end):
            best = min(best, drive[at] + price[unit[at]])
        total = 0.0
        for at in range(begin, end):
            above = (drive[at] + price[unit[at]] - best) / heat
            share[at] = np.exp(-above) if above < FARTHEST else 0.0
            total += share[at]
        if begin < end:
            height += demand[i] * (best - heat * np.log(total))
        for at in range(begin, end):
            if share[at] > 0:
                share[at] *= demand[i] / total
                load[unit[at]] += share[at]
    return height, load


@compiled
def _newton_step(first: I64, unit: I32, demand: F64, crowding: F64, share: F64, rest: F64, heat: float) -> F64:
    """Solve (1/c + L/ε)·step = rest by conjugate gradients, L = Σ_i (diag(x_i) − x_i·x_iᵀ/P_i)."""
    # Only points that hesitate between units are in L: their shares, one after another.
    kept_first, kept_unit, kept_share = [0], np.empty(len(unit), np.int32), np.empty(len(unit))
    kept_demand = []
    count = 0
    diagonal = 1 / crowding
    for i in range(len(first) - 1):
        begin, end = first[i], first[i + 1]
        if demand[i] <= 0:
            continue
        start = count
        for at in range(begin, end):
            if share[at] > LEAST_SHARE * demand[i]:
                kept_unit[count], kept_share[count] = unit[at], share[at]
                count += 1
        if count < start + 2:
            count = start
            continue
        kept_first.append(count)
        kept_demand.append(demand[i])
        for at in range(start, count):
            diagonal[kept_unit[at]] += kept_share[at] * (1 - kept_share[at] / demand[i]) / heat
    step, left = np.zeros(len(rest)), rest.copy()
    better = left / diagonal
    along = better.copy()
    strength = np.sum(left * better)
    enough = EXACT * EXACT * strength
    for _ in range(len(rest)):
        if strength <= enough:
            break
        image = along / crowding
        for i in range(len(kept_demand)):
            mean = 0.0
            for at in range(kept_first[i], kept_first[i + 1]):
                mean += kept_share[at] * along[kept_unit[at]]
            mean /= kept_demand[i]
            for at in range(kept_first[i], kept_first[i + 1]):
                image[kept_unit[at]] += kept_share[at] * (along[kept_unit[at]] - mean) / heat
        size = strength / np.sum(along * image)
        step += size * along
        left -= size * image
        better = left / diagonal
        new = np.sum(left * better)
        along = better + (new / strength) * along
        strength = new
    return step


@compiled
def _choose(
    first: I64, unit: I32, drive: F64, demand: F64, crowding: F64, share: F64, load: F64, turns: I64
) -> None:  # fmt: skip
    """Let one point after another spread its demand so that all units it uses cost it the same, and no other less."""
    for i in turns:
        begin, end = first[i], first[i + 1]
        if demand[i] <= 0 or begin == end:
            continue
        for at in range(begin, end):
            load[unit[at]] -= share[at]
        level = _level(unit[begin:end], drive[begin:end], demand[i], crowding, load)
        total = 0.0
        for at in range(begin, end):
            alone = drive[at] + crowding[unit[at]] * load[unit[at]]
            share[at] = max(level - alone, 0.0) / crowding[unit[at]]
            total += share[at]
        if total > 0:
            for at in range(begin, end):
                share[at] *= demand[i] / total
        else:  # so small a demand that it does not raise any cost: all of it goes where the cost is least
            best = begin + np.argmin(drive[begin:end] + crowding[unit[begin:end]] * load[unit[begin:end]])
            share[best] = demand[i]
        for at in range(begin, end):
            load[unit[at]] += share[at]


@compiled
def _level(unit: I32, drive: F64, demand: float, crowding: F64, load: F64) -> float:
    """Find the cost λ at which a point's demand is placed: Σ_j max(0, (λ − c_j)/crowding_j) = demand.

    c_j is the cost of a unit without this point. Of all units first, then of those alone whose c_j is below the level
    so far, until none is dropped: the level only falls, and never below the solution.
    """
    level = np.inf
    while True:
        room, cost = 0.0, demand
        for at in range(len(unit)):
            alone = drive[at] + crowding[unit[at]] * load[unit[at]]
            if alone < level:
                room += 1 / crowding[unit[at]]
                cost += alone / crowding[unit[at]]
        if room == 0:
            return level
        new = cost / room
        if new >= level:
            return level
        level = new


@compiled
def _least(first: I64, unit: I32, drive: F64, demand: F64, crowding: F64, share: F64, load: F64) -> tuple[F64, float]:
    """Find each point's least cost, and what all together could gain as a share of what they pay."""
    least = np.full(len(first) - 1, np.inf)
    paid, could = 0.0, 0.0
    for i in range(len(first) - 1):
        for at in range(first[i], first[i + 1]):
            cost = drive[at] + crowding[unit[at]] * load[unit[at]]
            least[i] = min(least[i], cost)
            paid += share[at] * cost
        if first[i] < first[i + 1]:
            could += demand[i] * least[i]
    return least, (paid - could) / paid if paid > 0 else 0.0
