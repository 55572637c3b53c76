"""Read every account, strictly one after the other, then quote what they need: the input of a plan.

Reads and connects are retried with exponential backoff, each time with a fresh client. What goes wrong
with one account becomes its failure; the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from rebalplan.core.errors import AccountError, BrokerError, UnreachableError
from rebalplan.core.ports import Broker, Clock, MarketData, Progress
from rebalplan.core.vocabulary import AccountSnapshot, BrokerValue, Endpoint, Position, Targets
from rebalplan.inputs.settings import AccountSettings, AccountsSettings
from rebalplan.plan.account import AccountInput
from rebalplan.plan.build import unpriced_holdings
from rebalplan.plan.quoting import first_quotes, more_quotes, named_account
from rebalplan.plan.retries import retried

Result = TypeVar("Result")


class Collected(msgspec.Struct, frozen=True):
    """The accounts in the order of settings.ini and one market for all of them."""

    accounts: tuple[AccountInput, ...]
    market: MarketData


class AccountToRead(msgspec.Struct, frozen=True):
    """An account's settings with its target weights."""

    settings: AccountSettings
    targets: Targets


def collect(
    accounts: Sequence[AccountToRead],
    broker: Broker,
    clock: Clock,
    pace: AccountsSettings,
    progress: Progress,
) -> Collected:
    """Read the accounts and the market.

    Raises ``BrokerError`` when no account could be reached at all, or when there is no market data.
    """
    reader = _Reader(broker, clock, pace)
    inputs = []
    for position, account in enumerate(accounts):
        if position:
            clock.sleep(float(pace.pacing_sec))
        progress(f"reading {account.settings.account} ({position + 1} of {len(accounts)})")
        inputs.append(reader.read(account))
    reader.require_someone_reached()
    market = _read_market(reader, accounts, inputs, progress)
    quotes = {quote.symbol: quote for quote in market.quotes}
    inputs = [named_account(read, quotes) for read in inputs]
    return Collected(_with_broker_values(reader, accounts, inputs, market, progress), market)


class _Reader:
    """Reads accounts; remembers which gateways never answered, so that each is waited for only once."""

    def __init__(self, broker: Broker, clock: Clock, pace: AccountsSettings) -> None:
        self._failed_before: dict[Endpoint, bool] = {}
        self._broker = broker
        self._clock = clock
        self._pace = pace
        self._reached: dict[Endpoint, bool] = {}
        self._last_error: dict[Endpoint, BrokerError] = {}

    def read(self, account: AccountToRead) -> AccountInput:
        name, endpoint = account.settings.account, account.settings.endpoint
        snapshot: AccountSnapshot | None = None
        failure = ""
        try:
            if self._is_dead(endpoint):
                raise self._last_error[endpoint]
            snapshot = self.retried(lambda: self._read_once(endpoint, name), self._tries(endpoint))
            self._failed_before[endpoint] = False
        except (AccountError, BrokerError) as error:
            failure = str(error)
            if isinstance(error, BrokerError):
                self._last_error[endpoint] = error
                self._failed_before[endpoint] = isinstance(error, UnreachableError)
        policy, client_id = account.settings.policy, endpoint.client_id
        return AccountInput(name, client_id, policy, account.targets, snapshot, failure)

    def _read_once(self, endpoint: Endpoint, account: str) -> AccountSnapshot:
        with self._broker.connect(endpoint) as connection:
            self._reached[endpoint] = True
            return connection.read_account(account)

    def broker_values(
        self, account: AccountSettings, holdings: Sequence[Position]
    ) -> tuple[BrokerValue, ...]:
        """Return what the broker says of these holdings; what cannot be read is not known."""
        values: Mapping[int, Decimal] = {}
        with suppress(AccountError, BrokerError):
            values = self.retried(lambda: self._values_once(account))
        return tuple(BrokerValue(p.symbol, p.con_id, values.get(p.con_id)) for p in holdings)

    def _values_once(self, account: AccountSettings) -> Mapping[int, Decimal]:
        with self._broker.connect(account.endpoint) as connection:
            return connection.read_values(account.account)

    def _tries(self, endpoint: Endpoint) -> int:
        """Return how often to retry: not at all where every try for the account before was in vain."""
        return 0 if self._failed_before.get(endpoint) else self._pace.retries

    def _is_dead(self, endpoint: Endpoint) -> bool:
        return endpoint in self._last_error and not self._reached.get(endpoint)

    def require_someone_reached(self) -> None:
        """Raise the first gateway's error when no gateway could be connected to."""
        if self._last_error and not self._reached:
            raise next(iter(self._last_error.values()))

    def check(self, account: AccountSettings) -> str:
        """Return what is wrong with the account at the broker, or nothing."""
        endpoint = account.endpoint
        try:
            if self._is_dead(endpoint):
                raise self._last_error[endpoint]
            self.retried(lambda: self._check_once(account), self._tries(endpoint))
        except (AccountError, BrokerError) as error:
            if isinstance(error, BrokerError):
                self._last_error[endpoint] = error
            return f"{account.account}: {error}"
        self._reached[endpoint] = True
        return ""

    def _check_once(self, account: AccountSettings) -> None:
        with self._broker.connect(account.endpoint) as connection:
            connection.check_account(account.account)

    def symbols(self, endpoint: Endpoint, symbols: Sequence[str]) -> tuple[str, ...]:
        """Return what is wrong with the symbols at the broker."""
        with self._broker.connect(endpoint) as connection:
            return connection.check_symbols(symbols)

    def market(
        self, endpoint: Endpoint, wanted: dict[str, int], delayed: bool, progress: Progress
    ) -> MarketData:
        with self._broker.connect(endpoint) as connection:
            return connection.read_market(wanted, allow_delayed=delayed, progress=progress)

    def now(self) -> datetime:
        """Return the local time to the second, for when no broker can be asked."""
        return self._clock.now().replace(microsecond=0)

    def retried(self, read: Callable[[], Result], tries: int | None = None) -> Result:
        """Call ``read`` again, after a growing pause, while the gateway cannot be reached."""
        return retried(read, self._pace, self._clock, self._pace.retries if tries is None else tries)


