"""Draws of what is uncertain: every draw has streams of random numbers of its own, whichever core makes it.

A draw takes a value of every input, and a second one of each input in turn with the others left alone. From the first
come probabilities and intervals; how much a result moves when one input alone is drawn again says what part that input
has in its variance (:mod:`matcare.planning.certainty.shares`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from matcare.planning.certainty.classes import class_codes, possible_classes
from matcare.planning.certainty.coverage import CountyWeights
from matcare.planning.certainty.inputs import INPUTS
from matcare.planning.certainty.trip_error import TripError
from matcare.planning.certainty.trips import Candidates, Errors, Places
from matcare.planning.certainty.units import Chances, birth_care_chances, level_three_chances

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from matcare.measures.study_area import StudyArea
    from matcare.planning.certainty.inputs import Between, Uncertainty
    from matcare.scenario import Rule

__all__ = ["MOVERS", "Draw", "Drawing", "stream"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I8 = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]

MOVERS: Final[dict[str, tuple[str, ...]]] = {
    "class": ("obstetrics", "clinicians", "uninsured"),
    "birth_care": ("speeds", "access_legs", "obstetrics"),
    "neonatal_3_plus": ("speeds", "access_legs", "levels"),
}
"""Which inputs can move a result: the class, minutes to birth care, minutes to a unit of level III or IV."""

SERVICES: Final = ("birth_care", "neonatal_3_plus")
_BEYOND: Final = len(INPUTS)
_NONMETRO_FROM: Final = 4


def stream(seed: int, draw: int, number: int, again: int = 0) -> np.random.Generator:
    """Return the random numbers of one input in one draw, the same in whatever order draws are made."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(draw, number, again))))


