"""Sentences on infant mortality: what is published, with its interval; what is not known; what is only modelled.

A modelled rate has sentences of its own, which go into a box of their own and nowhere else. A rate is set beside the
state's and the nation's only where it is published and reliable, and then by intervals, as far as they carry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcare.publish.brief.words import home_word, percent, rate, span, whole
from matcare.publish.map.outcome_themes import CLUSTER_WORDS

if TYPE_CHECKING:
    from matcare.publish.brief.data import PublishedRate

__all__ = [
    "cluster_sentences",
    "comparison_sentences",
    "modelled_sentences",
    "outcome_sentences",
    "place_rate_sentence",
    "shrunk_facts",
]

Row = dict[str, Any]

_RELIABLE: Final = "published"
_UNTELLING: Final = frozenset({None, "not_significant", "no_neighbour", "no_rate"})
_CLUSTERS: Final = {
    "cluster_imr": "Cluster of infant mortality (local Moran)",
    "hot_spot_imr": "Infant mortality with its neighbours (Gi*)",
    "cluster_imr_minutes": "Its infant mortality beside its neighbours' minutes",
    "cluster_minutes_birth_care": "Cluster of minutes to birth care (local Moran)",
}


def outcome_sentences(row: Row, not_published: str) -> list[str]:
    """Return what is known of a county's infant mortality, and what is not; never a modelled rate.

    Parameters
    ----------
    row : dict
        Of `COUNTY_RESULTS`.
    not_published : str
        What the source of the outcomes does not publish, in words.

    Returns
    -------
    list of str
        Sentences.
    """
    status, period, home = row["imr_status"], row["outcome_period"], _home(row)
    if status in {"modelled", "suppressed"}:
        return [
            (
                f"No rate is published: {not_published} in {period}. This is not zero, and not missing: the "
                f"{home}'s own rate is withheld because it would stand on too few deaths."
            )
        ]
    if status == "not_identified":
        return [
            (
                f"The export for {period} names only large counties; this one is in its state's remainder. Its own "
                "rate is not known."
            )
        ]
    if row["imr"] is None:
        return [f"Not reported: the source has no figure for this {home}. That is not zero."]
    within = span(row["imr_low"], row["imr_high"], 2)
    interval = f" (95 % interval {within})" if within else ""
    found = [f"In {period}, {rate(row['imr'])} infants died per 1,000 live births{interval}{_stands_on(row)}."]
    if status == "published_unreliable":
        found.append("This rate is unreliable: it stands on fewer than 20 deaths. Do not rank or compare it.")
    if status == "apportioned":
        found.append(
            "This rate is apportioned: Connecticut's counts by old county were shared out to its planning regions by "
            "weights. It is an estimate, not a published rate, so it has no interval and is not compared."
        )
    return found


def _stands_on(row: Row) -> str:
    """Return the counts; of apportioned ones, which have fractions, only that they are."""
    deaths, births = row["infant_deaths"], row["live_births"]
    if deaths is None or births is None:
        return ""
    about = "about " if row["imr_status"] == "apportioned" else ""
    return f": {about}{whole(deaths)} deaths among {about}{whole(births)} live births"


def comparison_sentences(row: Row, others: list[tuple[str, PublishedRate | None]]) -> list[str]:
    """Return how a reliable published rate lies beside others, by intervals alone.

    Parameters
    ----------
    row : dict
        Of `COUNTY_RESULTS`.
    others : list of tuple
        Name (as "the state's") and rate.

    Returns
    -------
    list of str
        Empty unless the county's rate is published, reliable, and of the same years as the other.
    """
    low, high = row["imr_low"], row["imr_high"]
    if row["imr_status"] != _RELIABLE or low is None or high is None:
        return []
    found = []
    for name, other in others:
        if other is None or other.low is None or other.high is None or other.period != row["outcome_period"]:
            continue
        if low > other.high:
            how = f"lies above {name} ({span(other.low, other.high, 2)})"
        elif high < other.low:
            how = f"lies below {name} ({span(other.low, other.high, 2)})"
        else:
            within = span(other.low, other.high, 2)
            how = f"overlaps {name} ({within}), so these intervals alone do not tell the two apart"
        found.append(f"The {_home(row)}'s interval {how}.")
    if found:
        found.append(
            f"No test of these differences was made: the {_home(row)}'s own deaths are part of both, and an "
            "interval that lies apart says nothing about causes."
        )
    return found


def modelled_sentences(row: Row, state: PublishedRate | None = None) -> list[str]:
    """Return what the model says, for the box that holds nothing else; empty where there is no estimate.

    Parameters
    ----------
    row : dict
        Of `COUNTY_RESULTS`.
    state : PublishedRate, optional
        The state's published rate, which tells whether its deaths are withheld.
    """
    value = row["imr_modelled"]
    if value is None:
        return []
    within = span(row["imr_modelled_low"], row["imr_modelled_high"], 2)
    interval = f" (95 % interval {within})" if within else ""
    benchmark = {
        "state": "in line with the state's unpublished deaths",
        "division": f"in line with the unpublished deaths of its census division, {_why_not_own(state)}",
        "nation": f"in line with the nation's unpublished deaths, {_why_not_own(state)}",
    }.get(row["imr_modelled_benchmark"] or "", "")
    return [
        f"Modelled: {rate(value)} per 1,000 live births{interval}.",
        (
            "This is the rate that counties like this one have over many periods, by births, rurality, vulnerability, "
            f"low birthweight and minutes to neonatal level III{', ' if benchmark else ''}{benchmark}."
        ),
        f"It is no observation of this {_home(row)}: do not rank, test, average or compare it.",
    ]


def _why_not_own(state: PublishedRate | None) -> str:
    """Return why the unpublished deaths of a county's own state set no benchmark."""
    withheld = "the state's own are withheld"
    few = "the state's counties without a published rate are too few, or have too few deaths, to set a level alone"
    if state is None:
        return f"since {withheld}, or {few}"
    return f"since {withheld if state.value is None else few}"


