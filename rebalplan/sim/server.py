"""The sockets: a thread with its own event loop that feeds the sessions. The only use of asyncio."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import TypeVar, cast

from rebalplan.sim.errors import SimError
from rebalplan.sim.faults import Reply
from rebalplan.sim.orders import timing
from rebalplan.sim.orders.instant import Instant
from rebalplan.sim.session import Session
from rebalplan.sim.shared import Shared

Answer = TypeVar("Answer")


class _Connection(asyncio.Protocol):
    """Moves bytes between one socket and its session."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._session = server.new_session()
        self.number = self._session.connection
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections[self.number] = self
        self._server.send(self._session.open(), self)

    def data_received(self, data: bytes) -> None:
        now, clock_sec = self._server.clock(), self._server.loop.time()
        self._server.send(self._session.receive(data, now, clock_sec), self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._session.close()
        self._server.connections.pop(self.number, None)

    def abort(self) -> None:
        """Drop the connection without sending what is left."""
        if self._transport is not None:
            self._transport.abort()

    def write(self, reply: Reply) -> None:
        """Write a reply as far as the client is still there."""
        if self._transport is None or self._transport.is_closing():
            return
        if reply.data:
            self._session.sent(reply.messages)
            self._transport.write(reply.data)
        if reply.close:
            self._transport.close()


class Server:
    """A listening gateway in a thread of its own."""

    def __init__(self, shared: Shared, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.loop = asyncio.new_event_loop()
        self.connections: dict[int, _Connection] = {}
        self._shared = shared
        self._numbers = itertools.count(1)
        self._thread: threading.Thread | None = None
        self._timer: asyncio.TimerHandle | None = None

    def new_session(self) -> Session:
        """Return the session of the next connection."""
        return Session(self._shared, next(self._numbers))

    def send(self, replies: Sequence[Reply], asking: _Connection | None = None) -> None:
        """Write each reply to its connection at its time, and set the timer for what comes next."""
        for reply in replies:
            to = self.connections.get(reply.connection) if reply.connection else asking
            if to is None:
                continue
            if reply.after_sec:
                self.loop.call_later(reply.after_sec, to.write, reply)
            else:
                to.write(reply)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wake_sec = timing.next_wake_sec(self._instant())
        self._timer = None if wake_sec is None else self.loop.call_later(wake_sec, self._tick)

    def _tick(self) -> None:
        self.send(timing.tick(self._instant()))

    def _instant(self) -> Instant:
        return Instant(self._shared, self.clock(), self.loop.time())

    def listen(self, host: str, port: int) -> int:
        """Start to listen and return the port. Raises ``SimError`` when the address cannot be had."""
        listening: Future[int] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(host, port, listening), name="rebal-sim", daemon=True
        )
        self._thread.start()
        try:
            return listening.result()
        except (OSError, OverflowError) as error:
            self._thread.join()
            raise SimError(
                f"The simulated gateway cannot listen on {host}:{port}: {getattr(error, 'strerror', '') or error}. "
                "Another program, perhaps a TWS or another `rebal sim serve`, may use the port; "
                "stop it or choose another port (0 takes any free one)."
            ) from error

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """Return the answer to a question about the shared state, put between two events of the loop."""
        if self._thread is None or not self._thread.is_alive():
            return question()
        return asyncio.run_coroutine_threadsafe(_answer(question), self.loop).result()

    def stop(self) -> None:
        """Close every connection and the listener, and wait until the thread is over."""
        if self._thread is not None and self._thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()

    def _run(self, host: str, port: int, listening: Future[int]) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            listener = self._open(host, port, listening)
            if listener is not None:
                self.send(timing.resume(self._instant()))
                self.loop.run_forever()
                self.loop.run_until_complete(self._shut_down(listener))
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()

    def _open(self, host: str, port: int, listening: Future[int]) -> asyncio.Server | None:
        opening = self.loop.create_server(lambda: _Connection(self), host, port)
        try:
            listener = self.loop.run_until_complete(opening)
        except BaseException as error:
            listening.set_exception(error)
            return None
        listening.set_result(int(listener.sockets[0].getsockname()[1]))
        return listener

    async def _shut_down(self, listener: asyncio.Server) -> None:
        listener.close()
        for connection in tuple(self.connections.values()):
            connection.abort()
        while self.connections:
            await asyncio.sleep(0)


async def _answer(question: Callable[[], Answer]) -> Answer:
    return question()
