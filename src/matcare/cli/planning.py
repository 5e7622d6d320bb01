"""``matcare close``, ``fragility`` and the other questions of planning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcare.cli.options import (
    AddFacilities,
    Corrections,
    DataDir,
    Facilities,
    FacilitiesOnly,
    Out,
    ProfileName,
    Roads,
    ScenarioFile,
    Service,
    States,
    asked_scenario,
    minutes_list,
)
from matcare.cli.terminal import speaks, terminal

__all__ = ["add_commands"]

Within = Annotated[str, typer.Option(metavar="MINUTES", help="Limits in minutes, parted by commas; within is ≤.")]


def add_commands(app: typer.Typer) -> None:
    """Add the planning commands to the command line."""
    for command in (close, fragility, compare, site, certainty, catchments, bypass, replay):
        app.command()(speaks(command))


def close(
    units: Annotated[
        list[str], typer.Argument(metavar="UNIT...", help="Facility identifiers (CCN) or names, as in facilities.csv.")
    ],
    service: Service = "birth_care",
    level_to: Annotated[
        str | None,
        typer.Option(metavar="LEVEL", help="The units stay open and keep this neonatal level (I, II, III)."),
    ] = None,
    within: Within = "30,60,90",
    facilities: Facilities = None,
    facilities_only: FacilitiesOnly = False,
    add_facilities: AddFacilities = None,
    corrections: Corrections = None,
    scenario: ScenarioFile = None,
    profile: ProfileName = "typical",
    roads: Roads = None,
    data: DataDir = None,
    out: Out = None,
) -> None:
    """Show what a closure of units, or of a level, would do: who is farther from care, and who takes them."""
    from matcare.pipeline.closing import close as close_units

    limits = minutes_list(within)
    wanted = asked_scenario(
        scenario, states=None, facilities=facilities, facilities_only=facilities_only, add_facilities=add_facilities,
        corrections=corrections, profile=profile, roads=roads,
    )  # fmt: skip
    speech = terminal()
    answer = close_units(
        wanted, units, service=service, level_to=level_to, limits=limits, data_dir=data, out=out,
        report=speech.report,
    )  # fmt: skip
    speech.show(answer)


def fragility(
    state: States = None,
    service: Service = "birth_care",
    within: Within = "30,60,90",
    facilities: Facilities = None,
    facilities_only: FacilitiesOnly = False,
    add_facilities: AddFacilities = None,
    corrections: Corrections = None,
    scenario: ScenarioFile = None,
    profile: ProfileName = "typical",
    roads: Roads = None,
    data: DataDir = None,
    out: Out = None,
) -> None:
    """List the units to protect: what the loss of each alone would do, in one pass."""
    from matcare.pipeline.closing import rank_fragility

    limits = minutes_list(within)
    wanted = asked_scenario(
        scenario, states=state, facilities=facilities, facilities_only=facilities_only, add_facilities=add_facilities,
        corrections=corrections, profile=profile, roads=roads,
    )  # fmt: skip
    speech = terminal()
    answer = rank_fragility(wanted, service=service, limits=limits, data_dir=data, out=out, report=speech.report)
    speech.show(answer)


def compare(
    after: Annotated[Path, typer.Argument(metavar="SCENARIO", help="The scenario to compare with today (TOML).")],
    before: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The scenario that it is compared with; the embedded data without."),
    ] = None,
    service: Service = "birth_care",
    within: Within = "30,60,90",
    data: DataDir = None,
    out: Out = None,
) -> None:
    """Compare a whole scenario with today: units, levels, closed roads, season."""
    from matcare.pipeline.comparing import compare as compare_scenarios
    from matcare.scenario import Scenario

    limits = minutes_list(within)
    plan = Scenario.from_toml(after)
    start = Scenario(states=plan.states) if before is None else Scenario.from_toml(before)
    speech = terminal()
    answer = compare_scenarios(
        start, plan, service=service, limits=limits, data_dir=data, out=out, report=speech.report
    )
    speech.show(answer)


def site(
    add: Annotated[int | None, typer.Option(metavar="N", help="Most units to add.")] = None,
    state: States = None,
    service: Service = "birth_care",
    within: Annotated[float, typer.Option(metavar="MINUTES", help="The limit T of being covered (≤ T).")] = 60.0,
    candidates: Annotated[
        str,
        typer.Option(
            metavar="KIND|FILE",
            help="hospitals (without the service), birth-hospitals, block-groups, or a CSV of your own places (id, "
            "name, lat, lon); several joined by +.",
        ),
    ] = "hospitals",
    objective: Annotated[
        str,
        typer.Option(
            metavar="WORD",
            help="cover (most women within T), all (fewest units for everyone), minutes (least mean), farthest (least "
            "longest), equity (those worst off count more).",
        ),
    ] = "cover",
    births: Annotated[bool, typer.Option("--births", help="Count estimated births instead of women 15-44.")] = False,
    min_births: Annotated[
        float | None, typer.Option(metavar="N", help="Estimated births a year that every added unit must have.")
    ] = None,
    capacity: Annotated[
        float | None, typer.Option(metavar="N", help="Estimated births a year that an added unit can take.")
    ] = None,
    equity_weight: Annotated[
        float, typer.Option(metavar="W", help="With objective equity: those worst off count 1 + W times.")
    ] = 1.0,
    equity_of: Annotated[str, typer.Option(metavar="WORD", help="With objective equity: cover or minutes.")] = "cover",
    worst_off: Annotated[str, typer.Option(metavar="WORD", help="With objective equity: svi, far or either.")] = "svi",
    time_limit: Annotated[float, typer.Option(metavar="SECONDS", help="For solving; the best found is given.")] = 60.0,
    facilities: Facilities = None,
    facilities_only: FacilitiesOnly = False,
    add_facilities: AddFacilities = None,
    corrections: Corrections = None,
    scenario: ScenarioFile = None,
    profile: ProfileName = "typical",
    roads: Roads = None,
    data: DataDir = None,
    out: Out = None,
) -> None:
    """Choose where units should be added, opened or upgraded, with the existing ones fixed."""
    from matcare.pipeline.siting import site as site_units

    wanted = asked_scenario(
        scenario, states=state, facilities=facilities, facilities_only=facilities_only, add_facilities=add_facilities,
        corrections=corrections, profile=profile, roads=roads,
    )  # fmt: skip
    speech = terminal()
    answer = site_units(
        wanted, candidates=candidates, add=add, service=service, within=within, objective=objective,
        weight="births_per_year" if births else "women_15_44", min_births=min_births, capacity=capacity,
        equity_weight=equity_weight, equity_of=equity_of, worst_off=worst_off, time_limit=time_limit, data_dir=data,
        out=out, report=speech.report,
    )  # fmt: skip
    speech.show(answer)


def certainty(
    state: States = None,
    draws: Annotated[int, typer.Option(metavar="N", help="How many draws.")] = 200,
    seed: Annotated[int | None, typer.Option(metavar="N", help="The same seed gives the same table.")] = None,
    facilities: Facilities = None,
    facilities_only: FacilitiesOnly = False,
    add_facilities: AddFacilities = None,
    corrections: Corrections = None,
    scenario: ScenarioFile = None,
    profile: ProfileName = "typical",
    roads: Roads = None,
    data: DataDir = None,
    out: Out = None,
) -> None:
    """Draw what is uncertain: how certain each county's class, minutes and shares are, and what moves them most."""
    from matcare.pipeline.certain import draw_certainty

    wanted = asked_scenario(
        scenario, states=state, facilities=facilities, facilities_only=facilities_only, add_facilities=add_facilities,
        corrections=corrections, profile=profile, roads=roads,
    )  # fmt: skip
    speech = terminal()
    speech.show(draw_certainty(wanted, draws=draws, seed=seed, data_dir=data, out=out, report=speech.report))


