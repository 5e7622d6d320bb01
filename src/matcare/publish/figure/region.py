"""Which counties a figure shows: the run's own, a state's, or a county's state with the county outlined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from matcare.geo import STATES, canonical_state
from matcare.publish.naming import folded, slug

if TYPE_CHECKING:
    import geopandas as gpd

    from matcare.publish.finished import FinishedRun

__all__ = ["FigureRegion", "region_of", "shortened"]

_NAME_SIGNS: Final = 60
"""Signs of a name that a title or a file's name shows; a user's table may have names of any length."""


@dataclass(frozen=True, kw_only=True)
class FigureRegion:
    """What a figure shows.

    Attributes
    ----------
    counties : geopandas.GeoDataFrame
        Rows of the run's counties, indexed from 0.
    title : str
        The place in words.
    key : str
        ``US``, a postal code, five digits, or the run's region in capitals: what reference values are kept by.
    file_part : str
        The place as part of a file's name.
    outlined : int, optional
        Position of the county that is outlined.
    """

    counties: gpd.GeoDataFrame
    title: str
    key: str
    file_part: str
    outlined: int | None = None

    @property
    def kicker(self) -> str:
        """What stands above a map's title."""
        if self.outlined is None:
            return f"{self.title}, by county"
        state = self.counties["state"].iloc[self.outlined]
        return f"{self.title}: the county outlined among those of {STATES.get(state, state)}"

    @property
    def ladder(self) -> list[tuple[str, str]]:
        """Key and words of the place, its state and the nation, each once."""
        state = self.states[0] if self.outlined is not None else self.key
        steps = [(self.key, self.title), (state, STATES.get(state, self.title)), ("US", "United States")]
        return list(dict(steps).items())

    @property
    def states(self) -> list[str]:
        """Postal codes of its states, sorted."""
        return sorted(set(self.counties["state"]))


def region_of(run: FinishedRun, place: str | None) -> FigureRegion:
    """Return what a figure of a place shows.

    Parameters
    ----------
    run : FinishedRun
        Holds the counties.
    place : str, optional
        As :meth:`matcare.publish.finished.FinishedRun.county_codes` takes it; the whole run when not given.

    Returns
    -------
    FigureRegion

    Raises
    ------
    InputError
        When the place is not known or not in the run.
    """
    everything = run.counties.reset_index(drop=True)
    if place is None:
        return FigureRegion(counties=everything, title=run.title, key=run.region.upper(), file_part=run.region)
    codes = run.county_codes(place)
    shown = everything[everything["county_fips"].isin(codes)]
    state = _state(place)
    if state is not None:
        here = shown.reset_index(drop=True)
        return FigureRegion(counties=here, title=STATES[state], key=state, file_part=state.lower())
    if len(codes) > 1:  # `US`: the run itself, where it covers the nation
        key = "US" if run.national else run.region.upper()
        return FigureRegion(counties=everything, title=run.title, key=key, file_part=run.region)
    county = shown.iloc[0]
    here = everything[everything["state"] == county["state"]].reset_index(drop=True)
    name = shortened(str(county["county_name"]))
    return FigureRegion(
        counties=here,
        title=f"{name}, {STATES.get(county['state'], county['state'])}",
        key=codes[0],
        file_part=f"{codes[0]}-{slug(name)}"[:_NAME_SIGNS].rstrip("-"),
        outlined=int(here.index[here["county_fips"] == codes[0]][0]),
    )


def shortened(name: str, signs: int = _NAME_SIGNS) -> str:
    r"""Return a name on one line, cut where it is longer than a title can hold.

    Examples
    --------
    >>> shortened("Doña\nAna"), shortened("x" * 70)[-3:]
    ('Doña Ana', 'xx…')
    """
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    return plain if len(plain) <= signs else f"{plain[: signs - 1].rstrip()}…"


def _state(place: str) -> str | None:
    """Return the postal code where a place is a state's name or code, and no county's code."""
    if folded(place).isdigit():
        return None
    try:
        return canonical_state(place.strip())
    except ValueError:
        return None
