"""What a client can ask, parsed into frozen structs.

Field layouts after the public TWS API documentation; fields that this gateway does not use are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from rebalplan.sim.wire import FieldReader, Message, WireError, read_integer

NO_REQUEST_ID: Final = -1


class ContractQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A contract as a client describes it; empty and 0 mean "not said"."""

    con_id: int
    symbol: str
    sec_type: str
    expiry: str
    strike: Decimal
    right: str
    exchange: str
    primary_exchange: str
    currency: str
    local_symbol: str


class StartApi(msgspec.Struct, frozen=True):
    """The first message of a client: who it is."""

    client_id: int


class MarketData(msgspec.Struct, frozen=True):
    """A quote, once or as a stream."""

    request_id: int
    contract: ContractQuery
    snapshot: bool


class CancelMarketData(msgspec.Struct, frozen=True):
    """The end of a stream, or of a snapshot that is still to come."""

    request_id: int


class OpenOrders(msgspec.Struct, frozen=True):
    """The working orders of this client."""


class AllOpenOrders(msgspec.Struct, frozen=True):
    """The working orders of every client."""


class AutoOpenOrders(msgspec.Struct, frozen=True):
    """Whether orders placed by hand are bound to this client."""

    bind: bool


class AccountUpdates(msgspec.Struct, frozen=True):
    """Values and portfolio of one account."""

    subscribe: bool
    account: str


class Executions(msgspec.Struct, frozen=True):
    """The executions of the last day."""

    request_id: int
    account: str


class NextIds(msgspec.Struct, frozen=True):
    """The next free order id."""


class ContractDetails(msgspec.Struct, frozen=True):
    """Every contract that fits a description."""

    request_id: int
    contract: ContractQuery


class ManagedAccounts(msgspec.Struct, frozen=True):
    """The account ids."""


class CurrentTime(msgspec.Struct, frozen=True):
    """The gateway's clock."""


