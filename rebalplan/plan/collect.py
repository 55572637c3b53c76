"""Read every account, strictly one after the other, then quote what they need: the input of a plan.

What goes wrong with one account becomes its failure; the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal

import msgspec

from rebalplan.core.errors import AccountError, BrokerError
from rebalplan.core.ports import Broker, BrokerConnection, Clock, MarketData, Progress
from rebalplan.core.vocabulary import AccountSnapshot, BrokerValue, Quote, Targets
from rebalplan.inputs.settings import AccountSettings, AccountsSettings
from rebalplan.plan.account import AccountInput
from rebalplan.plan.build import unpriced_holdings
from rebalplan.plan.quoting import first_quotes, more_quotes, named_account
from rebalplan.plan.reading import BrokerReader, Read, require_someone_reached


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
    reader = BrokerReader(broker.connect, clock, pace)
    reads = reader.read_each(
        [account.settings for account in accounts], lambda link, name: link.read_account(name), progress
    )
    require_someone_reached(reads)
    inputs = [_input(account, read) for account, read in zip(accounts, reads, strict=True)]
    readable = [
        account.settings for account, read in zip(accounts, inputs, strict=True) if read.snapshot is not None
    ]
    if not readable:
        return Collected(tuple(inputs), _no_market(clock))
    market = _read_market(reader, readable, inputs, progress)
    quotes = {quote.symbol: quote for quote in market.quotes}
    named = (named_account(read, quotes) for read in inputs)
    valued = (
        _with_broker_values(reader, account.settings, read, quotes, progress)
        for account, read in zip(accounts, named, strict=True)
    )
    return Collected(tuple(valued), market)


def _input(account: AccountToRead, read: Read[AccountSnapshot]) -> AccountInput:
    settings = account.settings
    failure = "" if read.error is None else str(read.error)
    return AccountInput(
        settings.account, settings.endpoint.client_id, settings.policy, account.targets, read.value, failure
    )


def _no_market(clock: Clock) -> MarketData:
    """Return the local time to the second, and no quotes, for when no account could be read."""
    return MarketData(quotes=(), session=None, asked_at=clock.now().replace(microsecond=0))


def _read_market(
    reader: BrokerReader[BrokerConnection],
    readable: Sequence[AccountSettings],
    inputs: Sequence[AccountInput],
    progress: Progress,
) -> MarketData:
    """Quote each contract once, at the gateway of the first account that could be read."""
    delayed = any(settings.policy.pricing.allow_delayed for settings in readable)

    def read(wanted: dict[str, int]) -> MarketData:
        return reader.read(
            readable[0].endpoint,
            lambda link: link.read_market(
                wanted, allow_delayed=delayed, progress=_counting(progress, len(wanted))
            ),
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
    reader: BrokerReader[BrokerConnection],
    account: AccountSettings,
    read: AccountInput,
    quotes: Mapping[str, Quote],
    progress: Progress,
) -> AccountInput:
    """Add the broker's own value of each holding that is left alone and has no price, if the account has one.

    A value that cannot be read is not known: it fails no account.
    """
    holdings = unpriced_holdings(read, quotes)
    if read.snapshot is None or not holdings:
        return read
    progress(f"asking what {', '.join(p.symbol for p in holdings)} is worth in {read.account}")
    values: Mapping[int, Decimal] = {}
    with suppress(AccountError, BrokerError):
        values = reader.read(account.endpoint, lambda link: link.read_values(account.account))
    broker_values = tuple(BrokerValue(p.symbol, p.con_id, values.get(p.con_id)) for p in holdings)
    snapshot = msgspec.structs.replace(read.snapshot, broker_values=broker_values)
    return msgspec.structs.replace(read, snapshot=snapshot)


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
    reader = BrokerReader(broker.connect, clock, pace)
    settings = [account.settings for account in accounts]
    reads = reader.read_each(settings, lambda link, name: link.check_account(name))
    require_someone_reached(reads)
    symbols = sorted({w.symbol for a in accounts for w in a.targets.weights})
    unknown = reader.read(settings[0].endpoint, lambda link: link.check_symbols(symbols))
    failed = [f"{own.account}: {read.error}" for own, read in zip(settings, reads, strict=True) if read.error]
    return (*failed, *unknown)
