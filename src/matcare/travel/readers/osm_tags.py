"""What OpenStreetMap's tags say to a car: may it drive here, which way, how fast, and what is not modelled.

Functions of tags alone, for every reader of OpenStreetMap data. They follow the wiki (Key:access, Key:oneway,
Key:maxspeed, Key:barrier, Key:duration) and, where it leaves a choice, OSRM's car profile; each choice that is our own
is said where it is made. What is left out or simplified carries a note, and the readers count the notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcare.travel.readers.osm_values import minutes_of, speed_km_per_h

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "FERRY",
    "NODE_KEYS",
    "NOT_ROADS",
    "OTHER",
    "WAY_KEYS",
    "WayReading",
    "kind_of_access",
    "node_blocks",
    "read_way",
]

FERRY = "ferry"
"""Class of a ferry that carries cars."""

OTHER = "other"
"""Class of a way whose ``highway`` value is not known; a profile gives it its own speed."""

ROADS = frozenset(
    {
        "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link",
        "tertiary", "tertiary_link", "unclassified", "residential", "living_street", "service", "road", "track",
    }
)  # fmt: skip

NOT_ROADS = frozenset(
    {
        "bridleway", "bus_guideway", "bus_stop", "busway", "corridor", "crossing", "cycleway", "elevator",
        "emergency_access_point", "emergency_bay", "escalator", "escape", "footway", "ladder", "passing_place", "path",
        "pedestrian", "platform", "raceway", "rest_area", "services", "sidewalk", "steps", "street_lamp",
        "traffic_island", "traffic_signals", "trailhead", "turning_circle", "turning_loop", "via_ferrata",
    }
)  # fmt: skip
"""Values of ``highway`` that are not for cars."""

NOT_IN_USE = frozenset(
    {
        "abandoned", "construction", "demolished", "destroyed", "discontinued", "disused", "historic", "no", "none",
        "planned", "proposed", "razed", "removed",
    }
)  # fmt: skip

ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""From the most to the least specific; the first that a way has decides."""

CLOSED = frozenset(
    {
        "agricultural", "agriculture", "bicycle", "bus", "dismount", "emergency", "foot", "forestry", "military", "no",
        "none", "official", "psv", "share_taxi", "taxi", "tourist_bus", "use_sidepath",
    }
)  # fmt: skip
PRIVATE = frozenset({"permit", "private", "restricted"})
FOR_SOME = frozenset({"customer", "customers", "delivery", "destination", "residents"})

PASSABLE_BARRIERS = frozenset(
    {
        "arch", "border_control", "bump_gate", "cattle_grid", "checkpoint", "entrance", "gate", "hampshire_gate",
        "height_restrictor", "kerb", "lift_gate", "no", "sally_port", "security_control", "sliding_beam",
        "sliding_gate", "spikes", "swing_gate", "toll_booth",
    }
)  # fmt: skip

ONE_WAY = {
    "yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1,
    "no": 0, "false": 0, "0": 0, "alternating": 0,
}  # fmt: skip

CONDITIONAL_ACCESS = tuple(f"{key}:conditional" for key in (*ACCESS_KEYS, "oneway"))

WAY_KEYS = (
    "highway", "route", "oneway", "junction", "service", "area", "maxspeed", "maxspeed:forward", "maxspeed:backward",
    "maxspeed:conditional", "duration", "impassable", "ice_road", "winter_road", *ACCESS_KEYS,
    *(f"{key}:{direction}" for key in ACCESS_KEYS for direction in ("forward", "backward")), *CONDITIONAL_ACCESS,
)  # fmt: skip
"""Every key of a way that is looked at."""

NODE_KEYS = ("barrier", "bollard", "locked", *ACCESS_KEYS)
"""Every key of a node that is looked at."""

_NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class WayReading:
    """What a way is to a car.

    Attributes
    ----------
    road_class : str
        Value of ``highway``, ``"ferry"`` or ``"other"``; empty when the way is left out.
    forward, backward : bool
        Open along the way, and against it.
    limit_forward, limit_backward : float
        Posted limit in km/h; ``NaN`` where there is none that can be used.
    minutes : float
        Duration of a ferry's whole way; ``NaN`` elsewhere and where it is not told.
    notes : tuple of str
        Why it is left out, or what of its tags is not modelled: names of counts.
    """

    road_class: str = ""
    forward: bool = True
    backward: bool = True
    limit_forward: float = _NAN
    limit_backward: float = _NAN
    minutes: float = _NAN
    notes: tuple[str, ...] = ()


def read_way(tags: Mapping[str, str], *, tracks: bool = False, private: bool = False) -> WayReading:
    """Read the tags of a way.

    Parameters
    ----------
    tags : mapping of str to str
        Its tags; only those of `WAY_KEYS` are looked at.
    tracks : bool
        Take ``highway=track`` too.
    private : bool
        Take private roads too, as if they were open to everyone.

    Returns
    -------
    WayReading

    Notes
    -----
    One-way is implied on motorways and roundabouts (also ``junction=circular``), as OSRM has it; on motorway links it
    has to be tagged. Reversible roads are left out, as in OSRM: which way they lead depends on the hour. Roads for
    destination, delivery, customers and residents are taken as open, since trips to a hospital end there.
    """
    left_out = _left_out(tags, tracks=tracks)
    if left_out:
        return WayReading(notes=(left_out,))
    ferry = tags.get("route") == FERRY
    notes: list[str] = []
    forward, backward, access = _open(tags, private=private)
    if not (forward or backward):
        return WayReading(notes=("ferries_without_cars_left_out" if ferry else access,))
    notes += [access] if access else []
    if any(key in tags for key in CONDITIONAL_ACCESS):
        notes.append("conditional_access_not_modelled")
    direction = _direction(tags, ferry=ferry, notes=notes)
    if direction is None:
        return WayReading(notes=("reversible_roads_left_out",))
    forward, backward = forward and direction >= 0, backward and direction <= 0
    if not (forward or backward):
        return WayReading(notes=("roads_closed_to_cars_left_out",))
    minutes = _ferry_minutes(tags, notes) if ferry else _NAN
    limits = _limits(tags, notes)
    if tags.get("service") in {"parking_aisle", "drive-through"}:
        notes.append("parking_aisles_and_drive_throughs_kept")
    return WayReading(
        road_class=FERRY if ferry else _road_class(tags["highway"], notes),
        forward=forward,
        backward=backward,
        limit_forward=limits[0],
        limit_backward=limits[1],
        minutes=minutes,
        notes=tuple(dict.fromkeys(notes)),
    )


def kind_of_access(value: str) -> str:
    """Say how open a value of ``access`` leaves a road to a car.

    Parameters
    ----------
    value : str
        Of a list ("agricultural;customers") the most open counts.

    Returns
    -------
    {"open", "some", "private", "closed"}
        To all; to those who have business there; to those with leave; to none.
    """
    parts = {part.strip().lower() for part in value.split(";")}
    if parts - CLOSED - PRIVATE - FOR_SOME:
        return "open"
    if parts & FOR_SOME:
        return "some"
    return "private" if parts & PRIVATE else "closed"


def node_blocks(tags: Mapping[str, str], *, private: bool = False) -> bool:
    """Tell whether a barrier on a road stops a car.

    Parameters
    ----------
    tags : mapping of str to str
        Tags of a node; one without ``barrier`` never stops a car, whatever its access, because ``access`` there is
        more often that of a parking lot's or building's entrance.
    private : bool
        Private gates are open.

    Returns
    -------
    bool
        Access for cars decides where it is tagged (`ACCESS_KEYS`). Without it gates, toll booths, cattle grids and the
        like let a car pass, and so does a rising bollard; a locked gate, bollards, blocks, chains and unknown
        barriers do not. So it is in OSRM's car profile, but for private gates, which are closed here unless asked for.
    """
    barrier = tags.get("barrier", "")
    if not barrier:
        return False
    access = _access(tags, "")
    if access:
        return access == "closed" or (access == "private" and not private)
    if tags.get("locked") == "yes":
        return True
    return barrier not in PASSABLE_BARRIERS and tags.get("bollard") != "rising"


