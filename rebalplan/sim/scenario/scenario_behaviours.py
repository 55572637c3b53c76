"""Read ``[orders]`` and the ``[[behaviour]]`` tables of a scenario."""

from __future__ import annotations

import re
from typing import Final

from rebalplan.sim.orders import order_model as model
from rebalplan.sim.orders.order_texts import OrderCode, text_of
from rebalplan.sim.orders.script import SEQUENCE_WORDS
from rebalplan.sim.scenario.keys import Default, read_keys
from rebalplan.sim.scenario.keys_of_orders import BEHAVIOUR, ORDERS
from rebalplan.sim.scenario.toml_table import Table

NOTICE: Final = re.compile(r"\d{1,6}( .*)?\Z", re.DOTALL)
_WAIT: Final = re.compile(r"wait \d{1,6}(\.\d{1,6})?\Z")


def read_order_settings(table: Table) -> model.OrderSettings:
    """Return what applies to every order; what is wrong is recorded as the table's problems."""
    settings = model.OrderSettings(**read_keys(table, ORDERS.keys))
    table.finish()
    return settings


def read_behaviour(table: Table, settings: model.OrderSettings) -> model.Behaviour:
    """Return one behaviour; what is wrong is recorded as the table's problems."""
    values = read_keys(table, BEHAVIOUR.keys, _defaults(settings))
    if values["code"] and "text" not in table:
        values["text"] = text_of(values["code"])
    if not values["sequence"]:
        is_what_if = values["on"] == "what_if"
        values["sequence"] = model.WHAT_IF_SEQUENCE if is_what_if else model.DEFAULT_SEQUENCE
    behaviour = model.Behaviour(**values, label=table.path)
    _check_sequence(table, behaviour)
    _check_kind(table, behaviour)
    table.finish()
    return behaviour


def plain_behaviour(settings: model.OrderSettings) -> model.Behaviour:
    """Return the behaviour of an order that no table of the scenario is for."""
    return read_behaviour(Table({}, "", []), settings)


def _defaults(settings: model.OrderSettings) -> dict[str, Default]:
    """Return what ``[orders]`` says of the keys that both tables have."""
    shared = [key.name for key in BEHAVIOUR.keys if key.name in settings.__struct_fields__]
    values = {name: getattr(settings, name) for name in shared}
    return {name: value if isinstance(value, bool) else str(value) for name, value in values.items()}


def _check_sequence(table: Table, behaviour: model.Behaviour) -> None:
    words = model.WHAT_IF_SEQUENCE if behaviour.on == "what_if" else SEQUENCE_WORDS
    for word in behaviour.sequence:
        if word not in words and not NOTICE.match(word) and not _WAIT.match(word):
            known = ", ".join(words)
            table.problem("sequence", f'expected {known}, "wait 1.5" or a code such as "404", found {word!r}')


def _check_kind(table: Table, behaviour: model.Behaviour) -> None:
    if behaviour.on != "cancel" and behaviour.cancel:
        table.problem("cancel", 'is for behaviours with on = "cancel"')
    if behaviour.cancel == "refused" and not behaviour.code:
        table.problem("code", f"is required, such as {OrderCode.NOT_CANCELLABLE:d}")
    if behaviour.late_shares != behaviour.late_shares.to_integral_value():
        table.problem("late_shares", "expected whole shares")
