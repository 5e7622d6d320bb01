"""A solution: sites, and how good they are known to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matcare.planning.siting.models import Found
    from matcare.planning.siting.problem import Nearer
    from matcare.planning.siting.request import SitingRequest

__all__ = ["NOBODY", "PROVED", "Solution", "flows_of", "graded"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PROVED: Final = 1e-9
"""Share below which a gap is rounding."""

NOBODY: Final = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
"""Flows of nobody."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Solution:
    """Sites, and how good they are known to be.

    Attributes
    ----------
    chosen : numpy.ndarray of int64
        Sites, ascending.
    value, bound : float
        The objective (weight newly within T; weighted minutes saved; sites; longest minutes), and what no solution
        betters.
    gap : float
        |bound − value| / the larger.
    status : str
        One of :data:`matcare.contracts.siting.SITING_STATUSES`.
    counted : numpy.ndarray of bool, shape (clients,)
        Clients that the model can do something for, or must serve.
    needed : int
        `farthest`: see :class:`matcare.planning.siting.center.Center`.
    flows : tuple of numpy.ndarray, optional
        Under a capacity: client, position among `chosen`, and share of the client that goes there.
    """

    chosen: I64
    value: float
    bound: float
    gap: float
    status: str
    counted: Bools
    needed: int = 0
    flows: tuple[I64, I64, F64] | None = None


def graded(
    chosen: I64, value: float, bound: float, request: SitingRequest, *, counted: Bools, needed: int = 0,
    flows: tuple[I64, I64, F64] | None = None, heuristic: bool = False,
) -> Solution:  # fmt: skip
    """Say how good a solution is, from its value and the bound."""
    largest = max(abs(value), abs(bound))
    gap = abs(bound - value) / largest if largest > 0 else 0.0
    if gap <= PROVED:
        status = "optimal"
    elif gap <= request.gap + PROVED:
        status = "within_gap"
    else:
        status = "heuristic" if heuristic else "time_limit"
    return Solution(
        chosen=np.sort(chosen), value=value, bound=bound, gap=gap, status=status, counted=counted, needed=needed,
        flows=flows,
    )  # fmt: skip


def flows_of(found: Found, nearer: Nearer) -> tuple[I64, I64, F64] | None:
    """Who goes where, of the pairs that anybody uses."""
    if found.flows is None or found.chosen is None:
        return None
    used = (found.flows > PROVED) & np.isin(nearer.site, found.chosen)
    share = np.minimum(found.flows[used], 1.0)
    return nearer.client[used], np.searchsorted(found.chosen, nearer.site[used]), share
