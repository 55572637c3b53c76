"""Finds a sent order by its reference in the journal of its plan. The plan itself may be gone."""

from __future__ import annotations

from pathlib import Path

import msgspec

from rebalplan.apply.journal.chain import RESTORE
from rebalplan.apply.journal.fold import fold_orders
from rebalplan.apply.journal.journal import JournalFile, open_journal
from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.records import Dispatch
from rebalplan.apply.journal.result import AccountOrders
from rebalplan.apply.resolve import find_order
from rebalplan.commands.plans import journals_in
from rebalplan.core.errors import JournalError, RebalError, RefusedError, UsageError
from rebalplan.core.ports import Disk
from rebalplan.plan.store import read_plan


class SentOrder(msgspec.Struct, frozen=True):
    """An order with its account's records; ``has_plan`` tells whether the plan can still be applied with --resume."""

    path: Path
    journal: JournalFile
    plan_id: str
    has_plan: bool
    account: AccountOrders
    order: OrderResult


def find_sent(disk: Disk, folder: Path, digits: str, reference: str) -> SentOrder:
    """Return the order with this reference; ``digits`` are those of the plan in it.

    Raises ``UsageError`` when no journal in the folder is of that plan, and ``JournalError`` for an unreadable one.
    Raises ``RefusedError`` for an order that the journal does not have, or whose end is known.
    """
    path, plan_id = _find_journal(folder, digits)
    journal = open_journal(disk, path)
    if journal.plan and not journal.plan.startswith(digits):
        raise JournalError(f"{path} is the journal of another plan ({journal.plan[:12]}…): {RESTORE}")
    name = _account_of(journal, reference, plan_id)
    account = fold_orders(journal.records, name)
    if not account.intents:
        raise JournalError(f"{path}: {name} has orders but no INTENT: {RESTORE}")
    order = find_order(account, reference)
    return SentOrder(path, journal, plan_id, has_plan(folder, plan_id), account, order)


def _find_journal(folder: Path, digits: str) -> tuple[Path, str]:
    found = [(path, plan_id) for path, plan_id in journals_in(folder) if plan_id.endswith(f"-{digits}")]
    if not found:
        raise UsageError(
            f"no journal in {folder} knows the order: its plan is {digits}. Name the settings file of the folder that "
            "it was sent from with --config"
        )
    if len(found) > 1:
        names = ", ".join(path.name for path, _ in found)
        raise RefusedError(
            f"{folder} has more than one journal of that plan ({names}): keep the one that apply wrote",
            code="RB616",
        )
    return found[0]


def _account_of(journal: JournalFile, reference: str, plan_id: str) -> str:
    for record in journal.records:
        if isinstance(record, Dispatch) and record.reference == reference:
            return record.account
    raise RefusedError(
        f"{reference} is no order that plan {plan_id} sent: `rebal status {plan_id}` lists them",
        code="RB616",
    )


def has_plan(folder: Path, plan_id: str) -> bool:
    """Tell whether the unchanged plan of a journal is in the folder."""
    try:
        return read_plan(folder / f"{plan_id}.json").id == plan_id
    except RebalError:
        return False
