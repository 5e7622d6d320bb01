"""Validate the small-county estimates: thinned counties, state residuals, simulated worlds, empirical Bayes.

    python benchmarks/small_county_validation.py --counties maps/us/counties.csv [--worlds 10]

Prints tables as markdown. The counties are those of a finished national run (minutes, covariates); counts and totals
are the embedded ones, unless `--snapshot FOLDER` names another folder with outcomes.parquet and states.parquet.
No county and no state is named.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.measures.small_counties import small_county_rates
from matcare.measures.small_counties.counties import checked_counties
from matcare.measures.small_counties.empirical_bayes import (
    EXPECTED_DEATHS,
    marshall_variance,
    posterior_interval,
    spatial_mean,
    spatial_variance,
)
from matcare.measures.small_counties.estimates import Taking, taking_part
from matcare.measures.small_counties.residuals import national_rate, period_births, state_residuals
from matcare.measures.small_counties.validation import (
    BIRTHS_A_YEAR,
    PUBLISHED_FROM,
    coverage,
    simulated_world,
    state_calibration,
    thinned_empirical_bayes,
    thinned_predictions,
)
from matcare.tables.snapshot import load_adjacency

if TYPE_CHECKING:
    from matcare.measures.small_counties.model import FittedModel

YEARS: Final = 7.0
MOST_SUPPRESSED: Final = 19.0
PUBLISHED_SIZES: Final = (0, 500, 1000, 3000, 1_000_000)

F64 = npt.NDArray[np.float64]


def read(options: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Counties, states and adjacency as the package takes them."""
    wanted = ["county_fips", "state", "births_per_year", "rucc_2023", "svi", "share_low_birthweight"]
    table = pd.read_csv(options.counties, dtype={"county_fips": str})[[*wanted, "minutes_neonatal_3_plus"]]
    outcomes = pd.read_parquet(options.snapshot / "outcomes.parquet")
    states = pd.read_parquet(options.snapshot / "states.parquet")
    table = table.merge(outcomes, on="county_fips", validate="one_to_one")
    suppressed = table["outcome_status"] == "suppressed"
    table = table.rename(columns={"births_per_year": "births_estimate_per_year"}).assign(
        deaths_at_least=np.where(suppressed, 0.0, np.nan), deaths_at_most=np.where(suppressed, MOST_SUPPRESSED, np.nan)
    )
    return table, states, load_adjacency()


def show(title: str, frame: pd.DataFrame, digits: int = 3) -> None:
    """Print a table as markdown."""
    print(f"\n### {title}\n")
    print("| " + " | ".join(frame.columns) + " |")
    print("|" + "---|" * len(frame.columns))
    for row in frame.itertuples(index=False):
        cells = [f"{value:.{digits}f}" if isinstance(value, float) else str(value) for value in row]
        print("| " + " | ".join(cells) + " |")


def births_check(counties: pd.DataFrame, residuals: pd.DataFrame) -> pd.DataFrame:
    """Compare published births with the Census estimate times years, and give states' factors on the others."""
    published = counties[counties["outcome_status"] == "published"]
    ratio = published["live_births"] / (published["births_estimate_per_year"] * YEARS)
    factor = residuals.loc[residuals["counties"] >= 1, "births_factor"]
    rows = [("published counties: births over estimate", ratio), ("states: factor on unpublished counties", factor)]
    quantiles = (0.0, 0.05, 0.5, 0.95, 1.0)
    return pd.DataFrame(
        [
            {"what": what, "n": len(values), **{f"q{round(100 * q)}": float(values.quantile(q)) for q in quantiles}}
            for what, values in rows
        ]
    )


def variances(counties: pd.DataFrame, births: pd.Series, mean: float) -> pd.DataFrame:
    """Marshall's variance by which counties it is taken from, with how many counties of that size are published."""
    known = (counties["outcome_status"] == "published").to_numpy()
    rows = []
    for least in (0.0, 20.0, 30.0, 40.0, 60.0, 100.0, 200.0):
        large = (births * mean >= least).to_numpy() & counties["outcome_status"].isin(["published", "suppressed"])
        use = large & known
        deaths, own = counties.loc[use, "infant_deaths"].to_numpy(), births[use].to_numpy()
        variance = marshall_variance(deaths, own, mean=mean)
        rows.append(
            {
                "expected deaths at least": f"{least:.0f}",
                "counties": int(large.sum()),
                "of them published": int(use.sum()),
                "coefficient of variation": variance**0.5 / mean,
            }
        )
    return pd.DataFrame(rows)


