"""Orders that the gateway refuses, and with which error."""

from __future__ import annotations

from typing import Any

import pytest

from .orders import Room, adaptive, behaviour, cancel, errors, order_world, place, statuses
from .support import ids, stock

NO_SECURITY = "No security definition has been found for the request"


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        ({"symbol": "NIX"}, 200, NO_SECURITY),
        ({"symbol": "TWO"}, 200, "The contract description specified for TWO is ambiguous."),
        ({"account": ""}, 435, "You must specify an account."),
        ({"account": "DU9"}, 321, "Invalid account code 'DU9'"),
        ({"side": "HOLD"}, 321, "Invalid side 'HOLD'"),
        ({"tif": "FOK"}, 321, "Invalid time in force 'FOK'"),
        ({"transmit": "0"}, 321, "does not support orders that are not transmitted"),
        ({"parent": "4"}, 321, "does not support child orders"),
        ({"contract": ("0", "VTI", "BAG", *stock("VTI")[3:])}, 321, "does not support combinations"),
        ({"order_type": "STP"}, 387, "Unsupported order type"),
        ({"quantity": "0"}, 434, "The order size cannot be zero."),
        ({"quantity": "-1"}, 434, "The order size cannot be zero."),
        ({"quantity": "1.5"}, 10243, "Fractional-sized order cannot be placed via API."),
        ({"order_type": "LMT", "limit": "99.005"}, 110, "minimum price variation"),
        ({"order_type": "LMT", "limit": ""}, 110, "minimum price variation"),
        ({"order_type": "MIDPRICE", "limit": "99.005"}, 110, "minimum price variation"),
        ({"algo": "Vwap"}, 439, "Algorithm definition not found"),
        (adaptive(order_type="MIDPRICE"), 442, "not allowed for this order"),
        (adaptive(parameters=(("speed", "9"),)), 443, "Unknown algo attribute"),
        (adaptive(parameters=(("adaptivePriority", "Now"),)), 441, "adaptivePriority=Now"),
    ],
)
def test_an_impossible_order_is_an_error_and_nothing_else(more: dict[str, Any], code: int, text: str) -> None:
    room = Room()
    told = room.join().ask(*place(order_id=3, **more))
    ((request_id, found, said),) = errors(told)
    assert (ids(told), request_id, found) == ([4], 3, code)
    assert text in said
    assert room.book.trading.orders() == ()
    assert room.book.trading.ledger[0].outcome.startswith(f"refused {code}: ")


def test_an_order_that_makes_no_sense_is_error_320_with_its_id() -> None:
    room = Room()
    client = room.join()
    assert errors(client.ask("3", "5", "x"))[0][:2] == (5, 320)
    assert errors(client.ask("4", "1", "x"))[0][:2] == (-1, 320)
    assert [(entry.kind, entry.order_id) for entry in room.book.trading.ledger] == [
        ("place", 5),
        ("cancel", -1),
    ]
    assert ids(client.ask("49", "1")) == [49]


def test_an_order_before_the_start_is_refused() -> None:
    room = Room()
    client = room.join()
    client.session._stage = type(client.session.stage).CONNECTED
    assert errors(client.ask(*place()))[0][1] == 321
    assert errors(client.ask("3", "x"))[0][:2] == (-1, 320)
    assert room.book.trading.ledger == ()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"quantity": "3000"}, "EQUITY WITH LOAN VALUE [110005.00 USD] MUST EXCEED THE INITIAL MARGIN"),
        ({"account": "DU2", "quantity": "50"}, "CASH AVAILABLE: 5000.00; CASH NEEDED"),
        ({"account": "DU2", "symbol": "BND", "side": "SELL", "quantity": "51"}, "SHORT STOCK POSITIONS"),
        ({"side": "SELL", "quantity": "5000"}, "MUST EXCEED THE INITIAL MARGIN"),
    ],
)
def test_what_the_account_cannot_pay_is_rejected_and_inactive(more: dict[str, Any], reason: str) -> None:
    room = Room()
    client = room.join()
    told = client.ask(*place(**more))
    assert ids(told) == [5, 3, 4]
    assert statuses(told)[0][0] == "Inactive"
    ((order_id, code, text),) = errors(told)
    assert (order_id, code) == (1, 201)
    assert text.startswith("Order rejected - reason:")
    assert reason in text
    assert ids(client.ask("5", "1")) == [53]
    assert ids(client.ask("99", "0")) == [101, 102]


def test_working_buys_are_reserved_for() -> None:
    room = Room()
    client = room.join()
    client.ask(*place(1, account="DU2", quantity="30", order_type="LMT", limit="99.00"))
    assert errors(client.ask(*place(2, account="DU2", quantity="30")))[0][1] == 201
    client.ask(*cancel(1))
    assert errors(client.ask(*place(3, account="DU2", quantity="30"))) == []


