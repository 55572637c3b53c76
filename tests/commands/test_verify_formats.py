"""``rebal verify`` on broken and forged plans: one code each, as text, JSON and GitHub annotations."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rebalplan.core.finding import Finding, InPlan, Severity
from rebalplan.plan.build import derive_again
from rebalplan.plan.codec import encode
from rebalplan.plan.document import Plan
from rebalplan.plan.store import read_plan
from rebalplan.render.checked import Checked
from rebalplan.render.github import Places, render_github
from tests.broken import BROKEN, another_id, cash_of_the_first, reason_of_the_first, replace, resign
from tests.cli import Workspace
from tests.forging import Fields, edit_order, fields_of, forge, sign
from tests.planned import plan_once
from tests.sweep import quick_first

ACCOUNT = "DU1000002"
ANNOTATION = re.compile(r"::(error|warning|notice) file=([^,:]+),line=(\d+),title=([^,:]+)::(.*)")


class Annotation(msgspec.Struct, frozen=True):
    """One workflow command."""

    level: str
    file: str
    line: int
    title: str
    message: str


def github(workspace: Workspace, *arguments: str) -> tuple[int, list[Annotation]]:
    """Return the exit code and what GitHub would show; every line printed must be a workflow command."""
    result = workspace.run("verify", "--offline", "--format", "github", *arguments)
    matches = [ANNOTATION.fullmatch(line) for line in result.out.split("\n")[:-1]]
    parsed = [Annotation(m[1], m[2], int(m[3]), m[4], m[5]) for m in matches if m]
    assert len(parsed) == len(matches), result.out
    return result.code, parsed


def document(workspace: Workspace, *arguments: str) -> Any:
    """Return the JSON answer."""
    return json.loads(workspace.run("verify", "--offline", "--format", "json", *arguments).out)


def text_at(path: Path, line: int) -> str:
    return path.read_text(encoding="utf-8").split("\n")[line - 1].strip()


def saved(sample: Workspace) -> Path:
    """Plan and return the file."""
    return plan_once(sample)


@pytest.mark.parametrize(
    ("code", "change"), [(c, f) for c, _, f in BROKEN], ids=[f"{c} {name}" for c, name, _ in BROKEN]
)
def test_a_file_that_is_refused_is_a_finding_with_a_code(
    sample: Workspace, code: str, change: Callable[[Path], Path]
) -> None:
    path = change(saved(sample))
    name = f"plans/{path.name}"
    result = sample.run("verify", "--offline", name)
    assert (result.code, result.err) == (3, "")
    assert result.out.startswith(f"{code} ")
    answer = document(sample, name)
    assert [(f["code"], f["account"]) for f in answer["findings"]] == [(code, "")]
    assert (answer["plan"], answer["live"], answer["unread"]) == (None, [], {})
    exit_code, (annotation,) = github(sample, name)
    assert exit_code == 3
    assert (annotation.level, annotation.file, annotation.title) == ("error", name, code)
    assert annotation.message.replace("%25", "%") == answer["findings"][0]["message"]
    assert f"{code} {annotation.message}".replace("%25", "%") == result.out.rstrip("\n")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (resign(lambda fields: fields.update(format_version="2.0")), '"format_version": '),
        (replace(b'"side": "SELL"', b'"side": "BUY"'), '"sha256": '),
        (another_id, '"id": '),
        (resign(cash_of_the_first("1.50")), "{"),
    ],
    ids=["RB103", "RB105", "RB106", "RB104"],
)
def test_a_refused_file_is_annotated_where_the_field_is_or_at_its_beginning(
    sample: Workspace, change: Callable[[Path], Path], expected: str
) -> None:
    path = change(saved(sample))
    _, (annotation,) = github(sample, f"plans/{path.name}")
    assert text_at(path, annotation.line).startswith(expected)


def test_a_refused_file_needs_no_settings(sample: Workspace) -> None:
    path = replace(b'"side": "SELL"', b'"side": "BUY"')(saved(sample))
    (sample.folder / "settings.ini").unlink()
    assert sample.run("verify", f"plans/{path.name}").out.startswith("RB105 ")


@pytest.mark.parametrize("form", quick_first(["text", "json", "github"]))
def test_a_file_that_is_not_there_is_an_ordinary_error_in_every_format(sample: Workspace, form: str) -> None:
    result = sample.run("verify", "--format", form, "plans/none.json")
    assert (result.code, result.out) == (64, "")


def test_other_commands_say_what_they_said_before(sample: Workspace) -> None:
    path = replace(b'"side": "SELL"', b'"side": "BUY"')(saved(sample))
    result = sample.run("show", f"plans/{path.name}")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith(f"Error: {Path('plans', path.name)} is refused: its sha256 says ")


def test_a_plan_outside_the_plan_folder_may_have_any_name(sample: Workspace) -> None:
    path = saved(sample).rename(sample.folder / "for-review.json")
    assert sample.run("verify", "--offline", path.name).code == 0


def test_a_file_outside_the_current_folder_has_its_whole_path(
    sample: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    away = tmp_path_factory.mktemp("away").resolve() / "plan.json"
    away.write_bytes(saved(sample).read_bytes())
    _, (annotation,) = github(sample, str(away))
    assert annotation.file == away.as_posix().replace(":", "%3A")


# forged plans


def _assert_one_finding(sample: Workspace, path: Path, code: str, account: str, exit_code: int) -> None:
    """The three formats agree on one finding, and the annotation is on the account's line."""
    name = f"plans/{path.name}"
    result = sample.run("verify", "--offline", name)
    assert result.code == exit_code
    assert result.out.startswith(f"{code} {account}: ")
    answer = document(sample, name)
    assert [(f["code"], f["account"]) for f in answer["findings"]] == [(code, account)]
    assert answer["plan"] == path.stem
    github_code, (annotation,) = github(sample, name)
    assert github_code == exit_code
    assert (annotation.level, annotation.file, annotation.title) == ("error", name, f"{code} {account}")
    assert text_at(path, annotation.line) == f'"account": "{account}",'


