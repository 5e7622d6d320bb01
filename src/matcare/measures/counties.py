"""County results: units, class, minutes, coverage, outcome and context joined into one row a county."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from matcare.contracts import COUNTY_RESULTS, COVERAGE_MINUTES, SERVICES
from matcare.measures.coverage import county_coverage, share_where
from matcare.measures.deserts import drive_time_desert, march_of_dimes
from matcare.measures.nearest import SERVICES_BY_LEVEL
from matcare.measures.rates import infant_mortality
from matcare.measures.risk_groups import states_without_levels

if TYPE_CHECKING:
    import geopandas as gpd

    from matcare.scenario import Rule

__all__ = ["county_outcomes", "county_results", "county_units"]

_IN_STATE_LIMITS = (30, 60)

LONG_DIRECT_LEG_KM = 8.0
"""A straight local leg longer than this is worth a look: it may cross what the roads go round."""


def county_units(facilities: pd.DataFrame, county_fips: pd.Series) -> pd.DataFrame:
    """Count the birth hospitals and birth centers of every county.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Contract `FACILITIES_OUT`.
    county_fips : pandas.Series
        The counties to count for, in order.

    Returns
    -------
    pandas.DataFrame
        Indexed by county: ``birth_hospitals``, ``birth_hospitals_corroborated``, ``birth_centers`` (integers; zero
        where there is none) and ``corrections`` (text; ``none`` where no correction is in force).
    """
    index = pd.Index(county_fips, name="county_fips")

    def count(chosen: pd.Series) -> pd.Series:
        counted = facilities.loc[chosen, "county_fips"].value_counts()
        return pd.Series(counted.reindex(index, fill_value=0).to_numpy(dtype="int64"), index=index)

    corrected = facilities[facilities["correction"] != "none"]
    texts = (corrected["facility_name"] + " (" + corrected["facility_id"] + "): " + corrected["correction"]).groupby(
        corrected["county_fips"]
    )
    return pd.DataFrame(
        {
            "birth_hospitals": count(facilities["counts_birth_care"].astype(bool)),
            "birth_hospitals_corroborated": count(facilities["counts_birth_care_corroborated"].astype(bool)),
            "birth_centers": count((facilities["kind"] == "birth_center") & (facilities["status"] == "open")),
            "uncounted_units": _uncounted(facilities).reindex(index).fillna("").astype("str"),
            "corrections": texts.agg("; ".join).reindex(index).fillna("none").astype("str"),
        },
        index=index,
    )


def _uncounted(facilities: pd.DataFrame) -> pd.Series:
    """Say by county which hospitals have a sign of obstetrics and do not count as birth care."""
    words = {
        "arranged": "under arrangement only",
        "unknown": "not known",
        "claimed": "claimed by one federal file alone",
        "likely": "on one sign alone",
    }
    open_but_not = ~facilities["counts_birth_care"].astype(bool) & (facilities["status"] == "open")
    chosen = facilities[open_but_not & facilities["obstetric_evidence"].isin(list(words))]
    if chosen.empty:
        return pd.Series(dtype="str")
    counted = chosen.groupby(["county_fips", "obstetric_evidence"]).size().reset_index(name="n")
    hospitals = counted["n"].map(lambda n: f"{n} hospital{'' if n == 1 else 's'}")
    texts = hospitals + " with obstetrics " + counted["obstetric_evidence"].map(words)
    return texts.groupby(counted["county_fips"]).agg(" and ".join)


def county_outcomes(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Infant mortality of every county with its NCHS interval and its standing.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        Contract `OUTCOMES`.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, infant_deaths, live_births, imr, imr_low, imr_high, imr_status``.
    """
    rates = infant_mortality(outcomes["infant_deaths"], outcomes["live_births"])
    status = outcomes["outcome_status"].astype("str").reset_index(drop=True)
    unreliable = (status == "published") & ~rates["reliable"]
    return pd.DataFrame(
        {
            "county_fips": outcomes["county_fips"].to_numpy(),
            "infant_deaths": outcomes["infant_deaths"].to_numpy(),
            "live_births": outcomes["live_births"].to_numpy(),
            "imr": rates["rate"],
            "imr_low": rates["low"].where(status != "apportioned"),
            "imr_high": rates["high"].where(status != "apportioned"),
            "imr_status": status.mask(unreliable, "published_unreliable"),
        }
    )


