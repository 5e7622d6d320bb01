"""Who needs which level of care, which facilities have it under each reading of the levels, and high-risk births.

The risk groups are ours: low risk is any birth care, moderate infant risk (32 0/7 to 34 6/7 weeks) neonatal level II or
higher, high infant risk (below 32 weeks or 1,500 g) neonatal level III or IV, maternal complications maternal level III
or IV. The levels are those of the American Academy of Pediatrics and of ACOG and SMFM.

References
----------
Stark, Pursley, Papile et al. (2023), Standards for Levels of Neonatal Care: II, III, and IV, Pediatrics 151(6).
American College of Obstetricians and Gynecologists, Society for Maternal-Fetal Medicine (2019), Levels of Maternal
Care, Obstetric Care Consensus 9, Obstetrics & Gynecology 134(2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from matcare.contracts.risk_appropriate import READINGS
from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = [
    "CARES",
    "LEAST_GIVEN",
    "LEVELS",
    "Capabilities",
    "Care",
    "HighRiskBirths",
    "VeryLowFit",
    "capabilities",
    "check_region",
    "high_risk_births",
    "sites_of",
    "states_without_levels",
]

F64 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int8]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LEVELS: Final = {"I": 1, "II": 2, "III": 3, "IV": 4}
"""Levels of care as numbers; 0 is none or unknown."""

_KEPT_SOURCE: Final = "state"
LEAST_GIVEN: Final = 10.0
"""No county's number of very-low-birthweight births below this is given."""

LEAST_EXPECTED: Final = 20.0
"""Counties are fitted where this many very-low-birthweight births a year are to be expected from low birthweight."""

LEAST_COUNTIES: Final = 20
"""On fewer counties no line is fitted."""


@dataclass(frozen=True, kw_only=True)
class Care:
    """Care that a risk group needs.

    Attributes
    ----------
    risk_group : str
        Key of :data:`matcare.contracts.risk_appropriate.RISK_GROUPS`.
    arrangement : str
        Key of :data:`matcare.contracts.risk_appropriate.ARRANGEMENTS`.
    maternal, neonatal : int
        Least levels; 0 asks for none. Birth care is maternal level 1 or higher.
    """

    risk_group: str
    arrangement: str
    maternal: int
    neonatal: int

    @property
    def readings(self) -> tuple[str, ...]:
        """The readings of levels under which it is looked at: birth care alone does not hang on one."""
        return ("estimate",) if self.neonatal == 0 and self.maternal <= 1 else tuple(READINGS)


