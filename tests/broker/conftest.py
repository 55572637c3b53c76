"""The plan of the three sample accounts, made once, and what becomes of it when nothing goes wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.broker.driving import ACCOUNTS, SETTINGS, TickingClock, Undisturbed, desk, quicken, serving
from tests.cli import Workspace
from tests.scenarios import scenario_text


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> TickingClock:
    """The machine's clock: it stands still while planning and runs fast from the apply on."""
    ticking = TickingClock()
    ticking.install(monkeypatch)
    quicken(monkeypatch)
    return ticking


_kept: dict[str, Undisturbed] = {}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder for the plan that all tests here apply."""
    return tmp_path_factory.mktemp("planned") / "files"


@pytest.fixture
def planned(workspace: Workspace, template: Path) -> Workspace:
    """A folder with a plan of the three sample accounts; it is made once."""
    if not template.exists():
        workspace.ok("init")
        for old, new in SETTINGS.items():
            workspace.edit("settings.ini", old, new)
        with serving(workspace, scenario_text()):
            workspace.ok("plan")
        shutil.copytree(workspace.folder, template)
    else:
        shutil.copytree(template, workspace.folder, dirs_exist_ok=True)
    return workspace


@pytest.fixture
def undisturbed(planned: Workspace, template: Path) -> Undisturbed:
    """What becomes of the plan when nothing goes wrong; it is found out once."""
    if str(template) not in _kept:
        with desk(planned, scenario_text()) as calm:
            assert calm.apply().code == 0
            _kept[str(template)] = Undisturbed(
                {a: calm.sent(a) for a in ACCOUNTS}, {a: calm.records(a) for a in ACCOUNTS}
            )
        shutil.rmtree(planned.folder / "reports")
        for path in (planned.folder / "plans").glob("*.jsonl"):
            path.unlink()
    return _kept[str(template)]
