"""Replay of dated events, against the nearest units of each date found by loops over the full table."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.contracts.timeline import TIMELINE, TIMELINE_CHANGES
from matcare.errors import InputError
from matcare.planning.timeline import replay

SOME = settings(max_examples=4, deadline=None)


def events(rows):
    frame = pd.DataFrame(rows, columns=["facility_id", "status", "date"])
    frame["aspect"] = np.where(frame["status"].isin(["open", "closed"]), "service", "level")
    return frame.assign(source="made", level_source="reported", row=range(1, len(frame) + 1))


def made(area, seed, count=5):
    """Closures and openings of some units that count, one each, in 2011 to 2016."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(area.rows("birth_care"), count, replace=False)
    return events(
        [
            (
                area.facilities["facility_id"].iloc[j],
                str(rng.choice(["open", "closed"])),
                f"{rng.integers(2011, 2017)}-06-15",
            )
            for j in rows
        ]
    )


def counted(area, table, date):
    """Which units counted on a day: today's, but for those before their opening or after their closure."""
    counts = area.members("birth_care").copy()
    for event in table.itertuples():
        j = int(np.flatnonzero(area.facilities["facility_id"] == event.facility_id)[0])
        happened = event.date <= date
        counts[j] &= happened == (event.status == "open")
    return counts


@pytest.mark.parametrize("seed", range(3))
def test_every_year_agrees_with_loops(toy, seed):
    area = toy.toy_area(seed)
    table = made(area, seed)
    found = replay(area, table, years=(2011, 2016))
    timeline = TIMELINE.validate(found.timeline)
    minutes, women = toy.toy_minutes(area), area.demand["women_15_44"].to_numpy()
    fips = area.demand["county_fips"].to_numpy()
    assert timeline["date"].unique().tolist() == [f"{year}-12-31" for year in range(2010, 2017)]
    for row in timeline.itertuples():
        counts = counted(area, table, row.date)
        best = minutes[:, counts].min(axis=1, initial=np.inf)
        states = np.array([{"38": "ND", "46": "SD"}[code[:2]] for code in fips])
        everywhere = np.ones(len(fips), bool)
        here = {"area": everywhere, "state": states == row.place, "county": fips == row.place}[row.scope]
        for limit in (30, 60):
            assert getattr(row, f"women_within_{limit}") == pytest.approx(women[here & (best <= limit)].sum())
        assert row.women_15_44 == pytest.approx(women[here].sum())
        place = area.facilities["county_fips" if row.scope == "county" else "state"]
        stands = (place == row.place).to_numpy() if row.scope != "area" else np.ones(len(counts), bool)
        assert row.units == (counts & stands).sum()
        if row.scope == "county" and here.any():
            for limit in (30, 60):
                beyond = women[here & ~(best <= limit)].sum() / women[here].sum()
                assert getattr(row, f"counties_drive_time_desert_{limit}") == (round(beyond, 9) >= 0.5)
            county = area.counties.set_index("county_fips").loc[row.place]
            assert row.counties_march_of_dimes_desert == (row.units == 0 and county["obgyns"] + county["midwives"] == 0)


@pytest.mark.parametrize("seed", range(5))
def test_changes_are_where_two_years_differ(toy, seed):
    area = toy.toy_area(seed)
    table = made(area, seed)
    found = replay(area, table)
    changes = TIMELINE_CHANGES.validate(found.changes)
    counties = found.timeline[found.timeline["scope"] == "county"]
    wanted = set()
    for name in ("march_of_dimes_desert", "drive_time_desert_30", "drive_time_desert_60"):
        wide = counties.pivot_table(index="place", columns="date", values=f"counties_{name}")
        for place, row in wide.iterrows():
            for before, after in zip(wide.columns[:-1], wide.columns[1:], strict=True):
                if row[before] != row[after]:
                    wanted.add((place, name, "became" if row[after] else "ceased", before, after))
    columns = ["county_fips", "definition", "change", "from_date", "to_date"]
    assert set(map(tuple, changes[columns].to_numpy().tolist())) == wanted
    for row in changes.itertuples():
        assert row.events != "none"
        assert any(
            row.from_date < event.date <= row.to_date and event.facility_id in row.events
            for event in table.itertuples()
        )


