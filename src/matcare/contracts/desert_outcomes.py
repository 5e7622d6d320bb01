"""Contract of the outcomes by desert class and by drive-time band."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = ["CLASS_ESTIMATES", "DESERT_OUTCOMES", "DESERT_OUTCOME_READING", "GROUPINGS"]

GROUPINGS: Final[dict[str, str]] = {
    "march_of_dimes_class": "Class by the March of Dimes rule",
    "drive_time_desert_30": "At least half of the women farther than 30 minutes from birth care",
    "drive_time_desert_60": "At least half of the women farther than 60 minutes from birth care",
    "minutes_birth_care": "Mean drive minutes to birth care, in bands",
    "minutes_neonatal_3_plus": "Mean drive minutes to neonatal level III or IV, in bands",
}
"""What counties are grouped by, with the words that stand for it."""

CLASS_ESTIMATES: Final = ("estimated", "model_dependent", "too_few_counties", "not_determined")
"""Standing of a whole class's estimate."""

DESERT_OUTCOME_READING: Final = "association between places, not cause"
"""Stands in every row."""

_SHARE: Final = "share 0-1"
_RATE: Final = "per 1,000 live births"

# fmt: off
DESERT_OUTCOMES: Final = Table(
    name="desert_outcomes",
    title="Infant mortality by desert class, drive-time band and minutes to neonatal level III",
    description="One row a class. `imr_published` pools the published counties of the class: where they are few they are its worst, since a small county is published only when it has 20 deaths. "
    "`imr_class` is the estimated rate of the whole class: published deaths and an estimate of the suppressed ones, from the fact that they are suppressed and from what is left of each state's total; no county's modelled rate is in it. "
    "Compare classes by `imr_class` and `rate_ratio`. Places, not persons; an association, not a cause.",
    primary_key=("grouping", "group"),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="outcome_period", kind="text", required=True, description="Years of the deaths and births.", source="chr_v129_2026, or the user's export"),
        Column(name="grouping", kind="text", required=True, values=tuple(GROUPINGS), description="What the counties are grouped by. Bands are closed above: `15-30` is over 15 and at most 30 minutes."),
        Column(name="group", kind="text", required=True, description="The class; `no minutes` holds the counties without mean minutes."),
        Column(name="counties", kind="integer", required=True, minimum=0, unit="counties", description="Counties of the class; Connecticut's and Puerto Rico's are counted here and are in no rate."),
        Column(name="counties_published", kind="integer", required=True, minimum=0, unit="counties", description="Of them, counties with a published count of their own."),
        Column(name="counties_apportioned", kind="integer", required=True, minimum=0, unit="counties", description="Of them, Connecticut's planning regions, whose counts are apportioned: in no rate of the class."),
        Column(name="share_births_published", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Share of the class's estimated annual births in published counties.", source="computed"),
        Column(name="share_births_informative", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Share of the class's estimated annual births in counties whose standing says much: published ones, and suppressed ones where more than 10 deaths would be expected at the class's rate. Where a county is so small that 20 deaths could not occur, that it is suppressed says nothing.", source="computed"),
        Column(name="infant_deaths", kind="number", minimum=10, unit="deaths", description="Deaths in the published counties.", source="chr_v129_2026, or the user's export"),
        Column(name="live_births", kind="number", minimum=10, unit="births", description="Live births in the published counties.", source="chr_v129_2026, or the user's export"),
        Column(name="imr_published", kind="number", minimum=0, unit=_RATE, description="Pooled rate of the published counties.", source="computed"),
        Column(name="imr_published_low", kind="number", minimum=0, unit=_RATE, description="Lower limit of the NCHS 95 % interval; only where at least 80 % of the class's births are in published counties.", source="computed"),
        Column(name="imr_published_high", kind="number", minimum=0, unit=_RATE, description="Upper limit.", source="computed"),
        Column(name="status_published", kind="text", required=True, values=("pooled_published_counties", "selected_published_counties", "too_few_published", "none_published", "not_reported"), description="As in pooled_rates.csv: below 80 % of births published the rate is of a selection, stands without an interval and must not be compared; on fewer than ten counties it is not given."),
        Column(name="imr_class", kind="number", minimum=0, unit=_RATE, description="Estimated rate of the whole class: published deaths as they are, deaths of the suppressed counties estimated from their being suppressed, from their size and from what is left of the state totals, over all births (those of unpublished counties estimated).", source="computed"),
        Column(name="imr_class_low", kind="number", minimum=0, unit=_RATE, description="Lower limit of its 95 % interval (on the log scale; chance in the deaths, and error of the estimated part).", source="computed"),
        Column(name="imr_class_high", kind="number", minimum=0, unit=_RATE, description="Upper limit.", source="computed"),
        Column(name="rate_ratio", kind="number", minimum=0, unit="ratio", description="`imr_class` over that of the reference class.", source="computed"),
        Column(name="rate_ratio_low", kind="number", minimum=0, unit="ratio", description="Lower limit of its 95 % interval, on the log scale.", source="computed"),
        Column(name="rate_ratio_high", kind="number", minimum=0, unit="ratio", description="Upper limit.", source="computed"),
        Column(name="reference_group", kind="text", required=True, description="The class that the ratio is to."),
        Column(name="dispersion", kind="number", minimum=0, unit="squared coefficient of variation", description="Variance of the counties' true rates about the mean for their class and size, over its square, one for the grouping; its square root is the coefficient of variation.", source="computed"),
        Column(name="status_class", kind="text", required=True, values=CLASS_ESTIMATES, description="`estimated`; `model_dependent`: less than half of the unpublished births lie in states whose remaining deaths are known, so the estimate stands without limits; `too_few_counties`: fewer than ten counties, or ten published ones in the grouping, to estimate from; `not_determined`: the data set no limit on one side, or the class has fewer than 20 deaths."),
        Column(name="note", kind="text", description="What to mind of this row."),
        Column(name="reading", kind="text", required=True, values=(DESERT_OUTCOME_READING,), description="How to read the row."),
    ),
)
# fmt: on
