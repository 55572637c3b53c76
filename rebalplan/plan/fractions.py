"""Orders for fractions of a share, and the fractions that no order can sell."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from rebalplan.core.money import quantize
from rebalplan.core.vocabulary import Mode
from rebalplan.plan.document import AccountPlan, PlannedOrder

_MOST_NAMED = 3


class Residue(msgspec.Struct, frozen=True):
    """The fraction of a share that stays behind; its value in USD is at the plan's price."""

    symbol: str
    quantity: Decimal
    value_usd: Decimal


def residues(account: AccountPlan) -> tuple[Residue, ...]:
    """Return what the account's orders cannot sell, because it is less than a share."""
    return tuple(
        Residue(row.symbol, row.quantity + row.trade, quantize((row.quantity + row.trade) * row.price))
        for row in account.drift
        if row.reason == "fractional_residue"
    )


def without_fractional_orders(account: AccountPlan, mode: Mode) -> AccountPlan:
    """Return the account, blocked when the broker's API would refuse its orders for fractions of a share.

    The embedded gateway takes them when its scenario says so, so mode ``sim`` blocks nothing here. Source: error 10243
    in the message codes of the TWS API reference.
    """
    parts = [order for order in account.orders if order.quantity != order.quantity.to_integral_value()]
    if mode == "sim" or account.status not in ("planned", "blocked") or not parts:
        return account
    return msgspec.structs.replace(account, status="blocked", reasons=(*account.reasons, _reason(parts)))


def _reason(orders: Iterable[PlannedOrder]) -> str:
    named = [f"{order.action} {order.quantity} {order.symbol}" for order in orders]
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return (
        f"the API of TWS and IB Gateway refuses orders for fractions of a share (error 10243): "
        f"{', '.join(named[:_MOST_NAMED])}{more}. Set allow_fractional = false and plan again"
    )
