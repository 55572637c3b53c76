"""How long an apply waits for what, in seconds. Arguments, so that tests need not wait."""

from __future__ import annotations

import msgspec


class Timing(msgspec.Struct, frozen=True):
    """Waits that are no settings: they follow from how the broker behaves.

    ``ack_sec`` from a send to any sign of the order; ``cancel_sec`` from a cancel to its evidence; ``notice_sec``
    from an error about an order to asking what became of it; ``quiet_sec`` before a resume asks at all, so
    that what was on its way has arrived; ``tick_sec`` the longest wait for one event.
    """

    ack_sec: float = 15
    cancel_sec: float = 15
    notice_sec: float = 3
    quiet_sec: float = 10
    tick_sec: float = 1
