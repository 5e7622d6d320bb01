"""Definitions of poor access side by side: who is a desert under which, and who stands where they disagree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.definitions import DEFINITION_AGREEMENT, DEFINITION_CELLS, DEFINITIONS
from matcare.errors import InputError
from matcare.geo import STATES
from matcare.measures.deserts import drive_time_desert, march_of_dimes
from matcare.scenario import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "MARCH_OF_DIMES_EDITIONS",
    "Definitions",
    "compare_definitions",
    "definition_agreement",
    "definition_cells",
    "definition_columns",
]

MARCH_OF_DIMES_EDITIONS: Final = (
    Rule(name="March of Dimes 2020"),
    Rule(name="March of Dimes 2022"),
    Rule(name="March of Dimes 2024"),
)
"""Editions with their thresholds, oldest first.

PeriStats gave the rule with the report of 2020 (one unit or none, fewer than 60 clinicians per 10,000 births, 10 % of
women uninsured); the reports of 2022 and 2024 kept it. Editions of the same thresholds are compared as one.
"""

MOST_MCTA: Final = 25
"""Scores of HRSA's Maternity Care Target Areas end here."""

LOWEST, TARGET = "catchment_lowest_tenth", "maternity_care_target_area"
_NOTHING: Final = 1e-12
_DESERT: Final = "march_of_dimes_desert"
_THRESHOLDS: Final = ("full_access_units", "full_access_clinicians", "uninsured_high")


@dataclass(frozen=True, eq=False, kw_only=True)
class Definitions:
    """The definitions compared, county by county.

    Attributes
    ----------
    met : pandas.DataFrame of boolean
        Indexed by ``county_fips``, one nullable column a definition; missing is unknown.
    value : pandas.DataFrame of float
        What was held against the threshold; same shape, NaN where it is no number.
    reason : pandas.DataFrame of str
        Same shape: :data:`matcare.contracts.definitions.DEFINITION_REASONS`.
    words : dict of str
        Each definition with its threshold, in words.
    kind : dict of str
        One of :data:`matcare.contracts.definitions.DEFINITION_KINDS`.
    counties : pandas.DataFrame
        Indexed likewise: ``county_name, state, women_15_44, births_per_year``.
    """

    met: pd.DataFrame
    value: pd.DataFrame
    reason: pd.DataFrame
    words: dict[str, str]
    kind: dict[str, str]
    counties: pd.DataFrame

    def long(self) -> pd.DataFrame:
        """Return one row a county and definition: the contract ``DEFINITIONS``."""
        names = list(self.met.columns)
        wide = self.counties.reset_index()
        result = wide.loc[wide.index.repeat(len(names))].reset_index(drop=True)
        result["definition"] = np.tile(np.array(names, dtype=object), len(wide))
        result["words"], result["kind"] = result["definition"].map(self.words), result["definition"].map(self.kind)
        result["met"] = pd.array([met for row in self.met.itertuples(index=False) for met in row], dtype="boolean")
        result["value"] = self.value.to_numpy(dtype=np.float64).ravel()
        result["reason"] = self.reason.to_numpy(dtype=object).ravel()
        return result.astype(dict.fromkeys(("definition", "words", "kind", "reason"), "str"))[DEFINITIONS.names]


