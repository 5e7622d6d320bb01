"""Hospitals without a sign of obstetrics: which they are, where, and that nothing counts them for a service."""

import csv
import gzip
import json

import pandas as pd
import pytest

from matcare.contracts import FACILITIES, OTHER_HOSPITALS
from matcare.geo import STATES, great_circle_km
from matcare.scenario import EVIDENCE_TIERS
from matcare.tables.facilities import service_flags
from matcare.tables.facility_units import FacilitySources, hospital_units, hospitals_without_signs
from matcare.tables.other_hospitals import as_facilities, compile_other_hospitals, specialty_in

KNOWN = {  # public knowledge: hospitals without a birth unit, where they stand
    "351313": ("SOUTHWEST HEALTHCARE SERVICES", "ND", "38011", 46.18, -103.40),  # Bowman
    "351315": ("CHI OAKES HOSPITAL", "ND", "38021", 46.14, -98.09),
    "230264": ("INSIGHT SURGICAL HOSPITAL", "MI", "26099", 42.45, -83.08),  # Warren, renamed
    "330219": ("ERIE COUNTY MEDICAL CENTER", "NY", "36029", 42.93, -78.83),  # Buffalo
    "140013": ("CARLE HEALTH PROCTOR HOSPITAL", "IL", "17143", 40.75, -89.60),  # Peoria, under a wrong ZIP in one list
    "171352": ("DECATUR HEALTH", "KS", "20039", 39.82, -100.54),  # Oberlin, under another town in one list
}


@pytest.fixture(scope="module")
def hospitals(snapshot):
    return snapshot.other_hospitals


def test_each_stands_in_its_state_and_in_one_table_only(snapshot, hospitals):
    county_state = snapshot.counties.set_index("county_fips")["state"]
    assert (hospitals["county_fips"].map(county_state) == hospitals["state"]).all()
    assert set(hospitals["state"]) <= set(STATES)
    numbers = hospitals["facility_id"].tolist() + " ".join(hospitals["other_ids"].dropna()).split()
    facilities = snapshot.facilities
    theirs = facilities["facility_id"].tolist() + " ".join(facilities["other_ids"].dropna()).split()
    assert len(set(numbers)) == len(numbers)
    assert set(numbers).isdisjoint(theirs)
    assert (hospitals["coord_precision"] == "zip_centroid").mean() < 0.03
    assert hospitals["beds"].isna().sum() <= 2


def test_none_stands_where_a_facility_of_its_name_does(snapshot, hospitals):
    key = ["facility_name", "zip"]
    assert not hospitals.merge(snapshot.facilities, on=key, how="inner")["state_x"].size


@pytest.mark.parametrize("number", KNOWN)
def test_known_hospitals_are_there(hospitals, number):
    name, state, county, lat, lon = KNOWN[number]
    row = hospitals.set_index("facility_id").loc[number]
    assert (row["facility_name"], row["state"], row["county_fips"]) == (name, state, county)
    assert great_circle_km(row["lat"], row["lon"], lat, lon) < 8


def test_birth_and_other_hospitals_are_not_among_them(hospitals):
    numbers = set(hospitals["facility_id"])
    assert "350015" not in numbers  # Sanford Bismarck, a birth hospital
    assert "231341" not in numbers  # Bronson South Haven under a new number: 230085 is among the facilities
    assert set(hospitals["facility_id"].str[2:4]) <= {"00", "01", "02", "03", "04", "05", "06", "07", "08", "13"}
    names = hospitals["facility_name"].str.upper()
    assert not names.str.contains(r"\bVA MEDICAL CENTER\b|\bVETERANS\b|ENCOMPASS|\bKINDRED\b").any()


@pytest.mark.parametrize("tiers", [("corroborated",), ("corroborated", "likely", "claimed", "arranged")])
def test_no_service_counts_them(hospitals, tiers):
    rows = as_facilities(hospitals)
    assert FACILITIES.validate(rows, where="here").columns.tolist() == FACILITIES.names
    flags = service_flags(rows, birth_care_tiers=tiers).filter(like="counts_")
    assert not flags.any(axis=None)
    assert set(rows["obstetric_evidence"]) == {"none", "unknown"}
    unlisted = hospitals["pos_obstetrics"] != "no_flag"
    assert (rows["obstetric_evidence"] == "unknown").equals(unlisted)
    assert (rows["nicu"] == "unknown").equals(unlisted)
    kept = ["facility_id", "facility_name", "state", "county_fips", "lat", "lon", "beds", "ownership", "other_ids"]
    pd.testing.assert_frame_equal(rows[kept], hospitals[kept])


def test_a_specialty_goes_into_the_query(hospitals):
    rows = as_facilities(hospitals).set_index("facility_id")
    assert rows.loc["230264", "evidence_query"] == "the name is that of a hospital of one kind of care (surgical)"
    assert rows.loc["400138", "evidence_query"] == "the name is that of a hospital for women or children"
    assert pd.isna(rows.loc["351315", "evidence_query"])
    assert as_facilities(hospitals.iloc[:0]).empty


@pytest.mark.parametrize(
    ("name", "specialty"),
    [
        ("DANA-FARBER CANCER INSTITUTE", "cancer"), ("KANSAS HEART HOSPITAL", "heart"), ("SACRED HEART HOSPITAL", ""),
        ("HEART OF AMERICA MEDICAL CENTER", ""), ("CRYSTAL CLINIC ORTHOPAEDIC CENTER", "orthopedic"),
        ("Tulsa Spine & Specialty Hospital", "orthopedic"), ("WILLS EYE HOSPITAL", "eye"),
        ("COLORADO MENTAL HEALTH INSTITUTE AT PUEBLO", "psychiatric"), ("MISSISSIPPI METHODIST REHAB CTR", "rehabilitation"),
        ("ARKANSAS SURGICAL HOSPITAL", "surgical"), ("THE WOODLANDS SPECIALTY HOSPITAL", "other"),
        ("TRI-STATE MEMORIAL HOSPITAL", ""), ("MEMORIAL COMMUNITY HOSPITAL", ""),
    ],
)  # fmt: skip
def test_names_tell_a_specialty(name, specialty):
    told = specialty_in(pd.Series([name, name]), pd.Series(["acute", "critical_access"])).fillna("")
    assert told.tolist() == [specialty, ""]


