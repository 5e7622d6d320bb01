"""Profile files: those shipped with the package and a user's own, which may stand on one another."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from matcare.errors import InputError
from matcare.scenario import Profile
from matcare.scenario.profile import parse_profile

__all__ = ["load_profile", "profile_names"]

PARTS: Final = {"streets"}
"""Shipped files that are no profiles by themselves, but what profiles extend."""

ADDED: Final = ("adjustments", "closures")


def profile_names() -> list[str]:
    """Return the names of the profiles shipped with the package, sorted.

    Examples
    --------
    >>> profile_names()
    ['free_flow', 'night', 'osrm', 'peak', 'typical', 'winter']
    """
    shipped = files("matcare.travel") / "profiles"
    names = (entry.name.removesuffix(".toml") for entry in shipped.iterdir() if entry.name.endswith(".toml"))
    return sorted(set(names) - PARTS)


def load_profile(name: str | Path) -> Profile:
    """Load a speed profile.

    A file may begin with ``extends = "typical"``, the name of a shipped profile or a file beside it: then it gives only
    the keys that differ. Single classes of ``km_per_h`` can be given; ``[[adjustment]]`` and ``[[closed]]`` tables are
    added to those of the profile that it extends.

    Parameters
    ----------
    name : str or pathlib.Path
        One of :func:`profile_names`, or the path of a TOML file.

    Returns
    -------
    Profile

    Raises
    ------
    InputError
        When there is no such profile, profiles extend each other in a circle, or a file breaks the contract of
        :class:`matcare.scenario.Profile`.
    """
    read = [_read(name, None)]
    while "extends" in read[-1].values:
        above = _read(read[-1].values["extends"], read[-1].folder, whose=read[-1].where)
        if above.path in [one.path for one in read]:
            circle = " -> ".join(one.where for one in (*read, above))
            raise InputError(f"{read[0].where}: profiles extend each other in a circle: {circle}")
        read.append(above)
    values: dict[str, Any] = {}
    for one in reversed(read):
        values = _laid_over(values, one.values)
    values["extends"] = tuple(str(one.values["name"]) for one in read[1:])
    return Profile.from_values(values, where=read[0].where)


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay the values of one file over those of the file that it extends."""
    values = {**below, **above}
    if "km_per_h" in below and "km_per_h" in above:
        values["km_per_h"] = {**below["km_per_h"], **above["km_per_h"]}
    for key in ADDED:
        values[key] = (*below.get(key, ()), *above.get(key, ()))
    said = {above["name"]: above["provenance"]} if "provenance" in above else {}
    values["provenance"] = {**below.get("provenance", {}), **said}
    return values


@dataclass(frozen=True)
class _Read:
    """One file that was read: its path, what to call it in messages, where its polygons are, its values."""

    path: Path
    where: str
    folder: Path
    values: dict[str, Any]


def _read(name: str | Path, beside: Path | None, *, whose: str = "") -> _Read:
    shipped = files("matcare.travel") / "profiles"
    known = isinstance(name, str) and name.isidentifier() and (shipped / f"{name}.toml").is_file()
    if known:
        path, where = Path(str(shipped)) / f"{name}.toml", str(name)
    else:
        path = Path(name) if beside is None else beside / name
        where = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        before = f"{whose}: extends: " if whose else ""
        raise InputError(
            f"{before}no speed profile {str(name)!r}: one of {', '.join(profile_names())}, or a TOML file ({error})"
        ) from error
    values = parse_profile(text, where=where, folder=path.parent)
    if "name" not in values:
        raise InputError(f"{where}: key 'name' is missing")
    return _Read(path.resolve(), where, path.parent, values)
