"""Turn the fields of a client's message into a request.

Field layouts after the public TWS API documentation; fields that this gateway does not use are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rebalplan.sim.wire.contract_parser import read_contract
from rebalplan.sim.wire.frames import FieldReader, Message, WireError, read_integer
from rebalplan.sim.wire.order_parser import read_cancel_order, read_place_order
from rebalplan.sim.wire.requests import (
    NO_REQUEST_ID,
    Accepted,
    AccountSummary,
    AccountUpdates,
    AccountUpdatesMulti,
    AllOpenOrders,
    AutoOpenOrders,
    CancelAccountSummary,
    CancelMarketData,
    CompletedOrders,
    ContractDetails,
    CurrentTime,
    Executions,
    GlobalCancel,
    In,
    ManagedAccounts,
    MarketData,
    MarketDataType,
    NextIds,
    OpenOrders,
    Positions,
    PositionsMulti,
    Request,
    StartApi,
    Unsupported,
)

_ACCEPTED: Final = frozenset(
    {In.SERVER_LOG_LEVEL, In.CANCEL_POSITIONS, In.CANCEL_POSITIONS_MULTI, In.CANCEL_ACCOUNT_UPDATES_MULTI}
)
# The two sets below have the ids of requests that this gateway does not support, by where their request id stands.
# 91 (market rule) is in neither: its one number is a rule, so an error with it would end another request.
_ID_FIRST: Final = frozenset({20, 22, 78, 79, 81, 83, 84, *range(86, 91), *range(92, 99), *range(100, 105)})
_ID_AFTER_VERSION: Final = frozenset({10, 11, 21, 23, 25, *range(50, 58), 67, 68, 69, 70})


def parse_request(fields: Message, version: int) -> StartApi | Request:
    """Return the request in the fields of one message, as ``version`` lays it out.

    Raises ``WireError`` when the id or a field is of the wrong kind.
    """
    if not fields[0]:
        raise WireError("a message without an id")
    message_id = read_integer(fields[0])
    if message_id == In.START_API:
        return StartApi(FieldReader(fields, start=2).integer())
    if message_id in _ACCEPTED:
        return Accepted(message_id)
    if message_id == In.PLACE_ORDER:
        return read_place_order(FieldReader(fields, start=1))
    parse = _PARSERS.get(message_id)
    if parse is None:
        return Unsupported(message_id, _find_request_id(fields, message_id))
    return parse(FieldReader(fields, start=1))


def find_order_id(fields: Message) -> int:
    """Return the order id of an unreadable order message, -1 when the id is unreadable too."""
    # cancelOrder has a version in front of the order id, placeOrder has none since version 145.
    is_unversioned = read_integer(fields[0]) == In.PLACE_ORDER
    try:
        return read_integer(fields[1 if is_unversioned else 2])
    except (WireError, IndexError):
        return NO_REQUEST_ID


def _find_request_id(fields: Message, message_id: int) -> int:
    at = 0
    if message_id in _ID_AFTER_VERSION:
        at = 2
    elif message_id in _ID_FIRST:
        at = 1
    return read_integer(fields[at]) if 0 < at < len(fields) else NO_REQUEST_ID


def _versioned(build: Callable[[FieldReader], Request]) -> Callable[[FieldReader], Request]:
    """Return a parser that skips the version field in front."""

    def parse(reader: FieldReader) -> Request:
        reader.text()
        return build(reader)

    return parse


def _market_data(reader: FieldReader) -> Request:
    request_id, contract = reader.integer(), read_contract(reader)
    if contract.sec_type == "BAG":
        raise WireError("combinations are not supported")
    if reader.boolean():
        for _ in range(3):
            reader.text()
    reader.text()
    return MarketData(request_id, contract, reader.boolean())


def _executions(reader: FieldReader) -> Request:
    return Executions(
        reader.integer(),
        client_id=reader.integer(),
        account=reader.text(),
        since=reader.text(),
        symbol=reader.text(),
        sec_type=reader.text(),
        exchange=reader.text(),
        side=reader.text(),
    )


def _account_summary(reader: FieldReader) -> Request:
    request_id, group = reader.integer(), reader.text()
    return AccountSummary(request_id, group, tuple(tag for tag in reader.text().split(",") if tag))


_PARSERS: Final[dict[int, Callable[[FieldReader], Request]]] = {
    In.MARKET_DATA: _versioned(_market_data),
    In.CANCEL_MARKET_DATA: _versioned(lambda r: CancelMarketData(r.integer())),
    In.CANCEL_ORDER: read_cancel_order,
    In.OPEN_ORDERS: lambda r: OpenOrders(),
    In.ACCOUNT_UPDATES: _versioned(lambda r: AccountUpdates(r.boolean(), r.text())),
    In.EXECUTIONS: _versioned(_executions),
    In.NEXT_IDS: lambda r: NextIds(),
    In.CONTRACT_DETAILS: _versioned(lambda r: ContractDetails(r.integer(), read_contract(r))),
    In.AUTO_OPEN_ORDERS: _versioned(lambda r: AutoOpenOrders(r.boolean())),
    In.ALL_OPEN_ORDERS: lambda r: AllOpenOrders(),
    In.MANAGED_ACCOUNTS: lambda r: ManagedAccounts(),
    In.CURRENT_TIME: lambda r: CurrentTime(),
    In.GLOBAL_CANCEL: lambda r: GlobalCancel(),
    In.MARKET_DATA_TYPE: _versioned(lambda r: MarketDataType(r.integer())),
    In.POSITIONS: lambda r: Positions(),
    In.ACCOUNT_SUMMARY: _versioned(_account_summary),
    In.CANCEL_ACCOUNT_SUMMARY: _versioned(lambda r: CancelAccountSummary(r.integer())),
    In.POSITIONS_MULTI: _versioned(lambda r: PositionsMulti(r.integer(), r.text(), r.text())),
    In.ACCOUNT_UPDATES_MULTI: _versioned(
        lambda r: AccountUpdatesMulti(r.integer(), r.text(), r.text(), r.boolean())
    ),
    In.COMPLETED_ORDERS: lambda r: CompletedOrders(),
}
