"""Units on a state's figure: a shape and a size for each level, so that colour is never needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcare.publish.map.columns import FACILITY_GROUPS, facility_groups

if TYPE_CHECKING:
    import numpy.typing as npt

    from matcare.publish.figure.frames import Placed
    from matcare.publish.figure.region import FigureRegion
    from matcare.publish.figure.sheet import Sheet
    from matcare.publish.finished import FinishedRun

__all__ = ["DrawnUnits", "draw_symbol", "draw_units", "units_of"]

_MARKERS: Final = {
    "circle": "o", "square": "s", "diamond": "D", "triangle": "^", "triangle_down": "v", "pentagon": "p", "star": "*",
    "plus": "P", "cross": "X",
}  # fmt: skip
_LARGER: Final = {"star": 1.75, "triangle": 1.15, "pentagon": 1.1, "diamond": 0.9, "plus": 1.15, "cross": 1.1}
"""What makes a marker look as large as a circle of its radius."""

_CROWDED: Final = 60
"""From so many units on, symbols shrink, down to half."""

_MOST_STATES: Final = 3
_WITHOUT_UNITS: Final = ("imr", "clusters", "profile", "context", "tiers")
"""Families that do not tell of these units, so that they would only hide counties."""


@dataclass(frozen=True, kw_only=True)
class DrawnUnits:
    """Units that a figure shows.

    Attributes
    ----------
    group : numpy.ndarray of int
        Position in :data:`matcare.publish.map.columns.FACILITY_GROUPS`.
    claimed : numpy.ndarray of bool
        Whether one federal file alone claims its obstetrics: drawn hollow.
    lon, lat : numpy.ndarray of float
        Degrees.
    """

    group: npt.NDArray[np.int64]
    claimed: npt.NDArray[np.bool_]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]

    @property
    def scale(self) -> float:
        """What their symbols are multiplied by: many are drawn smaller."""
        return float(np.clip(np.sqrt(_CROWDED / max(len(self.group), 1)), 0.5, 1.0))

    def by_group(self) -> list[tuple[dict[str, Any], int]]:
        """Return the groups that occur, with their number of units."""
        counts = np.bincount(self.group, minlength=len(FACILITY_GROUPS))
        return [(group, int(count)) for group, count in zip(FACILITY_GROUPS, counts, strict=True) if count]


def units_of(run: FinishedRun, region: FigureRegion, family: str) -> DrawnUnits | None:
    """Return the units of a region that a figure of a family shows.

    Parameters
    ----------
    run : FinishedRun
        Holds the facilities.
    region : FigureRegion
        Only units in its counties are drawn.
    family : str
        Family of the theme.

    Returns
    -------
    DrawnUnits or None
        None where units would hide counties, or are not what the theme tells of.
    """
    if len(region.states) > _MOST_STATES or family in _WITHOUT_UNITS:
        return None
    units = run.facilities
    here = units["county_fips"].isin(region.counties["county_fips"]) & units["lat"].notna() & units["lon"].notna()
    units = units[here]
    group = facility_groups(units)
    on = np.array([not entry.get("off") for entry in FACILITY_GROUPS], dtype=bool)[group]
    counted = units["counts_birth_care"].fillna(value=False).to_numpy(dtype=bool)
    sure = units["counts_birth_care_corroborated"].fillna(value=False).to_numpy(dtype=bool)
    return DrawnUnits(
        group=group[on],
        claimed=(counted & ~sure)[on],
        lon=units["lon"].to_numpy(dtype="float64")[on],
        lat=units["lat"].to_numpy(dtype="float64")[on],
    )


def draw_units(sheet: Sheet, units: DrawnUnits, frames: list[Placed]) -> None:
    """Draw units where they stand; the most important last, so that they lie on top."""
    for place in frames:
        points = place.points(units.lon, units.lat)
        rect = place.rect
        inside = (
            (points[:, 0] >= rect.x - 2) & (points[:, 0] <= rect.x + rect.width + 2)
            & (points[:, 1] >= rect.y - 2) & (points[:, 1] <= rect.y + rect.height + 2)
        )  # fmt: skip
        for code in reversed(range(len(FACILITY_GROUPS))):
            for hollow in (True, False):
                which = inside & (units.group == code) & (units.claimed == hollow)
                draw_symbol(sheet, points[which], FACILITY_GROUPS[code], hollow=hollow, scale=units.scale)


def draw_symbol(
    sheet: Sheet, points: npt.NDArray[np.float64], group: dict[str, Any], *, hollow: bool = False, scale: float = 1.0
) -> None:
    """Draw the symbol of a group at some points of the page."""
    if not len(points):
        return
    size = group["radius"] * 1.15 * _LARGER.get(group["shape"], 1.0) * scale
    face = "#ffffff" if hollow else group.get("fill", "#151515")
    rim = "#111111" if hollow or "fill" in group else "#ffffff"
    shape = _MARKERS[group["shape"]]
    rims: dict[str, Any] = {"linestyle": "none", "marker": shape, "markerfacecolor": face, "zorder": 6}
    across, up = points[:, 0], points[:, 1]
    if rim != "#ffffff":  # a white ring around, so that it stands out from any county
        sheet.axes.plot(across, up, markersize=size + 1.6, markeredgecolor="#ffffff", markeredgewidth=0.8, **rims)
    sheet.axes.plot(across, up, markersize=size, markeredgecolor=rim, markeredgewidth=0.7, **rims)
