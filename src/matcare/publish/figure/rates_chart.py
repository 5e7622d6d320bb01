"""A chart of infant mortality with its intervals: a place beside its state and the nation.

A rate stands here only as published. Where there is none, words say why; a modelled rate is never drawn beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.geo import STATES
from matcare.publish.figure.frames import Rect
from matcare.publish.figure.map_page import page_frame
from matcare.publish.figure.region import shortened
from matcare.publish.figure.sheet import QUIET, Sheet, wrapped
from matcare.publish.figure.words import caption, standing_words

if TYPE_CHECKING:
    from matcare.publish.figure.region import FigureRegion
    from matcare.publish.finished import FinishedRun

__all__ = ["RateRow", "rate_rows", "rates_page"]

_TONE: Final = "#16324f"
_GRID: Final = "#d9dee2"
_MOST_COUNTIES: Final = 24
"""A state's counties are listed up to so many, by name: more would need another page."""

_RELIABLE_DEATHS: Final = 20
_LEAST_COUNT: Final = 10
_RATE: Final = ("imr", "imr_low", "imr_high")
_COUNTS: Final = ("infant_deaths", "live_births")
_APPORTIONED: Final = "apportioned"
_RATE_THEME: Final = {"family": "imr", "column": "imr"}
"""What the caption says sources and licence of."""


@dataclass(frozen=True, kw_only=True)
class RateRow:
    """One line of the chart of infant mortality.

    Attributes
    ----------
    label : str
        The place.
    rate, low, high : float
        Published rate per 1,000 live births with its 95 % interval; NaN where there is none.
    words : str
        The rate in words, or why there is none.
    whole : bool
        Whether the place is a state or the nation.
    shaky : bool
        Whether the rate is unreliable or apportioned: drawn hollow.
    """

    label: str
    rate: float
    low: float
    high: float
    words: str
    whole: bool = False
    shaky: bool = False


def rate_rows(run: FinishedRun, region: FigureRegion) -> list[RateRow]:
    """Return the lines of the chart of infant mortality.

    Parameters
    ----------
    run : FinishedRun
        Rates of counties; those of states and the nation are the embedded, published ones.
    region : FigureRegion
        The place: of a state, its counties follow by name where they are few; they are not ranked.

    Returns
    -------
    list of RateRow
    """
    rows = []
    counties = region.counties
    if region.outlined is not None:
        rows.append(_county_row(run, counties.iloc[region.outlined]))
    for key, words in region.ladder:
        if not key.isdigit():
            rows.append(_whole_row(run, key, words))
    published = counties[counties["imr"].notna()] if region.outlined is None else counties.iloc[:0]
    if region.key in STATES and 0 < len(published) <= _MOST_COUNTIES:
        rows += [_county_row(run, row) for _, row in published.sort_values("county_name").iterrows()]
    return rows


def _whole_row(run: FinishedRun, key: str, label: str) -> RateRow:
    found = run.reference.rates[run.reference.rates["place"] == key]
    if found.empty or pd.isna(found["imr"].iloc[0]):
        return RateRow(label=label, rate=np.nan, low=np.nan, high=np.nan, whole=True,
                       words="Not reported: the source has no figure. This is not zero.")  # fmt: skip
    row = found.iloc[0]
    period = run.reference.period
    years = "" if (run.counties["outcome_period"] == period).all() else f" Of {period}."
    return RateRow(
        label=label, rate=row["imr"], low=row["imr_low"], high=row["imr_high"], whole=True,
        words=_rate_words(*(row[name] for name in (*_RATE, *_COUNTS))) + years,
        shaky=bool(row["infant_deaths"] < _RELIABLE_DEATHS),
    )  # fmt: skip


def _county_row(run: FinishedRun, county: pd.Series) -> RateRow:
    label = shortened(str(county["county_name"]))
    rate = county["imr"]
    status = county["imr_status"]
    if pd.isna(rate):
        return RateRow(label=label, rate=np.nan, low=np.nan, high=np.nan, words=_why_no_rate(run, county))
    reserve = {
        "published_unreliable": " Unreliable: under 20 deaths. Not to be ranked or compared.",
        _APPORTIONED: " Apportioned from the old counties: an estimate without interval, not a published rate.",
    }.get(status, "")
    # Apportioned counts have fractions, and are nobody's published counts.
    own, counts = (tuple(county[name] for name in names) for names in (_RATE, _COUNTS))
    words = _rate_words(*own) + reserve if reserve else _rate_words(*own, *counts)
    if reserve and status != _APPORTIONED:  # the reserve comes first: a row of one line may be cut
        words += _counts_words(*counts)
    return RateRow(
        label=label, rate=rate, low=county["imr_low"], high=county["imr_high"], words=words, shaky=bool(reserve)
    )


def _why_no_rate(run: FinishedRun, county: pd.Series) -> str:
    """Say why a county has no published rate, in the words of the map's panel."""
    few = run.about["outcomes"]["not_published"]
    period = county["outcome_period"]
    not_zero = "This is not zero, and not missing."
    return {
        "modelled": f"No rate is published: {few} in {period}. {not_zero}",
        "suppressed": f"Suppressed: {few} in {period}, so no rate is published. {not_zero}",
        "not_identified": f"Not named: the export for {period} names only large counties.",
    }.get(county["imr_status"], "Not reported: the source has no figure for this county. This is not zero.")


def _rate_words(rate: float, low: float, high: float, deaths: float = np.nan, births: float = np.nan) -> str:
    """Return a rate with its interval and what it stands on; a count below ten is never said."""
    within = f" (95 % interval {low:.2f} to {high:.2f})" if np.isfinite([low, high]).all() else ""
    said = _counts_words(deaths, births)
    return f"{rate:.2f}{within}{f':{said}' if said else '.'}"


