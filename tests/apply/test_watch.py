"""When an order is asked about, and when it is cancelled."""

from __future__ import annotations

from rebalplan.apply.order import Order
from rebalplan.apply.timing import Timing
from rebalplan.apply.watch import Watch
from rebalplan.policy import ExecutionPolicy
from tests.apply.support import AT, sent_book, shown, status
from tests.journal.support import SELL
from tests.simulation.clock import VirtualClock

TIMING = Timing()


def watched() -> tuple[Watch, VirtualClock]:
    clock = VirtualClock(AT)
    return Watch(clock, ExecutionPolicy(), TIMING), clock


def sent() -> Order:
    return sent_book()[0].orders[SELL]


def test_an_order_that_is_not_acknowledged_is_asked_about() -> None:
    watch, clock = watched()
    order = sent()
    watch.after_send(order)
    assert watch.due([order]) == []
    clock.sleep(TIMING.ack_sec)
    assert watch.due([order]) == [order]


def test_an_acknowledged_order_is_left_alone_until_its_cancel() -> None:
    watch, clock = watched()
    book, _journal = sent_book()
    order = book.orders[SELL]
    watch.after_send(order)
    book.shown(shown())
    watch.leave_none_alone([order])
    clock.sleep(100)
    assert watch.due([order]) == []
    assert not watch.is_to_be_cancelled(order, stopped=False)
    clock.sleep(float(ExecutionPolicy().wait_before_fallback))
    assert watch.is_to_be_cancelled(order, stopped=False)


def test_a_stop_cancels_at_once() -> None:
    watch, _clock = watched()
    assert watch.is_to_be_cancelled(sent(), stopped=True)


def test_a_cancelled_order_is_asked_about_although_its_acknowledgement_came_after_the_cancel() -> None:
    watch, clock = watched()
    book, _journal = sent_book()
    order = book.orders[SELL]
    watch.after_cancel(order)
    book.shown(shown())
    watch.leave_none_alone([order])
    clock.sleep(TIMING.cancel_sec)
    assert watch.due([order]) == [order]
    assert not watch.is_to_be_cancelled(order, stopped=True)


def test_an_order_that_ended_without_its_executions_is_asked_about() -> None:
    watch, clock = watched()
    book, _journal = sent_book()
    order = book.orders[SELL]
    book.shown(shown())
    book.status(status("Filled", "40"))
    watch.leave_none_alone([order])
    clock.sleep(float(ExecutionPolicy().commission_report_timeout))
    assert watch.due([order]) == [order]


def test_the_next_thing_due_is_never_further_away_than_a_tick_nor_in_the_past() -> None:
    watch, clock = watched()
    order = sent()
    assert watch.next_sec([order]) == TIMING.tick_sec
    watch.after_send(order)
    clock.sleep(TIMING.ack_sec - 0.25)
    assert watch.next_sec([order]) == 0.25
    clock.sleep(60)
    assert watch.next_sec([order]) == 0
