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
    """Say how a resolved order stands in the broker's complete lists, if they contradict the answer.

    A completed order that says 0, or nothing, speaks against no answer: an execution may be missing from it.
    """
    if any(shown.reference == reference for shown in open_orders):
        return "working"
    last = last_corrections(e for e in executions if e.reference == reference)
    said = [canonical(sum((e.quantity for e in last), ZERO))] if last else []
    said += [c.filled for c in completed if c.reference == reference and c.filled]
    wrong = [quantity for quantity in said if quantity != filled]
    return f"filled {wrong[0]}" if wrong else ""
