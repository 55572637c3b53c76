"""The present state of a simulated world, as frozen structs for ``rebal sim show``."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec

from rebalplan.sim.accounts import valuation
from rebalplan.sim.accounts.book import Book
from rebalplan.sim.accounts.state import read_state
from rebalplan.sim.orders.order_model import Execution, LedgerEntry, WorkingOrder
from rebalplan.sim.scenario.model import Cash, Fault, Instrument, Scenario


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """A holding; price and market value are in the instrument's currency."""

    symbol: str
    con_id: int
    sec_type: str
    currency: str
    quantity: Decimal
    avg_cost: Decimal
    price: Decimal
    market_value: Decimal


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order with its symbol."""

    symbol: str
    order: WorkingOrder


class ExecutionView(msgspec.Struct, frozen=True, kw_only=True):
    """A fill, or the correction of one, with its symbol."""

    symbol: str
    execution: Execution


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account; ``net_liquidation`` is in its base currency and as computed, overrides aside.

    ``orders`` are the working ones.
    """

    id: str
    kind: str
    base: str
    net_liquidation: Decimal
    cash: tuple[Cash, ...]
    positions: tuple[PositionView, ...]
    orders: tuple[OrderView, ...]


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A whole world: accounts, instruments with their quotes, rates in USD, faults.

    ``orders`` are all that were ever booked, done ones included, ``executions`` all fills, and ``ledger`` every order
    message received, booked or not; each oldest first.
    """

    name: str
    source: str
    read_only: bool
    hours: str
    accounts: tuple[AccountView, ...]
    instruments: tuple[Instrument, ...]
    rates: tuple[Cash, ...]
    faults: tuple[Fault, ...]
    orders: tuple[OrderView, ...]
    executions: tuple[ExecutionView, ...]
    ledger: tuple[LedgerEntry, ...]


def describe(scenario: Scenario, state: Path | None) -> Description:
    """Return the world as the state file has it, or as the scenario starts it without one.

    Raises ``SimError`` when the state file is damaged or of another scenario.
    """
    return describe_book(scenario, Book(scenario, None if state is None else read_state(state, scenario)))


def describe_book(scenario: Scenario, book: Book) -> Description:
    """Return the world as the book has it."""
    return Description(
        name=scenario.gateway.name,
        source=scenario.source,
        read_only=scenario.gateway.read_only,
        hours=scenario.market.hours,
        accounts=tuple(_account(book, account) for account in book.account_ids),
        instruments=tuple(book.instruments.values()),
        rates=scenario.rates,
        faults=scenario.faults,
        orders=tuple(_order(book, order) for order in book.trading.orders()),
        executions=tuple(
            ExecutionView(symbol=book.instruments[execution.con_id].symbol, execution=execution)
            for execution in book.trading.executions()
        ),
        ledger=book.trading.ledger,
    )


def _account(book: Book, account_id: str) -> AccountView:
    account = book.account(account_id)
    return AccountView(
        id=account_id,
        kind=account.kind,
        base=account.base,
        net_liquidation=valuation.net_liquidation(book, account_id),
        cash=book.cash(account_id),
        positions=_positions(book, account_id),
        orders=tuple(_order(book, order) for order in book.orders if order.account == account_id),
    )


def _order(book: Book, order: WorkingOrder) -> OrderView:
    return OrderView(symbol=book.instruments[order.con_id].symbol, order=order)


def _positions(book: Book, account_id: str) -> tuple[PositionView, ...]:
    return tuple(
        PositionView(
            symbol=instrument.symbol,
            con_id=instrument.con_id,
            sec_type=instrument.sec_type,
            currency=instrument.currency,
            quantity=held.quantity,
            avg_cost=held.avg_cost,
            price=instrument.quote.mark(),
            market_value=held.quantity * instrument.quote.mark() * instrument.multiplier,
        )
        for instrument, held in book.real_positions(account_id)
    )
