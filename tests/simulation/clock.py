"""Time that passes only when somebody waits."""

from __future__ import annotations

from datetime import datetime, timedelta


class VirtualClock:
    """The ``Clock`` of a simulated run."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def move_to(self, time: datetime) -> None:
        """Let time pass up to ``time``; it never goes back."""
        self._now = max(self._now, time)