class MarketDataType(msgspec.Struct, frozen=True):
    """1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""

    kind: int


class Positions(msgspec.Struct, frozen=True):
    """The positions of all accounts."""


class AccountSummary(msgspec.Struct, frozen=True):
    """Some values of all accounts."""

    request_id: int
    group: str
    tags: tuple[str, ...]


class CancelAccountSummary(msgspec.Struct, frozen=True):
    """The end of an account summary."""

    request_id: int


class PositionsMulti(msgspec.Struct, frozen=True):
    """The positions of one account."""

    request_id: int
    account: str
    model_code: str


class AccountUpdatesMulti(msgspec.Struct, frozen=True):
    """The values of one account."""

    request_id: int
    account: str
    model_code: str
    ledger_and_nlv: bool


class CompletedOrders(msgspec.Struct, frozen=True):
    """The orders that are done."""


class Accepted(msgspec.Struct, frozen=True):
    """A request that is taken in silence and changes nothing here."""

    message_id: int


class Unsupported(msgspec.Struct, frozen=True):
    """A request this gateway does not answer; ``request_id`` is -1 where the message has none."""

    message_id: int
    request_id: int


Request = (
    MarketData
    | CancelMarketData
    | OpenOrders
    | AllOpenOrders
    | AutoOpenOrders
    | AccountUpdates
    | Executions
    | NextIds
    | ContractDetails
    | ManagedAccounts
    | CurrentTime
    | MarketDataType
    | Positions
    | AccountSummary
    | CancelAccountSummary
    | PositionsMulti
    | AccountUpdatesMulti
    | CompletedOrders
    | Accepted
    | Unsupported
)

_NAMES: Final[dict[int, str]] = {
    1: "market_data",
    5: "open_orders",
    6: "account_updates",
    7: "executions",
    8: "next_ids",
    9: "contract_details",
    15: "auto_open_orders",
    16: "all_open_orders",
    17: "managed_accounts",
    49: "current_time",
    61: "positions",
    62: "account_summary",
    71: "start_api",
    74: "positions_multi",
    76: "account_updates_multi",
    99: "completed_orders",
}
REQUEST_NAMES: Final = tuple(_NAMES.values())
"""What a fault of a scenario can be tied to."""
ACCOUNT_REQUESTS: Final = ("account_updates", "executions", "positions_multi", "account_updates_multi")
SYMBOL_REQUESTS: Final = ("market_data", "contract_details")

PLACE_ORDER, CANCEL_ORDER, GLOBAL_CANCEL, START_API = 3, 4, 58, 71
_ACCEPTED = frozenset({14, 64, 75, 77})
_PLACE_ORDER_UNVERSIONED = 145
_ID_FIRST = frozenset({20, 22, *range(78, 80), 81, 83, *range(84, 99), *range(100, 105)}) - {85}
_ID_AFTER_VERSION = frozenset({CANCEL_ORDER, 10, 11, 21, 23, 25, *range(50, 58), 67, 68, 69, 70})


def request_name(message_id: int) -> str:
    """Return the name faults use, or an empty string for a request that cannot have one."""
    return _NAMES.get(message_id, "")


def parse_request(fields: Message, version: int) -> StartApi | Request:
    """Return the request in the fields of one message, as ``version`` lays it out.

    Raises ``WireError`` when the id or a field is not what its place asks.
    """
    if not fields[0]:
        raise WireError("a message without an id")
    message_id = read_integer(fields[0])
    if message_id == START_API:
        return StartApi(FieldReader(fields, start=2).integer())
    if message_id in _ACCEPTED:
        return Accepted(message_id)
    parse = _PARSERS.get(message_id)
    if parse is None:
        return Unsupported(message_id, _find_request_id(fields, message_id, version))
    return parse(FieldReader(fields, start=1))


def _find_request_id(fields: Message, message_id: int, version: int) -> int:
    at = 0
    if message_id in _ID_AFTER_VERSION or (message_id == PLACE_ORDER and version < _PLACE_ORDER_UNVERSIONED):
        at = 2
    elif message_id in _ID_FIRST or message_id == PLACE_ORDER:
        at = 1
    return read_integer(fields[at]) if 0 < at < len(fields) else NO_REQUEST_ID


def _contract(reader: FieldReader) -> ContractQuery:
    con_id, symbol, sec_type = reader.integer(), reader.text(), reader.text()
    expiry, strike, right = reader.text(), reader.decimal(), reader.text()
    reader.text()
    exchange, primary, currency, local = reader.text(), reader.text(), reader.text(), reader.text()
    reader.text()
    return ContractQuery(
        con_id=con_id,
        symbol=symbol,
        sec_type=sec_type,
        expiry=expiry,
        strike=strike,
        right=right,
        exchange=exchange,
        primary_exchange=primary,
        currency=currency,
        local_symbol=local,
    )


def _versioned(build: Callable[[FieldReader], Request]) -> Callable[[FieldReader], Request]:
    """Return a parser that skips the version field in front."""

    def parse(reader: FieldReader) -> Request:
        reader.text()
        return build(reader)

    return parse


def _market_data(reader: FieldReader) -> Request:
    request_id, contract = reader.integer(), _contract(reader)
    if contract.sec_type == "BAG":
        raise WireError("combinations are not supported")
    if reader.boolean():
        for _ in range(3):
            reader.text()
    reader.text()
    return MarketData(request_id, contract, reader.boolean())


def _executions(reader: FieldReader) -> Request:
    request_id = reader.integer()
    reader.text()
    return Executions(request_id, reader.text())


def _account_summary(reader: FieldReader) -> Request:
    request_id, group = reader.integer(), reader.text()
    return AccountSummary(request_id, group, tuple(tag for tag in reader.text().split(",") if tag))


_PARSERS: Final[dict[int, Callable[[FieldReader], Request]]] = {
    1: _versioned(_market_data),
    2: _versioned(lambda r: CancelMarketData(r.integer())),
    5: lambda r: OpenOrders(),
    6: _versioned(lambda r: AccountUpdates(r.boolean(), r.text())),
    7: _versioned(_executions),
    8: lambda r: NextIds(),
    9: _versioned(lambda r: ContractDetails(r.integer(), _contract(r))),
    15: _versioned(lambda r: AutoOpenOrders(r.boolean())),
    16: lambda r: AllOpenOrders(),
    17: lambda r: ManagedAccounts(),
    49: lambda r: CurrentTime(),
    59: _versioned(lambda r: MarketDataType(r.integer())),
    61: lambda r: Positions(),
    62: _versioned(_account_summary),
    63: _versioned(lambda r: CancelAccountSummary(r.integer())),
    74: _versioned(lambda r: PositionsMulti(r.integer(), r.text(), r.text())),
    76: _versioned(lambda r: AccountUpdatesMulti(r.integer(), r.text(), r.text(), r.boolean())),
    99: lambda r: CompletedOrders(),
}
