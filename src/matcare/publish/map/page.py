"""The page: Folium's map with our own element in it, Leaflet inlined, no request to anywhere."""

from __future__ import annotations

import base64
import html
import json
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import folium
import numpy as np
from branca.element import Figure, MacroElement
from folium.template import Template
from xstatic.pkg import leaflet

from matcare.contracts import PROFILE_LEVELS
from matcare.geo import STATES
from matcare.publish.folder import atomic_file
from matcare.publish.map.columns import FACILITY_GROUPS, county_columns, facility_columns
from matcare.publish.map.geometry import (
    bounds_of,
    compact_lines,
    compact_polygons,
    map_geometry,
    outline_lines,
    shift_longitude,
    state_lines,
)
from matcare.publish.map.outcome_themes import CLUSTER_WORDS, IMR_WORDS
from matcare.publish.map.themes import CLASS_WORDS, FAMILIES, REASON_WORDS, SERVICE_WORDS, themes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

__all__ = ["PLAIN_WORDS", "render_map", "write_map"]

PLAIN_WORDS: Final = (
    "County results are about places, not persons: they do not say what happens to any one woman or infant.",
    "Levels of care stand with their source and date: not for choosing where to give birth or where an ambulance goes.",
    "Minutes are for a car at the run's profile's speeds, without waiting. Canada's roads and units are left out.",
    """Obstetric services change monthly. To correct a unit, list it in a file (facility_id, status, date, source) and
    run matcare with --corrections FILE; every output then names the correction.""",
    """Births are Census estimates. The embedded infant deaths and births 2017-2023 come from NCHS by way of County
    Health Rankings & Roadmaps and are licensed CC BY-NC-SA 4.0, and so are the map and tables made with them: share
    alike, not for commerce.""",
    """A modelled rate (hatched) is what counties alike have, no observation: not to be ranked, compared or tested.""",
)
"""What is said wherever results are shown (methods, section 7)."""

_JUMPS: Final = {
    "Lower 48": [-124.8, 24.5, -66.9, 49.4],
    "Alaska": [-188.0, 51.0, -129.9, 71.5],
    "Hawaii": [-160.4, 18.8, -154.7, 22.4],
    "Puerto Rico": [-67.4, 17.8, -65.1, 18.6],
}
_OUTSIDE: Final = {"AK": "Alaska", "HI": "Hawaii", "PR": "Puerto Rico"}

_CSS_RESOURCE: Final = re.compile(r"url\(\s*['\"]?([^'\")]+)['\"]?\s*\)")
_SOURCE_MAP: Final = re.compile(r"//# sourceMappingURL=\S*\s*$")
_VECTOR_MARKUP_RULE: Final = re.compile(r"[^{}]*\{\s*behavior:\s*url\(#default#VML\);[^}]*\}")


def write_map(path: Path, **options: Any) -> Path:
    """Write the interactive map as one HTML file that opens without a network.

    Parameters
    ----------
    path : pathlib.Path
        The file; what stood there before stays whole until the new one is complete.
    **options
        As :func:`render_map`.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ContractError
        When a table lacks a column.
    InputError
        When the counties are not in EPSG:4326.
    OutputError
        When the file cannot be written.
    """
    page = render_map(**options)
    with atomic_file(path) as beside:
        beside.write_text(page, encoding="utf-8", newline="\n")
    return path


def render_map(
    *,
    counties: gpd.GeoDataFrame,
    facilities: pd.DataFrame,
    states_outline: gpd.GeoDataFrame | None = None,
    title: str = "Maternity care access",
    subtitle: str = "",
    notes: Sequence[str] = (),
    sources: Sequence[str] = (),
    suppressed: str = "fewer than 20 infant deaths",
) -> str:
    """Return the interactive map as one HTML page that opens without a network.

    Parameters
    ----------
    counties : geopandas.GeoDataFrame
        Columns of the contract ``COUNTY_RESULTS`` and polygons in EPSG:4326; a county may lack its polygon or values.
    facilities : pandas.DataFrame
        Columns of the contract ``FACILITIES_OUT``; may be empty.
    states_outline : geopandas.GeoDataFrame, optional
        Borders to draw over the counties; the counties' own, dissolved by state, when not given.
    title, subtitle : str
        Head of the page; plain text.
    notes : sequence of str
        Data date, corrections in force, caveats; plain text, one paragraph each. What must be said everywhere is added.
    sources : sequence of str
        Sources with their dates and licences; plain text.
    suppressed : str
        What the source of the outcomes does not publish, in words.

    Returns
    -------
    str
        HTML. The same tables give the same bytes.

    Raises
    ------
    ContractError
        When a table lacks a column.
    InputError
        When the counties are not in EPSG:4326.
    """
    payload = _payload(counties, facilities, states_outline, suppressed)
    words = {"title": title, "subtitle": subtitle, "notes": (*notes, *PLAIN_WORDS), "sources": tuple(sources)}
    figure = _Page(title=html.escape(title))
    frame = _OfflineMap(
        location=[39.0, -97.0], zoom_start=4, tiles=None, prefer_canvas=True, zoom_control=False, zoom_snap=0.1
    )
    frame.add_to(figure)
    frame.add_child(_CountyMap(payload, words))
    page: str = figure.render()
    return f"{page}\n"


