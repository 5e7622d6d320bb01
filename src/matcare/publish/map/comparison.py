"""A map that compares: counties before, after and in difference, and the facilities by their part in the change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from matcare.errors import ContractError, InputError
from matcare.geo import STATES
from matcare.publish.map.columns import plain_columns
from matcare.publish.map.geometry import drawn_counties, map_geometry, shift_longitude
from matcare.publish.map.shell import SAID_EVERYWHERE, dated, frame, write_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import geopandas as gpd

    from matcare.publish.map.comparison_theme import ComparisonTheme, Format

__all__ = ["CLOSURE_WORDS", "ROLES", "Fact", "render_comparison_map", "write_comparison_map"]

CLOSURE_WORDS: Final = (
    "What a loss would do, so that units can be protected; not evidence that any unit should close: quality, finances "
    "and staffing are not in it. A closure also takes prenatal and emergency care with it."
)
"""What stands beside every map on which a unit closes or loses a level (methods, section 7)."""

ROLES: Final[tuple[dict[str, Any], ...]] = (
    {"id": "closed", "label": "Closed", "shape": "cross", "radius": 8, "fill": "#d55e00"},
    {"id": "downgraded", "label": "Loses a level", "shape": "triangle_down", "radius": 7.5, "fill": "#e69f00"},
    {"id": "opened", "label": "Opened", "shape": "star", "radius": 9.5, "fill": "#009e73"},
    {"id": "upgraded", "label": "Gains a level or a service", "shape": "triangle", "radius": 7.5, "fill": "#56b4e9"},
    {"id": "receiving", "label": "Takes in those affected", "shape": "diamond", "radius": 6, "fill": "#ffffff"},
    {"id": "protect", "label": "To protect: its loss alone hurts", "shape": "diamond", "radius": 7, "fill": "#d55e00"},
    {"id": "other", "label": "Other unit that counts", "shape": "circle", "radius": 3},
)
"""A facility's part in the change, each with a shape and size of its own, so that colour is never needed."""

_LOSSES: Final = frozenset({"closed", "downgraded"})
_ACTING: Final = frozenset({"closed", "downgraded", "opened", "upgraded"})

_COUNTY: Final = ("county_fips", "county_name", "state", "women_15_44")
_FACILITY: Final = ("facility_id", "facility_name", "city", "state", "lat", "lon", "role", "words")
_POINT: Final = ("lat", "lon", "women", "minutes_before", "minutes_after")

_SCRIPTS: Final = (
    "data",
    "draw",
    "charts",
    "legend",
    "panel",
    "comparison",
    "search",
    "table",
    "print",
    "address",
    "map",
)
_LEAST_VIEW: Final = 0.25
"""Degrees around a unit that changes, so that a single point has its surroundings."""

_MARGIN: Final = 0.3
"""Share of the width and height of what changed that is shown on each side: those who take over live there."""