def catchments(
    state: States = None,
    method: Annotated[
        str,
        typer.Option(
            metavar="NAMES", help="2sfca, e2sfca, m2sfca, 3sfca, gravity, raam; several parted by commas, or all."
        ),
    ] = "e2sfca",
    service: Service = "birth_care",
    supply: Annotated[
        str,
        typer.Option(
            metavar="WORD|FILE",
            help="one (per unit), births (estimated), clinicians (of the county, shared over its units), or a CSV with "
            "facility_id, supply.",
        ),
    ] = "one",
    decay: Annotated[
        str | None, typer.Option(metavar="NAME", help="A named decay in place of each method's own (not for raam).")
    ] = None,
    facilities: Facilities = None,
    facilities_only: FacilitiesOnly = False,
    add_facilities: AddFacilities = None,
    corrections: Corrections = None,
    scenario: ScenarioFile = None,
    profile: ProfileName = "typical",
    roads: Roads = None,
    data: DataDir = None,
    out: Out = None,
) -> None:
    """Score the supply of units for everyone by floating catchments, competition included."""
    from matcare.contracts.catchments import CATCHMENT_METHODS
    from matcare.pipeline.catching import score_catchments

    methods = tuple(CATCHMENT_METHODS) if method == "all" else tuple(part.strip() for part in method.split(","))
    wanted = asked_scenario(
        scenario, states=state, facilities=facilities, facilities_only=facilities_only, add_facilities=add_facilities,
        corrections=corrections, profile=profile, roads=roads,
    )  # fmt: skip
    speech = terminal()
    answer = score_catchments(
        wanted, methods=methods, service=service, supply=supply, decay=decay, data_dir=data, out=out,
        report=speech.report,
    )  # fmt: skip
    speech.show(answer)


