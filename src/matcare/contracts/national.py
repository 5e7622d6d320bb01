"""Contracts of the national story: the published rates, compiled by hand, and what a run makes of them."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = [
    "CHANGE_STATUSES",
    "CHANGE_TESTS",
    "DEATHS_FROM",
    "DIRECTIONS",
    "EDITIONS",
    "NATIONAL_CHANGES",
    "NATIONAL_GROUPS",
    "NATIONAL_MEASURES",
    "NATIONAL_RATES",
]

NATIONAL_GROUPS: Final[dict[str, str]] = {
    "all": "All infants",
    "american_indian_or_alaska_native": "American Indian or Alaska Native",
    "asian": "Asian",
    "black": "Black",
    "hispanic": "Hispanic",
    "native_hawaiian_or_pacific_islander": "Native Hawaiian or Pacific Islander",
    "white": "White",
}
"""Race and Hispanic origin of the mother, with the words for a figure; every group but Hispanic is non-Hispanic."""

NATIONAL_MEASURES: Final[dict[str, str]] = {
    "infant": "Infant deaths, under 1 year",
    "neonatal": "Neonatal deaths, under 28 days",
    "postneonatal": "Postneonatal deaths, 28 days to under 1 year",
    "maternal_complications_p01": "Maternal complications of pregnancy (P01)",
    "bacterial_sepsis_p36": "Bacterial sepsis of newborn (P36)",
}
"""Age at death or underlying cause (ICD-10), with the words for a figure."""

EDITIONS: Final = ("final", "provisional")
"""Editions of a year's linked file."""

DEATHS_FROM: Final = ("report", "rate_times_births", "not_reported")
"""Where a count of deaths comes from."""

CHANGE_TESTS: Final = ("z", "intervals")
"""`z` where both counts are 100 or more; `intervals` where one is fewer: significant when the two do not overlap."""

CHANGE_STATUSES: Final = ("tested", "suppressed", "no_births", "not_reported")
"""Why a change stands or is missing."""

DIRECTIONS: Final = ("increase", "decrease", "none")
"""Direction of the change between the two rates, significant or not."""

_PER: Final = "per `per` live births"
_PERCENT: Final = "percent"


def _group() -> tuple[Column, ...]:
    return (
        Column(name="group", kind="text", required=True, values=tuple(NATIONAL_GROUPS), description="Race and Hispanic origin of the mother; every group but `all` and `hispanic` is non-Hispanic.", source="nchs_linked_file"),
        Column(name="measure", kind="text", required=True, values=tuple(NATIONAL_MEASURES), description="Age at death (infant, neonatal, postneonatal) or underlying cause of death of all infants (ICD-10 P01, P36).", source="nchs_linked_file"),
    )  # fmt: skip


# fmt: off
NATIONAL_RATES: Final = Table(
    name="national_rates",
    title="Published national infant mortality, 2021 to 2023",
    description="Facts compiled by hand from the National Center for Health Statistics' reports on the period linked birth/infant death file. One row a group, measure, year and edition. "
    "Published changes stand in the row of the later year and compare it with the final edition of the year before.",
    primary_key=("group", "measure", "year", "edition"),
    licence="US-PD",
    columns=(
        *_group(),
        Column(name="year", kind="integer", required=True, minimum=1995, description="Year of death (period file)."),
        Column(name="edition", kind="text", required=True, values=EDITIONS, description="Provisional and final figures of one year differ."),
        Column(name="deaths", kind="integer", minimum=10, unit="deaths", description="Infant deaths; see `deaths_from`."),
        Column(name="births", kind="integer", minimum=10, unit="births", description="Live births."),
        Column(name="rate", kind="number", required=True, minimum=0, unit=_PER, description="The rate as printed: two decimals per 1,000, one per 100,000."),
        Column(name="per", kind="integer", required=True, minimum=1000, maximum=100_000, unit="live births", description="1,000 for all causes, 100,000 for one cause."),
        Column(name="deaths_from", kind="text", required=True, values=DEATHS_FROM, description="`report`: the count that the report prints. `rate_times_births`: the printed rate times births, rounded, so the true count may be any that prints the same rate (neonatal and postneonatal of 2021 so made add up to five more than all deaths). `not_reported`: no births were compiled, so there is no count."),
        Column(name="published_change_percent", kind="number", unit=_PERCENT, description="Change from the year before in whole percent, as printed; missing where none was found printed."),
        Column(name="published_significant", kind="boolean", description="Whether the report calls that change significant (two-sided, 0.05)."),
        Column(name="source", kind="text", required=True, description="The report."),
        Column(name="vintage", kind="text", required=True, pattern=r"\d{4}-\d{2}", description="Year and month in which the report appeared."),
    ),
)


