"""What the core needs from the world: a broker to ask and a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import msgspec

from rebalplan.model import AccountSnapshot, Quote, Session
from rebalplan.settings import Endpoint

Progress = Callable[[str], None]
"""Told what is being done, in a few words; may do nothing."""


class MarketData(msgspec.Struct, frozen=True):
    """One quote per wanted symbol, the next regular session, and the broker's time in UTC.

    ``session`` is ``None`` when no contract gave its hours.
    """

    quotes: tuple[Quote, ...]
    session: Session | None
    asked_at: datetime


class BrokerConnection(Protocol):
    """One connection with a fresh client; it is used by one account or for one round of quotes."""

    def read_account(self, account: str) -> AccountSnapshot:
        """Return what the account is now. Raises ``AccountError`` or ``BrokerError``."""
        ...

    def check_account(self, account: str) -> None:
        """Raise ``AccountError`` unless the login manages the account."""
        ...

    def check_symbols(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Return a sentence for each symbol that is not exactly one US dollar stock. Raises ``BrokerError``."""
        ...

    def read_market(
        self, wanted: Mapping[str, int], *, allow_delayed: bool, progress: Progress
    ) -> MarketData:
        """Quote each symbol once; a positive conId says which contract is held. Raises ``BrokerError``.

        A symbol that cannot be quoted has a quote that says why.
        """
        ...


class Broker(Protocol):
    """Something that can be connected to."""

    def connect(self, endpoint: Endpoint) -> AbstractContextManager[BrokerConnection]:
        """Connect with a fresh client; leaving the context disconnects. Raises ``BrokerError``."""
        ...


class Clock(Protocol):
    """The time, and waiting for it."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
