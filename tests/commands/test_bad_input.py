"""Bad input gets one clear paragraph, a fixed exit code, and nothing is written."""

from __future__ import annotations

import errno
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from syrupy.assertion import SnapshotAssertion

from rebalplan.sim import load_scenario, start
from tests.cli import Result, Workspace
from tests.scenarios import fault, point_at, scenario_text, use_scenario
from tests.sweep import quick_first


def shown(result: Result) -> str:
    return f"exit {result.code.real}\n{result.out}{result.err}"


def no_settings(_workspace: Workspace) -> None:
    pass


def settings_is_a_directory(workspace: Workspace) -> None:
    (workspace.folder / "settings.ini").mkdir()


def settings_is_binary(workspace: Workspace) -> None:
    (workspace.folder / "settings.ini").write_bytes(bytes(range(256)) * 8)


def settings_is_empty(workspace: Workspace) -> None:
    workspace.ok("init")
    workspace.write("settings.ini", "")


def portfolios_is_missing(workspace: Workspace) -> None:
    workspace.ok("init")
    (workspace.folder / "portfolios.csv").unlink()


def portfolios_is_empty(workspace: Workspace) -> None:
    workspace.ok("init")
    workspace.write("portfolios.csv", "")


def portfolios_is_binary(workspace: Workspace) -> None:
    workspace.ok("init")
    (workspace.folder / "portfolios.csv").write_bytes(bytes(range(256)) * 8)


def weights_sum_to_99_9(workspace: Workspace) -> None:
    workspace.ok("init")
    workspace.write("portfolios.csv", "ETF,SMURF,BADASS,GLTR\nVTI,99.9,60,60\nBND,,40,40\n")


def a_model_is_missing_from_the_settings(workspace: Workspace) -> None:
    workspace.ok("init")
    workspace.edit("settings.ini", "GLTR = 0.25\n", "")


def weights_of_models_do_not_sum_to_one(workspace: Workspace) -> None:
    workspace.ok("init")
    workspace.edit("settings.ini", "GLTR = 0.25\n", "GLTR = 0.35\n")


def an_account_id_that_is_a_path(workspace: Workspace) -> None:
    workspace.ok("init")
    workspace.edit("settings.ini", "ids = DU1000001", "ids = ../x")


def no_account_ids(workspace: Workspace) -> None:
    workspace.ok("init")
    workspace.edit("settings.ini", "ids = DU1000001, DU1000002, DU1000003", "ids =")


def paper_and_live_accounts_together(workspace: Workspace) -> None:
    workspace.ok("init")
    workspace.edit("settings.ini", "mode = sim", "mode = tws")
    workspace.edit("settings.ini", "ids = DU1000001", "ids = U1000001")


def several_mistakes_at_once(workspace: Workspace) -> None:
    workspace.ok("init")
    workspace.edit("settings.ini", "min_order_usd = 500", "min_order_usd = lots")
    workspace.edit("settings.ini", "max_leverage = 1.5", "max_leverage = -1\nmax_levrage = 2")
    workspace.edit("settings.ini", "cash_buffer_pct = 1%", "cash_buffer_pct = 0.5")


def a_scenario_that_is_none(workspace: Workspace) -> None:
    workspace.ok("init")
    use_scenario(workspace)
    workspace.write("scenario.toml", "[gateway\n")


@pytest.mark.parametrize(
    "broken",
    [
        no_settings,
        settings_is_a_directory,
        settings_is_binary,
        settings_is_empty,
        portfolios_is_missing,
        portfolios_is_empty,
        portfolios_is_binary,
        weights_sum_to_99_9,
        a_model_is_missing_from_the_settings,
        weights_of_models_do_not_sum_to_one,
        an_account_id_that_is_a_path,
        no_account_ids,
        paper_and_live_accounts_together,
        several_mistakes_at_once,
        a_scenario_that_is_none,
    ],
)
def test_plan_refuses(
    workspace: Workspace, broken: Callable[[Workspace], None], screen: SnapshotAssertion
) -> None:
    broken(workspace)
    before = workspace.files()
    result = workspace.run("plan")
    assert result.code == 1
    assert "Traceback" not in result.err
    assert workspace.files() == before
    assert shown(result) == screen


