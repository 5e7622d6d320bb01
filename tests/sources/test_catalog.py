from __future__ import annotations

import dataclasses
import gzip
import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from matcare.contracts.embedded import EMBEDDED
from matcare.errors import InputError
from matcare.sources.catalog import CATALOG, as_frame, citations, load_catalog, select, verify_folder

SHARED = Path(__file__).parents[3] / "shared" / "data"


def test_every_source_that_a_contract_names_is_in_the_catalog():
    named = {
        part.strip()
        for table in EMBEDDED.values()
        for column in table.columns
        for part in (column.source or "").split(",")
    }
    assert named - {"", "computed", "user"} <= set(CATALOG)  # a user's file may give columns that no publisher has


def test_every_table_that_the_catalog_names_exists():
    assert {table for source in CATALOG.values() for table in source.tables} <= set(EMBEDDED)


def test_what_is_embedded_feeds_a_table_and_calibration_feeds_none():
    for source in CATALOG.values():
        assert bool(source.tables) == (source.use == "embedded") or source.id == "census_county_shapes_2021", source.id
        if source.use == "calibration":
            assert "never shipped" in source.note


@pytest.mark.parametrize("source", CATALOG.values(), ids=lambda source: source.id)
def test_entries_are_complete_and_modest(source):
    assert source.citation
    assert source.licence
    assert source.vintage
    assert source.bytes > 0
    assert source.url_checked is False
    assert bool(source.content_sha256) == source.filename.endswith(".gz")
    for address in filter(None, (source.url, source.landing_page, source.licence_url)):
        parts = urlsplit(address)
        assert parts.scheme == "https"
        assert parts.netloc.endswith((".gov", ".org", ".edu", ".net", ".com"))
        assert "." in parts.netloc
        assert not parts.username
    assert source.landing_page or source.access == "by_hand"


def test_files_and_ids_are_unique():
    assert len({source.filename for source in CATALOG.values()}) == len(CATALOG)


def test_census_queries_ask_for_what_the_files_hold():
    assert "B01001_026E" in CATALOG["acs5_2023_county"].url
    assert CATALOG["acs5_2023_births"].url.endswith("get=NAME,B13016_001E,B13016_002E&for=county:*")
    assert not any("key=" in source.url for source in CATALOG.values())


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the publishers' files are not here")
def test_the_catalog_describes_the_files_that_are_there():
    found = verify_folder(SHARED)
    found = found[found["id"] != "nchs_linked_file"]  # compiled by hand, kept in the data folder itself
    assert set(found["state"]) == {"right"}
    assert (found["bytes"] == found["expected_bytes"]).all()


def made(**changes):
    return dataclasses.replace(CATALOG["usda_rucc_2023"], **changes)


def test_verify_tells_right_from_different_and_missing(tmp_path):
    plain, inside = b"a,b\n1,2\n", b"c,d\n"
    digest = hashlib.sha256(plain).hexdigest()
    entries = {
        "right": made(id="right", filename="right.csv", sha256=digest),
        "other": made(id="other", filename="other.csv", sha256=digest),
        "gone": made(id="gone", filename="sub/gone.csv", sha256=digest),
        "again": made(
            id="again", filename="again.csv.gz", sha256=digest, content_sha256=hashlib.sha256(inside).hexdigest()
        ),
        "torn": made(
            id="torn", filename="torn.csv.gz", sha256=digest, content_sha256=hashlib.sha256(inside).hexdigest()
        ),
        "folder": made(id="folder", filename="folder.csv", sha256=digest),
    }
    (tmp_path / "right.csv").write_bytes(plain)
    (tmp_path / "other.csv").write_bytes(plain + b"3,4\n")
    (tmp_path / "again.csv.gz").write_bytes(gzip.compress(inside, compresslevel=1))
    (tmp_path / "torn.csv.gz").write_bytes(gzip.compress(inside)[:-6])
    (tmp_path / "folder.csv").mkdir()
    found = verify_folder(tmp_path, catalog=entries).set_index("id")
    assert found["state"].to_dict() == {
        "right": "right", "other": "different", "gone": "missing", "again": "right", "torn": "different", "folder": "unreadable",
    }  # fmt: skip
    assert found.loc["other", "bytes"] == len(plain) + 4
    assert found["bytes"].isna().sum() == 2


def test_verify_wants_a_folder(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        verify_folder(tmp_path / "nowhere")


def test_verify_of_an_empty_catalog_has_no_rows(tmp_path):
    assert len(verify_folder(tmp_path, catalog={})) == 0


def test_the_table_has_a_row_a_source_and_no_lists():
    table = as_frame()
    assert list(table["id"]) == list(CATALOG)
    assert table.loc[table["id"] == "census_births_2024", "tables"].item() == "counties, demand"


def test_citations_come_once_and_with_their_licence():
    two = citations(["travel_mapping_2026, travel_mapping_2026_nodes"])
    assert len(two) == 1
    assert "no licence stated" in two[0]
    assert len(citations()) > 30
    assert citations(["chr_v129_2026"])[0].endswith("Licence: CC-BY-NC-SA-4.0.")


def test_select_offers_the_nearest_ids():
    with pytest.raises(InputError, match="did you mean census_births_2024"):
        select(["census_birth_2024"])
    with pytest.raises(InputError, match="matcare data list"):
        select(["qqq"])
    assert len(select(None)) == len(CATALOG)


def test_gzip_that_we_made_is_told_from_gzip_that_the_publisher_made():
    assert CATALOG["cdc_svi_2022"].packed
    assert not CATALOG["cms_pos_hospitals_2026q1"].packed
    assert not dataclasses.replace(CATALOG["cdc_svi_2022"], url="https://example.org/x.csv.gz").packed


def test_the_publishers_name_of_a_query_comes_from_the_id():
    assert CATALOG["cms_general_information_2026"].published_name == "cms_general_information_2026.csv"
    assert CATALOG["hrsa_ahrf_2025"].published_name == "AHRF_2024-2025_CSV.zip"


GOOD = """
[a]
title = "A"
publisher = "P"
vintage = "2024"
access = "file"
url = "https://example.org/a.csv"
filename = "a.csv"
as_published = true
sha256 = "{sha}"
bytes = 1
licence = "MIT"
citation = "P. A."
use = "embedded"
""".format(sha="0" * 64)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('access = "file"', 'access = "ftp"', "access is 'ftp'"),
        ('use = "embedded"', 'use = "fun"', "use is 'fun'"),
        ('"a.csv"', '"../a.csv"', "relative path"),
        ('"a.csv"', '"/a.csv"', "relative path"),
        ("0" * 64, "0" * 63, "64 hexadecimal"),
        ('licence = "MIT"\n', "", "licence"),
        ('licence = "MIT"', 'licence = "MIT"\ncolour = "red"', "unknown fields colour"),
        ('url = "https://example.org/a.csv"\n', "", "an address belongs"),
        ("[a]", "a = 1\n[b]", "is not a table"),
        ("[a]", "[a", "not a readable catalog"),
    ],
)
def test_a_bad_catalog_is_told(tmp_path, old, new, words):
    path = tmp_path / "catalog.toml"
    path.write_text(GOOD)
    assert list(load_catalog(path)) == ["a"]
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(InputError, match=words):
        load_catalog(path)


def test_a_catalog_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="not a readable catalog"):
        load_catalog(tmp_path / "nowhere.toml")
