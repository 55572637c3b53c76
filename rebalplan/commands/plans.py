"""Finds the plan of an argument in the plan folder of the settings."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from rebalplan.core.text import printable
from rebalplan.plan.store import JOURNAL_SUFFIX, PlanStore, as_path, is_plan_name, read_plan

if TYPE_CHECKING:
    from rebalplan.apply.journal.others import Elsewhere
    from rebalplan.core.ports import Disk

_LOCK_FILE = ".apply.lock"


def find_plan(reference: str, config: Path) -> Path:
    """Return the file of a plan. A path is taken as it is, so that it needs no settings file."""
    path = as_path(reference)
    return path if path is not None else plan_store(config).find(reference)


def plan_store(config: Path) -> PlanStore:
    """Return the plan folder of a settings file. Without the file, it is ``plans`` in its folder."""
    from rebalplan.inputs.settings import load_settings

    if not config.exists():
        return PlanStore(config.parent / "plans")
    return PlanStore(load_settings(config).io.plan_dir)


def blocked_elsewhere(disk: Disk, path: Path, accounts: Iterable[str]) -> dict[str, str]:
    """Return a sentence for each account that the journal of another plan in the folder blocks."""
    own = f"{path.stem}{JOURNAL_SUFFIX}"
    found = [_read(disk, other, plan_id) for other, plan_id in journals_in(path.parent) if other.name != own]
    blocked = {a: next((e.of(a) for e in found if e.of(a)), "") for a in accounts}
    return {account: sentence for account, sentence in blocked.items() if sentence}


def _read(disk: Disk, journal: Path, plan_id: str) -> Elsewhere:
    from rebalplan.apply.journal.others import OtherPlan, read_other, unreadable
    from rebalplan.core.errors import DiskError

    other = OtherPlan(plan_id, printable(str(journal), 4096), lambda: _accounts_with_orders(journal, plan_id))
    try:
        data = disk.read(journal)
    except DiskError as error:
        return unreadable(other, str(error))
    return read_other(other, data or b"")


def _accounts_with_orders(journal: Path, plan_id: str) -> tuple[str, ...] | None:
    """Return the accounts with orders in a journal's plan; ``None`` when there is no readable plan."""
    from rebalplan.core.errors import RebalError

    try:
        accounts = read_plan(journal.with_name(f"{plan_id}.json")).plan.accounts
    except RebalError:
        return None
    return tuple(account.account for account in accounts if account.orders)


def journals_in(folder: Path) -> list[tuple[Path, str]]:
    """Return the journals in a plan folder, by name, each with the id of its plan."""
    found = (
        (path, path.name.removesuffix(JOURNAL_SUFFIX)) for path in sorted(folder.glob(f"*{JOURNAL_SUFFIX}"))
    )
    return [(path, plan_id) for path, plan_id in found if is_plan_name(plan_id)]


def plan_lock(disk: Disk, path: Path) -> AbstractContextManager[None]:
    """Hold the lock of a plan folder, for one apply or resolve at a time; raises ``RefusedError`` while it is held."""
    return disk.lock(path.parent / _LOCK_FILE)
