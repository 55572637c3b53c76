"""What happens to an order after it arrived: booked, shown, filled, cancelled, each at its time."""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from functools import partial

from rebalplan.core.orders import (
    Acknowledged,
    Commissioned,
    Executed,
    LinkLost,
    LinkRestored,
    Noticed,
    OrderEvent,
    OrderTicket,
)
from rebalplan.core.vocabulary import Side
from tests.builders import con_id_of
from tests.simulation.clock import VirtualClock
from tests.simulation.faults import Fate
from tests.simulation.ledger import COMMISSION, Booked, Ledger
from tests.simulation.market import Market

Send = Callable[[OrderEvent], None]


class Exchange:
    """Runs what is due on the virtual clock and says it to whoever is connected."""

    def __init__(self, clock: VirtualClock, market: Market, ledger: Ledger) -> None:
        self.clock = clock
        self.market = market
        self.ledger = ledger
        self.is_link_up = True
        self.listener: Send | None = None
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0
        self._dealt: dict[str, int] = {}
        self.is_helpful = False
        self.when_filled: Callable[[Booked], None] = lambda booked: None

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something later."""
        self._count += 1
        time = self.clock.now() + timedelta(seconds=seconds)
        heapq.heappush(self._due, (time, self._count, action))

    def next_due(self) -> datetime | None:
        return self._due[0][0] if self._due else None

    def run_next(self) -> None:
        """Do the next thing at its time."""
        time, _, action = heapq.heappop(self._due)
        self.clock.move_to(time)
        action()

    def run_until(self, time: datetime) -> None:
        """Do everything that is due by a time."""
        while self._due and self._due[0][0] <= time:
            self.run_next()
        self.clock.move_to(time)

    def _say(self, kind: str, event: OrderEvent, fate: Fate, seconds: float) -> None:
        """Let an event arrive after some seconds, unless it is lost."""
        if kind in fate.lost:
            return
        for copy in range(fate.copies):
            self.at(seconds + copy * 0.05, lambda: self._deliver(event))

    def _deliver(self, event: OrderEvent) -> None:
        if self.listener is not None and (self.is_link_up or isinstance(event, LinkLost | LinkRestored)):
            self.listener(event)

    def notice(self, order_id: int, code: int, text: str, seconds: float = 0.05) -> None:
        """Say something about an order id."""
        self.at(seconds, lambda: self._deliver(Noticed(order_id=order_id, code=code, text=text)))

    def arrive(self, order_id: int, ticket: OrderTicket, fate: Fate, client_id: int = 0) -> None:
        """Take in an order that reached the broker."""
        self.ledger.arrived[ticket.reference] += 1
        if not fate.is_booked or not self.is_link_up:
            return
        if fate.unbooked:
            said = Noticed(order_id=order_id, code=fate.unbooked, text="Order refused: not booked")
            self._say("notice", said, fate, 0.1)
            return
        booked = Booked(ticket, order_id, self._perm_id(ticket), self.clock.now(), fate, client_id)
        if fate.reject:
            self._reject(booked)
            return
        self.ledger.accepted[ticket.reference] += 1
        self.ledger.orders.append(booked)
        self._say("ack", Acknowledged(booked.as_open()), fate, fate.ack_sec)
        for seconds, code in fate.notices:
            event = Noticed(order_id=order_id, code=code, text=f"notice {code}")
            self._say("notice", event, fate, seconds)
        for seconds, part in fate.fills:
            self.at(seconds, partial(self._fill, booked, Decimal(str(part))))
        if fate.change_sec:
            self.at(fate.change_sec, partial(self._change, booked))

    def _change(self, booked: Booked) -> None:
        """Let a person change what a working order is for; it is told like an acknowledgement."""
        if not booked.is_working:
            return
        factor = Decimal(str(booked.fate.change_factor))
        wanted = (booked.ticket.quantity * factor).to_integral_value(ROUND_FLOOR)
        booked.changed_to = max(wanted, booked.filled, Decimal(1))
        if booked.fate.change_is_told:
            self._say("ack", Acknowledged(booked.as_open()), booked.fate, 0.1)
        if not booked.rest:
            booked.status, booked.ended_at = "Filled", self.clock.now()
            self._say("status", booked.as_status(), booked.fate, booked.fate.status_sec)

    def _perm_id(self, ticket: OrderTicket) -> int:
        count = self.ledger.arrived[ticket.reference]
        return zlib.crc32(f"{ticket.account} {ticket.reference} {count}".encode()) + 1

    def _reject(self, booked: Booked) -> None:
        fate = booked.fate
        booked.status, booked.ended_at = "Inactive", self.clock.now()
        self.ledger.orders.append(booked)
        error_sec, status_sec = (0.2, 0.1) if fate.reject_status_first else (0.1, 0.2)
        event = Noticed(order_id=booked.order_id, code=fate.reject, text="Order rejected - reason: no")
        self._say("notice", event, fate, error_sec)
        if fate.reject_says_status:
            self._say("status", booked.as_status(with_perm=fate.reject_has_perm), fate, status_sec)

    def _fill(self, booked: Booked, part: Decimal) -> None:
        """Deal a part of an order, in whole shares; the last part takes the rest."""
        if not booked.is_working:
            return
        quantity = (booked.quantity * part).to_integral_value(ROUND_FLOOR) or Decimal(1)
        quantity = min(quantity, booked.rest)
        if part == 1 or booked.rest - quantity < 1 or self._is_last_part(booked, part):
            quantity = booked.rest
        now = self.clock.now()
        price = self._price(booked)
        booked.filled += quantity
        if not booked.rest:
            booked.status, booked.ended_at = "Filled", now
        self._dealt[booked.ticket.reference] = count = self._dealt.get(booked.ticket.reference, 0) + 1
        root = f"{booked.perm_id:08x}.{count:02d}"
        self._deal(booked, quantity, price, root)
        if booked.fate.correction_sec:
            other = price + (Decimal("0.01") if booked.ticket.side == "BUY" else Decimal("-0.01"))
            self.at(
                booked.fate.correction_sec, partial(self._deal, booked, quantity, other, root, correction=2)
            )
        if not booked.rest:
            self.when_filled(booked)

    def _is_last_part(self, booked: Booked, part: Decimal) -> bool:
        parts = booked.fate.fills
        return sum(p for _, p in parts) >= 1 and Decimal(str(parts[-1][1])) == part and len(parts) > 1

    def _price(self, booked: Booked) -> Decimal:
        quote = self.market.quote(booked.ticket.symbol, self.clock.now())
        side = quote.ask if booked.ticket.side == "BUY" else quote.bid
        return side if side is not None else self.market.price(booked.ticket.symbol, self.clock.now())

    def _deal(
        self, booked: Booked, quantity: Decimal, price: Decimal, root: str, *, correction: int = 1
    ) -> None:
        fate = booked.fate
        now = self.clock.now()
        execution = self.ledger.book(booked, quantity, price, root, now, correction=correction)
        self._say("execution", Executed(execution), fate, fate.execution_sec)
        self._say("status", booked.as_status(), fate, fate.status_sec)
        commissioned = Commissioned(exec_id=execution.exec_id, amount=COMMISSION)
        self._say("commission", commissioned, fate, fate.commission_sec)

    def cancel(self, order_id: int, client_id: int = 0) -> None:
        """Take in a client's wish to cancel the order it knows by a number; what comes of it is the order's fate."""
        if not self.is_link_up:
            return
        found = [o for o in self.ledger.orders if (o.client_id, o.order_id) == (client_id, order_id)]
        working = [o for o in found if o.is_working]
        if not working:
            self.notice(order_id, 161 if found else 10147, "cannot be cancelled")
            return
        booked = working[-1]
        if not booked.ticket.reference.startswith("rb-"):
            booked.is_killed_by_us = True
        match "confirm" if self.is_helpful else booked.fate.on_cancel:
            case "confirm":
                self.at(0.2, lambda: self._end_cancelled(booked))
            case "late":
                self.at(20, lambda: self._end_cancelled(booked))
            case "cross":
                self.notice(order_id, 10148, "cannot be cancelled, it is filled")
                self.at(0.1, lambda: self._fill(booked, Decimal("0.3")))
                self.at(2, lambda: self._end_cancelled(booked))
            case "unknown_id":
                self.notice(order_id, 10147, "is not found")
                self.at(30, lambda: self._end_cancelled(booked))
            case "cannot":
                self.notice(order_id, 161, "is not cancellable now")
                self.at(5, lambda: self._fill(booked, Decimal(1)))
            case "fill after":
                self.at(0.2, lambda: self._end_cancelled(booked))
                self.at(0.2 + booked.fate.fill_after_sec, lambda: self._fill_after(booked))
            case "ignore":
                pass

    def _fill_after(self, booked: Booked) -> None:
        """Book an execution that crossed the cancel, although the end was said; it may never be told."""
        if not booked.rest:
            return
        part = Decimal(str(booked.fate.fill_after_part))
        quantity = min(booked.rest, (booked.rest * part).to_integral_value(ROUND_FLOOR) or Decimal(1))
        booked.filled += quantity
        told = replace(
            booked.fate, execution_sec=booked.fate.fill_after_told_sec, lost=booked.fate.lost | {"status"}
        )
        self._deal(replace(booked, fate=told), quantity, self._price(booked), f"{booked.perm_id:08x}.99")

    def _end_cancelled(self, booked: Booked) -> None:
        if not booked.is_working:
            return
        booked.status, booked.ended_at = "Cancelled", self.clock.now()
        self._say("status", booked.as_status(), booked.fate, booked.fate.status_sec)
        if "notice" not in booked.fate.lost:
            self.notice(booked.order_id, 202, "Order Canceled - reason:")

    def deal_manually(self, account: str, symbol: str, side: Side, quantity: Decimal) -> None:
        """Book what a person traded in TWS; no API client is told."""
        now = self.clock.now()
        ticket = OrderTicket(
            reference="",
            account=account,
            symbol=symbol,
            con_id=con_id_of(symbol),
            side=side,
            quantity=quantity,
            algo="none",
        )
        booked = Booked(ticket, 0, 55_555, now, Fate(), filled=quantity, status="Filled", ended_at=now)
        self.ledger.orders.append(booked)
        self.ledger.book(booked, quantity, self.market.price(symbol, now), "manual.01", now)

    def lose_link(self) -> None:
        """Lose the broker behind the gateway; orders work on at the exchange."""
        self.is_link_up = False
        self._deliver(LinkLost())

    def restore_link(self) -> None:
        """Have the broker again."""
        if not self.is_link_up:
            self.is_link_up = True
            self._deliver(LinkRestored())
