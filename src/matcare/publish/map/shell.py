"""The frame that every map shares: Folium's map with our own element in it, Leaflet inlined, no request to anywhere."""

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

from matcare.publish.folder import atomic_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["SAID_EVERYWHERE", "dated", "frame", "write_page"]

SAID_EVERYWHERE: Final = (
    "County results are about places, not persons: they do not say what happens to any one woman or infant.",
    "Levels of care stand with their source and date: not for choosing where to give birth or where an ambulance goes.",
    "Minutes are for a car at the run's profile's speeds, without waiting. Canada's roads and units are left out.",
    """Obstetric services change monthly. To correct a unit, list it in a file (facility_id, status, date, source) and
    run matcare with --corrections FILE; every output then names the correction.""",
)
"""What is said wherever results are shown (methods, section 7)."""

_CSS_RESOURCE: Final = re.compile(r"url\(\s*['\"]?([^'\")]+)['\"]?\s*\)")
_SOURCE_MAP: Final = re.compile(r"//# sourceMappingURL=\S*\s*$")
_VECTOR_MARKUP_RULE: Final = re.compile(r"[^{}]*\{\s*behavior:\s*url\(#default#VML\);[^}]*\}")


def write_page(path: Path, page: str) -> Path:
    """Write a page whole: what stood there before stays until the new one is complete."""
    with atomic_file(path) as beside:
        beside.write_text(page, encoding="utf-8", newline="\n")
    return path


def frame(*, payload: dict[str, Any], words: dict[str, Any], scripts: Sequence[str]) -> str:
    """Return one page that opens without a network.

    Parameters
    ----------
    payload : dict
        The page's data, as plain values; becomes JSON that cannot end its own element.
    words : dict
        What ``body.html`` says: ``title``, ``subtitle``, ``notes``, ``sources``, ``caution``, ``find``, ``places``,
        ``places_note``, ``dated``. Escaped there.
    scripts : sequence of str
        Names of our scripts, in the order in which they are read.

    Returns
    -------
    str
        HTML. The same arguments give the same bytes.
    """
    figure = _Page(title=html.escape(words["title"]))
    offline = _OfflineMap(
        location=[39.0, -97.0], zoom_start=4, tiles=None, prefer_canvas=True, zoom_control=False, zoom_snap=0.1
    )
    offline.add_to(figure)
    offline.add_child(_CountyMap(payload, words, scripts))
    page: str = figure.render()
    return f"{page}\n"


def dated(data_dates: Iterable[str], run_date: str) -> str:
    """Return the dates that the foot of a page says: of the facilities, and of the run where it is given.

    Examples
    --------
    >>> dated(["2026 Q2", "2026 Q2"], "2026-11-29")
    'Facilities as of 2026 Q2; run of 2026-11-29'
    >>> dated([], "")
    ''
    """
    days = sorted({str(day) for day in data_dates if day})
    parts = ([f"facilities as of {', '.join(days)}"] if days else []) + ([f"run of {run_date}"] if run_date else [])
    return "; ".join(parts)[:1].upper() + "; ".join(parts)[1:]


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


def _script(names: Sequence[str]) -> str:
    """Return our script: the parts, in order, in one scope of their own."""
    parts = "\n".join(_asset(f"{name}.js") for name in names)
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

    def __init__(self, payload: dict[str, Any], words: dict[str, Any], scripts: Sequence[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # Branca leaves this one untyped
        self._name = "CountyMap"
        self.leaflet_js, self.leaflet_css = _leaflet()
        self.licence = _asset("leaflet-licence.txt")
        self.css = _asset("map.css")
        self.js = _script(scripts)
        self.body = Template(_asset("body.html")).render(**words, data=_json_for_script(payload))

    def get_name(self) -> str:
        """Return the same name every time."""
        return "matcare_element"
