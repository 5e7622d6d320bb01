"""Values of OpenStreetMap's tags: speeds and durations as numbers."""

from __future__ import annotations

import math
import re

__all__ = ["minutes_of", "speed_km_per_h"]

KM_PER_H = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852, "kn": 1.852}

WALK_KM_PER_H = 5.0
SLOWEST_KM_PER_H = 4.0
FASTEST_KM_PER_H = 200.0
"""A number outside these is taken for a slip of the pen: slower than walking, or faster than any posted limit."""

SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots|kn)?")
ZONE = re.compile(r"([a-z]{2})(?:[-:][a-z0-9]+)*?:(?:zone:?)?([a-z_]+|\d+)")

ZONES = {
    "living_street": 10.0, "school": 32.0, "urban": 50.0, "rural": 90.0, "trunk": 110.0, "expressway": 110.0,
    "motorway": 130.0, "freeway": 105.0, "walk": WALK_KM_PER_H, "pedestrian_zone": WALK_KM_PER_H,
    "bicycle_road": 30.0,
    "us:urban": 25 * 1.609344, "us:residential": 25 * 1.609344, "us:rural": 55 * 1.609344, "us:school": 20 * 1.609344,
    "us:trunk": 55 * 1.609344, "us:motorway": 65 * 1.609344, "us:freeway": 65 * 1.609344,
    "us:interstate": 65 * 1.609344,
    "gb:urban": 30 * 1.609344, "gb:rural": 60 * 1.609344, "gb:nsl_restricted": 30 * 1.609344,
    "gb:nsl_single": 60 * 1.609344, "gb:nsl_dual": 70 * 1.609344, "gb:motorway": 70 * 1.609344,
    "ca:rural": 80.0, "ca:motorway": 100.0, "de:rural": 100.0, "at:rural": 100.0, "fr:rural": 80.0,
    "ch:rural": 80.0, "ch:trunk": 100.0, "ch:motorway": 120.0, "nl:rural": 80.0, "nl:trunk": 100.0,
    "nl:motorway": 100.0, "no:rural": 80.0, "no:motorway": 110.0, "dk:rural": 80.0, "be:rural": 70.0,
    "be:motorway": 120.0, "es:motorway": 120.0, "it:rural": 90.0, "pl:motorway": 140.0, "pl:trunk": 120.0,
    "ru:urban": 60.0, "ru:living_street": 20.0, "ru:motorway": 110.0, "jp:express": 100.0, "jp:nsl": 60.0,
    "mx:rural": 90.0, "mx:motorway": 110.0, "au:rural": 100.0, "nz:rural": 100.0,
}  # fmt: skip
"""Limits of a country's zones, km/h; without a country what is common. Those of the US differ by state: typical."""
UNLIMITED = frozenset({"de:motorway", "de:trunk"})

CLOCK = re.compile(r"(\d+):([0-5]?\d)(?::([0-5]?\d))?")
_NUMBER = r"(\d+(?:\.\d+)?)"
ISO = re.compile(rf"P(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?", re.IGNORECASE)
PLAIN = re.compile(r"(\d+(?:\.\d+)?)\s*(min|mins|minute|minutes|h|hr|hour|hours)?", re.IGNORECASE)

_NAN = float("nan")


def speed_km_per_h(text: str) -> tuple[float, str]:
    """Read a value of ``maxspeed``.

    Parameters
    ----------
    text : str
        ``"50"``, ``"35 mph"``, ``"10 knots"``, ``"walk"``, ``"none"``, ``"signals"``, ``"DE:urban"``, ``"50;30"``.

    Returns
    -------
    limit : float
        km/h. ``NaN`` where there is no limit, none that is known, or none that can be right: negative, zero, not a
        number, slower than walking, faster than 200 km/h.
    note : str
        Name of the count of what was done, empty for an ordinary limit and for no tag.

    Examples
    --------
    >>> speed_km_per_h("35 mph")
    (56.327, '')
    >>> speed_km_per_h("50;30")
    (30.0, 'limits_in_a_list_taken_as_the_lowest')
    """
    value = text.strip().lower()
    if not value:
        return _NAN, ""
    if value in {"none", "unlimited"}:
        return _NAN, "unlimited_roads_at_class_speed"
    if value in {"signals", "variable", "electronic", "signal"}:
        return _NAN, "variable_limits_not_modelled"
    parts = [part.strip() for part in re.split(r"[;|]", value) if part.strip()]
    if len(parts) > 1:
        limits = [limit for limit in (_one_speed(part)[0] for part in parts) if not math.isnan(limit)]
        return (min(limits), "limits_in_a_list_taken_as_the_lowest") if limits else (_NAN, "limits_not_usable")
    return _one_speed(value)


def _one_speed(value: str) -> tuple[float, str]:
    if value in {"walk", "walking"}:
        return WALK_KM_PER_H, ""
    found = SPEED.fullmatch(value)
    if found:
        limit = round(float(found[1]) * KM_PER_H[found[2] or ""], 3)
        return (limit, "") if SLOWEST_KM_PER_H <= limit <= FASTEST_KM_PER_H else (_NAN, "limits_not_usable")
    zone = ZONE.fullmatch(value)
    if not zone:
        return _NAN, "limits_not_usable"
    country, name = {"uk": "gb"}.get(zone[1], zone[1]), zone[2]
    if name.isdigit():
        unit = "mph" if country in {"us", "gb"} else ""
        return _one_speed(f"{name} {unit}".strip())[0], "limits_by_zone"
    if f"{country}:{name}" in UNLIMITED:
        return _NAN, "unlimited_roads_at_class_speed"
    limit = ZONES.get(f"{country}:{name}", ZONES.get(name, _NAN))
    return round(limit, 3), "limits_not_usable" if math.isnan(limit) else "limits_by_zone"


def minutes_of(text: str) -> float:
    """Read a value of ``duration``.

    Parameters
    ----------
    text : str
        ``"00:35"`` and ``"1:10:30"`` (hours first), ``"35"`` (minutes), ``"PT1H5M"`` (ISO 8601), ``"35 min"``.

    Returns
    -------
    float
        Minutes; ``NaN`` where the text is empty, zero or not a duration.

    Examples
    --------
    >>> minutes_of("01:35"), minutes_of("PT35M")
    (95.0, 35.0)
    """
    value = text.strip()
    minutes = _NAN
    if clock := CLOCK.fullmatch(value):
        minutes = int(clock[1]) * 60 + int(clock[2]) + int(clock[3] or 0) / 60
    elif plain := PLAIN.fullmatch(value):
        minutes = float(plain[1]) * (60 if (plain[2] or "").lower().startswith("h") else 1)
    elif (iso := ISO.fullmatch(value)) and any(iso.groups()):
        days, hours, whole, seconds = (float(part or 0) for part in iso.groups())
        minutes = days * 1440 + hours * 60 + whole + seconds / 60
    return float(minutes) if minutes > 0 else _NAN
