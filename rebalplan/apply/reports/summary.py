"""The report of a run: a row per account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from rebalplan.apply.journal.result import AccountResult
from rebalplan.apply.reports.account import Row
from rebalplan.apply.reports.after import After, account_after
from rebalplan.apply.reports.cells import table_bytes, timestamp
from rebalplan.apply.reports.line import executed_usd
from rebalplan.core.money import ZERO
from rebalplan.core.vocabulary import Side

COLUMNS = (
    "timestamp_run",
    "account_id",
    "planned_orders",
    "submitted",
    "filled",
    "rejected",
    "buy_usd",
    "sell_usd",
    "pre_leverage",
    "post_leverage",
    "status",
    "error",
)


def run_summary(results: Iterable[AccountResult], run_at: datetime) -> bytes:
    """Return the CSV of a run; ``run_at`` is its end."""
    return table_bytes(COLUMNS, [_row(result, run_at) for result in results])


def _row(result: AccountResult, run_at: datetime) -> Row:
    after, summary = account_after(result), result.plan.summary
    before = summary.leverage_before if summary is not None else None
    return {
        "timestamp_run": timestamp(run_at),
        "account_id": result.account,
        "planned_orders": len(result.lines),
        "submitted": sum(bool(line.orders) for line in result.lines),
        "filled": sum(line.status == "filled" for line in result.lines),
        "rejected": sum(line.status == "rejected" for line in result.lines),
        "buy_usd": _traded_usd(result, "BUY"),
        "sell_usd": _traded_usd(result, "SELL"),
        "pre_leverage": before,
        "post_leverage": before if after is None else after.leverage,
        "status": result.status,
        "error": _error(result, after),
    }


def _traded_usd(result: AccountResult, side: Side) -> Decimal | None:
    """Return the value of all fills of a side in USD, without commission; ``None`` while executions are missing."""
    values = [executed_usd(line) for line in result.lines if line.planned.side == side]
    known = [value for value in values if value is not None]
    return sum(known, ZERO) if len(known) == len(values) else None


def _error(result: AccountResult, after: After | None) -> str:
    doubts = () if after is None else after.doubts
    return "; ".join(text for text in (result.error, *doubts) if text)
