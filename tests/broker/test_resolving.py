"""An order that nobody knows the end of is settled by a person."""

from __future__ import annotations

import getpass
import json
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest

from rebalplan.commands.actions.resolve import login_name
from tests.broker.driving import (
    ACCOUNTS,
    Trial,
    Undisturbed,
    behaviour,
    first_line,
    serving,
    trial,
)
from tests.cli import Workspace
from tests.scenarios import fault, scenario_text

pytestmark = pytest.mark.slow


def dropped(planned: Workspace, account: str) -> str:
    """A gateway that swallows the account's first sell."""
    line = first_line(planned, account, "SELL")
    return scenario_text(extra=behaviour(account=account, symbol=line.symbol, silence="dropped"))


def leave_unknown(it: Trial, account: str) -> str:
    """Apply the account, whose first sell nobody knows the end of then, and return its reference."""
    assert it.apply("--account", account).code == 4
    return f"{it.prefix}{first_line(it.workspace, account, 'SELL').reference}"


def test_an_unknown_order_is_settled_by_a_person_and_the_rest_goes_on(
    planned: Workspace, account: str, undisturbed: Undisturbed
) -> None:
    line = first_line(planned, account, "SELL")
    text = scenario_text(extra=behaviour(account=account, symbol=line.symbol, silence="dropped"))
    with trial(planned, text) as it:
        assert it.apply().code == 4
        reference = f"{it.prefix}{line.reference}"
        shown = it.workspace.run("resolve", reference)
        assert shown.code == 4
        assert "executions at the broker with this reference: 0 shares" in shown.out
        assert "Nothing was recorded" in shown.out
        too_early = "Too early to say: the order is valid until today's close"
        assert f"{too_early}. Look again after it." in shown.out
        as_json = json.loads(it.workspace.run("resolve", reference, "--json").out)
        assert (as_json["reference"], as_json["proposed"], as_json["recorded"]) == (reference, None, None)
        assert too_early == as_json["why_not"]
        assert all(f"  {sentence}\n" in shown.out for sentence in as_json["evidence"])
        proposed = it.workspace.run("resolve", reference, "--accept-proposed")
        assert (proposed.code, f"there is no proposed answer: {too_early}" in proposed.err) == (3, True)
        unforced = it.workspace.run("resolve", reference, "--absent", "--who", "the owner")
        assert (unforced.code, f"Error: {too_early}. Nothing was recorded" in unforced.err) == (3, True)
        settled = it.workspace.run("resolve", reference, "--absent", "--who", "the owner", "--force")
        assert settled.code == 0
        (path,) = planned.plans()
        next_step = f"Next: `rebal apply {path.stem} --resume`."
        assert f"{reference} never traded (decided by the owner). {next_step}" in settled.out
        it.apply("--resume")
        references = [s.reference for s in it.sent(account)]
        assert references.count(line.reference) == 1
        assert len(references) > 1
        assert it.report(account)[line.symbol]["status"] == "cancelled"
        wrong = it.workspace.run("resolve", reference, "--filled", f"{line.quantity}@73")
        assert wrong.code == 3
        assert "the position moved by 0 shares" in wrong.err


def test_an_answer_against_the_evidence_must_be_forced(planned: Workspace, account: str) -> None:
    line = first_line(planned, account, "SELL")
    text = scenario_text(extra=behaviour(account=account, symbol=line.symbol, silence="dropped"))
    with trial(planned, text) as it:
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
        assert f"filled {line.quantity} shares at 7.38 USD" in forced.out
        corrected = it.workspace.run("resolve", reference, "--absent", "--force")
        assert corrected.code == 0
        assert it.kinds(account, reference).count("RESOLVED") == 2


def with_working(planned: Workspace, account: str, reference: str) -> str:
    """A gateway at which the account's first sell works."""
    line = first_line(planned, account, "SELL")
    working = (
        f'\n[[account.order]]\nsymbol = "{line.symbol}"\nside = "SELL"\nquantity = "{line.quantity}"\n'
        f'client_id = 42\norder_id = 5\norder_ref = "{reference}"\n'
    )
    text = scenario_text()
    at = text.index("\n\n", text.index(f'id = "{account}"'))
    return f"{text[:at]}\n{working}{text[at:]}"


