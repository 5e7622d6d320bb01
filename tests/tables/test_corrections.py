"""Corrections: read, refused, applied."""

import datetime as dt

import pandas as pd
import pytest

from matcare.errors import InputError
from matcare.tables.corrections import apply_corrections, no_corrections, read_corrections
from matcare.tables.facilities import service_flags

TODAY = dt.date(2026, 11, 23)
TIERS = ("corroborated", "likely", "claimed")


@pytest.fixture
def maine():
    """Waldo and Mount Desert Island closed their birth units in 2025 and still carry every flag; and two others."""
    return pd.DataFrame(
        {
            "facility_id": ["201304", "201312", "200025", "CABC_001", "331324"],
            "facility_name": [
                "MOUNT DESERT ISLAND HOSPITAL",
                "MAINEHEALTH WALDO HOSPITAL",
                "OTHER",
                "A Birth Center",
                "NEW",
            ],
            "state": ["ME", "ME", "ME", "ME", "NY"],
            "county_fips": ["23009", "23027", "23003", "23003", "36089"],
            "kind": ["hospital", "hospital", "hospital", "birth_center", "hospital"],
            "obstetric_evidence": ["corroborated", "corroborated", "none", "birth_center", "corroborated"],
            "neonatal_level": pd.Series([None, None, "II", None, None], dtype="str"),
            "level_source": ["none", "none", "reported", "none", "none"],
            "level_query": pd.Series([None, None, "matched by hand", None, None], dtype="str"),
            "nicu": ["no_evidence", "no_evidence", "unknown", "no_evidence", "unknown"],
            "cms_active": ["yes", "yes", "yes", "not_applicable", "not_listed"],
            "other_ids": pd.Series([None, None, None, None, "330211"], dtype="str"),
        }
    )


def write(tmp_path, *rows):
    path = tmp_path / "corrections.csv"
    path.write_text("facility_id,status,date,source\n" + "\n".join(rows) + "\n")
    return path


def test_two_closed_maine_units_leave_every_service(tmp_path, maine):
    path = write(tmp_path, "201304,closed,2025-07-01,Maine CDC", "201312,closed,2025-04-01,Maine CDC")
    corrected = apply_corrections(maine, read_corrections(path), as_of=TODAY)
    out, applied = corrected.facilities, corrected.applied
    flags = service_flags(out, birth_care_tiers=TIERS).set_index("facility_id")
    before = service_flags(maine, birth_care_tiers=TIERS).set_index("facility_id")
    assert before["counts_birth_care"].tolist() == [True, True, False, False, True]
    assert flags["counts_birth_care"].tolist() == [False, False, False, False, True]
    assert flags.loc["201304", ["status", "correction"]].tolist() == ["closed", "closed 2025-07-01 (Maine CDC)"]
    assert flags.loc["200025", ["status", "correction"]].tolist() == ["open", "none"]
    assert applied["before"].tolist() == ["open, corroborated", "open, corroborated"]
    assert maine.columns.tolist() == [name for name in out.columns if name not in {"status", "correction"}]


def test_open_is_one_source_and_a_level_carries_its_own(tmp_path, maine):
    path = write(
        tmp_path, "200025,open,2026-01-01,press", "200025,Level 3,2026-02-01,state list", "CABC_001,open,2026-01-01,x"
    )
    corrected = apply_corrections(maine, read_corrections(path), as_of=TODAY)
    out, applied = corrected.facilities, corrected.applied
    unit = out.set_index("facility_id").loc["200025"]
    assert unit[["obstetric_evidence", "neonatal_level", "level_source", "nicu"]].tolist() == [
        "likely",
        "III",
        "reported",
        "yes",
    ]
    assert pd.isna(unit["level_query"])
    assert unit["correction"] == "open 2026-01-01 (press); level III 2026-02-01 (state list)"
    assert applied["before"].tolist() == ["open, none", "level II", "open, birth_center"]
    assert out.loc[3, "obstetric_evidence"] == "birth_center"
    flags = service_flags(out, birth_care_tiers=TIERS)
    assert flags["counts_birth_care"].tolist() == [True, True, True, False, True]
    assert flags["counts_neonatal_3_plus"].tolist() == [False, False, True, False, False]


def test_the_last_date_wins_whatever_the_order(tmp_path, maine):
    rows = ["201304,closed,2025-07-01,a", "201304,open,2025-01-01,b", "201304,closed,2025-07-01,a"]
    frame = read_corrections(write(tmp_path, *rows))
    assert frame[["status", "date"]].to_numpy().tolist() == [["open", "2025-01-01"], ["closed", "2025-07-01"]]
    corrected = apply_corrections(maine, frame, as_of=TODAY)
    assert corrected.facilities.loc[0, ["status", "correction"]].tolist() == ["closed", "closed 2025-07-01 (a)"]
    assert len(corrected.applied) == 1


