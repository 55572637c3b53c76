"""Symbols and market data over one connection: which contract a symbol is, and what it is quoted at."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from rebalplan.core.contracts import con_id_of, exchange_of, symbol_of
from rebalplan.core.errors import BrokerError, TimedOutError
from rebalplan.core.ports import Clock, MarketData, Progress
from rebalplan.core.vocabulary import Quote, Session
from rebalplan.ibkr.choices import AmbiguousSymbol, choose
from rebalplan.ibkr.client import IbkrClient
from rebalplan.ibkr.hours import is_open, next_session, read_sessions
from rebalplan.ibkr.inbound import (
    NO_HOURS,
    NO_SUCH_CONTRACT,
    NOT_SUBSCRIBED,
    OTHER_SESSION,
    RequestRefused,
)
from rebalplan.ibkr.market import Contract, no_quote, read_quote

Result = TypeVar("Result")

IN_FLIGHT = 50
"""Snapshots of market data the gateway answers at a time (error 101 above)."""


class MarketReader:
    """Asks for contracts and quotes. ``known_symbols`` is a sentence to add when the gateway does not know a symbol."""

    def __init__(self, client: IbkrClient, clock: Clock, known_symbols: str) -> None:
        self._client = client
        self._clock = clock
        self._known_symbols = known_symbols

    async def check_symbols(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Return a sentence for each symbol that is not exactly one US dollar stock."""
        problems = await _all(self._check_symbol(symbol) for symbol in symbols)
        return tuple(problem for problem in problems if problem)

    async def _check_symbol(self, symbol: str) -> str:
        try:
            await self._contract(symbol, 0)
        except (RequestRefused, TimedOutError) as error:
            held = isinstance(error, AmbiguousSymbol) and error.is_plain
            unless = "; an account that holds one of them means that one" if held else ""
            return f"{symbol}: {self._why(error)}{unless}"
        return ""

    async def read(self, wanted: Mapping[str, int], progress: Progress, *, allow_delayed: bool) -> MarketData:
        """Return the broker's time, and one quote for each symbol; see ``BrokerConnection.read_market``."""
        asked_at = await self._client.current_time()
        # The broker's clock decides how old a quote is and which session is open: this machine's may be wrong.
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
