"""A plan as CSV: a row per account and symbol, then CASH; an account that could not be planned has one row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rebalplan.apply.reports.cells import Cell, table_bytes
from rebalplan.render.view import AccountView, LineView, PlanView

COLUMNS = (
    "plan_id",
    "account_id",
    "status",
    "symbol",
    "action",
    "qty_shares",
    "est_price",
    "price_source",
    "est_value_usd",
    "est_value_pct_nlv",
    "target_wt_pct",
    "current_wt_pct",
    "planned_wt_pct",
    "drift_pct",
    "drift_usd",
    "band_pct",
    "reason",
    "error",
)


def render_csv(view: PlanView) -> str:
    """Return the table with its header; redacted cells are empty."""
    rows = (row for account in view.accounts for row in _rows(account, view))
    return table_bytes(COLUMNS, rows).decode()


def _rows(account: AccountView, view: PlanView) -> Iterable[Mapping[str, Cell]]:
    head: dict[str, Cell] = {
        "plan_id": view.id,
        "account_id": account.account,
        "status": account.status,
        "error": "; ".join(account.reasons),
    }
    if not account.lines:
        yield head
    for line in account.lines:
        yield {**head, **_line(line)}


def _line(line: LineView) -> Mapping[str, Cell]:
    return {
        "symbol": line.symbol,
        "action": line.action or "none",
        "qty_shares": line.quantity,
        "est_price": line.price,
        "price_source": line.price_source,
        "est_value_usd": line.value_usd,
        "est_value_pct_nlv": line.value_pct,
        "target_wt_pct": line.target_pct,
        "current_wt_pct": line.current_pct,
        "planned_wt_pct": line.after_pct,
        "drift_pct": line.drift_pct,
        "drift_usd": line.drift_usd,
        "band_pct": line.band_pct,
        "reason": line.reason,
    }
