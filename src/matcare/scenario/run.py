"""What one run is asked for: the rule that classes counties, the evidence that counts, the scenario itself."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcare.errors import InputError
from matcare.geo import canonical_state

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "EVIDENCE_TIERS",
    "MARCH_OF_DIMES_2024",
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
    roads : str, optional
        A roads file or a source of roads in place of the embedded highways.
    search_limit_minutes : float
        Farther is `beyond_limit`.
    outcomes : tuple of pathlib.Path
        The user's CDC WONDER exports, in place of the embedded infant deaths and births.
    women_by_race : pathlib.Path, optional
        Women by race at block groups, for disparities in access.
    indicators : pathlib.Path, optional
        County indicators that no public source holds, for the socio-ecological profile.
    hpsa, forhp : pathlib.Path, optional
        HRSA's list of primary care shortage areas with their Maternity Care Target Area scores, and the rural list of
        the Federal Office of Rural Health Policy, for the fields that grants ask for.
    mcta_threshold : float, optional
        Target area score from which a county counts as one among the definitions; HRSA sets none.
    seed : int
        Of permutations, bootstrap and draws: the same seed gives the same bytes.
    """

    states: tuple[str, ...] = ()
    rule: Rule = field(default_factory=Rule)
    birth_care_tiers: tuple[str, ...] = ("corroborated", "likely", "claimed")
    facilities: Path | None = None
    facilities_only: bool = False
    facilities_add: bool = False
    corrections: Path | None = None
    profile: str = "typical"
    roads: str | None = None
    search_limit_minutes: float = 600.0
    outcomes: tuple[Path, ...] = ()
    women_by_race: Path | None = None
    indicators: Path | None = None
    hpsa: Path | None = None
    forhp: Path | None = None
    mcta_threshold: float | None = None
    seed: int = 2022

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
        if self.mcta_threshold is not None and self.hpsa is None:
            raise InputError("mcta_threshold needs hpsa (--hpsa FILE): scores are read as published, never computed")
        if not 0 <= self.seed < _SEEDS:
            raise InputError(f"seed is {self.seed}: give a whole number from 0 to {_SEEDS - 1:,}")

    @property
    def draws_stand(self) -> bool:
        """Whether units, roads, speeds, births and thresholds are the default ones, for which draws are kept."""
        names = (
            "rule", "birth_care_tiers", "facilities", "corrections", "profile", "roads", "search_limit_minutes",
            "outcomes",
        )  # fmt: skip
        default = Scenario()
        return all(getattr(self, name) == getattr(default, name) for name in names)

    @property
    def region(self) -> str:
        """Folder name of the run: ``us``, ``nd``, ``mn-nd-sd``."""
        return "-".join(state.lower() for state in self.states) or "us"

    def as_dict(self) -> dict[str, Any]:
        """Return the scenario in JSON's types, for ``run.json``."""
        values = asdict(self)
        for key in _FILES:
            values[key] = None if values[key] is None else Path(values[key]).name
        values["outcomes"] = [path.name for path in self.outcomes]
        for key, value in (("roads", self.roads), ("profile", self.profile)):
            if value is not None and Path(value).is_file():
                values[key] = Path(value).name
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
        for key in _FILES:
            if key in raw and not raw[key]:
                raise InputError(f"{path}: {key} is empty; name a file, or leave the key out")
            if key in raw:
                raw[key] = path.parent / raw[key]
        if "outcomes" in raw:
            raw["outcomes"] = tuple(path.parent / name for name in raw["outcomes"])
        for key in ("roads", "profile"):  # a file beside the scenario, or a name
            if key in raw and (path.parent / raw[key]).is_file():
                raw[key] = str(path.parent / raw[key])
        if "roads" in raw and (path.parent / raw["roads"]).is_dir():
            raw["roads"] = str(path.parent / raw["roads"])
        for key in ("states", "birth_care_tiers"):
            if key in raw:
                raw[key] = tuple(raw[key])
        return cls(**raw)


_FILES: Final = ("facilities", "corrections", "women_by_race", "indicators", "hpsa", "forhp")
"""Keys that name one file of the user's."""

_SEEDS: Final = 2**32
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
    "roads": (str,),
    "search_limit_minutes": _NUMBER,
    "outcomes": (list,),
    "women_by_race": (str,),
    "indicators": (str,),
    "hpsa": (str,),
    "forhp": (str,),
    "mcta_threshold": _NUMBER,
    "seed": (int,),
}
_RULE_KEYS: Final[dict[str, tuple[type, ...]]] = {
    "name": (str,),
    "full_access_units": (int,),
    "full_access_clinicians": _NUMBER,
    "uninsured_high": _NUMBER,
}
_WORDS: Final[dict[type, str]] = {
    list: 'a list of texts, such as ["ND", "SD"] or ["linked.txt"]',
    dict: "a table",
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
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