def test_last_state_is_todays_when_events_end_in_it(toy):
    area = toy.toy_area(3)
    table = events([(identifier, "open", "2014-05-01") for identifier in area.facilities["facility_id"].iloc[:3]])
    last = replay(area, table, years=(2014, 2015)).timeline.query("scope == 'area' and date == '2015-12-31'").iloc[0]
    minutes = area.nearest("birth_care").minutes
    assert last["women_within_30"] == pytest.approx(area.demand["women_15_44"][minutes <= 30].sum())
    assert last["units"] == area.members("birth_care").sum()


@SOME
@given(st.integers(0, 30))
def test_closures_alone_never_bring_care_nearer_and_openings_never_take_it_away(toy, seed):
    area = toy.toy_area(seed)
    for status, sign in (("closed", -1), ("open", 1)):
        table = made(area, seed).assign(status=status)
        whole = replay(area, table).timeline.query("scope == 'area'")
        for limit in (30, 60):
            assert (sign * np.diff(whole[f"women_within_{limit}"]) >= -1e-9).all()
            assert (sign * np.diff(whole["counties_drive_time_desert_60"]) <= 0).all()


def test_every_option_changes_the_result(toy):
    area = toy.toy_area(1)
    table = made(area, 1)
    base = replay(area, table)
    whole = base.timeline.query("scope == 'area'").reset_index(drop=True)

    def other(**options):
        return replay(area, table, **options).timeline.query("scope == 'area'").reset_index(drop=True)

    assert other(service="neonatal_3_plus")["units"].max() < whole["units"].max()
    assert other(birth_care_tiers=("corroborated",))["units"].max() < whole["units"].max()
    assert other(limit_minutes=5)["women_within_30"].max() < whole["women_within_30"].max()
    assert len(other(years=(2005, 2020))) == 17
    assert base.timeline["service"].unique().tolist() == ["birth_care"]


def test_level_events_move_the_service_that_they_concern(toy):
    area = toy.toy_area(2)
    unit = area.facilities.loc[area.facilities["neonatal_level"] == "III", "facility_id"].iloc[0]
    table = events([(unit, "II", "2010-01-01"), (unit, "III", "2015-01-01")])
    high = replay(area, table, service="neonatal_3_plus").timeline.query("scope == 'area'").set_index("date")["units"]
    assert high["2015-12-31"] == high["2014-12-31"] + 1
    care = replay(area, table).timeline.query("scope == 'area'")["units"]
    assert len(set(care)) == 1


def test_a_closed_birth_center_makes_a_march_of_dimes_desert(toy):
    area = toy.toy_area(0)
    facilities, counties = area.facilities.copy(), area.counties.copy()
    county = counties["county_fips"].iloc[0]  # no clinician
    facilities["county_fips"] = counties["county_fips"].iloc[1]
    facilities.loc[0, ["kind", "county_fips", "obstetric_evidence"]] = ["birth_center", county, "birth_center"]
    table = events([(facilities["facility_id"].iloc[0], "closed", "2019-03-01")])
    changes = replay(replace(area, facilities=facilities), table).changes
    row = changes[changes["definition"] == "march_of_dimes_desert"].iloc[0]
    assert (row["county_fips"], row["change"], row["to_date"]) == (county, "became", "2019-12-31")
    assert "closed 2019-03-01 [made]" in row["events"]


def test_notes_say_what_stays_and_what_lies_outside(toy):
    area = toy.toy_area(1)
    table = events(
        [
            (area.facilities["facility_id"].iloc[0], "closed", "2001-01-01"),
            (area.facilities["facility_id"].iloc[1], "closed", "2020-01-01"),
        ]
    )
    notes = replay(area, table, years=(2010, 2012)).notes
    assert "today's at every date" in notes[0]
    assert notes[1].startswith("1 events lie before the years")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"years": (2015, 2010)}, "years 2015 to 2010"),
        ({"years": (1000, 2000)}, "at most 200"),
        ({"service": "x"}, "unknown service"),
    ],
)
def test_bad_options(toy, options, words):
    area = toy.toy_area(1)
    with pytest.raises(InputError, match=words):
        replay(area, made(area, 1), **options)


def test_no_events_and_strangers_are_refused(toy):
    area = toy.toy_area(1)
    with pytest.raises(InputError, match="no event"):
        replay(area, made(area, 1).head(0))
    with pytest.raises(InputError, match="no facility is called"):
        replay(area, events([("nowhere at all", "closed", "2010-01-01")]))
    assert dt.date.fromisoformat(replay(area, made(area, 1)).timeline["date"].iloc[0])
