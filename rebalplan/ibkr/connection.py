"""The only importer of ``ib_insync``: one connection, its errors, and waiting for an answer.

``IB.connect`` would ask for all accounts' values, orders and executions, so the lower-level client is
connected instead. A new ``IB`` is made for every connection: an old one goes on showing what it knew
before. Error codes: the TWS API reference.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from socket import gaierror
from typing import Any, TypeVar

from rebalplan.core.errors import BrokerError, LinkDownError, TimedOutError, UnreachableError
from rebalplan.core.text import printable
from rebalplan.core.vocabulary import Endpoint
from rebalplan.ibkr.inbound import Inbound, RequestRefused

Result = TypeVar("Result")

CLIENT_ID_IN_USE = 326
VALIDATION_ERROR = 321
_BROKER_LOST = (1100, 2110)
_BROKER_BACK = (1101, 1102)
_NOT_TIED_TO_A_REQUEST = (-1, 2**31 - 1)
"""The ids in an error that answers a request without an id."""

_LONGEST_FIRST_MESSAGE = 64 * 1024
"""The handshake's answer has some 30 bytes. Another service's first bytes, read as a length, are far beyond this."""


LOG = logging.getLogger("rebalplan.ibkr")


class MessageRate:
    """How many messages a second leave, over all connections that share it.

    The gateway counts the messages of a user, not of a connection, and hangs up above 50 a second.
    """

    def __init__(self, messages_per_sec: int) -> None:
        self._messages_per_sec = messages_per_sec
        self._sent_at: deque[float] = deque()

    def limit(self, client: Any) -> None:
        """Make the library's client keep to the rate. Messages that earlier connections sent in this second count."""
        client.MaxRequests = self._messages_per_sec
        client._timeQ = self._sent_at


