"""Speeds by land-cover class as data: a TOML table that ships with the package, or a user's own."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError

__all__ = ["ClassSpeed", "SpeedTable", "load_speed_table", "shipped_speed_tables"]

_PREFIX: Final = "speeds_"
_MODES: Final = ("walking", "motorised")
_LARGEST_CODE: Final = 65_535
_FASTEST_KM_PER_H: Final = 200.0
_MINUTES_PER_METRE: Final = 0.06
"""Minutes for a metre at 1 km/h."""


@dataclass(frozen=True, kw_only=True)
class ClassSpeed:
    """What one class of land cover lets one do.

    Attributes
    ----------
    label : str
    km_per_h : float
        On the flat; 0 is a barrier.
    walking : bool
        Whether the slope counts.
    """

    label: str
    km_per_h: float
    walking: bool


@dataclass(frozen=True, kw_only=True)
class SpeedTable:
    """Speeds by land-cover class.

    Attributes
    ----------
    name, title, source : str
    classes : dict of int to ClassSpeed
    """

    name: str
    title: str
    source: str
    classes: dict[int, ClassSpeed]

    @classmethod
    def from_text(cls, text: str, *, where: str) -> SpeedTable:
        """Read a table from TOML.

        Parameters
        ----------
        text : str
            ``name``, ``title``, ``source`` and, for each class code, ``[land_cover.10]`` with ``label``, ``km_per_h``
            and ``mode`` (``walking`` or ``motorised``).
        where : str
            The file, for messages.

        Returns
        -------
        SpeedTable

        Raises
        ------
        InputError
            When it is not TOML, has no class, or a class has an unknown key, a speed below 0 or above 200 km/h, or an
            unknown mode.
        """
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{where}: not a TOML file ({error})") from error
        unknown = sorted(set(table) - {"name", "title", "source", "land_cover"})
        if unknown:
            raise InputError(f"{where}: unknown key {unknown[0]!r}; known are name, title, source and land_cover")
        entries = table.get("land_cover")
        if not isinstance(entries, dict) or not entries:
            raise InputError(f"{where}: no table [land_cover.CODE] with label, km_per_h and mode")
        name = str(table.get("name", Path(where).stem))
        return cls(
            name=name, title=str(table.get("title", name)), source=str(table.get("source", where)),
            classes={_code(key, where): _class_speed(key, entry, where) for key, entry in entries.items()},
        )  # fmt: skip

    def ground(
        self, codes: npt.NDArray[np.float32], *, where: str
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
        """Turn class codes into friction and whether the cell is walked.

        Parameters
        ----------
        codes : numpy.ndarray of float32
            ``NaN`` where there is no data.
        where : str
            The land-cover file, for the message.

        Returns
        -------
        friction : numpy.ndarray of float32
            Minutes per metre on the flat; 0 on a barrier, ``NaN`` where there is no data.
        walked : numpy.ndarray of uint8

        Raises
        ------
        InputError
            When a class has no speed, or a code is not a whole number.
        """
        friction = np.full(codes.shape, np.nan, np.float32)
        walked = np.zeros(codes.shape, np.uint8)
        known = np.isnan(codes)
        for code, entry in self.classes.items():
            here = codes == code
            known |= here
            friction[here] = _MINUTES_PER_METRE / entry.km_per_h if entry.km_per_h > 0 else 0
            walked[here] = entry.walking
        if not known.all():
            code, name = codes[~known][0], self.name
            raise InputError(
                f"{where}: land-cover class {code:g} has no speed in the table {name!r}; add [land_cover.{code:g}], "
                f"or declare the class missing: gdal_translate -a_nodata {code:g} {where} declared.tif"
            )
        return friction, walked


def _code(key: str, where: str) -> int:
    if not key.isdigit() or int(key) > _LARGEST_CODE:
        raise InputError(f"{where}: land-cover class {key!r} is not a whole number from 0 to {_LARGEST_CODE}")
    return int(key)


def _class_speed(key: str, entry: Any, where: str) -> ClassSpeed:
    place = f"{where}, [land_cover.{key}]"
    if not isinstance(entry, dict):
        raise InputError(f"{place}: not a table with label, km_per_h and mode")
    unknown = sorted(set(entry) - {"label", "km_per_h", "mode", "from"})
    if unknown:
        raise InputError(f"{place}: unknown key {unknown[0]!r}; known are label, km_per_h, mode and from")
    speed, mode = entry.get("km_per_h"), entry.get("mode", "walking")
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not math.isfinite(speed):
        raise InputError(f"{place}: km_per_h {speed!r} is not a number")
    if not 0 <= speed <= _FASTEST_KM_PER_H:
        raise InputError(f"{place}: km_per_h {speed:g}; from 0 (a barrier) to {_FASTEST_KM_PER_H:g}")
    if mode not in _MODES:
        raise InputError(f"{place}: mode {mode!r}; walking or motorised")
    return ClassSpeed(label=str(entry.get("label", key)), km_per_h=float(speed), walking=mode == "walking")


def shipped_speed_tables() -> list[str]:
    """Name the tables that come with the package."""
    names = (entry.name for entry in files("matcare.travel.surface").iterdir())
    return sorted(name.removeprefix(_PREFIX).removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_speed_table(name: str | Path) -> SpeedTable:
    """Load a table that comes with the package, or a TOML file.

    Parameters
    ----------
    name : str or pathlib.Path
        ``worldcover``, ``nlcd``, or a file.

    Returns
    -------
    SpeedTable

    Raises
    ------
    InputError
        When there is no such table, or the file cannot be used.

    Examples
    --------
    >>> load_speed_table("worldcover").classes[80].km_per_h
    0.0
    """
    shipped = shipped_speed_tables()
    if str(name) in shipped:
        text = (files("matcare.travel.surface") / f"{_PREFIX}{name}.toml").read_text(encoding="utf-8")
        return SpeedTable.from_text(text, where=str(name))
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"no speed table {str(name)!r}: one of {', '.join(shipped)}, or a TOML file ({error})"
        ) from error
    return SpeedTable.from_text(text, where=str(name))
