"""Reads portfolios.csv into ``Portfolios``, or raises every problem of the file at once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from rebalplan.core.errors import RebalError
from rebalplan.core.money import HUNDRED, ONE, ZERO, exact_sum
from rebalplan.core.vocabulary import CASH
from rebalplan.inputs.findings import PORTFOLIOS, Findings
from rebalplan.inputs.portfolios.cells import Line, read_lines
from rebalplan.inputs.portfolios.header import Column, read_header
from rebalplan.inputs.portfolios.model import Allocation, Model, Portfolios
from rebalplan.inputs.portfolios.rows import read_rows
from rebalplan.inputs.text_files import read_text
from rebalplan.inputs.wording import bare, escaped

SUM_TOLERANCE_PCT = Decimal("0.01")
"""The tolerance of a column's sum: three cells of 33.33 are meant to be 100."""

_FRACTIONS_TOLERANCE = Decimal("0.001")
_IF_MISSING = "Correct `path` in settings.ini, or run `rebal init` to write a commented portfolios.csv."


def read_portfolios(path: Path, *, models: Sequence[str]) -> Portfolios:
    """Return the model portfolios; percentages are as written, 33.25 for 33.25%.

    ``models`` are the names that settings.ini uses for all accounts of this file. The columns must be
    exactly these, in any order and case. Raises InputError with all problems of the file, each at its line
    and column, and RebalError when it is no readable text file or empty.
    """
    findings = Findings(escaped(str(path)), PORTFOLIOS)
    rows = read_rows(read_text(path, if_missing=_IF_MISSING), findings)
    if not rows:
        findings.raise_errors()
        raise RebalError(f"{findings.file}: the file has no rows. {_IF_MISSING}")
    columns = read_header(rows[0], models, findings, rows[1:])
    lines = read_lines(rows[1:], columns, findings)
    if not lines:
        findings.error("there is no row below the header; write one for each ETF", line=rows[0].line)
    else:
        _check_sums(columns, lines, rows[0].line, findings)
    findings.raise_errors()
    return _portfolios(path, columns, lines)


def _check_sums(
    columns: tuple[Column, ...], lines: tuple[Line, ...], header_line: int, findings: Findings
) -> None:
    """Note each column with a wrong sum. A column with a cell that is no number has no sum."""
    for index, column in enumerate(columns):
        percentages = [line.percentages[index] for line in lines]
        known = [pct for pct in percentages if pct is not None]
        total = exact_sum(known)
        if not column.may_be_model:  # Its problem is reported once, in the header.
            continue
        if len(known) == len(percentages) and abs(total - HUNDRED) > SUM_TOLERANCE_PCT:
            fractions = abs(total - ONE) <= _FRACTIONS_TOLERANCE
            hint = ". These look like fractions: write percentages, 60 for 0.6" if fractions else ""
            findings.error(
                f"column {bare(column.name)} sums to {total:f}; "
                f"with CASH it must sum to 100 (± {SUM_TOLERANCE_PCT}){hint}",
                line=header_line,
                column=column.number,
            )


def _portfolios(path: Path, columns: tuple[Column, ...], lines: tuple[Line, ...]) -> Portfolios:
    cash = next((line for line in lines if line.symbol == CASH), None)
    assets = [line for line in lines if line is not cash]
    return Portfolios(
        path=path,
        symbols=tuple(line.symbol for line in assets),
        models=tuple(
            Model(
                name=column.name,
                allocations=tuple(
                    Allocation(line.symbol, line.percentages[index] or ZERO) for line in assets
                ),
                cash_pct=(cash.percentages[index] or ZERO) if cash else ZERO,
                column=column.number,
            )
            for index, column in enumerate(columns)
        ),
        cash_line=cash.line if cash else 0,
    )
