"""The published national rates, compiled by hand into ``national_rates.csv``: facts of the nation, no small counts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from matcare.contracts.national import NATIONAL_RATES
from matcare.errors import ContractError, InputError, SnapshotError

__all__ = ["load_national_rates", "printed_decimals"]

_COUNTS: Final = ("deaths", "births")
_PER_THOUSAND: Final = 1000


def printed_decimals(per: int) -> int:
    """Decimals with which NCHS prints a rate: two per 1,000, one per 100,000.

    Examples
    --------
    >>> printed_decimals(1000), printed_decimals(100_000)
    (2, 1)
    """
    return 2 if per <= _PER_THOUSAND else 1


def load_national_rates(path: Path | str) -> pd.DataFrame:
    """Load the published national rates, and check that counts, births and rates say the same.

    Parameters
    ----------
    path : pathlib.Path or str
        ``national_rates.csv`` of the embedded data.

    Returns
    -------
    pandas.DataFrame
        By :data:`matcare.contracts.national.NATIONAL_RATES`; counts are nullable integers.

    Raises
    ------
    SnapshotError
        When the file is missing or damaged, breaks its contract, a rate is not the one that its counts print, or
        ``deaths_from`` does not go with the counts that are there; the row is counted from 1 below the header.
    """
    path = Path(path)
    if not path.is_file():
        raise SnapshotError(f"{path}: the embedded table 'national_rates' is missing; install matcare again")
    try:
        frame = pd.read_csv(
            path, dtype={"deaths": "Int64", "births": "Int64", "published_significant": "boolean"}, encoding="utf-8"
        )
        frame = NATIONAL_RATES.validate(frame, where=str(path))[NATIONAL_RATES.names]
        _check(frame)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1]
        where = "" if isinstance(error, ContractError) else f"{path}: damaged, "
        raise SnapshotError(f"{where}{reason}; install matcare again") from error
    return frame


def _check(frame: pd.DataFrame) -> None:
    for number, row in enumerate(frame.to_dict("records"), start=1):
        known = [bool(pd.notna(row[name])) for name in _COUNTS]
        if all(known) != (row["deaths_from"] != "not_reported") or any(known) != all(known):
            raise InputError(
                f"row {number}, column 'deaths_from': {row['deaths_from']!r} does not go with the counts beside it; "
                "give deaths and births both, or neither with 'not_reported'"
            )
        if not all(known):
            continue
        printed = round(row["per"] * int(row["deaths"]) / int(row["births"]), printed_decimals(row["per"]))
        if abs(printed - row["rate"]) > 1e-9:  # noqa: PLR2004 - two decimal fractions of one text
            raise InputError(
                f"row {number}, column 'rate': {row['rate']:g} where {row['deaths']} deaths and {row['births']} births "
                f"print {printed:g}; one of the three is wrong"
            )
