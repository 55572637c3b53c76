"""A person in TWS beside the client: changed and cancelled orders, trades by hand, cash in and out."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from rebalplan.sim import SimError, start

from .orders import (
    Room,
    adaptive,
    behaviour,
    cancel,
    completed,
    executed,
    holding,
    incident,
    order_world,
    place,
    statuses,
    value_of,
)
from .support import connected, fixed_clock, ids

NEVER = behaviour(fills=0)
SLOW = behaviour(after_sec="10")


@pytest.mark.parametrize("quantity", ["25", "4"])
def test_a_changed_quantity_is_told_and_fills_to_the_end(quantity: str) -> None:
    change = incident(when="placed", after_sec="2", does="change", quantity=quantity)
    room = Room(order_world(SLOW, change))
    client = room.join()
    client.ask(*place(ref="mine"))
    told = room.wait(2)
    assert ids(told) == [5, 3]
    assert (told[0][14], told[0][23]) == (quantity, "mine")
    assert statuses(told) == [("Submitted", "0", quantity)]
    assert statuses(client.ask("5", "1")) == [("Submitted", "0", quantity)]
    assert statuses(room.wait(10)) == [("Filled", quantity, "0")]
    assert executed(client) == [("1", "1", "BOT", quantity)]
    assert room.book.reached["incident[1]"] == 1


def test_a_change_may_be_told_to_nobody() -> None:
    change = incident(when="placed", after_sec="2", does="change", quantity="25", told=False)
    room = Room(order_world(SLOW, change))
    client = room.join()
    client.ask(*place())
    assert room.wait(2) == []
    assert statuses(client.ask("5", "1")) == [("Submitted", "0", "25")]
    assert statuses(room.wait(9)) == [("Filled", "25", "0")]


def test_a_changed_order_keeps_what_it_filled() -> None:
    change = incident(when="execution", after_sec="2", does="change", quantity="12")
    room = Room(order_world(behaviour(parts=2, after_sec="5"), change))
    client = room.join()
    client.ask(*place())
    assert statuses(room.wait(5)) == [("Submitted", "5", "5")]
    assert statuses(room.wait(2)) == [("Submitted", "5", "7")]
    room.wait(5)
    assert statuses(room.wait(5)) == [("Filled", "12", "0")]


def test_an_order_becomes_a_limit_order() -> None:
    change = incident(when="placed", after_sec="2", does="change", limit_price="99.50")
    room = Room(order_world(SLOW, change))
    client = room.join()
    client.ask(*place())
    told = room.wait(2)
    assert told[0][14:17] == ("10", "LMT", "99.50")
    assert room.wait(3600) == []
    assert statuses(client.ask("5", "1")) == [("Submitted", "0", "10")]


def test_what_is_done_already_cannot_be_changed() -> None:
    change = incident(when="placed", after_sec="2", does="change", quantity="25")
    room = Room(order_world(change))
    room.join().ask(*place())
    assert room.wait(2) == []
    assert room.book.reached == {}


@pytest.mark.parametrize(
    ("keys", "hit"),
    [
        ({"account": "DU2"}, False),
        ({"symbol": "BND"}, False),
        ({"side": "SELL"}, False),
        ({"algo": "adaptive"}, False),
        ({"occurrence": 2}, False),
        ({"account": "DU1", "symbol": "VTI", "side": "BUY", "algo": "none", "occurrence": 1}, True),
    ],
)
def test_the_filters_of_an_incident(keys: dict[str, Any], hit: bool) -> None:
    room = Room(order_world(NEVER, incident(when="placed", does="cancel", **keys)))
    client = room.join()
    client.ask(*place())
    assert bool(room.wait(0)) == hit


def test_the_nth_order_is_counted_over_all_clients_and_happens_once() -> None:
    room = Room(order_world(NEVER, incident(when="placed", occurrence=2, does="cancel")))
    client, other = room.join(), room.join(2)
    client.ask(*place(1))
    other.ask(*place(1, **adaptive()))
    client.ask(*place(2))
    room.wait(0)
    assert [order.status for order in room.book.trading.orders()] == ["Submitted", "Cancelled", "Submitted"]


@pytest.mark.parametrize(("times", "cancelled"), [(1, 1), (2, 2), (0, 3)])
def test_how_often_it_happens_is_limited(times: int, cancelled: int) -> None:
    room = Room(order_world(NEVER, incident(when="placed", does="cancel", times=times)))
    client = room.join()
    for order_id in (1, 2, 3):
        client.ask(*place(order_id))
        room.wait(0)
    assert len(completed(client)) == cancelled


def test_a_person_buys_after_the_first_sell_is_filled() -> None:
    trade = incident(
        when="filled", account="DU1", side="SELL", after_sec="3", does="buy", what="BND", quantity="40"
    )
    room = Room(order_world(trade))
    client = room.join()
    client.ask("61", "1")
    client.ask(*place(1, side="BUY"))
    assert room.wait(3) == []
    client.ask(*place(2, side="SELL"))
    before = Decimal(value_of(client))
    assert ids(room.wait(2)) == [61]
    assert holding(client, "BND") == "40"
    assert Decimal(value_of(client)) == before - 40 * Decimal("50.02") - 1
    assert executed(client)[-1] == ("0", "0", "BOT", "40")
    assert completed(client)[-1] == ("DU1", "Filled", "40")
    by_hand = room.book.trading.orders()[-1]
    assert (by_hand.order_ref, by_hand.order_id, by_hand.client_id) == ("", 0, 0)
    assert by_hand.perm_id == 1500000003


def test_a_person_sells_what_the_order_bought() -> None:
    room = Room(order_world(incident(when="filled", does="sell", quantity="3")))
    client = room.join()
    client.ask(*place())
    room.wait(0)
    assert holding(client) == "107"


def test_trades_by_hand_are_events_for_nobody() -> None:
    room = Room(order_world(incident(when="filled", does="buy", quantity="1", times=0)))
    room.join().ask(*place())
    for _ in range(5):
        room.wait(1)
    assert len(room.book.trading.orders()) == 2


@pytest.mark.parametrize(("does", "cash"), [("withdraw", "99100.00"), ("deposit", "100900.00")])
def test_cash_moves_after_an_order(does: str, cash: str) -> None:
    room = Room(order_world(NEVER, incident(when="placed", after_sec="2", does=does, amount="900")))
    client = room.join()
    client.ask("6", "2", "1", "DU1")
    client.ask(*place())
    assert 6 in ids(room.wait(2))
    assert value_of(client) == cash
    assert value_of(client, account="DU2") == "5000.00"


def test_something_happens_when_the_gateway_starts_and_once_only() -> None:
    trade = incident(when="start", account="DU2", does="sell", what="BND", quantity="5")
    room = Room(order_world(trade))
    room.resume()
    room.wait(0)
    assert holding(room.join(), "BND", "DU2") == "45"
    room.resume(room.book.state())
    room.wait(0)
    assert room.book.held("DU2", 12).quantity == 45


def test_something_happens_when_the_second_client_connects() -> None:
    pay = incident(when="connected", occurrence=2, account="DU1", does="deposit", amount="1")
    room = Room(order_world(pay))
    client = room.join()
    room.wait(0)
    assert value_of(client) == "100000.00"
    room.join(2)
    room.wait(0)
    assert value_of(client) == "100001.00"


def test_what_is_to_happen_survives_a_restart() -> None:
    room = Room(order_world(NEVER, incident(when="placed", after_sec="5", does="cancel")))
    room.join().ask(*place())
    room.resume(room.book.state())
    room.wait(5)
    assert room.book.trading.orders()[0].status == "Cancelled"


def test_a_cancel_by_a_person_is_told_like_any_other() -> None:
    room = Room(order_world(NEVER, incident(when="placed", after_sec="1", does="cancel")))
    client = room.join()
    client.ask(*place())
    told = room.wait(1)
    assert ids(told) == [3, 4]
    assert statuses(told) == [("Cancelled", "0", "10")]
    assert told[1][2:4] == ("1", "202")


def test_a_cancelled_order_is_an_event_too() -> None:
    room = Room(order_world(NEVER, incident(when="cancelled", does="buy", quantity="10")))
    client = room.join()
    client.ask(*place())
    client.ask(*cancel())
    room.wait(0)
    assert executed(client) == [("0", "0", "BOT", "10")]


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"does": "cancel"}, "when: is required"),
        ({"when": "placed"}, "does: is required"),
        ({"when": "sold", "does": "cancel"}, "when: expected one of start, connected, placed, "),
        ({"when": "start", "does": "cancel"}, 'does: cancel needs an order, when = "start" has none'),
        ({"when": "start", "does": "buy", "quantity": "1", "what": "VTI"}, "account: is required with when"),
        ({"when": "start", "does": "buy", "quantity": "1", "account": "DU1"}, "what: is required with when"),
        ({"when": "placed", "does": "change"}, "quantity: or limit_price is required"),
        ({"when": "placed", "does": "sell"}, 'quantity: is required with does = "sell"'),
        ({"when": "placed", "does": "deposit"}, 'amount: is required with does = "deposit"'),
        ({"when": "placed", "does": "change", "quantity": "1.5"}, "quantity: expected whole shares"),
        (
            {"when": "placed", "does": "cancel", "account": "DU7"},
            "account: no \\[\\[account\\]\\] has the id",
        ),
        ({"when": "placed", "does": "cancel", "symbol": "VT"}, "symbol: no \\[\\[instrument\\]\\] has"),
        ({"when": "placed", "does": "buy", "quantity": "1", "what": "TWO"}, "what: several "),
        (
            {"when": "placed", "does": "deposit", "amount": "1", "currency": "JPY"},
            "currency: JPY has no rate",
        ),
        ({"when": "placed", "does": "lose", "for_sec": "-2"}, 'for_sec: expected 0 or more seconds, or "-1"'),
        ({"when": "placed", "does": "cancel", "tims": 1}, "tims: unknown key, did you mean 'times'"),
    ],
)
def test_what_is_wrong_with_an_incident_is_told_with_its_place(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(SimError, match=f"orders.toml: incident\\[1\\]\\.{problem}"):
        order_world(incident(**keys))


def test_the_real_client_sees_its_order_grow(library: Any) -> None:
    change = incident(when="placed", after_sec="0.05", does="change", quantity="25")

    async def run() -> Any:
        with start(order_world(behaviour(after_sec="0.2"), change), clock=fixed_clock) as gateway:
            async with connected(library, gateway) as ib:
                filled = asyncio.get_running_loop().create_future()
                order = library.MarketOrder("BUY", 10, account="DU1", tif="DAY")
                trade = ib.placeOrder(library.Stock("VTI", "SMART", "USD"), order)
                trade.filledEvent += filled.set_result
                await asyncio.wait_for(filled, 5)
                return trade.orderStatus.filled, [fill.execution.shares for fill in trade.fills]

    assert asyncio.run(run()) == (25.0, [25.0])
