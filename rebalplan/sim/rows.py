"""The fields of rows that a fault may spoil: where they are, and whose row it is."""

from __future__ import annotations

from typing import Final

import msgspec

from rebalplan.sim.messages import Out
from rebalplan.sim.model import Fault
from rebalplan.sim.wire import Message

FIELDS: Final = ("quantity", "filled", "perm_id")
_UNVERSIONED_ORDER: Final = 145
_UNVERSIONED_EXECUTION: Final = 136
_PEG_OFFSETS: Final = 170
_FILLED_FROM_END: Final = 9
_TAIL: Final = 5
"""How many fields completed orders have more from ``_PEG_OFFSETS`` on."""


class Layout(msgspec.Struct, frozen=True):
    """Where a row has its account, its symbol and the fields that can be spoilt."""

    account: int
    symbol: int
    fields: dict[str, int]


def spoil(fault: Fault, message: Message, version: int) -> Message:
    """Return a row with the fault's value in its field, any other message as it is."""
    layout = _layout(message, version)
    if layout is None or fault.field not in layout.fields:
        return message
    if fault.row_account not in ("", message[layout.account]):
        return message
    if fault.row_symbol not in ("", message[layout.symbol]):
        return message
    at = layout.fields[fault.field]
    return (*message[:at], fault.value, *message[at + 1 :])


def _layout(message: Message, version: int) -> Layout | None:
    match int(message[0]):
        case Out.OPEN_ORDER:
            more = 1 if version < _UNVERSIONED_ORDER else 0
            return Layout(20 + more, 3 + more, {"quantity": 14 + more, "perm_id": 25 + more})
        case Out.COMPLETED_ORDER:
            tail = _TAIL if version >= _PEG_OFFSETS else 0
            filled = len(message) - _FILLED_FROM_END - tail
            return Layout(19, 2, {"quantity": 13, "perm_id": 23, "filled": filled})
        case Out.EXECUTION:
            more = 1 if version < _UNVERSIONED_EXECUTION else 0
            return Layout(16 + more, 4 + more, {"quantity": 19 + more, "perm_id": 21 + more})
        case Out.POSITION:
            return Layout(2, 4, {"quantity": 14})
        case Out.POSITION_MULTI:
            return Layout(3, 5, {"quantity": 15})
        case _:
            return None
