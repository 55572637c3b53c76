"""The README's commands print what the README says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli import Workspace, without_ids

README = Path(__file__).parent.parent / "README.md"
ELISION = "[...]"


def transcript() -> list[tuple[str, str]]:
    """Return (command, expected output) for each ``$ rebal …`` in the README's console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    steps = []
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            steps.append((command, output.rstrip("\n")))
    return steps


def fits(expected: str, actual: str) -> bool:
    """Compare, with each elision line standing for any lines."""
    pattern = re.escape(expected).replace(re.escape(ELISION), r"(?:.|\n)*?")
    return re.fullmatch(pattern, actual) is not None


def test_each_command_prints_what_the_readme_says(sample: Workspace) -> None:
    steps = transcript()
    assert len(steps) >= 4
    for command, expected in steps:
        name, *arguments = command.split()
        assert name == "rebal"
        sample.clock.sleep(1)
        actual = sample.ok(*arguments).rstrip("\n")
        assert fits(without_ids(expected), without_ids(actual)), f"$ {command}\n{actual}"


def test_an_elision_stands_for_any_lines_and_nothing_else_does() -> None:
    assert fits("a\n[...]\nz", "a\nb\nc\nz")
    assert not fits("a\n[...]\nz", "a\nb\nc\ny")
    assert not fits("a.c", "abc")


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / target).is_file(), target
