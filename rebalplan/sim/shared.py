"""The state that all connections of one gateway share: book, client ids in use, faults, record."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from rebalplan.sim.accounts.book import Book
from rebalplan.sim.errors import SimError
from rebalplan.sim.faults import FaultCounter
from rebalplan.sim.hours import Hours
from rebalplan.sim.orders.behaviours import BehaviourCounter
from rebalplan.sim.orders.occurrences import HandshakeCounter, IncidentCounter
from rebalplan.sim.scenario.model import Scenario

EventKind = Literal["open", "close", "request", "sent"]
NO_CLIENT: Final = -1
NO_MESSAGE: Final = 0
MAX_RATE: Final = 50
"""Messages a second that a gateway takes of one connection."""
_EVENTS_KEPT: Final = 200_000


class Event(msgspec.Struct, frozen=True):
    """One thing that happened on a connection (numbered from 1).

    ``message_id`` is 0 for ``open`` and ``close``; ``fields`` are the message's fields with its id;
    ``client_id`` is -1 until the client has named it.
    """

    connection: int
    kind: EventKind
    message_id: int
    fields: tuple[str, ...]
    client_id: int


class Record:
    """The events of a gateway, oldest first, readable from any thread; the oldest fall out in the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[Event] = deque(maxlen=_EVENTS_KEPT)
        self._open: set[int] = set()
        self._most_open = 0

    def add(self, event: Event) -> None:
        """Append an event and keep count of the open connections."""
        with self._lock:
            self._events.append(event)
            if event.kind == "open":
                self._open.add(event.connection)
                self._most_open = max(self._most_open, len(self._open))
            elif event.kind == "close":
                self._open.discard(event.connection)

    def events(self) -> tuple[Event, ...]:
        """Return what is kept so far."""
        with self._lock:
            return tuple(self._events)

    def open_now(self) -> int:
        """Return how many connections are open."""
        with self._lock:
            return len(self._open)

    def most_open(self) -> int:
        """Return how many connections were ever open at once."""
        with self._lock:
            return self._most_open


class Shared:
    """The state behind every session of a gateway. Only the gateway's thread uses it, the record apart."""

    def __init__(
        self,
        scenario: Scenario,
        book: Book,
        *,
        read_only: bool,
        save: Callable[[], None] = lambda: None,
        messages_per_sec: int = MAX_RATE,
    ) -> None:
        self.scenario = scenario
        self.book = book
        self.hours = Hours(scenario.market)
        self.faults = FaultCounter(scenario.faults, book.reached)
        self.behaviours = BehaviourCounter(scenario.behaviours, book.reached)
        self.incidents = IncidentCounter(scenario.incidents)
        self.handshakes = HandshakeCounter(scenario.handshakes, book.reached)
        self.save = save
        """Makes the book durable; raises ``SimError``."""
        self.messages_per_sec = messages_per_sec
        """A connection that sends more gets error 100, and is closed when it goes on."""
        self.due: dict[int, float] = {}
        """permId -> the monotonic second at which the order's script goes on."""
        self.agenda_due: dict[int, float] = {}
        """Number of an entry of the agenda -> the monotonic second at which it happens."""
        self.record = Record()
        self.read_only = read_only or scenario.gateway.read_only
        self.clients: dict[int, int] = {}
        """Client id -> connection."""
        self.versions: dict[int, int] = {}
        """Connection -> its agreed server version."""
        self.updated_account: tuple[int, str] | None = None
        """The connection and the account of the one subscription to account updates."""
        self.position_watchers: set[int] = set()
        """The connections that are told of every change of a position."""

    @property
    def is_mute(self) -> bool:
        """Tell whether the broker is lost and questions to it get no answer."""
        lost = [incident for incident in self.scenario.incidents if incident.label == self.book.lost]
        return any(incident.answers == "silent" for incident in lost)

    def save_faults(self) -> None:
        """Save which faults were reached and what is to come. When the disk refuses, the answers stay the same."""
        with contextlib.suppress(SimError):
            self.save()

    def forget(self, connection: int) -> None:
        """Forget a connection that is gone. The session itself frees the client id."""
        self.versions.pop(connection, None)
        self.position_watchers.discard(connection)
        if self.updated_account is not None and self.updated_account[0] == connection:
            self.updated_account = None
