"""Dated events of units: what they say of the days before and after, units that the file places, bad input."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from matcare.contracts.embedded import FACILITIES
from matcare.contracts.timeline import UNIT_EVENTS
from matcare.errors import InputError
from matcare.tables.corrections import apply_corrections
from matcare.tables.unit_events import facilities_at, read_unit_events, with_current_ids


@pytest.fixture
def area(toy):
    return toy.toy_area(0)


def read(tmp_path, area, text):
    path = tmp_path / "events.csv"
    path.write_text(text)
    return read_unit_events(path, area.facilities[FACILITIES.names], area.counties)


def at(area, events, day, facility, column):
    table = facilities_at(area.facilities, events, as_of=dt.date.fromisoformat(day))
    value = table.loc[table["facility_id"] == facility, column].item()
    return None if pd.isna(value) else value


def test_before_its_first_event_a_unit_was_the_opposite(tmp_path, area):
    a, b, c = area.facilities["facility_id"].iloc[:3]
    found = read(
        tmp_path,
        area,
        f"facility_id,status,date,source\n{a},closed,2015-07-01,x\n{b},open,2015-07-01,x\n{a},open,2018-01-01,x\n",
    )
    UNIT_EVENTS.validate(found.events)
    assert found.added.empty
    for facility, states in (
        (a, ["open", "closed", "closed", "open"]),
        (b, ["closed", "open", "open", "open"]),
        (c, ["open"] * 4),
    ):
        days = ["2015-06-30", "2015-07-01", "2017-12-31", "2018-01-01"]
        assert [at(area, found.events, day, facility, "status") for day in days] == states


def test_units_without_events_stay_as_they_are_today(area):
    facilities = area.facilities.copy()
    facilities.loc[3, "status"] = "closed"
    events = pd.DataFrame(
        {
            "facility_id": facilities["facility_id"].iloc[[0]],
            "aspect": "service",
            "status": "closed",
            "date": "2020-01-01",
            "source": "x",
            "level_source": "reported",
            "row": 1,
        }
    )
    table = facilities_at(facilities, events, as_of=dt.date(2019, 1, 1))
    assert table["status"].tolist() == ["open"] * 3 + ["closed"] + ["open"] * (len(table) - 4)


def test_level_before_its_first_event(tmp_path, area):
    facility = area.facilities.loc[area.facilities["neonatal_level"] == "III", "facility_id"].iloc[0]
    same = read(
        tmp_path, area, f"facility_id,status,date,source\n{facility},II,2012-01-01,x\n{facility},III,2019-01-01,x\n"
    ).events
    days = ["2011-01-01", "2012-01-01", "2020-01-01"]
    assert [at(area, same, day, facility, "neonatal_level") for day in days] == [None, "II", "III"]
    later = read(tmp_path, area, f"facility_id,status,date,source\n{facility},IV,2026-01-01,x\n").events
    assert [at(area, later, day, facility, "neonatal_level") for day in ("2025-01-01", "2026-01-01")] == ["III", "IV"]
    assert at(area, later, "2025-01-01", facility, "status") == "open"


def test_a_unit_that_the_run_does_not_have_is_placed_by_the_file(tmp_path, area):
    text = (
        "facility_id,status,date,source,facility_name,lat,lon,kind\n"
        "OLD1,closed,2016-01-01,news,Old Hospital,45.5,-99.0,\nNEW1,open,2030-01-01,plan,New Center,44.5,-98.0,birth_center\n"
    )
    found = read(tmp_path, area, text)
    added = FACILITIES.validate(found.added).set_index("facility_id")
    assert added.loc["OLD1", ["county_fips", "state", "kind", "obstetric_evidence"]].tolist() == [
        "38001",
        "ND",
        "hospital",
        "likely",
    ]
    assert added.loc["NEW1", ["county_fips", "obstetric_evidence"]].tolist() == ["46003", "birth_center"]
    everything = pd.concat([area.facilities[FACILITIES.names], found.added], ignore_index=True)
    table = facilities_at(everything, found.events, as_of=dt.date(2015, 1, 1)).set_index("facility_id")
    assert table.loc[["OLD1", "NEW1"], "status"].tolist() == ["open", "closed"]


def test_former_numbers_and_lost_zeros_are_todays(area):
    facilities = area.facilities.assign(facility_id=[f"01{i:04d}" for i in range(len(area.facilities))], other_ids=None)
    facilities["other_ids"] = facilities["other_ids"].astype("str").mask(facilities["other_ids"].isna())
    facilities.loc[2, "other_ids"] = "019999"
    events = pd.DataFrame(
        {
            "facility_id": ["10001", "019999"],
            "aspect": "service",
            "status": "closed",
            "date": "2020-01-01",
            "source": "x",
            "level_source": "reported",
            "row": [1, 2],
        }
    )
    assert with_current_ids(events, facilities)["facility_id"].tolist() == ["010001", "010002"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("facility_id,status,date,source\nnowhere,closed,2020-01-01,x\n", "no facility is called 'nowhere'"),
        ("facility_id,status,date,source\n{a},closed,2020-13-01,x\n", "'2020-13-01' is not a date"),
        (
            "facility_id,status,date,source\n{a},closed,2020-01-01,x\n{a},closed,2021-01-01,x\n",
            "row 2, column 'status'",
        ),
        (
            "facility_id,status,date,source,facility_name,lat,lon\nN,closed,2020-01-01,x,Name,18.2,-66.0\n",
            "lie in no county",
        ),
        ("facility_id,status,date,source,facility_name,lat,lon\nN,closed,2020-01-01,x,Name,-99,45.5\n", "look swapped"),
        (
            "facility_id,status,date,source,facility_name,lat,lon,kind\nN,closed,2020-01-01,x,Name,45.5,-99,tent\n",
            "'tent' is not known",
        ),
    ],
)
def test_bad_input_is_one_line(tmp_path, area, text, words):
    with pytest.raises(InputError) as error:
        read(tmp_path, area, text.format(a=area.facilities["facility_id"].iloc[0]))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_states_agree_with_corrections_applied_one_by_one(area):
    """The oracle is :func:`apply_corrections`, given the state before each unit's first event as a correction."""
    rng = np.random.default_rng(4)
    ids = area.facilities["facility_id"].tolist()
    rows = []
    for facility in ids[:6]:
        status = str(rng.choice(["open", "closed"]))
        for day in sorted(rng.choice(np.arange(10, 29), 3, replace=False)):
            rows.append((facility, "service", status, f"2020-01-{day}"))
            status = "open" if status == "closed" else "closed"
        rows.append((facility, "level", str(rng.choice(["I", "II", "III", "IV"])), f"2020-01-{rng.integers(10, 29)}"))
    events = pd.DataFrame(rows, columns=["facility_id", "aspect", "status", "date"]).assign(
        source="x", level_source="state", row=range(1, len(rows) + 1)
    )
    first = events[events["aspect"] == "service"].drop_duplicates("facility_id")
    before = first.assign(status=first["status"].map({"open": "closed", "closed": "open"}), date="0001-01-01")
    facilities = area.facilities.copy()
    ends = facilities["facility_id"].map(events[events["aspect"] == "level"].set_index("facility_id")["status"])
    facilities["neonatal_level"] = facilities["neonatal_level"].mask(facilities["neonatal_level"] == ends)
    for day in (9, 10, 15, 20, 28):
        when = dt.date(2020, 1, day)
        wanted = apply_corrections(facilities, pd.concat([before, events], ignore_index=True), as_of=when).facilities
        mine = facilities_at(area.facilities, events, as_of=when)
        for column in ("status", "obstetric_evidence", "neonatal_level", "nicu", "level_query"):
            assert mine[column].fillna("").tolist() == wanted[column].fillna("").tolist(), column
