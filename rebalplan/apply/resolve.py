"""The evidence about an unknown order, the answer that it supports, and the record of a person's answer. Pure.

It needs the account's records only, no plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from rebalplan.apply.answers import shown_otherwise
from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.records import Resolved
from rebalplan.apply.journal.result import AccountOrders, AccountResult
from rebalplan.apply.refusals import NOT_BOOKED
from rebalplan.apply.reports.line import said_texts
from rebalplan.core.errors import RefusedError
from rebalplan.core.finding import Finding, InPlan
from rebalplan.core.money import ZERO, canonical, divide, quantize
from rebalplan.core.orders import CompletedOrder, Execution, OpenOrder, Referenced, last_corrections
from rebalplan.core.text import printable
from rebalplan.core.vocabulary import Position

Account = AccountOrders | AccountResult
"""An account with its orders: from its records alone, or as its plan has it."""

STILL_WORKING = "it is still working: cancel it in TWS or wait for its end"
TOO_EARLY = "Too early to say: the order is valid until today's close"

FAR_FROM_THE_QUOTE = Decimal("0.2")
"""A price a fifth away from the quote at sending is more likely a typing error."""


class BrokerView(msgspec.Struct, frozen=True):
    """The broker's lists of the account now, each complete."""

    executions: tuple[Execution, ...]
    open_orders: tuple[OpenOrder, ...]
    completed: tuple[CompletedOrder, ...]
    positions: tuple[Position, ...]


class Answer(msgspec.Struct, frozen=True):
    """The result of an order: filled shares, and USD per share (0 when none were filled)."""

    filled: Decimal
    price: Decimal


class Proposal(msgspec.Struct, frozen=True):
    """The evidence in sentences, and the answer that all of it supports; else ``None``, and ``why_not`` says why."""

    reference: str
    evidence: tuple[str, ...]
    answer: Answer | None
    why_not: str


def propose(account: Account, reference: str, view: BrokerView, *, is_session_over: bool) -> Proposal:
    """Return the proposal. Executions and positions must agree, and a DAY order must not be able to fill any more.

    An order that the gateway refused before it was booked cannot fill any more either. The proposal is then that it
    never traded, when no list and no position speaks against it. Raises ``RefusedError`` when the account has no such
    order, or the broker confirmed its end.
    """
    order = find_order(account, reference)
    executed, value = _executed(reference, view.executions)
    moved = _moved(account, order, view.positions)
    is_open = any(shown.reference == reference for shown in view.open_orders)
    ended = _ended(reference, view)
    is_turned_away = _is_turned_away(order, reference, view)
    evidence = (
        f"sent {order.dispatch.at:%Y-%m-%d %H:%M:%S} UTC for {order.dispatch.quantity} shares: "
        + (order.note or "the last run did not wait for its end"),
        *said_texts(order),
        f"executions at the broker with this reference: {executed} shares, {value:.2f} USD",
        _moved_text(moved),
        "it is working at the broker" if is_open else "it is not among the working orders",
        _completed_text(ended),
        *(_turned_away_texts(order) if is_turned_away else ()),
    )
    is_over = is_session_over or _is_final(order, ended) or is_turned_away
    why_not = _why_not(executed, moved, order, ended, is_open=is_open, is_over=is_over)
    price = quantize(divide(value, executed)) if executed else ZERO
    return Proposal(reference, evidence, None if why_not else Answer(executed, price), why_not)


def _ended(reference: str, view: BrokerView) -> list[CompletedOrder]:
    return [done for done in view.completed if done.reference == reference]


def _is_final(order: OrderResult, ended: Sequence[CompletedOrder]) -> bool:
    """Tell whether the completed orders show its end. Of a doubled order they may show only one of two."""
    return bool(ended) and not order.is_doubled


def _is_turned_away(order: OrderResult, reference: str, view: BrokerView) -> bool:
    """Tell whether the gateway refused the order before it was booked, and no list shows it.

    The lists of a view are always complete.
    """
    if not any(said.code in NOT_BOOKED for said in order.said) or order.perm_id or order.is_doubled:
        return False
    if order.changed is not None or (order.fills and order.status != "resolved"):
        return False
    shown: tuple[Referenced, ...] = (*view.open_orders, *view.completed, *view.executions)
    return not any(found.reference == reference for found in shown)


def _turned_away_texts(order: OrderResult) -> Iterable[str]:
    codes = dict.fromkeys(said.code for said in order.said if said.code in NOT_BOOKED)
    return (f"error {code} refuses an order before it is booked: {NOT_BOOKED[code]}" for code in codes)


def _moved_text(moved: Decimal) -> str:
    if not moved:
        return "the position shows no trace of it beyond the fills that are known"
    return f"the position moved by {moved} shares that no known fill explains"


def _completed_text(ended: Sequence[CompletedOrder]) -> str:
    if not ended:
        return "it is not among the completed orders"
    status, filled = printable(ended[-1].status), ended[-1].filled
    if filled is None:
        return f"it is completed: {status}; the broker does not say how many shares it filled"
    return f"it is completed: {status}, {filled} shares filled"


