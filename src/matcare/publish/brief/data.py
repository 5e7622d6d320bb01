"""What every brief of a run looks up, joined once: rows by place, units by county, the run's own numbers only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.geo import STATES
from matcare.publish.map.columns import FACILITY_GROUPS, facility_groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from matcare.publish.finished import FinishedRun

__all__ = ["NATION", "BriefData", "NearestUnit", "PublishedRate", "Row", "place_name", "records", "state_name"]

Row = dict[str, Any]
"""A row of a table in Python's own types; None is missing."""

NATION: Final = "US"
_SERVICE: Final = "birth_care"
_KEPT: Final = "_brief_data"
_PUBLISHED: Final = "published"


@dataclass(frozen=True, kw_only=True)
class NearestUnit:
    """A unit that is the nearest birth care of some of a county's women.

    Attributes
    ----------
    facility_id : str
        The unit.
    women : float
        Women 15-44 of the county whose nearest it is (estimate, allocated to demand points by people).
    minutes : float
        Their mean drive.
    """

    facility_id: str
    women: float
    minutes: float


@dataclass(frozen=True, kw_only=True)
class PublishedRate:
    """Infant mortality of the nation or a state, as published.

    Attributes
    ----------
    place : str
        ``US`` or a postal code.
    value, low, high : float or None
        Per 1,000 live births with the 95 % interval; None where withheld or not reported.
    deaths, births : float or None
        What it stands on.
    status : str
        ``published``, ``complementary``, ``not_reported`` …
    period : str
        Years.
    from_run : bool
        From this run's tables, not from the data's default totals.
    """

    place: str
    value: float | None
    low: float | None
    high: float | None
    deaths: float | None
    births: float | None
    status: str
    period: str
    from_run: bool


def records(table: pd.DataFrame) -> list[Row]:
    """Return a table's rows in Python's own types, None for what is missing."""
    plain = pd.DataFrame(table).astype("object")
    rows: list[Any] = plain.where(plain.notna(), None).to_dict("records")
    return rows


def state_name(row: Row) -> str:
    """Return the name of the state that a row is of."""
    return STATES.get(str(row["state"]), str(row["state"]))


def place_name(row: Row) -> str:
    """Return a county's name with its state's.

    Examples
    --------
    >>> place_name({"county_name": "Williams County", "state": "ND"})
    'Williams County, North Dakota'
    >>> place_name({"county_name": "District of Columbia", "state": "DC"})
    'District of Columbia'
    """
    if row["county_name"] == state_name(row):
        return state_name(row)
    return f"{row['county_name']}, {state_name(row)}"


