"""``METHODS.md`` of a bundle: what a reviewer asks, with the thresholds and vintages of this very run."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, StrictUndefined

from matcare.publish.bundle.citation import cited, source_address

if TYPE_CHECKING:
    from matcare.publish.bundle.selection import Selection

__all__ = ["methods_text"]

_TIERS: Final = {
    "corroborated": "obstetrics on site in CMS's Provider of Services file, and a birthing-friendly designation or "
    "nursery discharges",
    "likely": "one of the latter alone",
    "claimed": "the Provider of Services file alone",
    "arranged": "under arrangement with another hospital only",
    "unknown": "no flag either way",
    "none": "no sign of obstetrics",
}
_MARKUP: Final = {
    "<": "&lt;", ">": "&gt;", "|": "&#124;", "[": "\\[", "]": "\\]", "`": "'", "*": "\\*", "_": "\\_",
}  # fmt: skip


def methods_text(selection: Selection) -> str:
    """Return the methods of the run that a bundle is taken from, as Markdown.

    Parameters
    ----------
    selection : Selection
        Holds the run.

    Returns
    -------
    str
        Sections from what was counted to what is not known; thresholds, speeds and years are the run's own.
    """
    run, about = selection.run, selection.run.about
    scenario = about["scenario"]
    n = len(selection.codes)
    facilities = f" Facilities were supplied by the user: {_plain(scenario['facilities'])}."
    template = _environment().from_string(
        resources.files("matcare.publish.bundle").joinpath("assets", "methods.md").read_text(encoding="utf-8")
    )
    return template.render(
        title=_plain(selection.title),
        region=_plain(run.title),
        data_date=_plain(run.data_date),
        made=selection.made.date().isoformat(),
        version=about["matcare"],
        counties=f"{n:,} {'county' if n == 1 else 'counties'}",
        corrections=_plain("; ".join(run.corrections) or "none"),
        tiers=_plain("; ".join(f"{tier} ({_TIERS.get(tier, tier)})" for tier in scenario["birth_care_tiers"])),
        own_facilities=facilities if scenario["facilities"] else "",
        profile=_plain(about["profile"].get("name", "typical")),
        roads=_plain(about["roads"].get("source", "not recorded")),
        limit=_number(scenario["search_limit_minutes"]),
        rule=scenario["rule"],
        outcomes=about["outcomes"],
        notes=about["notes"],
        caveats=about["caveats"],
        sources=about["sources"],
        also_used=about["also_used"],
        seed=scenario["seed"],
        citation=_plain(cited(selection)),
    )


def _environment() -> Environment:
    """Return the template's language: nothing may be undefined; texts from data go through ``plain``."""
    environment = Environment(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the text is Markdown, and `plain` escapes what comes from data
    )
    environment.filters |= {"plain": _plain, "number": _number, "linked": _linked}
    return environment


def _linked(source: dict[str, Any]) -> str:
    title, address = _plain(source["title"]), source_address(source)
    return f"[{title}](<{address}>)" if address else title


def _number(value: float) -> str:
    return f"{value:g}"


def _plain(text: object) -> str:
    """Return a text from data in which Markdown and HTML find nothing to do."""
    return " ".join("".join(_MARKUP.get(sign, sign) for sign in str(text)).split())
