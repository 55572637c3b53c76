"""Data for ``rebal sim faults``: the keys for faults, and which faults of a scenario were reached."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from rebalplan.sim.accounts.book import Book
from rebalplan.sim.accounts.state import read_state
from rebalplan.sim.scenario.keys import Group, KeyTable
from rebalplan.sim.scenario.keys_of_answers import FAULT, HANDSHAKE
from rebalplan.sim.scenario.keys_of_incidents import INCIDENT
from rebalplan.sim.scenario.keys_of_orders import BEHAVIOUR, ORDERS
from rebalplan.sim.scenario.keys_of_world import ACCOUNT_ORDER, GATEWAY, QUOTE
from rebalplan.sim.scenario.model import Scenario
from rebalplan.sim.scenario.scenario_behaviours import plain_behaviour

TABLES: Final = (ORDERS, BEHAVIOUR, INCIDENT, GATEWAY, HANDSHAKE, ACCOUNT_ORDER, QUOTE, FAULT)
GROUPS: Final[tuple[Group, ...]] = ("orders", "connection", "accounts", "data")


class FaultKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of a scenario: its table, what may be written, what it does, and TOML that has it."""

    group: Group
    table: str
    table_about: str
    name: str
    type: str
    about: str
    example: str


class FaultView(msgspec.Struct, frozen=True, kw_only=True):
    """A fault of a scenario: its table such as ``behaviour[1]``, what it sets, and how often it was reached."""

    fault: str
    settings: str
    reached: int


def fault_keys() -> tuple[FaultKey, ...]:
    """Return every key, by group, then in the order of the tables."""
    found = [
        FaultKey(
            group=key.group or table.group,
            table=table.header,
            table_about=table.about,
            name=key.name,
            type=key.type_text,
            about=key.about,
            example=table.example(key),
        )
        for table in TABLES
        for key in table.keys
    ]
    return tuple(sorted(found, key=lambda key: GROUPS.index(key.group)))


def faults_of(scenario: Scenario, state: Path | None) -> tuple[FaultView, ...]:
    """Return the faults that a scenario configures with how often they were reached, as the state file has it.

    Raises ``SimError`` when the state file is damaged or of another scenario.
    """
    remembered = None if state is None else read_state(state, scenario)
    reached = Book(scenario, remembered).reached
    return tuple(
        FaultView(fault=name, settings=settings, reached=reached[name])
        for name, settings in _configured(scenario)
    )


def _configured(scenario: Scenario) -> list[tuple[str, str]]:
    """Return label and settings of every fault table, and of its later effects."""
    found: list[tuple[str, str]] = []
    plain = msgspec.structs.asdict(plain_behaviour(scenario.orders))
    for behaviour in scenario.behaviours:
        found.append((behaviour.label, _settings(BEHAVIOUR, behaviour, plain)))
        if behaviour.late_shares:
            found.append((f"{behaviour.label}.late_shares", "the shares executed after the cancel"))
    for incident in scenario.incidents:
        found.append((incident.label, _settings(INCIDENT, incident)))
        if incident.late_shares:
            found.append((f"{incident.label}.late_shares", "the shares executed after the cancel"))
    for handshake in scenario.handshakes:
        found.append((handshake.label, _settings(HANDSHAKE, handshake)))
        if handshake.later:
            found.append((f"{handshake.label}.later", "the later notices were sent"))
    found += [(fault.label, _settings(FAULT, fault)) for fault in scenario.faults]
    return found


def _settings(table: KeyTable, values: msgspec.Struct, plain: dict[str, Any] | None = None) -> str:
    """Return what a table sets, as far as it differs from the defaults."""
    known = msgspec.structs.asdict(values)
    known["seconds"] = known.get("delay_sec")
    texts = []
    for key in table.keys:
        usual = key.default if plain is None else plain[key.name]
        if _text(known[key.name]) != _text(usual):
            texts.append(f"{key.name} {_text(known[key.name])}")
    return ", ".join(texts) or "no key but the defaults"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(str(word) for word in value)
    return str(value)
