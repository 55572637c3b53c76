"""A plan of one account and every kind of record about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from rebalplan.apply.journal.chain import encode_line, line_hash
from rebalplan.apply.journal.records import (
    AccountClosed,
    Ack,
    AnyRecord,
    Changed,
    Commission,
    Dispatch,
    Done,
    Fill,
    Intent,
    LineCut,
    Resolved,
    RunStarted,
    Said,
    Unknown,
)
from rebalplan.core.references import order_reference
from rebalplan.plan.codec import Envelope, encode
from tests.builders import NOW, account, plan, position

D = Decimal
AT = NOW + timedelta(minutes=5)


def envelope() -> Envelope:
    """Return a plan that sells 40 BND and buys 20 QQQ and 30 VTI in DU1."""
    weights = {"BND": "10", "QQQ": "30", "VTI": "60"}
    given = account(cash="1000", holdings={"BND": "50", "QQQ": "10", "VTI": "30"}, weights=weights)
    return encode(plan(given))[0]


PLAN = envelope()
SELL, FIRST_BUY, SECOND_BUY = (order_reference(PLAN.sha256, 1, line) for line in (1, 2, 3))


def chain_bytes(plan: str, records: Iterable[AnyRecord]) -> bytes:
    """Return the bytes of a journal with these records, from its start."""
    head, parts = plan, []
    for number, record in enumerate(records, start=1):
        parts.append(encode_line(number, plan, head, record))
        head = line_hash(parts[-1])
    return b"".join(parts)


def intent(*references: str, attempt: int = 1) -> Intent:
    held = (position("BND", "50"), position("QQQ", "10"), position("VTI", "30"))
    return Intent(
        account="DU1",
        at=AT,
        attempt=attempt,
        mode="paper",
        client_id=42,
        references=references,
        positions=held,
        cash_usd=D(1000),
    )


def dispatch(
    reference: str = SELL, quantity: str = "40", *, line: str = "", algo: str = "adaptive"
) -> Dispatch:
    planned = PLAN.plan.accounts[0].orders[int((line or reference)[-2:]) - 1]
    return Dispatch(
        account="DU1",
        at=AT,
        reference=reference,
        line=line or reference,
        symbol=planned.symbol,
        con_id=planned.con_id,
        side=planned.side,
        order_id=7,
        quantity=D(quantity),
        algo="none" if algo == "none" else "adaptive",
        quote=D(100),
    )


def ack(reference: str = SELL, perm_id: int = 70) -> Ack:
    return Ack(account="DU1", at=AT, reference=reference, perm_id=perm_id)


def fill(exec_id: str, quantity: str, price: str = "100", reference: str = SELL) -> Fill:
    return Fill(
        account="DU1", at=AT, reference=reference, exec_id=exec_id, quantity=D(quantity), price=D(price)
    )


def commission(exec_id: str, amount: str = "1") -> Commission:
    return Commission(account="DU1", at=AT, exec_id=exec_id, amount_usd=D(amount))


def done(
    status: str,
    filled: str,
    reference: str = SELL,
    *,
    cancel_asked: bool = True,
    is_agreed: bool = True,
) -> Done:
    known = {"filled": "filled", "cancelled": "cancelled", "rejected": "rejected"}[status]
    return Done(
        account="DU1",
        at=AT,
        reference=reference,
        status=known,  # type: ignore[arg-type]  # one of the three
        filled=D(filled),
        cancel_asked=cancel_asked,
        is_agreed=is_agreed,
        note="why",
    )


def changed(quantity: str, reference: str = SELL, order_type: str = "MKT") -> Changed:
    return Changed(account="DU1", at=AT, reference=reference, quantity=D(quantity), order_type=order_type)


def unknown(reference: str = SELL, *said: int, is_twin: bool = False) -> Unknown:
    return Unknown(
        account="DU1",
        at=AT,
        reference=reference,
        why="nobody knows",
        is_twin=is_twin,
        said=tuple(Said(code, "no") for code in said),
    )


def resolved(filled: str, price: str, reference: str = SELL) -> Resolved:
    return Resolved(
        account="DU1",
        at=AT,
        reference=reference,
        filled=D(filled),
        price=D(price),
        who="me",
        evidence="statement",
    )


def cut(reference: str, quantity: str = "0", *, is_refusal: bool = False) -> LineCut:
    return LineCut(
        account="DU1", at=AT, line=reference, quantity=D(quantity), is_refusal=is_refusal, why="cash_short"
    )


def closed(status: str = "done", error: str = "") -> AccountClosed:
    return AccountClosed(
        account="DU1",
        at=AT,
        status=status,  # type: ignore[arg-type]
        error=error,
        read=True,
        positions=(),
        cash_usd=D(0),
    )


def run_started(at: datetime = AT) -> RunStarted:
    return RunStarted(at=at)


EVERY_KIND: tuple[AnyRecord, ...] = (
    intent(SELL, FIRST_BUY, SECOND_BUY),
    dispatch(),
    ack(),
    changed("50"),
    fill("e.01.01", "40"),
    commission("e.01.01"),
    done("filled", "40"),
    dispatch(FIRST_BUY, "20"),
    unknown(FIRST_BUY),
    resolved("20", "100", FIRST_BUY),
    cut(SECOND_BUY),
    closed(),
    run_started(),
)
