"""The broker of a run: the embedded gateway or the real one, behind the same port."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from rebalplan.apply.timing import Timing
from rebalplan.commands.machine import Machine
from rebalplan.core.errors import RebalError
from rebalplan.core.ports import Clock, TradingBroker
from rebalplan.core.vocabulary import Endpoint
from rebalplan.ibkr import IbkrBroker
from rebalplan.inputs.settings import AccountSettings, Settings
from rebalplan.plan.collect import AccountToRead

BUILT_IN_ONLY = "The built-in gateway knows only its own symbols: `rebal sim show` lists them"


class World(msgspec.Struct, frozen=True):
    """A broker, its clock and waits, and the endpoint of each account."""

    broker: TradingBroker
    clock: Clock
    timing: Timing
    gateway: Endpoint | None

    def place(self, accounts: Sequence[AccountToRead]) -> tuple[AccountToRead, ...]:
        """Return the accounts with their endpoints in this world."""
        return tuple(AccountToRead(self.place_settings(a.settings), a.targets) for a in accounts)

    def place_settings(self, account: AccountSettings) -> AccountSettings:
        """Return one account's settings with its endpoint in this world."""
        if self.gateway is None:
            return account
        endpoint = msgspec.structs.replace(self.gateway, client_id=account.endpoint.client_id)
        return msgspec.structs.replace(account, endpoint=endpoint)


@contextmanager
def open_world(settings: Settings, machine: Machine) -> Iterator[World]:
    """Open the world of ``[ibkr] mode``: with ``sim`` the embedded gateway runs in this process."""
    clock = machine.clock
    known = BUILT_IN_ONLY if settings.ibkr.mode == "sim" else ""
    broker = IbkrBroker(
        float(settings.ibkr.timeout_sec), clock, settings.ibkr.messages_per_sec, known_symbols=known
    )
    if settings.ibkr.mode == "tws":
        yield World(broker, clock, machine.timing, None)
        return
    from rebalplan import sim

    try:
        scenario = sim.load_scenario(settings.sim.scenario)
        gateway = sim.start(scenario, state=settings.sim.state, clock=clock.now)
    except sim.SimError as error:
        raise RebalError(str(error)) from error
    with gateway:
        yield World(broker, clock, machine.timing, Endpoint(gateway.host, gateway.port, 0))
