"""Whatever arrives, in whatever pieces: no exception, and the books still balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.sim.wire.frames import encode

from .orders import Room, adaptive, behaviour, cancel, order_world, place
from .support import split_frames

TEXTS = st.one_of(
    st.sampled_from(
        ["", "0", "1", "-1", "1.5", "NaN", "Infinity", "1e400", "DU1", "VTI", "BUY", "LMT", "2147483647"]
    ),
    st.text(max_size=6),
)
REQUESTS = st.sampled_from(
    [("5", "1"), ("16", "1"), ("99", "0"), ("7", "3", "4"), ("58", "1"), ("6", "2", "1", "DU1"), ("61", "1")]
)
BEHAVIOURS = st.fixed_dictionaries(
    {
        "parts": st.integers(1, 4),
        "fills": st.integers(0, 4),
        "after_sec": st.sampled_from(["0", "1", "5"]),
        "commission_after_sec": st.sampled_from(["0", "2"]),
        "visible_after_sec": st.sampled_from(["0", "3"]),
        "correction_bps": st.sampled_from(["0", "7"]),
        "silence": st.sampled_from(["", "booked"]),
        "sequence": st.lists(
            st.sampled_from(["ack", "execution", "commission", "status", "open", "wait 1", "404", "cancel"]),
            min_size=1,
            max_size=8,
        ),
    }
)
ORDERS = st.builds(
    place,
    order_id=st.integers(1, 4),
    symbol=st.sampled_from(["VTI", "BND"]),
    side=st.sampled_from(["BUY", "SELL"]),
    quantity=st.integers(1, 30).map(str),
    order_type=st.sampled_from(["MKT", "LMT", "MIDPRICE"]),
    limit=st.sampled_from(["", "50.01", "100.05"]),
    account=st.sampled_from(["DU1", "DU2", ""]),
    what_if=st.sampled_from(["0", "1"]),
)


def _money(room: Room, account: str) -> Decimal:
    return sum((balance.amount for balance in room.book.cash(account)), start=Decimal(0))


def _check_books(room: Room, before: dict[str, Decimal]) -> None:
    """Every share and every cent of the accounts is one of an execution's, the last version of each."""
    for account, money in before.items():
        last = {
            e.exec_id.rpartition(".")[0]: e for e in room.book.trading.executions() if e.account == account
        }
        spent = sum(
            (
                (e.quantity * e.price if e.side == "BUY" else -e.quantity * e.price) + e.commission
                for e in last.values()
            ),
            start=Decimal(0),
        )
        assert _money(room, account) == money - spent
    for order in room.book.trading.orders():
        filled = sum(e.quantity for e in room.book.trading.executions(order.perm_id) if not e.is_correction)
        assert order.filled == filled <= order.quantity
        assert (order.status == "Filled") == (filled == order.quantity)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    keys=BEHAVIOURS,
    steps=st.lists(
        st.one_of(ORDERS, st.integers(1, 4).map(cancel), REQUESTS, st.integers(1, 4)), max_size=14
    ),
)
def test_the_books_balance_whatever_is_asked(keys: dict[str, Any], steps: list[Any]) -> None:
    room = Room(order_world(behaviour(**keys)))
    client = room.join()
    before = {account: _money(room, account) for account in room.book.account_ids}
    for step in steps:
        if isinstance(step, int):
            room.wait(step)
        else:
            client.ask(*step)
    for _ in range(30):
        room.wait(5)
    _check_books(room, before)
    assert room.shared.due == {}


@pytest.mark.slow
@settings(deadline=None, derandomize=True, max_examples=300)
@given(places=st.dictionaries(st.integers(1, 114), TEXTS, max_size=5), cut=st.integers(1, 118))
def test_no_order_is_an_exception(places: dict[int, str], cut: int) -> None:
    fields = list(place(**adaptive()))
    for at, text in places.items():
        if at < len(fields):
            fields[at] = text.replace("\0", "")
    room = Room()
    client = room.join()
    client.ask(*fields[:cut])
    assert [row[0] for row in client.ask("49", "1")] == ["49"]
    assert len(room.book.trading.ledger) == 1


def test_an_order_may_arrive_byte_by_byte() -> None:
    whole, pieces = Room(), Room()
    told = whole.join().ask(*place())
    client = pieces.join()
    pieces.advance_clock(1)
    data = encode(place())
    replies = [
        reply
        for at in range(len(data))
        for reply in client.session.receive(data[at : at + 1], pieces.now, pieces.clock_sec)
    ]
    assert [row for reply in replies for row in split_frames(reply.data)] == told


def test_two_orders_and_a_cancel_in_one_piece() -> None:
    room = Room()
    client = room.join()
    data = encode(place(1)) + encode(place(2)) + encode(cancel(2)) + b"\0\0"
    replies = client.session.receive(data, room.now, room.clock_sec)
    told = [row[0] for reply in replies for row in split_frames(reply.data)]
    assert told == ["5", "3", "11", "59", "5", "3"] * 2 + ["4"]
