"""Sentences on a county's March of Dimes class and how sure it is; each from one row of a table."""

from __future__ import annotations

from typing import Any, Final

from matcare.publish.brief.words import SPACE, count, percent_words, span
from matcare.publish.map.themes import CLASS_WORDS

__all__ = ["caution_sentences", "certainty_sentences", "class_sentences", "draws"]

Row = dict[str, Any]

_CLASS_PHRASES: Final = {
    "desert": "it is a maternity care desert",
    "low": "it has low access to maternity care",
    "moderate": "it has moderate access to maternity care",
    "full": "it has full access to maternity care",
}
_INPUTS: Final = {
    "obstetrics": "the evidence of obstetrics",
    "clinicians": "the counts of clinicians",
    "uninsured": "the share of women without insurance",
    "speeds": "the driving speeds",
    "access_legs": "the way to the nearest road",
    "levels": "the neonatal levels",
}
_DRAWN: Final = "default_scenario"
_CLASSES: Final = ("desert", "low", "moderate", "full", "undetermined")
_MOST_LONG_LEGS: Final = 0.5
"""Share of the women from which a straight line over 8 km is said below the headline."""


def class_sentences(row: Row) -> list[str]:
    """Return the March of Dimes class with its reason, and what it would be without doubtful hospitals."""
    level = row["march_of_dimes_class"]
    reason = str(row["march_of_dimes_reason"]).partition(": ")[2] or str(row["march_of_dimes_reason"])
    phrase = _CLASS_PHRASES.get(level)
    if phrase is None:
        phrase = f"its class cannot be decided ({_class_in_text(level)})"
    if _without_units(row) and level in {"low", "moderate", "full"}:
        listed = "" if row["obgyns"] is None else f", on {_clinicians(row)} listed"
        phrase = f"it is classed “{level} access”{listed}"
        reason = reason.removesuffix("; no birth hospitals, no birth centers")
        found = [f"By the March of Dimes rule {phrase}: {reason}. It has no birth hospital and no birth center."]
    elif level in _CLASS_PHRASES and _clinicians_listed(row):
        found = [f"By the March of Dimes rule {phrase}: {reason}; {_clinicians(row)} listed."]
    else:
        found = [f"By the March of Dimes rule {phrase}: {reason}."]
    other = row["march_of_dimes_class_corroborated"]
    if other != level:
        found.append(
            f"Without hospitals that one federal file alone claims, the class would be {_class_in_text(other)}."
        )
    return found


def _without_units(row: Row) -> bool:
    return bool(row["birth_hospitals"] == 0 and row["birth_centers"] == 0)


def _clinicians(row: Row) -> str:
    """Return the clinicians that the rule counts, in number: a rate of few births is not many people."""
    return count(_clinicians_listed(row), "obstetric clinician")


def _clinicians_listed(row: Row) -> float:
    return float((row["obgyns"] or 0.0) + (row["midwives"] or 0.0))


def _likeliest(row: Row) -> tuple[str, float] | None:
    """Return the class that most draws give, and their share; None where nothing was drawn."""
    chances = {level: row.get(f"p_march_of_dimes_{level}") for level in _CLASSES}
    drawn = {level: chance for level, chance in chances.items() if chance is not None}
    if row["certainty_status"] != _DRAWN or not drawn:
        return None
    level = max(drawn, key=lambda name: (drawn[name], name == row["march_of_dimes_class"]))
    return level, drawn[level]


def _class_drawn(level: str) -> str:
    return "not decided" if level == "undetermined" else _class_in_text(level)


def caution_sentences(row: Row) -> list[str]:
    """Return what must be read with the headline: a class that the draws do not favour, minutes over no road."""
    found = []
    level, likeliest = row["march_of_dimes_class"], _likeliest(row)
    own = row.get(f"p_march_of_dimes_{level}")
    if likeliest is not None and likeliest[0] != level:
        against = "" if own is None else f" ({_class_in_text(level)} {draws(own)})"
        standing = "left open" if own is None else "doubtful"
        found.append(
            f"The class below is {standing}: with the uncertain inputs drawn anew, the most frequent class is "
            f"{_class_drawn(likeliest[0])}, {draws(likeliest[1])}{against}."
        )
    leg = row["share_women_long_direct_leg_birth_care"]
    if leg is not None and leg >= _MOST_LONG_LEGS:
        who = percent_words(leg)
        found.append(
            f"The minutes are doubtful: for {'all' if who == 'all' else f'{who} of the'} women they stand on a "
            f"straight line of over 8{SPACE}km between signed highways, about right on county roads and far too "
            "short where a lake, canyon, range or cliff lies between."
        )
    return found


def _class_in_text(level: str) -> str:
    words = CLASS_WORDS[level]
    return words[:1].lower() + words[1:]


def draws(probability: float | None) -> str:
    """Return a probability as a share of the draws.

    Examples
    --------
    >>> draws(1.0), draws(0.0), draws(0.595).replace(SPACE, " "), draws(None)
    ('in every draw', 'in no draw', 'in 60 % of draws', 'no figure')
    """
    if probability is None:
        return "no figure"
    words = percent_words(probability)
    return {"all": "in every draw", "none": "in no draw"}.get(words, f"in {words} of draws")


def certainty_sentences(row: Row) -> list[str]:
    """Return how sure the class and the minutes are, or why that is not known."""
    if row["certainty_status"] != _DRAWN:
        return [
            (
                "How sure these figures are was not drawn: this run has other units, roads, speeds or thresholds than "
                "the default scenario. Ask `matcare certainty`."
            )
        ]
    level, likeliest = row["march_of_dimes_class"], _likeliest(row)
    chance = row.get(f"p_march_of_dimes_{level}")
    found = []
    if likeliest is not None:
        other = "" if likeliest[0] == level or chance is None else f"; as {_class_in_text(level)} {draws(chance)}"
        often = "" if likeliest[0] == level else "most often "
        found.append(
            "With the uncertain inputs drawn anew from stated beliefs (200 draws by default), the class comes out "
            f"{often}as {_class_drawn(likeliest[0])} {draws(likeliest[1])}{other}."
        )
    said = span(row["minutes_birth_care_p05"], row["minutes_birth_care_p95"], decimals=1)
    if said:
        found.append(
            f"Nine draws in ten put the mean drive to birth care between {said.replace(' to ', ' and ')} minutes."
        )
    else:
        found.append(
            "There is no range for the mean drive: in the draws that decide it, most women cannot be given minutes."
        )
    moved = {
        "class": _INPUTS.get(row["most_important_input_class"] or ""),
        "minutes": _INPUTS.get(row["most_important_input_minutes_birth_care"] or ""),
    }
    if moved["class"] and moved["class"] == moved["minutes"]:
        found.append(f"What moves both most: {moved['class']}.")
    else:
        found += [f"What moves the {name} most: {words}." for name, words in moved.items() if words]
    return found
