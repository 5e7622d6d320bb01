"""Which counties a bundle is about, and what it is called."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from matcare.errors import InputError
from matcare.geo import STATES, canonical_state
from matcare.publish.naming import slug
from matcare.publish.results import last_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.publish.finished import FinishedRun

__all__ = ["Selection", "ascii_name", "select_places"]

_NAMED: Final = 3
"""So many places are named in a title; the others are counted."""
_NAME_LENGTH: Final = 60
_FIRST_YEAR: Final = 1980
"""A ZIP knows no earlier date."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The counties of a bundle, out of a finished run.

    Attributes
    ----------
    run : FinishedRun
        Where the rows come from.
    places : tuple of str
        What was asked for: ``US``, postal codes, counties' five digits; in the order asked, none twice.
    codes : tuple of str
        Codes of all their counties, ascending.
    """

    run: FinishedRun
    places: tuple[str, ...]
    codes: tuple[str, ...]

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Postal codes of the states that the counties lie in, sorted."""
        counties = self.run.counties
        return tuple(sorted(set(counties.loc[counties["county_fips"].isin(self.codes), "state"])))

    @property
    def whole(self) -> bool:
        """Whether these are all the run's counties."""
        return len(self.codes) == len(self.run.counties)

    @property
    def names(self) -> tuple[str, ...]:
        """The places in words, as they were asked for."""
        return tuple(self.name(place) for place in self.places)

    @property
    def title(self) -> str:
        """The places in one line; of many the first three are named."""
        names = self.names
        more = len(names) - _NAMED
        return f"{'; '.join(names[:_NAMED])} and {more} more" if more > 0 else "; ".join(names)

    @property
    def folder_name(self) -> str:
        """The folder in the ZIP: the place and the data date, ASCII."""
        first = self.places[0]
        words = ascii_name(self.name(first), fallback=first)
        more = f"-and-{len(self.places) - 1}-more" if len(self.places) > 1 else ""
        return f"matcare-{words}{more}-{ascii_name(self.run.data_date, fallback='undated')}"

    @property
    def made(self) -> dt.datetime:
        """When the run was made, in UTC: the date of every file in the ZIP. The data's date where it is not said."""
        text = str(self.run.about.get("created", ""))
        try:
            moment = dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
        except ValueError:
            moment = dt.datetime.combine(last_day(self.run.data_date), dt.time(), tzinfo=dt.UTC)
        return moment if moment.year >= _FIRST_YEAR else moment.replace(year=_FIRST_YEAR)

    def name(self, place: str) -> str:
        """Return a place in words: ``Williams County, ND``, ``North Dakota``, ``United States``."""
        if not place.isdigit():
            return "United States" if place == "US" else STATES[place]
        counties = self.run.counties
        here = counties["county_fips"] == place
        return f"{counties.loc[here, 'county_name'].iloc[0]}, {counties.loc[here, 'state'].iloc[0]}"

    def pages(self) -> tuple[str, ...]:
        """Return the places that get a brief: each as asked, its state, and of the nation every state."""
        counties = self.run.counties.set_index("county_fips")["state"]
        found: dict[str, None] = {}
        for place in self.places:
            found.setdefault(place)
            if place == "US":
                found.update(dict.fromkeys(self.states))
            elif place.isdigit():
                found.setdefault(str(counties[place]))
        return tuple(found)


def select_places(run: FinishedRun, places: Sequence[str] = ()) -> Selection:
    """Return the counties that some places name.

    Parameters
    ----------
    run : FinishedRun
        What they are looked up in.
    places : sequence of str
        As :meth:`~matcare.publish.finished.FinishedRun.county_codes` takes them; none for the whole run.

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        When a place is not known, or the run does not cover it.
    """
    codes: set[str] = set()
    asked: dict[str, None] = {}
    for place in places:
        found = run.county_codes(place)
        codes.update(found)
        asked.update(dict.fromkeys(_place_codes(run, place, found)))
    if not places:
        codes.update(run.counties["county_fips"])
        asked.update(dict.fromkeys(run.states or ("US",)))
    return Selection(run=run, places=tuple(asked), codes=tuple(sorted(codes)))


def _place_codes(run: FinishedRun, place: str, found: Sequence[str]) -> tuple[str, ...]:
    """Return how a place is called from here on."""
    if place.strip() in set(found):
        return (place.strip(),)
    try:
        return (canonical_state(place.strip()),)
    except InputError:
        pass
    # What is neither a code nor a state names one county, or the nation: of a state's run, all that it covers.
    named_county = "," in place or len(found) == 1
    return (found[0],) if named_county else run.states or ("US",)


def ascii_name(text: str, *, fallback: str) -> str:
    """Return a text as part of a file's name: small ASCII letters, digits and hyphens, no longer than 60.

    Parameters
    ----------
    text : str
        Any text.
    fallback : str
        Stands where nothing of the text is left.

    Examples
    --------
    >>> ascii_name("Loíza Municipio, PR", fallback="72087"), ascii_name("東京", fallback="72087")
    ('loiza-municipio-pr', '72087')
    """
    return slug(text)[:_NAME_LENGTH].strip("-") or fallback
