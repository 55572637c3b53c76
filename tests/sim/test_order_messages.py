"""Each message about orders through the decoder of a real client library, per version."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rebalplan.sim.accounts.book import Book
from rebalplan.sim.orders.order_model import Execution, WorkingOrder
from rebalplan.sim.wire import execution_layout, order_layout
from rebalplan.sim.wire.order_layout import Margins

from .interpreter import FakeWrapper, Interpreter
from .orders import order_world
from .support import NOW, VERSIONS

VERSIONED = pytest.mark.parametrize("version", VERSIONS)
VTI = Book(order_world()).instruments[11]
ORDER = WorkingOrder(
    account="DU1",
    con_id=11,
    side="BUY",
    quantity=Decimal(10),
    order_type="MKT",
    limit_price=Decimal(0),
    tif="DAY",
    order_ref="ref",
    client_id=3,
    order_id=5,
    perm_id=1500000001,
    status="Submitted",
    algo="Adaptive",
    algo_parameters=(("adaptivePriority", "Normal"),),
    filled=Decimal(3),
    value=Decimal("301.00"),
    last_price=Decimal("100.40"),
    why_held="locate",
)
FILLED = msgspec.structs.replace(
    ORDER,
    status="Filled",
    filled=Decimal(10),
    value=Decimal("1001.00"),
    completed=NOW,
    completed_status="Filled Size: 10",
)
EXECUTION = Execution(
    exec_id="0000e0d5.00000001.01.01",
    perm_id=1500000001,
    order_id=5,
    client_id=3,
    account="DU1",
    con_id=11,
    side="SELL",
    quantity=Decimal(3),
    price=Decimal("100.40"),
    cumulative=Decimal(7),
    average_price=Decimal("100.20"),
    order_ref="ref",
    commission=Decimal("1.05"),
    realized=Decimal("28.95"),
    time=NOW,
    time_text="20261124 10:00:00 US/Eastern",
)
MARGINS = Margins(
    initial_before=Decimal(100),
    maintenance_before=Decimal(50),
    equity_before=Decimal(1000),
    initial_after=Decimal(150),
    maintenance_after=Decimal(75),
    equity_after=Decimal(999),
    commission=Decimal("1.00"),
    currency="USD",
)


@VERSIONED
def test_an_order_with_an_algo(interpret: Interpreter, version: int) -> None:
    _, order_id, contract, order, state = interpret(order_layout.open_order(version, ORDER, VTI), version)
    assert (order_id, contract.conId, state.status) == (5, 11, "Submitted")
    assert (order.algoStrategy, order.algoParams[0].tag, order.algoParams[0].value) == (
        "Adaptive",
        "adaptivePriority",
        "Normal",
    )
    assert (order.whatIf, order.conditions, order.permId, order.orderRef) == (False, [], 1500000001, "ref")


@VERSIONED
def test_a_what_if_order_has_its_margins(interpret: Interpreter, version: int) -> None:
    message = order_layout.open_order(version, ORDER, VTI, MARGINS)
    order, state = interpret(message, version)[3:]
    assert order.whatIf is True
    assert (state.initMarginBefore, state.initMarginChange, state.initMarginAfter) == (
        "100.00",
        "50.00",
        "150.00",
    )
    assert (state.maintMarginChange, state.equityWithLoanChange) == ("25.00", "-1.00")
    assert (state.commission, state.commissionCurrency) == (1.0, "USD")


@VERSIONED
def test_the_status_of_a_partly_filled_order(interpret: Interpreter, version: int) -> None:
    message = order_layout.order_status(ORDER)
    assert len(message) == 12
    assert interpret(message, version) == (
        "orderStatus",
        *(5, "Submitted", 3.0, 7.0, 100.33333333, 1500000001, 0, 100.4, 3, "locate", 0.0),
    )


@VERSIONED
def test_an_execution_has_31_fields(interpret: Interpreter, version: int) -> None:
    message = execution_layout.execution(-1, EXECUTION, VTI)
    assert len(message) == 31
    _, request_id, contract, execution = interpret(message, version)
    assert (request_id, contract.conId, contract.symbol) == (-1, 11, "VTI")
    assert (execution.execId, execution.orderId, execution.clientId) == ("0000e0d5.00000001.01.01", 5, 3)
    assert (execution.acctNumber, execution.side, execution.shares, execution.price) == (
        "DU1",
        "SLD",
        3.0,
        100.4,
    )
    assert (execution.cumQty, execution.avgPrice, execution.permId) == (7.0, 100.2, 1500000001)
    assert (execution.orderRef, execution.time) == ("ref", datetime(2026, 11, 24, 15, tzinfo=UTC))


@VERSIONED
def test_a_commission_has_8_fields(interpret: Interpreter, version: int) -> None:
    message = execution_layout.commission(EXECUTION, "USD")
    assert len(message) == 8
    (_, report) = interpret(message, version)
    assert (report.execId, report.commission, report.currency, report.realizedPNL) == (
        "0000e0d5.00000001.01.01",
        1.05,
        "USD",
        28.95,
    )


@VERSIONED
def test_an_opening_fill_has_no_profit(interpret: Interpreter, version: int) -> None:
    opening = msgspec.structs.replace(EXECUTION, realized=Decimal(0))
    (_, report) = interpret(execution_layout.commission(opening, "USD"), version)
    assert report.realizedPNL == 1.7976931348623157e308


@VERSIONED
def test_a_filled_order_has_its_size_in_the_filled_quantity(interpret: Interpreter, version: int) -> None:
    message = execution_layout.completed_order(version, FILLED, VTI, "20261124 10:00:00 US/Eastern")
    _, contract, order, state = interpret(message, version)
    assert (contract.conId, order.totalQuantity, order.filledQuantity) == (11, 0.0, 10.0)
    assert (order.orderRef, order.permId, order.account, order.orderId) == ("ref", 1500000001, "DU1", 0)
    assert (order.algoStrategy, order.algoParams[0].value) == ("Adaptive", "Normal")
    assert (state.status, state.completedTime, state.completedStatus) == (
        "Filled",
        "20261124 10:00:00 US/Eastern",
        "Filled Size: 10",
    )


@VERSIONED
def test_a_cancelled_order_keeps_its_quantity(interpret: Interpreter, version: int) -> None:
    order = msgspec.structs.replace(ORDER, status="Cancelled", algo="", completed=NOW)
    _, _, done, state = interpret(execution_layout.completed_order(version, order, VTI, "x"), version)
    assert (done.totalQuantity, done.filledQuantity, state.status) == (10.0, 3.0, "Cancelled")


def test_a_completed_order_is_read_to_its_last_field(library: Any) -> None:
    for version in VERSIONS:
        message = list(execution_layout.completed_order(version, FILLED, VTI, "x"))
        decoder = library.decoder.Decoder(FakeWrapper(), version)
        decoder.completedOrder(message)
        with pytest.raises(ValueError, match="unpack"):
            decoder.completedOrder(message[:-1])
