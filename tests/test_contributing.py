"""CONTRIBUTING.md shows the packages as the import contract has them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def layers() -> list[set[str]]:
    """Return the packages of each layer, the highest first."""
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = configuration["tool"]["importlinter"]["contracts"]
    (contract,) = (c for c in contracts if c["type"] == "layers")
    return [set(layer.split(" | ")) for layer in contract["layers"]]


def rows() -> list[set[str]]:
    """Return the package of each row of the table."""
    lines = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    cells = [line.split("|")[1] for line in lines if line.startswith("| `")]
    return [set(re.findall(r"`(\w+)`", cell)) for cell in cells]


def test_the_table_of_packages_is_the_contract() -> None:
    assert rows() == layers()


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/simulation.md"])
def test_every_place_that_is_named_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:apply|commands|core|inputs|plan|render|sim)/[\w/*.]+)`", text)
    assert len(named) > 10
    assert [path for path in named if not list((ROOT / "rebalplan").glob(path))] == []
