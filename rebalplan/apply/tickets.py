"""The orders for a plan's lines as the broker gets them, and the journal's record of each. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.records import Dispatch
from rebalplan.apply.stages import OrderLine
from rebalplan.core.orders import OrderTicket
from rebalplan.core.references import fallback_reference, line_of
from rebalplan.plan.document import AccountPlan


def line_ticket(plan: AccountPlan, line: OrderLine) -> OrderTicket:
    """Return the first order of a line, with the line's quantity and the policy's algorithm."""
    execution = plan.policy.execution
    return OrderTicket(
        reference=line.reference,
        account=plan.account,
        symbol=line.order.symbol,
        con_id=line.order.con_id,
        side=line.order.side,
        quantity=line.order.quantity,
        algo=execution.algo_preference,
        adaptive_priority=execution.adaptive_priority,
    )


def fallback_ticket(plan: AccountPlan, first: OrderResult, quantity: Decimal) -> OrderTicket:
    """Return a plain market order for so many shares of an order's rest."""
    return OrderTicket(
        reference=fallback_reference(first.reference),
        account=plan.account,
        symbol=first.dispatch.symbol,
        con_id=first.dispatch.con_id,
        side=first.dispatch.side,
        quantity=quantity,
        algo="none",
        adaptive_priority=plan.policy.execution.adaptive_priority,
    )


def dispatch_record(ticket: OrderTicket, order_id: int, quote: Decimal, at: datetime) -> Dispatch:
    """Return the journal's record of an order that is about to be sent.

    ``quote`` is the price in USD that slippage is measured against.
    """
    return Dispatch(
        account=ticket.account,
        at=at,
        reference=ticket.reference,
        line=line_of(ticket.reference),
        symbol=ticket.symbol,
        con_id=ticket.con_id,
        side=ticket.side,
        order_id=order_id,
        quantity=ticket.quantity,
        algo=ticket.algo,
        quote=quote,
    )
