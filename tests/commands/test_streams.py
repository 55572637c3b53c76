"""Output that nobody reads to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import Workspace

REBAL = [sys.executable, "-m", "rebalplan"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)}


def test_a_reader_that_goes_away_changes_neither_the_plan_nor_the_exit_code(sample: Workspace) -> None:
    with subprocess.Popen(
        [*REBAL, "plan", "--detailed-exitcode", "--account", "DU1000002"],
        cwd=sample.folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (2, b"")
    assert len(sample.plans()) == 1


@pytest.mark.skipif(os.name == "nt", reason="a shell closes the stream")
@pytest.mark.parametrize("arguments", ["--version", "plan --dry-run --account DU1000002"])
def test_a_closed_standard_output_is_no_defect(sample: Workspace, arguments: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"'{sys.executable}' -m rebalplan {arguments} >&-"],
        cwd=sample.folder,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_goes_to_a_file_is_the_same_on_every_system(sample: Workspace) -> None:
    sample.ok("plan")
    outputs = {
        form: subprocess.run(
            [*REBAL, "show", "latest", "--format", form],
            cwd=sample.folder,
            env={**ENVIRONMENT, "PYTHONIOENCODING": "cp1252"},
            capture_output=True,
            check=True,
        ).stdout
        for form in ("markdown", "json")
    }
    assert "3.74 → 2.01% of NLV" in outputs["markdown"].decode("utf-8")
    assert outputs["json"] == sample.plans()[0].read_bytes()


def test_no_error_of_diff_looks_like_a_difference(sample: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    sample.ok("plan")
    assert sample.run("diff", "latest", "nothing").code == 2
    assert sample.run("diff", "latest").code == 2

    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("rebalplan.commands.actions.diff.diff_plans", break_down)
    result = sample.run("diff", "latest", "latest")
    assert result.code == 2
    assert "This is a defect" in result.err
