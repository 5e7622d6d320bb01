"""Sentences on access: who lives within reach, by which class, with which care, how sure; each from one row of a table.

Pure functions of rows: they look nothing up and compute nothing anew, so a sentence says what stands in the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcare.publish.brief.words import (
    MISSING_WORDS,
    SPACE,
    count,
    joined,
    minutes_words,
    percent,
    percent_words,
    sentence,
    span,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "backup_sentences",
    "border_sentence",
    "comparison_sentence",
    "definitions_sentence",
    "headline",
    "reach",
    "right_level_sentences",
]

Row = dict[str, Any]

_DRAWN: Final = "default_scenario"


def reach(share: float, women: float, limit: int, service: str = "a hospital with birth care") -> str:
    """Return who lives within a limit.

    Parameters
    ----------
    share : float
        Of women 15-44 within the limit.
    women : float
        How many they are.
    limit : int
        Minutes; within is at most.
    service : str
        Of what.

    Returns
    -------
    str
        A clause without a full stop.

    Examples
    --------
    >>> reach(0.8765, 7918.0, 30).replace(SPACE, " ")
    '88 % of the 7,918 women aged 15-44 live within 30 minutes of a hospital with birth care'
    >>> reach(0.0, 4.0, 30).replace(SPACE, " ")
    'none of the 4 women aged 15-44 lives within 30 minutes of a hospital with birth care'
    >>> reach(1.0, 1.0, 60).replace(SPACE, " ")
    'the one woman aged 15-44 lives within 60 minutes of a hospital with birth care'
    """
    within = f"within {limit}{SPACE}minutes of {service}"
    said = whole(women)
    if said == "1":
        there = "lives" if share >= 1 else "does not live" if share <= 0 else "is counted in part as living"
        return f"the one woman aged 15-44 {there} {within}"
    words = percent_words(share)
    if words == "all":
        return f"all {said} women aged 15-44 live {within}"
    verb = "lives" if words == "none" else "live"
    return f"{words} of the {said} women aged 15-44 {verb} {within}"


def headline(row: Row, place: str) -> str:
    """Return the first sentence of a county's brief: reach and the mean drive, with the model's range where it stands.

    Parameters
    ----------
    row : dict
        Of `COUNTY_RESULTS`.
    place : str
        Name, with the state.

    Returns
    -------
    str
        One sentence, or two where some women have no minutes.
    """
    women, share = row["women_15_44"], row["share_women_within_30_birth_care"]
    if not women or share is None:
        why = MISSING_WORDS.get(row["minutes_birth_care_reason"], "the data have no figure")
        return f"In {place}, drive times to birth care cannot be stated: {why}."
    opening = f"In {place}, {reach(share, women, 30)}"
    mean = row["minutes_birth_care"]
    without = row["share_women_without_minutes_birth_care"] or 0.0
    if mean is None:
        why = MISSING_WORDS.get(row["minutes_birth_care_reason"], "no figure")
        who = percent_words(without)
        left = "No woman can" if who == "all" else f"{sentence(who)[:-1]} of the women cannot"
        return f"{opening}. {left} be given a drive (mostly: {why}), so no mean drive is stated."
    whose = " of those who can be given one" if without > 0 else ""
    return f"{opening}; the mean drive{whose} is {minutes_words(mean)}{_model_range(row)}."


def _model_range(row: Row) -> str:
    """Return the range of the draws around the mean drive, in brackets."""
    if row.get("certainty_status") != _DRAWN:
        return ""
    said = span(row["minutes_birth_care_p05"], row["minutes_birth_care_p95"])
    return f" (model range {said})" if said else ""


def comparison_sentence(places: list[tuple[str, Row | None, bool]]) -> str | None:
    """Return reach and mean drive of the state and the nation, for comparison.

    Parameters
    ----------
    places : list of tuple
        Name, access of birth care (`BASELINE_ACCESS`) and whether it is the default scenario's.

    Returns
    -------
    str or None
        None where there is nothing to compare with.
    """
    said = []
    default = []
    for name, access, is_default in places:
        if access is None or access["share_women_within_30"] is None:
            continue
        mean = access["minutes"]
        drive = "" if mean is None else f", mean drive {minutes_words(mean)}"
        said.append(f"{percent(access['share_women_within_30'])} in {name}{drive}")
        if is_default:
            default.append(name)
    if not said:
        return None
    note = f" The figures for {joined(default)} are of the default scenario." if default else ""
    return f"For comparison, within 30{SPACE}minutes: {'; '.join(said)}.{note}"


def border_sentence(row: Row) -> str | None:
    """Return what care in another state means for the county; None where nobody's nearest unit is there."""
    out = row["share_women_nearest_birth_care_out_of_state"]
    if not out:
        return None
    inside = row["minutes_birth_care_in_state"]
    who = percent_words(out)
    opening = (
        "For all women the nearest birth care is in another state"
        if who == "all"
        else f"For {who} of the women the nearest birth care is in another state"
    )
    if inside is None:
        return f"{opening}; within the state alone, no mean drive can be stated."
    return f"{opening}; if only their own state's units counted, the mean drive would be {minutes_words(inside)}."