CARES: Final = (
    Care(risk_group="low", arrangement="unit", maternal=1, neonatal=0),
    *(
        Care(risk_group=group, arrangement=arrangement, maternal=maternal, neonatal=neonatal)
        for group, level in (("moderate", 2), ("high", 3))
        for arrangement, maternal, neonatal in (("unit", 0, level), ("same_site", 1, level), ("split", 1, level))
    ),
    Care(risk_group="maternal", arrangement="unit", maternal=3, neonatal=0),
    Care(risk_group="maternal", arrangement="same_site", maternal=3, neonatal=3),
    Care(risk_group="maternal", arrangement="split", maternal=3, neonatal=3),
)
"""Every care that coverage is computed for."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Capabilities:
    """What each facility can do under one reading of the levels.

    Attributes
    ----------
    maternal, neonatal : numpy.ndarray of int8, shape (m,)
        Levels as numbers. Maternal: 0 without birth care, 1 with birth care of unknown level. Neonatal: 0 none known.
    site : numpy.ndarray of int64, shape (m,)
        Facilities of one campus have the same number.
    maternal_reported : bool
        Whether any maternal level is known.
    """

    maternal: I8
    neonatal: I8
    site: I64
    maternal_reported: bool

    def units(self, *, maternal: int = 0, neonatal: int = 0) -> Bools:
        """Tell which facilities have at least these levels themselves, shape (m,)."""
        return np.asarray((self.maternal >= maternal) & (self.neonatal >= neonatal))

    def sites(self, *, maternal: int, neonatal: int) -> Bools:
        """Tell which facilities have the neonatal level and, they or another of their campus, the maternal one."""
        best = np.zeros(int(self.site.max(initial=-1)) + 1, dtype=np.int8)
        np.maximum.at(best, self.site, self.maternal)
        return np.asarray((self.neonatal >= neonatal) & (best[self.site] >= maternal))


def check_region(region: Collection[str] | None, counties: pd.DataFrame) -> None:
    """Refuse a region that names no state, or one without a county here; None is all states.

    Raises
    ------
    InputError
    """
    if region is None:
        return
    if not region:
        raise InputError("region: it names no state; give postal codes such as 'ND', or leave it out for all states")
    absent = sorted(set(region) - set(counties["state"]))
    if absent:
        raise InputError(f"region: no county of {absent[0]!r} is here; give postal codes such as 'ND'")


def sites_of(facilities: pd.DataFrame) -> I64:
    """Give every campus a number: facilities that name each other in ``same_site_as``, also through a third, are one.

    Parameters
    ----------
    facilities : pandas.DataFrame, m rows
        ``facility_id`` and ``same_site_as`` (identifiers parted by blanks; those not in the table are passed over).

    Returns
    -------
    numpy.ndarray of int64, shape (m,)

    Examples
    --------
    >>> sites_of(pd.DataFrame({"facility_id": ["a", "b", "c"], "same_site_as": ["c", None, "a gone"]})).tolist()
    [0, 1, 0]
    """
    number = {name: row for row, name in enumerate(facilities["facility_id"])}
    named = facilities["same_site_as"].fillna("").astype("str").str.split()
    pairs = [(row, number[other]) for row, others in enumerate(named) for other in others if other in number]
    here, there = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    count = len(facilities)
    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (here, there)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def states_without_levels(facilities: pd.DataFrame) -> frozenset[str]:
    """Name the states that have open hospitals, none of them with a known neonatal level.

    There, whether a level is within reach is unknown, not no. A state without any hospital is not one: nothing is
    unknown there.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Contract `FACILITIES_OUT`.

    Returns
    -------
    frozenset of str
        Postal codes.

    Examples
    --------
    >>> hospitals = pd.DataFrame({"state": ["PR", "PR", "HI", "HI"], "neonatal_level": [None, None, "III", None]})
    >>> sorted(states_without_levels(hospitals.assign(status="open", kind="hospital")))
    ['PR']
    """
    hospitals = facilities[_open_hospitals(facilities)]
    known = hospitals["neonatal_level"].notna().groupby(hospitals["state"].astype(object)).any()
    return frozenset(known.index[~known.to_numpy(dtype=bool)])


def _open_hospitals(facilities: pd.DataFrame) -> Bools:
    return ((facilities["status"] == "open") & (facilities["kind"] != "birth_center")).to_numpy(dtype=bool)


def capabilities(facilities: pd.DataFrame, *, reading: str = "estimate") -> Capabilities:
    """Read what each facility can do.

    Closed facilities and birth centers have no level. A birth hospital counts as maternal level I, and as more only
    where ``maternal_level`` says so.

    Parameters
    ----------
    facilities : pandas.DataFrame, m rows
        Contract `FACILITIES_OUT`; a user's column ``maternal_level`` (I, II, III, IV; empty is unknown) may be there.
    reading : {"estimate", "one_lower", "without_queried", "unknown_count"}
        `one_lower`: every neonatal level that is not the state's own is one too high. `without_queried`: a level with
        a query against it (column ``level_query``) does not count. `unknown_count`: units of unknown neonatal level
        with evidence of a NICU have level III, and birth hospitals of unknown maternal level have III, if any maternal
        level is known at all.

    Returns
    -------
    Capabilities

    Raises
    ------
    InputError
        When the reading or a maternal level is not known.

    Notes
    -----
    A maternal level comes from the user alone and is never lowered.
    """
    if reading not in READINGS:
        raise InputError(f"unknown reading of levels {reading!r}: one of {', '.join(READINGS)}")
    level = _numbers(facilities["neonatal_level"])
    if reading == "one_lower":
        doubtful = (facilities["level_source"] != _KEPT_SOURCE).to_numpy(dtype=bool)
        level = np.where(doubtful, np.maximum(level - 1, 0), level).astype(np.int8)
    if reading == "without_queried":
        level[(facilities["level_query"].fillna("") != "").to_numpy(dtype=bool)] = 0
    if reading == "unknown_count":
        nicu = (facilities["nicu"] == "yes").to_numpy(dtype=bool)
        level[(level == 0) & nicu] = LEVELS["III"]
    level[~_open_hospitals(facilities)] = 0
    known = _maternal_levels(facilities)
    birth_care = facilities["counts_birth_care"].to_numpy(dtype=bool)
    reported = bool((known > 0).any())
    maternal = np.where(birth_care, np.maximum(known, 1), 0).astype(np.int8)
    if reading == "unknown_count" and reported:
        maternal[birth_care & (known == 0)] = LEVELS["III"]
    return Capabilities(maternal=maternal, neonatal=level, site=sites_of(facilities), maternal_reported=reported)


def _maternal_levels(facilities: pd.DataFrame) -> I8:
    """Levels as numbers, 0 where unknown."""
    if "maternal_level" not in facilities:
        return np.zeros(len(facilities), dtype=np.int8)
    words = facilities["maternal_level"].astype(object)
    words = words.where(words.notna(), None)
    wrong = words.notna() & ~words.isin(list(LEVELS))
    if wrong.any():
        row = int(np.argmax(wrong.to_numpy()))
        raise InputError(
            f"facilities, row {row + 1} ({facilities['facility_id'].iloc[row]}), column 'maternal_level': "
            f"{words.iloc[row]!r} is not understood; give I, II, III or IV, or leave it empty where it is unknown"
        )
    return _numbers(words)


def _numbers(levels: pd.Series) -> I8:
    return np.asarray(levels.astype(object).map(LEVELS).fillna(0), dtype=np.int8)


@dataclass(frozen=True, kw_only=True)
class VeryLowFit:
    """A line from the low to the very-low-birthweight share, v = intercept + slope · l, weighted by births.

    Attributes
    ----------
    intercept, slope : float
    counties : int
        Counties that it is fitted to.
    leave_one_out_rmse, mean_share : float
        Root of the births-weighted mean squared error of each county's share predicted without it, and the mean share.
    """

    intercept: float
    slope: float
    counties: int
    leave_one_out_rmse: float
    mean_share: float


@dataclass(frozen=True, eq=False, kw_only=True)
class HighRiskBirths:
    """Very-low-birthweight births of every county.

    Attributes
    ----------
    table : pandas.DataFrame
        ``county_fips``; ``share_very_low_birthweight``; ``share_very_low_birthweight_status`` (reported, estimated,
        not_reported); ``births_high_risk_per_year``, missing below ten and where the publisher masks its own;
        ``births_high_risk_status`` (given, small_count, not_reported).
    fit : VeryLowFit or None
        How shares are estimated; None when too few counties have both shares.
    """

    table: pd.DataFrame
    fit: VeryLowFit | None


def high_risk_births(counties: pd.DataFrame, indicators: pd.DataFrame) -> HighRiskBirths:
    """Find each county's share of very-low-birthweight births (below 1,500 g), and their number where it may be given.

    The published share stands where there is one. Else it is estimated from the low-birthweight share (three years,
    where masked seven years) by a line fitted with births as weights. Published counties are those with ten such
    births or more, so that a small county is among them only when its share is high; the line is therefore fitted to
    counties where at least 20 are *expected* from low birthweight (at the pooled ratio of the two), whatever their own
    share. An estimate is never below
    0 nor above the low-birthweight share.

    Parameters
    ----------
    counties : pandas.DataFrame
        Contract `COUNTIES`, of the whole nation: the line is fitted to them.
    indicators : pandas.DataFrame
        Contract `COUNTY_INDICATORS`.

    Returns
    -------
    HighRiskBirths
        In the order of `counties`.

    Notes
    -----
    Numbers are shares times Census estimates of births, not registered counts. A number is withheld below ten and where
    the publisher masks its own (fewer than ten); sums over counties use the estimated shares for those, so a total less
    the counties shown gives back estimates and no masked count.
    """
    named = ["share_very_low_birthweight", "share_very_low_birthweight_status", "share_low_birthweight_7_years"]
    own = indicators.set_index("county_fips")[named].reindex(counties["county_fips"]).reset_index(drop=True)
    share = own[named[0]].to_numpy(dtype=np.float64)
    three, seven = counties["share_low_birthweight"].to_numpy(dtype=np.float64), own[named[2]].to_numpy(np.float64)
    low = np.where(np.isnan(three), seven, three)
    births = counties["births_per_year"].to_numpy(dtype=np.float64)
    fit = _fit(share, low, births)
    estimated = np.isnan(share) & ~np.isnan(low) & (fit is not None)
    if fit is not None:
        line = np.clip(fit.intercept + fit.slope * low, 0, low)
        share = np.where(estimated, line, share)
    number = share * births
    masked = (own[named[1]] == "suppressed").to_numpy(dtype=bool)
    small = ~np.isnan(number) & (masked | (number < LEAST_GIVEN))
    status = np.select([small, np.isnan(number)], ["small_count", "not_reported"], default="given")
    standing = np.select([estimated, np.isnan(share)], ["estimated", "not_reported"], default="reported")
    return HighRiskBirths(
        table=pd.DataFrame(
            {
                "county_fips": counties["county_fips"].to_numpy(),
                "share_very_low_birthweight": share,
                "share_very_low_birthweight_status": pd.array(standing.astype(object), dtype="str"),
                "births_high_risk_per_year": np.where(small, np.nan, number),
                "births_high_risk_status": pd.array(status.astype(object), dtype="str"),
            }
        ),
        fit=fit,
    )


def _fit(share: F64, low: F64, births: F64) -> VeryLowFit | None:
    both = np.isfinite(share) & np.isfinite(low) & (births > 0)
    if not both.any():
        return None
    ratio = (share * births)[both].sum() / (low * births)[both].sum()
    use = both & (ratio * low * births >= LEAST_EXPECTED)
    if use.sum() < LEAST_COUNTIES or np.ptp(low[use]) == 0:
        return None
    y, weight = share[use], births[use]
    design = np.column_stack([np.ones(len(y)), low[use]])
    inverse = np.linalg.inv(design.T @ (weight[:, None] * design))
    line = inverse @ design.T @ (weight * y)
    leverage = weight * np.einsum("ij,jk,ik->i", design, inverse, design)
    without = (y - design @ line) / (1 - leverage)  # the error of the line that the others alone would give
    return VeryLowFit(
        intercept=float(line[0]),
        slope=float(line[1]),
        counties=int(use.sum()),
        leave_one_out_rmse=float(np.sqrt(np.average(without**2, weights=weight))),
        mean_share=float(np.average(y, weights=weight)),
    )
