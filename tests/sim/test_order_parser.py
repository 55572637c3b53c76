"""placeOrder as ib_insync writes it, in every version."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.sim.wire.frames import WireError, decode
from rebalplan.sim.wire.request_parser import find_order_id, parse_request
from rebalplan.sim.wire.requests import CancelOrder, GlobalCancel, PlaceOrder

from .orders import adaptive, place
from .support import stock

EVERY_VERSION = pytest.mark.parametrize("version", range(145, 177))


class FakeConnection:
    """Keeps what a client sends."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def sendMsg(self, message: bytes) -> None:  # noqa: N802  # the library's name
        self.sent.append(message)

    def isConnected(self) -> bool:  # noqa: N802  # the library's name
        return True


def record(library: Any, version: int, send: Any) -> tuple[str, ...]:
    """Return the fields of the one message that ib_insync's client sends."""
    client = library.client.Client(None)
    client.conn = FakeConnection()
    client.connState = client.CONNECTED
    client._serverVersion = version

    async def run() -> None:
        send(client)

    asyncio.run(run())
    (message,) = client.conn.sent
    assert int.from_bytes(message[:4], "big") == len(message) - 4
    return decode(message[4:])


def read(library: Any, version: int, contract: Any, order: Any) -> PlaceOrder:
    """Return the order as the gateway reads it."""
    fields = record(library, version, lambda client: client.placeOrder(7, contract, order))
    request = parse_request(fields, version)
    assert isinstance(request, PlaceOrder)
    return request


@EVERY_VERSION
def test_a_market_order(library: Any, version: int) -> None:
    order = library.MarketOrder("SELL", 12, account="DU1", orderRef="ref", tif="DAY")
    request = read(library, version, library.Stock("VTI", "SMART", "USD"), order)
    assert (request.order_id, request.side, request.quantity) == (7, "SELL", Decimal(12))
    assert (request.order_type, request.limit_price, request.tif) == ("MKT", Decimal(0), "DAY")
    assert (request.account, request.order_ref, request.is_transmitted) == ("DU1", "ref", True)
    assert (request.contract.symbol, request.contract.currency) == ("VTI", "USD")
    assert (request.algo, request.is_what_if, request.outside_hours) == ("", False, False)


@EVERY_VERSION
def test_an_adaptive_limit_order_that_asks_what_if(library: Any, version: int) -> None:
    order = library.LimitOrder("BUY", 3, 99.5, account="DU2", tif="GTC", outsideRth=True, whatIf=True)
    order.algoStrategy = "Adaptive"
    order.algoParams = [library.TagValue("adaptivePriority", "Urgent")]
    request = read(library, version, library.Contract(conId=11, exchange="SMART"), order)
    assert (request.contract.con_id, request.limit_price, request.tif) == (11, Decimal("99.5"), "GTC")
    assert (request.algo, request.algo_parameters) == ("Adaptive", (("adaptivePriority", "Urgent"),))
    assert (request.is_what_if, request.outside_hours) == (True, True)


@EVERY_VERSION
def test_the_optional_groups_move_nothing(library: Any, version: int) -> None:
    order = library.MarketOrder("BUY", 1, account="DU1", whatIf=True)
    order.deltaNeutralOrderType = "MKT"
    order.scalePriceIncrement = 0.5
    order.hedgeType = "D"
    order.algoStrategy = "Adaptive"
    contract = library.Stock("VTI", "SMART", "USD")
    contract.deltaNeutralContract = library.contract.DeltaNeutralContract(1, 0.5, 2.0)
    request = read(library, version, contract, order)
    assert (request.algo, request.algo_parameters, request.is_what_if) == ("Adaptive", (), True)


@EVERY_VERSION
def test_a_cancel_and_a_global_cancel(library: Any, version: int) -> None:
    fields = record(library, version, lambda client: client.cancelOrder(9))
    assert parse_request(fields, version) == CancelOrder(9)
    fields = record(library, version, lambda client: client.reqGlobalCancel())
    assert parse_request(fields, version) == GlobalCancel()


@pytest.mark.parametrize(("version", "count"), [(157, 110), (158, 111), (166, 114), (176, 115)])
def test_the_recorded_order_has_the_known_length(library: Any, version: int, count: int) -> None:
    order = library.MarketOrder("BUY", 1)
    fields = record(
        library, version, lambda client: client.placeOrder(1, library.Stock("VTI", "SMART", "USD"), order)
    )
    assert len(fields) == count


def test_the_order_of_the_tests_is_one_of_the_clients(library: Any) -> None:
    contract = library.Stock("VTI", "SMART", "USD")
    order = library.MarketOrder("BUY", 10, account="DU1", tif="DAY")
    order.algoStrategy = "Adaptive"
    order.algoParams = [library.TagValue("adaptivePriority", "Normal")]
    recorded = record(library, 176, lambda client: client.placeOrder(1, contract, order))
    ours = place(**adaptive())
    assert parse_request(ours, 176) == parse_request(recorded, 176)


def test_the_number_of_an_order_is_found_although_the_rest_makes_no_sense() -> None:
    assert find_order_id(("3", "88", "x")) == 88
    assert find_order_id(("4", "1", "78", "")) == 78
    assert find_order_id(("3", "x")) == find_order_id(("4",)) == -1


@pytest.mark.parametrize("unset", ["", "0", "0.0", "1.7976931348623157e+308", "1.7976931348623157E308"])
def test_unset_numbers_and_empty_flags_are_read_leniently(unset: str) -> None:
    contract = ("", "VTI", "STK", "", unset, "", "", "SMART", "", "USD", "", "")
    request = parse_request(place(contract=contract, limit=unset, outside="", what_if=""), 176)
    assert isinstance(request, PlaceOrder)
    assert (request.contract.con_id, request.contract.strike, request.limit_price) == (
        0,
        Decimal(0),
        Decimal(0),
    )
    assert (request.outside_hours, request.is_what_if) == (False, False)


def test_flags_may_be_words() -> None:
    request = parse_request(place(outside="true", what_if="False"), 176)
    assert isinstance(request, PlaceOrder)
    assert (request.outside_hours, request.is_what_if) == (True, False)


def test_a_combination_is_read_as_far_as_it_is_named() -> None:
    bag = ("0", "VTI", "BAG", *stock("VTI")[3:])
    request = parse_request(place(contract=bag), 176)
    assert isinstance(request, PlaceOrder)
    assert (request.contract.sec_type, request.quantity, request.algo) == ("BAG", Decimal(10), "")


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    cut=st.integers(1, 115), at=st.integers(0, 114), text=st.text(max_size=12), version=st.integers(145, 176)
)
def test_whatever_is_sent_is_read_or_refused(cut: int, at: int, text: str, version: int) -> None:
    fields = list(place(**adaptive()))[:cut]
    fields[min(at, len(fields) - 1)] = text
    try:
        request = parse_request(("3", *fields[1:]), version)
    except WireError:
        return
    assert isinstance(request, PlaceOrder)
