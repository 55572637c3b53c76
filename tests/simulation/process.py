"""One simulated process: it can die before or after anything it does to the world."""

from __future__ import annotations

from collections.abc import Callable

Trace = Callable[[str], None]


def silent(text: str) -> None:
    """Trace nothing."""
    del text


class SimulatedCrash(BaseException):
    """The process is gone; nothing in it may catch this."""


class Violated(BaseException):
    """Something happened that must never happen; nothing in the process may catch this."""


MOST_STEPS = 20_000
"""A process that does more than this to the world does not come to an end."""


class Process:
    """Counts what the process does to the world and dies at the chosen count (0: never)."""

    def __init__(self, dies_at: int, trace: Trace) -> None:
        self._dies_at = dies_at
        self.trace = trace
        self.is_traced = trace is not silent
        self.steps = 0

    def step(self, name: str) -> None:
        """Pass a point between two effects; raises ``SimulatedCrash`` at the chosen one."""
        self.steps += 1
        if self.steps == self._dies_at:
            self.trace(f"CRASH at step {self.steps}: {name}")
            raise SimulatedCrash(name)
        if self.steps > MOST_STEPS:
            raise Violated(f"the process does not end: {self.steps} steps, now {name}")
