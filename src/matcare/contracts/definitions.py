"""Contracts of the definitions of poor access side by side: by county, by cell of their disagreement, pair by pair."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = [
    "DEFINITIONS",
    "DEFINITION_AGREEMENT",
    "DEFINITION_CELLS",
    "DEFINITION_COLUMNS",
    "DEFINITION_KINDS",
    "DEFINITION_REASONS",
]

DEFINITION_KINDS: Final = ("desert", "limited_access", "lowest_tenth", "target_area")
"""What a definition says of a county that meets it; only the first may be called a desert."""

DEFINITION_REASONS: Final = ("decided", "inputs_missing", "no_demand_points", "not_supplied", "no_score")
"""Why a definition is met, not met or unknown."""

_SHARE: Final = "share 0-1"


def _place() -> tuple[Column, ...]:
    return (
        Column(name="scope", kind="text", required=True, values=("area", "state"), description="All counties of the table, or those of one state."),
        Column(name="place", kind="text", required=True, pattern=r"[A-Z]{2}|area", description="`US` where the whole nation is in the table, `area` for a region, or postal code."),
    )  # fmt: skip


# fmt: off
DEFINITIONS: Final = Table(
    name="definitions",
    title="Definitions of poor access to maternity care, side by side",
    description="One row a county and definition. They ask different things (units and clinicians in the county, minutes over its border, supply shared out, need for clinicians) and are shown to disagree or agree; none is the truth. "
    "A lowest tenth is a rank that always has its tenth, never a desert. County results are about places, not persons.",
    primary_key=("county_fips", "definition"),
    licence="facts",
    columns=(
        Column(name="county_fips", kind="text", required=True, pattern=r"\d{5}", description="County code of 2024."),
        Column(name="county_name", kind="text", required=True, description="Name."),
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
        Column(name="definition", kind="text", required=True, pattern=r"[a-z0-9_]+", description="Identifier of the definition."),
        Column(name="words", kind="text", required=True, description="The definition with its threshold, in words."),
        Column(name="kind", kind="text", required=True, values=DEFINITION_KINDS, description="What it says: `desert`; `limited_access` (desert or low access); `lowest_tenth` (a rank); `target_area` (a score of need)."),
        Column(name="met", kind="boolean", description="Whether the county meets it; missing is unknown."),
        Column(name="value", kind="number", unit="of the definition", description="What was held against the threshold (share within T minutes, score), where it is a number."),
        Column(name="reason", kind="text", required=True, values=DEFINITION_REASONS, description="`decided`; `inputs_missing`: a missing input leaves it open; `no_score`: the list supplied has none for the county; `not_supplied`: the list does not cover its state."),
        Column(name="women_15_44", kind="number", minimum=0, unit="women", description="Women 15-44 of the county (estimate)."),
        Column(name="births_per_year", kind="number", minimum=0, unit="births per year", description="Annual births of the county (estimate)."),
    ),
)

DEFINITION_CELLS: Final = Table(
    name="definition_cells",
    title="Cells of the definitions' disagreement",
    description="One row a place and combination of definitions met, not met and unknown that occurs: how many counties, women and births stand in it. The rows of a place add up to all its counties.",
    primary_key=("scope", "place", "met", "not_met", "unknown"),
    licence="facts",
    columns=(
        *_place(),
        Column(name="met", kind="text", required=True, description="Definitions that the counties of the cell meet, parted by `; `; `none`."),
        Column(name="not_met", kind="text", required=True, description="Definitions that they do not meet."),
        Column(name="unknown", kind="text", required=True, description="Definitions that cannot be decided for them."),
        Column(name="counties", kind="integer", required=True, minimum=1, unit="counties", description="Counties in the cell."),
        Column(name="women_15_44", kind="number", required=True, minimum=0, unit="women", description="Women 15-44 of these counties (estimate)."),
        Column(name="share_women", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Of the women of the place."),
        Column(name="births_per_year", kind="number", required=True, minimum=0, unit="births per year", description="Annual births of these counties (estimate), where they are known."),
        Column(name="counties_without_births", kind="integer", required=True, minimum=0, unit="counties", description="Counties of the cell whose births are not known."),
    ),
)

DEFINITION_AGREEMENT: Final = Table(
    name="definition_agreement",
    title="Agreement of the definitions, pair by pair",
    description="Counties where both definitions are decided. Cohen's kappa: (observed - expected agreement)/(1 - expected), 1 is full agreement, 0 is what chance gives; once by counties, once with counties weighted by women.",
    primary_key=("scope", "place", "first", "second"),
    licence="facts",
    columns=(
        *_place(),
        Column(name="first", kind="text", required=True, description="One definition."),
        Column(name="second", kind="text", required=True, description="The other."),
        Column(name="counties", kind="integer", required=True, minimum=0, unit="counties", description="Counties where both are decided."),
        *(Column(name=f"counties_{cell}", kind="integer", required=True, minimum=0, unit="counties", description=words) for cell, words in (("both", "Both met."), ("first_only", "The first alone met."), ("second_only", "The second alone met."), ("neither", "Neither met."))),
        *(Column(name=f"women_{cell}", kind="number", required=True, minimum=0, unit="women", description=words) for cell, words in (("both", "Women 15-44 (estimate) where both are met."), ("first_only", "Where the first alone is."), ("second_only", "Where the second alone is."), ("neither", "Where neither is."))),
        Column(name="share_counties_agree", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Counties where the two say the same."),
        Column(name="share_women_agree", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women in counties where the two say the same."),
        Column(name="kappa_counties", kind="number", minimum=-1, maximum=1, unit="kappa", description="Cohen's kappa by counties.", source="computed"),
        Column(name="kappa_women", kind="number", minimum=-1, maximum=1, unit="kappa", description="Cohen's kappa with counties weighted by women.", source="computed"),
        Column(name="status", kind="text", required=True, values=("given", "no_variation", "no_counties"), description="`no_variation`: both definitions have the same single answer everywhere, and kappa is not defined; `no_counties`: none where both are decided."),
    ),
)

DEFINITION_COLUMNS: Final = (
    Column(name="desert_definitions_met", kind="integer", required=True, minimum=0, unit="definitions", description="How many definitions of a desert the county meets (March of Dimes; at least half of women beyond 30 minutes; beyond 60).", source="computed"),
    Column(name="desert_definitions_unknown", kind="integer", required=True, minimum=0, unit="definitions", description="How many of them cannot be decided.", source="computed"),
    Column(name="access_definitions_met", kind="integer", required=True, minimum=0, unit="definitions", description="How many of all definitions compared the county meets: those of a desert, limited access, lowest tenth of births by catchment score, maternity care target area.", source="computed"),
    Column(name="access_definitions_unknown", kind="integer", required=True, minimum=0, unit="definitions", description="How many of them cannot be decided.", source="computed"),
    Column(name="access_definitions_compared", kind="integer", required=True, minimum=1, unit="definitions", description="How many were compared in this run.", source="computed"),
    Column(name="access_definitions", kind="text", required=True, description="Which are met, and which are unknown, by identifier; `none` where none is met.", source="computed"),
)
"""Columns of ``counties.csv`` on the definitions."""
# fmt: on