@dataclass(frozen=True, eq=False, kw_only=True)
class Draw:
    """What one draw gives for every county.

    Attributes
    ----------
    classes : numpy.ndarray of int8, shape (counties,)
        Code of the class; see :mod:`matcare.planning.certainty.classes`.
    minutes : dict of str to numpy.ndarray, shape (counties,)
        By service: mean minutes, NaN where they are withheld.
    within : dict of str to numpy.ndarray, shape (limits, counties)
        By service: share of women within each limit.
    again : dict of (str, str) to numpy.ndarray, shape (counties,)
        By result and input: the class or the minutes, had this input alone been drawn again.
    """

    classes: I8
    minutes: dict[str, F64]
    within: dict[str, F64]
    again: dict[tuple[str, str], F64 | I8]


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawing:
    """All that draws share.

    Attributes
    ----------
    seed : int
    uncertainty : Uncertainty
    rule : Rule
    limit_minutes : float
        Farther does not count.
    at : Places
        Demand points of the region.
    weights : CountyWeights
    chances : dict of str to Chances
        By service.
    found : dict of str to Candidates
        By service.
    facility_county : numpy.ndarray of int64, shape (facilities,)
        Position of each facility's county, −1 outside the region.
    counties : dict of str to numpy.ndarray of float64, shape (counties,)
        What the rule needs of every county.
    state : numpy.ndarray of int64, shape (counties,)
        Position of each county's state.
    """

    seed: int
    uncertainty: Uncertainty
    rule: Rule
    limit_minutes: float
    at: Places
    weights: CountyWeights
    chances: dict[str, Chances]
    found: dict[str, Candidates]
    facility_county: I64
    counties: dict[str, F64]
    state: I64

    @classmethod
    def of(
        cls,
        area: StudyArea,
        counties: pd.DataFrame,
        *,
        drive_time_error: pd.DataFrame,
        seed: int,
        uncertainty: Uncertainty,
        rule: Rule,
        limits: tuple[float, ...],
        limit_minutes: float,
    ) -> Drawing:
        """Find what all draws share; see :func:`matcare.planning.certainty.certainty`."""
        index = counties["county_fips"].to_numpy(dtype=object)
        number = {code: i for i, code in enumerate(index)}
        states = {code: i for i, code in enumerate(dict.fromkeys(counties["state"]))}
        state = counties["state"].map(states).to_numpy(dtype=np.int64)
        county = area.demand["county_fips"].map(number).to_numpy(dtype=np.float64)
        rows = np.flatnonzero(~np.isnan(county)).astype(np.int64)
        here = county[rows].astype(np.int64)
        at = Places.of(
            area, rows, here, state[here], place_km=uncertainty.place_km, streets_km=uncertainty.streets_km
        )  # fmt: skip
        error = TripError.of(drive_time_error, access_sd=uncertainty.access_sd, scale=uncertainty.speed_scale)
        chances = {
            "birth_care": birth_care_chances(area.facilities, uncertainty),
            "neonatal_3_plus": level_three_chances(area.facilities, uncertainty),
        }
        found = {
            service: Candidates.of(area, np.flatnonzero(chance.possible).astype(np.int64), at, error)
            for service, chance in chances.items()
        }
        place = area.facilities["county_fips"].map(number)
        return cls(
            seed=seed,
            uncertainty=uncertainty,
            rule=rule,
            limit_minutes=limit_minutes,
            at=at,
            weights=CountyWeights.of(area.demand.iloc[rows], here, len(counties), limits),
            chances=chances,
            found=found,
            facility_county=place.fillna(-1).to_numpy(dtype=np.int64),
            counties=_numbers(counties),
            state=state,
        )

    def draw(self, number: int) -> Draw:
        """Make one draw; the same whichever others are made."""
        first = {name: self._value(name, number, 0) for name in INPUTS}
        minutes, within = {}, {}
        for service in SERVICES:
            covered = self.weights.covered(self._minutes(service, first, number))
            minutes[service], within[service] = covered.minutes, covered.within
        again: dict[tuple[str, str], F64 | I8] = {}
        for result, inputs in MOVERS.items():
            for name in inputs:
                if name in self.uncertainty.held:
                    continue
                moved = first | {name: self._value(name, number, 1)}
                if result == "class":
                    again[result, name] = self._classes(moved)
                else:
                    again[result, name] = self.weights.covered(self._minutes(result, moved, number)).minutes
        return Draw(classes=self._classes(first), minutes=minutes, within=within, again=again)

    def _value(self, name: str, draw: int, again: int) -> Any:
        """Draw one input, the first time or again."""
        makers: dict[str, Callable[[np.random.Generator], Any]] = {
            "speeds": self._speeds,
            "access_legs": self._legs,
            "obstetrics": self.chances["birth_care"].drawn,
            "levels": self.chances["neonatal_3_plus"].drawn,
            "clinicians": self._clinicians,
            "uninsured": self._uninsured,
        }
        return makers[name](stream(self.seed, draw, list(INPUTS).index(name), again))

    def _speeds(self, numbers: np.random.Generator) -> dict[str, Errors]:
        u, held = self.uncertainty, "speeds" in self.uncertainty.held
        shares = np.array([u.common_to_state, u.common_to_county, u.common_to_unit])
        root = np.zeros(4) if held else np.sqrt(np.append(shares, max(1 - shares.sum(), 0.0)))

        def normal(count: int, factor: float) -> F64:
            return np.zeros(count) if held else factor * numbers.standard_normal(count)

        state = normal(int(self.state.max(initial=-1)) + 1, root[0])
        county = normal(len(self.state), root[1])
        facility = normal(len(self.facility_county), root[2])
        return {
            service: Errors(
                state=state, county=county, facility=facility, pair=normal(found.pairs, root[3]), own=float(root[3])
            )
            for service, found in self.found.items()
        }

    def _legs(self, numbers: np.random.Generator) -> F64:
        """Share by which the minutes of access legs change, by square of streets."""
        count = int(self.at.streets.max(initial=-1)) + 1
        if "access_legs" in self.uncertainty.held:
            return np.zeros(count)
        return np.expm1(self.uncertainty.access_sd * numbers.standard_normal(count))

    def _clinicians(self, numbers: np.random.Generator) -> tuple[F64, F64]:
        """Clinicians that the source does not count: those there anyhow, and those only where there is a unit."""
        u, known = self.uncertainty, self.counties
        if "clinicians" in u.held:
            return np.zeros(len(self.state)), np.zeros(len(self.state))
        osteopaths, metro, nonmetro = (
            _between(numbers, pair)
            for pair in (u.osteopaths_per_obgyn, u.family_per_10000_births_metro, u.family_per_10000_births_nonmetro)
        )
        births = np.nan_to_num(known["births_per_year"]) / 10_000
        spread = numbers.gamma(u.family_spread, 1 / u.family_spread, len(self.state))
        family = spread * births * np.where(known["rucc_2023"] >= _NONMETRO_FROM, nonmetro, metro)
        anyhow = np.nan_to_num(known["obgyns"]) * osteopaths + family * u.share_where_no_unit
        return (
            numbers.poisson(anyhow).astype(np.float64),
            numbers.poisson(family * (1 - u.share_where_no_unit)).astype(np.float64),
        )

    def _uninsured(self, numbers: np.random.Generator) -> F64:
        u, share = self.uncertainty, self.counties["share_women_uninsured"]
        if "uninsured" in u.held:
            return share
        people = np.fmax(self.counties["population"], 1.0)  # not known: as of one person, the widest
        sd = u.uninsured_sd * (people / 10_000) ** -u.uninsured_sd_exponent
        definition = _between(numbers, u.uninsured_definition)
        by_state = u.uninsured_state_sd * numbers.standard_normal(int(self.state.max(initial=-1)) + 1)
        drawn = share * definition * np.exp(by_state[self.state] + sd * numbers.standard_normal(len(share)))
        return np.asarray(np.clip(drawn, 0.0, 1.0), dtype=np.float64)

    def _minutes(self, service: str, values: dict[str, Any], draw: int) -> F64:
        found = self.found[service]
        offers = values["obstetrics" if service == "birth_care" else "levels"]
        beyond = stream(self.seed, draw, _BEYOND + SERVICES.index(service))
        legs = values["access_legs"][self.at.streets]
        return found.drawn(
            self.at, offers[found.facility], values["speeds"][service], legs, self.limit_minutes, beyond
        )  # fmt: skip

    def _classes(self, values: dict[str, Any]) -> I8:
        known, place = self.counties, self.facility_county
        offers = values["obstetrics"] & (place >= 0)
        units = np.bincount(place[offers], minlength=len(self.state)) + known["birth_centers"]
        anyhow, beside_units = values["clinicians"]
        reported = np.stack([known["obgyns"], known["midwives"]])
        possible = possible_classes(
            units=units,
            clinicians=np.nansum(reported, axis=0) + anyhow + np.where(units > 0, beside_units, 0.0),
            clinicians_missing=np.isnan(known["obgyns"]) | np.isnan(known["midwives"]),
            births=known["births_per_year"],
            uninsured=values["uninsured"],
            rule=self.rule,
        )
        return class_codes(possible)


def _between(numbers: np.random.Generator, pair: Between) -> float:
    return pair[0] + (pair[1] - pair[0]) * float(numbers.random())


def _numbers(counties: pd.DataFrame) -> dict[str, F64]:
    """Take what the rule and the draws need of every county; a kind of clinicians that is missing is NaN."""
    names = (
        "obgyns", "midwives", "births_per_year", "share_women_uninsured", "population", "rucc_2023", "birth_centers",
    )  # fmt: skip
    return {
        name: np.asarray(counties[name].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
        for name in names
    }
