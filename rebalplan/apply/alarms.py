"""Alarms: the broker shows an order in a way that makes every further order unsafe. Pure.

After an alarm rebal sends nothing more of the account.
"""

from __future__ import annotations

from decimal import Decimal

from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.core.finding import Finding, InPlan
from rebalplan.core.text import count


class Alarms:
    """One account's alarms: the first one about each order is kept."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._sentences: dict[str, str] = {}

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return a sentence about each order with an alarm."""
        return tuple(self._sentences.values())

    def _add(self, order: OrderResult, sentence: str) -> None:
        self._sentences.setdefault(order.reference, sentence)

    def raised(self, order: OrderResult) -> None:
        """Stop the account: somebody raised a working order over the quantity that rebal sent."""
        self._add(
            order,
            f"somebody changed {order.reference} at the broker from {order.dispatch.quantity:f} to "
            f"{count(order.working_quantity, 'share')} of {order.dispatch.symbol}: more than planned may fill, "
            "nothing more is sent",
        )

    def filled_late(self, order: OrderResult) -> None:
        """Stop the account: an order filled after its confirmed end, so the broker's evidence is not safe."""
        self._add(
            order,
            f"{order.reference} filled {count(order.filled, 'share')} of {order.dispatch.symbol}, the broker had said "
            f"that it ended with {order.evidenced:f}: nothing more is sent",
        )

    def overfilled(self, order: OrderResult) -> None:
        """Stop the account: an order filled more than was sent, whether or not anybody told who raised it."""
        self._add(
            order,
            f"{order.reference} filled {count(order.executed, 'share')} of {order.dispatch.symbol}, "
            f"{order.dispatch.quantity:f} were sent: nothing more is sent",
        )

    def resolved_otherwise(self, order: OrderResult, filled: Decimal, why: str, now: str) -> None:
        """Stop the account: a person resolved an order with ``filled`` shares, and the broker shows it as ``now``."""
        found = Finding(
            code="RB512",
            severity="error",
            where=InPlan(self._account, f"orders.{order.dispatch.symbol}"),
            message=f"{order.reference}: {why}. Nothing more is sent",
            planned=str(filled),
            now=now,
        )
        self._add(order, found.coded)

    def works_on(self, order: OrderResult, contradiction: str) -> None:
        """Stop the account: an order works at the broker although its end was recorded."""
        self._add(order, f"{order.reference} {contradiction}: nothing more is sent, --resume follows it")
