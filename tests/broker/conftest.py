"""Plans of the sample accounts, each made once, and what becomes of it when nothing goes wrong."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.broker.driving import (
    ACCOUNTS,
    FAST,
    SETTINGS,
    PlanFor,
    TickingClock,
    Undisturbed,
    serving,
    trial,
)
from tests.cli import Workspace
from tests.pace import Pace
from tests.scenarios import scenario_text


@pytest.fixture(autouse=True)
def pace(monkeypatch: pytest.MonkeyPatch) -> Pace:
    """Event loops that wait in real time, as the ticking clock does."""
    found = Pace(skips=False)
    monkeypatch.setattr(asyncio, "new_event_loop", found.new_loop)
    return found


@pytest.fixture
def clock(pace: Pace) -> TickingClock:
    """The machine's clock: it stands still while planning and runs fast from the apply on."""
    return TickingClock(pace)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder for the plans that the tests here apply."""
    return tmp_path_factory.mktemp("planned")


@pytest.fixture
def plan_for(workspace: Workspace, templates: Path) -> PlanFor:
    """Fill the working folder with a plan of these sample accounts, or of all; each is made once."""

    def fill(*accounts: str) -> Workspace:
        workspace.timing = FAST
        template = templates / ("-".join(accounts) or "all")
        if template.exists():
            shutil.copytree(template, workspace.folder, dirs_exist_ok=True)
            return workspace
        workspace.ok("init")
        for old, new in SETTINGS.items():
            workspace.edit("settings.ini", old, new)
        with serving(workspace, scenario_text()):
            workspace.ok("plan", *(f"--account={account}" for account in accounts))
        shutil.copytree(workspace.folder, template)
        return workspace

    return fill


@pytest.fixture(params=ACCOUNTS)
def account(request: pytest.FixtureRequest) -> str:
    """The account that a case is about: each case runs at each position in the plan."""
    name = request.param
    assert isinstance(name, str)
    return name


@pytest.fixture
def planned(plan_for: PlanFor) -> Workspace:
    """A folder with a plan of the three sample accounts."""
    return plan_for()


@pytest.fixture(scope="session")
def kept() -> list[Undisturbed]:
    """What becomes of the plan when nothing goes wrong, once it was found out."""
    return []


@pytest.fixture
def undisturbed(planned: Workspace, kept: list[Undisturbed]) -> Undisturbed:
    """What becomes of the plan when nothing goes wrong; it is found out once."""
    if not kept:
        with trial(planned, scenario_text()) as calm:
            assert calm.apply().code == 0
            kept.append(
                Undisturbed({a: calm.sent(a) for a in ACCOUNTS}, {a: calm.records(a) for a in ACCOUNTS})
            )
        shutil.rmtree(planned.folder / "reports")
        for path in (planned.folder / "plans").glob("*.jsonl"):
            path.unlink()
    return kept[0]
