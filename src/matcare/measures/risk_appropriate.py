"""Coverage of every risk group with the care that it needs, by county, state and nation, with bounds for the levels.

Shares are of women 15-44, of estimated births and, for high infant risk, of estimated very-low-birthweight births:
Σ w·[t ≤ T] / Σ w over demand points, t being the minutes to the nearest facility that has the care. A point without
minutes is not within any limit. Where no hospital of a state has a reported level, shares on it are unknown, not 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array, csr_array

from matcare.contracts import COVERAGE_MINUTES
from matcare.contracts.risk_appropriate import ARRANGEMENTS, COVERAGE, COVERAGE_COLUMNS, READINGS, RISK_GROUPS
from matcare.errors import InputError
from matcare.measures.coverage import MOST_WITHOUT
from matcare.measures.dyad import SplitCare, farther, split_care, trips_between, unit_minutes
from matcare.measures.risk_groups import (
    CARES,
    LEAST_GIVEN,
    Capabilities,
    Care,
    HighRiskBirths,
    capabilities,
    check_region,
    states_without_levels,
)
from matcare.travel.reasons import COVERED, REASONS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from matcare.measures.study_area import StudyArea
    from matcare.travel.found import Nearest
    from matcare.travel.searches import Trips

__all__ = ["RiskAppropriateCoverage", "risk_appropriate_coverage"]

F64 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int8]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_ON_LEVELS: Final = (
    "minutes", "minutes_between_sites", "share_women_without_minutes", "share_women_within", "share_births_within",
    "share_high_risk_births_within", "share_women_two_sites",
)  # fmt: skip
"""Columns that are unknown where no hospital of the state has a reported level."""

_COUNTY_LIMIT: Final = 60.0
"""Limit of the shares that every county's row gets."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RiskAppropriateCoverage:
    """What :func:`risk_appropriate_coverage` finds.

    Attributes
    ----------
    coverage : pandas.DataFrame
        Contract `COVERAGE`.
    counties : pandas.DataFrame
        ``county_fips`` and the columns :data:`matcare.contracts.risk_appropriate.COVERAGE_COLUMNS`; a row a county of
        the region.
    """

    coverage: pd.DataFrame
    counties: pd.DataFrame


def risk_appropriate_coverage(
    area: StudyArea,
    *,
    high_risk: HighRiskBirths,
    region: Collection[str] | None = None,
    limits: Sequence[float] = COVERAGE_MINUTES,
    limit_minutes: float | None = None,
    between: Trips | None = None,
) -> RiskAppropriateCoverage:
    """Find who is within reach of the care that each risk group needs, and of mother's and infant's care together.

    Parameters
    ----------
    area : StudyArea
        People and facilities; the facilities may have a user's column ``maternal_level``.
    high_risk : HighRiskBirths
        From :func:`matcare.measures.risk_groups.high_risk_births`, over the whole nation, so that a county's estimate
        does not hang on the region.
    region : collection of str, optional
        Postal codes of the states that get rows; all, and the nation, without it. Care outside the region counts.
    limits : sequence of float
        Minutes above 0; within T is ≤ T.
    limit_minutes : float, optional
        A facility farther than this has no minutes (`beyond_limit`); none is too far without it.
    between : Trips, optional
        From all facilities to all facilities, where they are known already.

    Returns
    -------
    RiskAppropriateCoverage

    Raises
    ------
    InputError
        When a limit is not a number above 0 or stands twice, or the region names no state or one
        without a county here.
    """
    wanted = _checked(limits)
    places = _Places(area, high_risk, region)
    read = {reading: capabilities(area.facilities, reading=reading) for reading in READINGS}
    reported = read["estimate"].maternal_reported
    found = _Found(area, read, limit_minutes, between if between is not None else trips_between(area.trips))
    asked = sorted({*wanted, _COUNTY_LIMIT})
    blocks = [
        (care, reading, places.block(care, found, reading, asked))
        for care in CARES
        for reading in (care.readings if reported or care.maternal <= 1 else ())
    ]
    coverage = places.table(blocks, asked)
    counties = _county_columns(coverage, places)
    kept = coverage[coverage["limit_minutes"].isin(wanted)]
    missing = () if reported else tuple(care for care in CARES if care.maternal > 1)
    everything = pd.concat([kept, places.not_reported(missing, wanted)]) if missing else kept
    return RiskAppropriateCoverage(coverage=_ordered(everything), counties=counties)


def _checked(limits: Sequence[float]) -> list[float]:
    values = [float(limit) for limit in limits]
    for value in values:
        if not 0 < value < np.inf:
            raise InputError(f"coverage limits: {value:g} is not a number of minutes above 0")
    if not values or len(set(values)) < len(values):
        raise InputError(f"coverage limits are {values}: give at least one, and each once")
    return sorted(values)


