"""CSV cells: numbers stay numbers, and no spreadsheet runs a text as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from rebalplan.core.money import quantize

Cell = Decimal | int | str | bool | None

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Cell) -> str:
    """Return the text of a cell: ``None`` is empty, decimals are plain digits, formulas are disarmed."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return str(quantize(value))
        case int():
            return str(value)
        case str():
            return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def timestamp(at: datetime) -> str:
    """Return the text of a time in UTC for a cell."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def table_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> bytes:
    """Return the CSV: header and rows, LF at each end of line, UTF-8. A row's missing columns are empty.

    Raises ``KeyError`` for a column that the table does not have.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        unknown = [name for name in row if name not in columns]
        if unknown:
            raise KeyError(unknown[0])
        writer.writerow([cell(row.get(name)) for name in columns])
    return text.getvalue().encode()