def _rates(moment: str, words: str) -> tuple[Column, ...]:
    return (
        Column(name=f"deaths_{moment}", kind="integer", minimum=10, unit="deaths", description=f"Infant deaths of the {words} year.", source="national_rates"),
        Column(name=f"births_{moment}", kind="integer", minimum=10, unit="births", description=f"Live births of the {words} year.", source="national_rates"),
        Column(name=f"deaths_from_{moment}", kind="text", required=True, values=DEATHS_FROM, description=f"Where the count of the {words} year comes from.", source="national_rates"),
        Column(name=f"published_rate_{moment}", kind="number", minimum=0, unit=_PER, description=f"Rate of the {words} year as printed.", source="national_rates"),
        Column(name=f"rate_{moment}", kind="number", minimum=0, unit=_PER, description=f"Rate of the {words} year, from the counts; missing where there are none.", source="computed"),
        Column(name=f"rate_{moment}_low", kind="number", minimum=0, unit=_PER, description="Lower limit of the NCHS 95 % interval.", source="computed"),
        Column(name=f"rate_{moment}_high", kind="number", minimum=0, unit=_PER, description="Upper limit.", source="computed"),
    )


NATIONAL_CHANGES: Final = Table(
    name="national_changes",
    title="Change of national infant mortality, with its test",
    description="Each year's published rate against the final one of the year before: change, z and significance from counts, beside what the report printed. Changes of the nation, not of any place.",
    primary_key=("group", "measure", "year_after", "edition_after"),
    licence="US-PD",
    columns=(
        *_group(),
        Column(name="year_before", kind="integer", required=True, minimum=1995, description="The earlier year."),
        Column(name="year_after", kind="integer", required=True, minimum=1995, description="The later year."),
        Column(name="edition_before", kind="text", required=True, values=EDITIONS, description="Edition of the earlier year."),
        Column(name="edition_after", kind="text", required=True, values=EDITIONS, description="Edition of the later year."),
        Column(name="per", kind="integer", required=True, minimum=1000, maximum=100_000, unit="live births", description="1,000 for all causes, 100,000 for one cause."),
        *_rates("before", "earlier"),
        *_rates("after", "later"),
        Column(name="change", kind="number", unit=_PER, description="Later less earlier rate, from the counts.", source="computed"),
        Column(name="change_percent", kind="number", unit=_PERCENT, description="Change in percent of the earlier rate, from the counts.", source="computed"),
        Column(name="change_percent_low", kind="number", unit=_PERCENT, description="Least change that counts which print the same rates could have.", source="computed"),
        Column(name="change_percent_high", kind="number", unit=_PERCENT, description="Greatest change of such counts.", source="computed"),
        Column(name="z", kind="number", unit="standard errors", description="Change over its standard error; positive when the rate rose. Missing where intervals are compared.", source="computed"),
        Column(name="z_low", kind="number", unit="standard errors", description="Least z that counts which print the same rates could have.", source="computed"),
        Column(name="z_high", kind="number", unit="standard errors", description="Greatest z of such counts.", source="computed"),
        Column(name="test", kind="text", values=CHANGE_TESTS, description="`z`: both counts are 100 or more. `intervals`: one is fewer.", source="computed"),
        Column(name="significant", kind="boolean", description="|z| of 1.96 or more, or intervals that do not overlap (two-sided, 0.05).", source="computed"),
        Column(name="significance_certain", kind="boolean", description="Whether every count that prints the same rates gives the same verdict; where not, the verdict is the report's, whose counts are finer.", source="computed"),
        Column(name="deaths_to_flip", kind="integer", minimum=1, unit="deaths", description="Fewest deaths by which the later count would have to differ, up or down, for the other verdict.", source="computed"),
        Column(name="direction", kind="text", values=DIRECTIONS, description="Direction of the change, significant or not.", source="computed"),
        Column(name="published_change_percent", kind="number", unit=_PERCENT, description="Whole percent, as printed.", source="national_rates"),
        Column(name="published_significant", kind="boolean", description="Whether the report calls the change significant.", source="national_rates"),
        Column(name="agrees", kind="boolean", description="Our verdict is the report's and the printed percent is one that counts behind the printed rates can have; missing where one of the two has no verdict.", source="computed"),
        Column(name="change_status", kind="text", required=True, values=CHANGE_STATUSES, description="`not_reported`: a year's births or rate was not compiled, so there are no counts to test."),
        Column(name="note", kind="text", required=True, description="What to mind; `none` when there is nothing."),
        Column(name="source", kind="text", required=True, description="The report of the later year.", source="national_rates"),
    ),
)
# fmt: on
