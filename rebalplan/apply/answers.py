"""Compares a person's answer about an order with what the broker shows of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rebalplan.core.money import ZERO, canonical
from rebalplan.core.orders import CompletedOrder, Execution, Referenced, last_corrections


def shown_otherwise(
    reference: str,
    filled: Decimal,
    open_orders: Iterable[Referenced],
    completed: Iterable[CompletedOrder],
    executions: Iterable[Execution],
) -> str:
    """Return how the broker's complete lists show a resolved order, or nothing when they do not contradict the answer.

    A completed order with 0 or no filled shares contradicts nothing: an execution may be missing from its count.
    """
    if any(shown.reference == reference for shown in open_orders):
        return "working"
    last = last_corrections(e for e in executions if e.reference == reference)
    said = [canonical(sum((e.quantity for e in last), ZERO))] if last else []
    said += [c.filled for c in completed if c.reference == reference and c.filled]
    wrong = [quantity for quantity in said if quantity != filled]
    return f"filled {wrong[0]}" if wrong else ""
