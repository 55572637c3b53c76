"""A small GitHub Actions runner: the ``run`` steps of one job, in order, in a scratch repository."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import yaml

import rebalplan

WORKFLOW = Path(__file__).parent.parent.parent / "docs" / "ci" / "rebal.yml"
PACKAGE_FOLDER = Path(rebalplan.__file__).parent.parent

_SHIM = """
import sys
from datetime import datetime

from rebalplan.commands.app import run
from rebalplan.commands.machine import Machine
from rebalplan.system.disk import SystemDisk


class Fixed:
    def now(self):
        return datetime.fromisoformat({now!r})

    def sleep(self, seconds):
        pass


sys.exit(run(sys.argv[1:], Machine(Fixed(), SystemDisk())))
"""
"""``rebal`` at a fixed time."""


class Step(msgspec.Struct, frozen=True):
    """One ``run`` step that was started: how it ended and what it printed."""

    name: str
    code: int
    output: str


class Outcome(msgspec.Struct, frozen=True):
    """What a job did. ``summary`` is what all steps wrote to the job's summary."""

    steps: tuple[Step, ...]
    summary: str

    @property
    def passed(self) -> bool:
        return all(step.code == 0 for step in self.steps)

    @property
    def failed_steps(self) -> list[str]:
        return [step.name for step in self.steps if step.code]

    @property
    def output(self) -> str:
        return "".join(step.output for step in self.steps)

    @property
    def annotations(self) -> list[str]:
        """Return every line that GitHub takes for a command."""
        return [line for line in self.output.splitlines() if line.lstrip().startswith("::")]


def workflow() -> dict[Any, Any]:
    """Return the shipped workflow; YAML reads its key ``on`` as true."""
    loaded: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return loaded


def run_job(repository: Path, scratch: Path, now: str, **overrides: str) -> Outcome:
    """Run the steps of the only job with the environment that GitHub gives, and ``overrides`` of ``env``."""
    document = workflow()
    (job,) = document["jobs"].values()
    assert job["defaults"]["run"]["shell"] == "bash"
    environment = _environment(scratch, now) | document["env"] | overrides
    steps: list[Step] = []
    for number, step in enumerate(job["steps"]):
        if "run" not in step or "pip install" in step["run"]:
            continue
        assert set(step) <= {"name", "run", "if"}, "the runner knows no other keys"
        assert step.get("if", "always()") == "always()"
        if "if" in step or all(done.code == 0 for done in steps):
            summary = {"GITHUB_STEP_SUMMARY": str(scratch / f"summary-{number:02}.md")}
            steps.append(_run(step["name"], step["run"], repository, scratch, environment | summary))
    summaries = (path.read_text(encoding="utf-8") for path in sorted(scratch.glob("summary-*.md")))
    return Outcome(tuple(steps), "".join(summaries))


def _environment(scratch: Path, now: str) -> dict[str, str]:
    """Return a fresh runner's environment, with ``rebal`` on the path."""
    tools = scratch / "bin"
    temporary = scratch / "runner temp"
    for folder in (tools, temporary):
        folder.mkdir(parents=True)
    shim = scratch / "shim.py"
    shim.write_text(_SHIM.format(now=now), encoding="utf-8")
    rebal = tools / "rebal"
    rebal.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{shim}" "$@"\n', encoding="utf-8")
    rebal.chmod(rebal.stat().st_mode | stat.S_IXUSR)
    return {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(scratch),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONPATH": str(PACKAGE_FOLDER),
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_BASE_REF": "main",
        "RUNNER_TEMP": str(temporary),
    }


def _run(name: str, script: str, repository: Path, scratch: Path, environment: dict[str, str]) -> Step:
    """Run one script as GitHub runs ``shell: bash``."""
    file = scratch / "step.sh"
    file.write_text(script, encoding="utf-8")
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(
        [bash, "--noprofile", "--norc", "-eo", "pipefail", str(file)],
        cwd=repository,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        check=False,
    )
    return Step(name, done.returncode, done.stdout)
