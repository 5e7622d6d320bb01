"""Corrections: units that closed, opened or have another level, each with its date and source."""

from __future__ import annotations

import datetime as dt
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.errors import InputError
from matcare.tables.points import read_user_table
from matcare.tables.user_facilities import canonical_level

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Corrected", "apply_corrections", "no_corrections", "read_corrections"]

_COLUMNS: Final = ("facility_id", "status", "date", "source")
_FORM: Final = ("facility_id", "aspect", "status", "date", "source", "level_source", "row")
_LEVEL_SOURCES: Final = ("state", "reported")
_TOLD: Final = ("facility_id", "facility_name", "state", "county_fips", "status", "date", "source")
_SERVICE: Final = {"closed": "closed", "close": "closed", "open": "open", "opened": "open", "reopened": "open"}


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """Facilities with the corrections that are in force, and those that are not yet.

    Attributes
    ----------
    facilities : pandas.DataFrame
        With ``status`` (open, closed) and ``correction`` (``closed 2025-07-01 (source)`` or ``none``).
    applied : pandas.DataFrame
        ``facility_id, facility_name, state, county_fips, status, date, source, before``, one row a correction in force.
    pending : pandas.DataFrame
        The same without ``before``, one row a correction of a later date; they change nothing.
    """

    facilities: pd.DataFrame
    applied: pd.DataFrame
    pending: pd.DataFrame


def no_corrections() -> pd.DataFrame:
    """Return corrections without a row, in the form of :func:`read_corrections`."""
    return pd.DataFrame({name: pd.Series(dtype="int64" if name == "row" else "str") for name in _FORM})


def read_corrections(path: Path) -> pd.DataFrame:
    """Read a file of corrections.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet with ``facility_id, status, date, source``. Status: closed, open, or a neonatal level in any
        spelling (III, 3, Level III). Date: ISO (2025-07-01), the day from which it holds. Source: required. Optional:
        ``level_source``, state or reported (the default), where a level comes from.

    Returns
    -------
    pandas.DataFrame
        ``facility_id, aspect`` (service or level)``, status`` (closed, open, I to IV)``, date`` (ISO text)``, source,
        level_source, row``; one row a facility, aspect and date, in that order.

    Raises
    ------
    InputError
        One line naming file, row, column and remedy; also when two corrections of one day contradict each other.
    """
    table = read_user_table(path)
    for column in _COLUMNS:
        if column not in table:
            raise InputError(f"{path}: column {column!r} is missing; needed are {', '.join(_COLUMNS)}")
        missing = table[column].isna()
        if missing.any():
            raise InputError(
                f"{path}, row {int(np.argmax(missing)) + 1}, column {column!r}: empty; every correction needs one"
            )
    origins = _level_sources(table, path)
    rows = []
    for number, (record, origin) in enumerate(
        zip(table[list(_COLUMNS)].itertuples(index=False), origins, strict=True), start=1
    ):
        aspect, status = _status(str(record.status), f"{path}, row {number}, column 'status'")
        date = _iso_date(str(record.date), f"{path}, row {number}, column 'date'")
        rows.append((str(record.facility_id), aspect, status, date, str(record.source), origin, number))
    frame = pd.DataFrame(rows, columns=list(_FORM))
    frame = frame.sort_values(["facility_id", "aspect", "date", "row"], ignore_index=True)
    same_day = frame.groupby(["facility_id", "aspect", "date"])["status"].transform("nunique") > 1
    if same_day.any():
        first = frame[same_day].iloc[0]
        rivals = frame[same_day & (frame["facility_id"] == first["facility_id"]) & (frame["date"] == first["date"])]
        raise InputError(
            f"{path}, rows {' and '.join(map(str, sorted(rivals['row'])))}: {first['facility_id']} is both "
            f"{' and '.join(rivals['status'].unique())} on {first['date']}; keep one"
        )
    kept = frame.drop_duplicates(["facility_id", "aspect", "date"], keep="last", ignore_index=True)
    kept.attrs["file"] = str(path)  # for messages about a facility that is not there
    return kept


