"""The order side of one connection: it sends orders and turns messages about orders into events.

The library keeps its own view of orders and turns many notices into a local "Cancelled". rebal uses none of that. It
replaces the library's callbacks one by one, so that only a message from the wire becomes an event.
Message layouts and fields: the TWS API reference (EWrapper).
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rebalplan.core.contracts import symbol_of
from rebalplan.core.errors import BrokerError, TimedOutError, UnreachableError
from rebalplan.core.orders import (
    ALGO_REFUSED,
    ORDER_TYPES,
    Acknowledged,
    Commissioned,
    CompletedOrder,
    Executed,
    Execution,
    LinkLost,
    LinkRestored,
    Noticed,
    OpenOrder,
    OrderEvent,
    OrderTicket,
    StatusReported,
    WhatIf,
)
from rebalplan.core.text import printable
from rebalplan.ibkr.connection import LOG, Connection
from rebalplan.ibkr.inbound import RequestRefused
from rebalplan.ibkr.order_messages import (
    commission_of,
    completed_order_of,
    execution_of,
    open_order_of,
    with_known_zone,
)
from rebalplan.ibkr.values import quantity

if TYPE_CHECKING:
    import ib_insync

_LACKS_FUNDS = re.compile(
    r"CASH AVAILABLE|CASH NEEDED|EQUITY WITH LOAN|INITIAL MARGIN|AVAILABLE FUNDS|BUYING POWER"
    r"|INSUFFICIENT (FUNDS|CASH|MARGIN|EQUITY|SETTLED)",
    re.IGNORECASE,
)
"""How the broker words a refusal (201) for want of cash or margin."""

LINK_LOST = (1100, 2110)
"""The gateway sends 2110 to a client that connects while the gateway is without its broker."""

LINK_RESTORED = (1101, 1102)
LARGEST_ORDER_ID = 2**31 - 1
"""Order ids are signed integers of four bytes on the wire."""

_EXECUTION_MESSAGE = 11
_LIVE = -1
"""The request id of an execution that happens now; one that answers a request has the request's id."""


