"""A file of named arrays with a header, written in one go and mapped into memory when it is read.

Layout: the line ``matcare-roads``, the header's length in bytes (eight bytes, little-endian), the header as JSON, then
each array's bytes at a multiple of 64. The header tells every array's type, shape and place.
"""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from matcare.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["read_arrays", "read_header", "write_arrays"]

MAGIC = b"matcare-roads\n"
ALIGNMENT = 64
LONGEST_HEADER = 1 << 28


def write_arrays(path: Path, header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write a file beside its place and rename it there, so that a broken attempt leaves what was there.

    Parameters
    ----------
    path : pathlib.Path
    header : mapping
        In JSON's types.
    arrays : mapping of str to numpy.ndarray
        Numbers, flags or fixed-width texts.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    table: dict[str, Any] = {}
    at = 0
    flat = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    for name, array in flat.items():
        table[name] = {"dtype": array.dtype.str, "shape": list(array.shape), "at": at}
        at += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
    text = json.dumps({**header, "arrays": table}, sort_keys=True).encode()
    start = -(-(len(MAGIC) + 8 + len(text)) // ALIGNMENT) * ALIGNMENT
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as out:
            out.write(MAGIC + len(text).to_bytes(8, "little") + text)
            for name, array in flat.items():
                out.seek(start + table[name]["at"])
                array.tofile(out)
            out.truncate(start + at)
        beside.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """Read a file's header, and where its arrays begin.

    Raises
    ------
    InputError
        When there is no such file, or it is not one of these, or it is cut short.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise InputError(
                    f"{path}: not a roads file; make one with `matcare roads build SOURCE --out {path.name}`"
                )
            length = int.from_bytes(file.read(8), "little")
            text = file.read(length) if length < LONGEST_HEADER else b""
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    start = -(-(len(MAGIC) + 8 + length) // ALIGNMENT) * ALIGNMENT
    try:
        header: dict[str, Any] = json.loads(text)
        end = max((_end(entry) for entry in header["arrays"].values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError(f"{path}: the roads file is damaged; build it again") from error
    if size < start + end:
        raise InputError(f"{path}: the roads file is cut short ({size:,} of {start + end:,} bytes); build it again")
    return header, start


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Read a file; its arrays stay on disk until they are used, and what is changed in them is not written back.

    Returns
    -------
    header : dict
    arrays : dict of str to numpy.ndarray

    Raises
    ------
    InputError
        As :func:`read_header`.
    """
    header, start = read_header(path)
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, entry in header.pop("arrays").items():
        shape, dtype = tuple(entry["shape"]), np.dtype(entry["dtype"])
        if not _bytes(entry):
            arrays[name] = np.zeros(shape, dtype)
            continue
        mapped = np.memmap(path, dtype=dtype, mode="c", offset=start + entry["at"], shape=shape)
        arrays[name] = mapped.view(np.ndarray)
    return header, arrays


def _bytes(entry: Mapping[str, Any]) -> int:
    return math.prod(int(size) for size in entry["shape"]) * int(np.dtype(entry["dtype"]).itemsize)


def _end(entry: Mapping[str, Any]) -> int:
    """Where an array ends, if it is of a kind that is ever written."""
    known = entry["dtype"][0] in "<|" and entry["dtype"][1] in "biufU" and min(entry["at"], *entry["shape"], 0) >= 0
    if not known:
        raise ValueError(f"an array of type {entry['dtype']}")
    return int(entry["at"]) + _bytes(entry)
