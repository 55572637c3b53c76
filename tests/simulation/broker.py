"""The modelled gateway: the ``TradingBroker`` and ``TradingConnection`` ports on top of the exchange."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from rebalplan.core.errors import AccountError, BrokerError, TimedOutError, UnreachableError
from rebalplan.core.money import canonical
from rebalplan.core.orders import (
    Commissioned,
    CompletedOrder,
    Executed,
    Execution,
    LinkLost,
    LinkRestored,
    OpenOrder,
    OrderEvent,
    OrderTicket,
    WhatIf,
)
from rebalplan.core.ports import MarketData, Progress
from rebalplan.core.vocabulary import AccountSnapshot, Endpoint, WorkingOrder
from tests.builders import position, snapshot
from tests.simulation.exchange import Exchange
from tests.simulation.faults import Faults, LinkFate
from tests.simulation.ledger import Ledger
from tests.simulation.process import Process, silent

CALL_SEC = 0.05
QUOTES_SEC = 0.5
TIMEOUT_SEC = 10.0

OnPlace = Callable[[OrderTicket], None]


class SimBroker:
    """The ``TradingBroker`` of a simulated run. The endpoint's port, counted from 1, says whose turn connects.

    ``on_place`` looks at every order that leaves; ``refuses_what_if`` are the accounts and symbols the broker would
    refuse. ``listed_at`` is when the present process was last given an account's executions, ``told`` are the ids of
    those that the wire said to it over that account's connections; ``shown_working`` is when any process was given a
    list with an order of a reference.
    """

    def __init__(
        self, exchange: Exchange, faults: Faults, accounts: Sequence[str], on_place: OnPlace
    ) -> None:
        self.exchange = exchange
        self.faults = faults
        self.accounts = accounts
        self.on_place = on_place
        self.cash_lag_sec = 0.0
        self.refuses_what_if: frozenset[tuple[str, str]] = frozenset()
        self.refuses_algo_what_if = False
        self.next_id = 1
        self.process = Process(0, silent)
        self.listed_at: dict[str, datetime] = {}
        self.told: set[str] = set()
        self.shown_working: list[tuple[str, datetime]] = []

    def boot(self, process: Process) -> None:
        """Serve a new process; the gateway has noticed that the old one is gone."""
        self.process = process
        self.exchange.listener = None
        self.listed_at.clear()
        self.told.clear()

    @contextmanager
    def connect(self, endpoint: Endpoint) -> Iterator[SimConnection]:
        self.process.step("before connect")
        account = self.accounts[endpoint.port - 1]
        fate = self.faults.link(account)
        exchange = self.exchange
        exchange.run_until(exchange.clock.now() + timedelta(seconds=CALL_SEC))
        if fate.refused:
            raise UnreachableError("connection refused")
        exchange.restore_link()
        if exchange.is_helpful:
            fate = LinkFate()
        if fate.rolls_back:
            self.next_id = 1
        connection = SimConnection(self, fate, endpoint.client_id, account)
        exchange.listener = connection.hear
        if fate.is_down_at_start:
            connection.lose_link()
        if fate.down_at_sec:
            exchange.at(fate.down_at_sec, connection.lose_link)
        self.process.step("after connect")
        try:
            yield connection
        finally:
            exchange.listener = None


class SimConnection:
    """One connection; every call may be its last."""

    def __init__(self, broker: SimBroker, fate: LinkFate, client_id: int, account: str) -> None:
        self._broker = broker
        self._account = account
        self._client_id = client_id
        self._exchange = broker.exchange
        self._ledger: Ledger = broker.exchange.ledger
        self._fate = fate
        self._inbox: deque[OrderEvent] = deque()
        self._calls = 0
        self._queries = 0
        self._is_lost = False
        self._used: set[int] = set()
        self.knows_link_down = False

    def hear(self, event: OrderEvent) -> None:
        """Take an event from the wire."""
        if not self._is_lost:
            self.knows_link_down = isinstance(event, LinkLost) or (
                self.knows_link_down and not isinstance(event, LinkRestored)
            )
            self._inbox.append(event)
            if isinstance(event, Executed) and event.execution.account == self._account:
                self._broker.told.add(event.execution.exec_id)

    def lose_link(self) -> None:
        """Start a 1100 window of this connection."""
        if self._exchange.listener == self.hear and self._broker.faults.is_on:
            self._exchange.lose_link()
            if self._fate.up_after_sec:
                self._exchange.at(self._fate.up_after_sec, self._exchange.restore_link)

    def _enter(self, name: str, seconds: float = 0.0) -> None:
        """Begin a call: a crash point, then time, then perhaps the end of the connection."""
        self._broker.process.step(f"before {name}")
        if name != "next_event" and self._broker.process.is_traced:
            self._broker.process.trace(f"call {name}")
        self._exchange.run_until(self._now() + timedelta(seconds=seconds))
        self._calls += 1
        if self._calls == self._fate.drops_at and not self._fate.drops_after_effect:
            self._drop()
        if self._is_lost:
            raise UnreachableError("the connection is lost")

    def _leave(self, name: str) -> None:
        """End a call whose effect has happened."""
        if self._calls == self._fate.drops_at and self._fate.drops_after_effect:
            self._drop()
            raise UnreachableError("the connection is lost")
        self._broker.process.step(f"after {name}")

    def _drop(self) -> None:
        self._is_lost = True
        self._inbox.clear()

    def _now(self) -> datetime:
        return self._exchange.clock.now()

    def _query(self, name: str) -> None:
        self._enter(name, CALL_SEC)
        self._queries += 1
        how = self._fate.bad_queries.get(self._queries)
        if how == "no end marker":
            self._exchange.run_until(self._now() + timedelta(seconds=TIMEOUT_SEC))
            raise TimedOutError(f"{name} was not answered in full")
        if how:
            raise BrokerError(f"{name}: error 322")

    def check_account(self, account: str) -> None:
        if account not in self._broker.accounts:
            raise AccountError(f"{account} is not managed by this login")

    def read_values(self, account: str) -> Mapping[int, Decimal]:
        del account
        return {}

    def check_symbols(self, symbols: Sequence[str]) -> tuple[str, ...]:
        del symbols
        return ()

    def read_account(self, account: str) -> AccountSnapshot:
        self._query("read_account")
        self.check_account(account)
        now = self._now()
        lag = max((o.fate.lag_sec for o in self._ledger.orders if o.ticket.account == account), default=0)
        _, held = self._ledger.of(account, now - timedelta(seconds=lag))
        cash, _ = self._ledger.of(account, now - timedelta(seconds=max(lag, self._broker.cash_lag_sec)))
        prices = {symbol: str(self._exchange.market.price(symbol, now)) for symbol in held}
        orders = tuple(
            WorkingOrder(o.symbol, o.con_id, o.side, o.quantity, o.reference, o.perm_id)
            for o in self._open_orders()
            if o.account == account
        )
        holdings = [position(symbol, str(quantity)) for symbol, quantity in sorted(held.items()) if quantity]
        return snapshot(str(canonical(cash)), holdings, prices, working_orders=orders)

    def read_market(
        self, wanted: Mapping[str, int], *, allow_delayed: bool, progress: Progress
    ) -> MarketData:
        del allow_delayed, progress
        self._enter("read_market", QUOTES_SEC)
        market, now = self._exchange.market, self._now()
        return MarketData(
            quotes=tuple(market.quote(symbol, now) for symbol in wanted),
            session=market.next_session,
            asked_at=now.replace(microsecond=0),
            open_session=market.open_session if market.is_open(now) else None,
        )

    def next_order_id(self) -> int:
        order_id = max(self._broker.next_id, max(self._used, default=0) + 1)
        self._used.add(order_id)
        self._broker.next_id = order_id + 1
        return order_id

    def ask_what_if(self, ticket: OrderTicket) -> WhatIf:
        self._query("what_if")
        if (ticket.account, ticket.symbol) in self._broker.refuses_what_if:
            return WhatIf(answered=True, refusal="no trading permission")
        if self._broker.refuses_algo_what_if and ticket.algo != "none":
            return WhatIf(
                answered=True, refusal="Algorithm attributes validation failed (error 442)", lacks_algo=True
            )
        return WhatIf(answered=bool(ticket.con_id % 2), refusal="")

    def place(self, order_id: int, ticket: OrderTicket) -> None:
        self._enter("place")
        self._broker.on_place(ticket)
        self._broker.process.trace(
            f"place {order_id} {ticket.reference} {ticket.side} {ticket.quantity} {ticket.symbol}"
        )
        known = (self._client_id, order_id)
        same_id = [o for o in self._ledger.orders if (o.client_id, o.order_id) == known]
        if any(o.is_working for o in same_id):
            self._exchange.notice(order_id, 103, "Duplicate order id")
        else:
            fate = self._broker.faults.order(ticket.account, ticket.reference)
            self._exchange.arrive(order_id, ticket, fate, self._client_id)
        for old in same_id:
            self._exchange.at(0.3, partial(self.hear, old.as_status()))
        self._leave("place")

    def cancel(self, order_id: int) -> None:
        self._enter("cancel")
        self._broker.process.trace(f"cancel {order_id}")
        self._exchange.cancel(order_id, self._client_id)
        self._leave("cancel")

    def next_event(self, timeout_sec: float) -> OrderEvent | None:
        self._enter("next_event")
        limit = self._now() + timedelta(seconds=timeout_sec)
        while not self._inbox:
            due = self._exchange.next_due()
            if due is None or due > limit:
                self._exchange.run_until(limit)
                return None
            self._exchange.run_next()
        event = self._inbox.popleft()
        if self._broker.process.is_traced:
            self._broker.process.trace(f"event {event}")
        self._leave("next_event")
        return event

    def open_orders(self, account: str) -> tuple[OpenOrder, ...]:
        del account
        self._query("open_orders")
        return self._open_orders()

    def _open_orders(self) -> tuple[OpenOrder, ...]:
        found = self._ledger.open_orders(self._now())
        self._broker.shown_working += [(order.reference, self._now()) for order in found]
        return found

    def completed_orders(self, account: str) -> tuple[CompletedOrder, ...]:
        del account
        self._query("completed_orders")
        return self._ledger.completed(self._now())

    def executions(self, account: str) -> tuple[tuple[Execution, ...], tuple[Commissioned, ...]]:
        self._query("executions")
        self._broker.listed_at[account] = self._now()
        deals = self._ledger.visible_deals(account, self._now())
        late = timedelta(seconds=2)
        free = {o.ticket.reference for o in self._ledger.orders if not o.fate.is_charged}
        charged = [
            d for d in deals if self._now() >= d.execution.at + late and d.execution.reference not in free
        ]
        return (
            tuple(d.execution for d in deals),
            tuple(Commissioned(exec_id=d.execution.exec_id, amount=d.commission) for d in charged),
        )
