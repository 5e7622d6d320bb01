"""Figures drawn without a display, as SVG that needs no font and is the same byte for byte on every run."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import pandas as pd
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from matcare.contracts.national import NATIONAL_GROUPS
from matcare.errors import InputError
from matcare.tables.national_rates import printed_decimals

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

__all__ = ["draw_national_changes", "national_changes_figure"]

_EARLIER: Final = "#5b6770"
_LATER: Final = "#b34700"
_INK: Final = "#1f2933"
_GRID: Final = "#d9dee2"
"""Grey and burnt orange differ in lightness too, and the shapes differ: no reader needs the hue."""

_SECTIONS: Final = (
    ("By age at death, all infants", (("all", "infant"), ("all", "neonatal"), ("all", "postneonatal"))),
    (
        "Infant deaths by mother's race and Hispanic origin",
        tuple((group, "infant") for group in NATIONAL_GROUPS if group != "all"),
    ),
    ("By underlying cause, all infants", (("all", "maternal_complications_p01"), ("all", "bacterial_sepsis_p36"))),
)
_LABELS: Final = {
    "infant": "Infant (under 1 year)",
    "neonatal": "Neonatal (under 28 days)",
    "postneonatal": "Postneonatal (28 days to 1 year)",
    "maternal_complications_p01": "Maternal complications (P01)",
    "bacterial_sepsis_p36": "Bacterial sepsis (P36)",
}
"""Rows of the figure in the order of the contract's lists, which is no ranking."""

_WIDTH_INCHES: Final = 10.0
_ROW_INCHES: Final = 0.37
_HEAD_INCHES: Final = 1.05
_FOOT_INCHES: Final = 2.05
_GAP_INCHES: Final = 0.8
_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "matcare",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.unicode_minus": True,
}


def draw_national_changes(changes: pd.DataFrame, path: Path) -> None:
    """Draw the nation's rates of two years with their intervals, and say in words which changes are significant.

    Letters are drawn as paths, so the file looks the same where the font is not installed.

    Parameters
    ----------
    changes : pandas.DataFrame
        Contract `NATIONAL_CHANGES`.
    path : pathlib.Path
        The SVG file to write; one that is there is replaced.

    Raises
    ------
    InputError
        When `changes` has no change from 2021 to 2022 that the figure shows.
    """
    buffer = io.BytesIO()
    with mpl.rc_context(_STYLE):
        figure = national_changes_figure(changes)
        FigureCanvasSVG(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Title": "Infant mortality, 2021 and 2022"})
    path.write_bytes(buffer.getvalue())


def national_changes_figure(changes: pd.DataFrame, *, year: int = 2022) -> Figure:
    """Build the figure of :func:`draw_national_changes`.

    Rates per 1,000 and per 100,000 stand on axes of their own. For each group the final edition of the later year is
    shown where there is one, else the provisional, and it is labelled so.

    Parameters
    ----------
    changes : pandas.DataFrame
        Contract `NATIONAL_CHANGES`.
    year : int, default 2022
        The later year.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When `changes` has no row of that year that the figure shows.
    """
    sections = [(title, rows) for title, keys in _SECTIONS if (rows := _rows(changes, keys, year))]
    if not sections:
        raise InputError(f"national changes: no row of {year} to draw; give the table that a run writes")
    scales = sorted({row["per"] for _, rows in sections for row in rows})
    panels = [[(title, rows) for title, rows in sections if rows[0]["per"] == per] for per in scales]
    lines = [sum(len(rows) + 1 for _, rows in panel) for panel in panels]
    height = _HEAD_INCHES + _FOOT_INCHES + _ROW_INCHES * sum(lines) + _GAP_INCHES * (len(panels) - 1)
    figure = Figure(figsize=(_WIDTH_INCHES, height), facecolor="white")
    top = height - _HEAD_INCHES
    for panel, count in zip(panels, lines, strict=True):
        tall = _ROW_INCHES * count
        axis = figure.add_axes((0.265, (top - tall) / height, 0.315, tall / height))
        _panel(axis, panel, year)
        top -= tall + _GAP_INCHES
    _words_around(figure, [row for _, rows in sections for row in rows], year, height)
    return figure


def _rows(changes: pd.DataFrame, keys: tuple[tuple[str, str], ...], year: int) -> list[dict[str, Any]]:
    found = changes[changes["year_after"] == year].sort_values("edition_after")  # final before provisional
    shown = []
    for group, measure in keys:
        rows = found[(found["group"] == group) & (found["measure"] == measure)]
        if len(rows):
            shown.append({str(name): value for name, value in rows.iloc[0].to_dict().items()})
    return shown


def _label(row: dict[str, Any]) -> str:
    words = _LABELS[row["measure"]] if row["group"] == "all" else NATIONAL_GROUPS[row["group"]]
    return words + (" *" if row["edition_after"] == "provisional" else "")


def _verdict(row: dict[str, Any]) -> str:
    """Say the change in whole percent, as printed where it was, and whether it is significant."""
    if row["change_status"] != "tested":
        said = {True: "significant", False: "not significant"}.get(row["published_significant"], "not said")
        return f"not tested here; NCHS: {said}"
    printed = row["published_change_percent"]
    percent = f"{row['change_percent'] if pd.isna(printed) else printed:+.0f} %".replace("-", "−")
    return f"{percent}, {'significant' if row['significant'] else 'not significant'}"


def _panel(axis: Axes, sections: list[tuple[str, list[dict[str, Any]]]], year: int) -> None:
    per = sections[0][1][0]["per"]
    across = axis.get_yaxis_transform()
    line = 0
    ticks: dict[int, str] = {}
    for title, rows in sections:
        axis.text(-0.775, line, title, transform=across, va="center", color=_INK, fontweight="bold",
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})  # fmt: skip
        axis.text(1.06, line, f"{year - 1} → {year}", transform=across, va="center", color=_EARLIER)
        axis.text(1.46, line, "Change", transform=across, va="center", color=_EARLIER)
        for place, row in enumerate(rows, start=line + 1):
            ticks[place] = _label(row)
            _marks(axis, row, place)
            axis.text(1.06, place, _pair(row), transform=across, va="center", color=_INK)
            strong = row["change_status"] == "tested" and bool(row["significant"])
            axis.text(1.46, place, _verdict(row), transform=across, va="center", color=_INK,
                      fontweight="bold" if strong else "normal")  # fmt: skip
        line += len(rows) + 1
    axis.set_yticks(list(ticks), list(ticks.values()))
    axis.set_ylim(line - 0.45, -0.55)
    axis.set_xlim(left=0)
    axis.set_xlabel(f"Deaths per {per:,} live births, with 95 % interval", color=_INK)
    axis.tick_params(axis="y", length=0, colors=_INK)
    axis.tick_params(axis="x", colors=_INK)
    axis.grid(axis="x", color=_GRID, linewidth=0.8)
    axis.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)


