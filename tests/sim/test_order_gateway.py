"""Orders over TCP, with ib_insync unmodified."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rebalplan.sim import Gateway, describe, start

from .orders import behaviour, order_world
from .support import VERSIONS, connected, fixed_clock, hang_up

FILLED = ("Filled", 10.0, 0.0)
WORKING = ("Submitted", 0.0, 10.0)
COMPLETE = ["ack", "execution", "commission", "status"]


def _order(library: Any, **more: Any) -> tuple[Any, Any]:
    contract = library.Stock(more.pop("symbol", "VTI"), "SMART", "USD")
    terms = {"account": "DU1", "tif": "DAY", "orderRef": "ref", **more}
    return contract, library.MarketOrder(terms.pop("action", "BUY"), terms.pop("quantity", 10), **terms)


def _run(library: Any, conversation: Any, *extra: str, version: int = 176, state: Path | None = None) -> Any:
    """Run a conversation of a connected ib_insync with a gateway of its own."""

    async def run(gateway: Gateway) -> Any:
        async with connected(library, gateway, version=version) as ib:
            return await asyncio.wait_for(conversation(ib), 10)

    with start(order_world(*extra), clock=fixed_clock, state=state) as gateway:
        return asyncio.run(run(gateway))


async def _settle(ib: Any) -> None:
    """Wait until everything that was asked so far is answered."""
    await ib.reqCurrentTimeAsync()


def _status(trade: Any) -> tuple[str, float, float]:
    status = trade.orderStatus
    return status.status, status.filled, status.remaining


@pytest.mark.parametrize("version", VERSIONS)
def test_an_order_from_placing_to_every_query(library: Any, version: int) -> None:
    async def conversation(ib: Any) -> Any:
        contract, order = _order(library)
        order.algoStrategy, order.algoParams = (
            "Adaptive",
            [library.TagValue("adaptivePriority", "Patient")],
        )
        trade = ib.placeOrder(contract, order)
        await _settle(ib)
        (fill,) = trade.fills
        (done,) = await ib.reqCompletedOrdersAsync(False)
        (found,) = await ib.reqExecutionsAsync()
        positions = {
            p.contract.symbol: p.position for p in await ib.reqPositionsAsync() if p.account == "DU1"
        }
        return (
            _status(trade),
            (fill.execution.shares, fill.execution.price, fill.commissionReport.commission),
            (done.order.orderRef, done.order.filledQuantity, done.order.algoStrategy),
            (found.execution.execId, found.execution.orderRef),
            positions,
        )

    assert _run(library, conversation, version=version) == (
        FILLED,
        (10.0, 100.10, 1.0),
        ("ref", 10.0, "Adaptive"),
        ("0000e0d5.00000001.01.01", "ref"),
        {"VTI": 110.0},
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_what_if_order(library: Any, version: int) -> None:
    async def conversation(ib: Any) -> Any:
        state = await ib.whatIfOrderAsync(*_order(library))
        return state.initMarginChange, state.commission, ib.openTrades()

    assert _run(library, conversation, version=version) == ("500.50", 1.0, [])


def test_a_refused_what_if_order(library: Any) -> None:
    async def conversation(ib: Any) -> Any:
        with pytest.raises(library.wrapper.RequestError) as caught:
            await ib.whatIfOrderAsync(*_order(library, quantity=10**6))
        return caught.value.code

    assert _run(library, conversation) == 201


@pytest.mark.parametrize(
    ("keys", "status", "fills"),
    [
        ({"sequence": ["execution", "ack", "commission", "status"]}, FILLED, 1),
        ({"sequence": ["ack", "status", "execution", "commission"]}, FILLED, 1),
        ({"sequence": ["ack", "commission", "execution", "status"]}, FILLED, 1),
        ({"sequence": [word for word in COMPLETE for _ in range(2)]}, FILLED, 1),
        ({"parts": 4}, FILLED, 4),
        ({"parts": 2, "fills": 1}, ("Submitted", 5.0, 5.0), 1),
        ({"fills": 0}, WORKING, 0),
        ({"silence": "dropped"}, ("PendingSubmit", 0.0, 0.0), 0),
        ({"silence": "booked"}, ("PendingSubmit", 0.0, 0.0), 0),
        ({"correction_bps": "5"}, FILLED, 2),
        ({"sequence": ["ack", "1100", "1102", *COMPLETE[1:]]}, FILLED, 1),
        ({"sequence": ["ack", "404", "399", *COMPLETE[1:]]}, FILLED, 1),
        ({"sequence": ["ack", "10349", *COMPLETE[1:]]}, FILLED, 1),
        ({"sequence": ["ack", "10349"], "fills": 0}, ("Cancelled", 0.0, 10.0), 0),
        ({"sequence": ["ack", "cancel"], "fills": 0}, ("Cancelled", 0.0, 10.0), 0),
        ({"code": 201}, ("Cancelled", 0.0, 10.0), 0),
        ({"code": 442}, ("Cancelled", 0.0, 10.0), 0),
        ({"time_zone_text": "US/Central"}, FILLED, 1),
    ],
)
def test_each_behaviour_as_the_client_sees_it(
    library: Any, keys: dict[str, Any], status: tuple[str, float, float], fills: int
) -> None:
    async def conversation(ib: Any) -> Any:
        trade = ib.placeOrder(*_order(library))
        await _settle(ib)
        return _status(trade), len(trade.fills)

    assert _run(library, conversation, behaviour(**keys)) == (status, fills)


def test_delays_pass_on_the_gateways_clock(library: Any) -> None:
    slow = behaviour(after_sec="0.05", commission_after_sec="0.05", visible_after_sec="0.05")

    async def conversation(ib: Any) -> Any:
        trade = ib.placeOrder(*_order(library))
        await _settle(ib)
        first = _status(trade)
        charged = asyncio.get_running_loop().create_future()
        trade.commissionReportEvent += lambda *report: charged.set_result(_status(trade))
        filled = await asyncio.wait_for(charged, 5)
        while not (found := await ib.reqExecutionsAsync()):
            await asyncio.sleep(0.01)
        return first, filled, len(found)

    assert _run(library, conversation, slow) == (WORKING, FILLED, 1)


def test_an_execution_in_an_unknown_zone_is_lost_in_the_client(
    library: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def conversation(ib: Any) -> Any:
        trade = ib.placeOrder(*_order(library))
        await _settle(ib)
        return _status(trade), len(trade.fills)

    assert _run(library, conversation, behaviour(time_zone_text="Mars/Olympus")) == (FILLED, 0)
    assert "Mars/Olympus" in caplog.text


@pytest.mark.parametrize("count", range(6))
def test_a_hang_up_after_the_nth_message_leaves_the_order_to_be_found(library: Any, count: int) -> None:
    async def conversation(gateway: Gateway) -> Any:
        ib = library.IB()
        ib.wrapper.clientId = 1
        await ib.client.connectAsync(gateway.host, gateway.port, 1, 5)
        gone = asyncio.get_running_loop().create_future()
        ib.client.conn.disconnected += lambda text: gone.set_result(None)
        trade = ib.placeOrder(*_order(library))
        await asyncio.wait_for(gone, 5)
        seen = (trade.orderStatus.status, len(trade.fills))
        await hang_up(ib)
        async with connected(library, gateway) as again:
            return seen, len(await again.reqExecutionsAsync())

    with start(order_world(behaviour(hang_up_after=count)), clock=fixed_clock) as gateway:
        (status, fills), found = asyncio.run(conversation(gateway))
    assert (status, fills, found) == (
        "PendingSubmit" if count < 2 else "Submitted",
        0 if count < 3 else 1,
        1,
    )


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"account": ""}, 435),
        ({"account": "DU9"}, 321),
        ({"symbol": "NIX"}, 200),
        ({"quantity": 1.5}, 10243),
        ({"quantity": 10**6}, 201),
        ({"algoStrategy": "Vwap"}, 439),
        ({"tif": ""}, 10349),
    ],
)
def test_each_error_as_the_client_sees_it(library: Any, more: dict[str, Any], code: int) -> None:
    codes: list[int] = []

    async def conversation(ib: Any) -> None:
        ib.errorEvent += lambda request_id, number, *rest: codes.append(number)
        ib.placeOrder(*_order(library, **more))
        await _settle(ib)

    _run(library, conversation)
    assert [number for number in codes if number < 2100 or number > 2158] == [code]


def test_a_cancel_over_the_wire(library: Any) -> None:
    codes: list[int] = []

    async def conversation(ib: Any) -> Any:
        ib.errorEvent += lambda request_id, number, *rest: codes.append(number)
        trade = ib.placeOrder(*_order(library))
        await _settle(ib)
        ib.cancelOrder(trade.order)
        await _settle(ib)
        ib.client.cancelOrder(trade.order.orderId)
        ib.client.cancelOrder(999)
        await _settle(ib)
        return _status(trade)

    assert _run(library, conversation, behaviour(fills=0)) == ("Cancelled", 0.0, 10.0)
    assert [number for number in codes if number < 2100 or number > 2158] == [202, 10148, 10147]


def test_orders_of_several_accounts_survive_a_restart(library: Any, tmp_path: Path) -> None:
    path = tmp_path / "sim.json"

    async def first(ib: Any) -> None:
        ib.placeOrder(*_order(library, account="DU1", orderRef="one"))
        ib.placeOrder(*_order(library, account="DU2", orderRef="two", action="SELL", symbol="BND"))
        await _settle(ib)

    async def second(ib: Any) -> Any:
        done = await ib.reqCompletedOrdersAsync(False)
        return sorted((trade.order.account, trade.order.orderRef, trade.order.permId) for trade in done)

    _run(library, first, state=path)
    assert _run(library, second, state=path) == [("DU1", "one", 1500000001), ("DU2", "two", 1500000002)]
    ledger = describe(order_world(), path).ledger
    assert [(entry.account, entry.order_ref, entry.outcome) for entry in ledger] == [
        ("DU1", "one", "accepted"),
        ("DU2", "two", "accepted"),
    ]


def test_ids_that_were_rolled_back_are_given_out_again(library: Any, tmp_path: Path) -> None:
    async def conversation(ib: Any) -> Any:
        trade = ib.placeOrder(*_order(library))
        await _settle(ib)
        return trade.order.orderId, trade.order.permId

    extra = "[orders]\nroll_back_ids = true\n"
    path = tmp_path / "sim.json"
    assert _run(library, conversation, extra, state=path) == (1, 1500000001)
    assert _run(library, conversation, extra, state=path) == (1, 1500000002)
