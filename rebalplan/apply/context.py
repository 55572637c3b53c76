"""The context that all accounts of an apply share."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.timing import Timing
from rebalplan.core.ports import Clock, Progress, TradingBroker
from rebalplan.inputs.settings import AccountsSettings
from rebalplan.plan.codec import Envelope


class ApplyContext(msgspec.Struct, frozen=True):
    """The plan, the journal, the ports to broker and clock, and the test for a stop.

    ``guard`` raises ``RefusedError`` for an account when the plan is live and the account is paper, or the other way
    round. ``pace`` says how often rebal tries to connect again.
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
