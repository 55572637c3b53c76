"""What a person is shown before saying what became of an unknown order, and the record of what they said. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from rebalplan.apply.checks import expect
from rebalplan.errors import RefusedError
from rebalplan.journal.records import Resolved
from rebalplan.journal.result import AccountResult, OrderResult
from rebalplan.model import Position
from rebalplan.money import ZERO, canonical, divide, quantize
from rebalplan.orders import CompletedOrder, Execution, OpenOrder, last_corrections
from rebalplan.text import printable

STILL_WORKING = "it is still working: cancel it in TWS or wait for its end"

FAR_FROM_THE_QUOTE = Decimal("0.2")
"""A fill a fifth away from the price at sending is more likely a slip of the pen."""


class BrokerView(msgspec.Struct, frozen=True):
    """What the broker shows of the account now, each list complete."""

    executions: tuple[Execution, ...]
    open_orders: tuple[OpenOrder, ...]
    completed: tuple[CompletedOrder, ...]
    positions: tuple[Position, ...]


class Answer(msgspec.Struct, frozen=True):
    """What became of an order: shares, and USD per share (0 when none were filled)."""

    filled: Decimal
    price: Decimal


class Proposal(msgspec.Struct, frozen=True):
    """The evidence in sentences, and the answer it agrees on; ``None`` when it does not, and ``why_not`` says so."""

    reference: str
    evidence: tuple[str, ...]
    answer: Answer | None
    why_not: str


def propose(account: AccountResult, reference: str, view: BrokerView, *, is_session_over: bool) -> Proposal:
    """Weigh executions and positions; they must agree, and a DAY order must not be able to fill any more.

    Raises ``RefusedError`` when the reference is of no unknown or resolved order.
    """
    order = _order(account, reference)
    executed, value = _executed(reference, view.executions)
    moved = _moved(account, order, view.positions)
    is_open = any(shown.reference == reference for shown in view.open_orders)
    ended = [done for done in view.completed if done.reference == reference]
    evidence = (
        f"sent {order.dispatch.at:%Y-%m-%d %H:%M:%S} UTC for {order.dispatch.quantity} shares: {order.note}",
        f"executions at the broker with this reference: {executed} shares, {value:.2f} USD",
        f"the position differs by {moved} shares from what the account had at INTENT and all known fills",
        "it is working at the broker" if is_open else "it is not among the working orders",
        _completed_text(ended),
    )
    why_not = _why_not(executed, moved, order, ended, is_open=is_open, is_over=bool(ended) or is_session_over)
    price = quantize(divide(value, executed)) if executed else ZERO
    return Proposal(reference, evidence, None if why_not else Answer(executed, price), why_not)


def _completed_text(ended: Sequence[CompletedOrder]) -> str:
    if not ended:
        return "it is not among the completed orders"
    return f"it is completed: {printable(ended[-1].status)}, {ended[-1].filled} shares filled"


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
        return "its DAY session is not over: it may still fill"
    if len({done.perm_id for done in ended}) > 1:
        return "the broker has it more than once: look at the account statement"
    if ended and ended[-1].filled != executed:
        return "executions and the completed order do not agree: look at the account statement"
    if executed - order.filled != moved:
        return "executions and positions do not agree: look at the account statement"
    if executed > order.dispatch.quantity:
        return "more was executed than was sent: look at the account statement"
    return ""


def _executed(reference: str, executions: Iterable[Execution]) -> tuple[Decimal, Decimal]:
    """Return shares and value of an order's executions; of corrections the last one counts."""
    last = last_corrections(e for e in executions if e.reference == reference)
    return canonical(sum((e.quantity for e in last), ZERO)), sum((e.quantity * e.price for e in last), ZERO)


def _moved(account: AccountResult, order: OrderResult, positions: Iterable[Position]) -> Decimal:
    """Return how many shares the position moved the order's way beyond the fills that are known."""
    line = next(line for line in account.lines if line.reference == order.dispatch.line)
    con_id = line.planned.con_id
    expected = _held(expect(account.plan, account).positions, con_id)
    return canonical(line.planned.sign * (_held(positions, con_id) - expected))


def _held(positions: Iterable[Position], con_id: int) -> Decimal:
    return sum((p.quantity for p in positions if p.con_id == con_id), ZERO)


def contradictions(
    account: AccountResult, reference: str, answer: Answer, view: BrokerView
) -> tuple[str, ...]:
    """Return what the broker shows against an answer: only a person who knows better overrides it.

    Raises ``RefusedError`` while the order works: then no answer can be right.
    """
    order = _order(account, reference)
    if any(shown.reference == reference for shown in view.open_orders):
        raise RefusedError(f"{reference}: {STILL_WORKING}. Nothing was recorded")
    executed, _value = _executed(reference, view.executions)
    known = ZERO if order.status == "resolved" else order.executed
    moved = _moved(account, order, view.positions) + order.filled
    found = []
    if answer.filled < max(executed, known):
        found.append(
            f"executions of {max(executed, known)} shares are known, the answer says {answer.filled}"
        )
    if answer.filled != moved:
        found.append(f"the position moved by {moved} shares, the answer says {answer.filled}")
    quote = order.dispatch.quote
    if answer.filled and abs(answer.price - quote) > quote * FAR_FROM_THE_QUOTE:
        found.append(f"{answer.price} USD is far from {quote} USD, the price when it was sent")
    return tuple(found)


def resolve(
    account: AccountResult, reference: str, answer: Answer, *, at: datetime, who: str, evidence: Sequence[str]
) -> Resolved:
    """Return the record of what a person said; raises ``RefusedError`` for an answer that cannot be."""
    order = _order(account, reference)
    if not ZERO <= answer.filled <= order.dispatch.quantity:
        raise RefusedError(
            f"{answer.filled} shares cannot be: {reference} was sent for {order.dispatch.quantity}"
        )
    if bool(answer.filled) != (answer.price > 0):
        raise RefusedError(
            f"{answer.filled} shares at {answer.price} USD cannot be: give QTY@PRICE or --absent"
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


def _order(account: AccountResult, reference: str) -> OrderResult:
    """Return an order that is unknown, or was resolved: an answer that turns out wrong is given again."""
    for order in (order for line in account.lines for order in line.orders):
        if order.dispatch.reference == reference and order.status in ("unknown", "resolved"):
            return order
    names = ", ".join(order.dispatch.reference for order in account.unknown) or "none"
    raise RefusedError(f"{reference} is not an unknown order of {account.account}; unknown there: {names}")
