"""What a run is asked for, as frozen values: the rule that classes counties, the services, the scenario itself."""

from __future__ import annotations

import math
import tomllib
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from matcare.errors import InputError
from matcare.geo import canonical_state

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "EVIDENCE_TIERS",
    "MARCH_OF_DIMES_2024",
    "Profile",
    "Rule",
    "Scenario",
]

EVIDENCE_TIERS: Final = ("corroborated", "likely", "claimed", "arranged", "unknown", "none")
"""Obstetric evidence, best first."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Thresholds of the March of Dimes maternity care desert definition (PeriStats).

    Attributes
    ----------
    name : str
        Edition, as it stands in outputs.
    full_access_units : int
        Full access at this many hospitals with obstetric care and birth centers, or more.
    full_access_clinicians : float
        Full access at this many obstetric clinicians per 10,000 births, or more.
    uninsured_high : float
        Share of women 18-64 without insurance at which access is low rather than moderate.
    """

    name: str = "March of Dimes 2024"
    full_access_units: int = 2
    full_access_clinicians: float = 60.0
    uninsured_high: float = 0.10

    def __post_init__(self) -> None:
        if self.full_access_units < 1:
            raise InputError(f"full_access_units is {self.full_access_units}: give 1 or more")
        if self.full_access_clinicians <= 0:
            raise InputError(f"full_access_clinicians is {self.full_access_clinicians:g}: give a number above 0")
        if not 0 < self.uninsured_high < 1:
            raise InputError(f"uninsured_high is {self.uninsured_high:g}: give a share between 0 and 1")


