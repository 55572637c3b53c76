"""One order that was dispatched, and what the broker has evidenced of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from rebalplan.journal.records import Dispatch, DoneStatus, Fill, Said
from rebalplan.journal.result import OrderResult
from rebalplan.model import Side
from rebalplan.money import ZERO
from rebalplan.orders import ALGO_REFUSED, ORDER_TYPES, Execution, OrderTicket, correction_root
from rebalplan.plan import PlannedOrder

REJECTIONS = (201, *ALGO_REFUSED)
"""Error codes that come with an order the broker did not take (Message Codes page of the TWS API reference)."""

MOST_SAID = 8
"""More different errors about one order are not kept in the record that gives it up."""


@dataclass
class Order:
    """One dispatched order, in shares and USD.

    ``order_id`` is what the present connection knows it by: ids are issued again after a gateway restart, so
    it is ``None`` until this connection sent the order or showed it. ``end_status`` is the wire's last word,
    empty while the order may still fill; ``over`` follows when all its fills are evidenced too. An end with a rest is
    evidenced by lists only, asked some time after ``ended_at``: the first word of an end does not know of a fill
    that crossed it. ``is_end_counted`` tells that a word of the end said how much was filled, ``is_agreed`` that
    all words did agree.
    ``working_quantity`` is what the order is for at the broker, where somebody may have changed it; ``owner`` is the
    client id it works under when that is not ours, so that we cannot cancel it. ``seen`` are the executions of an
    order that a person has resolved. ``inactive_filled`` is what was filled when the wire called it inactive: dead,
    or only held. ``is_left`` marks an order that was still working when its deadline passed.
    """

    dispatch: Dispatch
    side: Side
    symbol: str
    con_id: int
    watched_from: datetime
    order_id: int | None = None
    perm_id: int = 0
    fills: dict[str, Fill] = field(default_factory=dict)
    end_status: str = ""
    end_filled: Decimal = ZERO
    ended_at: datetime | None = None
    is_end_counted: bool = False
    is_agreed: bool = False
    working_quantity: Decimal = ZERO
    order_type: str = ""
    owner: int | None = None
    seen: dict[str, Execution] = field(default_factory=dict)
    inactive_filled: Decimal | None = None
    over: DoneStatus | None = None
    is_unknown: bool = False
    is_doubled: bool = False
    is_resolved: bool = False
    is_left: bool = False
    fallback_offered: bool = False
    notices: dict[int, str] = field(default_factory=dict)
    ask_at: datetime | None = None
    doubted_from: datetime | None = None
    cancel_asked: bool = False
    was_cancelled_by_us: bool = False

    @property
    def executed(self) -> Decimal:
        """Return the shares whose executions are known."""
        return sum((fill.quantity for fill in self.fills.values()), ZERO)

    @property
    def filled(self) -> Decimal:
        """Return the shares evidenced, by executions or by the order's end."""
        return max(self.executed, self.end_filled) if self.over else self.executed

    @property
    def whole(self) -> Decimal:
        """Return the most shares the order can fill: those that were sent, or more where somebody raised it."""
        return max(self.dispatch.quantity, self.working_quantity)

    @property
    def late(self) -> Decimal:
        """Return the shares that came to light after the order's end had been evidenced."""
        return max(ZERO, self.executed - self.end_filled) if self.over and not self.is_resolved else ZERO

    @property
    def unpriced(self) -> Decimal:
        """Return the shares that are evidenced but whose execution, and so their price, is not known yet."""
        return self.filled - self.executed

    @property
    def value_usd(self) -> Decimal:
        """Return what the known executions came to."""
        return sum((fill.quantity * fill.price for fill in self.fills.values()), ZERO)

    @property
    def may_fill(self) -> bool:
        """Tell whether it may still fill, as far as anybody knows."""
        return self.over is None

    @property
    def is_followed(self) -> bool:
        """Tell whether its end is waited for."""
        return self.over is None and not self.is_unknown and not self.is_left

    @property
    def rest(self) -> Decimal:
        """Return the shares of those that were sent that have not been filled."""
        return max(ZERO, self.dispatch.quantity - self.filled)

    @property
    def may_be_followed(self) -> bool:
        """Tell whether a plain market order may take its rest.

        It was refused, or cancelled because we asked, and the broker's lists agree on how much it filled.
        """
        if not self.is_agreed or self.unpriced or self.late:
            return False
        return self.over == "rejected" or (self.over == "cancelled" and self.was_cancelled_by_us)

    @property
    def is_rejected(self) -> bool:
        """Tell whether the broker said that it did not take the order."""
        return any(code in REJECTIONS for code in self.notices)

    @property
    def said(self) -> tuple[Said, ...]:
        """Return what the broker said about it, the latest of very much."""
        return tuple(Said(code, text) for code, text in self.notices.items())[-MOST_SAID:]

    @property
    def note(self) -> str:
        """Return what the broker said about it."""
        return "; ".join(f"{text} ({code})" for code, text in self.notices.items())


def new_order(dispatch: Dispatch, ticket: OrderTicket, now: datetime) -> Order:
    """Return the order that is about to be sent on this connection."""
    return Order(
        dispatch,
        ticket.side,
        ticket.symbol,
        ticket.con_id,
        now,
        order_id=dispatch.order_id,
        working_quantity=dispatch.quantity,
        order_type=ORDER_TYPES[dispatch.algo],
    )


def adopted_order(result: OrderResult, planned: PlannedOrder, now: datetime) -> Order:
    """Return an order of an earlier run as the journal left it; how it stands is asked for at once."""
    order = Order(result.dispatch, planned.side, planned.symbol, planned.con_id, now)
    order.perm_id = result.perm_id
    order.fills = {correction_root(fill.exec_id): fill for fill in result.fills}
    order.is_unknown, order.is_doubled = result.status == "unknown", result.is_doubled
    order.is_resolved = result.status == "resolved"
    match result.status:
        case "filled" | "cancelled" | "rejected":
            order.over = result.status
        case "resolved":
            order.over = "filled" if result.filled >= result.dispatch.quantity else "cancelled"
        case _:
            order.ask_at = now
    order.end_filled, order.was_cancelled_by_us = result.evidenced, result.cancel_asked
    order.is_agreed = result.is_agreed
    order.working_quantity, order.order_type = result.dispatch.quantity, ORDER_TYPES[result.dispatch.algo]
    if result.changed is not None:
        order.working_quantity, order.order_type = result.changed.quantity, result.changed.order_type
    return order
