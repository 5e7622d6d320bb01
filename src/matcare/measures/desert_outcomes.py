"""Infant mortality by desert class and by distance: of the published counties, and of the whole class."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts import DESERT_CLASSES
from matcare.contracts.desert_outcomes import DESERT_OUTCOME_READING, DESERT_OUTCOMES
from matcare.measures.partly_published import Fit, PartlyPublished, fit_rates, unpublished_deaths
from matcare.measures.pooled import FEWEST_COUNTIES, pooled_published
from matcare.measures.rates import infant_mortality

__all__ = ["BANDS", "NO_MINUTES", "class_labels", "desert_outcomes", "partly_published_counties"]

Floats = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

BANDS: Final[dict[str, tuple[float, ...]]] = {
    "minutes_birth_care": (15, 30, 60),
    "minutes_neonatal_3_plus": (30, 60, 90, 120),
}
"""Upper limits of the bands of mean minutes, each closed; the last band is open."""

NO_MINUTES: Final = "no minutes"
"""The band of counties without mean minutes."""

EXPECTED_DEATHS_INFORMATIVE: Final = 10.0
"""A suppressed county with fewer deaths expected would be suppressed at nearly any rate."""

_PUBLISHED: Final = ("published", "published_unreliable")
_CENSORED: Final = ("suppressed", "modelled")
_FLAGS: Final = {True: "desert", False: "not a desert"}
_FEWEST_IN_A_SUM: Final = 3
_FEWEST_DEATHS_IN_A_SUM: Final = 20.0
_NO_CLASS: Final = (
    "mostly roadless Alaska, where many infants are Alaska Native: places without a road, no class of access, and not "
    "to be compared; tribal nations are sovereign over data on their people"
)
_Z: Final = 1.96
_OPEN: Final = 100.0
_FEWEST_DEATHS: Final = 20.0
_MOSTLY: Final = 0.5
_NUMBERS: Final = (
    "imr_class",
    "imr_class_low",
    "imr_class_high",
    "rate_ratio",
    "rate_ratio_low",
    "rate_ratio_high",
)


def desert_outcomes(counties: pd.DataFrame, states: pd.DataFrame, *, most_suppressed_deaths: int = 19) -> pd.DataFrame:
    """Estimate infant mortality by class for the five groupings.

    The pooled rate of the published counties follows the rule of :mod:`matcare.measures.pooled`. Beside it stands
    ``imr_class``, the whole class's deaths over its births: the published deaths as they are, those of the unpublished
    counties estimated. The estimate uses the published counts, suppression (at most `most_suppressed_deaths`) and the
    published total of each state less its published counties, to which the classes add up
    (:mod:`matcare.measures.partly_published`); within a class the counties' true rates are gamma distributed about a
    mean that goes with ln births, all classes of a grouping with the same coefficient of variation and the same slope.
    Modelled rates take no part; a county with status ``modelled`` counts as what it is, suppressed. Apportioned and
    unreported counties are in none of the rates.

    Where less than half of a class's unpublished births lie in states whose remainder is known, the estimate stands on
    the model alone and has no limits (``model_dependent``): in simulation such limits held the truth 87 % of the time,
    those with the remainders 95 %.

    Parameters
    ----------
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`.
    states : pandas.DataFrame
        Contract `STATES_TABLE`. A state's total is used where all its unpublished counties are among `counties`, at
        least three, with 20 deaths or more together.
    most_suppressed_deaths : int, default 19
        The most deaths of a suppressed county.

    Returns
    -------
    pandas.DataFrame
        Contract `DESERT_OUTCOMES`.
    """
    labelled = class_labels(counties)
    data, member = partly_published_counties(counties, states, most_suppressed_deaths=most_suppressed_deaths)
    frames = []
    for grouping in labelled:
        names = [name for name in labelled[grouping].cat.categories if (labelled[grouping] == name).any()]
        rows = [_published(counties[labelled[grouping] == name], grouping, name) for name in names]
        codes = labelled[grouping].cat.set_categories(names).cat.codes.astype("int64").to_numpy()
        births = counties["births_per_year"].fillna(0).to_numpy(dtype=np.float64)
        whole = _whole_classes(data, codes[member], names, _reference(grouping, names))
        frame = pd.DataFrame(rows).assign(**whole)
        rate = whole["imr_class"][np.maximum(codes, 0)] / 1000
        expected = np.zeros(len(counties))
        expected[member] = data.births * np.nan_to_num(rate[member])
        published = counties["imr_status"].isin(_PUBLISHED).to_numpy()
        speaks = published | (expected > EXPECTED_DEATHS_INFORMATIVE)
        total = np.bincount(codes[codes >= 0], weights=births[codes >= 0], minlength=len(names))
        spoken = np.bincount(codes[(codes >= 0) & speaks], weights=births[(codes >= 0) & speaks], minlength=len(names))
        with np.errstate(invalid="ignore"):
            frame["share_births_informative"] = np.where(total > 0, spoken / total, np.nan)
        frames.append(frame)
    table = pd.concat(frames, ignore_index=True)
    rates = infant_mortality(table["infant_deaths"].astype("float64"), table["live_births"].astype("float64"))
    given = table["status_published"].isin(("pooled_published_counties", "selected_published_counties"))
    certain = table["status_published"] == "pooled_published_counties"
    table = table.assign(
        imr_published=rates["rate"].where(given),
        imr_published_low=rates["low"].where(certain),
        imr_published_high=rates["high"].where(certain),
        note=pd.Series(_notes(table), index=table.index, dtype="str"),
        reading=DESERT_OUTCOME_READING,
        outcome_period=counties["outcome_period"].iloc[0],
    )
    compared = table["group"] != NO_MINUTES
    for name in ("rate_ratio", "rate_ratio_low", "rate_ratio_high"):
        table[name] = table[name].where(compared)
    return table[DESERT_OUTCOMES.names]


def _notes(table: pd.DataFrame) -> list[str | None]:
    """Say where a row is no class of access, or stands on few published counties."""
    notes = []
    for group, published in zip(table["group"], table["counties_published"], strict=True):
        words = [_NO_CLASS] if group == NO_MINUTES else []
        if published < FEWEST_COUNTIES:
            counted = f"{published or 'no'} published count{'y' if published == 1 else 'ies'}"
            words.append(f"{counted}: look at which they are before comparing")
        notes.append("; ".join(words) or None)
    return notes


def partly_published_counties(
    counties: pd.DataFrame, states: pd.DataFrame, *, most_suppressed_deaths: int = 19
) -> tuple[PartlyPublished, npt.NDArray[np.int64]]:
    """Put together what is known of the counties' deaths.

    Births of an unpublished county in the years of the deaths are its estimated annual births times what makes them add
    up to the state's unpublished births; where a state's total is withheld, times the ratio in all published counties.

    Parameters
    ----------
    counties, states, most_suppressed_deaths
        As in :func:`desert_outcomes`.

    Returns
    -------
    data : PartlyPublished
        Published, suppressed and unidentified counties with births; apportioned and unreported ones are left out.
    member : numpy.ndarray of int64
        Their row numbers in `counties`.
    """
    status = counties["imr_status"].astype("str").to_numpy()
    published = np.isin(status, _PUBLISHED)
    unpublished = np.isin(status, (*_CENSORED, "not_identified"))
    annual = counties["births_per_year"].to_numpy(dtype=np.float64)
    lives = np.where(published, counties["live_births"].to_numpy(dtype=np.float64), 0.0)
    deaths = np.where(published, counties["infant_deaths"].to_numpy(dtype=np.float64), 0.0)
    usual = lives[published].sum() / np.nansum(annual[published]) if published.any() else np.nan
    births = np.where(published, lives, annual * usual)
    group = np.full(len(counties), -1)
    sums: list[float] = []
    state = counties["state"].astype("str").to_numpy()
    totals = states.set_index("state")
    for name in np.unique(state):
        here = state == name
        left = here & unpublished
        if name not in totals.index or not left.any():
            continue
        total = totals.loc[name]
        left_births, left_deaths = total["live_births"] - lives[here].sum(), total["infant_deaths"] - deaths[here].sum()
        whole = bool((published | unpublished)[here].all()) and bool(np.isfinite(annual[left]).all())
        if not whole or not np.isfinite(left_deaths) or not left_births > 0 or annual[left].sum() <= 0:
            continue
        births[left] = annual[left] * left_births / annual[left].sum()
        with_births = left & (births > 0)
        if with_births.sum() >= _FEWEST_IN_A_SUM and left_deaths >= _FEWEST_DEATHS_IN_A_SUM:
            group[with_births] = len(sums)
            sums.append(float(left_deaths))
    member = np.flatnonzero((published | unpublished) & (births > 0))
    data = PartlyPublished(
        births=births[member],
        deaths=np.where(published, deaths, np.nan)[member],
        censored=np.isin(status, _CENSORED)[member],
        most=most_suppressed_deaths,
        group=group[member],
        sums=np.array(sums, dtype=np.float64),
    )
    return data, member


def class_labels(counties: pd.DataFrame) -> dict[str, pd.Series]:
    """Label every county in each grouping.

    Parameters
    ----------
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`: class, flags, mean minutes.

    Returns
    -------
    dict of str to pandas.Series
        By grouping: categories in the order in which rows are written, on the index of `counties`; missing where a flag
        is.
    """
    classes = counties["march_of_dimes_class"].astype("str")
    labelled = {"march_of_dimes_class": pd.Series(pd.Categorical(classes, categories=list(DESERT_CLASSES)))}
    for name in ("drive_time_desert_30", "drive_time_desert_60"):
        flags = counties[name].map(_FLAGS)
        labelled[name] = pd.Series(pd.Categorical(flags, categories=list(_FLAGS.values())))
    for name, limits in BANDS.items():
        edges = [0.0, *limits]
        words = [f"{low:g}-{high:g}" for low, high in zip(edges[:-1], limits, strict=True)] + [f"over {limits[-1]:g}"]
        minutes = counties[name].to_numpy(dtype=np.float64)
        band = np.searchsorted(np.array(limits), minutes, side="left")  # at most the limit: in the band it closes
        band = np.where(np.isfinite(minutes), band, len(words))
        order = [*words, NO_MINUTES]
        labelled[name] = pd.Series(pd.Categorical([order[at] for at in band], categories=order))
    return {name: labels.set_axis(counties.index) for name, labels in labelled.items()}


def _reference(grouping: str, names: list[str]) -> str:
    """Name the class with the best access: the last of the classes, the first of the bands."""
    return names[0] if grouping in BANDS else names[-1]


def _published(part: pd.DataFrame, grouping: str, name: str) -> dict[str, Any]:
    row = pooled_published(part)
    row["status_published"] = row.pop("status")
    return {"grouping": grouping, "group": name, **row}


def _whole_classes(
    data: PartlyPublished, codes: npt.NDArray[np.integer[Any]], names: list[str], reference: str
) -> dict[str, Any]:
    """Estimate every class's rate and its ratio to the reference; NaN with a status where the data do not say."""
    numbers = {name: np.full(len(names), np.nan) for name in _NUMBERS}
    status = np.full(len(names), "too_few_counties", dtype=object)
    dispersion = np.nan
    used = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(names)) >= FEWEST_COUNTIES)
    inside = np.isin(codes, used)
    if len(used) and int((inside & np.isfinite(data.deaths)).sum()) >= FEWEST_COUNTIES:
        part, classes = data.take(inside), np.searchsorted(used, codes[inside]).astype(np.int64)
        deaths, births, covariance, fit = _class_deaths(part, classes, len(used))
        dispersion = fit.dispersion
        summed = _share_in_sums(part, classes, len(used))
        at = np.flatnonzero(used == names.index(reference))
        found = _births_weighted(deaths, births, covariance, int(at[0]) if len(at) else None)
        reference_summed = float(summed[at[0]]) if len(at) else 0.0
        for j, row in enumerate(used):
            if not (fit.converged and deaths[j] >= _FEWEST_DEATHS and np.isfinite(found[j][:3]).all()):
                status[row] = "not_determined"
                continue
            status[row] = "estimated" if summed[j] >= _MOSTLY else "model_dependent"
            for name, value in zip(_NUMBERS, found[j], strict=True):
                tied = summed[j] if name.startswith("imr") else min(float(summed[j]), reference_summed)
                numbers[name][row] = value if tied >= _MOSTLY or not name.endswith(("_low", "_high")) else np.nan
    return {**numbers, "reference_group": reference, "dispersion": dispersion, "status_class": status.astype(str)}


