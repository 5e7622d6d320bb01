"""Facilities: evidence tiers, NICU states, services, sites; compiled from made files, and from the real ones when there."""

import gzip
import itertools
import json

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from matcare.contracts.embedded import FACILITIES
from matcare.errors import InputError
from matcare.scenario import EVIDENCE_TIERS
from matcare.sources.census_geography import read_block_group_centers
from matcare.tables.facilities import (
    compile_facilities,
    facilities_left_out,
    nicu_evidence,
    obstetric_evidence,
    service_flags,
    tribal_or_ihs,
)
from matcare.tables.facility_sites import (
    address_key,
    counties_of_points,
    match_hospitals,
    name_key,
    name_similarity,
    nearest_center_counties,
    same_site_as,
    voted_counties,
)
from matcare.tables.reviewed_units import apply_reviews, read_reviews

POS_CODES = ("on_site", "both", "arranged", "flagged", "no_flag", "not_listed")
KINDS = ("hospital", "childrens_hospital", "military_hospital", "rural_emergency_hospital")


def expected_tier(pos, friendly, newborns, active, kind):
    """The rule in the words of the issue, written another way than the code."""
    if friendly or newborns:
        return "corroborated" if pos in {"on_site", "both"} else "likely"
    if pos in {"on_site", "both"}:
        return "claimed"
    if pos == "flagged":
        return "claimed" if active and kind != "childrens_hospital" else "unknown"
    if pos == "arranged":
        return "arranged"
    if pos == "not_listed" or kind == "military_hospital":
        return "unknown"
    return "none"


def test_every_combination_of_signs_has_its_tier():
    cases = list(itertools.product(POS_CODES, (True, False), (True, False), (True, False), KINDS))
    signs = pd.DataFrame(cases, columns=["pos_obstetrics", "birthing_friendly", "newborns", "active", "kind"])
    expected = ["none" if case[-1] == "rural_emergency_hospital" else expected_tier(*case) for case in cases]
    assert obstetric_evidence(signs).tolist() == expected


def test_every_combination_has_its_nicu_state():
    cases = list(itertools.product((True, False), (True, False), (None, 4.0), (None, "I", "II", "III", "IV"), KINDS))
    signs = pd.DataFrame(cases, columns=["nicu_flag", "in_services", "nicu_beds", "neonatal_level", "kind"])
    for case, state in zip(cases, nicu_evidence(signs), strict=True):
        flag, listed, beds, level, kind = case
        if kind == "rural_emergency_hospital":
            assert state == "no_evidence"
        elif flag or beds or level in {"III", "IV"}:
            assert state == "yes"
        elif listed and kind == "hospital":
            assert state == "no_evidence"
        else:
            assert state == "unknown"


