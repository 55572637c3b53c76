"""The log: one line an event, each with its account, where the settings and --verbose say."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rebalplan.render.log_lines import log_line
from tests.apply.journal.support import EVERY_KIND, SELL
from tests.cli import Workspace


@pytest.fixture
def applied(sample: Workspace) -> Workspace:
    """A folder whose plan can be applied, with a log file."""
    sample.edit("settings.ini", ";log_file = none", "log_file = logs/rebal.log")
    sample.ok("plan")
    return sample


@pytest.fixture(autouse=True)
def no_handler_is_left() -> Iterator[None]:
    yield
    assert not [h for h in logging.getLogger().handlers if h.get_name() == "rebalplan.commands.logs"]


def log_of(workspace: Workspace) -> list[str]:
    return (workspace.folder / "logs" / "rebal.log").read_text(encoding="utf-8").splitlines()


def test_an_apply_tells_each_step_with_account_and_reference(applied: Workspace) -> None:
    applied.ok("apply", "latest", "--account", "DU1000002", "--yes")
    lines = log_of(applied)
    said = [re.sub(r"^\S+Z INFO rebalplan\.\w+ ", "", line) for line in lines if " rebalplan." in line]
    assert any(re.fullmatch(r"…0002: connected to 127\.0\.0\.1:\d+ as client 42", line) for line in said)
    reference = r"rb-[0-9a-f]{12}-a02-l01"
    wanted = (
        r"…0002: read, \d+ positions",
        r"…0002: checked, 11 orders can be sent, 0 cut",
        r"…0002: begun, 11 lines to send",
        rf"…0002 {reference}: about to send SELL \d+ BND \(adaptive\)",
        rf"…0002 {reference}: sent as order \d+",
        rf"…0002 {reference}: acknowledged, permId \d+",
        rf"…0002 {reference}: filled \d+ at [\d.]+",
        rf"…0002 {reference}: ended filled, \d+ filled",
        r"…0002: closed done",
    )
    places = [next(n for n, line in enumerate(said) if re.fullmatch(pattern, line)) for pattern in wanted]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (".", ". is a folder; name a file, such as logs/rebal.log"),
        ("portfolios.csv/rebal.log", "portfolios.csv is a file, so nothing can be in it; name another file"),
        ("settings.ini", "this is the settings file; name another, such as logs/rebal.log"),
    ],
)
def test_a_log_file_that_can_be_none_is_an_error_of_the_settings(
    sample: Workspace, name: str, why: str
) -> None:
    sample.edit("settings.ini", ";log_file = none", f"log_file = {name}")
    settings = (sample.folder / "settings.ini").read_text(encoding="utf-8")
    for command in ("validate", "plan"):
        assert f"log_file: {why}" in sample.run(command).err
    assert (sample.folder / "settings.ini").read_text(encoding="utf-8") == settings


def test_a_log_file_that_cannot_be_opened_names_its_key(
    sample: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    sample.edit("settings.ini", ";log_file = none", "log_file = logs/rebal.log")
    monkeypatch.setattr("logging.handlers.RotatingFileHandler._open", denied)
    assert sample.run("plan").err == (
        "Error: the log cannot be written to logs/rebal.log (Permission denied): correct [io] log_file, or set it to "
        "none\n"
    )


def test_the_log_file_is_relative_to_the_settings(sample: Workspace) -> None:
    deeper = sample.folder / "deeper"
    deeper.mkdir()
    for name in ("settings.ini", "portfolios.csv"):
        (sample.folder / name).rename(deeper / name)
    settings = deeper / "settings.ini"
    text = settings.read_text(encoding="utf-8").replace(";log_file = none", "log_file = rebal.log")
    settings.write_text(text, encoding="utf-8")
    sample.ok("validate", "--config", "deeper/settings.ini")
    assert (deeper / "rebal.log").is_file()


def test_every_line_at_info_carries_an_account(applied: Workspace) -> None:
    applied.ok("apply", "latest", "--account", "DU1000002", "--yes")
    without = [line for line in log_of(applied) if not re.search(r"…\d{4}[: ]", line)]
    assert [line.partition("Z ")[2] for line in without] == ["INFO rebalplan.apply apply begins"]


def test_ids_of_other_accounts_of_the_login_are_shortened_too(applied: Workspace) -> None:
    applied.edit("settings.ini", "DU1000001, DU1000002, DU1000003", "DU1000002")
    applied.edit("settings.ini", ";log_level = INFO", "log_level = DEBUG")
    applied.ok("plan")
    assert "DU1000001" not in "\n".join(log_of(applied))


def test_no_account_id_is_written_whole(applied: Workspace) -> None:
    applied.ok("apply", "latest", "--yes")
    assert "DU100000" not in "\n".join(log_of(applied))


def test_the_level_of_the_settings_counts(applied: Workspace) -> None:
    (applied.folder / "logs" / "rebal.log").unlink()
    applied.edit("settings.ini", ";log_level = INFO", "log_level = WARNING")
    applied.ok("apply", "latest", "--account", "DU1000002", "--yes")
    assert log_of(applied) == []


def test_requests_are_told_at_debug(applied: Workspace) -> None:
    applied.edit("settings.ini", ";log_level = INFO", "log_level = DEBUG")
    applied.ok("plan", "--dry-run")
    assert any("DEBUG rebalplan.ibkr …0001: asks for account values" in line for line in log_of(applied))
    assert any("DEBUG" in line and "asks for positions" in line for line in log_of(applied))


def test_verbose_sends_the_log_to_stderr_and_stdout_stays_what_it_is(sample: Workspace) -> None:
    sample.ok("plan")
    result = sample.run("apply", "latest", "--account", "DU1000002", "--yes", "--verbose")
    assert "INFO rebalplan.apply …0002: closed done" in result.err
    assert "DU1000002" not in "".join(line for line in result.err.splitlines() if " INFO " in line)
    assert " INFO " not in result.out


def test_without_a_file_and_verbose_nothing_is_logged(sample: Workspace, tmp_path: Path) -> None:
    sample.ok("plan")
    assert sample.run("apply", "latest", "--account", "DU1000002", "--yes").err == ""
    assert not list(tmp_path.glob("**/*.log"))


def test_every_kind_of_record_has_a_line_of_its_own() -> None:
    lines = [log_line(record) for record in EVERY_KIND]
    assert len(set(lines)) == len(EVERY_KIND)
    assert all("DU1" in line for line in lines if line != "apply begins")
    assert sum(SELL in line for line in lines) >= 5