def apply_corrections(facilities: pd.DataFrame, corrections: pd.DataFrame, *, as_of: dt.date) -> Corrected:
    """Apply the corrections that are in force to facilities.

    Of several for one facility and aspect the last that is in force holds. One of a later date changes nothing.

    `closed` takes a unit out of every service; its row stays, with ``status`` closed. `open` gives it birth care: the
    evidence becomes `likely` (one documented sign; what is corroborated already stays so, and a birth center stays
    one), since a correction is one source and should not raise trust to two. A level sets ``neonatal_level`` and
    ``level_source`` (the correction's: `reported` unless it says `state`), clears ``level_query``, and for III and IV
    sets the NICU to yes; the correction's own source stands in the column ``correction``.

    Parameters
    ----------
    facilities : pandas.DataFrame
        The contract ``FACILITIES``.
    corrections : pandas.DataFrame
        As :func:`read_corrections` returns them. A former certification number (``other_ids``) is understood.
    as_of : datetime.date
        The day whose state of things is wanted; a correction of that very day is in force.

    Returns
    -------
    Corrected

    Raises
    ------
    InputError
        When no facility has the identifier, in force or not; the nearest are named. When two corrections of one day
        contradict each other, one of them under a former number.
    """
    out = facilities.reset_index(drop=True).copy()
    out["status"] = pd.Series("open", index=out.index, dtype="str")
    out["correction"] = pd.Series("none", index=out.index, dtype="str")
    where = {identifier: position for position, identifier in enumerate(out["facility_id"])}
    if "other_ids" in out:
        for position, others in out["other_ids"].dropna().items():
            for identifier in str(others).split():
                where.setdefault(identifier, int(str(position)))
    placed = corrections.assign(
        place=[
            _found(str(identifier), where, out, f"{corrections.attrs.get('file', 'corrections')}, row {int(row)}")
            for identifier, row in zip(corrections["facility_id"], corrections["row"], strict=True)
        ]
    ).sort_values(["place", "date", "row"])
    rivals = placed.groupby(["place", "aspect", "date"])["status"].transform("nunique") > 1
    if rivals.any():  # under the number of today and a former one; read_corrections has seen to the others
        first = placed[rivals].iloc[0]
        raise InputError(
            f"corrections, row {first['row']}: {out['facility_id'].iloc[first['place']]} has another status on "
            f"{first['date']} under another number; keep one"
        )
    future = placed["date"] > as_of.isoformat()
    applied = []
    in_force: list[Any] = list(
        placed[~future].drop_duplicates(["place", "aspect"], keep="last").itertuples(index=False)
    )
    for record in in_force:
        place, status = int(record.place), str(record.status)
        before = _change(out, place, str(record.aspect), status, str(record.level_source))
        words = f"{'level ' if record.aspect == 'level' else ''}{status} {record.date} ({record.source})"
        earlier = str(out["correction"].iloc[place])
        out.loc[place, "correction"] = words if earlier == "none" else f"{earlier}; {words}"
        applied.append({**_told(out, record), "before": before})
    waiting: list[Any] = list(placed[future].itertuples(index=False))
    return Corrected(
        facilities=out,
        applied=pd.DataFrame(applied, columns=[*_TOLD, "before"]),
        pending=pd.DataFrame([_told(out, record) for record in waiting], columns=list(_TOLD)),
    )


def _told(facilities: pd.DataFrame, record: Any) -> dict[str, Any]:
    unit = facilities.loc[int(record.place)]
    what = {"status": str(record.status), "date": record.date, "source": record.source}
    return {**{column: unit[column] for column in _TOLD if column not in what}, **what}


def _level_sources(table: pd.DataFrame, path: Path) -> list[str]:
    if "level_source" not in table:
        return ["reported"] * len(table)
    words = table["level_source"].fillna("reported").astype("str").str.lower()
    bad = ~words.isin(_LEVEL_SOURCES)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{path}, row {row + 1}, column 'level_source': {table['level_source'].iloc[row]!r} is not understood; "
            f"give {' or '.join(_LEVEL_SOURCES)}, or leave it empty"
        )
    return [str(word) for word in words]


def _status(text: str, where: str) -> tuple[str, str]:
    word = text.strip().lower()
    if word in _SERVICE:
        return "service", _SERVICE[word]
    try:
        return "level", canonical_level(text)
    except InputError:
        raise InputError(
            f"{where}: {text!r} is not understood; give closed, open, or a neonatal level I to IV"
        ) from None


def _iso_date(text: str, where: str) -> str:
    try:
        return dt.date.fromisoformat(
            text.strip()[:10] if text.strip()[10:] in {" 00:00:00", "T00:00:00"} else text.strip()
        ).isoformat()
    except ValueError:
        raise InputError(f"{where}: {text!r} is not a date; write it as year-month-day, such as 2025-07-01") from None


def _found(identifier: str, where: dict[str, int], facilities: pd.DataFrame, at: str) -> int:
    typed = identifier.upper().removesuffix(".0")  # a spreadsheet makes 350015.0 of 350015
    for candidate in (identifier, typed, typed.zfill(6)):
        if candidate in where:
            return where[candidate]
    names = {
        str(name).casefold(): str(key)
        for key, name in zip(facilities["facility_id"], facilities["facility_name"], strict=True)
    }
    near = [names[name] for name in difflib.get_close_matches(identifier.casefold(), list(names), n=3, cutoff=0.6)]
    number = typed.zfill(6)  # its first two digits are the state's
    alike = difflib.get_close_matches(number, [key for key in where if key[:2] == number[:2]], n=3, cutoff=0.6)
    near += alike or difflib.get_close_matches(number, list(where), n=3, cutoff=0.7)
    labels = facilities.set_index("facility_id")["facility_name"]
    hints = [f"{key} ({labels[key]})" for key in dict.fromkeys(near) if key in labels.index][:3]
    hint = f"; nearest are {', '.join(hints)}" if hints else ""
    raise InputError(f"{at}, column 'facility_id': no facility is called {identifier!r}{hint}")


def _change(out: pd.DataFrame, place: int, aspect: str, status: str, origin: str) -> str:
    """Change one facility in place and tell what stood there before."""
    if aspect == "level":
        level = out["neonatal_level"].iloc[place]
        out.loc[place, "neonatal_level"] = status
        out.loc[place, "level_source"] = origin
        out.loc[place, "level_query"] = None
        if status in {"III", "IV"}:
            out.loc[place, "nicu"] = "yes"
        return f"level {level}" if isinstance(level, str) else "level unknown"
    evidence = str(out["obstetric_evidence"].iloc[place])
    before = f"{out['status'].iloc[place]}, {evidence}"
    out.loc[place, "status"] = status
    if status == "open" and evidence not in {"corroborated", "birth_center"}:
        out.loc[place, "obstetric_evidence"] = "likely"
    return before
