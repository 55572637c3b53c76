"""Runs a ``rebal`` command line that is killed at one boundary: ``python -m tests.kill.launcher --help``.

A boundary is one append to the journal (or the cut of a torn line), one write to the socket or one rename of a
finished report. The process ends itself with SIGKILL just before or just after the chosen one, or (``torn``) with
half of the journal's line on the disk. ``--count`` names every boundary of a whole run instead, and ``--signal`` has
the process get a signal just after the boundary that ``--on`` names. Waits are short, and the clock is moved by
``--shift`` seconds, so that a run always takes place at the same hour of the market.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NoReturn, get_args
from unittest import mock

import msgspec

from rebalplan.apply.timing import Timing
from rebalplan.commands.app import run
from rebalplan.commands.machine import Machine
from rebalplan.ibkr.connection import MessageRate
from rebalplan.system.clock import SystemClock
from rebalplan.system.disk import SystemDisk
from tests.pace import without_limit

if TYPE_CHECKING:
    from ib_insync.connection import Connection

What = Literal["journal", "socket", "report"]
Side = Literal["before", "after", "torn"]

BRISK: Final = Timing(
    notice_sec=0.05,
    settle_sec=2,
    quiet_sec=0.05,
    tick_sec=0.05,
    agree_sec=0.05,
    booking_sec=20,
    poll_sec=0.05,
)


class Kill(msgspec.Struct, frozen=True):
    """Where a run is killed: at the ``at``-th boundary of its kind, counted from 1."""

    what: What
    at: int
    side: Side

    def options(self) -> list[str]:
        """Return the launcher's options for it."""
        return ["--what", self.what, "--at", str(self.at), "--side", self.side]


class Alert(msgspec.Struct, frozen=True):
    """A signal that a run gets, ``times`` times in a row, after the ``at``-th boundary whose kind and name match."""

    signal: Literal["SIGINT", "SIGTERM"]
    on: str
    at: int = 1
    times: int = 1

    def options(self) -> list[str]:
        """Return the launcher's options for it."""
        return ["--signal", self.signal, "--on", self.on, "--at", str(self.at), "--times", str(self.times)]


class Boundaries:
    """Counts the boundaries of this process and ends it at one of them, or sends it a signal there."""

    def __init__(self, kill: Kill | None, *, is_late: bool, alert: Alert | None = None) -> None:
        self._kill = kill
        self._alert = alert
        self._matches = 0
        self._is_late = is_late
        self._kept = b""
        self._seen: Counter[What] = Counter()
        self.names: list[str] = []

    @contextlib.contextmanager
    def at(self, what: What, name: str) -> Iterator[bool]:
        """Do the thing inside; tell whether it is to be done by half."""
        self._seen[what] += 1
        self.names.append(f"{what} {self._seen[what]} {name}")
        side = self._side(what)
        if side == "before":
            die()
        yield side == "torn"
        if side is not None:
            die()
        self._sound(f"{what} {name}")

    def _sound(self, name: str) -> None:
        alert = self._alert
        if alert is None or not re.fullmatch(alert.on, name):
            return
        self._matches += 1
        if self._matches == alert.at:
            for _ in range(alert.times):
                os.kill(os.getpid(), getattr(signal, alert.signal))

    def durable(self, line: bytes) -> bytes:
        """Return what really goes to the disk of a journal's line: all of it, unless the fault is planted."""
        if self._is_late and record_name(line).startswith("DISPATCH"):
            self._kept += line
            return b""
        line, self._kept = self._kept + line, b""
        return line

    def _side(self, what: What) -> Side | None:
        kill = self._kill
        return kill.side if kill is not None and (what, self._seen[what]) == (kill.what, kill.at) else None


def die() -> NoReturn:
    """End this process as a power cut would: nothing is flushed, closed or told."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def library_connection() -> type[Connection]:
    """Import the client library: eventkit, which it is built on, asks for the thread's event loop meanwhile."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        from ib_insync.connection import Connection  # noqa: PLC0415  # only with an event loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return Connection


