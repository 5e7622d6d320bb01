"""Contracts of backup, care across state lines, and the tiers of care that no hospital service counts."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = [
    "BACKUP_COLUMNS",
    "BACKUP_LIMITS",
    "BACKUP_REASONS",
    "CARE_TIERS",
    "CARE_TIER_COLUMNS",
    "CROSS_BORDER",
    "OWNERSHIPS",
    "TIER_REASONS",
]

BACKUP_LIMITS: Final = (30, 60)
"""Limits of the shares within reach of a second unit or a tier, in minutes; "within T" is <= T."""

BACKUP_REASONS: Final = (
    "covered", "partly_covered", "beyond_limit", "unreachable", "no_road_access", "ferry_or_air_only", "no_second_unit", "no_demand_points",
)  # fmt: skip
"""Why a county's minutes to a second unit stand, or are missing."""

TIER_REASONS: Final = (
    "covered", "partly_covered", "beyond_limit", "unreachable", "no_road_access", "ferry_or_air_only", "no_demand_points", "not_reported",
)  # fmt: skip
"""Why a county's minutes to a tier stand, or are missing; `not_reported`: the facilities do not say which are of the tier."""

OWNERSHIPS: Final = ("tribal", "indian_health_service", "military", "other", "not_reported")
"""Who runs a facility, as far as planning asks; the facilities' column ``ownership`` is read into these."""

CARE_TIERS: Final[dict[str, str]] = {
    "birth_center": "Freestanding birth center that is accredited (a floor: many are not accredited)",
    "military_hospital": "Military hospital (its obstetrics are not known, and it serves those entitled)",
    "tribal_or_ihs_hospital": "Hospital of a tribe or of the Indian Health Service (it serves those eligible)",
    "emergency_only": "Rural Emergency Hospital: emergency department and no inpatient beds",
    "telehealth": "Site with maternity telehealth, where the facilities have that column",
}
"""Tiers of their own, with words: none adds to a hospital's capability, none counts as birth care."""

_SHARE: Final = "share 0-1"