def test_an_account_listed_twice_is_planned_once_with_a_warning(sample: Workspace) -> None:
    sample.edit("settings.ini", "DU1000002, DU1000003", "DU1000002, DU1000003, DU1000001")
    result = sample.run("plan", "--dry-run")
    assert result.code == 0
    assert result.err.startswith("Warning: settings.ini:")
    assert result.out.count("Account DU1000001 (") == 1


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Listen on a free port and treat every connection with ``answer``; yield the port."""
    server = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            held.append(connection)
            answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
        for connection in held:
            connection.close()


def never_answers(_connection: socket.socket) -> None:
    pass


def hangs_up(connection: socket.socket) -> None:
    connection.close()


def speaks_ssh(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-Server\r\n")


def speaks_http(connection: socket.socket) -> None:
    connection.recv(64)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def speaks_nonsense(connection: socket.socket) -> None:
    connection.recv(64)
    connection.sendall(b"\0\0\0\x05hello")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            never_answers,
            "accepted the connection but did not answer as a TWS API within 0.2 s: confirm the connection",
        ),
        (hangs_up, ": look whether TWS or IB Gateway is still logged in and trusts this machine"),
        (speaks_ssh, "is no TWS API: check [ibkr] host and port"),
        (speaks_http, "is no TWS API: check [ibkr] host and port"),
        (speaks_nonsense, "accepted the connection but did not answer as a TWS API within 0.2 s"),
    ],
)
def test_what_listens_on_the_port_is_no_gateway(
    sample: Workspace, answer: Callable[[socket.socket], None], words: str
) -> None:
    with listening(answer) as port:
        point_at(sample, port, timeout_sec="0.2")
        result = sample.run("plan")
    assert (result.code, result.out, sample.plans()) == (1, "", [])
    assert words in result.err
    assert result.err.startswith("Error: ")
    assert result.err.count("\n") == 1


def test_a_gateway_that_is_not_there(sample: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    point_at(sample, port)
    result = sample.run("plan")
    assert (result.code, result.out, sample.plans()) == (1, "", [])
    assert result.err == (
        f"Error: nothing answers at 127.0.0.1:{port} (Connection refused): start TWS or IB Gateway, enable its API "
        "(socket clients) and compare the port with [ibkr] port\n"
    )


def test_a_host_whose_name_nobody_knows_is_named_in_words(
    sample: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_asked: object, **_keys: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    point_at(sample, 4002)
    sample.edit("settings.ini", ";host = 127.0.0.1", "host = gateway.home.example")
    result = sample.run("plan")
    assert (result.code, result.out, sample.plans()) == (1, "", [])
    assert result.err == (
        "Error: this machine cannot find the host gateway.home.example (Name or service not known): correct [ibkr] "
        "host, or check the network and its name service (DNS)\n"
    )


@pytest.mark.parametrize("folder", [".", "reports"])
def test_a_state_that_is_a_folder_is_an_error_of_the_settings(sample: Workspace, folder: str) -> None:
    (sample.folder / "reports").mkdir()
    sample.edit("settings.ini", ";state = .rebal/sim.json", f"state = {folder}")
    for command in ("validate", "plan"):
        result = sample.run(command)
        assert result.code == 1
        assert f"state: {folder} is a folder; name a file, such as .rebal/sim.json" in result.err
        assert re.search(r"settings\.ini:\d+: state", result.err)


def test_a_state_below_a_file_is_an_error_of_the_settings(sample: Workspace) -> None:
    sample.edit("settings.ini", ";state = .rebal/sim.json", "state = portfolios.csv/a/b.json")
    assert "state: portfolios.csv is a file, so nothing can be in it" in sample.run("plan").err


@pytest.mark.parametrize("command", [("plan",), ("sim", "reset"), ("sim", "show")])
def test_a_state_that_is_another_file_is_refused_and_leaves_no_lock(
    sample: Workspace, command: tuple[str, ...]
) -> None:
    before = sample.files()
    sample.edit("settings.ini", ";state = .rebal/sim.json", "state = portfolios.csv")
    result = sample.run(*command)
    assert result.code == 1
    assert "portfolios.csv is no state file of a simulation and is left as it is" in result.err
    assert sample.files() == before


@pytest.mark.parametrize(
    "arguments",
    [("--expect", "0" * 12, "--yes"), ("--dry-run",), ("--yes",)],
    ids=["another plan", "a dry run", "read-only"],
)
def test_an_apply_that_sends_nothing_leaves_no_lock(sample: Workspace, arguments: tuple[str, ...]) -> None:
    sample.ok("plan")
    sample.edit("settings.ini", "read_only = false", "read_only = true")
    before = sample.files()
    sample.run("apply", "latest", *arguments)
    assert sample.files() == before


def test_a_gateway_that_is_not_there_is_waited_for_once_not_once_per_account(sample: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    point_at(sample, port)
    sample.clock.slept.clear()
    sample.run("plan")
    backoff, pacing = [0.5, 1.0, 2.0], [1.0, 1.0]
    assert sample.clock.slept == backoff + pacing


def test_a_client_id_in_use_is_refused_at_once(sample: Workspace) -> None:
    path = sample.write(
        "served.toml", scenario_text(extra=fault("start_api", "error", code=326, text="in use"))
    )
    with start(load_scenario(path), clock=sample.clock.now) as gateway:
        point_at(sample, gateway.port, timeout_sec="60")
        result = sample.run("plan")
    assert (result.code, sample.plans()) == (1, [])
    assert "client id 42 is already in use" in result.err
    assert "Close it, or plan again with another [ibkr] client_id" in result.err


def test_market_data_that_never_comes_writes_nothing(sample: Workspace) -> None:
    sample.edit("settings.ini", ";timeout_sec = 30", "timeout_sec = 0.2")
    use_scenario(sample, extra=fault("current_time", "silent"))
    result = sample.run("plan")
    assert (result.code, sample.plans()) == (1, [])
    assert "did not finish sending the time within 0.2 s" in result.err


@pytest.mark.parametrize("cut", quick_first([0.5, 0.0, 0.25, 0.999]))
@pytest.mark.parametrize("command", [("show",), ("plan", "--from")])
def test_a_plan_cut_short_is_refused(sample: Workspace, command: tuple[str, ...], cut: float) -> None:
    sample.ok("plan")
    path = sample.plans()[0]
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * cut)])
    result = sample.run(*command, "latest")
    assert (result.code, result.out) == (3, "")
    assert " is refused: " in result.err


@pytest.mark.parametrize("reference", ["latest", "20261123", "plans/none.json", "nonsense"])
def test_a_plan_that_is_not_there_is_a_usage_error(sample: Workspace, reference: str) -> None:
    result = sample.run("show", reference)
    assert (result.code, result.out) == (64, "")


def test_a_full_disk_leaves_no_plan_and_no_rest(sample: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    sample.ok("plan", "--dry-run")
    before = sample.files()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    sample.run("sim", "reset")
    (sample.folder / ".rebal" / "sim.json").unlink(missing_ok=True)
    result = sample.run("plan")
    assert result.code == 1
    assert "No space left on device" in result.err
    assert sample.files() == before


def test_a_plan_folder_that_is_a_file_is_told_before_any_account_is_read(sample: Workspace) -> None:
    sample.write("plans", "")
    before = sample.files()
    result = sample.run("plan")
    assert result.code == 1
    assert result.err.startswith(
        "Error: no plan can be written to plans (plans is a file): correct [io] plan_dir"
    )
    assert sample.files() == before
    assert sample.run("plan", "--dry-run").code == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_read_only_plan_folder(sample: Workspace) -> None:
    folder = sample.folder / "plans"
    folder.mkdir()
    folder.chmod(0o500)
    result = sample.run("plan")
    folder.chmod(0o700)
    assert result.code == 1
    assert "Permission denied" in result.err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [("bogus",), ("plan", "--bogus"), ("show",), ("sim", "serve", "--port", "99999"), ()]
)
def test_a_wrong_command_line_is_a_usage_error(workspace: Workspace, arguments: tuple[str, ...]) -> None:
    assert workspace.run(*arguments).code == 64


def test_an_interrupt_exits_130_and_writes_nothing(
    sample: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sample.clock, "sleep", interrupt)
    result = sample.run("plan")
    assert (result.code, result.out, sample.plans()) == (130, "", [])


def test_init_never_overwrites(sample: Workspace) -> None:
    sample.write("settings.ini", "mine")
    result = sample.run("init")
    assert result.code == 1
    assert (sample.folder / "settings.ini").read_text() == "mine"


def test_init_adds_what_is_missing(workspace: Workspace) -> None:
    workspace.write("settings.ini", "mine")
    assert "Wrote portfolios.csv\nKept settings.ini as it is\n" in workspace.ok("init")
    assert (workspace.folder / "settings.ini").read_text() == "mine"
