"""Orders on their way: what is sent, and what the broker itself says about it.

Everything the broker says carries our reference where the wire does; within one connection the order id
stands for it. Nothing here comes from the client library's own view of an order: a local "Cancelled" is no
evidence.
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

DEAD: tuple[str, ...] = ("Cancelled", "ApiCancelled", INACTIVE)
"""Wire statuses after which nothing more can fill (OrderStatus page of the TWS API reference)."""


ORDER_TYPES: dict[Algo, str] = {"none": "MKT", "adaptive": "MKT", "midprice": "MIDPRICE"}
"""The wire's order type of each way to send; Adaptive is a market order with an algorithm (IBAlgo page)."""


class OrderTicket(msgspec.Struct, frozen=True, kw_only=True):
    """One market order for the day as it is handed to the broker, once."""

    reference: str
    account: str
    symbol: str
    con_id: int
    side: Side
    quantity: Decimal
    algo: Algo
    adaptive_priority: Literal["patient", "normal", "urgent"] = "normal"


class Referenced(Protocol):
    """Something the broker shows under an order reference."""

    @property
    def reference(self) -> str:
        """Return the reference, empty for an order that has none."""
        ...


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A working order of any client, from the broker's list or from the message that acknowledges it.

    ``order_id`` counts within ``client_id``: the same number of another client is another order.
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

    ``filled`` is how many shares it bought or sold, ``None`` where the broker does not say.
    """

    reference: str
    perm_id: int
    account: str
    con_id: int
    status: str
    filled: Decimal | None


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One fill. Ids that differ only after the last dot are corrections of one another; the last one counts."""

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
    """The broker showed an order back to us."""

    order: OpenOrder


class StatusReported(msgspec.Struct, frozen=True, kw_only=True):
    """The broker said how far an order of this connection is."""

    order_id: int
    perm_id: int
    status: str
    filled: Decimal


class Executed(msgspec.Struct, frozen=True):
    """The broker reported a fill."""

    execution: Execution


class Commissioned(msgspec.Struct, frozen=True, kw_only=True):
    """What a fill cost, in USD."""

    exec_id: str
    amount: Decimal


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """An error or notice about an order. It says something; it never proves that the order is over."""

    order_id: int
    code: int
    text: str


class LinkLost(msgspec.Struct, frozen=True):
    """The gateway lost the broker (1100): nothing is sent until the link is back."""


class LinkRestored(msgspec.Struct, frozen=True):
    """The gateway has the broker again (1101, 1102): what happened meanwhile must be asked for."""


OrderEvent = Acknowledged | StatusReported | Executed | Commissioned | Noticed | LinkLost | LinkRestored


class WhatIf(msgspec.Struct, frozen=True):
    """What the broker said to "what if I sent this". ``refusal`` is empty unless it refused.

    ``lacks_funds`` tells that it refused for want of cash or margin only: what the sells bring is not there yet when
    the buys are asked about. ``lacks_algo`` tells that it refused the algorithm: a plain order may do.
    """

    answered: bool
    refusal: str
    lacks_funds: bool = False
    lacks_algo: bool = False


def correction_root(exec_id: str) -> str:
    """Return the part of an execution id that its corrections share (Execution page of the TWS API reference)."""
    return exec_id.rpartition(".")[0] or exec_id


def last_corrections(executions: Iterable[Execution]) -> tuple[Execution, ...]:
    """Return the executions that count: of those that correct one another the last, never their sum."""
    last: dict[str, Execution] = {}
    for execution in sorted(executions, key=lambda execution: correction_number(execution.exec_id)):
        last[correction_root(execution.exec_id)] = execution
    return tuple(last.values())


def correction_number(exec_id: str) -> int:
    """Return which correction of its root an execution id is: its last part, 0 when that is no number."""
    last = exec_id.rpartition(".")[2]
    return int(last) if last.isascii() and last.isdigit() else 0
