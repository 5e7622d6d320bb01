"""Truth known: coverage of class estimates, clusters where there are none, what truncation does to coefficients.

Each study keeps the nation's counties, births, covariates and adjacency, draws true rates and deaths, hides every
county below 20 deaths, and asks the measures of the run. Prints the tables of docs/outcomes.md.

    python benchmarks/outcome_simulations.py [--run maps/us] [--trials 60] [--study STUDY]

Studies: classes, clusters, coefficients, change. The last needs no run: it says how often the two NCHS tests of a
change call two periods different.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.measures.association import association
from matcare.measures.change import change_between
from matcare.measures.clusters.local import local_moran, moran
from matcare.measures.clusters.standardised import eb_standardised
from matcare.measures.clusters.weights import contiguity
from matcare.measures.desert_outcomes import class_labels, desert_outcomes
from matcare.tables.snapshot import load_adjacency

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

PUBLISHED_FROM: Final = 20
PER_YEAR: Final = 7.13
"""Registered births of the seven years per Census estimate of one."""
RATE: Final = 0.0056
SPREAD: Final = 0.07
"""Squared coefficient of variation of the counties' true rates."""


def simulated_counties(run: Path) -> tuple[pd.DataFrame, Floats]:
    """Counties of the 49 states with suppression of their own counts, and their births of seven years."""
    counties = pd.read_csv(run / "counties.csv", dtype={"county_fips": "str"})
    counties = counties[~counties["state"].isin(["PR", "CT"])].reset_index(drop=True)
    births = (counties["births_per_year"] * PER_YEAR).fillna(0).round().clip(lower=1).to_numpy()
    return counties.assign(births_per_year=births / PER_YEAR), births


