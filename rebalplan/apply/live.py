"""Compares an account with its plan right before it is traded. Each finding has a stable code.

Exact: positions, working orders, contract ids, this plan's references at the broker. Within the plan's own
tolerances: net liquidation value, missing cash, prices. A harmless difference is a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from rebalplan.core.finding import Finding, InPlan, Severity
from rebalplan.core.money import HUNDRED, ONE, ZERO, canonical, divide, from_pct, percent_above, usd
from rebalplan.core.policy import LimitsPolicy
from rebalplan.core.vocabulary import AccountSnapshot, Position, Quote
from rebalplan.plan.document import AccountPlan, PlannedOrder
from rebalplan.plan.pricing import NoPrice, choose_price
from rebalplan.plan.snapshot import snapshot_failures

_SERIOUSNESS: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


class RequiredAccount(msgspec.Struct, frozen=True):
    """The holdings that the account must show now: those of the plan, with this plan's own fills since.

    ``own_references`` are the orders of this plan in the journal; they are no foreign orders.
    """

    plan: AccountPlan
    positions: tuple[Position, ...]
    cash_usd: Decimal
    own_references: tuple[str, ...]


def verify_live(
    required: RequiredAccount, snapshot: AccountSnapshot, quotes: Mapping[str, Quote]
) -> tuple[Finding[InPlan], ...]:
    """Compare the account with its required holdings; return the findings, the most serious first."""
    plan = required.plan
    found = [
        *_failures(plan, snapshot),
        *_positions(required, snapshot),
        *_working_orders(required, snapshot),
        *_contracts(plan, quotes),
        *_net_liquidation(required, snapshot, quotes),
        *_cash(required, snapshot),
        *_prices(plan, quotes),
    ]
    return tuple(sorted(found, key=lambda f: (_SERIOUSNESS[f.severity], f.code)))


def _failures(plan: AccountPlan, snapshot: AccountSnapshot) -> Iterable[Finding[InPlan]]:
    for failure in snapshot_failures(snapshot, plan.policy.rebalance.foreign_cash_tolerance_usd):
        yield Finding(code="RB509", severity="error", where=InPlan(plan.account, "snapshot"), message=failure)


def _positions(required: RequiredAccount, snapshot: AccountSnapshot) -> Iterable[Finding[InPlan]]:
    """Compare positions exactly, except that a reinvested dividend may add less than one share."""
    account = required.plan.account
    before = {(p.symbol, p.con_id): p.quantity for p in required.positions if p.quantity}
    now = {(p.symbol, p.con_id): p.quantity for p in snapshot.positions}
    for key in sorted(before.keys() | now.keys()):
        planned, live = before.get(key, ZERO), now.get(key, ZERO)
        if planned == live:
            continue
        reinvested = is_reinvested(planned, live)
        message = (
            f"{key[0]} went from {planned} to {live}, less than a share: a reinvested dividend"
            if reinvested
            else f"the plan has {planned} {key[0]}, the account has {live}"
        )
        yield Finding(
            code="RB508" if reinvested else "RB501",
            severity="note" if reinvested else "error",
            where=InPlan(account, f"positions.{key[0]}"),
            message=message,
            planned=str(planned),
            now=str(live),
            tolerance="an increase below 1 share",
            way_out="" if reinvested else "plan again",
        )


def is_reinvested(before: Decimal, now: Decimal) -> bool:
    """Tell whether a holding grew by less than one share, as by a reinvested dividend."""
    return before > 0 and ZERO < now - before < ONE


def _working_orders(required: RequiredAccount, snapshot: AccountSnapshot) -> Iterable[Finding[InPlan]]:
    account = required.plan.account
    if snapshot.working_orders is None:
        yield Finding(
            code="RB502",
            severity="error",
            where=InPlan(account, "working_orders"),
            message="the gateway does not tell about working orders",
            planned="none",
            now="not known",
            way_out="switch its Read-Only API off",
        )
        return
    yield from foreign_working_orders(required, snapshot)


def foreign_working_orders(required: RequiredAccount, snapshot: AccountSnapshot) -> Iterable[Finding[InPlan]]:
    """Return a finding for each working order on a planned symbol that is not this plan's own."""
    for order in snapshot.working_orders or ():
        if required.plan.is_stopped_by(order) and order.order_ref not in required.own_references:
            shown = f"{order.side} {order.quantity} {order.symbol}"
            yield Finding(
                code="RB502",
                severity="error",
                where=InPlan(required.plan.account, f"working_orders.{order.symbol}"),
                message=f"{shown} is already working",
                planned="none",
                now=shown,
                way_out="wait or cancel it, plan again",
            )


def _contracts(plan: AccountPlan, quotes: Mapping[str, Quote]) -> Iterable[Finding[InPlan]]:
    for order in plan.orders:
        quote = quotes.get(order.symbol)
        if quote is not None and quote.problem is None and quote.con_id != order.con_id:
            yield Finding(
                code="RB503",
                severity="error",
                where=InPlan(plan.account, f"orders.{order.symbol}.con_id"),
                message=f"{order.symbol} was contract {order.con_id} and is now {quote.con_id}",
                planned=str(order.con_id),
                now=str(quote.con_id),
                way_out="plan again",
            )