def simulations(
    taking: Taking, model: FittedModel, adjacency: pd.DataFrame, worlds: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Coverage and bias of modelled and of empirical Bayes rates in worlds drawn from the fitted model."""
    modelled, smoothed = [], []
    for seed in range(worlds):
        counties, states, rate = simulated_world(taking, model, ["HI", "RI"], years=YEARS, seed=seed)
        truth = pd.DataFrame({"county_fips": counties["county_fips"], "truth": 1000 * rate, "births": taking.births})
        for agree_on in ("deaths", "rates"):
            found = small_county_rates(counties, states, adjacency, years=YEARS, agree_on=agree_on, seed=seed)
            modelled.append(found.modelled.merge(truth, on="county_fips").assign(agree_on=agree_on))
        smoothed.append(found.empirical_bayes.merge(truth, on="county_fips"))
    first, second = pd.concat(modelled), pd.concat(smoothed)
    parts = [
        inside(part, "imr_modelled", BIRTHS_A_YEAR).assign(agree_on=name) for name, part in first.groupby("agree_on")
    ]
    smooth = [inside(second, name, PUBLISHED_SIZES) for name in ("imr_eb", "imr_eb_spatial")]
    return pd.concat(parts), pd.concat(smooth)


def inside(frame: pd.DataFrame, name: str, sizes: tuple[int, ...]) -> pd.DataFrame:
    """Share of true rates within the interval, mean error and mean width, by size class."""
    frame = frame[frame[f"{name}_low"].notna()]
    size = pd.cut(frame["births"] / YEARS, list(sizes), right=False)
    rows = []
    for label in [*size.cat.categories, None]:
        part = frame if label is None else frame[size == label]
        if part.empty:
            continue
        covered = (part[f"{name}_low"] <= part["truth"]) & (part["truth"] <= part[f"{name}_high"])
        rows.append(
            {
                "estimate": name,
                "births_a_year": "all" if label is None else f"{int(label.left)}-{int(label.right) - 1}",
                "counties": len(part),
                "covered_95": float(covered.mean()),
                "bias": float((part[name] - part["truth"]).mean()),
                "width": float((part[f"{name}_high"] - part[f"{name}_low"]).mean()),
            }
        )
    return pd.DataFrame(rows)


def gamma_worlds(births: F64, *, mean: float, variance: float, worlds: int) -> pd.DataFrame:
    """Coverage of the global interval where its own assumption holds, with the publication rule applied."""
    ample = births * mean >= EXPECTED_DEATHS
    rows, rng = [], np.random.default_rng(7)
    for label in ("variance known", "variance from counties of 40 expected deaths", "variance from all published"):
        hits = tries = 0
        for _ in range(worlds):
            rate = rng.gamma(mean**2 / variance, variance / mean, len(births))
            drawn = rng.poisson(rate * births).astype(np.float64)
            shown = drawn >= PUBLISHED_FROM
            use = {"variance known": shown & False, "variance from all published": shown}.get(label, ample)
            own = marshall_variance(drawn[use], births[use], mean=mean) if use.any() else variance
            low, high = posterior_interval(drawn[shown], births[shown], mean=mean, variance=own)
            hits += int(((low <= rate[shown]) & (rate[shown] <= high)).sum())
            tries += int(shown.sum())
        rows.append({"what": label, "intervals": tries, "covered_95": hits / tries})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counties", type=Path, default=Path("maps/us/counties.csv"))
    parser.add_argument("--snapshot", type=Path, default=Path("data"))
    parser.add_argument("--worlds", type=int, default=10)
    options = parser.parse_args()
    raw, states, adjacency = read(options)
    counties = checked_counties(raw)
    residuals = state_residuals(counties, states, years=YEARS)
    births, mean = period_births(counties, residuals, years=YEARS), national_rate(states)
    taking = taking_part(counties, births)
    small_county_rates(raw, states, adjacency)
    began = time.perf_counter()
    result = small_county_rates(raw, states, adjacency)
    seconds = time.perf_counter() - began
    model = result.model
    print(f"All estimates of a run: {seconds:.2f} s. Published {model.published}, censored {model.censored} counties.")
    print(
        f"Benchmark factors {result.lowest_factor:.2f} to {result.highest_factor:.2f}; standard deviation between "
        f"states beyond chance {result.between_states:.3f}; counties by benchmark {result.counties_by_benchmark}."
    )
    show("Coefficients", model.table(), digits=4)
    show("Births of the period", births_check(counties, residuals))
    show("Variance between counties, by which are taken", variances(counties, births, mean))
    known = (counties["outcome_status"] == "published").to_numpy()
    deaths, own = counties.loc[known, "infant_deaths"].to_numpy(), births[known].to_numpy()
    around = spatial_mean(counties, births, residuals, adjacency)[known]
    near = (own * mean >= EXPECTED_DEATHS) & around["mean"].notna().to_numpy()
    spread = spatial_variance(deaths[near], own[near], around[near]) ** 0.5 / mean
    print(f"\nCoefficient of variation about the mean of the surroundings: {spread:.3f}.")
    for as_thinned in (False, True):
        runs = [
            thinned_predictions(taking, residuals, mean=mean, births_as_thinned=as_thinned, seed=seed)
            for seed in range(1 if as_thinned else 3)
        ]
        scored = pd.concat(runs, ignore_index=True)
        residual = (residuals["deaths"] / residuals["births"]).where(residuals["stands"])
        others = {
            "nation": np.full(len(scored), mean),
            "state_residual": scored["state"].map(residual).fillna(mean).to_numpy(dtype=np.float64),
        }
        title = "as of the thinned county" if as_thinned else "the county's own"
        show(f"(a) Thinned counties, log births {title}", coverage(scored, years=YEARS, others=others))
    show(
        "(b) States' unpublished deaths, by a fit that has not seen them",
        state_calibration(taking, taking.fit(), residuals),
    )
    modelled, smoothed = simulations(taking, model, adjacency, options.worlds)
    show(f"(c) {options.worlds} simulated worlds: modelled rates", modelled)
    show("(d) the same worlds: empirical Bayes of published counties", smoothed)
    ample = own * mean >= EXPECTED_DEATHS
    variance = marshall_variance(deaths[ample], own[ample], mean=mean)
    worlds = gamma_worlds(taking.births, mean=mean, variance=variance, worlds=2 * options.worlds)
    show("(d) Worlds where rates are gamma about the nation's", worlds)
    thinned = pd.concat([thinned_empirical_bayes(deaths, own, mean=mean, seed=seed) for seed in range(5)])
    thinned = thinned.reset_index(drop=True)
    show(
        "(d) Thinned published counties: global empirical Bayes",
        coverage(thinned, years=YEARS, others={"nation": np.full(len(thinned), mean)}),
    )


if __name__ == "__main__":
    main()
