"""Orders of other clients and of nobody: a number means the order of the client that says it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rebalplan.sim import SimError, start

from .orders import Room, behaviour, cancel, errors, incident, order_world, place, statuses
from .support import connected, fixed_clock

NEVER = behaviour(fills=0)
LARGEST = 2**31 - 1


def _foreign(account: str, order_id: int, client_id: int, *, symbol: str = "VTI", perm_id: int) -> str:
    """Return an account's working order of another client."""
    return (
        f'\n[[account.order]]\nsymbol = "{symbol}"\nside = "BUY"\nquantity = "3"\nclient_id = {client_id}\n'
        f"order_id = {order_id}\nperm_id = {perm_id}\n# of {account}\n"
    )


SAME_NUMBER = _foreign("DU2", 12, 42, perm_id=801) + _foreign("DU2", 12, 43, perm_id=802)


def _working(room: Room) -> list[int]:
    return [order.perm_id for order in room.book.orders]


@pytest.mark.parametrize(("client_id", "left"), [(42, [802]), (43, [801]), (44, [801, 802])])
def test_a_number_means_the_order_of_the_client_that_says_it(client_id: int, left: list[int]) -> None:
    room = Room(order_world(SAME_NUMBER))
    told = room.join(client_id).ask(*cancel(12))
    assert _working(room) == left
    if client_id == 44:
        assert errors(told)[0][:2] == (12, 10147)
    else:
        assert statuses(told) == [("Cancelled", "0", "3")]
    assert room.book.trading.ledger[-1].client_id == client_id


def test_a_client_that_places_a_number_leaves_the_other_s_alone() -> None:
    room = Room(order_world(NEVER, SAME_NUMBER))
    told = room.join(41).ask(*place(12))
    assert statuses(told) == [("Submitted", "0", "10")]
    assert _working(room) == [801, 802, 1500000001]


def test_a_client_that_places_its_own_number_again_changes_that_order() -> None:
    room = Room(order_world(NEVER, SAME_NUMBER))
    owner, other = room.join(43), room.join(42)
    del other.inbox[:]
    owner.ask(*place(12, account="DU2", quantity="7"))
    quantities = {order.perm_id: order.quantity for order in room.book.trading.orders()}
    assert quantities == {801: 3, 802: 7}
    assert other.inbox == []


def test_statuses_go_to_the_owner_alone() -> None:
    room = Room(order_world(NEVER, SAME_NUMBER))
    owner, other = room.join(43), room.join(42)
    del other.inbox[:]
    owner.ask(*cancel(12))
    assert statuses(owner.inbox) == [("Cancelled", "0", "3")]
    assert other.inbox == []


@pytest.mark.parametrize("version", [157, 163, 176])
def test_the_list_of_all_orders_names_client_and_number(version: int) -> None:
    room = Room(order_world(SAME_NUMBER))
    rows = room.join(7, f"v100..{version}").ask("16", "1")
    states = [row[1:] for row in rows if row[0] == "3"]
    assert [(row[0], row[8]) for row in states] == [("12", "42"), ("12", "43")]


@pytest.mark.parametrize("order_id", [LARGEST, LARGEST - 1, -5])
def test_a_foreign_number_may_be_any(order_id: int) -> None:
    room = Room(order_world(NEVER, _foreign("DU2", order_id, 43, perm_id=801)))
    ours = room.join(42)
    rows = [row for row in ours.ask("16", "1") if row[0] == "3"]
    assert (rows[0][1], rows[0][9]) == (str(order_id), "43")
    assert ours.ask("8", "1", "1") == [("9", "1", "1")]
    assert errors(ours.ask(*cancel(order_id)))[0][1] == 10147
    room.join(43).ask(*cancel(order_id))
    assert _working(room) == []


def test_the_largest_number_placed_leaves_a_next_one_that_can_be_read() -> None:
    room = Room(order_world(NEVER))
    client = room.join()
    client.ask(*place(LARGEST))
    assert client.ask("8", "1", "1") == [("9", "1", str(LARGEST))]


def test_orders_by_hand_have_no_number_to_cancel_them_by() -> None:
    by_hand = _foreign("DU2", 0, 0, perm_id=801) + _foreign("DU2", 0, 0, perm_id=802)
    room = Room(order_world(by_hand))
    for client_id in (0, 42):
        assert errors(room.join(client_id).ask(*cancel(0)))[0][1] == 10147
    assert _working(room) == [801, 802]


def test_a_number_beyond_the_wire_is_refused() -> None:
    with pytest.raises(SimError, match="order_id: expected an integer from -2147483647 to 2147483647"):
        order_world(_foreign("DU2", LARGEST + 1, 43, perm_id=801))


def test_an_incident_can_cancel_what_another_client_placed() -> None:
    room = Room(order_world(NEVER, incident(when="placed", account="DU2", does="cancel")))
    ours, other = room.join(42), room.join(43)
    ours.ask(*place(12))
    other.ask(*place(12, "BND", account="DU2", quantity="1"))
    room.wait(0)
    assert [order.client_id for order in room.book.orders] == [42]


@pytest.mark.parametrize(("client_id", "left"), [(42, [43]), (43, [42])])
def test_the_real_client_does_the_same_harm(library: Any, client_id: int, left: list[int]) -> None:
    async def run() -> Any:
        with start(order_world(SAME_NUMBER), clock=fixed_clock) as gateway:
            async with connected(library, gateway, client_id) as ib:
                ib.client.cancelOrder(12)
                await ib.reqCurrentTimeAsync()
                trades = await ib.reqAllOpenOrdersAsync()
                return [(trade.order.clientId, trade.order.orderId) for trade in trades]

    assert asyncio.run(run()) == [(other, 12) for other in left]
