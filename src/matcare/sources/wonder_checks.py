"""What an export of CDC WONDER cannot be: each check refuses with the row of the file and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.disclosure import SMALL
from matcare.errors import InputError
from matcare.sources.reading import refuse
from matcare.sources.wonder_labels import DEATH_SIDE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matcare.sources.wonder_footer import WonderFooter

__all__ = ["check_connecticut", "check_counts", "check_once", "check_places", "check_totals", "connecticut_vintage"]

_MEASURES: Final = ("Deaths", "Births")
_LEGACY_CONNECTICUT: Final = frozenset(f"0900{number}" for number in (1, 3, 5, 7, 9)) | {"09011", "09013", "09015"}
_REGIONS_CONNECTICUT: Final = frozenset(f"09{number}" for number in range(110, 200, 10))


def check_places(parts: pd.DataFrame, raw: pd.DataFrame, titles: Mapping[str, str], path: Path) -> None:
    """Refuse a row without a place, year or group that is no totals row: it would be taken for one or lost."""
    if parts.empty:
        raise InputError(f"{path}: only totals rows, none of a place; group by County or State and export again")
    for role, title in titles.items():
        key = parts["code"] if role in ("county", "state") else parts[role] if role != "year" else parts["year"]
        empty = key.isna() | key.astype("str").eq("")
        refuse(
            raw.loc[parts.index, title],
            empty,
            path,
            title,
            "has no code beside it, and the row is not marked Total in Notes",
        )


def check_counts(
    parts: pd.DataFrame, raw: pd.DataFrame, groups: tuple[str, ...], footer: WonderFooter, path: Path
) -> None:
    """Refuse rows that cannot be: more deaths than births, deaths of nobody, a rate that is not that of its counts."""
    deaths, births = parts["Deaths"], parts["Births"]
    lower = "cannot be more than the row's Births (columns exchanged?)"
    refuse(
        raw.loc[parts.index, "Births"],
        births.eq(0) & (deaths.gt(0) | parts["deaths_status"].eq("suppressed")),
        path,
        "Births",
        "births, and deaths among them: export it again",
    )
    if "Deaths" in raw:
        few = parts["births_status"].eq("suppressed") & deaths.gt(SMALL[1])
        refuse(raw.loc[parts.index, "Deaths"], deaths.gt(births) | few, path, "Deaths", lower, show=False)
    sides = [role for role in groups if role in DEATH_SIDE]
    if sides:
        keys = ["code", "year", *(role for role in groups if role not in DEATH_SIDE)]
        spread = parts.groupby(keys, dropna=False)["Births"].transform("nunique") > 1
        refuse(
            raw.loc[parts.index, "Births"],
            spread,
            path,
            "Births",
            "should be the births of the place in each of its rows: births have no age or cause of death",
            show=False,
        )
    column = next((name for name in raw.columns if name.startswith("Death Rate")), None)
    per = pd.to_numeric(footer.parameters.get("Calculate Rates Per", "").replace(",", ""), errors="coerce")
    if column is None or pd.isna(per):
        return
    text = raw.loc[parts.index, column].str.extract(r"^\s*([\d,]+(?:\.(\d+))?)")
    rate = pd.to_numeric(text[0].str.replace(",", ""), errors="coerce")
    slack = 0.5 * 10.0 ** -text[1].fillna("").str.len() + 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        wrong = (per * deaths / births - rate).abs() > slack
    refuse(
        raw.loc[parts.index, column],
        wrong,
        path,
        column,
        f"should be Deaths per {per:,} Births of its row: a number was edited",
        show=False,
    )


def check_once(parts: pd.DataFrame, groups: tuple[str, ...], path: Path) -> None:
    """Refuse a place and year (and group) that stands twice: its deaths would be counted twice."""
    twice = parts.duplicated(["code", "year", *groups])
    if twice.any():
        row = parts[twice].iloc[0]
        when = f" in {row['year']}" if pd.notna(row["year"]) else ""
        what = f" ({', '.join(str(row[role]) for role in groups)})" if groups else ""
        raise InputError(
            f"{path}, row {int(parts.index[twice][0]) + 2}: {row['code']}{when}{what} stands twice; one row "
            "each is expected (a column that told the rows apart was taken out, or two exports were put together)"
        )


def check_connecticut(parts: pd.DataFrame, path: Path) -> None:
    """Refuse legacy counties beside planning regions."""
    codes = set(parts["code"])
    old, new = sorted(codes & _LEGACY_CONNECTICUT), sorted(codes & _REGIONS_CONNECTICUT)
    if old and new:
        raise InputError(
            f"{path}: two Connecticuts, the legacy county {old[0]} beside the planning region {new[0]}; the same "
            "births would stand twice or in two maps: export the years of each by itself, or group by State"
        )


def check_totals(
    parts: pd.DataFrame,
    sums: pd.DataFrame,
    groups: tuple[str, ...],
    titles: Mapping[str, str],
    path: Path,
    *,
    hidden: bool,
) -> None:
    """Compare each totals row with the rows that it stands for: those that share all the keys it has."""
    sided = any(role in DEATH_SIDE for role in groups)
    place = ["state", "code"] if "state" in titles else ["code"] if "county" in titles else []
    keys = [*place, *(["year"] if "year" in titles else []), *groups]
    has = pd.DataFrame({key: sums[key].notna() & sums[key].astype("str").ne("") for key in keys}, index=sums.index)
    for known, rows in sums.groupby([has[key] for key in keys]) if keys else [((), sums)]:
        by = [key for key, there in zip(keys, known, strict=True) if bool(there)]
        for name in _MEASURES:
            if sided and name == "Births":
                continue  # births are repeated, and WONDER's total is one of them
            status = f"{name.casefold()}_status"
            cells = parts.assign(whole=parts[status].eq("given") & (not hidden), one=0)
            grouped = cells.groupby(by or ["one"]).agg(summed=(name, "sum"), whole=("whole", "all")).reset_index()
            both = rows.assign(one=0, row=rows.index).merge(
                grouped, on=by or ["one"], how="inner", validate="many_to_one"
            )
            both = both[both[status].eq("given")]
            wrong = both[(both["summed"] > both[name]) | (both["whole"] & both["summed"].ne(both[name]))]
            if len(wrong):
                raise InputError(
                    f"{path}, row {int(wrong['row'].min()) + 2}, column {name!r}: the total is not the sum of its "
                    "rows; some are missing or were edited: export it again"
                )


def connecticut_vintage(codes: pd.Series) -> str:
    """Tell which counties of Connecticut are among the codes: ``legacy``, ``regions``, or none (empty).

    Examples
    --------
    >>> connecticut_vintage(pd.Series(["09001", "38017"])), connecticut_vintage(pd.Series(["09999"]))
    ('legacy', '')
    """
    found = set(codes)
    return "legacy" if found & _LEGACY_CONNECTICUT else "regions" if found & _REGIONS_CONNECTICUT else ""
