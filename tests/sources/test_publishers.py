"""Readers of HRSA, CDC, USDA, County Health Rankings, state policies and Travel Mapping."""

import gzip

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from matcare.errors import InputError
from matcare.sources import cdc, county_health_rankings, hrsa, state_policies, travel_mapping, usda

V129 = "statecode,countycode,v129_denominator,v129_numerator,v129_rawvalue,v129_cilow,v129_cihigh,v129_sourceflag,v129_flag_CT\n"


def test_infant_mortality(tmp_path):
    path = tmp_path / "v129.csv"
    path.write_text(
        V129 + "00,000,10000,60,6,,,,\n01,000,4000,40,10,,,,\n01,001,2000,25,12.5,,,,\n01,003,,,,,,,\n09,110,,,,,,,U\n"
    )
    table = county_health_rankings.read_infant_mortality(path).set_index("code")
    assert table["level"].to_dict() == {
        "00000": "nation",
        "01000": "state",
        "01001": "county",
        "01003": "county",
        "09110": "county",
    }
    assert table.loc["01001", ["infant_deaths", "live_births"]].tolist() == [25, 2000]
    assert table.loc["01003", ["infant_deaths", "live_births"]].isna().all()
    assert table["not_in_this_vintage"].tolist() == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("01,001,25,2000,12.5,,,,", "exchanged"),
        ("01,001,2000,5,2.5,,,,", "1-9"),
        ("01,001,2000,,,,,,", "blank where"),
        ("01,001,2000,25,12.5,,,,\n01,001,2000,25,12.5,,,,", "twice"),
    ],
)
def test_infant_mortality_refusals(tmp_path, row, part):
    path = tmp_path / "v129.csv"
    path.write_text(V129 + row + "\n")
    with pytest.raises(InputError, match=part):
        county_health_rankings.read_infant_mortality(path)


GROUPS = ("white", "black", "aian", "asian", "nhopi", "tom")
SUFFIXES = (".x", ".y", ".x.x", ".y.y", ".x.x.x", ".y.y.y")


def race_header():
    names = [
        f"denominator{s},numerator{s},v129_race_{g},v129_race_{g}_cilow,v129_race_{g}_cihigh"
        for g, s in zip(GROUPS, SUFFIXES, strict=True)
    ]
    hispanic = "v129_race_hispanic,v129_race_hispanic_cilow,v129_race_hispanic_cihigh"
    return ",".join(["statecode,countycode", *names, hispanic, "v129_race_flag_CT"])


def interval(deaths, births):
    """As the source has it: births are not random in its normal interval."""
    rate = 1000 * deaths / births
    if deaths >= 100:
        return rate, rate * (1 - 1.96 / deaths**0.5), rate * (1 + 1.96 / deaths**0.5)
    return rate, 500 * chi2.ppf(0.025, 2 * deaths) / births, 500 * chi2.ppf(0.975, 2 * deaths + 2) / births


def number(value):
    return repr(float(value)) if value % 1 else str(int(value))


def race_row(state, county, counts, hispanic=None):
    cells = [
        ",".join(map(number, (b, d, *interval(d, b)))) if d else ",,,,"
        for d, b in (counts.get(g, (0, 0)) for g in GROUPS)
    ]
    cells.append(",".join(map(number, interval(*hispanic))) if hispanic else ",,")
    return ",".join([state, county, *cells, ""])


def race_file(tmp_path, *rows, header=None):
    path = tmp_path / "race.csv"
    path.write_text("\n".join([header or race_header(), *rows]) + "\n")
    return path


NATION = race_row("00", "000", {"white": (900, 200000), "black": (400, 40000), "aian": (30, 4000)}, (300, 60000))
NORTH_DAKOTA = race_row("38", "000", {"white": (120, 30000), "aian": (30, 4000)}, (25, 5001))


def test_infant_mortality_by_race(tmp_path):
    cass = race_row("38", "017", {"white": (40, 9000), "tom": (21, 3000)}, (147, 17001))
    path = race_file(tmp_path, NATION, NORTH_DAKOTA, cass, race_row("38", "001", {}))
    table = county_health_rankings.read_infant_mortality_by_race(path).set_index(["code", "group"])
    assert len(table) == 10
    assert table.loc[("38017", "multiple"), ["infant_deaths", "live_births"]].tolist() == [21, 3000]
    assert table.loc[("38017", "hispanic"), ["infant_deaths", "live_births"]].tolist() == [147, 17001], (
        "normal interval"
    )
    assert table.loc[("38000", "hispanic"), ["infant_deaths", "live_births"]].tolist() == [25, 5001], "gamma interval"
    assert set(table.loc[table["counts_from"] == "derived"].index.get_level_values("group")) == {"hispanic"}
    assert table["level"].value_counts().to_dict() == {"nation": 4, "state": 3, "county": 3}


