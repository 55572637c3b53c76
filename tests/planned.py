"""A plan of the sample files that is made once, for the many tests that only look at it afterwards."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tests.cli import Workspace

Left = dict[str, bytes]
"""What a plan left behind: the bytes of each file, by its path in the folder."""


@cache
def _plans_made() -> dict[tuple[object, ...], Left]:
    """Return what was planned in this process so far: by the time of it and by every file that was there."""
    return {}


def _files(folder: Path) -> Left:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def plan_once(workspace: Workspace) -> Path:
    """Plan, or leave behind what the same plan of the same files left before; return the plan's file."""
    before = _files(workspace.folder)
    key = (workspace.clock.time, *sorted(before.items()))
    left = _plans_made().get(key)
    if left is None:
        workspace.ok("plan")
        left = _plans_made()[key] = _files(workspace.folder)
    else:
        for name, data in left.items():
            path = workspace.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return workspace.plans()[-1]
