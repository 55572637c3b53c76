"""Is an account still what its plan was made for? Two tiers of findings, each with a stable code.

Exact: positions, working orders, contract ids, this plan's references at the broker. Within the plan's own
tolerances: net liquidation value, missing cash, prices. What may be different is reported as a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.core.money import HUNDRED, ONE, ZERO, canonical, divide, from_pct, percent_above, usd
from rebalplan.core.policy import LimitsPolicy
from rebalplan.core.vocabulary import AccountSnapshot, Position, Quote
from rebalplan.plan.document import AccountPlan, PlannedOrder
from rebalplan.plan.pricing import NoPrice, choose_price
from rebalplan.plan.snapshot import snapshot_failures

LiveCode = Literal[
    "RB501", "RB502", "RB503", "RB504", "RB505", "RB506", "RB507", "RB508", "RB509", "RB510", "RB512"
]
Weight = Literal["refuse", "line", "note"]


class LiveFinding(msgspec.Struct, frozen=True):
    """One difference between plan and account.

    ``weight`` says what follows: the account is refused, the line of ``field`` is left out, or nothing.
    """

    code: LiveCode
    weight: Weight
    account: str
    field: str
    planned: str
    now: str
    tolerance: str
    message: str


class Expectation(msgspec.Struct, frozen=True):
    """What the account should be now: its plan, adjusted by this plan's own fills since.

    ``own_references`` are orders of this plan that the journal knows; they are no foreign orders.
    """

    plan: AccountPlan
    positions: tuple[Position, ...]
    cash_usd: Decimal
    own_references: tuple[str, ...]


def verify_live(
    expected: Expectation, snapshot: AccountSnapshot, quotes: Mapping[str, Quote]
) -> tuple[LiveFinding, ...]:
    """Compare the account as it is with what it should be; the most serious first."""
    plan = expected.plan
    found = [
        *_failures(plan, snapshot),
        *_positions(expected, snapshot),
        *_working_orders(expected, snapshot),
        *_contracts(plan, quotes),
        *_net_liquidation(expected, snapshot, quotes),
        *_cash(expected, snapshot),
        *_prices(plan, quotes),
    ]
    order = {"refuse": 0, "line": 1, "note": 2}
    return tuple(sorted(found, key=lambda f: (order[f.weight], f.code)))


def _failures(plan: AccountPlan, snapshot: AccountSnapshot) -> Iterable[LiveFinding]:
    for failure in snapshot_failures(snapshot, plan.policy.rebalance.foreign_cash_tolerance_usd):
        yield LiveFinding("RB509", "refuse", plan.account, "snapshot", "", "", "", failure)


def _positions(expected: Expectation, snapshot: AccountSnapshot) -> Iterable[LiveFinding]:
    """Exact, but for an increase below one share: a reinvested dividend."""
    account = expected.plan.account
    before = {(p.symbol, p.con_id): p.quantity for p in expected.positions if p.quantity}
    now = {(p.symbol, p.con_id): p.quantity for p in snapshot.positions}
    for key in sorted(before.keys() | now.keys()):
        planned, live = before.get(key, ZERO), now.get(key, ZERO)
        if planned == live:
            continue
        reinvested = is_reinvested(planned, live)
        message = (
            f"{key[0]} went from {planned} to {live}, less than a share: a reinvested dividend"
            if reinvested
            else f"the plan has {planned} {key[0]}, the account has {live}: plan again"
        )
        yield LiveFinding(
            "RB508" if reinvested else "RB501",
            "note" if reinvested else "refuse",
            account,
            f"positions.{key[0]}",
            str(planned),
            str(live),
            "an increase below 1 share",
            message,
        )


def is_reinvested(before: Decimal, now: Decimal) -> bool:
    """Tell whether a position grew as by a reinvested dividend: by less than a share of something held."""
    return before > 0 and ZERO < now - before < ONE


def _working_orders(expected: Expectation, snapshot: AccountSnapshot) -> Iterable[LiveFinding]:
    account = expected.plan.account
    if snapshot.working_orders is None:
        yield LiveFinding(
            "RB502",
            "refuse",
            account,
            "working_orders",
            "none",
            "not known",
            "",
            "the gateway does not tell about working orders: switch its Read-Only API off",
        )
        return
    yield from working_strangers(expected, snapshot)


def working_strangers(expected: Expectation, snapshot: AccountSnapshot) -> Iterable[LiveFinding]:
    """Return a finding for each working order on a planned symbol that is not this plan's own."""
    for order in snapshot.working_orders or ():
        if expected.plan.is_stopped_by(order) and order.order_ref not in expected.own_references:
            yield LiveFinding(
                "RB502",
                "refuse",
                expected.plan.account,
                f"working_orders.{order.symbol}",
                "none",
                f"{order.side} {order.quantity} {order.symbol}",
                "",
                f"{order.side} {order.quantity} {order.symbol} is already working: wait or cancel it, plan again",
            )


