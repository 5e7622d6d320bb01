"""What stands around a figure: rule and dates above it; counts, cautions, sources and licence below it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcare.contracts import COUNTY_RESULTS
from matcare.publish.figure.classes import MODELLED, share_words
from matcare.publish.figure.region import shortened
from matcare.publish.provenance import CAVEATS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matcare.publish.figure.classes import Classified
    from matcare.publish.finished import FinishedRun

__all__ = [
    "CLAIMED",
    "alt_words",
    "caption",
    "class_words",
    "count_words",
    "note_words",
    "short_count_words",
    "standing_words",
    "title_words",
    "with_women",
]

_REACH: Final = ("demand", "facilities", "road_edges")
_RATES: Final = ("outcomes", "states")
_TABLES: Final[dict[str, tuple[str, ...]]] = {
    "class": ("facilities",),
    "imr": _RATES,
    "clusters": (*_RATES, *_REACH),
    "profile": ("county_indicators", "state_indicators", *_REACH),
    "context": (),
}
"""Tables that a family of themes stands on; the others stand on reach."""

_RULE_SOURCES: Final = ("hrsa_ahrf_2025", "census_sahie_2023", "census_births_2024")
_ALWAYS: Final = ("census_county_shapes_2024", "census_agesex_2023")
_NEVER: Final = ("ahr_state_measures", "cdc_wonder_natality_payment", "kff_medicaid_expansion", "policies_by_hand")
"""Sources of a state's policies stand in the table of states, and in no rate."""

_MODEL_COLUMNS: Final = ("svi", "rucc_2023", "share_low_birthweight", "births_per_year")
"""What the model of unpublished rates stands on, beside the minutes to neonatal level III."""

_OUTCOMES: Final = ("imr", "clusters", "profile")
_BY_RULE: Final = ("class", "definitions", "certainty")
_WITHOUT_ROADS: Final = ("class", "imr", "profile", "context")
_SHOWN_CORRECTIONS: Final = 3
_PLACES, _LEVELS, _NOT_FOR, _MODELLED, _ASSOCIATION = (CAVEATS[k] for k in (0, 2, 3, 8, 9))
CLAIMED: Final = "Hospitals that one federal file alone claims are counted."
_ESTIMATES: Final = "Women and births are Census estimates."


def title_words(run: FinishedRun, theme: Mapping[str, Any]) -> str:
    """Return a theme's title; that of a rate names its years."""
    if theme["family"] == "imr":
        return f"{theme['title']}, {run.counties['outcome_period'].iloc[0]}" if len(run.counties) else theme["title"]
    return str(theme["title"])


def note_words(theme: Mapping[str, Any]) -> str:
    """Return what a theme's numbers mean, and which hospitals count."""
    return f"{CLAIMED} {theme['note']}" if theme["bound"] else str(theme["note"])


def class_words(themes: Sequence[Mapping[str, Any]]) -> str:
    """Return how the classes of the themes shown were made, each way once.

    Examples
    --------
    >>> class_words([{"classed": "Classes: fixed limits."}, {"classed": "Classes: fixed limits."}, {}])
    'Classes: fixed limits.'
    """
    return " ".join(dict.fromkeys(str(theme["classed"]) for theme in themes if theme.get("classed")))


def standing_words(run: FinishedRun, families: Iterable[str]) -> str:
    """Return rule, speeds, data date and corrections, as far as they bear on the families shown."""
    families = set(families)
    scenario = run.about["scenario"]
    parts = []
    if families & {"imr", "clusters"} and len(run.counties):
        parts.append(f"Deaths and births of {run.counties['outcome_period'].iloc[0]}")
    if families & set(_BY_RULE):
        parts.append(f"Rule: {scenario['rule']['name']}")
    if families - set(_WITHOUT_ROADS):
        parts.append(f"Speeds: profile {scenario['profile']}")
    parts.append(f"Facilities as of {run.data_date}")
    corrections = run.corrections
    if corrections:
        shown = "; ".join(shortened(text, 90) for text in corrections[:_SHOWN_CORRECTIONS])
        more = len(corrections) - _SHOWN_CORRECTIONS
        parts.append(f"Corrections in force: {shown}" + (f"; and {more} more, see run.json" if more > 0 else ""))
    else:
        parts.append("No corrections in force")
    return " · ".join(parts)