def _share_in_sums(data: PartlyPublished, classes: I64, size: int) -> Floats:
    """Share of each class's unpublished births that lie where the deaths of unpublished counties together are known."""
    unpublished = ~np.isfinite(data.deaths)
    births = np.bincount(classes[unpublished], weights=data.births[unpublished], minlength=size)
    tied = unpublished & (data.group >= 0)
    within = np.bincount(classes[tied], weights=data.births[tied], minlength=size)
    return np.where(births > 0, within / np.maximum(births, 1e-300), 1.0)


def _class_deaths(data: PartlyPublished, classes: I64, size: int) -> tuple[Floats, Floats, Floats, Fit]:
    """Deaths and births of whole classes: the published ones counted, the others estimated.

    Large counties of a class have other rates than its small ones, so the estimate lets rates go with ln births. The
    covariance is that of the estimated part: of the counts given the parameters, and of the parameters.
    """
    log_births = np.log(data.births)
    sized = np.column_stack([classes[:, None] == np.arange(size), log_births - log_births.mean()]).astype(np.float64)
    fit = fit_rates(data, sized)
    unpublished, covariance = unpublished_deaths(data, sized, fit.parameters, classes, size)
    slopes = np.zeros((size, len(fit.parameters)))
    for p in range(len(fit.parameters)):
        step = np.zeros(len(fit.parameters))
        step[p] = 1e-4
        above = unpublished_deaths(data, sized, fit.parameters + step, classes, size)[0]
        slopes[:, p] = (above - unpublished_deaths(data, sized, fit.parameters - step, classes, size)[0]) / 2e-4
    published = np.bincount(classes, weights=np.nan_to_num(data.deaths), minlength=size)
    births = np.bincount(classes, weights=data.births, minlength=size).astype(np.float64)
    return published + unpublished, births, covariance + slopes @ fit.covariance() @ slopes.T, fit


