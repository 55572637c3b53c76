"""The list of keys is the one the reader reads by, and the gateway says which faults were reached."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import msgspec
import pytest

from rebalplan.render.sim_faults import render_keys
from rebalplan.sim import FaultKey, FaultView, SimError, fault_keys, faults_of, load_scenario, reset, start
from rebalplan.sim.orders.incident_model import Handshake, Incident
from rebalplan.sim.orders.order_model import Behaviour, OrderSettings
from rebalplan.sim.scenario.fault_list import TABLES
from rebalplan.sim.scenario.keys import Key, KeyTable
from rebalplan.sim.scenario.model import Fault, GatewaySettings, Quote
from rebalplan.sim.scenario.read import parse_scenario
from rebalplan.sim.wire.frames import encode
from tests.cli import Workspace
from tests.scenarios import fault, use_scenario

from .orders import behaviour, incident, order_world, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"
SMALL = """
[[instrument]]
con_id = 11
symbol = "VTI"
last = "100"
[[instrument]]
con_id = 12
symbol = "BND"
last = "50"
[[account]]
id = "DU1000002"
[[account]]
id = "DU1000001"
"""
EXAMPLES = [(of, key) for of in TABLES for key in of.keys]


@pytest.mark.parametrize(("of", "key"), EXAMPLES, ids=[f"{of.header}-{key.name}" for of, key in EXAMPLES])
def test_every_example_is_a_table_that_loads_and_sets_the_key(of: KeyTable, key: Key) -> None:
    example = of.example(key)
    assert example.splitlines()[0] == of.header
    assert example.splitlines()[-1] == f"{key.name} = {key.example}"
    with_it = parse_scenario(f"{SMALL}{example}\n", "x.toml")
    without = parse_scenario(SMALL, "x.toml")
    assert msgspec.structs.replace(with_it, sha256="") != msgspec.structs.replace(without, sha256="")


@pytest.mark.parametrize(
    ("header", "struct", "else_named"),
    [
        ("[orders]", OrderSettings, {}),
        ("[[behaviour]]", Behaviour, {"label": None}),
        ("[[incident]]", Incident, {"label": None}),
        ("[[handshake]]", Handshake, {"label": None}),
        ("[[fault]]", Fault, {"label": None, "delay_sec": "seconds"}),
        ("[gateway]", GatewaySettings, {"name": None}),
        ("[[instrument]]", Quote, {}),
    ],
)
def test_every_field_has_its_key(
    header: str, struct: type[msgspec.Struct], else_named: dict[str, str | None]
) -> None:
    (of,) = [found for found in TABLES if found.header == header]
    fields = [else_named.get(field, field) for field in struct.__struct_fields__]
    assert sorted(key.name for key in of.keys) == sorted(field for field in fields if field)


def test_a_key_is_described_once_and_in_sentences() -> None:
    keys = fault_keys()
    assert len({(key.table, key.name) for key in keys}) == len(keys)
    assert all(re.match(r"[A-Za-z].*\.\Z", key.about) for key in keys)
    assert {key.group for key in keys} == {"orders", "connection", "accounts", "data"}


def test_the_document_has_what_the_command_prints(workspace: Workspace) -> None:
    listed = DOCUMENT.read_text(encoding="utf-8").partition("```text\n")[2].partition("\n```")[0]
    assert listed == render_keys(fault_keys())
    assert workspace.ok("sim", "faults").startswith(listed)
    assert max(len(line) for line in listed.splitlines()) <= 80


def test_without_faults_the_command_says_so(workspace: Workspace) -> None:
    assert workspace.ok("sim", "faults").endswith("Faults of the built-in scenario: none.\n")


def test_the_command_says_what_was_reached_and_what_never(sample: Workspace) -> None:
    use_scenario(
        sample,
        extra=fault("contract_details", "delay", seconds="0")
        + fault("positions", "silent", account="", occurrence=900)
        + behaviour(on="cancel", symbol="VTI", late_shares="7", late_listed_after_sec="5"),
    )
    before = sample.ok("sim", "faults")
    assert "Reached:\nnone\n" in before
    sample.ok("plan")
    after = sample.ok("sim", "faults").partition("Faults of ")[2].splitlines()[2:]
    assert after[0] == "Reached:"
    assert re.match(r"\d+ times: fault\[1\] \(request contract_details, action delay\)\Z", after[1])
    assert after[2:] == [
        "",
        "Never reached:",
        "behaviour[1] (on cancel, symbol VTI, late_shares 7, late_listed_after_sec 5)",
        "behaviour[1].late_shares (the shares executed after the cancel)",
        "fault[2] (request positions, action silent, occurrence 900)",
    ]
    sample.ok("sim", "reset")
    assert "Reached:\nnone\n" in sample.ok("sim", "faults")


def test_the_json_has_every_key_and_every_fault(sample: Workspace) -> None:
    use_scenario(sample, extra=fault("positions", "silent"))
    document = json.loads(sample.ok("sim", "faults", "--json"))
    assert document["faults"] == [
        {"fault": "fault[1]", "settings": "request positions, action silent", "reached": 0}
    ]
    keys = tuple(msgspec.convert(key, FaultKey) for key in document["keys"])
    assert keys == fault_keys()


def test_what_was_reached_is_kept_beside_the_book(tmp_path: Path) -> None:
    scenario, path = order_world(table("handshake", before=["1100"])), tmp_path / "sim.json"
    for count in (0, 1):
        with start(scenario, state=path) as gateway:
            assert gateway.reached.get("handshake[1]", 0) == count
            _shake_hands(gateway.host, gateway.port)
    view = FaultView(fault="handshake[1]", settings="before 1100", reached=2)
    assert faults_of(scenario, path) == (view,)
    reset(scenario, path)
    assert faults_of(scenario, path)[0].reached == 0


def _shake_hands(host: str, port: int) -> None:
    versions = b"v157..176"
    with socket.create_connection((host, port), timeout=5) as wire:
        wire.sendall(b"API\0" + len(versions).to_bytes(4, "big") + versions)
        wire.sendall(encode(("71", "2", "42", "")))
        data = b""
        while b"2158" not in data:
            data += wire.recv(65536)


def test_every_kind_of_fault_is_configured_under_its_table() -> None:
    scenario = order_world(
        behaviour(fills=0),
        incident(when="placed", does="cancel", late_shares="1"),
        table("handshake", later=["1102"], client_id=3),
        table("fault", request="positions", action="delay", seconds="2"),
    )
    assert [(view.fault, view.settings) for view in faults_of(scenario, None)] == [
        ("behaviour[1]", "fills 0"),
        ("incident[1]", "when placed, does cancel, late_shares 1"),
        ("incident[1].late_shares", "the shares executed after the cancel"),
        ("handshake[1]", "client_id 3, later 1102"),
        ("handshake[1].later", "the later notices were sent"),
        ("fault[1]", "request positions, action delay, seconds 2"),
    ]


def test_a_state_of_another_scenario_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sim.json"
    reset(order_world(), path)
    with pytest.raises(SimError, match="rebal sim reset"):
        faults_of(load_scenario(None), path)