def _counts_words(deaths: float, births: float) -> str:
    if not (deaths >= _LEAST_COUNT and births > 0):  # NaN is neither
        return ""
    return f" {deaths:,.0f} deaths, {births:,.0f} births."


def rates_page(run: FinishedRun, region: FigureRegion) -> Sheet:
    """Draw infant mortality of a place beside its state and the nation.

    Parameters
    ----------
    run : FinishedRun
        What it is drawn from.
    region : FigureRegion
        The place.

    Returns
    -------
    Sheet
    """
    rows = rate_rows(run, region)
    period = str(region.counties["outcome_period"].iloc[0])
    reference = f"Rates of states and of the nation: published counts of {run.reference.period}."
    title = f"Infant deaths per 1,000 live births, {period}, with 95 % intervals"
    said = "; ".join(f"{row.label}: {row.words}" for row in rows)
    sheet = Sheet(title=f"{title}: {region.title}", alt=f"Chart of dots with intervals. {title}. {said}")
    note = (
        "A dot (county) or square (state, nation) is a published rate, the line its 95 % interval; where no line "
        "shows, it is narrower than the mark. Intervals that overlap leave open whether two places differ. Counties "
        "stand by name and are not ranked."
    )
    if any(row.shaky for row in rows):
        note += " Hollow: a rate with a reserve, which stands beside it."
    body = page_frame(
        sheet, kicker=region.title, title=title, below=[note, standing_words(run, ["imr"])],
        foot=caption(run, [_RATE_THEME], counts=[_published_words(region)], reference=reference),
    )  # fmt: skip
    _draw_rates(sheet, rows, body)
    return sheet


def _published_words(region: FigureRegion) -> str:
    if region.outlined is not None:
        county = region.counties.iloc[region.outlined]
        if pd.isna(county["imr"]):
            return "n = 0: the county’s own rate is not published; its state and the nation stand for comparison."
        what = "an apportioned" if county["imr_status"] == _APPORTIONED else "a published"
        return f"n = 1 county with {what} rate, beside its state and the nation."
    total, rated = len(region.counties), int(region.counties["imr"].notna().sum())
    apportioned = int((region.counties["imr"].notna() & (region.counties["imr_status"] == _APPORTIONED)).sum())
    published = rated - apportioned
    listed = f" They are more than the {_MOST_COUNTIES} that are listed here: see counties.csv."
    more = listed if rated > _MOST_COUNTIES else ""
    shared = f", {apportioned:,} with an apportioned one" if apportioned else ""
    without = "; the others have too few deaths or no report" if rated < total else ""
    noun = "county" if total == 1 else "counties"
    return f"n = {published:,} of {total:,} {noun} with a published rate{shared}{without}.{more}"


def _draw_rates(sheet: Sheet, rows: list[RateRow], body: Rect) -> None:
    left, right = body.x + 150.0, body.x + body.width - 290.0
    step = min(64.0, (body.height - 40) / max(len(rows), 1))
    size = 9.5 if step > 24 else 7.6  # noqa: PLR2004 - points
    limits = [value for row in rows for value in (row.rate, row.low, row.high) if np.isfinite(value)]
    end = _round_end(max(limits, default=10.0))
    bottom = body.y + body.height - 8 - step * len(rows)
    for tick in _ticks(end):
        x = left + (right - left) * tick / end
        sheet.segment(x, bottom, x, body.y + body.height - 6, colour=_GRID, width=0.6, layer=1)
        sheet.text(x, bottom - 11, f"{tick:g}", size=7.5, colour=QUIET, align="center")
    sheet.text((left + right) / 2, bottom - 24, "Infant deaths per 1,000 live births", size=8, align="center")
    for k, row in enumerate(rows):
        y = body.y + body.height - 8 - step * (k + 0.5)
        names = wrapped(row.label, 142, size=size, bold=row.whole or k == 0, most=2)
        words = wrapped(row.words, 280, size=min(size, 8.5), most=max(1, int(step // 10)))
        _beside(sheet, body.x, y, names, size, bold=row.whole or k == 0)
        _beside(sheet, right + 12, y, words, min(size, 8.5))
        if not np.isfinite(row.rate):
            sheet.rectangle(Rect(x=left + 4, y=y - 7, width=82, height=14), face="#ffffff", layer=2)
            sheet.text(left + 7, y - 3, "no published rate", size=7.8, colour=QUIET)
            continue
        rate, low, high = (left + (right - left) * value / end for value in (row.rate, row.low, row.high))
        if np.isfinite(low) and np.isfinite(high):
            sheet.segment(low, y, high, y, colour=_TONE, width=2.4)
        sheet.axes.plot(
            [rate], [y], linestyle="none", marker="s" if row.whole else "o", markersize=7, zorder=6,
            markerfacecolor="#ffffff" if row.shaky else _TONE, markeredgecolor=_TONE, markeredgewidth=1.4,
        )  # fmt: skip


def _round_end(most: float) -> float:
    return float(np.ceil(most / 2) * 2) if most > 0 else 2.0


def _ticks(end: float) -> list[float]:
    step = 2.0 if end <= 20 else 5.0 if end <= 50 else 20.0  # noqa: PLR2004 - per 1,000
    return [float(value) for value in np.arange(0, end + step / 2, step)]


def _beside(sheet: Sheet, x: float, y: float, lines: list[str], size: float, *, bold: bool = False) -> None:
    """Write lines with their middle at `y`."""
    sheet.lines(x, y + len(lines) * size * 0.62, lines, size=size, bold=bold)
