"""Location models as sparse mixed-integer programmes for HiGHS.

Cover and minutes are one model over *elements*: sets of sites with a weight that is won when any of them opens. In the
maximal covering model an element is the set of sites within T of some clients. In the p-median an element is the k
nearest sites of a client, and its weight what it would save the client's minutes to have one of these and none of the
next: Σ_k w_i·(t_{k+1} − t_k)·[one of the k nearest opens] is what the client saves. Clients that share a set share an
element, which is what keeps the models small; sets that grow by one site hang on each other in a chain, so that the
matrix has three entries an element however large the sets are.

References
----------
Church and ReVelle (1974), Papers of the Regional Science Association 32:101 (MCLP); Toregas, Swain, ReVelle and Bergman
(1971), Operations Research 19:1363 (LSCP); ReVelle and Swain (1970), Geographical Analysis 2:30 (p-median); Cornuejols,
Nemhauser and Wolsey (1980), SIAM Journal on Algebraic Discrete Methods 1:261, and Garcia, Labbe and Marin (2011),
INFORMS Journal on Computing 23:546 (by radius); Church (2003), Geographical Analysis 35:320 (shared sets); Current and
Storbeck (1988), Environment and Planning B 15:153 (capacity).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csc_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.planning.siting.problem import Nearer

__all__ = ["Cut", "Elements", "Found", "cover_most", "cover_with_fewest", "cover_within_capacity", "covering_elements",
           "radius_elements"]  # fmt: skip

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Cut = tuple[I64, int]
"""Sites, and how many of them may open together at most."""

_TIMED_OUT, _INFEASIBLE = 1, 2
_HALF: Final = 0.5
_MOST_COMPARED: Final = 6_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Elements:
    """Sets of sites with the weight that is won when one of them opens.

    Attributes
    ----------
    parent : numpy.ndarray of int64, shape (elements,)
        An element's set is its parent's and its own sites; −1 without a parent. Parents come first.
    first, site : numpy.ndarray of int64
        Own sites of element ``e`` are ``site[first[e]:first[e + 1]]``.
    weight : numpy.ndarray of float64, shape (elements,)
    sites : int
        Candidates in all.
    """

    parent: I64
    first: I64
    site: I64
    weight: F64
    sites: int

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def element(self) -> I64:
        """Element of each own site."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """What a solver came back with.

    Attributes
    ----------
    chosen : numpy.ndarray of int64, optional
        Sites that open, ascending; none when nothing was found in time.
    bound : float
        No solution is better than this; infinite (or −infinite for the fewest) when nothing is known.
    infeasible : bool
        Whether it was proved that there is no solution.
    flows : numpy.ndarray of float64, optional
        With a capacity: the share of each pair's client that goes to its site.
    """

    chosen: I64 | None
    bound: float
    infeasible: bool = False
    flows: F64 | None = None


def covering_elements(nearer: Nearer, weight: F64, *, sites: int) -> Elements:
    """Make one element of each set of sites that some clients have in common.

    Parameters
    ----------
    nearer : Nearer
        Sites that serve each client.
    weight : numpy.ndarray of float64, shape (clients,)
    sites : int

    Returns
    -------
    Elements
        Without the clients that no site serves.
    """
    seen: dict[bytes, int] = {}
    rows: list[I64] = []
    total: list[float] = []
    for client in np.flatnonzero(np.diff(nearer.first)):
        own = np.sort(nearer.site[nearer.first[client] : nearer.first[client + 1]])
        at = seen.setdefault(own.tobytes(), len(rows))
        if at == len(rows):
            rows.append(own)
            total.append(0.0)
        total[at] += float(weight[client])
    first = np.concatenate([[0], np.cumsum([len(own) for own in rows])]).astype(np.int64)
    return Elements(
        parent=np.full(len(rows), -1), first=first, site=np.concatenate([np.zeros(0, np.int64), *rows]),
        weight=np.array(total), sites=sites,
    )  # fmt: skip


def radius_elements(nearer: Nearer, value: F64, base_ms: I64, *, sites: int, per: float) -> Elements:
    """Make the elements of a p-median: the k nearest sites of each client, for every k.

    Parameters
    ----------
    nearer : Nearer
        Sites nearer than `base_ms`.
    value : numpy.ndarray of float64, shape (clients,)
    base_ms : numpy.ndarray of int64, shape (clients,)
        What each client has when no site opens.
    sites : int
    per : float
        Milliseconds in the unit of the weights.

    Returns
    -------
    Elements
        Clients whose nearest sites come in the same order share theirs.
    """
    seen: dict[tuple[int, int], int] = {}
    parent: list[int] = []
    own: list[int] = []
    weight: list[float] = []
    for client in np.flatnonzero(np.diff(nearer.first)):
        pairs = slice(nearer.first[client], nearer.first[client + 1])
        steps = np.diff(np.append(nearer.ms[pairs], base_ms[client])) / per * value[client]
        at = -1
        for site, step in zip(nearer.site[pairs].tolist(), steps.tolist(), strict=True):
            number = seen.setdefault((at, site), len(own))
            if number == len(own):
                parent.append(at)
                own.append(site)
                weight.append(0.0)
            weight[number] += step
            at = number
    return Elements(
        parent=np.array(parent, np.int64), first=np.arange(len(own) + 1), site=np.array(own, np.int64),
        weight=np.array(weight, np.float64), sites=sites,
    )  # fmt: skip


def undominated(elements: Elements) -> I64:
    """Return the sites that no other site replaces: those whose elements are not all among another's.

    Of sites with the same elements the lowest stays. More than some thousand sites are not compared: all stay. Only for
    elements without parents, and where no floor or capacity tells sites apart.
    """
    some = np.unique(elements.site)
    if len(some) > _MOST_COMPARED:
        return some
    incidence = csc_array(
        (np.ones(len(elements.site)), (elements.element, np.searchsorted(some, elements.site))),
        shape=(len(elements), len(some)),
    )
    common = (incidence.T @ incidence).tocoo()
    size = np.bincount(np.searchsorted(some, elements.site), minlength=len(some))
    site, other = common.coords
    within = (common.data == size[site]) & (site != other)
    replaced = within & ((size[other] > size[site]) | (other < site))
    keep = np.ones(len(some), dtype=bool)
    keep[site[replaced]] = False
    return some[keep]


def cover_most(
    elements: Elements,
    add: int,
    *,
    allowed: I64,
    cuts: Sequence[Cut],
    gap: float,
    seconds: float,
) -> Found:
    """Choose at most `add` sites that win the most weight: maximise Σ w_e·y_e, y_e ≤ y_parent + Σ x_j, Σ x_j ≤ add.

    Parameters
    ----------
    elements : Elements
    add : int
    allowed : numpy.ndarray of int64
        Sites that may open.
    cuts : sequence of Cut
        Sites that may not all open together.
    gap : float
        Relative gap at which to stop.
    seconds : float
        Time limit.

    Returns
    -------
    Found
        ``bound`` is from above.
    """
    sites, count = elements.sites, len(elements)
    child = np.flatnonzero(elements.parent >= 0)
    rows = np.concatenate([np.arange(count), child, elements.element])
    columns = np.concatenate([sites + np.arange(count), sites + elements.parent[child], elements.site])
    signs = np.repeat([1.0, -1.0, -1.0], [count, len(child), len(elements.site)])
    links = _Rows(rows, columns, signs, np.full(count, -np.inf), np.zeros(count))
    cost = np.concatenate([np.zeros(sites), -elements.weight])
    limits = [links, _budget(sites, add), *_cut_rows(cuts)]
    return _solved(cost, limits, integral=sites, closed=_complement(sites, allowed), gap=gap, seconds=seconds, sign=-1)


def cover_with_fewest(elements: Elements, *, allowed: I64, cuts: Sequence[Cut], seconds: float) -> Found:
    """Choose the fewest sites so that every element has one: minimise Σ x_j, Σ_{j in e} x_j ≥ 1.

    Parameters
    ----------
    elements : Elements
        Without parents.
    allowed, cuts, seconds
        As in :func:`cover_most`.

    Returns
    -------
    Found
        ``bound`` is from below.
    """
    count = len(elements)
    each = _Rows(elements.element, elements.site, np.ones(len(elements.site)), np.ones(count), np.full(count, np.inf))
    closed = _complement(elements.sites, allowed)
    return _solved(
        np.ones(elements.sites), [each, *_cut_rows(cuts)], integral=elements.sites, closed=closed, gap=0.0,
        seconds=seconds, sign=1,
    )  # fmt: skip


def cover_within_capacity(
    pairs: tuple[I64, I64], gain: F64 | None, births: F64, *, sites: int, add: int | None, capacity: float,
    allowed: I64, cuts: Sequence[Cut], gap: float, seconds: float,
) -> Found:  # fmt: skip
    """Choose sites and who goes where, no site taking more births than it can.

    a_ij ≤ x_j, Σ_j a_ij ≤ 1, Σ_i b_i·a_ij ≤ capacity·x_j; a client may be split. Maximise Σ g_ij·a_ij with Σ x_j ≤ add;
    or, without gains, minimise Σ x_j with Σ_j a_ij = 1 for every client that has a pair.

    Parameters
    ----------
    pairs : tuple of numpy.ndarray of int64
        Client and site of each pair.
    gain : numpy.ndarray of float64, shape (pairs,), optional
    births : numpy.ndarray of float64, shape (clients,)
    sites : int
    add : int, optional
    capacity : float
    allowed, cuts, gap, seconds
        As in :func:`cover_most`.

    Returns
    -------
    Found
        With ``flows``.
    """
    client, site = pairs
    count = len(client)
    own = sites + np.arange(count)
    once = np.ones(count)
    free = np.full(count, -np.inf)
    link = _Rows(
        np.repeat(np.arange(count), 2), np.stack([own, site], axis=1).ravel(), np.tile([1.0, -1.0], count), free,
        np.zeros(count),
    )  # fmt: skip
    which, number = np.unique(client, return_inverse=True)
    least = np.full(len(which), -np.inf if gain is not None else 1.0)
    whole = _Rows(number, own, once, least, np.ones(len(which)))
    load = _Rows(
        np.concatenate([site, np.arange(sites)]), np.concatenate([own, np.arange(sites)]),
        np.concatenate([births[client], np.full(sites, -capacity)]), np.full(sites, -np.inf), np.zeros(sites),
    )  # fmt: skip
    limits = [link, whole, load, *_cut_rows(cuts)]
    if gain is None:
        cost, sign = np.concatenate([np.ones(sites), np.zeros(count)]), 1
    else:
        cost, sign = np.concatenate([np.zeros(sites), -gain]), -1
    if add is not None:
        limits.append(_budget(sites, add))
    return _solved(
        cost,
        limits,
        integral=sites,
        closed=_complement(sites, allowed),
        gap=gap,
        seconds=seconds,
        sign=sign,
        flows=True,
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of a programme: entries, and the bounds of each row."""

    row: I64
    column: I64
    value: F64
    low: F64
    high: F64


