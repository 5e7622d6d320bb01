"""Both cores: kernels that release Python's lock, on parts of the work that do not touch each other's memory."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["independent_parts", "run_each", "usable_cores"]

T = TypeVar("T")
R = TypeVar("R")
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

MOST_THREADS = 8
PARTS = 32
"""A subtree is a part of its own when it has at most this fraction of the nodes."""
LEAST_PART = 2048
"""Parts of fewer nodes than this are not worth a thread."""


def usable_cores() -> int:
    """Count the cores that this process may use, at most eight."""
    return min(os.process_cpu_count() or 1, MOST_THREADS) if hasattr(os, "process_cpu_count") else _affinity()


def _affinity() -> int:
    try:
        return min(len(os.sched_getaffinity(0)), MOST_THREADS)
    except AttributeError:  # not on this system
        return min(os.cpu_count() or 1, MOST_THREADS)


def run_each(work: Callable[[T], R], tasks: Sequence[T], threads: int) -> list[R]:
    """Do the tasks, in as many threads as there may be; results in the order of the tasks."""
    threads = min(threads, len(tasks))
    if threads <= 1:
        return [work(task) for task in tasks]
    results: dict[int, R] = {}
    left = iter(range(len(tasks)))  # a thread takes the next number: a step of an iterator is not interrupted

    def keep_taking() -> None:
        for task in left:
            results[task] = work(tasks[task])

    helpers = [_pool(os.getpid()).submit(keep_taking) for _ in range(threads - 1)]
    try:
        keep_taking()
    finally:
        for _ in left:  # after an error the others take no more
            pass
        wait(helpers)
    for helper in helpers:
        helper.result()
    return [results[task] for task in range(len(tasks))]


@cache
def _pool(process: int) -> ThreadPoolExecutor:  # noqa: ARG001 - a forked process does not inherit threads
    return ThreadPoolExecutor(MOST_THREADS)


def independent_parts(parent: I32, size: I32, threads: int) -> tuple[I64, list[I64]]:
    """Cut the elimination forest into a top and parts below it that do not depend on each other.

    Parameters
    ----------
    parent, size : numpy.ndarray of int32, shape (nodes,)
        Of each node in post order.
    threads : int
        Into how many shares of about equal size the parts are dealt.

    Returns
    -------
    top : numpy.ndarray of int64, shape (runs, 2)
        Runs of nodes from one to before the other, in the order in which a sweep from the roots takes them.
    shares : list of numpy.ndarray of int64, shape (runs, 2)
        Runs for each thread, to be taken after the top, in any order among the shares.
    """
    nodes = len(parent)
    most = nodes // PARTS if threads > 1 else nodes
    if most < LEAST_PART:
        return np.zeros((0, 2), np.int64), [np.array([[0, nodes]], np.int64)]
    is_top = size > most
    top = np.flatnonzero(is_top)[::-1].astype(np.int64)
    root = np.flatnonzero(~is_top & ((parent < 0) | is_top[parent]))
    end = root.astype(np.int64) + 1
    begin = end - size[root]
    chunk = np.cumsum(size[root], dtype=np.int64) // most
    new = np.ones(len(root), dtype=bool)
    new[1:] = (begin[1:] != end[:-1]) | (chunk[1:] != chunk[:-1])
    start = np.flatnonzero(new)
    runs = np.stack([begin[start], end[np.append(start[1:], len(root)) - 1]], axis=1)
    length = runs[:, 1] - runs[:, 0]
    load = np.zeros(threads)
    dealt: list[list[int]] = [[] for _ in range(threads)]
    for run in np.argsort(-length, kind="stable"):
        least = int(np.argmin(load))
        dealt[least].append(int(run))
        load[least] += length[run]
    # From the end down, as the sweeps go.
    return np.stack([top, top + 1], axis=1), [runs[sorted(share, reverse=True)] for share in dealt if share]
