"""Compiling array kernels: numba's decorator with a type that mypy can follow, and the options that all kernels share.

Kernels are compiled at the first call and kept on disk, so only the first run after an installation waits for it. They
release Python's lock: a caller that wants both cores runs them in threads, on parts of the work that do not touch each
other's memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled", "inlined"]

F = TypeVar("F", bound="Callable[..., object]")


def compiled(function: F) -> F:
    """Compile a function of arrays and numbers; its result is the same, only sooner."""
    return cast("F", numba.njit(function, cache=True, nogil=True, error_model="numpy"))


def inlined(function: F) -> F:
    """Compile a small function into the kernels that call it."""
    return cast("F", numba.njit(function, cache=True, nogil=True, error_model="numpy", inline="always"))