def published(counties: pd.DataFrame, births: Floats, deaths: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Apply the rule of publication."""
    shown = deaths >= PUBLISHED_FROM
    return counties.assign(
        imr_status=np.where(shown, "published", "suppressed"),
        infant_deaths=np.where(shown, deaths, np.nan),
        live_births=np.where(shown, births, np.nan),
    )


def state_totals(counties: pd.DataFrame, births: Floats, deaths: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Add deaths and births up to the states."""
    table = pd.DataFrame({"state": counties["state"], "infant_deaths": deaths, "live_births": births})
    totals = table.groupby("state").sum().astype("float64").reset_index()
    return totals.assign(outcome_status="published")


def classes(run: Path, trials: int) -> None:
    counties, births = simulated_counties(run)
    labels = class_labels(counties)
    for name, by_size, with_totals in (
        ("rates by March of Dimes class", False, True),
        ("rates that fall with size as well", True, True),
        ("rates by March of Dimes class, no state's total published", False, False),
    ):
        rng = np.random.default_rng(7)
        true = np.where(labels["march_of_dimes_class"] == "desert", 0.0072, 0.0055)
        if by_size:
            true = true * np.exp(-0.06 * (np.log(births) - 9))
        rows: list[dict[str, object]] = []
        for _ in range(trials):
            risk = true * rng.gamma(1 / SPREAD, SPREAD, len(counties))
            deaths = rng.poisson(births * risk)
            states = state_totals(counties, births, deaths)
            if not with_totals:
                states[["infant_deaths", "live_births"]] = np.nan
            seen = published(counties, births, deaths)
            rows += _scored(desert_outcomes(seen, states), labels, births, risk, seen)
        table = pd.DataFrame(rows).groupby(["grouping", "group"], sort=False).mean()
        print(f"\n### {name} ({trials} trials)\n")
        print(table.round(3).to_markdown())
        print(
            f"\nmean over rows: coverage {table['covers'].mean():.3f}, of the ratio {table['ratio_covers'].mean():.3f}"
        )


def _scored(
    found: pd.DataFrame, labels: dict[str, pd.Series], births: Floats, risk: Floats, seen: pd.DataFrame
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for row in found[found["imr_class"].notna()].to_dict("records"):
        inside = (labels[row["grouping"]] == row["group"]).to_numpy()
        reference = (labels[row["grouping"]] == row["reference_group"]).to_numpy()
        truth = 1000 * np.average(risk[inside], weights=births[inside])
        ratio = truth / (1000 * np.average(risk[reference], weights=births[reference]))
        pool = seen.loc[inside, "live_births"].sum()
        limits = np.isfinite(row["imr_class_low"])
        rows.append(
            {
                "grouping": row["grouping"],
                "group": row["group"],
                "covers": row["imr_class_low"] <= truth <= row["imr_class_high"] if limits else np.nan,
                "ratio_covers": row["rate_ratio_low"] <= ratio <= row["rate_ratio_high"]
                if np.isfinite(row["rate_ratio_low"])
                else np.nan,
                "bias": row["imr_class"] - truth,
                "bias_of_published": 1000 * seen.loc[inside, "infant_deaths"].sum() / pool - truth if pool else np.nan,
            }
        )
    return rows


def clusters(run: Path, trials: int) -> None:
    counties, births = simulated_counties(run)
    adjacency = load_adjacency()
    rows = []
    for spread in (0.0, 0.05):
        for trial in range(trials):
            rng = np.random.default_rng([trial, int(100 * spread)])
            risk = RATE * (rng.gamma(1 / spread, spread, len(births)) if spread else np.ones(len(births)))
            deaths = rng.poisson(births * risk)
            shown = deaths >= PUBLISHED_FROM
            neighbours = contiguity(adjacency, counties.loc[shown, "county_fips"])
            z = eb_standardised(pd.Series(deaths[shown]), pd.Series(births[shown]), reference_rate=RATE)
            whole = moran(z, neighbours, permutations=499, seed=trial)
            local = local_moran(z, neighbours, permutations=9_999, seed=trial)
            rows.append(
                {
                    "variance of true rates / mean²": spread,
                    "Moran's I": whole.i,
                    "share significant": whole.p < 0.05,
                    "share with any local cluster": local["label"].isin(["high_high", "low_low"]).any(),
                }
            )
    print(f"\n### Clusters under spatial randomness ({trials} trials)\n")
    print(pd.DataFrame(rows).groupby("variance of true rates / mean²").mean().round(3).to_markdown())


def coefficients(run: Path, trials: int) -> None:
    counties, births = simulated_counties(run)
    adjacency = load_adjacency()
    truth = {"minutes_birth_care": 0.0, "minutes_neonatal_3_plus": 0.0, "svi": 0.05, "rucc_2023": 0.0}
    mean = RATE * np.exp(truth["svi"] * 10 * (counties["svi"].fillna(0.5).to_numpy() - 0.5))
    rng, rows = np.random.default_rng(3), []
    for _ in range(trials):
        deaths = rng.poisson(births * mean * rng.gamma(1 / SPREAD, SPREAD, len(counties)))
        states = state_totals(counties, births, deaths)
        table = association(published(counties, births, deaths), states, adjacency, permutations=1)
        for model in ("published_least_squares", "all_counties"):
            for term, true in truth.items():
                row = table[(table["model"] == model) & (table["term"] == term)].iloc[0]
                rows.append((model, term, true, row["coefficient"], row["low"] <= true <= row["high"]))
    frame = pd.DataFrame(rows, columns=["model", "term", "true", "estimated", "covers"])
    print(f"\n### Coefficients under the rule of publication ({trials} trials)\n")
    print(frame.groupby(["model", "term", "true"]).mean().round(3).to_markdown())


def change(_run: Path, trials: int) -> None:
    rng, pairs, rows = np.random.default_rng(2022), 1000 * trials, []
    for expected in (20, 50, 99, 200, 1000):
        row: dict[str, object] = {"expected deaths before": expected}
        for rise in (1.0, 1.2, 1.5):
            births = np.full(pairs, 180 * expected)
            before = pd.DataFrame({"deaths": rng.poisson(expected, pairs), "births": births})
            after = pd.DataFrame({"deaths": rng.poisson(expected * rise, pairs), "births": births})
            found = change_between(before, after)["significant"].fillna(value=False)
            row[f"true rise of {100 * rise - 100:.0f} %"] = f"{100 * found.mean():.1f} %"
        rows.append(row)
    print(f"\n### Pairs of periods that the NCHS tests call different ({pairs:,} pairs)\n")
    print(pd.DataFrame(rows).to_markdown(index=False))


STUDIES: Final = {"classes": classes, "clusters": clusters, "coefficients": coefficients, "change": change}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("maps/us"), help="folder of a national run")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--study", choices=list(STUDIES), action="append")
    asked = parser.parse_args()
    for name in asked.study or STUDIES:
        STUDIES[name](asked.run, asked.trials)


if __name__ == "__main__":
    main()
