"""A live plan: what must be typed, and what refuses it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from rebalplan.sim import Gateway
from tests.cli import FrozenClock, Workspace
from tests.scenarios import BUILTIN, gateway_over_tcp


@pytest.fixture
def live(sample: Workspace, clock: FrozenClock) -> Iterator[Gateway]:
    """Live accounts at a gateway of their own, with a plan of two of them made there."""
    with gateway_over_tcp(sample, clock, BUILTIN.replace('"DU10', '"U10')) as served:
        sample.edit("settings.ini", "ids = DU1000001, DU1000002, DU1000003", "ids = U1000002, U1000003")
        sample.edit("settings.ini", "[account:DU1000002]", "[account:U1000002]")
        sample.edit("settings.ini", "allow_live = false", "allow_live = true")
        sample.ok("plan")
        yield served


def digits(workspace: Workspace) -> str:
    found: str = json.loads(workspace.plans()[0].read_text(encoding="utf-8"))["sha256"][:12]
    return found


def traded(gateway: Gateway) -> list[str]:
    return list(dict.fromkeys(e.account for e in gateway.ledger if e.kind == "place"))


def test_each_live_account_wants_its_own_id(sample: Workspace, live: Gateway) -> None:
    result = sample.run("apply", "latest", answers="yes\nU1000003\n")
    assert "LIVE. Type the account id" in result.out
    assert traded(live) == ["U1000003"]


def test_the_id_of_another_account_is_a_no(sample: Workspace, live: Gateway) -> None:
    sample.run("apply", "latest", answers="U1000003\nU1000002\n")
    assert traded(live) == []


def test_all_at_once_want_the_plan_s_digits(sample: Workspace, live: Gateway) -> None:
    sample.run("apply", "latest", "--confirm-mode", "global", answers="yes\n")
    assert traded(live) == []
    sample.ok("apply", "latest", "--confirm-mode", "global", answers=f"{digits(sample)}\n")
    assert traded(live) == ["U1000002", "U1000003"]


def test_yes_alone_is_refused_and_the_digits_make_it_good(sample: Workspace, live: Gateway) -> None:
    refused = sample.run("apply", "latest", "--yes")
    assert (refused.code, traded(live)) == (3, [])
    assert "--yes for a live plan needs --expect" in refused.err
    sample.ok("apply", "latest", "--yes", "--expect", digits(sample))
    assert traded(live) == ["U1000002", "U1000003"]


def test_live_accounts_are_not_traded_unless_allowed(sample: Workspace, live: Gateway) -> None:
    sample.edit("settings.ini", "allow_live = true", "allow_live = false")
    result = sample.run("apply", "latest", "--yes", "--expect", digits(sample))
    assert (result.code, traded(live)) == (3, [])
    assert "allow_live = false: set it to true in [limits]" in result.out
