"""The plan that an argument names, in the folder that the settings file names."""

from __future__ import annotations

from pathlib import Path

from rebalplan.store import PlanStore, as_path


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
