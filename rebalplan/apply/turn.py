"""One account's turn: check again, sells, buys, reconcile, close."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from decimal import Decimal

import msgspec

from rebalplan.apply.book import Book
from rebalplan.apply.desk import Desk
from rebalplan.apply.lines import Lines
from rebalplan.apply.reconcile import foreign_references, reconcile
from rebalplan.apply.timing import Timing
from rebalplan.codec import Envelope
from rebalplan.errors import AccountError, BrokerError, RefusedError, UnreachableError
from rebalplan.journal.journal import Journal
from rebalplan.journal.records import AccountClosed, AccountStatus, Intent
from rebalplan.journal.result import AccountResult
from rebalplan.live import Expectation, foreign_orders, refusals, verify_live
from rebalplan.model import AccountSnapshot, Position, Quote
from rebalplan.money import ZERO, canonical
from rebalplan.orders import OrderTicket
from rebalplan.plan import AccountPlan
from rebalplan.ports import Clock, Progress, TradingBroker, TradingConnection
from rebalplan.settings import Endpoint
from rebalplan.stages import OrderLine, Trade
from rebalplan.verify import verify_expiry


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
    """Walks one account's ``Trade`` stage; everything it finds out is in the journal."""

    def __init__(self, turn: Turn, plan: AccountPlan, result: AccountResult, endpoint: Endpoint) -> None:
        self._turn = turn
        self._plan = plan
        self._result = result
        self._endpoint = endpoint
        self._book = Book(plan.account, turn.journal, turn.clock)
        self._lines = Lines(plan, result, self._book, turn.journal)
        self._problems = self._lines.problems
        self._end: AccountSnapshot | None = None
        for line in result.lines:
            for order in line.orders:
                self._book.adopt(order, line.planned)

    def trade(self, stage: Trade) -> AccountStatus:
        """Trade the account and record how it ended. Raises ``DiskError`` when the journal fails."""
        begun = bool(self._result.intents)
        try:
            with self._turn.broker.connect(self._endpoint) as link:
                begun = self._trade(link, stage) or begun
        except UnreachableError as error:
            self._problems.append(str(error))
            self._recover_after_loss()
        except (AccountError, BrokerError, RefusedError) as error:
            self._problems.append(str(error))
        return self._close(begun=begun or bool(self._book.orders))

    def recover(self) -> None:
        """Find out what became of the orders under way, and send nothing. Raises ``BrokerError``."""
        self._turn.clock.sleep(self._turn.timing.quiet_sec)
        with self._turn.broker.connect(self._endpoint) as link:
            reconcile(link, self._book, self._book.live())
            self._desk(link).work(lambda: None, self._refuse_all)
            self._read_end(link)

    def _trade(self, link: TradingConnection, stage: Trade) -> bool:
        """Return whether the account was begun."""
        self._check_time(link)
        self._turn.guard(self._plan.account)
        snapshot = link.read_account(self._plan.account)
        self._lines.quotes = self._read_quotes(link, snapshot)
        self._lines.start()
        self._check_live(link, snapshot)
        self._ask_what_if(link, stage.buys)
        self._intend(stage, snapshot)
        desk = self._desk(link)
        self._sell(desk, stage.sells)
        if not self._must_halt(desk):
            self._lines.quotes = self._read_quotes(link, snapshot)
            self._buy(desk, stage.buys, snapshot.cash_usd)
        self._read_end(link)
        return True

    def _check_time(self, link: TradingConnection) -> None:
        """Refuse an expired plan by the broker's clock, and a resume on another day than the journal's."""
        now = link.broker_time().astimezone(UTC)
        expired = verify_expiry(self._turn.envelope.plan, now)
        if expired:
            raise RefusedError(f"{expired[0].code} {expired[0].message}")
        if self._result.intents and self._result.intents[0].at.date() != now.date():
            raise RefusedError(
                f"it was begun on {self._result.intents[0].at:%Y-%m-%d}: another day sends nothing more; plan again"
            )

    def _read_quotes(self, link: TradingConnection, snapshot: AccountSnapshot) -> Mapping[str, Quote]:
        wanted = {p.symbol: p.con_id for p in snapshot.positions}
        wanted.update({o.symbol: o.con_id for o in self._plan.orders})
        market = link.read_market(
            dict(sorted(wanted.items())),
            allow_delayed=self._plan.policy.pricing.allow_delayed,
            progress=self._turn.progress,
        )
        return {quote.symbol: quote for quote in market.quotes}

    def _check_live(self, link: TradingConnection, snapshot: AccountSnapshot) -> None:
        """Refuse a stale account; leave out lines whose price moved."""
        executions, _ = link.executions(self._plan.account)
        foreign = foreign_references(
            f"rb-{self._turn.envelope.sha256[:12]}-a{self._position():02d}-",
            self._book.orders,
            link.open_orders(),
            link.completed_orders(),
            executions,
        )
        findings = (
            *foreign_orders(self._plan.account, foreign),
            *verify_live(self._expectation(), snapshot, self._lines.quotes),
        )
        refused = refusals(findings)
        if refused:
            raise RefusedError("; ".join(f"{f.code} {f.message}" for f in refused))
        self._lines.leave_out([f for f in findings if f.weight == "line"])

    def _position(self) -> int:
        accounts = self._turn.envelope.plan.accounts
        return 1 + [a.account for a in accounts].index(self._plan.account)

    def _expectation(self) -> Expectation:
        """Return what the account should be: the plan's snapshot, or the last INTENT and our own fills since."""
        snapshot = self._plan.snapshot
        if not self._result.intents or snapshot is None:
            positions = snapshot.positions if snapshot else ()
            cash = snapshot.cash_usd if snapshot else ZERO
            return Expectation(self._plan, positions, cash, tuple(self._book.orders))
        first = self._result.intents[0]
        held = {(p.symbol, p.con_id): p.quantity for p in first.positions}
        cash = first.cash_usd
        for order in self._book.orders.values():
            key = (order.symbol, order.con_id)
            sign = 1 if order.side == "BUY" else -1
            held[key] = held.get(key, ZERO) + sign * order.filled
            cash -= sign * order.value_usd
        cash -= sum(self._book.commissions.values(), ZERO)
        positions = tuple(Position(s, c, canonical(q)) for (s, c), q in sorted(held.items()))
        return Expectation(self._plan, positions, cash, tuple(self._book.orders))

    def _ask_what_if(self, link: TradingConnection, buys: Sequence[OrderLine]) -> None:
        """Refuse the account when the broker would refuse a buy: nobody is sold out and stranded in cash."""
        for line in buys:
            answer = link.ask_what_if(self._lines.ticket(line, line.order.quantity))
            if answer.answered and answer.refusal:
                raise RefusedError(
                    f"the broker would refuse to buy {line.order.symbol}: {answer.refusal}. Nothing was sent"
                )

    def _intend(self, stage: Trade, snapshot: AccountSnapshot) -> None:
        self._turn.journal.append(
            Intent(
                account=self._plan.account,
                at=self._book.now(),
                attempt=len(self._result.intents) + 1,
                references=tuple(line.reference for line in (*stage.sells, *stage.buys)),
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
        )

    def _sell(self, desk: Desk, sells: Sequence[OrderLine]) -> None:
        waiting = deque(line for line in sells if self._lines.is_open(line))
        desk.work(lambda: self._next_sell(waiting), self._lines.approve)

    def _next_sell(self, waiting: deque[OrderLine]) -> OrderTicket | None:
        if not waiting:
            return None
        line = waiting.popleft()
        return self._lines.ticket(line, line.order.quantity)

    def _buy(self, desk: Desk, buys: Sequence[OrderLine], cash_before: Decimal) -> None:
        waiting = [
            line for line in buys if self._lines.is_open(line) and line.order.symbol in self._lines.asks()
        ]
        desk.work(lambda: self._lines.next_buy(waiting, cash_before), self._lines.approve)

    def _refuse_all(self, ticket: OrderTicket) -> Decimal | None:
        raise RefusedError(f"a recovery must send nothing, not even {ticket.reference}: a defect")

    def _must_halt(self, desk: Desk) -> bool:
        return desk.stopped or any(o.unknown for o in self._book.orders.values())

    def _read_end(self, link: TradingConnection) -> None:
        """Read fills and commissions once more, and the account as it is now."""
        executions, commissions = link.executions(self._plan.account)
        for execution in executions:
            self._book.record_execution(execution)
        for commission in commissions:
            self._book.commissioned(commission)
        self._end = link.read_account(self._plan.account)

    def _recover_after_loss(self) -> None:
        """Connect once more to learn what became of what was sent; send nothing."""
        if not self._book.orders:
            return
        try:
            self.recover()
        except (AccountError, BrokerError, RefusedError) as error:
            self._problems.append(str(error))

    def _close(self, *, begun: bool) -> AccountStatus:
        end = self._end
        status = self._status(begun=begun)
        self._turn.journal.append(
            AccountClosed(
                account=self._plan.account,
                at=self._book.now(),
                status=status,
                error="; ".join(self._problems),
                read=end is not None,
                positions=end.positions if end is not None else (),
                cash_usd=end.cash_usd if end is not None else ZERO,
            )
        )
        return status

    def _status(self, *, begun: bool) -> AccountStatus:
        if not begun:
            return "refused"
        orders = self._book.orders.values()
        all_over = all(o.over is not None for o in orders)
        all_sent = all(r in self._book.orders or not self._lines.is_pending(r) for r in self._lines.results)
        filled = all(self._lines.is_filled(r) for r in self._lines.results)
        return "done" if all_over and all_sent and filled and not self._problems else "incomplete"