def test_a_correction_of_a_later_day_is_not_in_force(tmp_path, maine):
    rows = ["201304,closed,2026-11-23,a", "201304,open,2027-03-01,b", "201312,closed,2026-11-24,c"]
    frame = read_corrections(write(tmp_path, *rows))
    corrected = apply_corrections(maine, frame, as_of=TODAY)
    assert corrected.facilities["status"].tolist() == ["closed", "open", "open", "open", "open"]
    assert corrected.facilities.loc[0, "correction"] == "closed 2026-11-23 (a)"
    assert corrected.facilities.loc[1, "correction"] == "none"
    assert corrected.applied[["facility_id", "status"]].to_numpy().tolist() == [["201304", "closed"]]
    pending = corrected.pending[["facility_id", "facility_name", "status", "date", "source"]].to_numpy().tolist()
    assert pending == [
        ["201304", "MOUNT DESERT ISLAND HOSPITAL", "open", "2027-03-01", "b"],
        ["201312", "MAINEHEALTH WALDO HOSPITAL", "closed", "2026-11-24", "c"],
    ]
    later = apply_corrections(maine, frame, as_of=dt.date(2027, 3, 1))
    assert later.facilities["status"].tolist() == ["open", "closed", "open", "open", "open"]
    assert later.pending.empty


def test_an_unknown_unit_is_told_even_for_a_later_day(tmp_path, maine):
    with pytest.raises(InputError, match="no facility is called"):
        apply_corrections(maine, read_corrections(write(tmp_path, "zzz,closed,2030-01-01,a")), as_of=TODAY)


def test_a_level_says_where_it_comes_from(tmp_path, maine):
    path = tmp_path / "corrections.csv"
    path.write_text(
        "facility_id,status,date,source,level_source\n"
        "201304,II,2026-01-01,state list,State\n201312,I,2026-01-01,press,\n200025,closed,2026-01-01,press,\n"
    )
    out = apply_corrections(maine, read_corrections(path), as_of=TODAY).facilities
    assert out["level_source"].tolist() == ["state", "reported", "reported", "none", "none"]
    path.write_text("facility_id,status,date,source,level_source\n201304,II,2026-01-01,list,modelled\n")
    with pytest.raises(InputError, match=r"row 1, column 'level_source': 'modelled' is not understood; give state or"):
        read_corrections(path)


def test_a_unit_under_two_numbers_follows_the_dates(tmp_path, maine):
    rows = ["331324,closed,2026-01-01,x", "330211,open,2026-02-01,y"]
    corrected = apply_corrections(maine, read_corrections(write(tmp_path, *rows)), as_of=TODAY)
    assert corrected.facilities.loc[4, "status"] == "open"
    rows = ["331324,closed,2026-01-01,x", "330211,open,2026-01-01,y"]
    with pytest.raises(InputError, match="331324 has another status on 2026-01-01 under another number"):
        apply_corrections(maine, read_corrections(write(tmp_path, *rows)), as_of=TODAY)


def test_no_corrections_change_nothing(maine):
    corrected = apply_corrections(maine, no_corrections(), as_of=TODAY)
    out, applied = corrected.facilities, corrected.applied
    pd.testing.assert_frame_equal(out[maine.columns], maine)
    assert set(out["status"]) == {"open"}
    assert applied.empty
    assert corrected.pending.empty


def test_a_former_number_is_understood(tmp_path, maine):
    corrections = read_corrections(write(tmp_path, "330211,closed,2026-01-01,x"))
    corrected = apply_corrections(maine, corrections, as_of=TODAY)
    out, applied = corrected.facilities, corrected.applied
    assert out.loc[4, "status"] == "closed"
    assert applied["facility_id"].tolist() == ["331324"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["201304,shut,2025-07-01,a"], r"row 1, column 'status': 'shut' is not understood"),
        (["201304,closed,07/01/2025,a"], r"row 1, column 'date': '07/01/2025' is not a date"),
        (["201304,closed,2025-07-01,"], r"row 1, column 'source': empty"),
        (["201304,closed,,a"], r"row 1, column 'date': empty"),
        (
            ["201304,closed,2025-07-01,a", "201304,open,2025-07-01,b"],
            r"rows 1 and 2: 201304 is both closed and open on 2025-07-01",
        ),
    ],
)
def test_bad_rows_are_told_in_one_line(tmp_path, rows, words):
    with pytest.raises(InputError, match=words) as caught:
        read_corrections(write(tmp_path, *rows))
    assert "\n" not in str(caught.value)


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("facility_id,status,date\n201304,closed,2025-07-01\n")
    with pytest.raises(InputError, match="column 'source' is missing"):
        read_corrections(path)


@pytest.mark.parametrize(
    ("identifier", "hint"),
    [("mount desert hospital", "201304"), ("201305", "MOUNT DESERT ISLAND"), ("nothing like it", "")],
)
def test_an_unknown_unit_suggests_the_nearest(tmp_path, maine, identifier, hint):
    corrections = read_corrections(write(tmp_path, f"{identifier},closed,2025-07-01,a"))
    with pytest.raises(InputError, match="no facility is called") as caught:
        apply_corrections(maine, corrections, as_of=TODAY)
    assert hint in str(caught.value)