MARCH_OF_DIMES_2024: Final = Rule()
"""The rule of *Nowhere to Go: Maternity Care Deserts Across the US* (2024) and of PeriStats."""


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
        Speed along the straight chords of each road class.
    other_km_per_h : (float, float)
        Speed of a class that `km_per_h` does not name.
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
        Minutes that turning costs, measured where two edges meet and no third.
    junction_minutes : float
        Minutes at each node where three edges or more meet, off roads of controlled access.
    speed_limit_exponent : float
        Rural speeds follow the state's maximum speed limit over the usual one to this power; 0 = alike everywhere.
    density_midpoint_per_km2 : float
        People per km² at which a place is half urban.
    density_exponent : float
        How sharply rural turns into urban: the share is 1 / (1 + (midpoint / density) ** exponent).
    density_kernel_km : float
        Standard deviation of the Gaussian around a place within which people are counted.
    reach_km : float
        A point farther than this from any road has no road access; also the longest direct local leg of such a point.
    direct_km : float
        Longest direct local leg between two points that are both on the network: farther, a straight line over a lake,
        a canyon or a range that the roads go round would be believed.
    access_candidates : int
        How many of the nearest road pieces of at most 1 km are tried as entries.
    controlled_access : tuple of str
        Classes that can be entered only at the ends of their edges, which are interchanges.
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
    access_candidates: int = 10
    controlled_access: tuple[str, ...] = ("interstate", "freeway")
    local_length_exponent: float = 0.0
    local_winding_factor: float = 0.0
    bend_minutes_per_radian: float = 0.0
    junction_minutes: float = 0.0
    speed_limit_exponent: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "km_per_h", MappingProxyType(dict(self.km_per_h)))
        speeds = {**self.km_per_h, "other": self.other_km_per_h, "local": self.local_km_per_h}
        for road_class, pair in speeds.items():
            if len(pair) != len(("rural", "urban")) or not all(math.isfinite(speed) and speed > 0 for speed in pair):
                raise InputError(
                    f"profile {self.name}: speed of {road_class} is {pair}: give two km/h above 0, rural then urban"
                )
        if not 1 <= self.detour_factor < math.inf:
            raise InputError(f"profile {self.name}: detour_factor is {self.detour_factor:g}: give 1 or more")
        if not all(0 <= minutes < math.inf for minutes in self.end_minutes):
            raise InputError(f"profile {self.name}: end_minutes are {self.end_minutes}: give two numbers of 0 or more")
        for key in (
            "density_midpoint_per_km2",
            "density_exponent",
            "density_kernel_km",
            "reach_km",
            "direct_km",
            "access_candidates",
        ):
            if not 0 < getattr(self, key) < math.inf:
                raise InputError(f"profile {self.name}: {key} is {getattr(self, key):g}: give a number above 0")
        most = {"local_length_exponent": 0.9, "local_winding_factor": 9.0, "speed_limit_exponent": 2.0}
        for key in (*most, "bend_minutes_per_radian", "junction_minutes"):
            if not 0 <= getattr(self, key) <= most.get(key, 60.0):
                top = most.get(key, 60.0)
                raise InputError(
                    f"profile {self.name}: {key} is {getattr(self, key):g}: give a number from 0 to {top:g}"
                )

    def as_dict(self) -> dict[str, Any]:
        """Return the profile in JSON's types, for ``run.json``."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return values | {"km_per_h": dict(self.km_per_h)}

    @classmethod
    def from_text(cls, text: str, *, where: str = "profile") -> Profile:
        """Read a profile from TOML text.

        Parameters
        ----------
        text : str
            Keys are the attributes of this class; a table ``provenance`` is allowed and left alone.
        where : str
            The file, for messages.

        Returns
        -------
        Profile

        Raises
        ------
        InputError
            When the text is not TOML, a key is unknown or missing, or a value has the wrong type or range.
        """
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{where}: not readable as TOML ({error})") from error
        raw.pop("provenance", None)
        known = cls.__dataclass_fields__
        for key in raw:
            if key not in known:
                raise InputError(f"{where}: unknown key {key!r}; known are {', '.join(known)}")
        for key, entry in known.items():
            if key not in raw and entry.default is MISSING:
                raise InputError(f"{where}: key {key!r} is missing")
        try:
            values = {key: _profile_value(key, value) for key, value in raw.items()}
            return cls(**values)
        except (TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise InputError(f"{where}: {error}") from error
            raise InputError(f"{where}: a value has the wrong type ({error})") from error


def _profile_value(key: str, value: Any) -> Any:
    """Turn TOML's lists of a profile into tuples, whole numbers into floats where a float is meant."""
    if key == "name":
        if not isinstance(value, str):
            raise TypeError(f"name is {value!r}, not a text")
        return value
    if key == "km_per_h":
        return {str(name): _pair(name, pair) for name, pair in dict(value).items()}
    if key in {"other_km_per_h", "local_km_per_h", "end_minutes"}:
        return _pair(key, value)
    if key == "controlled_access":
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise TypeError(f"controlled_access is {value!r}, not a list of classes")
        return tuple(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{key} is {value!r}, not a number")
    return int(value) if key == "access_candidates" else float(value)


def _pair(key: str, value: Any) -> Pair:
    numbers = isinstance(value, list) and all(isinstance(x, int | float) and not isinstance(x, bool) for x in value)
    if not numbers or len(value) != len(("rural", "urban")):
        raise TypeError(f"{key} is {value!r}, not two numbers, rural then urban")
    return float(value[0]), float(value[1])


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What one run is asked for.

    Attributes
    ----------
    states : tuple of str
        Postal codes; empty for the whole country.
    rule : Rule
        Desert thresholds.
    birth_care_tiers : tuple of str
        Obstetric evidence that counts as birth care in the headline.
    facilities : pathlib.Path, optional
        A user's facilities; they take the place of the embedded ones in the states that the file covers.
    facilities_only : bool
        The user's facilities take the place of all embedded ones.
    facilities_add : bool
        The user's facilities are added to the embedded ones; one of the same identifier takes its place.
    corrections : pathlib.Path, optional
        Units closed, opened or given another level.
    profile : str
        Name of the embedded speed profile, or the path of a TOML file.
    search_limit_minutes : float
        Farther is `beyond_limit`.
    """

    states: tuple[str, ...] = ()
    rule: Rule = field(default_factory=Rule)
    birth_care_tiers: tuple[str, ...] = ("corroborated", "likely", "claimed")
    facilities: Path | None = None
    facilities_only: bool = False
    facilities_add: bool = False
    corrections: Path | None = None
    profile: str = "typical"
    search_limit_minutes: float = 600.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "states", tuple(sorted({canonical_state(state) for state in self.states})))
        if not self.birth_care_tiers:
            raise InputError("no obstetric evidence tier counts as birth care: name at least one")
        for tier in self.birth_care_tiers:
            if tier not in EVIDENCE_TIERS:
                raise InputError(f"unknown obstetric evidence tier {tier!r}: one of {', '.join(EVIDENCE_TIERS)}")
        if not self.search_limit_minutes > 0:
            raise InputError(f"search limit is {self.search_limit_minutes:g} minutes: give a number above 0")
        if (self.facilities_only or self.facilities_add) and self.facilities is None:
            raise InputError(
                "facilities_only and facilities_add need facilities (--facilities-only needs --facilities FILE)"
            )
        if self.facilities_only and self.facilities_add:
            raise InputError("facilities_only and facilities_add exclude each other: choose one")

    @property
    def region(self) -> str:
        """Folder name of the run: ``us``, ``nd``, ``mn-nd-sd``."""
        return "-".join(state.lower() for state in self.states) or "us"

    def as_dict(self) -> dict[str, Any]:
        """Return the scenario in JSON's types, for ``run.json``."""
        values = asdict(self)
        for key in ("facilities", "corrections"):
            values[key] = None if values[key] is None else Path(values[key]).name
        return values

    @classmethod
    def from_toml(cls, path: Path) -> Scenario:
        """Read a scenario from a TOML file.

        Parameters
        ----------
        path : pathlib.Path
            Keys are the attributes of this class; ``[rule]`` holds the thresholds. File names are taken from the folder
            of the scenario file.

        Returns
        -------
        Scenario

        Raises
        ------
        InputError
            When the file is not TOML, a key is unknown, or a value has the wrong type.
        """
        try:
            if not path.is_file():
                raise InputError(f"{path}: no such file; give a scenario in TOML")
            raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"{path}: not a readable TOML file ({error})") from error
        _check_keys(path, raw, _KEYS, "")
        _check_keys(path, raw.get("rule", {}), _RULE_KEYS, " in [rule]")
        if "rule" in raw:
            raw["rule"] = Rule(**raw["rule"])
        for key in ("facilities", "corrections"):
            if raw.get(key):
                raw[key] = path.parent / raw[key]
        for key in ("states", "birth_care_tiers"):
            if key in raw:
                raw[key] = tuple(raw[key])
        return cls(**raw)


