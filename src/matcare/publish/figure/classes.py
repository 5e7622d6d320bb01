"""Which legend row each county falls in, as the map's script decides it, and how many counties and women that makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.publish.map.legend_rows import NO_DATA

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["MODELLED", "Classified", "classified", "share_words"]

MODELLED: Final = "modelled"
"""Standing of a rate that is no observation."""

_LITTLE: Final = 0.005
_HAIR: Final = 1e-9  # what the difference of two rounded shares may fall short by
"""Shares nearer than this to none or all are not rounded to it."""


@dataclass(frozen=True, kw_only=True)
class Classified:
    """A theme's legend rows and the counties in them.

    Attributes
    ----------
    theme : dict
        As :func:`matcare.publish.map.themes.themes` gives it.
    classes, overlays, missing : list of dict
        Its legend rows; `missing` ends with one for a value that is missing without a reason.
    row : numpy.ndarray of int
        For each county the position of its row in `classes` followed by `missing`.
    overlay : numpy.ndarray of int
        Position in `overlays`, -1 for none.
    women : numpy.ndarray of float
        Women 15-44 of each county, 0 where not known.
    """

    theme: dict[str, Any]
    classes: list[dict[str, Any]]
    overlays: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    row: npt.NDArray[np.int64]
    overlay: npt.NDArray[np.int64]
    women: npt.NDArray[np.float64]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Legend rows of values and of missing ones, as :attr:`row` counts them."""
        return [*self.classes, *self.missing]

    @property
    def counties_by_row(self) -> npt.NDArray[np.int64]:
        """Counties in each of :attr:`rows`."""
        return np.bincount(self.row, minlength=len(self.rows))

    @property
    def women_by_row(self) -> npt.NDArray[np.float64]:
        """Women in each of :attr:`rows`."""
        return np.bincount(self.row, weights=self.women, minlength=len(self.rows)).astype(np.float64)

    @property
    def counties_by_overlay(self) -> npt.NDArray[np.int64]:
        """Counties in each of :attr:`overlays`."""
        return np.bincount(self.overlay[self.overlay >= 0], minlength=len(self.overlays))

    @property
    def modelled(self) -> npt.NDArray[np.bool_]:
        """Which counties have a modelled value only, in a theme that fills its column with it."""
        names = [entry.get("value") for entry in self.overlays]
        if not self.theme.get("fallback") or MODELLED not in names:
            return np.zeros(len(self.row), dtype=np.bool_)
        return np.asarray(self.overlay == names.index(MODELLED), dtype=np.bool_)

    @property
    def with_value(self) -> npt.NDArray[np.bool_]:
        """Which counties have a value."""
        return self.row < len(self.classes)


def classified(theme: dict[str, Any], counties: pd.DataFrame) -> Classified:
    """Sort the counties into a theme's legend rows.

    Parameters
    ----------
    theme : dict
        As :func:`matcare.publish.map.themes.themes` gives it.
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`.

    Returns
    -------
    Classified
    """
    missing = list(theme["missing"])
    if not any(entry["value"] is None for entry in missing):
        missing.append(NO_DATA)
    values = counties[theme["column"]]
    if theme.get("fallback") in counties.columns:
        values = values.where(values.notna(), counties[theme["fallback"]])
    status = theme.get("status")
    standing = counties[status] if status else pd.Series(pd.NA, index=counties.index, dtype="str")
    row = _missing_rows(missing, standing) + len(theme["classes"])
    found = _class_rows(theme, values)
    row = np.where(found >= 0, found, row)
    if theme["kind"] == "category":  # a category that says why there is none, such as `no_neighbour`
        said = values.notna().to_numpy() & (found < 0)
        row = np.where(said, _missing_rows(missing, values) + len(theme["classes"]), row)
    overlays = list(theme.get("overlay", ()))
    return Classified(
        theme=theme,
        classes=list(theme["classes"]),
        overlays=overlays,
        missing=missing,
        row=row.astype(np.int64),
        overlay=np.where(found >= 0, _overlay_rows(overlays, counties, standing), -1),
        women=counties["women_15_44"].fillna(0.0).to_numpy(dtype="float64"),
    )


def _class_rows(theme: dict[str, Any], values: pd.Series) -> npt.NDArray[np.int64]:
    """Return the position of each value's class, -1 where it has none."""
    found = np.full(len(values), -1, dtype=np.int64)
    if theme["kind"] == "bins":
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        for k in reversed(range(len(theme["classes"]))):
            to = theme["classes"][k]["to"]
            limit = np.inf if to is None else float(to)
            inside = numbers < limit if theme.get("below") and to is not None else numbers <= limit
            found[inside] = k
        return found
    for k, entry in enumerate(theme["classes"]):
        same = values == bool(entry["value"]) if theme["kind"] == "flag" else values == entry["value"]
        found[same.fillna(value=False).to_numpy(dtype=bool)] = k
    return found


def _missing_rows(missing: list[dict[str, Any]], reasons: pd.Series) -> npt.NDArray[np.int64]:
    names = [entry["value"] for entry in missing]
    where = {name: k for k, name in reversed(list(enumerate(names))) if name is not None}
    return reasons.map(where).fillna(names.index(None)).to_numpy(dtype=np.int64)


def _overlay_rows(overlays: list[dict[str, Any]], counties: pd.DataFrame, standing: pd.Series) -> npt.NDArray[np.int64]:
    found = np.full(len(counties), -1, dtype=np.int64)
    for k in reversed(range(len(overlays))):  # the first that holds is the one shown
        entry = overlays[k]
        if "more" in entry:  # bounds that lie wide apart
            held = counties[entry["more"]] - counties[entry["less"]] >= entry["from"] - _HAIR
        elif "column" in entry:
            held = counties[entry["column"]] >= entry["from"]
        else:
            held = standing == entry["value"]
        found[held.fillna(value=False).to_numpy(dtype=bool)] = k
    return found


def share_words(share: float) -> str:
    """Return a share in whole percent; what is neither none nor all is never rounded to it.

    Examples
    --------
    >>> share_words(0.0), share_words(0.001), share_words(0.256), share_words(0.999), share_words(1.0)
    ('0 %', '<1 %', '26 %', '>99 %', '100 %')
    """
    if 0 < share < _LITTLE:
        return "<1 %"
    if 1 - _LITTLE <= share < 1:
        return ">99 %"
    return f"{share * 100:.0f} %"