def _pair(row: dict[str, Any]) -> str:
    decimals = printed_decimals(row["per"])
    return " → ".join(
        "–" if pd.isna(rate) else f"{rate:.{decimals}f}"
        for rate in (row["published_rate_before"], row["published_rate_after"])
    )


def _marks(axis: Axes, row: dict[str, Any], place: int) -> None:
    for moment, offset, colour, marker in (("before", -0.15, _EARLIER, "o"), ("after", 0.15, _LATER, "s")):
        rate = row[f"published_rate_{moment}"]
        if pd.isna(rate):
            continue
        low, high = row[f"rate_{moment}_low"], row[f"rate_{moment}_high"]
        counted = not pd.isna(low)
        if counted:
            axis.plot([low, high], [place + offset] * 2, color=colour, linewidth=2.2, solid_capstyle="butt")
        filled = colour if counted and moment == "after" else "white"
        shape = marker if counted else "D"
        axis.plot(rate, place + offset, marker=shape, markersize=4.5, color=colour, markerfacecolor=filled)


def _words_around(figure: Figure, rows: list[dict[str, Any]], year: int, height: float) -> None:
    whole = next((row for row in rows if (row["group"], row["measure"]) == ("all", "infant")), None)
    title = f"Infant mortality in the United States, {year - 1} and {year}"
    if whole is not None and whole["change_status"] == "tested":
        way = {"increase": "rose", "decrease": "fell", "none": "did not change"}[whole["direction"]]
        title = (
            f"U.S. infant mortality {way} from {whole['published_rate_before']:.2f} in {year - 1} to "
            f"{whole['published_rate_after']:.2f} in {year} per 1,000 live births"
        )
    figure.text(0.02, 1 - 0.32 / height, title, fontsize=13, fontweight="bold", color=_INK, va="center")
    key = 1 - 0.64 / height
    entries = (
        (0.026, _EARLIER, "o", "white", f"{year - 1}, final"),
        (0.135, _LATER, "s", _LATER, f"{year}, final edition (* provisional)"),
        (0.43, _LATER, "D", "white", f"{year}, only the rate compiled: no interval"),
    )
    for left, colour, marker, filled, words in entries:
        mark = Line2D([left], [key], marker=marker, color=colour, markerfacecolor=filled, markersize=5.5)
        figure.add_artist(mark)
        figure.text(left + 0.013, key, words, color=_INK, va="center")
    sources = "; ".join(sorted({row["source"].split(". ", 1)[-1] for row in rows}))
    notes = (
        "Where no line shows beside a mark, the interval is narrower than the mark.",
        "Significant: two-sided test on counts of deaths at the 0.05 level. Change as NCHS prints it, or from counts.",
        "A change of the nation is no finding about any one place, and does not say why.",
        "Groups are not ranked, and small ones have wide intervals; all but Hispanic are non-Hispanic.",
        "Figures on American Indian and Alaska Native people concern tribal nations, sovereign over their data.",
        f"Source: NCHS period linked birth/infant death files (Ely, Driscoll): NVSR 72-11 (2021 final); {sources}.",
    )
    for line, text in enumerate(notes):
        figure.text(0.02, (1.15 - 0.2 * line) / height, text, fontsize=7.5, color=_EARLIER, va="center")
