"""An order without an end blocks its account for every plan, not only for its own."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.broker.driving import ACCOUNTS, Trial, behaviour, first_line, trial
from tests.cli import Workspace
from tests.scenarios import scenario_text

pytestmark = pytest.mark.slow

AFTER = dict(zip(ACCOUNTS, (*ACCOUNTS[1:], ACCOUNTS[0]), strict=True))
"""Another account of the plan, for each."""


def dropped(planned: Workspace, account: str) -> str:
    """A gateway that swallows the account's first sell."""
    line = first_line(planned, account, "SELL")
    silent = behaviour(account=account, symbol=line.symbol, silence="dropped", occurrence=1)
    return scenario_text(extra=silent)


def begin(it: Trial, account: str) -> str:
    """Leave an order of a first plan unknown, make a second plan and return the order's reference."""
    line = first_line(it.workspace, account, "SELL")
    assert it.apply("--account", account).code == 4
    return f"{it.prefix}{line.reference}"


def sells(it: Trial, account: str) -> list[str]:
    return [s.symbol for s in it.sent(account) if s.side == "SELL"]


def test_a_new_plan_does_not_trade_an_account_with_an_unknown_order(planned: Workspace, account: str) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = begin(it, account)
        before = it.sent(account)
        made = it.workspace.run("plan")
        assert f"Warning: {account}: what became of {reference} of plan " in made.err
        checked = it.workspace.run("verify", "--offline", "latest")
        assert (checked.code, f"RB405 {account}: " in checked.out) == (4, True)
        applied = it.workspace.run("apply", "latest", "--yes")
        assert applied.code == 4
        assert f"`rebal resolve {reference}`" in applied.out
        assert it.sent(account) == before
        assert it.sent(AFTER[account])


def test_after_it_was_resolved_the_new_plan_trades_the_account(planned: Workspace, account: str) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = begin(it, account)
        it.workspace.run("plan", "--account", account)
        assert it.workspace.run("apply", "latest", "--yes").code == 3
        assert it.workspace.run("resolve", reference, "--absent", "--force").code == 0
        assert it.workspace.run("apply", "latest", "--yes").code == 0
        line = first_line_of(it, account)
        assert sells(it, account).count(line) == 2


def first_line_of(it: Trial, account: str) -> str:
    return sells(it, account)[0]


STRANGER = "20260101T000000Z-000000000000.journal.jsonl"


def test_a_journal_of_which_nothing_can_be_read_refuses_every_account_while_its_plan_is_gone(
    planned: Workspace,
) -> None:
    path = planned.write(f"plans/{STRANGER}", "not a journal\n")
    with trial(planned, scenario_text()) as it:
        result = it.apply()
        assert (result.code, list(it.gateway.ledger)) == (3, [])
        assert f"{STRANGER} is damaged: line 1 cannot be read" in result.out
        assert f"rename it to {STRANGER}.aside" in result.out
        path.rename(f"{path}.aside")
        assert it.apply().code == 0


def finish(it: Trial, account: str) -> Path:
    """Apply one account of a first plan to its end, make a second plan, and return the first one's journal."""
    assert it.apply("--account", account).code == 0
    (journal,) = (it.workspace.folder / "plans").glob("*.jsonl")
    it.workspace.run("plan")
    return journal


def blocked(it: Trial) -> list[str]:
    """Return the accounts that a journal of another plan blocks, as ``rebal verify`` tells."""
    out = it.workspace.run("verify", "--offline", "latest").out
    return re.findall(r"^RB405 (\w+):", out, re.MULTILINE)


def test_a_finished_journal_blocks_nobody_whatever_git_did_to_it(planned: Workspace, account: str) -> None:
    with trial(planned, scenario_text()) as it:
        journal = finish(it, account)
        plan = journal.with_name(journal.name.replace(".journal.jsonl", ".json"))
        whole = journal.read_bytes()
        lines = whole.splitlines(keepends=True)
        journal.write_bytes(whole.replace(b"\n", b"\r\n"))
        assert blocked(it) == []
        marks = [*lines[:-1], b"<<<<<<< HEAD\n", lines[-1], b"=======\n", b">>>>>>> main\n"]
        journal.write_bytes(b"".join(marks))
        assert blocked(it) == []
        journal.write_bytes(b"".join(lines[:2] + lines[3:]))
        assert blocked(it) == []
        plan.unlink()
        assert blocked(it) == []


