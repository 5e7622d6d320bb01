"""The curve: what the engine's work takes against the size of the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["plot_curve"]

LINES = {
    "build_s": ("prepare: order and contraction", "#3b4a6b", "-", "o"),
    "customise_s": ("customise: new speeds", "#7d6ba3", "-", "s"),
    "scipy_nearest_s": ("nearest of 100 for all nodes, SciPy", "#c8553d", "--", "^"),
    "scipy_one_to_all_s": ("one to all, SciPy", "#e0a458", "--", "v"),
    "nearest_s": ("nearest of 100 for all nodes", "#c8553d", "-", "^"),
    "one_to_all_s": ("one to all", "#e0a458", "-", "v"),
    "path_s": ("one pair, with its route", "#2a9d8f", "-", "D"),
    "pair_s": ("one pair of 1,000", "#6a994e", "-", "P"),
}


def plot_curve(found: list[dict[str, Any]], path: Path) -> None:
    """Draw seconds and memory against the number of nodes."""
    mpl.use("Agg")
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 6), width_ratios=(2.2, 1), layout="constrained")
    nodes = [one["nodes"] for one in found]
    for key, (label, colour, style, marker) in LINES.items():
        left.loglog(nodes, [one[key] for one in found], style, color=colour, marker=marker, markersize=5, label=label)
    left.set(xlabel="nodes of the graph", ylabel="seconds", title="Time: solid matcare on 2 cores, dashed SciPy on one")
    left.grid(visible=True, which="major", color="#dddddd")
    left.set_axisbelow(True)
    handles, labels = left.get_legend_handles_labels()
    left.legend(handles, labels, loc="upper left", fontsize=8.5, ncols=2, framealpha=0.95)
    left.set_ylim(top=left.get_ylim()[1] * 60)
    right.loglog(nodes, [one["peak_gib_prepared"] for one in found], "-o", color="#3b4a6b", label="prepared, peak")
    right.axhline(8, color="#c8553d", linestyle=":", label="8 GiB")
    right.set(xlabel="nodes of the graph", ylabel="GiB", title="Memory of the process while preparing")
    right.grid(visible=True, which="major", color="#dddddd")
    right.set_ylim(0.25, 12)
    right.set_yticks((0.25, 0.5, 1, 2, 4, 8), labels=("0.25", "0.5", "1", "2", "4", "8"))
    right.minorticks_off()
    right.legend(loc="upper left", bbox_to_anchor=(0, 0.9))
    figure.suptitle("From 10,000 to 20 million nodes: windows of New York's roads, New York, and copies of it joined")
    figure.savefig(path, dpi=130)
    plt.close(figure)
