"""The question before an apply: the plan, its orders, and everything worth a second look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from rebalplan.apply.journal.result import AccountResult, LineResult
from rebalplan.apply.preview import Preview, PreviewLine
from rebalplan.apply.stages import rests_of
from rebalplan.core.money import ZERO, percent_of
from rebalplan.plan.codec import Envelope
from rebalplan.plan.document import AccountPlan, PlannedOrder
from rebalplan.plan.review import Review, review_plan
from rebalplan.render.exceptions import order_exceptions
from rebalplan.render.figures import count, dollars, shares
from rebalplan.render.warnings import account_notes

_SECONDS_PER_ORDER = 5
"""The seconds of an average order from send to fill, for the expected duration only."""

_SYMBOL_WIDTH = 6
"""The least width of the column of symbols; SYMBOL@EXCHANGE is wider."""


def confirmation(
    envelope: Envelope,
    accounts: Sequence[tuple[AccountResult, Preview]],
    now: datetime,
    *,
    warnings: Sequence[str] = (),
    worse: Sequence[str] = (),
) -> str:
    """Return the plan and its age, each account with its orders, every warning, the expected duration.

    ``warnings`` are those of the settings. ``worse`` says why fewer shares would be sent than agreed before.
    """
    volatile, review = envelope.plan.volatile, review_plan(envelope.plan)
    head = (
        f"Plan {envelope.id} ({envelope.plan.mode}), made {_ago(now - volatile.created_at)} ago, "
        f"expires {volatile.expires_at:%Y-%m-%d %H:%M} UTC"
    )
    names = ", ".join(account.account for account, _ in accounts)
    again = [
        f"{names}: {_sent_so_far(accounts)}: less can be sent now than you said yes to.",
        *(f"  - {why}" for why in worse),
    ]
    orders = sum(len(preview.sells) + len(preview.buys) + preview.rests for _, preview in accounts)
    duration = f"Expected duration: about {max(1, orders * _SECONDS_PER_ORDER // 60)} min."
    parts = [line for account, preview in accounts for line in _account(account, preview, envelope, review)]
    said = [f"warning: {warning}" for warning in warnings]
    return "\n".join([*(again if worse else ()), head, *parts, *said, duration])


def _sent_so_far(accounts: Sequence[tuple[AccountResult, Preview]]) -> str:
    return "nothing more was sent yet" if any(a.intents for a, _ in accounts) else "nothing was sent yet"


def _ago(age: timedelta) -> str:
    minutes = round(age.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:  # noqa: PLR2004  # two hours are still told in minutes
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _account(account: AccountResult, preview: Preview, envelope: Envelope, review: Review) -> Iterable[str]:
    plan = envelope.plan
    sells, buys = [line.order for line in preview.sells], [line.order for line in preview.buys]
    rests = rests_of(account)
    what = count(len(sells) + len(buys), "order")
    if account.intents:
        what = f"begun before; {what} of {len(account.lines)} and {count(len(rests), 'rest')} left"
    yield (
        f"Account {account.account} ({plan.mode}): {what}, sells {dollars(_value(sells))} USD, "
        f"buys {dollars(_value(buys))} USD"
    )
    width = max([_SYMBOL_WIDTH, *(len(order.symbol) for order in (*sells, *buys))])
    yield from (f"  {_order(order, width)}" for order in (*sells, *buys))
    yield from (f"  {_rest(line)}" for line in account.lines if line.orders and line.orders[0] in rests)
    yield from (f"  ! {_cut(line)}" for line in preview.cuts)
    yield from (f"  ! {finding.coded}" for finding in preview.findings)
    yield from (f"  ! {note}" for note in preview.notes)
    yield from (f"  ! {sentence}" for sentence in _exceptions(account, preview, envelope, review))
    yield from (f"  warning: {note}" for note in account_notes(account.plan, plan))


def _cut(line: PreviewLine) -> str:
    """Return the quantity of a line that is cut or left out, and why."""
    order = line.planned
    name = f"{order.action} {shares(order.quantity)} {order.symbol}"
    return (
        f"cut to {shares(line.quantity)}: {name}: {line.why}"
        if line.quantity
        else f"left out: {name}: {line.why}"
    )


def _value(orders: Iterable[PlannedOrder]) -> Decimal:
    return sum((order.quantity * order.price for order in orders), ZERO)


def _order(order: PlannedOrder, width: int) -> str:
    return (
        f"{order.action:5} {shares(order.quantity):>8} {order.symbol:{width}} about "
        f"{dollars(order.quantity * order.price)} USD"
    )


def _rest(line: LineResult) -> str:
    order = line.orders[0]
    rest = order.dispatch.quantity - order.filled
    return (
        f"{line.planned.action:5} {shares(rest):>8} {line.planned.symbol:6} the rest of {line.reference}, "
        "as a plain market order"
    )


def _exceptions(
    account: AccountResult, preview: Preview, envelope: Envelope, review: Review
) -> tuple[str, ...]:
    """Return the review's sentences about the orders to send; sides are compared with the whole plan."""
    as_sent = _as_sent(account, preview)
    alone = review_plan(msgspec.structs.replace(envelope.plan, accounts=(as_sent,)))
    sent = {order.symbol for order in as_sent.orders}
    opposite = (
        o for o in review.opposite_sides if o.symbol in sent and account.account in (*o.buyers, *o.sellers)
    )
    return order_exceptions(msgspec.structs.replace(alone, opposite_sides=tuple(opposite)))


def _as_sent(account: AccountResult, preview: Preview) -> AccountPlan:
    """Return the plan of an account with only the orders that would be sent now."""
    plan, summary = account.plan, account.plan.summary
    if summary is None or not (preview.cuts or account.intents):
        return plan
    left = rests_of(account)
    rests = [
        msgspec.structs.replace(
            line.planned, quantity=line.orders[0].dispatch.quantity - line.orders[0].filled
        )
        for line in account.lines
        if line.orders and line.orders[0] in left
    ]
    orders = (*rests, *(line.order for line in (*preview.sells, *preview.buys)))
    turnover = percent_of(_value(orders), summary.net_liquidation_usd)
    return msgspec.structs.replace(
        plan, orders=orders, summary=msgspec.structs.replace(summary, turnover_pct=turnover)
    )
