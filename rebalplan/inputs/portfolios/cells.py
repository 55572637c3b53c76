"""The rows below the header: symbols and percentages."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from rebalplan.core.money import HUNDRED, ZERO, canonical, parse_decimal
from rebalplan.core.vocabulary import CASH
from rebalplan.inputs.findings import Findings
from rebalplan.inputs.portfolios.header import Column
from rebalplan.inputs.portfolios.rows import SPREADSHEET_ERRORS, Row
from rebalplan.inputs.portfolios.symbols import (
    broker_symbol,
    is_cash_like,
    is_foreign,
    is_isin,
    is_total,
    security_beside_cash,
    us_ticker,
)
from rebalplan.inputs.settings.values import ValueRefusedError, parse_number
from rebalplan.inputs.wording import bare, shown

_ZEROS = frozenset(["-", "\N{EN DASH}", "\N{EM DASH}", "\N{MINUS SIGN}", "--", "n/a", "na", "none", "nil"])
_MINUS_SIGNS = ("\N{EN DASH}", "\N{EM DASH}", "\N{MINUS SIGN}")


class Line(msgspec.Struct, frozen=True):
    """A symbol and its percentage in each column; ``None`` where the cell is no number."""

    line: int
    symbol: str
    percentages: tuple[Decimal | None, ...]


def read_lines(rows: tuple[Row, ...], columns: tuple[Column, ...], findings: Findings) -> tuple[Line, ...]:
    """Return a line per row in file order, without rows of totals. Note refused symbols and cells."""
    first_lines: dict[str, int] = {}
    lines: list[Line] = []
    for row in rows:
        if is_total(row.cells[0].upper()) or _is_sums(row):
            name = shown(row.cells[0]) if row.cells[0] else "this"
            findings.error(
                f"{name} is a row of totals; delete it, rebal adds up by itself",
                line=row.line,
                column=1,
            )
            continue
        symbol = _symbol(row, findings)
        first = first_lines.setdefault(symbol, row.line) if symbol else row.line
        if first != row.line:
            findings.error(
                f"symbol {symbol} is given twice, on lines {first} and {row.line}; keep one",
                line=row.line,
                column=1,
            )
        lines.append(Line(row.line, symbol, _percentages(row, symbol, columns, findings)))
    return tuple(lines)


def _is_sums(row: Row) -> bool:
    """Return whether a row without a symbol has only cells of 100, as below the columns of a spreadsheet."""
    sums = [parse_decimal(cell.removesuffix("%").rstrip()) for cell in row.cells[1:] if cell]
    return not row.cells[0] and bool(sums) and all(pct == HUNDRED for pct in sums)


def _symbol(row: Row, findings: Findings) -> str:
    """Return the symbol as the broker writes it (BRK B, AAA@ARCA), or an empty string after noting the error."""
    text = row.cells[0]
    symbol = " ".join(text.upper().split()) if text.isascii() else text
    found = broker_symbol(symbol)
    problem = _problem(text, symbol)
    if found and not problem:
        return found
    if not problem:
        what = f"{shown(text)} is no ticker" if text else "the symbol is missing"
        problem = f"{what}; expected letters and digits with an optional class, such as VTI or BRK B"
    findings.error(problem, line=row.line, column=1)
    return ""


def _problem(text: str, symbol: str) -> str:
    """Return what a symbol (in capitals) seems to be when it is no ticker of a US security, else nothing."""
    if is_cash_like(symbol):
        code = security_beside_cash(symbol)
        return (
            f"{shown(text)} may mean cash or a security; write CASH for the account's cash, or {code}@EXCHANGE for "
            f"the security {code}, such as {code}@ARCA"
        )
    if is_foreign(symbol.partition("@")[0].strip()) or is_isin(symbol):
        what = "an ISIN, not a ticker" if is_isin(symbol) else "a ticker of another exchange"
        return (
            f"{shown(text)} looks like {what}; only securities that are listed in the US in USD can be traded, "
            "by their US ticker, such as VTI"
        )
    if ticker := us_ticker(symbol):
        return f"{shown(text)} is no ticker as the broker writes it; write {ticker}"
    return ""


def _percentages(
    row: Row, symbol: str, columns: tuple[Column, ...], findings: Findings
) -> tuple[Decimal | None, ...]:
    width = len(columns) + 1
    needed = max((column.number for column in columns if column.may_be_model), default=1)
    if len(row.cells) < needed:
        findings.error(
            f"this row ends after {len(row.cells)} of {width} columns; write an empty cell for 0",
            line=row.line,
            column=len(row.cells),
        )
    for number, extra in enumerate(row.cells[width:], start=width + 1):
        if extra:
            findings.error(
                f"{shown(extra)} is beyond the header; numbers have a decimal point and no comma",
                line=row.line,
                column=number,
            )
    return tuple(_percentage(row, symbol, column, findings) for column in columns)


def _percentage(row: Row, symbol: str, column: Column, findings: Findings) -> Decimal | None:
    """Return the percentage of a cell, or ``None`` after noting that it is no number."""
    text = row.cells[column.number - 1] if column.number <= len(row.cells) else ""
    if not text:
        return ZERO
    try:
        value = parse_number(text.removesuffix("%").rstrip())
    except ValueRefusedError as refusal:
        if column.may_be_model:  # The problem of a column of texts is reported once, in the header.
            findings.error(
                f"{shown(text)} for {bare(column.name)}: {_hint(text) or refusal}; "
                "expected a percentage such as 33.25 or 33%",
                line=row.line,
                column=column.number,
            )
        return None
    if value < ZERO and symbol != CASH:
        findings.error(
            f"{shown(text)} for {bare(column.name)} is negative; only CASH may be, which means margin",
            line=row.line,
            column=column.number,
        )
    return canonical(value)


def _hint(text: str) -> str:
    """Return the meaning of a cell that is no number, as a spreadsheet or a person writes it, or nothing."""
    if text.removesuffix("%").strip().casefold() in _ZEROS:
        return "leave the cell blank for 0"
    if text[:1] in _MINUS_SIGNS and text[1:2].isdecimal():
        return f"write the minus as -, such as -{text[1:]}"
    return "a formula failed in the spreadsheet" if text.upper() in SPREADSHEET_ERRORS else ""
