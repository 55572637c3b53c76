"""What a gateway remembers of orders: the state file, the ledger, a restart."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebalplan.sim import Gateway, SimError, describe, reset, start
from rebalplan.sim.accounts import state as state_file
from rebalplan.sim.accounts.book import Book
from rebalplan.sim.gateway import _saver
from rebalplan.sim.orders import timing
from rebalplan.sim.shared import Shared

from .orders import Room, adaptive, behaviour, cancel, errors, order_world, place, statuses
from .support import ids

NEVER = behaviour(fills=0, symbol="BND")


def _durable_room(path: Path, *extra: str) -> Room:
    """Return a room whose book is saved to the file, going on with what that says."""
    scenario = order_world(*extra)
    room = Room(scenario)
    book = Book(scenario, state_file.read_state(path, scenario))
    room.shared = Shared(scenario, book, read_only=False, save=_saver(path, scenario, book))
    room.deliver(timing.resume(room.instant()), None)
    return room


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sim.json"


def _busy_room(path: Path, *extra: str) -> Room:
    room = _durable_room(path, NEVER, *extra)
    client = room.join()
    client.ask(*place(1, ref="filled", **adaptive()))
    client.ask(*place(2, symbol="BND", ref="working"))
    client.ask(*place(3, symbol="BND", ref="cancelled"))
    client.ask(*cancel(3))
    client.ask(*place(4, quantity="999999", ref="rejected"))
    client.ask(*place(5, account="", ref="refused"))
    client.ask(*place(6, what_if="1"))
    return room


def test_a_restarted_gateway_shows_everything_again(path: Path) -> None:
    before = _busy_room(path)
    after = _durable_room(path, NEVER)
    assert after.book.state() == before.book.state()
    client = after.join()
    after.now = before.now
    assert ids(client.ask("5", "1")) == [5, 3, 53]
    assert ids(client.ask("99", "0")) == [101, 101, 101, 102]
    assert ids(client.ask("7", "3", "4")) == [11, 59, 55]
    assert client.ask("8", "1", "1") == [("9", "1", "5")]
    assert after.book.held("DU1", 11).quantity == 110


def test_ids_go_on_where_they_were(path: Path) -> None:
    _busy_room(path)
    room = _durable_room(path, NEVER)
    told = room.join().ask(*place(9))
    assert told[2][14] == "0000e0d5.00000002.01.01"
    assert told[1][6] == "1500000005"


def test_moved_prices_are_remembered(path: Path) -> None:
    impact = "[orders]\nmarket_impact_bps = '100'\n"
    _busy_room(path, impact)
    assert str(_durable_room(path, NEVER, impact).book.instruments[11].quote.ask) == "101.1010"


def test_the_ledger_has_every_message_in_order(path: Path) -> None:
    _busy_room(path)
    ledger = describe(order_world(NEVER), path).ledger
    assert [(entry.kind, entry.order_id, entry.order_ref, entry.outcome[:12]) for entry in ledger] == [
        ("place", 1, "filled", "accepted"),
        ("place", 2, "working", "accepted"),
        ("place", 3, "cancelled", "accepted"),
        ("cancel", 3, "cancelled", "accepted"),
        ("place", 4, "rejected", "refused 201:"),
        ("place", 5, "refused", "refused 435:"),
        ("what_if", 6, "", "accepted"),
    ]
    first = ledger[0]
    assert (first.client_id, first.account, first.symbol, first.side) == (1, "DU1", "VTI", "BUY")
    assert (first.quantity, first.order_type, first.algo, first.tif) == (
        Decimal(10),
        "MKT",
        "Adaptive",
        "DAY",
    )
    assert (first.perm_id, first.time.isoformat()) == (1500000001, "2026-11-24T15:00:02+00:00")


def test_a_cancel_is_in_the_ledger_with_the_terms_of_its_order(path: Path) -> None:
    _busy_room(path)
    place_entry, cancel_entry = describe(order_world(NEVER), path).ledger[2:4]
    assert (cancel_entry.account, cancel_entry.symbol, cancel_entry.side) == ("DU1", "BND", "BUY")
    assert (cancel_entry.quantity, cancel_entry.perm_id) == (place_entry.quantity, place_entry.perm_id)


def test_the_description_shows_working_orders_and_holdings(path: Path) -> None:
    _busy_room(path)
    account = describe(order_world(NEVER), path).accounts[0]
    assert [(order.symbol, order.order.order_ref) for order in account.orders] == [("BND", "working")]
    assert account.positions[0].quantity == 110


def test_the_description_has_every_order_and_execution(path: Path) -> None:
    _busy_room(path)
    world = describe(order_world(NEVER), path)
    assert [(found.symbol, found.order.order_ref, found.order.status) for found in world.orders] == [
        ("VTI", "filled", "Filled"),
        ("BND", "working", "Submitted"),
        ("BND", "cancelled", "Cancelled"),
        ("VTI", "rejected", "Inactive"),
    ]
    ((symbol, execution),) = [(found.symbol, found.execution) for found in world.executions]
    assert (symbol, execution.order_ref, execution.price) == ("VTI", "filled", Decimal("100.10"))
    assert (execution.account, execution.commission) == ("DU1", Decimal("1.00"))


def test_a_gateway_describes_itself_while_it_runs_and_after(path: Path) -> None:
    _busy_room(path)
    with start(order_world(NEVER), state=path) as gateway:
        running = gateway.describe()
    assert running == gateway.describe() == describe(order_world(NEVER), path)


def test_a_reset_forgets_orders_and_ledger(path: Path) -> None:
    _busy_room(path)
    reset(order_world(NEVER), path)
    assert describe(order_world(NEVER), path).ledger == ()
    assert _durable_room(path, NEVER).book.orders == []


def test_the_book_is_durable_before_a_reply_leaves(path: Path) -> None:
    room = _durable_room(path)
    client = room.join()
    seen: list[str] = []
    deliver = room.deliver

    def look(replies: Any, asking: Any) -> None:
        seen.append(
            json.loads(path.read_text(encoding="utf-8"))["book"]["trading"]["ledger"][-1]["order_ref"]
        )
        deliver(replies, asking)

    room.deliver = look  # type: ignore[method-assign]
    client.ask(*place(1, ref="one"))
    client.ask(*place(2, ref="two", account=""))
    assert seen == ["one", "two"]


def test_what_cannot_be_made_durable_is_not_acknowledged(path: Path) -> None:
    room = _durable_room(path)
    client = room.join()
    path.with_name("sim.json.tmp").mkdir()
    assert client.ask(*place()) == []
    assert client.closed


def test_a_delayed_fill_goes_on_after_a_restart(path: Path) -> None:
    slow = behaviour(after_sec="5", parts=2)
    room = _durable_room(path, slow)
    room.join().ask(*place())
    room.wait(5)
    again = _durable_room(path, slow)
    client = again.join()
    assert statuses(client.ask("5", "1")) == [("Submitted", "5", "5")]
    assert statuses(again.wait(5)) == [("Filled", "10", "0")]


@pytest.mark.parametrize(("rolled_back", "next_id"), [("false", "42"), ("true", "7")])
def test_order_ids_after_a_restart(path: Path, rolled_back: str, next_id: str) -> None:
    extra = f"[gateway]\nnext_valid_id = 7\n[orders]\nroll_back_ids = {rolled_back}\n"
    client = _durable_room(path, extra).join()
    assert client.ask("8", "1", "1") == [("9", "1", "7")]
    client.ask(*place(41))
    again = _durable_room(path, extra)
    client = again.join()
    assert client.ask("8", "1", "1") == [("9", "1", next_id)]
    told = client.ask(*place(41))
    if rolled_back == "true":
        assert ids(told) == [5, 3, 11, 59, 5, 3]
        assert len({order.perm_id for order in again.book.trading.orders()}) == 2
    else:
        assert errors(told)[0][1] == 104


def test_an_order_from_before_a_roll_back_can_be_cancelled(path: Path) -> None:
    extra = "[orders]\nroll_back_ids = true\n"
    _durable_room(path, NEVER, extra).join().ask(*place(1, symbol="BND"))
    client = _durable_room(path, NEVER, extra).join()
    assert statuses(client.ask(*cancel(1))) == [("Cancelled", "0", "10")]


def test_an_id_that_was_rolled_back_is_free_although_its_old_order_still_works(path: Path) -> None:
    extra = "[orders]\nroll_back_ids = true\n"
    _durable_room(path, NEVER, extra).join().ask(*place(1, symbol="BND", ref="old"))
    room = _durable_room(path, NEVER, extra)
    client = room.join()
    assert ids(client.ask(*place(1, symbol="BND", ref="new"))) == [5, 3]
    assert [order.order_ref for order in room.book.orders] == ["old", "new"]
    client.ask(*cancel(1))
    assert [order.order_ref for order in room.book.orders] == ["old"]


def test_a_state_without_orders_is_one_in_which_nothing_happened(path: Path) -> None:
    reset(order_world(), path)
    document = json.loads(path.read_text(encoding="utf-8"))
    del document["book"]["trading"], document["book"]["prices"], document["book"]["accounts"][0]["unsettled"]
    path.write_text(json.dumps(document), encoding="utf-8")
    assert state_file.read_state(path, order_world()) is not None
    assert _durable_room(path).book.state() == Book(order_world()).state()


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [("orders", "con_id", 99), ("orders", "account", "DU9"), ("executions", "con_id", 99)],
)
def test_an_order_of_another_scenario_is_refused(path: Path, where: str, key: str, value: object) -> None:
    _busy_room(path)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["book"]["trading"][where][0][key] = value
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SimError, match="rebal sim reset"):
        state_file.read_state(path, order_world(NEVER))


def test_the_running_gateway_has_the_ledger_of_earlier_runs(path: Path) -> None:
    _busy_room(path)
    with start(order_world(NEVER), state=path) as gateway:
        assert isinstance(gateway, Gateway)
        assert len(gateway.ledger) == 7


def test_the_orders_of_the_scenario_can_be_cancelled(path: Path) -> None:
    order = '\n[[account.order]]\nsymbol = "BND"\nside = "BUY"\nquantity = "3"\nclient_id = 1\norder_id = 4\n'
    room = _durable_room(path, order)
    assert statuses(room.join().ask(*cancel(4))) == [("Cancelled", "0", "3")]
    assert _durable_room(path, order).book.orders == []
