"""The command line itself: help, completion, the version and what an interruption says."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest
import shellingham  # type: ignore[import-untyped]  # typer comes with it

from rebalplan.commands import app
from rebalplan.commands.cli.sim import app as sim
from tests.cli import Workspace

COMMANDS = [command.name or "" for command in app.registered_commands]
OF_SIM = [
    command.name or command.callback.__name__ for command in sim.registered_commands if command.callback
]
PAGES = [(), ("sim",), *((name,) for name in COMMANDS), *(("sim", name) for name in OF_SIM)]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("page", PAGES)
def test_help_fits_eighty_columns_and_names_values_by_what_they_are(
    workspace: Workspace, page: tuple[str, ...]
) -> None:
    text = workspace.ok(*page, "--help")
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.replace("[ARGS]...", "").replace("[COMMAND]...", "")
    assert not re.search("<[a-z]", text)
    assert "{" not in text
    assert workspace.ok(*page, "-h") == text
    assert workspace.ok("help", *page) == text


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize(("page", "names"), [((), [*COMMANDS, "sim"]), (("sim",), OF_SIM)])
def test_each_command_is_listed_with_a_whole_sentence(
    workspace: Workspace, page: tuple[str, ...], names: list[str]
) -> None:
    listed = workspace.ok(*page, "--help").partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == names
    assert all(line.endswith(".") for line in listed)


def test_diff_asks_for_an_old_and_a_new_plan(workspace: Workspace) -> None:
    assert workspace.ok("diff", "--help").startswith("Usage: rebal diff [OPTIONS] OLD NEW\n")
    assert "Missing argument 'NEW'" in workspace.run("diff", "one").err


def test_the_version_is_a_command_and_an_option(workspace: Workspace) -> None:
    assert workspace.ok("version") == workspace.ok("--version")


def test_help_of_an_unknown_command_is_a_usage_error(workspace: Workspace) -> None:
    result = workspace.run("help", "aply")
    assert (result.code, "No such command 'aply'" in result.err) == (64, True)


SCRIPTS = {
    "bash": "complete -o default -F _rebal_completion rebal",
    "zsh": "#compdef rebal",
    "fish": "complete --command rebal ",
    "powershell": "Register-ArgumentCompleter -Native -CommandName rebal",
    "pwsh": "Register-ArgumentCompleter -Native -CommandName rebal",
}


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_shell_gets_its_own_script_whichever_is_running(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    script = workspace.ok("--show-completion", shell)
    assert [mark in script for mark in SCRIPTS.values()] == [
        mark == SCRIPTS[shell] for mark in SCRIPTS.values()
    ]
    assert f"_REBAL_COMPLETE=complete_{shell}" in script.replace(' = "', "=").replace(
        "pwsh", "powershell"
    ) or (shell == "pwsh")


def test_without_a_name_the_running_shell_gets_its_script(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("fish", "/bin/fish"))
    assert workspace.ok("--show-completion") == workspace.ok("--show-completion", "fish")


def test_without_a_shell_one_must_be_named(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> tuple[str, str]:
        raise shellingham.ShellDetectionFailure

    monkeypatch.setattr("shellingham.detect_shell", fail)
    result = workspace.run("--show-completion")
    assert (result.code, "requires an argument" in result.err) == (64, True)


@pytest.mark.parametrize(
    "asked",
    [
        {"_REBAL_COMPLETE": "complete_bash", "COMP_WORDS": "rebal va", "COMP_CWORD": "1"},
        {"_REBAL_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "rebal va"},
        {
            "_REBAL_COMPLETE": "complete_fish",
            "_TYPER_COMPLETE_ARGS": "rebal va",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        },
        {
            "_REBAL_COMPLETE": "complete_powershell",
            "_TYPER_COMPLETE_ARGS": "rebal va",
            "_TYPER_COMPLETE_WORD_TO_COMPLETE": "va",
        },
    ],
)
def test_what_a_script_asks_for_is_answered(asked: dict[str, str]) -> None:
    command = [sys.executable, "-m", "rebalplan"]
    answer = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True, check=True)
    assert "validate" in answer.stdout
    assert "verify" not in answer.stdout


def interrupt(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("command", "place", "said"),
    [
        (("plan",), "actions.plan.make_plan", "Interrupted: nothing was sent."),
        (("verify", "latest"), "actions.verify.check_plan", "Interrupted: nothing was sent."),
        (
            ("apply", "latest"),
            "actions.apply.apply_plan",
            "Interrupted. `rebal status PLAN` says what was sent",
        ),
        (
            ("resolve", "rb-1"),
            "actions.resolve.resolve_order",
            "Interrupted. `rebal status PLAN` says what was rec",
        ),
        (("sim", "serve"), "logs.quiet_logs", "Stopped."),
    ],
)
def test_an_interruption_says_what_it_means_for_orders(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], place: str, said: str
) -> None:
    module, _dot, name = place.rpartition(".")
    monkeypatch.setattr(importlib.import_module(f"rebalplan.commands.{module}"), name, interrupt)
    result = workspace.run(*command)
    assert (result.code, result.err.strip().startswith(said), result.err.count("\n")) == (130, True, 2)


@pytest.mark.skipif(os.name == "nt", reason="there a signal ends the process at once")
def test_ctrl_c_in_a_process_of_its_own_is_told_and_is_130(workspace: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        workspace.ok("init")
        workspace.edit("settings.ini", "mode = sim", f"mode = tws\nport = {port}")
        program = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {_MAIN}"
        process = subprocess.Popen([sys.executable, "-c", program, "plan"], stderr=subprocess.PIPE, text=True)
        silent.settimeout(30)
        with silent.accept()[0]:
            process.send_signal(signal.SIGINT)
            _out, err = process.communicate(timeout=30)
    assert (process.returncode, err.strip()) == (130, "Interrupted: nothing was sent.")


_MAIN = "from rebalplan.commands import main; main()"


def test_explain_has_its_steps_and_figures_as_json(sample: Workspace) -> None:
    sample.ok("plan")
    text = sample.ok("explain", "latest", "DU1000001", "VTI")
    found = json.loads(sample.ok("explain", "latest", "DU1000001", "VTI", "--json"))
    assert found["plan"] == sample.plans()[0].stem
    assert text.startswith(f"VTI in DU1000001: {found['outcome']}\n")
    assert all(sentence in text for sentence in found["steps"].values())
    assert (found["line"]["trade"], found["quote"]["symbol"]) == ("-84", "VTI")
    cash = json.loads(sample.ok("explain", "latest", "DU1000001", "CASH", "--json"))
    assert (cash["symbol"], cash["line"], cash["quote"]) == ("CASH", None, None)


def test_sim_show_has_the_world_or_the_orders_as_json(sample: Workspace) -> None:
    world = json.loads(sample.ok("sim", "show", "--json"))
    assert [account["id"] for account in world["accounts"]] == ["DU1000001", "DU1000002", "DU1000003"]
    assert json.loads(sample.ok("sim", "show", "--orders", "--json")) == []
