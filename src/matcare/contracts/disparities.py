"""Contracts of disparity and inequality: the long table, the concentration curve, and a user's block-group women by race."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = [
    "ACCESS_MEASURES",
    "CONCENTRATION_CURVE",
    "DISPARITIES",
    "DISPARITY_STATUSES",
    "INEQUALITY_INDICES",
    "INEQUALITY_MEASURES",
    "RACE_GROUPS",
    "WOMEN_BY_RACE",
]

RACE_GROUPS: Final[dict[str, str]] = {
    "aian": "American Indian or Alaska Native",
    "asian": "Asian",
    "black": "Black",
    "hispanic": "Hispanic (any race)",
    "multiple": "More than one race",
    "nhopi": "Native Hawaiian or Other Pacific Islander",
    "white": "White",
}
"""Race and Hispanic origin as NCHS groups them, alphabetically; all but `hispanic` are not Hispanic."""

ACCESS_MEASURES: Final[dict[str, str]] = {
    f"{measure}_{service}": words.format(care=care)
    for service, care in (("birth_care", "birth care"), ("neonatal_3_plus", "reported neonatal level III or IV"))
    for measure, words in (
        ("minutes", "mean drive minutes to {care}"),
        ("share_within_30", "share within 30 minutes of {care}"),
        ("share_within_60", "share within 60 minutes of {care}"),
        ("share_without_minutes", "share at points without minutes to {care}"),
    )
}
"""Measures of access, in words."""

INEQUALITY_MEASURES: Final[dict[str, str]] = {
    "minutes_birth_care": "county mean drive minutes to birth care",
    "minutes_neonatal_3_plus": "county mean drive minutes to reported neonatal level III or IV",
    "share_within_60_birth_care": "county share of women within 60 minutes of birth care",
    "share_within_60_neonatal_3_plus": "county share of women within 60 minutes of reported neonatal level III or IV",
    "infant_mortality": "published infant mortality rate of the county",
    "infant_mortality_eb": "published infant mortality rate of the county, empirical Bayes",
}
"""Health variables of the inequality indices, in words."""

INEQUALITY_INDICES: Final = (
    "concentration_index",
    "concentration_index_erreygers",
    "gini",
    "theil_t",
    "theil_t_between_rurality",
    "theil_t_within_rurality",
    "theil_t_between_states",
    "theil_t_within_states",
)
"""Indices of inequality between counties."""

DISPARITY_STATUSES: Final = (
    "given",
    "complementary",
    "no_births",
    "no_deaths",
    "no_women",
    "not_reported",
    "reference_missing",
    "suppressed",
    "too_few_counties",
    "without_minutes",
)
"""Why a row stands, or is missing."""

_UNITS: Final = ("minutes", "share 0-1", "per 1,000 live births", "index")
_OWN_UNIT: Final = "unit of the row"


# fmt: off
DISPARITIES: Final = Table(
    name="disparities",
    title="Disparities of infant mortality and access, and inequality between counties",
    description="Long and tidy: one row a place, measure, weighting, group and reference; rows stand by place and then group in alphabetical order and are never a ranking. "
    "Access by race and insurance with county shares takes every group of a county to have the county's minutes: gaps within counties are not seen, and the shares are of all ages. "
    "Intervals of access and inequality resample counties within their state: they say how much a figure hangs on which counties stand in it, and nothing of errors in minutes, shares, "
    "rates or estimates of women. Places, not persons. An association is not a cause. Rows of American Indian or Alaska Native people, and tribal counties, are never ranked; tribal nations "
    "govern data about their people (tribal data sovereignty): consult them before these rows are used.",
    primary_key=("scope", "place", "dimension", "measure", "weighted_by", "group", "reference"),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="scope", kind="text", required=True, values=("nation", "state", "county"), description="Kind of place; the nation stands only when all its states are in the run."),
        Column(name="place", kind="text", required=True, pattern=r"US|[A-Z]{2}|\d{5}", description="`US`, postal code or county code of 2024."),
        Column(name="place_name", kind="text", required=True, description="Name of the place."),
        Column(name="dimension", kind="text", required=True, values=("inequality", "insurance", "race", "rurality"), description="What the groups are of; `inequality`: an index over the counties of the place."),
        Column(name="measure", kind="text", required=True, values=tuple(dict.fromkeys(("infant_mortality", *ACCESS_MEASURES, *INEQUALITY_MEASURES))), description="What is compared. `share_without_minutes_*`: people at points without minutes (no road, ferry or air only, beyond the limit), who count as not within and are left out of means. Minutes to neonatal III+ are a ceiling: many units have no reported level."),
        Column(name="period", kind="text", description="Years of the infant deaths and live births; empty in rows of access."),
        Column(name="unit", kind="text", required=True, values=_UNITS, description="Unit of value, reference value, difference and their limits; a ratio has none."),
        Column(name="weighted_by", kind="text", required=True, values=("births_per_year", "live_births", "women_15_44"), description="Who is counted: registered live births (rates), women 15-44, or annual births (Census estimate)."),
        Column(name="group", kind="text", required=True, values=(*RACE_GROUPS, "insured", "uninsured", "metro", "nonmetro_adjacent", "nonmetro_not_adjacent", *INEQUALITY_INDICES), description="The group, or the index in rows of inequality. Race: NCHS groups, not Hispanic but for `hispanic`. Rurality by the 2023 Rural-Urban Continuum Code: metro 1-3, nonmetro adjacent to a metro 4, 6, 8, not adjacent 5, 7, 9."),
        Column(name="reference", kind="text", required=True, description="The group compared with. In rows of inequality: what the counties are ranked by (`svi`, `share_poverty`: worst off first), `own_value` (Gini), or `theil_t` for its parts."),
        Column(name="value", kind="number", unit=_OWN_UNIT, description="The group's value, or the index. A concentration index below 0: the measure is concentrated among the counties worst off.", source="computed"),
        Column(name="low", kind="number", unit=_OWN_UNIT, description="Lower limit of the 95 % interval of `value`: NCHS (normal from 100 deaths, gamma below) for rates; else counties resampled within states.", source="computed"),
        Column(name="high", kind="number", unit=_OWN_UNIT, description="Upper limit.", source="computed"),
        Column(name="reference_value", kind="number", unit=_OWN_UNIT, description="The reference group's value; for parts of Theil's T, the total.", source="computed"),
        Column(name="ratio", kind="number", minimum=0, unit="ratio", description="Value over reference value; for parts of Theil's T, the part's share of the total.", source="computed"),
        Column(name="ratio_low", kind="number", minimum=0, unit="ratio", description="Lower 95 % limit: exp(ln RR - 1.96·√(1/a+1/b)) for rates on a and b deaths.", source="computed"),
        Column(name="ratio_high", kind="number", minimum=0, unit="ratio", description="Upper 95 % limit.", source="computed"),
        Column(name="difference", kind="number", unit=_OWN_UNIT, description="Value less reference value.", source="computed"),
        Column(name="difference_low", kind="number", unit=_OWN_UNIT, description="Lower 95 % limit: difference - 1.96·√(a/A²+b/B²) for rates of a deaths in A births and b in B.", source="computed"),
        Column(name="difference_high", kind="number", unit=_OWN_UNIT, description="Upper 95 % limit.", source="computed"),
        Column(name="excess_deaths", kind="number", unit="deaths in the period", description="Deaths less those that the group's births would have at the reference rate: D - B·rate; below 0 where the group's rate is lower. A count of a comparison, not of deaths that care would have prevented.", source="computed"),
        Column(name="excess_deaths_low", kind="number", unit="deaths in the period", description="Lower 95 % limit: births times that of the difference.", source="computed"),
        Column(name="excess_deaths_high", kind="number", unit="deaths in the period", description="Upper 95 % limit.", source="computed"),
        Column(name="reliable", kind="boolean", description="Rates only: 20 deaths or more in the group and in the reference."),
        Column(name="infant_deaths", kind="number", minimum=0, unit="deaths in the period", description="Infant deaths of the group; never 1-9."),
        Column(name="live_births", kind="number", minimum=0, unit="births in the period", description="Live births of the group; never 1-9."),
        Column(name="women", kind="number", minimum=0, unit="women", description="Women 15-44 of the group (Census estimates, shared out; not vital statistics)."),
        Column(name="births_per_year", kind="number", minimum=0, unit="births per year", description="Annual births of the group, or of the counties in an index (Census estimates, shared out; exempt from suppression)."),
        Column(name="counties", kind="integer", minimum=0, unit="counties", description="Counties that the row stands on."),
        Column(name="status", kind="text", required=True, values=DISPARITY_STATUSES, description="`given`; `suppressed`: rests on a count of 1-9, or below the limit asked for; `complementary`: withheld, since it would give a suppressed count back; `no_deaths`: none, so the ratio has no interval; `no_births`, `no_women`: nobody to count; `reference_missing`: the group stands alone, the reference has no count or no value; `not_reported`: the input is missing; `without_minutes`: more than half has no minutes, so no mean; `too_few_counties`: no index over so few."),
        Column(name="weights", kind="text", required=True, values=("registered counts", "county shares, all ages", "block-group women (user)", "county share of women uninsured", "all women of the counties", "births of the counties"), description="Where the weights of the group come from."),
        Column(name="note", kind="text", description="What the row must be read with."),
        Column(name="source", kind="text", required=True, description="Tables and publishers that the row stands on."),
    ),
)

CONCENTRATION_CURVE: Final = Table(
    name="concentration_curve",
    title="Concentration curves",
    description="Counties from the worst off to the best off: cumulative share of births and of the measure, at every hundredth of births. Above the diagonal the measure is concentrated among the "
    "worst off. Infant mortality stands on counties with a published rate of their own, a selection; never on modelled rates.",
    primary_key=("scope", "place", "measure", "ranked_by", "cumulative_share_births"),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="scope", kind="text", required=True, values=("nation", "state"), description="The nation where all its states are in the run, else each state."),
        Column(name="place", kind="text", required=True, pattern=r"[A-Z]{2}", description="`US` or postal code."),
        Column(name="measure", kind="text", required=True, values=tuple(INEQUALITY_MEASURES), description="The measure that is cumulated, weighted by births."),
        Column(name="ranked_by", kind="text", required=True, values=("share_poverty", "svi"), description="What the counties are ranked by, worst off first."),
        Column(name="cumulative_share_births", kind="number", required=True, minimum=0, maximum=1, unit="share 0-1", description="Share of births in the counties up to here.", source="computed"),
        Column(name="cumulative_share_measure", kind="number", required=True, minimum=0, maximum=1, unit="share 0-1", description="Share of the measure (value times births) in the counties up to here.", source="computed"),
    ),
)

WOMEN_BY_RACE: Final = Table(
    name="women_by_race",
    title="A user's women 15-44 by race at demand points",
    description="Census estimates of women, as the user supplied them; missing is not reported, not zero.",
    primary_key=("demand_id",),
    licence="facts",
    columns=(
        Column(name="demand_id", kind="text", required=True, unique=True, description="Demand point of the run.", source="user"),
        *(Column(name=f"women_{group}", kind="number", minimum=0, unit="women", description=f"Women 15-44: {words}.", source="user") for group, words in RACE_GROUPS.items()),
    ),
)
# fmt: on
