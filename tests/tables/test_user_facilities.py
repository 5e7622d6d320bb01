"""A user's own facilities: what is accepted and repaired, and how each mistake is told."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from matcare.contracts.embedded import FACILITIES
from matcare.errors import InputError
from matcare.scenario import EVIDENCE_TIERS
from matcare.tables.facilities import service_flags
from matcare.tables.placement import place_of
from matcare.tables.user_facilities import canonical_level, read_facilities

HEAD = "facility_id,facility_name,lat,lon"


@pytest.fixture
def counties():
    """Three square counties: two in North Dakota, one in Alabama."""
    return gpd.GeoDataFrame(
        {
            "county_fips": ["38015", "38017", "01001"],
            "county_name": ["Burleigh County", "Cass County", "Autauga County"],
            "state": ["ND", "ND", "AL"],
            "geometry": [box(-102, 46, -100, 48), box(-98, 46, -96, 48), box(-87, 32, -86, 33)],
        },
        crs="EPSG:4326",
    )


def write(tmp_path, *rows, head=HEAD, name="mine.csv"):
    path = tmp_path / name
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_the_least_that_is_needed(tmp_path, counties):
    own = read_facilities(write(tmp_path, "a,Bismarck,46.8,-100.8", "b,=Fargo,46.9,-96.8"), counties)
    FACILITIES.validate(own.facilities)
    assert own.facilities["state"].tolist() == ["ND", "ND"]
    assert own.facilities["county_fips"].tolist() == ["38015", "38017"]
    assert own.facilities["facility_name"].tolist() == ["Bismarck", "=Fargo"]
    assert set(own.facilities["coord_precision"]) == {"supplied"}
    assert set(own.facilities["cms_active"]) == {"not_applicable"}
    assert set(own.facilities["nicu"]) == {"unknown"}
    assert "every hospital is taken to offer birth care" in own.notes[0]
    assert service_flags(own.facilities, birth_care_tiers=["corroborated"])["counts_birth_care_corroborated"].all()


def test_everything_that_is_understood(tmp_path, counties):
    head = HEAD + ",State,county_fips,kind,birth_care,neonatal_level,nicu,beds,nicu_beds,zip,city,telephone"
    path = write(
        tmp_path,
        "a,A,46.8,-100.8,north dakota,38015,Children's hospital,no,Level III,yes,200,12,58501,Bismarck,1",
        "b,B,46.9,-96.8,nd,38017,birth center,yes,,,,,,,",
        "c,C,32.5,-86.5,01,1001,hospital,unknown,2,no,50,,36067,Prattville,",
        head=head,
    )
    own = read_facilities(path, counties)
    rows = own.facilities.set_index("facility_id")
    assert rows["kind"].tolist() == ["childrens_hospital", "birth_center", "hospital"]
    assert rows["obstetric_evidence"].tolist() == ["none", "birth_center", "unknown"]
    assert rows["neonatal_level"].fillna("-").tolist() == ["III", "-", "II"]
    assert rows["level_source"].tolist() == ["reported", "none", "reported"]
    assert rows["nicu"].tolist() == ["yes", "unknown", "no_evidence"]
    assert rows["beds"].fillna(-1).tolist() == [200, -1, 50]
    assert rows.loc["c", ["county_fips", "state", "zip"]].tolist() == ["01001", "AL", "36067"]
    assert any("lost their leading zero" in note for note in own.notes)
    assert any("telephone" in note for note in own.notes)


def test_the_same_from_parquet_and_other_names(tmp_path, counties):
    frame = pd.DataFrame({"CCN": ["a"], "Name": ["A"], "latitude": [46.8], "longitude": [-100.8], "level": [3]})
    frame.to_parquet(tmp_path / "mine.parquet")
    own = read_facilities(tmp_path / "mine.parquet", counties)
    assert own.facilities.loc[0, ["facility_id", "neonatal_level", "nicu"]].tolist() == ["a", "III", "yes"]


def test_other_kinds_owners_maternal_levels_and_telehealth(tmp_path, counties):
    head = HEAD + ",kind,birth_care,maternal_level,maternal_level_source,ownership,telehealth,hospital_type"
    path = write(
        tmp_path,
        "a,A,46.8,-100.8,,yes,Maternal level 3,state,Voluntary non-profit - Church,yes,critical access",
        "b,B,46.9,-96.8,Rural Emergency Hospital,,,state,Government - Federal,No,",
        "c,C,32.5,-86.5,military hospital,unknown,unknown,,,unknown,",
        "d,D,32.5,-86.5,birth center,,,,private_nonprofit,,",
        "e,E,32.5,-86.5,rural-emergency hospital,yes,,,unknown,,",
        "f,F,32.5,-86.5,,yes,iv,,Tribal,,",
        head=head,
    )
    own = read_facilities(path, counties)
    rows = own.facilities.set_index("facility_id")
    assert rows["maternal_level"].fillna("-").tolist() == ["III", "-", "-", "-", "-", "IV"]
    assert rows["maternal_level_source"].tolist() == ["state", "none", "none", "none", "none", "reported"]
    assert rows["ownership"].tolist() == [
        "church_nonprofit", "federal", "military", "private_nonprofit", "not_reported", "tribal",
    ]  # fmt: skip
    assert rows["telehealth"].fillna("-").tolist() == ["yes", "no", "-", "-", "-", "-"]
    assert rows["hospital_type"].tolist() == [
        "critical_access", "rural_emergency", "military", "not_applicable", "rural_emergency", "not_reported",
    ]  # fmt: skip
    assert rows["kind"].tolist()[1::3] == ["rural_emergency_hospital"] * 2
    assert rows["obstetric_evidence"].tolist()[1::3] == ["unknown", "corroborated"]
    assert not any("not used" in note for note in own.notes)
    flags = service_flags(own.facilities, birth_care_tiers=EVIDENCE_TIERS)
    assert flags["counts_birth_care"].tolist() == [True, False, True, False, True, True]


def test_without_a_word_a_rural_emergency_hospital_is_not_taken_for_birth_care(tmp_path, counties):
    path = write(tmp_path, "a,A,46.8,-100.8,hospital", "b,B,46.9,-96.8,rural_emergency_hospital", head=HEAD + ",kind")
    own = read_facilities(path, counties)
    assert own.facilities["obstetric_evidence"].tolist() == ["corroborated", "none"]
    assert own.notes[0].endswith("every hospital is taken to offer birth care, Rural Emergency Hospitals aside")
    assert own.facilities[["maternal_level", "telehealth"]].isna().all(axis=None)
    assert set(own.facilities["ownership"]) == {"not_reported"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_encodings_of_spreadsheets(tmp_path, counties, encoding):
    path = tmp_path / "mine.csv"
    path.write_bytes(f"{HEAD}\na,Niño Jesús,46.8,-100.8\n".encode(encoding))
    assert read_facilities(path, counties).facilities["facility_name"].tolist() == ["Niño Jesús"]


@pytest.mark.parametrize(
    ("text", "level"), [("3", "III"), ("iii", "III"), ("Level III", "III"), ("NICU level 4", "IV"), ("1.0", "I")]
)
def test_levels_in_any_spelling(text, level):
    assert canonical_level(text) == level


def test_a_level_of_the_other_kind_is_refused():
    assert canonical_level("Maternal Level 4", care="maternal") == "IV"
    with pytest.raises(InputError, match="'Maternal Level 4' is not a neonatal level"):
        canonical_level("Maternal Level 4")
    with pytest.raises(InputError, match="'NICU level 3' is not a maternal level: one of I, II"):
        canonical_level("NICU level 3", care="maternal")


@pytest.mark.parametrize("text", ["high", "5", "", "IIII", "level", "3 or 4"])
def test_levels_that_are_none(text):
    with pytest.raises(InputError, match="is not a neonatal level"):
        canonical_level(text)


@pytest.mark.parametrize(
    ("head", "row", "words"),
    [
        ("facility_id,facility_name,lat", "b,B,46.8", r"column 'lon' is missing"),
        ("facility_name,lat,lon", "B,46.8,-100.8", r"column 'facility_id' is missing"),
        (HEAD, ",B,46.8,-100.8", r"row 2, column 'facility_id': empty"),
        (
            HEAD,
            "=b,B,46.8,-100.8",
            r"row 2, column 'facility_id': '=b' would read as a formula in a spreadsheet; give an",
        ),
        (HEAD, "+1,B,46.8,-100.8", r"row 2, column 'facility_id': '\+1' would read as a formula"),
        (HEAD, "-1,B,46.8,-100.8", r"row 2, column 'facility_id': '-1' would read as a formula"),
        (HEAD, " @b,B,46.8,-100.8", r"row 2, column 'facility_id': '@b' would read as a formula"),
        (HEAD, "a,B,46.8,-100.8", r"row 2, column 'facility_id': 'a' stands in row 1 already"),
        (HEAD, "b,B,-100.8,46.8", r"row 2: lat -100.8, lon 46.8 look swapped"),
        (HEAD, "b,B,146.8,-100.8", r"row 2: .*outside the world"),
        (HEAD, "b,B,north,-100.8", r"row 2, column 'lat': 'north' is not a number"),
        (HEAD, "b,B,40,-75", r"row 2: lat 40, lon -75 is in no county"),
        (HEAD + ",state", "b,B,46.8,-100.8,Dakota", r"row 2, column 'state': unknown state 'Dakota'"),
        (HEAD + ",state", "b,B,46.8,-100.8,AL", r"row 2, column 'state': Alabama is given, but .* North Dakota"),
        (HEAD + ",county_fips", "b,B,46.8,-100.8,38", r"'county_fips', row 2: '38' is not a county FIPS code"),
        (HEAD + ",county_fips", "b,B,46.8,-100.8,38999", r"row 2, column 'county_fips': 38999 is not a county of 2024"),
        (
            HEAD + ",neonatal_level",
            "b,B,46.8,-100.8,high",
            r"row 2, column 'neonatal_level': 'high' is not a neonatal level",
        ),
        (
            HEAD + ",maternal_level",
            "b,B,46.8,-100.8,2b",
            r"row 2, column 'maternal_level': '2b' is not a maternal level",
        ),
        (
            HEAD + ",maternal_level,birth_care",
            "b,B,46.8,-100.8,II,no",
            r"row 2, column 'maternal_level': II, but the facility is without birth care; mend one of them",
        ),
        (
            HEAD + ",maternal_level,kind",
            "b,B,46.8,-100.8,1,birth center",
            r"row 2, column 'maternal_level': I, but the facility is a birth center; mend one of them",
        ),
        (
            HEAD + ",maternal_level,maternal_level_source",
            "b,B,46.8,-100.8,II,hearsay",
            r"row 2, column 'maternal_level_source': 'hearsay' is not known; one of state, reported, none",
        ),
        (
            HEAD + ",kind,nicu",
            "b,B,46.8,-100.8,rural emergency hospital,Yes",
            r"row 2, column 'nicu': 'Yes', but a Rural Emergency Hospital has no inpatient beds",
        ),
        (
            HEAD + ",kind,neonatal_level",
            "b,B,46.8,-100.8,rural emergency hospital,2",
            r"row 2, column 'neonatal_level': '2', but a Rural Emergency Hospital has no inpatient beds",
        ),
        (
            HEAD + ",ownership",
            "b,B,46.8,-100.8,a trust",
            r"row 2, column 'ownership': 'a trust' is not known; one of private_nonprofit, church_nonprofit",
        ),
        (HEAD + ",telehealth", "b,B,46.8,-100.8,often", r"row 2, column 'telehealth': 'often' is not understood"),
        (HEAD + ",hospital_type", "b,B,46.8,-100.8,big", r"row 2, column 'hospital_type': 'big' is not known"),
        (HEAD + ",kind", "b,B,46.8,-100.8,clinic", r"row 2, column 'kind': 'clinic' is not known"),
        (HEAD + ",birth_care", "b,B,46.8,-100.8,maybe", r"row 2, column 'birth_care': 'maybe' is not understood"),
        (HEAD + ",nicu,neonatal_level", "b,B,46.8,-100.8,no,IV", r"row 2, column 'nicu': no, but neonatal_level is IV"),
        (HEAD + ",beds", "b,B,46.8,-100.8,many", r"row 2, column 'beds': 'many' is not a number of beds"),
        (
            HEAD + ",obstetric_evidence",
            "b,B,46.8,-100.8,sure",
            r"row 2, column 'obstetric_evidence': 'sure' is not known",
        ),
    ],
)
def test_each_mistake_is_told_in_one_line(tmp_path, counties, head, row, words):
    first = {"facility_id": "a", "facility_name": "A", "lat": "46.8", "lon": "-100.8"}
    good = ",".join(first.get(name, "") for name in head.split(","))
    path = write(tmp_path, good, row, head=head)
    with pytest.raises(InputError, match=words) as caught:
        read_facilities(path, counties)
    assert "mine.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path, counties):
    with pytest.raises(InputError, match="not a file"):
        read_facilities(tmp_path, counties)
    with pytest.raises(InputError, match="no such file"):
        read_facilities(tmp_path / "gone.csv", counties)
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        read_facilities(tmp_path / "empty.csv", counties)
    pd.DataFrame({"facility_id": ["a"] * 99}).to_parquet(tmp_path / "half.parquet")
    (tmp_path / "half.parquet").write_bytes((tmp_path / "half.parquet").read_bytes()[:200])
    with pytest.raises(InputError, match="half-written"):
        read_facilities(tmp_path / "half.parquet", counties)


def test_a_county_code_that_does_not_hold_the_point_is_told(tmp_path, counties):
    own = read_facilities(write(tmp_path, "a,A,46.8,-100.8,38017", head=HEAD + ",county_fips"), counties)
    assert own.facilities["county_fips"].tolist() == ["38015"]
    assert any("1 county codes do not hold the coordinates" in note for note in own.notes)


def test_own_facilities_take_the_place_of_their_states(tmp_path, counties):
    embedded = read_facilities(
        write(tmp_path, "1,A,46.8,-100.8", "2,B,46.9,-96.8", "3,C,32.5,-86.5", name="embedded.csv"), counties
    ).facilities
    user = read_facilities(write(tmp_path, "1,New,46.8,-100.8"), counties).facilities
    placed = place_of(embedded, user, only=False)
    assert placed.facilities["facility_name"].tolist() == ["C", "New"]
    assert (placed.replaced, placed.states) == (2, ("ND",))
    assert placed.notes == ["1 facilities of the user's file take the place of 2 embedded ones in ND"]
    alone = place_of(embedded, user, only=True)
    assert alone.facilities["facility_name"].tolist() == ["New"]
    assert alone.replaced == 3
    clash = read_facilities(write(tmp_path, "3,New,46.8,-100.8"), counties).facilities
    with pytest.raises(InputError, match="'3' is also that of C"):
        place_of(embedded, clash, only=False)
