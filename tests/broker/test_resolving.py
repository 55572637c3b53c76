"""An order that nobody knows the end of is settled by a person."""

from __future__ import annotations

import pytest

from tests.broker.driving import (
    ACCOUNTS,
    Undisturbed,
    behaviour,
    desk,
    first_line,
)
from tests.cli import Workspace
from tests.scenarios import scenario_text


def test_an_unknown_order_is_settled_by_a_person_and_the_rest_goes_on(
    planned: Workspace, undisturbed: Undisturbed
) -> None:
    account = ACCOUNTS[1]
    line = first_line(planned, account, "SELL")
    text = scenario_text(extra=behaviour(account=account, symbol=line.symbol, silence="dropped"))
    with desk(planned, text) as it:
        assert it.apply().code == 4
        reference = f"{it.prefix}{line.reference}"
        shown = it.workspace.run("resolve", reference)
        assert shown.code == 4
        assert "executions at the broker with this reference: 0 shares" in shown.out
        assert "Nothing was recorded" in shown.out
        too_early = it.workspace.run("resolve", reference, "--accept-proposed")
        assert (too_early.code, "its DAY session is not over" in too_early.out) == (3, True)
        settled = it.workspace.run("resolve", reference, "--absent", "--who", "the owner")
        assert settled.code == 0
        assert f"the owner says {reference} filled 0" in settled.out
        it.apply("--resume")
        references = [s.reference for s in it.sent(account)]
        assert references.count(line.reference) == 1
        assert len(references) > 1
        assert it.report(account)[line.symbol]["status"] == "cancelled"
        again = it.workspace.run("resolve", reference, "--absent")
        assert again.code == 3


@pytest.mark.parametrize("wrong", ["rb-nonsense", "rb-000000000000-a01-l01", "l01"])
def test_a_reference_that_is_none_is_a_usage_error(planned: Workspace, wrong: str) -> None:
    assert planned.run("resolve", wrong).code == 64


def test_one_decision_at_a_time(planned: Workspace) -> None:
    result = planned.run("resolve", "rb-000000000000-a01-l01", "--absent", "--filled", "1@2")
    assert result.code == 64