# fmt: off
BACKUP_COLUMNS: Final = (
    Column(name="minutes_second_birth_care", kind="number", minimum=0, unit="minutes", description="Drive minutes to the second-nearest birth care, mean over women 15-44 who have one; a unit on the same campus as the nearest is no backup and is passed over. Withheld where most women have none.", source="computed"),
    Column(name="minutes_second_birth_care_reason", kind="text", required=True, values=BACKUP_REASONS, description="Why the minutes stand or are missing; `no_second_unit`: most women can reach one unit (or campus) and no other.", source="computed"),
    Column(name="minutes_added_second_birth_care", kind="number", minimum=0, unit="minutes", description="Minutes to the second-nearest less minutes to the nearest birth care, mean over women 15-44 who have both.", source="computed"),
    Column(name="share_women_without_second_birth_care", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women 15-44 without minutes to a second unit.", source="computed"),
    *(Column(name=f"share_women_within_{limit}_second_birth_care", kind="number", minimum=0, maximum=1, unit=_SHARE, description=f"Women 15-44 within {limit} minutes (<=) of a second unit.", source="computed") for limit in BACKUP_LIMITS),
    *(Column(name=f"share_women_one_unit_within_{limit}_birth_care", kind="number", minimum=0, maximum=1, unit=_SHARE, description=f"Women 15-44 with one unit (or campus) within {limit} minutes and no second: its loss would leave them beyond. Units to protect; not evidence that any unit should close.", source="computed") for limit in BACKUP_LIMITS),
    Column(name="women_nearest_birth_care_out_of_state", kind="number", minimum=0, unit="women", description="Women 15-44 (estimate) whose nearest birth care is in another state.", source="computed"),
    *(Column(name=f"women_newly_beyond_{limit}_in_state_only_birth_care", kind="number", minimum=0, unit="women", description=f"Women 15-44 (estimate) within {limit} minutes of birth care, who would not be if only their own state's units counted.", source="computed") for limit in BACKUP_LIMITS),
    Column(name="share_women_nearest_birth_care_tribal_or_ihs", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women 15-44 whose nearest birth care is known to be run by a tribe or the Indian Health Service: a floor where the status is `partly_reported`.", source="computed"),
    Column(name="share_women_nearest_birth_care_tribal_or_ihs_status", kind="text", required=True, values=("reported", "partly_reported", "not_reported"), description="Whether the facilities say who runs the units that are nearest to the county's women: all, some or none."),
    Column(name="share_women_nearest_birth_care_on_tribal_land", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women 15-44 whose nearest birth care is known to stand on tribal land (the user's column ``on_tribal_land``): a floor where the status is `partly_reported`.", source="computed"),
    Column(name="share_women_nearest_birth_care_on_tribal_land_status", kind="text", required=True, values=("reported", "partly_reported", "not_reported"), description="As for units run by a tribe."),
)
"""Columns of ``counties.csv`` on backup and care across state lines."""

CARE_TIER_COLUMNS: Final = (
    *(
        column
        for tier, words in CARE_TIERS.items()
        for column in (
            Column(name=f"minutes_{tier}", kind="number", minimum=0, unit="minutes", description=f"{words}: drive minutes to the nearest, mean over women 15-44 who can be given minutes. A tier of its own: being in it adds nothing to what a hospital counts for.", source="computed"),
            Column(name=f"minutes_{tier}_reason", kind="text", required=True, values=TIER_REASONS, description="Why the minutes stand or are missing; `not_reported`: the facilities do not say which are of this tier.", source="computed"),
            *(Column(name=f"share_women_within_{limit}_{tier}", kind="number", minimum=0, maximum=1, unit=_SHARE, description=f"{words}: women 15-44 within {limit} minutes (<=).", source="computed") for limit in BACKUP_LIMITS),
        )
    ),
    Column(name="midwives_per_10000_births", kind="number", minimum=0, unit="clinicians per 10,000 births", description="Certified nurse-midwives per 10,000 annual births (estimate).", source="hrsa_ahrf_2025, census_births_2024"),
    Column(name="midwives_per_10000_births_status", kind="text", required=True, values=("computed", "no_births", "births_not_known", "midwives_not_reported"), description="Why the ratio stands or is missing."),
    Column(name="telehealth_maternity_care", kind="text", required=True, values=("yes", "no", "not_reported"), description="Maternity telehealth reaches the county, as the user's column says; `not_reported` without it.", source="user"),
)
"""Columns of ``counties.csv`` on birth centers, midwives, telehealth and hospitals of other kinds."""

CROSS_BORDER: Final = Table(
    name="cross_border",
    title="Nearest birth care across state lines",
    description="One row a pair of states: women 15-44 who live in the one and whose nearest birth care is in the other, and what counting their own state's units alone would do to them. Estimated women and births; drive minutes at typical speeds.",
    primary_key=("home_state", "unit_state"),
    licence="facts",
    columns=(
        Column(name="home_state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Where the women live."),
        Column(name="unit_state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Where their nearest birth care is."),
        Column(name="women_15_44", kind="number", required=True, minimum=0, unit="women", description="Women 15-44 (estimate).", source="computed"),
        Column(name="births_per_year", kind="number", required=True, minimum=0, unit="births per year", description="Annual births (estimate).", source="computed"),
        Column(name="share_women_of_home_state", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Of the women of the home state.", source="computed"),
        Column(name="minutes", kind="number", required=True, minimum=0, unit="minutes", description="Mean drive minutes to the nearest.", source="computed"),
        Column(name="minutes_added_in_state_only", kind="number", minimum=0, unit="minutes", description="Mean minutes added if only the home state's units counted, over those who have one.", source="computed"),
        *(Column(name=f"women_newly_beyond_{limit}_in_state_only", kind="number", required=True, minimum=0, unit="women", description=f"Women within {limit} minutes who would not be if only the home state's units counted.", source="computed") for limit in BACKUP_LIMITS),
    ),
)
# fmt: on
