"""docs/git.md is true: plans in a git repository, shown through the diff driver."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rebalplan
from tests.cli import Workspace, without_ids

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "git.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """Return the first code block in a language of docs/git.md."""
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found
    return found[1]


class Repository:
    """A git repository that knows nothing of this machine's settings."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PYTHONPATH": str(Path(rebalplan.__file__).parent.parent),
        }
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run git, which must end with one of ``codes``, and return what it printed."""
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", "--no-pager", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode in codes, done.stderr
        return done.stdout

    def commit(self, *paths: str) -> None:
        self.git("add", "--", *paths)
        self.git("commit", "--quiet", "--message", "change")

    def use_driver(self) -> None:
        """Configure what docs/git.md tells, with this very project as ``rebal``."""
        documented = re.search(r'git config (diff\.rebal\.textconv) "rebal (.*)"', DOCUMENT)
        assert documented
        python = Path(sys.executable).as_posix()
        self.git("config", documented[1], f'"{python}" -m rebalplan {documented[2]}')


@pytest.fixture
def repository(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Sample files and a first plan, committed with the documented attributes, in a folder with a space."""
    sample.write(".gitattributes", block("gitattributes"))
    sample.write(".gitignore", block("gitignore"))
    sample.ok("plan")
    home = tmp_path_factory.mktemp("home of nobody")
    made = Repository(sample.folder, home)
    made.commit(".")
    return made


def test_this_repository_has_the_documented_attributes() -> None:
    own = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert set(block("gitattributes").splitlines()) <= set(own)


def test_what_is_to_be_ignored_is_not_committed(sample: Workspace, repository: Repository) -> None:
    sample.write("STOP", "")
    sample.write("plans/.apply.lock", "")
    sample.write("reports/rebalance_DU1.csv", "")
    plan = sample.plans()[0].name
    tracked = [".gitattributes", ".gitignore", f"plans/{plan}", "portfolios.csv", "settings.ini"]
    assert repository.git("ls-files").split() == tracked
    assert repository.git("status", "--porcelain") == ""


def test_a_journal_is_committed(sample: Workspace, repository: Repository) -> None:
    sample.edit("settings.ini", "read_only = true", "read_only = false")
    sample.ok("apply", "latest", "--yes", "--account", "DU1000002")
    journal = f"plans/{sample.plans()[0].stem}.journal.jsonl"
    assert f"?? {journal}" in repository.git("status", "--porcelain").splitlines()


@pytest.mark.parametrize("name", ["plans/a.journal.jsonl", "plans/a.json", "portfolios.csv"])
def test_git_keeps_the_line_ends_of_what_rebal_reads_by_the_byte(
    sample: Workspace, repository: Repository, name: str
) -> None:
    path = sample.write(name, '{"number":1}\n')
    repository.commit(name)
    path.unlink()
    repository.git("-c", "core.autocrlf=true", "checkout", "--", name)
    assert path.read_bytes() == b'{"number":1}\n'


def added_lines(output: str) -> str:
    return "\n".join(line[1:] for line in output.splitlines() if line.startswith("+"))


@pytest.mark.parametrize("command", [("show",), ("log", "-p", "-1")])
def test_git_shows_a_plan_as_rebal_shows_it(
    sample: Workspace, repository: Repository, command: tuple[str, ...]
) -> None:
    repository.use_driver()
    shown = repository.git(*command, "--", "plans")
    expected = sample.ok("show", "latest").rstrip("\n")
    assert expected.startswith("Plan 2026")
    assert expected in added_lines(shown)


def test_git_shows_what_the_document_says(repository: Repository) -> None:
    repository.use_driver()
    found = re.search(r"\$ (git show .*)\n((?:[+.].*\n)+)", DOCUMENT)
    assert found
    _, *arguments = found[1].split()
    shown = without_ids(repository.git(*arguments)).splitlines()
    documented = [line for line in without_ids(found[2]).splitlines() if line != "..."]
    assert len(documented) >= 7
    assert [line for line in documented if line not in shown] == []


def test_the_driver_needs_no_settings(sample: Workspace, repository: Repository) -> None:
    repository.use_driver()
    repository.git("rm", "--quiet", "settings.ini", "portfolios.csv")
    repository.git("commit", "--quiet", "--message", "no settings")
    assert "Plan: 23 to buy" in repository.git("log", "-p", "--", "plans")


def test_a_plan_of_the_past_is_shown_when_its_file_is_gone(sample: Workspace, repository: Repository) -> None:
    repository.use_driver()
    repository.git("rm", "--quiet", "-r", "plans")
    repository.git("commit", "--quiet", "--message", "cleared")
    assert "Plan: 23 to buy" in added_lines(repository.git("show", "HEAD~1", "--", "plans"))


def test_a_folder_with_a_space_makes_no_difference(sample: Workspace, repository: Repository) -> None:
    repository.use_driver()
    spaced = sample.folder / "my plans" / "plans"
    spaced.mkdir(parents=True)
    shutil.copy(sample.plans()[0], spaced)
    sample.write("my plans/.gitattributes", block("gitattributes"))
    repository.commit("my plans")
    assert "Plan: 23 to buy" in added_lines(repository.git("show", "--", "my plans"))


def test_two_plans_differ_by_table_and_line_by_line(sample: Workspace, repository: Repository) -> None:
    repository.use_driver()
    sample.edit("settings.ini", "per_holding_band_bps = 50", "per_holding_band_bps = 500")
    sample.clock.sleep(60)
    sample.ok("plan")
    repository.commit(".")
    old, new = (f"HEAD:plans/{path.name}" for path in sample.plans())
    table = repository.git("diff", old, new)
    assert re.search(r"^-Plan: 23 to buy", table, re.MULTILINE)
    assert "sha256" not in table
    raw = repository.git("diff", "--no-textconv", "--unified=0", old, new)
    assert re.search(r'^-\s+"per_holding_band_bps": "?50"?,$', raw, re.MULTILINE)
    assert re.search(r'^\+\s+"per_holding_band_bps": "?500"?,$', raw, re.MULTILINE)
    assert not re.search(r'^[-+]\s+"net_liquidation": ', raw, re.MULTILINE)


def test_the_documented_comparison_of_two_plans_works_outside_of_history(
    sample: Workspace, repository: Repository
) -> None:
    repository.use_driver()
    sample.clock.sleep(60)
    sample.ok("plan")
    old, new = (f"plans/{path.name}" for path in sample.plans())
    assert "-Plan 2026" in repository.git("diff", "--no-index", old, new, codes=(1,))
    raw = repository.git("diff", "--no-index", "--no-textconv", old, new, codes=(1,))
    assert re.search(r'^-\s+"created_at": ', raw, re.MULTILINE)


def test_a_checkout_with_other_line_ends_configured_keeps_the_bytes(
    sample: Workspace, repository: Repository
) -> None:
    path = sample.plans()[0]
    before = path.read_bytes()
    repository.git("config", "core.autocrlf", "true")
    path.unlink()
    repository.git("checkout", "--", "plans")
    assert path.read_bytes() == before


def test_a_damaged_plan_can_still_be_looked_at(sample: Workspace, repository: Repository) -> None:
    repository.use_driver()
    path = sample.plans()[0]
    path.write_bytes(path.read_bytes().replace(b'"side": "SELL"', b'"side": "BUY"', 1))
    repository.commit("plans")
    repository.git("log", "-p", codes=(128,))
    assert '+            "side": "BUY",' in repository.git("show", "--no-textconv", "--", "plans")
