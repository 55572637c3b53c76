"""Trading and liquid hours in the gateway's own format, and whether the market is open now."""

from __future__ import annotations

import itertools
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from rebalplan.sim.scenario.model import Market

_DAYS_SHOWN: Final = 7
_SATURDAY: Final = 5
_PRE_OPEN, _POST_CLOSE = time(4), time(20)
_OPEN, _CLOSE = time(9, 30), time(16)
_CLOSED: Final = ":CLOSED"
_STAMP: Final = "%Y%m%d:%H%M"


class Hours:
    """The calendar of one market; every answer is for a moment that is given."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._zone = ZoneInfo(market.time_zone)
        self._early = dict(market.early_closes)

    def local(self, now: datetime) -> datetime:
        """Return an aware moment in the market's time zone."""
        return now.astimezone(self._zone)

    def moment(self, text: str) -> datetime:
        """Return the moment that a scenario writes as ``2026-11-23 17:45``, local to the market."""
        return datetime.fromisoformat(text).replace(tzinfo=self._zone)

    def describe(self, now: datetime) -> tuple[str, str, str]:
        """Return time zone id, trading hours and liquid hours of today and the coming days."""
        return self._market.time_zone, self._text(now, liquid=False), self._text(now, liquid=True)

    def is_open(self, now: datetime) -> bool:
        """Tell whether ``now`` is within liquid hours, the opening minute included."""
        local = self.local(now).replace(tzinfo=None)
        return any(begin <= local < end for begin, end in parse_sessions(self._text(now, liquid=True)))

    def next_open(self, now: datetime) -> datetime | None:
        """Return the begin of the next liquid session, ``None`` when none is known."""
        local = self.local(now).replace(tzinfo=None)
        begins = [begin for begin, _ in parse_sessions(self._text(now, liquid=True)) if begin > local]
        return min(begins).replace(tzinfo=self._zone) if begins else None

    def session_end(self, now: datetime) -> datetime | None:
        """Return the end of the liquid session that runs now or comes next, ``None`` when none is known."""
        local = self.local(now).replace(tzinfo=None)
        ends = [end for _, end in parse_sessions(self._text(now, liquid=True)) if end > local]
        return min(ends).replace(tzinfo=self._zone) if ends else None

    def last_close(self, now: datetime) -> datetime:
        """Return the end of the last session that is over, or ``now`` when none is known."""
        local = self.local(now).replace(tzinfo=None)
        earlier = self._text(now - timedelta(days=_DAYS_SHOWN), liquid=True)
        ends = [end for _, end in parse_sessions(f"{earlier};{self._text(now, liquid=True)}") if end <= local]
        return max(ends).replace(tzinfo=self._zone) if ends else now

    def _text(self, now: datetime, *, liquid: bool) -> str:
        today = self.local(now).date()
        match self._market.hours:
            case "list":
                return ";".join(self._market.sessions)
            case "always":
                return _always(today)
            case "weekly":
                days = (today + timedelta(days=ahead) for ahead in range(_DAYS_SHOWN))
                return ";".join(self._day(day, liquid=liquid) for day in days)
            case other:
                assert_never(other)

    def _day(self, day: date, *, liquid: bool) -> str:
        if day.weekday() >= _SATURDAY or day.isoformat() in self._market.holidays:
            return f"{day:%Y%m%d}{_CLOSED}"
        early = self._early.get(day.isoformat())
        close = time.fromisoformat(early) if early else _CLOSE
        begin, end = (_OPEN, close) if liquid else (_PRE_OPEN, _POST_CLOSE)
        return _session(datetime.combine(day, begin), datetime.combine(day, end))


def _always(today: date) -> str:
    """Return sessions without a gap. The first holds all of yesterday, today and tomorrow: no edge is near."""
    midnight = datetime.combine(today, time())
    edges = [-1, 2, *range(3, _DAYS_SHOWN + 1)]
    moments = [midnight + timedelta(days=edge) for edge in edges]
    return ";".join(_session(begin, end) for begin, end in itertools.pairwise(moments))


def _session(begin: datetime, end: datetime) -> str:
    return f"{begin:{_STAMP}}-{end:{_STAMP}}"


def parse_sessions(text: str) -> list[tuple[datetime, datetime]]:
    """Return begin and end of every session in the gateway's format, local and naive.

    Raises ``ValueError`` for a date or a time that does not exist.
    """
    sessions = []
    for entry in text.split(";"):
        begin, _, end = entry.partition("-")
        if begin.endswith(_CLOSED):
            _moment(begin.replace(_CLOSED, ":0000"))
        else:
            sessions.append((_moment(begin), _moment(end)))
    return sessions


@lru_cache(maxsize=256)
def _moment(text: str) -> datetime:
    """Return the naive local time of ``20261123:0930``; each question about the hours reads the same ones."""
    return datetime.strptime(text, _STAMP)  # noqa: DTZ007  # local to the market's zone, as on the wire
