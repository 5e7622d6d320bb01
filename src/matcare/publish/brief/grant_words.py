"""What an application for a grant asks of a county: rurality, shortage areas, target areas."""

from __future__ import annotations

from typing import Any

from matcare.publish.brief.words import shortened, whole

__all__ = ["grant_facts"]

Row = dict[str, Any]


def grant_facts(row: Row) -> list[tuple[str, str]]:
    """Return what an application asks for: rurality, shortage areas, target areas, with what is not reported said."""
    rural = row["rural_rucc"]
    code = row["rucc_2023"]
    rucc = (
        "no code"
        if rural is None
        else f"{'nonmetropolitan' if rural else 'metropolitan'}{'' if code is None else f' (code {whole(code)})'}"
    )
    not_supplied = "not reported: no list was supplied"
    forhp = {"not_reported": not_supplied}.get(row["rural_forhp"], str(row["rural_forhp"]))
    hpsa = {"not_reported": not_supplied}.get(row["hpsa_primary_care"], str(row["hpsa_primary_care"]))
    if row["hpsa_score"] is not None:
        hpsa += f", highest score {row['hpsa_score']:g}"
    mcta = {
        "not_reported": f"{not_supplied} that covers the state",
        "none": "none: no area designation, so no score",
        "no_score": "a designation without a score",
    }.get(row["mcta_status"], "" if row["mcta_score"] is None else f"{row['mcta_score']:g} of 25")
    return [
        ("Rural-Urban Continuum Code 2023", rucc),
        ("Rural by the Federal Office of Rural Health Policy", _spaced(forhp)),
        ("Primary care shortage area (HPSA)", _spaced(hpsa)),
        ("Maternity Care Target Area score", mcta or "no figure"),
    ]


def _spaced(text: str) -> str:
    return shortened(text.replace("_", " "))