def _read_market(
    reader: _Reader, accounts: Sequence[AccountToRead], inputs: Sequence[AccountInput], progress: Progress
) -> MarketData:
    """Quote each contract once, at the gateway of the first account that could be read."""
    readable = [
        account.settings for account, read in zip(accounts, inputs, strict=True) if read.snapshot is not None
    ]
    if not readable:
        return MarketData(quotes=(), session=None, asked_at=reader.now())
    delayed = any(settings.policy.pricing.allow_delayed for settings in readable)

    def read(wanted: dict[str, int]) -> MarketData:
        return reader.retried(
            lambda: reader.market(readable[0].endpoint, wanted, delayed, _counting(progress, len(wanted)))
        )

    first = first_quotes(inputs)
    market = read(first)
    more = more_quotes(inputs, {quote.symbol: quote for quote in market.quotes}, first)
    return _joined(market, read(more)) if more else market


def _joined(market: MarketData, more: MarketData) -> MarketData:
    """Return the quotes of both, at the time of the first; the earliest sessions count."""
    session, opened = (
        min((s for s in found if s is not None), key=lambda s: s.closes_at, default=None)
        for found in ((market.session, more.session), (market.open_session, more.open_session))
    )
    quotes = (*market.quotes, *more.quotes)
    return msgspec.structs.replace(market, quotes=quotes, session=session, open_session=opened)


def _with_broker_values(
    reader: _Reader,
    accounts: Sequence[AccountToRead],
    inputs: Iterable[AccountInput],
    market: MarketData,
    progress: Progress,
) -> tuple[AccountInput, ...]:
    """Add the broker's own value of each holding that is left alone and has no price, in the accounts that have one."""
    quotes = {quote.symbol: quote for quote in market.quotes}
    valued = []
    for account, read in zip(accounts, inputs, strict=True):
        holdings = unpriced_holdings(read, quotes)
        if read.snapshot is None or not holdings:
            valued.append(read)
            continue
        progress(f"asking what {', '.join(p.symbol for p in holdings)} is worth in {read.account}")
        values = reader.broker_values(account.settings, holdings)
        snapshot = msgspec.structs.replace(read.snapshot, broker_values=values)
        valued.append(msgspec.structs.replace(read, snapshot=snapshot))
    return tuple(valued)


def _counting(progress: Progress, total: int) -> Progress:
    """Say how many symbols are quoted so far."""
    done = 0

    def quoted(symbol: str) -> None:
        nonlocal done
        done += 1
        progress(f"quoted {symbol} ({done} of {total})")

    return quoted


def check_at_broker(
    accounts: Sequence[AccountToRead], broker: Broker, clock: Clock, pace: AccountsSettings
) -> tuple[str, ...]:
    """Ask whether the broker knows the accounts and the symbols; return a sentence per problem.

    Raises ``BrokerError`` when the symbols cannot be asked for.
    """
    reader = _Reader(broker, clock, pace)
    problems = []
    for position, account in enumerate(accounts):
        if position:
            clock.sleep(float(pace.pacing_sec))
        problems.append(reader.check(account.settings))
    reader.require_someone_reached()
    symbols = sorted({w.symbol for a in accounts for w in a.targets.weights})
    found = reader.retried(lambda: reader.symbols(accounts[0].settings.endpoint, symbols))
    return (*(p for p in problems if p), *found)
