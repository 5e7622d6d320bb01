"""Change between two rates by the tests of NCHS, and the national story of 2021 to 2023 tested with them.

Counts are tested, never rounded rates: the printed rates of maternal complications (30.4 and 33.0 per 100,000) go with
counts of which some give a significant change and others do not.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.national import NATIONAL_CHANGES
from matcare.disclosure import SMALL, is_small
from matcare.errors import InputError
from matcare.measures.rates import NORMAL_FROM_DEATHS, intervals_overlap, rate_with_interval
from matcare.tables.national_rates import printed_decimals

__all__ = ["SIGNIFICANT_Z", "change_between", "deaths_to_flip", "national_changes"]

SIGNIFICANT_Z: Final = 1.96
"""From this |z| a change is significant, two-sided at 0.05."""

_LEAST: Final = SMALL[1] + 1
"""The least count but zero that may leave the program."""

_FEW: Final = 10
"""A verdict that fewer deaths than this would turn is noted as such."""

_FIRST_WIDTH: Final = 256
"""Deaths up and down that are tried first for the other verdict; the nation's changes need no more."""

_RUN: Final = re.compile(r"(\d{4})(?:-(\d{4}))?")


def change_between(before: pd.DataFrame, after: pd.DataFrame, *, per: npt.ArrayLike = 1000.0) -> pd.DataFrame:
    """Test the change between two periods' rates.

    With 100 deaths or more in both, z = (R₂ − R₁)/√[(R₁·RSE₁/100)² + (R₂·RSE₂/100)²] is significant at |z| ≥ 1.96. With
    fewer in either, the change is significant only when the two gamma intervals have no point in common. NCHS writes
    R₁ − R₂; here z has the sign of the change.

    Parameters
    ----------
    before, after : pandas.DataFrame
        ``deaths, births`` of the same places in the same order. With ``years`` in both
        (:func:`matcare.measures.rates.pool_years`), periods with a year in common are refused: they are not
        independent, and their difference would be a count of its own.
    per : array_like of float, scalar or shape (n,), default 1000
        Births that rates are expressed per: `change` is per so many, nothing else depends on it.

    Returns
    -------
    pandas.DataFrame
        Indexed as `before`: ``change, change_percent`` (missing where the earlier rate is 0), ``z`` (missing in the
        overlap test), ``test`` (`z`, `intervals`), ``significant`` (nullable boolean), ``direction`` (`increase`,
        `decrease`, `none`), ``change_status``: `tested`; `suppressed` where a count of deaths or births is 1-9, and
        then nothing else stands in the row; `no_births`; `not_reported`.

    Raises
    ------
    InputError
        When the two do not have the same rows, a count is impossible, or periods have a year in common.

    References
    ----------
    Ely DM, Driscoll AK. Vital Statistics Rapid Release 33, technical notes (2023). National Vital Statistics Reports
    73(5), technical notes (2024).

    Examples
    --------
    >>> earlier = pd.DataFrame({"deaths": [19_928], "births": [3_664_292]})
    >>> later = pd.DataFrame({"deaths": [20_577], "births": [3_667_758]})
    >>> found = change_between(earlier, later)
    >>> found[["change_percent", "z", "significant"]].round(2).to_dict("records")
    [{'change_percent': 3.16, 'z': 3.12, 'significant': True}]
    """
    if not before.index.equals(after.index):
        raise InputError("the two periods do not have the same rows; give the same places in the same order")
    _refuse_common_years(before, after)
    counts = [_counts(frame) for frame in (before, after)]
    rates = [rate_with_interval(d, b, per=per) for d, b in counts]
    gammas = [rate_with_interval(d, b, per=per, interval="gamma") for d, b in counts]
    status = _status(counts)
    tested = status == "tested"
    many = np.all([d >= NORMAL_FROM_DEATHS for d, _ in counts], axis=0)
    first, second = (rate["rate"].to_numpy(dtype=np.float64) for rate in rates)
    change = second - first
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = [(rate["rate"] * rate["rse"] / 100).to_numpy(dtype=np.float64) for rate in rates]
        z = change / np.hypot(errors[0], errors[1])
        percent = np.where(first > 0, 100 * change / first, np.nan)
    apart = ~intervals_overlap(*gammas)
    significant = pd.Series(np.abs(z) >= SIGNIFICANT_Z, dtype="boolean").where(pd.Series(many), apart)
    direction = np.select([change > 0, change < 0], ["increase", "decrease"], "none")
    return pd.DataFrame(
        {
            "change": np.where(tested, change, np.nan),
            "change_percent": np.where(tested, percent, np.nan),
            "z": np.where(tested & many, z, np.nan),
            "test": pd.Series(np.where(many, "z", "intervals"), dtype="str").where(tested).to_numpy(),
            "significant": significant.where(tested).array,
            "direction": pd.Series(direction, dtype="str").where(tested).to_numpy(),
            "change_status": status,
        },
        index=before.index,
    )