def test_verify_refuses_a_resolved_order_that_works_at_the_broker(planned: Workspace, account: str) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = leave_unknown(it, account)
        assert it.workspace.run("resolve", reference, "--absent", "--force").code == 0
        assert "RB512" not in it.workspace.run("verify", "latest").out
    with serving(planned, with_working(planned, account, reference)):
        result = planned.run("verify", "latest")
    assert result.code == 3
    assert (
        f"RB512 {account}: {reference} was resolved as 0 shares, but the broker shows it working"
        in result.out
    )


def test_verify_asks_for_lists_only_where_an_order_was_resolved(planned: Workspace, account: str) -> None:
    silent = fault("completed_orders", "silent")
    with trial(planned, dropped(planned, account)) as it:
        reference = leave_unknown(it, account)
        with serving(planned, scenario_text(extra=silent)):
            assert "could not be read" not in planned.run("verify", "latest").out
        with serving(planned, scenario_text()):
            assert it.workspace.run("resolve", reference, "--absent", "--force").code == 0
        with serving(planned, scenario_text(extra=silent)):
            assert f"{account}: could not be read" in planned.run("verify", "latest").out


def test_status_shows_an_answer_that_was_taken_back_as_unknown_and_why(
    planned: Workspace, account: str
) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = leave_unknown(it, account)
        assert it.workspace.run("resolve", reference, "--absent", "--force").code == 0
    why = "it was resolved as 0 shares, but the broker shows it working"
    with serving(planned, with_working(planned, account, reference)):
        assert planned.run("apply", "latest", "--account", account, "--yes", "--resume").code == 4
    shown = planned.ok("status", "latest")
    (row,) = [row for row in shown.splitlines() if f" {reference} " in row and row.startswith(account)]
    assert re.search(rf" unknown +{re.escape(why)}$", row)
    assert f"Next: `rebal resolve {reference}`" in shown
    lines = json.loads(planned.ok("status", "latest", "--json"))["accounts"][ACCOUNTS.index(account)]["lines"]
    assert [(line["status"], line["note"]) for line in lines if line["reference"] == reference] == [
        ("unknown", why)
    ]


def test_while_an_order_works_no_answer_is_taken(planned: Workspace, account: str) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = leave_unknown(it, account)
    with serving(planned, with_working(planned, account, reference)):
        result = planned.run("resolve", reference, "--absent", "--force")
    assert result.code == 3
    assert "it is still working" in result.err


def test_a_session_that_cannot_be_asked_for_is_not_over(planned: Workspace, account: str) -> None:
    line = first_line(planned, account, "SELL")
    text = scenario_text(extra=behaviour(account=account, symbol=line.symbol, silence="dropped"))
    with trial(planned, text) as it:
        it.apply("--account", account)
    reference = f"{it.prefix}{line.reference}"
    with serving(planned, scenario_text(extra=fault("contract_details", "silent"))):
        result = planned.run("resolve", reference, "--absent")
    assert result.code == 3
    not_told = "the broker does not tell when the session ends, so the order counts as still valid"
    assert f"Too early to say: the order is valid until today's close; {not_told}" in result.err
    assert not_told in result.out


def test_after_the_session_an_answer_that_nothing_speaks_against_needs_no_force(
    planned: Workspace, account: str
) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = leave_unknown(it, account)
        it.workspace.clock.time += timedelta(days=3)
        result = it.workspace.run("resolve", reference, "--accept-proposed", "--who", "me")
    assert (result.code, "Proposed: --absent" in result.out) == (0, True)


def damage(path: Path, how: str) -> None:
    if how == "gone":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        path.write_bytes(path.read_bytes().replace(b'"BUY"', b'"SELL"', 1))


@pytest.mark.parametrize("how", ["gone", "truncated", "edited"])
def test_without_its_plan_an_order_is_settled_from_the_journal_alone(
    planned: Workspace, account: str, how: str
) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = leave_unknown(it, account)
        (path,) = planned.plans()
        damage(path, how)
        it.workspace.clock.time += timedelta(days=3)
        result = it.workspace.run("resolve", reference, "--accept-proposed", "--who", "me")
        assert (result.code, result.err) == (0, "")
        assert f"{reference} never traded (decided by me). Next: `rebal plan`." in result.out
        assert it.workspace.run("plan", "--account", account).err == ""


def test_without_its_plan_the_mode_of_the_journal_forbids_another_gateway(
    planned: Workspace, account: str
) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = leave_unknown(it, account)
        planned.plans()[0].unlink()
        planned.edit("settings.ini", "mode = tws", "mode = sim")
        result = it.workspace.run("resolve", reference, "--absent", "--force")
    assert (result.code, "RB404 the plan was made in mode paper" in result.err) == (3, True)


