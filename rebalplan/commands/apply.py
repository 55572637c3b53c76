"""``rebal apply``: not in this version, and it says so."""

from __future__ import annotations

from rebalplan.commands.options import DEFAULT_CONFIG, Config, PlanArgument
from rebalplan.errors import RefusedError


def apply(plan: PlanArgument, config: Config = DEFAULT_CONFIG) -> None:
    """Send a plan's orders (not in this version)."""
    del plan, config
    raise RefusedError(
        "this version of rebal makes, shows and verifies plans; it does not send orders yet. Nothing was sent."
    )