def test_hispanic_counts_are_not_derived_when_the_interval_is_another(tmp_path):
    wide = race_row("38", "017", {"white": (40, 9000)}, (147, 17001)).split(",")
    wide[5] = repr(float(wide[5]) * 1.001)  # the lower limit of the white rate
    table = county_health_rankings.read_infant_mortality_by_race(race_file(tmp_path, NATION, ",".join(wide)))
    assert "hispanic" not in set(table["group"]), "a row with counts was not given back, so no derived count is trusted"
    assert len(table) == 4
    rounded = race_row("38", "017", {"white": (40, 9000)}, (147, 17001)).split(",")
    rounded[-3] = repr(round(float(rounded[-3]), 1))
    table = county_health_rankings.read_infant_mortality_by_race(race_file(tmp_path, NATION, ",".join(rounded)))
    assert "hispanic" not in set(table["group"]), "what is solved for is no whole number"


def test_infant_mortality_by_race_refusals(tmp_path):
    def refused(*rows, match, header=None):
        with pytest.raises(InputError, match=match):
            county_health_rankings.read_infant_mortality_by_race(race_file(tmp_path, *rows, header=header))

    refused(NORTH_DAKOTA, match="no row of the US")
    refused(NATION, race_row("38", "000", {"white": (950, 200000)}), match="group white has fewer")
    refused(NATION, race_row("38", "017", {"white": (7, 900)}), match="1-9")
    refused(NATION, NORTH_DAKOTA, NORTH_DAKOTA, match="38000 stands twice")
    exchanged = race_row("38", "017", {"white": (40, 9000)}).split(",")
    exchanged[2], exchanged[3] = exchanged[3], exchanged[2]
    refused(NATION, ",".join(exchanged), match="row 3, column 'v129_race_white'")
    refused(NATION, race_row("38", "017", {"white": (40, 9000)}).replace("9000,40,", "9000,,"), match="and only there")
    refused(
        NATION,
        header=race_header().replace("denominator.y.y,numerator.y.y,", "numerator.y.y,denominator.y.y,"),
        match="asian.*after its",
    )
    refused(NATION, header=race_header().replace("race_tom,", "race_two,"), match="v129_race_tom")


AHRF = "fips,county_name,state,ahrf_obgyn,ahrf_midwives_24,ahrf_births_24,ahrf_births_3yr,ahrf_lbw,n_hosp_ob\n"


def test_area_health_resources(tmp_path):
    path = tmp_path / "ahrf.csv"
    path.write_text(AHRF + '1001,"Autauga, AL",AL,0.0,1.0,738,713.0,72.0,0\n09110,"Capitol PR, CT",CT,,52,9287,,,0\n')
    table = hrsa.read_area_health_resources(path).set_index("county_fips")
    assert table.loc["01001"].tolist() == [0, 1, 713, 72], "the zero came back; the Census births of 2024 are not read"
    assert table.loc["09110"].isna().tolist() == [True, False, True, True]


def test_area_health_resources_refuses_small_counts(tmp_path):
    path = tmp_path / "ahrf.csv"
    path.write_text(AHRF + '01001,"Autauga, AL",AL,0,1,738,713,4.5,0\n')
    with pytest.raises(InputError, match="'ahrf_lbw': a count of 1-9"):
        hrsa.read_area_health_resources(path)


def test_vulnerability_sentinel(tmp_path):
    path = tmp_path / "svi.csv.gz"
    path.write_bytes(
        gzip.compress(
            b"\xef\xbb\xbfST,FIPS,RPL_THEMES,E_HH,E_NOINT\n01,01001,0.2663,1000,109\n02,02013,-999,-999,-999\n"
        )
    )
    table = cdc.read_social_vulnerability(path).set_index("county_fips")
    assert table.loc["01001"].tolist() == [0.2663, 0.109]
    assert table.loc["02013"].isna().all()


