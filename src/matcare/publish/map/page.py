"""The national map's page: a run's counties and facilities, every theme, one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcare.contracts import PROFILE_LEVELS
from matcare.contracts.indicators import DEFINITIONS
from matcare.geo import STATES
from matcare.publish.map.columns import FACILITY_GROUPS, county_columns, facility_columns
from matcare.publish.map.geometry import drawn_counties, shift_longitude
from matcare.publish.map.outcome_themes import BENCHMARK_WORDS, CLUSTER_WORDS, IMR_WORDS
from matcare.publish.map.shell import SAID_EVERYWHERE, dated, frame, write_page
from matcare.publish.map.themes import CLASS_WORDS, REASON_WORDS, SERVICE_WORDS, families, themes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

__all__ = ["PLAIN_WORDS", "render_map", "write_map"]

PLAIN_WORDS: Final = (
    *SAID_EVERYWHERE,
    """Births are Census estimates. The embedded infant deaths and births 2017-2023 come from NCHS by way of County
    Health Rankings & Roadmaps and are licensed CC BY-NC-SA 4.0, and so are the map and tables made with them: share
    alike, not for commerce.""",
    """A modelled rate (hatched) is what counties alike have, no observation: not to be ranked, compared or tested.""",
)
"""What the national map always says: what is said everywhere, and on its births and rates."""

_SCRIPTS: Final = (
    "data",
    "draw",
    "charts",
    "legend",
    "panel",
    "outcome",
    "planning",
    "county",
    "search",
    "table",
    "print",
    "address",
    "map",
)
_JUMPS: Final = {
    "Lower 48": [-124.8, 24.5, -66.9, 49.4],
    "Alaska": [-188.0, 51.0, -129.9, 71.5],
    "Hawaii": [-160.4, 18.8, -154.7, 22.4],
    "Puerto Rico": [-67.4, 17.8, -65.1, 18.6],
}
_OUTSIDE: Final = {"AK": "Alaska", "HI": "Hawaii", "PR": "Puerto Rico"}


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
    return write_page(path, render_map(**options))


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
    run_date: str = "",
    layers: Mapping[str, Any] | None = None,
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
    run_date : str
        Day on which the run was made, for the foot of the page.
    layers : mapping, optional
        What ``layers.js`` draws between counties and facilities, ready for JSON: isochrones, catchments, block groups,
        roads.

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
    words = {
        "title": title,
        "subtitle": subtitle,
        "caution": "",
        "notes": (*notes, *PLAIN_WORDS),
        "sources": tuple(sources),
        "dated": dated(counties["data_date"], run_date),
        "find": "Find a county or hospital",
        "places": "Hospitals and birth centers",
        "places_note": "Hollow: obstetrics claimed by one federal file alone. Levels are self-reported; an absent "
        "level is unknown, not none.",
    }
    payload = _payload(counties, facilities, states_outline, suppressed) | {"layers": layers}
    scripts = _SCRIPTS if layers is None else (*_SCRIPTS[:-1], "layers", "map")
    return frame(payload=payload, words=words, scripts=scripts)


def _payload(
    counties: gpd.GeoDataFrame, facilities: pd.DataFrame, states_outline: gpd.GeoDataFrame | None, suppressed: str
) -> dict[str, Any]:
    drawn = drawn_counties(counties, states_outline)
    lon = shift_longitude(facilities["lon"].to_numpy(dtype="float64"), drawn["bounds"])
    columns = county_columns(counties)
    shown = themes(columns)
    return {
        **drawn,
        "jumps": _jumps(set(counties["state"])),
        "counties": columns,
        "count": len(counties),
        "facilities": facility_columns(facilities, counties["county_fips"], lon),
        "facility_count": len(facilities),
        "groups": FACILITY_GROUPS,
        "families": families(shown),
        "themes": shown,
        "first": shown[0]["id"],
        "states": STATES,
        "words": {
            "class": CLASS_WORDS,
            "reason": REASON_WORDS,
            "imr": IMR_WORDS,
            "service": SERVICE_WORDS,
            "cluster": CLUSTER_WORDS,
            "benchmark": BENCHMARK_WORDS,
            "level": PROFILE_LEVELS,
            "indicator": {entry.id: entry.label for entry in DEFINITIONS if entry.in_index},
            "suppressed": suppressed,
        },
    }


def _jumps(states: set[str]) -> dict[str, list[float]]:
    """Return the views to jump between; none where the region fits one view."""
    outside = [name for postal, name in _OUTSIDE.items() if postal in states]
    if not outside or not states - set(_OUTSIDE):
        return {}
    return {name: _JUMPS[name] for name in ("Lower 48", *outside)}
