"""Contracts of the tables that ``matcare surface`` writes: people as points, minutes at points, access of zones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matcare.contracts.model import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PEOPLE_POINTS", "POINT_MINUTES", "SURFACE_REASONS", "zone_table"]

SURFACE_REASONS: Final = ("covered", "beyond_limit", "unreachable", "barrier", "no_data", "off_grid")
"""Why a point has minutes over a surface, or none."""

_ZONE_REASONS: Final = ("covered", "partly_covered", *SURFACE_REASONS[1:5], "no_people")

_PLACE: Final = (
    Column(
        name="lat",
        kind="number",
        unit="degrees",
        required=True,
        minimum=-90,
        maximum=90,
        description="Latitude (EPSG:4326).",
    ),
    Column(
        name="lon",
        kind="number",
        unit="degrees",
        required=True,
        minimum=-360,
        maximum=360,
        description="Longitude (EPSG:4326).",
    ),
)

PEOPLE_POINTS: Final = Table(
    name="people_points",
    title="People as points",
    description="People of a population raster, a point a cell or a block of cells.",
    licence="as the raster",
    primary_key=("id",),
    columns=(
        Column(name="id", kind="text", required=True, unique=True, description="Row and column of the cell or block, from 0: r12c34."),
        *_PLACE,
        Column(name="people", kind="number", unit="people", required=True, minimum=0, description="People in the cell or block; the place is their mean."),
    ),
)  # fmt: skip
"""What ``matcare surface people`` writes; ``matcare minutes`` and ``matcare surface at`` take it."""

POINT_MINUTES: Final = Table(
    name="point_minutes",
    title="Minutes at points",
    description="Least-cost minutes over a surface from points to the nearest facility: those of the cell that a point lies in.",
    licence="as the surface",
    primary_key=("id",),
    columns=(
        Column(name="id", kind="text", required=True, unique=True, description="Identifier of the point, as given."),
        *_PLACE,
        Column(name="minutes", kind="number", unit="minutes", minimum=0, description="Minutes to the nearest facility; missing where `reason` is not covered."),
        Column(name="reason", kind="text", required=True, values=SURFACE_REASONS, description="Why there are minutes or none."),
        Column(name="facility_id", kind="text", description="The nearest facility; missing where there is none."),
    ),
)  # fmt: skip
"""What ``matcare surface at`` writes."""


def zone_table(zone_id: str, within: Iterable[float]) -> Table:
    """Declare the table of people's access by zone.

    Parameters
    ----------
    zone_id : str
        Name of the column of ids.
    within : iterable of float
        Thresholds in minutes.

    Returns
    -------
    Table

    Examples
    --------
    >>> zone_table("name", [60]).names[-2:]
    ['share_within_60', 'reason']
    """
    whys = {
        "covered": "with minutes",
        "beyond_limit": "farther than the surface's limit",
        "unreachable": "from whom no way leads to a facility",
        "barrier": "on cells that nobody can cross",
        "no_data": "on cells without data, or off the surface",
    }
    shares = tuple(
        Column(name=f"share_within_{threshold:g}", kind="number", unit="share 0-1", minimum=0, maximum=1 + 1e-9, description=f"Share of the people of known access (covered, beyond_limit, unreachable) within {threshold:g} minutes (≤).")
        for threshold in dict.fromkeys(within)
    )  # fmt: skip
    return Table(
        name="zone_access",
        title="Access of zones",
        description="People of each zone by their minutes over a surface; a cell counts by its exact share in the zone.",
        licence="as the surface, the population raster and the zones",
        primary_key=(zone_id,),
        columns=(
            Column(name=zone_id, kind="text", required=True, unique=True, description="Identifier of the zone."),
            Column(name="people", kind="number", unit="people", required=True, minimum=0, description="People of the zone: the sum of the next five."),
            *(
                Column(name=f"people_{status}", kind="number", unit="people", required=True, minimum=0, description=f"People {words}.")
                for status, words in whys.items()
            ),
            Column(name="mean_minutes", kind="number", unit="minutes", minimum=0, description="Mean over the people with minutes."),
            *shares,
            Column(name="reason", kind="text", required=True, values=_ZONE_REASONS, description="Why there are mean minutes or none."),
        ),
    )  # fmt: skip