class _Found:
    """Nearest facilities of every demand point for every care and reading; asked of the roads once."""

    def __init__(
        self, area: StudyArea, read: dict[str, Capabilities], limit_minutes: float | None, between: Trips
    ) -> None:
        self.read = read
        groups: dict[bytes, Bools] = {}
        self._key: dict[tuple[str, int, int, bool], bytes] = {}
        for reading, able in read.items():
            for care in CARES:
                for maternal, neonatal, site in _parts(care):
                    member = (able.sites if site else able.units)(maternal=maternal, neonatal=neonatal)
                    groups[member.tobytes()] = member
                    self._key[reading, maternal, neonatal, site] = member.tobytes()
        nearest = area.trips.nearest(members=np.stack(list(groups.values())), limit_minutes=limit_minutes)
        self._nearest = dict(zip(groups, nearest, strict=True))
        widest = read["unknown_count"]
        self._units = unit_minutes(between, widest.units(maternal=1), widest.units(neonatal=2))

    def nearest(self, reading: str, maternal: int, neonatal: int, *, site: bool) -> Nearest:
        return self._nearest[self._key[reading, maternal, neonatal, site]]

    def split(self, care: Care, reading: str) -> SplitCare:
        return split_care(
            self.nearest(reading, care.maternal, 0, site=False),
            self.nearest(reading, 0, care.neonatal, site=False),
            site=self.read[reading].site,
            units=self._units,
        )

    def same_site(self, care: Care, reading: str) -> tuple[F64, I8]:
        return farther(
            self.nearest(reading, care.maternal, 0, site=False),
            self.nearest(reading, care.maternal, care.neonatal, site=True),
        )


def _parts(care: Care) -> tuple[tuple[int, int, bool], ...]:
    """Tell what a care asks the roads for: maternal level, neonatal level, and whether a campus counts as one."""
    if care.arrangement == "unit":
        return ((care.maternal, care.neonatal, False),)
    infant = (care.maternal, care.neonatal, True) if care.arrangement == "same_site" else (0, care.neonatal, False)
    return (care.maternal, 0, False), infant


