"""Fakes and small worlds for the gateway's tests."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from rebalplan.sim import Gateway, Scenario
from rebalplan.sim.accounts.book import Book
from rebalplan.sim.faults import Reply
from rebalplan.sim.scenario.read import parse_scenario
from rebalplan.sim.session import Session
from rebalplan.sim.shared import Shared
from rebalplan.sim.wire.frames import Message, encode

NOW = datetime(2026, 11, 24, 15, 0, 0, tzinfo=UTC)
"""A Tuesday, 10:00 in New York."""
Conversation = Callable[[Any], Awaitable[Any]]
VERSIONS = (157, 163, 164, 166, 170, 176)

WORLD = """
[gateway]
name = "test"
next_valid_id = 7

[rates]
CAD = "0.7150"
EUR = "1.10"

[[instrument]]
con_id = 11
symbol = "VTI"
name = "Vanguard Total Stock Market ETF"
bid = "312.39"
ask = "312.41"
last = "312.40"
close = "311.86"
last_age_sec = 5

[[instrument]]
con_id = 12
symbol = "BND"
primary_exchange = "NASDAQ"
last = "73.85"

[[instrument]]
con_id = 21
symbol = "XYZ"
last = "10"

[[instrument]]
con_id = 22
symbol = "XYZ"
currency = "CAD"
primary_exchange = "TSE"
last = "20"

[[instrument]]
con_id = 31
symbol = "DLY"
data = "delayed"
bid = "5.01"
ask = "5.02"
last = "5.015"
close = "5.10"

[[instrument]]
con_id = 32
symbol = "NON"
data = "none"
last = "9"

[[instrument]]
con_id = 33
symbol = "HLT"
data = "halted"
last = "8"

[[instrument]]
con_id = 34
symbol = "ODD"
bid = "NaN"
ask = "-1"
last = "0"

[[instrument]]
con_id = 41
symbol = "AAPL"
sec_type = "OPT"
expiry = "20280121"
strike = "300"
right = "C"
local_symbol = "AAPL  280121C00300000"
last = "38.50"

[[account]]
id = "DU1"
cash = { USD = "1000.50", CAD = "100" }
position = [
    { symbol = "VTI", quantity = "10", avg_cost = "231.48" },
    { symbol = "AAPL", quantity = "2", avg_cost = "3120" },
]

[[account.order]]
symbol = "VTI"
side = "BUY"
quantity = "3"
order_ref = "mine"
client_id = 1
order_id = 5
perm_id = 501

[[account.order]]
symbol = "BND"
side = "SELL"
quantity = "4"
order_type = "LMT"
limit_price = "74.5"
client_id = 9
order_id = 6

[[account]]
id = "DU2"
type = "cash"
cash = { USD = "500" }
position = [{ con_id = 22, quantity = "-3", avg_cost = "21" }]
"""


def world(extra: str = "", *, base: str = WORLD) -> Scenario:
    """Return the test world with more TOML behind it."""
    return parse_scenario(base + extra, "test.toml")


def shared(scenario: Scenario | None = None, *, read_only: bool = False) -> Shared:
    """Return what the sessions of one gateway share."""
    scenario = scenario or world()
    return Shared(scenario, Book(scenario), read_only=read_only)


def split_frames(data: bytes) -> list[Message]:
    """Decode frames the simple way, independent of the code under test."""
    found = []
    while data:
        (length,) = struct.unpack(">I", data[:4])
        payload, data = data[4 : 4 + length], data[4 + length :]
        assert len(payload) == length
        assert payload.endswith(b"\0")
        found.append(tuple(payload.decode()[:-1].split("\0")))
    return found


class Client:
    """A client that talks to a session without a socket, one message a second."""

    def __init__(self, shared: Shared, connection: int = 1) -> None:
        self.session = Session(shared, connection)
        self.opening = self.session.open()
        self.clock_sec = 0.0
        self.now = NOW
        self.closed = any(reply.close for reply in self.opening)

    def feed(self, data: bytes) -> list[Reply]:
        """Give bytes to the session and return its replies."""
        replies = self.session.receive(data, self.now, self.clock_sec)
        self.closed = self.closed or any(reply.close for reply in replies)
        return replies

    def greet(self, versions: str = "v157..176") -> list[Message]:
        """Send the preamble and return the answer."""
        payload = versions.encode()
        return self._messages(self.feed(b"API\0" + struct.pack(">I", len(payload)) + payload))

    def start(self, client_id: int = 1, versions: str = "v157..176") -> Client:
        """Greet, start the API and return the client itself."""
        self.greet(versions)
        self.welcome = self.ask("71", "2", str(client_id), "")
        return self

    def ask(self, *fields: str, after_sec: float = 1.0) -> list[Message]:
        """Send one message and return the messages it is answered with."""
        self.clock_sec += after_sec
        return self._messages(self.feed(encode(fields)))

    def _messages(self, replies: Sequence[Reply]) -> list[Message]:
        return [message for reply in replies for message in split_frames(reply.data)]


def stock(symbol: str, currency: str = "USD", exchange: str = "SMART", con_id: str = "0") -> tuple[str, ...]:
    """Return the twelve fields of a contract as clients send them."""
    return (con_id, symbol, "STK", "", "0.0", "", "", exchange, "", currency, "", "")


def market_data(request_id: int, contract: tuple[str, ...], *, snapshot: bool = True) -> tuple[str, ...]:
    """Return the fields of a market data request."""
    return ("1", "11", str(request_id), *contract, "0", "", "1" if snapshot else "0", "0", "")


def ids(messages: Sequence[Message]) -> list[int]:
    """Return the message ids in order."""
    return [int(message[0]) for message in messages]


def error_of(messages: Sequence[Message]) -> tuple[int, int, str]:
    """Return request id, code and text of the only message, which is an error."""
    (message,) = messages
    assert message[:2] == ("4", "2")
    return int(message[2]), int(message[3]), message[4]


@asynccontextmanager
async def connected(
    library: Any, gateway: Gateway, client_id: int = 1, version: int = 176
) -> AsyncIterator[Any]:
    """Connect ib_insync without the requests that its own ``connect`` makes."""
    ib = library.IB()
    ib.RaiseRequestErrors = True
    ib.wrapper.clientId = client_id
    ib.client.MaxClientVersion = version
    await ib.client.connectAsync(gateway.host, gateway.port, client_id, 5)
    try:
        yield ib
    finally:
        await hang_up(ib)


async def hang_up(ib: Any) -> None:
    """Disconnect and let the loop close the socket."""
    ib.disconnect()
    for _ in range(3):
        await asyncio.sleep(0)


def talk(library: Any, gateway: Gateway, conversation: Conversation, *, version: int = 176) -> Any:
    """Run one conversation of a connected ib_insync and return what it returns."""

    async def run() -> Any:
        async with connected(library, gateway, version=version) as ib:
            return await asyncio.wait_for(conversation(ib), 10)

    return asyncio.run(run())


def fixed_clock() -> datetime:
    """Return a moment that never moves."""
    return NOW