def _left_out(tags: Mapping[str, str], *, tracks: bool) -> str:
    """Name the reason for which a way is no road at all; empty when it is one."""
    if tags.get("route") == FERRY:
        return ""
    highway = tags.get("highway", "")
    first = highway.partition(";")[0].strip()
    reason = ""
    if not highway or first in NOT_ROADS:
        reason = "ways_not_for_cars_left_out"
    elif first in NOT_IN_USE or tags.get("impassable") == "yes":
        reason = "ways_not_in_use_left_out"
    elif tags.get("area") == "yes":
        reason = "areas_left_out"
    elif first == "track" and not tracks:
        reason = "tracks_left_out"
    elif tags.get("service") == "emergency_access":
        reason = "emergency_access_roads_left_out"
    elif "yes" in {tags.get("ice_road"), tags.get("winter_road")}:
        reason = "ice_and_winter_roads_left_out"
    return reason


def _road_class(highway: str, notes: list[str]) -> str:
    first = highway.partition(";")[0].strip()
    if first in ROADS:
        return first
    notes.append("unknown_highway_class_taken_as_other")
    return OTHER


def _access(tags: Mapping[str, str], direction: str) -> str:
    """Say how open a way or node is to a car: open, some, private, closed, or empty when nothing is tagged."""
    value = ""
    for key in ACCESS_KEYS:
        value = tags.get(f"{key}:{direction}", "") or tags.get(key, "") if direction else tags.get(key, "")
        if value:
            break
    if not value:
        return ""
    return kind_of_access(value)


def _open(tags: Mapping[str, str], *, private: bool) -> tuple[bool, bool, str]:
    """Tell whether access lets a car drive along and against the way, and what there is to count about it."""
    kinds = (_access(tags, "forward"), _access(tags, "backward"))
    along, against = (kind != "closed" and (kind != "private" or private) for kind in kinds)
    if not (along or against):
        note = "private_roads_left_out" if "private" in kinds else "roads_closed_to_cars_left_out"
    elif "private" in kinds and private:
        note = "private_roads_kept"
    else:
        note = "roads_for_destination_customers_or_residents_kept" if "some" in kinds else ""
    return along, against, note


def _direction(tags: Mapping[str, str], *, ferry: bool, notes: list[str]) -> int | None:
    """Return 1 along the way, −1 against it, 0 both; None for a way whose direction changes with the hour."""
    value = tags.get("oneway", "").strip().lower()
    if value == "reversible":
        return None
    if value in ONE_WAY:
        if value == "alternating":
            notes.append("alternating_roads_taken_as_both_ways")
        return ONE_WAY[value]
    if value:
        notes.append("oneway_not_understood")
    if not ferry and (tags.get("highway") == "motorway" or tags.get("junction") in {"roundabout", "circular"}):
        notes.append("oneway_implied")
        return 1
    return 0


def _limits(tags: Mapping[str, str], notes: list[str]) -> tuple[float, float]:
    if "maxspeed:conditional" in tags:
        notes.append("conditional_limits_not_modelled")
    both = tags.get("maxspeed", "")
    limits = []
    for direction in ("forward", "backward"):
        limit, note = speed_km_per_h(tags.get(f"maxspeed:{direction}", "") or both)
        limits.append(limit)
        if note:
            notes.append(note)
    return limits[0], limits[1]


def _ferry_minutes(tags: Mapping[str, str], notes: list[str]) -> float:
    """Return the duration of a ferry that is open to cars; say where tags leave that open."""
    if not any(key in tags for key in ACCESS_KEYS):
        notes.append("ferries_taken_to_carry_cars")
    text = tags.get("duration", "")
    minutes = minutes_of(text)
    if minutes != minutes:  # noqa: PLR0124 - NaN
        notes.append("ferry_durations_not_usable" if text else "ferries_without_duration")
    return minutes
