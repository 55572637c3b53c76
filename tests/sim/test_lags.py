"""Accounts that show a fill late: values, positions, commissions."""

from __future__ import annotations

from typing import Any

import pytest

from rebalplan.sim import SimError
from rebalplan.sim.accounts.description import describe_book

from .orders import Room, behaviour, executed, holding, order_world, place, value_of
from .support import ids


@pytest.mark.parametrize("where", ["behaviour", "orders"])
def test_values_and_positions_lag_each_by_its_own_time(where: str) -> None:
    keys = {"values_after_sec": "200", "positions_after_sec": "40"}
    settings = "[orders]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items())
    room = Room(order_world(settings if where == "orders" else behaviour(**keys)))
    client = room.join()
    client.ask(*place())
    assert executed(client) == [("1", "1", "BOT", "10")]
    before = ("100000.00", "10005.00", "110005.00")
    tags = ("TotalCashValue", "GrossPositionValue", "NetLiquidation")
    assert tuple(value_of(client, tag) for tag in tags) == before
    assert holding(client) == "100"
    room.wait(36)
    assert holding(client) == "110"
    assert tuple(value_of(client, tag) for tag in tags) == before
    room.wait(160)
    assert tuple(value_of(client, tag) for tag in tags) == ("98998.00", "11005.50", "110003.50")


def test_the_account_s_real_cash_pays_for_the_next_order() -> None:
    room = Room(order_world(behaviour(account="DU2", values_after_sec="200")))
    client = room.join()
    client.ask(*place(1, "BND", account="DU2", quantity="90"))
    assert value_of(client, account="DU2") == "5000.00"
    assert value_of(client, "SettledCash", "DU2") == "5000.00"
    assert client.ask(*place(2, "BND", account="DU2", quantity="90"))[-1][3] == "201"


def test_sales_lag_too_and_unsettled_proceeds_were_never_settled_cash() -> None:
    accounts = (
        '[[account]]\nid = "DU1"\ntype = "cash"\nsettlement = "next_day"\ncash = { USD = "1000" }\n'
        'position = [{ symbol = "VTI", quantity = "100", avg_cost = "90" }]\n'
    )
    room = Room(order_world(behaviour(values_after_sec="60"), accounts=accounts))
    client = room.join()
    client.ask(*place(side="SELL"))
    assert (value_of(client), value_of(client, "SettledCash")) == ("1000.00", "999.00")
    room.wait(60)
    assert (value_of(client), value_of(client, "SettledCash")) == ("1999.00", "999.00")


def test_those_who_watch_are_told_when_it_shows() -> None:
    room = Room(order_world(behaviour(values_after_sec="60", positions_after_sec="10")))
    client = room.join()
    client.ask("61", "1")
    client.ask("6", "2", "1", "DU1")
    assert ids(client.ask(*place())) == [5, 3, 11, 59, 5, 3]
    assert [row[14] for row in room.wait(10)] == ["110"]
    told = room.wait(50)
    assert set(ids(told)) == {6, 7, 8}
    assert ("6", "2", "TotalCashValue", "98998.00", "USD", "DU1") in told


def test_a_correction_lags_with_its_fill() -> None:
    room = Room(order_world(behaviour(values_after_sec="60", correction_bps="10")))
    client = room.join()
    client.ask(*place())
    assert value_of(client) == "100000.00"
    room.wait(60)
    assert value_of(client) == "98997.00"


@pytest.mark.parametrize(
    "keys", [{}, {"parts": 2}, {"commission_after_sec": "5"}, {"correction_bps": "5"}, {"silence": "booked"}]
)
def test_a_commission_that_is_never_reported(keys: dict[str, Any]) -> None:
    room = Room(order_world(behaviour(no_commission=True, **keys)))
    client = room.join()
    told = client.ask(*place()) + room.wait(3600)
    assert 59 not in ids(told)
    assert 59 not in ids(client.ask("7", "3", "4"))
    assert room.book.trading.orders()[0].commission == 1


def test_no_commission_for_any_order_but_those_of_one_account() -> None:
    text = "[orders]\nno_commission = true\n"
    room = Room(order_world(text, behaviour(account="DU2", no_commission=False)))
    client = room.join()
    assert 59 not in ids(client.ask(*place(1)))
    assert 59 in ids(client.ask(*place(2, "BND", account="DU2")))
    rows = client.ask("7", "3", "4")
    assert ids(rows) == [11, 11, 59, 55]


def test_a_lag_survives_a_restart() -> None:
    room = Room(order_world(behaviour(values_after_sec="60")))
    room.join().ask(*place())
    room.resume(room.book.state())
    client = room.join()
    assert value_of(client) == "100000.00"
    room.wait(60)
    assert value_of(client) == "98998.00"


def test_what_the_gateway_itself_says_of_its_books_is_the_truth() -> None:
    room = Room(
        order_world(behaviour(values_after_sec="60", positions_after_sec="60", visible_after_sec="60"))
    )
    room.join().ask(*place())
    account = describe_book(room.shared.scenario, room.book).accounts[0]
    assert (str(account.positions[0].quantity), str(account.cash[0].amount)) == ("110", "98998.00")


@pytest.mark.parametrize("key", ["values_after_sec", "positions_after_sec"])
def test_a_negative_lag_is_refused(key: str) -> None:
    with pytest.raises(SimError, match=f"{key}: expected 0 or more seconds"):
        order_world(behaviour(**{key: "-1"}))
