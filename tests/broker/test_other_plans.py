"""An order without an end blocks its account for every plan, not only for its own."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.broker.driving import ACCOUNTS, Desk, behaviour, desk, first_line
from tests.cli import Workspace
from tests.scenarios import scenario_text

ACCOUNT, OTHER = ACCOUNTS[1], ACCOUNTS[2]


def dropped(planned: Workspace) -> str:
    """A gateway that swallows the account's first sell."""
    line = first_line(planned, ACCOUNT, "SELL")
    silent = behaviour(account=ACCOUNT, symbol=line.symbol, silence="dropped", occurrence=1)
    return scenario_text(extra=silent)


def begin(it: Desk) -> str:
    """Leave an order of a first plan unknown, make a second plan and return the order's reference."""
    line = first_line(it.workspace, ACCOUNT, "SELL")
    assert it.apply("--account", ACCOUNT).code == 4
    return f"{it.prefix}{line.reference}"


def sells(it: Desk) -> list[str]:
    return [s.symbol for s in it.sent(ACCOUNT) if s.side == "SELL"]


def test_a_new_plan_does_not_trade_an_account_with_an_unknown_order(planned: Workspace) -> None:
    with desk(planned, dropped(planned)) as it:
        reference = begin(it)
        before = it.sent(ACCOUNT)
        made = it.workspace.run("plan")
        assert f"Warning: {ACCOUNT}: what became of {reference} of plan " in made.err
        checked = it.workspace.run("verify", "--offline", "latest")
        assert (checked.code, f"RB405 {ACCOUNT}: " in checked.out) == (4, True)
        applied = it.workspace.run("apply", "latest", "--yes")
        assert applied.code == 4
        assert f"`rebal resolve {reference}`" in applied.out
        assert it.sent(ACCOUNT) == before
        assert it.sent(OTHER)


def test_after_it_was_resolved_the_new_plan_trades_the_account(planned: Workspace) -> None:
    with desk(planned, dropped(planned)) as it:
        reference = begin(it)
        it.workspace.run("plan", "--account", ACCOUNT)
        assert it.workspace.run("apply", "latest", "--yes").code == 3
        assert it.workspace.run("resolve", reference, "--absent", "--force").code == 0
        assert it.workspace.run("apply", "latest", "--yes").code == 0
        line = first_line_of(it)
        assert sells(it).count(line) == 2


def first_line_of(it: Desk) -> str:
    return sells(it)[0]


STRANGER = "20260101T000000Z-000000000000.journal.jsonl"


def test_a_journal_of_which_nothing_can_be_read_refuses_every_account_while_its_plan_is_gone(
    planned: Workspace,
) -> None:
    path = planned.write(f"plans/{STRANGER}", "not a journal\n")
    with desk(planned, scenario_text()) as it:
        result = it.apply()
        assert (result.code, it.sent(ACCOUNT)) == (3, [])
        assert f"{STRANGER} is damaged: line 1 cannot be read" in result.out
        assert f"rename it to {STRANGER}.aside" in result.out
        path.rename(f"{path}.aside")
        assert it.apply().code == 0


def finish(it: Desk) -> Path:
    """Apply one account of a first plan to its end, make a second plan, and return the first one's journal."""
    assert it.apply("--account", ACCOUNT).code == 0
    (journal,) = (it.workspace.folder / "plans").glob("*.jsonl")
    it.workspace.run("plan")
    return journal


def blocked(it: Desk) -> list[str]:
    """Return the accounts that a journal of another plan blocks, as ``rebal verify`` tells."""
    out = it.workspace.run("verify", "--offline", "latest").out
    return re.findall(r"^RB405 (\w+):", out, re.MULTILINE)


def test_a_finished_journal_blocks_nobody_whatever_git_did_to_it(planned: Workspace) -> None:
    with desk(planned, scenario_text()) as it:
        journal = finish(it)
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


