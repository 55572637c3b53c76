"""The plan that an argument names, in the folder that the settings file names."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from rebalplan.store import PlanStore, as_path, is_plan_name

if TYPE_CHECKING:
    from rebalplan.journal.others import OpenElsewhere
    from rebalplan.ports import Disk

_LOCK_FILE = ".apply.lock"
_JOURNAL = ".journal.jsonl"


def find_plan(reference: str, config: Path) -> Path:
    """Return the file of a plan. A path is taken as it is, so that no settings file is needed to look at one."""
    path = as_path(reference)
    return path if path is not None else plan_store(config).find(reference)


def plan_store(config: Path) -> PlanStore:
    """Return the plan folder of a settings file; without the file, ``plans`` beside where it would be."""
    from rebalplan.settings import load_settings

    if not config.exists():
        return PlanStore(config.parent / "plans")
    return PlanStore(load_settings(config).io.plan_dir)


def open_elsewhere(disk: Disk, path: Path) -> tuple[OpenElsewhere, ...]:
    """Return the orders without an end in the journals of the other plans of a plan's folder.

    Raises ``JournalError`` for one that cannot be read: nobody knows then what is under way.
    """
    from rebalplan.journal.others import open_orders

    own = path.with_suffix(_JOURNAL).name
    others = (o for o in sorted(path.parent.glob(f"*{_JOURNAL}")) if o.name != own and is_plan_name(_stem(o)))
    return tuple(order for other in others for order in open_orders(_stem(other), disk.read(other) or b""))


def _stem(journal: Path) -> str:
    return journal.name.removesuffix(_JOURNAL)


def plan_lock(disk: Disk, path: Path) -> AbstractContextManager[None]:
    """Hold what allows one apply, or one resolve, in a plan's folder at a time; ``RefusedError`` while it is held."""
    return disk.lock(path.parent / _LOCK_FILE)
