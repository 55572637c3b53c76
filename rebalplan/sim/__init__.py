"""The embedded gateway: a server that speaks the TWS socket protocol to any TWS client, on loopback.

Load a scenario, start a gateway, connect with a TWS client::

    with start(load_scenario(None)) as gateway:
        ...  # a client connects to gateway.host, gateway.port

It imports nothing else of this project. Importing it does not import asyncio; starting a gateway does.
"""

from rebalplan.sim.accounts.description import (
    AccountView,
    Description,
    ExecutionView,
    OrderView,
    PositionView,
    describe,
)
from rebalplan.sim.errors import SimError
from rebalplan.sim.gateway import Gateway, reset, start
from rebalplan.sim.orders.order_model import Execution, LedgerEntry, WorkingOrder
from rebalplan.sim.scenario.fault_list import FaultKey, FaultView, fault_keys, faults_of
from rebalplan.sim.scenario.model import Scenario
from rebalplan.sim.scenario.read import load_scenario
from rebalplan.sim.shared import Event

__all__ = [
    "AccountView",
    "Description",
    "Event",
    "Execution",
    "ExecutionView",
    "FaultKey",
    "FaultView",
    "Gateway",
    "LedgerEntry",
    "OrderView",
    "PositionView",
    "Scenario",
    "SimError",
    "WorkingOrder",
    "describe",
    "fault_keys",
    "faults_of",
    "load_scenario",
    "reset",
    "start",
]
