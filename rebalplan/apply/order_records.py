"""Writes the records of an order. The journal has the record first, then the order changes by it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from rebalplan.apply.journal.fold import AboutOrder, advance, begun
from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.journal.records import (
    Ack,
    Changed,
    Commission,
    Dispatch,
    Done,
    DoneStatus,
    Fill,
    Unknown,
)
from rebalplan.apply.order import LiveOrder
from rebalplan.core.money import ZERO, canonical
from rebalplan.core.orders import FILLED, INACTIVE, Commissioned, Execution, OpenOrder
from rebalplan.core.ports import Clock
from rebalplan.core.text import printable


class OrderRecords:
    """The records about one account's orders. Each method raises ``DiskError``; then the order has not changed."""

    def __init__(self, account: str, journal: Journal, clock: Clock) -> None:
        self._account = account
        self._journal = journal
        self._clock = clock

    def now(self) -> datetime:
        """Return the time to the second, for records."""
        return self._clock.now().replace(microsecond=0)

    def _write(self, live: LiveOrder, record: AboutOrder) -> None:
        self._journal.append(record)
        live.order = advance(live.order, record)

    def dispatched(self, record: Dispatch) -> LiveOrder:
        """Record that an order is about to be sent, and return it."""
        self._journal.append(record)
        return LiveOrder(begun(record), self._clock.now(), order_id=record.order_id)

    def acknowledged(self, live: LiveOrder, perm_id: int) -> None:
        """Record that the broker has the order."""
        record = Ack(account=self._account, at=self.now(), reference=live.reference, perm_id=perm_id)
        self._write(live, record)

    def filled(self, live: LiveOrder, execution: Execution) -> None:
        """Record an execution, or a correction of one."""
        self._write(
            live,
            Fill(
                account=self._account,
                at=self.now(),
                reference=live.reference,
                exec_id=printable(execution.exec_id),
                quantity=canonical(execution.quantity),
                price=canonical(execution.price),
            ),
        )

    def charged(self, live: LiveOrder, event: Commissioned) -> None:
        """Record the commission of a fill."""
        self._write(
            live,
            Commission(
                account=self._account,
                at=self.now(),
                exec_id=printable(event.exec_id),
                amount_usd=canonical(event.amount),
            ),
        )

    def changed(self, live: LiveOrder, found: OpenOrder) -> bool:
        """Record the quantity and type of a working order that somebody changed; tell whether they are news."""
        order = live.order
        quantity = canonical(found.quantity or order.working_quantity)
        order_type = printable(found.order_type) or order.order_type
        if (quantity, order_type) == (order.working_quantity, order.order_type):
            return False
        self._write(
            live,
            Changed(
                account=self._account,
                at=self.now(),
                reference=live.reference,
                quantity=quantity,
                order_type=order_type,
            ),
        )
        return True

    def unknown(self, live: LiveOrder, why: str, *, is_twin: bool) -> None:
        """Record the order as unknown, with the broker's errors about it."""
        self._write(
            live,
            Unknown(
                account=self._account,
                at=self.now(),
                reference=live.reference,
                why=why,
                is_twin=is_twin,
                said=live.said,
            ),
        )

    def settle(self, live: LiveOrder, *, is_agreed: bool = False, is_last: bool = False) -> None:
        """Record the end of an order that is filled whole, or whose end with a rest is confirmed.

        ``is_agreed``: the broker's complete lists agree on the filled shares. ``is_last``: the time to agree is up, and
        the end counts without it.
        """
        order = live.order
        if order.is_over or order.is_doubled:
            return
        if order.executed >= max(order.most, live.end_filled):
            self._close(live, "filled", order.executed, is_agreed=True)
        elif live.end_status and (is_agreed or is_last):
            self._close(live, _end_kind(live), max(order.executed, live.end_filled), is_agreed=is_agreed)

    def _close(self, live: LiveOrder, status: DoneStatus, filled: Decimal, *, is_agreed: bool) -> None:
        self._done(live, status, filled, is_agreed=is_agreed)
        live.end_filled = filled

    def _done(self, live: LiveOrder, status: DoneStatus, filled: Decimal, *, is_agreed: bool) -> None:
        self._write(
            live,
            Done(
                account=self._account,
                at=self.now(),
                reference=live.reference,
                status=status,
                filled=canonical(filled),
                cancel_asked=live.is_cancel_asked or live.order.cancel_asked,
                is_agreed=is_agreed,
                note=live.note,
            ),
        )


def _end_kind(live: LiveOrder) -> DoneStatus:
    if live.end_status in FILLED or live.end_filled >= live.order.dispatch.quantity > ZERO:
        return "filled"
    return "rejected" if live.is_rejected or live.end_status == INACTIVE else "cancelled"
