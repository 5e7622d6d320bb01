"""What several commands share: options, and how they print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from matcare.scenario import Scenario

__all__ = [
    "AddFacilities",
    "BirthCare",
    "Corrections",
    "DataDir",
    "Facilities",
    "FacilitiesOnly",
    "Out",
    "ProfileName",
    "Roads",
    "ScenarioFile",
    "Service",
    "States",
    "asked_scenario",
    "minutes_list",
]

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Folder with the data tables, in place of the embedded ones."),
]
ProfileName = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE", help="Speed profile: typical, free_flow, night, peak, winter, osrm, or a TOML file."
    ),
]
Roads = Annotated[
    str | None,
    typer.Option(
        "--roads",
        metavar="FILE|SOURCE",
        help="Roads in place of the embedded highways: a .roads file (matcare roads build), an .osm.pbf, "
        'place:"Bangor, Maine", tiger:ND …',
    ),
]
States = Annotated[
    list[str] | None,
    typer.Option("--state", "-s", metavar="NC", help="A state (repeat for more). The whole country without it."),
]
Facilities = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Your own facilities (CSV or Parquet: facility_id, facility_name, lat, lon, and what else you know). "
        "They take the place of the embedded ones in the states that your file covers.",
    ),
]
FacilitiesOnly = Annotated[
    bool, typer.Option("--facilities-only", help="Use your facilities alone, none of the embedded ones anywhere.")
]
AddFacilities = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Facilities to add to the embedded ones (same columns); one of the same facility_id takes its place.",
    ),
]
Corrections = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Units closed, opened or re-levelled (CSV: facility_id, status, date, source)."),
]
BirthCare = Annotated[
    str, typer.Option(metavar="TIERS", help="Obstetric evidence that counts as birth care, comma-separated.")
]
ScenarioFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="All of the above, and the rule's thresholds, from a TOML file."),
]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Output folder; one below maps/ without it.")]
Service = Annotated[
    str,
    typer.Option(
        metavar="SERVICE",
        help="birth_care, birth_care_corroborated, nicu, neonatal_2_plus, neonatal_3_plus or neonatal_3_plus_or_nicu.",
    ),
]


LONGEST = 10_000
"""Minutes; no drive is longer."""


def asked_scenario(
    scenario: Path | None,
    *,
    states: list[str] | None,
    facilities: Path | None,
    facilities_only: bool,
    add_facilities: Path | None,
    corrections: Path | None,
    birth_care: str = "corroborated,likely,claimed",
    profile: str,
    roads: str | None,
    **more: Any,
) -> Scenario:
    """Return the scenario that a command's options ask for, or the one of its file."""
    from matcare.scenario import Scenario

    if scenario is not None:
        asked: dict[str, Any] = {
            "--state": states,
            "--facilities": facilities,
            "--facilities-only": facilities_only,
            "--add-facilities": add_facilities,
            "--corrections": corrections,
            "--roads": roads,
            **{f"--{name.replace('_', '-')}": value for name, value in more.items()},
        }
        for name, value in asked.items():
            if value:
                raise typer.BadParameter(f"{name} and --scenario cannot be given together: put it in the scenario file")
        return Scenario.from_toml(scenario)
    if facilities is not None and add_facilities is not None:
        raise typer.BadParameter("--facilities and --add-facilities exclude each other: choose one")
    return Scenario(
        states=tuple(part for text in states or () for part in text.split(",")),
        facilities=facilities or add_facilities,
        facilities_add=add_facilities is not None,
        facilities_only=facilities_only,
        corrections=corrections,
        birth_care_tiers=tuple(tier.strip() for tier in birth_care.split(",") if tier.strip()),
        profile=profile,
        roads=roads,
        **more,
    )


def minutes_list(text: str, option: str = "--within") -> tuple[float, ...]:
    """Read minutes such as ``30,60,90``, ascending."""
    from matcare.errors import InputError

    try:
        minutes = tuple(sorted({float(part) for part in text.split(",") if part.strip()}))
    except ValueError:
        raise InputError(f"{option} is {text!r}: give minutes parted by commas, such as 30,60,90") from None
    if not minutes or not all(0 < one <= LONGEST for one in minutes):
        raise InputError(f"{option} is {text!r}: give minutes above 0 and at most {LONGEST:,}, such as 30,60,90")
    return minutes
