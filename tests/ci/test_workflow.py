"""docs/ci/rebal.yml, its steps run one by one on pull requests of a scratch repository."""

from __future__ import annotations

import os
import re
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from tests.ci.pull_request import PullRequest, limit_orders, swap_targets
from tests.ci.runner import Outcome, workflow
from tests.cli import Workspace
from tests.forging import edit_order, forge

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="the workflow's steps are for the bash of a Linux runner"),
    pytest.mark.skipif(
        not (shutil.which("git") and shutil.which("bash")), reason="git and bash run the steps"
    ),
]

ACCOUNT = "DU1000002"
IMMUTABLE = "No plan is changed, renamed or deleted"
VERIFY = "Verify each added plan"
AGAIN = "Plan again where settings or portfolios changed and no plan was added"


@pytest.fixture
def pull_request(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> PullRequest:
    """A pull request to a base branch with the sample files and one plan."""
    made = PullRequest(sample, tmp_path_factory.mktemp("outside"))
    made.base_plan()
    made.branch()
    return made


def line_of(path: Path, text: str) -> int:
    """Return the only line that is ``text``."""
    lines = path.read_text(encoding="utf-8").split("\n")
    (found,) = (number for number, line in enumerate(lines, start=1) if line.strip() == text)
    return found


def assert_annotated(outcome: Outcome, beginning: str) -> None:
    assert any(a.startswith(beginning) for a in outcome.annotations), outcome


# what passes


def test_a_plan_that_is_fine_passes_and_is_shown_with_what_it_changes(pull_request: PullRequest) -> None:
    swap_targets(pull_request.sample)
    path = pull_request.added_plan()
    outcome = pull_request.check()
    assert outcome.passed, outcome
    assert_annotated(outcome, f"::notice file=plans/{path.name},line=1,title=rebal verify::")
    assert f"### Plan `{path.stem}`" in outcome.summary
    assert re.search(r"\*\*Plan: \d+ to buy, \d+ to sell", outcome.summary)
    assert re.search(r"^\|.*\| GLD \| (buy|sell) \|", outcome.summary, re.MULTILINE)
    assert f"→ `{path.stem}`" in outcome.summary
    assert re.search(r"^- targets: .*GLD", outcome.summary, re.MULTILINE)


def test_edited_targets_without_a_plan_show_what_they_would_change(pull_request: PullRequest) -> None:
    original = pull_request.sample.plans()[0].stem
    swap_targets(pull_request.sample)
    outcome = pull_request.check(datetime.fromisoformat("2027-06-01T12:00:00+00:00"))
    assert outcome.passed, outcome
    assert outcome.summary.startswith("## What these settings and portfolios would change\n")
    assert f"### Plan `{original}` → `20270601T120000Z-" in outcome.summary
    assert re.search(r"^- targets: .*GLD", outcome.summary, re.MULTILINE)
    assert re.search(r"\*\*Plan: \d+ to buy, \d+ to sell", outcome.summary)
    assert outcome.annotations == []


def test_the_first_plan_of_a_repository_passes_without_a_comparison(
    sample: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pull_request = PullRequest(sample, tmp_path_factory.mktemp("outside"))
    pull_request.branch()
    path = pull_request.added_plan()
    outcome = pull_request.check()
    assert outcome.passed, outcome
    assert f"### Plan `{path.stem}`" in outcome.summary
    assert " → `" not in outcome.summary


def test_files_are_validated_where_there_is_no_plan_yet(
    sample: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pull_request = PullRequest(sample, tmp_path_factory.mktemp("outside"))
    pull_request.branch()
    swap_targets(sample)
    outcome = pull_request.check()
    assert outcome.passed, outcome
    assert "There is no plan yet to plan again from." in outcome.summary


def test_a_change_of_neither_plans_nor_their_inputs_checks_nothing(pull_request: PullRequest) -> None:
    pull_request.sample.write("notes.txt", "x")
    pull_request.sample.write("reports/run_summary_20261123T170010Z.csv", "a,b\n")
    pull_request.sample.write(f"plans/{pull_request.sample.plans()[0].stem}.journal.jsonl", "")
    outcome = pull_request.check()
    assert (outcome.passed, outcome.output, outcome.summary) == (True, "", "")


def test_redacted_summaries_have_no_account_and_no_amount(pull_request: PullRequest) -> None:
    pull_request.added_plan()
    outcome = pull_request.check(REDACT="--redact")
    assert outcome.passed, outcome
    assert "Plan: 23 to buy" in outcome.summary
    assert "DU1000" not in outcome.summary
    assert not re.search(r"\d USD", outcome.summary)


def test_a_base_plan_of_another_format_does_not_stop_a_new_one(
    sample: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pull_request = PullRequest(sample, tmp_path_factory.mktemp("outside"))
    forge(pull_request.base_plan(), lambda fields: fields.update(format_version="0.9"))
    pull_request.commit()
    pull_request.branch()
    path = pull_request.added_plan()
    outcome = pull_request.check()
    assert outcome.passed, outcome
    assert "cannot be read by this rebal, so there is no comparison" in outcome.summary
    assert f"### Plan `{path.stem}`" in outcome.summary


# what fails


def test_an_edited_order_with_its_own_hash_fails_on_the_account_of_the_order(
    pull_request: PullRequest,
) -> None:
    path = forge(pull_request.added_plan(), edit_order(ACCOUNT))
    outcome = pull_request.check()
    assert outcome.failed_steps == [VERIFY]
    line = line_of(path, f'"account": "{ACCOUNT}",')
    assert_annotated(
        outcome, f"::error file=plans/{path.name},line={line},title=RB201 {ACCOUNT}::orders says "
    )
    assert f"### Plan `{path.stem}`" in outcome.summary


def test_an_edit_without_a_new_hash_fails(pull_request: PullRequest) -> None:
    path = pull_request.added_plan()
    path.write_bytes(path.read_bytes().replace(b'"side": "SELL"', b'"side": "BUY"', 1))
    outcome = pull_request.check()
    assert VERIFY in outcome.failed_steps
    assert_annotated(outcome, f"::error file=plans/{path.name},line=3,title=RB105::")


def test_an_expired_plan_fails(pull_request: PullRequest) -> None:
    path = pull_request.added_plan()
    outcome = pull_request.check(datetime.fromisoformat("2026-12-24T17:00:00+00:00"))
    assert outcome.failed_steps == [VERIFY]
    assert re.search(rf"^::error file=plans/{path.name},line=\d+,title=RB301::", outcome.output, re.MULTILINE)


def test_a_plan_that_breaks_a_limit_fails(pull_request: PullRequest) -> None:
    limit_orders(pull_request.sample)
    path = pull_request.added_plan()
    outcome = pull_request.check()
    assert outcome.failed_steps == [VERIFY]
    line = line_of(path, '"account": "DU1000003",')
    assert_annotated(outcome, f"::error file=plans/{path.name},line={line},title=RB302 DU1000003::")


def test_targets_edited_after_the_plan_was_made_fail(pull_request: PullRequest) -> None:
    path = pull_request.added_plan()
    swap_targets(pull_request.sample)
    outcome = pull_request.check()
    assert outcome.failed_steps == [VERIFY]
    line = line_of(path, f'"account": "{ACCOUNT}",')
    assert_annotated(outcome, f"::error file=plans/{path.name},line={line},title=RB402 {ACCOUNT}::")


def test_a_limit_that_would_block_an_account_fails_and_the_summary_is_there(
    pull_request: PullRequest,
) -> None:
    limit_orders(pull_request.sample)
    outcome = pull_request.check()
    assert outcome.failed_steps == [AGAIN]
    (reason, advice) = outcome.annotations
    assert re.match(r"::error file=plans/[^,]+,line=\d+,title=RB302 DU1000003::", reason)
    assert advice.startswith("::error title=An account is left out::")
    assert "**DU1000003**" in outcome.summary
    assert "max_orders" in outcome.summary.replace("\\", "")


def test_a_symbol_that_the_last_plan_has_no_price_of_fails_with_the_reason(pull_request: PullRequest) -> None:
    pull_request.sample.edit("portfolios.csv", "GLD,", "GLDM,")
    outcome = pull_request.check()
    assert outcome.failed_steps == [AGAIN]
    assert "There would be no order." in outcome.summary
    assert re.search(r"^    .*DU1000001.*\n?.*GLDM", outcome.summary, re.MULTILINE)


def test_input_files_that_cannot_be_used_fail(pull_request: PullRequest) -> None:
    pull_request.sample.edit("portfolios.csv", "GLD,", "GLD,nonsense")
    outcome = pull_request.check()
    assert outcome.failed_steps == [AGAIN]
    assert_annotated(outcome, "::error title=Cannot plan again::")
    assert re.search(r"portfolios\.csv:\d+:\d+: ", outcome.output)


def test_all_plans_are_looked_at_before_the_job_fails(pull_request: PullRequest) -> None:
    first = forge(pull_request.added_plan(), edit_order(ACCOUNT))
    second = forge(pull_request.added_plan(), edit_order("DU1000003"))
    third = pull_request.added_plan()
    outcome = pull_request.check()
    files = [re.split("[=,]", a)[1] for a in outcome.annotations]
    assert files == [f"plans/{path.name}" for path in (first, second, third)]
    assert all(f"### Plan `{path.stem}`" in outcome.summary for path in (first, second, third))


@pytest.mark.parametrize("change", ["modified", "renamed", "deleted"])
def test_a_plan_of_the_base_branch_must_stay_as_it_is(pull_request: PullRequest, change: str) -> None:
    path = pull_request.sample.plans()[0]
    match change:
        case "modified":
            path.write_bytes(path.read_bytes() + b"\n")
        case "renamed":
            path.rename(path.with_name("copy.json"))
        case "deleted":
            path.unlink()
    pull_request.added_plan()
    outcome = pull_request.check()
    assert IMMUTABLE in outcome.failed_steps
    assert_annotated(outcome, f"::error file=plans/{path.name},line=1,title=Plans are immutable::")
    assert [step.name for step in outcome.steps][2:4] == [
        VERIFY,
        "Show each added plan and how it differs from the last one",
    ]


def test_names_of_files_start_no_command_and_are_not_split(pull_request: PullRequest) -> None:
    name = "a b\n::error::c, d:e%.json"
    pull_request.sample.write(f"plans/{name}", "{}")
    outcome = pull_request.check()
    assert VERIFY in outcome.failed_steps
    (annotation,) = outcome.annotations
    assert annotation.startswith(
        "::error file=plans/a b%0A%3A%3Aerror%3A%3Ac%2C d%3Ae%25.json,line=1,title=RB101::"
    )


def test_a_touched_file_with_a_hostile_name_is_one_annotation(
    sample: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pull_request = PullRequest(sample, tmp_path_factory.mktemp("outside"))
    path = sample.write("plans/a b\n::error::c, d:e%.json", "{}")
    pull_request.commit()
    pull_request.branch()
    path.unlink()
    outcome = pull_request.check()
    assert outcome.failed_steps == [IMMUTABLE]
    (annotation,) = outcome.annotations
    assert annotation.startswith("::error file=plans/a b%0A%3A%3Aerror%3A%3Ac%2C d%3Ae%25.json,line=1,")


# the file itself


def test_the_workflow_may_only_read_and_sees_the_whole_history() -> None:
    document = workflow()
    assert document["permissions"] == {"contents": "read"}
    assert document[True] == "pull_request"
    (checkout,) = (s for s in _steps() if str(s.get("uses")).startswith("actions/checkout@"))
    assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}


def _steps() -> list[dict[str, object]]:
    (job,) = workflow()["jobs"].values()
    found: list[dict[str, object]] = job["steps"]
    return found


def test_actions_are_pinned_to_a_major_version() -> None:
    used = [str(step["uses"]) for step in _steps() if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in used)


def test_no_script_has_text_of_the_pull_request_put_into_it() -> None:
    scripts = [str(step["run"]) for step in _steps() if "run" in step]
    assert len(scripts) >= 5
    assert [script for script in scripts if "${{" in script] == []


def test_every_script_but_the_install_stops_at_an_error() -> None:
    scripts = [str(step["run"]) for step in _steps() if "run" in step]
    assert [s.split("\n")[0] for s in scripts if not s.startswith("set -euo pipefail\n")] == [
        'python -m pip install "$REBAL"'
    ]
