"""Indices of inequality over the counties of the nation and of each state, with bootstrap intervals and curves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.contracts.disparities import CONCENTRATION_CURVE
from matcare.measures.disparity.bootstrap import concentration_replicates, percentile_limits
from matcare.measures.disparity.groups import rurality_of
from matcare.measures.disparity.inequality import (
    concentration_curve,
    concentration_index,
    erreygers_index,
    gini,
    theil,
)
from matcare.measures.disparity.notes import ECOLOGICAL, OUTCOMES_SOURCE, PERIOD, joined

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["CURVE_POINTS", "FEWEST_COUNTIES", "RANKINGS", "concentration_curves", "health_variables", "indices"]

FEWEST_COUNTIES: Final = 10
"""No index over fewer counties than this."""

CURVE_POINTS: Final = 100
"""Steps of births at which a curve is given."""

RANKINGS: Final = ("share_poverty", "svi")
"""Columns of the counties that rank them: the greater, the worse off."""

_COLUMNS: Final = {
    "minutes_birth_care": "minutes_birth_care",
    "minutes_neonatal_3_plus": "minutes_neonatal_3_plus",
    "share_within_60_birth_care": "share_women_within_60_birth_care",
    "share_within_60_neonatal_3_plus": "share_women_within_60_neonatal_3_plus",
    "infant_mortality": "imr",
    "infant_mortality_eb": "imr_eb",
}
_PUBLISHED: Final = ("published", "published_unreliable")
_SOURCES: Final = {"svi": ("cdc_svi_2022",), "share_poverty": ("census_saipe_2024", "acs5_2023_county")}
_SELECTED: Final = "published counties only, never modelled: small ones appear only when their rate is high"
_NO_INTERVAL: Final = "no interval: counties drawn within states would add to the part between states"
_NOISE: Final = "chance in small counts adds to it"


@dataclass(frozen=True, kw_only=True)
class _Counties:
    """Counties that an index is made of: value, births, standing (or code of a group), draws of the bootstrap."""

    values: npt.NDArray[np.float64]
    births: npt.NDArray[np.float64]
    position: npt.NDArray[np.float64]
    drawn: npt.NDArray[np.int32]

    def at(self, here: npt.NDArray[np.int64]) -> _Counties:
        return _Counties(
            values=self.values[here],
            births=self.births[here],
            position=self.position[here],
            drawn=self.drawn[:, here],
        )

    def ranked(self, position: npt.NDArray[np.float64]) -> _Counties:
        """Keep the counties that have a value, births and this position."""
        keep = ~np.isnan(self.values) & ~np.isnan(position) & (np.nan_to_num(self.births) > 0)
        return replace(self, position=position).at(np.flatnonzero(keep))


@dataclass(frozen=True)
class _Index:
    """One index of one place with its replications; for a part of Theil's T also the total's."""

    measure: str
    group: str
    reference: str
    counties: _Counties
    value: float
    replicates: npt.NDArray[np.float64]
    total: float = np.nan
    totals: npt.NDArray[np.float64] | None = None
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def nothing(self) -> npt.NDArray[np.float64]:
        return np.full_like(self.replicates, np.nan)

    def row(self, numbers: dict[str, float]) -> dict[str, Any]:
        """Return the row of the table, its numbers withheld where the counties are too few."""
        counties = self.counties.values.size
        given = counties >= FEWEST_COUNTIES and not np.isnan(self.value)
        infant = self.measure.startswith("infant")
        notes = (
            ECOLOGICAL,
            _SELECTED if infant else None,
            _NOISE if self.measure == "infant_mortality" else None,
            _NO_INTERVAL if self.group.endswith("_states") else None,
        )
        return {
            **self.labels,
            "dimension": "inequality",
            "measure": self.measure,
            "unit": "index",
            "weighted_by": "births_per_year",
            "group": self.group,
            "reference": self.reference,
            **{name: number if given else np.nan for name, number in numbers.items()},
            "births_per_year": float(self.counties.births.sum()),
            "counties": float(counties),
            "status": "given" if given else "too_few_counties" if 0 < counties < FEWEST_COUNTIES else "not_reported",
            "weights": "births of the counties",
            "note": joined(*notes),
            "source": ", ".join(("counties", *_SOURCES.get(self.reference, ()))),
        }


def health_variables(counties: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the health variables of each county.

    Parameters
    ----------
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`; ``imr_eb`` may be absent.

    Returns
    -------
    dict of pandas.Series
        By the names of `INEQUALITY_MEASURES`. Infant mortality stands only where ``imr_status`` says that the rate was
        published as the county's own; a modelled or apportioned one is missing here.
    """
    published = counties["imr_status"].isin(_PUBLISHED)
    result = {}
    for name, column in _COLUMNS.items():
        if column in counties.columns:
            values = counties[column].astype("float64")
            result[name] = values.where(published) if name.startswith("infant") else values
    return result


