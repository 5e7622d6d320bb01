"""Who is counted where: county sums of women, births and their minutes for every group of race, insurance, rurality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from matcare.contracts.disparities import RACE_GROUPS

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

__all__ = [
    "COMPONENTS",
    "LIMITS",
    "RURALITY",
    "SERVICES",
    "SHARE_COLUMNS",
    "WEIGHTINGS",
    "Groups",
    "groups_of",
    "race_shares",
    "rurality_of",
]

WEIGHTINGS: Final = ("births_per_year", "women_15_44")
"""Columns of the block groups that people are counted by."""

SERVICES: Final = ("birth_care", "neonatal_3_plus")
"""Services whose minutes are compared."""

LIMITS: Final = (30, 60)
"""Minutes; within T is ≤ T."""

COMPONENTS: Final = ("whole", "reached", "product", "within_30", "within_60")
"""Sums that all measures are made of: weight, weight with minutes, weight times minutes, weight within each limit."""

RURALITY: Final[dict[str, tuple[int, ...]]] = {
    "metro": (1, 2, 3),
    "nonmetro_adjacent": (4, 6, 8),
    "nonmetro_not_adjacent": (5, 7, 9),
}
"""USDA Rural-Urban Continuum Codes 2023 of each class."""

SHARE_COLUMNS: Final[dict[str, str]] = {
    "aian": "share_aian",
    "asian": "share_asian",
    "black": "share_black",
    "hispanic": "share_hispanic",
    "multiple": "share_two_or_more",
    "nhopi": "share_nhopi",
    "white": "share_white",
}
"""Columns of the counties with the share of each group, all ages."""

_OVER: Final = 0.02
"""Shares are published to a tenth of a percent, so seven of them may add up to a little more than one."""


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The groups of one dimension, by county.

    Attributes
    ----------
    dimension : str
        ``race``, ``insurance`` or ``rurality``.
    names : tuple of str
        Groups, alphabetically.
    reference : str
        The one that the others are compared with.
    weights : str
        Where the weights come from, as the output's column says.
    sums : numpy.ndarray of float64, shape (counties, groups, weightings, services, components)
        Not missing: a county that is not `known` adds nothing.
    known : numpy.ndarray of bool, shape (counties, groups)
        Whether the county says anything of the group.
    women, women_covered : numpy.ndarray of float64, shape (counties,)
        All women 15-44, and those whose groups are known.
    """

    dimension: str
    names: tuple[str, ...]
    reference: str
    weights: str
    sums: npt.NDArray[np.float64]
    known: npt.NDArray[np.bool_]
    women: npt.NDArray[np.float64]
    women_covered: npt.NDArray[np.float64]


def rurality_of(codes: pd.Series) -> pd.Series:
    """Return the class of each Rural-Urban Continuum Code; missing stays missing.

    Examples
    --------
    >>> import pandas as pd
    >>> rurality_of(pd.Series([1, 6, 9], dtype="Int64")).tolist()
    ['metro', 'nonmetro_adjacent', 'nonmetro_not_adjacent']
    """
    of_code = {code: name for name, codes_of in RURALITY.items() for code in codes_of}
    return codes.astype("float64").map(of_code)


