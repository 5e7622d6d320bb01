"""Numbers as the site says them."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["count_words", "grouped", "listed", "minutes_words", "share", "size_words"]

_LEAST_SHARE: Final = 0.005
_MOST_SHARE: Final = 0.995
_KILO: Final = 1000
_FEW_MB: Final = 10


def grouped(number: float) -> str:
    """Return a whole number with its thousands apart.

    Examples
    --------
    >>> grouped(66597383.2)
    '66,597,383'
    """
    return f"{number:,.0f}"


def share(value: float) -> str:
    """Return a share as a percentage that never rounds to none or all of what is not none or all.

    Examples
    --------
    >>> share(0.71), share(0.996), share(0.003), share(0), share(1), share(float("nan"))
    ('71 %', '>99 %', '<1 %', '0 %', '100 %', 'no figure')
    """
    if math.isnan(value):
        return "no figure"
    if 0 < value < _LEAST_SHARE:
        return "<1 %"
    if _MOST_SHARE <= value < 1:
        return ">99 %"
    return f"{100 * value:.0f} %"


def minutes_words(value: float) -> str:
    """Return mean minutes.

    Examples
    --------
    >>> minutes_words(19.41), minutes_words(0.2), minutes_words(float("nan"))
    ('19', '<1', 'no figure')
    """
    if math.isnan(value):
        return "no figure"
    return "<1" if 0 < value < 0.5 else f"{value:.0f}"  # noqa: PLR2004 - what rounds to nothing


def count_words(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> count_words(1, "county", "counties"), count_words(1204, "county", "counties"), count_words(0, "page")
    ('1 county', '1,204 counties', 'no pages')
    """
    return f"{number:,}" * (number > 0) + "no" * (number == 0) + f" {one if number == 1 else many or one + 's'}"


def listed(words: list[str]) -> str:
    """Return words as a list in a sentence.

    Examples
    --------
    >>> listed(["Texas"]), listed(["Texas", "Utah", "Iowa"])
    ('Texas', 'Texas, Utah and Iowa')
    """
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part) if words else ""


def size_words(size: int) -> str:
    """Return bytes in the unit that suits them.

    Examples
    --------
    >>> size_words(582), size_words(370918), size_words(4384281), size_words(42148000)
    ('582 bytes', '371 kB', '4.4 MB', '42 MB')
    """
    if size < _KILO:
        return f"{size} bytes"
    if size < _KILO**2:
        return f"{size / _KILO:.0f} kB"
    mega = size / _KILO**2
    return f"{mega:.1f} MB" if mega < _FEW_MB else f"{mega:.0f} MB"