def count_words(result: Classified) -> str:
    """Say how many counties have a value, how many do not, and why.

    Returns
    -------
    str
        ``n = 51 of 53 counties with a value. Without a value: suppressed (too few deaths) (2).``
    """
    counts = result.counties_by_row
    total = int(counts.sum())
    having = int(result.with_value.sum())
    noun = "county" if total == 1 else "counties"
    modelled = result.modelled
    if modelled.any():  # no observation, so never added to what was observed
        having -= int(modelled.sum())
        words = f"n = {having:,} of {total:,} {noun} with a published or apportioned rate"
        words += f", and {int(modelled.sum()):,} with a modelled one, which is no observation"
    else:
        words = f"n = {having:,} of {total:,} {noun} with a value"
    if total:
        words += f" ({with_women(result, result.with_value & ~modelled)}"
        words += f"; {with_women(result, modelled)} modelled)" if modelled.any() else ")"
    reserved = _listed(
        pair
        for pair in zip(result.overlays, result.counties_by_overlay, strict=True)
        if not (modelled.any() and pair[0].get("value") == MODELLED)
    )
    without = _listed(zip(result.missing, counts[len(result.classes) :], strict=True))
    words += f"; of these: {reserved}." if reserved else "."
    return f"{words} Without a value: {without}." if without else words


def short_count_words(results: Sequence[Classified]) -> str:
    """Say how many counties have a value of each of several themes; their legends say why the others have none."""
    having = [int(result.with_value.sum()) for result in results]
    modelled = [(k, int(result.modelled.sum())) for k, result in enumerate(results, start=1) if result.modelled.any()]
    apart = "".join(f" Of ({k}), {count:,} are modelled, no observation." for k, count in modelled)
    total = len(results[0].row)
    if len(set(having)) == 1:
        return f"n = {having[0]:,} of {total:,} counties with a value of each theme.{apart}"
    each = "; ".join(f"({k}) {count:,}" for k, count in enumerate(having, start=1))
    return f"n of {total:,} counties with a value: {each}. The legends say why the others have none.{apart}"


def _listed(pairs: Iterable[tuple[Mapping[str, Any], int]]) -> str:
    """Return the labels that occur, each with its number of counties."""
    return "; ".join(f"{_lower(entry['label'])} ({count:,})" for entry, count in pairs if count)


def with_women(result: Classified, which: Any) -> str:
    """Say what share of the women live in some of the counties."""
    everyone = float(result.women.sum())
    if everyone <= 0:
        return "number of women not known"
    return f"{share_words(float(result.women[np.asarray(which)].sum()) / everyone)} of women 15-44"


def _lower(label: str) -> str:
    """Return a label within a sentence; initials such as NICU keep their capitals."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def caption(
    run: FinishedRun,
    themes: Sequence[Mapping[str, Any]],
    *,
    counts: Sequence[str],
    reference: str = "",
    brief: bool = False,
) -> list[str]:
    """Return the paragraphs below a figure.

    Parameters
    ----------
    run : FinishedRun
        What it was drawn from.
    themes : sequence of mapping
        ``family`` and ``column`` of each theme shown.
    counts : sequence of str
        How many counties have a value.
    reference : str
        What else stands in it, in words.
    brief : bool
        Whether to name publishers and years only, where a page has little room.

    Returns
    -------
    list of str
        Counts, cautions, sources, licence.
    """
    return [
        *[text for text in counts if text],
        " ".join([*_cautions([theme["family"] for theme in themes]), reference]).strip(),
        f"Sources (in full in run.json): {_sources(run, themes, brief=brief)}.",
        _licence(run, themes),
    ]


def _cautions(families: Sequence[str]) -> list[str]:
    shown = set(families)
    cautions = [_PLACES]
    if shown - set(_WITHOUT_ROADS):
        cautions.append("Minutes are for a car at the profile’s speeds, without waiting.")
    if shown - {"imr", "context", "profile"}:
        cautions += [_LEVELS, _NOT_FOR, "Obstetric services change monthly: correct a unit with --corrections FILE."]
    if "imr" in shown:
        cautions.append(_MODELLED)
    if shown & {"imr", "clusters", "profile", "context"}:
        cautions.append(_ASSOCIATION)
    return [*cautions, _ESTIMATES]


def _sources(run: FinishedRun, themes: Sequence[Mapping[str, Any]], *, brief: bool) -> str:
    """Return publishers with titles and vintages of what the themes stand on, and the user's own files."""
    tables = {table for theme in themes for table in _TABLES.get(theme["family"], _REACH)}
    if any(theme.get("fallback") == "imr_modelled" for theme in themes):
        tables |= set(_REACH)  # minutes to level III are in the model
    named = {*_ALWAYS, *(name for theme in themes for name in _named_sources(theme))}
    by_publisher: dict[str, list[Mapping[str, Any]]] = {}
    for source in run.about["sources"]:
        profile = "state_indicators" in tables
        if source["id"] in named or (tables & set(source["tables"]) and (profile or source["id"] not in _NEVER)):
            by_publisher.setdefault(source["publisher"], []).append(source)
    said = _years if brief else _titles
    lines = [f"{publisher.split(' (')[0]} ({said(found)})" for publisher, found in by_publisher.items()]
    scenario = run.about["scenario"]
    if "outcomes" in tables:  # who counted the deaths; the list names by whose way they came
        lines.insert(0, run.about["outcomes"]["source"])
    own = [name for name in ("facilities", "corrections", "roads") if scenario.get(name)]
    return "; ".join([*lines, *(f"the user’s {name}" for name in own)])


