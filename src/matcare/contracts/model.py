"""A column and a table as data: declared once; validation, data dictionary and ``datapackage.json`` are made from the declaration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from matcare.errors import ContractError

if TYPE_CHECKING:
    import pandera.pandas as pa

__all__ = ["Column", "Kind", "Table"]

Kind = Literal["text", "integer", "number", "boolean", "geometry"]

_LEAST_SHOWN: Final = 10
"""Vital-statistics counts of 1-9 are never shown."""

_FRICTIONLESS_TYPES: Final[dict[Kind, str]] = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "geometry": "any",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        With its unit in it where it has one (``minutes_birth_care``, ``share_women_uninsured``).
    kind : {"text", "integer", "number", "boolean", "geometry"}
        Integers and booleans may be missing; then they are pandas' nullable types.
    description : str
        What a row's value says, in one or two sentences, for the data dictionary.
    unit : str
        ``"minutes"``, ``"share 0-1"``, ``"per 1,000 live births"``; empty for text.
    required : bool
        Whether a value must be present in every row.
    minimum, maximum : float, optional
        Closed bounds.
    values : tuple of str
        The only texts allowed, where the column is a category.
    pattern : str
        A regular expression that every text must match in full.
    unique : bool
        No value twice.
    never_small : bool
        A vital-statistics count: above 0 and below 10 may not stand anywhere. Zero is a count.
    source : str
        Where the value comes from, by catalog identifier or in words.
    """

    name: str
    kind: Kind
    description: str
    unit: str = ""
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    pattern: str = ""
    unique: bool = False
    never_small: bool = False
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table's contract.

    Attributes
    ----------
    name : str
        Identifier, and stem of the file it is stored in.
    title, description : str
        For people.
    columns : tuple of Column
        In the order in which they are written.
    primary_key : tuple of str
        Columns that name a row.
    licence : str
        SPDX identifier, ``"US-PD"`` for US government works or ``"facts"``.
    """

    name: str
    title: str
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    licence: str = "US-PD"

    @property
    def names(self) -> list[str]:
        """Column names, in order."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        """Return the column called `name`; `KeyError` when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def schema(self) -> pa.DataFrameSchema:
        """Return the pandera schema of this contract (built once)."""
        return _pandera_schema(self)

    def validate(self, frame: pd.DataFrame, *, where: str = "") -> pd.DataFrame:
        """Check a table against the contract.

        Parameters
        ----------
        frame : pandas.DataFrame
            Columns that the contract does not name are allowed and left alone.
        where : str
            File or stage, for the message.

        Returns
        -------
        pandas.DataFrame
            The same table, columns of the contract first and in its order.

        Raises
        ------
        ContractError
            Naming the table, the column, the first row that breaks the contract, and what would be right.
        """
        import pandera.errors  # noqa: PLC0415 - pandera takes half a second to import; only stages that validate pay for it

        place = where or self.name
        missing = [name for name in self.names if name not in frame.columns]
        if missing:
            raise ContractError(f"{place}: column {missing[0]!r} is missing ({self.column(missing[0]).description})")
        try:
            self.schema().validate(frame, lazy=True)
        except pandera.errors.SchemaErrors as error:
            raise ContractError(f"{place}: {_first_failure(self, error.failure_cases)}") from error
        rest = [name for name in frame.columns if name not in self.names]
        return frame[[*self.names, *rest]]

    def dictionary(self) -> pd.DataFrame:
        """Return the data dictionary.

        Returns
        -------
        pandas.DataFrame
            One row a column: ``table, column, type, unit, allowed, may_be_missing, description, source``.
        """
        rows = [
            {
                "table": self.name,
                "column": column.name,
                "type": column.kind,
                "unit": column.unit,
                "allowed": _allowed(column),
                "may_be_missing": "no" if column.required else "yes",
                "description": column.description,
                "source": column.source,
            }
            for column in self.columns
        ]
        return pd.DataFrame(rows)

    def frictionless(self) -> dict[str, Any]:
        """Return the Frictionless Table Schema of this contract."""
        fields = []
        for column in self.columns:
            constraints: dict[str, Any] = {}
            if column.required:
                constraints["required"] = True
            if column.unique:
                constraints["unique"] = True
            if column.minimum is not None:
                constraints["minimum"] = column.minimum
            if column.maximum is not None:
                constraints["maximum"] = column.maximum
            if column.values:
                constraints["enum"] = list(column.values)
            if column.pattern:
                constraints["pattern"] = column.pattern
            entry: dict[str, Any] = {
                "name": column.name,
                "type": _FRICTIONLESS_TYPES[column.kind],
                "description": column.description,
            }
            if column.unit:
                entry["unit"] = column.unit
            if constraints:
                entry["constraints"] = constraints
            fields.append(entry)
        schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
        if self.primary_key:
            schema["primaryKey"] = list(self.primary_key)
        return schema


