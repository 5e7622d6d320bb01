"""Hospitals whose federal flags were looked at one by one: what the review says instead, and why."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.errors import InputError

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["apply_reviews", "read_reviews"]

_FILE: Final = "reviewed_units.toml"
_COLUMNS: Final = {"evidence": "obstetric_evidence", "name": "name"}


def read_reviews() -> pd.DataFrame:
    """Read the reviews that lie beside the code.

    Returns
    -------
    pandas.DataFrame
        ``ccn, hospital, what`` (evidence or name)``, was, now, why, reviewed`` (a date) and ``query``, the words that
        go into ``evidence_query``.
    """
    content = tomllib.loads((files("matcare.tables") / _FILE).read_text(encoding="utf-8"))
    table = pd.DataFrame(content["unit"])
    basis = str(content["basis"])
    table["query"] = pd.Series(
        [
            _query(str(unit["what"]), str(unit["now"]), str(unit["why"]), basis, unit["reviewed"])
            for unit in content["unit"]
        ],
        dtype="str",
    )
    return table


def apply_reviews(units: pd.DataFrame, what: str, reviews: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Put what the reviews say in the place of what the flags say.

    Parameters
    ----------
    units : pandas.DataFrame
        Index ``ccn``; ``name``, or ``obstetric_evidence`` as graded from the flags.
    what : str
        ``evidence`` or ``name``.
    reviews : pandas.DataFrame
        As :func:`read_reviews` gives them. Hospitals that `units` does not have are passed over.

    Returns
    -------
    values, queries : pandas.Series
        The column after the reviews; the words of the review, missing without one.

    Raises
    ------
    InputError
        When a unit's flags no longer say what they said at the review.
    """
    values = units[_COLUMNS[what]].copy()
    queries = pd.Series(None, index=units.index, dtype="str")
    held = reviews[(reviews["what"] == what) & reviews["ccn"].isin(units.index)].set_index("ccn")
    for ccn in map(str, held.index):
        hospital, was, now, query, date = (
            str(held.loc[ccn, name]) for name in ("hospital", "was", "now", "query", "reviewed")
        )
        if values[ccn] != was:
            raise InputError(
                f"{_FILE}: the {what} of {ccn} ({hospital}) was {was!r} at the review of {date} and now is "
                f"{values[ccn]!r}; review it again"
            )
        values[ccn], queries[ccn] = now, query
    return values, queries


def _query(what: str, now: str, why: str, basis: str, reviewed: dt.date) -> str:
    verdict = ""
    if what == "evidence":
        verdict = (
            ", the federal flag is taken for an error" if now == "none" else ", the federal flag is taken for right"
        )
    return f"reviewed: {why}{verdict} ({basis}, {reviewed})"
