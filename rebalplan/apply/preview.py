"""The preview of one account: which orders would be sent now, which would be left out or cut, and why. Pure.

rebal shows it before the question and makes it again after the answer. ``agreement`` compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from rebalplan.apply.funding import Allotment, BuyRequest, Funds, allot_buys, quantity_step
from rebalplan.apply.gate import Sent, check_limits, check_quote, check_time
from rebalplan.apply.journal.result import AccountResult, LineResult
from rebalplan.apply.sell_cuts import Missing, SellCuts, cut_sells
from rebalplan.apply.stages import OrderLine, rests_of
from rebalplan.apply.tickets import line_ticket
from rebalplan.core.finding import Finding, InPlan
from rebalplan.core.money import ONE, ZERO, from_bps, usd
from rebalplan.core.vocabulary import Quote
from rebalplan.plan.document import AccountPlan, PlannedOrder
from rebalplan.plan.pricing import NoPrice, choose_price


class PreviewLine(msgspec.Struct, frozen=True):
    """A line of the plan without an order yet. Shares.

    ``quantity`` may be sent now; it is 0 for a line that is left out, and ``why`` says why it is less than planned.
    ``is_refused``: a check refused the line. Otherwise it is a sell whose buys are left out, or a buy without money.
    ``payable`` is the part of ``quantity`` that the cash of this moment pays for.
    """

    reference: str
    planned: PlannedOrder
    quantity: Decimal
    payable: Decimal
    why: str = ""
    is_refused: bool = False


class Preview(msgspec.Struct, frozen=True):
    """The orders of an account that may be sent now. ``rests`` counts the fallbacks that a resume still has to send.

    ``what_if_at`` is the time of the last what-ifs, by this machine's clock in UTC. ``findings`` are the harmless
    differences between plan and account.
    """

    account: str
    lines: tuple[PreviewLine, ...]
    rests: int
    notes: tuple[str, ...]
    what_if_at: datetime
    findings: tuple[Finding[InPlan], ...] = ()

    @property
    def cuts(self) -> tuple[PreviewLine, ...]:
        """Return the lines that are sent in part or not at all."""
        return tuple(line for line in self.lines if line.quantity < line.planned.quantity)

    @property
    def sells(self) -> list[OrderLine]:
        """Return the sells that may be sent, in the quantities that may."""
        return [line for line in self._sendable() if line.order.side == "SELL"]

    @property
    def buys(self) -> list[OrderLine]:
        """Return the buys that may be sent; each is costed again before it leaves."""
        return [line for line in self._sendable() if line.order.side == "BUY"]

    def _sendable(self) -> list[OrderLine]:
        return [
            OrderLine(line.reference, msgspec.structs.replace(line.planned, quantity=line.quantity))
            for line in self.lines
            if line.quantity
        ]

    @property
    def is_empty(self) -> bool:
        """Tell whether no order can be sent."""
        return not self.rests and all(not line.quantity for line in self.lines)


class Situation(msgspec.Struct, frozen=True):
    """The facts for the send gate: quotes, the broker's time, the account's money in USD, the orders sent so far."""

    quotes: Mapping[str, Quote]
    now: datetime
    expires_at: datetime
    closes_at: datetime
    net_liquidation_usd: Decimal
    funds: Funds
    sent: Sent


def build_preview(result: AccountResult, situation: Situation) -> Preview:
    """Return the preview of an account's lines in this situation."""
    return _PreviewBuilder(result, situation).preview()


