"""What a scenario can make of an order: its messages, their order, their time, and what is kept back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebalplan.sim.orders.script import split_quantity
from rebalplan.sim.wire.frames import Message

from .orders import Room, behaviour, cancel, errors, order_world, place, statuses
from .support import ids


def _room(**keys: Any) -> Room:
    return Room(order_world(behaviour(**keys)))


def _ask(**keys: Any) -> list[Message]:
    return _room(**keys).join().ask(*place())


@pytest.mark.parametrize(
    ("sequence", "told"),
    [
        (["ack", "execution", "commission", "status"], [5, 3, 11, 59, 5, 3]),
        (["execution", "ack", "commission", "status"], [11, 5, 3, 59, 5, 3]),
        (["execution", "commission", "status", "ack"], [11, 59, 5, 3, 5, 3]),
        (["ack", "status", "execution", "commission"], [5, 3, 5, 3, 11, 59]),
        (["ack", "status", "commission", "execution"], [5, 3, 5, 3, 59, 11]),
        (["ack", "ack", "execution", "commission", "status"], [5, 3, 5, 3, 11, 59, 5, 3]),
        (["ack", "execution", "execution", "commission", "status"], [5, 3, 11, 11, 59, 5, 3]),
        (["ack", "execution", "commission", "commission", "status"], [5, 3, 11, 59, 59, 5, 3]),
        (["ack", "execution", "commission", "status", "status"], [5, 3, 11, 59, 5, 3, 5, 3]),
        (["ack", "execution", "commission", "open"], [5, 3, 11, 59, 5]),
        (["ack", "execution"], [5, 3, 11]),
        (["status"], [5, 3]),
        (["ack"], [5, 3]),
    ],
)
def test_the_messages_come_in_the_order_of_the_sequence(sequence: list[str], told: list[int]) -> None:
    room = _room(sequence=sequence)
    assert ids(room.join().ask(*place())) == told
    assert room.book.held("DU1", 11).quantity == 110


def test_an_acknowledgement_is_as_before_the_fill_wherever_it_comes() -> None:
    told = _ask(sequence=["execution", "status", "ack"])
    assert statuses(told) == [("Filled", "10", "0"), ("Submitted", "0", "10")]


def test_duplicates_are_the_same_message() -> None:
    told = _ask(sequence=["ack", "execution", "execution", "commission", "commission", "status", "status"])
    assert told[2] == told[3]
    assert told[4] == told[5]
    assert told[6:8] == told[8:10]


def test_a_fill_in_parts() -> None:
    room = _room(parts=3)
    told = room.join().ask(*place())
    assert ids(told) == [5, 3, *[11, 59, 5, 3] * 3]
    assert statuses(told) == [
        ("Submitted", "0", "10"),
        ("Submitted", "4", "6"),
        ("Submitted", "7", "3"),
        ("Filled", "10", "0"),
    ]
    executions = [row for row in told if row[0] == "11"]
    assert [row[14] for row in executions] == [f"0000e0d5.0000000{n}.01.01" for n in (1, 2, 3)]
    assert [row[24] for row in executions] == ["4", "7", "10"]
    assert [row[3] for row in told if row[0] == "59"] == ["1.00", "0.00", "0.00"]


@pytest.mark.parametrize(
    ("quantity", "parts", "shares"), [(10, 3, [4, 3, 3]), (2, 5, [1, 1]), (1, 1, [1]), (7, 7, [1] * 7)]
)
def test_parts_are_whole_shares(quantity: int, parts: int, shares: list[int]) -> None:
    assert split_quantity(Decimal(quantity), parts) == shares


def test_some_of_the_parts_fill_and_the_rest_stays_working() -> None:
    room = _room(parts=2, fills=1)
    client = room.join()
    assert statuses(client.ask(*place())) == [("Submitted", "0", "10"), ("Submitted", "5", "5")]
    assert statuses(client.ask("5", "1")) == [("Submitted", "5", "5")]
    assert statuses(client.ask(*cancel())) == [("Cancelled", "5", "5")]
    assert room.book.held("DU1", 11).quantity == 105


def test_no_fill_at_all() -> None:
    room = _room(fills=0)
    assert ids(room.join().ask(*place())) == [5, 3]
    assert room.wait(3600) == []
    assert room.book.held("DU1", 11).quantity == 100


def test_a_delayed_fill() -> None:
    room = _room(after_sec="5", parts=2)
    assert ids(room.join().ask(*place())) == [5, 3]
    assert room.wait(4) == []
    assert ids(room.wait(1)) == [11, 59, 5, 3]
    assert room.wait(4) == []
    assert statuses(room.wait(1)) == [("Filled", "10", "0")]


def test_whoever_has_the_client_id_by_then_is_told() -> None:
    room = _room(after_sec="5")
    first = room.join()
    first.ask(*place())
    first.session.close()
    again = room.join()
    del again.inbox[:]
    room.wait(5)
    assert ids(again.inbox) == [11, 59, 5, 3]


def test_what_is_due_comes_before_the_answer_to_the_next_request() -> None:
    room = _room(after_sec="5")
    client = room.join()
    client.ask(*place())
    room.advance_clock(5)
    assert ids(client.ask("49", "1")) == [11, 59, 5, 3, 49]


def test_an_acknowledgement_that_comes_with_a_late_fill() -> None:
    room = _room(after_sec="5", sequence=["execution", "ack", "commission", "status"])
    assert room.join().ask(*place()) == []
    assert ids(room.wait(5)) == [11, 5, 3, 59, 5, 3]


def test_a_late_commission() -> None:
    room = _room(commission_after_sec="3", parts=2)
    client = room.join()
    assert ids(client.ask(*place())) == [5, 3, 11, 5, 3, 11, 5, 3]
    assert ids(client.ask("7", "3", "4")) == [11, 11, 55]
    assert ids(room.wait(2)) == [59, 59]
    assert ids(client.ask("7", "3", "4")) == [11, 11, 59, 59, 55]


def test_waits_within_the_sequence() -> None:
    room = _room(sequence=["ack", "wait 1.5", "execution", "wait 2", "commission", "status"])
    assert ids(room.join().ask(*place())) == [5, 3]
    assert ids(room.wait(1.5)) == [11]
    assert room.wait(1) == []
    assert ids(room.wait(1)) == [59, 5, 3]


@pytest.mark.parametrize(("silence", "shares", "open_orders"), [("dropped", 100, 0), ("booked", 110, 0)])
def test_silence(silence: str, shares: int, open_orders: int) -> None:
    room = _room(silence=silence)
    client = room.join()
    assert client.ask(*place()) == []
    assert room.book.held("DU1", 11).quantity == shares
    assert ids(client.ask("7", "3", "4")) == ([55] if silence == "dropped" else [11, 59, 55])
    assert [entry.outcome for entry in room.book.trading.ledger] == [
        "dropped" if silence == "dropped" else "accepted"
    ]


def test_a_silent_order_that_stays_open_is_found_by_a_query() -> None:
    client = _room(silence="booked", fills=0).join()
    assert client.ask(*place()) == []
    assert ids(client.ask("5", "1")) == [5, 3, 53]


@pytest.mark.parametrize("bps", ["10", "-10"])
def test_a_correction_has_the_next_suffix_and_moves_cash_alone(bps: str) -> None:
    room = _room(correction_bps=bps)
    client = room.join()
    told = client.ask(*place())
    assert ids(told) == [5, 3, 11, 59, 5, 3, 11, 59]
    assert [row[14][-9:] for row in told if row[0] == "11"] == ["001.01.01", "001.01.02"]
    price = Decimal(told[6][20])
    assert price == Decimal("100.10") * (1 + Decimal(bps) / 10000)
    assert room.book.cash("DU1")[0].amount == Decimal("100000") - price * 10 - 1
    assert room.book.held("DU1", 11).quantity == 110
    assert ids(client.ask("7", "3", "4")) == [11, 11, 59, 59, 55]


def test_executions_and_positions_and_the_done_order_show_late() -> None:
    room = _room(visible_after_sec="10")
    client = room.join()
    client.ask("61", "1")
    assert ids(client.ask(*place())) == [5, 3, 11, 59, 5, 3]
    assert ids(client.ask("7", "3", "4")) == [55]
    assert ids(client.ask("99", "0")) == [102]
    assert [row[15] for row in client.ask("74", "1", "5", "DU1", "") if row[0] == "71"] == ["100"]
    assert [row[14] for row in room.wait(10) if row[0] == "61"] == ["110"]
    assert ids(client.ask("7", "3", "4")) == [11, 59, 55]
    assert ids(client.ask("99", "0")) == [101, 102]


def test_executions_in_a_time_zone_nobody_knows() -> None:
    told = _ask(time_zone_text="Mars/Olympus")
    assert told[2][15] == "20261124 10:00:02 Mars/Olympus"


@pytest.mark.parametrize("count", range(7))
def test_a_hang_up_behind_the_nth_message(count: int) -> None:
    room = _room(hang_up_after=count)
    client = room.join()
    assert ids(client.ask(*place())) == [5, 3, 11, 59, 5, 3][:count]
    assert client.closed
    assert room.book.held("DU1", 11).quantity == 110
    client.session.close()
    again = room.join()
    assert ids(again.ask("7", "3", "4")) == [11, 59, 55]


def test_a_hang_up_in_the_sequence() -> None:
    room = _room(sequence=["ack", "hang_up", "execution"])
    client = room.join()
    assert ids(client.ask(*place())) == [5, 3]
    assert client.closed
    assert client.ask("49", "1") == []


def test_notices_on_a_live_order() -> None:
    told = _ask(sequence=["ack", "404", "2109", "399 Own text", "execution", "commission", "status"])
    assert ids(told) == [5, 3, 4, 4, 4, 11, 59, 5, 3]
    assert [(code, text) for _, code, text in errors(told)][::2] == [
        (404, "Order held while securities are located."),
        (399, "Own text"),
    ]


def test_a_held_order_says_why() -> None:
    client = _room(sequence=["ack", "404"], fills=0).join()
    client.ask(*place())
    assert client.ask("5", "1")[1][10] == "locate"


def test_connectivity_is_told_to_everyone() -> None:
    room = _room(sequence=["ack", "1100", "wait 1", "1102", "execution", "commission", "status"])
    client, other = room.join(1), room.join(2)
    del other.inbox[:]
    assert [found[:2] for found in errors(client.ask(*place()))] == [(-1, 1100)]
    assert ids(room.wait(1)) == [4, 11, 59, 5, 3]
    assert [found[:2] for found in errors(other.inbox)] == [(-1, 1102)]


def test_the_broker_cancels_what_is_left() -> None:
    room = _room(
        parts=2, fills=1, sequence=["ack", "execution", "commission", "status", "cancel"], text="No."
    )
    told = room.join().ask(*place())
    assert ids(told) == [5, 3, 11, 59, 5, 3, 3, 4]
    assert statuses(told)[-1] == ("Cancelled", "5", "5")
    assert errors(told) == [(1, 202, "Order Canceled - reason:No.")]
    assert room.book.trading.orders()[0].completed_status == "No."


def test_slippage_and_commission_of_one_order() -> None:
    told = _ask(slippage_bps="-100", commission_per_share="1", commission_minimum="0")
    assert (told[2][20], told[3][3]) == ("99.0990", "9.91")