def _why_not(
    executed: Decimal,
    moved: Decimal,
    order: OrderResult,
    ended: Sequence[CompletedOrder],
    *,
    is_open: bool,
    is_over: bool,
) -> str:
    if is_open:
        return STILL_WORKING
    if not is_over:
        return TOO_EARLY
    if len({done.perm_id for done in ended}) > 1:
        return "the broker has it more than once: look at the account statement"
    if any(done.filled not in (None, executed) for done in ended):
        return "executions and the completed order do not agree: look at the account statement"
    if executed - order.filled != moved:
        return "executions and positions do not agree: look at the account statement"
    if executed > order.dispatch.quantity:
        return "more was executed than was sent: look at the account statement"
    return ""


def _executed(reference: str, executions: Iterable[Execution]) -> tuple[Decimal, Decimal]:
    """Return shares and value in USD of an order's executions; the last correction of each counts."""
    last = last_corrections(e for e in executions if e.reference == reference)
    return canonical(sum((e.quantity for e in last), ZERO)), sum((e.quantity * e.price for e in last), ZERO)


def _moved(account: Account, order: OrderResult, positions: Iterable[Position]) -> Decimal:
    """Return the shares by which the position moved in the order's direction, beyond the known fills."""
    con_id = order.dispatch.con_id
    expected = _held(account.reckon().positions, con_id)
    return canonical(order.sign * (_held(positions, con_id) - expected))


def _held(positions: Iterable[Position], con_id: int) -> Decimal:
    return sum((p.quantity for p in positions if p.con_id == con_id), ZERO)


def contradictions(
    account: Account, reference: str, answer: Answer, view: BrokerView, *, is_session_over: bool = False
) -> tuple[str, ...]:
    """Return a sentence for each fact against an answer. A person who knows better may override them.

    Until its session is over, an order may still fill unless the broker lists it as completed. For an order that the
    gateway refused before it was booked, "it never traded" is allowed earlier. Raises ``RefusedError`` while the order
    works: then no answer can be right.
    """
    order = find_order(account, reference)
    if any(shown.reference == reference for shown in view.open_orders):
        raise RefusedError(f"{reference}: {STILL_WORKING}. Nothing was recorded", code="RB616")
    executed, _value = _executed(reference, view.executions)
    known = ZERO if order.status == "resolved" else order.executed
    moved = _moved(account, order, view.positions) + order.filled
    found = []
    is_over = is_session_over or _is_final(order, _ended(reference, view))
    if not is_over and (answer.filled or not _is_turned_away(order, reference, view)):
        found.append(TOO_EARLY)
    if answer.filled < max(executed, known):
        found.append(
            f"executions of {max(executed, known)} shares are known, the answer says {answer.filled}"
        )
    if answer.filled > order.dispatch.quantity:
        found.append(
            f"{reference} was sent for {order.dispatch.quantity} shares, the answer says {answer.filled}"
        )
    if answer.filled != moved:
        found.append(f"the position moved by {moved} shares, the answer says {answer.filled}")
    quote = order.dispatch.quote
    if answer.filled and abs(answer.price - quote) > quote * FAR_FROM_THE_QUOTE:
        found.append(f"{answer.price} USD is far from {quote} USD, the price when it was sent")
    return tuple(found)


def resolve(
    account: Account, reference: str, answer: Answer, *, at: datetime, who: str, evidence: Sequence[str]
) -> Resolved:
    """Return the record of a person's answer; raises ``RefusedError`` for an impossible one."""
    find_order(account, reference)
    if answer.filled < ZERO:
        raise RefusedError(f"{answer.filled} shares cannot be: give QTY@PRICE or --absent", code="RB616")
    if bool(answer.filled) != (answer.price > 0):
        raise RefusedError(
            f"{answer.filled} shares at {answer.price} USD cannot be: give QTY@PRICE or --absent",
            code="RB616",
        )
    return Resolved(
        account=account.account,
        at=at.replace(microsecond=0),
        reference=reference,
        filled=canonical(answer.filled),
        price=canonical(answer.price),
        who=printable(who),
        evidence=printable("; ".join(evidence), 1000),
    )


def find_order(account: Account, reference: str) -> OrderResult:
    """Return an order without an end, or a resolved one: a wrong answer may be replaced.

    Raises ``RefusedError`` when the account has no such order.
    """
    for order in account.orders:
        if order.dispatch.reference == reference and (not order.is_over or order.status == "resolved"):
            return order
    names = ", ".join(o.dispatch.reference for o in account.orders if o.status == "unknown") or "none"
    raise RefusedError(
        f"{reference} is not an unknown order of {account.account}; unknown there: {names}", code="RB616"
    )


def verify_resolved(
    account: Account,
    *,
    open_orders: Iterable[OpenOrder],
    completed: Iterable[CompletedOrder],
    executions: Iterable[Execution],
) -> tuple[Finding[InPlan], ...]:
    """Return a finding for each resolved order whose answer the broker's lists contradict."""
    open_orders, completed, executions = tuple(open_orders), tuple(completed), tuple(executions)
    found = []
    for order in (order for order in account.orders if order.status == "resolved"):
        reference = order.dispatch.reference
        now = shown_otherwise(reference, order.filled, open_orders, completed, executions)
        if now:
            found.append(
                Finding(
                    code="RB512",
                    severity="error",
                    where=InPlan(account.account, f"orders.{order.dispatch.symbol}"),
                    message=f"{reference} was resolved as {order.filled} shares, but the broker shows it {now}",
                    planned=str(order.filled),
                    now=now,
                    way_out=f"settle it again with `rebal resolve {reference}`",
                )
            )
    return tuple(found)
