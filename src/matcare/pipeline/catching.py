"""Floating catchments by any method: ``matcare catchments``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.contracts.catchments import CATCHMENT_METHODS, CATCHMENT_UNITS, CATCHMENTS
from matcare.errors import InputError
from matcare.measures.catchment_tables import catchment_units, county_catchments
from matcare.measures.catchments import catchments
from matcare.measures.raam import raam_catchments
from matcare.measures.unit_births import allocate_births
from matcare.pipeline.drawing import drawn_counties, drawn_facilities, short_care
from matcare.pipeline.outputs import deliver
from matcare.pipeline.questions import Question, ask, number, records
from matcare.pipeline.report import SILENT
from matcare.publish.answers import Answer, TerminalTable
from matcare.publish.map.comparison_theme import ComparisonTheme, binned
from matcare.scenario.decay import decay_named
from matcare.tables.user_supply import read_supply

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from matcare.measures.study_area import StudyArea
    from matcare.pipeline.report import Report
    from matcare.scenario import Scenario

__all__ = ["SUPPLIES", "score_catchments"]

SUPPLIES: Final = ("one", "births", "clinicians")
"""What a unit's supply can be without a file of the user's."""

_RAMP: Final = ("#f1eef6", "#bdc9e1", "#74a9cf", "#2b8cbe", "#045a8d")
_NOTHING: Final = "#c9b79c"
_CLASSES: Final = 5
SHOWN: Final = 8
"""Rows of a table on the terminal."""


def score_catchments(
    scenario: Scenario,
    *,
    methods: Sequence[str] = ("e2sfca",),
    service: str = "birth_care",
    supply: str = "one",
    decay: str | None = None,
    data_dir: Path | None = None,
    out: Path | None = None,
    report: Report | None = None,
) -> Answer:
    """Score everyone's supply of units by floating catchments, and write it.

    Parameters
    ----------
    scenario : Scenario
        Its states' counties are reported; everyone around competes for their units.
    methods : sequence of str
        Of :data:`matcare.contracts.catchments.CATCHMENT_METHODS`.
    service : str
        The service.
    supply : str
        One of :data:`SUPPLIES`, or a user's file with ``facility_id, supply``.
    decay : str, optional
        A named decay in place of each method's own; not for RAAM.
    data_dir, out : pathlib.Path, optional
        Data tables in place of the embedded ones; output folder.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Answer
        ``catchments.csv`` (by county and method), ``catchment_units.csv``.

    Raises
    ------
    InputError
        When an option or a file is not usable.
    OutputError
        When the output cannot be written.
    """
    report = report or SILENT
    for method in methods:
        if method not in CATCHMENT_METHODS:
            raise InputError(f"unknown method {method!r}: one of {', '.join(CATCHMENT_METHODS)}")
    if supply not in SUPPLIES and not Path(supply).suffix:
        raise InputError(f"--supply is {supply!r}: one of {', '.join(SUPPLIES)}, or a file with facility_id, supply")
    chosen = None if decay is None else decay_named(decay)
    target = out or Path("maps") / f"catchments-{scenario.region}"

    def make() -> Answer:
        question = ask(scenario, data_dir=data_dir, report=report)
        area, states = question.area, question.opened.states or None
        with report.step("supply of the units"):
            amounts, basis = _supply(question, service, supply)
        tables, units = [], []
        for method in dict.fromkeys(methods):
            with report.step(CATCHMENT_METHODS[method]):
                options: dict[str, Any] = {"service": service, "supply": amounts}
                if basis is not None:
                    options["supply_basis"] = basis
                found = (
                    raam_catchments(area, **options)
                    if method == "raam"
                    else catchments(area, method=method, decay=chosen, **options)
                )
            tables.append(county_catchments(area, found, states=states))
            units.append(catchment_units(area, found, states=states))
        return _answer(
            question, pd.concat(tables, ignore_index=True), pd.concat(units, ignore_index=True), service, supply
        )

    return deliver(make, command="catchments", target=target, report=report)


def _supply(question: Question, service: str, supply: str) -> tuple[npt.NDArray[np.float64] | None, str | None]:
    """Return the supply of every facility, and what it is in words; neither for one per unit."""
    area = question.area
    if supply == "one":
        return None, None
    if supply not in SUPPLIES:
        return read_supply(Path(supply), area.facilities), f"the user's column ({Path(supply).name})"
    births = allocate_births(area, service=service).births
    if supply == "births":
        return births, "estimated births (gravity)"
    return _clinicians(area, service, births), "clinicians of the county, shared over its units by estimated births"


def _clinicians(area: StudyArea, service: str, births: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Share each county's OB-GYNs and nurse-midwives over its units; unknown where its clinicians are."""
    counties = area.counties.set_index("county_fips")
    both = counties["obgyns"] + counties["midwives"]
    home = area.facilities["county_fips"]
    weight = pd.Series(births, index=home.index).clip(lower=1e-9)  # an only unit has them all, whatever its births
    weight = weight.where(area.members(service), 0.0)
    whole = weight.groupby(home).transform("sum")
    return np.asarray(weight / whole.where(whole > 0) * home.map(both), dtype=np.float64)


