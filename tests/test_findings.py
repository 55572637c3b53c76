"""docs/findings.md lists the codes that there are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import rebalplan
from rebalplan.core.finding import Code

DOCUMENT = Path(__file__).parent.parent / "docs" / "findings.md"
CODE = re.compile(r"RB[0-9]{3}\b")
COLUMNS = "| code | what was found | what follows | what to do |"


def rows() -> list[str]:
    """Return the rows of all tables, in order."""
    return [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if CODE.match(line[2:])]


def listed() -> list[str]:
    """Return the code of each row."""
    return [row[2:7] for row in rows()]


def declared() -> set[str]:
    """Return the codes that findings can carry."""
    return {*get_args(Code)}


@cache
def texts() -> list[str]:
    """Return every string of the package outside the declaration of the codes."""
    package = Path(rebalplan.__file__).parent
    files = sorted(package.rglob("*.py"))
    return [text for file in files if file != package / "core" / "finding.py" for text in _texts(file)]


def _texts(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_code_that_there_is_is_listed_and_no_other() -> None:
    assert set(listed()) == declared()


def test_every_code_that_is_declared_is_found_by_some_check_and_no_other() -> None:
    assert {text for text in texts() if CODE.fullmatch(text)} == declared()


def test_no_code_stands_inside_a_sentence_of_the_package() -> None:
    assert [text for text in texts() if CODE.search(text) and not CODE.fullmatch(text)] == []


def test_each_code_is_listed_once_and_in_order() -> None:
    assert listed() == sorted(set(listed()))


def test_every_code_stands_in_the_block_of_its_number() -> None:
    sections = DOCUMENT.read_text(encoding="utf-8").split("\n## ")[1:]
    for section in sections:
        codes = re.findall(r"^\| (RB[0-9]{3})", section, re.MULTILINE)
        assert all(section.startswith(f"{code[:3]}xx:") for code in codes)


def test_all_tables_have_one_layout() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    heads = [lines[at - 1] for at, line in enumerate(lines) if line.startswith("|---")]
    assert heads == [COLUMNS] * 7
    assert {row.count("|") for row in rows()} == {COLUMNS.count("|")}
