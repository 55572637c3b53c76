"""Messages at any rate: a real broker must be spared, the gateway of a test need not be."""

from __future__ import annotations

from typing import Any

import pytest

import rebalplan.ibkr.connection
import rebalplan.sim.session

UNLIMITED = 10_000
"""Messages a second that no test sends."""


def without_limit(_rate: object, client: Any) -> None:
    """Stand in for ``MessageRate.limit``: the library holds nothing back."""
    client.MaxRequests = 0


def let_everything_leave(patch: pytest.MonkeyPatch) -> None:
    """Let clients and gateways of this process send and take messages at any rate."""
    patch.setattr(rebalplan.ibkr.connection.MessageRate, "limit", without_limit)
    patch.setattr(rebalplan.sim.session.RateLimit, "admits", lambda _limit, _clock_sec: True)
