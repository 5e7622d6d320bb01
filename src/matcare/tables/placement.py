"""A user's facilities beside the embedded ones, or in their place."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from matcare.errors import InputError

__all__ = ["Placement", "added_to", "place_of"]


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Embedded and own facilities, put together.

    Attributes
    ----------
    facilities : pandas.DataFrame
        The contract ``FACILITIES``.
    replaced : int
        How many embedded facilities gave way.
    states : tuple of str
        The states whose facilities are the user's.
    notes : list of str
        The same, in words.
    """

    facilities: pd.DataFrame
    replaced: int
    states: tuple[str, ...]
    notes: list[str]


def place_of(embedded: pd.DataFrame, user: pd.DataFrame, *, only: bool) -> Placement:
    """Put the user's facilities in the place of the embedded ones.

    Parameters
    ----------
    embedded, user : pandas.DataFrame
        The contract ``FACILITIES``.
    only : bool
        Whether they take the place of all embedded facilities, or of those in the states that they cover.

    Returns
    -------
    Placement

    Raises
    ------
    InputError
        When a user's identifier is that of an embedded facility in a state that the user's file does not cover.
    """
    states = tuple(sorted(user["state"].unique()))
    stay = embedded[~embedded["state"].isin(states)] if not only else embedded.iloc[:0]
    clash = stay["facility_id"].isin(user["facility_id"])
    if clash.any():
        first = stay[clash].iloc[0]
        raise InputError(
            f"facility_id {first['facility_id']!r} is also that of {first['facility_name']} ({first['state']}); "
            "give your facility another"
        )
    facilities = pd.concat([stay, user], ignore_index=True) if len(stay) else user.reset_index(drop=True)
    replaced = len(embedded) - len(stay)
    where = "the whole country" if only else ", ".join(states)
    note = f"{len(user)} facilities of the user's file take the place of {replaced} embedded ones in {where}"
    return Placement(facilities=facilities, replaced=replaced, states=states, notes=[note])


def added_to(embedded: pd.DataFrame, user: pd.DataFrame) -> Placement:
    """Add the user's facilities to the embedded ones; one of the same identifier takes its place.

    Parameters
    ----------
    embedded, user : pandas.DataFrame
        The contract ``FACILITIES``.

    Returns
    -------
    Placement
    """
    same = embedded["facility_id"].isin(user["facility_id"])
    facilities = pd.concat([embedded[~same], user], ignore_index=True)
    replaced = int(same.sum())
    note = f"{len(user) - replaced} of the user's facilities added, {replaced} in the place of an embedded one"
    return Placement(
        facilities=facilities, replaced=replaced, states=tuple(sorted(user["state"].unique())), notes=[note]
    )
