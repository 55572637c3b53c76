"""The lines of one account on their way through the send gate: cuts, tickets, fallbacks, money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from rebalplan.apply.book import Book
from rebalplan.apply.funding import Allotment, Funds, Wish, allot_buys, quantity_step
from rebalplan.apply.gate import (
    GateRefusal,
    Sent,
    check_limits,
    check_quote,
    check_rest,
    check_ticket,
    check_time,
    fallback_reference,
    line_of,
)
from rebalplan.apply.market import Market
from rebalplan.apply.order import Order
from rebalplan.apply.preview import PreviewLine, Situation
from rebalplan.errors import RefusedError
from rebalplan.journal.journal import Journal
from rebalplan.journal.records import LineCut
from rebalplan.journal.result import AccountResult
from rebalplan.model import Side
from rebalplan.money import ONE, ZERO, canonical, from_bps, usd
from rebalplan.orders import Algo, OrderTicket
from rebalplan.plan import AccountPlan
from rebalplan.pricing import NoPrice, choose_price
from rebalplan.stages import OrderLine


class Baseline(msgspec.Struct, frozen=True):
    """The account just before this turn's first send, in USD.

    ``values`` is what each earlier order had come to by then: fills of theirs that are reported later may be
    in that cash already, so a sell's never count again. ``elsewhere`` is the turnover of the other accounts.
    """

    cash: Decimal
    exposure: Decimal
    net_liquidation: Decimal
    values: Mapping[str, Decimal]
    commissions: Decimal
    elsewhere: Decimal


class Lines:
    """What may be sent of each line, now. ``problems`` collects what the account's summary must say."""

    def __init__(
        self,
        plan: AccountPlan,
        result: AccountResult,
        book: Book,
        journal: Journal,
        market: Market,
        *,
        expires_at: datetime,
        problems: list[str],
    ) -> None:
        self._plan = plan
        self._planned = {line.reference: line.planned for line in result.lines}
        self._drifts = {row.symbol: row.drift_usd for row in plan.drift}
        self._book = book
        self._journal = journal
        self._market = market
        self._expires_at = expires_at
        self._problems = problems
        self._baseline = Baseline(ZERO, ZERO, ZERO, {}, ZERO, ZERO)

    def start(self, baseline: Baseline) -> None:
        """Take what the account is now as what it was before the first send."""
        self._baseline = baseline

    def lack(self, missing: Decimal) -> None:
        """Spend so many USD less than the baseline and our own fills would allow: the broker does not show them."""
        if missing > 0:
            self._baseline = msgspec.structs.replace(self._baseline, cash=self._baseline.cash - missing)
            self._problems.append(
                f"the broker shows {usd(missing)} USD less cash than our fills leave: the buys are cut to what is there"
            )

    def take_cuts(self, cuts: Iterable[PreviewLine]) -> None:
        """Record the lines that are not sent as planned, after the INTENT that opened the account."""
        for line in cuts:
            if line.is_refused:
                self._problems.append(line.why)
            self._cut(line.reference, line.quantity, line.why, is_refusal=line.is_refused)

    def situation(self) -> Situation:
        """Return what the send gate would see now."""
        market = self._market
        return Situation(
            quotes=market.quotes,
            now=market.now(),
            expires_at=self._expires_at,
            closes_at=market.session().closes_at,
            net_liquidation_usd=self._baseline.net_liquidation,
            funds=self._funds(),
            sent=self._sent(),
        )

    def ticket(self, line: OrderLine) -> OrderTicket:
        """Return the first order of a line, whole."""
        return self._ticket(line.reference, line.order.quantity, self._plan.policy.execution.algo_preference)

    def _ticket(self, reference: str, quantity: Decimal, algo: Algo) -> OrderTicket:
        planned = self._planned[line_of(reference)]
        return OrderTicket(
            reference=reference,
            account=self._plan.account,
            symbol=planned.symbol,
            con_id=planned.con_id,
            side=planned.side,
            quantity=quantity,
            algo=algo,
            adaptive_priority=self._plan.policy.execution.adaptive_priority,
        )

    def fallbacks(self, side: Side) -> list[Order]:
        """Return the algo orders that were refused, or that we cancelled, and that have had no fallback."""
        if not self._plan.policy.execution.fallback_plain_market:
            return []
        return [o for o in self._book.orders.values() if o.side == side and self._wants_fallback(o)]

    def _wants_fallback(self, order: Order) -> bool:
        return (
            order.may_be_followed
            and not order.is_resolved
            and order.dispatch.algo != "none"
            and order.rest > ZERO
            and not order.fallback_offered
            and fallback_reference(order.dispatch.reference) not in self._book.orders
        )

    def next_fallback(self, side: Side) -> OrderTicket | None:
        """Return a plain market order for what a dead algo order evidently did not fill."""
        for order in self.fallbacks(side):
            order.fallback_offered = True
            return self._ticket(fallback_reference(order.dispatch.reference), order.rest, "none")
        return None

    def next_buy(self, waiting: list[OrderLine], *, may_wait: bool) -> OrderTicket | None:
        """Cost all remaining buys again and return the largest drift's; what cannot be paid is cut.

        With ``may_wait`` nothing is cut: there is no order until the money for all of it is there.
        """
        while wishes := self._wishes(waiting):
            first = self._allot(wishes)[0]
            reference, is_whole = first.wish.reference, first.quantity == first.wish.quantity
            if may_wait and not is_whole:
                return None
            waiting[:] = [line for line in waiting if line.reference != reference]
            is_rest = reference in self._book.orders
            ticket = self._buy_fallback(first) if is_rest else self._buy_line(first)
            if ticket is not None:
                return ticket
        return None

    def _wishes(self, waiting: list[OrderLine]) -> list[Wish]:
        """Return what is left to buy and can be costed; a symbol without an ask is refused by name."""
        rests = [(order.dispatch.reference, order.rest) for order in self.fallbacks("BUY")]
        wishes = []
        for reference, quantity in [*rests, *((line.reference, line.order.quantity) for line in waiting)]:
            symbol = self._planned[reference].symbol
            ask = self._ask(symbol)
            if ask is not None:
                wishes.append(Wish(reference, symbol, quantity, self._drifts[symbol], ask))
                continue
            waiting[:] = [line for line in waiting if line.reference != reference]
            self._refuse(reference, f"{symbol} has no ask price: plan again when it is quoted")
        return wishes

    def _ask(self, symbol: str) -> Decimal | None:
        quote = self._market.quotes.get(symbol)
        ask = quote.ask if quote is not None and quote.problem is None else None
        return ask if ask is not None and ask > 0 else None

    def _allot(self, wishes: Sequence[Wish]) -> tuple[Allotment, ...]:
        rules = self._plan.policy.rebalance
        return allot_buys(
            wishes,
            self._funds(),
            cost_bps=rules.cost_bps,
            step=quantity_step(allow_fractional=rules.allow_fractional),
            min_order_usd=rules.min_order_usd,
        )

    def _buy_line(self, allotment: Allotment) -> OrderTicket | None:
        reference = allotment.wish.reference
        if allotment.why:
            self._cut(reference, allotment.quantity, allotment.why)
        if not allotment.quantity:
            return None
        return self._ticket(reference, allotment.quantity, self._plan.policy.execution.algo_preference)

    def _buy_fallback(self, allotment: Allotment) -> OrderTicket | None:
        reference = allotment.wish.reference
        self._book.orders[reference].fallback_offered = True
        if allotment.why:
            self._problems.append(f"{fallback_reference(reference)}: {allotment.why}")
        if not allotment.quantity:
            return None
        return self._ticket(fallback_reference(reference), allotment.quantity, "none")

    def _funds(self) -> Funds:
        """Return what there is to spend: only what the broker confirmed counts as proceeds."""
        summary = self._plan.summary
        baseline = self._baseline
        cost = ONE + from_bps(self._plan.policy.rebalance.cost_bps)
        cash, exposure, reserved = baseline.cash, baseline.exposure, ZERO
        for reference, order in self._book.orders.items():
            quote = order.dispatch.quote
            earlier = baseline.values.get(reference)
            if order.side == "SELL":
                if earlier is None:
                    cash += order.value_usd
                    exposure -= order.filled * quote
                continue
            cash -= order.value_usd - (earlier or ZERO)
            exposure += order.value_usd - (earlier or ZERO)
            open_shares = order.rest if order.may_fill else ZERO
            reserved += (open_shares + order.unpriced) * quote * cost
        cash -= sum(self._book.commissions.values(), ZERO) - baseline.commissions
        cap = self._plan.policy.rebalance.max_leverage * baseline.net_liquidation
        return Funds(cash, summary.cash_floor_usd if summary else ZERO, reserved, cap - exposure)

    def approve(self, ticket: OrderTicket) -> Decimal | None:
        """Run the send gate; a refused line is cut and named. Raises ``RefusedError`` for a defect."""
        reference = line_of(ticket.reference)
        policy = self._plan.policy
        price = choose_price(self._market.quotes.get(ticket.symbol), policy.pricing, policy.limits)
        if isinstance(price, NoPrice):
            self._refuse(reference, f"no price for {ticket.symbol}: {price.why}")
            return None
        refusal = self._check(ticket, reference, price.value)
        if refusal is None:
            return price.value
        if refusal.is_defect:
            raise RefusedError(refusal.why)
        self._refuse(reference, refusal.why)
        return None

    def _check(self, ticket: OrderTicket, reference: str, price: Decimal) -> GateRefusal | None:
        planned, sent = self._planned[reference], self._sent()
        limits = self._plan.policy.limits
        closes_at = self._market.session().closes_at
        return (
            check_ticket(ticket, reference, self._plan.account, planned, sent)
            or check_rest(ticket, self._book.orders.get(reference))
            or check_time(self._market.now(), self._expires_at, closes_at)
            or check_quote(self._market.quotes[ticket.symbol], price, planned, limits)
            or check_limits(ticket, price, sent, self._baseline.net_liquidation, limits)
        )

    def _sent(self) -> Sent:
        orders = self._book.orders
        value = sum(
            ((o.dispatch.quantity if o.may_fill else o.filled) * o.dispatch.quote for o in orders.values()),
            ZERO,
        )
        return Sent(
            tuple(orders),
            sum(1 for reference in orders if reference == line_of(reference)),
            value,
            value + self._baseline.elsewhere,
        )

    def _refuse(self, reference: str, why: str) -> None:
        """Leave a line, or the rest of one, unsent: the account is not done then."""
        self._problems.append(why)
        order = self._book.orders.get(reference)
        if order is None:
            self._cut(reference, ZERO, why, is_refusal=True)
        else:
            order.fallback_offered = True

    def _cut(self, reference: str, quantity: Decimal, why: str, *, is_refusal: bool = False) -> None:
        self._journal.append(
            LineCut(
                account=self._plan.account,
                at=self._book.now(),
                line=reference,
                quantity=canonical(quantity),
                is_refusal=is_refusal,
                why=why,
            )
        )