def test_a_damaged_journal_blocks_only_the_account_whose_end_is_lost(planned: Workspace) -> None:
    with desk(planned, scenario_text()) as it:
        journal = finish(it)
        lines = journal.read_bytes().splitlines(keepends=True)
        end = next(n for n, line in enumerate(lines) if b'"record":"ACCOUNT"' in line)
        journal.write_bytes(b"".join(lines[:end] + lines[end + 1 :]))
        assert blocked(it) == [ACCOUNT]
        made = it.workspace.run("plan")
        assert f"Warning: {ACCOUNT}: " in made.err
        assert f"{journal.name} is damaged: line {end + 1} does not follow" in made.err
        it.workspace.run("apply", "latest", "--yes")
        assert it.sent(OTHER)
        journal.rename(f"{journal}.aside")
        assert blocked(it) == []


def test_a_journal_that_the_disk_does_not_give_blocks_the_accounts_of_its_plan(planned: Workspace) -> None:
    with desk(planned, scenario_text()) as it:
        first = it.workspace.plans()[0].stem
        it.workspace.run("plan", "--account", ACCOUNT)
        newest = next(path for path in it.workspace.plans() if path.stem != first)
        (newest.parent / f"{newest.stem}.journal.jsonl").mkdir()
        checked = it.workspace.run("verify", "--offline", first).out
        assert re.findall(r"^RB405 (\w+): cannot read ", checked, re.MULTILINE) == [ACCOUNT]


@pytest.mark.parametrize("why", ["expired", "edited"])
def test_a_resume_of_a_plan_that_no_longer_holds_still_finds_out_what_became_of_its_orders(
    planned: Workspace, why: str
) -> None:
    with desk(planned, dropped(planned)) as it:
        begin(it)
        before = it.sent(ACCOUNT)
        if why == "expired":
            it.workspace.clock.time += timedelta(days=20)
        else:
            it.workspace.edit("settings.ini", "max_price_move_pct = 2", "max_price_move_pct = 3")
        code = {"expired": "RB301", "edited": "RB401"}[why]
        refused = it.apply("--account", ACCOUNT)
        assert (refused.code, code in refused.err) == (3, True)
        learnt = it.apply("--account", ACCOUNT, "--resume")
        assert learnt.code == 4
        assert it.sent(ACCOUNT) == before
        assert len([r for r in it.records(ACCOUNT) if '"record": "ACCOUNT"' in r]) == 2


def test_a_link_to_the_plan_elsewhere_does_not_send_an_unknown_order_again(planned: Workspace) -> None:
    with desk(planned, dropped(planned)) as it:
        begin(it)
        path = planned.plans()[0]
        (planned.folder / "elsewhere").mkdir()
        link = planned.folder / "elsewhere" / path.name
        try:
            link.symlink_to(path)
        except OSError:
            pytest.skip("this user may not make links")
        before = it.sent(ACCOUNT)
        result = it.workspace.run("apply", str(link), "--yes")
        assert (result.code, it.sent(ACCOUNT)) == (3, before)
        assert "is not in the plan folder" in result.err


def test_another_world_is_never_asked_about_a_plan(planned: Workspace) -> None:
    with desk(planned, dropped(planned)) as it:
        reference = begin(it)
        known = it.records(ACCOUNT)
        planned.edit("settings.ini", "mode = tws", "mode = sim")
        for command in (
            ("apply", "latest", "--resume", "--yes"),
            ("resolve", reference, "--accept-proposed"),
        ):
            result = it.workspace.run(*command)
            assert (result.code, "RB404" in result.err) == (3, True)
        checked = it.workspace.run("verify", "latest")
        assert (checked.code, checked.out.startswith("RB404 "), checked.out.count("\n")) == (3, True, 1)
        assert it.records(ACCOUNT) == known


def test_a_foreign_journal_that_cannot_be_read_does_not_stop_a_resume_from_learning(
    planned: Workspace,
) -> None:
    with desk(planned, dropped(planned)) as it:
        begin(it)
        planned.write("plans/20260101T000000Z-000000000000.journal.jsonl", "not a journal\n")
        planned.write("plans/._20260101T000000Z-000000000000.journal.jsonl", "not a journal\n")
        planned.write("plans/notes.journal.jsonl", "not a journal\n")
        learnt = it.apply("--account", ACCOUNT, "--resume")
        assert learnt.code == 4
        for path in (planned.folder / "plans").glob("*.jsonl"):
            if path.read_bytes() == b"not a journal\n":
                path.unlink()
        assert len([r for r in it.records(ACCOUNT) if '"record": "ACCOUNT"' in r]) == 2
