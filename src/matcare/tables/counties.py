"""The counties table: shapes, people concerned, clinicians and context, with reasons where a value is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np

from matcare.contracts import COUNTIES
from matcare.tables.vintages import SPLIT_2019, classes_of_2013, require_rows

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

__all__ = ["DISAGREEMENT", "CountySources", "compile_counties", "estimate_uninsured_women"]

DISAGREEMENT: Final = 0.25
"""Two sources of births disagree when they differ by more than this share of the smaller one."""

_POINT_DIGITS: Final = 5


@dataclass(frozen=True, kw_only=True)
class CountySources:
    """The publishers' tables that the counties are compiled from, as their readers return them.

    Attributes
    ----------
    shapes : geopandas.GeoDataFrame
        Every county of 2024 with its polygon; it decides which counties there are.
    age_sex, births, uninsured, poverty, acs_people, acs_vehicles : pandas.DataFrame
        Census Bureau.
    area_health_resources : pandas.DataFrame
        HRSA.
    social_vulnerability, urban_rural_2013 : pandas.DataFrame
        CDC.
    rural_urban_2023 : pandas.DataFrame
        USDA.
    women_uninsured_by_state : pandas.Series
        Share of women 19-44 without insurance by postal code.
    """

    shapes: gpd.GeoDataFrame
    age_sex: pd.DataFrame
    births: pd.DataFrame
    uninsured: pd.DataFrame
    poverty: pd.DataFrame
    acs_people: pd.DataFrame
    acs_vehicles: pd.DataFrame
    area_health_resources: pd.DataFrame
    social_vulnerability: pd.DataFrame
    urban_rural_2013: pd.DataFrame
    rural_urban_2023: pd.DataFrame
    women_uninsured_by_state: pd.Series


def compile_counties(sources: CountySources) -> gpd.GeoDataFrame:
    """Compile the counties table.

    Parameters
    ----------
    sources : CountySources
        The publishers' tables.

    Returns
    -------
    geopandas.GeoDataFrame
        By the contract :data:`matcare.contracts.COUNTIES`, in the order of the codes.

    Raises
    ------
    InputError
        When a source lacks a county that it should have: it is half a file, or of another vintage.
    """
    _require_whole(sources)
    table = sources.shapes.copy()
    inside = table.geometry.representative_point()
    table["lat"], table["lon"] = inside.y.round(_POINT_DIGITS), inside.x.round(_POINT_DIGITS)
    table = _with_people(table, sources)
    table = _with_births(table, sources)
    table = _with_insurance(table, sources)
    table = _with_clinicians(table, sources)
    table = _with_context(table, sources)
    checked = COUNTIES.validate(table, where="counties")[COUNTIES.names]
    return gpd.GeoDataFrame(checked, geometry="geometry", crs=sources.shapes.crs)


def estimate_uninsured_women(
    counties: pd.DataFrame, uninsured: pd.DataFrame, women_uninsured_by_state: pd.Series
) -> pd.Series:
    """Estimate the share of a county's women without health insurance.

    The county's share of everybody under 65 (SAHIE) times its state's ratio of uninsured women 19-44 to all uninsured
    under 65. The state's share under 65 is the mean of its counties', weighted by people under 65.

    Parameters
    ----------
    counties : pandas.DataFrame
        ``county_fips, state, population_under_65``.
    uninsured : pandas.DataFrame
        ``county_fips, share_uninsured_under_65``.
    women_uninsured_by_state : pandas.Series
        Share of women 19-44 by postal code.

    Returns
    -------
    pandas.Series
        Share 0-1, on the index of `counties`; missing where either part is.
    """
    share = counties["county_fips"].map(uninsured.set_index("county_fips")["share_uninsured_under_65"])
    weight = counties["population_under_65"].where(share.notna())
    by_state = (share * weight).groupby(counties["state"]).sum(min_count=1) / weight.groupby(counties["state"]).sum(
        min_count=1
    )
    ratio = counties["state"].map(women_uninsured_by_state / by_state)
    return (share * ratio).clip(0, 1)


def _require_whole(sources: CountySources) -> None:
    every = sources.shapes["county_fips"]
    stateside = every[sources.shapes["state"] != "PR"]
    classed = every[~sources.shapes["state"].isin(["PR", "CT"])]
    classes = classes_of_2013(sources.urban_rural_2013, code="county_fips_2013", value="nchs_urban_rural_2013")
    for wanted, what, codes in (
        (stateside, "population estimates by age and sex", sources.age_sex["county_fips"]),
        (stateside, "births estimates", sources.births["county_fips"]),
        (stateside, "uninsured people (SAHIE)", sources.uninsured["county_fips"]),
        (stateside, "people in poverty (SAIPE)", sources.poverty["county_fips"]),
        (stateside, "Social Vulnerability Index", sources.social_vulnerability["county_fips"]),
        (every, "American Community Survey, people", sources.acs_people["county_fips"]),
        (every, "American Community Survey, vehicles", sources.acs_vehicles["county_fips"]),
        (every, "Area Health Resources Files", sources.area_health_resources["county_fips"]),
        (every, "Rural-Urban Continuum Codes", sources.rural_urban_2023["county_fips"]),
        (classed, "NCHS urban-rural codes", classes.index),
    ):
        require_rows(codes, wanted, what)


def _with_people(table: gpd.GeoDataFrame, sources: CountySources) -> gpd.GeoDataFrame:
    estimates = sources.age_sex.set_index("county_fips")
    survey = sources.acs_people.set_index("county_fips")
    fips = table["county_fips"]
    territory = table["state"] == "PR"
    for name in ("population", "women_15_44"):
        table[name] = fips.map(estimates[name]).where(~territory, fips.map(survey[name]))
    table["population_under_65"] = fips.map(estimates["population_under_65"])
    table["women_15_44_status"] = _reasons(
        [table["women_15_44"].isna(), territory], ["not_reported", "acs_estimate"], "census_estimate"
    )
    return table


def _with_births(table: gpd.GeoDataFrame, sources: CountySources) -> gpd.GeoDataFrame:
    estimates = sources.births.set_index("county_fips")[["births_2021", "births_2022", "births_2023"]].mean(axis=1)
    registered = sources.area_health_resources.set_index("county_fips")
    fips = table["county_fips"]
    territory = table["state"] == "PR"
    count = fips.map(registered["births_registered_per_year"])
    # A blank is a mean below ten, except where the source lacks the county as it is today.
    new_codes = fips.isin([part for parts in SPLIT_2019.values() for part in parts]) | (table["state"] == "CT")
    unreported = count.isna() & (new_codes | ~fips.isin(registered.index))
    table["births_registered_per_year"] = count
    table["births_registered_status"] = _reasons([unreported, count.isna()], ["not_reported", "suppressed"], "reported")
    table["births_per_year"] = fips.map(estimates).where(~territory, count)
    missing = table["births_per_year"].isna()
    table["births_per_year_status"] = _reasons(
        [missing & territory & ~unreported, missing, territory],
        ["suppressed", "not_reported", "registered"],
        "census_estimate",
    )
    estimate = fips.map(estimates).where(~territory)
    smaller = estimate.where(estimate < count, count)
    apart: pd.Series = (estimate - count).abs() > DISAGREEMENT * smaller
    table["births_disagree"] = apart.astype("boolean").mask(estimate.isna() | count.isna())
    low = fips.map(registered["low_birthweight_per_year"])
    table["share_low_birthweight"] = (low / count).round(6)
    table["share_low_birthweight_status"] = _reasons(
        [unreported, table["share_low_birthweight"].isna()], ["not_reported", "suppressed"], "reported"
    )
    return table


def _with_insurance(table: gpd.GeoDataFrame, sources: CountySources) -> gpd.GeoDataFrame:
    share = estimate_uninsured_women(table, sources.uninsured, sources.women_uninsured_by_state)
    table["share_women_uninsured"] = share.round(6)
    table["share_women_uninsured_status"] = _reasons([share.isna()], ["not_reported"], "estimated")
    return table


def _with_clinicians(table: gpd.GeoDataFrame, sources: CountySources) -> gpd.GeoDataFrame:
    clinicians = sources.area_health_resources.set_index("county_fips")
    for name in ("obgyns", "midwives"):
        table[name] = table["county_fips"].map(clinicians[name])
        table[f"{name}_status"] = _reasons([table[name].isna()], ["not_reported"], "reported")
    return table


def _with_context(table: gpd.GeoDataFrame, sources: CountySources) -> gpd.GeoDataFrame:
    fips = table["county_fips"]
    territory = table["state"] == "PR"
    vulnerability = sources.social_vulnerability.set_index("county_fips")
    table["svi"] = fips.map(vulnerability["svi"])
    table["share_households_no_internet"] = fips.map(vulnerability["share_households_no_internet"]).round(6)
    poverty = fips.map(sources.poverty.set_index("county_fips")["share_poverty"])
    survey = fips.map(sources.acs_people.set_index("county_fips")["share_poverty"])
    table["share_poverty"] = poverty.where(~territory, survey).round(6)
    vehicles = sources.acs_vehicles.set_index("county_fips")["share_households_no_vehicle"]
    table["share_households_no_vehicle"] = fips.map(vehicles).round(6)
    table["rucc_2023"] = fips.map(sources.rural_urban_2023.set_index("county_fips")["rucc_2023"]).astype("Int64")
    classes = classes_of_2013(sources.urban_rural_2013, code="county_fips_2013", value="nchs_urban_rural_2013")
    table["nchs_urban_rural_2013"] = fips.map(classes).astype("Int64")
    return table


def _reasons(conditions: list[pd.Series], reasons: list[str], otherwise: str) -> npt.NDArray[np.object_]:
    return np.select([condition.to_numpy(dtype=bool) for condition in conditions], reasons, default=otherwise).astype(
        object
    )