def _net_liquidation(
    required: RequiredAccount, snapshot: AccountSnapshot, quotes: Mapping[str, Quote]
) -> Iterable[Finding[InPlan]]:
    """Compare the net liquidation value at live prices. Extra cash is left out: it makes no plan stale."""
    plan = required.plan
    if plan.summary is None:
        return
    extra_cash = max(ZERO, snapshot.cash_usd - required.cash_usd)
    now = net_liquidation(plan, snapshot, quotes) - extra_cash
    before = plan.summary.net_liquidation_usd
    moved = divide(abs(now - before) * HUNDRED, before)
    limit = plan.policy.limits.net_liq_tolerance_pct
    if moved > limit:
        shown = percent_above(abs(now - before), before)
        yield Finding(
            code="RB504",
            severity="error",
            where=InPlan(plan.account, "net_liquidation_usd"),
            message=f"net liquidation value went from {usd(before)} to {usd(now)} USD, {shown}%, "
            f"net_liq_tolerance_pct = {limit}",
            planned=usd(before),
            now=usd(now),
            tolerance=f"{limit}%",
            way_out="plan again",
        )


def net_liquidation(plan: AccountPlan, snapshot: AccountSnapshot, quotes: Mapping[str, Quote]) -> Decimal:
    """Return the account's value in USD at live prices, or at the plan's price where there is no live one.

    Holdings that the plan left out for lack of a price do not count, as in the plan.
    """
    prices = {row.symbol: row.price for row in plan.drift}
    value = snapshot.cash_usd
    left_out = {holding.con_id for holding in plan.left_out}
    for position in snapshot.positions:
        if position.con_id in left_out:
            continue
        chosen = choose_price(quotes.get(position.symbol), plan.policy.pricing, plan.policy.limits)
        price = prices.get(position.symbol, ZERO) if isinstance(chosen, NoPrice) else chosen.value
        value += position.quantity * price
    return value


def _cash(required: RequiredAccount, snapshot: AccountSnapshot) -> Iterable[Finding[InPlan]]:
    """Compare cash. Missing cash beyond the tolerance makes the plan stale; extra cash is a note."""
    plan = required.plan
    if plan.summary is None:
        return
    tolerance = cash_tolerance(plan)
    missing = required.cash_usd - snapshot.cash_usd
    if abs(missing) <= tolerance:
        return
    short = missing > 0
    limits = f", cash tolerance {usd(tolerance)} (cash_tolerance_usd, cash_tolerance_pct)" if short else ""
    yield Finding(
        code="RB505" if short else "RB507",
        severity="error" if short else "note",
        where=InPlan(plan.account, "cash_usd"),
        message=f"cash was {usd(required.cash_usd)} and is {usd(snapshot.cash_usd)} USD{limits}",
        planned=usd(required.cash_usd),
        now=usd(snapshot.cash_usd),
        tolerance=usd(tolerance),
        way_out="plan again" if short else "the extra cash is not touched",
    )


def cash_tolerance(plan: AccountPlan) -> Decimal:
    """Return the USD by which cash may differ: the larger of ``cash_tolerance_usd`` and ``cash_tolerance_pct``."""
    limits, summary = plan.policy.limits, plan.summary
    worth = summary.net_liquidation_usd if summary is not None else ZERO
    return max(limits.cash_tolerance_usd, from_pct(limits.cash_tolerance_pct) * worth)


def _prices(plan: AccountPlan, quotes: Mapping[str, Quote]) -> Iterable[Finding[InPlan]]:
    for order in plan.orders:
        price = choose_price(quotes.get(order.symbol), plan.policy.pricing, plan.policy.limits)
        if isinstance(price, NoPrice):
            yield _line(plan, order, "none", f"no price for {order.symbol}: {price.why}")
            continue
        moved = price_move(order, price.value, plan.policy.limits)
        if moved:
            yield _line(plan, order, str(canonical(price.value)), f"{moved}: the line is left out")


def price_move(order: PlannedOrder, price: Decimal, limits: LimitsPolicy) -> str:
    """Return a sentence when the price (USD per share) moved over the limit since the plan, else nothing."""
    moved = abs(price - order.price)
    if divide(moved * HUNDRED, order.price) <= limits.max_price_move_pct:
        return ""
    return (
        f"{order.symbol} moved {percent_above(moved, order.price)}% since the plan ({order.price} to {price}), "
        f"max_price_move_pct = {limits.max_price_move_pct}"
    )


def _line(plan: AccountPlan, order: PlannedOrder, now: str, message: str) -> Finding[InPlan]:
    return Finding(
        code="RB506",
        severity="warning",
        where=InPlan(plan.account, f"orders.{order.symbol}.price"),
        message=message,
        planned=str(order.price),
        now=now,
        tolerance=f"{plan.policy.limits.max_price_move_pct}%",
    )


def foreign_orders(account: str, references: Sequence[str]) -> tuple[Finding[InPlan], ...]:
    """Return a finding when the broker has orders of this plan that the journal does not know."""
    if not references:
        return ()
    names = ", ".join(references)
    return (
        Finding(
            code="RB510",
            severity="error",
            where=InPlan(account, "journal"),
            message=f"the broker has {names} of this plan but the journal does not",
            now=names,
            way_out="it was applied from another copy; find that copy's journal before anything else",
        ),
    )


def refusals(findings: Sequence[Finding[InPlan]]) -> tuple[Finding[InPlan], ...]:
    """Return the findings that refuse the account."""
    return tuple(f for f in findings if f.severity == "error")
