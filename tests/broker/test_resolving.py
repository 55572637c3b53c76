"""An order that nobody knows the end of is settled by a person."""

from __future__ import annotations

import pytest

from tests.broker.driving import (
    ACCOUNTS,
    Undisturbed,
    behaviour,
    desk,
    first_line,
    serving,
)
from tests.cli import Workspace
from tests.scenarios import fault, scenario_text


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
        wrong = it.workspace.run("resolve", reference, "--filled", f"{line.quantity}@73")
        assert wrong.code == 3
        assert "the position moved by 0 shares" in wrong.err


def test_an_answer_against_the_evidence_must_be_forced(planned: Workspace) -> None:
    account = ACCOUNTS[1]
    line = first_line(planned, account, "SELL")
    text = scenario_text(extra=behaviour(account=account, symbol=line.symbol, silence="dropped"))
    with desk(planned, text) as it:
        it.apply("--account", account)
        reference = f"{it.prefix}{line.reference}"
        answer = ("resolve", reference, "--filled", f"{line.quantity}@7.38")
        refused = it.workspace.run(*answer)
        assert refused.code == 3
        assert "the position moved by 0 shares, the answer says" in refused.err
        assert "7.38 USD is far from" in refused.err
        assert it.workspace.run("status", "latest").out.count("unknown") >= 1
        forced = it.workspace.run(*answer, "--force")
        assert forced.code == 0
        assert any('"forced: ' in record for record in it.records(account))
        corrected = it.workspace.run("resolve", reference, "--absent")
        assert corrected.code == 0
        assert it.kinds(account, reference).count("RESOLVED") == 2


def test_while_an_order_works_no_answer_is_taken(planned: Workspace) -> None:
    account = ACCOUNTS[1]
    line = first_line(planned, account, "SELL")
    text = scenario_text(extra=behaviour(account=account, symbol=line.symbol, silence="dropped"))
    with desk(planned, text) as it:
        it.apply("--account", account)
    reference = f"{it.prefix}{line.reference}"
    working = (
        f'\n[[account.order]]\nsymbol = "{line.symbol}"\nside = "SELL"\nquantity = "{line.quantity}"\n'
        f'client_id = 42\norder_id = 5\norder_ref = "{reference}"\n'
    )
    text = scenario_text()
    head, mark, tail = text.partition('id = "DU1000003"')
    block, account_mark, _ = head.rpartition("[[account]]")
    with serving(planned, f"{block}{working}\n{account_mark}{_}{mark}{tail}"):
        result = planned.run("resolve", reference, "--absent", "--force")
    assert result.code == 3
    assert "it is still working" in result.err


def test_a_session_that_cannot_be_asked_for_is_not_over(planned: Workspace) -> None:
    account = ACCOUNTS[1]
    line = first_line(planned, account, "SELL")
    text = scenario_text(extra=behaviour(account=account, symbol=line.symbol, silence="dropped"))
    with desk(planned, text) as it:
        it.apply("--account", account)
    reference = f"{it.prefix}{line.reference}"
    with serving(planned, scenario_text(extra=fault("contract_details", "silent"))):
        result = planned.run("resolve", reference, "--accept-proposed")
    assert (result.code, "its DAY session is not over" in result.out) == (3, True)


@pytest.mark.parametrize("wrong", ["rb-nonsense", "rb-000000000000-a01-l01", "l01"])
def test_a_reference_that_is_none_is_a_usage_error(planned: Workspace, wrong: str) -> None:
    assert planned.run("resolve", wrong).code == 64


def test_one_decision_at_a_time(planned: Workspace) -> None:
    result = planned.run("resolve", "rb-000000000000-a01-l01", "--absent", "--filled", "1@2")
    assert result.code == 64
