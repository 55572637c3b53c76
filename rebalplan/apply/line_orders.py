"""The next orders of one account's lines: first orders, fallbacks for a rest, and the cuts of lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from rebalplan.apply.funding import Allotment, BuyRequest, Funding, allot_buys, quantity_step
from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.records import LineCut
from rebalplan.apply.journal.result import AccountResult
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.live_quotes import LiveQuotes
from rebalplan.apply.preview import PreviewLine
from rebalplan.apply.stages import OrderLine
from rebalplan.apply.tickets import fallback_ticket, line_ticket
from rebalplan.core.money import ZERO, canonical, usd
from rebalplan.core.orders import OrderTicket
from rebalplan.core.references import fallback_reference
from rebalplan.core.vocabulary import Side
from rebalplan.plan.document import AccountPlan


class LineOrders:
    """Makes the orders of one account's lines. ``problems`` collects sentences for the account's closing record."""

    def __init__(
        self,
        result: AccountResult,
        orders: LiveOrders,
        journal: Journal,
        quotes: LiveQuotes,
        funding: Funding,
        *,
        problems: list[str],
    ) -> None:
        self._plan: AccountPlan = result.plan
        self._planned = {line.reference: line.planned for line in result.lines}
        self._drifts = {row.symbol: row.drift_usd for row in result.plan.drift}
        self._orders = orders
        self._journal = journal
        self._quotes = quotes
        self._funding = funding
        self._problems = problems
        self._offered: set[str] = set()
        """References of the first orders whose rest was offered, or will not be."""

    def spend_less(self, missing: Decimal) -> None:
        """Spend so many USD less: the broker shows less cash than the baseline and our fills give."""
        if missing > 0:
            self._funding = self._funding.without(missing)
            self._problems.append(
                f"the broker shows {usd(missing)} USD less cash than our fills leave: the buys are cut to what is there"
            )

    def take_cuts(self, cuts: Iterable[PreviewLine]) -> None:
        """Record the lines that are cut or left out, after the INTENT that opened the account."""
        for line in cuts:
            if line.is_refused:
                self._problems.append(line.why)
            self._cut(line.reference, line.quantity, line.why, is_refusal=line.is_refused)

    def ticket(self, line: OrderLine) -> OrderTicket:
        """Return the first order of a line, whole."""
        return line_ticket(self._plan, line)

    def fallbacks(self, side: Side) -> list[OrderResult]:
        """Return the orders whose rest is due a plain market order and has had none."""
        if not self._plan.policy.execution.fallback_plain_market:
            return []
        return [
            order
            for order in self._orders.results()
            if order.dispatch.side == side
            and order.wants_fallback
            and order.reference not in self._offered
            and fallback_reference(order.reference) not in self._orders.by_reference
        ]

    def next_fallback(self, side: Side) -> OrderTicket | None:
        """Return a plain market order for the rest of an algo order that is over by evidence."""
        for order in self.fallbacks(side):
            self._offered.add(order.reference)
            return fallback_ticket(self._plan, order, order.rest)
        return None

    def next_buy(self, waiting: list[OrderLine], *, may_wait: bool) -> OrderTicket | None:
        """Return the buy with the largest drift, after all remaining buys were costed again. Cut it to the money.

        With ``may_wait`` nothing is cut: the buy waits until the money for all of it is there.
        """
        while requests := self._requests(waiting):
            first = self._allot(requests)[0]
            reference, is_whole = first.request.reference, first.quantity == first.request.quantity
            if may_wait and not is_whole:
                return None
            waiting[:] = [line for line in waiting if line.reference != reference]
            is_rest = reference in self._orders.by_reference
            ticket = self._buy_fallback(first) if is_rest else self._buy_line(first)
            if ticket is not None:
                return ticket
        return None

    def _requests(self, waiting: list[OrderLine]) -> list[BuyRequest]:
        """Return the buys that are left and have an ask price. A line without one is refused."""
        rests = [(order.reference, order.rest) for order in self.fallbacks("BUY")]
        requests = []
        for reference, quantity in [*rests, *((line.reference, line.order.quantity) for line in waiting)]:
            symbol = self._planned[reference].symbol
            ask = self._ask(symbol)
            if ask is not None:
                requests.append(BuyRequest(reference, symbol, quantity, self._drifts[symbol], ask))
                continue
            waiting[:] = [line for line in waiting if line.reference != reference]
            self.refuse(reference, f"{symbol} has no ask price: plan again when it is quoted")
        return requests

    def _ask(self, symbol: str) -> Decimal | None:
        quote = self._quotes.by_symbol.get(symbol)
        ask = quote.ask if quote is not None and quote.problem is None else None
        return ask if ask is not None and ask > 0 else None

    def _allot(self, requests: Sequence[BuyRequest]) -> tuple[Allotment, ...]:
        rules = self._plan.policy.rebalance
        return allot_buys(
            requests,
            self._funding.funds(self._orders.results()),
            cost_bps=rules.cost_bps,
            step=quantity_step(allow_fractional=rules.allow_fractional),
            min_order_usd=rules.min_order_usd,
        )

    def _buy_line(self, allotment: Allotment) -> OrderTicket | None:
        reference = allotment.request.reference
        if allotment.why:
            self._cut(reference, allotment.quantity, allotment.why)
        if not allotment.quantity:
            return None
        order = msgspec.structs.replace(self._planned[reference], quantity=allotment.quantity)
        return line_ticket(self._plan, OrderLine(reference, order))

    def _buy_fallback(self, allotment: Allotment) -> OrderTicket | None:
        reference = allotment.request.reference
        self._offered.add(reference)
        if allotment.why:
            self._problems.append(f"{fallback_reference(reference)}: {allotment.why}")
        if not allotment.quantity:
            return None
        return fallback_ticket(self._plan, self._orders.by_reference[reference].order, allotment.quantity)

    def refuse(self, reference: str, why: str) -> None:
        """Leave a line, or the rest of one, unsent; the account ends incomplete."""
        self._problems.append(why)
        if reference in self._orders.by_reference:
            self._offered.add(reference)
        else:
            self._cut(reference, ZERO, why, is_refusal=True)

    def _cut(self, reference: str, quantity: Decimal, why: str, *, is_refusal: bool = False) -> None:
        self._journal.append(
            LineCut(
                account=self._plan.account,
                at=self._orders.records.now(),
                line=reference,
                quantity=canonical(quantity),
                is_refusal=is_refusal,
                why=why,
            )
        )
