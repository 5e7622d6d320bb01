"""Speed profiles: named parameters with units, read from TOML."""

from __future__ import annotations

import datetime as dt
import math
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from matcare.errors import InputError
from matcare.scenario.adjustments import Adjustment, Closure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Pair", "Profile", "parse_profile"]

Pair = tuple[float, float]
"""A rural and an urban value; a place's own lies between them by its population density."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How fast a car goes: named parameters with units, read from TOML.

    Where two numbers stand, the first is the rural and the second the urban value.

    Attributes
    ----------
    name : str
        As it stands in outputs.
    km_per_h : mapping of str to (float, float)
        Speed of each road class: along the straight chords where the graph has no more, else along the road.
    other_km_per_h : (float, float)
        Speed of a class that `km_per_h` does not name.
    limit_share : (float, float), optional
        How much of the posted speed limit is driven, where the roads' source tells it; without it posted limits are
        not looked at.
    local_km_per_h : (float, float)
        Speed on local streets, along the straight line times `detour_factor`.
    detour_factor : float
        Length of a local leg over its straight line, at least 1.
    local_length_exponent : float
        Longer local legs are faster: pace falls with length to the power of minus this, and is as given at 3 km.
    local_winding_factor : float
        Slower local legs where the highways around wind: added share per rad/km above the national mean of 0.1.
    end_minutes : (float, float)
        Minutes at each end of a trip.
    bend_minutes_per_radian : float
        Minutes that turning costs along chords, measured where two edges meet and no third.
    junction_minutes : float
        Minutes at each node where three chords or more meet, off roads of controlled access.
    street_junction_minutes : (float, float)
        The same where roads have their full shape, for which `bend_minutes_per_radian` and `junction_minutes` do not
        hold.
    minor_classes : tuple of str
        Driveways, alleys, tracks: where one joins a street of full shape there is no junction.
    speed_limit_exponent : float
        Rural speeds of chords follow the state's maximum speed limit over the usual one to this power; 0 = alike
        everywhere.
    density_midpoint_per_km2 : float
        People per km² at which a place is half urban.
    street_density_midpoint_per_km2 : float, optional
        The same for roads of full shape, where urban is any built-up place; as for chords without it. What an
        adjustment calls urban follows `density_midpoint_per_km2`.
    density_exponent : float
        How sharply rural turns into urban: the share is 1 / (1 + (midpoint / density) ** exponent).
    density_kernel_km : float
        Standard deviation of the Gaussian around a place within which people are counted.
    reach_km : float
        A point farther than this from any road has no road access; also the longest direct local leg of such a point.
    direct_km : float
        Longest direct local leg between two points that are both on the network: farther, a straight line over a lake,
        a canyon or a range that the roads go round would be believed.
    direct_detour_limit : float
        A direct local leg is not believed where the roads, near to both its ends, take more than this many times as
        long: something lies between that they go round. 0 = every leg is believed.
    street_direct_km : float
        Longest direct local leg between two points on streets, all of which the graph has.
    access_candidates : int
        How many of the nearest road pieces of at most 1 km are tried as entries.
    controlled_access : tuple of str
        Classes that can be entered only at the ends of their edges, which are interchanges.
    adjustments : tuple of Adjustment
        Some roads are faster or slower; ``[[adjustment]]`` in TOML.
    closures : tuple of Closure
        Some roads are closed; ``[[closed]]`` in TOML.
    extends : tuple of str
        Names of the profiles that this one stands on, nearest first.
    provenance : mapping
        Where the numbers come from, by the name of the profile that says so; no number depends on it.
    """

    name: str
    km_per_h: Mapping[str, Pair]
    other_km_per_h: Pair
    local_km_per_h: Pair
    detour_factor: float
    end_minutes: Pair
    density_midpoint_per_km2: float
    density_exponent: float
    density_kernel_km: float
    reach_km: float = 30.0
    direct_km: float = 30.0
    direct_detour_limit: float = 0.0
    street_direct_km: float = 1.0
    access_candidates: int = 10
    controlled_access: tuple[str, ...] = (
        "interstate", "freeway", "motorway", "motorway_link", "tiger_primary", "tiger_ramp",
    )  # fmt: skip
    local_length_exponent: float = 0.0
    local_winding_factor: float = 0.0
    bend_minutes_per_radian: float = 0.0
    junction_minutes: float = 0.0
    street_junction_minutes: Pair = (0.0, 0.0)
    street_density_midpoint_per_km2: float | None = None
    minor_classes: tuple[str, ...] = ()
    limit_share: Pair | None = None
    speed_limit_exponent: float = 0.0
    adjustments: tuple[Adjustment, ...] = ()
    closures: tuple[Closure, ...] = ()
    extends: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "km_per_h", MappingProxyType(dict(self.km_per_h)))
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))
        speeds = {**self.km_per_h, "other": self.other_km_per_h, "local": self.local_km_per_h}
        for road_class, pair in speeds.items():
            if len(pair) != len(("rural", "urban")) or not all(math.isfinite(speed) and speed > 0 for speed in pair):
                raise InputError(
                    f"profile {self.name}: speed of {road_class} is {pair}: give two km/h above 0, rural then urban"
                )
        if not 1 <= self.detour_factor < math.inf:
            raise InputError(f"profile {self.name}: detour_factor is {self.detour_factor:g}: give 1 or more")
        for key in ("end_minutes", "street_junction_minutes"):
            if not all(0 <= minutes < math.inf for minutes in getattr(self, key)):
                raise InputError(f"profile {self.name}: {key} are {getattr(self, key)}: give two numbers of 0 or more")
        if self.limit_share is not None and not all(0 < share <= MOST_OF_A_LIMIT for share in self.limit_share):
            raise InputError(
                f"profile {self.name}: limit_share is {self.limit_share}: give two shares above 0, at most "
                f"{MOST_OF_A_LIMIT:g}, rural then urban"
            )
        midpoint = self.street_density_midpoint_per_km2
        for key in (*ABOVE_0, *(["street_density_midpoint_per_km2"] if midpoint is not None else [])):
            if not 0 < getattr(self, key) < math.inf:
                raise InputError(f"profile {self.name}: {key} is {getattr(self, key):g}: give a number above 0")
        for key, most in FROM_0.items():
            if not 0 <= getattr(self, key) <= most:
                raise InputError(
                    f"profile {self.name}: {key} is {getattr(self, key):g}: give a number from 0 to {most:g}"
                )

    def as_dict(self) -> dict[str, Any]:
        """Return the profile in JSON's types, for ``run.json``."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return values | {
            "km_per_h": dict(self.km_per_h),
            "adjustments": [adjustment.as_dict() for adjustment in self.adjustments],
            "closures": [closure.as_dict() for closure in self.closures],
            "provenance": dict(self.provenance),
        }

    @classmethod
    def from_text(cls, text: str, *, where: str = "profile", folder: Path | None = None) -> Profile:
        """Read a profile that stands on no other from TOML text.

        Parameters
        ----------
        text : str
            Keys are the attributes of this class, but ``[[adjustment]]`` and ``[[closed]]`` for `adjustments` and
            `closures`; a table ``provenance`` is allowed and kept.
        where : str
            The file, for messages.
        folder : pathlib.Path, optional
            Paths of polygons are taken from here; else from the working folder.

        Returns
        -------
        Profile

        Raises
        ------
        InputError
            When the text is not TOML, a key is unknown or missing, or a value has the wrong type or range.
        """
        values = parse_profile(text, where=where, folder=folder)
        if values.pop("extends", None) is not None:
            raise InputError(f"{where}: a profile with 'extends' is read by its path, with load_profile")
        return cls.from_values(values, where=where)

    @classmethod
    def from_values(cls, values: Mapping[str, Any], *, where: str) -> Profile:
        """Make a profile of values that :func:`parse_profile` has read, of one file or of several laid over each other.

        Parameters
        ----------
        values : mapping
        where : str
            The file, for messages.

        Returns
        -------
        Profile

        Raises
        ------
        InputError
            When a key is missing or a value is out of range.
        """
        for key, entry in cls.__dataclass_fields__.items():
            if key not in values and entry.default is MISSING and entry.default_factory is MISSING:
                raise InputError(f"{where}: key {key!r} is missing")
        try:
            return cls(**values)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error


MOST_OF_A_LIMIT: Final = 2.0
ABOVE_0: Final = (
    "density_midpoint_per_km2", "density_exponent", "density_kernel_km", "reach_km", "direct_km", "street_direct_km",
    "access_candidates",
)  # fmt: skip
FROM_0: Final = {
    "local_length_exponent": 0.9, "local_winding_factor": 9.0, "speed_limit_exponent": 2.0,
    "bend_minutes_per_radian": 60.0, "junction_minutes": 60.0, "direct_detour_limit": 100.0,
}  # fmt: skip
IN_TOML: Final = {"adjustments": "adjustment", "closures": "closed"}


def parse_profile(text: str, *, where: str, folder: Path | None = None) -> dict[str, Any]:
    """Read the keys that one profile file gives, with their types checked; a file may give only some.

    Parameters
    ----------
    text : str
    where : str
        The file, for messages.
    folder : pathlib.Path, optional
        Paths of polygons are taken from here.

    Returns
    -------
    dict
        Attributes of :class:`Profile`; `extends` is the name or path as it stands in the file.

    Raises
    ------
    InputError
        When the text is not TOML, a key is unknown, or a value has the wrong type.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: not readable as TOML ({error})") from error
    known = {IN_TOML.get(key, key): key for key in Profile.__dataclass_fields__}
    for key in raw:
        if key not in known:
            raise InputError(f"{where}: unknown key {key!r}; known are {', '.join(known)}")
    try:
        return {known[key]: _profile_value(key, value, folder or Path()) for key, value in raw.items()}
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: a value has the wrong type ({error})") from error