_DRAWN_WORDS: Final = "The legend counts the counties that are drawn: the region's and those around it."


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One more line of a county's panel.

    Attributes
    ----------
    column : str
        Column of the counties: a number, or words.
    label : str
        What it is ("Women newly beyond 60 minutes").
    form : str
        How a number is written, see ``comparison_theme.Format``.
    after : str
        What follows a number.
    """

    column: str
    label: str
    form: Format = "whole"
    after: str = ""


def write_comparison_map(path: Path, **options: Any) -> Path:
    """Write a map that compares as one HTML file that opens without a network.

    Parameters
    ----------
    path : pathlib.Path
        The file; what stood there before stays whole until the new one is complete.
    **options
        As :func:`render_comparison_map`.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ContractError
        When a table lacks a column.
    InputError
        When the counties are not in EPSG:4326, no theme is given, a theme's classes are no classes, or a role is
        unknown.
    OutputError
        When the file cannot be written.
    """
    return write_page(path, render_comparison_map(**options))


def render_comparison_map(
    *,
    counties: gpd.GeoDataFrame,
    facilities: pd.DataFrame,
    themes: Sequence[ComparisonTheme],
    title: str,
    subtitle: str = "",
    points: pd.DataFrame | None = None,
    points_label: str = "Block groups newly beyond the limit",
    facts: Sequence[Fact] = (),
    changed: Iterable[str] | None = None,
    states_outline: gpd.GeoDataFrame | None = None,
    notes: Sequence[str] = (),
    sources: Sequence[str] = (),
    data_date: str = "",
    run_date: str = "",
) -> str:
    """Return a map that compares, as one HTML page that opens without a network.

    Parameters
    ----------
    counties : geopandas.GeoDataFrame
        The counties to draw, in EPSG:4326: ``county_fips``, ``county_name``, ``state``, ``women_15_44``, and the
        columns that the themes and facts name. NaN is missing, and a theme's status says why.
    facilities : pandas.DataFrame
        ``facility_id``, ``facility_name``, ``city``, ``state``, ``lat``, ``lon``, ``role`` (an ``id`` of :data:`ROLES`)
        and ``words`` (a sentence on its part, or missing). May be empty.
    themes : sequence of ComparisonTheme
        In the order of the list. The page opens on the first difference, else on the first theme.
    title, subtitle : str
        Head of the page; plain text.
    points : pandas.DataFrame, optional
        Demand points to mark: ``lat``, ``lon``, ``women``, ``minutes_before``, ``minutes_after`` (NaN: no route).
    points_label : str
        What the points are, in the list.
    facts : sequence of Fact
        More lines of a county's panel.
    changed : iterable of str, optional
        Codes of the counties on which the view starts; when not given, those where a difference is not nothing and
        the places of units that close, open, gain or lose. Where nothing changes the view is the whole map.
    states_outline : geopandas.GeoDataFrame, optional
        Borders to draw over the counties; the counties' own, dissolved by state, when not given.
    notes, sources : sequence of str
        Plain text, one paragraph each. What must be said everywhere is added.
    data_date, run_date : str
        Of the facilities and of the run, for the foot of the page.

    Returns
    -------
    str
        HTML. The same tables give the same bytes.

    Raises
    ------
    ContractError
        When a table lacks a column.
    InputError
        When the counties are not in EPSG:4326, no theme is given, a theme's classes are no classes, or a role is
        unknown.
    """
    if not themes:
        raise InputError("a map that compares needs at least one theme; none was given")
    counties = _with_differences(counties, themes, facts)
    drawn = drawn_counties(counties, states_outline)
    facility_part = _facility_payload(counties, facilities, drawn["bounds"])
    view = _changed_view(counties, facilities, themes, changed, drawn["bounds"])
    payload = {
        **drawn,
        "jumps": {"What changed": view, "Whole map": drawn["bounds"]} if view else {},
        "counties": plain_columns(counties, _county_names(themes, facts)),
        "count": len(counties),
        **facility_part,
        "points": None if points is None else _point_columns(points, points_label, drawn["bounds"]),
        **_theme_payload(themes, facts),
        "states": STATES,
        "words": {},
    }
    loses = bool(set(facilities["role"]) & _LOSSES)
    words = {
        "title": title,
        "subtitle": subtitle,
        "caution": CLOSURE_WORDS if loses else "",
        "notes": (*notes, _DRAWN_WORDS, *SAID_EVERYWHERE),
        "sources": tuple(sources),
        "dated": dated([data_date], run_date),
        "find": "Find a county or unit",
        "places": "Units",
        "places_note": "",
    }
    return frame(payload=payload, words=words, scripts=_SCRIPTS)


def _with_differences(
    counties: gpd.GeoDataFrame, themes: Sequence[ComparisonTheme], facts: Sequence[Fact]
) -> gpd.GeoDataFrame:
    """Check that the columns are there, and add the differences that themes make of two."""
    named = [name for theme in themes for name in (theme.column, theme.less, theme.status) if name]
    _require(counties, [*_COUNTY, *named, *(fact.column for fact in facts)], "counties")
    made = {theme.shown_column: counties[theme.column] - counties[theme.less] for theme in themes if theme.less}
    return counties.assign(**made)


def _county_names(themes: Sequence[ComparisonTheme], facts: Sequence[Fact]) -> list[str]:
    named = [name for theme in themes for name in (theme.shown_column, theme.status) if name]
    return list(dict.fromkeys([*_COUNTY, *named, *(fact.column for fact in facts)]))


def _theme_payload(themes: Sequence[ComparisonTheme], facts: Sequence[Fact]) -> dict[str, Any]:
    shown = [theme.page_theme(number) for number, theme in enumerate(themes)]
    differences = (page["id"] for page, theme in zip(shown, themes, strict=True) if theme.view == "difference")
    return {
        "families": [
            {"id": name, "label": name, "choice": "Which measure", "segments": "View"}
            for name in dict.fromkeys(theme.family for theme in themes)
        ],
        "themes": shown,
        "first": next(differences, shown[0]["id"]),
        "facts": [
            {"column": fact.column, "label": fact.label, "say": {"format": fact.form, "after": fact.after}}
            for fact in facts
        ],
    }


def _require(frame_: pd.DataFrame, names: Sequence[str], table: str) -> None:
    missing = [name for name in names if name not in frame_.columns]
    if missing:
        raise ContractError(f"the comparison map's {table} lack the column {missing[0]!r} ({len(missing)} missing)")


def _role_codes(facilities: pd.DataFrame) -> npt.NDArray[np.int64]:
    known = pd.Index([group["id"] for group in ROLES])
    codes = np.asarray(known.get_indexer(pd.Index(facilities["role"])), dtype=np.int64)
    if (codes < 0).any():
        strange = facilities["role"].iloc[int(np.argmax(codes < 0))]
        raise InputError(f"the comparison map's facilities have the role {strange!r}; use one of {', '.join(known)}")
    return codes


def _facility_payload(counties: gpd.GeoDataFrame, facilities: pd.DataFrame, bounds: Sequence[float]) -> dict[str, Any]:
    _require(facilities, _FACILITY, "facilities")
    shifted = facilities.assign(lon=shift_longitude(facilities["lon"].to_numpy(dtype="float64"), bounds))
    columns = plain_columns(shifted, [name for name in _FACILITY if name != "role"])
    columns["group"] = _role_codes(facilities).tolist()
    columns["claimed"] = [0] * len(facilities)
    columns["county"] = _county_of(counties, shifted).tolist()
    return {
        "facilities": columns,
        "facility_count": len(facilities),
        "groups": [{"always": group["id"] != "other", **group} for group in ROLES],
        "acting": sorted(_ACTING),
    }


def _county_of(counties: gpd.GeoDataFrame, facilities: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return each facility's county by position, -1 where the map has none: the first whose polygon holds it."""
    found = np.full(len(facilities), -1, dtype=np.int64)
    places = shapely.points(facilities["lon"].to_numpy(dtype="float64"), facilities["lat"].to_numpy(dtype="float64"))
    at, county = shapely.STRtree(map_geometry(counties)).query(places, predicate="intersects")
    found[at[::-1]] = county[::-1]
    return found


