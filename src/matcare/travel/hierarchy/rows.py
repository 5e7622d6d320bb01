"""Rows of sixteen milliseconds, added and compared as one vector.

LLVM does not make vectors of the loop over a row by itself, because it unrolls it first; so its vector instructions are
written here. They are the same on every processor: LLVM splits them where its vectors are shorter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsInt, cast

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    I32 = npt.NDArray[np.int32]

__all__ = ["WIDTH", "empty_rows", "fill_row", "least_of_row", "lower_row"]

WIDTH = 16
"""Milliseconds in a row: it fills one cache line."""
LINE_BYTES = 64


def empty_rows(count: int) -> I32:
    """Return rows that start where cache lines do, so that none lies across two."""
    memory = np.empty((count + 1) * WIDTH, np.int32)
    skip = -memory.ctypes.data % LINE_BYTES // memory.itemsize
    return memory[skip : skip + count * WIDTH].reshape(count, WIDTH)


_array_of: Any = make_array  # numba has no types
_declared: Any = get_or_insert_function
_NUMBER = ir.IntType(32)
_ROW = ir.VectorType(_NUMBER, WIDTH)


def _place(context: Any, builder: Any, kind: Any, rows: Any, at: Any) -> Any:
    """Address of a row in an array of shape (rows, WIDTH)."""
    data = _array_of(kind)(context, builder, rows).data
    first = builder.mul(at, ir.Constant(ir.IntType(64), WIDTH))
    return builder.bitcast(builder.gep(data, [first]), _ROW.as_pointer())


def _load(builder: Any, place: Any) -> Any:
    row = builder.load(place)
    row.align = 4
    return row


def _store(builder: Any, row: Any, place: Any) -> None:
    builder.store(row, place).align = 4


def _everywhere(builder: Any, number: Any) -> Any:
    single = builder.insert_element(ir.Constant(_ROW, ir.Undefined), number, ir.Constant(_NUMBER, 0))
    zeros = ir.Constant(ir.VectorType(_NUMBER, WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(single, ir.Constant(_ROW, ir.Undefined), zeros)


@intrinsic
def _lower_row(typing: Any, rows: Any, to: Any, other: Any, at: Any, more: Any) -> Any:  # noqa: ARG001 - numba's
    """Make each number of ``rows[to]`` at most that of ``other[at]`` and `more`."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = _place(context, builder, signature.args[0], given[0], given[1])
        source = _load(builder, _place(context, builder, signature.args[2], given[2], given[3]))
        new = builder.add(source, _everywhere(builder, given[4]))
        old = _load(builder, place)
        _store(builder, builder.select(builder.icmp_signed("<", new, old), new, old), place)
        return context.get_dummy_value()

    return types.void(rows, types.int64, other, types.int64, types.int32), generate


@intrinsic
def _least_of_row(typing: Any, rows: Any, at: Any) -> Any:  # noqa: ARG001 - numba's
    """Return the least number of ``rows[at]``."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        row = _load(builder, _place(context, builder, signature.args[0], given[0], given[1]))
        kind = ir.FunctionType(_NUMBER, [_ROW])
        least = _declared(builder.module, kind, f"llvm.vector.reduce.smin.v{WIDTH}i32")
        return builder.call(least, [row])

    return types.int32(rows, types.int64), generate


@intrinsic
def _fill_row(typing: Any, rows: Any, at: Any, number: Any) -> Any:  # noqa: ARG001 - numba's
    """Set every number of ``rows[at]``."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = _place(context, builder, signature.args[0], given[0], given[1])
        _store(builder, _everywhere(builder, given[2]), place)
        return context.get_dummy_value()

    return types.void(rows, types.int64, types.int32), generate


# What kernels call, with types that mypy can follow.
lower_row = cast("Callable[[I32, SupportsInt, I32, SupportsInt, SupportsInt], None]", _lower_row)
least_of_row = cast("Callable[[I32, SupportsInt], int]", _least_of_row)
fill_row = cast("Callable[[I32, SupportsInt, SupportsInt], None]", _fill_row)
