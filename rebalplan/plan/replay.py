"""Plan again offline: yesterday's snapshot and quotes under today's settings and targets."""

from __future__ import annotations

from collections.abc import Iterable

from rebalplan.core.contracts import with_names
from rebalplan.plan.account import AccountInput
from rebalplan.plan.collect import AccountToRead
from rebalplan.plan.document import Plan


def replay_inputs(accounts: Iterable[AccountToRead], old: Plan) -> tuple[AccountInput, ...]:
    """Return today's accounts with the snapshots that ``old`` carries; an account without one there fails."""
    planned = {account.account: account for account in old.accounts}
    quotes = {quote.symbol: quote for quote in old.volatile.quotes}
    inputs = []
    for account in accounts:
        name = account.settings.account
        before = planned.get(name)
        snapshot = before.snapshot if before else None
        failure = ""
        if before is None:
            failure = "the replayed plan has no such account: make a plan with `rebal plan`"
        elif snapshot is None:
            failure = before.reasons[0] if before.reasons else "the replayed plan has no snapshot of it"
        if snapshot is not None:
            snapshot = with_names(snapshot, account.targets, quotes)
        settings = account.settings
        client_id = settings.endpoint.client_id
        inputs.append(AccountInput(name, client_id, settings.policy, account.targets, snapshot, failure))
    return tuple(inputs)
