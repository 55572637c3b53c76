"""The result of one order, from its records.

Only ``fold`` makes and changes an ``OrderResult``; the live side of an apply and every report read the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.apply.journal.records import Changed, Dispatch, Fill, Resolved, Said
from rebalplan.core.money import ZERO
from rebalplan.core.orders import ORDER_TYPES, correction_root

OrderStatus = Literal["dispatched", "acknowledged", "filled", "cancelled", "rejected", "unknown", "resolved"]


class OrderResult(msgspec.Struct, frozen=True, kw_only=True):
    """One dispatched order and all that its records say about it. Shares and USD.

    Only ``fold.begun`` makes one, and only ``fold.advance`` changes one. ``shown`` are the executions that the broker
    showed, ``costs`` their commissions by the root of the execution id. ``answer`` is that of a person: it replaces
    both until the broker contradicts it. ``evidenced`` is the number of filled shares by the order's end. ``said`` are
    the broker's errors and notices while the order was unknown.
    """

    dispatch: Dispatch
    status: OrderStatus = "dispatched"
    perm_id: int = 0
    shown: tuple[Fill, ...] = ()
    costs: Mapping[str, Decimal] = {}
    answer: Resolved | None = None
    evidenced: Decimal = ZERO
    cancel_asked: bool = False
    is_agreed: bool = False
    is_doubled: bool = False
    note: str = ""
    changed: Changed | None = None
    said: tuple[Said, ...] = ()

    @property
    def reference(self) -> str:
        """Return the reference that the order carries at the broker."""
        return self.dispatch.reference

    @property
    def sign(self) -> int:
        """Return 1 for a buy and -1 for a sell."""
        return 1 if self.dispatch.side == "BUY" else -1

    @property
    def fills(self) -> tuple[Fill, ...]:
        """Return the executions that count: those the broker showed, or the one that a person vouches for."""
        if self.answer is None:
            return self.shown
        return (_vouched(self.answer),) if self.answer.filled else ()

    @property
    def commissions(self) -> Mapping[str, Decimal]:
        """Return the commission of each fill that counts, by the root of its execution id."""
        roots = [correction_root(fill.exec_id) for fill in self.fills]
        return {root: self.costs[root] for root in roots if root in self.costs}

    @property
    def working_quantity(self) -> Decimal:
        """Return the order's quantity at the broker, where somebody may have changed it."""
        return self.dispatch.quantity if self.changed is None else self.changed.quantity

    @property
    def order_type(self) -> str:
        """Return the wire's type of the order at the broker, where somebody may have changed it."""
        return ORDER_TYPES[self.dispatch.algo] if self.changed is None else self.changed.order_type

    @property
    def most(self) -> Decimal:
        """Return the most shares that it can fill: the quantity sent, or more when somebody raised it."""
        return max(self.dispatch.quantity, self.working_quantity)

    @property
    def executed(self) -> Decimal:
        """Return the shares whose executions are known."""
        return sum((fill.quantity for fill in self.fills), ZERO)

    @property
    def filled(self) -> Decimal:
        """Return the shares known to have been bought or sold."""
        # The end may count fills whose executions are not known yet, and an execution may come after the end.
        return max(self.evidenced, self.executed)

    @property
    def is_priced(self) -> bool:
        """Tell whether every share that was filled has its execution, and so its price."""
        return self.executed >= self.filled

    @property
    def is_charged(self) -> bool:
        """Tell whether the commission of every known fill is known."""
        return len(self.commissions) == len(self.fills)

    @property
    def charged_usd(self) -> Decimal:
        """Return the known commissions in USD."""
        return sum(self.commissions.values(), ZERO)

    @property
    def commission_usd(self) -> Decimal | None:
        """Return the commission in USD; ``None`` until it is known for every fill."""
        return self.charged_usd if self.is_charged else None

    @property
    def late(self) -> Decimal:
        """Return the shares that came to light after the broker had evidenced the order's end."""
        return max(ZERO, self.executed - self.evidenced) if self.is_over else ZERO

    @property
    def value_usd(self) -> Decimal:
        """Return the value of the known fills in USD, without commission."""
        return sum((fill.quantity * fill.price for fill in self.fills), ZERO)

    @property
    def is_over(self) -> bool:
        """Tell whether no more shares will fill, by the broker's evidence or a person's answer."""
        return self.status in ("filled", "cancelled", "rejected", "resolved")

    @property
    def unpriced(self) -> Decimal:
        """Return the filled shares whose execution, and so their price, is not known yet."""
        return self.filled - self.executed

    @property
    def rest(self) -> Decimal:
        """Return the shares that were sent and are not filled."""
        return max(ZERO, self.dispatch.quantity - self.filled)

    @property
    def may_be_followed(self) -> bool:
        """Tell whether a plain market order may take its rest, if it has one.

        The broker rejected it, or cancelled it because rebal asked, and the broker's lists agree on how much it filled.
        """
        if not self.is_agreed or not self.is_priced or self.late:
            return False
        return self.status == "rejected" or (self.status == "cancelled" and self.cancel_asked)

    @property
    def wants_fallback(self) -> bool:
        """Tell whether a fallback is due for its rest: only an order with an algorithm gets one."""
        return self.may_be_followed and self.dispatch.algo != "none" and self.rest > ZERO


def _vouched(answer: Resolved) -> Fill:
    """Return a person's answer as a fill: it replaces every execution that was seen before."""
    root = f"resolved-{answer.reference}"
    return Fill(
        account=answer.account,
        at=answer.at,
        reference=answer.reference,
        exec_id=f"{root}.1",
        quantity=answer.filled,
        price=answer.price,
    )
