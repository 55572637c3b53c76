from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from rebalplan.sim import SimError, describe, load_scenario, reset, start
from rebalplan.sim.accounts import state as state_file
from rebalplan.sim.accounts.book import Book

from .support import WORLD, world


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "er" / "sim.json"


def test_the_first_start_creates_folder_and_file(path: Path) -> None:
    with start(world(), state=path):
        assert path.exists()
    document = json.loads(path.read_text(encoding="utf-8"))
    assert (document["format_version"], document["book"]["next_order_id"]) == (2, 7)
    assert document["book"]["accounts"][0]["cash"][0] == {"currency": "USD", "amount": "1000.50"}


def test_a_book_survives_the_file(path: Path) -> None:
    path.parent.mkdir(parents=True)
    state = msgspec.structs.replace(Book(world()).state(), next_order_id=99)
    state_file.write_state(path, world(), state)
    assert state_file.read_state(path, world()) == state
    assert sorted(item.name for item in path.parent.iterdir()) == ["sim.json"]


def test_what_the_file_remembers_is_what_the_gateway_has(path: Path) -> None:
    reset(world(), path)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["book"]["accounts"][0]["cash"][0]["amount"] = "77.00"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert str(describe(world(), path).accounts[0].cash[0].amount) == "77.00"
    assert str(describe(world(), None).accounts[0].cash[0].amount) == "1000.50"


def test_a_reset_forgets_what_happened(path: Path) -> None:
    path.parent.mkdir(parents=True)
    state = msgspec.structs.replace(Book(world()).state(), next_order_id=99)
    state_file.write_state(path, world(), state)
    reset(world(), path)
    assert state_file.read_state(path, world()) == Book(world()).state()


def test_a_changed_scenario_is_refused_until_a_reset(path: Path) -> None:
    reset(world(), path)
    changed = world(base=WORLD.replace("312.40", "300"))
    with pytest.raises(SimError, match="rebal sim reset"):
        start(changed, state=path)
    with pytest.raises(SimError, match="rebal sim reset"):
        describe(changed, path)
    reset(changed, path)
    with start(changed, state=path) as gateway:
        assert gateway.port > 0


def test_a_refused_start_leaves_the_file_free(path: Path) -> None:
    reset(world(), path)
    with pytest.raises(SimError):
        start(load_scenario(None), state=path)
    with start(world(), state=path) as gateway:
        assert gateway.port > 0


def test_a_file_in_use_is_named(path: Path) -> None:
    with start(world(), state=path):
        for use in (lambda: start(world(), state=path), lambda: reset(world(), path)):
            with pytest.raises(SimError, match=r"sim\.json is in use by another process"):
                use()
        assert describe(world(), path).name == "test"
    with start(world(), state=path) as again:
        assert again.port > 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"format_version": 2}',
        b'{"format_version": "1"}',
    ],
)
def test_a_file_that_is_something_else_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(SimError, match="no state file of a simulation and is left as it is"):
        state_file.read_state(path, world())
    with pytest.raises(SimError, match="no state file of a simulation and is left as it is"):
        reset(world(), path)
    assert path.read_bytes() == content


def test_a_damaged_file_is_refused_with_the_way_out(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"format_version": 2, "scenario": "", "scenario_sha256": "", "book": {}}')
    with pytest.raises(SimError, match=r"is damaged: .*rebal sim reset"):
        state_file.read_state(path, world())
    reset(world(), path)
    assert state_file.read_state(path, world()) is not None


def test_another_format_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text('{"format_version": 3}', encoding="utf-8")
    with pytest.raises(SimError, match="format 3, this version writes 2"):
        state_file.read_state(path, world())


def test_a_position_in_an_unknown_instrument_is_refused(path: Path) -> None:
    reset(world(), path)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["book"]["accounts"][0]["positions"][0]["con_id"] = 999
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SimError, match="rebal sim reset"):
        state_file.read_state(path, world())


def test_a_folder_in_the_way_is_an_error_and_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SimError):
        start(world(), state=tmp_path / "file" / "sim.json")
    with pytest.raises(SimError):
        reset(world(), tmp_path)