class Trading:
    """Sends orders and listens, over one open connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._library = connection.library
        self._ib = connection.ib
        self._client_id = connection.client_id
        self._events: deque[OrderEvent] = deque()
        self._arrived = asyncio.Event()
        self._placed: set[int] = set()
        self._open_rows: list[OpenOrder] = []
        self._completed_rows: list[CompletedOrder] = []
        self._execution_rows: list[Execution] = []
        self._commissions: dict[str, Commissioned] = {}
        self._take_over_callbacks()

    def _take_over_callbacks(self) -> None:
        wrapper: Any = self._ib.wrapper
        self._end_what_if = wrapper.openOrder
        handlers: dict[str, Callable[..., None]] = {
            "openOrder": self._on_open_order,
            "orderStatus": self._on_status,
            "execDetails": self._on_execution,
            "commissionReport": self._on_commission,
            "completedOrder": self._on_completed,
        }
        for name, handler in handlers.items():
            setattr(wrapper, name, handler)
        self._ib.errorEvent += self._on_error
        decoder = self._ib.client.decoder
        decode = decoder.handlers[_EXECUTION_MESSAGE]
        decoder.handlers[_EXECUTION_MESSAGE] = lambda fields: decode(with_known_zone(fields))

    def next_order_id(self) -> int:
        """Return an id above every one this connection has seen."""
        self._connection.require_connected()
        with _as_unreachable():
            order_id = int(self._ib.client.getReqId())
        if order_id >= LARGEST_ORDER_ID:
            raise BrokerError(
                f"the gateway's next order id is {order_id}, and there are none above {LARGEST_ORDER_ID}: reset the "
                "order ids in its API settings. Nothing was sent"
            )
        return order_id

    async def what_if(self, ticket: OrderTicket) -> WhatIf:
        """Ask what would become of an order without sending it. A refusal and a time-out are results, not errors."""
        order = self._order(ticket)
        try:
            await self._connection.ask(
                f"what if {ticket.reference}",
                lambda: self._ib.whatIfOrderAsync(self._contract(ticket), order),
            )
        except RequestRefused as refused:
            return WhatIf(
                answered=True,
                refusal=str(refused),
                lacks_funds=_LACKS_FUNDS.search(str(refused)) is not None,
                lacks_algo=refused.code in ALGO_REFUSED,
            )
        except TimedOutError:
            return WhatIf(answered=False, refusal="")
        return WhatIf(answered=True, refusal="")

    async def place(self, order_id: int, ticket: OrderTicket) -> None:
        """Write one order to the socket and return when nothing of it is left in this process."""
        self._connection.require_connected()
        # Before the order leaves: a notice about it may come at once.
        self._placed.add(order_id)
        with _as_unreachable():
            self._ib.client.placeOrder(order_id, self._contract(ticket), self._order(ticket))
        await self._flush()
        LOG.info("%s %s: sent as order %s", ticket.account, ticket.reference, order_id)

    async def cancel(self, order_id: int) -> None:
        """Write a cancel to the socket."""
        self._connection.require_connected()
        with _as_unreachable():
            self._ib.client.cancelOrder(order_id)
        await self._flush()

    async def _flush(self) -> None:
        """Wait until the library's queue and the socket's buffer are empty. Raises ``UnreachableError``.

        The library holds messages back in memory to keep to its rate: a queued order was not sent.
        """
        client = self._ib.client
        while True:
            self._connection.require_connected()
            transport = client.conn.transport
            if transport is None:
                raise UnreachableError("the connection was lost while an order was being written")
            if not client._msgQ and not transport.get_write_buffer_size():
                return
            await asyncio.sleep(0.005)

    async def next_event(self, timeout_sec: float) -> OrderEvent | None:
        """Return the next event in the order of arrival, ``None`` after the time-out."""
        await asyncio.sleep(0)  # the loop reads what has arrived meanwhile
        if not self._events:
            self._connection.require_connected()
            self._arrived.clear()
            await self._connection.wait_for(self._arrived.wait(), timeout_sec)
        return self._events.popleft() if self._events else None

    async def open_orders(self, account: str) -> tuple[OpenOrder, ...]:
        """Return the working orders of all clients, as they came between request and end marker."""
        self._open_rows = []
        await self._connection.ask("open orders", self._ib.reqAllOpenOrdersAsync, account)
        return tuple(self._open_rows)

    async def completed_orders(self, account: str) -> tuple[CompletedOrder, ...]:
        """Return the day's finished orders, not only those of the API."""
        self._completed_rows = []
        await self._connection.ask(
            "completed orders", lambda: self._ib.reqCompletedOrdersAsync(False), account
        )
        return tuple(self._completed_rows)

    async def executions(self, account: str) -> tuple[tuple[Execution, ...], tuple[Commissioned, ...]]:
        """Return the account's fills and the commissions that have come for them so far."""
        self._execution_rows = []
        wanted = self._library.ExecutionFilter(acctCode=account)
        await self._connection.ask("executions", lambda: self._ib.reqExecutionsAsync(wanted), account)
        rows = tuple(row for row in self._execution_rows if row.account == account)
        known = (self._commissions.get(row.exec_id) for row in rows)
        return rows, tuple(commission for commission in known if commission is not None)

    def _contract(self, ticket: OrderTicket) -> ib_insync.Contract:
        contract: ib_insync.Contract = self._library.Contract(
            conId=ticket.con_id,
            symbol=symbol_of(ticket.symbol),
            secType="STK",
            exchange="SMART",
            currency="USD",
        )
        return contract

    def _order(self, ticket: OrderTicket) -> ib_insync.Order:
        """Build the order: account, reference and time in force are always set."""
        shares = ticket.quantity
        order: ib_insync.Order = self._library.Order(
            action=ticket.side,
            totalQuantity=int(shares) if shares == shares.to_integral_value() else float(shares),
            orderType=ORDER_TYPES[ticket.algo],
            tif="DAY",
            account=ticket.account,
            orderRef=ticket.reference,
        )
        if ticket.algo == "adaptive":
            order.algoStrategy = "Adaptive"
            order.algoParams = [
                self._library.TagValue("adaptivePriority", ticket.adaptive_priority.capitalize())
            ]
        return order

    def _tell(self, event: OrderEvent) -> None:
        self._events.append(event)
        self._arrived.set()

    def _on_open_order(
        self, order_id: int, contract: ib_insync.Contract, order: ib_insync.Order, state: ib_insync.OrderState
    ) -> None:
        if order.whatIf:  # the answer to a what-if: the library's own callback ends that request
            self._end_what_if(order_id, contract, order, state)
            return
        row = open_order_of(order_id, contract, order, state)
        # Order ids belong to a client id: another client's must not push ours up.
        if row.client_id == self._client_id and 0 < order_id < LARGEST_ORDER_ID:
            self._ib.client.updateReqId(order_id + 1)
        self._open_rows.append(row)
        self._tell(Acknowledged(row))

    def _on_status(
        self,
        order_id: int,
        status: str,
        filled: float,
        _remaining: float,
        _average: float,
        perm_id: int,
        *_: Any,
    ) -> None:
        self._tell(
            StatusReported(
                order_id=order_id,
                perm_id=perm_id,
                status=printable(status),
                filled=quantity(filled, "filled quantity"),
            )
        )

    def _on_execution(self, request: int, contract: ib_insync.Contract, fill: ib_insync.Execution) -> None:
        execution = execution_of(contract, fill)
        if request == _LIVE:
            self._tell(Executed(execution))
        else:
            self._execution_rows.append(execution)

    def _on_commission(self, report: ib_insync.CommissionReport) -> None:
        event = commission_of(report)
        if event is None:
            return
        self._commissions[event.exec_id] = event
        self._tell(event)

    def _on_completed(
        self, contract: ib_insync.Contract, order: ib_insync.Order, state: ib_insync.OrderState
    ) -> None:
        self._completed_rows.append(completed_order_of(contract, order, state))

    def _on_error(self, request: int, code: int, text: str, _contract: object) -> None:
        if code in LINK_LOST:
            self._tell(LinkLost())
        elif code in LINK_RESTORED:
            self._tell(LinkRestored())
        elif request in self._placed:
            self._tell(Noticed(order_id=request, code=code, text=printable(text)))


@contextmanager
def _as_unreachable() -> Iterator[None]:
    """Turn the library's error about a connection that is gone into ours."""
    try:
        yield
    except ConnectionError as error:
        raise UnreachableError("the connection to the gateway is lost: see whether it still runs") from error
