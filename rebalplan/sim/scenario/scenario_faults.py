"""Read the ``[[fault]]``, ``[[handshake]]`` and ``[[incident]]`` tables of a scenario."""

from __future__ import annotations

from typing import Final, get_args

from rebalplan.sim.faults import CONNECT
from rebalplan.sim.orders.incident_model import Handshake, Incident, OrderWord
from rebalplan.sim.scenario import model
from rebalplan.sim.scenario.keys import read_keys
from rebalplan.sim.scenario.keys_of_answers import FAULT, HANDSHAKE
from rebalplan.sim.scenario.keys_of_incidents import INCIDENT
from rebalplan.sim.scenario.scenario_behaviours import NOTICE
from rebalplan.sim.scenario.toml_table import Table
from rebalplan.sim.wire.requests import ACCOUNT_REQUESTS, SYMBOL_REQUESTS
from rebalplan.sim.wire.rows import REPEATABLE

_CONNECT_ACTIONS: Final = ("silent", "hang_up", "delay", "garbage")
_REPEATING: Final = ("twice", "stray")
ORDER_WORDS: Final[tuple[str, ...]] = get_args(OrderWord)
_ORDERLESS: Final = ("start", "connected")
_OF_AN_ORDER: Final = ("change", "cancel")
_TRADES: Final = ("buy", "sell")
_PAYMENTS: Final = ("deposit", "withdraw")


def read_fault(table: Table) -> model.Fault:
    """Return one fault; what is wrong is recorded as the table's problems."""
    values = read_keys(table, FAULT.keys)
    fault = model.Fault(delay_sec=values.pop("seconds"), label=table.path, **values)
    if fault.request == CONNECT and fault.action not in ("", *_CONNECT_ACTIONS):
        table.problem("action", f"expected one of {', '.join(_CONNECT_ACTIONS)}, found {fault.action!r}")
    if fault.action == "delay" and "seconds" not in table:
        table.problem("seconds", "is required")
    if fault.action == "field" and not fault.field:
        table.problem("field", 'is required with action = "field"')
    if fault.action in _REPEATING and fault.request not in REPEATABLE:
        table.problem("action", f"{fault.action} is for {' and '.join(REPEATABLE)}, found {fault.request!r}")
    if fault.account and fault.request not in ACCOUNT_REQUESTS:
        table.problem("account", f"the request {fault.request} names no account")
    if fault.symbol and fault.request not in SYMBOL_REQUESTS:
        table.problem("symbol", f"the request {fault.request} names no symbol")
    table.finish()
    return fault


def read_handshake(table: Table) -> Handshake:
    """Return what some clients are told at the end of their handshake."""
    handshake = Handshake(**read_keys(table, HANDSHAKE.keys), label=table.path)
    for key, extra in (("before", ORDER_WORDS), ("after", ORDER_WORDS), ("later", ())):
        for word in getattr(handshake, key):
            if word not in extra and not NOTICE.match(word):
                known = "".join(f"{name}, " for name in extra)
                table.problem(key, f'expected {known}a code such as "1100", found {word!r}')
    table.finish()
    return handshake


def read_incident(table: Table) -> Incident:
    """Return one incident; what is wrong is recorded as the table's problems."""
    incident = Incident(**read_keys(table, INCIDENT.keys), label=table.path)
    for key, sentence in _problems(incident):
        table.problem(key, sentence)
    table.finish()
    return incident


def _problems(incident: Incident) -> list[tuple[str, str]]:
    does, found = incident.does, []
    is_orderless = incident.when in _ORDERLESS
    if is_orderless and does in _OF_AN_ORDER:
        found.append(("does", f'{does} needs an order, when = "{incident.when}" has none'))
    if is_orderless and does in (*_TRADES, *_PAYMENTS) and not incident.account:
        found.append(("account", f'is required with when = "{incident.when}"'))
    if is_orderless and does in _TRADES and not incident.what:
        found.append(("what", f'is required with when = "{incident.when}"'))
    if does == "change" and not incident.quantity and not incident.limit_price:
        found.append(("quantity", 'or limit_price is required with does = "change"'))
    if does in _TRADES and not incident.quantity:
        found.append(("quantity", f'is required with does = "{does}"'))
    if does in _PAYMENTS and not incident.amount:
        found.append(("amount", f'is required with does = "{does}"'))
    for key in ("quantity", "late_shares"):
        shares = getattr(incident, key)
        if shares != shares.to_integral_value():
            found.append((key, "expected whole shares"))
    return found
