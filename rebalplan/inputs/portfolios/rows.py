"""Splits the text of a CSV file into rows of stripped cells, each with its line."""

from __future__ import annotations

import csv

import msgspec

from rebalplan.inputs.findings import Findings
from rebalplan.inputs.wording import invisible_column

SPREADSHEET_ERRORS = frozenset(
    [
        *("#BLOCKED!", "#BUSY!", "#CALC!", "#CONNECT!", "#DIV/0!", "#ERROR!", "#FIELD!", "#GETTING_DATA"),
        *("#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#SPILL!", "#UNKNOWN!", "#VALUE!"),
        *("#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#ÜBERLAUF!", "#VALEUR!", "#NOMBRE!", "#NOM?", "#NUL!"),
        *("#N/D", "#¡VALOR!", "#¡REF!", "#¡NUM!", "#¿NOMBRE?", "#¡DIV/0!", "#¡NULO!", "#VALORE!", "#RIF!"),
        *(
            "#NOME?",
            "#NULLO!",
            "#VALOR!",
            "#NÚM!",
            "#NULO!",
            "#N/B",
            "#WAARDE!",
            "#VERW!",
            "#NAAM?",
            "#GETAL!",
        ),
    ]
)
"""A spreadsheet's error values, in several languages. Such a row is no comment: it should have a symbol."""


class Row(msgspec.Struct, frozen=True):
    """One line's cells, without outer spaces."""

    line: int
    cells: tuple[str, ...]


def read_rows(text: str, findings: Findings) -> tuple[Row, ...]:
    """Return the rows that are neither blank nor comments; a row never spans lines."""
    rows = (_row(number, line, findings) for number, line in enumerate(text.split("\n"), start=1))
    return tuple(row for row in rows if row is not None)


def _row(number: int, line: str, findings: Findings) -> Row | None:
    """Return the row, or ``None`` for a blank line, a comment, or a line that is no CSV."""
    if not line.strip() or _is_comment(line):
        return None
    try:
        cells = next(csv.reader([line], skipinitialspace=True, strict=True))
    except csv.Error as error:
        findings.error(f"this line is no CSV ({error}); check its quotation marks", line=number)
        return None
    # A spreadsheet puts a comment with commas in quotation marks and pads it with empty cells.
    if not any(cell.strip() for cell in cells) or _is_comment(cells[0]):
        return None
    for column, cell in enumerate(cells, start=1):
        if invisible_column(cell):
            findings.error(
                "a control or invisible character in this cell; delete it", line=number, column=column
            )
    return Row(number, tuple(cell.strip() for cell in cells))


def _is_comment(text: str) -> bool:
    return text.lstrip().startswith("#") and text.partition(",")[0].strip().upper() not in SPREADSHEET_ERRORS
