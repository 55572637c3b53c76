"""The folder of plans that a settings file names."""

from __future__ import annotations

from pathlib import Path

from rebalplan.store import PlanStore


def plan_store(config: Path) -> PlanStore:
    """Return the plan folder of a settings file; without the file, ``plans`` beside where it would be."""
    from rebalplan.settings import load_settings

    if not config.exists():
        return PlanStore(config.parent / "plans")
    return PlanStore(load_settings(config).io.plan_dir)
