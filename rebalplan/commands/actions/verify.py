"""Checks a plan against itself, today's files and the broker: the action of ``rebal verify``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import typer

from rebalplan.apply.checks import required_account
from rebalplan.apply.journal.journal import Journal, journal_path
from rebalplan.apply.journal.result import AccountResult
from rebalplan.apply.journal.verify import verify_journals
from rebalplan.apply.live import verify_live
from rebalplan.apply.resolve import verify_resolved
from rebalplan.commands.cli.verify import Form
from rebalplan.commands.inputs import load, trading_mode, with_targets
from rebalplan.commands.machine import Machine
from rebalplan.commands.plans import blocked_elsewhere, find_plan
from rebalplan.commands.world import open_world
from rebalplan.core.errors import ExitCode, PlanFileError
from rebalplan.core.finding import Finding, InPlan
from rebalplan.core.ports import TradingConnection
from rebalplan.inputs.settings import Settings
from rebalplan.plan.codec import Envelope
from rebalplan.plan.document import Plan
from rebalplan.plan.reading import BrokerReader
from rebalplan.plan.store import PlanStore, read_plan
from rebalplan.plan.today import AccountToday, verify_files
from rebalplan.plan.verify import OF_ONE_ACCOUNT, verify_derivation, verify_expiry, verify_limits
from rebalplan.render.checked import Checked, refused_file
from rebalplan.render.figures import count
from rebalplan.render.github import Places, find_places, render_github
from rebalplan.render.style import Style
from rebalplan.render.verify import render_checked, render_checked_json


def check_plan(
    reference: str, config: Path, machine: Machine, *, offline: bool, form: Form, style: Style
) -> int:
    """Print the differences from the plan and return the exit code."""
    path = find_plan(reference, config)
    steps: tuple[str, ...] = ()
    accounts = 0
    try:
        envelope = read_plan(path)
        settings = load(config)
        PlanStore(settings.io.plan_dir).require_name(path, envelope.id)
    except PlanFileError as error:
        checked = refused_file(error)
    else:
        checked = _check(path, envelope, settings, machine, offline=offline)
        steps = _all_well(envelope.plan, checked, offline=offline)
        accounts = len(envelope.plan.accounts)
    code = _exit_code(checked)
    steps = steps if code == ExitCode.DONE else ()
    match form:
        case "json":
            typer.echo(render_checked_json(checked))
        case "github":
            typer.echo(render_github(checked, _file_property(path), _places(checked, path), "; ".join(steps)))
        case "text":
            typer.echo(_text(checked, path, steps, accounts, style))
    return code


def _check(path: Path, envelope: Envelope, settings: Settings, machine: Machine, *, offline: bool) -> Checked:
    disk = machine.disk
    result = Journal(disk, journal_path(path), envelope).result()
    elsewhere = blocked_elsewhere(disk, path, (a.account for a in envelope.plan.accounts))
    findings = (
        *_findings(envelope.plan, settings, machine.clock.now()),
        *verify_journals(envelope.plan, result, elsewhere),
    )
    live: tuple[Finding[InPlan], ...] = ()
    unread: dict[str, str] = {}
    # A gateway of another mode is never asked: it knows other accounts.
    if not offline and envelope.plan.mode == trading_mode(settings):
        live, unread = _look(settings, machine, [a for a in result.accounts if a.lines])
    return Checked(envelope.id, findings, live, unread)


def _text(checked: Checked, path: Path, all_well: Sequence[str], accounts: int, style: Style) -> str:
    """Return the text to print; ``all_well`` are the steps that a plan without a refusal passed."""
    passed = [str(path), *(f"  ok  {step}" for step in all_well)] if all_well else []
    return "\n".join(part for part in (render_checked(checked, style, accounts=accounts), *passed) if part)


def _file_property(path: Path) -> str:
    """Return the path for GitHub: with slashes, and relative if the file is in the current folder."""
    full, here = path.parent.resolve() / path.name, Path.cwd().resolve()
    return (full.relative_to(here) if full.is_relative_to(here) else full).as_posix()


def _places(checked: Checked, path: Path) -> Places:
    """Read the file's lines only when a finding needs them: a refused file may be anything, even endless."""
    if checked.plan is None and not any(finding.where.field for finding in checked.findings):
        return find_places(())
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        return find_places(file)


