"""How certain each county's class and minutes are: Monte-Carlo draws over what is uncertain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from matcare.errors import InputError
from matcare.planning.certainty.counties import county_certainty, totals
from matcare.planning.certainty.draws import Draw, Drawing
from matcare.planning.certainty.inputs import INPUTS, Uncertainty
from matcare.planning.certainty.shares import most_important, total_effects, variance_shares
from matcare.scenario import MARCH_OF_DIMES_2024, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pandas as pd

    from matcare.measures.study_area import StudyArea

__all__ = ["INPUTS", "CertaintyResult", "Uncertainty", "certainty"]


@dataclass(frozen=True, eq=False, kw_only=True)
class CertaintyResult:
    """What the draws say.

    Attributes
    ----------
    counties : pandas.DataFrame
        Contract `CERTAINTY`, one row a county.
    shares : pandas.DataFrame
        Contract `CERTAINTY_SHARES`: the part of each input in the variance, by county and result.
    totals : pandas.DataFrame
        Contract `CERTAINTY_TOTALS`: counties and women in deserts.
    draws : tuple of Draw
        Every county's class, minutes and shares in each draw.
    """

    counties: pd.DataFrame
    shares: pd.DataFrame
    totals: pd.DataFrame
    draws: tuple[Draw, ...]


def certainty(
    area: StudyArea,
    counties_results: pd.DataFrame,
    *,
    drive_time_error: pd.DataFrame,
    seed: int,
    draws: int = 200,
    inputs: Uncertainty | None = None,
    rule: Rule = MARCH_OF_DIMES_2024,
    limits: tuple[float, ...] = (30, 60),
    limit_minutes: float = 600.0,
    region: Collection[str] | None = None,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> CertaintyResult:
    """Carry what is uncertain to every county's class, minutes and shares.

    Each draw takes a value of every input from :class:`Uncertainty`: errors of log minutes with parts that a state, a
    county, a unit and a pair of a place and a unit have in common; access legs; which hospitals offer birth care and
    which units are III or IV, each by the probability of its kind; clinicians that the source does not count; the
    uninsured. Minutes go to the unit that is nearest in the draw, and the March of Dimes rule is applied to the draw's
    units, clinicians and uninsured. With every input held each draw is the run, exactly.

    Parameters
    ----------
    area : StudyArea
        People of the region, and all facilities that may serve them.
    counties_results : pandas.DataFrame
        Contract `COUNTY_RESULTS` of the same scenario.
    drive_time_error : pandas.DataFrame
        Contract `DRIVE_TIME_ERROR`.
    seed : int
        The same gives the same result, by one core or two.
    draws : int
        How many; the standard error of a probability is at most 0.5/√draws.
    inputs : Uncertainty, optional
        How much each input may be off; as embedded without it.
    rule : Rule
        Thresholds, as in `counties_results`.
    limits : tuple of float
        Minutes of shares and drive-time deserts; within T is ≤ T.
    limit_minutes : float
        A unit farther than this is out of reach, as in `counties_results`.
    region : collection of str, optional
        Postal codes: only these states' counties are reported and counted; all of `counties_results` without it.
    workers : int
        Threads; the draws do not depend on it.
    progress : callable, optional
        Told after each draw how many are done, in the order in which they count.

    Returns
    -------
    CertaintyResult

    Raises
    ------
    InputError
        When the number of draws or workers is below 1, the limits do not ascend from above 0, the region has no county.

    References
    ----------
    Jansen MJW (1999). Analysis of variance designs for model output. Computer Physics Communications 117:35-43.
    """
    uncertainty = inputs or Uncertainty()
    for name, value in (("draws", draws), ("workers", workers)):
        if value < 1:
            raise InputError(f"{name} is {value}: give 1 or more")
    if not limits or limits[0] <= 0 or any(b <= a for a, b in pairwise(limits)):
        raise InputError(f"limits are {list(limits)}: give minutes above 0 in ascending order")
    counties = counties_results.reset_index(drop=True)
    if region is not None:
        counties = counties[counties["state"].isin(list(region))].reset_index(drop=True)
    if not len(counties):
        raise InputError(f"region {sorted(region or [])}: none of its counties is in the results; name postal codes")
    drawing = Drawing.of(
        area, counties, drive_time_error=drive_time_error, seed=seed, uncertainty=uncertainty, rule=rule,
        limits=limits, limit_minutes=limit_minutes,
    )  # fmt: skip
    made: list[Draw] = []
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for draw in pool.map(drawing.draw, range(draws)):
            made.append(draw)
            if progress is not None:
                progress(len(made))
    fips = counties["county_fips"].astype("str").tolist()
    shares = variance_shares(total_effects(made), fips)
    table = county_certainty(made, counties, limits, seed=seed)
    table = table.merge(
        most_important(shares, fips), left_on="county_fips", right_index=True, validate="one_to_one"
    )  # fmt: skip
    return CertaintyResult(
        counties=table, shares=shares, totals=totals(made, counties, limits, seed=seed), draws=tuple(made)
    )  # fmt: skip
