"""Orders that no list shows for some time, and that show again, working or filled."""

from __future__ import annotations

from typing import Any

import pytest

from .orders import (
    Room,
    Seat,
    behaviour,
    cancel,
    completed,
    executed,
    holding,
    order_world,
    place,
    statuses,
    table,
)
from .support import ids


def _placed(**keys: Any) -> tuple[Room, Seat]:
    room = Room(order_world(behaviour(**keys)))
    client = room.join()
    client.ask(*place())
    return room, client


def _shows(client: Seat) -> tuple[int, int, int, str]:
    """Return how many open orders, completed orders and executions the lists show, and the holding."""
    return (
        len(statuses(client.ask("16", "1"))),
        len(completed(client)),
        len(executed(client)),
        holding(client),
    )


@pytest.mark.parametrize(
    ("keys", "after"),
    [
        ({"fills": 0}, (1, 0, 0, "100")),
        ({"parts": 2, "fills": 1}, (1, 0, 1, "105")),
        ({}, (0, 1, 1, "110")),
        ({"after_sec": "10"}, (0, 1, 1, "110")),
        ({"silence": "booked"}, (0, 1, 1, "110")),
        ({"silence": "booked", "fills": 0}, (1, 0, 0, "100")),
    ],
)
def test_an_order_is_nowhere_and_then_there_again(
    keys: dict[str, Any], after: tuple[int, int, int, str]
) -> None:
    room, client = _placed(hidden_for_sec="60", **keys)
    assert _shows(client) == (0, 0, 0, "100")
    room.wait(40)
    assert _shows(client) == (0, 0, 0, "100")
    room.wait(20)
    assert _shows(client) == after


def test_an_order_can_vanish_later() -> None:
    room, client = _placed(fills=0, hidden_after_sec="20", hidden_for_sec="20")
    assert _shows(client) == (1, 0, 0, "100")
    room.wait(20)
    assert _shows(client) == (0, 0, 0, "100")
    room.wait(20)
    assert _shows(client) == (1, 0, 0, "100")


def test_a_hidden_order_can_be_cancelled_and_shows_so_in_the_end() -> None:
    room, client = _placed(fills=0, hidden_for_sec="30")
    client.ask(*cancel())
    assert completed(client) == []
    room.wait(30)
    assert completed(client) == [("DU1", "Cancelled", "0")]


def test_watchers_of_positions_hear_of_a_hidden_fill_when_it_shows() -> None:
    room = Room(order_world(behaviour(hidden_for_sec="30")))
    client = room.join()
    client.ask("61", "1")
    assert 61 not in ids(client.ask(*place()))
    told = room.wait(30)
    assert ids(told) == [61]
    assert told[0][14] == "110"


def test_hiding_survives_a_restart() -> None:
    room, _ = _placed(fills=0, hidden_for_sec="30")
    room.resume(room.book.state())
    client = room.join()
    assert statuses(client.ask("16", "1")) == []
    room.wait(30)
    assert len(statuses(client.ask("16", "1"))) == 1


def test_one_order_of_two_is_hidden() -> None:
    room = Room(order_world(behaviour(fills=0, occurrence=1, hidden_for_sec="30"), behaviour(fills=0)))
    client = room.join()
    client.ask(*place(1))
    client.ask(*place(2))
    assert [row[1] for row in client.ask("5", "1") if row[0] == "3"] == ["2"]


def test_the_handshake_leaves_a_hidden_order_out_too() -> None:
    room = Room(
        order_world(behaviour(fills=0, hidden_for_sec="30"), table("handshake", after=["all_orders"]))
    )
    client = room.join()
    client.ask(*place())
    assert statuses(room.join(2).inbox) == []
    room.wait(30)
    assert len(statuses(room.join(3).inbox)) == 1
