"""Contracts of federal designations that a user supplies, and the fields that federal grants ask for."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = ["DESIGNATIONS", "GRANT_COLUMNS", "HPSA_EXTENTS", "RURAL_EXTENTS"]

HPSA_EXTENTS: Final = ("whole_county", "part_of_county", "none", "not_reported")
"""How much of a county an area designation covers; `none`: the list covers the state and has none for it."""

RURAL_EXTENTS: Final = ("yes", "partly", "no", "not_reported")
"""Rural by the list of the Federal Office of Rural Health Policy: wholly, in some census tracts, not."""

_SCORE_STATUSES: Final = ("reported", "none", "no_score", "not_reported")

# fmt: off
GRANT_COLUMNS: Final = (
    Column(name="rural_rucc", kind="boolean", description="Nonmetropolitan by USDA's Rural-Urban Continuum Code 2023 (4-9); missing where there is no code.", source="usda_rucc_2023"),
    Column(name="rural_forhp", kind="text", required=True, values=RURAL_EXTENTS, description="Rural by the list of the Federal Office of Rural Health Policy that was supplied; `partly`: in some census tracts. Not a decision on eligibility.", source="user"),
    Column(name="hpsa_primary_care", kind="text", required=True, values=HPSA_EXTENTS, description="Primary care Health Professional Shortage Area in force (geographic or population; facilities not counted), from HRSA's list that was supplied.", source="user"),
    Column(name="hpsa_score", kind="number", minimum=0, maximum=26, unit="score 0-26", description="Highest HPSA score of the county's area designations, wholly or partly in it.", source="user"),
    Column(name="mcta_score", kind="number", minimum=0, maximum=25, unit="score 0-25", description="Highest Maternity Care Target Area score of them, as HRSA publishes it; never computed here.", source="user"),
    Column(name="mcta_status", kind="text", required=True, values=_SCORE_STATUSES, description="`reported`; `none`: no area designation, so no score; `no_score`: a designation without one; `not_reported`: no list supplied that covers the state."),
)
"""Columns of ``counties.csv`` that federal grants ask for."""

DESIGNATIONS: Final = Table(
    name="designations",
    title="Federal designations of counties, as a user supplied them",
    description="One row a county: HPSA and MCTA from HRSA's list of primary care HPSAs, rural from FORHP's list. The highest score of a county's designations speaks for its worst part.",
    primary_key=("county_fips",),
    licence="facts",
    columns=(
        Column(name="county_fips", kind="text", required=True, unique=True, pattern=r"\d{5}", description="County code of 2024."),
        *GRANT_COLUMNS[1:],
    ),
)
# fmt: on
