"""Apply the faults of a scenario: count the matching requests and change their answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import assert_never

import msgspec

from rebalplan.sim.scenario.model import Fault
from rebalplan.sim.wire.frames import Message, encode, encode_frame
from rebalplan.sim.wire.messages import END_MARKERS, error
from rebalplan.sim.wire.rows import repeat, spoil, stray

CONNECT = "connect"
GARBAGE = encode_frame(b"\xff\xfe?\x00not a message\x00\x80")
"""A whole frame that no client can read."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes to write ``after_sec`` seconds from now; ``close`` hangs up behind them.

    ``messages`` are the same bytes as fields, for the record. ``connection`` is the receiver, 0 for the client that
    asked.
    """

    data: bytes = b""
    messages: tuple[Message, ...] = ()
    after_sec: float = 0.0
    close: bool = False
    connection: int = 0


class FaultCounter:
    """The faults of a scenario, each with how often its request was seen over the life of a server."""

    def __init__(self, faults: Sequence[Fault], reached: Counter[str] | None = None) -> None:
        self._faults = tuple(faults)
        self._reached = Counter[str]() if reached is None else reached
        self._seen = [0] * len(self._faults)

    def take(self, request: str, account: str = "", symbol: str = "") -> Fault | None:
        """Count one request and return the first fault that hits it, or ``None``."""
        hit = None
        for at, fault in enumerate(self._faults):
            if not _matches(fault, request, account, symbol):
                continue
            self._seen[at] += 1
            if hit is None and fault.occurrence in (0, self._seen[at]):
                hit = fault
                self._reached[fault.label] += 1
        return hit


def _matches(fault: Fault, request: str, account: str, symbol: str) -> bool:
    return fault.request == request and fault.account in ("", account) and fault.symbol in ("", symbol)


def reply_with(messages: Sequence[Message], *, after_sec: float = 0.0, close: bool = False) -> Reply:
    """Return the reply that sends these messages in order."""
    data = b"".join(encode(message) for message in messages)
    return Reply(data=data, messages=tuple(messages), after_sec=after_sec, close=close)


def alter(  # noqa: PLR0911  # one case per action
    fault: Fault | None, answer: Sequence[Message], version: int, request_id: int
) -> Reply:
    """Return the answer with the fault applied, or unchanged without a fault."""
    if fault is None:
        return reply_with(answer)
    match fault.action:
        case "silent":
            return Reply()
        case "hang_up":
            return Reply(close=True)
        case "garbage":
            return Reply(data=GARBAGE)
        case "delay":
            return reply_with(answer, after_sec=float(fault.delay_sec))
        case "error" | "notice":
            said = error(version, request_id, fault.code, fault.text)
            return reply_with([said, *answer] if fault.action == "notice" else [said])
        case "no_end":
            return reply_with([message for message in answer if message[0] not in END_MARKERS])
        case "field":
            return reply_with([spoil(fault, message, version) for message in answer])
        case "twice":
            return reply_with([row for message in answer for row in repeat(fault, message, version)])
        case "stray":
            return reply_with([row for message in answer for row in stray(fault, message, version)])
        case "empty":
            return reply_with([message for message in answer if message[0] in END_MARKERS])
        case _:
            assert_never(fault.action)
