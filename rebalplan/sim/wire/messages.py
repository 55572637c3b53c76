"""Messages from the gateway: their ids, and one function per small message that returns its fields.

The long layouts (contracts, positions, orders) are in ``layouts``.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from rebalplan.sim.wire.frames import UNSET_INTEGER, Message, escape_text, message

MIN_VERSION: Final = 157
"""The oldest version of a supported client: ibapi 9.81.1.post1 knows no newer one."""
MAX_VERSION: Final = 176
"""The newest version whose messages are all text."""
REJECT_JSON_VERSION: Final = 166

NO_ID: Final = -1
READ_ONLY_ID: Final = UNSET_INTEGER
"""The request id of an error about a request that carries none."""


class Out(enum.IntEnum):
    """Message ids from the gateway."""

    TICK_PRICE = 1
    TICK_SIZE = 2
    ORDER_STATUS = 3
    ERROR = 4
    OPEN_ORDER = 5
    ACCOUNT_VALUE = 6
    PORTFOLIO_VALUE = 7
    ACCOUNT_TIME = 8
    NEXT_VALID_ID = 9
    CONTRACT_DETAILS = 10
    EXECUTION = 11
    MANAGED_ACCOUNTS = 15
    TICK_GENERIC = 45
    TICK_STRING = 46
    CURRENT_TIME = 49
    CONTRACT_DETAILS_END = 52
    OPEN_ORDER_END = 53
    ACCOUNT_DOWNLOAD_END = 54
    EXECUTIONS_END = 55
    SNAPSHOT_END = 57
    MARKET_DATA_TYPE = 58
    COMMISSION = 59
    POSITION = 61
    POSITION_END = 62
    ACCOUNT_SUMMARY = 63
    ACCOUNT_SUMMARY_END = 64
    POSITION_MULTI = 71
    POSITION_MULTI_END = 72
    ACCOUNT_UPDATE_MULTI = 73
    ACCOUNT_UPDATE_MULTI_END = 74
    COMPLETED_ORDER = 101
    COMPLETED_ORDERS_END = 102


END_MARKERS: Final = frozenset(
    str(int(end))
    for end in (
        Out.CONTRACT_DETAILS_END,
        Out.OPEN_ORDER_END,
        Out.ACCOUNT_DOWNLOAD_END,
        Out.EXECUTIONS_END,
        Out.SNAPSHOT_END,
        Out.POSITION_END,
        Out.ACCOUNT_SUMMARY_END,
        Out.POSITION_MULTI_END,
        Out.ACCOUNT_UPDATE_MULTI_END,
        Out.COMPLETED_ORDERS_END,
    )
)
"""The first field of the messages that end a list."""


class Code(enum.IntEnum):
    """Error codes."""

    MESSAGE_RATE = 100
    MAX_TICKERS = 101
    NO_SECURITY = 200
    CANNOT_READ = 320
    CANNOT_VALIDATE = 321
    CANNOT_PROCESS = 322
    CLIENT_ID_IN_USE = 326
    AUTO_BIND_CLIENT = 327
    NOT_SUBSCRIBED = 354
    MARKET_DATA_FARM = 2104
    HISTORY_FARM = 2106
    DEFINITION_FARM = 2158
    DELAYED_SHOWN = 10167


class Tick(enum.IntEnum):
    """Tick types; the delayed ones have numbers of their own."""

    BID_SIZE = 0
    BID = 1
    ASK = 2
    ASK_SIZE = 3
    LAST = 4
    LAST_SIZE = 5
    CLOSE = 9
    LAST_TIMESTAMP = 45
    HALTED = 49
    DELAYED_BID = 66
    DELAYED_ASK = 67
    DELAYED_LAST = 68
    DELAYED_BID_SIZE = 69
    DELAYED_ASK_SIZE = 70
    DELAYED_LAST_SIZE = 71
    DELAYED_CLOSE = 75
    DELAYED_LAST_TIMESTAMP = 88


def error(version: int, request_id: int, code: int, text: str) -> Message:
    """Return an error or notice; from version 166 on it carries an empty advanced rejection."""
    tail = ("",) if version >= REJECT_JSON_VERSION else ()
    return message(Out.ERROR, 2, request_id, code, escape_text(text), *tail)


def notices(version: int) -> list[Message]:
    """Return the three farm notices that follow a connection."""
    return [
        error(version, NO_ID, Code.MARKET_DATA_FARM, "Market data farm connection is OK:usfarm"),
        error(version, NO_ID, Code.HISTORY_FARM, "HMDS data farm connection is OK:ushmds"),
        error(version, NO_ID, Code.DEFINITION_FARM, "Sec-def data farm connection is OK:secdefnj"),
    ]


def managed_accounts(accounts: Sequence[str]) -> Message:
    """Return the list of account ids."""
    return message(Out.MANAGED_ACCOUNTS, 1, ",".join(accounts))


def next_valid_id(order_id: int) -> Message:
    """Return the first order id the client may use."""
    return message(Out.NEXT_VALID_ID, 1, order_id)


def current_time(epoch_sec: int) -> Message:
    """Return the gateway's clock in seconds since 1970 UTC."""
    return message(Out.CURRENT_TIME, 1, epoch_sec)


def account_value(tag: str, value: str, currency: str, account: str) -> Message:
    """Return one row of account updates."""
    return message(Out.ACCOUNT_VALUE, 2, tag, value, currency, account)


def account_time(time: str) -> Message:
    """Return the time (``HH:MM``) of the account's last update."""
    return message(Out.ACCOUNT_TIME, 1, time)


def account_download_end(account: str) -> Message:
    """Return the end of account updates."""
    return message(Out.ACCOUNT_DOWNLOAD_END, 1, account)


def account_summary(request_id: int, account: str, tag: str, value: str, currency: str) -> Message:
    """Return one row of an account summary."""
    return message(Out.ACCOUNT_SUMMARY, 1, request_id, account, tag, value, currency)


def account_update_multi(request_id: int, account: str, tag: str, value: str, currency: str) -> Message:
    """Return one row of account updates by request; the model code is empty."""
    return message(Out.ACCOUNT_UPDATE_MULTI, 1, request_id, account, "", tag, value, currency)


def list_end(end: Out, request_id: int) -> Message:
    """Return the end marker of a list that was asked for with a request id."""
    return message(end, 1, request_id)


def open_order_end() -> Message:
    """Return the end of the open orders."""
    return message(Out.OPEN_ORDER_END, 1)


def position_end() -> Message:
    """Return the end of the positions of all accounts."""
    return message(Out.POSITION_END, 1)


def completed_orders_end() -> Message:
    """Return the end of the completed orders; this message has no version."""
    return message(Out.COMPLETED_ORDERS_END)


def market_data_type(request_id: int, kind: int) -> Message:
    """Return which kind of data follows: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""
    return message(Out.MARKET_DATA_TYPE, 1, request_id, kind)


def tick_price(request_id: int, tick: Tick, price: Decimal, size: int) -> Message:
    """Return a price with the size that belongs to it."""
    return message(Out.TICK_PRICE, 6, request_id, tick, price, size, 0)


def tick_size(request_id: int, tick: Tick, size: int) -> Message:
    """Return a size."""
    return message(Out.TICK_SIZE, 6, request_id, tick, size)


def tick_generic(request_id: int, tick: Tick, value: int) -> Message:
    """Return a value that is neither price nor size."""
    return message(Out.TICK_GENERIC, 6, request_id, tick, value)


def tick_string(request_id: int, tick: Tick, value: str) -> Message:
    """Return a text value."""
    return message(Out.TICK_STRING, 6, request_id, tick, value)
