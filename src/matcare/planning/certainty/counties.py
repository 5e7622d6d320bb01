"""Draws → one row a county: probabilities, intervals; and totals of the region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.planning.certainty.classes import CLASSES, UNDETERMINED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.planning.certainty.draws import Draw

__all__ = ["county_certainty", "drive_time_deserts", "totals"]

F64 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int8]

QUANTILES: Final = {"p05": 0.05, "p50": 0.5, "p95": 0.95}
SERVICES: Final = ("birth_care", "neonatal_3_plus")
MAJORITY: Final = 0.5


def drive_time_deserts(within: F64) -> F64:
    """Tell in which draws at least half of a county's women are farther than the limit, NaN where unknown.

    The rule of :func:`matcare.measures.deserts.drive_time_desert`.
    """
    beyond = np.round(1 - within, 9) >= MAJORITY
    return np.where(np.isnan(within), np.nan, beyond.astype(np.float64))


def quantiles(values: F64) -> dict[str, F64]:
    """Quantiles over the first axis as values that were drawn; a draw without a value counts as the highest.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (draws, counties)
        NaN where there is none.

    Returns
    -------
    dict of str to numpy.ndarray
        NaN where the quantile falls on a draw without a value.
    """
    filled = np.where(np.isnan(values), np.inf, values)
    found = {name: np.quantile(filled, q, axis=0, method="inverted_cdf") for name, q in QUANTILES.items()}
    return {name: np.where(np.isfinite(value), value, np.nan) for name, value in found.items()}


def county_certainty(
    draws: Sequence[Draw], counties: pd.DataFrame, limits: tuple[float, ...], *, seed: int
) -> pd.DataFrame:
    """Summarise the draws by county.

    Parameters
    ----------
    draws : sequence of Draw
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`, in the order of the draws.
    limits : tuple of float
        Minutes of the shares.
    seed : int
        As it stands in the table.

    Returns
    -------
    pandas.DataFrame
        Contract `CERTAINTY` for the limits 30 and 60, without what is most important.
    """
    classes = np.stack([draw.classes for draw in draws])
    label = counties["march_of_dimes_class"].astype("str").to_numpy(dtype=object)
    code = np.array([CLASSES.index(name) if name in CLASSES else UNDETERMINED for name in label], dtype=np.int8)
    columns: dict[str, object] = {
        name: counties[name].to_numpy(dtype=object) for name in ("county_fips", "county_name", "state")
    }
    columns |= {"draws": len(draws), "seed": seed, "march_of_dimes_class": label}
    columns["p_same_class"] = (classes == code).mean(axis=0)
    for number, name in enumerate((*CLASSES, "undetermined")):
        columns[f"p_march_of_dimes_{name}"] = (classes == number).mean(axis=0)
    near = np.stack([draw.within["birth_care"] for draw in draws])
    for row, limit in enumerate(limits):
        columns[f"p_drive_time_desert_{limit:g}"] = drive_time_deserts(near[:, row]).mean(axis=0)
    for service in SERVICES:
        minutes = np.stack([draw.minutes[service] for draw in draws])
        within = np.stack([draw.within[service] for draw in draws])
        columns[f"minutes_{service}"] = counties[f"minutes_{service}"].to_numpy(dtype=np.float64)
        columns |= {f"minutes_{service}_{name}": value for name, value in quantiles(minutes).items()}
        columns[f"minutes_{service}_certainty"] = _standing(minutes, within)
        for row, limit in enumerate(limits):
            for name, value in quantiles(within[:, row]).items():
                columns[f"share_women_within_{limit:g}_{service}_{name}"] = value
    texts = [name for name, value in columns.items() if isinstance(value, np.ndarray) and value.dtype == object]
    return pd.DataFrame(columns).astype(dict.fromkeys(texts, "str"))


def _standing(minutes: F64, within: F64) -> npt.NDArray[np.object_]:
    missing = np.isnan(minutes)
    return np.select(
        [np.isnan(within).all(axis=(0, 1)), missing.all(axis=0), missing.any(axis=0)],
        ["no_demand_points", "missing_in_all_draws", "missing_in_some_draws"],
        default="given",
    ).astype(object)


def totals(draws: Sequence[Draw], counties: pd.DataFrame, limits: tuple[float, ...], *, seed: int) -> pd.DataFrame:
    """Count counties and women 15-44 by class, in drive-time deserts, and farther than the limits.

    Parameters
    ----------
    draws, counties, limits, seed
        As in :func:`county_certainty`.

    Returns
    -------
    pandas.DataFrame
        Contract `CERTAINTY_TOTALS`. A county whose women are not known counts as a county.
    """
    women = counties["women_15_44"].fillna(0.0).to_numpy(dtype=np.float64)
    label = counties["march_of_dimes_class"].astype("str").to_numpy(dtype=object)
    classes = np.stack([draw.classes for draw in draws])
    measures: dict[str, tuple[F64, F64]] = {}
    for number, name in enumerate((*CLASSES, "undetermined")):
        run = label == name if name in CLASSES else ~np.isin(label, CLASSES)
        measures[f"march_of_dimes_{name}"] = run.astype(np.float64), (classes == number).astype(np.float64)
    within = {service: np.stack([draw.within[service] for draw in draws]) for service in SERVICES}
    for row, limit in enumerate(limits):
        run = _run_share(counties, "birth_care", limit)
        measures[f"drive_time_desert_{limit:g}"] = (
            drive_time_deserts(run), drive_time_deserts(within["birth_care"][:, row]),
        )  # fmt: skip
    rows = []
    for measure, (run, drawn) in measures.items():
        for unit, weight in (("counties", np.ones(len(women))), ("women", women)):
            rows.append((measure, unit, _weighed(run[None, :], weight), _weighed(drawn, weight)))
    for service in SERVICES:
        for row, limit in enumerate(limits):
            run = 1 - _run_share(counties, service, limit)
            far = f"farther_than_{limit:g}_{service}"
            rows.append((far, "women", _weighed(run[None, :], women), _weighed(1 - within[service][:, row], women)))
    return pd.DataFrame(
        [
            {
                "measure": measure, "unit": unit, "run": float(run[0]), "mean": float(drawn.mean()),
                **{name: float(value[0]) for name, value in quantiles(drawn[:, None]).items()},
                "draws": len(draws), "seed": seed,
            }
            for measure, unit, run, drawn in rows
        ]
    ).astype({"measure": "str", "unit": "str"})  # fmt: skip


def _run_share(counties: pd.DataFrame, service: str, limit: float) -> F64:
    """Share of women within a limit in the run, NaN where the run has no such column.

    Where no level is reported the run withholds the share; in a total such women are not within, as in its own floors.
    """
    name = f"share_women_within_{limit:g}_{service}"
    if name not in counties:
        return np.full(len(counties), np.nan)
    unknown = counties[f"minutes_{service}_reason"] == "level_not_reported"
    return counties[name].mask(unknown, 0.0).to_numpy(dtype=np.float64)


def _weighed(values: F64, weight: F64) -> F64:
    """Sum over counties; a row without any value has none."""
    known = ~np.isnan(values)
    total = np.asarray(np.where(known, values * weight, 0.0).sum(axis=1), dtype=np.float64)
    return np.where(known.any(axis=1), total, np.nan)
