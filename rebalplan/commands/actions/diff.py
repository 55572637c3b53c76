"""Compares two plans: the action of ``rebal diff``."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Literal

import msgspec
import typer

from rebalplan.commands.plans import find_plan
from rebalplan.core.errors import UsageError
from rebalplan.plan.diff import diff_plans
from rebalplan.plan.store import read_plan
from rebalplan.render.diff import render_diff
from rebalplan.render.diff_markdown import render_diff_markdown
from rebalplan.render.redaction import NOTHING, redaction_of
from rebalplan.render.style import Style


class DiffCode(enum.IntEnum):
    """The exit codes of ``rebal diff``, as of the Unix diff; every error is 2."""

    SAME = 0
    DIFFERENT = 1


def compare_plans(
    old: str,
    new: str,
    config: Path,
    *,
    form: Literal["text", "markdown", "json"],
    redact: bool,
    style: Style,
) -> int:
    """Print the difference and return the exit code."""
    if redact and form == "json":
        raise UsageError(
            "--redact is for text and markdown; `rebal show --format json --redact` prints one plan"
        )
    before, after = (read_plan(find_plan(reference, config)) for reference in (old, new))
    found = diff_plans(before.id, before.plan, after.id, after.plan)
    redaction = redaction_of(after.plan, before.plan) if redact else NOTHING
    match form:
        case "json":
            typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        case "markdown":
            typer.echo(render_diff_markdown(found, redaction), nl=False)
        case "text":
            typer.echo(render_diff(found, redaction, style))
    return DiffCode.SAME if found.is_same else DiffCode.DIFFERENT
