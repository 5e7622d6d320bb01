"""Perinatal Periods of Risk (PPOR): where fetal and infant deaths stand that a reference group did not have.

Deaths are mapped by birthweight and age at death. Below 1500 g all are *maternal health / prematurity*; from 1500 g on,
fetal deaths are *maternal care*, neonatal deaths *newborn care*, postneonatal deaths *infant health*.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.contracts.perinatal_periods import PERINATAL_CELLS, PERINATAL_PERIODS, WEIGHT_CLASSES
from matcare.disclosure import is_small
from matcare.errors import InputError
from matcare.measures.rates import rate_with_interval

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FEWEST_DEATHS", "FEWEST_DEATHS_A_CELL", "perinatal_periods"]

FEWEST_DEATHS: Final = 60
"""A group with fewer fetal and infant deaths is not analysed."""

FEWEST_DEATHS_A_CELL: Final = 10
"""A cell with fewer deaths is not given."""

_PER: Final = 1000.0
_CELLS: Final = tuple(name for name in PERINATAL_CELLS if name != "all")
_AGES: Final = ("fetal_deaths", "neonatal_deaths", "postneonatal_deaths")
_MOST_PARTS: Final = 12
"""Subsets of up to this many parts are tried against the whole; of more, single parts and all together."""


def perinatal_periods(counts: pd.DataFrame) -> pd.DataFrame:
    """Compute the four periods of risk of each group, and their excess over the reference group.

    A cell's rate is its deaths per 1,000 live births and fetal deaths of the group, of all weights, so that the four
    add up to the whole. Excess is the rate less the reference group's; in deaths it is that times live births and fetal
    deaths.

    A group of fewer than 60 deaths is withheld whole, a cell of fewer than 10 is withheld, and with it the sum of the
    four, which would give it back. A group with 1-9 fetal deaths or births in all is withheld whole too, since the
    denominator is printed. Where a group names the one that holds it (``part_of``), a cell of the holder is withheld
    when it, less any of its printed parts, leaves 1-9. Groups that overlap without saying so cannot be seen.

    Parameters
    ----------
    counts : pandas.DataFrame
        Contract `PERINATAL_COUNTS`. The reference of a group is the reference group of the same years, or the only one
        there is.

    Returns
    -------
    pandas.DataFrame
        Contract `PERINATAL_PERIODS`: five rows a group and years, the sum last.

    Raises
    ------
    InputError
        When a group has not exactly one row for each weight class.

    References
    ----------
    Sappenfield WM, Peck MG, Gilbert CS, Haynatzka VR, Bryant T. Perinatal periods of risk: analytic preparation and
    phase 1 analytic methods for investigating feto-infant mortality. Matern Child Health J 14:838-850 (2010).
    CityMatCH, *Methods, definitions and recommendations for PPOR phase 1 analysis* (the limits of 60 and 10 deaths).

    Examples
    --------
    >>> rows = [("A", "500-1499", 40, 50, 12, 400), ("A", "1500+", 30, 24, 30, 19_530)]
    >>> names = ["group", "birthweight", "fetal_deaths", "neonatal_deaths", "postneonatal_deaths", "live_births"]
    >>> table = pd.DataFrame(rows, columns=names).assign(years="2019-2022", part_of="", is_reference=False)
    >>> perinatal_periods(table)[["cell", "deaths", "rate"]].to_dict("list")["rate"]
    [5.1, 1.5, 1.2, 1.5, 9.3]
    """
    groups = [_group(part) for _, part in counts.groupby(["group", "years"], sort=False)]
    for group in groups:
        _withhold_small(group)
    for whole in sorted(groups, key=lambda group: -len(_holders(group, groups))):  # the innermost first
        within = [part for part in groups if any(holder is whole for holder in _holders(part, groups))]
        _withhold_wholes(whole, within)
    rows = [row for group in groups for row in _rows(group, _reference(group, groups))]
    frame = pd.DataFrame(rows).astype({"deaths": "Int64", "live_births_and_fetal_deaths": "Int64"})
    return PERINATAL_PERIODS.validate(frame, where="perinatal_periods")[PERINATAL_PERIODS.names]


def _group(part: pd.DataFrame) -> dict[str, Any]:
    first = part.iloc[0]
    if sorted(part["birthweight"]) != sorted(WEIGHT_CLASSES):
        raise InputError(
            f"{first['group']!r} of {first['years']}: give one row for each of {', '.join(WEIGHT_CLASSES)}"
        )
    light, heavy = (part[part["birthweight"] == name].iloc[0] for name in WEIGHT_CLASSES)
    cells = {
        "maternal_health_prematurity": float(light[list(_AGES)].astype("float64").sum(skipna=False)),
        "maternal_care": float(heavy["fetal_deaths"]),
        "newborn_care": float(heavy["neonatal_deaths"]),
        "infant_health": float(heavy["postneonatal_deaths"]),
    }
    fetal = float(light["fetal_deaths"] + heavy["fetal_deaths"])
    births = float(light["live_births"] + heavy["live_births"])
    return {
        "names": {"group": first["group"], "years": first["years"]},
        "part_of": first["part_of"],
        "is_reference": bool(first["is_reference"]),
        "deaths": cells | {"all": float(np.sum(list(cells.values())))},
        "fetal": fetal,
        "births": births,
        "denominator": births + fetal,
        "status": dict.fromkeys(PERINATAL_CELLS, "computed"),
    }


def _small(value: float) -> bool:
    return bool(is_small(value))


def _withhold_small(group: dict[str, Any]) -> None:
    deaths, status = group["deaths"], group["status"]
    if np.isnan(group["denominator"]):
        status |= dict.fromkeys(status, "not_reported")
        return
    known = sum(value for cell in _CELLS if not np.isnan(value := deaths[cell]))
    if known < FEWEST_DEATHS and not np.isnan(deaths["all"]):
        status |= dict.fromkeys(status, "below_60_deaths")
    elif _small(group["fetal"]) or _small(group["births"]):
        status |= dict.fromkeys(status, "complementary")
    else:
        for cell in _CELLS:
            if np.isnan(deaths[cell]):
                status[cell] = status["all"] = "not_reported"
            elif deaths[cell] < FEWEST_DEATHS_A_CELL:
                status[cell] = "cell_below_10_deaths"
        if "cell_below_10_deaths" in status.values() and status["all"] == "computed":
            status["all"] = "complementary"
        if known < FEWEST_DEATHS:  # some cells are unknown, so that the group cannot be shown to be large enough
            status |= dict.fromkeys(status, "not_reported")


def _holders(group: dict[str, Any], groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the groups of the same years that hold this one, the nearest first."""
    same = {other["names"]["group"]: other for other in groups if other["names"]["years"] == group["names"]["years"]}
    held: list[dict[str, Any]] = []
    holder = same.get(group["part_of"])
    while holder is not None and not any(holder is other for other in (group, *held)):
        held.append(holder)
        holder = same.get(holder["part_of"])
    return held


