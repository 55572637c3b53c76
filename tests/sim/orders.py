"""A small world for orders, and clients that share it without sockets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rebalplan.sim import Scenario
from rebalplan.sim.accounts.book import Book, BookState
from rebalplan.sim.faults import Reply
from rebalplan.sim.orders import timing
from rebalplan.sim.orders.instant import Instant
from rebalplan.sim.scenario.read import parse_scenario
from rebalplan.sim.session import Session
from rebalplan.sim.shared import Shared
from rebalplan.sim.wire.frames import Message, encode
from rebalplan.sim.wire.messages import Out

from .support import NOW, split_frames, stock

MARKET = """
[rates]
CAD = "0.50"

[[instrument]]
con_id = 11
symbol = "VTI"
bid = "100.00"
ask = "100.10"
last = "100.05"

[[instrument]]
con_id = 12
symbol = "BND"
bid = "50.00"
ask = "50.02"
last = "50.01"

[[instrument]]
con_id = 13
symbol = "HLT"
data = "halted"
last = "8"

[[instrument]]
con_id = 14
symbol = "NOP"

[[instrument]]
con_id = 15
symbol = "CDN"
currency = "CAD"
bid = "20"
ask = "20"

[[instrument]]
con_id = 21
symbol = "TWO"
last = "10"

[[instrument]]
con_id = 22
symbol = "TWO"
last = "11"
"""
ACCOUNTS = """
[[account]]
id = "DU1"
cash = { USD = "100000" }
position = [{ symbol = "VTI", quantity = "100", avg_cost = "90" }]

