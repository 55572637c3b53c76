"""The result of one line, in figures and in words. A figure that the broker has not told is ``None``, never 0."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.result import LineResult
from rebalplan.core.money import ONE, ZERO, divide


def executed_usd(line: LineResult) -> Decimal | None:
    """Return the value of all filled shares in USD, without commission; ``None`` while executions are missing."""
    return line.value_usd if line.is_priced else None


def commission_usd(line: LineResult) -> Decimal | None:
    """Return the commission in USD; ``None`` until the broker has reported it for every filled share."""
    return line.commission_usd if line.is_priced else None


def slippage_bps(line: LineResult) -> Decimal | None:
    """Return the slippage of the executions against the quotes at sending, in bps; positive is worse.

    ``None`` when there are no executions.
    """
    quoted = sum((f.quantity * o.dispatch.quote for o in line.orders for f in o.fills), ZERO)
    if not quoted:
        return None
    return divide(line.planned.sign * (line.value_usd - quoted) * 10_000, quoted)


def missing_executions(line: LineResult) -> Decimal:
    """Return the filled shares whose executions, and so their price, the broker has not shown."""
    return line.filled - line.executed


def order_notes(order: OrderResult) -> Iterable[str]:
    """Return the broker's sentences about an order, and the unplanned events in its life."""
    if order.note:
        yield order.note
    if not order.is_over:
        yield from said_texts(order)
    if order.changed is not None:
        changed = order.changed
        yield f"somebody changed it at the broker to {shares(changed.quantity)} ({changed.order_type})"
    if order.late:
        yield f"{shares(order.late)} came to light after the broker had said it was over"


def said_texts(order: OrderResult) -> Iterable[str]:
    """Return the broker's sentences about an order while it was unknown."""
    return (f"the broker said: {said.text} ({said.code})" for said in order.said)


def line_notes(line: LineResult) -> Iterable[str]:
    """Return all notes on a line."""
    if line.cut is not None:
        yield f"cut to {line.cut.quantity}: {line.cut.why}"
    for order in line.orders:
        yield from order_notes(order)
    if not line.is_priced:
        yield f"the broker has not shown the executions of {shares(missing_executions(line))}"


def shares(quantity: Decimal) -> str:
    """Return ``1 share`` or ``1,500 shares``."""
    return f"{quantity:,f} {'share' if quantity == ONE else 'shares'}"
