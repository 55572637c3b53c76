"""The headlines of a plan and of an account, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rebalplan.core.money import ZERO, percent_of, quantize
from rebalplan.plan.document import AccountPlan, Plan
from rebalplan.render.figures import count, dollars
from rebalplan.render.redaction import Redaction


def account_headline(account: AccountPlan) -> str:
    """Return ``14 orders``, or why there are none to send."""
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


def totals_line(plan: Plan, redaction: Redaction) -> str:
    """Return ``Plan: 3 to buy, 2 to sell, 1 to close across 2 accounts (turnover …).``."""
    acting = [a for a in plan.accounts if a.status == "planned"]
    tail = _not_planned(plan.accounts)
    if not acting:
        unchanged = "No changes." if not tail else "No orders to apply."
        return f"{unchanged}{tail}"
    actions = [order.action for a in acting for order in a.orders]
    counts = ", ".join(f"{actions.count(name)} to {name}" for name in ("buy", "sell", "close"))
    turnover = sum((a.summary.turnover_usd for a in acting if a.summary), ZERO)
    value = sum((a.summary.net_liquidation_usd for a in acting if a.summary), ZERO)
    amount = "" if redaction.is_on else f"{dollars(turnover)} USD, "
    return (
        f"Plan: {counts} across {count(len(acting), 'account')} "
        f"(turnover {amount}{_tenths(percent_of(turnover, value))}% of NLV).{tail}"
    )


def _tenths(value: Decimal) -> str:
    return f"{quantize(value, Decimal('0.1')):.1f}"


def _not_planned(accounts: Sequence[AccountPlan]) -> str:
    parts = []
    for status in ("blocked", "failed"):
        number = sum(a.status == status for a in accounts)
        if number:
            parts.append(f"{count(number, 'account')} {status}")
    return f" {', '.join(parts)}." if parts else ""
