"""The ``Broker`` port on ``ib_insync``: accounts and market data, blocking, one connection at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from rebalplan.core.contracts import con_id_of, exchange_of, symbol_of
from rebalplan.core.errors import BrokerError, TimedOutError
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
from rebalplan.core.vocabulary import AccountSnapshot, Endpoint, Quote, Session, WorkingOrder
from rebalplan.ibkr.account import read_snapshot
from rebalplan.ibkr.choices import AmbiguousSymbol, choose
from rebalplan.ibkr.client import IbkrClient, require_account
from rebalplan.ibkr.connection import LOG, VALIDATION_ERROR, Connection, MessageRate
from rebalplan.ibkr.hours import is_open, next_session, read_sessions
from rebalplan.ibkr.inbound import (
    NO_HOURS,
    NO_SUCH_CONTRACT,
    NOT_SUBSCRIBED,
    OTHER_SESSION,
    RequestRefused,
)
from rebalplan.ibkr.market import Contract, no_quote, read_quote
from rebalplan.ibkr.trading import Trading

Result = TypeVar("Result")

IN_FLIGHT = 50
"""Snapshots of market data the gateway answers at a time (error 101 above)."""


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
        self._known_symbols = known_symbols
        self._client = client
        self._trading = trading
        self._loop = loop
        self._clock = clock

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._loop.run_until_complete(work)

    def check_account(self, account: str) -> None:
        """Raise ``AccountError`` unless the login manages the account; asks nothing."""
        require_account(account, self._client.managed_accounts())
        self._client.announce(account)

    def check_symbols(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Ask for each symbol's contract."""
        return tuple(problem for problem in self._run(self._check_symbols(symbols)) if problem)

    async def _check_symbols(self, symbols: Sequence[str]) -> list[str]:
        return await _all(self._check_symbol(symbol) for symbol in symbols)

    async def _check_symbol(self, symbol: str) -> str:
        try:
            await self._contract(symbol, 0)
        except (RequestRefused, TimedOutError) as error:
            held = isinstance(error, AmbiguousSymbol) and error.is_plain
            unless = "; an account that holds one of them means that one" if held else ""
            return f"{symbol}: {self._why(error)}{unless}"
        return ""

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
        return self._run(self._read_market(wanted, allow_delayed, progress))

    async def _read_market(
        self, wanted: Mapping[str, int], allow_delayed: bool, progress: Progress
    ) -> MarketData:
        asked_at = await self._client.current_time()
        skew = asked_at - self._clock.now()
        if allow_delayed:
            self._client.accept_delayed_data()
        slots = asyncio.Semaphore(IN_FLIGHT)

        async def one(symbol: str, con_id: int) -> tuple[Quote, tuple[Session, ...]]:
            async with slots:
                quote, sessions = await self._quote(symbol, con_id, skew)
                progress(symbol)
                return quote, sessions

        answers = await _all(one(symbol, con_id) for symbol, con_id in wanted.items())
        now = self._now(skew)
        coming = [s for _, sessions in answers if (s := next_session(sessions, now)) is not None]
        current = [s for _, sessions in answers for s in sessions if is_open((s,), now)]
        return MarketData(
            quotes=tuple(quote for quote, _ in answers),
            session=min(coming, key=lambda s: s.closes_at, default=None),
            open_session=min(current, key=lambda s: s.closes_at, default=None),
            asked_at=asked_at,
        )

    async def _quote(self, symbol: str, con_id: int, skew: timedelta) -> tuple[Quote, tuple[Session, ...]]:
        """Return the quote and the contract's sessions; a refusal becomes the quote's problem."""
        contract = None
        try:
            contract = await self._contract(symbol, con_id)
            ticks = await self._client.ticks(contract.con_id)
        except (RequestRefused, TimedOutError) as error:
            found = contract.con_id if contract else 0
            return no_quote(symbol, found, self._why(error), self._now(skew)), ()
        now = self._now(skew)
        return read_quote(symbol, contract, ticks, now), contract.sessions

    def _now(self, skew: timedelta) -> datetime:
        return (self._clock.now() + skew).astimezone(UTC).replace(microsecond=0)

    def _why(self, error: BrokerError) -> str:
        return _why(error, self._known_symbols)

    async def _contract(self, name: str, con_id: int) -> Contract:
        """Resolve a name to one contract; what is held is looked up by its own id."""
        symbol, con_id = symbol_of(name), con_id or con_id_of(name)
        answers = await self._client.contract_details(symbol, con_id)
        found = choose("" if con_id else exchange_of(name), [d for d in answers if _is_stock(d, symbol)])
        ids = {d.contract.conId for d in found if d.contract is not None and d.contract.conId}
        if len(ids) != 1:
            stocks = [d for d in answers if _is_stock(d, symbol)]
            raise AmbiguousSymbol(name, stocks) if stocks else RequestRefused(NO_SUCH_CONTRACT, "no contract")
        sessions = read_sessions(found[0].liquidHours, found[0].timeZoneId)
        if not sessions:
            raise RequestRefused(NO_HOURS, f"the broker gives no regular session of {name} that can be read")
        return Contract(name, ids.pop(), sessions)


async def _all(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Run everything to its end, then raise the first error if there was one."""
    results = await asyncio.gather(*work, return_exceptions=True)
    done: list[Result] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done


def _is_stock(details: Any, symbol: str) -> bool:
    """Tell whether the contract is the US dollar stock of this symbol. A look-up by id may give any contract."""
    contract = details.contract
    return contract is not None and (contract.symbol, contract.secType, contract.currency) == (
        symbol,
        "STK",
        "USD",
    )


def _why(error: BrokerError, known_symbols: str) -> str:
    code = error.code if isinstance(error, RequestRefused) else 0
    if code in NOT_SUBSCRIBED:
        return (
            f"no live market data: subscribe to it, or set allow_delayed = true for delayed prices; {error}"
        )
    if code == OTHER_SESSION:
        return (
            "another session of this user has the market data: log it out (TWS, mobile app or Client Portal) and plan "
            f"again; {error}"
        )
    if code == NO_SUCH_CONTRACT:
        found = f"the broker knows no US stock or ETF of this symbol in USD; {error}"
        return f"{found}. {known_symbols}" if known_symbols else found
    return str(error)
