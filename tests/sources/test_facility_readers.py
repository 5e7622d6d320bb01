"""Readers of the facility files: made files in the publishers' formats, and the real ones when they are there."""

import gzip
import json
from pathlib import Path

import pytest

from matcare.contracts.embedded import FACILITIES
from matcare.errors import InputError
from matcare.sources import birth_centers, cms, hcris, hifld, neonatal
from matcare.sources.facility_files import read_text_columns

SHARED = Path(__file__).parents[3] / "shared" / "data" / "facilities"

POS = (
    '"prvdr_num","fac_name","ob_srvc_cd","county_fips","geocode_address_1","geocode_city","geocode_state","geocode_zip",'
    '"latitude","longitude","coord_precision","fb_match_type"\n'
)
GENERAL = (
    "Facility ID,Facility Name,Address,City/Town,State,ZIP Code,Telephone Number,Hospital Type,Hospital Ownership,"
    "Meets criteria for birthing friendly designation\n"
)
HIFLD = "ID,NAME,ALT_NAME,ADDRESS,CITY,STATE,ZIP,TELEPHONE,TYPE,STATUS,COUNTYFIPS,LATITUDE,LONGITUDE,VAL_METHOD,BEDS\n"


def put(folder: Path, text: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_obstetric_list_keeps_leading_zeros_and_names_codes(tmp_path):
    rows = '"10001","A","1","01001","1 Main St","X","AL","1234","32.5","-86.5","census_batch",""\n'
    rows += '"010002","B","3","01001","2 Main St","X","AL","36000","32.6","-86.6","fallback_address","rooftop"\n'
    frame = cms.read_pos_obstetrics(put(tmp_path, POS + rows))
    assert frame["ccn"].tolist() == ["010001", "010002"]
    assert frame["pos_obstetrics"].tolist() == ["on_site", "both"]
    assert frame["zip"].tolist() == ["01234", "36000"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('"010001","A","4","01001","1","X","AL","36000","32.5","-86.5","cache",""', "row 1, column 'ob_srvc_cd': '4'"),
        ('"010001","A","1","01001","1","X","AL","36000","north","-86.5","cache",""', "column 'latitude': 'north'"),
        ('"010001","A","1","01001","1","X","AL","36000","32.5","-186.5","cache",""', "column 'longitude': '-186.5'"),
        ('"hospital","A","1","01001","1","X","AL","36000","32.5","-86.5","cache",""', "not a CMS certification number"),
        (
            '"010001","A","1","01001","1","X","AL","36000","32.5","-86.5","guess",""',
            "column 'coord_precision': 'guess'",
        ),
    ],
)
def test_obstetric_list_refuses_in_one_line(tmp_path, row, words):
    path = put(tmp_path, POS + row + "\n")
    with pytest.raises(InputError) as caught:
        cms.read_pos_obstetrics(path)
    message = str(caught.value)
    assert words in message
    assert str(path) in message
    assert "\n" not in message


def test_a_repeated_number_is_refused(tmp_path):
    row = '"010001","A","1","01001","1","X","AL","36000","32.5","-86.5","cache",""\n'
    with pytest.raises(InputError, match=r"row 2, column 'prvdr_num': '010001' stands twice"):
        cms.read_pos_obstetrics(put(tmp_path, POS + row + row))


def test_service_flags_are_booleans(tmp_path):
    text = "ccn,county_fips,nicu_offered,nursery_offered,ob_offered,picu_offered\n010001,01069,1,0,1,0\n"
    frame = cms.read_pos_services(put(tmp_path, text))
    assert frame.loc[0, ["nicu_flag", "nursery_flag", "obstetrics_flag"]].tolist() == [True, False, True]
    with pytest.raises(InputError, match="'ob_offered': 'yes'"):
        cms.read_pos_services(put(tmp_path, text.replace("1,0,1,0", "1,0,yes,0")))


def hospital(**changes):
    record = {
        "ccn": "010001", "name": "A", "address_line": "1 Main", "city": "X", "state": "AL", "zip": "36000",
        "phone": "334-793-8701", "fac_subtype_code": "06", "bed_count": 0, "fips_state": "01", "fips_county": "069",
    }  # fmt: skip
    return record | changes


