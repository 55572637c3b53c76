"""Pull requests of a scratch repository, and what they change."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

from tests.ci.runner import Outcome, run_job
from tests.cli import NOON, Workspace


class PullRequest:
    """A repository with a base branch that has one plan, and a branch that changes something."""

    def __init__(self, sample: Workspace, scratch: Path) -> None:
        self.sample = sample
        self._scratch = scratch
        self._git("init", "--quiet", "--initial-branch=main")
        sample.write(".gitignore", "/.rebal/\n")
        self.commit()

    def _git(self, *arguments: str) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._scratch), "GIT_CONFIG_NOSYSTEM": "1"}
        git = [shutil.which("git") or "git", "-c", "user.name=A", "-c", "user.email=a@example.com"]
        subprocess.run([*git, *arguments], cwd=self.sample.folder, env=environment, check=True)

    def commit(self) -> None:
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", "change")

    def base_plan(self) -> Path:
        """Plan on the base branch and return the file."""
        self.sample.ok("plan")
        self.commit()
        return self.sample.plans()[-1]

    def added_plan(self) -> Path:
        """Plan a minute later and return the file."""
        self.sample.clock.sleep(60)
        before = self.sample.plans()
        assert self.sample.run("plan").code in (0, 4)
        (path,) = set(self.sample.plans()) - set(before)
        return path

    def branch(self) -> None:
        """What is committed so far is the base branch."""
        self._git("update-ref", "refs/remotes/origin/main", "HEAD")
        self._git("checkout", "--quiet", "-b", "change")

    def check(self, now: datetime = NOON, **environment: str) -> Outcome:
        """Commit what was changed, merge it into the base branch as GitHub does, and run the job.

        The base branch moves on before the merge and once more, by a plan, before the job starts.
        """
        self.commit()
        self._git("checkout", "--quiet", "--detach", "origin/main")
        self.commit()
        self._git("merge", "--quiet", "--no-ff", "--message", "merge", "change")
        self._git("tag", "merged")
        self._git("checkout", "--quiet", "--detach", "HEAD^1")
        self.sample.write("plans/20270101T000000Z-000000000000.json", "{}")
        self.commit()
        self._git("update-ref", "refs/remotes/origin/main", "HEAD")
        self._git("checkout", "--quiet", "--detach", "merged")
        return run_job(self.sample.folder, self._scratch / "runner", now.isoformat(), **environment)


def swap_targets(sample: Workspace, one: str = "GLD", other: str = "SGOV") -> None:
    """Give each of two symbols the other's targets."""
    text = (sample.folder / "portfolios.csv").read_text(encoding="utf-8")
    swapped = re.sub(rf"^{one}\b", "@", text, flags=re.MULTILINE)
    swapped = re.sub(rf"^{other}\b", one, swapped, flags=re.MULTILINE)
    sample.write("portfolios.csv", swapped.replace("@", other))


def limit_orders(sample: Workspace) -> None:
    """Let DU1000003 have three orders at most, fewer than it needs."""
    text = (sample.folder / "settings.ini").read_text(encoding="utf-8")
    sample.write("settings.ini", f"{text}\n[account:DU1000003]\nmax_orders = 3\n")
