from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cli import Workspace


@pytest.mark.parametrize(
    ("account", "symbol"),
    [
        ("DU1000001", "VTI"),
        ("du1000001", "avuv"),
        ("DU1000002", "SCHD"),
        ("DU1000003", "ARKK"),
        ("DU1000001", "SPY"),
        ("DU1000002", "VTI"),
        ("DU1000001", "CASH"),
    ],
)
def test_a_line_explained(sample: Workspace, account: str, symbol: str, screen: SnapshotAssertion) -> None:
    sample.ok("plan")
    assert sample.ok("explain", "latest", account, symbol) == screen


@pytest.mark.parametrize(("account", "symbol"), [("DU9", "VTI"), ("DU1000001", "NOPE")])
def test_what_the_plan_has_not_is_a_usage_error(sample: Workspace, account: str, symbol: str) -> None:
    sample.ok("plan")
    assert sample.run("explain", "latest", account, symbol).code == 64
