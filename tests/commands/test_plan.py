"""``rebal plan`` on the shipped files and the embedded gateway."""

from __future__ import annotations

import hashlib
import json
import re

from syrupy.assertion import SnapshotAssertion

from tests.cli import FrozenClock, Workspace, without_ids
from tests.scenarios import BUILTIN, gateway_over_tcp, use_scenario


def test_the_sample_plan_screen(sample: Workspace, screen: SnapshotAssertion) -> None:
    assert without_ids(sample.ok("plan")) == screen


def test_the_sample_plan_file(sample: Workspace, json_file: SnapshotAssertion) -> None:
    sample.ok("plan")
    text = sample.plans()[0].read_text(encoding="utf-8")
    assert without_ids(text).replace(_version(text), "<version>") == json_file


def _version(text: str) -> str:
    found: str = json.loads(text)["plan"]["volatile"]["tool_version"]
    return found


def test_the_hash_is_over_the_compact_json_of_the_plan(sample: Workspace) -> None:
    sample.ok("plan")
    path = sample.plans()[0]
    envelope = json.loads(path.read_text(encoding="utf-8"))
    compact = json.dumps(envelope["plan"], separators=(",", ":"), ensure_ascii=False).encode()
    assert envelope["sha256"] == hashlib.sha256(compact).hexdigest()
    assert path.stem == envelope["id"]
    assert envelope["id"].endswith(envelope["sha256"][:12])


def test_the_plan_verifies_offline(sample: Workspace, screen: SnapshotAssertion) -> None:
    sample.ok("plan")
    assert without_ids(sample.ok("verify", "--offline", "latest")) == screen


def test_two_plans_of_one_state_differ_in_the_volatile_block_only(sample: Workspace) -> None:
    sample.ok("plan")
    sample.clock.sleep(3600)
    sample.ok("plan")
    first, second = (json.loads(path.read_text())["plan"] for path in sample.plans())
    assert first.pop("volatile") != second.pop("volatile")
    assert first == second


def test_the_same_orders_over_tcp_from_a_gateway_of_its_own(sample: Workspace, clock: FrozenClock) -> None:
    sample.ok("plan")
    with gateway_over_tcp(sample, clock):
        clock.sleep(1)
        sample.ok("plan")
    embedded, served = (json.loads(path.read_text())["plan"] for path in sample.plans())
    assert [a["orders"] for a in embedded["accounts"]] == [a["orders"] for a in served["accounts"]]
    assert embedded["accounts"][0]["orders"]
    assert (embedded["mode"], served["mode"]) == ("sim", "paper")


def test_each_account_is_planned_as_if_it_were_alone(sample: Workspace) -> None:
    together = _accounts(sample, "plan", "--json", "--dry-run")
    for name in ("DU1000001", "DU1000002", "DU1000003"):
        alone = _accounts(sample, "plan", "--json", "--dry-run", "--account", name)
        assert alone == [a for a in together if a["account"] == name]


