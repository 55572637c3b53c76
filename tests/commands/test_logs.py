"""The log: one line an event, each with its account, where the settings and --verbose say."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rebalplan.render.log_lines import log_line
from tests.cli import Workspace
from tests.journal.support import EVERY_KIND, SELL


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
