"""Faults of the scenario as ib_insync meets them over TCP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rebalplan.sim import Gateway, start

from .support import NOW, connected, fixed_clock, hang_up, talk, world


@pytest.mark.parametrize(("action", "problem"), [("silent", TimeoutError), ("no_end", TimeoutError)])
def test_no_answer_or_no_end_leaves_the_client_waiting(
    library: Any, action: str, problem: type[Exception]
) -> None:
    fault = f'\n[[fault]]\nrequest = "positions"\naction = "{action}"\n'

    async def conversation(ib: Any) -> None:
        await asyncio.wait_for(ib.reqPositionsAsync(), 0.2)

    with start(world(fault)) as gateway, pytest.raises((problem, asyncio.TimeoutError)):
        talk(library, gateway, conversation)


def test_an_empty_answer_looks_like_no_positions(library: Any) -> None:
    with start(world('\n[[fault]]\nrequest = "positions"\naction = "empty"\n')) as gateway:
        assert talk(library, gateway, lambda ib: ib.reqPositionsAsync()) == []


def test_a_late_answer_arrives(library: Any) -> None:
    fault = '\n[[fault]]\nrequest = "current_time"\naction = "delay"\nseconds = "0.15"\n'

    async def conversation(ib: Any) -> float:
        before = asyncio.get_running_loop().time()
        await ib.reqCurrentTimeAsync()
        return asyncio.get_running_loop().time() - before

    with start(world(fault)) as gateway:
        assert talk(library, gateway, conversation) >= 0.14


def test_a_hang_up_ends_the_request(library: Any) -> None:
    fault = '\n[[fault]]\nrequest = "positions"\naction = "hang_up"\n'
    with start(world(fault)) as gateway, pytest.raises(ConnectionError):
        talk(library, gateway, lambda ib: ib.reqPositionsAsync())


def test_garbage_does_not_stop_later_answers(library: Any) -> None:
    fault = '\n[[fault]]\nrequest = "positions"\naction = "garbage"\n'

    async def conversation(ib: Any) -> Any:
        ib.client.reqPositions()
        return await ib.reqCurrentTimeAsync()

    with start(world(fault), clock=fixed_clock) as gateway:
        assert talk(library, gateway, conversation) == NOW


@pytest.mark.parametrize("action", ["silent", "hang_up"])
def test_a_connection_can_fail_once(library: Any, action: str) -> None:
    fault = f'\n[[fault]]\nrequest = "connect"\naction = "{action}"\noccurrence = 1\n'

    async def run(gateway: Gateway) -> None:
        first = library.IB()
        with pytest.raises((TimeoutError, asyncio.TimeoutError)):
            await first.client.connectAsync(gateway.host, gateway.port, 1, 0.2)
        await hang_up(first)
        async with connected(library, gateway) as ib:
            assert ib.client.isReady()

    with start(world(fault)) as gateway:
        asyncio.run(run(gateway))
