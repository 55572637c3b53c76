"""What every account of an apply needs beside itself."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.timing import Timing
from rebalplan.core.ports import Clock, Progress, TradingBroker
from rebalplan.inputs.settings import AccountsSettings
from rebalplan.plan.codec import Envelope


class ApplyContext(msgspec.Struct, frozen=True):
    """What applying an account needs beside the account: the world, the plan, and who may say stop.

    ``guard`` raises ``RefusedError`` when live and paper do not agree for an account. ``pace`` says how often a
    connect is tried again.
    """

    envelope: Envelope
    broker: TradingBroker
    clock: Clock
    journal: Journal
    timing: Timing
    stop: Callable[[], bool]
    progress: Progress
    guard: Callable[[str], None]
    pace: AccountsSettings
