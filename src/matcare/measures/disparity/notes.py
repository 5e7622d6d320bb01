"""Words that rows of the disparity table must be read with."""

from __future__ import annotations

from typing import Final

__all__ = ["COUNTY_SHARES", "ECOLOGICAL", "OUTCOMES_SOURCE", "PERIOD", "SOVEREIGNTY", "joined"]

PERIOD: Final = "2017-2023"
"""Years of the embedded infant deaths and live births."""

OUTCOMES_SOURCE: Final = "chr_v129_2026, chr_v129_race_2026"
"""Catalog identifiers of the embedded infant deaths and live births."""

SOVEREIGNTY: Final = (
    "never ranked; tribal nations govern data about their people (tribal data sovereignty): consult them before use"
)
"""Stands in every row of American Indian or Alaska Native people."""

COUNTY_SHARES: Final = "all groups of a county have its minutes, so gaps within counties are not seen"
"""Stands where groups are shared out by county."""

ECOLOGICAL: Final = "counties, not persons"
"""Stands with every index over counties."""


def joined(*notes: str | None) -> str | None:
    """Join notes by semicolons, leaving out the empty ones; None when none is left.

    Examples
    --------
    >>> joined("a", None, "b")
    'a; b'
    """
    return "; ".join(note for note in notes if note) or None
