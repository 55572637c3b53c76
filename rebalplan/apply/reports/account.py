"""The report of one account: a row per symbol, then CASH."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from rebalplan.apply.journal.result import AccountResult, LineResult
from rebalplan.apply.reports.after import After, account_after
from rebalplan.apply.reports.cells import Cell, table_bytes, timestamp
from rebalplan.apply.reports.line import commission_usd, executed_usd, line_notes, slippage_bps
from rebalplan.core.money import ZERO, percent_of
from rebalplan.core.vocabulary import CASH
from rebalplan.plan.document import DriftRow

COLUMNS = (
    "timestamp_run",
    "account_id",
    "symbol",
    "is_cash",
    "target_wt_pct",
    "current_wt_pct",
    "drift_pct",
    "drift_usd",
    "action",
    "qty_shares",
    "est_price",
    "order_type",
    "algo",
    "est_value_usd",
    "pre_gross_exposure",
    "post_gross_exposure",
    "pre_leverage",
    "post_leverage",
    "new_qty_shares",
    "new_wt_pct",
    "exec_qty_shares",
    "exec_price",
    "exec_value_usd",
    "status",
    "error",
    "notes",
    "commission_usd",
    "slippage_bps",
    "order_ref",
    "perm_id",
)

Row = Mapping[str, Cell]


def account_report(result: AccountResult, run_at: datetime) -> bytes:
    """Return the CSV of an account with any result; ``run_at`` is the end of the run."""
    after = account_after(result)
    common = {"timestamp_run": timestamp(run_at), "account_id": result.account, **_totals(result, after)}
    lines = {line.planned.symbol: line for line in result.lines}
    rows = [{**common, **_symbol(result, row, lines.get(row.symbol), after)} for row in result.plan.drift]
    rows.append({**common, **_cash(result, after)})
    return table_bytes(COLUMNS, rows)


def _totals(result: AccountResult, after: After | None) -> Row:
    summary = result.plan.summary
    if summary is None:
        return {}
    return {
        "pre_gross_exposure": summary.exposure_before_usd,
        "post_gross_exposure": summary.exposure_before_usd if after is None else after.exposure_usd,
        "pre_leverage": summary.leverage_before,
        "post_leverage": summary.leverage_before if after is None else after.leverage,
    }


def _symbol(result: AccountResult, row: DriftRow, line: LineResult | None, after: After | None) -> Row:
    cells: dict[str, Cell] = {
        "symbol": row.symbol,
        "is_cash": False,
        "target_wt_pct": row.target_pct,
        "current_wt_pct": row.current_pct,
        "drift_pct": row.drift_pct,
        "drift_usd": row.drift_usd,
        "action": "none",
        "est_price": row.price,
        "new_qty_shares": row.quantity if after is None else after.shares.get(row.symbol, ZERO),
        "new_wt_pct": row.current_pct if after is None else _weight(result, after, row.symbol),
        "status": "none",
        "notes": _notes(row, line, after),
    }
    if line is not None:
        cells.update(_line(result, line))
    return cells


def _weight(result: AccountResult, after: After, symbol: str) -> Cell:
    summary = result.plan.summary
    return None if summary is None else percent_of(after.value_usd(symbol), summary.investable_usd)


def _line(result: AccountResult, line: LineResult) -> Row:
    planned, execution = line.planned, result.plan.policy.execution
    return {
        "action": planned.action,
        "qty_shares": planned.quantity,
        "order_type": execution.order_type,
        "algo": "+".join(order.dispatch.algo for order in line.orders) or execution.algo_preference,
        "est_value_usd": planned.value_usd,
        "exec_qty_shares": line.filled,
        "exec_price": line.average_price,
        "exec_value_usd": executed_usd(line),
        "status": line.status,
        "error": result.error if line.status == "not_sent" else "",
        "commission_usd": commission_usd(line),
        "slippage_bps": slippage_bps(line),
        "order_ref": "+".join(order.dispatch.reference for order in line.orders) or line.reference,
        "perm_id": "+".join(str(order.perm_id) for order in line.orders if order.perm_id),
    }


def _notes(row: DriftRow, line: LineResult | None, after: After | None) -> str:
    """Return the notes on a symbol: why it has no order, or the result of its line, then a doubt."""
    said: Iterable[str | None] = (row.reason,) if line is None else line_notes(line)
    doubt = "" if after is None else after.symbol_doubts.get(row.symbol, "")
    return "; ".join(text for text in (*said, doubt) if text)


def _cash(result: AccountResult, after: After | None) -> Row:
    summary = result.plan.summary
    cells: dict[str, Cell] = {
        "symbol": CASH,
        "is_cash": True,
        "target_wt_pct": result.plan.cash_target_pct,
        "action": "none",
        "status": result.status,
        "error": result.error,
        "notes": "" if after is None else "; ".join(after.doubts),
    }
    if summary is not None:
        cells.update(
            current_wt_pct=summary.cash_current_pct,
            drift_pct=summary.cash_drift_pct,
            drift_usd=summary.cash_drift_usd,
            new_qty_shares=summary.cash_usd if after is None else after.cash_usd,
            new_wt_pct=summary.cash_current_pct
            if after is None
            else percent_of(after.cash_usd - summary.buffer_usd, summary.investable_usd),
        )
    return cells