def _named_sources(theme: Mapping[str, Any]) -> list[str]:
    """Return ids of sources that a theme's own column names, and those of the rule."""
    rule = list(_RULE_SOURCES) if theme["family"] in _BY_RULE else []
    columns = [theme["column"]]
    if theme.get("fallback"):
        columns += [theme["fallback"], *(_MODEL_COLUMNS if theme["fallback"] == "imr_modelled" else ())]
    return [*rule, *(source for column in columns for source in _column_sources(column))]


def _column_sources(column: str) -> list[str]:
    if column not in COUNTY_RESULTS.names:
        return []
    return [word.strip() for word in COUNTY_RESULTS.column(column).source.split(",")]


def _titles(sources: Sequence[Mapping[str, Any]]) -> str:
    """Return titles without what is after their colon or comma, each once with its vintages."""
    vintages: dict[str, list[str]] = {}
    for source in sources:
        title = re.split(r"[,:(]", source["title"])[0].strip()
        vintage = "" if source["vintage"] == "not stated" else source["vintage"].split(",")[0]
        vintages.setdefault(title, []).append(vintage)
    return "; ".join(
        f"{title} {', '.join(dict.fromkeys(filter(None, found)))}".strip() for title, found in vintages.items()
    )


def _years(sources: Sequence[Mapping[str, Any]]) -> str:
    """Return the first and last year that the vintages name."""
    years = sorted({year for source in sources for year in re.findall(r"(?:19|20)\d\d", source["vintage"])})
    return "year not stated" if not years else years[0] if len(years) == 1 else f"{years[0]}-{years[-1]}"


def _licence(run: FinishedRun, themes: Sequence[Mapping[str, Any]]) -> str:
    licences = run.about["licences"]
    terms = dict.fromkeys(licences[_licensed_as(theme)] for theme in themes)
    made = f"matcare {run.about['matcare']}, run of {run.about['created'][:10]}"
    return f"Licence: {'; '.join(terms).replace('under `sources`', 'in run.json')}. {made}."


def _licensed_as(theme: Mapping[str, Any]) -> str:
    """Return the file of a run under whose terms a theme's numbers stand."""
    if theme["family"] in _OUTCOMES or any(name.startswith("chr_") for name in _column_sources(theme["column"])):
        return "counties.csv"
    return "facilities.csv" if theme["family"] in ("class", "context") else "block_groups.parquet"


def alt_words(title: str, place: str, results: Sequence[Classified]) -> str:
    """Say in words what a page of maps shows, for those who do not see it."""
    parts = []
    for result in results:
        counts = [
            f"{entry['label']}: {count:,}"
            for entry, count in zip(result.rows, result.counties_by_row, strict=True)
            if count
        ]
        about = f"{result.theme['title']}. " if len(results) > 1 else ""
        parts.append(f"{about}Counties by class: {'; '.join(counts) or 'none'}.")
    return f"Map of counties, {place}: {title}. {' '.join(parts)}"
