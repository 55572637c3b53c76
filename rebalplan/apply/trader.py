"""Trades one account over one connection: makes the preview, then sends the orders."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import msgspec

from rebalplan.apply.checks import required_account
from rebalplan.apply.context import ApplyContext
from rebalplan.apply.executor import Executor
from rebalplan.apply.funding import Baseline, Funding
from rebalplan.apply.gate import sent_of, turnover
from rebalplan.apply.inspection import Inspection
from rebalplan.apply.journal.records import Intent
from rebalplan.apply.journal.result import AccountResult
from rebalplan.apply.line_orders import LineOrders
from rebalplan.apply.live import net_liquidation
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.live_quotes import LiveQuotes
from rebalplan.apply.offers import phases
from rebalplan.apply.preview import Preview, Situation, build_preview
from rebalplan.apply.reader import AccountReader
from rebalplan.apply.send_gate import SendGate
from rebalplan.core.errors import RefusedError
from rebalplan.core.money import ZERO
from rebalplan.core.ports import TradingConnection
from rebalplan.core.text import count
from rebalplan.core.vocabulary import AccountSnapshot
from rebalplan.plan.document import AccountPlan

_LOG = logging.getLogger("rebalplan.apply")


class AccountTrader:
    """Previews first, then sends. Methods raise ``RefusedError`` or ``BrokerError`` when nothing more may be sent.

    ``result`` is the account's result in the journal when its stage began. ``problems`` collects sentences for its
    closing record.
    """

    def __init__(
        self,
        context: ApplyContext,
        result: AccountResult,
        orders: LiveOrders,
        link: TradingConnection,
        executor: Executor,
        *,
        problems: list[str],
    ) -> None:
        self._context = context
        self._plan: AccountPlan = result.plan
        self._result = result
        self._orders = orders
        self.executor = executor
        self._quotes = LiveQuotes(link, self._plan, context.clock, context.timing, context.progress)
        self._problems = problems
        self._inspection = Inspection(
            link,
            context.envelope,
            result,
            orders,
            context.journal,
            clock=context.clock,
            timing=context.timing,
            reader=AccountReader(
                link,
                orders,
                context.journal,
                context.clock,
                context.timing,
                listen=executor.listen,
                stop=context.stop,
            ),
            quotes=self._quotes,
        )
        self._snapshot: AccountSnapshot | None = None
        self._funding: Funding | None = None

    def preview(self, what_if_at: datetime | None = None) -> Preview:
        """Check the account and return the preview of its orders.

        ``what_if_at`` is the time of the last what-ifs; old ones are asked again. The broker's messages meanwhile are
        taken in, because another connection may send the orders. Raises ``RefusedError`` when no order can be sent.
        """
        self.executor.await_link()
        self._context.guard(self._plan.account)
        preview = self._check()
        asked_at = self._context.clock.now() if self._must_ask(what_if_at) else what_if_at
        # What-ifs may take so long that the account has moved: then it is checked a second time.
        if self._must_ask(what_if_at) and self._inspection.ask_what_if([*preview.buys, *preview.sells]):
            preview = self._check()
        self.executor.listen()
        self._inspection.refuse_alarms()
        sendable, cut = count(len(preview.sells) + len(preview.buys), "order"), len(preview.cuts)
        _LOG.info("%s: checked, %s can be sent, %s cut", self._plan.account, sendable, cut)
        return msgspec.structs.replace(preview, what_if_at=asked_at)

    def _must_ask(self, what_if_at: datetime | None) -> bool:
        stands = timedelta(seconds=self._context.timing.what_if_sec)
        return what_if_at is None or self._context.clock.now() - what_if_at > stands

    def _check(self) -> Preview:
        """Return the preview; raises ``RefusedError`` when no order can be sent."""
        checked = self._inspection.check()
        self._snapshot = checked.snapshot
        self._funding = self._fund(checked.snapshot)
        preview = build_preview(self._result, self._situation(self._funding))
        if preview.is_empty:
            causes = sorted(preview.cuts, key=lambda line: not line.is_refused)
            why = dict.fromkeys(line.why for line in causes)
            raise RefusedError("; ".join(["no line can be sent now", *why]), code="RB609")
        return msgspec.structs.replace(preview, findings=checked.notes)

    def send(self, preview: Preview) -> None:
        """Write INTENT and send the orders of this connection's preview, sells before buys.

        After a stop there is no INTENT: a later run finds the account as it was.
        """
        if self._context.stop():
            raise RefusedError("stopped before any of these orders was sent", code="RB610")
        if self._snapshot is None or self._funding is None:
            raise RefusedError("the account was not looked at: a defect, nothing is sent", code="RB617")
        sells, buys = preview.sells, preview.buys
        # INTENT comes before everything that can fail: a resume must know what the account held before any order.
        self._intend(self._snapshot, [line.reference for line in (*sells, *buys)])
        lines = LineOrders(
            self._result,
            self._orders,
            self._context.journal,
            self._quotes,
            self._funding,
            problems=self._problems,
        )
        gate = SendGate(
            self._result,
            self._orders,
            self._quotes,
            lines,
            self._funding.baseline,
            expires_at=self._context.envelope.plan.volatile.expires_at,
        )
        lines.take_cuts(preview.cuts)
        # The last question before the first send: another copy of the plan may have been faster.
        self._inspection.look_for_copies()
        together = self._plan.policy.execution.sequence == "together"
        sent_before = len(self._orders.by_reference)

        def read_before_buys() -> None:
            if len(self._orders.by_reference) > sent_before:
                lines.spend_less(self._inspection.read_before_buys(together=together))

        phase = phases(
            lines,
            self._orders,
            sells,
            buys,
            read_before_buys=read_before_buys,
            together=together,
        )
        for offers in phase:
            if self.executor.may_go_on():
                self.executor.work(offers, gate)
        self.executor.await_commissions()

    def _situation(self, funding: Funding) -> Situation:
        """Return the facts that the send gate would use now."""
        orders = self._orders.results()
        return Situation(
            quotes=self._quotes.by_symbol,
            now=self._quotes.now(),
            expires_at=self._context.envelope.plan.volatile.expires_at,
            closes_at=self._quotes.session().closes_at,
            net_liquidation_usd=funding.baseline.net_liquidation,
            funds=funding.funds(orders),
            sent=sent_of(orders, funding.baseline.elsewhere),
        )

    def _fund(self, snapshot: AccountSnapshot) -> Funding:
        """Return the account's funding. Cash that the plan and our own fills do not explain is not spent."""
        rules, summary = self._plan.policy.rebalance, self._plan.summary
        floor = summary.cash_floor_usd if summary is not None else ZERO
        return Funding(self._baseline(snapshot), floor, rules.cost_bps, rules.max_leverage)

    def _baseline(self, snapshot: AccountSnapshot) -> Baseline:
        """Return the account's baseline before the first send of this run."""
        worth = net_liquidation(self._plan, snapshot, self._quotes.by_symbol)
        others = [a for a in self._context.journal.result().accounts if a.account != self._plan.account]
        orders = self._orders.results()
        return Baseline(
            cash=min(snapshot.cash_usd, required_account(self._plan, self._result).cash_usd),
            exposure=worth - snapshot.cash_usd,
            net_liquidation=worth,
            values={order.reference: order.value_usd for order in orders},
            commissions=sum((order.charged_usd for order in orders), ZERO),
            elsewhere=sum((turnover(account.orders) for account in others), ZERO),
        )

    def _intend(self, snapshot: AccountSnapshot, references: list[str]) -> None:
        self._context.journal.append(
            Intent(
                account=self._plan.account,
                at=self._quotes.now().replace(microsecond=0),
                attempt=len(self._result.intents) + 1,
                mode=self._context.envelope.plan.mode,
                client_id=self._plan.client_id,
                references=tuple(references),
                positions=snapshot.positions,
                cash_usd=snapshot.cash_usd,
            )
        )
