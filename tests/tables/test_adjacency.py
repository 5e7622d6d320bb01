"""Which counties touch: the reader's checks, the islands, and the stored form."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.contracts.adjacency import ADJACENCY
from matcare.errors import InputError, SnapshotError
from matcare.sources.county_adjacency import read_neighbours
from matcare.tables.adjacency import compile_adjacency, pack_adjacency, unpack_adjacency

HEADER = "County Name|County GEOID|Neighbor Name|Neighbor GEOID\n"
GOOD = HEADER + "A|01001|A|01001\nA|01001|B|01003\nB|1003|A|01001\nB|01003|B|01003\nC|15001|C|15001\nG|66010|G|66010\n"


def written(tmp_path, text):
    path = tmp_path / "adjacency.txt"
    path.write_text(text)
    return path


def test_both_directions_stand_and_an_island_has_no_row(tmp_path):
    table = compile_adjacency(read_neighbours(written(tmp_path, GOOD)), pd.Series(["01001", "01003", "15001"]))
    assert table.to_numpy().tolist() == [["01001", "01003"], ["01003", "01001"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("B|1003|A|01001\n", ""), "01001 lists 01003 and 01003 does not list 01001"),
        (GOOD.replace("B|01003|B|01003\n", ""), "01003 does not stand beside itself"),
        (GOOD + "A|01001|B|01003\n", "01001, 01003 stands twice"),
        (
            GOOD.replace("C|15001|C|15001", "C|Hawaii|C|15001"),
            "row 6.*not a county FIPS code|row 5.*not a county FIPS code",
        ),
        ("a,b\n1,2\n", "column 'County GEOID' is missing"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_in_one_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        read_neighbours(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_county_that_the_file_lacks_is_not_taken_for_an_island(tmp_path):
    with pytest.raises(InputError, match="no row for 38017"):
        compile_adjacency(read_neighbours(written(tmp_path, GOOD)), pd.Series(["01001", "01003", "15001", "38017"]))


def test_a_county_of_another_vintage_is_a_stranger_and_a_territory_is_not(tmp_path):
    with pytest.raises(InputError, match="lists 15001: no such county in 2024"):
        compile_adjacency(read_neighbours(written(tmp_path, GOOD)), pd.Series(["01001", "01003"]))


@settings(max_examples=50)
@given(
    st.sets(
        st.tuples(st.integers(1001, 72153), st.integers(1001, 72153)).filter(lambda pair: pair[0] < pair[1]), min_size=1
    )
)
def test_the_stored_form_gives_the_table_back(pairs):
    both = sorted({*pairs, *((b, a) for a, b in pairs)})
    table = pd.DataFrame(
        {"county_fips": [f"{a:05d}" for a, _ in both], "neighbour_fips": [f"{b:05d}" for _, b in both]}
    )
    stored = pack_adjacency(table)
    assert stored.num_rows == len(pairs)
    pd.testing.assert_frame_equal(ADJACENCY.validate(unpack_adjacency(stored)), table)


def test_a_stored_table_without_its_columns_is_refused():
    stored = pack_adjacency(pd.DataFrame({"county_fips": ["01001"], "neighbour_fips": ["01003"]}))
    with pytest.raises(SnapshotError, match="build the data again"):
        unpack_adjacency(stored.drop_columns(["county"]))


def test_the_nation(shared, snapshot):
    table = compile_adjacency(
        read_neighbours(shared / "boundaries/county_adjacency2024.txt"), snapshot.counties["county_fips"]
    )
    assert len(table) == 18_954
    islands = set(snapshot.counties["county_fips"]) - set(table["county_fips"])
    assert islands == {"15001", "15003", "15007"}, "Hawaii, Honolulu and Kauai touch no county"
    touching = set(table.loc[table["county_fips"] == "38017", "neighbour_fips"])  # Cass County, North Dakota
    assert touching == {"27027", "27107", "38003", "38073", "38077", "38091", "38097"}, (
        "Clay, Norman, Barnes, Ransom, …"
    )
