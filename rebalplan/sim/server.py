"""The sockets: a thread with its own event loop that feeds the sessions. The only use of asyncio."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import cast

from rebalplan.sim.errors import SimError
from rebalplan.sim.faults import Reply
from rebalplan.sim.session import Session
from rebalplan.sim.shared import Shared


class _Connection(asyncio.Protocol):
    """Moves bytes between one socket and its session."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._session = server.new_session()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections.add(self)
        self._send(self._session.open())

    def data_received(self, data: bytes) -> None:
        now, clock_sec = self._server.clock(), self._server.loop.time()
        self._send(self._session.receive(data, now, clock_sec))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._session.close()
        self._server.connections.discard(self)

    def abort(self) -> None:
        """Drop the connection without sending what is left."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self, replies: list[Reply]) -> None:
        for reply in replies:
            if reply.after_sec:
                self._server.loop.call_later(reply.after_sec, self._write, reply)
            else:
                self._write(reply)

    def _write(self, reply: Reply) -> None:
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
        self.connections: set[_Connection] = set()
        self._shared = shared
        self._numbers = itertools.count(1)
        self._thread: threading.Thread | None = None

    def new_session(self) -> Session:
        """Return the session of the next connection."""
        return Session(self._shared, next(self._numbers))

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
                f"The simulated gateway cannot listen on {host}:{port}: {error}. "
                "Another program, perhaps a TWS or another `rebal sim serve`, may use the port; "
                "stop it or choose another port (0 takes any free one)."
            ) from error

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
        for connection in tuple(self.connections):
            connection.abort()
        while self.connections:
            await asyncio.sleep(0)
