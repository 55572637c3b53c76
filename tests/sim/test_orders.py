"""Orders that the gateway takes in: what is said, booked, charged, and who is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .orders import MARKET, Room, adaptive, behaviour, errors, order_world, place, statuses
from .support import ids


def cash(room: Room, account: str = "DU1") -> dict[str, Decimal]:
    """Return the balances of an account."""
    return {balance.currency: balance.amount for balance in room.book.cash(account)}


def test_a_market_order_is_acknowledged_filled_and_charged() -> None:
    room = Room()
    told = room.join().ask(*place(ref="r-1"))
    assert ids(told) == [5, 3, 11, 59, 5, 3]
    assert statuses(told) == [("Submitted", "0", "10"), ("Filled", "10", "0")]
    assert told[2][1:3] == ("-1", "1")
    assert told[2][14] == "0000e0d5.00000001.01.01"
    assert told[3][2:5] == ("0000e0d5.00000001.01.01", "1.00", "USD")


def test_a_buy_is_at_the_ask_and_moves_cash_and_position() -> None:
    room = Room()
    room.join().ask(*place(quantity="10"))
    assert cash(room) == {"USD": Decimal("100000") - Decimal("1001.00") - Decimal("1.00")}
    held = room.book.held("DU1", 11)
    assert (held.quantity, held.avg_cost) == (Decimal(110), (90 * 100 + Decimal("1001")) / 110)


def test_a_sale_is_at_the_bid_and_keeps_the_cost() -> None:
    room = Room()
    told = room.join().ask(*place(side="SELL", quantity="40"))
    assert cash(room) == {"USD": Decimal("100000") + 4000 - 1}
    assert (room.book.held("DU1", 11).quantity, room.book.held("DU1", 11).avg_cost) == (
        Decimal(60),
        Decimal(90),
    )
    assert Decimal(told[3][5]) == 40 * 10 - 1


def test_selling_everything_leaves_no_position() -> None:
    room = Room()
    client = room.join()
    client.ask(*place(side="SELL", quantity="100"))
    assert [row for row in client.ask("61", "1") if row[0] == "61" and row[3] == "11"] == []


def test_a_foreign_currency_is_paid_in_that_currency() -> None:
    room = Room()
    room.join().ask(*place(symbol="CDN", quantity="5", contract=("15", *("",) * 11)))
    assert cash(room) == {"USD": 100000, "CAD": Decimal("-101.00")}


def test_a_short_sale_in_a_margin_account_crosses_zero() -> None:
    room = Room()
    room.join().ask(*place(side="SELL", quantity="150"))
    assert (room.book.held("DU1", 11).quantity, room.book.held("DU1", 11).avg_cost) == (
        Decimal(-50),
        Decimal(100),
    )


@pytest.mark.parametrize(
    ("order_type", "limit", "side", "price"),
    [
        ("LMT", "100.10", "BUY", "100.10"),
        ("LMT", "105", "BUY", "100.10"),
        ("LMT", "100.09", "BUY", None),
        ("LMT", "99", "SELL", "100.00"),
        ("LMT", "100.01", "SELL", None),
        ("MIDPRICE", "", "BUY", "100.05"),
        ("MIDPRICE", "", "SELL", "100.05"),
        ("MIDPRICE", "100.05", "BUY", "100.05"),
        ("MIDPRICE", "100.04", "BUY", None),
        ("MKT", "1.00", "BUY", "100.10"),
    ],
)
def test_the_price_of_a_fill(order_type: str, limit: str, side: str, price: str | None) -> None:
    room = Room()
    told = room.join().ask(*place(order_type=order_type, limit=limit, side=side))
    assert [row[20] for row in told if row[0] == "11"] == ([] if price is None else [price])
    if price is None:
        assert statuses(told) == [("Submitted", "0", "10")]
        assert [order.limit_price for order in room.book.orders] == [Decimal(limit)]


def test_an_adaptive_order_keeps_its_algo() -> None:
    room = Room(order_world(behaviour(fills=0)))
    client = room.join()
    assert ids(client.ask(*place(**adaptive()))) == [5, 3]
    order = client.ask("5", "1")[0]
    at = order.index("Adaptive")
    assert order[at : at + 4] == ("Adaptive", "1", "adaptivePriority", "Normal")


def test_slippage_and_costs_are_the_scenarios() -> None:
    orders = (
        "[orders]\nslippage_bps = '10'\ncommission_per_share = '0.10'\ncommission_minimum = '0.35'\n"
        "market_impact_bps = '20'\n"
    )
    room = Room(order_world(orders))
    client = room.join()
    told = client.ask(*place(quantity="10"))
    assert (told[2][20], told[3][3]) == ("100.2001", "1.00")
    quote = room.book.instruments[11].quote
    assert (quote.bid, quote.ask, quote.last) == (Decimal("100.2"), Decimal("100.3002"), Decimal("100.2001"))
    assert client.ask(*place(2, side="SELL"))[2][20] == "100.0998"


def test_a_commission_is_at_most_one_percent_of_the_value() -> None:
    room = Room()
    told = room.join().ask(*place(symbol="BND", quantity="1"))
    assert told[3][3] == "0.50"


@pytest.mark.parametrize("symbol", ["HLT", "NOP"])
def test_what_is_halted_or_has_no_price_stays_at_the_market(symbol: str) -> None:
    room = Room()
    told = room.join().ask(*place(symbol=symbol))
    status = "PreSubmitted" if symbol == "HLT" else "Submitted"
    assert statuses(told) == [(status, "0", "10")]
    assert [order.status for order in room.book.orders] == [status]


def test_the_answer_is_in_the_version_of_the_client() -> None:
    room = Room()
    told = room.join(versions="v157..157").ask(*place()[:-1])
    assert len(told[0]) == len(room.join(2).ask(*place())[0]) - 8


def test_a_master_client_is_told_of_every_order() -> None:
    room = Room(order_world("[orders]\nmaster_client_id = 9\n"))
    client, master, other = room.join(1), room.join(9), room.join(3)
    del master.inbox[:], other.inbox[:]
    told = client.ask(*place())
    assert ids(master.inbox) == ids(told) == [5, 3, 11, 59, 5, 3]
    assert other.inbox == []


def test_only_the_placing_client_is_told() -> None:
    room = Room()
    client, zero = room.join(1), room.join(0)
    del zero.inbox[:]
    assert ids(client.ask(*place())) == [5, 3, 11, 59, 5, 3]
    assert zero.inbox == []


def test_the_next_order_id_is_behind_the_highest_one() -> None:
    client = Room().join()
    client.ask(*place(41))
    assert client.ask("8", "1", "1") == [("9", "1", "42")]


def test_one_account_alone_needs_no_name() -> None:
    room = Room(order_world(accounts='[[account]]\nid = "DU7"\ncash = { USD = "9000" }\n', market=MARKET))
    assert ids(room.join().ask(*place(account=""))) == [5, 3, 11, 59, 5, 3]
    assert room.book.trading.orders()[0].account == "DU7"


@pytest.mark.parametrize(
    ("kind", "quantity", "margins"),
    [
        ("DU1", "10", ("5002.50", "500.50")),
        ("DU2", "10", ("2500.50", "1001.00")),
    ],
)
def test_a_what_if_order_answers_with_margins_and_books_nothing(
    kind: str, quantity: str, margins: tuple[str, str]
) -> None:
    room = Room()
    client = room.join()
    (answer,) = client.ask(*place(account=kind, quantity=quantity, what_if="1"))
    at = answer.index("PreSubmitted")
    assert answer[0] == "5"
    assert answer[at - 1] == "1"
    assert (answer[at + 1], answer[at + 4]) == margins
    assert room.book.trading.orders() == ()
    assert client.ask("8", "1", "1") == [("9", "1", "1")]


def test_a_what_if_order_that_is_too_large_is_refused() -> None:
    (refusal,) = errors(Room().join().ask(*place(quantity="1000000", what_if="1")))
    assert refusal[:2] == (1, 201)


def test_no_time_in_force_becomes_day_with_a_notice_and_the_order_lives() -> None:
    told = Room().join().ask(*place(tif=""))
    assert ids(told) == [5, 3, 4, 11, 59, 5, 3]
    assert errors(told) == [(1, 10349, "Order TIF was set to DAY based on order preset.")]
    assert told[0][18] == "DAY"


def test_outside_hours_are_ignored_for_a_market_order_with_a_notice() -> None:
    told = Room().join().ask(*place(outside="1"))
    assert [code for _, code, _ in errors(told)] == [2109]
    assert statuses(told)[-1] == ("Filled", "10", "0")


def _modified(**more: Any) -> tuple[Room, list[tuple[str, ...]]]:
    room = Room()
    client = room.join()
    client.ask(*place(order_type="LMT", limit="99.00"))
    return room, client.ask(*place(**{"order_type": "LMT", "limit": "99.00", **more}))


def test_a_working_order_can_be_changed() -> None:
    room, told = _modified(quantity="4", limit="100.10")
    assert statuses(told) == [("Submitted", "0", "4"), ("Filled", "4", "0")]
    assert [entry.kind for entry in room.book.trading.ledger] == ["place", "modify"]
    assert len(room.book.trading.orders()) == 1


@pytest.mark.parametrize("more", [{"side": "SELL"}, {"symbol": "BND"}, {"account": "DU2"}, adaptive()])
def test_a_change_of_something_else_is_error_105(more: dict[str, Any]) -> None:
    room, told = _modified(**more)
    assert [code for _, code, _ in errors(told)] == [105]
    assert len(room.book.orders) == 1


def test_a_change_beyond_the_buying_power_leaves_the_order() -> None:
    room, told = _modified(quantity="100000")
    assert [code for _, code, _ in errors(told)] == [201]
    assert [order.quantity for order in room.book.orders] == [10]
