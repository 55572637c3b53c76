"""What the simulated broker holds: instruments, accounts with cash and positions, working orders.

Pure state: no I/O and no clock. It starts from a scenario, or from what a state file remembers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from rebalplan.sim.layouts import valid_exchanges
from rebalplan.sim.model import ZERO, Account, Cash, Instrument, Position, Scenario, WorkingOrder
from rebalplan.sim.requests import ContractQuery

BASE = "BASE"


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has at this moment, apart from its fixed settings."""

    id: str
    cash: tuple[Cash, ...]
    positions: tuple[Position, ...]


class BookState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a book that can differ from its scenario."""

    next_order_id: int
    accounts: tuple[Holdings, ...]


class Book:
    """The state of all accounts; the only thing that changes while a gateway runs."""

    def __init__(self, scenario: Scenario, state: BookState | None = None) -> None:
        self.instruments = {instrument.con_id: instrument for instrument in scenario.instruments}
        self._by_symbol: dict[str, list[Instrument]] = defaultdict(list)
        for instrument in scenario.instruments:
            self._by_symbol[instrument.symbol].append(instrument)
        self.accounts = {account.id: account for account in scenario.accounts}
        self.orders = [order for account in scenario.accounts for order in account.orders]
        self._rates = {rate.currency: rate.amount for rate in scenario.rates}
        state = state or _initial(scenario)
        self.next_order_id = state.next_order_id
        self._holdings = {holdings.id: holdings for holdings in state.accounts}

    @property
    def account_ids(self) -> tuple[str, ...]:
        """Return the account ids in the scenario's order."""
        return tuple(self.accounts)

    def state(self) -> BookState:
        """Return what a state file has to remember."""
        return BookState(next_order_id=self.next_order_id, accounts=tuple(self._holdings.values()))

    def account(self, account: str) -> Account:
        """Return the fixed settings of an account that exists."""
        return self.accounts[account]

    def cash(self, account: str) -> tuple[Cash, ...]:
        """Return the balances of an account that exists, per currency."""
        return self._holdings[account].cash

    def positions(self, account: str) -> tuple[tuple[Instrument, Position], ...]:
        """Return the non-zero holdings of an account that exists."""
        held = self._holdings[account].positions
        return tuple((self.instruments[position.con_id], position) for position in held if position.quantity)

    def orders_of(self, client_ids: Iterable[int]) -> list[WorkingOrder]:
        """Return the working orders that these clients placed."""
        wanted = set(client_ids)
        return [order for order in self.orders if order.client_id in wanted]

    def rate(self, currency: str, base: str) -> Decimal:
        """Return what one unit of ``currency`` is worth in ``base``."""
        return self._rates[currency] / self._rates[base]

    def find(self, query: ContractQuery) -> list[Instrument]:
        """Return every instrument that the description fits; a conId alone is enough."""
        if query.con_id:
            instrument = self.instruments.get(query.con_id)
            candidates = [instrument] if instrument else []
            return [found for found in candidates if _fits_exchange(found, query)]
        named = self._by_symbol.get(query.symbol, []) if query.symbol else list(self.instruments.values())
        if not query.symbol and not query.local_symbol:
            return []
        return [instrument for instrument in named if _fits(instrument, query)]


def _initial(scenario: Scenario) -> BookState:
    return BookState(
        next_order_id=scenario.gateway.next_valid_id,
        accounts=tuple(
            Holdings(id=account.id, cash=account.cash, positions=account.positions)
            for account in scenario.accounts
        ),
    )


def _fits(instrument: Instrument, query: ContractQuery) -> bool:
    texts = (
        (query.sec_type, instrument.sec_type),
        (query.currency, instrument.currency),
        (query.primary_exchange, instrument.primary_exchange),
        (query.local_symbol, instrument.local_symbol),
        (query.right[:1], instrument.right),
    )
    return (
        all(asked in ("", "0", "?", known) for asked, known in texts)
        and instrument.expiry.startswith(query.expiry)
        and query.strike in (ZERO, instrument.strike)
        and _fits_exchange(instrument, query)
    )


def _fits_exchange(instrument: Instrument, query: ContractQuery) -> bool:
    return not query.exchange or query.exchange in valid_exchanges(instrument)