def deaths_to_flip(before: tuple[float, float], after: tuple[float, float]) -> int:
    """Count by how few deaths the later year would have to differ for the other verdict.

    Parameters
    ----------
    before, after : tuple of float
        Deaths and births of the earlier and the later year.

    Returns
    -------
    int
        The fewest deaths, up or down.

    Raises
    ------
    InputError
        When a count is missing, impossible or 1-9.

    Examples
    --------
    >>> deaths_to_flip((1_114, 3_664_292), (1_210, 3_667_758))
    1
    """
    deaths, births = after
    width = _FIRST_WIDTH
    while True:
        steps = np.arange(1, width + 1, dtype=np.float64)
        moved = np.concatenate([[deaths], deaths - steps, deaths + steps])
        inside = (moved >= _LEAST) & (moved <= births)
        if not inside[0]:
            raise InputError("a count is missing, below 10 or above the births; give deaths and births of both years")
        verdicts = _verdicts(before, np.where(inside, moved, deaths), births)
        if verdicts.isna().any():
            raise InputError("a count is missing or below 10; give deaths and births of both years")
        other = (verdicts.to_numpy(dtype=bool)[1:] != bool(verdicts.iloc[0])).reshape(2, width).any(axis=0)
        if other.any():
            return int(steps[other][0])
        if width > births:
            raise InputError("no count of the later year gives the other verdict")
        width *= 16


def national_changes(rates: pd.DataFrame) -> pd.DataFrame:
    """Test every published change of a year's national rate against the final rate of the year before.

    Deaths that are a printed rate times births (``deaths_from``) may be any count that prints the same rate; least and
    greatest change and z over those counts are given beside the middle one, and whether the verdict depends on which
    it is. A group of which one year's counts were not compiled keeps its printed rates, and no change is made from
    them.

    Parameters
    ----------
    rates : pandas.DataFrame
        Contract `NATIONAL_RATES`.

    Returns
    -------
    pandas.DataFrame
        Contract `NATIONAL_CHANGES`: one row for each row of `rates` whose report compares it with the year before, in
        the order of `rates`.
    """
    records = [{str(name): value for name, value in row.items()} for row in rates.to_dict("records")]
    finals = {(row["group"], row["measure"], row["year"]): row for row in records if row["edition"] == "final"}
    rows = [
        _national_row(finals.get((after["group"], after["measure"], after["year"] - 1), _unknown()), after)
        for after in records
        if not pd.isna(after["published_significant"])
    ]
    frame = pd.DataFrame(rows)
    integers = ["deaths_before", "births_before", "deaths_after", "births_after", "deaths_to_flip"]
    booleans = ["significant", "significance_certain", "published_significant", "agrees"]
    frame = frame.astype(dict.fromkeys(integers, "Int64") | dict.fromkeys(booleans, "boolean") | {"test": "str"})
    return NATIONAL_CHANGES.validate(frame, where="national_changes")[NATIONAL_CHANGES.names]


def _counts(frame: pd.DataFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    deaths, births = (frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("deaths", "births"))
    return deaths, births


def _status(counts: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]) -> npt.NDArray[np.object_]:
    values = np.array([value for pair in counts for value in pair])
    births = np.array([b for _, b in counts])
    conditions = [
        is_small(values).any(axis=0),
        np.isnan(values).any(axis=0),
        (births == 0).any(axis=0),
    ]
    return np.select(conditions, ["suppressed", "not_reported", "no_births"], "tested").astype(object)


def _refuse_common_years(before: pd.DataFrame, after: pd.DataFrame) -> None:
    if "years" not in before or "years" not in after:
        return
    for row, words in enumerate(zip(before["years"], after["years"], strict=True), start=1):
        earlier, later = (_years(str(text)) for text in words)
        if earlier & later:
            raise InputError(
                f"row {row}, column 'years': {words[0]!r} and {words[1]!r} have {min(earlier & later)} in common; "
                "compare periods without a common year"
            )