def compare_definitions(
    counties: pd.DataFrame,
    *,
    editions: Sequence[Rule] = MARCH_OF_DIMES_EDITIONS,
    own: Rule | None = None,
    catchment_lowest_tenth: pd.Series | None = None,
    mcta_score: pd.DataFrame | None = None,
    mcta_threshold: float | None = None,
    majority: float = 0.5,
) -> Definitions:
    """Hold every county against every definition.

    A desert by the March of Dimes rule has no unit and no clinician, whatever the thresholds: it is one definition for
    all editions. Thresholds decide who is no better than *low* access (``limited_access_…``: desert or low), one
    definition for each different set of them.

    Parameters
    ----------
    counties : pandas.DataFrame
        Contract ``COUNTY_RESULTS``: units, clinicians, births, uninsured women and
        ``share_women_within_30_birth_care``, ``…_60_…``.
    editions : sequence of Rule
        Of the March of Dimes; those of the same thresholds are compared as one.
    own : Rule, optional
        The user's thresholds.
    catchment_lowest_tenth : pandas.Series of boolean, optional
        By county code: a floating-catchment score in the lowest tenth of births. A rank, never a desert.
    mcta_score : pandas.DataFrame, optional
        ``county_fips, mcta_score, mcta_status`` as HRSA publishes it
        (:func:`matcare.tables.user_designations.read_hpsa`); never computed here.
    mcta_threshold : float, optional
        The score from which a county is a target area, 0-25; needed with `mcta_score`. HRSA sets none.
    majority : float, default 0.5
        A drive-time desert has at least this share of its women beyond the limit.

    Returns
    -------
    Definitions

    Raises
    ------
    InputError
        When scores have no threshold, or it is not 0-25, or a rule's name stands twice with other thresholds.

    References
    ----------
    March of Dimes PeriStats, maternity care deserts; *Nowhere to Go* (2020, 2022, 2024). HRSA, *Criteria for
    determining maternity care health professional target areas* (Federal Register, 2022).
    """
    frame = counties.reset_index(drop=True)
    index = pd.Index(frame["county_fips"], name="county_fips")
    found = _Found(index)
    rules = _distinct(editions, own)
    for place, (key, words, rule) in enumerate(rules):
        classed = march_of_dimes(frame, rule=rule)["class"]
        if place == 0:
            desert = classed.map(lambda label: _decided(label, {"desert"}))
            found.add(
                _DESERT,
                "no obstetric hospital, birth center or obstetric clinician (March of Dimes, all editions)",
                "desert",
                desert,
            )
        limited = classed.map(lambda label: _decided(label, {"desert", "low"}))
        found.add(key, words, "limited_access", limited)
    for limit in (30, 60):
        share = frame[f"share_women_within_{limit}_birth_care"]
        words = f"at least {100 * majority:g} % of women 15-44 farther than {limit} minutes from birth care"
        found.add(
            f"drive_time_desert_{limit}",
            words,
            "desert",
            drive_time_desert(share, majority=majority),
            share,
            "no_demand_points",
        )
    if catchment_lowest_tenth is not None:
        lowest = catchment_lowest_tenth.astype("boolean").reindex(index)
        found.add(
            LOWEST,
            "floating-catchment score in the lowest tenth of births (a rank, never a desert)",
            "lowest_tenth",
            lowest,
        )
    if mcta_score is not None:
        _add_target_areas(found, mcta_score, mcta_threshold)
    about = frame.set_index("county_fips")[["county_name", "state", "women_15_44", "births_per_year"]]
    return Definitions(
        met=pd.DataFrame(found.met, index=index),
        value=pd.DataFrame(found.value, index=index),
        reason=pd.DataFrame(found.reason, index=index),
        words=found.words,
        kind=found.kind,
        counties=pd.DataFrame(about),
    )


class _Found:
    """Collects the definitions in the order in which they are added."""

    def __init__(self, index: pd.Index) -> None:
        self.index = index
        self.met: dict[str, pd.Series] = {}
        self.value: dict[str, pd.Series] = {}
        self.reason: dict[str, pd.Series] = {}
        self.words: dict[str, str] = {}
        self.kind: dict[str, str] = {}

    def add(
        self,
        name: str,
        words: str,
        kind: str,
        met: pd.Series,
        value: pd.Series | None = None,
        missing: str = "inputs_missing",
    ) -> None:
        self.words[name], self.kind[name] = words, kind
        self.met[name] = pd.Series(pd.array(list(met), dtype="boolean"), index=self.index)
        known = np.full(len(self.index), np.nan) if value is None else value.to_numpy(dtype=np.float64, na_value=np.nan)
        self.value[name] = pd.Series(known, index=self.index)
        self.reason[name] = pd.Series(
            np.where(self.met[name].isna(), missing, "decided"), index=self.index, dtype="str"
        )