def test_active_hospitals_from_gzip_and_zero_beds_are_missing(tmp_path):
    path = tmp_path / "h.json.gz"
    path.write_bytes(
        gzip.compress(json.dumps({"hospitals": [hospital(), hospital(ccn="010002", bed_count=25)]}).encode())
    )
    frame = cms.read_pos_hospitals(path)
    assert frame["beds"].isna().tolist() == [True, False]
    assert frame.loc[0, ["subtype", "phone", "county_reported"]].tolist() == ["childrens", "3347938701", "01069"]
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputError, match="not a readable JSON file"):
        cms.read_pos_hospitals(path)


def test_general_information_blank_is_not_a_no(tmp_path):
    text = (
        GENERAL
        + "10001,A,1 Main,X,AL,36000,(334) 793-8701,Childrens,Tribal,\n"
        + "010002,B,2 Main,X,AL,36000,,Acute Care Hospitals,Voluntary non-profit - Church,Y\n"
        + "010779,C,3 Main,X,AL,36000,,Rural Emergency Hospital,,\n"
    )
    frame = cms.read_general_information(put(tmp_path, text))
    assert frame["birthing_friendly"].tolist() == [False, True, False]
    assert frame["hospital_type"].tolist() == ["childrens", "acute", "rural_emergency"]
    assert frame["ownership"].tolist() == ["tribal", "church_nonprofit", "not_reported"]
    with pytest.raises(InputError, match="row 1, column 'Hospital Ownership': 'Trust' is not known; one of 'Voluntary"):
        cms.read_general_information(put(tmp_path, text.replace("Tribal", "Trust")))


def test_the_contract_knows_every_owner_and_type():
    assert set(cms.OWNERSHIP.values()) <= set(FACILITIES.column("ownership").values)
    types = {*cms._TYPES.values(), *cms._SUBTYPES.values(), "other"} - {"veterans"}
    assert types <= set(FACILITIES.column("hospital_type").values)


def test_hifld_sentinels_are_missing(tmp_path):
    text = (
        HIFLD
        + "1,A,NOT AVAILABLE,1 Main,X,AL,1234,NOT AVAILABLE,GENERAL ACUTE CARE,OPEN,01001,32.5,-86.5,IMAGERY,-999\n"
    )
    frame = hifld.read_hospitals(put(tmp_path, "\ufeff" + text))
    assert frame["beds"].isna().all()
    assert frame.loc[0, ["other_name", "phone", "zip"]].tolist() == ["", "", "01234"]
    assert bool(frame.loc[0, "on_imagery"])


def test_nicu_beds_of_two_units_add_up_and_other_nurseries_stay_out(tmp_path):
    text = (
        "ccn,RPT_REC_NUM,LINE_NUM,unit_name,nicu_beds\n340113,1,00801,NEONATAL INTENSIVE CARE UNIT,56.0\n"
        "340113,1,01107,NEONATAL PROGRESSIVE ICU,33.0\n340114,2,00801,SPECIAL CARE NURSERY,8\n"
    )
    frame = hcris.read_nicu_beds(put(tmp_path, text))
    assert frame.to_dict("records") == [{"ccn": "340113", "nicu_beds": 89.0, "units": 2}]
    with pytest.raises(InputError, match="stands twice"):
        hcris.read_nicu_beds(put(tmp_path, text + "340113,1,00801,NICU,56.0\n"))


def test_nursery_discharges_one_to_nine_are_masked_yet_evidence(tmp_path):
    text = "ccn,nursery_discharges\n010001,9\n010002,10\n010003,\n010004,0\n010005,1\n"
    frame = hcris.read_nursery_discharges(put(tmp_path, text))
    assert frame["nursery_discharges_status"].tolist() == [
        "suppressed",
        "reported",
        "not_reported",
        "reported",
        "suppressed",
    ]
    assert frame["nursery_discharges"].fillna(-1).tolist() == [-1, 10, -1, 0, -1]
    assert frame["newborns"].tolist() == [True, True, False, False, True]