class _PreviewBuilder:
    """Refuses lines until all others pass every check, with the sells cut for the buys that are left out."""

    def __init__(self, result: AccountResult, situation: Situation) -> None:
        self._result = result
        self._plan: AccountPlan = result.plan
        self._now = situation
        self._drifts = {row.symbol: row.drift_usd for row in self._plan.drift}
        self._rests = rests_of(result)
        sells = [line for line in result.unsent if line.planned.side == "SELL"]
        buys = [line for line in result.unsent if line.planned.side == "BUY"]
        self._unsent = [*sells, *sorted(buys, key=self._urgency)]
        self._refused: dict[str, str] = {}

    def _urgency(self, line: LineResult) -> tuple[Decimal, str]:
        return (-abs(self._drifts[line.planned.symbol]), line.planned.symbol)

    def preview(self) -> Preview:
        for line in self._unsent:
            why = self._market_refusal(line.planned)
            if why:
                self._refused[line.reference] = why
        cuts = self._cut()
        # Each refusal cuts sells, and a smaller sell may bring a later line back under its limit: one at a time.
        while found := self._first_over_limits(cuts):
            self._refused.update(found)
            cuts = self._cut()
        payable = self._payable(cuts)
        by_reference = {cut.reference: cut for cut in cuts.cuts}
        lines = [
            self._line(line, by_reference[line.reference].quantity, by_reference[line.reference].why, payable)
            if line.reference in by_reference
            else self._line(line, self._quantity(line), self._refused.get(line.reference, ""), payable)
            for line in self._result.unsent
        ]
        if not self._rests and not any(line.quantity for line in lines if line.planned.side == "SELL"):
            lines = [_unpaid(line, payable) for line in lines]
        said = (*_short_buys(lines), *_left_over(cuts))
        return Preview(self._plan.account, tuple(lines), len(self._rests), said, self._now.now)

    def _line(
        self, line: LineResult, quantity: Decimal, why: str, payable: Mapping[str, Allotment]
    ) -> PreviewLine:
        allotment = payable.get(line.reference)
        return PreviewLine(
            reference=line.reference,
            planned=line.planned,
            quantity=quantity,
            payable=quantity if allotment is None else allotment.quantity,
            why=why,
            is_refused=line.reference in self._refused,
        )

    def _quantity(self, line: LineResult) -> Decimal:
        return ZERO if line.reference in self._refused else line.planned.quantity

    def _market_refusal(self, order: PlannedOrder) -> str:
        """Return why the market of an order refuses it now, or nothing."""
        policy, quote = self._plan.policy, self._now.quotes.get(order.symbol)
        price = choose_price(quote, policy.pricing, policy.limits)
        if quote is None or isinstance(price, NoPrice):
            why = price.why if isinstance(price, NoPrice) else "it has no quote"
            return f"no price for {order.symbol}: {why}"
        refusal = check_time(self._now.now, self._now.expires_at, self._now.closes_at) or check_quote(
            quote, price.value, order, policy.limits
        )
        return refusal.why if refusal is not None else ""

    def _cut(self) -> SellCuts:
        sells = {
            line.reference: line.planned
            for line in self._unsent
            if line.planned.side == "SELL" and line.reference not in self._refused
        }
        return cut_sells(self._plan, sells, [*self._missing()])

    def _missing(self) -> Iterable[Missing]:
        """Yield the shares of each line that will not be traded: refused now, or the rest of a line that is over."""
        for line in self._result.lines:
            if line.reference in self._refused:
                yield Missing(line.planned, line.planned.quantity)
            elif line.orders and line.orders[0] not in self._rests and all(o.is_over for o in line.orders):
                yield Missing(line.planned, max(ZERO, line.planned.quantity - line.filled))

    def _first_over_limits(self, cuts: SellCuts) -> dict[str, str]:
        """Return the first line that breaks a limit when the lines before it are sent, with these cuts of the sells."""
        sent, kept = self._now.sent, {cut.reference: cut.quantity for cut in cuts.cuts}
        for line in self._unsent:
            quantity = kept.get(line.reference, self._quantity(line))
            price = self._price(line.planned)
            if not quantity or price is None:
                continue
            order = msgspec.structs.replace(line.planned, quantity=quantity)
            ticket = line_ticket(self._plan, OrderLine(line.reference, order))
            refusal = check_limits(
                ticket, price, sent, self._now.net_liquidation_usd, self._plan.policy.limits
            )
            if refusal is not None:
                return {line.reference: refusal.why}
            value = quantity * price
            sent = Sent(
                (*sent.references, line.reference),
                sent.orders + 1,
                sent.value_usd + value,
                sent.total_usd + value,
            )
        return {}

    def _price(self, order: PlannedOrder) -> Decimal | None:
        policy = self._plan.policy
        price = choose_price(self._now.quotes.get(order.symbol), policy.pricing, policy.limits)
        return None if isinstance(price, NoPrice) else price.value

    def _payable(self, cuts: SellCuts) -> dict[str, Allotment]:
        """Return how much of each buy the cash and the proceeds of the sells pay for, by reference."""
        rules, kept = self._plan.policy.rebalance, {cut.reference: cut.quantity for cut in cuts.cuts}
        income, relief = ZERO, ZERO
        requests = []
        for line in self._unsent:
            quote = self._now.quotes.get(line.planned.symbol)
            quantity = kept.get(line.reference, self._quantity(line))
            if not quantity or quote is None or quote.bid is None or quote.ask is None:
                continue
            if line.planned.side == "SELL":
                income += quantity * quote.bid * (ONE - from_bps(rules.cost_bps))
                relief += quantity * quote.bid
            else:
                drift = self._drifts[line.planned.symbol]
                requests.append(BuyRequest(line.reference, line.planned.symbol, quantity, drift, quote.ask))
        funds = self._now.funds
        funds = msgspec.structs.replace(
            funds, cash=funds.cash + income, exposure_room=funds.exposure_room + relief
        )
        allotments = allot_buys(
            requests,
            funds,
            cost_bps=rules.cost_bps,
            step=quantity_step(allow_fractional=rules.allow_fractional),
            min_order_usd=rules.min_order_usd,
        )
        return {allotment.request.reference: allotment for allotment in allotments}


def _unpaid(line: PreviewLine, payable: Mapping[str, Allotment]) -> PreviewLine:
    """Return a buy that cash pays nothing of as left out: there is no sell that could pay for it."""
    if not line.quantity or line.payable or line.planned.side == "SELL":
        return line
    return msgspec.structs.replace(line, quantity=ZERO, why=payable[line.reference].why)


def _short_buys(lines: Sequence[PreviewLine]) -> Iterable[str]:
    for line in lines:
        if line.payable < line.quantity:
            yield (
                f"cash pays for about {line.payable:,f} of {line.quantity:,f} {line.planned.symbol} at the live price"
            )


def _left_over(cuts: SellCuts) -> Iterable[str]:
    if cuts.why_sold:
        yield f"about {usd(cuts.excess_usd)} USD more than planned stay in cash: {cuts.why_sold}"