def _accounts(workspace: Workspace, *arguments: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(workspace.ok(*arguments))["plan"]["accounts"]
    return found


def test_dry_run_writes_nothing(sample: Workspace) -> None:
    before = sample.files()
    assert sample.ok("plan", "--dry-run").endswith("Dry run: nothing was written.\n")
    assert sample.files() == before


def test_read_only_is_accepted(sample: Workspace) -> None:
    assert "Plan: " in sample.ok("plan", "--read-only")


def test_detailed_exitcode_says_that_there_are_orders(sample: Workspace) -> None:
    assert sample.run("plan", "--detailed-exitcode").code == 2


def test_an_account_in_its_bands_gives_no_changes_and_no_file(
    sample: Workspace, screen: SnapshotAssertion
) -> None:
    sample.edit("settings.ini", "per_holding_band_bps = 50", "per_holding_band_bps = 10000")
    sample.edit("settings.ini", ";direction = both", "direction = sell_only")
    result = sample.run("plan", "--detailed-exitcode", "--account", "DU1000002", "--account", "DU1000003")
    assert result.out == screen
    assert result.code == 0
    assert sample.plans() == []


def test_json_carries_the_plan_and_where_it_was_saved(sample: Workspace) -> None:
    answer = json.loads(sample.ok("plan", "--json"))
    assert answer["file"] == f"plans/{answer['id']}.json"
    assert json.loads((sample.folder / answer["file"]).read_text())["plan"] == answer["plan"]


def test_only_the_accounts_asked_for_in_the_order_of_the_settings(sample: Workspace) -> None:
    found = _accounts(sample, "plan", "--json", "--account", "du1000003", "--account", "DU1000001")
    assert [a["account"] for a in found] == ["DU1000001", "DU1000003"]


def test_an_account_not_in_the_settings_is_a_usage_error(sample: Workspace) -> None:
    result = sample.run("plan", "--account", "DU9")
    assert (result.code, sample.plans()) == (64, [])
    assert "DU9 is not in [accounts] ids of settings.ini (DU1000001, DU1000002, DU1000003)" in result.err


def test_replaying_a_plan_with_the_same_files_gives_the_same_accounts(sample: Workspace) -> None:
    sample.ok("plan")
    original = json.loads(sample.plans()[0].read_text())
    replayed = json.loads(sample.ok("plan", "--from", "latest", "--json", "--dry-run"))["plan"]
    assert replayed["accounts"] == original["plan"]["accounts"]
    assert replayed["replay_of"] == original["id"]


def test_replaying_shows_what_an_edited_target_changes(sample: Workspace) -> None:
    sample.ok("plan", "--account", "DU1000001")
    before = json.loads(sample.plans()[0].read_text())["plan"]["accounts"][0]
    text = (sample.folder / "portfolios.csv").read_text()
    sample.write("portfolios.csv", _swap_rows(text, "GLD", "SGOV"))
    sample.clock.sleep(1)
    after = json.loads(sample.ok("plan", "--from", "latest", "--account", "DU1000001", "--json"))["plan"]
    assert after["accounts"][0]["orders"] != before["orders"]
    assert after["accounts"][0]["snapshot"] == before["snapshot"]
    replay = sample.plans()[-1].stem
    refused = sample.run("verify", "--offline", replay)
    assert refused.code == 3
    assert "RB303" in refused.out


def test_latest_is_the_latest_plan_made_at_the_broker(sample: Workspace) -> None:
    sample.ok("plan")
    original = sample.plans()[0].stem
    sample.clock.sleep(1)
    sample.ok("plan", "--from", "latest")
    assert len(sample.plans()) == 2
    assert sample.ok("show", "latest").startswith(f"Plan {original}\n")


def _swap_rows(text: str, one: str, other: str) -> str:
    swapped = re.sub(rf"^{one}\b", "@", text, flags=re.MULTILINE)
    swapped = re.sub(rf"^{other}\b", one, swapped, flags=re.MULTILINE)
    return swapped.replace("@", other)


def test_a_limit_blocks_its_account_and_the_plan_is_still_written(
    sample: Workspace, screen: SnapshotAssertion
) -> None:
    sample.write(
        "settings.ini",
        (sample.folder / "settings.ini").read_text() + "\n[account:DU1000003]\nmax_orders = 3\n",
    )
    result = sample.run("plan")
    assert result.code == 4
    assert len(sample.plans()) == 1
    assert without_ids(result.out) == screen


def test_prices_outside_the_session_are_the_last_close_and_marked(
    sample: Workspace, screen: SnapshotAssertion
) -> None:
    use_scenario(sample, ('hours = "always"', 'hours = "weekly"'))
    sample.clock.sleep(8 * 3600)
    out = sample.ok("plan", "--account", "DU1000002")
    assert without_ids(out) == screen


def test_what_a_gateway_holds_back_is_noted(sample: Workspace, clock: FrozenClock) -> None:
    with gateway_over_tcp(sample, clock, read_only=True):
        out = sample.ok("plan")
    assert out.count("note: working orders unknown: the gateway's API is read-only and does not tell") == 3


def test_working_orders_are_noted_and_kept_in_the_snapshot(sample: Workspace) -> None:
    order = """
[[account.order]]
symbol = "VTI"
side = "SELL"
quantity = "5"
order_type = "LMT"
limit_price = "400"
order_ref = "mine"
client_id = 7
order_id = 12
perm_id = 99
"""
    use_scenario(sample, extra=order)
    answer = json.loads(sample.ok("plan", "--json", "--account", "DU1000003"))
    (found,) = answer["plan"]["accounts"][0]["snapshot"]["working_orders"]
    assert (found["symbol"], found["side"], found["quantity"], found["order_ref"]) == (
        "VTI",
        "SELL",
        "5",
        "mine",
    )
    assert "working order at the broker: SELL 5 VTI; apply stops at it" in sample.ok("show", "latest")


def test_show_prints_what_plan_printed(sample: Workspace) -> None:
    planned = sample.ok("plan").split("\n\nSaved:")[0]
    head, exceptions, *rest = sample.ok("show", "latest").rstrip("\n").split("\n\n")
    assert head.startswith("Plan 2026")
    assert exceptions.startswith("Look at first\n")
    assert sorted([exceptions, *rest]) == sorted(planned.split("\n\n"))


def test_show_needs_no_settings_and_works_on_an_expired_plan(sample: Workspace) -> None:
    sample.ok("plan")
    (sample.folder / "settings.ini").unlink()
    sample.clock.sleep(30 * 86400)
    assert "Plan: " in sample.ok("show", "latest")


def test_an_expired_plan_does_not_verify(sample: Workspace) -> None:
    sample.ok("plan")
    sample.clock.sleep(30 * 86400)
    result = sample.run("verify", "--offline", "latest")
    assert result.code == 3
    assert result.out.startswith("RB301 it expired at ")


def test_show_json_is_the_file(sample: Workspace) -> None:
    sample.ok("plan")
    assert sample.ok("show", "latest", "--json") == sample.plans()[0].read_text(encoding="utf-8")


def test_the_built_in_scenario_has_all_sample_symbols(sample: Workspace) -> None:
    assert "files, accounts and symbols are valid (mode sim)" in sample.ok("validate", "--online")
    assert 'symbol = "SGOV"' in BUILTIN
