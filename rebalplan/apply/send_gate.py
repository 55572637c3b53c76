"""The send gate: the last check of an order, with fresh quotes, before its record and its way to the socket."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from rebalplan.apply.funding import Baseline
from rebalplan.apply.gate import (
    GateRefusal,
    check_limits,
    check_quote,
    check_rest,
    check_ticket,
    check_time,
    sent_of,
)
from rebalplan.apply.journal.result import AccountResult
from rebalplan.apply.line_orders import LineOrders
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.live_quotes import LiveQuotes
from rebalplan.core.errors import RefusedError
from rebalplan.core.orders import OrderTicket
from rebalplan.core.references import line_of
from rebalplan.plan.pricing import NoPrice, choose_price


class SendGate:
    """Passes an order of one account, or has its line refused with a reason."""

    def __init__(
        self,
        result: AccountResult,
        orders: LiveOrders,
        quotes: LiveQuotes,
        lines: LineOrders,
        baseline: Baseline,
        *,
        expires_at: datetime,
    ) -> None:
        self._plan = result.plan
        self._planned = {line.reference: line.planned for line in result.lines}
        self._orders = orders
        self._quotes = quotes
        self._lines = lines
        self._baseline = baseline
        self._expires_at = expires_at

    def refresh(self) -> None:
        """Ask for quotes again when they are old."""
        self._quotes.refresh()

    def approve(self, ticket: OrderTicket) -> Decimal | None:
        """Return the price in USD that slippage is measured against, or ``None`` when the line was refused.

        Raises ``RefusedError`` for a defect.
        """
        reference = line_of(ticket.reference)
        policy = self._plan.policy
        price = choose_price(self._quotes.by_symbol.get(ticket.symbol), policy.pricing, policy.limits)
        if isinstance(price, NoPrice):
            self._lines.refuse(reference, f"no price for {ticket.symbol}: {price.why}")
            return None
        refusal = self._check(ticket, reference, price.value)
        if refusal is None:
            return price.value
        if refusal.is_defect:
            raise RefusedError(refusal.why, code="RB617")
        self._lines.refuse(reference, refusal.why)
        return None

    def _check(self, ticket: OrderTicket, reference: str, price: Decimal) -> GateRefusal | None:
        planned = self._planned[reference]
        sent = sent_of(self._orders.results(), self._baseline.elsewhere)
        first = self._orders.by_reference.get(reference)
        limits = self._plan.policy.limits
        closes_at = self._quotes.session().closes_at
        return (
            check_ticket(ticket, reference, self._plan.account, planned, sent)
            or check_rest(ticket, first.order if first is not None else None)
            or check_time(self._quotes.now(), self._expires_at, closes_at)
            or check_quote(self._quotes.by_symbol[ticket.symbol], price, planned, limits)
            or check_limits(ticket, price, sent, self._baseline.net_liquidation, limits)
        )
