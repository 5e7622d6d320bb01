"""Contracts of risk-appropriate care: coverage by risk group, of mother and infant together, and transfers between units."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = [
    "ARRANGEMENTS",
    "COVERAGE",
    "COVERAGE_COLUMNS",
    "COVERAGE_REASONS",
    "HIGH_RISK_STATUSES",
    "READINGS",
    "RISK_GROUPS",
    "TRANSFERS",
    "TRANSFER_STATUSES",
    "TRANSFER_TARGETS",
]

RISK_GROUPS: Final[dict[str, str]] = {
    "low": "low risk: any birth care",
    "moderate": "moderate infant risk (32 0/7 to 34 6/7 weeks): neonatal level II or higher",
    "high": "high infant risk (below 1,500 g or 32 weeks): neonatal level III or IV",
    "maternal": "maternal complications: maternal level III or IV",
}
"""Risk groups with the care that each needs. The grouping is ours; the levels are AAP's and ACOG's."""

ARRANGEMENTS: Final[dict[str, str]] = {
    "unit": "the nearest unit with the level that the group needs, whether or not births happen there",
    "same_site": "birth care (for the group `maternal`: maternal level III or IV) and the neonatal level on one campus, where mother and infant stay together: minutes to its neonatal unit, and never fewer than to the nearest birth care",
    "split": "the nearest birth care and the nearest unit with the neonatal level, on one campus or two: the farther of the two",
}
"""Where the care is: one unit, one site for mother and infant, or two."""

READINGS: Final[dict[str, str]] = {
    "estimate": "levels as they stand in the table; an unknown level does not count",
    "one_lower": "every level that is not the state's own is one too high (IV is III, III is II, II is I, I is none): the lower bound",
    "without_queried": "levels with a query against them (`level_query`: IV with few beds, no sign of obstetrics, not among CMS's active hospitals, loosely matched, listed at two levels) do not count: another lower bound, in no order with `one_lower`",
    "unknown_count": "units of unknown neonatal level with evidence of a NICU count as level III, and birth hospitals of unknown maternal level as III: the upper bound",
}
"""How levels are read. Bounds enclose the estimate of every share."""

COVERAGE_REASONS: Final = (
    "covered", "partly_covered", "beyond_limit", "unreachable", "no_road_access", "ferry_or_air_only", "no_demand_points",
    "no_women", "level_not_reported", "not_reported",
)  # fmt: skip
"""Why mean minutes stand, or are missing."""

HIGH_RISK_STATUSES: Final = ("given", "small_count", "not_reported", "not_applicable")
"""Why a number of very-low-birthweight births stands, or is missing."""

TRANSFER_TARGETS: Final[dict[str, str]] = {
    "neonatal_2_plus": "neonatal level II or higher",
    "neonatal_3_plus": "neonatal level III or IV",
    "neonatal_3_plus_or_nicu": "neonatal level III or IV, or a NICU of unknown level",
    "neonatal_4": "neonatal level IV (reported levels IV are partly implausible: see the query)",
    "maternal_3_plus": "maternal level III or IV (in no embedded source; a user's own)",
}
"""What a birth hospital may transfer to."""

TRANSFER_STATUSES: Final = (
    "own", "same_site", "transfer", "unreachable", "no_road_access", "ferry_or_air_only", "none_known", "not_reported",
)  # fmt: skip
"""Why transfer minutes stand, or are missing."""

_SHARE: Final = "share 0-1"
_NOT_FOR_USE: Final = (
    "Levels stand with their source and date; not for choosing where to give birth or where an ambulance should go."
)
_ESTIMATED_BIRTHS: Final = "Census estimates, not registered counts"
_FLOOR: Final = (
    " The nation's is a floor: women of states without any reported level (Puerto Rico's) count as not within a level."
)


# fmt: off
COVERAGE: Final = Table(
    name="coverage",
    title="Risk-appropriate coverage, of infants and of mother and infant together",
    description="Long: one row a place, risk group, arrangement, reading of the levels and limit. Risk groups are ours, after the AAP Standards for Levels of Neonatal Care (2023) and the ACOG/SMFM Obstetric Care Consensus 9 (2019). "
    "An absent level is unknown, never none: shares within reach of a level are floors under `estimate`; `one_lower`, `without_queried` and `unknown_count` are bounds. "
    "A state none of whose open hospitals has a reported level (Puerto Rico) and its counties have no share under the readings that need one (`level_not_reported`); in the nation's rows their women count as not within. The group `low` does not hang on a level and has the estimate alone. "
    "Maternal levels are in no embedded source: rows of the group `maternal` are `not_reported`, for the nation and states alone, until a user brings the column `maternal_level`; until then birth care counts as maternal level I or higher, and rows of mother and infant together are bounds in that sense. " + _NOT_FOR_USE,
    primary_key=("scope", "place", "risk_group", "arrangement", "reading", "limit_minutes"),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="scope", kind="text", required=True, values=("nation", "state", "county"), description="Kind of place; the nation stands only when all its states are in the run."),
        Column(name="place", kind="text", required=True, pattern=r"US|[A-Z]{2}|\d{5}", description="`US`, postal code or county code of 2024."),
        Column(name="place_name", kind="text", required=True, description="Name of the place: `United States`, the postal code, or the county's name."),
        Column(name="risk_group", kind="text", required=True, values=tuple(RISK_GROUPS), description="; ".join(f"`{name}`: {words}" for name, words in RISK_GROUPS.items()) + "."),
        Column(name="arrangement", kind="text", required=True, values=tuple(ARRANGEMENTS), description="; ".join(f"`{name}`: {words}" for name, words in ARRANGEMENTS.items()) + "."),
        Column(name="reading", kind="text", required=True, values=tuple(READINGS), description="; ".join(f"`{name}`: {words}" for name, words in READINGS.items()) + "."),
        Column(name="limit_minutes", kind="number", required=True, minimum=0, unit="minutes", description="The limit T of the shares; within T is <= T."),
        Column(name="minutes", kind="number", minimum=0, unit="minutes", description="Drive minutes, mean over women 15-44 who can be given minutes; withheld where most cannot. The same in the rows of all limits. Whom a reading leaves without minutes is not in its mean: bounds hold for the shares.", source="computed"),
        Column(name="reason", kind="text", required=True, values=COVERAGE_REASONS, description="`covered`; `partly_covered` where some women have no minutes; where more than half have none the mean is withheld, and this is the reason of most of them; `no_women`: nobody to count; `level_not_reported`: no open hospital of the state has a reported neonatal level, so whether the care is within reach is unknown; `not_reported`: no maternal level is known.", source="computed"),
        Column(name="share_women_without_minutes", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women 15-44 at demand points without minutes; they count as not within any limit." + _FLOOR, source="computed"),
        Column(name="share_women_within", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Share of women 15-44 within the limit." + _FLOOR, source="computed"),
        Column(name="share_births_within", kind="number", minimum=0, maximum=1, unit=_SHARE, description=f"Share of estimated annual births within the limit ({_ESTIMATED_BIRTHS}).{_FLOOR}", source="computed"),
        Column(name="share_high_risk_births_within", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Group `high` only: share of the estimated very-low-birthweight births within the limit, over the counties whose share of such births is known or estimated. In a county it is the share of all births." + _FLOOR, source="computed"),
        Column(name="women_15_44", kind="number", minimum=0, unit="women", description="Women 15-44 that the shares stand on (Census estimates, allocated to demand points by people).", source="census_agesex_2023, acs5_2023_county"),
        Column(name="births_per_year", kind="number", minimum=0, unit="births per year", description=f"Estimated annual births that the shares stand on ({_ESTIMATED_BIRTHS}).", source="census_births_2024, hrsa_ahrf_2025"),
        Column(name="births_high_risk_per_year", kind="number", minimum=10, unit="births per year", description="Group `high` only: estimated births below 1,500 g a year: the share of such births times estimated births. No county number below 10 is given, and none where the publisher masks its own. States and the nation add up the counties, with estimated shares where none is published, so that a total less its counties gives back an estimate and no masked count.", source="computed"),
        Column(name="births_high_risk_status", kind="text", required=True, values=HIGH_RISK_STATUSES, description="`small_count`: below 10, or masked by the publisher as such; `not_reported`: no share is known and none can be estimated; `not_applicable`: another risk group."),
        Column(name="share_births_with_high_risk_share", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Group `high` only: share of the place's estimated births in counties whose share of very-low-birthweight births is published or estimated.", source="computed"),
        Column(name="share_women_two_sites", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Arrangement `split` only: of the women who have minutes to both, those whose nearest birth care and nearest neonatal unit are on two campuses.", source="computed"),
        Column(name="minutes_between_sites", kind="number", minimum=0, unit="minutes", description="Arrangement `split` only: drive minutes from that birth care to that neonatal unit, mean over the women whose two are apart.", source="computed"),
    ),
)

def _query(target: str, words: str) -> tuple[Column, ...]:
    if not target.startswith("neonatal"):
        return ()
    return (Column(name=f"level_query_{target}", kind="text", description=f"Why the level of that unit ({words}) should be queried (IV with few beds, no sign of obstetrics, not among CMS's active hospitals, loosely matched); empty when nothing speaks against it."),)


TRANSFERS: Final = Table(
    name="transfers",
    title="Transfer minutes from every birth hospital",
    description="One row a hospital that counts as birth care: drive minutes to the nearest unit of each higher level. For a car, at typical speeds: no ambulance's preparation, no helicopter, no bed that must be free, no agreement between hospitals. " + _NOT_FOR_USE,
    primary_key=("facility_id",),
    licence="facts",
    columns=(
        Column(name="facility_id", kind="text", required=True, unique=True, description="The birth hospital."),
        Column(name="facility_name", kind="text", required=True, description="Its name."),
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Its state."),
        Column(name="county_fips", kind="text", required=True, pattern=r"\d{5}", description="Its county."),
        Column(name="neonatal_level", kind="text", values=("I", "II", "III", "IV"), description="Its own neonatal level; missing is unknown, never none.", source="neonatal_levels_reported_2025, user"),
        Column(name="level_source", kind="text", required=True, values=("state", "reported", "modelled", "none"), description="Where its level comes from."),
        *(
            column
            for target, words in TRANSFER_TARGETS.items()
            for column in (
                Column(name=f"minutes_{target}", kind="number", minimum=0, unit="minutes", description=f"Drive minutes to the nearest unit with {words}; 0 where the hospital, or another on its campus, has it.", source="computed"),
                Column(name=f"facility_id_{target}", kind="text", description=f"That unit ({words}).", source="computed"),
                Column(name=f"facility_name_{target}", kind="text", description="Its name."),
                Column(name=f"state_{target}", kind="text", pattern=r"[A-Z]{2}", description="Its state."),
                Column(name=f"out_of_state_{target}", kind="boolean", description="It is in another state than the birth hospital.", source="computed"),
                *_query(target, words),
                Column(name=f"status_{target}", kind="text", required=True, values=TRANSFER_STATUSES, description="`own`: the hospital has it itself; `same_site`: another unit of its campus; `transfer`: another site; `none_known`: no unit of the run is known to have it; `not_reported`: maternal levels are not in the data, or no open hospital of the state has a reported neonatal level and none elsewhere can be reached; the rest say why none can be reached."),
            )
        ),
    ),
)

_KEPT: Final = "mother and infant on one campus, birth care and neonatal level III or IV"

COVERAGE_COLUMNS: Final[tuple[Column, ...]] = (
    Column(name="share_very_low_birthweight", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Births below 1,500 g, of all: as published (three years), else estimated from the share of low-birthweight births by a line fitted to large counties.", source="hrsa_ahrf_2025, chr_v037, computed"),
    Column(name="share_very_low_birthweight_status", kind="text", required=True, values=("reported", "estimated", "not_reported"), description="Published, estimated, or neither."),
    Column(name="births_high_risk_per_year", kind="number", minimum=10, unit="births per year", description="That share times estimated births; none below 10, and none where the publisher masks its own.", source="computed"),
    Column(name="births_high_risk_status", kind="text", required=True, values=HIGH_RISK_STATUSES[:3], description="`small_count`: below 10, or masked by the publisher as such."),
    *(
        Column(name=f"share_women_within_60_neonatal_{level}_plus_{reading}", kind="number", minimum=0, maximum=1, unit=_SHARE, description=f"Women 15-44 within 60 minutes of neonatal level {roman} or higher, {words}.", source="computed")
        for level, roman in ((2, "II"), (3, "III")) for reading, words in (("one_lower", "if every level that is not the state's own is one too high: the lower bound"), ("unknown_count", "if units of unknown level with a NICU count: the upper bound"))
    ),
    Column(name="minutes_same_site_3_plus", kind="number", minimum=0, unit="minutes", description=f"Drive minutes to the nearest site for {_KEPT} (to its neonatal unit, and never fewer than to the nearest birth care); mean over women 15-44 with minutes, withheld where most have none.", source="computed"),
    Column(name="minutes_same_site_3_plus_reason", kind="text", required=True, values=COVERAGE_REASONS[:-1], description="Why these minutes stand or are missing; `level_not_reported`: no open hospital of the state has a reported level, and the shares beside it are missing too."),
    *(
        Column(name=f"share_women_within_60_{arrangement}_{level}_plus{suffix}", kind="number", minimum=0, maximum=1, unit=_SHARE, description=f"Women 15-44 within 60 minutes of birth care and of neonatal level {roman} or higher, {where}{bound}.", source="computed")
        for arrangement, where in (("same_site", "on one campus"), ("split", "on one campus or two"))
        for level, roman in ((2, "II"), (3, "III"))
        for suffix, bound in (("", ""), ("_one_lower", "; lower bound"), ("_unknown_count", "; upper bound"))
    ),
    Column(name="share_women_two_sites_3_plus", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Of the women 15-44 who have minutes to both, those whose nearest birth care and nearest neonatal level III or IV are on two campuses.", source="computed"),
    Column(name="minutes_between_sites_3_plus", kind="number", minimum=0, unit="minutes", description="Drive minutes between the two, mean over these women.", source="computed"),
)
"""Columns that every county's row gets; limits in their names are 60 minutes."""
# fmt: on
