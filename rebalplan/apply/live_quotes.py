"""The market of one account: its quotes, read again when they are old, and the broker's time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from rebalplan.apply.timing import Timing
from rebalplan.core.errors import FindingsError
from rebalplan.core.finding import Finding, InPlan
from rebalplan.core.ports import Clock, MarketData, Progress, TradingConnection
from rebalplan.core.vocabulary import AccountSnapshot, Quote, Session
from rebalplan.plan.document import AccountPlan

_CLOCK_STEP = timedelta(seconds=1)
"""The broker tells whole seconds. rebal takes the latest moment of the second, so it never sends after a limit."""


def outside_hours(account: str, message: str, way_out: str) -> FindingsError:
    """Return the refusal of an account whose market is closed or in its guarded minutes."""
    where = InPlan(account, "session")
    found = Finding(code="RB511", severity="error", where=where, message=message, way_out=way_out)
    return FindingsError([found])


class LiveQuotes:
    """The quotes of all symbols that the account holds or trades."""

    def __init__(
        self, link: TradingConnection, plan: AccountPlan, clock: Clock, timing: Timing, progress: Progress
    ) -> None:
        self._link = link
        self._plan = plan
        self._clock = clock
        self._timing = timing
        self._progress = progress
        self._wanted: dict[str, int] = {}
        self._read_at: datetime | None = None
        self._skew = timedelta()
        self._session: Session | None = None
        self.by_symbol: Mapping[str, Quote] = {}

    def now(self) -> datetime:
        """Return the broker's time in UTC: as of the last read, plus the time since by this machine's clock."""
        return self._clock.now() + self._skew

    def session(self) -> Session:
        """Return the open regular session, or the last one that was; raises ``FindingsError`` when there is none."""
        if self._session is None:
            raise outside_hours(
                self._plan.account, "the market is closed", "apply within the regular session"
            )
        return self._session

    def read(self, snapshot: AccountSnapshot) -> None:
        """Ask for the quotes of all symbols that the account holds or its plan trades."""
        left_out = {holding.con_id for holding in self._plan.left_out}
        wanted = {p.symbol: p.con_id for p in snapshot.positions if p.con_id not in left_out}
        wanted.update({order.symbol: order.con_id for order in self._plan.orders})
        self._wanted = dict(sorted(wanted.items()))
        self._take(self._ask())

    def refresh(self) -> None:
        """Ask again when the quotes are old."""
        age = None if self._read_at is None else self._clock.now() - self._read_at
        if age is None or age >= timedelta(seconds=self._timing.quote_sec):
            self._take(self._ask())

    def _ask(self) -> MarketData:
        started = self._clock.now()
        data = self._link.read_market(
            self._wanted,
            allow_delayed=self._plan.policy.pricing.allow_delayed,
            progress=self._progress,
        )
        self._skew = data.asked_at.astimezone(UTC) + _CLOCK_STEP - started
        return data

    def _take(self, data: MarketData) -> None:
        self._read_at = self._clock.now()
        self._session = data.open_session or self._session
        self.by_symbol = {quote.symbol: quote for quote in data.quotes}
