"""The counties table from small made sources: each rule on its own."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from matcare.errors import InputError
from matcare.tables.counties import CountySources, compile_counties, estimate_uninsured_women

CODES = ["02063", "09110", "15005", "31009", "38001", "38017", "72001", "72029"]
STATE = dict(zip(CODES, ["AK", "CT", "HI", "NE", "ND", "ND", "PR", "PR"], strict=True))


def by_county(column, values):
    return pd.DataFrame({"county_fips": list(values), column: list(values.values())})


def made(**changes) -> CountySources:
    stateside = [code for code in CODES if STATE[code] != "PR"]
    people = {code: 1000.0 * (number + 1) for number, code in enumerate(stateside)}
    parts = {
        "shapes": gpd.GeoDataFrame(
            {"county_fips": CODES, "county_name": "X County", "state": [STATE[code] for code in CODES]},
            geometry=[shapely.box(number, 40, number + 1, 41) for number in range(len(CODES))],
            crs="EPSG:4326",
        ),
        "age_sex": pd.DataFrame(
            {
                "county_fips": stateside,
                "population": [people[code] for code in stateside],
                "women_15_44": [people[code] / 5 for code in stateside],
                "population_under_65": [people[code] * 0.8 for code in stateside],
            }
        ),
        "births": pd.DataFrame(
            {
                "county_fips": stateside,
                "births_2021": 90.0,
                "births_2022": 100.0,
                "births_2023": 110.0,
                "births_2024": 9999.0,
            }
        ),
        "uninsured": by_county(
            "share_uninsured_under_65", {code: None if code == "15005" else 0.1 for code in stateside}
        ),
        "poverty": by_county("share_poverty", {code: None if code == "15005" else 0.15 for code in stateside}),
        "acs_people": pd.DataFrame({"county_fips": CODES, "population": 7.0, "women_15_44": 3.0, "share_poverty": 0.5}),
        "acs_vehicles": by_county("share_households_no_vehicle", dict.fromkeys(CODES, 0.05)),
        "area_health_resources": pd.DataFrame(
            {
                "county_fips": [*CODES, "66010"],
                "obgyns": [1.0, None, 0.0, 0.0, 2.0, 3.0, 0.0, 1.0, 9.0],
                "midwives": [0.0] * 9,
                "births_registered_per_year": [None, None, None, None, 100.0, 130.0, 50.0, None, 999.0],
                "low_birthweight_per_year": [None, None, None, None, None, 13.0, 10.0, None, 99.0],
            }
        ),
        "social_vulnerability": pd.DataFrame(
            {"county_fips": stateside, "svi": 0.5, "share_households_no_internet": 0.2}
        ),
        "urban_rural_2013": pd.DataFrame(
            {
                "county_fips_2013": ["02261", "09001", "15005", "31009", "38001", "38017"],
                "nchs_urban_rural_2013": [6, 2, 6, 6, 5, 3],
            }
        ),
        "rural_urban_2023": pd.DataFrame(
            {"county_fips": CODES, "rucc_2023": pd.array([9, 1, 9, 9, 7, 2, 1, 1], dtype="Int64")}
        ),
        "women_uninsured_by_state": pd.Series({"AK": 0.2, "CT": 0.05, "HI": 0.04, "NE": 0.1, "ND": 0.05}),
    }
    return CountySources(**(parts | changes))


@pytest.fixture(scope="module")
def table():
    return compile_counties(made()).set_index("county_fips")


def test_births_are_the_mean_of_three_years_and_registered_in_puerto_rico(table):
    assert table.loc["38017", ["births_per_year", "births_per_year_status"]].tolist() == [100, "census_estimate"]
    assert table.loc["72001", ["births_per_year", "births_per_year_status"]].tolist() == [50, "registered"]
    assert pd.isna(table.loc["72029", "births_per_year"])
    assert table.loc["72029", "births_per_year_status"] == "suppressed", "blank in the source is below ten"


def test_registered_births_missing_for_different_reasons(table):
    assert table["births_registered_status"].to_dict() == {
        "02063": "not_reported",  # the source has the county of before 2019
        "09110": "not_reported",  # Connecticut: no registered births by planning region
        "15005": "suppressed",
        "31009": "suppressed",
        "38001": "reported",
        "38017": "reported",
        "72001": "reported",
        "72029": "suppressed",
    }


def test_births_disagree_beyond_a_quarter(table):
    assert not table.loc["38001", "births_disagree"]
    assert table.loc["38017", "births_disagree"], "100 and 130"
    assert table.loc[["15005", "72001"], "births_disagree"].isna().all(), "one source alone cannot disagree"
    registered = made().area_health_resources
    registered.loc[registered["county_fips"] == "38017", "births_registered_per_year"] = 125.0
    edge = compile_counties(made(area_health_resources=registered)).set_index("county_fips")
    assert not edge.loc["38017", "births_disagree"], "exactly a quarter is not more than a quarter"


def test_low_birthweight(table):
    assert table.loc["38017", "share_low_birthweight"] == pytest.approx(0.1)
    assert table.loc[["38001", "31009", "09110"], "share_low_birthweight_status"].tolist() == [
        "suppressed",
        "suppressed",
        "not_reported",
    ]


def test_people_of_puerto_rico_come_from_the_survey(table):
    assert table.loc["72001", ["population", "women_15_44", "share_poverty", "women_15_44_status"]].tolist() == [
        7,
        3,
        0.5,
        "acs_estimate",
    ]
    assert table.loc["38017", "share_poverty"] == 0.15
    assert table.loc["72001", "share_women_uninsured_status"] == "not_reported"


def test_clinicians_not_reported_are_not_zero(table):
    assert pd.isna(table.loc["09110", "obgyns"])
    assert table.loc["09110", "obgyns_status"] == "not_reported"
    assert table.loc["31009", ["obgyns", "obgyns_status"]].tolist() == [0, "reported"]


def test_classes_of_2013_are_not_given_to_planning_regions(table):
    assert pd.isna(table.loc["09110", "nchs_urban_rural_2013"])
    assert table.loc["02063", "nchs_urban_rural_2013"] == 6


def test_the_point_is_inside(table):
    inside = shapely.points(table["lon"], table["lat"])
    assert shapely.contains(table.geometry.to_numpy(), inside).all()


@pytest.mark.parametrize(
    ("name", "lost", "what"),
    [
        ("age_sex", "09110", "population estimates"),
        ("births", "38017", "births estimates"),
        ("uninsured", "38017", "SAHIE"),
        ("poverty", "38001", "SAIPE"),
        ("acs_people", "72001", "American Community Survey, people"),
        ("acs_vehicles", "72001", "vehicles"),
        ("area_health_resources", "72029", "Area Health"),
        ("social_vulnerability", "38017", "Vulnerability"),
        ("rural_urban_2023", "72029", "Rural-Urban"),
        ("urban_rural_2013", "38017", "NCHS"),
    ],
)
def test_half_a_source_is_refused_and_not_taken_for_unreported(name, lost, what):
    source = getattr(made(), name)
    half = source[source.iloc[:, 0] != lost]
    assert len(half) == len(source) - 1
    with pytest.raises(InputError, match=f"{what}.*: no row for {lost}; half a file, or one of another vintage"):
        compile_counties(made(**{name: half}))


def test_uninsured_women_by_hand():
    counties = pd.DataFrame(
        {
            "county_fips": ["38001", "38017", "46001"],
            "state": ["ND", "ND", "SD"],
            "population_under_65": [100.0, 300.0, 50.0],
        }
    )
    share = pd.DataFrame({"county_fips": ["38001", "38017"], "share_uninsured_under_65": [0.20, 0.08]})
    women = pd.Series({"ND": 0.055, "SD": 0.2})
    # the state's share is (100 * .20 + 300 * .08) / 400 = .11, its ratio .055 / .11 = .5
    estimate = estimate_uninsured_women(counties, share, women)
    assert estimate.tolist()[:2] == pytest.approx([0.10, 0.04])
    assert pd.isna(estimate[2])
    assert estimate_uninsured_women(counties, share, women * 20)[0] == 1, "a share is at most one"