def _answer(question: Question, table: pd.DataFrame, units: pd.DataFrame, service: str, supply: str) -> Answer:
    region = sorted(question.opened.region)
    mine = table[table["state"].isin(region)].reset_index(drop=True)
    wide = mine.pivot_table(index="county_fips", columns="method", values="score", observed=True).add_prefix("score_")
    drawn = drawn_counties(question.area.counties, wide.reset_index(), states=region)
    words = short_care(service)
    methods = list(dict.fromkeys(mine["method"]))
    summary = [_summary(method, mine[mine["method"] == method]) for method in methods]
    bounds = int((mine["reason"] == "partly_known").sum())
    lowest = mine[
        (mine["method"] == methods[0]) & (mine["reason"] != "partly_known") & mine["score"].notna()
    ].sort_values("score", ascending=methods[0] != "raam")
    basis = mine["supply_basis"].iloc[0]
    return Answer(
        command="catchments",
        title=f"{question.place}: floating catchments of {words}",
        subtitle=f"supply: {basis}; facility data to {question.opened.data_date}",
        asked={"methods": methods, "service": service, "supply": Path(supply).name},
        tables={"catchments.csv": (CATCHMENTS, mine), "catchment_units.csv": (CATCHMENT_UNITS, units)},
        map_options={
            "counties": drawn,
            "facilities": drawn_facilities(question.area, service, counties=drawn, roles={}, words={}),
            "themes": [_theme(method, drawn[f"score_{method}"]) for method in methods if f"score_{method}" in drawn],
        },
        terminal=[
            TerminalTable(
                title="By method: county scores, weighted by women 15-44",
                columns=("method", "counties", "women", "median", "none in range"),
                rows=summary,
            ),
            TerminalTable(
                title=f"Counties with the {'highest cost' if methods[0] == 'raam' else 'lowest score'} by {methods[0]}",
                columns=("county", "score", "women"),
                rows=[
                    [f"{row['county_name']}, {row['state']}", number(row["score"], 3), number(row["women_15_44"])]
                    for row in records(lowest.head(SHOWN))
                ],
            ),
        ],
        lines=[
            "A score is per 1,000 estimated births (RAAM: a cost); it knows nothing of quality or capacity.",
            *(
                [f"{bounds:,} county scores leave units of unknown supply out: lower bounds, not ranked."]
                if bounds
                else []
            ),
        ],
        words=("The lowest tenth of births is a rank by construction, never a desert.",),
        **question.provenance(),
    )


def _ramp(ramp: tuple[str, ...], cuts: list[float], count: int) -> list[str]:
    """Return as many colours as classes; "none in range" has one apart."""
    colours = list(ramp[-count:])
    if cuts and cuts[0] == 0:
        colours[0] = _NOTHING
    return colours


def _summary(method: str, rows: pd.DataFrame) -> list[str]:
    women = rows["women_15_44"].fillna(0)
    known = rows["score"].notna()
    order = rows[known].sort_values("score")
    cut = order["women_15_44"].fillna(0).cumsum()
    median = order.loc[cut >= cut.iloc[-1] / 2, "score"].iloc[0] if len(order) and cut.iloc[-1] > 0 else float("nan")
    none = float((rows["share_women_none_in_range"].fillna(0) * women).sum())
    return [method, f"{int(known.sum()):,}", number(float(women.sum())), number(float(median), 3), number(none)]


def _theme(method: str, scores: pd.Series) -> ComparisonTheme:
    """Return the scores of one method in five classes of as many counties, their breaks in the legend."""
    known = scores.dropna()
    cuts = sorted({float(f"{value:.3g}") for value in known.quantile(np.linspace(0.2, 0.8, _CLASSES - 1))})
    lows = [None, *cuts]
    labels = [
        *(
            "0: none in range" if high == 0 else f"{'up to' if low is None else f'over {low:g} to'} {high:g}"
            for low, high in zip(lows, cuts, strict=False)
        ),
        f"over {cuts[-1]:g}" if cuts else "all",
    ]
    ramp = _RAMP if method != "raam" else _RAMP[::-1]
    cost = "cost, lower is better" if method == "raam" else "units of supply per 1,000 estimated births"
    return ComparisonTheme(
        family="Floating catchment", column=f"score_{method}", label=method,
        title=f"{CATCHMENT_METHODS[method]}: {cost}",
        note="Classes hold about as many counties each. A rank, no threshold of need.",
        classes=binned([*cuts, None], labels, _ramp(ramp, cuts, len(labels))), form="hundredths",
    )  # fmt: skip
