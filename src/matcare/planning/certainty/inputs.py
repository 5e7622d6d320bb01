"""What is uncertain, and how much: every number with where it comes from, or said to be a judgement.

Six inputs, independent of each other: the speeds on the roads, the legs between a place and the roads, which hospitals
offer birth care, the neonatal levels, the clinicians that the source does not count, the uninsured. An input that is
*held* stands at the value of the run, exactly.

Where a probability itself is not known, two numbers stand for it: it lies anywhere between them, the same for all
units of the kind within one draw. So totals over the nation are as uncertain as what is not known about the kind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["INPUTS", "Between", "Uncertainty"]

Between = tuple[float, float]
"""Lowest and highest value that is thought possible."""

INPUTS: Final[dict[str, str]] = {
    "speeds": "speeds on the roads",
    "access_legs": "legs between a place and the roads",
    "obstetrics": "which hospitals offer birth care",
    "levels": "neonatal levels",
    "clinicians": "clinicians that the source does not count",
    "uninsured": "women without health insurance",
}
"""The uncertain inputs, in words."""

_OFFERS: Final[dict[str, Between]] = {
    "corroborated": (0.96, 1.0),
    "likely": (0.8, 1.0),
    "claimed": (0.18, 0.6),
    "claimed_small": (0.48, 0.85),
    "arranged": (0.1, 0.4),
    "unknown": (0.0, 0.2),
    "none": (0.0, 0.0),
}


@dataclass(frozen=True, kw_only=True)
class Uncertainty:
    """How much each input may be off.

    Attributes
    ----------
    speed_scale : float
        Times the calibrated standard deviation of log minutes (`data/drive_time_error.csv`: by minutes and density, on
        states left out of the fit). 1 = as calibrated.
    common_to_state, common_to_county, common_to_unit : float
        Shares of the variance of log minutes that all trips from a state, from a county, and to one unit have in
        common; the rest is each trip's own. Estimated from the products of pairs of residuals of the 1,634 calibration
        trips (``benchmarks/certainty.py --split``).
    place_km : float
        Places within one square of this side share the error of a trip to the same unit: they use the same roads.
    access_sd : float
        Standard deviation of the log of the access leg's minutes, which stands for the detour factor of 1.3 and the
        local speed; part of the calibrated error, not added to it. Same command: 0.60 by maximum likelihood, 0.51
        without six trips that are off by half and more.
    streets_km : float
        Places within one square of this side share the error of their access legs.
    offers : mapping of str to (float, float)
        Probability that a hospital offers birth care, by its obstetric evidence; ``claimed_small`` is `claimed` with at
        most `few_beds` beds. `claimed` (low) and ``claimed_small`` (low): capture and recapture (Chapman 1951) of the
        two other signs among hospitals that claim obstetrics, birthing-friendly and nursery discharges, within classes
        of beds. It is a lower bound, since a hospital that misses one list is likelier to miss the other; the upper
        value, and `arranged`, `likely`, `unknown`, are judgements. `corroborated`: about one unit in fifty closes a
        year, and the signs are one to two years old (judgement).
    few_beds : float
        Beds up to which a hospital is small: critical access hospitals, which need not report what the
        birthing-friendly list is made of.
    not_listed_factor : float
        Times the probability, for a hospital that is not among CMS's active ones (judgement).
    level_three : (float, float)
        Probability that a unit reported as III is one. CDC LOCATe assessed 24.9 % of 721 facilities below the level
        that they reported (0.331 with a discrepancy, 75.3 % of these too high: J Perinatol 2023;43:484-489). A
        reported IV is at least III; a reported II is not.
    queried_level_factor : float
        Times that, where the level is queried or matched loosely (judgement).
    unknown_nicu_large, unknown_nicu_small : (float, float)
        Probability that a NICU of unknown level is III or IV: among reported units with NICU beds 92 % are above 10
        beds and 44 % at most 10; without a count of NICU beds 83 % from 200 hospital beds and 67 % below (the latter
        two are upper bounds).
    osteopaths_per_obgyn : (float, float)
        OB-GYNs who are doctors of osteopathic medicine, per OB-GYN who is an MD and counted (judgement).
    family_per_10000_births_metro, family_per_10000_births_nonmetro : (float, float)
        Family physicians who deliver, per 10,000 births. About 7 % of them do (J Am Board Fam Med 2017;30:405-406);
        that they are 4,000 to 7,000, two in five of them in nonmetropolitan counties, is a judgement.
    family_spread : float
        Shape of the gamma distribution by which counties' rates of them spread around the mean: at 0.5 half of the
        counties have less than half of it and some many times it, as in states where they still deliver and states
        where hardly any does (judgement).
    share_where_no_unit : float
        How much of that rate stands in a county without a birth unit: they deliver where there is one (judgement).
    uninsured_sd : float
        Relative standard deviation of a county's uninsured share at 10,000 people, fitted to SAHIE's own 90 % limits of
        2023; it falls with population to the power of `uninsured_sd_exponent`.
    uninsured_sd_exponent : float
    uninsured_state_sd : float
        Relative standard deviation of a state's ratio of women 19-44 to all under 65, as it spreads between states.
    uninsured_definition : (float, float)
        Factor from women 19-44, whom the estimate scales to, to women 18-64, whom the rule means: the mean ratio of
        the estimate to everybody under 65 is 1.10, and older women are likelier to be insured. Times the share.
    held : frozenset of str
        Inputs that stand at the run's own value.

    Examples
    --------
    >>> sorted(Uncertainty().only("speeds").held)
    ['access_legs', 'clinicians', 'levels', 'obstetrics', 'uninsured']
    """

    speed_scale: float = 1.0
    common_to_state: float = 0.02
    common_to_county: float = 0.13
    common_to_unit: float = 0.16
    place_km: float = 10.0
    access_sd: float = 0.5
    streets_km: float = 2.0
    offers: Mapping[str, Between] = field(default_factory=lambda: MappingProxyType(_OFFERS))
    few_beds: float = 25.0
    not_listed_factor: float = 0.5
    level_three: Between = (0.65, 0.85)
    queried_level_factor: float = 0.8
    unknown_nicu_large: Between = (0.75, 0.95)
    unknown_nicu_small: Between = (0.4, 0.7)
    osteopaths_per_obgyn: Between = (0.10, 0.18)
    family_per_10000_births_metro: Between = (6.0, 14.0)
    family_per_10000_births_nonmetro: Between = (30.0, 60.0)
    family_spread: float = 0.5
    share_where_no_unit: float = 0.1
    uninsured_sd: float = 0.08
    uninsured_sd_exponent: float = 0.087
    uninsured_state_sd: float = 0.09
    uninsured_definition: Between = (0.91, 1.0)
    held: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        given = dict(self.offers)
        for tier in given:
            if tier not in _OFFERS:
                raise InputError(f"offers: unknown obstetric evidence {tier!r}; known are {', '.join(_OFFERS)}")
        object.__setattr__(self, "offers", MappingProxyType({**_OFFERS, **given}))
        object.__setattr__(self, "held", frozenset(self.held))
        for name in sorted(self.held):
            if name not in INPUTS:
                raise InputError(f"held: unknown input {name!r}; known are {', '.join(INPUTS)}")
        self._check_numbers()
        self._check_ranges()

    def _check_numbers(self) -> None:
        for key in _NOT_NEGATIVE:
            if not 0 <= getattr(self, key) < math.inf:
                raise InputError(f"{key} is {getattr(self, key):g}: give a number of 0 or more")
        for key in ("place_km", "streets_km", "family_spread"):
            if not 0 < getattr(self, key) < math.inf:
                raise InputError(f"{key} is {getattr(self, key):g}: give a number above 0")
        for key in ("not_listed_factor", "queried_level_factor", "share_where_no_unit"):
            if not 0 <= getattr(self, key) <= 1:
                raise InputError(f"{key} is {getattr(self, key):g}: give a share from 0 to 1")
        common = self.common_to_state + self.common_to_county + self.common_to_unit
        if common > 1:
            raise InputError(
                f"common_to_state, common_to_county and common_to_unit add up to {common:g}: give at most 1"
            )

    def _check_ranges(self) -> None:
        shares = {f"offers[{tier!r}]": pair for tier, pair in self.offers.items()}
        shares |= {key: getattr(self, key) for key in _PROBABILITIES}
        for key, (low, high) in shares.items():
            if not 0 <= low <= high <= 1:
                raise InputError(f"{key} is ({low:g}, {high:g}): give two shares from 0 to 1, the lower first")
        for key in _RANGES:
            low, high = getattr(self, key)
            if not 0 <= low <= high < math.inf:
                raise InputError(f"{key} is ({low:g}, {high:g}): give two numbers of 0 or more, the lower first")

    def only(self, *names: str) -> Uncertainty:
        """Return the same with all inputs held but these."""
        for name in names:
            if name not in INPUTS:
                raise InputError(f"unknown input {name!r}; known are {', '.join(INPUTS)}")
        return replace(self, held=frozenset(INPUTS) - set(names))

    def without(self, *names: str) -> Uncertainty:
        """Return the same with these inputs held too."""
        return replace(self, held=self.held | set(names))


_NOT_NEGATIVE: Final = (
    "speed_scale", "common_to_state", "common_to_county", "common_to_unit", "access_sd", "few_beds", "uninsured_sd",
    "uninsured_sd_exponent", "uninsured_state_sd",
)  # fmt: skip
_PROBABILITIES: Final = ("level_three", "unknown_nicu_large", "unknown_nicu_small")
_RANGES: Final = (
    "osteopaths_per_obgyn", "family_per_10000_births_metro", "family_per_10000_births_nonmetro",
    "uninsured_definition",
)  # fmt: skip