def _payload(
    counties: gpd.GeoDataFrame, facilities: pd.DataFrame, states_outline: gpd.GeoDataFrame | None, suppressed: str
) -> dict[str, Any]:
    states = counties["state"].to_numpy(dtype=object)
    shapes = map_geometry(counties)
    bounds = bounds_of(shapes)
    lines = state_lines(shapes, states) if states_outline is None else outline_lines(states_outline)
    lon = shift_longitude(facilities["lon"].to_numpy(dtype="float64"), bounds)
    return {
        "bounds": bounds,
        "jumps": _jumps(set(states.tolist())),
        "geometry": compact_polygons(shapes),
        "lines": compact_lines(lines),
        "counties": county_columns(counties),
        "count": len(counties),
        "facilities": facility_columns(facilities, counties["county_fips"], lon),
        "facility_count": len(facilities),
        "groups": FACILITY_GROUPS,
        "families": FAMILIES,
        "themes": themes(),
        "states": STATES,
        "words": {
            "class": CLASS_WORDS,
            "reason": REASON_WORDS,
            "imr": IMR_WORDS,
            "service": SERVICE_WORDS,
            "cluster": CLUSTER_WORDS,
            "level": PROFILE_LEVELS,
            "suppressed": suppressed,
        },
    }


def _jumps(states: set[str]) -> dict[str, list[float]]:
    """Return the views to jump between; none where the region fits one view."""
    outside = [name for postal, name in _OUTSIDE.items() if postal in states]
    if not outside or not states - set(_OUTSIDE):
        return {}
    return {name: _JUMPS[name] for name in ("Lower 48", *outside)}


def _json_for_script(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no place in the map's data")


def _script() -> str:
    """Return our script: the parts, in order, in one scope of their own."""
    parts = "\n".join(_asset(f"{name}.js") for name in ("data", "draw", "legend", "outcome", "panel", "search", "map"))
    return f'(function () {{\n"use strict";\n{parts}}})();'


def _asset(name: str) -> str:
    return resources.files("matcare.publish.map").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def _leaflet() -> tuple[str, str]:
    """Return Leaflet's script and style sheet with everything they refer to inside them."""
    folder = Path(leaflet.BASE_DIR)
    script = _SOURCE_MAP.sub("", (folder / "leaflet.js").read_text(encoding="utf-8"))
    style = _VECTOR_MARKUP_RULE.sub("", (folder / "leaflet.css").read_text(encoding="utf-8"))

    def inline(match: re.Match[str]) -> str:
        picture = base64.b64encode((folder / match.group(1)).read_bytes()).decode("ascii")
        return f"url(data:image/png;base64,{picture})"

    return script, _CSS_RESOURCE.sub(inline, style)


class _Page(Figure):
    """Branca's figure as a whole, valid page in a language."""

    _template = Template(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<title>{{ this.title }}</title>\n'
        "{{ this.header.render(**kwargs) }}\n</head>\n<body>\n{{ this.html.render(**kwargs) }}\n"
        "<script>\n{{ this.script.render(**kwargs) }}\n</script>\n</body>\n</html>\n"
    )


class _OfflineMap(folium.Map):
    """Folium's map without its ten assets from the network, and without its ban on zooming a page with two fingers."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}{% endmacro %}
        {% macro html(this, kwargs) %}{% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
            center: {{ this.location|tojson }}, crs: L.CRS.{{ this.crs }}, ...{{ this.options|tojavascript }}
        });
        {% endmacro %}
        """
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.default_js = []
        self.default_css = []

    def get_name(self) -> str:
        """Return the same name every time, so that the same tables give the same bytes."""
        return "matcare_map"


class _CountyMap(MacroElement):
    """Our element: the style sheets, the page's body with the data as JSON, and the script that draws them."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
        <meta http-equiv="Content-Security-Policy" content="{{ this.policy }}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <link rel="icon" href="data:," />
        <!--
        {{ this.licence }}
        -->
        <style>{{ this.leaflet_css }}</style>
        <style>{{ this.css }}</style>
        <script>{{ this.leaflet_js }}</script>
        <script>{{ this.js }}</script>
        {% endmacro %}
        {% macro html(this, kwargs) %}{{ this.body }}{% endmacro %}
        {% macro script(this, kwargs) %}matcareMap(matcare_map);{% endmacro %}
        """
    )

    policy = (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "img-src data: https://basemap.nationalmap.gov"
    )

    def __init__(self, payload: dict[str, Any], words: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # Branca leaves this one untyped
        self._name = "CountyMap"
        self.leaflet_js, self.leaflet_css = _leaflet()
        self.licence = _asset("leaflet-licence.txt")
        self.css = _asset("map.css")
        self.js = _script()
        self.body = Template(_asset("body.html")).render(**words, data=_json_for_script(payload))

    def get_name(self) -> str:
        """Return the same name every time."""
        return "matcare_element"
