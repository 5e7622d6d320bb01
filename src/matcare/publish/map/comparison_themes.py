"""The usual themes of a comparison, with breaks that are fixed, so that maps compare.

Before and after have one ramp; a difference has a ramp that diverges from "no change". The columns are those of the
contract ``COMPARISON`` when none are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matcare.publish.map.comparison_theme import VIEWS, ComparisonTheme, binned, categories
from matcare.publish.map.legend_rows import (
    BUPU_DARK_FIRST,
    MINUTES_LABELS,
    MINUTES_UPPER,
    PROBABILITY_COLOURS,
    PROBABILITY_LABELS,
    PROBABILITY_UPPER,
    REASON_PATTERNS,
    REASON_WORDS,
    SHARE_LABELS,
    SHARE_UPPER,
    YLGNBU,
    YLORBR,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "access_themes",
    "desert_change_theme",
    "minutes_themes",
    "newly_beyond_theme",
    "newly_within_theme",
    "probability_theme",
    "share_themes",
]

_DESERT_LIMITS: Final = frozenset({30, 60})

_DIFFERENCE_COLOURS: Final = (
    "#542788",
    "#998ec3",
    "#d8daeb",
    "#f5f2ec",
    "#fee0b6",
    "#f1a340",
    "#b35806",
    "#7f3b08",
)
_MINUTES_STEPS: Final = (-15.0, -5.0, -0.5, 0.4999, 5.0, 15.0, 30.0, None)
_MINUTES_WORDS: Final = (
    "15 minutes or more nearer",
    "5 to under 15 nearer",
    "up to 5 nearer",
    "No change (under half a minute)",
    "up to 5 farther",
    "over 5 to 15 farther",
    "over 15 to 30 farther",
    "over 30 farther",
)
_SHARE_STEPS: Final = (-0.5, -0.1, -0.005, 0.00499, 0.1, 0.5, None)
_SHARE_WORDS: Final = (
    "50 points or more fewer",
    "10 to under 50 fewer",
    "up to 10 fewer",
    "No change (under half a point)",
    "up to 10 more",
    "over 10 to 50 more",
    "over 50 more",
)
_SHARE_COLOURS: Final = ("#7f3b08", "#b35806", "#fee0b6", "#f5f2ec", "#d8daeb", "#998ec3", "#542788")
_SHORTFALL: Final = ("#f5f2ec", *YLORBR[1:])
_GAIN: Final = ("#f5f2ec", "#e0ecf4", "#bfd3e6", "#9ebcda", "#8856a7", "#4d004b")
_WOMEN_STEPS: Final = (0.4999, 100.0, 500.0, 1000.0, 5000.0, None)
_WOMEN_WORDS: Final = (
    "None",
    "up to 100",
    "over 100 to 500",
    "over 500 to 1,000",
    "over 1,000 to 5,000",
    "over 5,000",
)


def access_themes(
    care: str, *, limits: Sequence[int] = (30, 60), losses: bool = True, gains: bool = True
) -> list[ComparisonTheme]:
    """Return the themes of a table that keeps the contract ``COMPARISON``.

    Parameters
    ----------
    care : str
        What is driven to, in words ("birth care").
    limits : sequence of int
        Minutes; the table has the columns of each.
    losses, gains : bool
        Whether women newly beyond reach are shown, and women newly within it: a closure has no gains.

    Returns
    -------
    list of ComparisonTheme
        Minutes, shares, women newly beyond and newly within; for 30 and 60 minutes what becomes of drive-time deserts.
    """
    return [
        *minutes_themes(care),
        *(theme for limit in limits for theme in share_themes(care, limit)),
        *(newly_beyond_theme(care, limit) for limit in limits if losses),
        *(newly_within_theme(care, limit) for limit in limits if gains),
        *(desert_change_theme(limit) for limit in limits if limit in _DESERT_LIMITS),
    ]


def minutes_themes(
    care: str,
    *,
    before: str | None = "minutes_before",
    after: str | None = "minutes_after",
    difference: str | None = "minutes_change",
    status_before: str | None = "minutes_before_reason",
    status_after: str | None = "minutes_after_reason",
    note: str = "Mean over the county’s women 15-44, by car at the profile’s speeds.",
) -> list[ComparisonTheme]:
    """Return drive minutes before, after and in difference.

    Parameters
    ----------
    care : str
        What is driven to, in words ("birth care").
    before, after, difference : str or None
        Columns, minutes; None leaves the view out.
    status_before, status_after : str or None
        Columns with the reasons of ``matcare.contracts`` for missing minutes. A difference is missing for the reason
        that the minutes after it are.
    note : str
        Under the legend's head.

    Returns
    -------
    list of ComparisonTheme
        Difference last.
    """
    family = f"Minutes to {care}"
    reasons = {reason: words for reason, words in REASON_WORDS.items() if reason in REASON_PATTERNS}
    level = [
        ComparisonTheme(
            family=family,
            view=view,
            column=column,
            title=f"{VIEWS[view]}: drive minutes to {care}",
            note=note,
            classes=binned(MINUTES_UPPER, MINUTES_LABELS, YLGNBU),
            form="minutes",
            after=" minutes",
            status=status,
            missing=reasons if status else {},
        )
        for view, column, status in (("before", before, status_before), ("after", after, status_after))
        if column
    ]
    if not difference:
        return level
    change = ComparisonTheme(
        family=family,
        view="difference",
        column=difference,
        title=f"Difference: minutes to {care}, after less before",
        note="Mean over the county’s women 15-44; orange is farther, violet nearer.",
        classes=binned(_MINUTES_STEPS, _MINUTES_WORDS, _DIFFERENCE_COLOURS),
        form="signed",
        after=" minutes",
        status=status_after,
        missing=reasons if status_after else {},
    )
    return [*level, change]


def share_themes(
    care: str,
    limit: int,
    *,
    before: str | None = None,
    after: str | None = None,
    note: str = "Share of the county’s women, by car at the profile’s speeds. No road route: not within.",
) -> list[ComparisonTheme]:
    """Return the share of women within a limit before, after and in difference.

    Parameters
    ----------
    care : str
        What is to be reached, in words ("birth care").
    limit : int
        Minutes.
    before, after : str, optional
        Columns, share 0-1; ``share_women_within_<limit>_before`` and ``_after`` when not given.
    note : str
        Under the legend's head.

    Returns
    -------
    list of ComparisonTheme
        Difference last: it is worked out from the two.
    """
    family = f"Women within {limit} minutes of {care}"
    columns = {
        "before": before or f"share_women_within_{limit}_before",
        "after": after or f"share_women_within_{limit}_after",
    }
    level = [
        ComparisonTheme(
            family=family,
            view=view,
            column=column,
            title=f"{VIEWS[view]}: women 15-44 within {limit} minutes of {care}",
            note=note,
            classes=binned(SHARE_UPPER, SHARE_LABELS, BUPU_DARK_FIRST),
            form="share",
        )
        for view, column in columns.items()
    ]
    change = ComparisonTheme(
        family=family,
        view="difference",
        column=columns["after"],
        less=columns["before"],
        title=f"Difference: share of women 15-44 within {limit} minutes of {care}",
        note="Percentage points, after less before; orange is fewer women within reach, violet more.",
        classes=binned(_SHARE_STEPS, _SHARE_WORDS, _SHARE_COLOURS),
        form="signed_share",
    )
    return [*level, change]


def newly_beyond_theme(care: str, limit: int, *, column: str | None = None) -> ComparisonTheme:
    """Return how many women are newly beyond a limit; the column is ``women_newly_beyond_<limit>`` when not given."""
    return ComparisonTheme(
        family="Women newly beyond reach",
        view=f"{limit} min",
        column=column or f"women_newly_beyond_{limit}",
        title=f"Women 15-44 newly beyond {limit} minutes of {care}",
        note="Counted at census block groups: women within reach before, and beyond it after.",
        classes=binned(_WOMEN_STEPS, _WOMEN_WORDS, _SHORTFALL),
        after=" women",
    )


def newly_within_theme(care: str, limit: int, *, column: str | None = None) -> ComparisonTheme:
    """Return how many women are newly within a limit; the column is ``women_newly_within_<limit>`` when not given."""
    return ComparisonTheme(
        family="Women newly within reach",
        view=f"{limit} min",
        column=column or f"women_newly_within_{limit}",
        title=f"Women 15-44 newly within {limit} minutes of {care}",
        note="Counted at census block groups: women beyond reach before, and within it after.",
        classes=binned(_WOMEN_STEPS, _WOMEN_WORDS, _GAIN),
        after=" women",
    )


def desert_change_theme(limit: int) -> ComparisonTheme:
    """Return whether a county becomes or ceases to be a drive-time desert (``drive_time_desert_<limit>_change``)."""
    return ComparisonTheme(
        family="Drive-time desert",
        view=f"{limit} min",
        column=f"drive_time_desert_{limit}_change",
        title=f"What becomes of drive-time deserts, {limit} minutes",
        note=f"A desert where at least half of women 15-44 live more than {limit} minutes by car from care.",
        binned=False,
        classes=categories(
            ("becomes", "stays", "ceases", "stays_not", "not_known"),
            ("Becomes a desert", "Stays a desert", "Ceases to be one", "Is none, before and after", "Not known"),
            ("#b35806", "#7a6a58", "#998ec3", "#f5f2ec", "#c4c4c4"),
            unchanged=("stays", "stays_not", "not_known"),
        ),
    )


def probability_theme(family: str, column: str, title: str, *, label: str = "", note: str = "") -> ComparisonTheme:
    """Return a probability: certain at both ends, the middle in stripes, because either may be true."""
    return ComparisonTheme(
        family=family,
        column=column,
        title=title,
        label=label,
        note=note,
        classes=binned(PROBABILITY_UPPER, PROBABILITY_LABELS, PROBABILITY_COLOURS),
        form="share",
    )
