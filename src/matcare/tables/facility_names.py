"""Find a facility by its identifier or its name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["find_facilities", "find_facility", "label"]

_MOST_NAMED: Final = 5
_ALIKE: Final = 0.6
_CCN_DIGITS: Final = 6


def label(facility: pd.Series | Any) -> str:
    """Write a facility as ``350002 (SANFORD BISMARCK, Bismarck, ND)``.

    Examples
    --------
    >>> import pandas as pd
    >>> label(pd.Series({"facility_id": "350015", "facility_name": "SANFORD", "city": None, "state": "ND"}))
    '350015 (SANFORD, ND)'
    """
    parts = [facility["facility_name"], facility["city"], facility["state"]]
    return f"{facility['facility_id']} ({', '.join(part for part in parts if isinstance(part, str))})"


def find_facility(facilities: pd.DataFrame, text: str, *, where: str = "facility") -> int:
    """Find one facility.

    Tried in turn: the identifier as it stands; a certification number that lost its leading zeros, or got ``.0``, in a
    spreadsheet; a former number (``other_ids``); the name, whatever its case, where only one facility has it; a part of
    one facility's name alone, or of its name, city and state.

    Parameters
    ----------
    facilities : pandas.DataFrame, m rows
        ``facility_id, facility_name, city, state``, and ``other_ids`` where there are former numbers.
    text : str
        What was typed.
    where : str
        Option or file, row and column, for the message.

    Returns
    -------
    int
        Row of `facilities`, counted from 0.

    Raises
    ------
    InputError
        When none or several match: the nearest, or those that match, are listed, at most five.
    """
    typed = " ".join(str(text).split())
    if not typed:
        raise InputError(f"{where}: empty; give a facility's identifier or its name")
    row = _by_identifier(facilities, typed)
    if row is not None:
        return row
    names = [" ".join(str(name).split()).casefold() for name in facilities["facility_name"]]
    wanted = typed.casefold()
    exact = [row for row, name in enumerate(names) if name == wanted]
    if len(exact) == 1:
        return exact[0]
    if exact:
        raise InputError(f"{where}: {len(exact)} facilities are called {typed!r}: {_listed(facilities, exact)}")
    places = [
        f"{name} {city} {state}".casefold().replace(",", "")
        for name, city, state in zip(names, facilities["city"].fillna(""), facilities["state"], strict=True)
    ]
    words = wanted.replace(",", "")
    part = [
        row for row, (name, place) in enumerate(zip(names, places, strict=True)) if wanted in name or words in place
    ]
    if len(part) == 1:
        return part[0]
    if part:
        raise InputError(f"{where}: {typed!r} is part of {len(part)} facilities' names: {_listed(facilities, part)}")
    near = _nearest(facilities, typed, names)
    hint = f"; nearest are {_listed(facilities, near)}" if near else "; give an identifier of facilities.csv"
    raise InputError(f"{where}: no facility is called {typed!r}{hint}")


def find_facilities(
    facilities: pd.DataFrame, texts: Sequence[str], *, where: str = "facility"
) -> npt.NDArray[np.int64]:
    """Find several facilities, each by :func:`find_facility`.

    Parameters
    ----------
    facilities : pandas.DataFrame
        As there.
    texts : sequence of str
        What was typed.
    where : str
        Option or file, for the message.

    Returns
    -------
    numpy.ndarray of int64, shape (texts,)
        Rows of `facilities`, in the order given.

    Raises
    ------
    InputError
        When there is none, one is not found, or two are the same facility.
    """
    if not len(texts):
        raise InputError(f"{where}: none given; give a facility's identifier or its name")
    rows = [find_facility(facilities, text, where=where) for text in texts]
    for place, row in enumerate(rows):
        if row in rows[:place]:
            twin = label(facilities.iloc[row])
            raise InputError(f"{where}: {texts[rows.index(row)]!r} and {texts[place]!r} are both {twin}; give it once")
    return np.array(rows, dtype=np.int64)


def _by_identifier(facilities: pd.DataFrame, typed: str) -> int | None:
    upper = typed.upper().removesuffix(".0")
    candidates = dict.fromkeys((typed, upper, upper.zfill(_CCN_DIGITS)))
    where = {str(key): row for row, key in enumerate(facilities["facility_id"])}
    if "other_ids" in facilities:
        for row, others in enumerate(facilities["other_ids"]):
            if isinstance(others, str):
                for other in others.split():
                    where.setdefault(other, row)
    return next((where[key] for key in candidates if key in where), None)


def _nearest(facilities: pd.DataFrame, typed: str, names: list[str]) -> list[int]:
    """Rows of the facilities whose names, or whose numbers in the same state, are most like what was typed."""
    if any(letter.isdigit() for letter in typed) and not any(letter.isalpha() for letter in typed):
        number = typed.removesuffix(".0").zfill(_CCN_DIGITS)
        ids = [str(key) for key in facilities["facility_id"]]
        alike = difflib.get_close_matches(
            number, [key for key in ids if key[:2] == number[:2]], n=_MOST_NAMED, cutoff=_ALIKE
        )
        return [ids.index(key) for key in alike]
    unique = list(dict.fromkeys(names))
    alike = difflib.get_close_matches(typed.casefold(), unique, n=_MOST_NAMED, cutoff=_ALIKE)
    return [row for name in alike for row, other in enumerate(names) if other == name][:_MOST_NAMED]


def _listed(facilities: pd.DataFrame, rows: Sequence[int]) -> str:
    named = "; ".join(label(facilities.iloc[row]) for row in rows[:_MOST_NAMED])
    return f"{named}; and {len(rows) - _MOST_NAMED} more" if len(rows) > _MOST_NAMED else named
