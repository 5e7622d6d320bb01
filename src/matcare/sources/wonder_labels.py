"""Columns and race labels of CDC WONDER: what a column holds, and by which standard of race its labels are.

The certificate asked for race in several ways over the decades. `Bridged` counts put every mother of several races into
one of four groups; `single race` counts (6, 15 or 31 groups) leave her in a group of her own. The same word stands for
different women, so labels of two standards are never put into one table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "DEATH_SIDE",
    "UNSTATED",
    "column_role",
    "group_of_origin",
    "group_of_race",
    "race_standard",
    "refuse_two_standards",
]

DEATH_SIDE: Final = ("age", "cause")
"""Groups that only a death has: WONDER repeats the births of the place in each of their rows."""

UNSTATED: Final = frozenset(
    {"unknown or not stated", "not stated", "unknown", "not available", "not reported", "unknown or not on certificate"}
)
"""Labels of mothers of whom nothing is stated."""

_PLACE: Final = r"(?:maternal |mother's |residence )?{}(?: of residence)?"
_MOTHERS: Final = r"(?:mother's |maternal )?"
_ROLES: Final = (
    ("county", re.compile(_PLACE.format("county"))),
    ("state", re.compile(_PLACE.format("state"))),
    ("year", re.compile(r"year(?: of death)?")),
    ("race", re.compile(_MOTHERS + r"(?:bridged race|single race (?:6|15)|single/multi race 31|race)(?: of mother)?")),
    ("hispanic_origin", re.compile(_MOTHERS + r"hispanic origin(?: of mother)?")),
    ("age", re.compile(r"age (?:of infant )?at death.*")),
    ("cause", re.compile(r".*(?:cause of death|causes? list|icd chapter|icd sub-chapter|leading causes).*")),
)  # fmt: skip

_COMMON: Final = {
    "white": "white",
    "black or african american": "black",
    "american indian or alaska native": "aian",
}
_ASIAN: Final = ("asian indian", "chinese", "filipino", "japanese", "korean", "vietnamese", "other asian")
_PACIFIC: Final = (
    "hawaiian",
    "native hawaiian",
    "guamanian",
    "guamanian or chamorro",
    "samoan",
    "other pacific islander",
)
_STANDARDS: Final[dict[str, dict[str, str]]] = {
    "bridged": {**_COMMON, "asian or pacific islander": ""},
    "single_6": {
        **_COMMON,
        "asian": "asian",
        "native hawaiian or other pacific islander": "nhopi",
        "more than one race": "multiple",
    },
    "single_15": {
        **_COMMON,
        **dict.fromkeys(_ASIAN, "asian"),
        **dict.fromkeys(_PACIFIC, "nhopi"),
        "more than one race": "multiple",
    },
    "single_31": {
        "white (only)": "white",
        "black (only)": "black",
        "aian (only)": "aian",
        "asian (only)": "asian",
        "nhopi (only)": "nhopi",
    },
}
"""Standard → label → group; an empty group is one that no single group of ours holds."""

_IN_WORDS: Final = {
    "bridged": "bridged race, 4 groups",
    "single_6": "single race, 6 groups",
    "single_15": "single race, 15 groups",
    "single_31": "single/multi race, 31 groups",
}
_COMBINATION: Final = re.compile(r"(?:black|aian|asian|nhopi|white)(?:,? (?:and )?(?:black|aian|asian|nhopi|white))+")


def column_role(title: str) -> str:
    """Tell what a column groups by: county, state, year, race, hispanic_origin, age, cause, or a name of its own.

    Examples
    --------
    >>> column_role("County of Residence"), column_role("Year of Death"), column_role("Mother's Single Race 6")
    ('county', 'year', 'race')
    >>> column_role("Age of Infant at Death 5"), column_role("ICD-10 130 Cause List (Infants)")
    ('age', 'cause')
    """
    text = " ".join(title.split()).casefold()
    for role, pattern in _ROLES:
        if pattern.fullmatch(text):
            return role
    return re.sub(r"[^a-z0-9]+", "_", text).strip("_")


def race_standard(title: str, labels: Iterable[str], *, where: str) -> str:
    """Name the standard of race that a column is by.

    Parameters
    ----------
    title : str
        The column, which says the standard itself in files since 2003.
    labels : iterable of str
        Its labels.
    where : str
        File, for the message.

    Returns
    -------
    str
        ``bridged``, ``single_6``, ``single_15``, ``single_31``, or ``unknown`` when only labels stand in the file that
        several standards share.

    Raises
    ------
    InputError
        When labels of two standards stand in one column, or one that no standard has.

    Examples
    --------
    >>> race_standard("Race", ["White", "Asian or Pacific Islander"], where="t.txt")
    'bridged'
    """
    found = list(dict.fromkeys(label for label in labels if label.casefold() not in UNSTATED))
    text = title.casefold()
    named = next(
        (
            standard
            for key, standard in (
                ("bridged", "bridged"),
                ("race 6", "single_6"),
                ("race 15", "single_15"),
                ("31", "single_31"),
            )
            if key in text
        ),
        "",
    )
    fitting = [standard for standard in _STANDARDS if all(_has(standard, label) for label in found)]
    if named and named not in fitting:
        odd = next(label for label in found if not _has(named, label))
        raise InputError(
            f"{where}, column {title!r}: {odd!r} is no label of that standard ({_IN_WORDS[named]}); "
            "labels of two standards of race cannot stand in one table: export each by itself"
        )
    if named:
        return named
    if not fitting:
        first, second = _clash(found)
        raise InputError(
            f"{where}, column {title!r}: {first!r} and {second!r} are labels of two standards of race, or of none that "
            f"is known ({'; '.join(_IN_WORDS.values())}): export each by itself"
        )
    return fitting[0] if len(fitting) == 1 else "unknown"


def group_of_race(label: str, standard: str) -> str:
    """Return the group of a race label where it maps for certain, else an empty text.

    Examples
    --------
    >>> group_of_race("Filipino", "single_15"), group_of_race("Asian or Pacific Islander", "bridged")
    ('asian', '')
    """
    text = label.casefold()
    if standard == "unknown":
        return _COMMON.get(text, "")
    if standard == "single_31" and _COMBINATION.fullmatch(text):
        return "multiple"
    return _STANDARDS[standard].get(text, "")


def group_of_origin(label: str) -> str:
    """Return ``hispanic``, ``not_hispanic``, or an empty text where it is not stated.

    Examples
    --------
    >>> group_of_origin("Hispanic or Latino"), group_of_origin("Not Hispanic or Latino"), group_of_origin("Not Stated")
    ('hispanic', 'not_hispanic', '')
    """
    text = label.casefold()
    if text in UNSTATED or "hispanic" not in text:
        return ""
    return "not_hispanic" if text.startswith("no") else "hispanic"


def refuse_two_standards(standards: Mapping[str, str]) -> str:
    """Return the one standard of several files; an :class:`~matcare.errors.InputError` names two that differ."""
    known = {name: standard for name, standard in standards.items() if standard}
    kinds = sorted(set(known.values()))
    if len(kinds) > 1:
        one, other = (next(name for name, standard in known.items() if standard == kind) for kind in kinds[:2])
        raise InputError(
            f"{other}: race is by another standard ({_IN_WORDS.get(kinds[1], kinds[1])}) than in {one} "
            f"({_IN_WORDS.get(kinds[0], kinds[0])}): the same word means other women; give one of them"
        )
    return kinds[0] if kinds else ""


def _has(standard: str, label: str) -> bool:
    text = label.casefold()
    return text in _STANDARDS[standard] or (standard == "single_31" and _COMBINATION.fullmatch(text) is not None)


def _clash(labels: list[str]) -> tuple[str, str]:
    """Return the first label, or the first that does not go with those before it, beside one of those."""
    fitting = list(_STANDARDS)
    for position, label in enumerate(labels):
        left = [standard for standard in fitting if _has(standard, label)]
        if not left:
            return (labels[max(position - 1, 0)], label)
        fitting = left
    return (labels[0], labels[-1])
