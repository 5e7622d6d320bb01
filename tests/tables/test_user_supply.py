"""A user's supply of units: every mistake named with its row, what is empty unknown and not zero."""

from __future__ import annotations

import numpy as np
import pytest

from matcare.errors import InputError
from matcare.tables.user_supply import read_supply


@pytest.fixture(scope="module")
def facilities(toy):
    return toy.toy_area(1).facilities


def written(tmp_path, *rows):
    path = tmp_path / "supply.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_numbers_stand_where_the_file_gives_them_and_nowhere_else(tmp_path, facilities):
    ids = facilities["facility_id"].tolist()
    supply = read_supply(
        written(tmp_path, "facility_id,supply", f"{ids[2]},3.5", f"{ids[0]},0", f"{ids[1]},"), facilities
    )
    assert supply[2] == 3.5
    assert supply[0] == 0
    assert np.isnan(np.delete(supply, [0, 2])).all()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["facility_id,beds", "A,3"], ["'supply'", "missing"]),
        (["facility_id,supply", "NOBODY,3"], ["row 1", "NOBODY"]),
        (["facility_id,supply", "{0},-1"], ["row 1", "'supply'", "0 or more"]),
        (["facility_id,supply", "{0},many"], ["row 1", "many"]),
        (["facility_id,supply", "{0},inf"], ["row 1", "inf"]),
        (["facility_id,supply", "{0},1", "{0},2"], ["row 2", "row 1"]),
    ],
)
def test_what_is_wrong_is_one_line_with_its_row(tmp_path, facilities, rows, words):
    first = facilities["facility_id"].iloc[0]
    with pytest.raises(InputError) as error:
        read_supply(written(tmp_path, *(row.replace("{0}", first) for row in rows)), facilities)
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)
