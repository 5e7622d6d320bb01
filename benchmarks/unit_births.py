"""Fit and validate the gravity model of births by unit, on the whole nation.

    python benchmarks/unit_births.py [--every 4] [--folds 5]

Yardstick: nursery discharges of the cost reports (FY2023, ten and more). Most hospitals report a part of their newborns
only (the ratio of discharges to births has one narrow mode just below 1, about a fifth of the hospitals, and a long
tail of less), so the likelihood is a mixture of two normals of ln(discharges / estimate): complete reports and partial
ones. Scale is not fitted: the births are the counties'. Masked hospitals (1-9) are left out: 1-9 discharges are mostly
partial reports too. Prints tables as markdown; the parameters fitted on all go to
matcare.measures.unit_births.GRAVITY.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import coo_array
from scipy.stats import norm, spearmanr

from matcare.measures.unit_births import GRAVITY, Gravity, allocate_births, attraction
from matcare.pipeline.study_area import open_study_area
from matcare.scenario import Scenario
from matcare.tables.snapshot import load_snapshot
from matcare.travel.ways import MS_PER_MINUTE

if TYPE_CHECKING:
    import pandas as pd

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

COMPLETE_FROM: Final = -0.5
"""A state reports completely where the median ln(discharges / estimate) of its other hospitals is above this."""
SIZES: Final = (10, 100, 300, 1000, 3000, 1e9)
RIDGE: Final = 0.003
NEVER_SMALL: Final = 1e-9
ALIKE: Final = Gravity(decay_minutes=1e6, decay_power=1, beds_power=0)


@dataclass
class Mixture:
    """Two normals of ln(discharges / estimate): complete reports, and partial ones."""

    share: float = 0.4
    complete: tuple[float, float] = (-0.15, 0.35)
    partial: tuple[float, float] = (-2.0, 1.3)

    def fitted(self, r: F64, steps: int = 30) -> tuple[float, F64]:
        """Fit by EM from where it stands; return the mean negative log-likelihood and its derivative by −r."""
        for _ in range(steps):
            mine, other = self._densities(r)
            weight = mine / (mine + other)
            self.share = float(weight.mean())
            self.complete = _moments(r, weight, 0.2)
            self.partial = _moments(r, 1 - weight, 0.2)
        mine, other = self._densities(r)
        weight = mine / (mine + other)
        slope = weight * (r - self.complete[0]) / self.complete[1] ** 2
        slope += (1 - weight) * (r - self.partial[0]) / self.partial[1] ** 2
        return float(-np.log(mine + other).mean()), slope

    def _densities(self, r: F64) -> tuple[F64, F64]:
        return self.share * norm.pdf(r, *self.complete), (1 - self.share) * norm.pdf(r, *self.partial)


def _moments(r: F64, weight: F64, least: float) -> tuple[float, float]:
    mean = float(np.average(r, weights=weight))
    return mean, max(least, float(np.sqrt(np.average((r - mean) ** 2, weights=weight))))


class Nation:
    """Pairs in reach, by demand point, and what the units report."""

    def __init__(self, every: int) -> None:
        self.area = open_study_area(Scenario(), load_snapshot())
        rows = self.area.rows("birth_care")
        self.units = self.area.facilities.iloc[rows].reset_index(drop=True)
        pairs = self.area.pairs("birth_care", GRAVITY.reach_minutes)
        number = np.full(len(self.area.facilities), -1)
        number[rows] = np.arange(len(rows))
        births = np.nan_to_num(self.area.demand["births_per_year"].to_numpy(dtype=np.float64, na_value=np.nan))
        table = coo_array((pairs.ms, (pairs.origin, number[pairs.destination])), shape=(len(births), len(rows))).tocsr()
        self.births_of_all = births
        some = table[np.arange(0, len(births), every)]
        has = np.diff(some.indptr) > 0  # reduceat cannot do with empty rows
        some = some[has]
        self.first, self.unit = some.indptr[:-1].astype(np.int64), some.indices.astype(np.int64)
        self.size = np.diff(some.indptr)
        self.minutes = some.data / MS_PER_MINUTE
        self.births = births[::every][has] * births.sum() / births[::every].sum()
        self.reported = self.units["nursery_discharges"].to_numpy(dtype=np.float64, na_value=np.nan)
        self.state = self.units["state"].to_numpy(dtype=object)

    def allocated(self, gravity: Gravity) -> F64:
        """Births of each unit, by the package itself on all demand points."""
        return allocate_births(self.area, gravity=gravity).births[self.area.rows("birth_care")]

    def fit(self, use: Bools) -> tuple[Gravity, Mixture, float]:
        """Fit decay and the power of beds on some hospitals."""
        log_beds = np.log(attraction(self.units, Gravity(decay_minutes=1, decay_power=1, beds_power=1)))
        mixture = Mixture()

        def objective(v: F64) -> tuple[float, F64]:
            pace, power, alpha = np.exp(v[0]), np.exp(v[1]), v[2]
            u = (self.minutes * pace) ** power
            share = np.exp(alpha * log_beds[self.unit] - u)
            share /= np.repeat(np.add.reduceat(share, self.first), self.size)
            births = np.repeat(self.births, self.size)
            each = share * births
            total = np.bincount(self.unit, weights=each, minlength=len(self.units)) + NEVER_SMALL
            loss, slope = mixture.fitted(np.log(self.reported[use] / total[use]))
            g = np.zeros(len(total))
            g[use] = -slope / total[use] / use.sum()
            mean = np.repeat(np.add.reduceat(share * g[self.unit], self.first), self.size)
            by_log = each * (g[self.unit] - mean)  # derivative by the logarithm of each pair's weight
            log_time = np.log(np.maximum(self.minutes * pace, NEVER_SMALL))
            gradient = np.array(
                [-(by_log @ (u * power)), -(by_log @ (u * power * log_time)), by_log @ log_beds[self.unit]]
            )
            return loss + RIDGE * alpha**2, gradient + np.array([0, 0, 2 * RIDGE * alpha])

        start = np.array([np.log(0.25), np.log(0.7), 0.5])
        best = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 40, "ftol": 1e-7})
        pace, power, alpha = float(np.exp(best.x[0])), float(np.exp(best.x[1])), float(best.x[2])
        return Gravity(decay_minutes=1 / pace, decay_power=power, beds_power=alpha), mixture, float(best.fun)


def measured(estimate: F64, reported: F64) -> str:
    """One row: hospitals, median ln ratio, median absolute, within a factor of two, rank correlation."""
    r = np.log(reported / estimate)
    rank = spearmanr(estimate, reported)[0] if len(r) > 2 else np.nan
    within = np.mean(np.abs(r) <= np.log(2))
    return f"{len(r)} | {np.median(r):+.2f} | {np.median(np.abs(r)):.2f} | {within:.2f} | {rank:.2f}"


def complete_by_others(r: F64, state: npt.NDArray[np.object_], labelled: Bools) -> Bools:
    """Tell whose state reports completely, judged by its other hospitals alone (at least three)."""
    result = np.zeros(len(r), dtype=bool)
    for k in np.flatnonzero(labelled):
        others = labelled & (state == state[k])
        others[k] = False
        result[k] = others.sum() >= 3 and np.median(r[others]) > COMPLETE_FROM
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=4, help="fit on every n-th demand point only")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    nation = Nation(options.every)
    labelled = np.isfinite(nation.reported)
    begin = time.perf_counter()
    gravity, mixture, loss = nation.fit(labelled)
    print(f"Fitted on {labelled.sum()} hospitals in {time.perf_counter() - begin:.0f} s: {gravity}; loss {loss:.4f}")
    (mean, sd), (partial_mean, partial_sd) = mixture.complete, mixture.partial
    print(
        f"ln(discharges / estimate): {100 * mixture.share:.0f} % of hospitals report completely, {mean:+.2f} ± {sd:.2f}"
    )
    print(f"the others a part, {partial_mean:+.2f} ± {partial_sd:.2f}\n")
    states = np.random.default_rng(options.seed).permutation(np.unique(nation.state.astype(str)))
    fold_of = dict(zip(states, np.arange(len(states)) % options.folds, strict=True))
    fold = np.array([fold_of[state] for state in nation.state])
    left_out = np.zeros(len(fold))
    for number in range(options.folds):
        fitted, _, _ = nation.fit(labelled & (fold != number))
        left_out[fold == number] = nation.allocated(fitted)[fold == number]
    nearest = nation.area.nearest("birth_care").destination
    by_nearest = np.bincount(
        nearest[nearest >= 0], weights=nation.births_of_all[nearest >= 0], minlength=len(nation.area.facilities)
    )[nation.area.rows("birth_care")]
    r = np.log(np.where(labelled, nation.reported, 1.0) / left_out)
    complete = complete_by_others(r, nation.state, labelled)
    print("| left-out hospitals | n | median ln(discharges / estimate) | median absolute | within ×2 | Spearman |")
    print("|---|---|---|---|---|---|")
    rows: list[tuple[str, F64, Bools]] = [
        ("all", left_out, labelled),
        ("all, births to the nearest unit", np.maximum(by_nearest, 1.0), labelled),
        ("all, alike to every unit in reach", nation.allocated(ALIKE), labelled),
        ("states that report completely", left_out, complete),
        ("the same, births to the nearest unit", np.maximum(by_nearest, 1.0), complete),
    ]  # fmt: skip
    for name, estimate, chosen in rows:
        print(f"| {name} | {measured(estimate[chosen], nation.reported[chosen])} |")
    for low, high in pairwise(SIZES):
        chosen = complete & (left_out >= low) & (left_out < high)
        if chosen.sum() > 2:
            name = f"complete states, estimate {low:g} to {high:g}"
            print(f"| {name} | {measured(left_out[chosen], nation.reported[chosen])} |")
    print(f"\nStates taken for complete: {', '.join(sorted(set(nation.state[complete])))}")
    show(nation.units, nation.allocated(GRAVITY))


def show(units: pd.DataFrame, estimate: F64) -> None:
    """Print the distribution of the estimates with the parameters in the package."""
    masked = (units["nursery_discharges_status"] == "suppressed").to_numpy()
    points = np.quantile(estimate, [0.05, 0.25, 0.5, 0.75, 0.95])
    spread = ", ".join(f"{value:,.0f}" for value in points)
    print(f"Estimates by GRAVITY: sum {estimate.sum():,.0f}; 5, 25, 50, 75, 95 %: {spread}")
    print(f"Masked hospitals (1-9 discharges): {masked.sum()}, median estimate {np.median(estimate[masked]):,.0f}")


if __name__ == "__main__":
    main()