def fixed_width(code, cls):
    return f"{code} AL Autauga County                       Montgomery, AL                                       377149    55514 {cls} 3 3 \n"


def test_urban_rural_fixed_width(tmp_path):
    path = tmp_path / "nchs.txt"
    path.write_bytes(
        (fixed_width("01001", 2) + "\n" + fixed_width("46113", 6)).replace("Autauga", "Do\xf1a An").encode("latin-1")
    )
    assert cdc.read_urban_rural_classes(path).to_numpy().tolist() == [["01001", 2], ["46113", 6]], (
        "the first code is 2013's"
    )
    path.write_text(fixed_width("01001", 2)[:110])
    with pytest.raises(InputError, match="row 1, column 116"):
        cdc.read_urban_rural_classes(path)
    path.write_text("x" + fixed_width("01001", 2))
    with pytest.raises(InputError, match="county code"):
        cdc.read_urban_rural_classes(path)


WONDER = """"Notes","Year","Year Code","State of Residence","State of Residence Code","Source of Payment for Delivery","Delivery Method",Births
,"2023","2023","Alabama","01","Medicaid","Vaginal",178
,"2023","2023","Alabama","01","Medicaid","Cesarean",22
,"2023","2023","Alabama","01","Private Insurance","Vaginal",300
"---"
"Dataset: Natality, 2016-2024 expanded"
"Year: 2023"
"""


@pytest.mark.parametrize("packed", [True, False])
def test_wonder_ends_at_its_notes(tmp_path, packed):
    path = tmp_path / ("w.csv.gz" if packed else "w.csv")
    path.write_bytes(gzip.compress(WONDER.encode()) if packed else WONDER.encode())
    assert cdc.read_births_by_payer(path).to_numpy().tolist() == [
        [2023, "AL", "Medicaid", 200],
        [2023, "AL", "Private Insurance", 300],
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (WONDER.split('"---"', maxsplit=1)[0], "half an export"),
        (WONDER.replace(",22", ",7"), "10 or more"),
        (WONDER.replace("State of Residence", "Residence"), "is missing"),
        (WONDER.replace("Alabama", "Alabamia"), "unknown state"),
    ],
)
def test_wonder_refusals(tmp_path, text, part):
    path = tmp_path / "w.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=part):
        cdc.read_births_by_payer(path)


def test_rural_urban_codes(tmp_path):
    path = tmp_path / "rucc.csv"
    path.write_bytes(
        'FIPS,State,RUCC_2023,Description\n01001,AL,2,"Metro, x"\n60030,AS,,\n35013,NM,3,Do\xf1a\n'.encode("latin-1")
    )
    assert usda.read_rural_urban_codes(path)["rucc_2023"].tolist() == [2, pd.NA, 3]
    path.write_text("FIPS,RUCC_2023\n01001,10\n")
    with pytest.raises(InputError, match="row 2, column 'RUCC_2023': '10'"):
        usda.read_rural_urban_codes(path)


def test_policies_star_stands_for_the_rest(tmp_path):
    path = tmp_path / "p.csv"
    head = "state,paid_family_leave_benefits_from,medicaid_postpartum_12_months,note\n"
    path.write_text(head + "CA,2004-07-01,yes,\nAR,,no,\n*,,yes,the others\n")
    table = state_policies.read_policies(path).set_index("state")
    assert len(table) == 51
    assert table.loc["CA", "paid_family_leave_from"] == "2004-07-01"
    assert table.loc["AR", "medicaid_postpartum_12_months"] == "no"
    assert table.loc["WY", "medicaid_postpartum_12_months"] == "yes"
    assert pd.isna(table.loc["WY", "paid_family_leave_from"])
    path.write_text(head + "CA,2004-07-01,yes,\n")
    with pytest.raises(InputError, match="not listed"):
        state_policies.read_policies(path)
    path.write_text(head + "CA,July 2004,yes,\n*,,yes,\n")
    with pytest.raises(InputError, match=r"row 2.*'July 2004' should be a date"):
        state_policies.read_policies(path)