class Connection:
    """One connection to a gateway. Coroutines must run on the loop that is current for the thread.

    ``ib`` is the library's client, ``library`` the library itself. ``account`` is the one that it is used for, for the
    log. ``broker_wait_sec`` is how long a request waits for a gateway that lost its broker; ``is_without_broker`` tells
    that the last wait was in vain.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        timeout_sec: float,
        rate: MessageRate,
        broker_wait_sec: float | None = None,
    ) -> None:
        import ib_insync  # noqa: PLC0415  # commands that need no broker must not pay for it

        self.library = ib_insync
        self.ib = ib_insync.IB()
        self.ib.RaiseRequestErrors = True
        self.ib.TimezoneTWS = "UTC"
        rate.limit(self.ib.client)
        self.ib.wrapper.clientId = endpoint.client_id
        self.inbound = Inbound(self.ib, timeout_sec)
        self.client_id = endpoint.client_id
        self.account = ""
        self._endpoint = endpoint
        self._timeout = timeout_sec
        self._broker_wait_sec = timeout_sec if broker_wait_sec is None else broker_wait_sec
        self.is_without_broker = False
        self._broker_is_there = asyncio.Event()
        self._broker_is_there.set()
        self._lost: asyncio.Future[None] | None = None

    async def connect(self) -> None:
        """Connect and shake hands. Raises ``UnreachableError`` or ``BrokerError`` in words a user can act on."""
        self._lost = asyncio.get_running_loop().create_future()
        # Listeners first: error 326 and notice 2110 may come in the read that ends the handshake.
        self.ib.errorEvent += self._on_error
        self.ib.errorEvent += self._follow_broker
        self.ib.client.apiError += self._on_connection_error
        self.ib.client.conn.hasData += self._refuse_foreign_service
        self.ib.client.conn.disconnected += self._on_disconnected
        endpoint = self._endpoint
        attempt = self.ib.client.connectAsync(endpoint.host, endpoint.port, endpoint.client_id, self._timeout)
        try:
            await self._first_of(attempt)
        except BrokerError:
            raise
        except TimeoutError:
            raise self._no_handshake() from None
        except (ConnectionResetError, ConnectionAbortedError, BrokenPipeError) as error:
            raise self._hung_up(_why(error)) from error
        except gaierror as error:
            raise UnreachableError(
                f"this machine cannot find the host {self._endpoint.host} ({_why(error)}): correct [ibkr] host, or "
                "check the network and its name service (DNS)"
            ) from error
        except OSError as error:
            raise UnreachableError(
                f"nothing answers at {self.where} ({_why(error)}): start TWS or IB Gateway, enable its API "
                "(socket clients) and compare the port with [ibkr] port"
            ) from error

    def _no_handshake(self) -> BrokerError:
        if not self.ib.client.conn.numBytesSent:
            return UnreachableError(
                f"nothing answers at {self.where} within {self._timeout:g} s: check [ibkr] host"
            )
        return BrokerError(
            f"{self.where} accepted the connection but did not answer as a TWS API within "
            f"{self._timeout:g} s: confirm the connection in TWS, or check that the port is that of TWS or IB Gateway"
        )

    @property
    def where(self) -> str:
        """Return host and port."""
        return f"{self._endpoint.host}:{self._endpoint.port}"

    async def close(self) -> None:
        """Disconnect and wait until the socket is closed, so that the next client finds its id free."""
        connection = self.ib.client.conn
        if self._lost is not None:
            self._lost.cancel()
        self.ib.client.disconnect()
        deadline = asyncio.get_running_loop().time() + self._timeout
        while connection.transport is not None and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.001)

    async def ask(self, what: str, request: Callable[[], Awaitable[Any]], account: str = "") -> Any:
        """Send a request and return its answer, complete with the end marker.

        A list without its end marker in time raises ``TimedOutError``: it is never taken for an empty one. An answer
        with an unreadable row raises ``BrokerError``, because the library leaves such rows out; with an ``account``, a
        row that is plainly of another one does not matter. The request waits while the gateway is without its broker:
        ``LinkDownError`` when that lasts too long.
        """
        await self._wait_for_broker(what)
        known = len(self.inbound.unreadable)
        LOG.debug("%s: asks for %s", account or self.account or "all", what)
        try:
            answer = await self._first_of(asyncio.wait_for(request(), self._timeout))
        except self.library.RequestError as error:
            raise RequestRefused(error.code, error.message) from error
        except TimeoutError:
            raise TimedOutError(
                f"{self.where} did not finish sending {what} within {self._timeout:g} s{self._lost_meanwhile()}"
            ) from None
        except ConnectionError as error:
            raise UnreachableError(f"{self.where} hung up while {what} was asked for") from error
        unreadable = [row for row in self.inbound.unreadable[known:] if row.may_concern(account)]
        if unreadable:
            raise BrokerError(
                f"{self.where} sent a row that cannot be read while {what} was asked for "
                f"({unreadable[-1].why}): nothing is concluded from the rest"
            )
        return answer

    async def _wait_for_broker(self, what: str) -> None:
        if not self._broker_is_there.is_set():
            await self.wait_for(self._broker_is_there.wait(), self._broker_wait_sec)
        self.is_without_broker = not self._broker_is_there.is_set()
        if self.is_without_broker:
            raise LinkDownError(
                f"the gateway at {self.where} has lost its connection to the broker, and it is not back within "
                f"{self._timeout:g} s: {what} cannot be asked for. Look at the gateway's window and at the network "
                "that it is in, then run this again"
            )

    def _lost_meanwhile(self) -> str:
        return "" if self._broker_is_there.is_set() else ": the gateway has lost its connection to the broker"

    def _follow_broker(self, _request: int, code: int, _text: str, _contract: object) -> None:
        if code in _BROKER_LOST:
            self._broker_is_there.clear()
        elif code in _BROKER_BACK:
            self._broker_is_there.set()

    def require_connected(self) -> None:
        """Raise what ended the connection, if anything did."""
        if self._lost is not None and self._lost.done():
            self._lost.result()

    async def wait_for(self, work: Awaitable[object], timeout_sec: float) -> None:
        """Await ``work`` for that long at most. Raises ``UnreachableError`` when the connection fails first."""
        with contextlib.suppress(TimeoutError):
            await self._first_of(asyncio.wait_for(work, timeout_sec))

    async def _first_of(self, work: Awaitable[Result]) -> Result:
        """Await ``work`` unless the connection fails first."""
        assert self._lost is not None  # noqa: S101  # connect() is the first call
        task = asyncio.ensure_future(work)
        waiting: set[asyncio.Future[Any]] = {task, self._lost}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._lost.result()
        return task.result()

    def _fail(self, error: BrokerError) -> None:
        if self._lost is not None and not self._lost.done():
            self._lost.set_exception(error)
            self._lost.exception()  # retrieved: nobody may be waiting

    def _on_error(self, request: int, code: int, text: str, _contract: object) -> None:
        if code == CLIENT_ID_IN_USE:
            self._fail(
                BrokerError(
                    f"client id {self._endpoint.client_id} is already in use at {self.where}: another program or "
                    "another rebal is connected. Close it, or plan again with another [ibkr] client_id"
                )
            )
        elif code == VALIDATION_ERROR and request in _NOT_TIED_TO_A_REQUEST:
            self._end_open_orders(RequestRefused(code, text))

    def _end_open_orders(self, refused: RequestRefused) -> None:
        """Refuse the request for open orders. It has no id, but only one of its kind waits at a time."""
        future = self.ib.wrapper._futures.pop("openOrders", None)
        if future is not None and not future.done():
            future.set_exception(refused)

    def _on_connection_error(self, text: str) -> None:
        self._fail(self._hung_up(text))

    def _on_disconnected(self, text: str) -> None:
        self._fail(self._hung_up(text))

    def _hung_up(self, text: str) -> UnreachableError:
        detail = f" ({printable(text).rstrip('.')})" if text else ""
        return UnreachableError(
            f"{self.where} hung up{detail}: look whether TWS or IB Gateway is still logged in and trusts this "
            "machine (API settings, trusted IPs)"
        )

    def _refuse_foreign_service(self, data: bytes) -> None:
        """Fail on a first message of absurd length: no TWS API sends one."""
        client = self.ib.client
        if client.serverVersion() or len(data) < 4:  # noqa: PLR2004  # the length prefix
            return
        if struct.unpack(">I", data[:4])[0] > _LONGEST_FIRST_MESSAGE:
            self._fail(BrokerError(f"what answers at {self.where} is no TWS API: check [ibkr] host and port"))


def _why(error: OSError) -> str:
    """Return the system's own words; the event loop's would only repeat the address."""
    if isinstance(error, gaierror):  # its numbers are not those of the system's other errors
        return printable(error.strerror or str(error))
    return printable(os.strerror(error.errno) if error.errno else str(error))
