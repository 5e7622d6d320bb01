"""Good sets of sites quickly, and how far from the best they can be at most.

All is said of one function: f(S) = Σ_i max_{j ∈ S} g_ij, the gain of opening the sites S, where g_ij is what client i
gains by site j: its weight where j brings it within T (MCLP), its weight times the minutes saved (p-median).

References
----------
Teitz and Bart (1968), Operations Research 16:955; Whitaker (1983), INFOR 21:95 (fast interchange); Cornuejols, Fisher
and Nemhauser (1977), Management Science 23:789 (the Lagrangian bound); Church and ReVelle (1974), Papers of the
Regional Science Association 32:101 (MCLP); Galvao and ReVelle (1996), EJOR 88:114 (its Lagrangian).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Bound", "Gains", "add_greedily", "interchange", "lagrangian_bound"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

TINY: Final = 1e-9
_PATIENCE: Final = 12


@dataclass(frozen=True, eq=False, kw_only=True)
class Gains:
    """What each client gains by each site that gains it anything.

    Attributes
    ----------
    client, site : numpy.ndarray of int64, shape (pairs,)
    gain : numpy.ndarray of float64, shape (pairs,)
        Above 0.
    clients, sites : int
        How many there are.
    """

    client: I64
    site: I64
    gain: F64
    clients: int
    sites: int

    @cached_property
    def _by_site(self) -> tuple[I64, I64]:
        return np.argsort(self.site, kind="stable"), np.concatenate(
            [[0], np.cumsum(np.bincount(self.site, minlength=self.sites))]
        )

    def pairs_of(self, chosen: I64) -> I64:
        """Return the positions of the pairs of some sites."""
        order, first = self._by_site
        return np.concatenate([np.zeros(0, np.int64), *(order[first[site] : first[site + 1]] for site in chosen)])

    def best(self, chosen: I64) -> F64:
        """Gain of each client by its best site among some, shape (clients,)."""
        here = self.pairs_of(chosen)
        best = np.zeros(self.clients)
        np.maximum.at(best, self.client[here], self.gain[here])
        return best

    def total(self, chosen: I64) -> float:
        """Return the value f(S) of some sites."""
        return float(self.best(chosen).sum())

    def added(self, best: F64) -> F64:
        """Tell what each site would add to what clients have, shape (sites,)."""
        more = np.maximum(self.gain - best[self.client], 0.0)
        return np.asarray(np.bincount(self.site, weights=more, minlength=self.sites), dtype=np.float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class Bound:
    """A value that no set of sites exceeds.

    Attributes
    ----------
    value : float
    reduced : numpy.ndarray of float64, shape (sites,)
        What each site is worth under the multipliers of the bound.
    add : int
        How many sites are allowed.
    """

    value: float
    reduced: F64
    add: int

    def without(self) -> F64:
        """Bound of every set that has the site, shape (sites,): below the best known, it can be left out."""
        order = np.sort(self.reduced)[::-1]
        last = order[min(self.add, len(order)) - 1]
        lost: F64 = np.maximum(last - self.reduced, 0.0)
        return self.value - lost


def add_greedily(gains: Gains, add: int, *, allowed: Callable[[I64], bool] | None = None) -> I64:
    """Add one site after another, each the one that adds most; stop where none adds anything.

    Parameters
    ----------
    gains : Gains
    add : int
        Most sites.
    allowed : callable, optional
        Tells whether a set of sites is allowed; the best that is comes next.

    Returns
    -------
    numpy.ndarray of int64
        In the order in which they were added; of equal ones the lowest first.
    """
    chosen = np.zeros(0, dtype=np.int64)
    while len(chosen) < add:
        more = gains.added(gains.best(chosen))
        for site in np.argsort(-more, kind="stable"):
            if more[site] <= TINY:
                return chosen
            longer = np.append(chosen, site)
            if allowed is None or allowed(longer):
                chosen = longer
                break
        else:
            return chosen
    return chosen


def interchange(gains: Gains, chosen: I64, *, is_time_up: Callable[[], bool]) -> I64:
    """Swap one chosen site for another as long as that gains anything, the best swap first.

    Parameters
    ----------
    gains : Gains
    chosen : numpy.ndarray of int64
        Sites to begin with.
    is_time_up : callable
        Asked before each swap.

    Returns
    -------
    numpy.ndarray of int64
        As many sites, ascending. No single swap betters them, unless the time was up.

    Notes
    -----
    Profit of closing r and opening j: added_j − lost_r + overlap_jr, where lost_r is what the clients of r fall back by
    when they go to their second best, and overlap_jr the part of it that j makes good.
    """
    chosen = np.sort(chosen)
    while len(chosen) and not is_time_up():
        slot_of = np.full(gains.sites, -1)
        slot_of[chosen] = np.arange(len(chosen))
        best, second, slot = _best_two(gains, slot_of)
        served = slot >= 0
        lost = np.bincount(slot[served], weights=(best - second)[served], minlength=len(chosen))
        at = gains.client
        good = np.flatnonzero((slot[at] >= 0) & (gains.gain > second[at]))
        flat = gains.site[good] * len(chosen) + slot[at[good]]
        part = np.minimum(gains.gain[good], best[at[good]]) - second[at[good]]
        overlap = np.bincount(flat, weights=part, minlength=gains.sites * len(chosen))
        profit = gains.added(best)[:, None] - lost[None, :] + overlap.reshape(gains.sites, len(chosen))
        profit[chosen] = -np.inf
        opened, closed = np.unravel_index(int(profit.argmax()), profit.shape)
        if profit[opened, closed] <= TINY * max(float(best.sum()), 1.0):
            break
        chosen[closed] = opened
        chosen = np.sort(chosen)
    return chosen


def _best_two(gains: Gains, slot_of: I64) -> tuple[F64, F64, I64]:
    """Best and second best gain of each client by the chosen sites, and the slot of the best, −1 without any."""
    pairs = gains.pairs_of(np.flatnonzero(slot_of >= 0))
    pairs = pairs[np.lexsort((gains.site[pairs], -gains.gain[pairs], gains.client[pairs]))]
    client, first = np.unique(gains.client[pairs], return_index=True)
    best, second, slot = np.zeros(gains.clients), np.zeros(gains.clients), np.full(gains.clients, -1)
    best[client] = gains.gain[pairs[first]]
    slot[client] = slot_of[gains.site[pairs[first]]]
    several = np.diff(np.append(first, len(pairs))) > 1
    second[client[several]] = gains.gain[pairs[first[several] + 1]]
    return best, second, slot


def lagrangian_bound(
    gains: Gains, add: int, *, best_known: float, gap: float, rounds: int, is_time_up: Callable[[], bool]
) -> Bound:
    """Bound f(S) over all sets of at most some number of sites.

    L(u) = Σ_i u_i + the sum of the `add` largest ρ_j, ρ_j = Σ_i max(0, g_ij − u_i), exceeds no f(S) for any u ≥ 0; the
    least is sought by subgradient steps.

    Parameters
    ----------
    gains : Gains
    add : int
        Most sites.
    best_known : float
        Value of a set that is known, for the length of the steps.
    gap : float
        Stop when the bound is within this share of it.
    rounds : int
        Most steps.
    is_time_up : callable
        Asked before each step.

    Returns
    -------
    Bound
        The least found.
    """
    u = gains.best(np.zeros(0, dtype=np.int64))
    start = gains.added(u)
    if len(gains.gain):  # begin where each client pays half of the most that it can gain
        np.maximum.at(u, gains.client, gains.gain)
        u /= 2
    kept = Bound(value=float(np.sort(start)[::-1][:add].sum()), reduced=start, add=add)
    scale, since = 1.0, 0
    for _ in range(rounds):
        if is_time_up() or kept.value <= best_known * (1 + gap) + TINY:
            break
        worth = _worth(gains.client, gains.site, gains.gain, u, gains.sites)
        opened = np.zeros(gains.sites, dtype=bool)
        opened[np.argsort(-worth, kind="stable")[:add]] = True
        value = float(u.sum() + worth[opened].sum())
        since += 1
        if value < kept.value - TINY:
            kept, since = Bound(value=value, reduced=worth, add=add), 0
        elif since >= _PATIENCE:
            scale, since = scale / 2, 0
        slope = 1.0 - _uses(gains.client, gains.site, gains.gain, u, opened)
        slope[(u <= 0) & (slope > 0)] = 0.0
        size = float(slope @ slope)
        if size <= 0:
            break
        u = np.maximum(u - scale * (value - best_known) / size * slope, 0.0)
    return kept


@compiled
def _worth(client: I64, site: I64, gain: F64, u: F64, sites: int) -> F64:
    """Sum up ρ_j = Σ_i max(0, g_ij − u_i)."""
    worth = np.zeros(sites)
    for k in range(len(site)):
        over = gain[k] - u[client[k]]
        if over > 0:
            worth[site[k]] += over
    return worth


@compiled
def _uses(client: I64, site: I64, gain: F64, u: F64, opened: Bools) -> F64:
    """Count the open sites that each client would pay for."""
    uses = np.zeros(len(u))
    for k in range(len(site)):
        if opened[site[k]] and gain[k] > u[client[k]]:
            uses[client[k]] += 1
    return uses
