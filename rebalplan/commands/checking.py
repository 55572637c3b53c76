"""Check a plan against itself and today's files: what ``rebal verify`` does with its arguments."""

from __future__ import annotations

from pathlib import Path

import msgspec
import typer

from rebalplan.clock import SystemClock
from rebalplan.codec import Envelope
from rebalplan.commands.inputs import load, trading_mode, with_targets
from rebalplan.commands.plans import find_plan
from rebalplan.errors import ExitCode
from rebalplan.plan import Plan
from rebalplan.render.figures import count
from rebalplan.render.style import Style
from rebalplan.render.verify import render_findings
from rebalplan.store import read_plan
from rebalplan.verify import (
    Expected,
    Finding,
    verify_derivation,
    verify_expiry,
    verify_files,
    verify_limits,
)


def check_plan(reference: str, config: Path, *, json: bool, style: Style) -> int:
    """Print what is not as the plan has it and return the exit code."""
    path = find_plan(reference, config)
    envelope = read_plan(path)
    findings = _findings(envelope, config)
    if json:
        answer = {"plan": envelope.id, "findings": findings}
        typer.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
    elif findings:
        typer.echo(render_findings(findings, style))
    else:
        typer.echo(_all_well(path, envelope.plan))
    return _exit_code(findings)


def _all_well(path: Path, plan: Plan) -> str:
    steps = (
        "bytes and hash are those of the plan as it was made",
        "its orders follow from its own snapshot, prices, targets and policy",
        f"no limit is broken; it expires {plan.volatile.expires_at:%Y-%m-%d %H:%M} UTC",
        f"policy and targets are still those of today's files ({count(len(plan.accounts), 'account')})",
    )
    return "\n".join([str(path), *(f"  ok  {step}" for step in steps)])


def _findings(envelope: Envelope, config: Path) -> tuple[Finding, ...]:
    plan = envelope.plan
    settings = load(config)
    today = {
        a.settings.account: Expected(a.settings.policy, a.targets)
        for a in with_targets(settings, settings.account_settings)
    }
    return (
        *verify_derivation(plan),
        *verify_limits(plan),
        *verify_expiry(plan, SystemClock().now()),
        *verify_files(plan, trading_mode(settings), today),
    )


def _exit_code(findings: tuple[Finding, ...]) -> int:
    """Return incomplete for a blocked or failed account, refused for anything else."""
    if any(finding.code != "RB302" for finding in findings):
        return ExitCode.REFUSED
    return ExitCode.INCOMPLETE if findings else ExitCode.DONE
