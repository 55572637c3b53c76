"""Sending over one connection: how much at once, what comes first, and what stops it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest

from rebalplan.apply.book import Book
from rebalplan.apply.desk import BENIGN, WINDOW, Desk
from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.journal.records import Dispatch
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
from tests.apply.support import D, execution, new_book, sent_book, shown, ticket

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


class Lines:
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


def work(link: Link, lines: Lines, book: Book, *, stop: Callable[[], bool] = lambda: False) -> list[str]:
    """Let the desk work until it waits for something that is not said; return what was placed."""
    desk = Desk(
        cast("TradingConnection", link),
        book,
        book.clock,
        ExecutionPolicy(batch_orders=True),
        watch=book._watch,
        timing=Timing(),
        stop=stop,
        progress=lambda _: None,
    )
    with suppress(Enough, UnreachableError):
        desk.work(lines, lines)
    return link.placed


def be_over(book: Book) -> None:
    """Let the first order be cancelled without a fill, by complete lists that agree."""
    order = book.orders[SELL]
    book.end(order, "Cancelled", D(0))
    book.settle(order, is_agreed=True)


def dispatched(journal: Journal) -> list[str]:
    return [record.reference for record in journal.records if isinstance(record, Dispatch)]


def acknowledged(references: Sequence[str]) -> list[Acknowledged]:
    return [
        Acknowledged(shown(reference, 70 + number, order_id=number))
        for number, reference in enumerate(references, start=1)
    ]


def test_four_orders_are_out_until_the_broker_shows_one() -> None:
    book, _ = new_book()
    link = Link()
    assert work(link, Lines(*LINES), book) == list(LINES[:4])
    link.say(acknowledged(LINES)[0])
    assert work(link, Lines(*LINES[4:]), book) == list(LINES[:5])
    assert WINDOW == 4


def test_an_order_leaves_only_after_its_dispatch_is_recorded() -> None:
    book, journal = new_book()
    known: list[list[str]] = []
    link = Link(when_placed=lambda _: known.append(dispatched(journal)))
    work(link, Lines(*LINES[:2]), book)
    assert known == [[LINES[0]], [LINES[0], LINES[1]]]


def test_a_send_that_fails_is_not_tried_again() -> None:
    def hang_up(_: OrderTicket) -> None:
        raise UnreachableError("hung up")

    book, journal = new_book()
    assert work(Link(when_placed=hang_up), Lines(*LINES), book) == [SELL]
    assert dispatched(journal) == [SELL]


def test_a_stop_that_comes_while_quotes_are_asked_for_stops_the_send_after_it() -> None:
    stops: list[bool] = []
    lines = Lines(*LINES, when_refreshed=lambda: stops.append(True))
    assert work(Link(), lines, new_book()[0], stop=lambda: bool(stops)) == []


def test_after_an_alarm_nothing_more_is_sent() -> None:
    book, _ = sent_book()
    book.record_execution(execution("e.01.01", "50"))
    assert book.alarms
    assert work(Link(), Lines(*LINES[1:]), book) == []


def test_beside_an_unknown_order_nothing_is_sent() -> None:
    book, _ = new_book()
    work(Link(), Lines(SELL), book)
    book.give_up(book.orders[SELL], "silence")
    assert work(Link(), Lines(*LINES[1:]), book) == []


def test_while_the_gateway_has_no_broker_nothing_is_sent() -> None:
    assert work(Link(LinkLost()), Lines(*LINES), new_book()[0]) == []


def test_once_the_gateway_has_its_broker_again_the_lists_are_asked_before_the_next_send() -> None:
    asked: list[list[str]] = []
    link = Link(LinkLost(), LinkRestored())
    link._when_placed = lambda _: asked.append(list(link.asked))
    assert work(link, Lines(SELL), new_book()[0]) == [SELL]
    assert asked == [["open orders", "completed orders", "executions", "open orders"]]


def test_before_the_rest_of_a_dead_order_the_lists_are_asked_unless_they_were_just_asked() -> None:
    asked: list[int] = []
    link = Link()
    link._when_placed = lambda _: asked.append(link.asked.count("executions"))
    assert work(link, Lines(SELL, f"{LINES[1]}-f", f"{LINES[2]}-f"), new_book()[0]) == [
        SELL,
        f"{LINES[1]}-f",
        f"{LINES[2]}-f",
    ]
    assert asked == [1, 1, 1]


def test_lists_that_were_asked_long_before_a_rest_are_asked_again() -> None:
    book, _ = new_book()
    asked: list[int] = []
    link = Link()
    link._when_placed = lambda _: asked.append(link.asked.count("executions"))
    lines = Lines(f"{LINES[1]}-f", f"{LINES[2]}-f", when_refreshed=lambda: book.clock.sleep(3))
    work(link, lines, book)
    assert asked == [1, 1]
    asked.clear()
    lines = Lines(f"{LINES[3]}-f", f"{LINES[4]}-f", when_refreshed=lambda: book.clock.sleep(6))
    work(link, lines, book)
    assert asked == [2, 3]


def test_a_fill_that_the_lists_show_right_before_a_rest_stops_it() -> None:
    book, _ = new_book()
    work(Link(), Lines(SELL), book)
    first = book.orders[SELL]
    book.shown(shown())
    be_over(book)

    class Late(Link):
        def executions(self, account: str) -> tuple[tuple[Execution, ...], tuple[Commissioned, ...]]:
            super().executions(account)
            return (execution("e.01.01", "15"),), ()

    assert work(Late(), Lines(f"{SELL}-f"), book) == []
    assert (first.order.late, len(book.alarms)) == (D(15), 1)


def test_a_rest_waits_while_the_lists_cannot_be_had() -> None:
    book, _ = new_book()
    link = Refusing(book.clock)
    with pytest.raises(BrokerError, match="lists could not be had"):
        work(link, Lines(f"{SELL}-f"), book)
    assert link.placed == []


def test_after_a_stop_only_our_own_orders_are_cancelled_by_the_number_they_have_here() -> None:
    book, _ = new_book()
    link = Link()
    work(link, Lines(*LINES[:2]), book)
    link.say(acknowledged(LINES)[0])
    link.say(Acknowledged(shown(LINES[1], 72, order_id=4, client_id=43)))
    link.say(Acknowledged(shown("another's", 99, order_id=3)))
    work(link, Lines(), book)
    work(link, Lines(), book, stop=lambda: True)
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
    book, journal = new_book()
    link = Refusing(book.clock)
    assert work(link, Lines(SELL), book) == [SELL]
    assert len(link.asked) > 1
    assert book.orders[SELL].is_left
    assert journal.result().of("DU1").lines[0].status == "dispatched"


@pytest.mark.parametrize("code", BENIGN)
def test_a_benign_notice_raises_no_question(code: int) -> None:
    book, _ = new_book()
    link = Link()
    work(link, Lines(SELL), book)
    link.say(acknowledged([SELL])[0])
    link.say(Noticed(order_id=1, code=code, text="said"))
    work(link, Lines(), book)
    book.clock.sleep(Timing().notice_sec)
    assert (book._watch.due([book.orders[SELL]]), book.orders[SELL].notices) == ([], {})


def test_a_fallback_is_cancelled_when_the_first_order_turns_out_to_have_filled_more() -> None:
    book, _ = new_book()
    rest = f"{SELL}-f"
    link = Link()
    work(link, Lines(SELL), book)
    first = book.orders[SELL]
    be_over(book)
    work(link, Lines(rest), book)
    for each in acknowledged([SELL, rest]):
        link.say(each)
    work(link, Lines(), book)
    assert link.cancelled == []
    book.record_execution(execution("e.01.01", "15", perm_id=71))
    work(link, Lines(), book)
    assert (first.order.late, link.cancelled) == (D(15), [2])


def test_a_fallback_is_cancelled_when_the_first_order_turns_out_to_work() -> None:
    book, _ = new_book()
    rest = f"{SELL}-f"
    link = Link()
    work(link, Lines(SELL), book)
    be_over(book)
    work(link, Lines(rest), book)
    for each in acknowledged([SELL, rest]):
        link.say(each)
    work(link, Lines(), book)
    assert link.cancelled == []
    book.contest_ends((shown(perm_id=71),))
    work(link, Lines(), book)
    assert link.cancelled == [2]