def test_an_edited_order_with_its_own_hash_names_its_account_in_every_format(sample: Workspace) -> None:
    _assert_one_finding(sample, forge(saved(sample), edit_order(ACCOUNT)), "RB201", ACCOUNT, 3)


def test_an_edited_target_is_a_finding_on_the_account_in_every_format(sample: Workspace) -> None:
    path = saved(sample)
    text = (sample.folder / "portfolios.csv").read_text(encoding="utf-8")
    swapped = text.replace("\nGLD,", "\n@,").replace("\nSGOV,", "\nGLD,").replace("\n@,", "\nSGOV,")
    sample.write("portfolios.csv", swapped)
    codes = {(f["code"], f["account"], f["field"]) for f in document(sample, "latest")["findings"]}
    assert ("RB402", ACCOUNT, "targets.GLD") in codes
    exit_code, annotations = github(sample, "latest")
    assert exit_code == 3
    mine = [a for a in annotations if a.title == f"RB402 {ACCOUNT}"]
    assert [a.message.split(" was")[0] for a in mine] == [
        "the target weight of GLD",
        "the target weight of SGOV",
    ]
    assert {text_at(path, a.line) for a in mine} == {f'"account": "{ACCOUNT}",'}


def test_a_blocked_account_is_a_finding_in_every_format(sample: Workspace) -> None:
    text = (sample.folder / "settings.ini").read_text(encoding="utf-8")
    sample.write("settings.ini", f"{text}\n[account:DU1000003]\nmax_orders = 3\n")
    assert sample.run("plan").code == 4
    _assert_one_finding(sample, sample.plans()[0], "RB302", "DU1000003", 4)


def test_an_expired_plan_is_annotated_at_its_expiry(sample: Workspace) -> None:
    path = saved(sample)
    sample.clock.sleep(30 * 86400)
    assert [f["code"] for f in document(sample, "latest")["findings"]] == ["RB301"]
    exit_code, (annotation,) = github(sample, "latest")
    assert (exit_code, annotation.level, annotation.title) == (3, "error", "RB301")
    assert text_at(path, annotation.line).startswith('"expires_at": ')


@pytest.mark.parametrize(
    ("edit", "code", "field"),
    [
        (lambda f: f.update(mode="paper"), "RB404", "mode"),
        (lambda f: f.update(sizing_version="9"), "RB202", "sizing_version"),
        (lambda f: f.update(replay_of="20260101T000000Z-000000000000"), "RB303", "replay_of"),
        (lambda f: f["volatile"]["session"].update(closes_at="2027-01-04T05:00:00Z"), "RB305", "session"),
        (lambda f: f["volatile"].update(created_at="2026-11-24T17:00:00Z"), "RB304", "created_at"),
    ],
    ids=["mode", "sizing_version", "replay_of", "session", "created_at"],
)
def test_a_finding_about_a_field_of_the_plan_is_annotated_there(
    sample: Workspace, edit: Callable[[Fields], object], code: str, field: str
) -> None:
    path = forge(saved(sample), edit)
    _, annotations = github(sample, "latest")
    (line,) = (a.line for a in annotations if a.title == code)
    assert text_at(path, line).startswith(f'"{field}": ')


def test_an_edited_snapshot_whose_orders_follow_is_caught_at_the_broker(sample: Workspace) -> None:
    path = _with_a_share_more(read_plan(saved(sample)).plan, sample)
    assert sample.run("verify", "--offline", f"plans/{path.name}").code == 0
    result = sample.run("verify", "--format", "github", f"plans/{path.name}")
    assert result.code == 3
    line = next(line for line in result.out.splitlines() if f"title=RB501 {ACCOUNT}::" in line)
    found = ANNOTATION.fullmatch(line)
    assert found
    assert text_at(path, int(found[3])) == f'"account": "{ACCOUNT}",'


