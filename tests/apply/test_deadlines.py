"""When an order is asked about, and when it is cancelled."""

from __future__ import annotations

from pathlib import Path

from rebalplan.apply.deadlines import Deadlines
from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.timing import Timing
from rebalplan.core.policy import ExecutionPolicy
from tests.apply.journal.support import PLAN, SELL, dispatch
from tests.apply.support import AT, orders_on, shown, status
from tests.simulation.clock import VirtualClock
from tests.simulation.disk import SimDisk

TIMING = Timing()


def watched() -> tuple[Deadlines, VirtualClock, LiveOrders]:
    """Return a watch, its clock and a book in which one order has just been sent."""
    clock = VirtualClock(AT)
    deadlines = Deadlines(clock, ExecutionPolicy(), TIMING)
    orders = orders_on(Journal(SimDisk(), Path("plans/p.journal.jsonl"), PLAN), clock, deadlines)
    orders.dispatch(dispatch())
    return deadlines, clock, orders


def test_an_order_that_is_not_acknowledged_is_asked_about() -> None:
    deadlines, clock, orders = watched()
    order = orders.by_reference[SELL]
    assert deadlines.due([order]) == []
    clock.sleep(TIMING.ack_sec)
    assert deadlines.due([order]) == [order]


def test_an_acknowledged_order_is_left_alone_until_its_cancel() -> None:
    deadlines, clock, orders = watched()
    order = orders.by_reference[SELL]
    orders.shown(shown())
    deadlines.ask_about_ends([order])
    clock.sleep(100)
    assert deadlines.due([order]) == []
    assert not deadlines.is_to_be_cancelled(order, stopped=False)
    clock.sleep(float(ExecutionPolicy().wait_before_fallback))
    assert deadlines.is_to_be_cancelled(order, stopped=False)


def test_a_stop_cancels_at_once() -> None:
    deadlines, _clock, orders = watched()
    assert deadlines.is_to_be_cancelled(orders.by_reference[SELL], stopped=True)


def test_a_cancelled_order_is_asked_about_although_its_acknowledgement_came_after_the_cancel() -> None:
    deadlines, clock, orders = watched()
    order = orders.by_reference[SELL]
    orders.cancel_asked(order)
    orders.shown(shown())
    deadlines.ask_about_ends([order])
    clock.sleep(TIMING.cancel_sec)
    assert deadlines.due([order]) == [order]
    assert not deadlines.is_to_be_cancelled(order, stopped=True)


def test_an_order_that_ended_without_its_executions_is_asked_about() -> None:
    deadlines, clock, orders = watched()
    order = orders.by_reference[SELL]
    orders.shown(shown())
    orders.status(status("Filled", "40"))
    deadlines.ask_about_ends([order])
    clock.sleep(float(ExecutionPolicy().commission_report_timeout))
    assert deadlines.due([order]) == [order]


def test_the_next_thing_due_is_never_further_away_than_a_tick_nor_in_the_past() -> None:
    deadlines, clock, orders = watched()
    order = orders.by_reference[SELL]
    assert deadlines.next_sec([order]) == TIMING.tick_sec
    clock.sleep(TIMING.ack_sec - 0.25)
    assert deadlines.next_sec([order]) == 0.25
    clock.sleep(60)
    assert deadlines.next_sec([order]) == 0


def test_another_connection_has_neither_shown_an_order_nor_asked_for_its_cancel() -> None:
    deadlines, clock, orders = watched()
    order = orders.by_reference[SELL]
    orders.cancel_asked(order)
    clock.sleep(TIMING.settle_sec)
    assert deadlines.due([order]) == [order]
    clock.sleep(TIMING.settle_sec)
    assert deadlines.is_settled_late(order)
    orders.reconnected()
    assert (deadlines.is_cancel_sent(order), deadlines.is_settled_late(order)) == (False, False)
    assert deadlines.due([order]) == [order]