class BriefData:
    """The joined rows of a run.

    Parameters
    ----------
    run : FinishedRun
        The run; see :meth:`of`, which joins it once only.
    """

    def __init__(self, run: FinishedRun) -> None:
        self.run = run
        table = pd.DataFrame(run.counties.drop(columns="geometry"))
        self.counties: dict[str, Row] = {row["county_fips"]: row for row in records(table)}
        self.position = {code: i for i, code in enumerate(run.counties["county_fips"])}

    @classmethod
    def of(cls, run: FinishedRun) -> BriefData:
        """Return the joined rows of a run, the same object every time for the same run."""
        kept = vars(run).get(_KEPT)
        if kept is None:
            kept = cls(run)
            vars(run)[_KEPT] = kept  # beside the run's own cached properties, so it lives as long as the run
        found: BriefData = kept
        return found

    @cached_property
    def codes_by_state(self) -> Mapping[str, list[str]]:
        """Counties of each state, by name."""
        found: dict[str, list[str]] = defaultdict(list)
        for code, row in sorted(self.counties.items(), key=lambda pair: pair[1]["county_name"]):
            found[row["state"]].append(code)
        return dict(found)

    @cached_property
    def facilities(self) -> Mapping[str, Row]:
        """Facilities by identifier, each with its ``group`` of the map's legend and whether it is only ``claimed``."""
        table = self.run.facilities.assign(
            group=[FACILITY_GROUPS[code]["id"] for code in facility_groups(self.run.facilities)]
        )
        return {
            row["facility_id"]: row
            | {"claimed": bool(row["counts_birth_care"]) and not row["counts_birth_care_corroborated"]}
            for row in records(table)
        }

    @cached_property
    def facilities_by_county(self) -> Mapping[str, list[Row]]:
        """Facilities that count for a service, by county."""
        shown = [row for row in self.facilities.values() if row["group"] not in {"not_counted", "closed"}]
        return _by(shown, "county_fips")

    @cached_property
    def nearest(self) -> Mapping[str, list[NearestUnit]]:
        """Units that are the nearest birth care of each county's women, most women first."""
        points = self.run.block_groups
        there = points["facility_id_birth_care"].notna() & (points["women_15_44"] > 0)
        part = points.loc[there, ["county_fips", "facility_id_birth_care", "women_15_44", "minutes_birth_care"]]
        weighted = part.assign(product=part["women_15_44"] * part["minutes_birth_care"])
        sums = weighted.groupby(["county_fips", "facility_id_birth_care"], sort=True)[["women_15_44", "product"]].sum()
        found: dict[str, list[NearestUnit]] = defaultdict(list)
        for (county, unit), women, product in zip(sums.index, sums["women_15_44"], sums["product"], strict=True):
            found[county].append(NearestUnit(facility_id=unit, women=float(women), minutes=float(product / women)))
        return {county: sorted(units, key=lambda u: (-u.women, u.facility_id)) for county, units in found.items()}

    @cached_property
    def home(self) -> Mapping[str, tuple[float, float, float, float]]:
        """West, south, east and north of each county's demand points, less the outermost: for crowded maps."""
        points = self.run.block_groups
        part = points[(points["women_15_44"] > 0) & points["lon"].notna()]
        grouped = part.groupby("county_fips")[["lon", "lat"]]
        limits = pd.concat([grouped.quantile(0.05), grouped.quantile(0.95)], axis=1)
        rows = limits.to_numpy(dtype="float64").tolist()
        return {str(code): tuple(row) for code, row in zip(limits.index, rows, strict=True)}

    @cached_property
    def fragility(self) -> Mapping[str, Row]:
        """What the loss of each unit would do, by unit, in the list's order."""
        table = self.run.tables["fragility.csv"]
        return {row["facility_id"]: row for row in records(table[table["service"] == _SERVICE].sort_values("order"))}

    @cached_property
    def transfers(self) -> Mapping[str, list[Row]]:
        """Birth hospitals with the nearest units of a higher level, by county."""
        return _by(records(self.run.tables["transfers.csv"]), "county_fips")

    @cached_property
    def catalog(self) -> Mapping[str, Row]:
        """The catalog of indicators."""
        return {row["indicator"]: row for row in records(self.run.tables["indicator_catalog.csv"])}

    @cached_property
    def indicators(self) -> Mapping[str, list[Row]]:
        """Indicators by county, and those of a state by its postal code."""
        table = self.run.tables["indicators.csv"]
        place = table["county_fips"].where(table["county_fips"].notna(), table["state"])
        return _by(records(table.assign(place=place)), "place")

    @cached_property
    def definitions(self) -> Mapping[str, list[Row]]:
        """Definitions by county."""
        return _by(records(self.run.tables["definitions.csv"]), "county_fips")

    @cached_property
    def coverage(self) -> Mapping[str, list[Row]]:
        """Coverage by risk group, of the nation and the states."""
        return _by(records(self.run.tables["coverage.csv"]), "place")

    @cached_property
    def disparities(self) -> Mapping[str, list[Row]]:
        """Disparities by place."""
        return _by(records(self.run.tables["disparities.csv"]), "place")

    @cached_property
    def policies(self) -> Mapping[str, list[Row]]:
        """Policies by state."""
        return _by(records(self.run.tables["state_policies.csv"]), "state")

    @cached_property
    def cross_border(self) -> Mapping[str, list[Row]]:
        """Care in other states, by the women's state."""
        return _by(records(self.run.tables["cross_border.csv"]), "home_state")

    @cached_property
    def _accesses(self) -> dict[str, dict[str, Row]]:
        return {}

    def access(self, place: str) -> Mapping[str, Row]:
        """Return the access of ``US`` or a state by service, as :meth:`FinishedRun.access` gives it."""
        if place not in self._accesses:
            table = self.run.access(place)
            found = dict(zip((str(service) for service in table.index), records(table), strict=True))
            self._accesses[place] = {
                service: dict.fromkeys(row) | {"women_15_44": row["women_15_44"]}
                if self._level_unknown(place, service)
                else row
                for service, row in found.items()
            }
        return self._accesses[place]

    def _level_unknown(self, place: str, service: str) -> bool:
        """Tell whether no hospital of a state has a reported level, so that its shares are unknown and not zero."""
        reasons = {self.counties[code].get(f"minutes_{service}_reason") for code in self.codes_by_state.get(place, ())}
        return reasons == {"level_not_reported"}

    @cached_property
    def defaults(self) -> frozenset[str]:
        """Places whose access is the default scenario's, not this run's."""
        return frozenset(place for place in (NATION, *self.codes_by_state) if self.run.is_default(place))

    @cached_property
    def rates(self) -> Mapping[str, PublishedRate]:
        """Infant mortality of the nation and of states: this run's where it has them."""
        reference = self.run.reference
        found = {
            row["place"]: _rate(row, row["place"], reference.period, from_run=False) for row in records(reference.rates)
        }
        for row in records(self.run.tables["pooled_rates.csv"]):
            if row["grouping"] in {"state", "nation"}:
                found[row["group"]] = _rate(row, row["group"], row["outcome_period"], from_run=True)
        return found

    @cached_property
    def period(self) -> str:
        """Years of the run's infant deaths."""
        return str(self.run.about["outcomes"]["period"])

    @cached_property
    def women(self) -> Mapping[str, float]:
        """Women 15-44 of each state."""
        table = self.run.counties
        sums = table.groupby("state")["women_15_44"].sum()
        return {str(state): float(women) for state, women in sums.items() if np.isfinite(women)}


def _by(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row[key] is not None:
            found[row[key]].append(row)
    return dict(found)


def _rate(row: Row, place: str, period: str, *, from_run: bool) -> PublishedRate:
    return PublishedRate(
        place=place,
        value=row["imr"],
        low=row["imr_low"],
        high=row["imr_high"],
        deaths=row["infant_deaths"],
        births=row["live_births"],
        status=row["status"],
        period=period,
        from_run=from_run,
    )
