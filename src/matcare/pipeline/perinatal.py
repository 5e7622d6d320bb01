"""Perinatal Periods of Risk of a user's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matcare.contracts.perinatal_periods import PERINATAL_PERIODS
from matcare.errors import InputError
from matcare.measures.perinatal_periods import perinatal_periods
from matcare.publish.exports import write_csv, write_json
from matcare.publish.folder import OutputFolder
from matcare.publish.provenance import made_by
from matcare.tables.perinatal_periods import read_perinatal_counts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["write_perinatal_periods"]

_CAVEATS: Final = (
    "Shows in which period of risk a group has more deaths than the reference; it proves no cause.",
    "Cells below 10 deaths, groups below 60, and what would give such a cell back are withheld.",
    "It is only as good as the linking, the reporting of fetal deaths and the recorded birthweights behind the table.",
)


def write_perinatal_periods(counts: Path, *, out: Path, reference: str | None = None) -> Sequence[str]:
    """Compute Perinatal Periods of Risk and write them.

    Parameters
    ----------
    counts : pathlib.Path
        The user's counts; :mod:`matcare.tables.perinatal_periods` has the format.
    out : pathlib.Path
        ``.csv``: contract ``PERINATAL_PERIODS``; ``<out>_run.json`` beside it says what every column is.
    reference : str, optional
        The group that the others are compared with; without it the one that the file marks.

    Returns
    -------
    sequence of str
        What was written and found, a line each.

    Raises
    ------
    InputError
        When the table or an option is not usable.
    OutputError
        When `out` cannot be written.
    """
    if out.suffix.lower() != ".csv":
        raise InputError(f"--out {out.name}: give a name that ends in .csv")
    if out.resolve() == counts.resolve():
        raise InputError(f"--out {out}: would overwrite the input; give another name")
    table = PERINATAL_PERIODS.validate(perinatal_periods(read_perinatal_counts(counts, reference=reference)))
    about = out.with_name(f"{out.stem}_run.json")
    told = PERINATAL_PERIODS.dictionary()[["column", "type", "unit", "allowed", "description", "source"]]
    with OutputFolder(out.parent) as folder:
        write_csv(table, folder.staging / out.name, PERINATAL_PERIODS)
        write_json(
            folder.staging / about.name,
            made_by()
            | {
                "asked": {"counts": counts.name, "reference": reference},
                "method": PERINATAL_PERIODS.description,
                "caveats": list(_CAVEATS),
                "columns": told.to_dict("records"),
            },
        )
    standing = ", ".join(f"{n:,} {status}" for status, n in table["cell_status"].value_counts().items())
    lines = [f"{out}: {table['group'].nunique():,} groups, {len(table):,} rows ({standing})", f"{about}: what it means"]
    if (table["excess_status"] == "no_reference").all():
        lines.append("no reference group: name one with --reference, or with the word reference in a column role")
    return lines