def county_results(
    counties: gpd.GeoDataFrame,
    outcomes: pd.DataFrame,
    facilities: pd.DataFrame,
    block_groups: pd.DataFrame,
    *,
    rule: Rule,
    data_date: str,
    period: str = "2017-2023",
) -> gpd.GeoDataFrame:
    """Join what is known of every county's access, class and published outcome.

    Parameters
    ----------
    counties : geopandas.GeoDataFrame
        Contract `COUNTIES`.
    outcomes : pandas.DataFrame
        Contract `OUTCOMES`.
    facilities : pandas.DataFrame
        Contract `FACILITIES_OUT`.
    block_groups : pandas.DataFrame
        Contract `BLOCK_GROUPS`.
    rule : Rule
        Desert thresholds.
    data_date : str
        Date of the youngest facility source.
    period : str
        Years of the outcomes, in words.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns of the contract `COUNTY_RESULTS` but for those that need the whole country (shrunk and modelled
        rates, clusters, profile), with the geometry; in the order of `counties`.
    """
    result = counties.merge(
        county_units(facilities, counties["county_fips"]).reset_index(),
        on="county_fips",
        how="left",
        validate="one_to_one",
    )
    result = result.merge(county_outcomes(outcomes), on="county_fips", how="left", validate="one_to_one")
    result["imr_status"] = result["imr_status"].fillna("not_reported")
    result["geo_id"] = "0500000US" + result["county_fips"]
    result["data_date"] = data_date
    result["outcome_period"] = period
    columns: dict[str, pd.Series] = {}
    for suffix in ("", "_corroborated"):
        classed = march_of_dimes(result, rule=rule, hospitals=f"birth_hospitals{suffix}")
        columns[f"march_of_dimes_class{suffix}"] = classed["class"]
        columns[f"march_of_dimes_reason{suffix}"] = classed["reason"]
        if not suffix:
            columns["clinicians_per_10000_births"] = classed["clinicians_per_10000_births"]
    columns |= _access(block_groups, result["county_fips"])
    columns |= _unknown(columns, result["state"].isin(states_without_levels(facilities)))
    for suffix in ("", "_corroborated"):
        for limit in (30, 60):
            within = columns[f"share_women_within_{limit}_birth_care{suffix}"]
            columns[f"drive_time_desert_{limit}{suffix}"] = drive_time_desert(within)
    result = result.assign(**columns)
    return result[[*(name for name in COUNTY_RESULTS.names if name in result.columns), "geometry"]]


def _unknown(columns: dict[str, pd.Series], without_levels: pd.Series) -> dict[str, pd.Series]:
    """Withhold what counts by neonatal level where no open hospital of the state has a reported one: it is not zero."""
    changed: dict[str, pd.Series] = {}
    for service in SERVICES_BY_LEVEL:
        reason = columns[f"minutes_{service}_reason"]
        lost = without_levels & (reason != "no_demand_points")
        changed[f"minutes_{service}_reason"] = reason.mask(lost, "level_not_reported")
        shares = [f"share_women_within_{limit}_{service}" for limit in COVERAGE_MINUTES]
        for name in (f"minutes_{service}", f"share_women_without_minutes_{service}", *shares):
            changed[name] = columns[name].mask(without_levels)
    return changed


def _access(block_groups: pd.DataFrame, county_fips: pd.Series) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {}

    def put(name: str, values: pd.Series) -> None:
        columns[name] = pd.Series(values.reindex(county_fips).to_numpy(), index=county_fips.index)

    for service in (*SERVICES, "birth_care_corroborated"):
        access = county_coverage(
            block_groups, minutes=f"minutes_{service}", reason=f"reason_{service}", limits=COVERAGE_MINUTES
        )
        put(f"minutes_{service}", access["minutes"])
        put(f"minutes_{service}_reason", access["reason"])
        columns[f"minutes_{service}_reason"] = columns[f"minutes_{service}_reason"].fillna("no_demand_points")
        put(f"share_women_without_minutes_{service}", access["share_without_minutes"])
        for limit in COVERAGE_MINUTES:
            put(f"share_women_within_{limit}_{service}", access[f"share_within_{limit}"])
    in_state = county_coverage(
        block_groups,
        minutes="minutes_birth_care_in_state",
        reason="reason_birth_care_in_state",
        limits=_IN_STATE_LIMITS,
    )
    put("minutes_birth_care_in_state", in_state["minutes"])
    for limit in _IN_STATE_LIMITS:
        put(f"share_women_within_{limit}_birth_care_in_state", in_state[f"share_within_{limit}"])
    elsewhere = block_groups["facility_id_birth_care"].notna() & (
        block_groups["minutes_birth_care_in_state"].isna()
        | (block_groups["minutes_birth_care"] < block_groups["minutes_birth_care_in_state"])
    )
    put("share_women_nearest_birth_care_out_of_state", share_where(block_groups, elsewhere))
    long_leg = block_groups["direct_leg_km_birth_care"] > LONG_DIRECT_LEG_KM
    put("share_women_long_direct_leg_birth_care", share_where(block_groups, long_leg))
    return columns
