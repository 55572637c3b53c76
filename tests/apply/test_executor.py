"""Sending over one connection: how much at once, what comes first, and what stops it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest

from rebalplan.apply.executor import BENIGN, WINDOW, Executor
from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.journal.records import Dispatch
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.timing import Timing
from rebalplan.core.errors import BrokerError, UnreachableError
from rebalplan.core.orders import (
    Acknowledged,
    Commissioned,
    CompletedOrder,
    Execution,
    LinkLost,
    LinkRestored,
    Noticed,
    OpenOrder,
    OrderEvent,
    OrderTicket,
)
from rebalplan.core.policy import ExecutionPolicy
from rebalplan.core.references import order_reference
from tests.apply.journal.support import PLAN, SELL
from tests.apply.support import D, execution, new_orders, sent_orders, shown, ticket

if TYPE_CHECKING:
    from rebalplan.core.ports import Clock, TradingConnection

LINES = tuple(order_reference(PLAN.sha256, 1, line) for line in range(1, 9))


class Enough(Exception):  # noqa: N818  # it reads as what happened
    """The test has seen enough."""


class Link:
    """A connection that says what it is told to and keeps what it was asked for.

    ``when_placed`` sees each order before it leaves. Waiting twice for nothing ends the test.
    """

    def __init__(self, *says: OrderEvent, when_placed: Callable[[OrderTicket], None] | None = None) -> None:
        self._says = deque(says)
        self._when_placed = when_placed
        self._waits = 0
        self.working: tuple[OpenOrder, ...] = ()
        self.asked: list[str] = []
        self.placed: list[str] = []
        self.cancelled: list[int] = []

    def say(self, event: OrderEvent) -> None:
        self._says.append(event)

    def next_order_id(self) -> int:
        return len(self.placed) + 1

    def place(self, order_id: int, ticket: OrderTicket) -> None:
        del order_id
        self.placed.append(ticket.reference)
        if self._when_placed is not None:
            self._when_placed(ticket)

    def cancel(self, order_id: int) -> None:
        self.cancelled.append(order_id)

    def next_event(self, timeout_sec: float) -> OrderEvent | None:
        if self._says:
            return self._says.popleft()
        self._waits += bool(timeout_sec)
        if self._waits > 1:
            self._waits = 0
            raise Enough
        return None

    def open_orders(self, account: str) -> tuple[OpenOrder, ...]:
        del account
        self.asked.append("open orders")
        return self.working

    def completed_orders(self, account: str) -> tuple[CompletedOrder, ...]:
        del account
        self.asked.append("completed orders")
        return ()

    def executions(self, account: str) -> tuple[tuple[Execution, ...], tuple[Commissioned, ...]]:
        del account
        self.asked.append("executions")
        return (), ()


class LineOrders:
    """Offers an order for each reference and passes it; ``when_refreshed`` happens while quotes are asked."""

    def __init__(self, *references: str, when_refreshed: Callable[[], None] = lambda: None) -> None:
        self._waiting = deque(references)
        self._when_refreshed = when_refreshed

    def prepare(self) -> None:
        """Nothing."""

    def refresh(self) -> None:
        self._when_refreshed()

    def next(self) -> OrderTicket | None:
        return ticket(self._waiting.popleft()) if self._waiting else None

    def is_over(self) -> bool:
        return not self._waiting

    def has_rest(self) -> bool:
        return any(reference.endswith("-f") for reference in self._waiting)

    def approve(self, ticket: OrderTicket) -> Decimal | None:
        del ticket
        return D(100)


def work(
    link: Link, lines: LineOrders, orders: LiveOrders, *, stop: Callable[[], bool] = lambda: False
) -> list[str]:
    """Let the executor work until it waits for something that is not said; return what was placed."""
    executor = Executor(
        cast("TradingConnection", link),
        orders,
        orders.clock,
        ExecutionPolicy(batch_orders=True),
        deadlines=orders._deadlines,
        timing=Timing(),
        stop=stop,
        progress=lambda _: None,
    )
    with suppress(Enough, UnreachableError):
        executor.work(lines, lines)
    return link.placed


def be_over(orders: LiveOrders) -> None:
    """Let the first order be cancelled without a fill, by complete lists that agree."""
    order = orders.by_reference[SELL]
    orders.end(order, "Cancelled", D(0))
    orders.records.settle(order, is_agreed=True)


def dispatched(journal: Journal) -> list[str]:
    return [record.reference for record in journal.records if isinstance(record, Dispatch)]


def acknowledged(references: Sequence[str]) -> list[Acknowledged]:
    return [
        Acknowledged(shown(reference, 70 + number, order_id=number))
        for number, reference in enumerate(references, start=1)
    ]


def test_four_orders_are_out_until_the_broker_shows_one() -> None:
    orders, _ = new_orders()
    link = Link()
    assert work(link, LineOrders(*LINES), orders) == list(LINES[:4])
    link.say(acknowledged(LINES)[0])
    assert work(link, LineOrders(*LINES[4:]), orders) == list(LINES[:5])
    assert WINDOW == 4


def test_an_order_leaves_only_after_its_dispatch_is_recorded() -> None:
    orders, journal = new_orders()
    known: list[list[str]] = []
    link = Link(when_placed=lambda _: known.append(dispatched(journal)))
    work(link, LineOrders(*LINES[:2]), orders)
    assert known == [[LINES[0]], [LINES[0], LINES[1]]]


def test_a_send_that_fails_is_not_tried_again() -> None:
    def hang_up(_: OrderTicket) -> None:
        raise UnreachableError("hung up")

    orders, journal = new_orders()
    assert work(Link(when_placed=hang_up), LineOrders(*LINES), orders) == [SELL]
    assert dispatched(journal) == [SELL]


def test_a_stop_that_comes_while_quotes_are_asked_for_stops_the_send_after_it() -> None:
    stops: list[bool] = []
    lines = LineOrders(*LINES, when_refreshed=lambda: stops.append(True))
    assert work(Link(), lines, new_orders()[0], stop=lambda: bool(stops)) == []


def test_after_an_alarm_nothing_more_is_sent() -> None:
    orders, _ = sent_orders()
    orders.record_execution(execution("e.01.01", "50"))
    assert orders.alarms
    assert work(Link(), LineOrders(*LINES[1:]), orders) == []


def test_beside_an_unknown_order_nothing_is_sent() -> None:
    orders, _ = new_orders()
    work(Link(), LineOrders(SELL), orders)
    orders.give_up(orders.by_reference[SELL], "silence")
    assert work(Link(), LineOrders(*LINES[1:]), orders) == []


def test_while_the_gateway_has_no_broker_nothing_is_sent() -> None:
    assert work(Link(LinkLost()), LineOrders(*LINES), new_orders()[0]) == []


def test_once_the_gateway_has_its_broker_again_the_lists_are_asked_before_the_next_send() -> None:
    asked: list[list[str]] = []
    link = Link(LinkLost(), LinkRestored())
    link._when_placed = lambda _: asked.append(list(link.asked))
    assert work(link, LineOrders(SELL), new_orders()[0]) == [SELL]
    assert asked == [["open orders", "completed orders", "executions", "open orders"]]


def test_before_the_rest_of_a_dead_order_the_lists_are_asked_unless_they_were_just_asked() -> None:
    asked: list[int] = []
    link = Link()
    link._when_placed = lambda _: asked.append(link.asked.count("executions"))
    assert work(link, LineOrders(SELL, f"{LINES[1]}-f", f"{LINES[2]}-f"), new_orders()[0]) == [
        SELL,
        f"{LINES[1]}-f",
        f"{LINES[2]}-f",
    ]
    assert asked == [1, 1, 1]


def test_lists_that_were_asked_long_before_a_rest_are_asked_again() -> None:
    orders, _ = new_orders()
    asked: list[int] = []
    link = Link()
    link._when_placed = lambda _: asked.append(link.asked.count("executions"))
    lines = LineOrders(f"{LINES[1]}-f", f"{LINES[2]}-f", when_refreshed=lambda: orders.clock.sleep(3))
    work(link, lines, orders)
    assert asked == [1, 1]
    asked.clear()
    lines = LineOrders(f"{LINES[3]}-f", f"{LINES[4]}-f", when_refreshed=lambda: orders.clock.sleep(6))
    work(link, lines, orders)
    assert asked == [2, 3]


def test_a_fill_that_the_lists_show_right_before_a_rest_stops_it() -> None:
    orders, _ = new_orders()
    work(Link(), LineOrders(SELL), orders)
    first = orders.by_reference[SELL]
    orders.shown(shown())
    be_over(orders)

    class Late(Link):
        def executions(self, account: str) -> tuple[tuple[Execution, ...], tuple[Commissioned, ...]]:
            super().executions(account)
            return (execution("e.01.01", "15"),), ()

    assert work(Late(), LineOrders(f"{SELL}-f"), orders) == []
    assert (first.order.late, len(orders.alarms)) == (D(15), 1)


def test_a_rest_waits_while_the_lists_cannot_be_had() -> None:
    orders, _ = new_orders()
    link = Refusing(orders.clock)
    with pytest.raises(BrokerError, match="lists could not be had"):
        work(link, LineOrders(f"{SELL}-f"), orders)
    assert link.placed == []


def test_after_a_stop_only_our_own_orders_are_cancelled_by_the_number_they_have_here() -> None:
    orders, _ = new_orders()
    link = Link()
    work(link, LineOrders(*LINES[:2]), orders)
    link.say(acknowledged(LINES)[0])
    link.say(Acknowledged(shown(LINES[1], 72, order_id=4, client_id=43)))
    link.say(Acknowledged(shown("another's", 99, order_id=3)))
    work(link, LineOrders(), orders)
    work(link, LineOrders(), orders, stop=lambda: True)
    assert link.cancelled == [1]


class Refusing(Link):
    """A broker that says nothing and refuses every list, while the time goes by."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def next_event(self, timeout_sec: float) -> OrderEvent | None:
        self._clock.sleep(timeout_sec)
        return None

    def open_orders(self, account: str) -> tuple[OpenOrder, ...]:
        super().open_orders(account)
        raise BrokerError("error 322")


