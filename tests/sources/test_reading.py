"""What a file that is not right is told to be: one line with file, row, column and remedy."""

import gzip
import json

import pandas as pd
import pytest

from matcare.errors import InputError
from matcare.sources import reading

GOOD = "fips,value\n01001,5\n01003,7\n"


def one_line(error: pytest.ExceptionInfo[InputError], *parts: str) -> None:
    text = str(error.value)
    assert "\n" not in text
    for part in parts:
        assert part in text, text


def read(path):
    return reading.read_delimited(path, ["fips", "value"], "the table of tests")


def test_codes_keep_their_zeros_and_blank_is_missing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("value,other,fips\n5,x,01001\n,y,01003\n")
    frame = read(path)
    assert frame.columns.tolist() == ["fips", "value"]
    assert frame["fips"].tolist() == ["01001", "01003"]
    assert frame["value"].isna().tolist() == [False, True]


def test_missing_file(tmp_path):
    with pytest.raises(InputError) as error:
        read(tmp_path / "absent.csv")
    one_line(error, "absent.csv", "no such file", "the table of tests")


def test_folder(tmp_path):
    with pytest.raises(InputError) as error:
        read(tmp_path)
    one_line(error, str(tmp_path), "not a file")


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_empty(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read(path)
    one_line(error, "t.csv", "empty", "again")


def test_header_only(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("fips,value\n")
    with pytest.raises(InputError) as error:
        read(path)
    one_line(error, "no row below")


def test_wrong_column_is_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("fips,valeu\n01001,5\n")
    with pytest.raises(InputError) as error:
        read(path)
    one_line(error, "t.csv", "'value' is missing", "valeu")


def test_half_written_gzip(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress((GOOD * 500).encode())[:-20])
    with pytest.raises(InputError) as error:
        read(path)
    one_line(error, "t.csv.gz", "half written")


def test_not_gzip(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(InputError) as error:
        read(path)
    one_line(error, "t.csv.gz", "damaged")


def test_binary(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"PK\x03\x04\xff\xfe\x00\x81" * 40)
    with pytest.raises(InputError) as error:
        read(path)
    one_line(error, "t.csv", "not")


def test_number_names_row_and_column(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("fips,value\n01001,5\n01003,many\n")
    with pytest.raises(InputError) as error:
        reading.numbers(read(path), "value", path)
    one_line(error, "t.csv, row 3, column 'value'", "'many' should be a number")


def test_sentinel_is_missing_and_not_too_small():
    frame = pd.DataFrame({"value": ["-999", "4", "1,250"]}, dtype="str")
    values = reading.numbers(frame, "value", "t.csv", sentinels=[-999], minimum=0)
    assert values.isna().tolist() == [True, False, False]
    assert values[1:].tolist() == [4, 1250]


def test_negative_is_refused():
    with pytest.raises(InputError) as error:
        reading.numbers(pd.DataFrame({"value": ["3", "-1"]}, dtype="str"), "value", "t.csv", minimum=0)
    one_line(error, "row 3", "0 or more")


def test_infinite_is_refused():
    with pytest.raises(InputError) as error:
        reading.numbers(pd.DataFrame({"value": ["inf"]}, dtype="str"), "value", "t.csv")
    one_line(error, "row 2", "should be a number")


def test_fips_that_lost_its_zero_is_repaired():
    codes = reading.county_codes(pd.Series(["1001", "38017"], dtype="str"), "t.csv", "fips")
    assert codes.tolist() == ["01001", "38017"]


def test_fips_missing_is_refused():
    with pytest.raises(InputError) as error:
        reading.county_codes(pd.Series(["01001", None], dtype="str"), "t.csv", "fips")
    one_line(error, "row 3", "column 'fips'")


def test_twice_the_same_key():
    with pytest.raises(InputError) as error:
        reading.unique_key(pd.DataFrame({"fips": ["01001", "01001"]}), "fips", "t.csv")
    one_line(error, "01001 stands twice")


def test_a_small_count_is_not_printed():
    column = pd.Series(["7"], dtype="str")
    with pytest.raises(InputError) as error:
        reading.refuse(column, pd.Series([True]), "t.csv", "deaths", "may not be passed on", show=False)
    assert "'7'" not in str(error.value)


def test_census_api(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(
        json.dumps([["NAME", "X", "state", "county"], ["Autauga", None, "01", "001"], ["B", "4", "1", "3"]])
    )
    frame = reading.read_census_api(path, ["X"], "an answer")
    assert frame["county_fips"].tolist() == ["01001", "01003"]
    assert frame["X"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('[["NAME","X","state","county"],["Autauga","1","01"', "half written"),
        ('{"error": "unknown variable"}', "list of rows"),
        ('[["X","state","county"],["1","01"]]', "row 2"),
        ('[["Y","state","county"],["1","01","001"]]', "'X' is missing"),
    ],
)
def test_census_api_refusals(tmp_path, text, part):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        reading.read_census_api(path, ["X"], "an answer")
    one_line(error, "a.json", part)


def test_half_written_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": range(1000)}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError) as error:
        reading.read_parquet(path, ["a"], "a table")
    one_line(error, "t.parquet", "half written")


def test_parquet_without_a_column(tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(InputError) as error:
        reading.read_parquet(path, ["a", "b"], "a table")
    one_line(error, "'b' is missing")
