"""The pace of the tests: messages at any rate, time-outs that a busy machine does not shorten, and no idle waits."""

from __future__ import annotations

import asyncio
import math
import os
import selectors
import threading
import time
from typing import Any

import pytest

import rebalplan.ibkr.connection
import rebalplan.sim.session

UNLIMITED = 10_000
"""Messages a second that no test sends."""


def without_limit(_rate: object, client: Any) -> None:
    """Stand in for ``MessageRate.limit``: the library holds nothing back."""
    client.MaxRequests = 0


def let_everything_leave(patch: pytest.MonkeyPatch) -> None:
    """Let clients and gateways of this process send and take messages at any rate."""
    patch.setattr(rebalplan.ibkr.connection.MessageRate, "limit", without_limit)
    patch.setattr(rebalplan.sim.session.RateLimit, "admits", lambda _limit, _clock_sec: True)


def quicken(patch: pytest.MonkeyPatch) -> None:
    """Wait for nothing that is only there to be gentle to a real broker, nor for the disk, which keeps its power."""
    let_everything_leave(patch)
    patch.setattr(os, "fsync", lambda _file: None)


TURN_SEC = 0.02
"""So much an event loop's time goes on in one turn, however long this process did not get to run."""


class _Turns(selectors.DefaultSelector):
    """A selector that waits no longer than a turn, and has the others' time skipped when nobody does anything."""

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace
        self.left_sec: float | None = None
        """How long its loop would wait after this turn; ``None`` while the loop does something."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        turn_sec = TURN_SEC if timeout is None else min(timeout, TURN_SEC)
        self.left_sec = math.inf if timeout is None else timeout - turn_sec
        found = super().select(turn_sec)
        if not found and self.left_sec > 0:
            self._pace.skip()
        self.left_sec = None
        return found

    @property
    def has_news(self) -> bool:
        """Whether something arrived that its loop has not taken yet, or the loop is just being closed."""
        try:
            return bool(super().select(0))
        except (OSError, ValueError):
            return True


class UnhurriedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes with what the process gets to do.

    A time-out of 0.2 s is ten turns, in each of which the other side may answer: it elapses when nothing comes,
    and not because the machine was busy elsewhere.
    """

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()
        self._began_sec = self._pace.time()
        self.turns = _Turns(self._pace)
        super().__init__(self.turns)

    def time(self) -> float:
        """Return the seconds since the loop was made, by the time that all loops of the test share."""
        return self._pace.time() - self._began_sec

    @property
    def left_sec(self) -> float | None:
        """How long this loop will only wait, as far as it knows; ``None`` while it or a thread of its own works."""
        left_sec = self.turns.left_sec
        if left_sec is None or getattr(self, "_default_executor", None) is not None or self.turns.has_news:
            return None
        return left_sec


class Pace:
    """The event loops of a test and the time that they share: client, gateway and a ticking clock must agree on it.

    Between two looks, whoever takes them, time goes on by a turn at most.
    ``skips`` says that the time in which a client and a gateway both wait for nothing but the time is not waited:
    it goes on for all of them at once.
    """

    def __init__(self, *, skips: bool = True) -> None:
        self._loops: list[UnhurriedLoop] = []
        self._skips = skips
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._looked_at = time.monotonic()
        self._passed_sec = 0.0
        self._skipped_sec = 0.0

    def time(self) -> float:
        """Return the seconds that have passed for all loops."""
        with self._looking:
            looked_at = time.monotonic()
            self._passed_sec += min(looked_at - self._looked_at, TURN_SEC)
            self._looked_at = looked_at
            return self._passed_sec + self._skipped_sec

    def new_loop(self) -> UnhurriedLoop:
        """Stand in for ``asyncio.new_event_loop``."""
        loop = UnhurriedLoop(self)
        with self._lock:
            self._loops.append(loop)
        return loop

    def skip(self) -> None:
        """Let the time go on to the next time-out of any loop, when at least two are open and all of them wait."""
        with self._lock:
            open_loops = [loop for loop in self._loops if not loop.is_closed()]
            if not self._skips or len(open_loops) < 2:
                return
            waits = [loop.left_sec for loop in open_loops]
            least = min((0.0 if wait is None else wait for wait in waits), default=0.0)
            if not 0 < least < math.inf:
                return
            self._skipped_sec += least
            for loop in open_loops:
                loop.turns.left_sec = 0.0  # no further before it has looked at the time

    @property
    def waited_sec(self) -> float:
        """How long the loop that lived longest was open, in seconds: that of the gateway, where there is one."""
        return max(loop.time() for loop in self._loops)
