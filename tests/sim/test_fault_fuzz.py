"""Fault tables with anything for a value: they load or say why, and no gateway stumbles over them."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.sim import SimError
from rebalplan.sim.accounts.book import BookState
from rebalplan.sim.scenario.fault_list import TABLES
from rebalplan.sim.scenario.keys import KeyTable

from .orders import Room, adaptive, cancel, order_world, place

VALUES = st.sampled_from(
    [
        *("0", "-1", "1", "3", "{}", "[]", "true", "false", '""', '"x"', '"0"', '"-1"', '"2"', '"NaN"'),
        *('"1e30"', '["1100"]', '["orders"]', '["answer"]', '["wait 1", "cancel"]', '["ack", "execution"]'),
    ]
)
REPEATED = [table for table in TABLES if table.header.startswith("[[") and "." not in table.header]


def _lines(table: KeyTable) -> st.SearchStrategy[str]:
    """Return tables of a kind with some keys as in their examples and one with any value."""
    keys = st.lists(st.sampled_from(table.keys), max_size=4, unique_by=lambda key: key.name)
    usual = keys.map(lambda found: {key.name: key.example for key in found})
    one = st.tuples(st.sampled_from([key.name for key in table.keys]), VALUES)
    needed = dict.fromkeys(line.partition(" = ")[0] for line in table.base)
    base = {name: next(key.example for key in table.keys if key.name == name) for name in needed}
    base = {name: value for name, value in base.items() if name in {key.name for key in table.keys}}
    return st.tuples(usual, st.lists(one, max_size=1)).map(
        lambda found: _toml(table, {**base, **found[0], **dict(found[1])})
    )


def _toml(table: KeyTable, values: dict[str, str]) -> str:
    text = "\n".join(f"{key} = {value}" for key, value in values.items())
    return f"\n{table.header}\n{text}\n".replace("DU1000001", "DU1").replace("DU1000002", "DU2")


TABLE = st.one_of([_lines(table) for table in REPEATED if table.header != "[[instrument]]"])


@pytest.mark.slow
@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.lists(TABLE, min_size=1, max_size=4))
def test_no_fault_makes_a_gateway_raise(tables: list[str]) -> None:
    with suppress(SimError):
        room = Room(order_world(*tables))
        room.resume()
        client = room.join()
        for order_id, order in enumerate(({}, adaptive(), {"side": "SELL"}, {"what_if": "1"}), 1):
            client.ask(*place(order_id, **order))
            room.wait(3)
        client.ask(*cancel(1))
        room.join(42)
        for seconds in (0, 5, 200):
            room.wait(seconds)
            for question in (("16", "1"), ("99", "0"), ("7", "3", "4"), ("61", "1"), ("6", "2", "1", "DU1")):
                client.ask(*question)
        remembered = msgspec.json.encode(room.book.state())
        room.resume(msgspec.json.decode(remembered, type=BookState))
        room.wait(60)
