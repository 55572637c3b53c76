"""The checks of an order right before it leaves: its plan line, its reference, limits, time and market.

Each refusal names the measured value, the limit and the way out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.live import price_move
from rebalplan.core.money import HUNDRED, ZERO, divide, percent_above, quantize, usd
from rebalplan.core.orders import OrderTicket
from rebalplan.core.policy import LimitsPolicy
from rebalplan.core.references import fallback_reference, line_of
from rebalplan.core.text import count
from rebalplan.core.vocabulary import Quote
from rebalplan.plan.document import PlannedOrder

_SHOWN = Decimal("0.01")
_BPS = Decimal(10_000)


class GateRefusal(msgspec.Struct, frozen=True):
    """Why an order must not leave. ``is_defect``: no plan and no market can cause this, so all sending stops."""

    why: str
    is_defect: bool = False


class Sent(msgspec.Struct, frozen=True):
    """The account's orders so far: references, number, turnover in USD. ``total_usd`` is that of all accounts."""

    references: tuple[str, ...]
    orders: int
    value_usd: Decimal
    total_usd: Decimal


def sent_of(orders: Sequence[OrderResult], elsewhere_usd: Decimal) -> Sent:
    """Return the account's orders so far, added to the turnover of the other accounts."""
    value = turnover(orders)
    return Sent(
        tuple(order.reference for order in orders),
        sum(1 for order in orders if order.reference == line_of(order.reference)),
        value,
        value + elsewhere_usd,
    )


def turnover(orders: Iterable[OrderResult]) -> Decimal:
    """Return the value of the shares that orders filled or may still fill, in USD at their quotes when sent."""
    return sum(((o.filled if o.is_over else o.dispatch.quantity) * o.dispatch.quote for o in orders), ZERO)


def check_ticket(
    ticket: OrderTicket, reference: str, account: str, planned: PlannedOrder, sent: Sent
) -> GateRefusal | None:
    """Refuse an order that is not its plan line, or whose reference has been used."""
    wanted = (account, planned.symbol, planned.con_id, planned.side)
    if (ticket.account, ticket.symbol, ticket.con_id, ticket.side) != wanted:
        return GateRefusal(
            f"{ticket.reference} is not the order its plan line says: a defect, nothing more is sent", True
        )
    if ticket.reference not in (reference, fallback_reference(reference)):
        return GateRefusal(f"{ticket.reference} is not a reference of line {reference}: a defect", True)
    if ticket.reference in sent.references:
        return GateRefusal(f"{ticket.reference} was sent before: a defect, nothing more is sent", True)
    if not 0 < ticket.quantity <= planned.quantity:
        return GateRefusal(
            f"{ticket.quantity} shares of {ticket.symbol} are not within the planned {planned.quantity}: a defect",
            True,
        )
    return None


def check_rest(ticket: OrderTicket, first: OrderResult | None) -> GateRefusal | None:
    """Refuse a fallback without evidence of the first order's end, or for more than it left."""
    if ticket.reference == line_of(ticket.reference):
        return None
    if first is None or not first.is_over:
        return GateRefusal(f"{ticket.reference} would follow an order that is not over: a defect", True)
    if not first.may_be_followed:
        return GateRefusal(
            f"{ticket.reference} would follow an order that somebody else cancelled, or that the broker's lists do not "
            "agree on: a defect",
            True,
        )
    if ticket.quantity > first.rest:
        return GateRefusal(
            f"{ticket.reference} asks for more than the {first.rest} shares left: a defect", True
        )
    return None


def check_limits(
    ticket: OrderTicket, price: Decimal, sent: Sent, net_liquidation_usd: Decimal, limits: LimitsPolicy
) -> GateRefusal | None:
    """Refuse an order over the account's limits at the live price (USD per share)."""
    value = ticket.quantity * price
    if value > limits.max_order_usd:
        return GateRefusal(
            f"{ticket.side.lower()} {ticket.symbol} is {usd(value)} USD at the live price, over max_order_usd = "
            f"{usd(limits.max_order_usd)}: plan again or raise the limit"
        )
    if ticket.reference == line_of(ticket.reference) and sent.orders + 1 > limits.max_orders:
        return GateRefusal(
            f"{count(sent.orders, 'order')} sent, max_orders = {limits.max_orders}: plan again or raise the limit"
        )
    turnover_pct = divide((sent.value_usd + value) * HUNDRED, net_liquidation_usd)
    if turnover_pct > limits.max_turnover_pct:
        shown = percent_above(sent.value_usd + value, net_liquidation_usd)
        return GateRefusal(
            f"turnover would be {shown}% of NLV at live prices, over max_turnover_pct = "
            f"{limits.max_turnover_pct}: plan again or raise the limit"
        )
    total = limits.max_total_turnover_usd
    if total is not None and sent.total_usd + value > total:
        return GateRefusal(
            f"turnover of all accounts would be {usd(sent.total_usd + value)} USD, over max_total_turnover_usd = "
            f"{usd(total)}: plan again or raise the limit"
        )
    return None


def check_time(now: datetime, expires_at: datetime, closes_at: datetime) -> GateRefusal | None:
    """Refuse an order after the plan's expiry or the session's close, by the broker's time."""
    if now >= expires_at:
        return GateRefusal(
            f"it is {now:%H:%M:%S} UTC and the plan expired at {expires_at:%H:%M:%S}: plan again"
        )
    if now >= closes_at:
        return GateRefusal(
            f"it is {now:%H:%M:%S} UTC and the session closed at {closes_at:%H:%M:%S}: apply in the next session"
        )
    return None


def check_quote(
    quote: Quote, price: Decimal, planned: PlannedOrder, limits: LimitsPolicy
) -> GateRefusal | None:
    """Refuse a line whose market is halted, closed, crossed or too wide, or whose price moved since the plan."""
    if quote.halted:
        return GateRefusal(f"{quote.symbol} is halted: plan again when it trades")
    if quote.closed:
        return GateRefusal(f"the market of {quote.symbol} is closed: apply within the regular session")
    moved = price_move(planned, price, limits)
    if moved:
        return GateRefusal(f"{moved}: plan again")
    return _check_spread(quote, limits)


def _check_spread(quote: Quote, limits: LimitsPolicy) -> GateRefusal | None:
    if quote.bid is None or quote.ask is None:
        return GateRefusal(f"{quote.symbol} has no bid and ask: plan again when it is quoted")
    if quote.bid > quote.ask:
        return GateRefusal(f"{quote.symbol} is crossed (bid {quote.bid} over ask {quote.ask}): apply later")
    spread = divide((quote.ask - quote.bid) * _BPS, divide(quote.ask + quote.bid, Decimal(2)))
    if spread > limits.max_spread_bps:
        return GateRefusal(
            f"{quote.symbol} is {quote.bid} to {quote.ask}, {quantize(spread, _SHOWN)} bps apart, max_spread_bps = "
            f"{limits.max_spread_bps}: apply later or raise the limit"
        )
    return None
