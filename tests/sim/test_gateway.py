"""The whole gateway over TCP, with ib_insync unmodified."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from rebalplan.sim import Gateway, SimError, load_scenario, start

from .support import NOW, VERSIONS, Conversation, connected, fixed_clock, hang_up, talk, world


@pytest.fixture(scope="module")
def gateway() -> Any:
    with start(world(), clock=fixed_clock) as running:
        yield running


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_connect_asks_for_arrives(library: Any, gateway: Gateway, version: int) -> None:
    async def run() -> Any:
        ib = library.IB()
        ib.client.MaxClientVersion = version
        await ib.connectAsync(gateway.host, gateway.port, clientId=1, timeout=5)
        found = (
            ib.client.serverVersion(),
            ib.managedAccounts(),
            [(position.account, position.contract.conId, position.position) for position in ib.positions()],
            [(trade.order.orderRef, trade.orderStatus.status) for trade in ib.openTrades()],
            {value.account for value in ib.accountValues() if value.tag == "NetLiquidation"},
        )
        await hang_up(ib)
        return found

    assert asyncio.run(run()) == (
        version,
        ["DU1", "DU2"],
        [("DU1", 11, 10.0), ("DU1", 41, 2.0), ("DU2", 22, -3.0)],
        [("mine", "Submitted")],
        {"DU1", "DU2"},
    )


def test_the_clock_is_the_given_one(library: Any, gateway: Gateway) -> None:
    assert talk(library, gateway, lambda ib: ib.reqCurrentTimeAsync()) == NOW


@pytest.mark.parametrize("version", VERSIONS)
def test_contracts_qualify_by_symbol_and_by_con_id(library: Any, gateway: Gateway, version: int) -> None:
    async def conversation(ib: Any) -> Any:
        contracts = (library.Stock("VTI", "SMART", "USD"), library.Contract(conId=41))
        return await ib.qualifyContractsAsync(*contracts)

    vti, option = talk(library, gateway, conversation, version=version)
    assert (vti.conId, vti.primaryExchange, option.conId, option.strike) == (11, "ARCA", 41, 300.0)


def test_an_ambiguous_symbol_gives_every_contract(library: Any, gateway: Gateway) -> None:
    details = talk(library, gateway, lambda ib: ib.reqContractDetailsAsync(library.Stock("XYZ")))
    assert [detail.contract.conId for detail in details] == [21, 22]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_snapshot_gives_a_ticker(library: Any, gateway: Gateway, version: int) -> None:
    (ticker,) = talk(
        library, gateway, lambda ib: ib.reqTickersAsync(library.Stock("VTI", "SMART", "USD")), version=version
    )
    assert (ticker.bid, ticker.ask, ticker.last, ticker.close) == (312.39, 312.41, 312.40, 311.86)
    assert (ticker.bidSize, ticker.halted, ticker.marketDataType) == (100.0, 0.0, 1)


def test_delayed_data_after_asking_for_them(library: Any, gateway: Gateway) -> None:
    async def conversation(ib: Any) -> Any:
        ib.reqMarketDataType(3)
        return await ib.reqTickersAsync(library.Stock("DLY", "SMART", "USD"))

    (ticker,) = talk(library, gateway, conversation)
    assert (ticker.bid, ticker.last, ticker.close, ticker.marketDataType) == (5.01, 5.015, 5.1, 3)


def test_a_stream_is_filled_and_cancelled(library: Any, gateway: Gateway) -> None:
    async def conversation(ib: Any) -> Any:
        contract = library.Stock("VTI", "SMART", "USD")
        ticker = ib.reqMktData(contract)
        await ib.reqCurrentTimeAsync()
        ib.cancelMktData(contract)
        await ib.reqCurrentTimeAsync()
        return ticker

    assert talk(library, gateway, conversation).last == 312.40


def test_account_updates_fill_the_portfolio(library: Any, gateway: Gateway) -> None:
    async def conversation(ib: Any) -> Any:
        await ib.reqAccountUpdatesAsync("DU1")
        return [(item.contract.conId, item.marketValue) for item in ib.wrapper.portfolio["DU1"].values()]

    assert talk(library, gateway, conversation) == [(11, 3124.0), (41, 7700.0)]


def test_a_summary_has_every_account(library: Any, gateway: Gateway) -> None:
    rows = talk(library, gateway, lambda ib: ib.accountSummaryAsync())
    assert {row.account for row in rows if row.tag == "NetLiquidation"} == {"DU1", "DU2"}


def test_orders_and_executions(library: Any, gateway: Gateway) -> None:
    async def conversation(ib: Any) -> Any:
        own = await ib.reqOpenOrdersAsync()
        every = await ib.reqAllOpenOrdersAsync()
        return len(own), len(every), await ib.reqCompletedOrdersAsync(False), await ib.reqExecutionsAsync()

    assert talk(library, gateway, conversation) == (1, 2, [], [])


def test_positions_of_one_account(library: Any, gateway: Gateway) -> None:
    rows: list[tuple[Any, ...]] = []

    async def conversation(ib: Any) -> None:
        over = asyncio.get_running_loop().create_future()
        ib.wrapper.positionMulti = lambda *row: rows.append(row)
        ib.wrapper.positionMultiEnd = over.set_result
        ib.client.decoder.handlers[72] = ib.client.decoder.wrap("positionMultiEnd", [int])
        ib.client.reqPositionsMulti(ib.client.getReqId(), "DU2", "")
        await over

    talk(library, gateway, conversation)
    assert [(row[1], row[3].conId, row[4], row[5]) for row in rows] == [("DU2", 22, -3.0, 21.0)]


def _error_code(library: Any, gateway: Gateway, conversation: Conversation) -> int:
    with pytest.raises(library.wrapper.RequestError) as caught:
        talk(library, gateway, conversation)
    return int(caught.value.code)


def test_an_unknown_contract_is_error_200(library: Any, gateway: Gateway) -> None:
    assert _error_code(library, gateway, lambda ib: ib.reqContractDetailsAsync(library.Stock("NOPE"))) == 200


def test_no_market_data_is_error_354(library: Any, gateway: Gateway) -> None:
    contract = library.Stock("NON", "SMART", "USD")
    assert _error_code(library, gateway, lambda ib: ib.reqTickersAsync(contract)) == 354


def test_an_unknown_account_is_error_321(library: Any, gateway: Gateway) -> None:
    assert _error_code(library, gateway, lambda ib: ib.reqAccountUpdatesMultiAsync("DU9")) == 321


def test_the_third_summary_is_error_322(library: Any, gateway: Gateway) -> None:
    async def conversation(ib: Any) -> None:
        for _ in range(3):
            await ib.reqAccountSummaryAsync()

    assert _error_code(library, gateway, conversation) == 322


def test_a_client_id_in_use_is_error_326_and_a_lost_connection(library: Any, gateway: Gateway) -> None:
    async def run() -> list[int]:
        errors: list[int] = []
        async with connected(library, gateway, client_id=6):
            second = library.IB()
            second.errorEvent += lambda *error: errors.append(error[1])
            gone = asyncio.get_running_loop().create_future()
            second.client.apiError += lambda text: errors.append(0)
            second.client.conn.disconnected += gone.set_result
            attempt = asyncio.ensure_future(second.client.connectAsync(gateway.host, gateway.port, 6, 5))
            await asyncio.wait_for(gone, 5)
            attempt.cancel()
            await asyncio.gather(attempt, return_exceptions=True)
            await hang_up(second)
        return errors

    assert 326 in asyncio.run(run())


def test_read_only_refuses_open_orders(library: Any) -> None:
    codes: list[tuple[int, int]] = []

    async def conversation(ib: Any) -> None:
        ib.errorEvent += lambda request_id, code, *rest: codes.append((request_id, code))
        ib.client.reqOpenOrders()
        await ib.reqCurrentTimeAsync()

    with start(world(), read_only=True) as gateway:
        talk(library, gateway, conversation)
    assert codes == [(2147483647, 321)]


def test_the_record_counts_connections_and_keeps_messages(library: Any) -> None:
    async def run(gateway: Gateway) -> int:
        async with connected(library, gateway, client_id=1), connected(library, gateway, client_id=2):
            return gateway.connections_now

    with start(world()) as gateway:
        assert asyncio.run(run(gateway)) == 2
        asyncio.run(_until(lambda: gateway.connections_now == 0))
        assert gateway.max_connections == 2
        assert {event.kind for event in gateway.log} == {"open", "request", "sent", "close"}
        starts = [event.client_id for event in gateway.log if event.message_id == 9 and event.kind == "sent"]
        assert starts == [1, 2]


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def test_closing_hangs_up_and_may_happen_twice(library: Any) -> None:
    gateway = start(world())

    async def conversation(ib: Any) -> bool:
        gateway.close()
        await _until(lambda: not ib.client.isConnected())
        return bool(ib.client.isReady())

    assert talk(library, gateway, conversation) is False
    gateway.close()
    with pytest.raises(ConnectionRefusedError), socket.create_connection((gateway.host, gateway.port)):
        pass


def test_a_port_in_use_is_told_in_a_sentence() -> None:
    with (
        start(world()) as gateway,
        pytest.raises(SimError, match=rf"cannot listen on 127\.0\.0\.1:{gateway.port}"),
    ):
        start(world(), port=gateway.port)


def test_a_port_that_does_not_exist_is_told_too() -> None:
    with pytest.raises(SimError, match="cannot listen on"):
        start(world(), port=70000)


def test_a_gateway_starts_beside_a_running_event_loop() -> None:
    async def run() -> int:
        with start(world()) as gateway:
            return gateway.port

    assert asyncio.run(run()) > 0


def test_a_client_of_another_protocol_is_dropped() -> None:
    with (
        start(world()) as gateway,
        socket.create_connection((gateway.host, gateway.port), timeout=5) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert client.recv(100) == b""


def test_the_default_clock_is_now(library: Any) -> None:
    with start(load_scenario(None)) as gateway:
        told = talk(library, gateway, lambda ib: ib.reqCurrentTimeAsync())
    assert abs((datetime.now(UTC) - told).total_seconds()) < 60


def test_importing_the_package_loads_no_asyncio_and_no_client() -> None:
    code = "import sys, rebalplan.sim; print(sorted({'asyncio', 'socket', 'ib_insync'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
