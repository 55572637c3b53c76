"""One connection without its socket: bytes in, replies out. It reads no clock and does no I/O."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rebalplan.sim import dispatch, handshakes
from rebalplan.sim.answers import Caller, Subscriptions, welcome
from rebalplan.sim.faults import CONNECT, Reply, alter, reply_with
from rebalplan.sim.orders import incidents, trading
from rebalplan.sim.orders.agenda import Say
from rebalplan.sim.orders.incident_model import Handshake
from rebalplan.sim.orders.instant import Instant
from rebalplan.sim.shared import NO_CLIENT, NO_MESSAGE, Event, EventKind, Shared
from rebalplan.sim.wire import frames as wire
from rebalplan.sim.wire.frames import FrameBuffer, Message, WireError
from rebalplan.sim.wire.messages import MIN_VERSION, NO_ID, Code, error
from rebalplan.sim.wire.request_parser import parse_request
from rebalplan.sim.wire.requests import In, StartApi, request_name

_RATE_ERRORS_ALLOWED: Final = 3
"""After so many errors 100, the next one closes the connection."""
_ORDER_MESSAGES: Final = (str(int(In.PLACE_ORDER)), str(int(In.CANCEL_ORDER)))

RATE_TEXT: Final = "Max rate of messages per second has been exceeded."
ID_IN_USE_TEXT: Final = "Unable to connect as the client id is already in use. Retry with a unique client id."

NOT_STARTED_TEXT: Final = "Error validating request.-'bZ' : cause - The API is not started."
STARTED_TEXT: Final = "Error validating request.-'bZ' : cause - The API is already started."


class Stage(enum.Enum):
    """How far a connection has come."""

    GREETING = enum.auto()
    """No version agreed yet."""
    CONNECTED = enum.auto()
    """The client has not said which one it is."""
    STARTED = enum.auto()
    MUTE = enum.auto()
    """A fault: whatever comes is swallowed."""
    CLOSED = enum.auto()


class RateLimit:
    """A bucket that holds ``per_sec`` messages and drains as many a second."""

    def __init__(self, per_sec: int) -> None:
        self._per_sec = per_sec
        self._level = 0.0
        self._at_sec = 0.0

    def admits(self, clock_sec: float) -> bool:
        """Count one message and tell whether it is within the rate."""
        self._level = max(0.0, self._level - (clock_sec - self._at_sec) * self._per_sec)
        self._at_sec = clock_sec
        if self._level + 1 > self._per_sec:
            return False
        self._level += 1
        return True


class Session:
    """The protocol state of one client."""

    def __init__(self, shared: Shared, connection: int) -> None:
        self._shared = shared
        self._connection = connection
        self._frames = FrameBuffer()
        self._rate = RateLimit(shared.messages_per_sec)
        self._rate_errors = 0
        self._subscriptions = Subscriptions()
        self._stage = Stage.GREETING
        self._version = 0
        self._client_id = NO_CLIENT
        self._connect_fault = shared.faults.take(CONNECT)
        if self._connect_fault is not None:
            shared.save_faults()

    @property
    def stage(self) -> Stage:
        """Return how far the connection has come."""
        return self._stage

    @property
    def connection(self) -> int:
        """Return the number of the connection."""
        return self._connection

    @property
    def version(self) -> int:
        """Return the agreed server version, 0 before the greeting."""
        return self._version

    def open(self) -> list[Reply]:
        """Return what is written before the client says anything: nothing, or a hang-up by a fault."""
        self._note("open")
        action = self._connect_fault.action if self._connect_fault else ""
        if action == "silent":
            self._stage = Stage.MUTE
        return [self._hang_up()] if action == "hang_up" else []

    def receive(self, data: bytes, now: datetime, clock_sec: float) -> list[Reply]:
        """Return the replies to bytes that arrived.

        ``now`` is the gateway's (aware) time; ``clock_sec`` a monotonic clock in seconds, which the
        message rate is measured with. Nothing is read after a reply that closes. Never raises.
        """
        if self._stage is Stage.MUTE:
            return []
        try:
            payloads = self._frames.feed(data)
        except WireError:
            return [self._hang_up()]
        return [reply for payload in payloads for reply in self._take(payload, now, clock_sec)]

    def close(self) -> None:
        """Free the client id and the subscriptions: the connection is gone."""
        self._stage = Stage.CLOSED
        if self._shared.clients.get(self._client_id) == self._connection:
            del self._shared.clients[self._client_id]
        self._shared.forget(self._connection)
        self._note("close")

    def sent(self, messages: Sequence[Message]) -> None:
        """Record messages as written to the socket."""
        for message in messages:
            self._note("sent", message)

    def _take(self, payload: bytes, now: datetime, clock_sec: float) -> list[Reply]:
        if self._stage is Stage.CLOSED:
            return []
        if self._stage is Stage.GREETING:
            return [self._greet(payload, now)]
        fields = wire.decode(payload)
        self._note("request", fields)
        if not self._rate.admits(clock_sec):
            return [self._too_fast()]
        try:
            request = parse_request(fields, self._version)
        except WireError as problem:
            return self._complain(fields, f"Error reading request. {problem}", self._caller(now, clock_sec))
        caller = self._caller(now, clock_sec)
        if isinstance(request, StartApi):
            return [self._start(request, caller)]
        if self._stage is not Stage.STARTED:
            return [self._refuse(Code.CANNOT_VALIDATE, NOT_STARTED_TEXT)]
        replies = dispatch.answer(caller, request, wire.read_integer(fields[0]))
        if any(reply.close and reply.connection in (0, self._connection) for reply in replies):
            self._stage = Stage.CLOSED
        return replies

    def _complain(self, fields: Message, problem: str, caller: Caller) -> list[Reply]:
        if self._stage is Stage.STARTED and fields[0] in _ORDER_MESSAGES:
            return trading.unreadable(caller, fields, problem)
        return [self._refuse(Code.CANNOT_READ, problem)]

    def _greet(self, payload: bytes, now: datetime) -> Reply:
        try:
            low, high = wire.parse_versions(payload)
        except WireError:
            return self._hang_up()
        version = min(high, self._shared.scenario.gateway.max_version)
        if version < max(low, MIN_VERSION):
            return self._hang_up()
        self._version, self._stage = version, Stage.CONNECTED
        time = f"{self._shared.hours.local(now):%Y%m%d %H:%M:%S %Z}"
        return alter(self._connect_fault, [(str(version), time)], version, NO_ID)

    def _start(self, request: StartApi, caller: Caller) -> Reply:
        if self._stage is Stage.STARTED:
            return self._refuse(Code.CANNOT_VALIDATE, STARTED_TEXT)
        handshake = self._shared.handshakes.choose(request.client_id)
        if request.client_id in self._shared.clients or (handshake is not None and handshake.in_use):
            caller.shared.save_faults()
            return self._refuse(Code.CLIENT_ID_IN_USE, ID_IN_USE_TEXT, close=True)
        self._stage, self._client_id = Stage.STARTED, request.client_id
        self._shared.clients[request.client_id] = self._connection
        self._shared.versions[self._connection] = self._version
        fault = self._shared.faults.take(request_name(In.START_API))
        # The caller of before had no client id, and the greeting may list the client's own orders.
        caller = self._caller(caller.now, caller.clock_sec)
        self._follow(caller, handshake)
        if handshake is not None or fault is not None or caller.shared.agenda_due:
            caller.shared.save_faults()
        reply = alter(fault, handshakes.greeting(caller, handshake, welcome(caller)), self._version, NO_ID)
        return self._hang_up() if reply.close else reply

    def _follow(self, caller: Caller, handshake: Handshake | None) -> None:
        """Schedule what the scenario lets follow a connect."""
        instant = Instant(caller.shared, caller.now, caller.clock_sec)
        incidents.occurred(instant, "connected")
        if handshake is not None and handshake.later:
            instant.schedule(handshake.later_after_sec, Say(handshake.label, handshake.later))

    def _caller(self, now: datetime, clock_sec: float) -> Caller:
        return Caller(
            self._shared,
            self._subscriptions,
            self._connection,
            self._client_id,
            self._version,
            now,
            clock_sec,
        )

    def _too_fast(self) -> Reply:
        self._rate_errors += 1
        return self._refuse(Code.MESSAGE_RATE, RATE_TEXT, close=self._rate_errors > _RATE_ERRORS_ALLOWED)

    def _refuse(self, code: Code, text: str, *, close: bool = False) -> Reply:
        if close:
            self._stage = Stage.CLOSED
        return reply_with([error(self._version, NO_ID, code, text)], close=close)

    def _hang_up(self) -> Reply:
        self._stage = Stage.CLOSED
        return Reply(close=True)

    def _note(self, kind: EventKind, fields: Message = ()) -> None:
        message_id = NO_MESSAGE
        if fields and len(fields[0]) < len("10000") and fields[0].isascii() and fields[0].isdigit():
            message_id = int(fields[0])
        self._shared.record.add(Event(self._connection, kind, message_id, fields, self._client_id))