def _profile_value(key: str, value: Any, folder: Path) -> Any:
    """Turn TOML's lists of a profile into tuples, whole numbers into floats where a float is meant."""
    if key in {"adjustment", "closed"}:
        if not isinstance(value, list):
            raise TypeError(f"{key} is {value!r}, not tables; write [[{key}]]")
        kind = Adjustment if key == "adjustment" else Closure
        return tuple(_entry(f"[[{key}]] {number}", table, kind, folder) for number, table in enumerate(value, 1))
    read: Callable[[str, Any], Any] = PROFILE_KEYS.get(key, _number)
    return read(key, value)


def _entry(where: str, value: Any, kind: type[Adjustment | Closure], folder: Path) -> Any:
    """Make one adjustment or closure of a TOML table."""
    table, keys = _table(where, value), ENTRY_KEYS[kind]
    for key in table:
        if key not in keys:
            raise InputError(f"{where}: unknown key {key!r}; known are {', '.join(keys)}")
    for key in ("name", "speed_factor"):
        if key in keys and key not in table:
            raise InputError(f"{where}: key {key!r} is missing")
    try:
        values = {key: keys[key](key, entry) for key, entry in table.items()}
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from error
    if "polygon" in values:
        values["polygon"] = folder / values["polygon"]
    return kind(**values)


