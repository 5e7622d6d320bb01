"""The socio-ecological profile as data: indicators, gaps, and the contracts of the tables that hold them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Final, Literal, get_args

from matcare.contracts.model import Column, Table
from matcare.contracts.outcome_columns import PROFILE_LEVELS

__all__ = [
    "COUNTY_INDICATORS",
    "DEFINITIONS",
    "INDICATORS",
    "INDICATOR_CATALOG",
    "NICU_SUPPORTS",
    "NICU_SUPPORT_COLUMNS",
    "PERCENTILE_REASONS",
    "STATE_INDICATORS",
    "STATE_POLICIES",
    "VALUE_STATUSES",
    "Indicator",
    "definition",
]

Level = Literal["patient_family", "provider_system", "community", "policy_society"]
Direction = Literal["higher_is_worse", "lower_is_worse", "context"]
Where = Literal["counties", "county_indicators", "states", "state_indicators", "supplied"]

VALUE_STATUSES: Final = (
    "reported", "apportioned", "estimated", "computed", "from_memory", "user_reported", "suppressed", "implausible",
    "withheld", "no_births", "not_reported",
)  # fmt: skip
"""Standing of a value; the last five have none."""

PERCENTILE_REASONS: Final = ("ranked", "state_value", "too_few_counties", "no_direction", "no_reference", "no_value")
"""Why percentiles stand or are missing."""

NICU_SUPPORTS: Final[dict[str, str]] = {
    "nicu_lactation_support": "lactation support",
    "nicu_mental_health_support": "mental health support for parents",
    "nicu_family_presence": "family presence day and night",
    "nicu_culturally_responsive_care": "culturally responsive care",
}
"""Optional columns of a user's facility table, with what they say."""

