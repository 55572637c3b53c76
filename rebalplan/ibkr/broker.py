"""The ``Broker`` port on ``ib_insync``: blocking, one connection at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypeVar

from rebalplan.core.orders import (
    Commissioned,
    CompletedOrder,
    Execution,
    OpenOrder,
    OrderEvent,
    OrderTicket,
    WhatIf,
)
from rebalplan.core.ports import Clock, MarketData, Progress
from rebalplan.core.text import count
from rebalplan.core.vocabulary import AccountSnapshot, Endpoint, WorkingOrder
from rebalplan.ibkr.account import read_snapshot
from rebalplan.ibkr.client import IbkrClient, require_account
from rebalplan.ibkr.connection import LOG, VALIDATION_ERROR, Connection, MessageRate
from rebalplan.ibkr.inbound import RequestRefused
from rebalplan.ibkr.market_reader import MarketReader
from rebalplan.ibkr.trading import Trading

Result = TypeVar("Result")


class IbkrBroker:
    """Connects to TWS or IB Gateway. Each connection has a loop and a client of its own.

    ``known_symbols`` is a sentence to add when the gateway does not know a symbol.
    """

    def __init__(
        self, timeout_sec: float, clock: Clock, messages_per_sec: int = 40, *, known_symbols: str = ""
    ) -> None:
        self._rate = MessageRate(messages_per_sec)
        self._timeout = timeout_sec
        self._clock = clock
        self._without_broker: set[tuple[str, int]] = set()
        self._known_symbols = known_symbols

    @contextmanager
    def connect(self, endpoint: Endpoint) -> Iterator[IbkrConnection]:
        """Connect with a fresh client; raises ``BrokerError``, ``UnreachableError`` when worth a retry."""
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)  # the library asks for the thread's current loop
        loop.set_exception_handler(lambda *_: None)  # a decoder fed by a foreign service: the handshake fails
        opened = None
        try:
            opened = Connection(endpoint, self._timeout, self._rate, self._broker_wait_sec(endpoint))
            # Listeners first: notices and orders may come in the read that ends the handshake.
            connection = IbkrConnection(
                IbkrClient(opened), Trading(opened), loop, self._clock, self._known_symbols
            )
            loop.run_until_complete(opened.connect())
            yield connection
        finally:
            if opened is not None:
                self._remember(endpoint, opened)
                loop.run_until_complete(opened.close())
            _end_tasks(loop)
            loop.close()
            asyncio.set_event_loop(None)

    def _broker_wait_sec(self, endpoint: Endpoint) -> float:
        """Return how many seconds to wait for a gateway without its broker: the time-out once, then one at most."""
        return (
            min(self._timeout, 1) if (endpoint.host, endpoint.port) in self._without_broker else self._timeout
        )

    def _remember(self, endpoint: Endpoint, connection: Connection) -> None:
        gateway = (endpoint.host, endpoint.port)
        if connection.is_without_broker:
            self._without_broker.add(gateway)
        else:
            self._without_broker.discard(gateway)


def _end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the tasks that an interruption left: asyncio complains of tasks on a closed loop."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


class IbkrConnection:
    """One connection; see ``rebalplan.core.ports.BrokerConnection``."""

    def __init__(
        self,
        client: IbkrClient,
        trading: Trading,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        known_symbols: str = "",
    ) -> None:
        self._client = client
        self._market = MarketReader(client, clock, known_symbols)
        self._trading = trading
        self._loop = loop

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._loop.run_until_complete(work)

    def check_account(self, account: str) -> None:
        """Raise ``AccountError`` unless the login manages the account; asks nothing."""
        require_account(account, self._client.managed_accounts())
        self._client.announce(account)

    def check_symbols(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Ask for each symbol's contract."""
        return self._run(self._market.check_symbols(symbols))

    def read_account(self, account: str) -> AccountSnapshot:
        """Ask for the account's values, its positions and the open orders: three requests."""
        self.check_account(account)
        snapshot = self._run(self._read_account(account))
        LOG.info("%s: read, %s", account, count(len(snapshot.positions), "position"))
        return snapshot

    def read_values(self, account: str) -> Mapping[int, Decimal]:
        """Ask for the account's portfolio."""
        self.check_account(account)
        return self._run(self._client.market_values(account))

    async def _read_account(self, account: str) -> AccountSnapshot:
        rows = await self._client.account_values(account)
        positions = await self._client.positions(account)
        return read_snapshot(rows, positions, await self._working_orders(account))

    async def _working_orders(self, account: str) -> tuple[WorkingOrder, ...] | None:
        """Return the account's open orders of all clients; ``None`` when a read-only API will not say."""
        try:
            found = await self._trading.open_orders(account)
        except RequestRefused as refused:
            if refused.code == VALIDATION_ERROR and "Read-Only" in str(refused):
                return None
            raise
        orders = [
            WorkingOrder(o.symbol, o.con_id, o.side, o.quantity, o.reference, o.perm_id)
            for o in found
            if o.account == account
        ]
        return tuple(sorted(orders, key=lambda o: (o.symbol, o.perm_id)))

    def next_order_id(self) -> int:
        """Return an unused order id."""
        return self._trading.next_order_id()

    def ask_what_if(self, ticket: OrderTicket) -> WhatIf:
        """Ask what would become of an order."""
        return self._run(self._trading.what_if(ticket))

    def place(self, order_id: int, ticket: OrderTicket) -> None:
        """Send one order, once."""
        self._run(self._trading.place(order_id, ticket))

    def cancel(self, order_id: int) -> None:
        """Ask for a cancel."""
        self._run(self._trading.cancel(order_id))

    def next_event(self, timeout_sec: float) -> OrderEvent | None:
        """Return the next thing the broker says."""
        return self._run(self._trading.next_event(timeout_sec))

    def open_orders(self, account: str) -> tuple[OpenOrder, ...]:
        """Ask for the working orders of all clients."""
        return self._run(self._trading.open_orders(account))

    def completed_orders(self, account: str) -> tuple[CompletedOrder, ...]:
        """Ask for today's finished orders."""
        return self._run(self._trading.completed_orders(account))

    def executions(self, account: str) -> tuple[tuple[Execution, ...], tuple[Commissioned, ...]]:
        """Ask for the account's fills."""
        return self._run(self._trading.executions(account))

    def read_market(
        self, wanted: Mapping[str, int], *, allow_delayed: bool, progress: Progress
    ) -> MarketData:
        """Ask for the time, then for each symbol's contract and one snapshot."""
        return self._run(self._market.read(wanted, progress, allow_delayed=allow_delayed))
