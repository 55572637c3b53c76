"""Each outgoing message through the decoder of a real client library, per version."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebalplan.sim.accounts.book import Book
from rebalplan.sim.wire import layouts, messages, order_layout
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import Out, Tick

from .interpreter import FakeWrapper, Interpreter
from .support import VERSIONS, world

BOOK = Book(world())
VTI, OPTION = BOOK.instruments[11], BOOK.instruments[41]
HOURS = ("US/Eastern", "20261124:0400-20261124:2000", "20261124:0930-20261124:1600")
VERSIONED = pytest.mark.parametrize("version", VERSIONS)


SMALL: list[tuple[Message, tuple[Any, ...]]] = [
    (messages.managed_accounts(["DU1", "DU2"]), ("managedAccounts", "DU1,DU2")),
    (messages.next_valid_id(7), ("nextValidId", 7)),
    (messages.current_time(1700000000), ("currentTime", 1700000000)),
    (messages.account_value("T", "1.00", "USD", "DU1"), ("updateAccountValue", "T", "1.00", "USD", "DU1")),
    (messages.account_time("10:00"), ("updateAccountTime", "10:00")),
    (messages.account_download_end("DU1"), ("accountDownloadEnd", "DU1")),
    (messages.account_summary(5, "DU1", "T", "1", "USD"), ("accountSummary", 5, "DU1", "T", "1", "USD")),
    (
        messages.account_update_multi(5, "DU1", "T", "1", ""),
        ("accountUpdateMulti", 5, "DU1", "", "T", "1", ""),
    ),
    (messages.list_end(Out.ACCOUNT_SUMMARY_END, 5), ("accountSummaryEnd", 5)),
    (messages.list_end(Out.ACCOUNT_UPDATE_MULTI_END, 5), ("accountUpdateMultiEnd", 5)),
    (messages.list_end(Out.POSITION_MULTI_END, 5), ("positionMultiEnd", 5)),
    (messages.list_end(Out.CONTRACT_DETAILS_END, 5), ("contractDetailsEnd", 5)),
    (messages.list_end(Out.EXECUTIONS_END, 5), ("execDetailsEnd", 5)),
    (messages.list_end(Out.SNAPSHOT_END, 5), ("tickSnapshotEnd", 5)),
    (messages.open_order_end(), ("openOrderEnd",)),
    (messages.position_end(), ("positionEnd",)),
    (messages.completed_orders_end(), ("completedOrdersEnd",)),
    (messages.market_data_type(5, 3), ("marketDataType", 5, 3)),
    (messages.tick_price(5, Tick.BID, Decimal("1.5"), 100), ("priceSizeTick", 5, 1, 1.5, 100.0)),
    (messages.tick_size(5, Tick.BID_SIZE, 100), ("tickSize", 5, 0, 100.0)),
    (messages.tick_generic(5, Tick.HALTED, 1), ("tickGeneric", 5, 49, 1.0)),
    (messages.tick_string(5, Tick.LAST_TIMESTAMP, "17"), ("tickString", 5, 45, "17")),
]


@VERSIONED
@pytest.mark.parametrize(("message", "call"), SMALL)
def test_a_small_message(
    interpret: Interpreter, version: int, message: Message, call: tuple[Any, ...]
) -> None:
    assert interpret(message, version) == call


@VERSIONED
def test_an_error(interpret: Interpreter, version: int) -> None:
    assert interpret(messages.error(version, 5, 200, "no"), version) == ("error", 5, 200, "no", "")


@pytest.mark.parametrize(("version", "text"), [(157, r"B\u00f6rse"), (176, r"B\u00f6rse")])
def test_an_error_text_outside_ascii_is_escaped(version: int, text: str) -> None:
    assert messages.error(version, 5, 200, "Börse")[4] == text


@VERSIONED
@pytest.mark.parametrize("instrument", [VTI, OPTION])
def test_contract_details(interpret: Interpreter, version: int, instrument: Any) -> None:
    message = layouts.contract_details(version, 5, instrument, "SMART", HOURS)
    _, request_id, details = interpret(message, version)
    contract = details.contract
    assert request_id == 5
    assert (contract.conId, contract.symbol, contract.secType) == (
        instrument.con_id,
        instrument.symbol,
        instrument.sec_type,
    )
    assert (contract.exchange, contract.primaryExchange) == ("SMART", instrument.primary_exchange)
    assert (contract.strike, contract.right) == (float(instrument.strike), instrument.right)
    assert (contract.multiplier, contract.localSymbol) == (
        instrument.multiplier_text,
        instrument.local_symbol,
    )
    assert contract.lastTradeDateOrContractMonth == instrument.expiry
    assert (details.timeZoneId, details.tradingHours, details.liquidHours) == HOURS
    assert (details.longName, details.minTick) == (instrument.name, float(instrument.min_tick))
    assert (details.stockType, details.realExpirationDate) == (instrument.stock_type, instrument.expiry)
    assert details.suggestedSizeIncrement == (100 if version >= 163 else 0)
    assert details.sizeIncrement == (0.0001 if version >= 164 else 0)


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        (157, 39),
        (163, 40),
        (164, 40),
        (176, 40),
    ],
)
def test_contract_details_have_the_fields_of_their_version(version: int, fields: int) -> None:
    assert len(layouts.contract_details(version, 5, VTI, "SMART", HOURS)) == fields


def test_a_name_outside_ascii_survives(interpret: Interpreter) -> None:
    named = world(base='[[instrument]]\ncon_id = 1\nsymbol = "A"\nname = "Börse"\n[[account]]\nid = "DU1"\n')
    message = layouts.contract_details(176, 5, named.instruments[0], "SMART", HOURS)
    assert r"B\u00f6rse" in message
    assert interpret(message, 176)[2].longName == "Börse"


@VERSIONED
def test_positions(interpret: Interpreter, version: int) -> None:
    ((_, shares), (_, options)) = BOOK.positions("DU1")
    _, account, contract, quantity, cost = interpret(layouts.position("DU1", VTI, shares), version)
    assert (account, contract.conId, quantity, cost) == ("DU1", 11, 10.0, 231.48)
    row = layouts.position_multi(5, "DU1", OPTION, options)
    _, request_id, account, model, contract, quantity, cost = interpret(row, version)
    assert (request_id, account, model, contract.conId) == (5, "DU1", "", 41)
    assert (contract.multiplier, contract.strike, quantity, cost) == ("100", 300.0, 2.0, 3120.0)


@VERSIONED
def test_a_portfolio_row_carries_its_market_value(interpret: Interpreter, version: int) -> None:
    (_, (_, options)) = BOOK.positions("DU1")
    row = layouts.portfolio_value("DU1", OPTION, options)
    assert len(row) == 20
    _, contract, *numbers, account = interpret(row, version)
    assert (contract.conId, account) == (41, "DU1")
    assert numbers == [2.0, 38.5, 7700.0, 3120.0, 1460.0, 0.0]


@VERSIONED
def test_an_open_order(interpret: Interpreter, version: int) -> None:
    market, limit = BOOK.orders
    _, order_id, contract, order, state = interpret(order_layout.open_order(version, market, VTI), version)
    assert (order_id, contract.conId, state.status) == (5, 11, "Submitted")
    assert (order.action, order.totalQuantity, order.orderType, order.tif) == ("BUY", 3.0, "MKT", "DAY")
    assert (order.account, order.orderRef, order.clientId, order.permId) == ("DU1", "mine", 1, 501)
    assert (order.whatIf, order.algoStrategy, order.conditions, order.hedgeType) == (False, "", [], "")
    assert (order.trailStopPrice, order.usePriceMgmtAlgo) == (1.7976931348623157e308, False)
    order = interpret(order_layout.open_order(version, limit, VTI), version)[3]
    assert (order.action, order.orderType, order.lmtPrice) == ("SELL", "LMT", 74.5)


def test_an_open_order_is_read_to_its_last_field(library: Any) -> None:
    for version in VERSIONS:
        message = list(order_layout.open_order(version, BOOK.orders[0], VTI))
        with pytest.raises(ValueError, match=r"unpack|pop|not enough"):
            _read_open_order(library, version, message[:-1])
        _read_open_order(library, version, message)


def _read_open_order(library: Any, version: int, fields: list[str]) -> None:
    try:
        library.decoder.Decoder(FakeWrapper(), version).openOrder(fields)
    except IndexError as error:
        raise ValueError(f"unpack: {error}") from error


@pytest.mark.parametrize(
    ("version", "more"), [(157, 0), (158, 1), (159, 1), (160, 2), (162, 3), (169, 3), (170, 8), (176, 8)]
)
def test_an_open_order_grows_with_the_version(version: int, more: int) -> None:
    at_157 = len(order_layout.open_order(157, BOOK.orders[0], VTI))
    assert len(order_layout.open_order(version, BOOK.orders[0], VTI)) == at_157 + more


@pytest.mark.parametrize("version", range(157, 176))
def test_a_newer_open_order_differs_by_whole_fields_only(version: int) -> None:
    older = len(order_layout.open_order(version, BOOK.orders[0], VTI))
    newer = len(order_layout.open_order(version + 1, BOOK.orders[0], VTI))
    expected = {
        157: 1,
        159: 1,
        161: 1,
        169: 5,
    }
    assert newer - older == expected.get(version, 0)


@VERSIONED
def test_an_order_status(interpret: Interpreter, version: int) -> None:
    message = order_layout.order_status(BOOK.orders[0])
    assert len(message) == 12
    call = interpret(message, version)
    assert call == ("orderStatus", 5, "Submitted", 0.0, 3.0, 0.0, 501, 0, 0.0, 1, "", 0.0)


def test_every_end_marker_is_known_as_one() -> None:
    assert {int(end) for end in messages.END_MARKERS} == {52, 53, 54, 55, 57, 62, 64, 72, 74, 102}
