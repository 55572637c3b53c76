"""What happens to one account leaves no trace in the others, but for the time it took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import msgspec

from rebalplan.apply.journal.records import AccountRecord, Dispatch, RunStarted
from tests.simulation.process import silent
from tests.simulation.run import result_of
from tests.simulation.scenario import ACCOUNTS, Scenario
from tests.simulation.world import World

Orders = tuple[tuple[str, str, str, Decimal, Decimal], ...]


class Trail(msgspec.Struct, frozen=True):
    """One account's journal without times and connection ids, and its orders at the broker."""

    records: tuple[AccountRecord, ...]
    orders: Orders


def trail(world: World, account: str) -> Trail:
    """Return what one account left in a world."""
    assert world.journal is not None
    records = [
        _timeless(record, world)
        for record in world.journal.records
        if not isinstance(record, RunStarted) and record.account == account
    ]
    return Trail(tuple(records), tuple(_orders(world, account)))


def _timeless(record: AccountRecord, world: World) -> AccountRecord:
    at = world.envelope.plan.volatile.created_at
    if isinstance(record, Dispatch):
        return msgspec.structs.replace(record, at=at, order_id=0)
    return msgspec.structs.replace(record, at=at)


def _orders(world: World, account: str) -> Iterable[tuple[str, str, str, Decimal, Decimal]]:
    for booked in world.ledger.orders:
        ticket = booked.ticket
        if ticket.account == account:
            yield ticket.reference, ticket.side, booked.status, ticket.quantity, booked.filled


def compare(scenario: Scenario) -> list[str]:
    """Run a scenario whose faults hit one account, and again without them; return what differs elsewhere.

    Time is the one thing accounts share: nothing is compared when the faults took so long that the plan expired.
    """
    hit = _first_apply(scenario)
    if hit.clock.now() >= hit.envelope.plan.volatile.expires_at:
        return []
    clean = _first_apply(replace(scenario, intensity=0.0))
    return [
        f"{account} is not what it is when {scenario.only} has no fault"
        for account in ACCOUNTS
        if account != scenario.only and trail(hit, account) != trail(clean, account)
    ]


def _first_apply(scenario: Scenario) -> World:
    world = World(scenario, silent)
    world.run(resume=False)
    result_of(world)
    return world
