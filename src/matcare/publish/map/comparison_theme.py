"""What a comparison shows of the counties, as data: a column with its classes, words and reasons to be missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from matcare.errors import InputError
from matcare.publish.map.legend_rows import FIXED_WORDS, NO_DATA, REASON_PATTERNS, Theme, bins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["VIEWS", "ComparisonTheme", "Format", "LegendClass", "binned", "categories"]

VIEWS: Final = {"before": "Before", "after": "After", "difference": "Difference"}
"""Views that the panel puts side by side."""

Format = Literal[
    "whole", "minutes", "share", "finely", "rate", "tenths", "hundredths", "signed", "signed_share", "signed_whole"
]
"""How the page writes a number: ``minutes`` whole, ``share`` in per cent, ``signed`` with + or −."""

_PATTERNS: Final = ("cross", "grid", "diagonal", "waves", "bars")


@dataclass(frozen=True, kw_only=True)
class LegendClass:
    """One class of a theme.

    Attributes
    ----------
    label : str
        In the legend.
    colours : tuple of str
        One colour; with several the class is drawn in stripes of them.
    upper : float, optional
        Upper limit, included, where the theme is binned; None for the last class.
    value : str or bool, optional
        The value itself, where the theme is one of categories.
    unchanged : bool
        Whether a difference of this class is none ("stays as it was"), where the theme is one of categories.
    """

    label: str
    colours: tuple[str, ...]
    upper: float | None = None
    value: str | bool | None = None
    unchanged: bool = False


@dataclass(frozen=True, kw_only=True)
class ComparisonTheme:
    """One way to colour the counties.

    Attributes
    ----------
    family : str
        What is shown, as the list names it ("Minutes to birth care"). Themes of a family stand behind one entry.
    column : str
        Column of the counties.
    less : str
        A column to take away from it, where no column holds the difference.
    title, note : str
        Head of the legend, and the sentence under it.
    classes : tuple of LegendClass
        In the legend's order; of a binned theme with rising limits, the last without one.
    view : str
        ``before``, ``after`` or ``difference``; or a word of one's own, such as a year; or empty.
    label : str
        What the theme is called among those of its family, where they have no view.
    binned : bool
        Whether the classes are intervals of a number; else each is a value.
    form : str
        How the page writes a number, see :data:`Format`.
    after : str
        What follows the number (" minutes").
    status : str, optional
        Column that says why a value is missing.
    missing : mapping of str to str
        Value of `status` → words in the legend. A value that is missing otherwise is "No figure".
    """

    family: str
    column: str
    title: str
    classes: tuple[LegendClass, ...]
    note: str = ""
    less: str = ""
    view: str = ""
    label: str = ""
    binned: bool = True
    form: Format = "whole"
    after: str = ""
    status: str | None = None
    missing: Mapping[str, str] = field(default_factory=dict)

    def page_theme(self, number: int) -> Theme:
        """Return the theme as the page reads it.

        Raises
        ------
        InputError
            When there is no class, the limits do not rise to an open end, or more reasons are given than can be told
            apart.
        """
        self._check()
        reasons = zip(self.missing.items(), _pattern_names(self.missing), strict=True)
        return {
            "id": f"theme-{number}",
            "family": self.family,
            "label": self.label or self.title,
            "title": self.title,
            "note": self.note,
            "kind": "bins" if self.binned else "category",
            "column": self.shown_column,
            "status": self.status,
            "bound": False,
            "say": {"format": self.form, "after": self.after},
            "trim": self.is_change,
            "preferred": self.view == "difference",
            "classes": [self._row(number) for number in range(len(self.classes))],
            **({"classed": FIXED_WORDS} if self.binned else {}),
            "missing": [
                *({"value": value, "label": words, "pattern": pattern} for (value, words), pattern in reasons),
                NO_DATA,
            ],
        } | ({"segment": {"value": self.view, "label": VIEWS.get(self.view, self.view)}} if self.view else {})

    def _row(self, number: int) -> dict[str, Any]:
        entry = self.classes[number]
        row: dict[str, Any] = {"label": entry.label, "colours": list(entry.colours)}
        if self.binned:
            return row | {"to": entry.upper, "zero": number == self.zero_class}
        # Yes and no stand in the page's columns as 1 and 0.
        return row | {"value": int(entry.value) if isinstance(entry.value, bool) else entry.value}

    @property
    def shown_column(self) -> str:
        """Name of what is shown: the column, or the difference that is made of two."""
        return f"{self.column}_less_{self.less}" if self.less else self.column

    @property
    def is_change(self) -> bool:
        """Whether it shows a change: a difference, or categories of which some mean none."""
        return self.view == "difference" or any(entry.unchanged for entry in self.classes)

    @property
    def zero_class(self) -> int | None:
        """Position of the class that holds 0, where the theme is a binned difference: it says "no change"."""
        if not self.binned or self.view != "difference":
            return None
        return next(number for number, entry in enumerate(self.classes) if entry.upper is None or entry.upper >= 0)

    def _check(self) -> None:
        if not self.classes:
            raise InputError(f"the map's theme {self.title!r} has no class; give at least one")
        if len(self.missing) > len(_PATTERNS):
            raise InputError(
                f"the map's theme {self.title!r} has {len(self.missing)} reasons to be missing; "
                f"{len(_PATTERNS)} can be told apart"
            )
        if not self.binned:
            return
        limits = [entry.upper for entry in self.classes]
        inner = [limit for limit in limits if limit is not None]
        if limits[-1] is not None or len(inner) != len(limits) - 1 or sorted(set(inner)) != inner:
            raise InputError(f"the map's theme {self.title!r} needs rising upper limits, the last one None: {limits}")


def _pattern_names(reasons: Mapping[str, str]) -> list[str]:
    """Return a pattern a reason: the national map's where it has one, so that a reason looks the same everywhere."""
    taken = {REASON_PATTERNS[reason] for reason in reasons if reason in REASON_PATTERNS}
    spare = iter([pattern for pattern in _PATTERNS if pattern not in taken])
    return [REASON_PATTERNS.get(reason) or next(spare) for reason in reasons]


def binned(
    upper: Sequence[float | None], labels: Sequence[str], ramp: Sequence[str | Sequence[str]]
) -> tuple[LegendClass, ...]:
    """Return the classes of a number: upper limits (the last is None), words, a colour or several for each.

    Examples
    --------
    >>> [entry.label for entry in binned((10, None), ("10 or fewer", "over 10"), ("#ffffff", "#000000"))]
    ['10 or fewer', 'over 10']
    """
    return tuple(
        LegendClass(label=row["label"], colours=tuple(row["colours"]), upper=row["to"])
        for row in bins(upper, labels, ramp)
    )


def categories(
    values: Sequence[str | bool],
    labels: Sequence[str],
    colours: Sequence[str],
    *,
    unchanged: Sequence[str | bool] = (),
) -> tuple[LegendClass, ...]:
    """Return the classes of a category or of yes and no: values, words, a colour for each, and which mean no change."""
    together = zip(values, labels, colours, strict=True)
    return tuple(
        LegendClass(label=label, colours=(colour,), value=value, unchanged=value in unchanged)
        for value, label, colour in together
    )
