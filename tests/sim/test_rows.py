"""Rows of lists with a field that says nothing, an unset number or no number."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rebalplan.sim import SimError, start

from .orders import Room, Seat, completed, incident, order_world, place, table
from .support import connected, fixed_clock

UNSET = "1.7976931348623157e+308"
OPEN = (
    '\n[[account.order]]\nsymbol = "BND"\nside = "BUY"\nquantity = "3"\nclient_id = 43\norder_id = 4\n'
    + "perm_id = 801\n"
)
VERSIONS = (157, 163, 169, 176)
QUESTIONS = {
    "all_open_orders": ("16", "1"),
    "completed_orders": ("99", "0"),
    "executions": ("7", "3", "4"),
    "positions": ("61", "1"),
    "positions_multi": ("74", "1", "5", "DU2", ""),
}


def _fault(request: str, **keys: Any) -> str:
    return table("fault", request=request, action="field", **keys)


def _traded(*extra: str, version: int = 176) -> Seat:
    """Return a client of a gateway in which both accounts have an execution and the second an open order."""
    room = Room(order_world(OPEN, *extra))
    client = room.join(1, f"v100..{version}")
    writer = room.join(2)
    writer.ask(*place(1))
    writer.ask(*place(2, "BND", account="DU2", quantity="5"))
    return client


@pytest.mark.parametrize("value", ["", UNSET])
def test_completed_orders_without_a_filled_quantity(value: str) -> None:
    client = _traded(_fault("completed_orders", field="filled", value=value, row_account="DU2"))
    assert completed(client) == [("DU1", "Filled", "10"), ("DU2", "Filled", value)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("request_name", "field", "old"),
    [
        ("all_open_orders", "quantity", "3"),
        ("all_open_orders", "perm_id", "801"),
        ("completed_orders", "quantity", "0"),
        ("completed_orders", "filled", "5"),
        ("completed_orders", "perm_id", "1500000002"),
        ("executions", "quantity", "5"),
        ("executions", "perm_id", "1500000002"),
        ("positions", "quantity", "55"),
        ("positions_multi", "quantity", "55"),
    ],
)
def test_one_field_of_another_account_s_row_is_no_number(
    request_name: str, field: str, old: str, version: int
) -> None:
    question = QUESTIONS[request_name]
    whole = _traded(version=version).ask(*question)
    spoilt = _traded(_fault(request_name, field=field, value="many", row_account="DU2"), version=version).ask(
        *question
    )
    changed = [pair for pair in zip(whole, spoilt, strict=True) if pair[0] != pair[1]]
    assert len(changed) == 1
    ((before, after),) = changed
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [(old, "many")]
    assert "DU2" in after


def test_rows_of_one_symbol_are_spoilt() -> None:
    client = _traded(_fault("executions", field="quantity", value="?", row_symbol="VTI"))
    rows = [row for row in client.ask(*QUESTIONS["executions"]) if row[0] == "11"]
    assert [row[19] for row in rows] == ["?", "5"]


def test_only_the_nth_list_is_spoilt() -> None:
    client = _traded(_fault("completed_orders", field="filled", value="", occurrence=2))
    shown = [[quantity for _, _, quantity in completed(client)] for _ in range(3)]
    assert shown == [["10", "5"], ["", ""], ["10", "5"]]


def test_a_spoilt_field_needs_a_name() -> None:
    with pytest.raises(SimError, match=r"fault\[1\].field: is required with action = \"field\""):
        order_world(table("fault", request="positions", action="field"))


@pytest.mark.parametrize("action", ["twice", "stray"])
def test_only_rows_with_the_id_of_their_request_come_again(action: str) -> None:
    with pytest.raises(
        SimError, match=rf"fault\[1\].action: {action} is for positions_multi and account_updates"
    ):
        order_world(table("fault", request="positions", action=action))


@pytest.mark.parametrize(
    ("action", "shown"), [("twice", [("5", "9"), ("5", "55")]), ("stray", [("5", "55"), ("900000", "9")])]
)
def test_a_position_comes_again_as_an_older_row_or_as_that_of_another_request(
    action: str, shown: list[tuple[str, str]]
) -> None:
    fault = table(
        "fault", request="positions_multi", action=action, field="quantity", value="9", row_symbol="BND"
    )
    rows = _traded(fault).ask(*QUESTIONS["positions_multi"])[:-1]
    assert [(row[2], row[15]) for row in rows if row[5] == "BND"] == shown
    assert len(rows) == 2 + len([row for row in rows if row[5] != "BND"])


def test_the_real_client_loses_the_row_it_cannot_read(library: Any, caplog: pytest.LogCaptureFixture) -> None:
    trade = incident(when="start", account="DU2", does="buy", what="BND", quantity="5")
    fault = _fault("completed_orders", field="quantity", value="many", row_account="DU2")
    other = incident(when="start", account="DU1", does="buy", what="BND", quantity="6")

    async def run() -> Any:
        with start(order_world(trade, other, fault), clock=fixed_clock) as gateway:
            async with connected(library, gateway) as ib:
                await ib.reqCurrentTimeAsync()
                return [row.order.account for row in await ib.reqCompletedOrdersAsync(False)]

    assert asyncio.run(run()) == ["DU1"]
    assert "many" in caplog.text
