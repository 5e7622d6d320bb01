"""Numbers and lists as a sentence says them: whole, with their unit, never rounded into a claim that is not true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "EVIDENCE_WORDS",
    "LEVEL_SOURCE_WORDS",
    "MISSING_WORDS",
    "SPACE",
    "PlaceWords",
    "about",
    "at_most",
    "births",
    "common_words",
    "count",
    "few_or_whole",
    "home_word",
    "joined",
    "lower_first",
    "minutes",
    "minutes_words",
    "percent",
    "percent_words",
    "place_words",
    "pronoun",
    "rate",
    "sentence",
    "sentences",
    "shortened",
    "span",
    "whole",
]

SPACE: Final = "\u00a0"
"""A space that does not break a line: between a number and its unit."""

_SMALL_COUNT: Final = 10
_ALL: Final = 100

MISSING_WORDS: Final[Mapping[str, str]] = {
    "no_road_access": "no road within 30 km",
    "unreachable": "no road route to such a unit",
    "ferry_or_air_only": "reached by ferry or plane only",
    "beyond_limit": "beyond the search limit",
    "no_demand_points": "nobody lives there, by the census",
    "level_not_reported": "no neonatal level is reported in the state, so the nearest is unknown",
    "no_second_unit": "most women can reach one unit and no other",
    "not_reported": "not reported",
    "none_in_range": "no unit within 90 minutes",
    "no_women": "no women aged 15-44",
    "no_demand_in_range": "no known demand can reach the units in range",
    "demand_unknown": "the county's own births are not known",
    "supply_unknown": "the supply of the units in range is not known",
}
"""Why a figure is missing, as the middle of a sentence says it."""

EVIDENCE_WORDS: Final[Mapping[str, str]] = {
    "corroborated": "corroborated by two federal sources",
    "likely": "likely, by one federal source",
    "claimed": "claimed in one federal file alone",
    "arranged": "under arrangement only",
    "unknown": "not known",
    "none": "no sign of obstetrics",
    "birth_center": "accredited birth center",
}
"""What the obstetric evidence of a facility rests on."""

LEVEL_SOURCE_WORDS: Final[Mapping[str, str]] = {
    "state": "designated by the state",
    "reported": "self-reported",
    "modelled": "modelled",
}
"""Where a neonatal level comes from."""


class PlaceWords(NamedTuple):
    """What a state's counties and the state itself are called.

    Attributes
    ----------
    one, many : str
        A county, and counties.
    state : str
        The state.
    """

    one: str
    many: str
    state: str = "state"


_PLACE_WORDS: Final[Mapping[str, PlaceWords]] = {
    "AK": PlaceWords("borough or census area", "boroughs and census areas"),
    "CT": PlaceWords("planning region", "planning regions"),
    "LA": PlaceWords("parish", "parishes"),
    "PR": PlaceWords("municipio", "municipios", "territory"),
}


def place_words(state: str | None) -> PlaceWords:
    """Return what the counties of a state are called.

    Examples
    --------
    >>> place_words("PR").many, place_words("LA").one, place_words("US").many
    ('municipios', 'parish', 'counties')
    """
    return _PLACE_WORDS.get(state or "", PlaceWords("county", "counties"))


def common_words(rows: Iterable[Mapping[str, object]]) -> PlaceWords:
    """Return what counties are called that may be of several states."""
    states = {str(row["state"]) for row in rows}
    return place_words(states.pop() if len(states) == 1 else None)


def home_word(name: str, state: str) -> str:
    """Return what one county is called: in Alaska its own name says which it is.

    Examples
    --------
    >>> home_word("Bethel Census Area", "AK"), home_word("Anchorage Municipality", "AK"), home_word("Ada County", "ID")
    ('census area', 'borough', 'county')
    """
    if state == "AK":
        return "census area" if name.endswith("Census Area") else "borough"
    return place_words(state).one


def whole(number: float) -> str:
    """Return a whole number with separators, halves rounded up.

    Examples
    --------
    >>> whole(7917.999), whole(0.4), whole(2.5)
    ('7,918', '0', '3')
    """
    return f"{int(number + 0.5):,}"


def about(number: float) -> str:
    """Return an estimate with no more figures than it bears: two.

    Examples
    --------
    >>> about(50354.2), about(742.0), about(14.4), about(0.0)
    ('50,000', '740', '14', '0')
    """
    places = len(str(int(number + 0.5))) - 2
    return whole(number) if places <= 0 else f"{round(number, -places):,.0f}"


def percent(share: float | None, missing: str = "no figure") -> str:
    r"""Return a share for a table, which says 0 % and 100 % only of none and of all.

    Examples
    --------
    >>> percent(0.996), percent(0.003), percent(1.0), percent(0.0), percent(0.7149), percent(None)
    ('>99\xa0%', '<1\xa0%', '100\xa0%', '0\xa0%', '71\xa0%', 'no figure')
    """
    if share is None:
        return missing
    rounded = int(100 * share + 0.5)
    if rounded >= _ALL and share < 1:
        return f">99{SPACE}%"
    if rounded == 0 and share > 0:
        return f"<1{SPACE}%"
    return f"{rounded}{SPACE}%"


def at_most(share: float | None, most: float | None) -> str:
    r"""Return what a share by reported levels may be at most, where units of unknown level would change it.

    Examples
    --------
    >>> at_most(None, 0.9), at_most(0.4, 0.4), at_most(0.4, None), at_most(0.4, 0.998)[:13]
    (' (at most 90\xa0%, if NICUs of unknown level count)', '', '', ' (over 99\xa0%, ')
    """
    if most is None or (share is not None and percent(share) == percent(most)):
        return ""
    said = percent_words(most) if percent(most)[0] in "<>" else f"at most {percent(most)}"
    return f" ({said}, if NICUs of unknown level count)"


def percent_words(share: float) -> str:
    r"""Return a share as a sentence says it.

    Examples
    --------
    >>> percent_words(1.0), percent_words(0.0), percent_words(0.996), percent_words(0.004)
    ('all', 'none', 'over 99\xa0%', 'under 1\xa0%')
    """
    if share >= 1:
        return "all"
    if share <= 0:
        return "none"
    return percent(share).replace(">", "over ").replace("<", "under ")


def minutes(value: float | None, missing: str = "no figure") -> str:
    """Return minutes for a table, with one decimal.

    Examples
    --------
    >>> minutes(13.38), minutes(0.0), minutes(None)
    ('13.4', '0.0', 'no figure')
    """
    return missing if value is None else f"{value:,.1f}"


def minutes_words(value: float) -> str:
    r"""Return minutes as a sentence says them, whole.

    Examples
    --------
    >>> minutes_words(13.38), minutes_words(1.2), minutes_words(0.3), minutes_words(0)
    ('13\xa0minutes', '1\xa0minute', 'under 1\xa0minute', '0\xa0minutes')
    """
    if 0 < value < 0.5:  # noqa: PLR2004 - what rounds to no minute at all
        return f"under 1{SPACE}minute"
    said = whole(value)
    return f"{said}{SPACE}minute{'' if said == '1' else 's'}"


def rate(value: float | None, missing: str = "no figure") -> str:
    """Return a rate as NCHS prints it, with two decimals.

    Examples
    --------
    >>> rate(5.0312), rate(None)
    ('5.03', 'no figure')
    """
    return missing if value is None else f"{value:.2f}"


def span(low: float | None, high: float | None, decimals: int = 0) -> str:
    """Return an interval, or nothing where one end is missing.

    Examples
    --------
    >>> span(11.9, 16.75), span(4.5, 5.56, 2), span(4.5, None)
    ('12 to 17', '4.50 to 5.56', '')
    """
    if low is None or high is None:
        return ""
    if decimals:
        return f"{low:.{decimals}f} to {high:.{decimals}f}"
    return f"{whole(low)} to {whole(high)}"


def count(number: float, one: str, many: str | None = None, none: str = "no") -> str:
    """Return a number with its noun in the right form.

    Examples
    --------
    >>> count(0, "birth hospital"), count(1, "birth hospital"), count(1234, "county", "counties")
    ('no birth hospitals', '1 birth hospital', '1,234 counties')
    """
    plural = f"{one}s" if many is None else many
    said = whole(number)
    if said == "0":
        return f"{none} {plural}"
    return f"{said} {one if said == '1' else plural}"


def few_or_whole(number: float) -> str:
    """Return an estimate that is not said below ten: a small number of births would read like a count of them.

    Examples
    --------
    >>> few_or_whole(0.333), few_or_whole(122.0)
    ('fewer than 10', '122')
    """
    return "fewer than 10" if number < _SMALL_COUNT else whole(number)


def births(number: float | None, status: str | None) -> str:
    """Return a place's births a year with what they are: an estimate, or registered.

    Examples
    --------
    >>> births(652.3, "census_estimate"), births(122.0, "registered"), births(None, "suppressed")
    ('652 estimated births a year', '122 registered births a year', 'births not published (1 to 9)')
    """
    if number is None:
        return "births not published (1 to 9)" if status == "suppressed" else "births not reported"
    kind = "registered" if status == "registered" else "estimated"
    return f"{few_or_whole(number)} {kind} births a year"


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Return a list as a sentence says it.

    Examples
    --------
    >>> joined(["one"]), joined(["one", "two"]), joined(["one", "two", "three"], "or")
    ('one', 'one and two', 'one, two or three')
    """
    if len(parts) < 2:  # noqa: PLR2004 - one part, or none, needs no word between
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def sentence(text: str) -> str:
    """Return a text that begins with a capital and ends with a full stop.

    Examples
    --------
    >>> sentence("no road within 30 km")
    'No road within 30 km.'
    """
    text = text.strip()
    closed = text if text.endswith((".", "!", "?")) else f"{text}."
    return closed[:1].upper() + closed[1:]


def lower_first(text: str) -> str:
    """Return a label as the middle of a sentence has it; what begins with two capitals is left alone.

    Examples
    --------
    >>> lower_first("Preterm births"), lower_first("SVI theme: housing")
    ('preterm births', 'SVI theme: housing')
    """
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def shortened(text: str, most: int = 90) -> str:
    """Return a text with single blanks, cut where it would not fit, with a sign that it was.

    Examples
    --------
    >>> shortened("a" * 12, 8), shortened("ST  MARY")
    ('aaaaaaa…', 'ST MARY')
    """
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def pronoun(number: float) -> str:
    """Return "it" of one thing and "they" of more.

    Examples
    --------
    >>> pronoun(1), pronoun(3)
    ('it', 'they')
    """
    return "it" if whole(number) == "1" else "they"


def sentences(parts: Iterable[str | None]) -> list[str]:
    """Return the sentences that there are, each closed.

    Examples
    --------
    >>> sentences(["one", None, "", "two."])
    ['One.', 'Two.']
    """
    return [sentence(part) for part in parts if part]