def _budget(sites: int, add: int) -> _Rows:
    return _Rows(
        np.zeros(sites, np.int64), np.arange(sites), np.ones(sites), np.array([-np.inf]), np.array([float(add)])
    )


def _cut_rows(cuts: Sequence[Cut]) -> list[_Rows]:
    if not cuts:
        return []
    row = np.repeat(np.arange(len(cuts)), [len(sites) for sites, _ in cuts])
    column = np.concatenate([sites for sites, _ in cuts])
    high = np.array([float(most) for _, most in cuts])
    return [_Rows(row, column, np.ones(len(row)), np.full(len(cuts), -np.inf), high)]


def _complement(sites: int, allowed: I64) -> Bools:
    closed = np.ones(sites, dtype=bool)
    closed[allowed] = False
    return closed


def _solved(
    cost: F64, limits: list[_Rows], *, integral: int, closed: Bools, gap: float, seconds: float, sign: int,
    flows: bool = False,
) -> Found:  # fmt: skip
    """Minimise, and say it in the sense of the model: `sign` −1 where it maximises."""
    offsets = np.cumsum([0, *(len(part.low) for part in limits)])
    row = np.concatenate([part.row + offset for part, offset in zip(limits, offsets, strict=False)])
    matrix = coo_array(
        (np.concatenate([part.value for part in limits]), (row, np.concatenate([part.column for part in limits]))),
        shape=(int(offsets[-1]), len(cost)),
    ).tocsc()
    low, high = (np.concatenate([getattr(part, end) for part in limits]) for end in ("low", "high"))
    upper = np.ones(len(cost))
    upper[: len(closed)][closed] = 0.0
    kinds = np.zeros(len(cost), dtype=np.int64)
    kinds[:integral] = 1
    result = milp(
        cost, integrality=kinds, bounds=Bounds(0.0, upper), constraints=LinearConstraint(matrix, low, high),
        options={"time_limit": max(seconds, 0.01), "mip_rel_gap": gap},
    )  # fmt: skip
    if result.status == _INFEASIBLE:
        return Found(chosen=None, bound=sign * np.inf, infeasible=True)
    dual = result.mip_dual_bound
    bound = sign * float(dual) if dual is not None and np.isfinite(dual) else -sign * np.inf
    if result.x is None:
        return Found(chosen=None, bound=bound)
    chosen = np.flatnonzero(result.x[:integral] > _HALF).astype(np.int64)
    return Found(chosen=chosen, bound=bound, flows=result.x[integral:] if flows else None)
