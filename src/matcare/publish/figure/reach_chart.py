"""A chart of women within reach of each service: a place beside its state and the nation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from matcare.contracts import COVERAGE_MINUTES, SERVICES
from matcare.geo import STATES
from matcare.publish.figure.classes import share_words
from matcare.publish.figure.frames import Rect
from matcare.publish.figure.map_page import page_frame
from matcare.publish.figure.sheet import QUIET, Sheet, wrapped
from matcare.publish.figure.words import caption, standing_words
from matcare.publish.map.themes import SERVICE_WORDS

if TYPE_CHECKING:
    import pandas as pd

    from matcare.publish.figure.region import FigureRegion
    from matcare.publish.finished import FinishedRun

__all__ = ["access_rows", "reach_page"]

_TONES: Final = ("#16324f", "#6d93b8", "#d3dce4")
"""Place, state, nation: each lighter than the one before, in grey too."""

_SERVICES: Final = SERVICE_WORDS | {
    "neonatal_2_plus": f"{SERVICE_WORDS['neonatal_2_plus']}, as reported",
    "neonatal_3_plus": f"{SERVICE_WORDS['neonatal_3_plus']}, as reported",
}
_BY_LEVEL: Final = ("neonatal_2_plus", "neonatal_3_plus")
_REACH_THEME: Final = {"family": "within", "column": "share_women_within_60_birth_care"}
"""What the caption says sources and licence of."""


def access_rows(run: FinishedRun, key: str, region: FigureRegion) -> pd.DataFrame:
    """Return the shares of women within reach of a place.

    Parameters
    ----------
    run : FinishedRun
        Holds them.
    key : str
        ``US``, a postal code or five digits.
    region : FigureRegion
        Its counties say where no level is reported: unknown there, not none.

    Returns
    -------
    pandas.DataFrame
        Indexed by service; ``share_women_within_30`` … ``_90``, NaN where not known.
    """
    table = run.access(key).reindex(list(SERVICES)).astype("float64")
    inside = region.counties
    if key.isdigit():
        inside = inside[inside["county_fips"] == key]
    elif key in STATES:
        inside = inside[inside["state"] == key]
    else:
        return table
    for service in SERVICES:
        reasons = inside[f"minutes_{service}_reason"]
        if len(reasons) and (reasons == "level_not_reported").all():
            table.loc[service] = np.nan
    return table


def reach_page(run: FinishedRun, region: FigureRegion) -> Sheet:
    """Draw the shares of women within reach of each service, of a place beside its state and the nation.

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
    places = region.ladder
    tables = {key: access_rows(run, key, region) for key, _ in places}
    title = "Women 15-44 within 30, 60 and 90 minutes by car"
    said = "; ".join(
        f"{name}, {_SERVICES[service]}: " + ", ".join(
            f"{limit} min {_share_in_words(tables[key], service, limit)}" for limit in COVERAGE_MINUTES
        )
        for key, name in places for service in SERVICES
    )  # fmt: skip
    sheet = Sheet(title=f"{title}: {region.title}", alt=f"Chart of bars. {title}. {said}")
    standard = [name for key, name in places if run.is_default(key)]
    reference = f"{' and '.join(standard)}: the default scenario, all of the nation’s units." if standard else ""
    without = (
        "Women without a road route are not within. Levels are those reported: a unit of unknown level counts in the "
        "last group alone, which is the upper bound. In the nation, women where no level is reported are not within."
    )
    body = page_frame(
        sheet, kicker=region.title, title=title,
        below=[f"Share of women 15-44, at the profile’s speeds. {without}", standing_words(run, ["within"])],
        foot=caption(run, [_REACH_THEME], counts=[_women_words(run, places)], reference=reference),
    )  # fmt: skip
    _draw_access(sheet, places, tables, body)
    return sheet


def _women_words(run: FinishedRun, places: list[tuple[str, str]]) -> str:
    said = []
    for key, name in places:
        women = run.access(key)["women_15_44"]
        said.append(f"{name}: {women.iloc[0]:,.0f}" if len(women) else f"{name}: number not known")
    return f"Women 15-44 (estimates), n: {'; '.join(said)}."


def _share(table: pd.DataFrame, service: str, limit: int) -> float:
    """Return a share, NaN where not known."""
    return float(table[f"share_women_within_{limit}"].to_dict()[service])


def _share_in_words(table: pd.DataFrame, service: str, limit: int) -> str:
    value = _share(table, service, limit)
    return share_words(value) if np.isfinite(value) else "not known"


def _draw_access(sheet: Sheet, places: list[tuple[str, str]], tables: dict[str, pd.DataFrame], body: Rect) -> None:
    label, gap = 190.0, 22.0
    wide = (body.width - label - gap * len(COVERAGE_MINUTES)) / len(COVERAGE_MINUTES)
    top = body.y + body.height - 4
    starts = [body.x + label + k * (wide + gap) for k in range(len(COVERAGE_MINUTES))]
    for x, limit in zip(starts, COVERAGE_MINUTES, strict=True):
        sheet.text(x, top - 9, f"Within {limit} minutes", size=9, bold=True)
    group = (body.height - 24) / len(SERVICES)
    bar = min(15.0, (group - 18) / len(places))
    for k, service in enumerate(SERVICES):
        y = top - 22 - k * group
        sheet.rule(body.x, body.x + body.width, y + 4)
        sheet.text(body.x, y - 8, wrapped(_SERVICES[service], body.width, size=8.5, bold=True)[0], size=8.5, bold=True)
        unknown = "no level reported" if service in _BY_LEVEL else "not known"
        for j, (key, name) in enumerate(places):
            low = y - 13 - (j + 1) * bar
            sheet.text(body.x + 6, low + 3, wrapped(name, label - 12, size=7.8, most=1)[0], size=7.8, bold=j == 0)
            for x, limit in zip(starts, COVERAGE_MINUTES, strict=True):
                room = Rect(x=x, y=low + 1, width=wide - 34, height=bar - 2.5)
                _draw_share(sheet, room, _share(tables[key], service, limit), _TONES[j], unknown)


def _draw_share(sheet: Sheet, room: Rect, value: float, tone: str, unknown: str) -> None:
    if not np.isfinite(value):
        sheet.text(room.x, room.y + 2, unknown, size=7, colour=QUIET)
        return
    sheet.rectangle(room, face="#f1f3f5", layer=1)
    filled = replace(room, width=room.width * value)
    sheet.rectangle(filled, face=tone, edge="#4f5b64", width=0.4, layer=2)
    sheet.text(room.x + room.width + 4, room.y + 2, share_words(value), size=7.5)