def test_an_order_whose_lists_cannot_be_had_is_left_working_and_not_called_absent() -> None:
    orders, journal = new_orders()
    link = Refusing(orders.clock)
    assert work(link, LineOrders(SELL), orders) == [SELL]
    assert len(link.asked) > 1
    assert orders.by_reference[SELL].is_left_working
    assert journal.result().of("DU1").lines[0].status == "dispatched"


@pytest.mark.parametrize("code", BENIGN)
def test_a_benign_notice_raises_no_question(code: int) -> None:
    orders, _ = new_orders()
    link = Link()
    work(link, LineOrders(SELL), orders)
    link.say(acknowledged([SELL])[0])
    link.say(Noticed(order_id=1, code=code, text="said"))
    work(link, LineOrders(), orders)
    orders.clock.sleep(Timing().notice_sec)
    assert (orders._deadlines.due([orders.by_reference[SELL]]), orders.by_reference[SELL].notices) == ([], {})


def test_a_fallback_is_cancelled_when_the_first_order_turns_out_to_have_filled_more() -> None:
    orders, _ = new_orders()
    rest = f"{SELL}-f"
    link = Link()
    work(link, LineOrders(SELL), orders)
    first = orders.by_reference[SELL]
    be_over(orders)
    work(link, LineOrders(rest), orders)
    for each in acknowledged([SELL, rest]):
        link.say(each)
    work(link, LineOrders(), orders)
    assert link.cancelled == []
    orders.record_execution(execution("e.01.01", "15", perm_id=71))
    work(link, LineOrders(), orders)
    assert (first.order.late, link.cancelled) == (D(15), [2])


def test_a_fallback_is_cancelled_when_the_first_order_turns_out_to_work() -> None:
    orders, _ = new_orders()
    rest = f"{SELL}-f"
    link = Link()
    work(link, LineOrders(SELL), orders)
    be_over(orders)
    work(link, LineOrders(rest), orders)
    for each in acknowledged([SELL, rest]):
        link.say(each)
    work(link, LineOrders(), orders)
    assert link.cancelled == []
    orders.contest_ends((shown(perm_id=71),))
    work(link, LineOrders(), orders)
    assert link.cancelled == [2]
