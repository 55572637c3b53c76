"""Cancels: of what is working, of what is done, and those that cross a fill."""

from __future__ import annotations

from typing import Any

import pytest

from .orders import Room, behaviour, cancel, errors, order_world, place, statuses
from .support import ids

NEVER = behaviour(fills=0)


def _working(**keys: Any) -> tuple[Room, Any]:
    room = Room(order_world(NEVER, behaviour(on="cancel", **keys) if keys else ""))
    client = room.join()
    client.ask(*place())
    return room, client


def test_a_cancelled_order_says_so_and_then_why() -> None:
    room, client = _working()
    told = client.ask(*cancel())
    assert ids(told) == [3, 4]
    assert statuses(told) == [("Cancelled", "0", "10")]
    assert errors(told) == [(1, 202, "Order Canceled - reason:")]
    assert ids(client.ask("5", "1")) == [53]
    assert ids(client.ask("99", "0")) == [101, 102]
    assert [(entry.kind, entry.outcome) for entry in room.book.trading.ledger] == [
        ("place", "accepted"),
        ("cancel", "accepted"),
    ]


def test_what_was_never_placed_is_error_10147() -> None:
    _, client = _working()
    assert errors(client.ask(*cancel(5))) == [
        (5, 10147, "OrderId 5 that needs to be cancelled is not found.")
    ]


def test_another_clients_order_is_not_found_either() -> None:
    room, _ = _working()
    assert errors(room.join(2).ask(*cancel(1)))[0][:2] == (1, 10147)


def test_what_is_cancelled_or_filled_already_is_error_10148() -> None:
    _, client = _working()
    client.ask(*cancel())
    text = "OrderId 1 that needs to be cancelled cannot be cancelled, state: {}."
    assert errors(client.ask(*cancel())) == [(1, 10148, text.format("Cancelled"))]
    filled = Room().join()
    filled.ask(*place())
    assert errors(filled.ask(*cancel())) == [(1, 10148, text.format("Filled"))]


def test_a_cancel_can_be_refused() -> None:
    room, client = _working(cancel="refused", code=161)
    ((order_id, code, text),) = errors(client.ask(*cancel()))
    assert (order_id, code) == (1, 161)
    assert text.startswith("Cancel attempted when order is not in a cancellable state.")
    assert len(room.book.orders) == 1


def test_a_cancel_can_be_lost() -> None:
    room, client = _working(silence="dropped", occurrence=1)
    assert client.ask(*cancel()) == []
    assert room.book.trading.ledger[-1].outcome == "dropped"
    assert statuses(client.ask(*cancel())) == [("Cancelled", "0", "10")]


def test_a_late_cancel_is_pending_and_cannot_be_repeated() -> None:
    room, client = _working(after_sec="5")
    assert statuses(client.ask(*cancel())) == [("PendingCancel", "0", "10")]
    ((_, code, text),) = errors(client.ask(*cancel()))
    assert (code, text[-10:]) == (161, "1500000001")
    assert statuses(room.wait(4)) == [("Cancelled", "0", "10")]


def test_a_cancel_that_crosses_a_fill_is_error_10148() -> None:
    room, client = _working(cancel="crossed")
    told = client.ask(*cancel())
    assert ids(told) == [11, 59, 5, 3, 4]
    assert statuses(told) == [("Filled", "10", "0")]
    assert errors(told)[0][1:] == (
        10148,
        "OrderId 1 that needs to be cancelled cannot be cancelled, state: Filled.",
    )
    assert room.book.held("DU1", 11).quantity == 110


@pytest.mark.parametrize("after_sec", ["0", "3"])
def test_a_cancel_that_crosses_a_part(after_sec: str) -> None:
    room, client = _working(cancel="crossed", parts=2, fills=1, after_sec=after_sec)
    told = client.ask(*cancel()) + room.wait(3)
    assert statuses(told)[-2:] == [("Submitted", "5", "5"), ("Cancelled", "5", "5")]
    assert errors(told)[-1][1] == 202
    assert room.book.trading.orders()[0].filled == 5


def test_a_cancel_during_a_delayed_fill_ends_it() -> None:
    room = Room(order_world(behaviour(after_sec="5", parts=2)))
    client = room.join()
    client.ask(*place())
    room.wait(5)
    assert statuses(client.ask(*cancel())) == [("Cancelled", "5", "5")]
    assert room.wait(60) == []


def test_a_commission_that_is_due_comes_after_the_cancel_too() -> None:
    room = Room(order_world(behaviour(parts=2, fills=1, commission_after_sec="9")))
    client = room.join()
    client.ask(*place())
    assert ids(client.ask(*cancel())) == [3, 4, 59]


def test_a_global_cancel_ends_every_order_of_every_client() -> None:
    room, first = _working()
    second = room.join(2)
    second.ask(*place(1, symbol="BND"))
    del first.inbox[:]
    assert statuses(second.ask("58", "1")) == [("Cancelled", "0", "10")]
    assert statuses(first.inbox) == [("Cancelled", "0", "10")]
    assert room.book.orders == []
    assert [(entry.kind, entry.client_id) for entry in room.book.trading.ledger][-1] == ("global_cancel", 2)
