"""A cancel that was confirmed with nothing filled, and an execution that comes seconds later."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rebalplan.sim import start

from .orders import (
    Room,
    Seat,
    behaviour,
    cancel,
    completed,
    errors,
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
ROW = ("1", "1", "BOT", "7")


def _cancelled(*extra: str, **keys: Any) -> tuple[Room, Seat]:
    """Return a room in which order 1 was cancelled with nothing filled."""
    room = Room(order_world(NEVER, behaviour(on="cancel", **keys), *extra))
    client = room.join()
    client.ask(*place())
    told = client.ask(*cancel())
    assert statuses(told) == [("Cancelled", "0", "10")]
    assert errors(told)[0][1] == 202
    return room, client


@pytest.mark.parametrize("seconds", ["0.1", "8", "60"])
def test_lists_and_message_change_when_the_late_execution_comes(seconds: str) -> None:
    room, client = _cancelled(late_shares="7", late_listed_after_sec=seconds, late_told_after_sec=seconds)
    assert room.wait(float(seconds) - 0.05) == []
    assert room.book.cash("DU1")[0].amount == 100_000
    told = room.wait(0.06)
    assert ids(told) == [11, 59]
    assert told[0][19] == "7"
    assert completed(client) == [("DU1", "Cancelled", "7")]
    assert executed(client) == [ROW]
    assert (holding(client), value_of(client)) == ("107", "99298.30")
    assert room.book.trading.orders()[0].status == "Cancelled"


def test_the_lists_show_nothing_until_then() -> None:
    room, client = _cancelled(late_shares="7", late_listed_after_sec="30", late_told_after_sec="30")
    room.wait(20)
    assert completed(client) == [("DU1", "Cancelled", "0")]
    assert (executed(client), holding(client), value_of(client)) == ([], "100", "100000.00")


def test_the_message_may_come_before_the_lists_show_it() -> None:
    room, client = _cancelled(late_shares="7", late_listed_after_sec="20", late_told_after_sec="3")
    client.ask("61", "1")
    client.ask("6", "2", "1", "DU1")
    assert ids(room.wait(3)) == [11, 59]
    assert completed(client) == [("DU1", "Cancelled", "0")]
    assert (executed(client), holding(client), value_of(client)) == ([], "100", "100000.00")
    told = room.wait(17)
    assert ids(told)[0] == 61
    assert told[0][14] == "107"
    assert completed(client) == [("DU1", "Cancelled", "7")]
    assert (executed(client), holding(client), value_of(client)) == ([ROW], "107", "99298.30")


def test_the_lists_may_show_it_before_the_message() -> None:
    room, client = _cancelled(late_shares="7", late_listed_after_sec="3", late_told_after_sec="20")
    assert room.wait(3) == []
    assert executed(client) == [ROW]
    assert 59 not in ids(client.ask("7", "3", "4"))
    assert ids(room.wait(17)) == [11, 59]
    assert 59 in ids(client.ask("7", "3", "4"))


def test_the_message_may_never_come() -> None:
    room, client = _cancelled(late_shares="7", late_listed_after_sec="3", late_told_after_sec="-1")
    assert room.wait(3) == []
    assert room.wait(3600) == []
    assert executed(client) == [ROW]


def test_the_commission_of_a_late_execution_has_a_delay_of_its_own() -> None:
    room = Room(
        order_world(
            behaviour(fills=0, commission_after_sec="9"),
            behaviour(on="cancel", late_shares="7", late_listed_after_sec="3", late_told_after_sec="3"),
        )
    )
    client = room.join()
    client.ask(*place())
    client.ask(*cancel())
    assert ids(room.wait(3)) == [11]
    assert ids(client.ask("7", "3", "4")) == [11, 55]
    assert ids(room.wait(9)) == [59]


def test_no_more_executes_than_was_ordered() -> None:
    room, client = _cancelled(late_shares="999")
    room.wait(0)
    assert executed(client) == [("1", "1", "BOT", "10")]
    assert completed(client) == [("DU1", "Cancelled", "10")]


def test_an_order_that_filled_before_its_cancel_executes_no_more() -> None:
    room = Room(order_world(NEVER, behaviour(on="cancel", cancel="crossed", late_shares="7")))
    client = room.join()
    client.ask(*place())
    assert errors(client.ask(*cancel()))[0][1] == 10148
    assert room.wait(60) == []
    assert executed(client) == [("1", "1", "BOT", "10")]


def test_a_cancel_that_crosses_a_part_leaves_room_for_a_late_one() -> None:
    room = Room(
        order_world(NEVER, behaviour(on="cancel", cancel="crossed", parts=2, fills=1, late_shares="2"))
    )
    client = room.join()
    client.ask(*place())
    assert statuses(client.ask(*cancel()))[-1] == ("Cancelled", "5", "5")
    room.wait(0)
    assert completed(client) == [("DU1", "Cancelled", "7")]


def test_the_broker_s_own_cancel_can_be_crossed_late() -> None:
    late = {"late_shares": "4", "late_listed_after_sec": "5", "late_told_after_sec": "5"}
    room = Room(order_world(behaviour(fills=0, sequence=["ack", "cancel"], **late)))
    client = room.join()
    assert statuses(client.ask(*place()))[-1] == ("Cancelled", "0", "10")
    assert ids(room.wait(5)) == [11, 59]
    assert completed(client) == [("DU1", "Cancelled", "4")]


@pytest.mark.parametrize(("told", "messages"), [(True, [3, 4]), (False, [])])
def test_a_cancel_by_a_person_can_be_crossed_late(told: bool, messages: list[int]) -> None:
    by_hand = incident(
        when="placed",
        after_sec="2",
        does="cancel",
        told=told,
        late_shares="4",
        late_listed_after_sec="5",
        late_told_after_sec="5",
    )
    room = Room(order_world(NEVER, by_hand))
    client = room.join()
    client.ask(*place())
    assert ids(room.wait(2)) == messages
    assert completed(client) == [("DU1", "Cancelled", "0")]
    assert ids(room.wait(4)) == [11, 59]
    assert completed(client) == [("DU1", "Cancelled", "4")]


def test_a_behaviour_of_the_order_holds_for_every_cancel_of_it() -> None:
    room = Room(order_world(behaviour(fills=0, symbol="VTI", late_shares="3")))
    client = room.join()
    client.ask(*place())
    client.ask("58", "1")
    room.wait(0)
    assert executed(client) == [("1", "1", "BOT", "3")]


def test_a_late_execution_survives_a_restart() -> None:
    room, _ = _cancelled(late_shares="7", late_listed_after_sec="5")
    again = Room(room.shared.scenario)
    again.resume(room.book.state())
    client = again.join()
    again.wait(5)
    assert executed(client) == [ROW]


@pytest.mark.parametrize("account", ["DU1", "DU2"])
def test_the_cancel_of_one_account_alone_is_crossed(account: str) -> None:
    room = Room(order_world(NEVER, behaviour(on="cancel", account=account, late_shares="1")))
    client = room.join()
    for order_id, owner in enumerate(("DU1", "DU2"), 1):
        client.ask(*place(order_id, "BND", account=owner, quantity="2"))
        client.ask(*cancel(order_id))
    room.wait(0)
    filled = {name: quantity for name, _, quantity in completed(client)}
    assert filled == {"DU1": "0", "DU2": "0", account: "1"}


def test_the_real_client_sees_cancelled_and_then_an_execution(library: Any) -> None:
    late = behaviour(on="cancel", late_shares="7", late_listed_after_sec="0.1", late_told_after_sec="0.1")

    async def conversation(ib: Any) -> Any:
        contract = library.Stock("VTI", "SMART", "USD")
        trade = ib.placeOrder(contract, library.MarketOrder("BUY", 10, account="DU1", tif="DAY"))
        await ib.reqCurrentTimeAsync()
        filled = asyncio.get_running_loop().create_future()
        trade.fillEvent += lambda _trade, fill: filled.set_result(fill.execution.shares)
        ib.cancelOrder(trade.order)
        await ib.reqCurrentTimeAsync()
        before = (trade.orderStatus.status, len(trade.fills))
        (done,) = await ib.reqCompletedOrdersAsync(False)
        shares = await asyncio.wait_for(filled, 5)
        (row,) = await ib.reqCompletedOrdersAsync(False)
        return before, done.order.filledQuantity, shares, row.order.filledQuantity

    async def run() -> Any:
        with start(order_world(NEVER, late), clock=fixed_clock) as gateway:
            async with connected(library, gateway) as ib:
                return await conversation(ib), gateway.reached

    seen, reached = asyncio.run(run())
    assert seen == (("Cancelled", 0), 0.0, 7.0, 7.0)
    assert reached == {"behaviour[1]": 1, "behaviour[2]": 1, "behaviour[2].late_shares": 1}
