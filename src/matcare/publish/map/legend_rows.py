"""Legend rows and colour ramps that the map's themes share (ColorBrewer, safe for colour-blind readers)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["BUPU_DARK_FIRST", "NO_DATA", "PUBU", "YLGNBU", "YLORBR", "Theme", "bins", "rows"]

Theme = dict[str, Any]

YLGNBU: Final = ("#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#0c2c84")
BUPU_DARK_FIRST: Final = ("#810f7c", "#8856a7", "#8c96c6", "#9ebcda", "#bfd3e6", "#edf8fb")
YLORBR: Final = ("#ffffd4", "#fee391", "#fec44f", "#fe9929", "#d95f0e", "#993404")
PUBU: Final = ("#f1eef6", "#bdc9e1", "#74a9cf", "#2b8cbe", "#045a8d")

NO_DATA: Final = {"value": None, "label": "No figure", "pattern": "dots"}
"""The legend row of a value that is missing without a reason."""


def bins(upper: Sequence[float | None], labels: Sequence[str], ramp: Sequence[str]) -> list[dict[str, Any]]:
    """Return the legend rows of a binned column: upper limits (the last is None), words, colours."""
    together = zip(upper, labels, ramp, strict=True)
    return [{"to": to, "label": label, "colours": [colour]} for to, label, colour in together]


def rows(values: Iterable[str], words: Mapping[str, str], patterns: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the legend rows of reasons, each with its words and its pattern."""
    return [{"value": value, "label": words[value], "pattern": patterns[value]} for value in values]
