"""One account's turn: check again, sells, buys, reconcile, close.

A turn has two halves that may come in different runs: ``settle`` finds out what became of earlier orders and
sends nothing; ``trade`` sends what was never sent. Whatever stops a turn, it follows the orders that are out
as far as it can, and writes how the account was closed exactly once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import msgspec

from rebalplan.apply.book import Book
from rebalplan.apply.checks import check_day, check_hours, check_live, check_resolutions, expect, foreign
from rebalplan.apply.desk import Desk, NoOffers
from rebalplan.apply.lines import Baseline, Lines
from rebalplan.apply.market import Market
from rebalplan.apply.offers import phases
from rebalplan.apply.timing import Timing
from rebalplan.codec import Envelope
from rebalplan.errors import AccountError, BrokerError, LinkDownError, RefusedError
from rebalplan.journal.journal import Journal
from rebalplan.journal.records import AccountClosed, AccountStatus, Intent
from rebalplan.journal.result import AccountResult
from rebalplan.live import net_liquidation
from rebalplan.model import AccountSnapshot, Position
from rebalplan.money import ONE, ZERO
from rebalplan.plan import AccountPlan
from rebalplan.ports import Clock, Progress, TradingBroker, TradingConnection
from rebalplan.settings import Endpoint
from rebalplan.stages import OrderLine, Trade, rests_of


class Turn(msgspec.Struct, frozen=True):
    """What a turn needs beside the account: the world, the plan, and who may say stop.

    ``guard`` raises ``RefusedError`` when live and paper do not agree for an account.
    """

    envelope: Envelope
    broker: TradingBroker
    clock: Clock
    journal: Journal
    timing: Timing
    stop: Callable[[], bool]
    progress: Progress
    guard: Callable[[str], None]


class AccountTurn:
    """Walks one account's ``Recover`` or ``Trade`` stage; everything it finds out is in the journal."""

    def __init__(self, turn: Turn, plan: AccountPlan, result: AccountResult, endpoint: Endpoint) -> None:
        self._turn = turn
        self._plan = plan
        self._result = result
        self._endpoint = endpoint
        self._book = Book(plan.account, turn.journal, turn.clock)
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
        is_settled = all(order.over for order in self._book.orders.values())
        if not (is_settled and trades_after):
            self._close()
        return is_settled

    def trade(self, stage: Trade) -> AccountStatus:
        """Trade the account and record how it ended. Raises ``DiskError`` when the journal fails."""
        try:
            with self._turn.broker.connect(self._endpoint) as link:
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
        with self._turn.broker.connect(self._endpoint) as link:
            link.check_account(self._plan.account)
            desk = self._desk(link)
            if self._book.has_unknown():
                desk.inquire()
            desk.work(NoOffers())
            self._read_end(link)

    def _trade(self, link: TradingConnection, stage: Trade) -> None:
        sells, buys = list(stage.sells), list(stage.buys)
        if sells or buys or rests_of(self._result):
            self._send(link, sells, buys)
        self._read_end(link)

    def _send(self, link: TradingConnection, sells: list[OrderLine], buys: list[OrderLine]) -> None:
        self._turn.guard(self._plan.account)
        market = Market(link, self._plan, self._turn.clock, self._turn.timing, self._turn.progress)
        check_day(self._turn.envelope.plan, self._result, market.now())
        lines = self._lines(market)
        snapshot = self._check(link, market, lines)
        sells, buys = lines.still_open(sells), lines.still_open(buys)
        self._require_something(sells, buys)
        if self._ask_what_if(link, lines, buys):
            snapshot = self._check(link, market, lines)
            sells, buys = lines.still_open(sells), lines.still_open(buys)
            self._require_something(sells, buys)
        lines.start(self._baseline(snapshot, market))
        self._intend(market, [*sells, *buys], snapshot)
        desk = self._desk(link)
        together = self._plan.policy.execution.sequence == "together"
        for offers in phases(lines, market, self._book, sells, buys, together=together):
            if desk.may_go_on():
                desk.work(offers)
        desk.await_commissions()

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

    def _check(self, link: TradingConnection, market: Market, lines: Lines) -> AccountSnapshot:
        """Refuse a stale account, leave out lines whose price moved, and return the account as it is."""
        snapshot = link.read_account(self._plan.account)
        market.read(snapshot)
        check_hours(self._plan, self._result, market)
        executions, _ = link.executions(self._plan.account)
        check_resolutions(self._result, executions)
        references = foreign(
            self._turn.envelope,
            self._plan,
            known=self._book.orders,
            open_orders=link.open_orders(),
            completed=link.completed_orders(),
            executions=executions,
        )
        left_out = check_live(expect(self._plan, self._result), snapshot, market.quotes, references)
        lines.leave_out(left_out)
        return snapshot

    def _require_something(self, sells: list[OrderLine], buys: list[OrderLine]) -> None:
        """Refuse before INTENT when every line was left out: the account stays as it was."""
        if not sells and not buys and not rests_of(self._result):
            raise RefusedError("no line can be sent now")

    def _ask_what_if(self, link: TradingConnection, lines: Lines, buys: list[OrderLine]) -> bool:
        """Refuse the account when the broker would refuse a buy: nobody is sold out and stranded in cash.

        Funds are no reason: what the sells bring is not there yet, and no buy is sent before it is. A gateway that
        does not answer one is not asked again. Return whether it took so long that the account must be checked anew.
        """
        started = self._turn.clock.now()
        for line in buys:
            answer = link.ask_what_if(lines.ticket(line))
            if answer.answered and answer.refusal and not answer.lacks_funds:
                raise RefusedError(
                    f"the broker would refuse to buy {line.order.symbol}: {answer.refusal}. Nothing was sent"
                )
            if not answer.answered:
                break
        return (self._turn.clock.now() - started).total_seconds() > self._turn.timing.quiet_sec

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
                references=tuple(line.reference for line in lines),
                positions=snapshot.positions,
                cash_usd=snapshot.cash_usd,
            )
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

    def _read_end(self, link: TradingConnection) -> None:
        """Read fills and commissions once more, and the account as it is now.

        The broker may be slow to book what it reported: it is given ``reread_sec`` until the positions are those
        that our fills explain. Raises ``RefusedError`` for a resolution that the executions contradict.
        """
        executions, commissions = link.executions(self._plan.account)
        for execution in executions:
            self._book.record_execution(execution)
        for commission in commissions:
            self._book.commissioned(commission)
        until = self._turn.clock.now() + timedelta(seconds=self._turn.timing.reread_sec)
        self._end = link.read_account(self._plan.account)
        while self._unexplained() and self._turn.clock.now() < until:
            self._turn.clock.sleep(self._turn.timing.tick_sec)
            self._end = link.read_account(self._plan.account)
        check_resolutions(self._turn.journal.result_of(self._plan.account), executions)

    def _unexplained(self) -> list[str]:
        """Return a sentence for each position that is not what the one before and our fills make it."""
        result = self._turn.journal.result_of(self._plan.account)
        if self._end is None or not result.intents:
            return []
        held = {p.con_id: p for p in self._end.positions}
        expected = {p.con_id: p for p in result.reckon().positions}
        return [
            f"the account has {_quantity(held.get(con_id)):f} {(held.get(con_id) or expected[con_id]).symbol}, the "
            f"fills make it {_quantity(expected.get(con_id)):f}: look at the account statement"
            for con_id in sorted(held.keys() | expected.keys())
            if not _is_explained(_quantity(held.get(con_id)), _quantity(expected.get(con_id)))
        ]

    def _close(self) -> AccountStatus:
        """Record how the account ended this time."""
        result = self._turn.journal.result_of(self._plan.account)
        if not result.unresolved:
            self._problems += self._unexplained()
        status = self._status(result)
        end = self._end
        self._turn.journal.append(
            AccountClosed(
                account=self._plan.account,
                at=self._book.now(),
                status=status,
                error="; ".join(dict.fromkeys([*self._problems, *_unfinished(result)])),
                read=end is not None,
                positions=end.positions if end is not None else (),
                cash_usd=end.cash_usd if end is not None else ZERO,
            )
        )
        return status

    def _status(self, result: AccountResult) -> AccountStatus:
        if not result.intents:
            return "refused"
        return "incomplete" if self._problems or _unfinished(result) else "done"


