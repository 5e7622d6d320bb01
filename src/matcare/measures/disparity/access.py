"""Disparities of access by race, insurance and rurality: minutes and shares within limits, with bootstrap intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.measures.coverage import MOST_WITHOUT
from matcare.measures.disparity.bootstrap import percentile_limits
from matcare.measures.disparity.groups import LIMITS, SERVICES, WEIGHTINGS, Groups
from matcare.measures.disparity.notes import COUNTY_SHARES, SOVEREIGNTY, joined

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["FEWEST_COUNTIES", "access_disparities", "measures_of"]

FEWEST_COUNTIES: Final = 5
"""On fewer counties than this a figure of access stands without an interval: resampling so few says little."""

LEAST_REFERENCE: Final = 0.005
"""No ratio to a smaller share (or mean) than this: of two shares of next to nobody a ratio says nothing."""

_POINT: Final = 1e-12
_MEASURES: Final = ("minutes", *(f"share_within_{limit}" for limit in LIMITS), "share_without_minutes")
_UNITS: Final = ("minutes", *("share 0-1" for _ in LIMITS), "share 0-1")
_NEARLY_ALL: Final = 0.9995
"""Below this share of women whose groups are known, a row says what it stands on."""

_BY_COUNTY: Final = ("county shares, all ages", "county share of women uninsured")
_SOURCES: Final = {
    "county shares, all ages": "block_groups, cdc_svi_2022",
    "block-group women (user)": "block_groups, user",
    "county share of women uninsured": "block_groups, census_sahie_2023, ahr_state_measures",
    "all women of the counties": "block_groups, usda_rucc_2023",
}


def measures_of(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Turn sums into measures.

    Parameters
    ----------
    sums : numpy.ndarray of float64, shape (..., 5)
        By :data:`matcare.measures.disparity.groups.COMPONENTS`.

    Returns
    -------
    numpy.ndarray of float64, shape (..., 4)
        Mean minutes of those who have any, shares within 30 and 60 minutes of all, share without minutes; NaN where
        there is nobody.

    Examples
    --------
    >>> measures_of(np.array([10.0, 8.0, 160.0, 6.0, 8.0])).round(2).tolist()
    [20.0, 0.6, 0.8, 0.2]
    """
    whole, reached = sums[..., 0], sums[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.stack(
            [
                sums[..., 2] / reached,
                *(np.clip(sums[..., 3 + place] / whole, 0, 1) for place in range(len(LIMITS))),
                np.clip(1 - reached / whole, 0, 1),
            ],
            axis=-1,
        )
    return np.where(np.isfinite(result), result, np.nan)


def access_disparities(
    groups: list[Groups], states: npt.NDArray[Any], names: dict[str, str], drawn: npt.NDArray[np.int32]
) -> pd.DataFrame:
    """Compare each group's access with the reference group's, in each state and the nation.

    Women (or births) without minutes are not within any limit and are left out of the mean; where more than half has
    none, the mean is withheld.

    Parameters
    ----------
    groups : list of Groups
        From :func:`matcare.measures.disparity.groups.groups_of`.
    states : numpy.ndarray of str, shape (counties,)
        Postal codes.
    names : dict of str
        Name of each place; the nation's rows stand only when ``US`` is among them.
    drawn : numpy.ndarray of int32, shape (replications, counties)
        From :func:`matcare.measures.disparity.bootstrap.resample_counties`. Limits are percentiles; on fewer than five
        counties there are none. They say how much a figure hangs on which counties stand in it (a county more or less
        of its kind), and nothing of errors in minutes, shares or estimates of women.

    Returns
    -------
    pandas.DataFrame
        Columns of the contract ``DISPARITIES`` that access has.
    """
    flats = [part.sums.reshape(len(states), -1) for part in groups]
    ends = np.cumsum([flat.shape[1] for flat in flats])[:-1]
    together = np.concatenate(flats, axis=1)
    nation = np.zeros((drawn.shape[0], together.shape[1]))
    found: list[list[_Place]] = [[] for _ in groups]

    def add(here: npt.NDArray[np.int64], replicates: npt.NDArray[np.float64], scope: str, place: str) -> None:
        for part, own, places in zip(groups, np.split(replicates, ends, axis=1), found, strict=True):
            places.append(_Place(part, here, own, scope, place))

    for state in np.unique(states):
        here = np.flatnonzero(states == state)
        replicates = drawn[:, here].astype(np.float64) @ together[here]
        nation += replicates
        add(here, replicates, "state", str(state))
    if "US" in names:
        add(np.arange(len(states)), nation, "nation", "US")
    frame = pd.concat([_frame(part, places) for part, places in zip(groups, found, strict=True)], ignore_index=True)
    return frame.assign(place_name=frame["place"].map(names))


class _Place:
    """Figures of one place for the groups of one dimension; arrays (groups, weightings, services, measures)."""

    def __init__(
        self,
        part: Groups,
        here: npt.NDArray[np.int64],
        replicates: npt.NDArray[np.float64],
        scope: str,
        place: str,
    ) -> None:
        self.scope, self.place = scope, place
        sums = part.sums[here].sum(axis=0)
        value = measures_of(sums)
        withheld = np.zeros(value.shape, dtype=np.bool_)
        with np.errstate(invalid="ignore"):
            withheld[..., _MEASURES.index("minutes")] = np.round(value[..., -1], 9) > MOST_WITHOUT
        value = np.where(withheld, np.nan, value)
        self.counted = (part.sums[here][..., 0] > 0).any(axis=(2, 3)).sum(axis=0)
        self.columns = _compared(value, measures_of(replicates.reshape(-1, *part.sums.shape[1:])), self.counted, part)
        known = np.logical_or.reduce(part.known[here], axis=0)
        self.status = _status(value, withheld, self.columns["reference_value"], known)
        self.people = {
            name: np.where(known, sums[:, place_of, 0, 0], np.nan) for place_of, name in enumerate(WEIGHTINGS)
        }
        women, covered = part.women[here].sum(), part.women_covered[here].sum()
        partial = 0 < covered < _NEARLY_ALL * women
        self.basis = f"stands on {100 * covered / women:.1f} % of the women" if partial else None


def _compared(
    value: npt.NDArray[np.float64],
    resampled: npt.NDArray[np.float64],
    counted: npt.NDArray[np.int64],
    part: Groups,
) -> dict[str, npt.NDArray[np.float64]]:
    reference = part.names.index(part.reference)
    enough = (counted >= FEWEST_COUNTIES)[:, None, None, None]
    others = (np.arange(len(part.names)) != reference)[:, None, None, None]
    standard = np.broadcast_to(value[reference], value.shape)
    against = resampled[:, reference][:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(standard >= LEAST_REFERENCE, value / standard, np.nan)
        ratios = np.where(against > 0, resampled / against, np.nan)
    difference = value - standard
    interval = enough & enough[reference] & others
    columns = {"value": value, "reference_value": standard, "ratio": ratio, "difference": difference}
    columns |= _limits("", resampled, enough & ~np.isnan(value))
    columns |= _limits("ratio_", ratios, interval & ~np.isnan(ratio))
    columns |= _limits("difference_", resampled - against, interval & ~np.isnan(difference))
    return columns


def _limits(
    prefix: str, replicates: npt.NDArray[np.float64], given: npt.NDArray[np.bool_]
) -> dict[str, npt.NDArray[np.float64]]:
    low, high = percentile_limits(replicates.reshape(replicates.shape[0], -1))
    shape = replicates.shape[1:]
    given = given & ((high - low) > _POINT).reshape(shape)  # nothing varied: a point is no interval
    return {
        f"{prefix}{name}": np.where(given, limit.reshape(shape), np.nan)
        for name, limit in (("low", low), ("high", high))
    }


def _status(
    value: npt.NDArray[np.float64],
    withheld: npt.NDArray[np.bool_],
    standard: npt.NDArray[np.float64],
    known: npt.NDArray[np.bool_],
) -> npt.NDArray[Any]:
    status = np.full(value.shape, "given", dtype=object)
    status[~np.isnan(value) & np.isnan(standard)] = "reference_missing"
    status[np.isnan(value)] = "no_women"
    # People without minutes are not nobody: they keep their shares, and their mean has this reason.
    status[withheld] = "without_minutes"
    status[~known] = "not_reported"
    return status


def _frame(part: Groups, places: list[_Place]) -> pd.DataFrame:
    shape = places[0].status.shape
    group, weighting, service, measure = np.indices(shape).reshape(len(shape), -1)
    cells = group.size
    labels = {
        "measure": [f"{_MEASURES[m]}_{SERVICES[s]}" for m, s in zip(measure, service, strict=True)],
        "unit": [_UNITS[m] for m in measure],
        "weighted_by": [WEIGHTINGS[w] for w in weighting],
        "group": [part.names[g] for g in group],
    }
    shared = COUNTY_SHARES if part.weights in _BY_COUNTY else None
    notes = [
        joined(shared, place.basis, SOVEREIGNTY if name == "aian" else None) for place in places for name in part.names
    ]
    return pd.DataFrame(
        {
            "scope": np.repeat([place.scope for place in places], cells),
            "place": np.repeat([place.place for place in places], cells),
            "dimension": part.dimension,
            **{name: words * len(places) for name, words in labels.items()},
            "reference": part.reference,
            **{name: np.concatenate([place.columns[name].ravel() for place in places]) for name in places[0].columns},
            **{
                column: np.concatenate([place.people[name][group] for place in places])
                for column, name in (("women", "women_15_44"), ("births_per_year", "births_per_year"))
            },
            "counties": np.concatenate([place.counted[group] for place in places]).astype(np.float64),
            "status": np.concatenate([place.status.ravel() for place in places]),
            "weights": part.weights,
            "note": np.repeat(np.array(notes, dtype=object), cells // len(part.names)),
            "source": _SOURCES[part.weights],
        }
    )