def test_expansion(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text(
        'state,status,implementation_date,note\nAL,not_adopted,,\nMO,adopted,2021-07-01,"from general knowledge, VERIFY"\n'
    )
    assert state_policies.read_medicaid_expansion(path)["unverified"].tolist() == [False, True]
    path.write_text("state,status,implementation_date,note\nMO,adopted,,\n")
    with pytest.raises(InputError, match="row 2"):
        state_policies.read_medicaid_expansion(path)
    path.write_text("state,status,implementation_date,note\nMO,maybe,2021-07-01,\n")
    with pytest.raises(InputError, match="'maybe' should be adopted or not_adopted"):
        state_policies.read_medicaid_expansion(path)


def test_measures(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("state,measure,year,value\nALL,Uninsured Women,2023,10.8\nAK,Uninsured Women,2023,13.8\n")
    assert state_policies.read_state_measures(path)["state"].tolist() == ["US", "AK"]


def roads(folder, *, km=111.195, u=0, v=1):
    pd.DataFrame({"node": [1, 0], "lat": [1.0, 0.0], "lon": [0.0, 0.0]}).to_parquet(folder / "n.parquet")
    edges = pd.DataFrame(
        {"u": [u], "v": [v], "road_class": ["interstate"], "state": ["ND"], "km": np.array([km], "float32")}
    )
    edges.to_parquet(folder / "e.parquet")
    return folder / "n.parquet", folder / "e.parquet"


def test_highways(tmp_path):
    nodes, edges = travel_mapping.read_highways(*roads(tmp_path))
    assert nodes["lat"].tolist() == [0, 1], "by number"
    assert edges.columns.tolist() == ["u", "v", "road_class", "state"]
    assert edges["state"].tolist() == ["ND"]


@pytest.mark.parametrize(
    ("change", "part"), [({"km": 120}, "111.20 km"), ({"v": 2}, "two different nodes"), ({"v": 0}, "two different")]
)
def test_highways_refusals(tmp_path, change, part):
    with pytest.raises(InputError, match=part):
        travel_mapping.read_highways(*roads(tmp_path, **change))


@pytest.mark.shared
def test_originals(shared):
    county = shared / "county"
    table = county_health_rankings.read_infant_mortality(county / "chr_v129_r2026.csv")
    totals = table.groupby("level")[["infant_deaths", "live_births"]].sum()
    assert totals.loc["nation"].tolist() == totals.loc["state"].tolist() == [144923, 25936466]
    assert table.loc[table["level"] == "county", "infant_deaths"].min() == county_health_rankings.LEAST_PUBLISHED_DEATHS
    assert len(hrsa.read_area_health_resources(county / "ahrf_maternity_2024_25.csv")) == 3235
    assert len(cdc.read_social_vulnerability(county / "SVI_2022_US_county.csv.gz")) == 3144
    assert len(cdc.read_urban_rural_classes(county / "NCHSURCodes2013.txt")) == 3147
    assert usda.read_rural_urban_codes(county / "Ruralurbancontinuumcodes2023.csv")["rucc_2023"].isna().sum() == 2
    payers = cdc.read_births_by_payer(shared / "state/wonder_natality_payment_state_2019_2024.csv.gz")
    assert payers.loc[payers["year"] == 2023, "births"].sum() == 3594496
    assert payers["state"].nunique() == 51


@pytest.mark.shared
def test_the_real_file_by_race(shared):
    table = county_health_rankings.read_infant_mortality_by_race(shared / "county/chr_v129_otherdata_r2026.csv")
    nation = table[table["level"] == "nation"].set_index("group")
    assert nation.loc["white", ["infant_deaths", "live_births"]].tolist() == [57857, 13223664]
    assert nation.loc["hispanic", ["infant_deaths", "live_births"]].tolist() == [32380, 6306691]
    assert table["counts_from"].value_counts().to_dict() == {"published": 1491, "derived": 322}
    totals = county_health_rankings.read_infant_mortality(shared / "county/chr_v129_r2026.csv").set_index("code")
    left = {}
    for name, rows in (("printed", table[table["counts_from"] == "published"]), ("with derived", table)):
        sums = rows[rows["level"] == "county"].groupby("code")["infant_deaths"].sum()
        left[name] = totals["infant_deaths"].reindex(sums.index) - sums
        assert (left[name] >= 0).all(), "no county's groups exceed its total, derived ones included"
    assert {name: int(values.between(1, 9).sum()) for name, values in left.items()} == {
        "printed": 244,
        "with derived": 316,
    }


@pytest.mark.shared
def test_v128_with_its_small_counts_is_refused(shared):
    with pytest.raises(InputError, match="v129_numerator"):
        county_health_rankings.read_infant_mortality(shared / "county/chr_v128_r2026.csv")