def units():
    rows = itertools.product(
        (*KINDS, "birth_center"),
        ("corroborated", "likely", "claimed", "arranged", "unknown", "none"),
        (None, "I", "II", "III", "IV"),
        ("yes", "no_evidence", "unknown"),
        ("open", "closed"),
        ("yes", "not_listed", "not_applicable"),
    )
    columns = ["kind", "obstetric_evidence", "neonatal_level", "nicu", "status", "cms_active"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize("tiers", [("corroborated", "likely", "claimed"), ("corroborated",), EVIDENCE_TIERS])
def test_services_follow_evidence_level_and_status(tiers):
    out = service_flags(units(), birth_care_tiers=tiers)
    for row in out.itertuples():
        counts = row.kind != "birth_center" and row.status == "open"
        births = counts and row.obstetric_evidence in tiers
        if row.kind == "rural_emergency_hospital":  # a tier that is no evidence makes no birth care of it
            births = births and row.obstetric_evidence in {"corroborated", "likely", "claimed"}
        assert row.counts_birth_care == births
        supported = row.obstetric_evidence in {"corroborated", "likely"} & set(tiers) and row.cms_active != "not_listed"
        assert row.counts_birth_care_corroborated == (counts and supported)
        assert row.counts_nicu == (counts and row.nicu == "yes")
        assert row.counts_neonatal_2_plus == (counts and row.neonatal_level in {"II", "III", "IV"})
        high = row.neonatal_level in {"III", "IV"}
        assert row.counts_neonatal_3_plus == (counts and high)
        unknown_level = row.neonatal_level is None or row.neonatal_level != row.neonatal_level
        assert row.counts_neonatal_3_plus_or_nicu == (counts and (high or (row.nicu == "yes" and unknown_level)))
    assert set(out["correction"]) == {"none"}


def test_an_unknown_tier_is_refused_and_status_defaults_to_open():
    with pytest.raises(InputError, match="unknown obstetric evidence tier 'sure'"):
        service_flags(units(), birth_care_tiers=["sure"])
    assert set(service_flags(units().drop(columns="status"), birth_care_tiers=["likely"])["status"]) == {"open"}


def test_keys_bring_spellings_together():
    assert address_key("700 W. Main Street, Suite 4") == address_key("700 WEST MAIN ST STE 4")
    assert address_key("6051 U S Highway 49 South") == address_key("6051 US HIGHWAY 49 SOUTH")
    assert address_key("Drawer 12") == ""
    assert name_similarity(name_key("PROV SACRED HRT MED CTR"), name_key("Providence Sacred Heart Medical Center")) == 1
    assert name_similarity(name_key("Grady Memorial"), name_key("Emory Midtown")) < 0.5


def place(name, address, zip_code, **more):
    row = {
        "name": name,
        "address": address,
        "city": "Atlanta",
        "state": "GA",
        "zip": zip_code,
        "phone": "",
        "lat": 33.7,
    }
    return row | {"lon": -84.4, "other_name": ""} | more


def test_hospitals_match_by_place_first_then_name():
    ours = pd.DataFrame([
        place("GRADY MEMORIAL HOSPITAL", "80 Jesse Hill Jr Drive SE", "30303"),
        place("RENAMED HOSPITAL", "1 Peach St", "30304", phone="4045551234"),
        place("ATLANTA MEDICAL CENTER", "9 Elm St", "30305"),
    ])  # fmt: skip
    others = pd.DataFrame([
        place("GRADY MEMORIAL HOSPITAL", "80 JESSE HILL JR DR SE", "30303"),
        place("SOMETHING ELSE", "2 Peach St", "30304", phone="4045551234"),
        place("WELLSTAR ATLANTA", "1 Oak St", "30399"),
        place("GRADY MEMORIAL HOSPITAL", "80 Jesse Hill Jr Drive SE", "30303", state="AL"),
    ])  # fmt: skip
    matches = match_hospitals(ours, others)
    assert matches["other"].tolist()[:2] == [0, 1]
    assert pd.isna(matches["other"].iloc[2])


def test_a_tie_of_two_distant_sites_is_no_match():
    twins = pd.DataFrame([place("MERCY", "", "30303"), place("MERCY", "", "30303", lat=34.0)])
    assert match_hospitals(pd.DataFrame([place("MERCY", "", "30303")]), twins)["other"].isna().all()
    near = pd.DataFrame([place("MERCY", "", "30303"), place("MERCY", "", "30303", lat=33.701)])
    assert match_hospitals(pd.DataFrame([place("MERCY", "", "30303")]), near)["other"].notna().all()


@pytest.fixture
def counties():
    return gpd.GeoDataFrame(
        {
            "county_fips": ["13001", "13002"],
            "county_name": ["West County", "East County"],
            "state": ["GA", "GA"],
            "geometry": [box(-85, 33, -84, 34), box(-84, 33, -83, 34)],
        },
        crs="EPSG:4326",
    )


def test_county_by_coordinates_unless_the_reported_one_is_at_the_door(counties):
    lat, lon = [33.5] * 5, [-84.5, -84.01, -84.1, -82.9, -80.0]
    reported = pd.Series(["13002", "13002", "13002", "99999", ""])
    found = counties_of_points(lat, lon, counties, reported=reported, limit_km=50)
    assert found.tolist() == ["13001", "13002", "13001", "13002", None]
    assert counties_of_points(lat, lon, counties)[4] == "13002"


def test_five_neighbors_name_their_county():
    centers = pd.DataFrame(
        {"county_fips": ["13001"] * 3 + ["13002"] * 8, "lat": [33.5] * 11, "lon": [-84.1, -84.05, -84.02, -83.99]
         + [-83.9 + 0.1 * step for step in range(7)]}
    )  # fmt: skip
    near = nearest_center_counties([33.5, 33.5], [-84.05, -83.5], centers)
    assert near["most"].tolist() == ["13001", "13002"]
    assert near["all_five"].tolist() == [None, "13002"]
    few = pd.concat([centers[centers["county_fips"] == county].head(2) for county in ("13001", "13002")])
    assert nearest_center_counties([33.5], [-84.0], few)["most"].tolist() == [None]


@pytest.mark.parametrize(
    ("case", "polygon", "hifld", "reported", "most", "all_five", "chosen"),
    [
        ("all agree", "A", "A", "A", "A", "A", "A"),
        ("OSU Medical Center, Tulsa: the reported code alone", "A", "A", "B", "A", "A", "A"),
        ("Bryn Mawr: HIFLD backs the polygon", "A", "A", "B", "B", "B", "A"),
        ("Harlem: all others against the polygon", "A", "B", "B", "B", "B", "B"),
        ("Princeton: HIFLD and the code", "A", "B", "B", "A", None, "B"),
        ("CJW: HIFLD and the neighbors", "A", "B", "A", "B", None, "B"),
        ("Eagle Butte: no HIFLD match, the code and the neighbors", "A", None, "B", "B", None, "B"),
        ("each another", "A", "B", "C", "D", None, "A"),
        ("the neighbors alone", "A", None, "A", "B", "B", "A"),
        ("Windham, Connecticut: no codes of 2024, five of one mind", "A", None, None, "B", "B", "B"),
        ("Connecticut, not of one mind", "A", None, None, "B", None, "A"),
        ("Fort Campbell: the polygon is in another state", None, None, "B", None, None, "B"),
    ],
)
def test_the_county_is_put_to_the_vote(case, polygon, hifld, reported, most, all_five, chosen):
    columns = {"polygon": polygon, "hifld": hifld, "reported": reported, "most": most, "all_five": all_five}
    votes = pd.DataFrame({name: pd.Series([value], dtype="str") for name, value in columns.items()})
    assert voted_counties(votes).tolist() == [chosen], case


def reviewable():
    return pd.DataFrame(
        {
            "name": ["CARTHAGE AREA HOSPITAL, INC", "KAPIOLANI", "JAMES CANCER HOSPITAL", "OTHER"],
            "obstetric_evidence": ["corroborated", "unknown", "claimed", "claimed"],
        },
        index=["331324", "123300", "360242", "999999"],
    )


def test_reviews_stand_in_for_the_flags_and_say_so():
    reviews = read_reviews()
    assert reviews["ccn"].is_unique
    assert set(reviews.loc[reviews["what"] == "evidence", "now"]) == {"claimed", "none"}
    assert reviews["query"].str.contains("reviewed by the developers from public knowledge, not verified").all()
    errors = reviews["now"] == "none"
    assert reviews.loc[errors, "query"].str.startswith("reviewed: ").all()
    assert reviews.loc[errors, "query"].str.contains("the federal flag is taken for an error").all()
    evidence, why = apply_reviews(reviewable(), "evidence", reviews)
    assert evidence.tolist() == ["corroborated", "claimed", "none", "claimed"]
    assert why.notna().tolist() == [False, True, True, False]
    names, why = apply_reviews(reviewable(), "name", reviews)
    assert names.tolist()[:2] == ["CLAXTON-HEPBURN MEDICAL CENTER", "KAPIOLANI"]
    assert why.notna().tolist() == [True, False, False, False]


def test_a_review_that_the_data_have_overtaken_stops_the_build():
    units = reviewable().assign(obstetric_evidence="corroborated")
    with pytest.raises(
        InputError, match=r"360242 \(James Cancer.*was 'claimed' at the review .* now is 'corroborated'"
    ):
        apply_reviews(units.drop(index="123300"), "evidence", read_reviews())


def test_same_site_is_told_for_precise_places_only():
    frame = pd.DataFrame(
        {
            "facility_id": ["a", "b", "c", "d", "e", "f"],
            "address": ["1 Main St", "x", "1 Main Street", "y", "z", "w"],
            "zip": ["30303", "30304", "30303", "30305", "30305", "30306"],
            "lat": [33.0, 33.0005, 34.0, 35.0, 35.0, 33.0],
            "lon": [-84.0] * 6,
            "coord_precision": ["address", "site", "address", "zip_centroid", "zip_centroid", "address_fallback"],
        }
    )
    assert same_site_as(frame).fillna("").tolist() == ["b c", "a", "a", "", "", ""]


@pytest.fixture
def made_files(tmp_path):
    """Eight hospitals, two that became Rural Emergency Hospitals, a birth center and what every file says of them."""
    folder = tmp_path / "facilities"
    folder.mkdir()

    def put(name, header, *rows):
        (folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")

    put(
        "cms_pos_ob_hospitals_geocoded.csv",
        "prvdr_num,fac_name,ob_srvc_cd,county_fips,geocode_address_1,geocode_city,geocode_state,geocode_zip,latitude,longitude,coord_precision,fb_match_type",
        "110001,FIRST,1,13001,1 Main St,Atlanta,GA,30303,33.5,-84.5,census_batch,",
        "110002,SECOND,2,13002,PO Box 7,Atlanta,GA,30303,33.5,-83.5,city_centroid,zip_centroid",
        "110007,STATE HOSPITAL CANCER UNIT,1,13001,7 Main St,Atlanta,GA,30304,33.8,-84.6,fallback_address,",
        "111302,NEW NUMBER,1,13001,5 Elm Street,Atlanta,GA,30303,33.6,-84.5,cache,",
        "650001,GUAM MEMORIAL,1,66010,1 Road,Tamuning,GU,96913,13.5,144.8,cache,",
    )
    put(
        "cms_pos_services_2026q2.csv",
        "ccn,county_fips,nicu_offered,nursery_offered,ob_offered,picu_offered",
        "110001,13001,1,1,1,0", "110003,13001,0,0,0,0", "113300,13001,0,0,1,1", "114001,13001,1,1,1,0",
        "110779,13001,1,1,1,0", "110008,13001,0,0,1,0", "110781,13002,0,0,0,0",
    )  # fmt: skip
    names = {
        "110001": "FIRST", "110002": "SECOND", "110003": "GRADY MEMORIAL HOSPITAL", "110005": "OLD NUMBER",
        "113300": "CHILDRENS", "113301": "OTHER CHILDRENS", "114001": "STATE PSYCHIATRIC", "110779": "VALLEY",
        "110781": "SECOND",
    }  # fmt: skip
    subtypes = {"113300": "06", "113301": "06", "114001": "04", "110779": "28", "110781": "28"}
    owners = {"110001": "Proprietary", "110003": "Tribal", "110005": "Government - Local", "110781": ""}
    active = [
        {
            "ccn": ccn, "name": name, "address_line": "5 Elm St" if ccn == "110005" else f"{ccn[-2:]} Oak Ave",
            "city": "Atlanta", "state": "GA", "zip": "30303", "phone": f"40455500{ccn[-2:]}",
            "fac_subtype_code": subtypes.get(ccn, "01"), "bed_count": 100, "fips_state": "13", "fips_county": "001",
        }
        for ccn, name in names.items()
    ]  # fmt: skip
    (folder / "cms_pos_hospitals_2026q1.json.gz").write_bytes(gzip.compress(json.dumps({"hospitals": active}).encode()))
    types = {
        "113300": "Childrens", "113301": "Childrens", "114001": "Psychiatric", "110779": "Rural Emergency Hospital",
        "110781": "Rural Emergency Hospital",
    }  # fmt: skip
    put(
        "cms_hospital_general_information_2026.csv.gz".removesuffix(".gz"),
        "Facility ID,Facility Name,Address,City/Town,State,ZIP Code,Telephone Number,Hospital Type,Hospital Ownership,Meets criteria for birthing friendly designation",
        *(
            f"{row['ccn']},{row['name']},{row['address_line']},Atlanta,GA,30303,{row['phone']},"
            f"{types.get(row['ccn'], 'Acute Care Hospitals')},{owners.get(row['ccn'], 'Government - Federal')},{'Y' if row['ccn'] in {'110001', '110003', '110005'} else ''}"
            for row in active
        ),
        "11032F,Martin ACH (FT Benning),6600 Van Aalst Blvd,Fort Benning,GA,31905,,Acute Care - Department of Defense,Department of Defense,",
        "11033F,Atlanta VA,1 Clairmont,Atlanta,GA,30303,,Acute Care - Veterans Administration,Veterans Health Administration,",
        "110008,VALLEY HOSPITAL,79 Oak Avenue,Atlanta,GA,30303,,Acute Care Hospitals,Proprietary,",
    )
    plain = folder / "cms_hospital_general_information_2026.csv"
    (folder / "cms_hospital_general_information_2026.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    put(
        "Birthing_Friendly_Hospitals_Geocoded.csv",
        "name,addr,city,state,zip,phone,meets_criteria,lat,lon",
        "GRADY MEMORIAL HOSPITAL,80 Hill,Atlanta,GA,30303,,Y,33.75,-84.38",
    )
    put(
        "hifld_hospitals_2022.csv.gz".removesuffix(".gz"),
        "ID,NAME,ALT_NAME,ADDRESS,CITY,STATE,ZIP,TELEPHONE,TYPE,STATUS,COUNTYFIPS,LATITUDE,LONGITUDE,VAL_METHOD,BEDS",
        "1,SECOND,NOT AVAILABLE,2 Real St,ATLANTA,GA,30303,(404) 555-0002,GENERAL ACUTE CARE,OPEN,13002,33.51,-83.49,IMAGERY,-999",
        "3,OLD VALLEY HOSPITAL,NOT AVAILABLE,79 Oak Ave,ATLANTA,GA,30303,NOT AVAILABLE,GENERAL ACUTE CARE,OPEN,13001,33.4,-84.2,IMAGERY,40",
        "2,CHILDRENS,NOT AVAILABLE,00 Oak Ave,ATLANTA,GA,30303,NOT AVAILABLE,CHILDREN,OPEN,13001,33.7,-84.3,IMAGERY,55",
    )
    plain = folder / "hifld_hospitals_2022.csv"
    (folder / "hifld_hospitals_2022.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    put("hcris_nicu_beds_fy2017_19.csv", "ccn,RPT_REC_NUM,LINE_NUM,unit_name,nicu_beds", "110099,1,00801,NICU,12")
    put("hcris_nursery_discharges_fy2023.csv", "ccn,nursery_discharges", "110002,4")
    put(
        "neonatal_levels_reported_2025.csv",
        "ccn,neonatal_level,match,listed_at_two_levels,name",
        "110001,IV,near and name,True,FIRST",
        "113300,IV,zip and name,False,CHILDRENS",
    )
    put(
        "cabc_birth_centers.csv",
        "bc_id,facility_name,full_address,city,state,zip_code",
        'CABC_001,Birth &amp; Life,"12345 Peach St, Atlanta, GA 30308",Atlanta,GA,12345',
    )
    return tmp_path


@pytest.fixture
def centers():
    """Where people live in the two made counties."""
    points = [("13001", -84.9 + 0.1 * step) for step in range(9)] + [("13002", -83.9 + 0.1 * step) for step in range(9)]
    return pd.DataFrame({"county_fips": [code for code, _ in points], "lat": 33.5, "lon": [lon for _, lon in points]})


def test_compiled_from_made_files(made_files, counties, centers):
    table = compile_facilities(made_files, counties, centers)
    FACILITIES.validate(table)
    rows = table.set_index("facility_id")
    assert rows["obstetric_evidence"].to_dict() == {
        "110001": "corroborated", "110002": "likely", "110003": "likely", "110007": "claimed", "111302": "corroborated",
        "11032F": "unknown", "113300": "unknown", "113301": "unknown", "CABC_001": "birth_center", "110779": "none",
        "110781": "none",
    }  # fmt: skip
    assert rows.loc["110002", ["coord_precision", "lat"]].tolist() == ["site", 33.51]
    assert rows.loc["110002", "nursery_discharges_status"] == "suppressed"
    assert pd.isna(rows.loc["110002", "nursery_discharges"])
    assert rows.loc["110003", ["coord_precision", "lat", "pos_obstetrics"]].tolist() == ["address", 33.75, "no_flag"]
    assert rows.loc["111302", ["other_ids", "birthing_friendly"]].tolist() == ["110005", "yes"]
    assert rows.loc["113300", ["kind", "nicu", "coord_precision"]].tolist() == ["childrens_hospital", "yes", "site"]
    assert rows.loc["113301", ["kind", "nicu"]].tolist() == ["childrens_hospital", "unknown"]
    assert rows.loc["CABC_001", ["facility_name", "zip", "coord_precision"]].tolist() == [
        "Birth & Life", "30308", "zip_centroid",
    ]  # fmt: skip
    gone = "not among CMS's active hospitals of 2026: may be a new number or closed"
    assert rows.loc[["111302", "110007"], "evidence_query"].tolist() == [
        gone, f"{gone}; the name is that of a cancer hospital; the name is that of a psychiatric hospital",
    ]  # fmt: skip
    assert rows.loc["113300", "evidence_query"].startswith("a children's hospital with no sign of obstetrics but")
    assert rows.loc[["110001", "11032F", "113301", "110781", "CABC_001"], "evidence_query"].isna().all()
    assert rows.loc["110002", "evidence_query"] == (  # still a unit of its own: both rows stand
        "CMS lists a Rural Emergency Hospital, without inpatient beds, of this address or name (110781): obstetrics may "
        "have ended"
    )
    assert pd.isna(rows.loc["110781", "other_ids"])
    assert rows["cms_active"].to_dict() == {
        "110001": "yes", "110002": "yes", "110003": "yes", "110007": "not_listed", "111302": "not_listed",
        "11032F": "not_applicable", "113300": "yes", "113301": "yes", "CABC_001": "not_applicable", "110779": "yes",
        "110781": "yes",
    }  # fmt: skip
    assert rows.loc[["110779", "110781"], "kind"].tolist() == ["rural_emergency_hospital"] * 2
    assert rows.loc[["110779", "110781"], ["nicu", "beds"]].fillna(-1).to_numpy().tolist() == [["no_evidence", -1]] * 2
    assert rows.loc["110779", ["other_ids", "coord_precision", "lat"]].tolist() == ["110008", "site", 33.4]
    assert rows.loc["110779", "evidence_query"].startswith("the service flags say obstetrics or NICU, which are from")
    assert rows["ownership"].to_dict() == {
        "110001": "proprietary", "110002": "federal", "110003": "tribal", "110007": "not_reported",
        "111302": "government_local", "11032F": "military", "113300": "federal", "113301": "federal",
        "CABC_001": "not_reported", "110779": "federal", "110781": "not_reported",
    }  # fmt: skip
    assert rows.loc[["111302", "113300", "11032F", "110781", "CABC_001"], "hospital_type"].tolist() == [
        "not_reported", "childrens", "military", "rural_emergency", "not_applicable",
    ]  # fmt: skip
    assert rows[["maternal_level", "telehealth"]].isna().all(axis=None)
    assert set(rows["maternal_level_source"]) == {"none"}
    for tiers in (["corroborated", "likely", "claimed"], EVIDENCE_TIERS):
        flags = service_flags(table, birth_care_tiers=tiers).set_index("facility_id").filter(like="counts_")
        assert not flags.loc[["110779", "110781"]].any(axis=None)
    assert rows.loc["110007", "coord_precision"] == "address_fallback"
    assert rows.loc["110002", "county_fips"] == "13002"
    query = "IV under 200 beds; listed at two levels, the higher kept; matched by nearness and name"
    assert rows.loc["110001", "level_query"] == query
    reasons = facilities_left_out(made_files).set_index("ccn")["reason"]
    assert sorted(reasons.index) == ["110005", "110008", "110099", "114001", "650001"]
    assert reasons["110008"].endswith("merged into 110779")
    assert reasons["110005"].endswith("merged into 111302")
    assert "territory" in reasons["650001"]


def test_a_missing_file_is_named(made_files, counties, centers):
    (made_files / "facilities" / "cabc_birth_centers.csv").unlink()
    with pytest.raises(InputError, match=r"cabc_birth_centers\.csv: no such file"):
        compile_facilities(made_files, counties, centers)


@pytest.mark.shared
def test_the_real_files(shared):
    shapes = gpd.read_file(shared / "boundaries" / "cb_2024_us_county_20m.zip").to_crs("EPSG:4326")
    shapes = shapes.rename(columns={"GEOID": "county_fips", "STUSPS": "state", "NAMELSAD": "county_name"})
    centers = read_block_group_centers(shared / "demand" / "block_group_centers_2020.parquet")
    table = compile_facilities(shared, shapes, centers)
    rows = table.set_index("facility_id")
    listed = rows["pos_obstetrics"].isin(["on_site", "both", "arranged"])
    assert listed.sum() == 2784 - 5  # one each in GU, AS, MP, two in VI
    # 535 of the obstetric list stand on it alone: 5 in the territories, 6 under a new number whose old one is
    # birthing-friendly; 2 were reviewed as errors. 5 hospitals outside the list are claimed by a service flag: two
    # general ones and the three children's hospitals that were reviewed.
    claimed = rows["obstetric_evidence"] == "claimed"
    assert (claimed & listed).sum() == 535 - 5 - 6 - 2
    assert (claimed & ~listed).sum() == 5
    assert (rows["birthing_friendly"] == "yes").sum() == 2264
    assert (rows.loc[rows["pos_obstetrics"] == "arranged", "obstetric_evidence"] == "likely").sum() == 21
    assert rows["kind"].value_counts().to_dict() == {
        "hospital": 2894, "birth_center": 111, "childrens_hospital": 94, "rural_emergency_hospital": 49,
        "military_hospital": 32,
    }  # fmt: skip
    check_the_other_kinds(table)
    children = rows[rows["kind"] == "childrens_hospital"]
    assert children["neonatal_level"].notna().sum() == 51
    assert set(children.loc[children["neonatal_level"].isna(), "nicu"]) <= {"unknown", "yes"}
    assert (rows["neonatal_level"].value_counts() == pd.Series({"III": 607, "II": 437, "IV": 154})).all()
    assert rows.loc["110079", ["facility_name", "obstetric_evidence"]].tolist() == ["GRADY MEMORIAL HOSPITAL", "likely"]
    assert rows.loc["110005", "state"] == "GA"
    assert rows.loc["040118", "county_fips"] == "05031"  # Jonesboro stands in Craighead, not Arkansas County
    assert rows.loc["400048", "county_fips"] == "72057"  # Guayama, not Guayanilla
    assert rows.loc["330240", "county_fips"] == "36061"  # Harlem, not the Bronx
    moved = {
        "370078": "40143", "360012": "39049", "250094": "28073", "060128": "08013", "450537": "48085",
        "070021": "09180", "390139": "42091", "380089": "41005", "490112": "51760", "18003F": "21047",
    }  # fmt: skip
    assert rows.loc[list(moved), "county_fips"].to_dict() == moved
    reviews = read_reviews()
    graded = reviews[reviews["what"] == "evidence"].set_index("ccn")["now"]
    assert rows.loc[graded.index, "obstetric_evidence"].to_dict() == graded.to_dict()
    assert rows.loc["331324", "facility_name"] == "CLAXTON-HEPBURN MEDICAL CENTER"
    stay_unknown = ["453300", "393303", "063301", "103301", "503301", "193300"]
    assert set(rows.loc[stay_unknown, "obstetric_evidence"]) == {"unknown"}
    assert rows.loc[stay_unknown, "evidence_query"].str.contains("service flag").all()
    birth = rows["obstetric_evidence"].isin(["corroborated", "likely", "claimed"])
    unlisted = birth & (rows["cms_active"] == "not_listed")
    assert sorted(rows.index[unlisted]) == [
        "090012", "100092", "110187", "111339", "150158", "150161", "171387", "231342", "361337", "390326",
    ]  # fmt: skip
    assert rows.loc[unlisted, "evidence_query"].str.contains("may be a new number or closed").all()
    assert rows.loc["450119", ["obstetric_evidence", "evidence_query"]].tolist() == [
        "corroborated", "the name is that of a psychiatric hospital",
    ]  # fmt: skip
    assert (rows["coord_precision"] == "address_fallback").sum() == 302
    flags = service_flags(table, birth_care_tiers=["corroborated", "likely", "claimed"])
    assert (flags["counts_birth_care"].sum(), flags["counts_birth_care_corroborated"].sum()) == (2833, 2300)
    assert (rows["state"] == rows["county_fips"].map(shapes.set_index("county_fips")["state"])).all()
    assert set(rows.loc[rows["state"] == "CT", "county_fips"].str[:3]) == {"091"}
    assert rows.loc["CABC_001", "zip"] == "56353"
    assert rows.loc["CABC_066", "city"] == "St. Paul"
    assert len(facilities_left_out(shared)) == 58
    reasons = facilities_left_out(shared).set_index("ccn")["reason"]
    assert reasons["370178"] == "former certification number, merged into 370785"


def check_the_other_kinds(table):
    """Rural Emergency Hospitals: 38 in the general information, 11 more in the younger list of active hospitals."""
    rows = table.set_index("facility_id")
    emergency = rows["kind"] == "rural_emergency_hospital"
    assert (rows.loc[emergency, "hospital_type"] == "rural_emergency").all()
    assert (rows["hospital_type"] == "rural_emergency").sum() == 49
    assert set(rows.loc[emergency, "coord_precision"]) == {"site"}
    assert set(rows.loc[emergency, "obstetric_evidence"]) == {"none"}
    assert rows.loc[emergency, ["beds", "neonatal_level", "nicu_beds"]].isna().all(axis=None)
    flags = service_flags(table, birth_care_tiers=EVIDENCE_TIERS).set_index("facility_id").filter(like="counts_")
    assert not flags[emergency].any(axis=None)
    assert rows.loc[emergency, "other_ids"].notna().sum() == 13
    assert sorted(rows.index[rows["evidence_query"].str.contains("Rural Emergency Hospital", na=False)]) == [
        "110256", "180780", "230779", "250784", "430779",
    ]  # fmt: skip
    assert rows.loc["110256", ["obstetric_evidence", "same_site_as"]].tolist() == ["claimed", "110781"]
    indian = rows[tribal_or_ihs(rows)]
    birth = service_flags(table, birth_care_tiers=["corroborated", "likely", "claimed"]).set_index("facility_id")
    assert (len(indian), birth.loc[indian.index, "counts_birth_care"].sum()) == (33, 28)
    assert sorted(rows.index[rows["ownership"] == "federal"]) == [  # private hospitals, all of them
        "050125", "050133", "110083", "120014", "180018", "450840",
    ]  # fmt: skip
    assert (rows["ownership"] == "tribal").sum() == 9
    assert (rows["ownership"] == "indian_health_service").sum() == 19
    assert not (rows["ownership"] == "veterans").any()
    assert rows["ownership"].notna().all()


@pytest.mark.parametrize(
    ("name", "kind", "owner", "told"),
    [
        ("SELLS HOSPITAL", "hospital", "tribal", True),
        ("SELLS HOSPITAL", "hospital", None, False),
        ("P H S INDIAN HOSP AT BELCOURT", "hospital", "federal", True),
        ("Cherokee Nation W W Hastings Indian Hospital", "hospital", "other_nonprofit", True),
        ("CHICKASAW NATION MEDICAL CENTER", "hospital", "not_reported", True),
        ("MUSCOGEE (CREEK) NATION MEDICAL CENTER", "hospital", None, True),
        ("KANAKANAK HOSPITAL", "hospital", "private_nonprofit", True),
        ("ZUNI COMPREHENSIVE COMMUNITY HEALTH CENTER", "hospital", "federal", True),
        ("RED LAKE CLINIC", "rural_emergency_hospital", "federal", True),
        ("RED LAKE COUNTY HOSPITAL", "hospital", "government_local", False),
        ("CLEVELAND CLINIC INDIAN RIVER HOSPITAL", "hospital", "private_nonprofit", False),
        ("INDIAN PATH COMMUNITY HOSPITAL", "hospital", "private_nonprofit", False),
        ("CHOCTAW MEMORIAL HOSPITAL", "hospital", "government_district", False),
        ("NATIONAL JEWISH HEALTH", "hospital", "private_nonprofit", False),
        ("PIEDMONT HOSPITAL, INC", "hospital", "federal", False),
        ("Indian Health birth center", "birth_center", None, False),
        ("Naval Hospital, Indian Head", "military_hospital", "military", False),
    ],
)
def test_tribal_and_indian_health_hospitals_are_told_by_owner_and_name(name, kind, owner, told):
    frame = pd.DataFrame({"facility_name": [name], "kind": [kind], "ownership": pd.Series([owner], dtype="str")})
    assert tribal_or_ihs(frame).tolist() == [told]