def _distinct(editions: Sequence[Rule], own: Rule | None) -> list[tuple[str, str, Rule]]:
    """Return identifier, words and rule of each different set of thresholds, the user's own last."""
    sets: dict[tuple[float, ...], list[Rule]] = {}
    for rule in editions:
        sets.setdefault(tuple(float(getattr(rule, name)) for name in _THRESHOLDS), []).append(rule)
    if not sets:
        raise InputError("no edition of the March of Dimes rule: give at least one")
    rules = []
    for place, alike in enumerate(sets.values()):
        years = ", ".join(rule.name.removeprefix("March of Dimes ") for rule in alike)
        key = "march_of_dimes_limited_access" + (f"_{place + 1}" if place else "")
        rules.append(
            (key, f"desert or low access by the March of Dimes rule ({years}): {_in_words(alike[0])}", alike[0])
        )
    if own is not None:
        rules.append(
            ("own_limited_access", f"desert or low access by the user's rule {own.name!r}: {_in_words(own)}", own)
        )
    return rules


def _in_words(rule: Rule) -> str:
    return (
        f"a desert, or fewer than {rule.full_access_units} units, fewer than {rule.full_access_clinicians:g} "
        f"clinicians per 10,000 births and {100 * rule.uninsured_high:g} % of women uninsured or more"
    )


def _decided(label: str, wanted: set[str]) -> bool | None:
    """Tell whether all classes that a label leaves possible are among some, none is, or it is open."""
    possible = set(label.split("_or_"))
    if possible <= wanted:
        return True
    return None if possible & wanted else False


def _add_target_areas(found: _Found, scores: pd.DataFrame, threshold: float | None) -> None:
    if threshold is None:
        raise InputError(
            f"HRSA sets no threshold of MCTA scores: give the score from which a county counts, 0-{MOST_MCTA}"
        )
    if not 0 <= threshold <= MOST_MCTA:
        raise InputError(f"the MCTA threshold is {threshold:g}: give a score from 0 to {MOST_MCTA}")
    by_county = scores.set_index("county_fips").reindex(found.index)
    score = by_county["mcta_score"].astype("float64")
    status = by_county["mcta_status"].astype("str").where(by_county["mcta_status"].notna(), "not_reported")
    # A county of a state that the list covers and that has no designation is no target area; it has no score either.
    met = (score >= threshold).astype("boolean").mask(score.isna()).mask(score.isna() & (status == "none"), other=False)
    words = (
        f"HRSA Maternity Care Target Area score of {threshold:g} or more (highest of the county's primary care HPSAs)"
    )
    found.add(TARGET, words, "target_area", met, score)
    reason = np.select([met.notna(), status == "not_reported"], ["decided", "not_supplied"], "no_score")
    found.reason[TARGET] = pd.Series(reason, index=found.index, dtype="str")


def definition_columns(definitions: Definitions) -> pd.DataFrame:
    """Count the definitions that each county meets.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``county_fips``: the columns :data:`matcare.contracts.definitions.DEFINITION_COLUMNS`.
    """
    met, unknown = definitions.met.fillna(value=False).astype(bool), definitions.met.isna()
    deserts = [name for name, kind in definitions.kind.items() if kind == "desert"]
    named, doubtful = _joined(met), _joined(unknown)
    text = pd.Series(
        np.where(doubtful == "none", named, named + " (unknown: " + doubtful + ")"), index=met.index, dtype="str"
    )
    return pd.DataFrame(
        {
            "desert_definitions_met": met[deserts].sum(axis=1).astype("int64"),
            "desert_definitions_unknown": unknown[deserts].sum(axis=1).astype("int64"),
            "access_definitions_met": met.sum(axis=1).astype("int64"),
            "access_definitions_unknown": unknown.sum(axis=1).astype("int64"),
            "access_definitions_compared": met.shape[1],
            "access_definitions": text,
        }
    )


def _joined(flags: pd.DataFrame) -> pd.Series:
    """Names of the columns that hold, parted by semicolons, row by row; `none` where none does."""
    names = list(flags.columns)
    code = flags.to_numpy(dtype=bool) @ (1 << np.arange(len(names), dtype=np.int64))
    words = {int(c): "; ".join(name for k, name in enumerate(names) if c >> k & 1) or "none" for c in np.unique(code)}
    return pd.Series([words[int(c)] for c in code], index=flags.index, dtype="str")