def indices(
    counties: pd.DataFrame,
    names: dict[str, str],
    drawn: npt.NDArray[np.int32],
    *,
    period: str = PERIOD,
    source: str = OUTCOMES_SOURCE,
) -> pd.DataFrame:
    """Work out the indices for each state, and for the nation where ``US`` is among the names.

    Concentration indices by poverty and by SVI (worst off first, so below 0 is concentrated among the worst off), with
    Erreygers' correction for shares; Gini and Theil's T for minutes and infant mortality, Theil with its parts by
    rurality and, for the nation, by state. The county is the unit and its births the weight.

    Parameters
    ----------
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`, ordered by ``county_fips``.
    names : dict of str
        Name of each place.
    drawn : numpy.ndarray of int32, shape (replications, counties)
        From :func:`matcare.measures.disparity.bootstrap.resample_counties`.
    period, source : str
        Years of the infant deaths, and whose they are.

    Returns
    -------
    pandas.DataFrame
        Columns of the contract ``DISPARITIES`` that indices have. Over fewer than ten counties an index is missing.
    """
    variables = health_variables(counties)
    states = counties["state"].to_numpy(dtype=str)
    births = counties["births_per_year"].to_numpy(dtype=np.float64, na_value=np.nan)
    positions = {name: -counties[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in RANKINGS}
    divisions = {"rurality": _codes(rurality_of(counties["rucc_2023"])), "states": _codes(counties["state"])}
    places = [("state", str(state), np.flatnonzero(states == state)) for state in np.unique(states)]
    if "US" in names:
        places.append(("nation", "US", np.arange(len(counties))))
    found: list[_Index] = []
    for scope, place, here in places:
        labels = {"scope": scope, "place": place, "place_name": names[place]}
        for name, values in variables.items():
            everything = _Counties(values=values.to_numpy(), births=births, position=births, drawn=drawn)
            local = everything.at(here)
            ranked = {ranking: position[here] for ranking, position in positions.items()}
            parts = {
                division: code[here]
                for division, code in divisions.items()
                if scope == "nation" or division == "rurality"
            }
            found += [replace(index, labels=labels) for index in _of_variable(name, local, ranked, parts)]
    table = _frame(found)
    infant = table["measure"].str.startswith("infant")
    table["period"] = pd.Series(period, index=table.index, dtype="str").where(infant)
    table["source"] = table["source"].mask(infant, table["source"] + ", " + source)
    return table


def _codes(labels: pd.Series) -> npt.NDArray[np.float64]:
    codes = pd.factorize(labels, sort=True)[0].astype(np.float64)
    return np.where(codes < 0, np.nan, codes)


def _of_variable(
    name: str,
    counties: _Counties,
    positions: dict[str, npt.NDArray[np.float64]],
    divisions: dict[str, npt.NDArray[np.float64]],
) -> list[_Index]:
    found: list[_Index] = []
    bounded = name.startswith("share")
    for ranking, position in positions.items():
        found += _concentration(name, ranking, counties.ranked(position), bounded=bounded)
    if bounded:
        return found
    whole = counties.ranked(counties.values)
    replicates, _ = concentration_replicates(whole.values, whole.values, whole.births, whole.drawn)
    found.append(_Index(name, "gini", "own_value", whole, gini(whole.values, whole.births), replicates))
    for division, codes in divisions.items():
        found += _theil(name, division, counties.ranked(codes))
    return found


def _concentration(name: str, ranking: str, part: _Counties, *, bounded: bool) -> list[_Index]:
    replicates, mean = concentration_replicates(part.values, part.position, part.births, part.drawn)
    value = concentration_index(part.values, part.position, part.births)
    found = [_Index(name, "concentration_index", ranking, part, value, replicates)]
    if bounded:
        corrected = erreygers_index(part.values, part.position, part.births)
        found.append(_Index(name, "concentration_index_erreygers", ranking, part, corrected, 4 * mean * replicates))
    return found


def _theil(name: str, division: str, part: _Counties) -> list[_Index]:
    parts = theil(part.values, part.births, groups=part.position)
    if division == "states":
        # Counties drawn within a state move the state's mean, and that adds to the part between: no interval.
        totals = between = np.full(part.drawn.shape[0], np.nan)
    else:
        totals, between = _theil_replicates(part)
    found = [_Index(name, "theil_t", "own_value", part, parts.total, totals)] if division == "rurality" else []
    for label, value, replicates in (("between", parts.between, between), ("within", parts.within, totals - between)):
        found.append(
            _Index(name, f"theil_t_{label}_{division}", "theil_t", part, value, replicates, parts.total, totals)
        )
    return found


def _theil_replicates(part: _Counties) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Theil's T and its part between groups, of every replication: all of it is made of four weighted sums."""
    product = part.births * part.values
    logarithm = product * np.log(np.where(part.values > 0, part.values, 1.0))
    _, group = np.unique(part.position, return_inverse=True)
    member = (group[:, None] == np.arange(group.max(initial=0) + 1)).astype(np.float64)
    columns = np.column_stack([part.births[:, None] * member, product[:, None] * member, logarithm])
    sums = part.drawn.astype(np.float64) @ columns
    births_of, product_of = sums[:, : member.shape[1]], sums[:, member.shape[1] : -1]
    births, amount = births_of.sum(axis=1), product_of.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = amount / births
        total = sums[:, -1] / amount - np.log(mean)
        ratio = product_of / births_of / mean[:, None]
        terms = product_of / amount[:, None] * np.log(np.where(ratio > 0, ratio, 1.0))
    between = np.where(product_of > 0, terms, 0.0).sum(axis=1)
    return np.maximum(total, 0.0), np.clip(between, 0.0, np.maximum(total, 0.0))


def _frame(found: list[_Index]) -> pd.DataFrame:
    low, high = percentile_limits(np.column_stack([index.replicates for index in found]))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.column_stack(
            [index.replicates / index.totals if index.totals is not None else index.nothing for index in found]
        )
    ratio_low, ratio_high = percentile_limits(shares)
    rows = []
    for place, index in enumerate(found):
        numbers = {"value": index.value, "low": low[place], "high": high[place]}
        if index.totals is not None:
            numbers |= {
                "reference_value": index.total,
                "ratio": index.value / index.total if index.total > 0 else np.nan,
                "ratio_low": ratio_low[place],
                "ratio_high": ratio_high[place],
            }
        rows.append(index.row(numbers))
    return pd.DataFrame(rows)


def concentration_curves(counties: pd.DataFrame, names: dict[str, str], *, points: int = CURVE_POINTS) -> pd.DataFrame:
    """Give the concentration curves of the nation, or of each state of a smaller run.

    Parameters
    ----------
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`.
    names : dict of str
        Name of each place; with ``US`` the curves are the nation's.
    points : int, default 100
        Steps of births.

    Returns
    -------
    pandas.DataFrame
        Contract `CONCENTRATION_CURVE`; no curve over fewer than ten counties.
    """
    variables = health_variables(counties)
    births = counties["births_per_year"].to_numpy(dtype=np.float64, na_value=np.nan)
    nobody = np.zeros((0, len(counties)), dtype=np.int32)
    states = counties["state"].to_numpy(dtype=str)
    whole = {"US": np.arange(len(counties))}
    places = whole if "US" in names else {str(name): np.flatnonzero(states == name) for name in np.unique(states)}
    frames = []
    for place, here in places.items():
        for name, values in variables.items():
            for ranking in RANKINGS:
                position = -counties[ranking].to_numpy(dtype=np.float64, na_value=np.nan)
                part = _Counties(values=values.to_numpy(), births=births, position=births, drawn=nobody).at(here)
                part = part.ranked(position[here])
                if part.values.size < FEWEST_COUNTIES:
                    continue
                curve = concentration_curve(part.values, part.position, part.births, points=points)
                labels = {"scope": "nation" if place == "US" else "state", "place": place}
                frames.append(curve.assign(**labels, measure=name, ranked_by=ranking))
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=CONCENTRATION_CURVE.names)
    table = table.rename(columns={"cumulative_share_weight": "cumulative_share_births"})[CONCENTRATION_CURVE.names]
    return table.astype(dict.fromkeys(CONCENTRATION_CURVE.names[-2:], "float64"))
