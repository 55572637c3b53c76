"""``rebal init``: samples to start from, never over what is there."""

from __future__ import annotations

import pytest

from rebalplan.inputs.samples import sample_text
from tests.cli import Workspace

OWN = "[ibkr]\nmode = {mode}\n[accounts]\nids = DU1, DU2\npath = {path}\n[models]\nCore = 0.7\nSide = 0.3\n"


def own(workspace: Workspace, mode: str = "tws", path: str = "portfolios.csv", more: str = "") -> None:
    workspace.write("settings.ini", OWN.format(mode=mode, path=path) + more)


def test_an_empty_folder_gets_both_files_and_the_next_step(workspace: Workspace) -> None:
    assert workspace.ok("init") == (
        "Wrote settings.ini\nWrote portfolios.csv\n"
        "Next: `rebal plan` plans the sample accounts on the embedded gateway; no broker is needed.\n"
    )


@pytest.mark.parametrize(
    ("mode", "step"),
    [
        (
            "tws",
            "Next: `rebal validate --online`, then `rebal plan`. It plans your own accounts (mode = tws).",
        ),
        ("sim", "Next: `rebal validate`, then `rebal plan`. It plans on the built-in gateway (mode = sim)."),
    ],
)
def test_beside_own_settings_the_models_are_called_samples(
    workspace: Workspace, mode: str, step: str
) -> None:
    own(workspace, mode)
    assert workspace.ok("init") == (
        "Wrote portfolios.csv\nKept settings.ini as it is\n"
        "The models in portfolios.csv are samples, not advice: replace them with your own before you plan.\n"
        f"Its columns must be the models of settings.ini: Core, Side.\n{step}\n"
    )


def test_the_portfolios_are_written_where_the_settings_look_for_them(workspace: Workspace) -> None:
    own(workspace, path="models/mine.csv", more="[account:DU2]\npath = models/small.csv\n")
    out = workspace.ok("init")
    assert "The models in models/mine.csv, models/small.csv are samples" in out
    assert workspace.files() == ["models/mine.csv", "models/small.csv", "settings.ini"]
    text = (workspace.folder / "models" / "mine.csv").read_text(encoding="utf-8")
    assert text == sample_text("portfolios.csv")


def test_portfolios_that_are_there_elsewhere_are_kept(workspace: Workspace) -> None:
    own(workspace, path="mine.csv")
    workspace.write("mine.csv", "mine")
    result = workspace.run("init")
    assert result.code == 1
    assert result.err == (
        "Error: settings.ini and mine.csv exist here already and are never overwritten. Nothing was written.\n"
    )
    assert workspace.files() == ["mine.csv", "settings.ini"]


def test_settings_that_cannot_be_read_yet_are_kept_and_checked_next(workspace: Workspace) -> None:
    workspace.write("settings.ini", "mine")
    out = workspace.ok("init")
    assert out.startswith("Wrote portfolios.csv\nKept settings.ini as it is\n")
    assert out.endswith("Next: `rebal validate` says what is wrong in settings.ini.\n")


def test_beside_own_portfolios_the_settings_are_samples(workspace: Workspace) -> None:
    workspace.write("portfolios.csv", "ETF,Core\nVTI,100\n")
    out = workspace.ok("init")
    assert out.startswith("Wrote settings.ini\nKept portfolios.csv as it is\n")
    assert out.endswith(
        "Next: name the columns of portfolios.csv under [models], then run `rebal validate`.\n"
    )