def _years(words: str) -> set[int]:
    found: set[int] = set()
    for first, last in _RUN.findall(words):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def _verdicts(before: tuple[float, float], deaths: npt.NDArray[np.float64], births: float) -> pd.Series:
    earlier = pd.DataFrame([before] * len(deaths), columns=["deaths", "births"])
    return change_between(earlier, pd.DataFrame({"deaths": deaths, "births": births}))["significant"]


def _unknown() -> dict[str, Any]:
    missing = ("deaths", "births", "rate")
    return {"edition": "final", "deaths_from": "not_reported", **dict.fromkeys(missing, float("nan"))}


def _national_row(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "group": after["group"],
        "measure": after["measure"],
        "year_before": after["year"] - 1,
        "year_after": after["year"],
        "per": after["per"],
        "published_change_percent": after["published_change_percent"],
        "published_significant": after["published_significant"],
        "source": after["source"],
    }
    for moment, year in (("before", before), ("after", after)):
        made = rate_with_interval(*_floats(year), per=after["per"]).iloc[0]
        row |= {f"{name}_{moment}": year[name] for name in ("deaths", "births", "deaths_from", "edition")}
        row |= {f"published_rate_{moment}": year["rate"], f"rate_{moment}": made["rate"]}
        row |= {f"rate_{moment}_low": made["low"], f"rate_{moment}_high": made["high"]}
    found = change_between(_one(before), _one(after), per=after["per"]).iloc[0].to_dict()
    row |= {str(name): value for name, value in found.items()}
    row |= dict.fromkeys(("change_percent_low", "change_percent_high", "z_low", "z_high"), float("nan"))
    row |= dict.fromkeys(("significance_certain", "deaths_to_flip", "agrees"), pd.NA)
    if found["change_status"] == "tested":
        row |= _rounding(before, after, row)
        row["deaths_to_flip"] = deaths_to_flip(_floats(before), _floats(after))
        row["agrees"] = _agrees(row)
    return row | {"note": _note(row)}


def _floats(year: dict[str, Any]) -> tuple[float, float]:
    deaths, births = (float("nan") if pd.isna(year[name]) else float(year[name]) for name in ("deaths", "births"))
    return deaths, births


def _one(year: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([_floats(year)], columns=["deaths", "births"])


def _limits(year: dict[str, Any], per: int) -> tuple[float, float]:
    """Return the least and greatest whole count of deaths that prints the year's rate."""
    deaths, births = _floats(year)
    if year["deaths_from"] == "report":
        return deaths, deaths
    half = 0.5 * 10.0 ** -printed_decimals(per)
    least, most = (births * (year["rate"] + side) / per for side in (-half, half))
    return float(np.ceil(least)), float(np.floor(most))


def _rounding(before: dict[str, Any], after: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    first, second = _limits(before, row["per"]), _limits(after, row["per"])
    earlier = pd.DataFrame({"deaths": [first[1], first[0]], "births": float(before["births"])})
    later = pd.DataFrame({"deaths": [second[0], second[1]], "births": float(after["births"])})
    ends = change_between(
        earlier, later, per=row["per"]
    )  # z and percent rise with the later count, fall with the other
    return {
        "change_percent_low": ends["change_percent"].iloc[0],
        "change_percent_high": ends["change_percent"].iloc[1],
        "z_low": ends["z"].iloc[0],
        "z_high": ends["z"].iloc[1],
        "significance_certain": bool((ends["significant"] == row["significant"]).all()),
    }


def _agrees(row: dict[str, Any]) -> bool:
    printed = row["published_change_percent"]
    percent = pd.isna(printed) or row["change_percent_low"] - 0.5 <= printed <= row["change_percent_high"] + 0.5
    return bool(percent and row["significant"] == row["published_significant"])


def _note(row: dict[str, Any]) -> str:
    if row["change_status"] != "tested":
        lacking = " and ".join(
            str(row[f"year_{when}"]) for when in ("before", "after") if pd.isna(row[f"deaths_{when}"])
        )
        return f"No counts of {lacking} were compiled, so no change is tested: rounded rates do not decide one."
    notes = []
    if not row["significance_certain"]:
        notes.append("Counts that print the same rates disagree on significance: the report's own counts decide.")
    if row["deaths_to_flip"] < _FEW:
        words = "One death" if row["deaths_to_flip"] == 1 else f"{row['deaths_to_flip']} deaths"
        way = "fewer" if (row["direction"] == "increase") == row["significant"] else "more"
        notes.append(f"{words} {way} in {row['year_after']} would change the verdict.")
    return " ".join(notes) or "none"
