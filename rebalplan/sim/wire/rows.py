"""Faults in the rows of an answer: spoil a field, send a row twice, send one of another request."""

from __future__ import annotations

from typing import Final

import msgspec

from rebalplan.sim.scenario.model import Fault
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import Out

FIELDS: Final = ("quantity", "filled", "perm_id", "value", "market_value")
REPEATABLE: Final = ("positions_multi", "account_updates_multi")
"""The requests whose rows a fault may repeat: each row has the id of its request."""
_REQUEST: Final = 2
_STRAY: Final = "900000"
_PEG_OFFSETS: Final = 170
_FILLED_FROM_END: Final = 9
_TAIL: Final = 5
"""How many fields completed orders have more from ``_PEG_OFFSETS`` on."""


class Layout(msgspec.Struct, frozen=True):
    """The places of a row's account, symbol (of an account value: its tag) and fields that can be spoilt.

    ``currency`` is where an account value has its currency, 0 in other rows.
    """

    account: int
    symbol: int
    fields: dict[str, int]
    currency: int = 0

    def names(self, message: Message) -> tuple[str, ...]:
        """Return the names that a fault may use for the row. The empty name fits every row."""
        symbol = message[self.symbol]
        return ("", symbol, f"{symbol}:{message[self.currency]}") if self.currency else ("", symbol)


_FIXED: Final[dict[int, Layout]] = {
    Out.POSITION: Layout(2, 4, {"quantity": 14}),
    Out.POSITION_MULTI: Layout(3, 5, {"quantity": 15}),
    Out.ACCOUNT_VALUE: Layout(5, 2, {"value": 3}, currency=4),
    Out.ACCOUNT_UPDATE_MULTI: Layout(3, 5, {"value": 6}, currency=7),
    Out.PORTFOLIO_VALUE: Layout(19, 3, {"quantity": 13, "market_value": 15}),
}
"""The rows that are the same in every version."""


def spoil(fault: Fault, message: Message, version: int) -> Message:
    """Return a row with the fault's value in its field, any other message as it is."""
    layout = _touched(fault, message, version)
    if layout is None or fault.field not in layout.fields:
        return message
    return _with(message, layout.fields[fault.field], fault.value)


def repeat(fault: Fault, message: Message, version: int) -> list[Message]:
    """Return two rows: an older one of the same thing, with the fault's value in its field, then the true one."""
    if _touched(fault, message, version) is None:
        return [message]
    return [spoil(fault, message, version), message]


def stray(fault: Fault, message: Message, version: int) -> list[Message]:
    """Return two rows: the true one, then one of the same thing for another request, with the fault's value."""
    if _touched(fault, message, version) is None:
        return [message]
    return [message, _with(spoil(fault, message, version), _REQUEST, _STRAY)]


def _with(message: Message, at: int, value: str) -> Message:
    return (*message[:at], value, *message[at + 1 :])


def _touched(fault: Fault, message: Message, version: int) -> Layout | None:
    """Return the layout of a row that the fault is about, ``None`` for any other message."""
    layout = _layout(message, version)
    if layout is None or fault.row_account not in ("", message[layout.account]):
        return None
    return layout if fault.row_symbol in layout.names(message) else None


def _layout(message: Message, version: int) -> Layout | None:
    match int(message[0]):
        case Out.OPEN_ORDER:
            return Layout(20, 3, {"quantity": 14, "perm_id": 25})
        case Out.COMPLETED_ORDER:
            tail = _TAIL if version >= _PEG_OFFSETS else 0
            filled = len(message) - _FILLED_FROM_END - tail
            return Layout(19, 2, {"quantity": 13, "perm_id": 23, "filled": filled})
        case Out.EXECUTION:
            return Layout(16, 4, {"quantity": 19, "perm_id": 21})
        case other:
            return _FIXED.get(other)
