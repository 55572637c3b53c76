from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from syrupy.assertion import SnapshotAssertion

from tests.cli import FrozenClock, Workspace
from tests.pace import Pace, quicken
from tests.snapshots import CsvSnapshot, JsonSnapshot, MarkdownSnapshot, TextSnapshot

# A busy machine is no defect of what a test looks at, and each run looks at the same examples. The run that looks for
# mutants brings a profile of its own.
settings.register_profile(
    "unhurried", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
if settings.default is not None and settings.default.deadline is not None:
    settings.load_profile("unhurried")


@pytest.fixture
def clock() -> FrozenClock:
    """The machine's clock, standing still on a Monday noon in New York."""
    return FrozenClock()


@pytest.fixture(autouse=True)
def pace(monkeypatch: pytest.MonkeyPatch) -> Pace:
    """Event loops whose time-outs do not elapse while the machine does something else."""
    found = Pace()
    monkeypatch.setattr(asyncio, "new_event_loop", found.new_loop)
    return found


@pytest.fixture
def workspace(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clock: FrozenClock,
    capsys: pytest.CaptureFixture[str],
) -> Workspace:
    """An empty folder as the working directory, plain text output, no waiting for a broker's or a disk's sake."""
    quicken(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    return Workspace(tmp_path, clock, capsys)


@pytest.fixture
def sample(workspace: Workspace) -> Workspace:
    """A folder with the shipped sample files."""
    workspace.ok("init")
    return workspace


@pytest.fixture
def screen(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """A whole screen as a .txt file."""
    return snapshot.use_extension(TextSnapshot)


@pytest.fixture
def json_file(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """A whole JSON file."""
    return snapshot.use_extension(JsonSnapshot)


@pytest.fixture
def markdown_file(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """A whole Markdown text."""
    return snapshot.use_extension(MarkdownSnapshot)


@pytest.fixture
def csv_file(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """A whole CSV file."""
    return snapshot.use_extension(CsvSnapshot)