def _allowed(column: Column) -> str:
    if column.values:
        return " | ".join(column.values)
    if column.never_small:
        return f"0, or {_LEAST_SHOWN} and more"
    if column.minimum is not None or column.maximum is not None:
        low = "" if column.minimum is None else f"{column.minimum:g}"
        high = "" if column.maximum is None else f"{column.maximum:g}"
        return f"{low} to {high}".strip()
    return column.pattern


@lru_cache(maxsize=64)
def _pandera_schema(table: Table) -> pa.DataFrameSchema:
    import pandera.pandas as pa  # noqa: PLC0415 - see Table.validate

    columns: dict[str, pa.Column] = {}
    for column in table.columns:
        checks: list[pa.Check] = [
            pa.Check(_TYPE_TESTS[column.kind], name=f"is {column.kind}", error=f"a {column.kind}")
        ]
        if column.values:
            checks.append(pa.Check.isin(list(column.values)))
        if column.minimum is not None:
            checks.append(pa.Check.ge(column.minimum))
        if column.maximum is not None:
            checks.append(pa.Check.le(column.maximum))
        if column.never_small:
            checks.append(pa.Check(_is_shown, name="is never small", error=f"0, or {_LEAST_SHOWN} and more"))
        if column.pattern:
            checks.append(pa.Check.str_matches(f"^(?:{column.pattern})$"))
        columns[column.name] = pa.Column(
            nullable=not column.required, unique=column.unique, checks=checks, required=True
        )
    return pa.DataFrameSchema(columns, unique=list(table.primary_key) or None, strict=False, name=table.name)


def _is_shown(values: pd.Series) -> pd.Series:
    return (values == 0) | (values >= _LEAST_SHOWN)


def _is_text(values: pd.Series) -> bool:
    return bool(
        pd.api.types.is_string_dtype(values) or isinstance(values.dtype, pd.CategoricalDtype) or values.isna().all()
    )


def _is_integer(values: pd.Series) -> bool:
    return bool(pd.api.types.is_integer_dtype(values))


def _is_number(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values))


def _is_boolean(values: pd.Series) -> bool:
    return bool(pd.api.types.is_bool_dtype(values))


def _is_geometry(values: pd.Series) -> bool:
    return str(values.dtype) == "geometry"


_TYPE_TESTS: Final = {
    "text": _is_text,
    "integer": _is_integer,
    "number": _is_number,
    "boolean": _is_boolean,
    "geometry": _is_geometry,
}


def _first_failure(table: Table, failures: pd.DataFrame) -> str:
    case = failures.iloc[0]
    name = str(case["column"])
    check = str(case["check"])
    if name not in table.names or "multiple_fields_uniqueness" in check:
        return f"the key ({', '.join(table.primary_key)}) stands twice"
    column = table.column(name)
    row = case["index"]
    position = f", row {row}" if pd.notna(row) else ""
    if "not_nullable" in check:
        return f"column {name!r}{position}: a value is missing, and every row must have one"
    if "field_uniqueness" in check:
        return f"column {name!r}{position}: {case['failure_case']!r} stands twice"
    wanted = _allowed(column) or column.kind
    if check.startswith("is ") or pd.isna(row):
        return f"column {name!r}: should be {column.kind}{f' ({column.unit})' if column.unit else ''}"
    return f"column {name!r}{position}: {case['failure_case']!r} is not allowed; right would be: {wanted}"
