"""Places by the names that people type: a county with or without its accents, a state, a code."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from matcare.errors import InputError
from matcare.geo import STATES, canonical_state

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["codes_of_place", "folded", "names_nation", "slug"]

_NATION: Final = frozenset({"us", "usa", "united states", "nation"})
_KIND: Final = re.compile(
    r" (county|parish|borough|census area|municipality|municipio|city and borough|planning region|city)$"
)
_SHORT_CODE: Final = 4
_CODE: Final = 5


def folded(text: str) -> str:
    """Return a name in small letters without accents, apostrophes and punctuation, as the map's search reads it.

    Examples
    --------
    >>> folded("Loíza Municipio, PR"), folded("Prince George’s"), folded("Doña Ana")
    ('loiza municipio pr', 'prince georges', 'dona ana')
    """
    bare = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    bare = re.sub(r"[ʻ‘’'`]", "", bare).casefold()
    return re.sub(r"[^a-z0-9]+", " ", bare).strip()


def names_nation(place: str) -> bool:
    """Tell whether a place is the whole nation.

    Examples
    --------
    >>> names_nation("US"), names_nation("united states"), names_nation("ND")
    (True, True, False)
    """
    return folded(place) in _NATION


def slug(text: str) -> str:
    """Return a name as part of a file's name.

    Examples
    --------
    >>> slug("Loíza Municipio, PR")
    'loiza-municipio-pr'
    """
    return folded(text).replace(" ", "-")


def codes_of_place(counties: pd.DataFrame, place: str, *, covered: str) -> list[str]:
    """Return the codes of the counties that a place names.

    Parameters
    ----------
    counties : pandas.DataFrame
        ``county_fips, county_name, state``.
    place : str
        Five digits, a county's name with its state, a postal code, a state's name, or ``US``.
    covered : str
        What `counties` are, in words, for messages.

    Returns
    -------
    list of str
        Ascending.

    Raises
    ------
    InputError
        When nothing, or more than one county, is called so, or it is not among `counties`.
    """
    asked = folded(place)
    if not asked:
        raise InputError("the place is empty; give a county (38105, or 'Williams County, ND') or a state (ND)")
    if names_nation(place):
        return sorted(counties["county_fips"])
    if asked.isdigit() and len(asked) >= _SHORT_CODE - 1:
        return [_by_code(counties, place.strip(), covered)]
    state = _state(place)
    if state is not None:
        found = sorted(counties.loc[counties["state"] == state, "county_fips"])
        if not found:
            raise InputError(f"{STATES[state]} is not in this run, which covers {covered}; run it with --state {state}")
        return found
    return [_by_name(counties, place, covered)]


def _state(text: str) -> str | None:
    try:
        return canonical_state(text.strip())
    except ValueError:
        return None


def _by_code(counties: pd.DataFrame, code: str, covered: str) -> str:
    codes = set(counties["county_fips"])
    if code in codes:
        return code
    if len(code) == _SHORT_CODE and f"0{code}" in codes:
        raise InputError(f"county code {code!r} has four digits; did it lose its zero? Give 0{code}")
    if len(code) != _CODE:
        raise InputError(f"county code {code!r} should have five digits, such as 38105")
    raise InputError(f"county {code} is not in this run, which covers {covered}; check the code, or run its state")


def _by_name(counties: pd.DataFrame, place: str, covered: str) -> str:
    name, _, behind = place.rpartition(",")
    state = _state(behind) if name else None
    if name and state is None:
        raise InputError(f"{place!r}: {behind.strip()!r} is no state; write it as 'Williams County, ND'")
    here = counties if state is None else counties[counties["state"] == state]
    if state is not None and here.empty:
        raise InputError(f"{STATES[state]} is not in this run, which covers {covered}; run it with --state {state}")
    asked = folded(name or place)
    full = here["county_name"].map(folded)
    found = here[full == asked]
    if found.empty:
        found = here[full.str.replace(_KIND, "", regex=True) == re.sub(_KIND, "", asked)]
    labels = [f"{row.county_name}, {row.state} ({row.county_fips})" for row in found.itertuples()]
    if len(found) == 1:
        return str(found["county_fips"].iloc[0])
    if len(found) > 1:
        shown = "; ".join(labels[:4]) + (" …" if len(labels) > len(labels[:4]) else "")
        raise InputError(f"{place!r} names {len(found)} counties: {shown}; give the code or add the state")
    bare = full.str.replace(_KIND, "", regex=True)
    wanted = re.sub(_KIND, "", asked)
    alike = [bare.index[bare == one][0] for one in get_close_matches(wanted, list(bare), n=2, cutoff=0.75)]
    near = " or ".join(f"{here.loc[i, 'county_name']}, {here.loc[i, 'state']}" for i in dict.fromkeys(alike))
    hint = f"; did you mean {near}?" if near else ""
    raise InputError(f"no county of {covered} is called {place!r}{hint or '; write it as Williams County, ND'}")
