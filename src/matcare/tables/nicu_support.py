"""Optional columns of a user's facility table: what its NICU offers families."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.indicators import NICU_SUPPORTS
from matcare.errors import InputError
from matcare.tables.points import read_user_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["attach_nicu_support", "read_nicu_support"]

_IDS: Final = ("facility_id", "id", "ccn")
_ANSWERS: Final = {
    **dict.fromkeys(("yes", "y", "true", "1", "1.0"), "yes"),
    **dict.fromkeys(("no", "n", "false", "0", "0.0"), "no"),
    **dict.fromkeys(("unknown", "not known", "?"), "unknown"),
    **dict.fromkeys(("not_reported", "not reported", "n/a", "na"), "not_reported"),
}


def read_nicu_support(path: Path) -> pd.DataFrame:
    """Read the columns of NICU support from a user's facility table.

    The file is the one that :func:`matcare.tables.user_facilities.read_facilities` reads; that function checks the
    rest of it. A blank cell or an absent column is `not_reported`: nobody asked, which is not *no* and not *unknown*.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet with ``facility_id`` (or ``id``, ``ccn``) and any of the columns (yes, no, unknown)
        ``nicu_lactation_support``, ``nicu_mental_health_support``, ``nicu_family_presence``,
        ``nicu_culturally_responsive_care``.

    Returns
    -------
    pandas.DataFrame
        ``facility_id`` and the four columns (``yes, no, unknown, not_reported``), a row a facility.

    Raises
    ------
    InputError
        One line naming file, row, column and remedy: no identifier, another word than yes, no and unknown, or a support
        at a hospital that the file says has no NICU.
    """
    table = read_user_table(path)
    column = next((name for name in _IDS if name in table), None)
    if column is None:
        raise InputError(f"{path}: column 'facility_id' is missing; it says whose NICU it is")
    missing = table[column].isna() | table[column].duplicated()
    if missing.any():
        row = int(np.argmax(missing))
        raise InputError(f"{path}, row {row + 1}, column {column!r}: empty or twice; give every facility its own")
    support = pd.DataFrame({"facility_id": table[column].astype("str")})
    for name in NICU_SUPPORTS:
        support[name] = _answers(table, name, path)
    return support


def attach_nicu_support(facilities: pd.DataFrame, support: pd.DataFrame | None) -> pd.DataFrame:
    """Put the columns of NICU support beside the facilities of a run.

    Parameters
    ----------
    facilities : pandas.DataFrame
        With ``facility_id``.
    support : pandas.DataFrame, optional
        From :func:`read_nicu_support`; without it every facility is `not_reported`.

    Returns
    -------
    pandas.DataFrame
        `facilities` with the columns :data:`matcare.contracts.indicators.NICU_SUPPORT_COLUMNS`, in its order.

    Raises
    ------
    InputError
        When `support` names a facility that is not there.

    Examples
    --------
    >>> import pandas as pd
    >>> attach_nicu_support(pd.DataFrame({"facility_id": ["a"]}), None)["nicu_family_presence"].tolist()
    ['not_reported']
    """
    if support is None:
        return facilities.assign(**dict.fromkeys(NICU_SUPPORTS, "not_reported"))
    strange = support.loc[~support["facility_id"].isin(facilities["facility_id"]), "facility_id"]
    if len(strange):
        raise InputError(f"NICU support of facility {strange.iloc[0]!r}: no such facility in this run")
    answers = support.set_index("facility_id")
    columns = {name: facilities["facility_id"].map(answers[name]).fillna("not_reported") for name in NICU_SUPPORTS}
    return facilities.assign(**columns)


def _answers(table: pd.DataFrame, name: str, path: Path) -> pd.Series:
    if name not in table:
        return pd.Series("not_reported", index=table.index, dtype="str")
    text = table[name]
    answer = text.str.lower().map(_ANSWERS)
    bad = text.notna() & answer.isna()
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{path}, row {row + 1}, column {name!r}: {text.iloc[row]!r} is not understood; give yes, no or unknown"
        )
    answer = answer.fillna("not_reported").astype("str")
    if "nicu" in table:
        without = table["nicu"].str.lower().map(_ANSWERS).eq("no") | table["nicu"].str.lower().eq("no_evidence")
        against = without.fillna(value=False).astype(bool) & (answer == "yes")
        if against.any():
            row = int(np.argmax(against))
            raise InputError(f"{path}, row {row + 1}, column {name!r}: yes, but nicu is no; mend one of them")
    return answer