def race_shares(counties: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Share of each group of race in each county, all ages.

    Parameters
    ----------
    counties : pandas.DataFrame
        With the columns of :data:`SHARE_COLUMNS`. Without ``share_white`` it is the remainder, less
        ``share_other_race`` where that stands; missing where any share is.

    Returns
    -------
    numpy.ndarray of float64, shape (counties, 7)
        In the order of :data:`SHARE_COLUMNS`; NaN where not reported.

    Raises
    ------
    ValueError
        When a share is outside 0-1, or a county's shares add up to more than one (by more than their rounding).
    """
    shares = np.full((len(counties), len(SHARE_COLUMNS)), np.nan)
    for place, column in enumerate(SHARE_COLUMNS.values()):
        if column in counties.columns:
            shares[:, place] = counties[column].to_numpy(dtype=np.float64, na_value=np.nan)
    white = list(SHARE_COLUMNS).index("white")
    if "share_white" not in counties.columns:
        rest = 1 - np.delete(shares, white, axis=1).sum(axis=1)
        if "share_other_race" in counties.columns:
            rest -= counties["share_other_race"].to_numpy(dtype=np.float64, na_value=np.nan)
        shares[:, white] = np.where(rest > -_OVER, np.maximum(rest, 0.0), rest)
    fips = counties["county_fips"].to_numpy()
    outside = (shares < 0) | (shares > 1)
    if outside.any():
        row, place = np.argwhere(outside)[0]
        name = list(SHARE_COLUMNS.values())[place]
        raise ValueError(f"county {fips[row]}: {name} is {shares[row, place]:g}; shares should lie between 0 and 1")
    over = np.nansum(shares, axis=1) > 1 + _OVER
    if over.any():
        row = int(over.argmax())
        raise ValueError(f"county {fips[row]}: shares by race add up to {np.nansum(shares[row]):.3f}, more than one")
    return shares


def groups_of(
    counties: pd.DataFrame,
    block_groups: pd.DataFrame,
    *,
    women_by_race: pd.DataFrame | None = None,
    reference: str = "white",
) -> list[Groups]:
    """Sum women, births and their minutes by county and group.

    Parameters
    ----------
    counties : pandas.DataFrame
        ``county_fips, rucc_2023, share_women_uninsured`` and the shares by race.
    block_groups : pandas.DataFrame
        ``demand_id, county_fips, women_15_44, births_per_year, minutes_birth_care, minutes_neonatal_3_plus``; all
        counties must be among `counties`.
    women_by_race : pandas.DataFrame, optional
        ``demand_id`` and ``women_<group>``; it then takes the place of the shares by race. Births are shared out by it
        within a block group. A point that it does not name is left out of the groups of race.
    reference : str
        Group of race that the others are compared with.

    Returns
    -------
    list of Groups
        Insurance, race, rurality.

    Raises
    ------
    KeyError
        When a column is missing.
    ValueError
        When a block group's county is not among the counties, or shares are impossible.
    """
    index = {code: place for place, code in enumerate(counties["county_fips"])}
    county = block_groups["county_fips"].map(index)
    if county.isna().any():
        missing = block_groups.loc[county.isna(), "county_fips"].iloc[0]
        raise ValueError(f"block groups of county {missing}: the county is not in the table of counties")
    at = county.to_numpy(dtype=np.int64)
    weights = [block_groups[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in WEIGHTINGS]
    everybody = _sums(block_groups, weights, at, len(counties))
    uninsured = counties["share_women_uninsured"].to_numpy(dtype=np.float64, na_value=np.nan)
    classes = rurality_of(counties["rucc_2023"]).to_numpy(dtype=object)
    of_class = np.stack([classes == name for name in RURALITY], axis=1).astype(np.float64)
    of_class[~of_class.any(axis=1)] = np.nan
    all_women = everybody[:, WEIGHTINGS.index("women_15_44"), 0, 0]
    tables = {
        "insurance": (_shared_out(everybody, np.stack([1 - uninsured, uninsured], axis=1)), ("insured", "uninsured")),
        "race": (_shared_out(everybody, race_shares(counties)), tuple(RACE_GROUPS)),
        "rurality": (_shared_out(everybody, of_class), tuple(RURALITY)),
    }
    labels = {
        "insurance": ("insured", "county share of women uninsured"),
        "race": (reference, "county shares, all ages"),
        "rurality": ("metro", "all women of the counties"),
    }
    covered = {name: all_women * known.any(axis=1) for name, ((_, known), _) in tables.items()}
    if women_by_race is not None:
        own = _by_block_group(block_groups, weights, at, len(counties), women_by_race)
        tables["race"] = (own[:2], tuple(RACE_GROUPS))
        labels["race"], covered["race"] = (reference, "block-group women (user)"), own[2]
    return [
        Groups(
            dimension=dimension,
            names=names,
            reference=labels[dimension][0],
            weights=labels[dimension][1],
            sums=sums,
            known=known,
            women=all_women,
            women_covered=covered[dimension],
        )
        for dimension, ((sums, known), names) in tables.items()
    ]


def _sums(
    block_groups: pd.DataFrame, weights: list[npt.NDArray[np.float64]], at: npt.NDArray[np.int64], counties: int
) -> npt.NDArray[np.float64]:
    """Sum the components by county: shape (counties, weightings, services, components)."""
    result = np.zeros((counties, len(weights), len(SERVICES), len(COMPONENTS)))
    for s, service in enumerate(SERVICES):
        minutes = block_groups[f"minutes_{service}"].to_numpy(dtype=np.float64, na_value=np.nan)
        known = ~np.isnan(minutes)
        factors = [
            np.ones_like(minutes),
            known.astype(np.float64),
            np.where(known, minutes, 0.0),
            *((known & (minutes <= limit)).astype(np.float64) for limit in LIMITS),
        ]
        for w, weight in enumerate(weights):
            counted = np.nan_to_num(weight)
            for c, factor in enumerate(factors):
                result[:, w, s, c] = np.bincount(at, weights=counted * factor, minlength=counties)
    return result


def _shared_out(
    everybody: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    known = ~np.isnan(shares)
    return everybody[:, None] * np.nan_to_num(shares)[:, :, None, None, None], known


def _by_block_group(
    block_groups: pd.DataFrame,
    weights: list[npt.NDArray[np.float64]],
    at: npt.NDArray[np.int64],
    counties: int,
    women_by_race: pd.DataFrame,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    columns = [f"women_{group}" for group in RACE_GROUPS]
    table = women_by_race.set_index("demand_id")[columns].reindex(block_groups["demand_id"])
    women = table.to_numpy(dtype=np.float64, na_value=np.nan)
    total = np.nansum(women, axis=1)
    births = weights[WEIGHTINGS.index("births_per_year")]
    parts, known = [], []
    for place in range(len(columns)):
        own = women[:, place]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(total > 0, own / total, np.where(np.isnan(own), np.nan, 0.0))
        by_weight = {"women_15_44": own, "births_per_year": births * share}
        parts.append(_sums(block_groups, [by_weight[name] for name in WEIGHTINGS], at, counties))
        known.append(np.bincount(at, weights=~np.isnan(own), minlength=counties) > 0)
    named = np.nan_to_num(weights[WEIGHTINGS.index("women_15_44")]) * (~np.isnan(women)).any(axis=1)
    covered = np.bincount(at, weights=named, minlength=counties).astype(np.float64)
    return np.stack(parts, axis=1), np.stack(known, axis=1), covered
