"""Contracts of observed bypass: shares that passed the nearest capable unit, and what of a user's flows was left out."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = ["BYPASS", "BYPASS_STATUSES", "FLOWS_LEFT_OUT"]

BYPASS_STATUSES: Final = ("given", "small_count", "no_counted_births", "without_minutes")
"""Why shares and minutes of bypass stand or are missing."""

_SHARE: Final = "share 0-1"


# fmt: off
BYPASS: Final = Table(
    name="bypass",
    title="Observed bypass of the nearest capable unit",
    description="From a user's flows (county or ZIP code of residence by hospital). Only cells of 10 births or more enter any figure: a figure that a cell of 1-9 entered could be solved for it. Estimate and bounds are of the kept cells alone: what was left out may lie on either side. "
    "Of a county it is not known where in it the mothers live: the estimate spreads each flow over the county as its women live, and low and high are what the margins alone allow. People have reasons to pass a unit (level of care, insurance, closures since); bypass is no judgement of a unit, and not evidence that any unit should close.",
    primary_key=("scope", "place"),
    licence="facts",
    columns=(
        Column(name="scope", kind="text", required=True, values=("all", "state", "county", "facility"), description="All flows; mothers of a state or county; births at a hospital."),
        Column(name="place", kind="text", required=True, description="`all`, postal code, county code or facility identifier."),
        Column(name="place_name", kind="text", required=True, description="Name."),
        Column(name="service", kind="text", required=True, description="Whose units are capable."),
        Column(name="births", kind="number", never_small=True, required=True, unit="births or discharges of the file", description="Those in cells of 10 or more at hospitals that have the service.", source="user"),
        Column(name="share_bypassed", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Share at another hospital than the nearest capable one (or its campus), estimated for counties.", source="computed"),
        Column(name="share_bypassed_low", kind="number", minimum=0, maximum=1, unit=_SHARE, description="The least that the margins allow: every mother who can have used her nearest unit did.", source="computed"),
        Column(name="share_bypassed_high", kind="number", minimum=0, maximum=1, unit=_SHARE, description="The most that the margins allow.", source="computed"),
        Column(name="minutes_to_nearest", kind="number", minimum=0, unit="minutes", description="Mean drive minutes to the nearest capable unit.", source="computed"),
        Column(name="minutes_to_used", kind="number", minimum=0, unit="minutes", description="Mean drive minutes to the hospital used, from the same points.", source="computed"),
        Column(name="minutes_added", kind="number", minimum=0, unit="minutes", description="The second less the first.", source="computed"),
        Column(name="births_at_units_without_service", kind="number", never_small=True, required=True, unit="births or discharges of the file", description="In cells of 10 or more at hospitals that do not count for the service: they enter no share.", source="user"),
        Column(name="status", kind="text", required=True, values=BYPASS_STATUSES, description="`small_count`: the share would give 1-9 births that bypassed or that did not; `no_counted_births`: no cell of 10 or more at a hospital with the service; `without_minutes`: no demand point of these places has minutes."),
        Column(name="geography", kind="text", required=True, values=("county", "zip", "county_and_zip", "none"), description="What the places of residence in the file are; from a ZIP code's centroid nearest and used are exact, and low and high fall together."),
    ),
)

FLOWS_LEFT_OUT: Final = Table(
    name="flows_left_out",
    title="Rows of the flows that were left out",
    description="One row a row of the user's file that no figure holds, without its count.",
    primary_key=("row",),
    licence="facts",
    columns=(
        Column(name="row", kind="integer", required=True, minimum=1, unique=True, description="Row of the file, 1 is the first below the header."),
        Column(name="column", kind="text", required=True, description="Column that is the reason."),
        Column(name="value", kind="text", description="What stands there; never a count."),
        Column(name="reason", kind="text", required=True, values=("unknown_county", "unknown_zip", "unknown_facility", "outside_area", "suppressed", "small_count"), description="`suppressed`: the file masks the count; `small_count`: 1-9, which enters no figure; `outside_area`: a place that the run does not have."),
        Column(name="remedy", kind="text", description="What would be right, or the nearest names."),
    ),
)
# fmt: on
