"""``rebal verify``: check that a plan is untouched and that what it was made for still holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rebalplan.clock import SystemClock
from rebalplan.codec import Envelope
from rebalplan.commands.inputs import load, store, trading_mode, with_targets
from rebalplan.commands.options import (
    DEFAULT_CONFIG,
    Config,
    Json,
    NoColor,
    PlanArgument,
    Verbose,
    stdout_style,
)
from rebalplan.errors import ExitCode, RefusedError
from rebalplan.render import render_findings
from rebalplan.store import read_plan
from rebalplan.verify import (
    Expected,
    Finding,
    verify_derivation,
    verify_expiry,
    verify_files,
    verify_limits,
)


def verify(
    plan: PlanArgument,
    *,
    config: Config = DEFAULT_CONFIG,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the broker.")] = False,
    json: Json = False,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Check a plan: bytes and hash, derivation, limits and expiry, policy and targets of today's files."""
    del verbose
    if not offline:
        raise RefusedError("this version verifies without asking the broker: add --offline")
    path = store(config).find(plan)
    envelope = read_plan(path)
    findings = _findings(envelope, config)
    if json:
        answer = {"plan": envelope.id, "findings": findings}
        typer.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
    elif findings:
        typer.echo(render_findings(findings, stdout_style(no_color)))
    else:
        typer.echo(
            f"{path}: unchanged since it was made, derivable from itself, within its limits and not expired, "
            f"and made for the policy and targets of today's files ({len(envelope.plan.accounts)} accounts)."
        )
    raise typer.Exit(_exit_code(findings))


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