def _factor(variance: float) -> float:
    """Factor between an estimate and its limits; NaN where the data leave it open by more than a hundred."""
    half = _Z * np.sqrt(variance)
    return float(np.exp(half)) if half < np.log(_OPEN) else np.nan


def _births_weighted(
    deaths: Floats, births: Floats, covariance: Floats, reference: int | None
) -> list[tuple[float, ...]]:
    """Rates and ratios with intervals that are symmetric on the log scale.

    The variance of a ln rate is NCHS's 1/D + 1/B, and that of the estimated deaths over D squared.
    """
    rows: list[tuple[float, ...]] = []
    deaths = np.where(deaths > 0, deaths, np.nan)  # an estimate of none has no rate on the log scale
    relative = covariance / np.outer(deaths, deaths)
    chance = 1 / deaths + 1 / births
    rate = 1000 * deaths / births
    for j in range(len(deaths)):
        half = _factor(chance[j] + relative[j, j])
        ratio = (np.nan, np.nan, np.nan)
        if reference == j:
            ratio = (1.0, np.nan, np.nan)
        elif reference is not None:
            both = chance[j] + chance[reference] + relative[j, j] + relative[reference, reference]
            wide = _factor(both - 2 * relative[j, reference])
            times = rate[j] / rate[reference]
            ratio = (times, times / wide, times * wide)
        rows.append((rate[j], rate[j] / half, rate[j] * half, *ratio))
    return rows
