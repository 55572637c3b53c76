"""What must hold after a run was killed and resumed: the gateway's own books against plan, journal and reports."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from rebalplan.apply.journal.chain import read_chain
from rebalplan.apply.journal.fold import fold
from rebalplan.apply.journal.journal import journal_path
from rebalplan.apply.journal.records import AnyRecord, Dispatch
from rebalplan.apply.journal.result import AccountResult, ApplyResult, LineResult
from rebalplan.apply.journal.runs import latest_time
from rebalplan.apply.reports.account import COLUMNS
from rebalplan.plan.codec import Envelope
from rebalplan.sim import AccountView, Description, describe, load_scenario
from rebalplan.sim.orders.order_model import LedgerEntry
from tests.kill.world import ACCOUNTS, HELD, Line

_DIFFERS = ("timestamp_run", "perm_id")
"""Columns of a report that are another run's own."""

Rows = tuple[tuple[str, ...], ...]


class Aftermath(msgspec.Struct, frozen=True):
    """What is left in a workspace when nobody works in it any more."""

    gateway: Description
    records: tuple[AnyRecord, ...]
    result: ApplyResult
    reports: Mapping[str, Rows]
    summaries: int

    @property
    def placed(self) -> tuple[LedgerEntry, ...]:
        """Return the orders the gateway received."""
        return tuple(entry for entry in self.gateway.ledger if entry.kind == "place")


def read_records(plan: Path, envelope: Envelope, *, may_be_torn: bool) -> tuple[AnyRecord, ...]:
    """Return the journal's records; raises ``JournalError`` when it cannot be read."""
    path = journal_path(plan)
    if not path.exists():
        return ()
    chain = read_chain(path.read_bytes(), envelope.sha256)
    assert may_be_torn or not chain.torn, "the journal is still torn"
    return chain.records


def dispatched(records: Collection[AnyRecord]) -> set[str]:
    """Return the references that may have been sent."""
    return {record.reference for record in records if isinstance(record, Dispatch)}


def read_aftermath(folder: Path, plan: Path, envelope: Envelope) -> Aftermath:
    """Read what the gateway, the journal and each account's latest report say."""
    records = read_records(plan, envelope, may_be_torn=False)
    stamp = f"{latest_time(records):%Y%m%dT%H%M%SZ}"
    reports = folder / "reports"
    return Aftermath(
        gateway=describe(load_scenario(folder / "scenario.toml"), folder / "gateway.json"),
        records=records,
        result=fold(envelope, records),
        reports={account: _rows(sorted(reports.glob(f"rebalance_{account}_*.csv"))) for account in ACCOUNTS},
        summaries=len(list(reports.glob(f"run_summary_{stamp}.csv"))),
    )


def _rows(paths: Sequence[Path]) -> Rows:
    """Return the rows of the newest of an account's reports."""
    if not paths:
        return ()
    with paths[-1].open(encoding="utf-8", newline="") as file:
        return tuple(tuple(row[c] for c in COLUMNS if c not in _DIFFERS) for row in csv.DictReader(file))


def judge(found: Aftermath, lines: Collection[Line], unknown: Collection[str], whole: Aftermath) -> list[str]:
    """Return every way in which ``found`` is not as it must be.

    ``unknown`` are the references announced in the journal that the gateway never received; ``whole`` is what
    a run that nobody killed leaves.
    """
    return [
        *_orders(found, lines),
        *_positions(found),
        *(problem for a in found.result.accounts for problem in _account(found, a, unknown, whole)),
    ]


def _orders(found: Aftermath, lines: Collection[Line]) -> Iterator[str]:
    planned = {line.reference: line for line in lines}
    for reference, count in Counter(entry.order_ref for entry in found.placed).items():
        if count > 1:
            yield f"{reference} was sent {count} times"
    for entry in found.gateway.ledger:
        line = planned.get(entry.order_ref)
        seen = Line(entry.order_ref, entry.account, entry.side, entry.symbol, entry.quantity)
        if line is None or seen != line or entry.tif != "DAY":
            yield f"{entry} is not in the plan"
        if entry.kind not in ("place", "what_if") or entry.outcome != "accepted":
            yield f"{entry} was not to be"


def _positions(found: Aftermath) -> Iterator[str]:
    for account in ACCOUNTS:
        held = {symbol: Decimal(quantity) for symbol, quantity in HELD[account].items()}
        for entry in found.placed:
            if entry.account == account:
                held[entry.symbol] += entry.quantity if entry.side == "BUY" else -entry.quantity
        booked = {p.symbol: p.quantity for p in _view(found, account).positions}
        if booked != held:
            yield f"{account} holds {booked}, the orders that arrived make {held}"


def _view(found: Aftermath, account: str) -> AccountView:
    return next(view for view in found.gateway.accounts if view.id == account)


def _account(
    found: Aftermath, account: AccountResult, unknown: Collection[str], whole: Aftermath
) -> Iterator[str]:
    for line in account.lines:
        yield from _line(found, line, unknown)
    is_blocked = any(line.reference in unknown for line in account.lines)
    status = account.closed.status if account.closed is not None else "not closed"
    if status != ("incomplete" if is_blocked else "done"):
        yield f"{account.account} is {status}: {account.closed_error}"
    if not is_blocked:
        yield from _finished(found, account, whole)
    if account.closed is not None and account.closed.read:
        view = _view(found, account.account)
        if [cash.amount for cash in view.cash] != [account.closed.cash_usd]:
            yield f"{account.account} was closed with {account.closed.cash_usd} USD, it has {view.cash}"
        if {p.symbol: p.quantity for p in view.positions} != {
            p.symbol: p.quantity for p in account.closed.positions
        }:
            yield f"{account.account} was closed with other positions than it has"


def _line(found: Aftermath, line: LineResult, unknown: Collection[str]) -> Iterator[str]:
    entries = [entry for entry in found.placed if entry.order_ref == line.reference]
    if line.reference in unknown:
        if line.status != "unknown" or entries:
            yield f"{line.reference} never arrived and is {line.status}"
    elif entries:
        (order,) = line.orders
        if line.status != "filled" or line.filled != line.planned.quantity:
            yield f"{line.reference} arrived and is {line.status}, {line.filled} filled"
        if order.perm_id != entries[0].perm_id:
            yield f"{line.reference} was adopted as {order.perm_id}, it is {entries[0].perm_id}"
        if len(order.commissions) != len(order.fills):
            yield f"{line.reference} lacks a commission"
    elif line.status != "not_sent":
        yield f"{line.reference} was never announced and is {line.status}"


def _finished(found: Aftermath, account: AccountResult, whole: Aftermath) -> Iterator[str]:
    """Compare an account that nothing blocks with the same account of a run that nobody killed."""
    name = account.account
    mine, theirs = (
        [_essence(e) for e in aftermath.placed if e.account == name] for aftermath in (found, whole)
    )
    if sorted(mine) != sorted(theirs):
        yield f"{name} was sent {mine}, without a kill {theirs}"
    if _view(found, name) != _view(whole, name):
        yield f"{name} is {_view(found, name)}, without a kill {_view(whole, name)}"
    if found.reports[name] != whole.reports[name]:
        yield f"the report of {name} is {found.reports[name]}, without a kill {whole.reports[name]}"


def _essence(entry: LedgerEntry) -> tuple[str, ...]:
    return entry.order_ref, entry.side, entry.symbol, str(entry.quantity), entry.order_type, entry.algo
