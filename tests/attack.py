"""An attacker with every file of a run, and the embedded tables beside it: which counts of 1-9 can he work out?

``attack(folder)`` reads each CSV, Parquet and GeoPackage file of a run and makes everything that gives a count back into a
fact about a cell (deaths or births of a place and group, 2017-2023), with bounds where a figure is rounded:

- a count that is printed, also in long tables whose unit says births or deaths;
- a rate with its limits, or limits alone (the NCHS interval solved for deaths, then births);
- a rate beside births, exact or estimated; a share beside births;
- an excess with its ratio, and a ratio's interval, which give the group's and the reference's deaths;
- an empirical Bayes rate with its shrinkage weight, where the rate itself is hidden;
- a percentile or rank of a hidden value;
- a local statistic or a shrunk rate of a county whose own rate is hidden;
- modelled rates whose sum is the residual of fewer than three counties or 20 deaths;
- totals over counties by state, by class, by rurality, by any column of ``counties.csv``, and by race, which become
  relations unless the printed counties alone explain them.

All facts then stand in one system with the embedded totals, and :mod:`matcare.disclosure` solves it. Census estimates of
births (``births_per_year``) are exempt as counts; as knowledge they are used.

What is not tried, and why: a county's own modelled rate and posterior interval are functions of printed figures only
(covariates, printed counts, the bounds 0-19 and state residuals, which are attacked themselves), so they add nothing that
the tables do not. Block groups' births are the county's estimate spread over people. The map's page holds the columns of
``counties.csv``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from matcare.disclosure import SMALL, counts_from_rate, disclosures, relate
from matcare.errors import InputError
from matcare.geo import state_of_county
from matcare.tables import snapshot

LEAST_PRINTED = 20.0
YEARS = 7
RACES = ("white", "black", "aian", "asian", "nhopi", "multiple", "hispanic")
DEATHS, BIRTHS = "infant_deaths", "live_births"
COLUMNS = ["file", "attack", "where", "low", "high"]

COUNT = re.compile(r"(^|_)(deaths|births|discharges)(_|$)")
NO_COUNT = re.compile(
    r"share|^(excess|clinicians|midwives|per|minutes)_|(_status|_from|_from_before|_from_after|_disagree|_source|_note|_to_flip)$"
    r"|^births_per_year$|^births_(newly_(beyond|within)_|nearest|estimated|shifted|affected|taken|newly_out)"
)
"""No counts: shares, rates, words; and Census estimates of births, whole or shared out over block groups by people and over
units by travel. Births of a kind (`births_high_risk_per_year`) are counts here: they stand on registered shares."""

RATE = re.compile(r"^(imr|rate)(_(published|before|after|\d{4}))?$")
RANK = re.compile(r"(^|_)(percentile|rank)(_|$)")
OF_AN_ESTIMATE = 0.3
"""Registered births of seven years may be this far from the Census estimates where a county has few hundreds of them."""
TRUE_FALSE = {True: "desert", False: "not a desert", "True": "desert", "False": "not a desert"}

Cell = tuple[str, str, str]
Membership = Callable[[pd.DataFrame, str, str], "pd.Series | None"]


@dataclass
class Knowledge:
    """Facts about cells, relations between them, and what was plain at first sight."""

    facts: list[tuple[str, Cell, float, float]] = field(default_factory=list)
    sums: list[tuple[str, str, dict[Hashable, float], float, float]] = field(default_factory=list)
    findings: list[dict[str, object]] = field(default_factory=list)

    def find(self, file: str, how: str, where: str, low: float, high: float) -> None:
        self.findings.append(dict(zip(COLUMNS, (file, how, where, low, high), strict=True)))

    def learn(
        self, file: str, how: str, place: tuple[str, str] | None, measure: str, low: float, high: float, where: str
    ) -> None:
        """Take a count known to lie between two numbers: small at first sight, or a fact for the system."""
        if not (np.isfinite(low) and np.isfinite(high)):
            return
        if is_small_range(low, high):
            self.find(file, how, f"{where}: {measure}", low, high)
        elif place is not None and low >= SMALL[1]:
            self.facts.append((f"{file}, {how}", (measure, *place), low, high))


def is_small_range(low: float, high: float) -> bool:
    """Whether every whole number that the range leaves open is 1-9 (a range with none in it holds its own ends)."""
    first, last = np.ceil(low - 1e-6), np.floor(high + 1e-6)
    if first > last:
        first = last = round((low + high) / 2)
    return bool(first >= SMALL[0] and last <= SMALL[1])


def attack(
    folder: Path,
    *,
    outcomes: pd.DataFrame | None = None,
    states: pd.DataFrame | None = None,
    by_race: pd.DataFrame | None = None,
    membership: Membership | None = None,
) -> pd.DataFrame:
    """List every count of 1-9 that the files of a run give back.

    ``outcomes``, ``states`` and ``by_race`` are the attacker's side knowledge: the embedded tables when they are not
    given (a run with a user's own outcomes gives those instead). ``membership(counties, grouping, group)`` tells which
    counties a group of some table holds, where :func:`members` does not know; None where it does not either.

    Columns: ``file, attack, where, low, high``. An empty table is what a run should give.
    """
    files = dict(read_files(Path(folder)))
    counties = files.get("counties.csv")
    known = Knowledge()
    for name, frame in list(files.items()):
        if counties is not None and {"county_fips", "indicator", "value"} <= set(frame):
            files[f"{name} beside counties.csv"] = shares_beside_births(frame, counties)
    for name, frame in files.items():
        rows_alone(name, frame, known)
        shrunk_rates(name, frame, known)
        hidden_ranks(name, frame, known)
    outcomes = snapshot.load_outcomes() if outcomes is None else outcomes
    states = snapshot.load_states() if states is None else states
    if by_race is None:
        load = getattr(snapshot, "load_outcomes_by_race", None)
        by_race = load() if load else pd.DataFrame(columns=["place", "group", DEATHS, BIRTHS])
    for name, frame in files.items():
        local_statistics(name, frame, outcomes, known)
        modelled_sums(name, frame, outcomes, states, known)
    if counties is not None:
        for name, frame in files.items():
            group_totals(name, frame, counties, outcomes, known, membership)
    solve(known, outcomes, states, by_race)
    return pd.DataFrame(known.findings, columns=COLUMNS).drop_duplicates(ignore_index=True)


def read_files(folder: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix == ".csv" and path.name != "dictionary.csv":
            frame = pd.read_csv(path, dtype={"county_fips": "str", "place": "str"}, low_memory=False)
        elif path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        elif path.suffix == ".gpkg":
            frame = pd.DataFrame(gpd.read_file(path, ignore_geometry=True))
        else:
            continue
        if "county_fips" in frame:
            frame["county_fips"] = frame["county_fips"].astype("str").str.zfill(5)
        yield name, frame.reset_index(drop=True)


# One row at a time.


def place_of(frame: pd.DataFrame) -> list[tuple[str, str] | None]:
    """Place and group of each row in the terms of the system; None where it is neither county, state nor nation."""
    unknown: list[tuple[str, str] | None] = [None] * len(frame)
    if {"demand_id", "facility_id", "year", "years", "year_before"} & set(frame):
        return unknown  # none of these is a seven years' count of a county
    if "county_fips" in frame:
        return [(code, "all") for code in frame["county_fips"]]
    if {"grouping", "group"} <= set(frame):
        return [
            (group, "all") if kind in ("state", "nation") else None
            for kind, group in zip(frame["grouping"], frame["group"], strict=True)
        ]
    if {"place", "group"} <= set(frame):
        race = frame["dimension"] == "race" if "dimension" in frame else pd.Series(True, index=frame.index)
        return [
            (str(place), group) if is_race and group in RACES else None
            for place, group, is_race in zip(frame["place"], frame["group"], race, strict=True)
        ]
    return unknown


def labels(frame: pd.DataFrame) -> list[str]:
    keys = [
        key
        for key in (
            "county_fips",
            "facility_id",
            "demand_id",
            "place",
            "grouping",
            "group",
            "cause",
            "indicator",
            "measure",
        )
        if key in frame
    ]
    if not keys:
        return [f"row {row}" for row in range(len(frame))]
    return [" ".join(map(str, parts)) for parts in zip(*(frame[key].tolist() for key in keys), strict=True)]


def measure_of(column: str) -> str:
    return DEATHS if "deaths" in column else BIRTHS


def is_period(column: str) -> bool:
    """Whether a count column is of the seven years' deaths or births that the system is about."""
    return column in ("infant_deaths", "deaths", "live_births", "births")


def rows_alone(name: str, frame: pd.DataFrame, known: Knowledge) -> None:
    places, named = place_of(frame), labels(frame)
    apportioned = (
        frame["imr_status"].eq("apportioned").to_numpy() if "imr_status" in frame else np.zeros(len(frame), bool)
    )
    numeric = [
        column
        for column in frame
        if pd.api.types.is_numeric_dtype(frame[column]) and not pd.api.types.is_bool_dtype(frame[column])
    ]
    counts = [column for column in numeric if COUNT.search(column) and not NO_COUNT.search(column)]

    def note(how: str, measure: str, low: pd.Series, high: pd.Series, *, period: bool) -> None:
        low, high = low.to_numpy("float64"), high.to_numpy("float64")
        for row in np.flatnonzero(np.isfinite(low) & np.isfinite(high)):
            place = places[row] if period and not apportioned[row] else None
            known.learn(name, how, place, measure, low[row], high[row], named[row])

    for column in counts:
        note(f"printed {column}", measure_of(column), frame[column], frame[column], period=is_period(column))
    if {"births_per_year", "births_per_year_status"} <= set(frame):
        registered = frame["births_per_year"].where(frame["births_per_year_status"] == "registered")
        note("printed births_per_year, registered", BIRTHS, registered, registered, period=False)
    if {"indicator", "value"} <= set(frame):
        counted = [
            bool(COUNT.search(name) and not NO_COUNT.search(name) and "_per_" not in name)
            for name in frame["indicator"].astype("str")
        ]
        note(
            "printed value",
            "births or deaths",
            frame["value"].where(counted),
            frame["value"].where(counted),
            period=False,
        )
    if {"unit", "value"} <= set(frame):
        listed = frame["value"].where(frame["unit"].astype("str").str.match(r"(births|deaths)(?! per 1)"))
        note("printed value", "births or deaths", listed, listed, period=False)

    rates_alone(frame, numeric, counts, note)
    shares(frame, numeric, note)
    ratios(name, frame, places, known)


def shares_beside_births(indicators: pd.DataFrame, counties: pd.DataFrame) -> pd.DataFrame:
    births = ["births_per_year", "births_registered_per_year", BIRTHS]
    of_births = indicators[indicators["indicator"].str.match(r"share_(low_birth|preterm|very_low)")]
    wide = of_births.pivot_table(values="value", index="county_fips", columns="indicator").reset_index()
    return wide.merge(counties[["county_fips", *(name for name in births if name in counties)]], on="county_fips")


def shares(frame: pd.DataFrame, numeric: list[str], note: Callable[..., None]) -> None:
    """Births of a kind are their share times births, of as many years as the share's name says."""
    for share in [column for column in numeric if re.match(r"share_(low_birth|preterm|very_low)", column)]:
        half = half_a_digit(frame[share])
        if f"{share}_status" in frame:  # a line through other counties' shares gives an estimate back, and no count
            frame = frame.assign(**{share: frame[share].where(frame[f"{share}_status"] != "estimated")})
        seven = share.endswith("_7_years")
        sources = (
            [("births_per_year", YEARS, OF_AN_ESTIMATE)]
            if seven
            else [("births_registered_per_year", 1, 0.0), ("births", 1, 0.0)]
        )
        for births, years, doubt in [*sources, ("live_births", 1, 0.0)]:
            if births in frame:
                total = frame[births] * years
                low, high = (frame[share] - half) * total * (1 - doubt), (frame[share] + half) * total * (1 + doubt)
                note(f"{share} × {births}", BIRTHS, low, high, period=False)


def rates_alone(frame: pd.DataFrame, numeric: list[str], counts: list[str], note: Callable[..., None]) -> None:
    for rate in [column for column in numeric if RATE.match(column)] + ["value"] * ("value" in numeric):
        a_rate = frame[rate]
        if rate == "value":
            of = frame.get("measure", frame.get("indicator", pd.Series("", index=frame.index))).astype("str")
            of_births = of.str.contains("mortality") & ~of.str.contains("model|_eb", regex=True)
            a_rate = a_rate.where(of_births & ~an_index(frame))
        per = frame["per"].astype("float64") if "per" in frame else pd.Series(1000.0, index=frame.index)
        stem, _, suffix = rate.partition("_")
        pairs = [(f"{rate}_low", f"{rate}_high"), (f"low_{suffix}", f"high_{suffix}"), ("low", "high")]
        limits = next((pair for pair in pairs if set(pair) <= set(numeric)), None)
        if limits is not None and (stem in ("imr", "rate") or a_rate.notna().any()):
            low, high = frame[limits[0]], frame[limits[1]]
            if rate == "value":
                low, high = low.where(a_rate.notna()), high.where(a_rate.notna())
            for scale in sorted(set(per.dropna())):
                same = per == scale
                digits = half_a_digit(pd.concat([low[same], high[same]]))
                solved = counts_from_rate(
                    a_rate.where(same), low.where(same), high.where(same), per=scale, rounding=digits
                )
                note(f"{rate} and limits", DEATHS, solved["deaths_low"], solved["deaths_high"], period=suffix == "")
                note(f"{rate} and limits", BIRTHS, solved["births_low"], solved["births_high"], period=suffix == "")
        half = half_a_digit(a_rate)
        for births, years, doubt in [
            (column, 1, 0.0) for column in counts if "births" in column and "per_year" not in column
        ] + [("births_per_year", YEARS, 0.02), ("births_registered_per_year", YEARS, 0.02)]:
            if births not in frame:
                continue
            total = frame[births].astype("float64") * years
            least = ((a_rate - half).clip(lower=0) * total / per) * (1 - doubt)
            note(
                f"{rate} × {births}",
                DEATHS,
                least,
                (a_rate + half) * total / per * (1 + doubt),
                period=suffix == "" and not doubt,
            )
        for deaths in [column for column in counts if "deaths" in column]:
            note(
                f"{deaths} / {rate}",
                BIRTHS,
                frame[deaths] * per / (a_rate + half),
                frame[deaths] * per / (a_rate - half).where(a_rate > half),
                period=suffix == "" and is_period(deaths),
            )


def an_index(frame: pd.DataFrame) -> pd.Series:
    """Rows of a long table whose value is an index of inequality: no rate, and no ratio of two."""
    return frame.get("unit", pd.Series("", index=frame.index)).astype("str") == "index"


def half_a_digit(values: pd.Series) -> float:
    """Half a unit of the last decimal that a column is printed with, at most six of them."""
    given = values.dropna().astype("float64").to_numpy()
    for decimals in range(6):
        if np.allclose(given, given.round(decimals), rtol=0, atol=1e-9):
            return 0.5 * 10.0**-decimals
    return 0.0


def ratios(name: str, frame: pd.DataFrame, places: list[tuple[str, str] | None], known: Knowledge) -> None:
    """Excess and ratio give the group's deaths; the interval of the ratio gives 1/a + 1/b, so the reference's."""
    if not {"ratio", "ratio_low", "ratio_high"} <= set(frame):
        return
    named = labels(frame)
    of_rates = frame[["ratio", "ratio_low", "ratio_high"]].notna().all(axis=1) & ~an_index(frame)
    for row in np.flatnonzero(of_rates):
        line = frame.iloc[row]
        if "infant mortality" not in str(line.get("measure", "infant mortality")).replace("_", " "):
            continue
        place = places[row]
        half = [half_a_digit(frame[column]) for column in ("ratio_low", "ratio_high", "ratio")]
        own = line.get("infant_deaths", np.nan)
        low = high = float(own) if pd.notna(own) else np.nan
        excess = line.get("excess_deaths", np.nan)
        if pd.isna(own) and pd.notna(excess) and abs(line["ratio"] - 1) > 2 * half[2]:
            step = half_a_digit(frame["excess_deaths"])
            ends = [(excess + e) / (1 - 1 / (line["ratio"] + r)) for e in (-step, step) for r in (-half[2], half[2])]
            low, high = min(ends), max(ends)
            known.learn(name, "excess deaths and ratio", place, DEATHS, low, high, named[row])
        if line["ratio_low"] <= half[0] or np.isnan(low):
            continue
        widths = [
            np.log((line["ratio_high"] + s * half[1]) / (line["ratio_low"] - s * half[0])) / (2 * 1.96) for s in (-1, 1)
        ]
        inverse = [widths[0] ** 2 - 1 / low, widths[1] ** 2 - 1 / high]
        if inverse[0] > 0:
            reference = str(line.get("reference", "reference"))
            other = (place[0], reference) if place and reference in RACES else None
            known.learn(
                name,
                "interval of the ratio",
                other,
                DEATHS,
                1 / inverse[1],
                1 / inverse[0],
                f"{named[row]}, reference {reference}",
            )


def shrunk_rates(name: str, frame: pd.DataFrame, known: Knowledge) -> None:
    """Where the rate is hidden: the weight w = A/(A + m/N) gives births, θ = m + w(r − m) the rate; A/m and m from open rows."""
    if not {"county_fips", "imr", "live_births"} <= set(frame):
        return
    for estimate, weight in (("imr_eb", "imr_shrinkage"), ("imr_eb_spatial", "imr_shrinkage_spatial")):
        if not {estimate, weight} <= set(frame):
            continue
        given = frame[estimate].notna() & frame[weight].between(1e-6, 1 - 1e-6)
        open_rows, hidden = frame[given & frame["live_births"].notna()], frame[given & frame["live_births"].isna()]
        if open_rows.empty:
            continue
        scale = float((open_rows[weight] / (1 - open_rows[weight]) / open_rows["live_births"]).median())
        mean = float(((open_rows[estimate] - open_rows[weight] * open_rows["imr"]) / (1 - open_rows[weight])).median())
        for row in hidden.itertuples():
            w, theta = getattr(row, weight), getattr(row, estimate)
            births, rate = w / (1 - w) / scale, mean + (theta - mean) / w
            deaths = births * rate / 1000
            known.learn(
                name,
                f"{estimate} and {weight}",
                None,
                DEATHS,
                round(deaths) - 0.4,
                round(deaths) + 0.4,
                row.county_fips,
            )


def modelled_sums(
    name: str, frame: pd.DataFrame, outcomes: pd.DataFrame, states: pd.DataFrame, known: Knowledge
) -> None:
    """Modelled rates times births add up to what they were benchmarked to.

    That is no secret where the state's total is printed, and no more than a group of counties where there are three and 20
    deaths. A sum that hits the residual of fewer counties or deaths says that they were benchmarked alone.
    """
    if not {"county_fips", "imr_modelled", "births_per_year"} <= set(frame):
        return
    frame = frame[frame["imr_modelled"].notna()]
    home = state_of_county(frame["county_fips"])
    printed = outcomes[[DEATHS, BIRTHS]].groupby(state_of_county(outcomes["county_fips"])).sum()
    totals = states.set_index("state")[[DEATHS, BIRTHS]]
    for state, rows in frame.groupby(home):
        if state not in totals.index or totals.loc[state].isna().any():
            continue
        left = totals.loc[state] - printed.loc[state]
        births = rows["births_per_year"] * YEARS
        for how, weights in (
            ("births_per_year", births),
            ("births of the residual", births * left[BIRTHS] / births.sum()),
        ):
            total = float((rows["imr_modelled"] * weights).sum() / 1000)
            doubt = float(weights.sum() * half_a_digit(rows["imr_modelled"]) / 1000) + 0.02
            if abs(total - left[DEATHS]) <= doubt and (len(rows) < 3 or left[DEATHS] < LEAST_PRINTED):
                known.find(
                    name, f"imr_modelled × {how}", f"{state}, {len(rows)} counties", total - doubt, total + doubt
                )


def hidden_ranks(name: str, frame: pd.DataFrame, known: Knowledge) -> None:
    """A percentile or rank beside a value that is hidden for its smallness places it between its neighbours."""
    for column in [column for column in frame if RANK.search(column) and pd.api.types.is_numeric_dtype(frame[column])]:
        base = next(
            (base for base in (re.sub(r"_?(percentile|rank)(_\w+)?$", "", column), "value") if base in frame), None
        )
        if base is None:
            continue
        status = next(
            (frame[s] for s in (f"{base}_status", "imr_status" if base == "imr" else "status") if s in frame), None
        )
        masked = frame[base].isna() & frame[column].notna()
        if status is not None:
            masked &= status.astype("str").isin(["suppressed", "modelled", "complementary", "masked", "not_identified"])
        for row in np.flatnonzero(masked):
            known.find(name, f"{column} of a hidden {base}", labels(frame)[row], np.nan, np.nan)


def local_statistics(name: str, frame: pd.DataFrame, outcomes: pd.DataFrame, known: Knowledge) -> None:
    """A local Moran or Gi* of the rate holds the county's own rate: none may stand where that is hidden."""
    if "county_fips" not in frame:
        return
    printed = frame["county_fips"].isin(outcomes.loc[outcomes[DEATHS].notna(), "county_fips"])
    for column in [
        c for c in frame if re.match(r"(local_moran|gi_star)_imr", c) or c.startswith(("imr_eb", "imr_shrinkage"))
    ]:
        if pd.api.types.is_numeric_dtype(frame[column]):
            for row in np.flatnonzero(frame[column].notna() & ~printed):
                known.find(name, f"{column} of a hidden rate", labels(frame)[row], np.nan, np.nan)


# Totals over counties.


def members(counties: pd.DataFrame, grouping: str, group: str) -> pd.Series | None:
    """Tell which counties a group holds: a column's value, a band of minutes, a kind of rurality, a state or the nation."""
    if grouping == "nation":
        return pd.Series(True, index=counties.index)
    if grouping in ("rurality", "rucc") and "rucc_2023" in counties:
        text = group.lower().replace("_", " ")
        codes = (
            (5, 7, 9)
            if "not adjacent" in text or "nonadjacent" in text or "remote" in text
            else (4, 6, 8)
            if "adjacent" in text
            else (4, 5, 6, 7, 8, 9)
            if "nonmetro" in text or "rural" in text
            else (1, 2, 3)
        )
        return counties["rucc_2023"].isin(codes)
    if grouping in counties:
        values = counties[grouping]
        return (
            values.map(TRUE_FALSE) if set(values.dropna().unique()) <= {True, False} else values.astype("str")
        ) == group
    numeric = re.sub(r"_?bands?_?", "", grouping)
    column = next((name for name in (numeric, f"minutes_{numeric}") if name in counties), None)
    bounds = re.match(r"^(\d+)\s*(?:-|to|–)\s*(\d+)|^(\d+)\s*\+", group)
    if column and bounds:
        least, most = float(bounds[1] or bounds[3]), float(bounds[2] or "inf")
        minutes = counties[column]
        return (minutes > least) & (minutes <= most) if least else minutes <= most
    return None


def group_totals(
    name: str,
    frame: pd.DataFrame,
    counties: pd.DataFrame,
    outcomes: pd.DataFrame,
    known: Knowledge,
    membership: Membership | None,
) -> None:
    grouping_column = next((c for c in ("grouping", "dimension") if c in frame), None)
    if grouping_column is None or "group" not in frame or name == "counties.csv":
        return
    counties = counties.reset_index(drop=True)
    printed = outcomes.set_index("county_fips").reindex(counties["county_fips"])
    own = printed["outcome_status"].eq("published").to_numpy()
    any_count = printed[DEATHS].notna().to_numpy()
    for _, line in frame.iterrows():
        grouping, group = str(line[grouping_column]), str(line["group"])
        if grouping in ("state", "nation", "race"):
            continue  # these are cells of the system already
        inside = members(counties, grouping, group)
        if inside is None and membership is not None:
            inside = membership(counties, grouping, group)
        if inside is None:
            continue
        inside = inside.to_numpy(bool)
        if "place" in frame and str(line["place"]) != "US":
            inside = inside & counties["state"].eq(str(line["place"])).to_numpy()
        for how, measure, low, high in known_totals(frame, line):
            seen = [float(printed.loc[:, measure].to_numpy()[inside & some].sum()) for some in (own, any_count)]
            if any(low - 0.5 <= total <= high + 0.5 for total in seen):
                continue  # the printed counties explain it
            if low < seen[0] - 0.5 and high < seen[0] - 0.5:
                continue  # a part of them: no sum over the group
            rest = inside & ~any_count
            if not rest.any():
                continue
            where = f"{grouping} {group}"
            if is_small_range(low - seen[1], high - seen[1]):
                known.find(
                    name,
                    f"{how} of a group less its printed counties",
                    f"{where}: {measure}",
                    low - seen[1],
                    high - seen[1],
                )
            cells: dict[Hashable, float] = {(measure, code, "all"): 1.0 for code in counties.loc[rest, "county_fips"]}
            known.sums.append((f"{name}, {how}", where, cells, low - seen[1], high - seen[1]))


def known_totals(frame: pd.DataFrame, line: pd.Series) -> Iterator[tuple[str, str, float, float]]:
    for column, measure in ((DEATHS, DEATHS), ("deaths", DEATHS), (BIRTHS, BIRTHS), ("births", BIRTHS)):
        if column in frame and pd.notna(line[column]):
            half = 0.05 if float(line[column]) % 1 else 0.0
            yield column, measure, float(line[column]) - half, float(line[column]) + half
    for rate in ("imr", "rate"):
        limits = next((p for p in ((f"{rate}_low", f"{rate}_high"), ("low", "high")) if set(p) <= set(frame)), None)
        if (
            rate in frame
            and limits
            and line[[rate, *limits]].notna().all()
            and not {DEATHS, "deaths"} & set(line.dropna().index)
        ):
            half = half_a_digit(frame[limits[0]])
            solved = counts_from_rate([line[rate]], [line[limits[0]]], [line[limits[1]]], rounding=half).iloc[0]
            yield "rate and limits", DEATHS, float(solved["deaths_low"]), float(solved["deaths_high"])
            yield "rate and limits", BIRTHS, float(solved["births_low"]), float(solved["births_high"])


# Everything together.


def solve(known: Knowledge, outcomes: pd.DataFrame, states: pd.DataFrame, by_race: pd.DataFrame) -> None:
    """Put the embedded tables and all facts into one system, and attack it."""
    side = [(f"embedded {table}", cell, value, value) for table, cell, value in embedded(outcomes, states, by_race)]
    least: dict[Cell, float] = {}
    most: dict[Cell, float] = {}
    told: dict[Cell, str] = {}
    for source, cell, low, high in [*side, *known.facts]:
        first, last = np.ceil(low - 1e-6), np.floor(high + 1e-6)
        if first > last:
            continue  # an apportioned fraction is no count of anybody
        if least.get(cell, 0.0) > last or most.get(cell, np.inf) < first:
            known.find(source, f"contradicts {told[cell]}", " ".join(cell), low, high)
            continue
        if first > least.get(cell, 0.0) or last < most.get(cell, np.inf):
            told[cell] = source
        least[cell], most[cell] = max(first, least.get(cell, 0.0)), min(last, most.get(cell, np.inf))
    entries, prior_bounds = structure(outcomes, states, by_race, set(least))
    names = [f"{source}: {where}" for source, where, *_ in known.sums]
    entries += [(cells, low, high) for _, _, cells, low, high in known.sums]
    relations = relate(entries, cells=least)
    prior = pd.DataFrame(
        [prior_bounds.get(cell, (0.0, np.inf)) for cell in relations.cells],
        columns=["low", "high"],
        index=relations.cells,
    )
    index = relations.cells
    lower = pd.Series(
        [max(low, least.get(cell, 0.0)) for cell, low in zip(index, prior["low"], strict=True)], index=index
    )
    upper = pd.Series(
        [min(high, most.get(cell, np.inf)) for cell, high in zip(index, prior["high"], strict=True)], index=index
    )
    for cell, low in least.items():  # a printed figure overrides what the source's rule would have it be
        lower[cell], upper[cell] = low, most[cell]
    try:
        found = disclosures(relations, lower, upper, prior=prior)
    except InputError as error:
        known.find("; ".join(names) or "all files", "contradiction", str(error), np.nan, np.nan)
        return
    printed_small = [cell for cell in least if is_small_range(least[cell], most[cell])]
    for cell in printed_small:
        known.find(told[cell], "printed", " ".join(cell), least[cell], most[cell])
    given = list(found.itertuples(index=False))
    told_already = {(cells[0][:2], low, high) for cells, low, high in given if cells[0][2] != "unprinted"}
    for cells, low, high in given:
        if cells[0][2] == "unprinted" and (cells[0][:2], low, high) in told_already:
            continue  # the same remainder, said by its groups
        shown = ", ".join(" ".join(cell) for cell in cells[:4]) + (
            f" and {len(cells) - 4} more" if len(cells) > 4 else ""
        )
        known.find("all files together", "cell" if len(cells) == 1 else "remainder", shown, low, high)


def embedded(outcomes: pd.DataFrame, states: pd.DataFrame, by_race: pd.DataFrame) -> Iterator[tuple[str, Cell, float]]:
    own = outcomes[outcomes["outcome_status"] == "published"]
    for measure in (DEATHS, BIRTHS):
        for code, value in zip(own["county_fips"], own[measure], strict=True):
            yield "outcomes", (measure, code, "all"), float(value)
        for state, value in zip(states["state"], states[measure], strict=True):
            if pd.notna(value):
                yield "states", (measure, state, "all"), float(value)
        for place, group, value in zip(by_race["place"], by_race["group"], by_race[measure], strict=True):
            if pd.notna(value):
                yield "outcomes_by_race", (measure, place, group), float(value)


def structure(
    outcomes: pd.DataFrame, states: pd.DataFrame, by_race: pd.DataFrame, seen: set[Cell]
) -> tuple[list[tuple[dict[Hashable, float], float, float]], dict[Cell, tuple[float, float]]]:
    """How the cells add up: groups to places, counties to states, states to the nation; and the source's rule of 20."""
    entries: list[tuple[dict[Hashable, float], float, float]] = []
    prior: dict[Cell, tuple[float, float]] = {}
    in_source = set(zip(by_race["place"], by_race["group"], strict=True))
    reported = outcomes[outcomes["outcome_status"] != "not_reported"]
    home = state_of_county(reported["county_fips"])
    names = sorted(set(home))
    others = set(states["state"]) - {"US", "PR", *names}  # a user's export may cover a part of the nation
    split = {place for _, place, group in seen if group != "all"} | {place for place, _ in in_source}
    groups = [*RACES, "not stated"]
    births = snapshot.load_counties().set_index("county_fips")["births_per_year"].dropna().to_dict()
    for measure in (DEATHS, BIRTHS):
        few = LEAST_PRINTED - 1 if measure == DEATHS else np.inf

        def split_place(place: str, most: float, measure: str = measure) -> None:
            entries.append(({(measure, place, "all"): 1.0, **{(measure, place, g): -1.0 for g in groups}}, 0, 0))
            silent_groups = {(measure, place, g): -1.0 for g in groups if (place, g) not in in_source}
            entries.append(({(measure, place, "unprinted"): 1.0, **silent_groups}, 0, 0))
            for group in RACES:
                prior[measure, place, group] = (LEAST_PRINTED, np.inf) if (place, group) in in_source else (0.0, most)

        for name in names:
            here = reported[home == name]
            parts = [
                code
                for code, status in zip(here["county_fips"], here["outcome_status"], strict=True)
                if status == "published" or code in split
            ]
            blank = [
                code
                for code, status in zip(here["county_fips"], here["outcome_status"], strict=True)
                if status not in ("published", "apportioned")
            ]
            for line in here[here["outcome_status"] != "apportioned"].itertuples():
                if pd.isna(getattr(line, measure)):
                    bounds = (0.0, few if line.outcome_status == "suppressed" else np.inf)
                    if measure == DEATHS and pd.notna(getattr(line, "deaths_at_least", np.nan)):
                        most = float(getattr(line, "deaths_at_most", np.nan))
                        bounds = (float(line.deaths_at_least), np.inf if np.isnan(most) else most)
                    if measure == DEATHS and line.county_fips in births:  # no more deaths than births
                        bounds = (bounds[0], min(bounds[1], max(bounds[0], np.ceil(YEARS * births[line.county_fips]))))
                    prior[measure, line.county_fips, "all"] = bounds
            rest = f"rest of {name}"
            legacy = (here["outcome_status"] == "apportioned").any()
            silent = [code for code in blank if code not in parts]
            split_place(rest, np.inf if legacy else few * len(silent) if silent else 0.0)
            if legacy:  # the regions are fractions of the legacy counties: only their sum is a count
                total = float(here[measure].sum().round())
                entries.append(
                    ({(measure, rest, "all"): 1.0, **{(measure, code, "all"): -1.0 for code in silent}}, total, total)
                )
            else:
                entries.append(
                    ({(measure, rest, "all"): 1.0, **{(measure, code, "all"): -1.0 for code in silent}}, 0, 0)
                )
            for place in [*parts, name]:
                split_place(place, few)
            entries.extend(
                ({(measure, name, group): 1.0, **{(measure, part, group): -1.0 for part in [*parts, rest]}}, 0, 0)
                for group in ("all", *groups)
            )
        split_place("US", few)
        listed = names + ["other states"] * bool(others)
        entries.extend(
            ({(measure, "US", group): 1.0, **{(measure, name, group): -1.0 for name in listed}}, 0, 0)
            for group in ("all", *groups)
        )
    return entries, prior
