"""When an order is asked about, and when it is cancelled."""

from __future__ import annotations

from pathlib import Path

from rebalplan.apply.book import Book
from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.timing import Timing
from rebalplan.apply.watch import Watch
from rebalplan.core.policy import ExecutionPolicy
from tests.apply.journal.support import PLAN, SELL, dispatch
from tests.apply.support import AT, book_on, shown, status
from tests.simulation.clock import VirtualClock
from tests.simulation.disk import SimDisk

TIMING = Timing()


def watched() -> tuple[Watch, VirtualClock, Book]:
    """Return a watch, its clock and a book in which one order has just been sent."""
    clock = VirtualClock(AT)
    watch = Watch(clock, ExecutionPolicy(), TIMING)
    book = book_on(Journal(SimDisk(), Path("plans/p.journal.jsonl"), PLAN), clock, watch)
    book.dispatch(dispatch())
    return watch, clock, book


def test_an_order_that_is_not_acknowledged_is_asked_about() -> None:
    watch, clock, book = watched()
    order = book.orders[SELL]
    assert watch.due([order]) == []
    clock.sleep(TIMING.ack_sec)
    assert watch.due([order]) == [order]


def test_an_acknowledged_order_is_left_alone_until_its_cancel() -> None:
    watch, clock, book = watched()
    order = book.orders[SELL]
    book.shown(shown())
    watch.ask_about_ends([order])
    clock.sleep(100)
    assert watch.due([order]) == []
    assert not watch.is_to_be_cancelled(order, stopped=False)
    clock.sleep(float(ExecutionPolicy().wait_before_fallback))
    assert watch.is_to_be_cancelled(order, stopped=False)


def test_a_stop_cancels_at_once() -> None:
    watch, _clock, book = watched()
    assert watch.is_to_be_cancelled(book.orders[SELL], stopped=True)


def test_a_cancelled_order_is_asked_about_although_its_acknowledgement_came_after_the_cancel() -> None:
    watch, clock, book = watched()
    order = book.orders[SELL]
    book.cancel_asked(order)
    book.shown(shown())
    watch.ask_about_ends([order])
    clock.sleep(TIMING.cancel_sec)
    assert watch.due([order]) == [order]
    assert not watch.is_to_be_cancelled(order, stopped=True)


def test_an_order_that_ended_without_its_executions_is_asked_about() -> None:
    watch, clock, book = watched()
    order = book.orders[SELL]
    book.shown(shown())
    book.status(status("Filled", "40"))
    watch.ask_about_ends([order])
    clock.sleep(float(ExecutionPolicy().commission_report_timeout))
    assert watch.due([order]) == [order]


def test_the_next_thing_due_is_never_further_away_than_a_tick_nor_in_the_past() -> None:
    watch, clock, book = watched()
    order = book.orders[SELL]
    assert watch.next_sec([order]) == TIMING.tick_sec
    clock.sleep(TIMING.ack_sec - 0.25)
    assert watch.next_sec([order]) == 0.25
    clock.sleep(60)
    assert watch.next_sec([order]) == 0


def test_another_connection_has_neither_shown_an_order_nor_asked_for_its_cancel() -> None:
    watch, clock, book = watched()
    order = book.orders[SELL]
    book.cancel_asked(order)
    clock.sleep(TIMING.settle_sec)
    assert watch.due([order]) == [order]
    clock.sleep(TIMING.settle_sec)
    assert watch.is_settled_late(order)
    book.reconnected()
    assert (watch.is_cancel_out(order), watch.is_settled_late(order)) == (False, False)
    assert watch.due([order]) == [order]
