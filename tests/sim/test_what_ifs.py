"""What a scenario can make of the answer to a what-if."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rebalplan.sim import SimError, start

from .orders import Room, adaptive, behaviour, errors, order_world, place
from .support import connected, fixed_clock, ids

PLAIN = place(what_if="1")
ADAPTIVE = place(what_if="1", **adaptive())


def _what_if(**keys: Any) -> str:
    return behaviour(on="what_if", **keys)


@pytest.mark.parametrize("code", [439, 442, 201])
def test_the_algo_is_refused_and_the_plain_order_answered(code: int) -> None:
    room = Room(order_world(_what_if(algo="adaptive", code=code)))
    client = room.join()
    told = client.ask(*ADAPTIVE)
    assert (ids(told), errors(told)[0][:2]) == ([4], (1, code))
    assert ids(client.ask(*PLAIN)) == [5]
    assert [entry.outcome[:11] for entry in room.book.trading.ledger] == [f"refused {code}", "accepted"]
    assert room.book.trading.orders() == ()


def test_a_refusal_of_one_symbol_in_one_account() -> None:
    client = Room(order_world(_what_if(account="DU1", symbol="VTI", code=201, text="No KID"))).join()
    assert errors(client.ask(*PLAIN)) == [(1, 201, "No KID")]
    assert ids(client.ask(*place(2, "BND", what_if="1"))) == [5]


@pytest.mark.parametrize("notice", ["10349", "399", "2109", "399 Own text"])
def test_a_notice_with_the_same_id_comes_before_the_answer(notice: str) -> None:
    told = Room(order_world(_what_if(sequence=[notice, "answer"]))).join().ask(*PLAIN)
    assert ids(told) == [4, 5]
    assert errors(told)[0][:2] == (1, int(notice.partition(" ")[0]))
    assert told == [told[0], *Room(order_world()).join().ask(*PLAIN)]


def test_a_notice_may_come_before_a_refusal_and_behind_an_answer() -> None:
    refused = Room(order_world(_what_if(sequence=["10349", "answer", "2109"], code=201))).join()
    assert [code for _, code, _ in errors(refused.ask(*PLAIN))] == [10349, 201, 2109]


def test_an_answer_that_never_comes() -> None:
    for keys in ({"silence": "dropped"}, {"sequence": ["10349"]}):
        assert 5 not in ids(Room(order_world(_what_if(**keys))).join().ask(*PLAIN))


def test_a_late_answer() -> None:
    room = Room(order_world(_what_if(sequence=["10349", "wait 2.5", "answer"])))
    seat = room.join()
    waits: list[tuple[float, list[int]]] = []
    room.deliver = lambda replies, asking: waits.extend(  # type: ignore[method-assign]
        (reply.after_sec, ids(reply.messages)) for reply in replies
    )
    seat.ask(*PLAIN)
    assert waits == [(0.0, [4]), (2.5, [5])]


@pytest.mark.parametrize("word", ["ack", "status", "hang_up", "wait"])
def test_the_words_of_an_order_are_none_of_a_what_if(word: str) -> None:
    with pytest.raises(SimError, match=r"behaviour\[1\].sequence: expected answer, "):
        order_world(_what_if(sequence=[word]))


def test_the_real_client_takes_a_harmless_notice_for_the_end(library: Any) -> None:
    async def run(text: str) -> Any:
        with start(order_world(text), clock=fixed_clock) as gateway:
            async with connected(library, gateway) as ib:
                order = library.MarketOrder("BUY", 10, account="DU1", tif="DAY")
                state = ib.whatIfOrderAsync(library.Stock("VTI", "SMART", "USD"), order)
                return (await asyncio.wait_for(state, 5)).initMarginChange

    with pytest.raises(library.wrapper.RequestError, match="10349"):
        asyncio.run(run(_what_if(sequence=["10349", "answer"])))
    assert asyncio.run(run(_what_if(sequence=["399", "wait 0.05", "answer"]))) == "500.50"
