"""A running gateway, and how to start, reset and describe one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rebalplan.sim.accounts import state as state_file
from rebalplan.sim.accounts.book import Book, BookState
from rebalplan.sim.accounts.description import Description, describe_book
from rebalplan.sim.orders.order_model import LedgerEntry
from rebalplan.sim.scenario.model import Scenario
from rebalplan.sim.shared import MAX_RATE, Event, Shared

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from rebalplan.sim.server import Server


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


class Gateway:
    """A gateway that listens until it is closed; a context manager. Made by ``start``."""

    def __init__(
        self, shared: Shared, server: Server, address: tuple[str, int], lock: BaseFileLock | None
    ) -> None:
        self.host, self.port = address
        self._shared = shared
        self._server = server
        self._lock = lock

    @property
    def log(self) -> tuple[Event, ...]:
        """Return what happened so far, oldest first; safe from any thread."""
        return self._shared.record.events()

    @property
    def ledger(self) -> tuple[LedgerEntry, ...]:
        """Return every order message ever received, those of earlier runs first; safe from any thread."""
        return self._shared.book.trading.ledger

    def describe(self) -> Description:
        """Return the world as it is now, from any thread."""
        shared = self._shared
        return self._server.ask(lambda: describe_book(shared.scenario, shared.book))

    @property
    def reached(self) -> dict[str, int]:
        """Return how often each fault of the scenario was reached, by its table such as ``behaviour[1]``."""
        shared = self._shared
        return self._server.ask(lambda: dict(shared.book.reached))

    @property
    def connections_now(self) -> int:
        """Return how many connections are open."""
        return self._shared.record.open_now()

    @property
    def max_connections(self) -> int:
        """Return how many connections were ever open at once."""
        return self._shared.record.most_open()

    def close(self) -> None:
        """Hang up on every client, stop listening and release the state file. A second call does nothing."""
        self._server.stop()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Gateway:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(
    scenario: Scenario,
    *,
    state: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Callable[[], datetime] = utc_now,
    read_only: bool = False,
    messages_per_sec: int = MAX_RATE,
) -> Gateway:
    """Start a gateway in a thread of its own and return it, listening.

    ``state`` is the file that remembers what happened (none: it starts as the scenario says and forgets);
    ``port`` 0 takes a free one; ``clock`` gives the gateway's time as an aware datetime. ``read_only``
    is on top of the scenario's own setting; ``messages_per_sec`` is what a connection may send.

    Raises ``SimError`` when the port is taken or the state file is in use, damaged or of another scenario.
    """
    from rebalplan.sim.server import Server  # noqa: PLC0415  # asyncio is for those who start a gateway

    if state is not None:
        state_file.read_state(state, scenario)  # a file that is refused gets no lock file beside it
    lock = None if state is None else state_file.lock_state(state)
    try:
        book = Book(scenario, None if state is None else _remember(state, scenario))
        shared = Shared(
            scenario,
            book,
            read_only=read_only,
            save=_saver(state, scenario, book),
            messages_per_sec=messages_per_sec,
        )
        server = Server(shared, clock)
        return Gateway(shared, server, (host, server.listen(host, port)), lock)
    except BaseException:
        if lock is not None:
            lock.release()
        raise


def _saver(path: Path | None, scenario: Scenario, book: Book) -> Callable[[], None]:
    if path is None:
        return lambda: None
    return lambda: state_file.write_state(path, scenario, book.state())


def _remember(path: Path, scenario: Scenario) -> BookState | None:
    known = state_file.read_state(path, scenario)
    if known is None:
        state_file.write_state(path, scenario, Book(scenario).state())
    return known


def reset(scenario: Scenario, state: Path) -> None:
    """Set the state file back to the start of the scenario; create it when it is missing.

    Raises ``SimError`` when a running gateway uses the file, the disk does not take it, or a file is there that is
    something else.
    """
    # Twice: before the lock, so that a foreign file gets no lock file beside it, and under the lock, because the
    # file may have come in between.
    state_file.refuse_foreign_file(state)
    lock = state_file.lock_state(state)
    try:
        state_file.refuse_foreign_file(state)
        state_file.write_state(state, scenario, Book(scenario).state())
    finally:
        lock.release()