def bypass(
    flows: Annotated[
        Path,
        typer.Argument(
            metavar="FLOWS", help="CSV: county_fips or zip of residence, facility_id, births (or discharges)."
        ),
    ],
    state: States = None,
    service: Service = "birth_care",
    facilities: Facilities = None,
    facilities_only: FacilitiesOnly = False,
    add_facilities: AddFacilities = None,
    corrections: Corrections = None,
    scenario: ScenarioFile = None,
    profile: ProfileName = "typical",
    roads: Roads = None,
    data: DataDir = None,
    out: Out = None,
) -> None:
    """Hold your own patient flows against the nearest capable units: who passed them, and how much farther."""
    from matcare.pipeline.bypassing import observe_bypass

    wanted = asked_scenario(
        scenario, states=state, facilities=facilities, facilities_only=facilities_only, add_facilities=add_facilities,
        corrections=corrections, profile=profile, roads=roads,
    )  # fmt: skip
    speech = terminal()
    speech.show(observe_bypass(wanted, flows, service=service, data_dir=data, out=out, report=speech.report))


def replay(
    events: Annotated[
        Path,
        typer.Argument(
            metavar="EVENTS",
            help="CSV: facility_id, status (open, closed, I-IV), date, source; facility_name, lat, lon for units that "
            "are not in the data.",
        ),
    ],
    state: States = None,
    service: Service = "birth_care",
    first_year: Annotated[int | None, typer.Option("--from", metavar="YEAR", help="First year.")] = None,
    last_year: Annotated[int | None, typer.Option("--to", metavar="YEAR", help="Last year.")] = None,
    facilities: Facilities = None,
    facilities_only: FacilitiesOnly = False,
    add_facilities: AddFacilities = None,
    scenario: ScenarioFile = None,
    profile: ProfileName = "typical",
    roads: Roads = None,
    data: DataDir = None,
    out: Out = None,
) -> None:
    """Replay dated openings, closures and changes of level: women within reach and new deserts, year by year."""
    from matcare.errors import InputError
    from matcare.pipeline.replaying import replay_events

    if (first_year is None) != (last_year is None):
        raise InputError("--from and --to go together: give both years, or neither")
    wanted = asked_scenario(
        scenario, states=state, facilities=facilities, facilities_only=facilities_only, add_facilities=add_facilities,
        corrections=None, profile=profile, roads=roads,
    )  # fmt: skip
    years = None if first_year is None or last_year is None else (first_year, last_year)
    speech = terminal()
    answer = replay_events(wanted, events, service=service, years=years, data_dir=data, out=out, report=speech.report)
    speech.show(answer)
