"""The records of a journal: one for each fact that must survive a crash.

A record that announces a step is written before the step. A record that reports a result is written after the broker
showed it. Money is in USD, times in UTC to the second.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.core.orders import Algo
from rebalplan.core.vocabulary import Mode, Position, Side

DoneStatus = Literal["filled", "cancelled", "rejected"]
AccountStatus = Literal["done", "incomplete", "refused", "declined"]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="record"):
    """The fields of every record."""

    account: str
    at: datetime


class Intent(Record, frozen=True, tag="INTENT"):
    """From this record on the account's lines may be sent. ``positions`` and ``cash_usd`` are those just before.

    ``at`` is the broker's time, because its day decides whether a resume may send; other records carry this machine's.
    ``attempt`` counts from 1: every ``--resume`` that sends writes another INTENT. ``mode`` and ``client_id`` are the
    plan's: with them the broker can be asked about an order when the plan file is gone.
    """

    attempt: int
    mode: Mode
    client_id: int
    references: tuple[str, ...]
    positions: tuple[Position, ...]
    cash_usd: Decimal


class Dispatch(Record, frozen=True, tag="DISPATCH"):
    """The order with this reference is about to be handed to the socket, once, in this quantity.

    ``line`` is the reference of the plan line that it serves; a fallback has another ``reference`` of its own.
    ``quote`` is the price at sending: slippage is measured against it. Symbol, contract and side stand here too, so
    that a journal can be read without its plan.
    """

    reference: str
    line: str
    symbol: str
    con_id: int
    side: Side
    order_id: int
    quantity: Decimal
    algo: Algo
    quote: Decimal


class Ack(Record, frozen=True, tag="ACK"):
    """The broker has the order."""

    reference: str
    perm_id: int


class Fill(Record, frozen=True, tag="FILL"):
    """The broker executed part of the order. A later fill with the same root of its id corrects and replaces it."""

    reference: str
    exec_id: str
    quantity: Decimal
    price: Decimal


class Commission(Record, frozen=True, tag="COMMISSION"):
    """What the broker charged for a fill."""

    exec_id: str
    amount_usd: Decimal


class Changed(Record, frozen=True, tag="CHANGED"):
    """Somebody changed the working order at the broker: its quantity and its type now."""

    reference: str
    quantity: Decimal
    order_type: str


class Done(Record, frozen=True, tag="DONE"):
    """The broker showed that nothing more of the order will fill.

    ``cancel_asked`` tells whether rebal asked for the cancel: an order that somebody else cancelled gets no fallback.
    ``is_agreed`` tells whether the broker's complete lists agreed on how much was filled. Without that no fallback
    follows, because a fill may still come to light.
    """

    reference: str
    status: DoneStatus
    filled: Decimal
    cancel_asked: bool
    is_agreed: bool
    note: str


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An error or notice of the broker about an order, as it worded it: on one line and cut to a length."""

    code: int
    text: str


class Unknown(Record, frozen=True, omit_defaults=True, tag="UNKNOWN"):
    """Nobody can say what became of the order; it blocks its account until a person does.

    ``is_twin`` tells that the broker has it more than once, so no later news of its reference can be trusted. ``said``
    is what the broker said about the order: it proves nothing, but a person wants to read it.
    """

    reference: str
    why: str
    is_twin: bool
    said: tuple[Said, ...] = ()


class Resolved(Record, frozen=True, tag="RESOLVED"):
    """A person said what became of an unknown order, on this evidence."""

    reference: str
    filled: Decimal
    price: Decimal
    who: str
    evidence: str


class LineCut(Record, frozen=True, tag="CUT"):
    """The line is sent in a smaller quantity than planned, or (0) not at all.

    ``is_refusal`` tells that a check refused the line, so the account is not done. Other cuts leave it done.
    """

    line: str
    quantity: Decimal
    is_refusal: bool
    why: str


class AccountClosed(Record, frozen=True, tag="ACCOUNT"):
    """How the account ended this time, with what it holds afterwards.

    ``read`` tells whether the account was read again. If not, ``positions`` is empty and ``cash_usd`` is 0.
    """

    status: AccountStatus
    error: str
    read: bool
    positions: tuple[Position, ...]
    cash_usd: Decimal


class RunStarted(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="record", tag="RUN"
):
    """An apply begins. The records up to the next RUN are its own.

    ``at`` is in the names of its reports, so no two runs of a journal have the same.
    """

    at: datetime


AccountRecord = (
    Intent
    | Dispatch
    | Ack
    | Fill
    | Commission
    | Changed
    | Done
    | Unknown
    | Resolved
    | LineCut
    | AccountClosed
)
AnyRecord = AccountRecord | RunStarted
