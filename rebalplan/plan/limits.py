"""The limits of settings.ini that a plan is measured against. They never shape orders; they block."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rebalplan.core.money import HUNDRED, ZERO, canonical, percent_above, usd
from rebalplan.core.policy import LimitsPolicy
from rebalplan.core.text import count
from rebalplan.plan.document import PlannedOrder


def account_breaches(
    orders: Sequence[PlannedOrder], net_liquidation_usd: Decimal, limits: LimitsPolicy
) -> tuple[str, ...]:
    """Return one sentence per broken limit: the measured value, the limit, the way out."""
    breaches = [_order_size(order, limits) for order in orders if order.value_usd > limits.max_order_usd]
    if len(orders) > limits.max_orders:
        are = "is" if len(orders) == 1 else "are"
        breaches.append(
            f"{count(len(orders), 'order')} {are} more than max_orders = {limits.max_orders}: "
            "widen the bands or raise the limit"
        )
    turnover = sum((order.value_usd for order in orders), ZERO)
    if turnover * HUNDRED > limits.max_turnover_pct * net_liquidation_usd:
        measured = percent_above(turnover, net_liquidation_usd)
        breaches.append(
            f"turnover of {usd(turnover)} USD is {measured}% of NLV, more than max_turnover_pct = "
            f"{canonical(limits.max_turnover_pct)}: rebalance in steps or raise the limit"
        )
    return tuple(breaches)


def _order_size(order: PlannedOrder, limits: LimitsPolicy) -> str:
    return (
        f"{order.side.lower()} {order.symbol} for {usd(order.value_usd)} USD is more than max_order_usd = "
        f"{usd(limits.max_order_usd)}: rebalance in steps or raise the limit"
    )


def total_breach(total_turnover_usd: Decimal, limits: LimitsPolicy) -> str | None:
    """Return the sentence when the turnover of all accounts together is over this account's limit for it."""
    limit = limits.max_total_turnover_usd
    if limit is None or total_turnover_usd <= limit:
        return None
    return (
        f"turnover of all accounts is {usd(total_turnover_usd)} USD, more than max_total_turnover_usd = "
        f"{usd(limit)}: plan fewer accounts with --account or raise the limit"
    )
