"""Orders for the broker, and the broker's messages about them.

A message carries our reference when its wire format does; otherwise the order id identifies the order within one
connection. Nothing here comes from the client library's own view of an order: a local "Cancelled" is no evidence.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

import msgspec

from rebalplan.core.vocabulary import Side

Algo = Literal["none", "adaptive", "midprice"]

FILLED: tuple[str, ...] = ("Filled",)
INACTIVE = "Inactive"
ALGO_REFUSED = range(439, 444)
"""Error codes of an order whose algorithm is not known or not allowed (Message Codes page of the TWS API reference)."""

ENDED: tuple[str, ...] = ("Cancelled", "ApiCancelled", INACTIVE)
"""Wire statuses after which nothing more can fill (OrderStatus page of the TWS API reference)."""


ORDER_TYPES: dict[Algo, str] = {"none": "MKT", "adaptive": "MKT", "midprice": "MIDPRICE"}
"""The wire's order type of each algorithm; Adaptive is a market order with an algorithm (IBAlgo page)."""


class OrderTicket(msgspec.Struct, frozen=True, kw_only=True):
    """One market order for the day. rebal hands it to the broker once."""

    reference: str
    account: str
    symbol: str
    con_id: int
    side: Side
    quantity: Decimal
    algo: Algo
    adaptive_priority: Literal["patient", "normal", "urgent"] = "normal"


class Referenced(Protocol):
    """An order, execution or other row of the broker with an order reference."""

    @property
    def reference(self) -> str:
        """Return the reference, empty for an order that has none."""
        ...


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A working order of any client, from the broker's list or from its acknowledgement.

    ``order_id`` is unique within ``client_id`` only: another client may have another order with the same number.
    """

    reference: str
    perm_id: int
    order_id: int
    client_id: int
    account: str
    symbol: str
    con_id: int
    side: str
    quantity: Decimal
    order_type: str
    status: str


class CompletedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order of today that is over.

    ``filled`` is the number of filled shares, ``None`` when the broker does not say.
    """

    reference: str
    perm_id: int
    account: str
    con_id: int
    status: str
    filled: Decimal | None


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One fill. Executions whose ids differ only after the last dot correct one another; the last one counts."""

    exec_id: str
    reference: str
    perm_id: int
    account: str
    con_id: int
    side: str
    quantity: Decimal
    price: Decimal
    at: datetime


class Acknowledged(msgspec.Struct, frozen=True):
    """The broker acknowledged an order by showing it."""

    order: OpenOrder


class StatusReported(msgspec.Struct, frozen=True, kw_only=True):
    """The broker reported the status of an order of this connection."""

    order_id: int
    perm_id: int
    status: str
    filled: Decimal


class Executed(msgspec.Struct, frozen=True):
    """The broker reported a fill."""

    execution: Execution


class Commissioned(msgspec.Struct, frozen=True, kw_only=True):
    """The broker reported the commission of a fill, in USD."""

    exec_id: str
    amount: Decimal


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """An error or notice about an order. It never proves that the order is over."""

    order_id: int
    code: int
    text: str


class LinkLost(msgspec.Struct, frozen=True):
    """The gateway lost the broker (1100). rebal sends nothing until the link is back."""


class LinkRestored(msgspec.Struct, frozen=True):
    """The gateway has the broker again (1101, 1102). The events meanwhile must be asked for."""


OrderEvent = Acknowledged | StatusReported | Executed | Commissioned | Noticed | LinkLost | LinkRestored


class WhatIf(msgspec.Struct, frozen=True):
    """The broker's answer to a what-if. ``refusal`` is empty unless it would refuse the order.

    ``lacks_funds``: only cash or margin is missing, as for buys whose sells have not been sent yet. ``lacks_algo``: the
    algorithm is refused, and a plain order may pass.
    """

    answered: bool
    refusal: str
    lacks_funds: bool = False
    lacks_algo: bool = False


def correction_root(exec_id: str) -> str:
    """Return the part of an execution id that its corrections share (Execution page of the TWS API reference)."""
    return exec_id.rpartition(".")[0] or exec_id


def last_corrections(executions: Iterable[Execution]) -> tuple[Execution, ...]:
    """Return the executions that count: the last of those that correct one another, never their sum."""
    last: dict[str, Execution] = {}
    for execution in sorted(executions, key=lambda execution: correction_number(execution.exec_id)):
        last[correction_root(execution.exec_id)] = execution
    return tuple(last.values())


def correction_number(exec_id: str) -> int:
    """Return the correction number of an execution id: its last part, 0 when that is no number."""
    last = exec_id.rpartition(".")[2]
    return int(last) if last.isascii() and last.isdigit() else 0
