"""The ports: a broker to read and to trade with, a clock, and a disk for the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import msgspec

from rebalplan.core.orders import (
    Commissioned,
    CompletedOrder,
    Execution,
    OpenOrder,
    OrderEvent,
    OrderTicket,
    WhatIf,
)
from rebalplan.core.vocabulary import AccountSnapshot, Endpoint, Quote, Session

Progress = Callable[[str], None]
"""Takes the current step in a few words; may do nothing."""


class MarketData(msgspec.Struct, frozen=True):
    """One quote per wanted symbol, the next regular session, and the broker's time in UTC.

    ``session`` is ``None`` when no contract gave its hours. ``open_session`` is the regular session that
    ``asked_at`` lies in, the earliest to close when contracts differ; ``None`` when none is open.
    """

    quotes: tuple[Quote, ...]
    session: Session | None
    asked_at: datetime
    open_session: Session | None = None


class BrokerConnection(Protocol):
    """One connection with a fresh client; it is used by one account or for one round of quotes."""

    def read_account(self, account: str) -> AccountSnapshot:
        """Return the account as it is now. Raises ``AccountError`` or ``BrokerError``."""
        ...

    def read_values(self, account: str) -> Mapping[int, Decimal]:
        """Return the broker's value of each US dollar position in USD, by conId. Raises ``BrokerError``.

        The gateway has a single subscription to these values for all clients, so rebal asks only where it needs them.
        """
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
        """Return one quote per symbol; a positive conId names the contract that is held. Raises ``BrokerError``.

        The quote of a symbol without market data says why.
        """
        ...


class TradingConnection(BrokerConnection, Protocol):
    """A connection that may also trade. Calls raise ``UnreachableError`` once it is lost."""

    def next_order_id(self) -> int:
        """Return an order id this connection has not used; ids repeat after a gateway restart."""
        ...

    def ask_what_if(self, ticket: OrderTicket) -> WhatIf:
        """Ask the broker whether it would take an order, without sending it."""
        ...

    def place(self, order_id: int, ticket: OrderTicket) -> None:
        """Hand one order to the socket, once, and return when it has left this process."""
        ...

    def cancel(self, order_id: int) -> None:
        """Ask the broker to cancel an order by its id on this connection. The answer comes as an event."""
        ...

    def next_event(self, timeout_sec: float) -> OrderEvent | None:
        """Return the broker's next message, or ``None`` after the time-out."""
        ...

    def open_orders(self, account: str) -> tuple[OpenOrder, ...]:
        """Return every working order of every client, complete for ``account``.

        An unreadable row of another account is left out. Raises ``BrokerError`` when the list does not come.
        """
        ...

    def completed_orders(self, account: str) -> tuple[CompletedOrder, ...]:
        """Return today's finished orders, complete for ``account``, as ``open_orders`` does."""
        ...

    def executions(self, account: str) -> tuple[tuple[Execution, ...], tuple[Commissioned, ...]]:
        """Return the account's fills of the last 24 hours, complete, with the commissions known so far.

        Raises ``BrokerError`` when the list does not come.
        """
        ...


class Disk(Protocol):
    """The file operations of a journal. Every method raises ``DiskError`` when the disk fails."""

    def read(self, path: Path) -> bytes | None:
        """Return a file's bytes, or ``None`` when there is none."""
        ...

    def append(self, path: Path, data: bytes) -> None:
        """Append to a file and return once the disk has it."""
        ...

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file to its first ``size`` bytes and return once the disk has done so."""
        ...

    def lock(self, path: Path) -> AbstractContextManager[None]:
        """Hold a lock that ends with this process; raises ``RefusedError`` while another process holds it."""
        ...


class Broker(Protocol):
    """A broker to read from."""

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


class TradingBroker(Protocol):
    """A broker to trade with."""

    def connect(self, endpoint: Endpoint) -> AbstractContextManager[TradingConnection]:
        """Connect with a fresh client; leaving the context disconnects. Raises ``BrokerError``."""
        ...