def _with_a_share_more(made: Plan, sample: Workspace) -> Path:
    """Save the plan that would follow if the account held one share more of its first position."""
    accounts = list(made.accounts)
    (at,) = (index for index, account in enumerate(accounts) if account.account == ACCOUNT)
    state = accounts[at].snapshot
    assert state is not None
    first = state.positions[0]
    more = msgspec.structs.replace(first, quantity=first.quantity + 1)
    edited = msgspec.structs.replace(state, positions=(more, *state.positions[1:]))
    accounts[at] = msgspec.structs.replace(accounts[at], snapshot=edited)
    envelope, data = encode(derive_again(msgspec.structs.replace(made, accounts=tuple(accounts))))
    path = sample.folder / "plans" / f"{envelope.id}.json"
    path.write_bytes(data)
    return path


# the formats


def test_all_is_well_is_one_notice(sample: Workspace) -> None:
    path = saved(sample)
    exit_code, (annotation,) = github(sample, "latest")
    assert (exit_code, annotation.level, annotation.line) == (0, "notice", 1)
    assert annotation.file == f"plans/{path.name}"
    assert annotation.message.startswith("bytes and hash are those of the plan as it was made; ")


def test_json_is_short_for_the_json_format(sample: Workspace) -> None:
    saved(sample)
    arguments = ("verify", "--offline", "latest")
    assert sample.ok(*arguments, "--json") == sample.ok(*arguments, "--format", "json")
    assert list(json.loads(sample.ok(*arguments, "--json"))) == ["plan", "findings", "live", "unread"]


def test_text_is_the_default(sample: Workspace) -> None:
    saved(sample)
    arguments = ("verify", "--offline", "latest")
    assert sample.ok(*arguments) == sample.ok(*arguments, "--format", "text")


def test_an_unknown_format_is_a_usage_error(sample: Workspace) -> None:
    assert sample.run("verify", "--format", "xml", "latest").code == 64


HOSTILE = "x%0A::error file=settings.ini::owned %25 a,b:c ::add-mask::1 ##[error]no"


def test_text_in_a_plan_starts_no_command_of_its_own(sample: Workspace) -> None:
    """``github`` asserts that each line printed is one of our own commands."""
    forge(saved(sample), reason_of_the_first(HOSTILE))
    exit_code, annotations = github(sample, "latest")
    assert exit_code == 3
    assert {a.title for a in annotations} == {"RB201 DU1000001"}
    (message,) = (a.message for a in annotations if HOSTILE.replace("%", "%25") in a.message)
    assert "%0A" not in message.replace("%250A", "")


def test_an_account_in_a_plan_adds_no_property_of_its_own(sample: Workspace) -> None:
    account = 'DU1,file=a::b%0A"'
    path = forge(saved(sample), lambda fields: fields["accounts"][0].update(account=account))
    _, annotations = github(sample, "latest")
    titled = [a for a in annotations if a.title == 'RB403 DU1%2Cfile=a%3A%3Ab%250A"']
    assert [text_at(path, a.line) for a in titled] == [f'"account": {json.dumps(account)},']


def test_a_field_and_an_account_that_only_a_string_names_are_not_annotated(sample: Workspace) -> None:
    fields = fields_of(saved(sample))
    fields["accounts"][0]["reasons"] = ['        "account": "DU1000002",']
    path = sign(fields, sample.folder / "plans")
    forged = forge(path, edit_order(ACCOUNT))
    _, annotations = github(sample, f"plans/{forged.name}")
    lines = {text_at(forged, a.line) for a in annotations if a.title == f"RB201 {ACCOUNT}"}
    assert lines == {f'"account": "{ACCOUNT}",'}


@pytest.mark.parametrize(
    ("severity", "level"), [("error", "error"), ("warning", "warning"), ("note", "notice")]
)
def test_the_severity_of_a_live_finding_is_the_level_of_its_annotation(
    severity: Severity, level: str
) -> None:
    finding = Finding(
        code="RB506",
        severity=severity,
        where=InPlan("DU2", "orders.VTI.price"),
        message="moved",
        planned="1",
        now="2",
        tolerance="2%",
    )
    checked = Checked("an id", (), (finding,), {})
    places = Places({}, {'"DU1"': 5, '"DU2"': 7})
    assert render_github(checked, "plans/a.json", places, "") == (
        f"::{level} file=plans/a.json,line=7,title=RB506 DU2::moved"
    )


def test_an_account_that_could_not_be_read_is_an_error_that_stays_on_its_line() -> None:
    checked = Checked("an id", (), (), {"DU1": "no answer\r\n::error::100%"})
    assert render_github(checked, "a, b:c%.json", Places({}, {'"DU1"': 5}), "") == (
        "::error file=a%2C b%3Ac%25.json,line=5,title=DU1::could not be read: no answer%0D%0A::error::100%25"
    )