def _contracts(plan: AccountPlan, quotes: Mapping[str, Quote]) -> Iterable[LiveFinding]:
    for order in plan.orders:
        quote = quotes.get(order.symbol)
        if quote is not None and quote.problem is None and quote.con_id != order.con_id:
            yield LiveFinding(
                "RB503",
                "refuse",
                plan.account,
                f"orders.{order.symbol}.con_id",
                str(order.con_id),
                str(quote.con_id),
                "",
                f"{order.symbol} was contract {order.con_id} and is now {quote.con_id}: plan again",
            )


def _net_liquidation(
    expected: Expectation, snapshot: AccountSnapshot, quotes: Mapping[str, Quote]
) -> Iterable[LiveFinding]:
    """Compare what prices and positions make of it; extra cash is never stale."""
    plan = expected.plan
    if plan.summary is None:
        return
    extra_cash = max(ZERO, snapshot.cash_usd - expected.cash_usd)
    now = net_liquidation(plan, snapshot, quotes) - extra_cash
    before = plan.summary.net_liquidation_usd
    moved = divide(abs(now - before) * HUNDRED, before)
    limit = plan.policy.limits.net_liq_tolerance_pct
    if moved > limit:
        shown = percent_above(abs(now - before), before)
        yield LiveFinding(
            "RB504",
            "refuse",
            plan.account,
            "net_liquidation_usd",
            usd(before),
            usd(now),
            f"{limit}%",
            f"net liquidation value went from {usd(before)} to {usd(now)} USD, {shown}%, "
            f"net_liq_tolerance_pct = {limit}: plan again",
        )


def net_liquidation(plan: AccountPlan, snapshot: AccountSnapshot, quotes: Mapping[str, Quote]) -> Decimal:
    """Return the account's value in USD at live prices, or at the plan's where there is no live one.

    What the plan left out for want of a price is in neither.
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


def _cash(expected: Expectation, snapshot: AccountSnapshot) -> Iterable[LiveFinding]:
    """Missing cash beyond the tolerance is stale; extra cash never is."""
    plan = expected.plan
    if plan.summary is None:
        return
    tolerance = cash_tolerance(plan)
    missing = expected.cash_usd - snapshot.cash_usd
    if abs(missing) <= tolerance:
        return
    short = missing > 0
    yield LiveFinding(
        "RB505" if short else "RB507",
        "refuse" if short else "note",
        plan.account,
        "cash_usd",
        usd(expected.cash_usd),
        usd(snapshot.cash_usd),
        usd(tolerance),
        f"cash was {usd(expected.cash_usd)} and is {usd(snapshot.cash_usd)} USD"
        + (
            f", cash tolerance {usd(tolerance)} (cash_tolerance_usd, cash_tolerance_pct): plan again"
            if short
            else ": the extra cash is not touched"
        ),
    )


def cash_tolerance(plan: AccountPlan) -> Decimal:
    """Return by how much cash may differ in USD: ``cash_tolerance_usd`` or ``cash_tolerance_pct``, the larger."""
    limits, summary = plan.policy.limits, plan.summary
    worth = summary.net_liquidation_usd if summary is not None else ZERO
    return max(limits.cash_tolerance_usd, from_pct(limits.cash_tolerance_pct) * worth)


def _prices(plan: AccountPlan, quotes: Mapping[str, Quote]) -> Iterable[LiveFinding]:
    for order in plan.orders:
        price = choose_price(quotes.get(order.symbol), plan.policy.pricing, plan.policy.limits)
        if isinstance(price, NoPrice):
            yield _line(plan, order, "none", f"no price for {order.symbol}: {price.why}")
            continue
        moved = price_move(order, price.value, plan.policy.limits)
        if moved:
            yield _line(plan, order, str(canonical(price.value)), f"{moved}: the line is left out")


def price_move(order: PlannedOrder, price: Decimal, limits: LimitsPolicy) -> str:
    """Say how far the price (USD per share) moved since the plan when that is over the limit; else return nothing."""
    moved = abs(price - order.price)
    if divide(moved * HUNDRED, order.price) <= limits.max_price_move_pct:
        return ""
    return (
        f"{order.symbol} moved {percent_above(moved, order.price)}% since the plan ({order.price} to {price}), "
        f"max_price_move_pct = {limits.max_price_move_pct}"
    )


def _line(plan: AccountPlan, order: PlannedOrder, now: str, message: str) -> LiveFinding:
    return LiveFinding(
        "RB506",
        "line",
        plan.account,
        f"orders.{order.symbol}.price",
        str(order.price),
        now,
        f"{plan.policy.limits.max_price_move_pct}%",
        message,
    )


def foreign_orders(account: str, references: Sequence[str]) -> tuple[LiveFinding, ...]:
    """Return a finding for orders of this plan at the broker that the journal does not know."""
    if not references:
        return ()
    names = ", ".join(references)
    return (
        LiveFinding(
            "RB510",
            "refuse",
            account,
            "journal",
            "",
            names,
            "",
            f"the broker has {names} of this plan but the journal does not: it was applied from another copy; "
            "find that copy's journal before anything else",
        ),
    )


def refusals(findings: Sequence[LiveFinding]) -> tuple[LiveFinding, ...]:
    """Return what refuses the account."""
    return tuple(f for f in findings if f.weight == "refuse")