_SHARE: Final = "share 0-1"
_PERCENTILE: Final = "percentile 0-100"


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One indicator of the profile, or a gap that a user can fill.

    Attributes
    ----------
    id : str
        Name of the indicator and, for a gap, of the column that a user brings.
    level : {"patient_family", "provider_system", "community", "policy_society"}
        Where it sits around the dyad.
    label : str
        For people.
    direction : {"higher_is_worse", "lower_is_worse", "context"}
        Which way is worse; `context` has no percentile and is not in the index.
    unit : str
        Of the value.
    geography : {"county", "state"}
        A state's value holds for every county of it.
    where : {"counties", "county_indicators", "states", "state_indicators", "supplied"}
        Table with the value; `supplied` is a gap.
    measure : str
        The publisher's name of it, or the column where that is not the id.
    source, vintage : str
        Identifiers of the catalog, or ``computed``; and of when.
    how, disclosure : str
        How it is computed; what is masked.
    in_index : bool
        Whether it is an input of its level's index.
    of_births : float
        Of a gap that is a share of births: its denominator as a share of all births, so that a small count can be masked (1,
        or the least that it is in any county); 0 for a share of anything else.
    """

    id: str
    level: Level
    label: str
    direction: Direction
    unit: str
    where: Where
    how: str
    geography: Literal["county", "state"] = "county"
    measure: str = ""
    source: str = "supplied by a user"
    vintage: str = "the user's"
    disclosure: str = ""
    in_index: bool = False
    of_births: float = 0.0

    def __post_init__(self) -> None:
        for name, kind in (("level", Level), ("direction", Direction), ("where", Where)):
            if getattr(self, name) not in get_args(kind):
                raise ValueError(f"indicator {self.id}: {name} {getattr(self, name)!r} is none of {get_args(kind)}")
        if self.in_index and self.direction == "context":
            raise ValueError(f"indicator {self.id}: without a direction it cannot be in the index")

    @property
    def gap(self) -> bool:
        """Whether no public source holds it and a user has to bring it."""
        return self.where == "supplied"

    @property
    def column(self) -> str:
        """Column (or publisher's measure) that holds the value."""
        return self.measure or self.id

    @property
    def maximum(self) -> float | None:
        """Most that a value can be, where the unit says so."""
        return {_SHARE: 1.0, "1 yes, 0 no": 1.0, "percentile 0-1": 1.0, "index 0-100": 100.0}.get(self.unit)


def _load() -> tuple[Indicator, ...]:
    text = resources.files("matcare.contracts").joinpath("indicators.toml").read_text(encoding="utf-8")
    return tuple(Indicator(id=name, **fields) for name, fields in tomllib.loads(text).items())


DEFINITIONS: Final = _load()
"""Every indicator and gap, by level."""


def definition(indicator: str) -> Indicator:
    """Return the definition of an indicator; `KeyError` when there is none.

    Examples
    --------
    >>> definition("share_preterm").direction
    'higher_is_worse'
    """
    return {entry.id: entry for entry in DEFINITIONS}[indicator]


def _share(name: str, description: str, source: str = "cdc_svi_2022", unit: str = _SHARE, maximum: float = 1) -> Column:
    return Column(
        name=name, kind="number", minimum=0, maximum=maximum, unit=unit, description=description, source=source
    )


def _status(of: str, values: tuple[str, ...], description: str) -> Column:
    return Column(name=f"{of}_status", kind="text", required=True, values=values, description=description)


def _words(indicator: str) -> str:
    entry = definition(indicator)
    return f"{entry.label}. {entry.how} {entry.disclosure}".strip()


# fmt: off
COUNTY_INDICATORS: Final = Table(
    name="county_indicators",
    title="County indicators",
    description="Indicators of the socio-ecological profile by county, beside those in the counties table, and the composition of the people by race and ethnicity (all ages). "
    "Composition is for weighting access by group; it is no indicator of concern, and no county or tribal nation is ranked by it. Tribal nations own the data about their people: see tribal data sovereignty in the notes.",
    primary_key=("county_fips",),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="county_fips", kind="text", required=True, unique=True, pattern=r"\d{5}", description="County code of 2024, five digits; Connecticut's are the planning regions 09110-09190.", source="census_county_shapes_2024"),
        _share("share_low_birthweight_7_years", _words("share_low_birthweight_7_years"), "chr_v037"),
        _status("share_low_birthweight_7_years", ("reported", "apportioned", "suppressed", "not_reported"), "Blank in the source is fewer than ten: suppressed. Puerto Rico is not in it; Connecticut's counts are moved by weights."),
        _share("share_preterm", _words("share_preterm"), "hrsa_ahrf_2025"),
        _status("share_preterm", ("reported", "suppressed", "implausible", "not_reported"), "A mean below ten is blank in the source: suppressed. `implausible`: over a quarter, and over 2.5 times the low-weight births (1.4 times in the source as a whole): the gestational ages on the certificates cannot be right (Rapides, Louisiana, and five parishes beside it; Yakima, Washington), so no value is given."),
        _share("share_very_low_birthweight", _words("share_very_low_birthweight"), "hrsa_ahrf_2025"),
        _status("share_very_low_birthweight", ("reported", "suppressed", "not_reported"), "A mean below ten is blank in the source: suppressed."),
        _share("share_women_15_19", _words("share_women_15_19"), "census_agesex_2023, acs5_2023_county"),
        _share("share_women_35_44", _words("share_women_35_44"), "census_agesex_2023, acs5_2023_county"),
        _status("share_women_ages", ("estimated", "not_reported"), "Both shares of women by age: Census estimates (Puerto Rico: ACS)."),
        _share("share_households_no_broadband", _words("share_households_no_broadband"), "chr_v166_2025"),
        _status("share_households_no_broadband", ("reported", "not_reported"), "Puerto Rico is not in the source."),
        _share("segregation_black_white", _words("segregation_black_white"), "chr_v141_2025", "index 0-100", 100),
        _status("segregation_black_white", ("reported", "not_reported"), "Not reported where few Black people live, and in Puerto Rico. An index cannot be moved between vintages; the source has Connecticut's planning regions."),
        *(_share(name, _words(name)) for name in ("share_single_parent", "share_adults_no_high_school", "share_unemployed", "share_housing_cost_burden", "share_crowded", "share_limited_english")),
        *(_share(name, _words(name), unit="percentile 0-1") for name in ("svi_socioeconomic", "svi_household_characteristics", "svi_housing_transportation")),
        _share("share_white", "White, not Hispanic, of one race: all people less the SVI's racial and ethnic minorities."),
        _share("share_black", "Black or African American, not Hispanic."),
        _share("share_hispanic", "Hispanic or Latino, of any race."),
        _share("share_aian", "American Indian or Alaska Native, not Hispanic, of one race; people of several races are not in it, so it is a floor."),
        _share("share_asian", "Asian, not Hispanic."),
        _share("share_nhopi", "Native Hawaiian or other Pacific Islander, not Hispanic."),
        _share("share_two_or_more", "Two or more races, not Hispanic."),
        _share("share_other_race", "Some other race, not Hispanic."),
        _status("svi_parts", ("reported", "not_reported"), "Everything from the Social Vulnerability Index in this table; Puerto Rico is not in it."),
    ),
)

STATE_INDICATORS: Final = Table(
    name="state_indicators",
    title="State indicators",
    description="Maternal measures by state and year by way of America's Health Rankings. Deaths and low birthweight are left out: outcomes, and beside county figures a total would give a suppressed count back.",
    primary_key=("state", "indicator", "year"),
    licence="facts",
    columns=(
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code; US for the nation. Puerto Rico is not in the source."),
        Column(name="indicator", kind="text", required=True, values=tuple(entry.id for entry in DEFINITIONS if entry.where == "state_indicators"), description="Identifier in the indicator catalog, where the unit stands."),
        Column(name="year", kind="integer", required=True, minimum=2018, description="Year as the publisher labels it; a survey's figure may span several."),
        Column(name="value", kind="number", unit="unit of the indicator", minimum=0, description="In the catalog's unit; percent became a share 0-1.", source="ahr_state_measures"),
        Column(name="status", kind="text", required=True, values=("reported", "carried_forward", "not_reported"), description="`carried_forward`: the nation and every state have the year before's figure again, so it is no new measurement; `not_reported`: the source has 9999."),
    ),
)