def _all_well(plan: Plan, checked: Checked, *, offline: bool) -> tuple[str, ...]:
    steps = (
        "bytes and hash are those of the plan as it was made",
        "its orders follow from its own snapshot, prices, targets and policy",
        f"no limit is broken; it expires {plan.volatile.expires_at:%Y-%m-%d %H:%M} UTC",
        f"policy and targets are still those of today's files ({count(len(plan.accounts), 'account')})",
    )
    if offline:
        return steps
    left_out = sum(finding.severity == "warning" for finding in checked.live)
    if left_out:
        lines = count(left_out, "line")
        return (
            *steps,
            f"no account is stale; {lines} would be left out, see above: `rebal apply` shows what is left, if "
            "anything, before it asks",
        )
    return (
        *steps,
        "positions, orders, cash and prices at the broker are those of the plan and its own fills",
    )


def _look(
    settings: Settings, machine: Machine, accounts: Iterable[AccountResult]
) -> tuple[tuple[Finding[InPlan], ...], dict[str, str]]:
    """Read each account that has orders, one after the other, and compare it with its plan."""
    results = {result.account: result for result in accounts}
    today = {own.account: own for own in settings.account_settings}
    with open_world(settings, machine) as world:
        listed = [world.place_settings(today[account]) for account in results if account in today]
        reader = BrokerReader(world.broker.connect, world.clock, settings.accounts)
        reads = reader.read_each(listed, lambda link, account: _look_at(link, results[account]))
    found = tuple(finding for read in reads for finding in read.value or ())
    return found, {
        own.account: str(read.error) for own, read in zip(listed, reads, strict=True) if read.error
    }


def _look_at(link: TradingConnection, result: AccountResult) -> tuple[Finding[InPlan], ...]:
    snapshot = result.plan.with_names(link.read_account(result.account))
    left_out = {holding.con_id for holding in result.plan.left_out}
    wanted = {p.symbol: p.con_id for p in snapshot.positions if p.con_id not in left_out}
    wanted.update({o.symbol: o.con_id for o in result.plan.orders})
    market = link.read_market(
        dict(sorted(wanted.items())),
        allow_delayed=result.plan.policy.pricing.allow_delayed,
        progress=lambda _step: None,
    )
    contested = _contested(link, result)
    quotes = {quote.symbol: quote for quote in market.quotes}
    return (*contested, *verify_live(required_account(result.plan, result), snapshot, quotes))


def _contested(link: TradingConnection, result: AccountResult) -> tuple[Finding[InPlan], ...]:
    """Compare a person's answers about orders with the broker's lists. Without such an order, ask nothing."""
    if not any(order.status == "resolved" for order in result.orders):
        return ()
    executions, _ = link.executions(result.account)
    return verify_resolved(
        result,
        open_orders=link.open_orders(result.account),
        completed=link.completed_orders(result.account),
        executions=executions,
    )


def _findings(plan: Plan, settings: Settings, now: datetime) -> tuple[Finding[InPlan], ...]:
    today = {
        a.settings.account: AccountToday(a.settings.policy, a.targets)
        for a in with_targets(settings, settings.account_settings)
    }
    return (
        *verify_derivation(plan),
        *verify_limits(plan),
        *verify_expiry(plan, now),
        *verify_files(plan, trading_mode(settings), today),
    )


def _exit_code(checked: Checked) -> int:
    """Return refused for a plan that must not be applied, incomplete when only some accounts must not."""
    if any(finding.code not in OF_ONE_ACCOUNT for finding in checked.findings):
        return ExitCode.REFUSED
    if any(finding.severity == "error" for finding in checked.live):
        return ExitCode.REFUSED
    return ExitCode.INCOMPLETE if checked.findings or checked.unread else ExitCode.DONE
