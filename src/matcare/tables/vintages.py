"""County codes of other years that stand in the publishers' tables, and what becomes of them.

Counties are those of 2024. Connecticut's legacy counties move by weights (:func:`matcare.geo.convert_counts`), counts
only. Renamed counties keep everything. A county that was split passes a class on only where the class holds for every
part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

__all__ = ["RENAMED", "SPLIT_2019", "classes_of_2013", "require_rows", "unmatched"]

RENAMED: Final = {"02270": "02158", "46113": "46102"}
"""Wade Hampton → Kusilvak (2015), Shannon → Oglala Lakota (2015): the same land under a new code."""

SPLIT_2019: Final = {"02261": ("02063", "02066")}
"""Valdez-Cordova → Chugach and Copper River (2019)."""


def classes_of_2013(classes: pd.DataFrame, *, code: str, value: str) -> pd.Series:
    """Carry a county class of 2013 over to the counties of 2024.

    Renamed counties keep their class. The two parts of Valdez-Cordova take its class: it is noncore, that is outside
    every metro- and micropolitan area, and such areas are made of whole counties, so both parts are outside too.
    Connecticut's planning regions cut across the legacy counties and get none.

    Parameters
    ----------
    classes : pandas.DataFrame
        One row a county of 2013.
    code, value : str
        The columns of the county code and of the class.

    Returns
    -------
    pandas.Series
        The class by county code; codes that 2024 does not know are still in it and find no county.

    Examples
    --------
    >>> import pandas as pd
    >>> old = pd.DataFrame({"fips": ["46113", "02261"], "cls": [6, 6]})
    >>> classes_of_2013(old, code="fips", value="cls").to_dict()
    {'46102': 6, '02063': 6, '02066': 6}
    """
    new_codes = classes[code].map(lambda old: SPLIT_2019.get(old, (RENAMED.get(old, old),)))
    carried = classes.assign(**{code: new_codes}).explode(code)
    return carried.set_index(code)[value]


def require_rows(codes: Iterable[str], wanted: Iterable[str], what: str) -> None:
    """Check that a source has a row for each county or state that it should have one for.

    A file that was cut between two lines is otherwise as good as whole, and its lost counties would pass for
    unreported ones.

    Parameters
    ----------
    codes : iterable of str
        Codes that the source has rows for.
    wanted : iterable of str
        Codes that it should have.
    what : str
        The source, for the message.

    Raises
    ------
    InputError
        Naming the first code without a row.

    Examples
    --------
    >>> require_rows(["38017", "38001"], ["38001"], "births")
    """
    absent = sorted(set(wanted) - set(codes))
    if absent:
        others = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise InputError(f"{what}: no row for {absent[0]}{others}; half a file, or one of another vintage than 2024")


def unmatched(codes: Iterable[str], counties: pd.Series) -> list[str]:
    """Return the codes, sorted, that no county of the snapshot has."""
    return sorted(set(codes) - set(counties))
