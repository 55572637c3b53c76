"""From the wire's messages about orders to ours. Pure.

Layouts and fields: the TWS API reference (EWrapper).
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rebalplan.core.money import MICRO, parse_decimal, quantize
from rebalplan.core.orders import Commissioned, CompletedOrder, Execution, OpenOrder
from rebalplan.core.text import printable
from rebalplan.ibkr.values import price_or_none, quantity

if TYPE_CHECKING:
    import ib_insync

_EXECUTION_TIME_FIELD = 15
_LARGEST_AMOUNT = 1e12
"""A larger number means "not set": the API sends the largest double for that."""


def open_order_of(
    order_id: int, contract: ib_insync.Contract, order: ib_insync.Order, state: ib_insync.OrderState
) -> OpenOrder:
    """Return a working order; raises ``AccountError`` for a quantity that is no number."""
    return OpenOrder(
        reference=printable(order.orderRef),
        perm_id=order.permId,
        order_id=order_id,
        client_id=order.clientId,
        account=printable(order.account),
        symbol=printable(contract.symbol),
        con_id=contract.conId,
        side=printable(order.action),
        quantity=quantity(order.totalQuantity, "order quantity"),
        order_type=printable(order.orderType),
        status=printable(state.status),
    )


def execution_of(contract: ib_insync.Contract, fill: ib_insync.Execution) -> Execution:
    """Return an execution; raises ``AccountError`` for a quantity that is no number."""
    price = price_or_none(fill.price)
    return Execution(
        exec_id=printable(fill.execId),
        reference=printable(fill.orderRef),
        perm_id=fill.permId,
        account=printable(fill.acctNumber),
        con_id=contract.conId,
        side="BUY" if fill.side == "BOT" else "SELL",
        quantity=quantity(fill.shares, "executed quantity"),
        price=price if price is not None else Decimal(0),
        at=fill.time,
    )


def commission_of(report: ib_insync.CommissionReport) -> Commissioned | None:
    """Return what the broker charged for an execution; ``None`` when it does not say."""
    amount = parse_decimal(repr(report.commission))
    if amount is None or not math.isfinite(report.commission) or report.commission > _LARGEST_AMOUNT:
        return None
    return Commissioned(exec_id=printable(report.execId), amount=quantize(amount, MICRO))


def completed_order_of(
    contract: ib_insync.Contract, order: ib_insync.Order, state: ib_insync.OrderState
) -> CompletedOrder:
    """Return a finished order."""
    return CompletedOrder(
        reference=printable(order.orderRef),
        perm_id=order.permId,
        account=printable(order.account),
        con_id=contract.conId,
        status=printable(state.status),
        filled=_filled(order.filledQuantity),
    )


def _filled(shares: float) -> Decimal | None:
    """Return how much of a finished order was filled; ``None`` when the broker does not say."""
    return None if shares > _LARGEST_AMOUNT else quantity(shares, "filled quantity")


def with_known_zone(fields: list[str]) -> list[str]:
    """Take a time zone that this machine does not know out of an execution: the library would drop the execution."""
    words = fields[_EXECUTION_TIME_FIELD].split(" ")
    if len(words) < 3 or "" in words:  # noqa: PLR2004  # date, time, zone
        return fields
    try:
        ZoneInfo(" ".join(words[2:]))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        stamp = " ".join(words[:2])
        return [*fields[:_EXECUTION_TIME_FIELD], stamp, *fields[_EXECUTION_TIME_FIELD + 1 :]]
    return fields