class _Places:
    """Nation, states and counties of the region; every sum over demand points is made by county and added up."""

    def __init__(self, area: StudyArea, high_risk: HighRiskBirths, region: Collection[str] | None) -> None:
        counties = area.counties
        check_region(region, counties)
        inside = np.ones(len(counties), bool) if region is None else counties["state"].isin(list(region)).to_numpy(bool)
        self.fips = counties["county_fips"].to_numpy(dtype=object)[inside]
        self.names = counties["county_name"].to_numpy(dtype=object)[inside]
        code = pd.Index(self.fips).get_indexer(area.demand["county_fips"])
        self._chosen = np.flatnonzero(code >= 0)
        self._code = code[self._chosen]
        self._weights = [
            np.nan_to_num(area.demand[name].to_numpy(dtype=np.float64)[self._chosen])
            for name in ("women_15_44", "births_per_year")
        ]
        states, state = np.unique(counties["state"].to_numpy(dtype=object)[inside].astype(str), return_inverse=True)
        self.states, self.nation = states.astype(object), region is None
        self._sum = _adding(state, len(states), nation=self.nation)
        self._women, self._births = (self._by_county(weight) for weight in self._weights)
        own = high_risk.table.set_index("county_fips").reindex(pd.Index(self.fips, name="county_fips")).reset_index()
        statuses = ["share_very_low_birthweight_status", "births_high_risk_status"]
        self.high_risk = own.assign(**{name: own[name].fillna("not_reported") for name in statuses})
        unknown = np.isin(states, list(states_without_levels(area.facilities)))
        # The nation's rows stand: there these women count as not within.
        self._without_levels = np.concatenate([np.zeros(int(self.nation), bool), unknown, unknown[state]])
        self._points = np.bincount(self._code, minlength=len(self.fips))

    def _by_county(self, weight: F64) -> F64:
        return np.bincount(self._code, weights=weight, minlength=len(self.fips)).astype(np.float64)

    @property
    def labels(self) -> dict[str, Any]:
        """Columns that name the places, nation first."""
        us, words = (np.array([name] if self.nation else [], dtype=object) for name in ("US", "United States"))
        scope = np.repeat(["nation", "state", "county"], [len(us), len(self.states), len(self.fips)])
        return {
            "scope": scope.astype(object),
            "place": np.concatenate([us, self.states, self.fips]),
            "place_name": np.concatenate([words, self.states, self.names]),
        }

    def block(self, care: Care, found: _Found, reading: str, limits: list[float]) -> dict[str, Any]:
        """Every column of one care under one reading: arrays over places, shares over places and limits."""
        split = found.split(care, reading) if care.arrangement == "split" else None
        if care.arrangement == "same_site":
            minutes, reason = found.same_site(care, reading)
        else:
            one = split or found.nearest(reading, care.maternal, care.neonatal, site=False)
            minutes, reason = one.minutes, one.reason_code
        minutes, reason = minutes[self._chosen], reason[self._chosen]
        columns = self._means(minutes, reason) | self._shares(minutes, limits, high=care.risk_group == "high")
        columns |= self._apart(split)
        return self._unknown(columns) if care.neonatal and reading != "unknown_count" else columns

    def _unknown(self, columns: dict[str, Any]) -> dict[str, Any]:
        """Withhold what hangs on a neonatal level where no hospital of the state has a reported one."""
        without = self._without_levels
        for name in _ON_LEVELS:
            columns[name] = np.where(without if columns[name].ndim == 1 else without[:, None], np.nan, columns[name])
        lost = without & ~np.isin(columns["reason"], ["no_women", "no_demand_points"])
        columns["reason"] = np.where(lost, "level_not_reported", columns["reason"])
        return columns

    def _means(self, minutes: F64, reason: npt.NDArray[np.int8]) -> dict[str, Any]:
        women, known = self._weights[0], np.isfinite(minutes)
        reached = self._sum @ self._by_county(np.where(known, women, 0.0))
        product = self._sum @ self._by_county(np.where(known, women * np.nan_to_num(minutes), 0.0))
        codes = range(COVERED + 1, len(REASONS))
        lost = np.stack([self._sum @ self._by_county(np.where(reason == code, women, 0.0)) for code in codes])
        whole = self._sum @ self._women
        without = _share(whole - reached, whole)
        with np.errstate(invalid="ignore"):
            kept = np.round(without, 9) <= MOST_WITHOUT
        words = np.array(REASONS[COVERED + 1 :], dtype=object)[lost.argmax(axis=0)]
        words = np.where(kept, np.where(without > 0, "partly_covered", "covered"), words)
        words = np.where(whole > 0, words, np.where(self._sum @ self._points > 0, "no_women", "no_demand_points"))
        mean = np.divide(product, reached, out=np.full(len(whole), np.nan), where=kept & (reached > 0))
        return {"minutes": mean, "reason": words, "share_women_without_minutes": without}

    def _shares(self, minutes: F64, limits: list[float], *, high: bool) -> dict[str, Any]:
        within = [
            np.stack([self._by_county(np.where(minutes <= limit, weight, 0.0)) for limit in limits], axis=1)
            for weight in self._weights
        ]
        women, births = self._sum @ self._women, self._sum @ self._births
        columns: dict[str, Any] = {
            "share_women_within": _share(self._sum @ within[0], women[:, None]),
            "share_births_within": _share(self._sum @ within[1], births[:, None]),
            "women_15_44": women,
            "births_per_year": births,
        }
        return columns | (self._high_risk(within[1]) if high else self._not_high(len(limits)))

    def _high_risk(self, births_within: F64) -> dict[str, Any]:
        """Weight by very-low-birthweight births: estimated births times the county's share of them, where known."""
        own = self.high_risk
        share = own["share_very_low_birthweight"].to_numpy(dtype=np.float64)
        known = np.isfinite(share)
        rate = np.where(known, share, 0.0)
        very_low = self._sum @ (rate * self._births)
        larger = very_low[: len(very_low) - len(self.fips)]  # nation and states; counties have theirs already
        status = np.select([larger == 0, larger < LEAST_GIVEN], ["not_reported", "small_count"], default="given")
        number = np.where(larger < LEAST_GIVEN, np.nan, larger)
        return {
            "share_high_risk_births_within": _share(self._sum @ (rate[:, None] * births_within), very_low[:, None]),
            "births_high_risk_per_year": np.concatenate([number, own["births_high_risk_per_year"]]),
            "births_high_risk_status": np.concatenate([status.astype(object), own["births_high_risk_status"]]),
            "share_births_with_high_risk_share": _share(
                self._sum @ np.where(known, self._births, 0.0), self._sum @ self._births
            ),
        }

    def _not_high(self, limits: int) -> dict[str, Any]:
        nothing = np.full(self._sum.shape[0], np.nan)
        return {
            "share_high_risk_births_within": np.tile(nothing[:, None], limits),
            "births_high_risk_per_year": nothing,
            "births_high_risk_status": np.full(len(nothing), "not_applicable", dtype=object),
            "share_births_with_high_risk_share": nothing,
        }

    def _apart(self, split: SplitCare | None) -> dict[str, Any]:
        if split is None:
            nothing = np.full(self._sum.shape[0], np.nan)
            return {"share_women_two_sites": nothing, "minutes_between_sites": nothing}
        women, between = self._weights[0], split.between[self._chosen]
        known = np.isfinite(between)
        those = (np.isfinite(split.minutes[self._chosen]), split.two_sites[self._chosen], known)
        both, two, counted = (self._sum @ self._by_county(np.where(who, women, 0.0)) for who in those)
        product = self._sum @ self._by_county(np.where(known, women * np.nan_to_num(between), 0.0))
        mean = np.divide(product, counted, out=np.full(len(counted), np.nan), where=counted > 0)
        return {"share_women_two_sites": _share(two, both), "minutes_between_sites": mean}

    def table(self, blocks: list[tuple[Care, str, dict[str, Any]]], limits: list[float]) -> pd.DataFrame:
        """Lay the blocks out, one row a place, care, reading and limit."""
        size = self._sum.shape[0] * len(limits)
        parts = [
            self.labels
            | columns
            | {"limit_minutes": np.tile(limits, self._sum.shape[0]), "reading": np.full(size, reading, dtype=object)}
            | {name: np.full(size, getattr(care, name), dtype=object) for name in ("risk_group", "arrangement")}
            for care, reading, columns in blocks
        ]

        def rows(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return values.ravel() if values.size == size else np.repeat(values, len(limits))

        return pd.DataFrame({name: np.concatenate([rows(part[name]) for part in parts]) for name in COVERAGE.names})

    def not_reported(self, cares: Sequence[Care], limits: list[float]) -> pd.DataFrame:
        """Rows of the nation and the states for care that no source knows of."""
        larger = slice(0, self._sum.shape[0] - len(self.fips))
        columns = {name: values[larger] for name, values in self.labels.items()}
        columns["women_15_44"] = (self._sum @ self._women)[larger]
        columns["births_per_year"] = (self._sum @ self._births)[larger]
        columns |= {"reason": "not_reported", "reading": "estimate", "births_high_risk_status": "not_applicable"}
        each = [
            {"risk_group": care.risk_group, "arrangement": care.arrangement, "limit_minutes": limit}
            for care, limit in product(cares, limits)
        ]
        rows = pd.DataFrame(columns).merge(pd.DataFrame(each), how="cross")
        return rows.reindex(columns=COVERAGE.names)


def _share(part: F64, whole: F64) -> F64:
    """Part of a whole, NaN where the whole is nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, np.clip(part / whole, 0, 1), np.nan)


def _adding(state: I64, states: int, *, nation: bool) -> csr_array:
    """Matrix that turns sums by county into those of nation, states and counties, shape (places, counties)."""
    county = np.arange(len(state))
    first = int(nation)
    row = np.concatenate([np.zeros(len(state) if nation else 0, np.int64), first + state, first + states + county])
    column = np.concatenate([county if nation else county[:0], county, county])
    return coo_array((np.ones(len(row)), (row, column)), shape=(first + states + len(state), len(state))).tocsr()


def _ordered(coverage: pd.DataFrame) -> pd.DataFrame:
    order = {
        "scope": {scope: place for place, scope in enumerate(("nation", "state", "county"))},
        "risk_group": {group: place for place, group in enumerate(RISK_GROUPS)},
        "arrangement": {name: place for place, name in enumerate(ARRANGEMENTS)},
        "reading": {reading: place for place, reading in enumerate(READINGS)},
    }
    by = ["scope", "place", "risk_group", "arrangement", "reading", "limit_minutes"]
    in_order = coverage.sort_values(by, key=lambda part: part.map(order[part.name]) if part.name in order else part)
    return in_order[COVERAGE.names].reset_index(drop=True)


def _county_columns(coverage: pd.DataFrame, places: _Places) -> pd.DataFrame:
    """Pick what every county's row gets."""
    result = places.high_risk.copy()
    rows = coverage[(coverage["scope"] == "county") & (coverage["limit_minutes"] == _COUNTY_LIMIT)]
    keyed = {key: part.set_index("place") for key, part in rows.groupby(["risk_group", "arrangement", "reading"])}

    def take(column: str, group: str, arrangement: str, reading: str = "estimate") -> npt.NDArray[Any]:
        return keyed[group, arrangement, reading][column].reindex(result["county_fips"]).to_numpy()

    for level, group in ((2, "moderate"), (3, "high")):
        for reading in READINGS:
            suffix = "" if reading == "estimate" else f"_{reading}"
            for arrangement, stem in (("unit", "neonatal"), ("same_site", "same_site"), ("split", "split")):
                name = f"share_women_within_60_{stem}_{level}_plus{suffix}"
                result[name] = take("share_women_within", group, arrangement, reading)
    result["minutes_same_site_3_plus"] = take("minutes", "high", "same_site")
    result["minutes_same_site_3_plus_reason"] = take("reason", "high", "same_site")
    for name in ("share_women_two_sites", "minutes_between_sites"):
        result[f"{name}_3_plus"] = take(name, "high", "split")
    return result[["county_fips", *(column.name for column in COVERAGE_COLUMNS)]]
