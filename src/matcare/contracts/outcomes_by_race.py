"""Contract of infant deaths and live births by race and ethnicity of the mother."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = ["OUTCOMES_BY_RACE"]

_SOURCE: Final = "chr_v129_race_2026"

# fmt: off
OUTCOMES_BY_RACE: Final = Table(
    name="outcomes_by_race",
    title="Infant deaths and live births 2017-2023 by race and ethnicity of the mother",
    description="Nation, states and counties, as published by NCHS by way of County Health Rankings & Roadmaps from 20 deaths; only rows that the source gives. "
    "Rows are withheld (`complementary`) where they, with the totals of `outcomes` and `states`, would give back a count of 1-9. "
    "A small group appears only when its rate is high. Connecticut has a state's rows alone: its counties' counts by race cannot be moved to the planning regions by the weights of all women. "
    "Rows of American Indian and Alaska Native mothers are never ranked; tribes hold sovereignty over data on their people.",
    primary_key=("place", "group"),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="place_kind", kind="text", required=True, values=("nation", "state", "county"), description="What the place is.", source=_SOURCE),
        Column(name="place", kind="text", required=True, pattern=r"US|[A-Z]{2}|\d{5}", description="`US`, a state's postal code, or a county code of 2024.", source=_SOURCE),
        Column(name="group", kind="text", required=True, values=("white", "black", "aian", "asian", "nhopi", "multiple", "hispanic"), description="Race and ethnicity of the mother by NCHS' standard: `hispanic` of any race; the others are non-Hispanic (aian: American Indian or Alaska Native; nhopi: Native Hawaiian or Pacific Islander; multiple: more than one race).", source=_SOURCE),
        Column(name="infant_deaths", kind="integer", minimum=20, unit="deaths 2017-2023", description="Deaths before the first birthday; missing where `complementary`.", source=_SOURCE),
        Column(name="live_births", kind="integer", minimum=20, unit="births 2017-2023", description="Live births of the same seven years; missing where `complementary`.", source=_SOURCE),
        Column(name="status", kind="text", required=True, values=("published", "derived", "complementary"), description="`published`: the source's counts; `derived`: solved from the source's rate and interval (Hispanic mothers), exact for every row that can be checked; `complementary`: given by the source, withheld here since it would give a suppressed count back.", source="computed"),
    ),
)
# fmt: on
