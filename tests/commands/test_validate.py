"""``rebal validate``: the input files, and what the broker knows of them."""

from __future__ import annotations

import json
import os
import socket
from typing import Any

import pytest

from tests.cli import Workspace
from tests.scenarios import point_at


def answer(workspace: Workspace, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(workspace.run("validate", "--json", *arguments).out)
    return found


def test_the_sample_files_are_valid(sample: Workspace) -> None:
    out = sample.ok("validate")
    assert out.startswith("DU1000001: 14 target weights from ")
    assert out.endswith("The files are valid (mode sim).\n")


def test_online_the_broker_knows_accounts_and_symbols(sample: Workspace) -> None:
    assert sample.ok("validate", "--online").endswith(
        "The files, accounts and symbols are valid (mode sim).\n"
    )


def test_every_problem_of_both_files_is_named_with_its_place(sample: Workspace) -> None:
    sample.edit("settings.ini", "confirm_mode = per_account", "confirm_mode = perhaps")
    sample.edit("portfolios.csv", "GLD,,,20", "GLD,,,x")
    result = sample.run("validate")
    assert (result.code, result.out) == (1, "")
    assert "settings.ini:" in result.err


def test_an_account_that_the_gateway_does_not_know_is_a_problem_online(sample: Workspace) -> None:
    sample.edit("settings.ini", "DU1000003", "DU1000009")
    sample.ok("validate")
    result = sample.run("validate", "--online")
    assert result.code == 1
    assert "DU1000009" in result.err


def test_json_of_valid_files(sample: Workspace) -> None:
    assert answer(sample) == {
        "valid": True,
        "mode": "sim",
        "accounts": ["DU1000001", "DU1000002", "DU1000003"],
        "confirm_mode": "per_account",
        "problems": [],
        "warnings": [],
        "broker_problems": [],
    }


def test_json_of_problems_has_their_places(sample: Workspace) -> None:
    sample.edit("portfolios.csv", "GLD,,,20", "GLD,,,x")
    found = answer(sample)
    (problem,) = [p for p in found["problems"] if p["column"] == 4 and "number" in p["message"]]
    assert problem["file"] == "portfolios.csv"
    assert problem["line"] > 1
    assert (found["valid"], sample.run("validate", "--json").code) == (False, 1)


def test_json_of_what_the_broker_does_not_know(sample: Workspace) -> None:
    sample.edit("settings.ini", "DU1000003", "DU1000009")
    found = answer(sample, "--online")
    assert (found["valid"], found["problems"]) == (False, [])
    assert "DU1000009" in found["broker_problems"][0]


def test_json_of_a_gateway_that_is_not_there_is_json_too(sample: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    point_at(sample, port)
    found = answer(sample, "--online")
    assert (found["valid"], found["accounts"][0], found["problems"]) == (False, "DU1000001", [])
    assert f"nothing answers at 127.0.0.1:{port}" in found["broker_problems"][0]


def test_json_of_warnings_has_their_places_and_severity(sample: Workspace) -> None:
    sample.edit("settings.ini", "max_order_usd = 250000", "max_order_usd = 250000\nmax_ordr_usd = 100")
    found = answer(sample)
    (warning,) = found["warnings"]
    assert found["valid"]
    assert (warning["file"], warning["severity"], warning["section"]) == ("settings.ini", "warning", "limits")
    assert warning["line"] == line_of(sample, "max_ordr_usd")
    assert warning["may_protect"]
    assert "max_ordr_usd" in warning["message"]


def test_json_keeps_errors_and_warnings_apart(sample: Workspace) -> None:
    sample.edit("settings.ini", "max_leverage = 1.5", "max_leverage = 1.5\nprefer_rth = true")
    sample.edit("settings.ini", "min_order_usd = 500", "min_order_usd = lots")
    found = answer(sample)
    assert [(p["line"], p["severity"]) for p in found["problems"]] == [
        (line_of(sample, "min_order_usd"), "error")
    ]
    assert [(p["line"], p["severity"]) for p in found["warnings"]] == [
        (line_of(sample, "prefer_rth"), "warning")
    ]


def line_of(workspace: Workspace, start: str) -> int:
    lines = (workspace.folder / "settings.ini").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if line.startswith(start))


@pytest.mark.parametrize(
    "edit",
    [("portfolios.csv", "GLD,,,20", "GLD,,,x"), ("settings.ini", ";state =", "state = portfolios.csv ;")],
)
def test_json_has_the_warnings_of_the_settings_beside_errors_elsewhere(
    sample: Workspace, edit: tuple[str, str, str]
) -> None:
    sample.edit("settings.ini", "max_order_usd = 250000", "max_ordr_usd = 100")
    sample.edit(*edit)
    found = answer(sample)
    (warning,) = found["warnings"]
    assert found["problems"]
    assert "max_ordr_usd" in warning["message"]


@pytest.mark.skipif(os.name == "nt", reason="there is no /proc")
def test_a_state_that_cannot_be_written_is_an_error_of_the_settings(sample: Workspace) -> None:
    sample.edit("settings.ini", ";state = .rebal/sim.json", "state = /proc/nowhere/sim.json")
    result = sample.run("validate")
    assert result.code == 1
    assert "state: no file can be written to /proc/nowhere (" in result.err


def test_json_of_a_file_that_is_not_there_is_json_too(workspace: Workspace) -> None:
    found = answer(workspace)
    assert not found["valid"]
    assert found["problems"][0]["file"] == "settings.ini"
    assert "no such file" in found["problems"][0]["message"]


def test_the_accounts_and_the_confirmation_are_printed_in_the_file_s_order(sample: Workspace) -> None:
    sample.edit("settings.ini", "DU1000001, DU1000002, DU1000003", "DU1000003, DU1000001, DU1000002")
    sample.edit("settings.ini", "confirm_mode = per_account", "confirm_mode = global")
    assert "Accounts in this order: DU1000003, DU1000001, DU1000002\nConfirmation: global\n" in sample.ok(
        "validate"
    )


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("plan_dir", "portfolios.csv", "no file can be written to portfolios.csv (portfolios.csv is a file)"),
        (
            "report_dir",
            "portfolios.csv/x",
            "no file can be written to portfolios.csv/x (portfolios.csv is a file)",
        ),
        ("scenario", "none.toml", "the file none.toml is not there"),
        ("scenario", ".", "the file . is a folder"),
    ],
)
def test_what_cannot_work_later_is_a_problem_with_its_line(
    sample: Workspace, key: str, value: str, why: str
) -> None:
    default = {"plan_dir": "plans", "report_dir": "reports", "scenario": "none"}[key]
    sample.edit("settings.ini", f";{key} = {default}", f"{key} = {value}")
    before = sample.files()
    (problem,) = answer(sample)["problems"]
    assert problem["line"] == line_of(sample, key)
    assert problem["message"].startswith(f"{key}: {why}; ")
    assert sample.run("validate").code == 1
    assert sample.files() == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_that_cannot_be_written_to_is_a_problem(sample: Workspace) -> None:
    (sample.folder / "reports").mkdir(mode=0o500)
    (problem,) = answer(sample)["problems"]
    assert problem["message"].startswith(
        "report_dir: no file can be written to reports (reports: Permission denied)"
    )


def test_a_scenario_of_a_real_gateway_is_not_looked_for(sample: Workspace) -> None:
    sample.edit("settings.ini", ";scenario = none", "scenario = none.toml")
    sample.edit("settings.ini", "mode = sim", "mode = tws")
    sample.ok("validate")


def test_a_scenario_that_is_none_and_a_state_that_is_none_are_problems(sample: Workspace) -> None:
    sample.write("world.toml", "[gateway\n")
    sample.edit("settings.ini", ";scenario = none", "scenario = world.toml")
    (problem,) = answer(sample)["problems"]
    assert "world.toml is not valid TOML" in problem["message"]
    sample.edit("settings.ini", "scenario = world.toml", "scenario = none")
    sample.edit("settings.ini", ";state = .rebal/sim.json", "state = portfolios.csv")
    assert "portfolios.csv is no state file of a simulation" in sample.run("validate").err


def test_nothing_is_left_behind_by_a_look_at_the_folders(sample: Workspace) -> None:
    before = sorted(sample.folder.rglob("*"))
    sample.ok("validate")
    assert sorted(sample.folder.rglob("*")) == before