INDICATORS: Final = Table(
    name="indicators",
    title="Indicators of the socio-ecological profile",
    description="One row a county and indicator; a state's value stands once, in a row without a county, and holds for all counties of the state. What an indicator is (level, direction, unit, source) stands in indicator_catalog.csv. "
    "Percentiles of concern: 0 best, 100 worst in the indicator's direction, among counties (each once, unweighted) or, for a state's value, among states. They describe places and are no league table. No modelled rate is in it.",
    primary_key=("state", "county_fips", "indicator"),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="county_fips", kind="text", pattern=r"\d{5}", description="County code; empty in a row of a state."),
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
        Column(name="indicator", kind="text", required=True, values=tuple(entry.id for entry in DEFINITIONS), description="Identifier in indicator_catalog.csv."),
        Column(name="value", kind="number", unit="unit of the indicator", description="In the catalog's unit, at most four decimals."),
        Column(name="percentile_nation", kind="number", minimum=0, maximum=100, unit=_PERCENTILE, description="Percentile of concern among the nation's counties with a value (or states), ties at their mean rank; missing without a direction.", source="computed"),
        Column(name="percentile_state", kind="number", minimum=0, maximum=100, unit=_PERCENTILE, description="The same among the state's counties.", source="computed"),
        Column(name="percentile_reason", kind="text", required=True, values=PERCENTILE_REASONS, description="`ranked`: both stand; `state_value`: the same for the whole state, so none within it; `too_few_counties`: fewer than five of the state have a value, so none within it; `no_reference`: no national values to compare with; `no_direction` and `no_value`: neither.", source="computed"),
        Column(name="status", kind="text", required=True, values=VALUE_STATUSES, description="Standing of the value, or why it is missing; `from_memory` is unverified; `implausible`: the source's figure cannot be right; `withheld`: most women have no minutes, or too few NICUs answered."),
    ),
)

INDICATOR_CATALOG: Final = Table(
    name="indicator_catalog",
    title="Catalog of indicators and gaps",
    description="One row an indicator: what it is, where it comes from, how much of it is missing, whether it is in the index. A gap is named by the framework and held by no public county source; a user can bring the column. "
    "Infant mortality is the outcome, so it is not among them.",
    primary_key=("indicator",),
    licence="facts",
    columns=(
        Column(name="indicator", kind="text", required=True, unique=True, description="Identifier; for a gap the name of the column that a user can bring (county_fips beside it)."),
        Column(name="level", kind="text", required=True, values=tuple(PROFILE_LEVELS), description="Level around the mother-infant dyad."),
        Column(name="label", kind="text", required=True, description="For people."),
        Column(name="direction", kind="text", required=True, values=get_args(Direction), description="Which way is worse; `context` has no direction, no percentile, and is not in the index."),
        Column(name="unit", kind="text", required=True, description="Of the value."),
        Column(name="geography", kind="text", required=True, values=("county", "state"), description="A state's value holds for all of its counties."),
        Column(name="in_index", kind="boolean", required=True, description="An input of its level's index."),
        Column(name="gap", kind="boolean", required=True, description="In no public county source; a user can bring it."),
        Column(name="places", kind="integer", required=True, minimum=0, description="Counties (or states and Puerto Rico) of the run that should have a value."),
        Column(name="missing_share", kind="number", required=True, minimum=0, maximum=1, unit=_SHARE, description="Of those, without a value."),
        Column(name="source", kind="text", required=True, description="Identifiers of the catalog of sources, or `computed`."),
        Column(name="vintage", kind="text", required=True, description="Of when."),
        Column(name="how", kind="text", required=True, description="How it is computed; for a gap, what the column should hold."),
        Column(name="disclosure", kind="text", description="What is masked."),
    ),
)

STATE_POLICIES: Final = Table(
    name="state_policies",
    title="State policies with their dates",
    description="One row a state and policy: whether it is in force on the run's day, and from when. A blank date is not known. What is from memory is unverified; check it before citing it.",
    primary_key=("state", "policy"),
    licence="facts",
    columns=(
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
        Column(name="policy", kind="text", required=True, values=("medicaid_expansion", "medicaid_postpartum_12_months", "paid_family_leave"), description="Identifier in indicator_catalog.csv."),
        Column(name="in_force", kind="boolean", description="In force on the run's day; missing where the policy was not compiled (Puerto Rico).", source="kff_medicaid_expansion, policies_by_hand"),
        Column(name="from_date", kind="text", pattern=r"\d{4}-\d{2}-\d{2}", description="Day from which it is, or will be, in force (paid family leave: benefits are paid); empty where there is none, or none is in the source.", source="kff_medicaid_expansion, policies_by_hand"),
        Column(name="status", kind="text", required=True, values=("reported", "from_memory", "not_reported"), description="`from_memory`: the date or the policy is unverified."),
    ),
)

NICU_SUPPORT_COLUMNS: Final = tuple(
    Column(name=name, kind="text", required=True, values=("yes", "no", "unknown", "not_reported"), description=f"The NICU offers {words}, as the user's table says; blank or absent is `not_reported`, never no.", source="user")
    for name, words in NICU_SUPPORTS.items()
)
"""Columns of NICU support in the facilities of a run."""
# fmt: on