def test_reported_levels_refuse_a_level_that_is_none(tmp_path):
    text = "ccn,neonatal_level,match,listed_at_two_levels,name\n010001,high,zip and name,False,A\n"
    with pytest.raises(InputError, match="'neonatal_level': 'high' is not known"):
        neonatal.read_reported_levels(put(tmp_path, text))


def test_birth_centers_take_the_zip_from_the_address(tmp_path):
    text = (
        "bc_id,facility_name,full_address,city,state,zip_code\n"
        'CABC_001,Birth &amp; Wellness,"16802 145th Avenue, P.O. Box 116, Milaca, MN 56353",Milaca,MN,16802\n'
        'CABC_002,Women&#8217;s,"968 Grand Avenue, St. Paul, MN 55105",Paul,MN,55105\n'
        'CABC_003,Comma,"74 Maple Street, Florence, MA 01062,",Florence,MA,01062\n'
    )
    frame = birth_centers.read_birth_centers(put(tmp_path, text))
    assert frame["zip"].tolist() == ["56353", "55105", "01062"]
    assert frame["city"].tolist() == ["Milaca", "St. Paul", "Florence"]
    assert frame["name"].tolist() == ["Birth & Wellness", "Women\u2019s", "Comma"]
    with pytest.raises(InputError, match="row 1, column 'full_address'"):
        birth_centers.read_birth_centers(put(tmp_path, text.replace("MN 56353", "Minnesota")))


def test_zip_centroids(tmp_path):
    points = birth_centers.zip_centroids(frame_of("56353", "00000", ""))
    assert abs(points.loc[0, "lat"] - 45.78) < 0.1
    assert points["lat"].isna().tolist() == [False, True, True]


def frame_of(*codes):
    import pandas as pd

    return pd.Series(codes, dtype="str")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"a,b\n", "column 'ccn' is missing"),
        (b"ccn\n", "no row below"),
        (b"ccn\n\xff\xfe\x00", "not a table of text"),
    ],
)
def test_files_that_are_not_what_they_should_be(tmp_path, content, words):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_text_columns(path, ["ccn"], what="a table")
    with pytest.raises(InputError, match="not a file"):
        read_text_columns(tmp_path, ["ccn"], what="a table")


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the publishers' files are not here")
def test_real_files_have_the_rows_that_their_publishers_say():
    pos = cms.read_pos_obstetrics(SHARED / "cms_pos_ob_hospitals_geocoded.csv")
    assert pos["pos_obstetrics"].value_counts().to_dict() == {"on_site": 2356, "both": 372, "arranged": 56}
    general = cms.read_general_information(SHARED / "cms_hospital_general_information_2026.csv.gz")
    assert general["birthing_friendly"].sum() == 2264
    types = general["hospital_type"].value_counts()
    assert types[["childrens", "military", "rural_emergency", "veterans"]].tolist() == [94, 32, 38, 132]
    assert general["ownership"].value_counts()[["tribal", "federal", "military"]].tolist() == [14, 44, 32]
    assert len(hifld.read_hospitals(SHARED / "hifld_hospitals_2022.csv.gz")) == 8013
    nursery = hcris.read_nursery_discharges(SHARED / "hcris_nursery_discharges_fy2023.csv")
    assert nursery["newborns"].sum() == 684
    assert nursery["nursery_discharges"].min() >= 10
    levels = neonatal.read_reported_levels(SHARED / "neonatal_levels_reported_2025.csv")
    assert levels["neonatal_level"].value_counts().to_dict() == {"III": 607, "II": 437, "IV": 154}
    centers = birth_centers.read_birth_centers(SHARED / "cabc_birth_centers.csv")
    assert len(centers) == 111
    assert birth_centers.zip_centroids(centers["zip"]).notna().all(axis=None)
    sites = cms.read_birthing_friendly_sites(SHARED / "Birthing_Friendly_Hospitals_Geocoded.csv")
    keys = set(zip(general["name"], general["zip"], strict=True))
    assert len(sites) == 1962
    assert set(zip(sites["name"], sites["zip"], strict=True)) <= keys
