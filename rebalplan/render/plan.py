"""The preview of a plan: a table per account, a summary of all, the totals line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rebalplan.document import AccountPlan, DriftRow, Plan, PlannedOrder
from rebalplan.money import HUNDRED, ZERO, divide, quantize
from rebalplan.render.figures import (
    count,
    dollars,
    percent,
    shares,
    signed_dollars,
    signed_percent,
    whole_dollars,
)
from rebalplan.render.style import PLAIN, Style
from rebalplan.render.tables import table
from rebalplan.render.warnings import account_notes

_COLORS = {"buy": "green", "sell": "red", "close": "yellow"}
_PREVIEW = (
    "Account",
    "Symbol",
    "Target %",
    "Current %",
    "Drift %",
    "Drift $",
    "Action",
    "Qty",
    "Est. value $",
    "Reason",
)
_SUMMARY = (
    "Account",
    "Status",
    "NLV $",
    "Orders",
    "Buys $",
    "Sells $",
    "Cash $",
    "after",
    "Exposure $",
    "after",
    "Leverage",
    "after",
)


def render_plan(plan: Plan, style: Style = PLAIN) -> str:
    """Return the whole preview, without a final newline."""
    parts = [_render_account(account, plan, style) for account in plan.accounts]
    parts.append(style.paint("Summary", "bold") + "\n" + _render_summary(plan.accounts, style))
    parts.append(totals_line(plan))
    return "\n\n".join(parts)


def _render_account(account: AccountPlan, plan: Plan, style: Style) -> str:
    lines = [style.paint(f"Account {account.account} ({plan.mode})", "bold") + f": {_status(account)}"]
    lines += [f"  {style.paint('! ' + reason, 'red')}" for reason in account.reasons]
    if account.summary is not None:
        lines.append(_render_rows(account, style))
    lines += [f"  note: {note}" for note in account_notes(account, plan)]
    return "\n".join(lines)


def _status(account: AccountPlan) -> str:
    orders = count(len(account.orders), "order")
    match account.status:
        case "planned":
            return orders
        case "no_changes":
            return "no changes"
        case "blocked":
            return f"blocked, {orders} will not be sent"
        case "failed":
            return "failed, nothing planned"


def _render_rows(account: AccountPlan, style: Style) -> str:
    orders = {order.symbol: order for order in account.orders}
    rows = [_row(account, row, orders.get(row.symbol), style) for row in account.drift]
    rows.append(_cash_row(account))
    return table(rows, _PREVIEW, right=("Target %", "Current %", "Drift %", "Drift $", "Qty", "Est. value $"))


def _row(account: AccountPlan, row: DriftRow, order: PlannedOrder | None, style: Style) -> Sequence[str]:
    action = order_action(order) if order else ""
    return (
        account.account,
        row.symbol,
        percent(row.target_pct),
        percent(row.current_pct),
        "" if row.target_pct is None else signed_percent(row.drift_pct),
        "" if row.target_pct is None else signed_dollars(row.drift_usd),
        style.paint(action, _COLORS.get(action, "dim")),
        shares(order.quantity) if order else "",
        dollars(order.value_usd) if order else "",
        row.reason or "",
    )


def order_action(order: PlannedOrder) -> str:
    """Return ``buy``, ``sell`` or ``close``."""
    return "close" if order.closes else order.side.lower()


def _cash_row(account: AccountPlan) -> Sequence[str]:
    summary = account.summary
    if summary is None:
        return ()
    return (
        account.account,
        "CASH",
        percent(account.cash_target_pct),
        percent(summary.cash_current_pct),
        signed_percent(summary.cash_drift_pct),
        signed_dollars(summary.cash_drift_usd),
        "",
        "",
        "",
        f"{dollars(summary.buffer_usd)} USD buffer set aside",
    )


def _render_summary(accounts: Iterable[AccountPlan], style: Style) -> str:
    rows = [_summary_row(account, style) for account in accounts]
    return table(rows, _SUMMARY, right=_SUMMARY[2:])


def _summary_row(account: AccountPlan, style: Style) -> Sequence[str]:
    bad = account.status in ("blocked", "failed")
    head = (account.account, style.paint(account.status, "red") if bad else account.status)
    s = account.summary
    if s is None:
        return (*head, *[""] * (len(_SUMMARY) - len(head)))
    return (
        *head,
        whole_dollars(s.net_liquidation_usd),
        str(len(account.orders)),
        *(
            whole_dollars(value)
            for value in (
                s.buys_usd,
                s.sells_usd,
                s.cash_usd,
                s.cash_after_usd,
                s.exposure_before_usd,
                s.exposure_after_usd,
            )
        ),
        f"{s.leverage_before:.3f}",
        f"{s.leverage_after:.3f}",
    )


def totals_line(plan: Plan) -> str:
    """Return ``Plan: 3 to buy, 2 to sell, 1 to close across 2 accounts (turnover …).``."""
    acting = [a for a in plan.accounts if a.status == "planned"]
    tail = _not_planned(plan.accounts)
    if not acting:
        unchanged = "No changes." if not tail else "No orders to apply."
        return f"{unchanged}{tail}"
    actions = [order_action(order) for a in acting for order in a.orders]
    counts = ", ".join(f"{actions.count(name)} to {name}" for name in ("buy", "sell", "close"))
    turnover = sum((a.summary.turnover_usd for a in acting if a.summary), ZERO)
    value = sum((a.summary.net_liquidation_usd for a in acting if a.summary), ZERO)
    return (
        f"Plan: {counts} across {count(len(acting), 'account')} "
        f"(turnover {dollars(turnover)} USD, {_share(turnover, value)}% of NLV).{tail}"
    )


def _share(part: Decimal, whole: Decimal) -> str:
    return f"{quantize(divide(part * HUNDRED, whole), Decimal('0.1')):.1f}"


def _not_planned(accounts: Sequence[AccountPlan]) -> str:
    parts = []
    for status in ("blocked", "failed"):
        number = sum(a.status == status for a in accounts)
        if number:
            parts.append(f"{count(number, 'account')} {status}")
    return f" {', '.join(parts)}." if parts else ""
