"""Census Bureau: which counties touch, with the checks that a half-written or edited file does not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from matcare.errors import InputError
from matcare.sources.reading import county_codes, read_delimited, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_neighbours"]


def read_neighbours(path: Path) -> pd.DataFrame:
    """Read which counties touch (``county_adjacency2024.txt``), as published.

    Parameters
    ----------
    path : pathlib.Path
        Text separated by ``|`` with the columns ``County GEOID`` and ``Neighbor GEOID``.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, neighbour_fips``: both directions, and each county once beside itself, so that an island can be
        told from a county that the file lacks. Territories are still in it.

    Raises
    ------
    InputError
        When a code is no county code, a pair stands twice, a pair has no counterpart in the other direction, or a
        county does not stand beside itself.
    """
    what = "the Census county adjacency file"
    raw = read_delimited(path, ["County GEOID", "Neighbor GEOID"], what, separator="|")
    table = pd.DataFrame(
        {
            "county_fips": county_codes(raw["County GEOID"], path, "County GEOID"),
            "neighbour_fips": county_codes(raw["Neighbor GEOID"], path, "Neighbor GEOID"),
        }
    )
    table = unique_key(table, ["county_fips", "neighbour_fips"], path)
    pairs = pd.MultiIndex.from_frame(table)
    alone = ~pairs.swaplevel().isin(pairs)
    if alone.any():
        one, other = table[alone].iloc[0]
        raise InputError(f"{path}: {one} lists {other} and {other} does not list {one}; download {what} again")
    itself = table.loc[table["county_fips"] == table["neighbour_fips"], "county_fips"]
    without = table.loc[~table["county_fips"].isin(itself), "county_fips"]
    if len(without):
        raise InputError(
            f"{path}: {without.iloc[0]} does not stand beside itself, as every county of {what} does; download it again"
        )
    return table
