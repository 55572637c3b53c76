"""The pace of the tests: messages at any rate, and time-outs that a busy machine does not shorten."""

from __future__ import annotations

import asyncio
import os
import selectors
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


class _ShortTurns(selectors.DefaultSelector):
    """A selector that waits no longer than a turn."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(TURN_SEC if timeout is None else min(timeout, TURN_SEC))


class UnhurriedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes with what the process gets to do.

    A time-out of 0.2 s is ten turns, in each of which the other side may answer: it elapses when nothing comes,
    and not because the machine was busy elsewhere.
    """

    def __init__(self) -> None:
        self._time_sec = 0.0
        self._looked_at = time.monotonic()
        super().__init__(_ShortTurns())

    def time(self) -> float:
        """Return the seconds since the loop was made; never more than a turn later than at the last look."""
        looked_at = time.monotonic()
        self._time_sec += min(looked_at - self._looked_at, TURN_SEC)
        self._looked_at = looked_at
        return self._time_sec


class Pace:
    """The event loops of a test, and how long they have waited."""

    def __init__(self) -> None:
        self._loops: list[UnhurriedLoop] = []

    def new_loop(self) -> UnhurriedLoop:
        """Stand in for ``asyncio.new_event_loop``."""
        self._loops.append(UnhurriedLoop())
        return self._loops[-1]

    @property
    def waited_sec(self) -> float:
        """How long the loop that lived longest was open, in seconds: that of the gateway, where there is one."""
        return max(loop.time() for loop in self._loops)