def test_a_copy_of_the_plan_that_is_being_applied_excludes_resolve_at_the_gateway(
    planned: Workspace, account: str
) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = leave_unknown(it, account)
    planned.edit("settings.ini", ";client_id = 42", "client_id = 43")
    with serving(planned, scenario_text(extra="\n[[handshake]]\nclient_id = 42\nin_use = true\n")):
        result = planned.run("resolve", reference, "--absent", "--force")
    assert (result.code, "42" in result.err, "in use" in result.err) == (1, True, True)


def cut_after(planned: Workspace, kind: str) -> None:
    """Leave the journal as a crash right after the first record of a kind would."""
    (path,) = (planned.folder / "plans").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    last = next(n for n, line in enumerate(lines, start=1) if f'"record":"{kind}"'.encode() in line)
    path.write_bytes(b"".join(lines[:last]))


def test_what_a_resume_can_find_out_no_person_needs_to_say(planned: Workspace, account: str) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = leave_unknown(it, account)
        cut_after(planned, "DISPATCH")
        it.workspace.clock.time += timedelta(days=3)
        refused = it.workspace.run("resolve", reference, "--absent")
        assert refused.code == 3
        assert f"`rebal apply {planned.plans()[0].stem} --resume` asks the broker for it" in refused.err
        planned.plans()[0].unlink()
        assert it.workspace.run("resolve", reference, "--filled", "1@2").code == 3
        assert it.kinds(account, reference) == ["DISPATCH"]


def test_a_resolve_that_is_refused_at_once_leaves_no_lock_behind(planned: Workspace, account: str) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = leave_unknown(it, account)
        lock = planned.folder / "plans" / ".apply.lock"
        lock.unlink(missing_ok=True)
        assert it.workspace.run("resolve", f"{reference[:-2]}99", "--absent").code == 3
        planned.edit("settings.ini", "mode = tws", "mode = sim")
        assert it.workspace.run("resolve", reference, "--absent").code == 3
        assert not lock.exists()


@pytest.mark.parametrize("error", [KeyError("uid not found: 1234"), OSError("no name")])
def test_a_login_without_a_name_is_recorded_by_its_number(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", fail)
    monkeypatch.setattr(os, "getuid", lambda: 1234, raising=False)
    assert login_name() == "uid 1234"
    monkeypatch.delattr(os, "getuid")
    assert login_name() == "unknown user"


@pytest.mark.parametrize("wrong", ["rb-nonsense", "rb-000000000000-a01-l01", "l01"])
def test_a_reference_that_is_none_is_a_usage_error(planned: Workspace, wrong: str) -> None:
    assert planned.run("resolve", wrong).code == 64


def test_one_decision_at_a_time(planned: Workspace) -> None:
    result = planned.run("resolve", "rb-000000000000-a01-l01", "--absent", "--filled", "1@2")
    assert result.code == 64


@pytest.mark.parametrize(
    ("retries", "slept"), [("2", [0.5]), ("0", [])], ids=["tried again", "without retries tried once"]
)
def test_the_evidence_is_read_again_after_a_hang_up(
    planned: Workspace, retries: str, slept: list[float]
) -> None:
    with trial(planned, dropped(planned, ACCOUNTS[0])) as it:
        reference = leave_unknown(it, ACCOUNTS[0])
    (journal,) = (planned.folder / "plans").glob("*.jsonl")
    before = journal.read_bytes()
    planned.edit("settings.ini", "retries = 0", f"retries = {retries}")
    with serving(planned, scenario_text(extra=fault("completed_orders", "hang_up", occurrence=1))):
        planned.clock.slept.clear()
        shown = planned.run("resolve", reference)
    assert planned.clock.slept == slept
    assert (f"{reference}:\n" in shown.out) == bool(slept), shown
    assert journal.read_bytes() == before


def test_evidence_that_the_broker_refuses_is_not_asked_for_again(planned: Workspace) -> None:
    with trial(planned, dropped(planned, ACCOUNTS[0])) as it:
        reference = leave_unknown(it, ACCOUNTS[0])
    planned.edit("settings.ini", "retries = 0", "retries = 2")
    refused = fault("positions_multi", "error", code=321, text="no")
    with serving(planned, scenario_text(extra=refused)):
        planned.clock.slept.clear()
        assert planned.run("resolve", reference).code == 1
    assert planned.clock.slept == []