def right_level_sentences(row: Row, state: str) -> list[str]:
    """Return who lives within 60 minutes of the care that a very early or very small infant needs, with its bounds.

    Parameters
    ----------
    row : dict
        Of `COUNTY_RESULTS`.
    state : str
        The state's name.
    """
    share = row["share_women_within_60_neonatal_3_plus"]
    upper = row["share_women_within_60_neonatal_3_plus_unknown_count"]
    if share is None:
        if row["minutes_neonatal_3_plus_reason"] == "level_not_reported":
            most = (
                ""
                if upper is None
                else f" If every NICU of unknown level were level III, {_women(upper, would=True)} within "
                f"60{SPACE}minutes of one."
            )
            return [
                (
                    f"No hospital of {state} has a reported neonatal level, so whether care for infants under "
                    f"1,500{SPACE}g or 32 weeks is within reach is not known.{most}"
                )
            ]
        why = MISSING_WORDS.get(row["minutes_neonatal_3_plus_reason"], "no figure")
        return [f"Whether a neonatal unit of level III or IV is within reach cannot be stated: {why}."]
    lower = row["share_women_within_60_neonatal_3_plus_one_lower"]
    found = [
        (
            f"{_women(share).capitalize()} within 60{SPACE}minutes of a neonatal unit of reported level III or IV, the "
            f"care that an infant under 1,500{SPACE}g or 32 weeks needs{_bounds(lower, share, upper)}."
        )
    ]
    same, split = row["share_women_within_60_same_site_3_plus"], row["share_women_within_60_split_3_plus"]
    if same is not None and split is not None:
        found.append(
            f"Birth care and such a unit on one campus: {percent(same)}; on one campus or two: {percent(split)}."
        )
    between = row["minutes_between_sites_3_plus"]
    apart = row["share_women_two_sites_3_plus"]
    if between is not None and apart:
        who = percent_words(apart)
        whom = "all women who have both" if who == "all" else f"{who} of the women who have both"
        found.append(
            f"For {whom}, the nearest birth care and the nearest such unit are on two campuses, "
            f"{minutes_words(between)} apart on average."
        )
    return found


def _women(share: float, *, would: bool = False) -> str:
    """Return who lives, or would live (somewhere), as a clause begins."""
    words = percent_words(share)
    verb = "would live" if would else "lives" if words == "none" else "live"
    return f"all women aged 15-44 {verb}" if words == "all" else f"{words} of the women aged 15-44 {verb}"


def _bounds(lower: float | None, share: float, upper: float | None) -> str:
    """Return both bounds in brackets."""
    if lower == share == upper:
        return " (the same if every level is one too high, and if NICUs of unknown level count)"
    parts = []
    if lower is not None:
        parts.append(f"{_bound('at least', lower)}, if every level not from the state itself is one too high")
    if upper is not None:
        parts.append(f"{_bound('at most', upper)}, if NICUs of unknown level count")
    return f" ({'; '.join(parts)})" if parts else ""


def _bound(which: str, share: float) -> str:
    """Return a bound; "at least under 1 %" would be none."""
    return percent_words(share) if percent(share)[0] in "<>" else f"{which} {percent(share)}"


def backup_sentences(row: Row) -> list[str]:
    """Return how far the second unit is, and who depends on one."""
    found = []
    mean, added = row["minutes_second_birth_care"], row["minutes_added_second_birth_care"]
    if mean is None:
        why = MISSING_WORDS.get(row["minutes_second_birth_care_reason"], "no figure")
        found.append(f"No mean drive to a second unit can be stated: {why}.")
    else:
        more = "" if added is None else f", {minutes_words(added)} more than the nearest"
        found.append(f"The second-nearest birth care is {minutes_words(mean)} away on average{more}.")
    one = row["share_women_one_unit_within_60_birth_care"]
    if one is not None:
        who = percent_words(one)
        whom = {"all": "All women have", "none": "No woman has"}.get(who, f"{who.capitalize()} of the women have")
        found.append(f"{whom} one unit within 60{SPACE}minutes and no second.")
    return found


def definitions_sentence(row: Row) -> str:
    """Return how many definitions of a desert the county meets."""
    met, unknown = row["desert_definitions_met"], row["desert_definitions_unknown"]
    if met is None:
        return "How many definitions of a desert it meets is not known."
    open_ = f"; {count(unknown, 'is', 'are')} undecided, since an input is missing" if unknown else ""
    if not met:
        return f"None of the three definitions of a desert compared here calls it one{open_}."
    verb = "calls" if met == 1 else "call"
    return f"{whole(met)} of the three definitions of a desert compared here {verb} it one{open_}."


def without_words(row: Row, services: Mapping[str, str]) -> list[str]:
    """Return whom the means leave out, and why, one sentence for the services that are alike in it."""
    said: dict[str, list[str]] = {}
    for service, words in services.items():
        without = row[f"share_women_without_minutes_{service}"]
        if row[f"minutes_{service}"] is None:
            why = MISSING_WORDS.get(row[f"minutes_{service}_reason"], "no figure")
            said.setdefault(f"no mean is stated ({why})", []).append(words)
        elif without:
            said.setdefault(
                f"{percent_words(without)} of the women cannot be given a drive and are in no mean", []
            ).append(words)
    return [f"{'; '.join(names)}: {what}." for what, names in said.items()]
