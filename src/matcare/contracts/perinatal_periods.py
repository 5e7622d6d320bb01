"""Contracts of Perinatal Periods of Risk: a user's counts as they are read, and the four cells made of them."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = [
    "EXCESS_STATUSES",
    "PERINATAL_CELLS",
    "PERINATAL_COUNTS",
    "PERINATAL_PERIODS",
    "PERINATAL_STATUSES",
    "WEIGHT_CLASSES",
]

WEIGHT_CLASSES: Final = ("500-1499", "1500+")
"""Birthweight in grams; lighter ones are outside the method."""

PERINATAL_CELLS: Final[dict[str, str]] = {
    "maternal_health_prematurity": "Maternal health / prematurity",
    "maternal_care": "Maternal care",
    "newborn_care": "Newborn care",
    "infant_health": "Infant health",
    "all": "All fetal and infant deaths",
}
"""The four periods of risk and their sum, with the words for people."""

PERINATAL_STATUSES: Final = (
    "computed", "cell_below_10_deaths", "below_60_deaths", "complementary", "not_reported",
)  # fmt: skip
"""Why a cell stands or is withheld."""

EXCESS_STATUSES: Final = ("computed", "reference", "no_reference", "reference_withheld", "withheld")
"""Why an excess stands or is missing."""

_PER: Final = "per 1,000 live births and fetal deaths"


def _key() -> tuple[Column, ...]:
    return (
        Column(name="group", kind="text", required=True, description="Place or group of mothers, in the user's words.", source="user"),
        Column(name="years", kind="text", required=True, description="Years of birth pooled, such as `2019-2022`; `not said` where the file has none.", source="user"),
    )  # fmt: skip


# fmt: off
PERINATAL_COUNTS: Final = Table(
    name="perinatal_counts",
    title="A user's fetal and infant deaths by birthweight",
    description="Counts as they are read, summed to the two weight classes of the method. Never written: the cells may be small.",
    primary_key=("group", "years", "birthweight"),
    licence="facts",
    columns=(
        *_key(),
        Column(name="part_of", kind="text", required=True, description="The group that holds this one; empty where none does.", source="user"),
        Column(name="is_reference", kind="boolean", required=True, description="Whether this is the group that excess is measured against.", source="user"),
        Column(name="birthweight", kind="text", required=True, values=WEIGHT_CLASSES, unit="grams", description="Weight class.", source="user"),
        Column(name="fetal_deaths", kind="number", minimum=0, unit="deaths", description="Fetal deaths of 24 weeks and more; missing is unknown, not zero.", source="user"),
        Column(name="neonatal_deaths", kind="number", minimum=0, unit="deaths", description="Deaths of live-born under 28 days.", source="user"),
        Column(name="postneonatal_deaths", kind="number", minimum=0, unit="deaths", description="Deaths from 28 days to under one year.", source="user"),
        Column(name="live_births", kind="number", minimum=0, unit="births", description="Live births.", source="user"),
    ),
)

PERINATAL_PERIODS: Final = Table(
    name="perinatal_periods",
    title="Perinatal Periods of Risk",
    description="Fetal and infant deaths by period of risk, with the excess over a reference group: where deaths stand that another group of the same society did not have. Points to kinds of prevention, proves no cause.",
    primary_key=("group", "years", "cell"),
    licence="facts",
    columns=(
        *_key(),
        Column(name="cell", kind="text", required=True, values=tuple(PERINATAL_CELLS), description="Period of risk; `all` is the sum of the four.", source="computed"),
        Column(name="deaths", kind="integer", minimum=10, unit="deaths", description="Fetal and infant deaths of the cell.", source="user"),
        Column(name="live_births_and_fetal_deaths", kind="integer", minimum=10, unit="births", description="Live births of 500 g and more plus fetal deaths of 24 weeks and 500 g and more: the same for each cell of a group.", source="user"),
        Column(name="rate", kind="number", minimum=0, unit=_PER, description="Deaths of the cell per 1,000.", source="computed"),
        Column(name="rate_low", kind="number", minimum=0, unit=_PER, description="Lower limit of the NCHS 95 % interval.", source="computed"),
        Column(name="rate_high", kind="number", minimum=0, unit=_PER, description="Upper limit.", source="computed"),
        Column(name="cell_status", kind="text", required=True, values=PERINATAL_STATUSES, description="`below_60_deaths`: the whole group is withheld; `cell_below_10_deaths`: the cell is; `complementary`: would give a withheld count back; `not_reported`: a count is missing in the file."),
        Column(name="reference_group", kind="text", description="The group compared with.", source="user"),
        Column(name="reference_rate", kind="number", minimum=0, unit=_PER, description="Its rate of the same cell.", source="computed"),
        Column(name="excess_rate", kind="number", unit=_PER, description="Rate less the reference's; negative where it is lower.", source="computed"),
        Column(name="excess_deaths", kind="number", unit="deaths", description="Excess rate times live births and fetal deaths: an estimate, not a count.", source="computed"),
        Column(name="excess_share", kind="number", unit="share of the group's excess", description="The cell's excess over that of all four; missing where the sum is not positive or is withheld.", source="computed"),
        Column(name="excess_status", kind="text", required=True, values=EXCESS_STATUSES, description="Why the excess stands or is missing."),
    ),
)
# fmt: on
