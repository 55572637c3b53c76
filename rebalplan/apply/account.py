"""Applies one account: preview, preview again after the answer, sell, buy, reconcile, close.

``settle`` learns the ends of earlier orders and sends nothing. ``preview`` checks which orders may be sent now.
``trade`` sends them. Each opens a connection of its own, and they may belong to different runs. Whatever stops the
account, rebal still follows the orders at the broker as far as it can. It records the account's end exactly once.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import msgspec

from rebalplan.apply.agreement import as_agreed, got_worse
from rebalplan.apply.closing import out_of_reach, unfinished
from rebalplan.apply.context import ApplyContext
from rebalplan.apply.deadlines import Deadlines
from rebalplan.apply.executor import Executor
from rebalplan.apply.journal.records import AccountClosed, AccountStatus
from rebalplan.apply.journal.result import AccountResult
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.preview import Preview
from rebalplan.apply.reader import AccountReader
from rebalplan.apply.stages import rests_of
from rebalplan.apply.trader import AccountTrader
from rebalplan.core.errors import AccountError, BrokerError, LinkDownError, RefusedError
from rebalplan.core.money import ZERO
from rebalplan.core.ports import TradingConnection
from rebalplan.core.vocabulary import AccountSnapshot, Endpoint
from rebalplan.plan.document import AccountPlan
from rebalplan.plan.retries import connected


class WorsePreview(msgspec.Struct, frozen=True):
    """Less can be sent than the person agreed to. Nothing was sent; they must be asked again."""

    preview: Preview
    why: tuple[str, ...]


class AccountApply:
    """Walks one account's ``Recover``, ``Check`` or ``Trade`` stage. Every finding goes to the journal."""

    def __init__(
        self, context: ApplyContext, plan: AccountPlan, result: AccountResult, endpoint: Endpoint
    ) -> None:
        self._context = context
        self._plan = plan
        self._result = result
        self._endpoint = msgspec.structs.replace(endpoint, client_id=plan.client_id)
        self._deadlines = Deadlines(context.clock, plan.policy.execution, context.timing)
        self._orders = LiveOrders(
            plan.account, plan.client_id, context.journal, context.clock, self._deadlines
        )
        self._orders.adopt(result.lines)
        self._problems: list[str] = []
        self._end: AccountSnapshot | None = None

    def settle(self, *, trades_after: bool) -> bool:
        """Learn the ends of earlier orders; return whether the account may be traded now.

        The account is closed in the journal unless ``trade`` follows. Raises ``DiskError``.
        """
        try:
            self._recover()
        except (AccountError, BrokerError, RefusedError) as error:
            self._problems.append(str(error))
        is_settled = not self._orders.alarms and all(order.is_over for order in self._orders.results())
        if not (is_settled and trades_after):
            self._close()
        return is_settled

    def preview(self) -> Preview | None:
        """Return the preview of the orders that may be sent now.

        When none may be sent, close the account in the journal and return ``None``. An account that was begun is read
        before that, because there may be news of its earlier orders.
        """
        if not self._has_orders_left():
            return Preview(self._plan.account, (), 0, (), self._context.clock.now())
        try:
            with self._connected() as link:
                return self._trader(link).preview()
        except (AccountError, BrokerError, RefusedError) as error:
            self._problems.append(str(error))
            if not isinstance(error, LinkDownError):
                self._follow_up()
        self._close()
        return None

    def trade(self, agreed: Preview) -> AccountStatus | WorsePreview:
        """Trade the account and record its end, or return the worse preview that the person must be asked about.

        Raises ``DiskError`` when the journal fails.
        """
        try:
            with self._connected() as link:
                changed = self._trade(link, agreed)
            if changed is not None:
                return changed
        except (AccountError, BrokerError, RefusedError) as error:
            self._problems.append(str(error))
            if not isinstance(error, LinkDownError):
                self._follow_up()
        return self._close()

    def refuse(self, why: str) -> None:
        """Record that rebal sent nothing of the account, and why."""
        self._problems.append(why)
        self._close()

    def _has_orders_left(self) -> bool:
        return bool(self._result.unsent or rests_of(self._result))

    def _follow_up(self) -> None:
        """Connect once more to learn the ends of the orders that were sent; send nothing."""
        if not self._orders.by_reference:
            return
        try:
            self._recover()
        except (AccountError, BrokerError, RefusedError) as error:
            self._problems.append(str(error))

    def _recover(self) -> None:
        self._orders.reconnected()
        if self._orders.followed():
            # An order on its way over the lost connection may reach the broker's lists seconds later.
            self._context.clock.sleep(self._context.timing.quiet_sec)
        with self._connected() as link:
            link.check_account(self._plan.account)
            executor = self._executor(link)
            if self._orders.has_unknown():
                executor.inquire()
            executor.follow()
            self._read_end(link, executor)

    def _connected(self) -> AbstractContextManager[TradingConnection]:
        """Connect under the plan's client id, which keeps other runs out: the gateway takes each id once."""
        context, endpoint = self._context, self._endpoint
        return connected(lambda: context.broker.connect(endpoint), context.pace, context.clock)

    def _trade(self, link: TradingConnection, agreed: Preview) -> WorsePreview | None:
        trader = self._trader(link)
        if self._has_orders_left():
            # Quotes and the account moved while the person read: only a second look shows what may go out.
            now = trader.preview(agreed.what_if_at)
            worse = got_worse(agreed, now, self._plan.policy.rebalance.min_order_usd)
            if worse:
                return WorsePreview(now, worse)
            trader.send(as_agreed(agreed, now))
        self._read_end(link, trader.executor)
        return None

    def _trader(self, link: TradingConnection) -> AccountTrader:
        executor = self._executor(link)
        return AccountTrader(
            self._context, self._result, self._orders, link, executor, problems=self._problems
        )

    def _current(self) -> AccountResult:
        return self._context.journal.result_of(self._plan.account)

    def _reader(self, link: TradingConnection, executor: Executor) -> AccountReader:
        context = self._context
        return AccountReader(
            link,
            self._orders,
            context.journal,
            context.clock,
            context.timing,
            listen=executor.listen,
            stop=context.stop,
        )

    def _executor(self, link: TradingConnection) -> Executor:
        return Executor(
            link,
            self._orders,
            self._context.clock,
            self._plan.policy.execution,
            deadlines=self._deadlines,
            timing=self._context.timing,
            stop=self._context.stop,
            progress=self._context.progress,
        )

    def _read_end(self, link: TradingConnection, executor: Executor) -> None:
        """Read fills and commissions once more, then the account.

        The broker books fills later than it reports them: within ``reread_sec`` the positions must be those that our
        fills explain. When the lists contradict a person's answer about an order, the order is unknown again.
        """
        account = self._plan.account
        executions, commissions = link.executions(account)
        for execution in executions:
            self._orders.record_execution(execution)
        for commission in commissions:
            self._orders.commissioned(commission)
        if any(order.status == "resolved" for order in self._orders.results()):
            self._orders.check_resolved(link.open_orders(account), link.completed_orders(account), executions)
        if self._current().intents:
            self._end, booking = self._reader(link, executor).read_positions(self._context.timing.reread_sec)
            self._problems += [
                f"{sentence}: look at the account statement" for sentence in booking.unexplained
            ]
            self._problems += [
                f"{sentence}: it may be behind, look again with --resume" for sentence in booking.late
            ]
            self._orders.contest_ends(self._end.working_orders or ())
        else:
            self._end = self._plan.with_names(link.read_account(account))

    def _close(self) -> AccountStatus:
        """Record how the account ended in this run."""
        result = self._current()
        orders = self._orders.by_reference.values()
        self._problems += [*self._orders.alarms, *out_of_reach(orders, self._plan.client_id)]
        status = self._status(result)
        end = self._end
        self._context.journal.append(
            AccountClosed(
                account=self._plan.account,
                at=self._orders.records.now(),
                status=status,
                error="; ".join(dict.fromkeys([*self._problems, *self._unfinished(result)])),
                read=end is not None,
                positions=end.positions if end is not None else (),
                cash_usd=end.cash_usd if end is not None else ZERO,
            )
        )
        return status

    def _unfinished(self, result: AccountResult) -> list[str]:
        """Name the lines that did not come to their end. A refused account names none: its reason is enough."""
        return unfinished(result) if result.intents or not self._problems else []

    def _status(self, result: AccountResult) -> AccountStatus:
        if not result.intents:
            return "refused"
        return "incomplete" if self._problems or unfinished(result) else "done"