def place_rate_sentence(name: str, found: PublishedRate | None) -> str:
    """Return the published rate of a state or the nation, or why there is none.

    Parameters
    ----------
    name : str
        Of the place, such as ``North Dakota``.
    found : PublishedRate or None
        Its rate.
    """
    if found is None or found.value is None:
        status = None if found is None else found.status
        why = {
            "complementary": "withheld, since it would give a withheld county's deaths back",
            "suppressed": "withheld, since it would stand on too few deaths",
            "not_reported": "not reported by the source",
        }.get(status or "", "not stated")
        return f"{name}: {why}."
    within = span(found.low, found.high, 2)
    interval = f" (95 % interval {within})" if within else ""
    counts = (
        ""
        if found.deaths is None or found.births is None
        else f": {whole(found.deaths)} deaths among {whole(found.births)} live births"
    )
    return f"{name}, {found.period}: {rate(found.value)} infant deaths per 1,000 live births{interval}{counts}."


def shrunk_facts(row: Row) -> list[tuple[str, str]]:
    """Return the empirical Bayes estimates of a published rate."""
    found = []
    for name, weight, towards in (
        ("imr_eb", "imr_shrinkage", "the nation's rate"),
        ("imr_eb_spatial", "imr_shrinkage_spatial", "its neighbourhood's rate"),
    ):
        value = row[name]
        if value is None:
            continue
        within = span(row[f"{name}_low"], row[f"{name}_high"], 2)
        own = row[weight]
        said = "" if own is None else f"; the {_home(row)}'s own rate weighs {percent(own)}"
        found.append((f"Shrunk towards {towards}", f"{rate(value)}{f' ({within})' if within else ''}{said}"))
    return found


def cluster_sentences(row: Row) -> list[str]:
    """Return the clusters that the county is part of, after false-discovery control; none where none is."""
    return [
        f"{label}: {_lower(CLUSTER_WORDS[row[name]])}. A pattern among places, not a cause."
        for name, label in _CLUSTERS.items()
        if row.get(name) not in _UNTELLING
    ]


def _home(row: Row) -> str:
    return home_word(str(row["county_name"]), str(row["state"]))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
