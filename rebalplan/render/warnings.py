"""What a reviewer must know about an account beyond its orders."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rebalplan.core.contracts import quote_of
from rebalplan.core.vocabulary import AccountSnapshot, Quote
from rebalplan.plan.document import AccountPlan, Plan
from rebalplan.plan.pricing import NoPrice, choose_price
from rebalplan.render.figures import dollars, shares


def account_notes(account: AccountPlan, plan: Plan) -> tuple[str, ...]:
    """Return one sentence per thing worth a second look."""
    return (*_summary_notes(account), *_quote_notes(account, plan), *_snapshot_notes(account, plan))


def _summary_notes(account: AccountPlan) -> Iterable[str]:
    summary = account.summary
    if summary is None:
        return
    if summary.floor_unmet:
        yield (
            f"floor_unmet: cash after the orders is {dollars(summary.cash_after_usd)} USD, below its floor of "
            f"{dollars(summary.cash_floor_usd)} USD; what may be sold is not enough"
        )
    elif summary.cash_after_usd < summary.cash_floor_usd:
        yield (
            f"cash after the orders is {dollars(summary.cash_floor_usd - summary.cash_after_usd)} USD under its floor "
            f"of {dollars(summary.cash_floor_usd)} USD: less than min_order_usd, so nothing is sold for it"
        )
    if not account.orders and any(row.reason == "below_min_order" for row in account.drift):
        yield (
            f"every order would be below min_order_usd = {account.policy.rebalance.min_order_usd:f}, so there is none"
        )
    if summary.cap_unmet:
        yield (
            f"cap_unmet: leverage after the orders is {summary.leverage_after:.4f}, over max_leverage = "
            f"{account.policy.rebalance.max_leverage:f}; what may be sold is not enough"
        )


def _quote_notes(account: AccountPlan, plan: Plan) -> Iterable[str]:
    quotes = account.quotes_of({quote.symbol: quote for quote in plan.volatile.quotes})
    yield from _listed("delayed prices", (q for q in quotes if q.delayed))
    unknown = {q.symbol for q in quotes if q.close_unknown}
    yield from _listed(
        "market closed, priced at the last close", (q for q in quotes if q.closed and q.symbol not in unknown)
    )
    evening = [f"{row.symbol} ({row.price_source})" for row in account.drift if row.symbol in unknown]
    if evening:
        yield f"market closed, last close not known, priced after hours: {', '.join(evening)}"
    wanted = account.policy.pricing.price_source
    other = [f"{row.symbol} ({row.price_source})" for row in account.drift if row.price_source != wanted]
    if other and not any(q.closed for q in quotes):
        yield f"no usable {wanted} price, another one serves: {', '.join(other)}"


def _listed(what: str, quotes: Iterable[Quote]) -> Iterable[str]:
    symbols = [quote.symbol for quote in quotes]
    if symbols:
        yield f"{what}: {', '.join(symbols)}"


def _snapshot_notes(account: AccountPlan, plan: Plan) -> Iterable[str]:
    snapshot = account.snapshot
    if snapshot is None:
        return
    if snapshot.base_currency != "USD":
        yield f"base currency {snapshot.base_currency}: only US dollar cash and stocks are managed"
    if snapshot.unsettled_usd:
        unsettled = dollars(snapshot.unsettled_usd)
        yield f"not settled yet: {unsettled} USD of the cash; in a cash account it pays for no buy"
    for item in snapshot.unmanaged:
        debt = "" if item.debt_usd is None else _debt(item.debt_usd, account)
        yield f"not managed: {item.kind} {shares(item.quantity)} {item.description} ({item.currency}){debt}"
    yield from _left_out_notes(account, plan, snapshot)
    yield from _working_order_notes(account, snapshot)


def _left_out_notes(account: AccountPlan, plan: Plan, snapshot: AccountSnapshot) -> Iterable[str]:
    quotes = {quote.symbol: quote for quote in plan.volatile.quotes}
    held = {position.con_id: position.quantity for position in snapshot.positions}
    for holding in account.left_out:
        price = choose_price(
            quote_of(quotes, holding.symbol, holding.con_id), account.policy.pricing, account.policy.limits
        )
        why = f": {price.why}" if isinstance(price, NoPrice) else ""
        value = holding.value_usd
        worth = "of unknown value" if value is None else f"worth {dollars(value)} USD to the broker"
        yield f"not managed: {shares(held[holding.con_id])} {holding.symbol}, {worth}, for it has no price{why}"


def _debt(debt_usd: Decimal, account: AccountPlan) -> str:
    tolerance = account.policy.rebalance.foreign_cash_tolerance_usd
    return f", a debt of {dollars(debt_usd)} USD (foreign_cash_tolerance_usd = {tolerance:f})"


def _working_order_notes(account: AccountPlan, snapshot: AccountSnapshot) -> Iterable[str]:
    if snapshot.working_orders is None:
        yield "working orders unknown: the gateway's API is read-only and does not tell"
        return
    for order in snapshot.working_orders:
        stops = "; apply stops at it" if account.is_stopped_by(order) else ""
        yield f"working order at the broker: {order.side} {shares(order.quantity)} {order.symbol}{stops}"
