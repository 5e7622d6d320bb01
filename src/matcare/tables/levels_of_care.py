"""Neonatal and maternal levels of care as people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from matcare.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["UNKNOWN_WORDS", "Care", "canonical_level", "read_levels"]

Care = Literal["neonatal", "maternal"]

UNKNOWN_WORDS: Final = frozenset({"unknown", "none", "n/a", "na", "not known", "?"})
"""Words for a level, or an answer, that is not known; *none* among them, since no list of levels is whole."""
_LEVELS: Final = {"1": "I", "2": "II", "3": "III", "4": "IV", "I": "I", "II": "II", "III": "III", "IV": "IV"}
_PREFIXES: Final[dict[Care, str]] = {"neonatal": "NEONATAL|NICU", "maternal": "MATERNAL"}


def canonical_level(value: str, *, care: Care = "neonatal") -> str:
    """Return a level of care as I, II, III or IV.

    Parameters
    ----------
    value : str
        ``"3"``, ``"III"``, ``"iii"``, ``"Level III"``, ``"NICU level 3"``, ``"Maternal level 3"``, ``"3.0"``.
    care : {"neonatal", "maternal"}
        Which level it is; a word of the other is refused.

    Raises
    ------
    InputError
        When it is not one of the four, such as ``"high"``.

    Examples
    --------
    >>> canonical_level("Level 3"), canonical_level("iv"), canonical_level("2.0")
    ('III', 'IV', 'II')
    """
    text = re.sub(rf"^({_PREFIXES[care]})?\s*(LEVEL|LVL|L)?[\s.:-]*", "", value.strip().upper())
    text = re.sub(r"\.0$", "", text)
    if text not in _LEVELS:
        raise InputError(
            f"{value!r} is not a {care} level: one of I, II, III, IV (1 to 4 and 'Level III' are understood)"
        )
    return _LEVELS[text]


def read_levels(table: pd.DataFrame, path: Path, *, care: Care) -> pd.Series:
    """Read a user's column ``neonatal_level`` or ``maternal_level``.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`matcare.tables.points.read_user_table` gives it; the column may be absent.
    path : pathlib.Path
        The file, for the message.
    care : {"neonatal", "maternal"}
        Which of the two.

    Returns
    -------
    pandas.Series of str
        I, II, III, IV; missing where it is empty or said to be unknown.

    Raises
    ------
    InputError
        At the first text that is no level, naming file, row and column.
    """
    column = f"{care}_level"
    given = table[column] if column in table else pd.Series(None, index=table.index, dtype="str")
    levels: list[str | None] = []
    for row, value in enumerate(given):
        unknown = pd.isna(value) or str(value).lower() in UNKNOWN_WORDS
        try:
            levels.append(None if unknown else canonical_level(str(value), care=care))
        except InputError as error:
            raise InputError(f"{path}, row {row + 1}, column {column!r}: {error}") from error
    return pd.Series(levels, index=table.index, dtype="str")