def test_a_damaged_journal_blocks_only_the_account_whose_end_is_lost(
    planned: Workspace, account: str
) -> None:
    with trial(planned, scenario_text()) as it:
        journal = finish(it, account)
        lines = journal.read_bytes().splitlines(keepends=True)
        end = next(n for n, line in enumerate(lines) if b'"record":"ACCOUNT"' in line)
        journal.write_bytes(b"".join([*lines[: end - 2], lines[end - 1]]))
        assert blocked(it) == [account]
        made = it.workspace.run("plan")
        assert f"Warning: {account}: " in made.err
        assert f"{journal.name} is damaged: line {end - 1} does not follow" in made.err
        it.workspace.run("apply", "latest", "--yes")
        assert it.sent(AFTER[account])
        journal.rename(f"{journal}.aside")
        assert blocked(it) == []


def test_a_journal_that_the_disk_does_not_give_blocks_the_accounts_of_its_plan(
    planned: Workspace, account: str
) -> None:
    with trial(planned, scenario_text()) as it:
        first = it.workspace.plans()[0].stem
        it.workspace.run("plan", "--account", account)
        newest = next(path for path in it.workspace.plans() if path.stem != first)
        (newest.parent / f"{newest.stem}.journal.jsonl").mkdir()
        checked = it.workspace.run("verify", "--offline", first).out
        assert re.findall(r"^RB405 (\w+): cannot read ", checked, re.MULTILINE) == [account]


@pytest.mark.parametrize("why", ["expired", "edited"])
def test_a_resume_of_a_plan_that_no_longer_holds_still_finds_out_what_became_of_its_orders(
    planned: Workspace, account: str, why: str
) -> None:
    with trial(planned, dropped(planned, account)) as it:
        begin(it, account)
        before = it.sent(account)
        if why == "expired":
            it.workspace.clock.time += timedelta(days=20)
        else:
            it.workspace.edit("settings.ini", "max_price_move_pct = 2", "max_price_move_pct = 3")
        code = {"expired": "RB301", "edited": "RB401"}[why]
        refused = it.apply("--account", account)
        assert (refused.code, code in refused.err) == (3, True)
        learnt = it.apply("--account", account, "--resume")
        assert learnt.code == 4
        assert it.sent(account) == before
        assert len([r for r in it.records(account) if '"record": "ACCOUNT"' in r]) == 2


def test_a_link_to_the_plan_elsewhere_does_not_send_an_unknown_order_again(
    planned: Workspace, account: str
) -> None:
    with trial(planned, dropped(planned, account)) as it:
        begin(it, account)
        path = planned.plans()[0]
        (planned.folder / "elsewhere").mkdir()
        link = planned.folder / "elsewhere" / path.name
        try:
            link.symlink_to(path)
        except OSError:
            pytest.skip("this user may not make links")
        before = it.sent(account)
        result = it.workspace.run("apply", str(link), "--yes")
        assert (result.code, it.sent(account)) == (3, before)
        assert "is not in the plan folder" in result.err


def test_another_world_is_never_asked_about_a_plan(planned: Workspace, account: str) -> None:
    with trial(planned, dropped(planned, account)) as it:
        reference = begin(it, account)
        known = it.records(account)
        planned.edit("settings.ini", "mode = tws", "mode = sim")
        for command in (
            ("apply", "latest", "--resume", "--yes"),
            ("resolve", reference, "--accept-proposed"),
        ):
            result = it.workspace.run(*command)
            assert (result.code, "RB404" in result.err) == (3, True)
        checked = it.workspace.run("verify", "latest")
        assert (checked.code, checked.out.startswith("RB404 "), checked.out.count("\n")) == (3, True, 1)
        assert it.records(account) == known


def test_a_foreign_journal_that_cannot_be_read_does_not_stop_a_resume_from_learning(
    planned: Workspace, account: str
) -> None:
    with trial(planned, dropped(planned, account)) as it:
        begin(it, account)
        planned.write("plans/20260101T000000Z-000000000000.journal.jsonl", "not a journal\n")
        planned.write("plans/._20260101T000000Z-000000000000.journal.jsonl", "not a journal\n")
        planned.write("plans/notes.journal.jsonl", "not a journal\n")
        learnt = it.apply("--account", account, "--resume")
        assert learnt.code == 4
        for path in (planned.folder / "plans").glob("*.jsonl"):
            if path.read_bytes() == b"not a journal\n":
                path.unlink()
        assert len([r for r in it.records(account) if '"record": "ACCOUNT"' in r]) == 2