def test_a_sale_that_makes_a_position_smaller_always_passes() -> None:
    poor = '[[account]]\nid = "DU1"\ncash = { USD = "-9000" }\nposition = [{ symbol = "VTI", quantity = "100" }]\n'
    assert errors(Room(order_world(accounts=poor)).join().ask(*place(side="SELL"))) == []


def test_proceeds_count_at_once_or_on_the_next_weekday() -> None:
    for settlement, codes in (("same_day", []), ("next_day", [201])):
        account = (
            f'[[account]]\nid = "DU2"\ntype = "cash"\nsettlement = "{settlement}"\n'
            'position = [{ symbol = "BND", quantity = "50" }]\n'
        )
        room = Room(order_world(accounts=account))
        client = room.join()
        client.ask(*place(1, symbol="BND", side="SELL", quantity="50", account="DU2"))
        settled = [row[3] for row in client.ask("6", "2", "1", "DU2") if row[2] == "SettledCash"]
        assert settled == (["2499.00"] if settlement == "same_day" else ["-1.00"])
        told = client.ask(*place(2, quantity="10", account="DU2"))
        assert [code for _, code, _ in errors(told)] == codes
        room.advance_clock(24 * 3600)
        assert errors(client.ask(*place(3, quantity="10", account="DU2"))) == []


def test_an_id_is_used_once() -> None:
    room = Room(order_world(behaviour(occurrence=2, fills=0)))
    client = room.join()
    client.ask(*place(1))
    assert errors(client.ask(*place(1))) == [(1, 104, "Can't modify a filled order.")]
    client.ask(*place(2))
    client.ask(*cancel(2))
    assert errors(client.ask(*place(2))) == [(2, 103, "Duplicate order id")]
    assert ids(room.join(2).ask(*place(1))) == [5, 3, 11, 59, 5, 3]


@pytest.mark.parametrize(
    ("fields", "request_id"),
    [(place(7), 7), (cancel(8), 8), (("58", "1"), 2147483647), (place(9, what_if="1"), 9)],
)
def test_a_read_only_gateway_refuses_and_remembers(fields: tuple[str, ...], request_id: int) -> None:
    room = Room(read_only=True)
    ((found, code, text),) = errors(room.join().ask(*fields))
    assert (found, code) == (request_id, 321)
    assert "Read-Only mode" in text
    assert [entry.outcome[:11] for entry in room.book.trading.ledger] == ["refused 321"]
    assert room.book.trading.orders() == ()


@pytest.mark.parametrize(
    ("code", "booked"), [(201, True), (203, True), (321, False), (200, False), (442, True), (10243, False)]
)
def test_a_behaviour_refuses_with_any_code(code: int, booked: bool) -> None:
    room = Room(order_world(behaviour(code=code, text="Order rejected - reason:No KID.", symbol="BND")))
    client = room.join()
    told = client.ask(*place(1, symbol="BND"))
    assert errors(told) == [(1, code, "Order rejected - reason:No KID.")]
    assert ids(told) == ([5, 3, 4] if booked else [4])
    assert ids(client.ask(*place(2))) == [5, 3, 11, 59, 5, 3]


def test_a_what_if_can_be_refused_while_orders_pass() -> None:
    room = Room(order_world(behaviour(on="what_if", code=201)))
    client = room.join()
    assert errors(client.ask(*place(1, what_if="1"))) == [(1, 201, "Order rejected - reason:")]
    assert errors(client.ask(*place(1))) == []


def test_an_adaptive_order_can_be_refused_while_a_plain_one_passes() -> None:
    room = Room(order_world(behaviour(algo="adaptive", code=442)))
    client = room.join()
    assert errors(client.ask(*place(1, **adaptive())))[0][1] == 442
    assert errors(client.ask(*place(2))) == []


@pytest.mark.parametrize(
    ("keys", "hit"),
    [
        ({"account": "DU2"}, [2]),
        ({"side": "SELL"}, [3]),
        ({"occurrence": 2}, [2]),
        ({"symbol": "BND"}, [2, 3]),
        ({"algo": "none"}, [1, 2, 3]),
        ({"account": "DU1", "symbol": "VTI", "side": "BUY", "occurrence": 1}, [1]),
    ],
)
def test_a_behaviour_is_for_the_orders_it_names(keys: dict[str, Any], hit: list[int]) -> None:
    client = Room(order_world(behaviour(code=321, **keys))).join()
    orders = (
        place(1),
        place(2, symbol="BND", account="DU2"),
        place(3, symbol="BND", account="DU1", side="SELL"),
    )
    assert [request_id for fields in orders for request_id, _, _ in errors(client.ask(*fields))] == hit