[[account]]
id = "DU2"
type = "cash"
cash = { USD = "5000" }
position = [{ symbol = "BND", quantity = "50", avg_cost = "45" }]
"""


def order_world(*extra: str, market: str = MARKET, accounts: str = ACCOUNTS) -> Scenario:
    """Return the world of the order tests with more TOML behind it."""
    return parse_scenario(market + accounts + "".join(extra), "orders.toml")


def behaviour(**keys: Any) -> str:
    """Return a behaviour table; lists of words become arrays."""
    lines = [f"{key} = {_toml(value)}" for key, value in keys.items()]
    return "\n[[behaviour]]\n" + "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'


def place(
    order_id: int = 1, symbol: str = "VTI", side: str = "BUY", quantity: str = "10", **more: Any
) -> Message:
    """Return the fields of a placeOrder at version 176.

    ``more``: order_type, limit, tif, account, ref, outside, transmit, parent, algo, parameters, what_if, contract.
    """
    algo, parameters = more.get("algo", ""), more.get("parameters", ())
    return (
        *("3", str(order_id), *more.get("contract", stock(symbol)), "", ""),
        *(side, quantity, more.get("order_type", "MKT"), more.get("limit", ""), "", more.get("tif", "DAY")),
        *("", more.get("account", "DU1"), "", "0", more.get("ref", "")),
        *(more.get("transmit", "1"), more.get("parent", "0"), "0", "0", "0", "0", more.get("outside", "0")),
        *("0", "", "0.0", "", "", "", "", "", ""),
        *("", "0", "", "-1", "0", "", "", "0", "", "", "0", "0", "", "0", "", "", "", "", "", "0", "", ""),
        *("", ""),
        *("0", "", "", "", "", "", ""),
        *("", "", "", ""),
        *("0", "", "", "0", "0"),
        *(algo, *((str(len(parameters)), *sum(parameters, ())) if algo else ())),
        *("", more.get("what_if", "0"), "", "0", "0", "0", "0"),
    )


def adaptive(**more: Any) -> dict[str, Any]:
    """Return the arguments of an Adaptive order."""
    return {"algo": "Adaptive", "parameters": (("adaptivePriority", "Normal"),), **more}


def cancel(order_id: int = 1) -> Message:
    """Return the fields of a cancelOrder at version 176."""
    return ("4", "1", str(order_id), "")


class Seat:
    """A client of a room, with what it was told so far."""

    def __init__(self, room: Room, session: Session) -> None:
        self._room = room
        self.session = session
        self.inbox: list[Message] = []
        self.closed = False

    def ask(self, *fields: str) -> list[Message]:
        """Send one message a second later and return what this client is told by then."""
        self._room.advance_clock(1)
        del self.inbox[:]
        self._room.deliver(self.session.receive(encode(fields), self._room.now, self._room.clock_sec), self)
        return list(self.inbox)


class Room:
    """Clients of one gateway and its virtual time."""

    def __init__(self, scenario: Scenario | None = None, *, read_only: bool = False) -> None:
        scenario = scenario or order_world()
        self.shared = Shared(scenario, Book(scenario), read_only=read_only)
        self.seats: dict[int, Seat] = {}
        self.now: datetime = NOW
        self.clock_sec = 0.0

    def join(self, client_id: int = 1, versions: str = "v157..176") -> Seat:
        """Return a started client."""
        number = len(self.seats) + 1
        seat = Seat(self, Session(self.shared, number))
        self.seats[number] = seat
        seat.session.open()
        greeting = b"API\0" + len(versions).to_bytes(4, "big") + versions.encode()
        seat.session.receive(greeting, self.now, self.clock_sec)
        seat.ask("71", "2", str(client_id), "")
        return seat

    def advance_clock(self, seconds: float) -> None:
        """Let time pass without anybody looking."""
        self.now += timedelta(seconds=seconds)
        self.clock_sec += seconds

    def wait(self, seconds: float) -> list[Message]:
        """Let time pass, do what is due, and return what the first client is told."""
        for seat in self.seats.values():
            del seat.inbox[:]
        self.advance_clock(seconds)
        self.deliver(timing.tick(self.instant()), None)
        return list(self.seats[1].inbox) if self.seats else []

    def resume(self, state: BookState | None = None) -> None:
        """Start again with what a book remembered, or with what there is."""
        scenario = self.shared.scenario
        if state is not None:
            self.shared = Shared(scenario, Book(scenario, state), read_only=False)
        self.deliver(timing.resume(self.instant()), None)

    def instant(self) -> Instant:
        """Return the state at this moment."""
        return Instant(self.shared, self.now, self.clock_sec)

    def deliver(self, replies: Sequence[Reply], asking: Seat | None) -> None:
        """Give every reply to the client it is for."""
        for reply in replies:
            seat = self.seats[reply.connection] if reply.connection else asking
            assert seat is not None
            seat.inbox += split_frames(reply.data)
            seat.closed = seat.closed or reply.close

    @property
    def book(self) -> Book:
        """Return the book."""
        return self.shared.book


def statuses(messages: Sequence[Message]) -> list[tuple[str, str, str]]:
    """Return status, filled and remaining of every orderStatus."""
    return [message[2:5] for message in messages if int(message[0]) == Out.ORDER_STATUS]  # type: ignore[misc]


def errors(messages: Sequence[Message]) -> list[tuple[int, int, str]]:
    """Return request id, code and text of every error."""
    return [(int(m[2]), int(m[3]), m[4]) for m in messages if int(m[0]) == Out.ERROR]


def table(header: str, **keys: Any) -> str:
    """Return a table of a scenario, such as ``incident``; lists of words become arrays."""
    lines = [f"{key} = {_toml(value)}" for key, value in keys.items()]
    return f"\n[[{header}]]\n" + "\n".join(lines) + "\n"


def incident(**keys: Any) -> str:
    """Return an incident table."""
    return table("incident", **keys)


def completed(client: Seat) -> list[tuple[str, str, str]]:
    """Return account, status and filled quantity of every completed order at version 176."""
    return [(row[19], row[-24], row[-14]) for row in client.ask("99", "0") if row[0] == "101"]


def executed(client: Seat) -> list[tuple[str, str, str, str]]:
    """Return order id, client id, side and shares of every execution that is listed."""
    rows = [row for row in client.ask("7", "3", "4") if row[0] == "11"]
    return [(row[2], row[22], row[18], row[19]) for row in rows]


def holding(client: Seat, symbol: str = "VTI", account: str = "DU1") -> str:
    """Return what the positions show of a symbol, empty for nothing."""
    rows = [row for row in client.ask("74", "1", "5", account, "") if row[0] == "71" and row[5] == symbol]
    return rows[0][15] if rows else ""


def value_of(client: Seat, tag: str = "TotalCashValue", account: str = "DU1") -> str:
    """Return an account value."""
    rows = [row for row in client.ask("76", "1", "5", account, "", "0") if row[0] == "73" and row[5] == tag]
    return rows[0][6]
