"""Deaths and births by race and Hispanic origin of the mother from a user's exports, where labels map for certain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.geo import STATE_FIPS
from matcare.sources.wonder_labels import group_of_origin, group_of_race
from matcare.tables.wonder_pooling import place_rows, pool, rows_expected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.sources.wonder import WonderExport

__all__ = ["RACE_ROLES", "by_race_table", "groups_by_race"]

RACE_ROLES: Final = frozenset({"race", "hispanic_origin"})
"""What an export may be grouped by to give deaths and births by race."""

_POSTAL: Final = {fips: postal for postal, fips in STATE_FIPS.items()} | {"00": "US"}


def groups_by_race(exports: Sequence[WonderExport]) -> tuple[pd.DataFrame, list[str]]:
    """Pool exports by race and origin over years and labels.

    Parameters
    ----------
    exports : sequence of WonderExport
        Grouped by race, by Hispanic origin or by both, and nothing else; of one standard; no place and year twice in a
        level.

    Returns
    -------
    groups : pandas.DataFrame
        As :func:`~matcare.tables.wonder_pooling.pool` by code and group, with ``place_kind`` (``county, unidentified,
        state, nation``), ``place`` (county code, postal code, ``US``), ``state``, ``group`` (empty where the label maps
        to none of ours) and ``hidden`` (rows of the place may be lacking).
    notes : list of str
        Labels that map to none, and whom the races hold.
    """
    tables, notes = [], []
    for level in ("county", "state", "nation"):
        mine = [export for export in exports if export.level == level]
        if not mine:
            continue
        rows = place_rows(mine)
        rows["group"] = _group(rows, {position: export.race_standard for position, export in enumerate(mine)})
        lost = sorted({label for label in _labels(rows[rows["group"] == ""]) if label})
        if lost:
            notes.append(f"by race, {level} rows: {'; '.join(lost)} map to none of the groups and are left out")
        if "hispanic_origin" not in rows or (rows["hispanic_origin"].isna() & rows["race"].notna()).any():
            notes.append(f"by race, {level} rows: races hold Hispanic mothers too; group by Hispanic Origin as well")
        tables.append(_pooled(rows, mine, level))
    return pd.concat(tables, ignore_index=True), notes


def by_race_table(groups: pd.DataFrame) -> pd.DataFrame:
    """Return what may be shown of :func:`groups_by_race` before complementary suppression.

    Returns
    -------
    pandas.DataFrame
        ``place_kind, place, group, infant_deaths, live_births, status`` (``published, suppressed, not_reported``),
        named groups of named places.
    """
    shown = groups[(groups["group"] != "") & (groups["place_kind"] != "unidentified")]
    status = shown["status"].map(
        {"given": "published", "suppressed": "suppressed", "incomplete": "not_reported", "missing": "not_reported"}
    )
    table = shown[["place_kind", "place", "group"]].assign(
        infant_deaths=shown["deaths"], live_births=shown["births"], status=status.astype("str")
    )
    return table.sort_values(["place_kind", "place", "group"], ignore_index=True)


def _group(rows: pd.DataFrame, standards: dict[int, str]) -> pd.Series:
    labels = rows.reindex(columns=["race", "hispanic_origin"])
    groups = []
    for race, origin, position in zip(labels["race"], labels["hispanic_origin"], rows["export"], strict=True):
        of_race = group_of_race(race, standards[position]) if isinstance(race, str) else ""
        of_origin = group_of_origin(origin) if isinstance(origin, str) else ""
        if of_origin == "hispanic":
            groups.append("hispanic")
        elif isinstance(origin, str) and of_origin != "not_hispanic":
            groups.append("")
        else:
            groups.append(of_race)
    return pd.Series(groups, index=rows.index, dtype="str")


def _labels(rows: pd.DataFrame) -> list[str]:
    labels = rows.reindex(columns=["race", "hispanic_origin"]).drop_duplicates()
    return [", ".join(label for label in pair if isinstance(label, str)) for pair in labels.to_numpy()]


def _pooled(rows: pd.DataFrame, exports: Sequence[WonderExport], level: str) -> pd.DataFrame:
    keys = ["code", "group"]
    codes = pd.Index(sorted(rows["code"].unique()), dtype="str")
    seen = rows.drop_duplicates(["code", "export", "year"]).groupby("code").size()
    every_year = seen.reindex(codes).eq(rows_expected(exports, codes))
    hidden = {position: not export.shows_suppressed for position, export in enumerate(exports)}
    # Where rows of suppressed counts are left out, a group is whole only when each of its labels has a row a year.
    labels = rows.drop_duplicates(["group", *(role for role in ("race", "hispanic_origin") if role in rows)])
    wanted = labels.groupby("group").size()
    counted = rows.groupby(keys).size()
    full = pd.Series(
        [
            bool(every_year[code]) and (not any(hidden.values()) or counted[code, group] == wanted[group] * seen[code])
            for code, group in counted.index
        ],
        index=counted.index,
    )
    table = pool(rows, keys, whole=full).reset_index()
    state = table["code"].str[:2].map(_POSTAL)
    unidentified = table["code"].str[2:].eq("999")
    table["place_kind"] = np.where(unidentified, "unidentified", level)
    table["place"] = table["code"] if level == "county" else state
    table["state"] = state
    table["hidden"] = any(hidden.values())
    return table
