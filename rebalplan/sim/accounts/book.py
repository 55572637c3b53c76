"""The holdings at the simulated broker: instruments, accounts with cash and positions, working orders.

Pure state: no I/O and no clock. It starts from a scenario, or from what a state file remembers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal

import msgspec

from rebalplan.sim.orders.agenda import Agenda, Later
from rebalplan.sim.orders.order_book import OrderBook, OrderState, initial_state
from rebalplan.sim.orders.order_model import Execution, WorkingOrder
from rebalplan.sim.scenario.model import ZERO, Account, Cash, Instrument, Position, Scenario
from rebalplan.sim.wire.layouts import valid_exchanges
from rebalplan.sim.wire.requests import ContractQuery

BASE = "BASE"


class Unsettled(msgspec.Struct, frozen=True):
    """Proceeds of a sale that are settled cash from a day on (a date of the market's time zone)."""

    currency: str
    amount: Decimal
    settles: date


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """The quote of an instrument that fills have moved."""

    con_id: int
    bid: Decimal | None
    ask: Decimal | None
    last: Decimal | None


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has at this moment, apart from its fixed settings."""

    id: str
    cash: tuple[Cash, ...]
    positions: tuple[Position, ...]
    unsettled: tuple[Unsettled, ...] = ()


class Reached(msgspec.Struct, frozen=True):
    """How often a fault of the scenario was reached, by the label of its table."""

    label: str
    count: int


class BookState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a book that can differ from its scenario. Without ``trading``, the orders are the scenario's own.

    ``lost`` is the label of the incident that took the broker away, empty while it is there.
    """

    next_order_id: int
    accounts: tuple[Holdings, ...]
    trading: OrderState | None = None
    prices: tuple[Price, ...] = ()
    agenda: tuple[Later, ...] = ()
    reached: tuple[Reached, ...] = ()
    lost: str = ""


class Book:
    """The state of all accounts; the only thing that changes while a gateway runs."""

    def __init__(self, scenario: Scenario, state: BookState | None = None) -> None:
        self.instruments = {instrument.con_id: instrument for instrument in scenario.instruments}
        self._by_symbol: dict[str, list[Instrument]] = defaultdict(list)
        for instrument in scenario.instruments:
            self._by_symbol[instrument.symbol].append(instrument)
        self.accounts = {account.id: account for account in scenario.accounts}
        self._rates = {rate.currency: rate.amount for rate in scenario.rates}
        state = state or _initial(scenario)
        self.next_order_id = state.next_order_id
        self._holdings = {holdings.id: holdings for holdings in state.accounts}
        own = [order for account in scenario.accounts for order in account.orders]
        self.trading = OrderBook(state.trading or initial_state(own))
        if scenario.orders.roll_back_ids:
            self.next_order_id = scenario.gateway.next_valid_id
            self.trading.epoch += 1
        self.agenda = Agenda(state.agenda)
        self.reached = Counter({found.label: found.count for found in state.reached})
        self.lost = state.lost
        self._prices: dict[int, Price] = {}
        for price in state.prices:
            self.move_price(price)

    @property
    def account_ids(self) -> tuple[str, ...]:
        """Return the account ids in the scenario's order."""
        return tuple(self.accounts)

    def state(self) -> BookState:
        """Return what a state file has to remember."""
        return BookState(
            next_order_id=self.next_order_id,
            accounts=tuple(self._holdings.values()),
            trading=self.trading.state(),
            prices=tuple(self._prices.values()),
            agenda=self.agenda.entries(),
            reached=tuple(Reached(label, count) for label, count in self.reached.items()),
            lost=self.lost,
        )

    @property
    def orders(self) -> list[WorkingOrder]:
        """Return the working orders of all accounts."""
        return self.trading.working()

    def account(self, account: str) -> Account:
        """Return the fixed settings of an account that exists."""
        return self.accounts[account]

    def cash(self, account: str) -> tuple[Cash, ...]:
        """Return the balances of an account that exists, per currency."""
        return self._holdings[account].cash

    def unsettled(self, account: str) -> tuple[Unsettled, ...]:
        """Return the proceeds of an account that exists which are not settled yet."""
        return self._holdings[account].unsettled

    def positions(self, account: str) -> tuple[tuple[Instrument, Position], ...]:
        """Return the non-zero holdings of an account that exists, as far as the positions show them by now."""
        return self._holdings_without(account, self._is_position_late)

    def valued_positions(self, account: str) -> tuple[tuple[Instrument, Position], ...]:
        """Return the non-zero holdings that the account values count by now."""
        return self._holdings_without(account, lambda execution: not execution.is_value_visible)

    def real_positions(self, account: str) -> tuple[tuple[Instrument, Position], ...]:
        """Return the non-zero holdings of an account that exists, whatever shows of them."""
        return self._holdings_without(account, lambda _execution: False)

    def _is_position_late(self, execution: Execution) -> bool:
        is_shown = execution.is_visible and execution.is_position_visible
        return not is_shown or self.trading.order(execution.perm_id).is_hidden

    def _holdings_without(
        self, account: str, is_late: Callable[[Execution], bool]
    ) -> tuple[tuple[Instrument, Position], ...]:
        late: dict[int, Decimal] = defaultdict(Decimal)
        for execution in self.trading.executions():
            if execution.account == account and not execution.is_correction and is_late(execution):
                late[execution.con_id] += signed_quantity(execution)
        shown = [
            msgspec.structs.replace(held, quantity=held.quantity - late[held.con_id])
            for held in self._holdings[account].positions
        ]
        return tuple((self.instruments[held.con_id], held) for held in shown if held.quantity)

    def valued_cash(self, account: str) -> tuple[Cash, ...]:
        """Return the balances of an account that exists, as far as the account values show them by now."""
        late: dict[str, Decimal] = defaultdict(Decimal)
        for currency, change in self.late_cash(account):
            late[currency] += change
        return tuple(
            Cash(balance.currency, balance.amount - late[balance.currency]) for balance in self.cash(account)
        )

    def late_cash(self, account: str) -> list[tuple[str, Decimal]]:
        """Return what fills did to the cash that the account values do not show yet."""
        return [
            (self.instruments[execution.con_id].currency, execution.cash_change)
            for execution in self.trading.executions()
            if execution.account == account and not execution.is_value_visible
        ]

    def shown(self, account: str, con_id: int) -> Position:
        """Return what the positions show of an instrument by now, perhaps nothing."""
        found = [held for instrument, held in self.positions(account) if instrument.con_id == con_id]
        return found[0] if found else Position(con_id, ZERO, ZERO)

    def held(self, account: str, con_id: int) -> Position:
        """Return what an account really holds of an instrument, perhaps nothing."""
        for position in self._holdings[account].positions:
            if position.con_id == con_id:
                return position
        return Position(con_id, ZERO, ZERO)

    def hold(self, account: str, position: Position) -> None:
        """Set what an account holds of an instrument."""
        holdings = self._holdings[account]
        positions = {held.con_id: held for held in holdings.positions}
        positions[position.con_id] = position
        self._holdings[account] = msgspec.structs.replace(holdings, positions=tuple(positions.values()))

    def pay(self, account: str, currency: str, amount: Decimal) -> None:
        """Add to the balance of an account in a currency (negative: take away)."""
        holdings = self._holdings[account]
        balances = {balance.currency: balance.amount for balance in holdings.cash}
        balances[currency] = balances.get(currency, ZERO) + amount
        cash = tuple(Cash(name, balance) for name, balance in balances.items())
        self._holdings[account] = msgspec.structs.replace(holdings, cash=cash)

    def defer(self, account: str, proceeds: Unsettled) -> None:
        """Remember that some of the cash is not settled yet."""
        holdings = self._holdings[account]
        unsettled = (*holdings.unsettled, proceeds)
        self._holdings[account] = msgspec.structs.replace(holdings, unsettled=unsettled)

    def settle(self, today: date) -> None:
        """Forget what is settled by ``today``."""
        for account, holdings in self._holdings.items():
            left = tuple(proceeds for proceeds in holdings.unsettled if proceeds.settles > today)
            if left != holdings.unsettled:
                self._holdings[account] = msgspec.structs.replace(holdings, unsettled=left)

    def move_price(self, price: Price) -> None:
        """Give an instrument another quote."""
        self._prices[price.con_id] = price
        instrument = self.instruments[price.con_id]
        quote = msgspec.structs.replace(instrument.quote, bid=price.bid, ask=price.ask, last=price.last)
        moved = msgspec.structs.replace(instrument, quote=quote)
        self.instruments[price.con_id] = moved
        named = self._by_symbol[moved.symbol]
        named[named.index(instrument)] = moved

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


def signed_quantity(execution: Execution) -> Decimal:
    """Return the shares of an execution, negative for a sale."""
    return execution.quantity if execution.side == "BUY" else -execution.quantity


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