def _is_explained(held: Decimal, expected: Decimal) -> bool:
    """Tell whether a position is as expected, or grew by a reinvested dividend."""
    return held == expected or (expected > 0 and ZERO < held - expected < ONE)


def _quantity(position: Position | None) -> Decimal:
    return ZERO if position is None else position.quantity


def _unfinished(result: AccountResult) -> list[str]:
    """Return a sentence for each line that did not come to its end; a buy that cash did not cover did."""
    sentences = []
    for line in result.lines:
        name = f"{line.planned.side.lower()} {line.planned.symbol}"
        if line.status == "not_sent":
            sentences.append(f"{name} was not sent")
        elif line.cut is not None and line.cut.is_refusal and not line.orders:
            sentences.append(f"{name} was left out")
        elif line.status not in ("filled", "cut"):
            sentences.append(
                f"{name} is {line.status}, {line.filled} of {line.orders[0].dispatch.quantity} filled"
            )
        elif any(not order.is_priced for order in line.orders):
            sentences.append(f"{name} is filled but the broker has not shown every execution")
    return sentences


def _turnover(account: AccountResult) -> Decimal:
    """Return what an account's orders have traded or still may, in USD."""
    orders = [order for line in account.lines for order in line.orders]
    return sum(((o.filled if o.is_over else o.dispatch.quantity) * o.dispatch.quote for o in orders), ZERO)