def _places(states: pd.Series) -> list[tuple[str, str, npt.NDArray[np.bool_]]]:
    everything = "US" if set(STATES) - {"PR"} <= set(states) else "area"
    places = [("area", everything, np.ones(len(states), dtype=bool))]
    return places + [("state", str(state), (states == state).to_numpy()) for state in sorted(states.unique())]


def definition_cells(definitions: Definitions) -> pd.DataFrame:
    """Count counties, women and births in each cell of the definitions' disagreement.

    Returns
    -------
    pandas.DataFrame
        Contract ``DEFINITION_CELLS``: the whole table and each state, cells with most women first.
    """
    met, about = definitions.met, definitions.counties
    flags = met.fillna(value=False).astype(bool)
    frame = pd.DataFrame(
        {
            "state": about["state"],
            "met": _joined(flags),
            "not_met": _joined(~flags & met.notna()),
            "unknown": _joined(met.isna()),
            "women_15_44": about["women_15_44"].astype("float64").fillna(0.0),
            "births_per_year": about["births_per_year"].astype("float64").fillna(0.0),
            "counties_without_births": about["births_per_year"].isna().astype("int64"),
            "counties": 1,
        }
    )
    blocks = []
    for scope, place, here in _places(frame["state"]):
        cells = frame[here].drop(columns="state").groupby(["met", "not_met", "unknown"], as_index=False).sum()
        whole = cells["women_15_44"].sum()
        cells["share_women"] = cells["women_15_44"] / whole if whole > 0 else np.nan
        cells = cells.sort_values(["women_15_44", "met", "not_met", "unknown"], ascending=[False, True, True, True])
        blocks.append(cells.assign(scope=scope, place=place))
    return pd.concat(blocks, ignore_index=True)[DEFINITION_CELLS.names]


def definition_agreement(definitions: Definitions) -> pd.DataFrame:
    """Say how far each two definitions agree.

    κ = (pₒ − pₑ)/(1 − pₑ) with pₒ the share of counties where both say the same and pₑ = p₁p₂ + (1−p₁)(1−p₂) what two
    definitions that know nothing of each other would reach; shares of counties, then of women.

    Returns
    -------
    pandas.DataFrame
        Contract ``DEFINITION_AGREEMENT``.

    References
    ----------
    Cohen, J. (1960). A coefficient of agreement for nominal scales. *Educational and Psychological Measurement* 20.
    """
    rows = []
    women = definitions.counties["women_15_44"].to_numpy(dtype=np.float64, na_value=0.0)
    values = {name: definitions.met[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in definitions.met}
    for scope, place, here in _places(definitions.counties["state"]):
        for first, second in combinations(definitions.met.columns, 2):
            a, b = values[first], values[second]
            both_known = here & np.isfinite(a) & np.isfinite(b)
            cells = [both_known & (a == x) & (b == y) for x, y in ((1, 1), (1, 0), (0, 1), (0, 0))]
            counts = np.array([int(cell.sum()) for cell in cells])
            weights = np.array([women[cell].sum() for cell in cells])
            by_counties, by_women = _kappa(counts), _kappa(weights)
            status = "given" if np.isfinite(by_counties[1]) else ("no_variation" if counts.sum() else "no_counties")
            rows.append(
                (
                    scope,
                    place,
                    first,
                    second,
                    counts.sum(),
                    *counts,
                    *weights,
                    by_counties[0],
                    by_women[0],
                    by_counties[1],
                    by_women[1],
                    status,
                )
            )
    frame = pd.DataFrame(rows, columns=DEFINITION_AGREEMENT.names)
    return frame.astype(dict.fromkeys(("scope", "place", "first", "second", "status"), "str"))


def _kappa(cells: npt.NDArray[np.number]) -> tuple[float, float]:
    """Agreement and kappa of both, first only, second only, neither; NaN where they are not defined."""
    whole = float(cells.sum())
    if whole <= 0:
        return np.nan, np.nan
    both, first, second, neither = (float(cell) / whole for cell in cells)
    observed = both + neither
    expected = (both + first) * (both + second) + (1 - both - first) * (1 - both - second)
    return observed, ((observed - expected) / (1 - expected) if 1 - expected > _NOTHING else np.nan)
