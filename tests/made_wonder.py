"""Writers of exports as CDC WONDER saves them, for tests: the layout is the site's, every number is made.

The layout was taken from a natality export (``wonder_natality_payment_state_2019_2024.csv.gz``, comma-separated) and
from linked and natality exports in public repositories (tab-separated): quoted labels, bare numbers, totals marked in
``Notes``, a footer between rules of three dashes whose long lines are wrapped.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LINKED = "Linked Birth / Infant Death Records, 2007-2022"
EXPANDED = "Linked Birth / Infant Death Records, 2017-2022 Expanded"
NATALITY = "Natality, 2016-2024 expanded"
MORTALITY = "Underlying Cause of Death, 1999-2020"


def export(
    path: Path,
    columns: list[str],
    rows: list[list[object]],
    *,
    measures: list[str] | None = None,
    dataset: str = LINKED,
    years: str | None = "2018; 2019; 2020; 2021; 2022",
    parameters: dict[str, str] | None = None,
    show: tuple[str, str] = ("False", "True"),
    delimiter: str = "\t",
    footer: bool = True,
) -> Path:
    """Write an export; `columns` are pairs of label and code (``County``: also ``County Code``), each row has both.

    A row that begins with ``"Total"`` is a totals row; `show` is Show Zero Values and Show Suppressed.
    """
    measures = ["Deaths", "Births", "Death Rate"] if measures is None else measures
    header = [
        '"Notes"',
        *(f'"{name}"{delimiter}"{name} Code"' for name in columns),
        *(_cell(name, delimiter) for name in measures),
    ]
    lines = [delimiter.join(header)]
    for row in rows:
        notes, cells = (row[0], row[1:]) if row[0] == "Total" else ("", row)
        labels, numbers = cells[: 2 * len(columns)], cells[2 * len(columns) :]
        text = [
            f'"{notes}"' if notes else "",
            *(f'"{label}"' if label != "" else "" for label in labels),
            *(_cell(number, delimiter) for number in numbers),
        ]
        lines.append(delimiter.join(text))
    if footer:
        lines += notes_below(dataset, columns, years=years, parameters=parameters, show=show)
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    return path


def _cell(value: object, delimiter: str) -> str:
    text = str(value)
    return f'"{text}"' if delimiter in text else text


def notes_below(dataset, columns, *, years, parameters=None, show=("False", "True")):
    """The lines from the first rule on."""
    asked = {} if years is None else {("Year" if dataset.startswith("Natality") else "Year of Death"): years}
    asked |= parameters or {}
    asked |= {
        "Group By": "; ".join(columns),
        "Show Totals": "True",
        "Show Zero Values": show[0],
        "Show Suppressed": show[1],
        "Calculate Rates Per": "1,000",
    }
    form = "natality-expanded-current" if dataset.startswith("Natality") else "lbd-current"
    citation = (
        "Suggested Citation: Centers for Disease Control and Prevention, National Center for Health Statistics. National Vital Statistics "
        f"System, Linked Birth / Infant Deaths on CDC WONDER Online Database. Accessed at http://wonder.cdc.gov/{form}.html on Nov 2, 2026 9:15:07 AM"
    )
    lines = ["---", f"Dataset: {dataset}", "Query Parameters:"]
    lines += [
        part for name, value in asked.items() for part in textwrap.wrap(f"{name}: {value}", 126, break_on_hyphens=False)
    ]
    lines += ["---", f"Help: See http://wonder.cdc.gov/wonder/help/{form}.html for more information.", "---"]
    lines += ["Query Date: Nov 2, 2026 9:15:07 AM", "---", *textwrap.wrap(citation, 126, break_on_hyphens=False), "---"]
    lines += [
        "Caveats:",
        "1. Each birth record represents one liveborn infant.",
        "2. Rates on fewer than 20 deaths are unreliable: see help.",
    ]
    return [line if line == "Caveats:" else f'"{line}"' for line in lines]


def rate(deaths: int, births: int) -> str:
    """The rate as WONDER prints it."""
    return f"{1000 * deaths / births:.2f}" + (" (Unreliable)" if deaths < 20 else "")


def place(name: str, code: str, deaths: object, births: object) -> list[object]:
    """One row of a place; a suppressed count suppresses the rate."""
    known = isinstance(deaths, int) and isinstance(births, int) and births > 0
    return [
        name,
        code,
        deaths,
        births,
        rate(deaths, births) if known else "Not Applicable" if births == 0 else "Suppressed",
    ]  # type: ignore[arg-type]


# Ohio names three counties, Delaware one; Kansas names two, one of them suppressed.
COUNTIES = [
    place("New Castle County, DE", "10003", 190, 31000),
    place("Unidentified Counties, DE", "10999", 150, 21000),
    place("Johnson County, KS", "20091", 150, 36000),
    place("Sedgwick County, KS", "20173", "Suppressed", 34000),
    place("Unidentified Counties, KS", "20999", 600, 100000),
    place("Cuyahoga County, OH", "39035", 520, 70000),
    place("Franklin County, OH", "39049", 610, 90000),
    place("Lucas County, OH", "39095", 15, 26000),
    place("Unidentified Counties, OH", "39999", 2900, 460000),
]


def counties(path: Path, rows: list[list[object]] | None = None, **options) -> Path:
    """A linked export by county, five years together."""
    return export(path, ["County of Residence"], COUNTIES if rows is None else rows, **options)


def states(path: Path, rows: list[list[object]], **options) -> Path:
    """A linked export by state."""
    return export(path, ["State of Residence"], rows, **options)