def _table(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{key} is {value!r}, not a table")
    return value


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{key} is {value!r}, not a text")
    return value


def _names(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError(f'{key} is {value!r}, not a list of texts, such as ["service"]')
    return tuple(value)


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{key} is {value!r}, not a number")
    return float(value)


def _pair(key: str, value: Any) -> Pair:
    if not isinstance(value, list) or len(value) != len(("rural", "urban")):
        raise TypeError(f"{key} is {value!r}, not two numbers, rural then urban")
    return _number(key, value[0]), _number(key, value[1])


def _points(key: str, value: Any) -> tuple[Pair, ...]:
    if not isinstance(value, list) or not all(isinstance(point, list) and len(point) == len("yx") for point in value):
        raise TypeError(f"{key} is {value!r}, not a list of points [[latitude, longitude], …]")
    return tuple((_number(key, point[0]), _number(key, point[1])) for point in value)


def _in_json(value: Any) -> Any:
    """Turn TOML's dates into texts, however deep they stand."""
    if isinstance(value, dict):
        return {key: _in_json(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_in_json(entry) for entry in value]
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value


def _speeds(key: str, value: Any) -> dict[str, Pair]:
    return {name: _pair(name, pair) for name, pair in _table(key, value).items()}


def _said(key: str, value: Any) -> dict[str, Any]:
    return {name: _in_json(entry) for name, entry in _table(key, value).items()}


def _count(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{key} is {value!r}, not a whole number")
    return value


PROFILE_KEYS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "name": _text, "extends": _text, "km_per_h": _speeds, "provenance": _said, "access_candidates": _count,
    **dict.fromkeys(("controlled_access", "minor_classes"), _names),
    **dict.fromkeys(
        ("other_km_per_h", "local_km_per_h", "end_minutes", "street_junction_minutes", "limit_share"), _pair
    ),
}  # fmt: skip
"""How a key's value is read; other keys are numbers."""
ENTRY_KEYS: Final[dict[type, dict[str, Callable[[str, Any], Any]]]] = {
    Adjustment: {
        "name": _text, "speed_factor": _number, "states": _names, "classes": _names, "where": _text, "polygon": _text,
    },
    Closure: {"name": _text, "polygon": _text, "edges": _points, "classes": _names, "direction": _text},
}  # fmt: skip
