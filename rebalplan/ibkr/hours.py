"""Liquid hours of a contract: the text of contract details read into sessions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rebalplan.core.vocabulary import Session

_ZONES = {"EST": "America/New_York"}
"""Names that a gateway uses for another zone: its EST has daylight saving time."""


def read_sessions(liquid_hours: str, time_zone: str) -> tuple[Session, ...]:
    """Return the sessions in ``liquid_hours``, in UTC and in order; closed and unreadable days are left out.

    The text is ``20261123:0930-20261123:1600;20261124:CLOSED``; older gateways leave out the second date.
    Source: the ContractDetails page of the TWS API reference.
    """
    zone = _zone(time_zone)
    if zone is None:
        return ()
    sessions = (_session(day, zone) for day in liquid_hours.split(";"))
    return tuple(sorted((s for s in sessions if s is not None), key=lambda s: s.opens_at))


def _zone(name: str) -> ZoneInfo | None:
    name = name.partition(" (")[0].strip()
    try:
        return ZoneInfo(_ZONES.get(name, name))
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ):  # OSError: a folder of zones, or too long for a file name
        return None


def _session(day: str, zone: ZoneInfo) -> Session | None:
    start, dash, end = day.strip().partition("-")
    if not dash:
        return None
    if ":" not in end:
        end = f"{start.split(':')[0]}:{end}"
    try:
        opens, closes = (datetime.strptime(t, "%Y%m%d:%H%M").replace(tzinfo=zone) for t in (start, end))
    except ValueError:
        return None
    return Session(opens.astimezone(UTC), closes.astimezone(UTC))


def is_open(sessions: Iterable[Session], at: datetime) -> bool:
    """Tell whether ``at`` lies in one of the sessions."""
    return any(s.opens_at <= at < s.closes_at for s in sessions)


def last_session(sessions: Iterable[Session], at: datetime) -> Session | None:
    """Return the session that ended last before ``at``, if the list still has it."""
    return max((s for s in sessions if s.closes_at <= at), key=lambda s: s.closes_at, default=None)


def next_session(sessions: Iterable[Session], at: datetime) -> Session | None:
    """Return the first session that opens after ``at``."""
    return min((s for s in sessions if s.opens_at > at), key=lambda s: s.opens_at, default=None)
