"""Questions about orders, and what subscribers are told when one fills."""

from __future__ import annotations

import pytest

from .orders import Room, behaviour, order_world, place
from .support import ids


def test_open_orders_are_the_clients_own_and_all_of_them_everyones() -> None:
    room = Room(order_world(behaviour(fills=0)))
    first, second = room.join(1), room.join(2)
    first.ask(*place(1))
    second.ask(*place(2))
    assert ids(first.ask("5", "1")) == [5, 3, 53]
    assert ids(first.ask("16", "1")) == [5, 3, 5, 3, 53]


def test_a_filled_order_is_among_the_completed_ones_of_that_day() -> None:
    room = Room()
    client = room.join()
    client.ask(*place(ref="done"))
    assert ids(client.ask("5", "1")) == [53]
    row, end = client.ask("99", "0")
    assert (row[0], row[13], end) == ("101", "0", ("102",))
    assert "done" in row
    room.advance_clock(24 * 3600)
    assert ids(client.ask("99", "0")) == [102]


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, 2),
        ({"client_id": "1"}, 1),
        ({"account": "DU2"}, 1),
        ({"symbol": "VTI"}, 1),
        ({"since": "20261124 10:00:04"}, 1),
        ({"since": "20261124-15:00:04"}, 1),
        ({"since": "20261124 16:00:04 Europe/Berlin"}, 1),
        ({"since": "nonsense"}, 2),
        ({"since": "20261124 10:00:00 No/Where"}, 2),
        ({"sec_type": "OPT"}, 0),
        ({"exchange": "ARCA"}, 2),
        ({"side": "SELL"}, 1),
        ({"side": "BOT"}, 1),
    ],
)
def test_executions_pass_the_filter_and_are_followed_by_their_costs(
    chosen: dict[str, str], found: int
) -> None:
    room = Room()
    client, other = room.join(1), room.join(2)
    client.ask(*place(1))
    room.advance_clock(3)
    other.ask(*place(1, symbol="BND", side="SELL", account="DU2"))
    keys = ("client_id", "account", "since", "symbol", "sec_type", "exchange", "side")
    rows = client.ask("7", "3", "44", *(chosen.get(key, "") for key in keys))
    assert ids(rows) == [11] * found + [59] * found + [55]
    assert {row[1] for row in rows if row[0] == "11"} <= {"44"}


def test_executions_reach_back_a_day() -> None:
    room = Room()
    client = room.join()
    client.ask(*place())
    room.advance_clock(24 * 3600 - 10)
    assert ids(client.ask("7", "3", "4")) == [11, 59, 55]
    room.advance_clock(10)
    assert ids(client.ask("7", "3", "4")) == [55]


def test_account_updates_follow_a_fill() -> None:
    room = Room()
    client, watcher = room.join(1), room.join(2)
    watcher.ask("6", "2", "1", "DU1")
    before = len(watcher.inbox)
    told = client.ask(*place())
    assert ids(told) == [5, 3, 11, 59, 5, 3]
    pushed = watcher.inbox[before:]
    assert set(ids(pushed)) == {6, 7, 8}
    assert ("6", "2", "TotalCashValue", "98998.00", "USD", "DU1") in pushed
    assert [row[2] for row in pushed if row[0] == "7"] == ["11"]
    watcher.ask("6", "2", "0", "")
    client.ask(*place(2))
    assert watcher.inbox == []


def test_positions_follow_a_fill_until_they_are_cancelled() -> None:
    room = Room()
    client = room.join()
    client.ask("61", "1")
    assert [row[14] for row in client.ask(*place()) if row[0] == "61"] == ["110"]
    client.ask("64", "1")
    assert ids(client.ask(*place(2))) == [5, 3, 11, 59, 5, 3]