def _withhold_wholes(whole: dict[str, Any], within: list[dict[str, Any]]) -> None:
    """Withhold what a group that holds others gives back of them, or of the one that is left over."""
    status = whole["status"]
    shown = [part for part in within if "computed" in part["status"].values()]
    for name in ("births", "fetal", "denominator"):
        if any(_small(whole[name] - sum(part[name] for part in some)) for some in _subsets(shown)):
            status |= {cell: "complementary" for cell, word in status.items() if word == "computed"}
    for cell in PERINATAL_CELLS:
        printed = [part["deaths"][cell] for part in within if part["status"][cell] == "computed"]
        given_back = any(_small(whole["deaths"][cell] - sum(some)) for some in _subsets(printed))
        if status[cell] == "computed" and (given_back or _pinned(whole, within, cell)):
            status[cell] = "complementary"
    if status["all"] == "computed" and any(status[cell] == "complementary" for cell in _CELLS):
        status["all"] = "complementary"


def _pinned(whole: dict[str, Any], within: list[dict[str, Any]], cell: str) -> bool:
    """Tell whether the whole less its printed parts pins a withheld part to 1-9, or is itself a withheld one."""
    parts = [part for part in within if part["part_of"] == whole["names"]["group"]]
    words = [part["status"][cell] for part in parts]
    hidden = words.count("cell_below_10_deaths")
    left = whole["deaths"][cell] - sum(part["deaths"][cell] for part in parts if part["status"][cell] == "computed")
    return "complementary" in words or (hidden > 0 and left <= hidden * (FEWEST_DEATHS_A_CELL - 1))


def _subsets(values: list[Any]) -> Iterator[tuple[Any, ...]]:
    sizes = range(1, len(values) + 1) if len(values) <= _MOST_PARTS else (1, len(values))
    for size in sizes:
        yield from combinations(values, size)


def _reference(group: dict[str, Any], groups: list[dict[str, Any]]) -> dict[str, Any] | None:
    references = [other for other in groups if other["is_reference"]]
    same = [other for other in references if other["names"]["years"] == group["names"]["years"]]
    if same:
        return same[0]
    return references[0] if len(references) == 1 else None


def _rates(group: dict[str, Any]) -> pd.DataFrame:
    deaths = [group["deaths"][cell] for cell in PERINATAL_CELLS]
    return rate_with_interval(deaths, [group["denominator"]] * len(deaths), per=_PER).set_axis(list(PERINATAL_CELLS))


def _rows(group: dict[str, Any], reference: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    rates = _rates(group)
    base = None if reference is None else _rates(reference)["rate"]
    excess = {cell: _excess(group, reference, cell, rates, base) for cell in PERINATAL_CELLS}
    whole = excess["all"]["excess_rate"]
    for cell in PERINATAL_CELLS:
        given = group["status"][cell] == "computed"
        rate = rates.loc[cell] if given else dict.fromkeys(("rate", "low", "high"), float("nan"))
        share = excess[cell]["excess_rate"] / whole if whole > 0 else float("nan")  # of a missing whole: missing
        yield {
            **group["names"],
            "cell": cell,
            "deaths": group["deaths"][cell] if given else None,
            "live_births_and_fetal_deaths": group["denominator"] if given else None,
            "rate": rate["rate"],
            "rate_low": rate["low"],
            "rate_high": rate["high"],
            "cell_status": group["status"][cell],
            "reference_group": None if reference is None else reference["names"]["group"],
            **excess[cell],
            "excess_share": share,
        }


def _excess(
    group: dict[str, Any], reference: dict[str, Any] | None, cell: str, rates: pd.DataFrame, base: pd.Series | None
) -> dict[str, Any]:
    nothing = dict.fromkeys(("reference_rate", "excess_rate", "excess_deaths"), float("nan"))
    if group["status"][cell] != "computed":
        return nothing | {"excess_status": "withheld"}
    if reference is None or base is None:
        return nothing | {"excess_status": "no_reference"}
    if reference is group:
        return nothing | {"excess_status": "reference"}
    if reference["status"][cell] != "computed":
        return nothing | {"excess_status": "reference_withheld"}
    rate = float(rates.loc[cell, "rate"] - base[cell])
    return {
        "reference_rate": float(base[cell]),
        "excess_rate": rate,
        "excess_deaths": rate * group["denominator"] / _PER,
        "excess_status": "computed",
    }
