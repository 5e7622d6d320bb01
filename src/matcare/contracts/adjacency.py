"""Contract of the county adjacency: which counties touch."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = ["ADJACENCY"]

_FIPS: Final = r"\d{5}"

# fmt: off
ADJACENCY: Final = Table(
    name="adjacency",
    title="Counties that touch",
    description="One row an ordered pair of counties of 2024 that share a border or a point of one (the Census Bureau also counts some that touch in water). Both directions stand, a county is not "
    "its own neighbour, and a county without a row is an island.",
    primary_key=("county_fips", "neighbour_fips"),
    columns=(
        Column(name="county_fips", kind="text", required=True, pattern=_FIPS, description="County code of 2024, five digits.", source="census_county_adjacency_2024"),
        Column(name="neighbour_fips", kind="text", required=True, pattern=_FIPS, description="A county that touches it.", source="census_county_adjacency_2024"),
    ),
)
# fmt: on