_NUMBER: Final = (int, float)
_KEYS: Final[dict[str, tuple[type, ...]]] = {
    "states": (list,),
    "rule": (dict,),
    "birth_care_tiers": (list,),
    "facilities": (str,),
    "facilities_only": (bool,),
    "facilities_add": (bool,),
    "corrections": (str,),
    "profile": (str,),
    "search_limit_minutes": _NUMBER,
}
_RULE_KEYS: Final[dict[str, tuple[type, ...]]] = {
    "name": (str,),
    "full_access_units": (int,),
    "full_access_clinicians": _NUMBER,
    "uninsured_high": _NUMBER,
}
_WORDS: Final[dict[type, str]] = {
    list: 'a list of texts, such as ["ND", "SD"]',
    dict: "a table",
    str: "a text in quotes",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def _check_keys(path: Path, raw: Mapping[str, Any], known: Mapping[str, tuple[type, ...]], where: str) -> None:
    for key, value in raw.items():
        if key not in known:
            raise InputError(f"{path}: unknown key {key!r}{where}; known are {', '.join(known)}")
        right = isinstance(value, known[key]) and not (isinstance(value, bool) and bool not in known[key])
        if right and isinstance(value, list):
            right = all(isinstance(item, str) for item in value)
        if not right:
            raise InputError(f"{path}: {key}{where} is {value!r}; give {_WORDS[known[key][0]]}")
