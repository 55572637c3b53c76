"""The requests of a client: their ids, their fields, and their names in the faults of a scenario."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Final

import msgspec

NO_REQUEST_ID: Final = -1


class In(enum.IntEnum):
    """Message ids from a client. A scenario's faults know the requests by these names, in small letters."""

    MARKET_DATA = 1
    CANCEL_MARKET_DATA = 2
    PLACE_ORDER = 3
    CANCEL_ORDER = 4
    OPEN_ORDERS = 5
    ACCOUNT_UPDATES = 6
    EXECUTIONS = 7
    NEXT_IDS = 8
    CONTRACT_DETAILS = 9
    SERVER_LOG_LEVEL = 14
    AUTO_OPEN_ORDERS = 15
    ALL_OPEN_ORDERS = 16
    MANAGED_ACCOUNTS = 17
    CURRENT_TIME = 49
    GLOBAL_CANCEL = 58
    MARKET_DATA_TYPE = 59
    POSITIONS = 61
    ACCOUNT_SUMMARY = 62
    CANCEL_ACCOUNT_SUMMARY = 63
    CANCEL_POSITIONS = 64
    START_API = 71
    POSITIONS_MULTI = 74
    CANCEL_POSITIONS_MULTI = 75
    ACCOUNT_UPDATES_MULTI = 76
    CANCEL_ACCOUNT_UPDATES_MULTI = 77
    COMPLETED_ORDERS = 99


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
    """The end of a stream, or of a snapshot that was not answered yet."""

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
    """The executions of the last day; empty fields and the client id 0 mean any.

    ``since`` is ``yyyymmdd hh:mm:ss``, with a time zone behind it or in the market's.
    """

    request_id: int
    account: str
    client_id: int = 0
    since: str = ""
    symbol: str = ""
    sec_type: str = ""
    exchange: str = ""
    side: str = ""


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


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A new order, a change of a working one, or the question what it would do (``is_what_if``).

    ``limit_price`` is 0 where none was given.
    """

    order_id: int
    contract: ContractQuery
    side: str
    quantity: Decimal
    order_type: str
    limit_price: Decimal
    tif: str
    account: str
    order_ref: str
    is_transmitted: bool
    parent_id: int
    outside_hours: bool
    algo: str
    algo_parameters: tuple[tuple[str, str], ...]
    is_what_if: bool


class CancelOrder(msgspec.Struct, frozen=True):
    """The end of one order of this client."""

    order_id: int


class GlobalCancel(msgspec.Struct, frozen=True):
    """The end of every order, whoever placed it."""


class Accepted(msgspec.Struct, frozen=True):
    """A request that is taken in silence and changes nothing here."""

    message_id: int


class Unsupported(msgspec.Struct, frozen=True):
    """A request this gateway does not answer; ``request_id`` is -1 where the message has none."""

    message_id: int
    request_id: int


OrderRequest = PlaceOrder | CancelOrder | GlobalCancel

Query = (
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
"""Requests that change nothing in the book."""
Request = OrderRequest | Query

_WITHOUT_FAULTS: Final = frozenset(
    {
        In.CANCEL_MARKET_DATA,
        In.PLACE_ORDER,
        In.CANCEL_ORDER,
        In.SERVER_LOG_LEVEL,
        In.GLOBAL_CANCEL,
        In.MARKET_DATA_TYPE,
        In.CANCEL_ACCOUNT_SUMMARY,
        In.CANCEL_POSITIONS,
        In.CANCEL_POSITIONS_MULTI,
        In.CANCEL_ACCOUNT_UPDATES_MULTI,
    }
)
"""Messages that get no answer, and orders: a scenario has behaviours for those."""
_NAMES: Final[dict[int, str]] = {
    request: request.name.lower() for request in In if request not in _WITHOUT_FAULTS
}
REQUEST_NAMES: Final = tuple(_NAMES.values())
"""What a fault of a scenario can be tied to."""
ACCOUNT_REQUESTS: Final = ("account_updates", "executions", "positions_multi", "account_updates_multi")
SYMBOL_REQUESTS: Final = ("market_data", "contract_details")


def request_name(message_id: int) -> str:
    """Return the name faults use, or an empty string for a request that cannot have one."""
    return _NAMES.get(message_id, "")
