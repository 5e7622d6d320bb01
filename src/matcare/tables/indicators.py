"""County and state indicators of the socio-ecological profile that the counties and states tables do not hold.

County Health Rankings & Roadmaps measures are CC BY-NC-SA 4.0, and so is the compiled table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.contracts.indicators import COUNTY_INDICATORS, DEFINITIONS, STATE_INDICATORS
from matcare.disclosure import SMALL, is_small
from matcare.errors import InputError
from matcare.geo import STATES, convert_counts
from matcare.tables.vintages import require_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CountyIndicatorSources", "compile_county_indicators", "compile_state_indicators", "share_of_births"]

_NOT_AVAILABLE: Final = 9999.0
"""What the publisher of the state measures writes where a state has no figure."""

_DIGITS: Final = 6
_SURVEY_DIGITS: Final = 4
"""Survey shares are printed to a tenth of a percent; more would be noise to store."""

_LEAST: Final = SMALL[1] + 1

_MOST_PRETERM: Final = 0.25
_MOST_PRETERM_PER_LOW: Final = 2.5
"""Beyond both, preterm births cannot be right: the source has 1.4 for each low-weight
birth, and 99 % of counties have less than 2.4."""

_AGES: Final = ("share_women_15_19", "share_women_35_44")
_FROM_SVI: Final = tuple(column.name for column in COUNTY_INDICATORS.columns if column.source == "cdc_svi_2022")


@dataclass(frozen=True, kw_only=True)
class CountyIndicatorSources:
    """The publishers' tables that the county indicators are compiled from, as their readers return them.

    Attributes
    ----------
    low_birthweight, broadband, segregation : pandas.DataFrame
        :mod:`matcare.sources.chr_measures`.
    vulnerability_parts : pandas.DataFrame
        :func:`matcare.sources.svi_parts.read_vulnerability_parts`.
    women_by_age, acs_women_by_age : pandas.DataFrame
        :mod:`matcare.sources.women_by_age`; the survey is used for Puerto Rico only.
    birth_outcomes : pandas.DataFrame
        :func:`matcare.sources.birth_outcomes.read_birth_outcomes`.
    connecticut_weights : pandas.DataFrame
        ``old, new, weight``.
    """

    low_birthweight: pd.DataFrame
    broadband: pd.DataFrame
    segregation: pd.DataFrame
    vulnerability_parts: pd.DataFrame
    women_by_age: pd.DataFrame
    acs_women_by_age: pd.DataFrame
    birth_outcomes: pd.DataFrame
    connecticut_weights: pd.DataFrame


def compile_county_indicators(
    sources: CountyIndicatorSources, counties: pd.DataFrame, *, mask_small_means: bool = False
) -> pd.DataFrame:
    """Compile the county indicators.

    Parameters
    ----------
    sources : CountyIndicatorSources
        The publishers' tables.
    counties : pandas.DataFrame
        ``county_fips, state`` of the counties of 2024.
    mask_small_means : bool
        Mask the seven-year share of low birthweight too where the share times the registered births of a year is under
        ten. The source's own rule, ten or more low-weight births in the seven years, is that of vital statistics: the
        count stands on seven years, and an annual mean of it is no count. To mask more would take the share from 775
        small counties, and the profile from most of them.

    Returns
    -------
    pandas.DataFrame
        By the contract :data:`matcare.contracts.indicators.COUNTY_INDICATORS`, in the order of the codes.

    Raises
    ------
    InputError
        When a source lacks a county that it should have.
    """
    _require_whole(sources, counties)
    ordered = counties.sort_values("county_fips", ignore_index=True)
    fips, territory = ordered["county_fips"].astype("str"), ordered["state"] == "PR"
    table = pd.DataFrame({"county_fips": fips})
    births = fips.map(sources.birth_outcomes.set_index("county_fips")["births_registered_per_year"])
    table = _with_low_birthweight(table, sources, births if mask_small_means else None)
    table = _with_birth_outcomes(table, sources)
    estimates, survey = (_age_shares(frame) for frame in (sources.women_by_age, sources.acs_women_by_age))
    for name in _AGES:
        table[name] = fips.map(estimates[name]).where(~territory, fips.map(survey[name])).round(_SURVEY_DIGITS)
    table["share_women_ages_status"] = _status(table[_AGES[0]], "estimated")
    connected = fips.map(sources.broadband.set_index("county_fips")["share_households_broadband"])
    table["share_households_no_broadband"] = (1 - connected).round(_SURVEY_DIGITS)
    index = sources.segregation.set_index("county_fips")["segregation_black_white"]
    table["segregation_black_white"] = fips.map(index).round(_SURVEY_DIGITS)
    for name in ("share_households_no_broadband", "segregation_black_white"):
        table[f"{name}_status"] = _status(table[name], "reported")
    parts = sources.vulnerability_parts.set_index("county_fips")
    for name in _FROM_SVI:
        table[name] = fips.map(parts[name]).round(_SURVEY_DIGITS)
    table["svi_parts_status"] = _status(table["share_white"], "reported")
    return COUNTY_INDICATORS.validate(table, where="county indicators")[COUNTY_INDICATORS.names]


def compile_state_indicators(measures: pd.DataFrame) -> pd.DataFrame:
    """Compile the state indicators from the measures of America's Health Rankings.

    Percentages become shares. 9999 is no figure. A year in which the nation and every state have the year before's
    figure again is no new measurement and is marked.

    Parameters
    ----------
    measures : pandas.DataFrame
        ``state, measure, year, value`` from :func:`matcare.sources.state_policies.read_state_measures`.

    Returns
    -------
    pandas.DataFrame
        By the contract :data:`matcare.contracts.indicators.STATE_INDICATORS`, by indicator, state and year.

    Raises
    ------
    InputError
        When a measure or a state is missing, or a percentage is over 100.
    """
    wanted = [entry for entry in DEFINITIONS if entry.where == "state_indicators"]
    every = [state for state in STATES if state != "PR"]
    tables = []
    for entry in wanted:
        rows = measures[measures["measure"] == entry.measure]
        for year, of_year in rows.groupby("year"):
            require_rows(of_year["state"], [*every, "US"], f"state measure {entry.measure!r} of {year}")
        if rows.empty:
            raise InputError(f"state measures: no row of {entry.measure!r}; the file is cut or of another edition")
        wide = rows.pivot_table(index="state", columns="year", values="value")
        again = (wide.diff(axis=1) == 0).all()
        value = rows["value"].mask(rows["value"] == _NOT_AVAILABLE)
        value = value / 100 if entry.unit == "share 0-1" else value
        if entry.maximum is not None and (value > entry.maximum).any():
            state = rows.loc[value > entry.maximum, "state"].iloc[0]
            raise InputError(f"state measures: {entry.measure!r} of {state} is over {entry.maximum:g} ({entry.unit})")
        status = rows["year"].map(again).map({True: "carried_forward", False: "reported"})
        tables.append(
            pd.DataFrame(
                {
                    "state": rows["state"],
                    "indicator": entry.id,
                    "year": rows["year"].astype("int64"),
                    "value": value.round(_DIGITS),
                    "status": status.mask(value.isna(), "not_reported").astype("str"),
                }
            )
        )
    table = pd.concat(tables).sort_values(["indicator", "state", "year"], ignore_index=True)
    return STATE_INDICATORS.validate(table, where="state indicators")[STATE_INDICATORS.names]


def share_of_births(part: pd.Series, births: pd.Series) -> pd.Series:
    """Return a share of births, missing where the part or the births left over are a count of 1-9.

    Parameters
    ----------
    part, births : pandas.Series of float
        Counts on one index.

    Returns
    -------
    pandas.Series
        Share 0-1.

    Examples
    --------
    >>> import pandas as pd
    >>> share_of_births(pd.Series([10.0, 5.0, 95.0]), pd.Series([100.0, 100.0, 100.0])).tolist()
    [0.1, nan, nan]
    """
    hidden = is_small(part) | is_small(births - part)
    return (part / births.where(births > 0)).mask(hidden)


def _require_whole(sources: CountyIndicatorSources, counties: pd.DataFrame) -> None:
    every = counties["county_fips"]
    stateside = every[counties["state"] != "PR"]
    legacy = set(sources.connecticut_weights["old"])
    low = [*stateside[~stateside.isin(sources.connecticut_weights["new"])], *legacy]
    wanted: list[tuple[Iterable[str], str, pd.Series]] = [
        (low, "low birthweight (v037)", sources.low_birthweight["code"]),
        (stateside, "broadband (v166)", sources.broadband["county_fips"]),
        (stateside, "segregation (v141)", sources.segregation["county_fips"]),
        (stateside, "Social Vulnerability Index", sources.vulnerability_parts["county_fips"]),
        (stateside, "population estimates by age and sex", sources.women_by_age["county_fips"]),
        (every[counties["state"] == "PR"], "ACS women by age", sources.acs_women_by_age["county_fips"]),
        (every, "Area Health Resources Files", sources.birth_outcomes["county_fips"]),
    ]
    for codes, what, there in wanted:
        require_rows(there, codes, what)


def _with_low_birthweight(
    table: pd.DataFrame, sources: CountyIndicatorSources, births: pd.Series | None
) -> pd.DataFrame:
    regions = sources.connecticut_weights["new"]
    rows = sources.low_birthweight[~sources.low_birthweight["code"].isin(regions)].set_index("code")
    low, total = (
        convert_counts(rows[name], sources.connecticut_weights, old="old", new="new", weight="weight")
        for name in ("low_birthweight_births", "births")
    )
    fips = table["county_fips"]
    share = share_of_births(fips.map(low), fips.map(total))
    moved = fips.isin(regions)
    if births is not None:
        share = share.mask(~moved & ~(share * births >= _LEAST))
    status = _status(share, "reported").mask(moved & share.notna(), "apportioned")
    status = status.mask(share.isna() & fips.isin(low.index), "suppressed")
    return table.assign(share_low_birthweight_7_years=share.round(_DIGITS), share_low_birthweight_7_years_status=status)


def _with_birth_outcomes(table: pd.DataFrame, sources: CountyIndicatorSources) -> pd.DataFrame:
    rows = sources.birth_outcomes.set_index("county_fips").reindex(table["county_fips"]).reset_index(drop=True)
    births, low = rows["births_registered_per_year"], rows["low_birthweight_per_year"]
    preterm = share_of_births(rows["preterm_per_year"], births)
    very_low = share_of_births(rows["very_low_birthweight_per_year"], births)
    # Low less very low birthweight is a count too: births of 1,500 to 2,499 g.
    very_low = very_low.mask(is_small(low - rows["very_low_birthweight_per_year"]))
    seven = sources.low_birthweight.set_index("code")
    yardstick = (low / births).fillna(table["county_fips"].map(seven["low_birthweight_births"] / seven["births"]))
    wrong = (preterm > _MOST_PRETERM) & (preterm > _MOST_PRETERM_PER_LOW * yardstick)
    # The source has no births of Connecticut's planning regions: nothing was suppressed there.
    absent = births.isna() & table["county_fips"].isin(sources.connecticut_weights["new"])
    columns: dict[str, pd.Series] = {}
    for name, share in (("share_preterm", preterm), ("share_very_low_birthweight", very_low)):
        status = _status(share, "reported").mask(share.isna() & ~absent, "suppressed")
        columns |= {name: share.round(_DIGITS), f"{name}_status": status}
    columns["share_preterm"] = columns["share_preterm"].mask(wrong)
    columns["share_preterm_status"] = columns["share_preterm_status"].mask(wrong, "implausible")
    return table.assign(**columns)


def _age_shares(women: pd.DataFrame) -> pd.DataFrame:
    counts = women.set_index("county_fips")
    whole = counts["women_15_44"].where(counts["women_15_44"] > 0)
    return pd.DataFrame({name: counts[name.removeprefix("share_")] / whole for name in _AGES})


def _status(values: pd.Series, known: str) -> pd.Series:
    return pd.Series(known, index=values.index, dtype="str").mask(values.isna(), "not_reported")
