"""What a client is told in the very write that ends its handshake, and a broker that is lost."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest

from rebalplan.sim import Gateway, SimError, start
from rebalplan.sim.wire.frames import Message, encode

from .orders import Room, behaviour, completed, errors, incident, order_world, place, statuses, table
from .support import Client, connected, fixed_clock, ids, shared, split_frames

OWN = '\n[[account.order]]\nsymbol = "BND"\nside = "BUY"\nquantity = "3"\nclient_id = 1\norder_id = 4\nperm_id = 801\n'
FOREIGN = OWN.replace("client_id = 1", "client_id = 43").replace("801", "802")


def _welcome(*extra: str, client_id: int = 1) -> list[Message]:
    """Return the messages of the one write that ends the handshake."""
    client = Client(shared(order_world(*extra)))
    client.greet()
    (reply,) = client.feed(encode(("71", "2", str(client_id), "")))
    assert split_frames(reply.data) == list(reply.messages)
    return list(reply.messages)


def test_notices_before_and_behind_the_accounts() -> None:
    told = _welcome(table("handshake", before=["1100"], after=["2110", "1102 Own text."]))
    assert [(code, text[-9:]) for _, code, text in errors(told)[:3]] == [
        (1100, "een lost."),
        (2110, "scenario."),
        (1102, "Own text."),
    ]
    assert ids(told) == [4, 15, 9, 4, 4, 4, 4, 4]


def test_orders_in_the_handshake() -> None:
    told = _welcome(OWN, FOREIGN, table("handshake", after=["orders"]))
    assert ids(told) == [15, 9, 5, 3, 4, 4, 4]
    assert statuses(told) == [("Submitted", "0", "3")]
    assert told[2][1] == "4"


def test_orders_of_every_client_in_the_handshake() -> None:
    told = _welcome(OWN, FOREIGN, table("handshake", before=["all_orders"]))
    assert ids(told) == [5, 3, 5, 3, 15, 9, 4, 4, 4]
    assert [row[9] for row in told if row[0] == "3"] == ["1", "43"]


@pytest.mark.parametrize(("keys", "hits"), [({}, [1, 1, 1]), ({"client_id": 5}, [0, 1, 1])])
def test_the_clients_a_handshake_is_for(keys: dict[str, Any], hits: list[int]) -> None:
    room = Room(order_world(table("handshake", after=["2110"], **keys)))
    seats = [room.join(1), room.join(5)]
    seats[1].session.close()
    seats.append(room.join(5))
    assert [sum(code == 2110 for _, code, _ in errors(seat.inbox)) for seat in seats] == hits


def test_only_the_nth_handshake() -> None:
    room = Room(order_world(table("handshake", after=["2110"], occurrence=2)))
    found = [[code for _, code, _ in errors(room.join(number).inbox)] for number in (1, 2, 3)]
    assert [2110 in codes for codes in found] == [False, True, False]


def test_a_client_id_that_is_in_use_elsewhere() -> None:
    room = Room(order_world(table("handshake", client_id=42, occurrence=1, in_use=True)))
    refused = room.join(42)
    assert [found[:2] for found in errors(refused.inbox)] == [(-1, 326)]
    assert refused.closed
    assert ids(room.join(42).inbox)[:2] == [15, 9]
    assert room.book.reached == {"handshake[1]": 1}


def test_what_comes_later_goes_to_every_client() -> None:
    room = Room(
        order_world(table("handshake", after=["1100"], later=["1102"], later_after_sec="30", occurrence=1))
    )
    first, second = room.join(1), room.join(2)
    room.wait(20)
    assert first.inbox == []
    room.wait(10)
    assert [code for _, code, _ in errors(first.inbox)] == [1102]
    assert first.inbox == second.inbox
    assert room.book.reached == {"handshake[1]": 1, "handshake[1].later": 1}


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"before": ["lost"]}, "before: expected orders, all_orders, a code such as \"1100\", found 'lost'"),
        ({"later": ["orders"]}, "later: expected a code such as \"1100\", found 'orders'"),
        ({"client_id": -2}, "client_id: expected an integer from -1 to"),
        ({"later_after_sec": "-1"}, "later_after_sec: expected 0 or more seconds"),
        ({"in_uses": True}, "in_uses: unknown key, did you mean 'in_use'"),
    ],
)
def test_what_is_wrong_with_a_handshake_is_told_with_its_place(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(SimError, match=f"handshake\\[1\\]\\.{problem}"):
        order_world(table("handshake", **keys))


LOST = incident(when="placed", after_sec="2", does="lose", for_sec="20")


def test_while_the_broker_is_lost_orders_stand_still_and_questions_have_no_answer() -> None:
    room = Room(order_world(behaviour(after_sec="5"), LOST))
    client = room.join()
    client.ask(*place())
    assert [found[1] for found in errors(room.wait(2))] == [1100]
    assert room.wait(6) == []
    assert client.ask(*place(2)) == []
    assert client.ask("61", "1") == []
    assert ids(client.ask("49", "1")) == [49]
    assert room.wait(600)[0][3] == "1102"
    room.wait(5)
    assert completed(client) == [("DU1", "Filled", "10"), ("DU1", "Filled", "10")]


def test_a_broker_that_stays_lost_is_told_to_every_new_client() -> None:
    room = Room(order_world(incident(when="start", does="lose")))
    room.resume()
    room.wait(0)
    for number in (1, 2):
        seat = room.join(number)
        assert ids(seat.inbox) == [15, 9, 4, 4, 4, 4]
        assert errors(seat.inbox)[0][1] == 1100
    assert room.wait(3600) == []
    room.resume(room.book.state())
    assert errors(room.join(3).inbox)[0][1] == 1100


def test_the_gateway_may_answer_from_what_it_knows() -> None:
    room = Room(order_world(incident(when="connected", does="lose", answers="cached")))
    client = room.join()
    room.wait(0)
    assert ids(client.ask("61", "1"))[-1] == 62


def test_the_loss_may_end_with_data_lost() -> None:
    room = Room(order_world(incident(when="connected", does="lose", for_sec="5", restored="1101")))
    room.join()
    room.wait(0)
    assert errors(room.wait(5))[0][1] == 1101


def test_a_day_order_does_not_lapse_while_the_broker_is_lost() -> None:
    room = Room(order_world(behaviour(fills=0), incident(when="placed", does="lose")))
    room.join().ask(*place())
    room.wait(10)
    assert room.wait(7 * 24 * 3600) == []
    assert len(room.book.orders) == 1


def test_listeners_that_come_after_the_handshake_miss_what_it_says(library: Any) -> None:
    async def run(gateway: Gateway) -> list[int]:
        codes: list[int] = []
        async with connected(library, gateway) as ib:
            ib.errorEvent += lambda _id, code, *rest: codes.append(code)
            await ib.reqCurrentTimeAsync()
        return codes

    with start(order_world(table("handshake", after=["2110", "1100"])), clock=fixed_clock) as gateway:
        assert asyncio.run(run(gateway)) == []
        assert gateway.reached == {"handshake[1]": 1}


def test_all_of_the_handshake_is_one_write_on_the_socket() -> None:
    async def run(gateway: Gateway) -> bytes:
        reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
        versions = b"v157..176"
        writer.write(b"API\0" + struct.pack(">I", len(versions)) + versions + encode(("71", "2", "1", "")))
        data = b""
        while b"2158" not in data:
            data += await asyncio.wait_for(reader.read(65536), 5)
        writer.close()
        await writer.wait_closed()
        return data

    with start(order_world(table("handshake", before=["1100"], after=["2110"]))) as gateway:
        data = asyncio.run(run(gateway))
    assert ids(split_frames(data))[1:] == [4, 15, 9, 4, 4, 4, 4]