def frame(columns, *rows):
    return pd.DataFrame([dict(zip(columns, row, strict=True)) for row in rows], columns=columns)


@pytest.fixture
def sources():
    """A birth hospital, one beside it, one that changed its number, one closed, and kinds that are no candidates."""
    place = ["ccn", "name", "address", "city", "state", "zip", "phone"]

    def at(ccn, name, address, code="30303"):
        return (ccn, name, address, "Atlanta", "GA", code, "")

    active = [
        (*at("110001", "BIRTHS", "1 Main St"), "acute", 90.0),
        (*at("110002", "HEART WING", "1 Main Street"), "acute", 20.0),
        (*at("110003", "BIRTHS", "9 Far Rd"), "acute", 20.0),
        (*at("111304", "OAK", "4 Oak Ave", "30304"), "critical_access", 25.0),
        (*at("110005", "PLAIN", "5 Elm St", "30305"), "acute", 1.0),
        (*at("114006", "MIND", "6 Elm St"), "psychiatric", 50.0),
        (*at("112007", "LONG", "7 Elm St"), "long_term", 50.0),
        ("650008", "GUAM", "8 Road", "Tamuning", "GU", "96913", "", "acute", 50.0),
    ]
    general = [
        (*at("110001", "BIRTHS", "1 Main St"), "acute", "proprietary", True),
        (*at("110004", "OAK", "4 Oak Avenue", "30304"), "acute", "tribal", False),
        (*at("110005", "PLAIN AS IT WAS", "5 Old St", "30399"), "acute", "government_local", False),
        (*at("110009", "CLOSED", "9 Ash St", "30309"), "acute", "physician", False),
    ]
    services = [("110004", "", False, True), ("110005", "13001", False, False), ("110009", "", False, False)]
    flags = ["ccn", "county_reported", "nicu_flag", "obstetrics_flag"]
    obstetrics = [*place[:-1], "county_reported", "pos_obstetrics", "lat", "lon", "geocode", "geocode_match"]
    return FacilitySources(
        obstetrics=frame(obstetrics),
        services=frame(flags, *services),
        active=frame([*place, "subtype", "beds"], *active).assign(county_reported="13121"),
        general=frame([*place, "hospital_type", "ownership", "birthing_friendly"], *general),
        friendly_sites=pd.DataFrame(),
        hifld=pd.DataFrame(),
        nicu_beds=frame(["ccn", "nicu_beds"]),
        nursery=frame(["ccn", "newborns", "nursery_discharges", "nursery_discharges_status"]),
        levels=frame(["ccn", "neonatal_level", "match", "listed_at_two_levels"]),
        birth_centers=pd.DataFrame(),
    )


def test_the_rule_on_made_hospitals(sources):
    units, _ = hospital_units(sources)
    assert units.index.tolist() == ["110001"]
    found = hospitals_without_signs(sources, units)
    assert found.index.tolist() == ["110005", "111304"]
    renumbered = found.loc["111304"]
    assert renumbered[["other_ids", "ownership", "pos_obstetrics"]].tolist() == ["110004", "tribal", "flagged"]
    assert found.loc["110005", ["name", "address", "zip", "ownership", "pos_obstetrics", "county_reported"]].tolist() == [
        "PLAIN", "5 Elm St", "30305", "government_local", "no_flag", "13001",
    ]  # fmt: skip
    assert pd.isna(found.loc["110005", "beds"])  # one bed is a placeholder in that list


@pytest.mark.shared
def test_the_table_against_the_raw_files(shared, snapshot, hospitals):
    fresh = compile_other_hospitals(shared, snapshot.counties, snapshot.demand, snapshot.facilities)
    pd.testing.assert_frame_equal(fresh, OTHER_HOSPITALS.validate(hospitals, where="embedded"))
    folder = shared / "facilities"
    with gzip.open(folder / "cms_pos_hospitals_2026q1.json.gz", "rt") as file:
        active = {row["ccn"]: row for row in json.load(file)["hospitals"]}
    with gzip.open(folder / "cms_hospital_general_information_2026.csv.gz", "rt", encoding="utf-8") as file:
        kinds = {row["Facility ID"]: row["Hospital Type"] for row in csv.DictReader(file)}
    words = {"Acute Care Hospitals", "Critical Access Hospitals"}
    listed = {
        ccn
        for ccn, row in active.items()
        if row["state"] in STATES
        and (kinds.get(ccn, "") in words or (ccn not in kinds and row["fac_subtype_code"] in {"01", "11"}))
    }
    facilities = snapshot.facilities
    known = {*facilities["facility_id"], *" ".join(facilities["other_ids"].dropna()).split()}
    assert set(hospitals["facility_id"]) <= listed - known
    left = listed - known - set(hospitals["facility_id"])
    assert left == {"110073", "110237", "231341", "280133"}, "at the address or of the name of a facility"
    assert not hospitals["facility_id"].isin([ccn for ccn, kind in kinds.items() if kind == "Childrens"]).any()
    assert set(EVIDENCE_TIERS) >= set(as_facilities(hospitals)["obstetric_evidence"])
