"""Checks one account over its connection, before INTENT, after INTENT and before the buys.

Before INTENT: does the account match its plan, and would the broker take the orders? After INTENT: did another copy of
the plan send first? Before the buys: does somebody else trade the account? Each method raises ``RefusedError``.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from rebalplan.apply.checks import check_day, check_hours, check_live, foreign, required_account
from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.journal.result import AccountResult
from rebalplan.apply.live import foreign_orders, foreign_working_orders
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.live_quotes import LiveQuotes
from rebalplan.apply.reader import AccountReader
from rebalplan.apply.stages import OrderLine
from rebalplan.apply.tickets import line_ticket
from rebalplan.apply.timing import Timing
from rebalplan.core.errors import FindingsError, RefusedError
from rebalplan.core.finding import Finding, InPlan
from rebalplan.core.orders import CompletedOrder, Execution, OrderTicket, Referenced, WhatIf
from rebalplan.core.ports import Clock, TradingConnection
from rebalplan.core.vocabulary import AccountSnapshot
from rebalplan.plan.codec import Envelope
from rebalplan.plan.document import AccountPlan


class Checked(msgspec.Struct, frozen=True):
    """An account that matches its plan, and the harmless differences that a person should know."""

    snapshot: AccountSnapshot
    notes: tuple[Finding[InPlan], ...]


class Inspection:
    """The checks of one account; ``result`` is its result in the journal when its stage began."""

    def __init__(
        self,
        link: TradingConnection,
        envelope: Envelope,
        result: AccountResult,
        orders: LiveOrders,
        journal: Journal,
        *,
        clock: Clock,
        timing: Timing,
        reader: AccountReader,
        quotes: LiveQuotes,
    ) -> None:
        self._link = link
        self._envelope = envelope
        self._plan: AccountPlan = result.plan
        self._result = result
        self._orders = orders
        self._journal = journal
        self._clock = clock
        self._timing = timing
        self._reader = reader
        self._quotes = quotes

    def check(self) -> Checked:
        """Refuse a stale account; return the account as it is now."""
        account, link, quotes = self._plan.account, self._link, self._quotes
        if self._result.intents:
            snapshot, _ = self._reader.require_booked()
        else:
            snapshot = self._plan.with_names(link.read_account(account))
        quotes.read(snapshot)
        check_day(self._envelope.plan, self._result, quotes.now())
        check_hours(self._plan, self._result, quotes)
        executions, _ = link.executions(account)
        open_orders, completed = snapshot.working_orders or (), link.completed_orders(account)
        self._orders.check_resolved(open_orders, completed, executions)
        self._orders.contest_ends(open_orders)
        for execution in executions:
            self._orders.record_execution(execution)
        self.refuse_alarms()
        if any(line.is_overfilled for line in self._current().lines):
            raise RefusedError("no more orders: more was filled than planned. Plan again", code="RB613")
        references = self._foreign(open_orders, completed, executions)
        required = required_account(self._plan, self._current())
        return Checked(snapshot, check_live(required, snapshot, quotes.by_symbol, references))

    def ask_what_if(self, lines: Sequence[OrderLine]) -> bool:
        """Refuse the account when the broker would refuse one of its orders.

        Otherwise sells would go out whose buys the broker refuses, and the account would be left in cash. A lack of
        funds refuses nothing: no buy is sent before the sells have paid for it. A gateway that does not answer one
        what-if is not asked again. Return whether the questions took so long that the account must be checked anew.
        """
        started = self._clock.now()
        for line in lines:
            answer = self._what_if(line_ticket(self._plan, line))
            if answer.answered and answer.refusal and not answer.lacks_funds:
                what = f"{line.order.side.lower()} {line.order.symbol}"
                raise RefusedError(
                    f"the broker would refuse to {what}: {answer.refusal}; nothing was sent", code="RB611"
                )
            if not answer.answered:
                break
        return (self._clock.now() - started).total_seconds() > self._timing.fresh_sec

    def _what_if(self, ticket: OrderTicket) -> WhatIf:
        """Ask about an order. When its algorithm is refused, ask about the plain market order of its fallback."""
        answer = self._link.ask_what_if(ticket)
        may_fall_back = self._plan.policy.execution.fallback_plain_market and ticket.algo != "none"
        if answer.lacks_algo and may_fall_back:
            return self._link.ask_what_if(msgspec.structs.replace(ticket, algo="none"))
        return answer

    def look_for_copies(self) -> None:
        """Refuse when another copy of the plan has sent an order, or an earlier order of ours has had news.

        It runs after INTENT, right before the first send. The checks before INTENT may be seconds old, and another copy
        may have sent since.
        """
        account, link = self._plan.account, self._link
        # Open orders first: an order that fills between the two questions is among the executions.
        open_orders = link.open_orders(account)
        executions, _ = link.executions(account)
        self._orders.contest_ends(open_orders)
        for execution in executions:
            self._orders.record_execution(execution)
        self.refuse_alarms()
        found = foreign_orders(account, self._foreign(open_orders, (), executions))
        if found:
            raise FindingsError(found)

    def read_before_buys(self, *, together: bool) -> Decimal:
        """Read the account again before the buys; return the USD that are missing.

        Raises ``RefusedError`` when somebody else trades the account. While sells work, cash may be as low as before
        them: the broker may not have booked their proceeds yet.
        """
        reader = self._reader
        snapshot, booking = reader.read(self._timing.reread_sec) if together else reader.require_booked()
        if booking.unexplained:
            raise RefusedError(
                f"somebody else trades the account: {'; '.join(booking.unexplained)}. No buy was sent; plan again",
                code="RB614",
            )
        working = list(foreign_working_orders(required_account(self._plan, self._current()), snapshot))
        if working:
            raise FindingsError(working[:1])
        return booking.taken_usd if together else booking.missing_usd

    def refuse_alarms(self) -> None:
        """Refuse the account after an alarm about one of its orders."""
        if self._orders.alarms:
            raise RefusedError(
                "no more orders: what the broker shows is not what the journal says", code="RB613"
            )

    def _current(self) -> AccountResult:
        return self._journal.result_of(self._plan.account)

    def _foreign(
        self,
        open_orders: Sequence[Referenced],
        completed: Sequence[CompletedOrder],
        executions: Sequence[Execution],
    ) -> tuple[str, ...]:
        return foreign(
            self._envelope,
            self._plan,
            known=self._orders.by_reference,
            open_orders=open_orders,
            completed=completed,
            executions=executions,
        )
