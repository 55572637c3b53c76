"""The header row: the model of each column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rebalplan.core.text import folded
from rebalplan.inputs.findings import Findings
from rebalplan.inputs.portfolios.rows import Row
from rebalplan.inputs.wording import bare, nearest, shown

SYMBOL_COLUMN = "ETF"
_EXPECTED = "expected a header such as ETF,SMURF,BADASS,GLTR"


class Column(msgspec.Struct, frozen=True):
    """A model's column; ``number`` counts from 1, where column 1 holds the symbols.

    ``is_model``: settings.ini has a model of this name. ``may_be_model``: it has one of this or of a similar name.
    """

    number: int
    name: str
    is_model: bool = True
    may_be_model: bool = True


def read_header(
    row: Row, models: Sequence[str], findings: Findings, below: Sequence[Row] = ()
) -> tuple[Column, ...]:
    """Return the columns of the models in file order. Note each difference between settings.ini and the header.

    The rows ``below`` distinguish a column of texts from one of percentages. Raises InputError when the row is no
    header at all, because the rows below have no meaning then.
    """
    names = _without_empty_end(row.cells)
    known = {folded(model) for model in models}
    columns = tuple(
        Column(number, name, folded(name) in known, folded(name) in known or nearest(name, models) != "")
        for number, name in enumerate(names, start=1)
        if number > 1
    )
    _check_symbol_column(row, columns, models, findings)
    _check_names(columns, row.line, findings)
    texts = {column.number: text for column in columns if (text := _text_in(column.number, below))}
    _check_against_settings(columns, models, row.line, findings, texts)
    return columns


def _text_in(number: int, rows: Sequence[Row]) -> str:
    """Return the first cell of a column with letters in it, or nothing."""
    cells = (row.cells[number - 1] for row in rows if len(row.cells) >= number)
    return next((cell for cell in cells if any(map(str.isalpha, cell)) and not cell.startswith("#")), "")


def _check_symbol_column(
    row: Row, columns: tuple[Column, ...], models: Sequence[str], findings: Findings
) -> None:
    first = row.cells[0]
    if first.casefold() == SYMBOL_COLUMN.casefold():
        return
    findings.error(
        f"the first column is {shown(first)}, not {SYMBOL_COLUMN}; {_EXPECTED}{_hint(first)}",
        line=row.line,
        column=1,
    )
    if not any(column.is_model for column in columns):
        findings.raise_errors()


def _hint(first: str) -> str:
    for separator, word in ((";", "semicolons"), ("\t", "tabs")):
        if separator in first:
            return f". The cells are separated by {word}; save the file with commas"
    return ""


def _without_empty_end(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Drop the empty cells that a spreadsheet leaves at the end of a row."""
    end = max(number for number, cell in enumerate(cells, start=1) if cell)
    return cells[:end]


def _check_names(columns: tuple[Column, ...], line: int, findings: Findings) -> None:
    if not columns:
        findings.error(f"the header names no model; {_EXPECTED}", line=line)
    first_columns: dict[str, int] = {}
    for column in columns:
        key = folded(column.name)
        if not key:
            findings.error(
                "this column has no name; name its model or delete it", line=line, column=column.number
            )
        elif first_columns.setdefault(key, column.number) != column.number:
            findings.error(
                f"{bare(column.name)} is given twice, first as column {first_columns[key]}; delete one column",
                line=line,
                column=column.number,
            )


def _check_against_settings(
    columns: tuple[Column, ...],
    models: Sequence[str],
    line: int,
    findings: Findings,
    texts: Mapping[int, str],
) -> None:
    in_file = {folded(column.name) for column in columns}
    for column in columns:
        if column.name and not column.is_model:
            findings.error(
                f"unknown column {bare(column.name)}: no model of settings.ini has this name"
                f"{_nearest(column.name, models) or _unused(column.name, texts.get(column.number, ''))}",
                line=line,
                column=column.number,
            )
    for model in dict.fromkeys(models):
        if folded(model) not in in_file:
            findings.error(
                f"missing column {bare(model)}: settings.ini uses this model"
                f"{_nearest(model, [column.name for column in columns])}",
                line=line,
            )


def _unused(name: str, text: str) -> str:
    """Return the advice about a column that is no model; ``text`` is a text in it, empty when it has only numbers."""
    if text:
        return f", and it holds text such as {shown(text)}; delete the column"
    return f"; delete the column, or write {bare(name)} = 0 under [models] for a model that is not used now"


def _nearest(name: str, known: Sequence[str]) -> str:
    found = nearest(name, [candidate for candidate in known if candidate])
    return f"; the nearest name is {bare(found)}" if found else ""
