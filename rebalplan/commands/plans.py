"""The plan that an argument names, in the folder that the settings file names."""

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
    """Return the file of a plan. A path is taken as it is, so that no settings file is needed to look at one."""
    path = as_path(reference)
    return path if path is not None else plan_store(config).find(reference)


def plan_store(config: Path) -> PlanStore:
    """Return the plan folder of a settings file; without the file, ``plans`` beside where it would be."""
    from rebalplan.inputs.settings import load_settings

    if not config.exists():
        return PlanStore(config.parent / "plans")
    return PlanStore(load_settings(config).io.plan_dir)


def blocked_elsewhere(disk: Disk, path: Path, accounts: Iterable[str]) -> dict[str, str]:
    """Return a sentence for each account that must not be traded because of a journal of another plan in the folder."""
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
    """Return the accounts that the plan of a journal has orders in; ``None`` without a plan that can be read."""
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
    """Hold what allows one apply, or one resolve, in a plan's folder at a time; ``RefusedError`` while it is held."""
    return disk.lock(path.parent / _LOCK_FILE)
