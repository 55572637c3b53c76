"""A record of the journal as a line of the log, with its account and order."""

from __future__ import annotations

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
    Unknown,
)
from rebalplan.core.text import count


def log_line(record: AnyRecord) -> str:
    """Return the text of a record after its account and reference."""
    match record:
        case RunStarted():
            return "apply begins"
        case Ack() | Fill() | Changed() | Done() | Unknown() | Resolved() | Dispatch():
            return f"{record.account} {record.reference}: {_order(record)}"
        case _:
            return f"{record.account}: {_account(record)}"


def _order(record: Ack | Fill | Changed | Done | Unknown | Resolved | Dispatch) -> str:
    match record:
        case Dispatch():
            return f"about to send {record.side} {record.quantity:f} {record.symbol} ({record.algo})"
        case Ack():
            return f"acknowledged, permId {record.perm_id}"
        case Fill():
            return f"filled {record.quantity:f} at {record.price:f}"
        case Changed():
            return f"changed at the broker to {record.quantity:f} ({record.order_type})"
        case Done():
            return f"ended {record.status}, {record.filled:f} filled"
        case Unknown():
            return "; ".join([f"unknown: {record.why}", *(f"{s.text} ({s.code})" for s in record.said)])
        case Resolved():
            return f"resolved by {record.who}: {record.filled:f} filled"


def _account(record: Intent | LineCut | Commission | AccountClosed) -> str:
    match record:
        case Intent():
            return f"begun, {count(len(record.references), 'line')} to send"
        case LineCut():
            return f"{record.line} cut to {record.quantity:f}: {record.why}"
        case Commission():
            return f"commission {record.amount_usd:f} USD for {record.exec_id}"
        case AccountClosed():
            return f"closed {record.status}" + (f": {record.error}" if record.error else "")
