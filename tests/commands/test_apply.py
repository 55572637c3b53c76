"""``rebal apply`` through ib_insync over TCP, judged by the gateway's own ledger."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebalplan.apply.reports.account import COLUMNS as ACCOUNT_COLUMNS
from rebalplan.apply.reports.summary import COLUMNS as SUMMARY_COLUMNS
from rebalplan.commands import reporting
from rebalplan.commands.plans import plan_lock
from rebalplan.sim import Gateway
from rebalplan.system.disk import SystemDisk
from tests.cli import FrozenClock, Workspace
from tests.scenarios import gateway_over_tcp, use_scenario
from tests.sweep import quick_first

ACCOUNTS = ("DU1000001", "DU1000002", "DU1000003")


@pytest.fixture
def gateway(sample: Workspace, clock: FrozenClock) -> Iterator[Gateway]:
    """A gateway of its own that the workspace trades at, with a plan made there."""
    with gateway_over_tcp(sample, clock) as served:
        sample.ok("plan")
        yield served


def plan_of(workspace: Workspace) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(workspace.plans()[0].read_text(encoding="utf-8"))
    return found


def planned_orders(workspace: Workspace, *accounts: str) -> list[tuple[str, str, str, str, str]]:
    """Return account, side, symbol, quantity and reference of every order of these accounts."""
    envelope = plan_of(workspace)
    digits = envelope["sha256"][:12]
    return [
        (a["account"], o["side"], o["symbol"], o["quantity"], f"rb-{digits}-a{position:02}-l{line:02}")
        for position, a in enumerate(envelope["plan"]["accounts"], start=1)
        for line, o in enumerate(a["orders"], start=1)
        if a["account"] in accounts
    ]


def received(gateway: Gateway) -> list[tuple[str, str, str, str, str]]:
    """Return the same of what the gateway was sent."""
    return [
        (e.account, e.side, e.symbol, str(e.quantity.normalize() + 0), e.order_ref)
        for e in gateway.ledger
        if e.kind == "place"
    ]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def report(workspace: Workspace, account: str) -> list[dict[str, str]]:
    (path,) = (workspace.folder / "reports").glob(f"rebalance_{account}_*.csv")
    return rows(path)


def test_each_account_is_confirmed_on_its_own(sample: Workspace, gateway: Gateway) -> None:
    result = sample.run("apply", "latest", answers="yes\nno\nY\n")
    assert result.out.count("Only yes sends them [no]:") == 3
    assert sorted(received(gateway)) == sorted(planned_orders(sample, "DU1000001", "DU1000003"))
    assert "DU1000002: declined" in result.out


def test_one_global_answer_drives_all(sample: Workspace, gateway: Gateway) -> None:
    out = sample.ok("apply", "latest", "--confirm-mode", "global", answers="yes\n")
    assert out.count("Only yes sends them [no]:") == 1
    assert sorted(received(gateway)) == sorted(planned_orders(sample, *ACCOUNTS))


def test_every_order_has_its_account_reference_and_time_in_force(sample: Workspace, gateway: Gateway) -> None:
    sample.ok("apply", "latest", "--yes")
    placed = [e for e in gateway.ledger if e.kind == "place"]
    assert placed
    assert {e.tif for e in placed} == {"DAY"}
    assert {e.order_type for e in placed} == {"MKT"}
    assert {e.algo for e in placed} == {"Adaptive"}
    references = [e.order_ref for e in placed]
    assert len(references) == len(set(references))


@pytest.mark.parametrize("answers", quick_first(["", "\n\n\n", "n\nno\nyess\n", "ja\n"], 2))
def test_anything_but_yes_is_a_no(sample: Workspace, gateway: Gateway, answers: str) -> None:
    sample.run("apply", "latest", answers=answers)
    assert received(gateway) == []


def test_a_declined_account_can_be_applied_later(sample: Workspace, gateway: Gateway) -> None:
    sample.run("apply", "latest", answers="yes\nno\nno\n")
    sample.ok("apply", "latest", "--account", "DU1000002", "--yes")
    assert sorted(received(gateway)) == sorted(planned_orders(sample, "DU1000001", "DU1000002"))


def test_a_declined_account_that_was_never_begun_got_nothing(sample: Workspace, gateway: Gateway) -> None:
    assert gateway.port
    result = sample.run("apply", "latest", "--account", "DU1000002", answers="no\n")
    assert "DU1000002: declined, nothing was sent there." in result.out + result.err


def test_after_an_apply_the_accounts_are_within_their_bands(sample: Workspace, gateway: Gateway) -> None:
    assert gateway.port
    sample.ok("apply", "latest", "--yes")
    sample.clock.sleep(60)
    assert "No changes." in sample.ok("plan")


def test_a_second_apply_of_the_same_plan_is_refused(sample: Workspace, gateway: Gateway) -> None:
    sample.ok("apply", "latest", "--yes")
    before = received(gateway)
    for arguments in ((), ("--resume",)):
        again = sample.run("apply", "latest", "--yes", *arguments)
        assert "already applied" in again.out
        assert received(gateway) == before
    assert sample.run("apply", "latest", "--yes").code == 3


def test_the_reports_say_what_the_gateway_booked(sample: Workspace, gateway: Gateway) -> None:
    sample.ok("apply", "latest", "--yes")
    (summary_path,) = (sample.folder / "reports").glob("run_summary_*.csv")
    summary = {row["account_id"]: row for row in rows(summary_path)}
    assert tuple(rows(summary_path)[0]) == SUMMARY_COLUMNS
    for account in ACCOUNTS:
        found = report(sample, account)
        assert tuple(found[0]) == ACCOUNT_COLUMNS
        booked = {e.order_ref: e for e in gateway.ledger if e.kind == "place" and e.account == account}
        traded = [row for row in found if row["exec_qty_shares"]]
        assert {row["order_ref"]: Decimal(row["exec_qty_shares"]) for row in traded} == {
            reference: entry.quantity for reference, entry in booked.items()
        }
        assert {row["status"] for row in traded} == {"filled"}
        buys = sum(Decimal(row["exec_value_usd"]) for row in traded if row["action"] == "buy")
        assert Decimal(summary[account]["buy_usd"]) == buys
        assert summary[account]["status"] == "done"
        assert all(Decimal(row["commission_usd"]) > 0 for row in traded)


def test_the_reports_are_made_again_byte_for_byte(sample: Workspace, gateway: Gateway) -> None:
    assert gateway.port
    sample.ok("apply", "latest", "--yes")
    folder = sample.folder / "reports"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    sample.clock.sleep(3600)
    sample.ok("status", "latest", "--report")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.slow
def test_reports_of_runs_over_some_accounts_are_made_again_as_they_were(
    sample: Workspace, gateway: Gateway
) -> None:
    assert gateway.port
    folder = sample.folder / "reports"
    for account in ACCOUNTS:
        sample.ok("apply", "latest", "--account", account, "--yes")
        sample.clock.sleep(90)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(before) == 6
    for path in folder.iterdir():
        path.unlink()
    sample.ok("status", "latest", "--report")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_report_folder_that_cannot_be_written_to_is_known_before_the_first_order(
    sample: Workspace, gateway: Gateway
) -> None:
    in_its_place = sample.write("reports", "a file")
    before = sample.files()
    result = sample.run("apply", "latest", "--yes")
    assert (result.code, result.out, received(gateway)) == (3, "", [])
    assert result.err == (
        "Error: no report can be written to reports (reports is a file): correct [io] report_dir in settings.ini. "
        "Nothing was sent.\n"
    )
    assert sample.files() == before
    in_its_place.unlink()
    sample.ok("apply", "latest", "--yes")


@pytest.mark.slow
def test_a_resume_does_not_wait_for_a_report_folder(sample: Workspace, gateway: Gateway) -> None:
    assert gateway.port
    sample.ok("apply", "latest", "--yes")
    (sample.folder / "reports").rename(sample.folder / "elsewhere")
    sample.write("reports", "a file")
    result = sample.run("apply", "latest", "--yes", "--resume")
    assert "cannot write" in result.err
    assert "The orders stand" in result.err


def test_reports_that_cannot_be_written_say_that_the_orders_stand_and_what_writes_them_later(
    sample: Workspace, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "why_unwritable", lambda _folder: "")  # it was writable at the start
    in_its_place = sample.write("reports", "a file")
    result = sample.run("apply", "latest", "--yes")
    assert sorted(received(gateway)) == sorted(planned_orders(sample, *ACCOUNTS))
    assert result.code == 1
    assert "Report:" not in result.out
    assert result.err.startswith("Error: cannot write 4 reports to reports (rebalance_DU1000001_")
    assert "The orders stand, and the journal has them: free space or correct [io] report_dir" in result.err
    assert f"`rebal status plans/{sample.plans()[0].name} --report`" in result.err
    in_its_place.unlink()
    assert sample.ok("status", str(sample.plans()[0]), "--report").count("Report: ") == 4


@pytest.mark.slow
def test_a_report_that_cannot_be_written_keeps_no_other_from_being_written(
    sample: Workspace, gateway: Gateway
) -> None:
    assert gateway.port
    sample.ok("apply", "latest", "--yes")
    reports = sorted((sample.folder / "reports").iterdir())
    for path in reports:
        path.unlink()
    reports[1].mkdir()
    result = sample.run("status", "latest", "--report")
    assert result.code == 1
    assert f"cannot write 1 report to reports ({reports[1].name}: " in result.err
    assert [path for path in reports if path.is_file()] == [reports[0], *reports[2:]]


@pytest.mark.slow
def test_an_apply_that_did_not_end_well_keeps_its_exit_code_when_reports_cannot_be_written(
    sample: Workspace, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "why_unwritable", lambda _folder: "")
    assert gateway.port
    sample.ok("apply", "latest", "--account", "DU1000002", "--yes")
    (sample.folder / "reports").rename(sample.folder / "elsewhere")
    sample.write("reports", "a file")
    result = sample.run("apply", "latest", "--account", "DU1000002", "--yes")
    assert result.code == 3
    assert "cannot write 2 reports" in result.err


@pytest.mark.slow
def test_a_refused_apply_leaves_the_reports_of_the_one_before_it(sample: Workspace, gateway: Gateway) -> None:
    assert gateway.port
    sample.ok("apply", "latest", "--yes")
    folder = sample.folder / "reports"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    sample.clock.sleep(90)
    assert sample.run("apply", "latest", "--account", "DU1000002", "--yes").code == 3
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_dry_run_and_read_only_send_nothing(sample: Workspace, gateway: Gateway) -> None:
    for option in ("--dry-run", "--read-only"):
        out = sample.ok("apply", "latest", option)
        assert out.endswith("Nothing was sent.\n")
    assert received(gateway) == []
    assert not list((sample.folder / "plans").glob("*.jsonl"))


def test_a_read_only_setting_refuses(sample: Workspace, gateway: Gateway) -> None:
    sample.edit("settings.ini", "read_only = false", "read_only = true")
    result = sample.run("apply", "latest", "--yes")
    assert (result.code, received(gateway)) == (3, [])
    assert "read_only = true" in result.err


@pytest.mark.parametrize("read_only", quick_first(ACCOUNTS))
def test_a_read_only_account_is_refused_and_the_others_go_on(
    sample: Workspace, gateway: Gateway, read_only: str
) -> None:
    text = (sample.folder / "settings.ini").read_text(encoding="utf-8")
    header = f"[account:{read_only}]\n"
    before, _, after = text.partition(header)
    sample.write("settings.ini", f"{before.rstrip()}\n{header}read_only = true\n{after}")
    result = sample.run("apply", "latest", "--yes")
    others = [account for account in ACCOUNTS if account != read_only]
    assert result.code == 4
    assert f"{read_only} is read-only: set read_only to false" in result.out
    assert sorted(received(gateway)) == sorted(planned_orders(sample, *others))
    assert f"apply will refuse it: {read_only} is read-only" in sample.run("plan", "--dry-run").err


def test_another_plan_than_the_expected_one_is_refused(sample: Workspace, gateway: Gateway) -> None:
    result = sample.run("apply", "latest", "--yes", "--expect", "0" * 12)
    (plan,) = sample.folder.glob("plans/*Z-*.json")
    assert f"is not this plan: its id ends in {plan.stem[-12:]}. Nothing was sent\n" in result.err
    assert (result.code, received(gateway)) == (3, [])


def test_a_copy_under_another_name_is_refused(sample: Workspace, gateway: Gateway) -> None:
    copy = sample.write("plans/again.json", sample.plans()[0].read_text(encoding="utf-8"))
    result = sample.run("apply", str(copy), "--yes")
    assert (result.code, received(gateway)) == (3, [])
    assert "so call it " in result.err


def test_an_edited_target_refuses_the_plan(sample: Workspace, gateway: Gateway) -> None:
    sample.edit("portfolios.csv", "GLD,,,20", "GLD,,,18")
    sample.edit("portfolios.csv", "SGOV,,,3", "SGOV,,,5")
    result = sample.run("apply", "latest", "--yes")
    assert (result.code, received(gateway)) == (3, [])
    assert "RB402" in result.err


def test_an_applied_plan_does_not_verify(sample: Workspace) -> None:
    sample.ok("plan")
    sample.ok("apply", "latest", "--account", "DU1000002", "--yes")
    assert sample.run("verify", "latest").code == 0
    sample.ok("apply", "latest", "--yes", answers="")
    for arguments in ((), ("--offline",)):
        result = sample.run("verify", "latest", *arguments)
        assert (result.code, "RB306" in result.out) == (3, True)


def test_verify_does_not_call_all_well_what_leaves_out_a_line(sample: Workspace) -> None:
    sample.ok("plan")
    moved = (("312.39", "319.29"), ("312.41", "319.31"), ("312.40", "319.30"))
    use_scenario(sample, *((f'"{old}"', f'"{new}"') for old, new in moved))
    result = sample.run("verify", "latest")
    assert "RB506" in result.out
    assert "lines would be left out, see above: `rebal apply` shows what is left, if anything" in result.out
    assert "no account is refused" not in result.out
    assert "at the broker are those of the plan" not in result.out


def test_a_plan_elsewhere_than_in_the_plan_folder_is_refused(sample: Workspace, gateway: Gateway) -> None:
    path = sample.plans()[0]
    copy = sample.write(f"elsewhere/{path.name}", path.read_text(encoding="utf-8"))
    result = sample.run("apply", str(copy), "--yes")
    assert (result.code, received(gateway)) == (3, [])
    assert "is not in the plan folder" in result.err


def test_a_dry_run_refuses_what_apply_refuses(sample: Workspace, gateway: Gateway) -> None:
    assert gateway.port
    sample.edit("settings.ini", "max_price_move_pct = 2", "max_price_move_pct = 3")
    result = sample.run("apply", "latest", "--dry-run")
    assert (result.code, "RB401" in result.err) == (3, True)


def test_status_as_json_has_every_line(sample: Workspace, gateway: Gateway) -> None:
    assert gateway.port
    sample.ok("apply", "latest", "--account", "DU1000002", "--yes")
    found = json.loads(sample.ok("status", "latest", "--json"))
    accounts = {account["account"]: account for account in found["accounts"]}
    assert {a: x["status"] for a, x in accounts.items()} == {
        "DU1000001": "not_applied",
        "DU1000002": "done",
        "DU1000003": "not_applied",
    }
    assert {line["status"] for line in accounts["DU1000002"]["lines"]} == {"filled"}
    assert found["next"] == []


def test_an_apply_beside_another_in_the_same_plan_folder_sends_nothing(
    sample: Workspace, gateway: Gateway
) -> None:
    with plan_lock(SystemDisk(), sample.plans()[0]):
        result = sample.run("apply", "latest", "--yes")
    assert "another apply is running" in result.err
    assert received(gateway) == []


def test_a_stop_file_sends_nothing(sample: Workspace, gateway: Gateway) -> None:
    sample.write("STOP", "")
    result = sample.run("apply", "latest", "--yes")
    assert (result.code, received(gateway)) == (130, [])
    assert "Stopped by the file STOP, which must be deleted" in result.out


def test_accounts_are_traded_one_after_the_other(sample: Workspace, gateway: Gateway) -> None:
    sample.ok("apply", "latest", "--yes")
    assert gateway.max_connections == 1
    accounts = [e.account for e in gateway.ledger if e.kind == "place"]
    assert list(dict.fromkeys(accounts)) == list(ACCOUNTS)
    assert accounts == sorted(accounts)


def test_sells_come_before_buys(sample: Workspace, gateway: Gateway) -> None:
    sample.ok("apply", "latest", "--yes")
    for account in ACCOUNTS:
        sides = [e.side for e in gateway.ledger if e.kind == "place" and e.account == account]
        assert sides == sorted(sides, reverse=True)


def test_plan_apply_and_status_on_the_embedded_gateway(sample: Workspace) -> None:
    sample.ok("plan")
    sample.ok("apply", "latest", answers="yes\nyes\nyes\n")
    assert "DU1000002: done" in sample.ok("status", "latest")
    sample.clock.sleep(60)
    assert "No changes." in sample.ok("plan")


def test_verify_compares_with_the_accounts_as_they_are(sample: Workspace) -> None:
    sample.ok("plan")
    assert "ok  positions, orders, cash and prices at the broker" in sample.ok("verify", "latest")
    use_scenario(sample, ('symbol = "ARKK"\nquantity = "120"', 'symbol = "ARKK"\nquantity = "60"'))
    result = sample.run("verify", "latest")
    assert result.code == 3
    assert "RB501 DU1000003: the plan has 120 ARKK, the account has 60: plan again" in result.out


def test_a_buy_that_only_the_sells_can_pay_for_does_not_refuse_the_account(sample: Workspace) -> None:
    use_scenario(sample, ('cash = { USD = "912.40" }', 'cash = { USD = "20.00" }'))
    sample.edit("settings.ini", "max_turnover_pct = 100", "max_turnover_pct = 200")
    sample.ok("plan", "--account", "DU1000002")
    sample.ok("apply", "latest", "--yes")
    assert "DU1000002: done" in sample.ok("status", "latest")


def test_a_refusal_has_a_code_in_the_traceback_and_none_in_its_sentence(sample: Workspace) -> None:
    sample.edit("settings.ini", "read_only = false", "read_only = true")
    sample.ok("plan")
    plain = sample.run("apply", "latest", "--yes")
    assert (plain.code, "RB603" in plain.err) == (3, False)
    told = sample.run("apply", "latest", "--yes", "--verbose")
    assert told.err.endswith(f"RB603: docs/findings.md\n{plain.err}")
