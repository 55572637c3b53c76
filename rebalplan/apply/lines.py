"""The lines of one account on their way through the send gate: cuts, tickets, funds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from rebalplan.apply.book import Book
from rebalplan.apply.funding import Funds, allot_buys, quantity_step
from rebalplan.apply.gate import Sent, check_limits, check_quote, check_ticket
from rebalplan.errors import RefusedError
from rebalplan.journal.journal import Journal
from rebalplan.journal.records import LineCut
from rebalplan.journal.result import AccountResult
from rebalplan.live import LiveFinding
from rebalplan.model import Quote
from rebalplan.money import ZERO, canonical, from_bps
from rebalplan.orders import OrderTicket
from rebalplan.plan import AccountPlan
from rebalplan.pricing import NoPrice, choose_price
from rebalplan.stages import OrderLine


class Lines:
    """What may be sent of each line, now. ``quotes`` are the latest, by symbol; ``problems`` are for the summary."""

    def __init__(self, plan: AccountPlan, result: AccountResult, book: Book, journal: Journal) -> None:
        self._plan = plan
        self._book = book
        self._journal = journal
        self._before: dict[str, Decimal] = {}
        self._commissions_before = ZERO
        self.results = {line.reference: line for line in result.lines}
        self.quotes: Mapping[str, Quote] = {}
        self.problems: list[str] = []

    def start(self) -> None:
        """Note what earlier orders had come to when the account's cash was read.

        A fill of an earlier sell that is reported later may be in that cash already, so it never counts again.
        """
        self._before = {reference: order.value_usd for reference, order in self._book.orders.items()}
        self._commissions_before = sum(self._book.commissions.values(), ZERO)

    def leave_out(self, findings: Sequence[LiveFinding]) -> None:
        """Cut the lines whose price moved."""
        symbols = {f.field.split(".")[1]: f.message for f in findings}
        for reference, line in self.results.items():
            if line.planned.symbol in symbols and not line.orders:
                self._cut(reference, ZERO, symbols[line.planned.symbol])

    def is_open(self, line: OrderLine) -> bool:
        """Tell whether the line has not been cut to nothing."""
        return self.is_pending(line.reference)

    def is_pending(self, reference: str) -> bool:
        """Tell whether the line with this reference has not been cut to nothing."""
        cut = self.results[reference].cut
        return cut is None or bool(cut.quantity)

    def is_filled(self, reference: str) -> bool:
        """Tell whether a line that was sent bought or sold all it was sent for."""
        first = self._book.orders.get(reference)
        if first is None:
            return True
        rest = self._book.orders.get(f"{reference}-f")
        return first.filled + (rest.filled if rest else ZERO) >= first.dispatch.quantity

    def _cut(self, reference: str, quantity: Decimal, why: str) -> None:
        record = LineCut(
            account=self._plan.account,
            at=self._book.now(),
            line=reference,
            quantity=canonical(quantity),
            why=why,
        )
        self._journal.append(record)
        self.results[reference] = msgspec.structs.replace(self.results[reference], cut=record)

    def _cut_unless_sent(self, reference: str, why: str) -> None:
        if reference in self._book.orders:
            self.problems.append(why)
        else:
            self._cut(reference, ZERO, why)

    def ticket(self, line: OrderLine, quantity: Decimal) -> OrderTicket:
        """Return the order of a line in this quantity."""
        execution = self._plan.policy.execution
        return OrderTicket(
            reference=line.reference,
            account=self._plan.account,
            symbol=line.order.symbol,
            con_id=line.order.con_id,
            side=line.order.side,
            quantity=quantity,
            algo=execution.algo_preference,
            adaptive_priority=execution.adaptive_priority,
        )

    def next_buy(self, waiting: list[OrderLine], cash_before: Decimal) -> OrderTicket | None:
        """Cost all remaining buys again and return the largest drift's; what cannot be paid is cut."""
        while waiting:
            rules = self._plan.policy.rebalance
            step = quantity_step(allow_fractional=rules.allow_fractional)
            first = allot_buys(
                waiting,
                {row.symbol: row.drift_usd for row in self._plan.drift},
                self.asks(),
                self._funds(cash_before),
                cost_bps=rules.cost_bps,
                step=step,
            )[0]
            waiting.remove(first.line)
            if first.quantity < first.line.order.quantity:
                self._cut(first.line.reference, first.quantity, first.why)
            if first.quantity:
                return self.ticket(first.line, first.quantity)
        return None

    def asks(self) -> dict[str, Decimal]:
        """Return the live ask of every symbol that has one, in USD."""
        return {quote.symbol: quote.ask for quote in self.quotes.values() if quote.ask is not None}

    def _funds(self, cash_before: Decimal) -> Funds:
        """Return what there is to spend: only what the broker confirmed counts as proceeds."""
        summary = self._plan.summary
        floor = summary.cash_floor_usd if summary else ZERO
        cost = from_bps(self._plan.policy.rebalance.cost_bps)
        cash, exposure, reserved = cash_before, ZERO, ZERO
        for reference, order in self._book.orders.items():
            sign = 1 if order.side == "BUY" else -1
            earlier = self._before.get(reference)
            if earlier is None:
                cash -= sign * order.value_usd
                exposure += sign * order.value_usd
            elif order.side == "BUY":
                cash -= order.value_usd - earlier
            if order.side == "BUY" and order.is_live:
                reserved += order.rest * order.dispatch.quote * (1 + cost)
        cash -= sum(self._book.commissions.values(), ZERO) - self._commissions_before
        cap = self._plan.policy.rebalance.max_leverage * (summary.net_liquidation_usd if summary else ZERO)
        before = summary.exposure_before_usd if summary else ZERO
        return Funds(cash, floor, reserved, cap - before - exposure)

    def approve(self, ticket: OrderTicket) -> Decimal | None:
        """Run the send gate; a refused line is cut and named. Raises ``RefusedError`` for a defect."""
        reference = ticket.reference.removesuffix("-f")
        planned = self.results[reference].planned
        quote = self.quotes.get(ticket.symbol)
        price = choose_price(quote, self._plan.policy.pricing) if quote is not None else NoPrice("not quoted")
        if quote is None or isinstance(price, NoPrice):
            why = price.why if isinstance(price, NoPrice) else "not quoted"
            self._cut_unless_sent(reference, f"no price for {ticket.symbol}: {why}")
            return None
        limits = self._plan.policy.limits
        nlv = self._plan.summary.net_liquidation_usd if self._plan.summary else ZERO
        refusal = (
            check_ticket(ticket, reference, self._plan.account, planned, self._sent())
            or check_quote(quote, price.value, planned, limits)
            or check_limits(ticket, price.value, self._sent(), nlv, limits)
        )
        if refusal is None:
            return price.value
        if refusal.is_defect:
            raise RefusedError(refusal.why)
        self._cut_unless_sent(reference, refusal.why)
        return None

    def _sent(self) -> Sent:
        orders = self._book.orders
        return Sent(
            tuple(orders),
            sum(1 for r in orders if not r.endswith("-f")),
            sum((o.dispatch.quantity * o.dispatch.quote for o in orders.values()), ZERO),
        )
