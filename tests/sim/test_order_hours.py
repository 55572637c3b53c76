"""Orders outside liquid hours, at the end of a session, and what the gateway waits for."""

from __future__ import annotations

import pytest

from rebalplan.sim.orders import timing

from .orders import Room, behaviour, errors, order_world, place, statuses
from .support import ids

WEEKLY = '[market]\nhours = "weekly"\n'


def test_outside_liquid_hours_an_order_is_held_until_they_begin() -> None:
    room = Room(order_world(WEEKLY))
    room.advance_clock(7 * 3600)
    client = room.join()
    told = client.ask(*place())
    assert statuses(told) == [("PreSubmitted", "0", "10")]
    ((order_id, code, text),) = errors(told)
    assert (order_id, code) == (1, 399)
    assert text.replace("\\u000a", "\n") == (
        "Order Message:\nBUY 10 VTI ARCA\nWarning: your order will not be placed at the exchange until "
        "2026-11-25 09:30:00 US/Eastern"
    )
    assert room.wait(16 * 3600) == []
    assert ids(room.wait(1800)) == [11, 59, 5, 3]


def test_a_limit_order_may_fill_outside_liquid_hours() -> None:
    room = Room(order_world(WEEKLY))
    room.advance_clock(7 * 3600)
    told = room.join().ask(*place(order_type="LMT", limit="101.00", outside="1"))
    assert statuses(told)[-1] == ("Filled", "10", "0")


@pytest.mark.parametrize(("tif", "status"), [("DAY", []), ("GTC", [("Submitted", "0", "10")])])
def test_a_day_order_ends_with_the_session(tif: str, status: list[tuple[str, str, str]]) -> None:
    room = Room(order_world(WEEKLY, behaviour(fills=0)))
    client = room.join()
    client.ask(*place(tif=tif))
    assert room.wait(6 * 3600 - 10) == []
    told = room.wait(10)
    if tif == "DAY":
        assert statuses(told) == [("Cancelled", "0", "10")]
        assert errors(told) == [(1, 202, "Order Canceled - reason:")]
    assert statuses(client.ask("5", "1")) == status


def test_the_next_wake_is_the_next_wait_or_the_end_of_a_session() -> None:
    room = Room(order_world(WEEKLY, behaviour(after_sec="7", symbol="VTI"), behaviour(fills=0)))
    client = room.join()
    assert timing.next_wake_sec(room.instant()) is None
    client.ask(*place(1, symbol="BND"))
    assert timing.next_wake_sec(room.instant()) == 3600
    client.ask(*place(2))
    assert timing.next_wake_sec(room.instant()) == 7
    room.advance_clock(9)
    assert timing.next_wake_sec(room.instant()) == 0


def test_a_fill_that_is_due_after_the_session_does_not_happen() -> None:
    room = Room(order_world(WEEKLY, behaviour(after_sec="5")))
    room.advance_clock(6 * 3600 - 10)
    client = room.join()
    client.ask(*place())
    told = room.wait(20)
    assert statuses(told) == [("Cancelled", "0", "10")]
    assert ids(client.ask(*place(2))) == [5, 3, 4]