def _point_columns(points: pd.DataFrame, label: str, bounds: Sequence[float]) -> dict[str, Any]:
    _require(points, _POINT, "points")
    shifted = points.assign(
        lon=shift_longitude(points["lon"].to_numpy(dtype="float64"), bounds), women=points["women"].round()
    )
    return plain_columns(shifted, _POINT) | {"label": label}


def _changed_view(
    counties: gpd.GeoDataFrame,
    facilities: pd.DataFrame,
    themes: Sequence[ComparisonTheme],
    changed: Iterable[str] | None,
    whole: Sequence[float],
) -> list[float] | None:
    """Return west, south, east, north of what changed; None where that is nothing, or as large as the map."""
    if changed is not None:
        rows = counties["county_fips"].isin(set(changed)).to_numpy()
        acting = facilities.iloc[:0]
    else:
        rows = np.zeros(len(counties), dtype=bool)
        for theme in themes:
            if theme.is_change:
                rows |= _differs(counties[theme.shown_column], theme)
        acting = facilities[facilities["role"].isin(_ACTING)]
    boxes = shapely.bounds(map_geometry(counties)[rows])
    lon = shift_longitude(acting["lon"].to_numpy(dtype="float64"), whole)
    lat = acting["lat"].to_numpy(dtype="float64")
    around = _LEAST_VIEW
    boxes = np.vstack([boxes, np.column_stack([lon - around, lat - around, lon + around, lat + around])])
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        return None
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    view = [*(low - _MARGIN * (high - low)), *(high + _MARGIN * (high - low))]
    within = [max(view[0], whole[0]), max(view[1], whole[1]), min(view[2], whole[2]), min(view[3], whole[3])]
    return None if within == list(whole) else [round(float(value), 4) for value in within]


def _differs(values: pd.Series, theme: ComparisonTheme) -> npt.NDArray[np.bool_]:
    """Return where a difference is not nothing: another class than that which holds zero, or than those unchanged."""
    if not theme.binned:
        changing = [entry.value for entry in theme.classes if not entry.unchanged]
        return np.asarray(values.isin(changing), dtype=np.bool_)
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    limits = np.array([np.inf if entry.upper is None else entry.upper for entry in theme.classes])
    return np.asarray(np.isfinite(numbers) & (np.searchsorted(limits, numbers) != theme.zero_class), dtype=np.bool_)
