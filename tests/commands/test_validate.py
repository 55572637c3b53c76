"""``rebal validate``: the input files, and what the broker knows of them."""

from __future__ import annotations

import json
from typing import Any

from tests.cli import Workspace


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
        "problems": [],
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
