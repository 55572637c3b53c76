"""``rebal show`` in each of its formats, on the shipped files."""

from __future__ import annotations

import csv
import io
import json

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cli import Workspace, without_ids
from tests.forging import forge


def test_the_sample_plan_as_markdown(sample: Workspace, markdown_file: SnapshotAssertion) -> None:
    sample.ok("plan")
    assert without_ids(sample.ok("show", "latest", "--format", "markdown")) == markdown_file


def test_the_sample_plan_as_csv(sample: Workspace, csv_file: SnapshotAssertion) -> None:
    sample.ok("plan")
    assert without_ids(sample.ok("show", "latest", "--format", "csv")) == csv_file


def test_the_sample_plan_redacted(sample: Workspace, screen: SnapshotAssertion) -> None:
    sample.ok("plan")
    assert without_ids(sample.ok("show", "latest", "--redact")) == screen


def test_the_sample_plan_as_redacted_markdown(sample: Workspace, markdown_file: SnapshotAssertion) -> None:
    sample.ok("plan")
    assert without_ids(sample.ok("show", "latest", "--redact", "--format", "markdown")) == markdown_file


@pytest.mark.parametrize("arguments", [("--json",), ("--format", "json")])
def test_json_is_the_file_byte_for_byte(sample: Workspace, arguments: tuple[str, ...]) -> None:
    sample.ok("plan")
    assert sample.ok("show", "latest", *arguments) == sample.plans()[0].read_text(encoding="utf-8")


def test_csv_has_a_row_per_symbol_and_account(sample: Workspace) -> None:
    sample.ok("plan")
    plan = json.loads(sample.ok("show", "latest", "--json"))["plan"]
    rows = list(csv.DictReader(io.StringIO(sample.ok("show", "latest", "--format", "csv"))))
    assert len(rows) == sum(len(a["drift"]) + 1 for a in plan["accounts"])
    ordered = [(r["account_id"], r["symbol"], r["qty_shares"]) for r in rows if r["action"] != "none"]
    assert sorted(ordered) == sorted(
        (a["account"], o["symbol"], o["quantity"]) for a in plan["accounts"] for o in a["orders"]
    )


def test_an_unplannable_account_has_a_row_with_its_error(sample: Workspace) -> None:
    sample.edit("settings.ini", "DU1000003", "DU1000009")
    sample.run("plan")
    rows = list(csv.DictReader(io.StringIO(sample.ok("show", "latest", "--format", "csv"))))
    assert [r["symbol"] for r in rows if r["status"] == "failed"] == [""]
    assert next(r["error"] for r in rows if r["status"] == "failed").startswith("the gateway")


def test_an_unknown_format_is_a_usage_error(sample: Workspace) -> None:
    sample.ok("plan")
    result = sample.run("show", "latest", "--format", "pdf")
    assert result.code == 64
    assert "markdown" in result.err


def test_a_plan_that_was_edited_under_a_new_hash_is_shown_with_a_warning(sample: Workspace) -> None:
    sample.ok("plan")
    path = forge(sample.plans()[0], lambda plan: plan["accounts"][0]["orders"][0].update(quantity="999"))
    result = sample.run("show", str(path))
    assert result.code == 0
    assert result.err.startswith("Warning: RB201 DU1000001: orders says sell 999 BND ")
    assert "DU1000001" not in sample.run("show", str(path), "--redact").err


def test_an_untouched_plan_is_shown_without_a_warning(sample: Workspace) -> None:
    sample.ok("plan")
    assert sample.run("show", "latest").err == ""