@contextlib.contextmanager
def watched(boundaries: Boundaries) -> Iterator[None]:
    """Pass every boundary of this process through ``boundaries``."""
    append, truncate, replace = SystemDisk.append, SystemDisk.truncate, Path.replace
    connection_type = library_connection()
    send: Callable[[Connection, bytes], None] = connection_type.sendMsg

    def append_watched(disk: SystemDisk, path: Path, data: bytes) -> None:
        with boundaries.at("journal", record_name(data)) as torn:
            append(disk, path, data[: len(data) // 2] if torn else boundaries.durable(data))

    def truncate_watched(disk: SystemDisk, path: Path, size: int) -> None:
        with boundaries.at("journal", "cut"):
            truncate(disk, path, size)

    def send_watched(connection: Connection, message: bytes) -> None:
        with boundaries.at("socket", message_name(message)):
            send(connection, message)

    def replace_watched(path: Path, target: Path) -> Path:
        if target.suffix != ".csv":
            return replace(path, target)
        with boundaries.at("report", target.name):
            return replace(path, target)

    with (
        mock.patch.object(SystemDisk, "append", append_watched),
        mock.patch.object(SystemDisk, "truncate", truncate_watched),
        mock.patch.object(connection_type, "sendMsg", send_watched),
        mock.patch.object(Path, "replace", replace_watched),
    ):
        yield


def record_name(line: bytes) -> str:
    """Return the kind of a journal line, its account and its reference."""
    record = msgspec.json.decode(line)["record"]
    return " ".join(str(record[key]) for key in ("record", "account", "reference") if key in record)


def message_name(message: bytes) -> str:
    """Return the id of a message, and of an order its reference too."""
    fields = message[4:].split(b"\0")
    references = [field for field in fields if re.fullmatch(rb"rb-[0-9a-f]{12}-.+", field)]
    return " ".join(field.decode("ascii", "replace") for field in [*fields[:1], *references])


class ShiftedClock(SystemClock):
    """The machine's clock, moved."""

    def __init__(self, shift: timedelta) -> None:
        self._shift = shift

    def now(self) -> datetime:
        return super().now() + self._shift


def launch(arguments: Sequence[str]) -> int:
    """Run the command line behind ``--`` and return its exit code, unless it is killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill.launcher", description=__doc__)
    parser.add_argument("--what", choices=get_args(What), default="journal")
    parser.add_argument("--at", type=int, default=0, help="which boundary, from 1; 0 kills nothing")
    parser.add_argument("--side", choices=get_args(Side), default="before")
    parser.add_argument("--signal", choices=("SIGINT", "SIGTERM"), help="send this instead of a kill")
    parser.add_argument("--on", default="", help="a pattern of the kind and name of a boundary")
    parser.add_argument("--times", type=int, default=1, help="how often the signal is sent")
    parser.add_argument("--count", action="store_true", help="print every boundary to stderr at the end")
    parser.add_argument(
        "--late", action="store_true", help="plant a fault: a DISPATCH waits for the record after it"
    )
    parser.add_argument("--shift", type=float, default=0, help="seconds to move the clock by")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- apply latest --yes …")
    options = parser.parse_args(arguments)
    alert = Alert(options.signal, options.on, options.at, options.times) if options.signal else None
    kill = Kill(options.what, options.at, options.side) if options.at and alert is None else None
    boundaries = Boundaries(kill, is_late=options.late, alert=alert)
    machine = Machine(ShiftedClock(timedelta(seconds=options.shift)), SystemDisk(), BRISK)
    with watched(boundaries), mock.patch.object(MessageRate, "limit", without_limit):
        code = run([word for word in options.command if word != "--"], machine)
    if options.count:
        sys.stderr.write("".join(f"{name}\n" for name in boundaries.names))
    return code


if __name__ == "__main__":
    sys.exit(launch(sys.argv[1:]))
