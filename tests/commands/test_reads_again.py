"""A read that a lost connection cut off is tried again, whichever command reads; a refusal is not."""

from __future__ import annotations

import pytest

from tests.cli import Workspace
from tests.scenarios import fault, use_scenario

PACING = [1.0, 1.0]
BACKOFF = [0.5, 1.0, 2.0]


@pytest.fixture
def planned(sample: Workspace) -> Workspace:
    """A folder with a plan of the three sample accounts."""
    sample.ok("plan")
    sample.clock.slept.clear()
    return sample


@pytest.mark.parametrize(
    "request_kind", ["connect", "account_updates_multi", "positions_multi", "all_open_orders", "current_time"]
)
def test_verify_reads_an_account_again_after_a_hang_up(planned: Workspace, request_kind: str) -> None:
    use_scenario(planned, extra=fault(request_kind, "hang_up", occurrence=1))
    assert "at the broker are those of the plan" in planned.ok("verify", "latest")
    assert planned.clock.slept == [BACKOFF[0], *PACING]


def test_verify_does_not_read_again_what_was_refused(planned: Workspace) -> None:
    refused = fault("positions_multi", "error", account="DU1000002", code=321, text="no")
    use_scenario(planned, extra=refused)
    result = planned.run("verify", "latest")
    assert (result.code, planned.clock.slept) == (4, PACING)


def test_without_retries_verify_reads_once(planned: Workspace) -> None:
    planned.edit("settings.ini", ";retries = 3", "retries = 0")
    use_scenario(planned, extra=fault("positions_multi", "hang_up", occurrence=1))
    result = planned.run("verify", "latest")
    assert (result.code, planned.clock.slept) == (4, PACING)
    assert "DU1000001" in result.err + result.out


def test_verify_waits_once_for_a_gateway_that_is_not_there(planned: Workspace) -> None:
    use_scenario(planned, extra=fault("connect", "hang_up"))
    result = planned.run("verify", "latest")
    assert (result.code, planned.clock.slept) == (4, BACKOFF + PACING)
    assert "hung up" in result.out + result.err


def test_verify_tries_the_next_account_once_after_retries_in_vain(planned: Workspace) -> None:
    use_scenario(planned, extra=fault("positions_multi", "hang_up"))
    result = planned.run("verify", "latest")
    assert (result.code, planned.clock.slept) == (4, BACKOFF + PACING)


@pytest.mark.parametrize("request_kind", ["connect", "contract_details"])
def test_validate_asks_again_after_a_hang_up(sample: Workspace, request_kind: str) -> None:
    use_scenario(sample, extra=fault(request_kind, "hang_up", occurrence=1))
    sample.clock.slept.clear()
    assert "files, accounts and symbols are valid" in sample.ok("validate", "--online")
    assert sorted(sample.clock.slept) == sorted([BACKOFF[0], *PACING])


def test_validate_does_not_ask_again_what_was_refused(sample: Workspace) -> None:
    use_scenario(sample, extra=fault("start_api", "error", code=326, text="in use"))
    sample.clock.slept.clear()
    assert sample.run("validate", "--online").code == 1
    assert sample.clock.slept == PACING


def test_without_retries_validate_asks_once(sample: Workspace) -> None:
    sample.edit("settings.ini", ";retries = 3", "retries = 0")
    use_scenario(sample, extra=fault("contract_details", "hang_up", occurrence=1))
    sample.clock.slept.clear()
    assert sample.run("validate", "--online").code == 1
    assert sample.clock.slept == PACING
