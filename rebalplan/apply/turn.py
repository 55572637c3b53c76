"""One account's turn: check again, sells, buys, reconcile, close.

A turn has two halves that may come in different runs: ``settle`` finds out what became of earlier orders and
sends nothing; ``trade`` sends what was never sent. Whatever stops a turn, it follows the orders that are out
as far as it can, and writes how the account was closed exactly once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal

import msgspec

from rebalplan.apply.book import Book
from rebalplan.apply.checks import expect
from rebalplan.apply.closing import out_of_reach, still_working, unfinished
from rebalplan.apply.desk import Desk, NoOffers
from rebalplan.apply.inspection import Inspection
from rebalplan.apply.lines import Baseline, Lines
from rebalplan.apply.market import Market
from rebalplan.apply.offers import phases
from rebalplan.apply.reader import AccountReader
from rebalplan.apply.timing import Timing
from rebalplan.codec import Envelope
from rebalplan.errors import AccountError, BrokerError, LinkDownError, RefusedError
from rebalplan.journal.journal import Journal
from rebalplan.journal.records import AccountClosed, AccountStatus, Intent
from rebalplan.journal.result import AccountResult
from rebalplan.live import net_liquidation
from rebalplan.model import AccountSnapshot
from rebalplan.money import ZERO
from rebalplan.plan import AccountPlan
from rebalplan.ports import Clock, Progress, TradingBroker, TradingConnection
from rebalplan.retries import connected
from rebalplan.settings import AccountsSettings, Endpoint
from rebalplan.stages import OrderLine, Trade, rests_of


class Turn(msgspec.Struct, frozen=True):
    """What a turn needs beside the account: the world, the plan, and who may say stop.

    ``guard`` raises ``RefusedError`` when live and paper do not agree for an account. ``pace`` says how often a
    connect is tried again.
    """

    envelope: Envelope
    broker: TradingBroker
    clock: Clock
    journal: Journal
    timing: Timing
    stop: Callable[[], bool]
    progress: Progress
    guard: Callable[[str], None]
    pace: AccountsSettings


class AccountTurn:
    """Walks one account's ``Recover`` or ``Trade`` stage; everything it finds out is in the journal."""

    def __init__(self, turn: Turn, plan: AccountPlan, result: AccountResult, endpoint: Endpoint) -> None:
        self._turn = turn
        self._plan = plan
        self._result = result
        self._endpoint = msgspec.structs.replace(endpoint, client_id=plan.client_id)
        self._book = Book(plan.account, plan.client_id, turn.journal, turn.clock)
        self._book.adopt(result.lines)
        self._problems: list[str] = []
        self._end: AccountSnapshot | None = None

    def settle(self, *, trades_after: bool) -> bool:
        """Find out what became of earlier orders; return whether nothing of them stands in the way any more.

        How the account was closed is recorded when something does, or when ``trade`` is not to follow. Raises
        ``DiskError``.
        """
        try:
            self._recover()
        except (AccountError, BrokerError, RefusedError) as error:
            self._problems.append(str(error))
        is_settled = not self._book.alarms and all(order.over for order in self._book.orders.values())
        if not (is_settled and trades_after):
            self._close()
        return is_settled

    def trade(self, stage: Trade) -> AccountStatus:
        """Trade the account and record how it ended. Raises ``DiskError`` when the journal fails."""
        try:
            with self._connected() as link:
                self._trade(link, stage)
        except (AccountError, BrokerError, RefusedError) as error:
            self._problems.append(str(error))
            if not isinstance(error, LinkDownError):
                self._follow_up()
        return self._close()

    def _follow_up(self) -> None:
        """Connect once more to learn what became of what was sent; send nothing."""
        if not self._book.orders:
            return
        try:
            self._recover()
        except (AccountError, BrokerError, RefusedError) as error:
            self._problems.append(str(error))

    def _recover(self) -> None:
        self._book.reconnected()
        if self._book.followed():
            self._turn.clock.sleep(self._turn.timing.quiet_sec)
        with self._connected() as link:
            link.check_account(self._plan.account)
            desk = self._desk(link)
            if self._book.has_unknown():
                desk.inquire()
            desk.work(NoOffers())
            self._read_end(link, desk)

    def _connected(self) -> AbstractContextManager[TradingConnection]:
        """Connect under the client id that the plan names: a gateway lets nobody else in under it meanwhile."""
        turn, endpoint = self._turn, self._endpoint
        return connected(lambda: turn.broker.connect(endpoint), turn.pace, turn.clock)

    def _trade(self, link: TradingConnection, stage: Trade) -> None:
        sells, buys = list(stage.sells), list(stage.buys)
        desk = self._desk(link)
        if sells or buys or rests_of(self._result):
            self._send(link, desk, sells, buys)
        self._read_end(link, desk)

    def _send(
        self, link: TradingConnection, desk: Desk, sells: list[OrderLine], buys: list[OrderLine]
    ) -> None:
        desk.await_link()
        self._turn.guard(self._plan.account)
        market = Market(link, self._plan, self._turn.clock, self._turn.timing, self._turn.progress)
        lines = self._lines(market)
        inspection = Inspection(
            link,
            self._turn.envelope,
            self._result,
            self._book,
            self._turn.journal,
            clock=self._turn.clock,
            timing=self._turn.timing,
            reader=self._reader(link, desk),
            market=market,
            lines=lines,
        )
        snapshot = inspection.check()
        sells, buys = lines.still_open(sells), lines.still_open(buys)
        self._require_something(sells, buys)
        if inspection.ask_what_if(buys):
            snapshot = inspection.check()
            sells, buys = lines.still_open(sells), lines.still_open(buys)
            self._require_something(sells, buys)
        lines.start(self._baseline(snapshot, market))
        self._intend(market, [*sells, *buys], snapshot)
        inspection.look_for_copies()
        together = self._plan.policy.execution.sequence == "together"
        sent_before = len(self._book.orders)

        def read_before_buys() -> None:
            if len(self._book.orders) > sent_before:
                inspection.read_before_buys(together=together)

        phase = phases(
            lines, market, self._book, sells, buys, read_before_buys=read_before_buys, together=together
        )
        for offers in phase:
            if desk.may_go_on():
                desk.work(offers)
        desk.await_commissions()

    def _current(self) -> AccountResult:
        return self._turn.journal.result_of(self._plan.account)

    def _lines(self, market: Market) -> Lines:
        return Lines(
            self._plan,
            self._result,
            self._book,
            self._turn.journal,
            market,
            expires_at=self._turn.envelope.plan.volatile.expires_at,
            problems=self._problems,
        )

    def _require_something(self, sells: list[OrderLine], buys: list[OrderLine]) -> None:
        """Refuse before INTENT when every line was left out: the account stays as it was."""
        if not sells and not buys and not rests_of(self._result):
            raise RefusedError("no line can be sent now")

    def _baseline(self, snapshot: AccountSnapshot, market: Market) -> Baseline:
        """Measure the account; cash that the plan and our own fills do not explain is not touched."""
        worth = net_liquidation(self._plan, snapshot, market.quotes)
        others = [a for a in self._turn.journal.result().accounts if a.account != self._plan.account]
        return Baseline(
            cash=min(snapshot.cash_usd, expect(self._plan, self._result).cash_usd),
            exposure=worth - snapshot.cash_usd,
            net_liquidation=worth,
            values={reference: order.value_usd for reference, order in self._book.orders.items()},
            commissions=sum(self._book.commissions.values(), ZERO),
            elsewhere=sum((_turnover(account) for account in others), ZERO),
        )

    def _intend(self, market: Market, lines: list[OrderLine], snapshot: AccountSnapshot) -> None:
        self._turn.journal.append(
            Intent(
                account=self._plan.account,
                at=market.now().replace(microsecond=0),
                attempt=len(self._result.intents) + 1,
                mode=self._turn.envelope.plan.mode,
                client_id=self._plan.client_id,
                references=tuple(line.reference for line in lines),
                positions=snapshot.positions,
                cash_usd=snapshot.cash_usd,
            )
        )

    def _reader(self, link: TradingConnection, desk: Desk) -> AccountReader:
        turn = self._turn
        return AccountReader(
            link, self._book, turn.journal, turn.clock, turn.timing, listen=desk.listen, stop=turn.stop
        )

    def _desk(self, link: TradingConnection) -> Desk:
        return Desk(
            link,
            self._book,
            self._turn.clock,
            self._plan.policy.execution,
            timing=self._turn.timing,
            stop=self._turn.stop,
            progress=self._turn.progress,
        )

    def _read_end(self, link: TradingConnection, desk: Desk) -> None:
        """Read fills and commissions once more, and the account as it is now.

        The broker may be slow to book what it reported: it is given ``reread_sec`` until the positions are those
        that our fills explain. An answer of a person that the lists contradict is taken back.
        """
        account = self._plan.account
        executions, commissions = link.executions(account)
        for execution in executions:
            self._book.record_execution(execution)
        for commission in commissions:
            self._book.commissioned(commission)
        if any(order.is_resolved for order in self._book.orders.values()):
            self._book.check_resolved(link.open_orders(account), link.completed_orders(account), executions)
        if self._current().intents:
            self._end, booking = self._reader(link, desk).read_positions(self._turn.timing.reread_sec)
            self._problems += [f"{sentence}: look at the account statement" for sentence in booking.strange]
            self._problems += [
                f"{sentence}: it may be behind, look again with --resume" for sentence in booking.late
            ]
            self._problems += still_working(self._book.orders.values(), self._end)
        else:
            self._end = link.read_account(account)

    def _close(self) -> AccountStatus:
        """Record how the account ended this time."""
        result = self._current()
        orders = self._book.orders.values()
        self._problems += [*self._book.alarms, *out_of_reach(orders, self._plan.client_id)]
        status = self._status(result)
        end = self._end
        self._turn.journal.append(
            AccountClosed(
                account=self._plan.account,
                at=self._book.now(),
                status=status,
                error="; ".join(dict.fromkeys([*self._problems, *unfinished(result)])),
                read=end is not None,
                positions=end.positions if end is not None else (),
                cash_usd=end.cash_usd if end is not None else ZERO,
            )
        )
        return status

    def _status(self, result: AccountResult) -> AccountStatus:
        if not result.intents:
            return "refused"
        return "incomplete" if self._problems or unfinished(result) else "done"


def _turnover(account: AccountResult) -> Decimal:
    """Return what an account's orders have traded or still may, in USD."""
    orders = [order for line in account.lines for order in line.orders]
    return sum(((o.filled if o.is_over else o.dispatch.quantity) * o.dispatch.quote for o in orders), ZERO)
