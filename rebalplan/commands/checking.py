"""Check a plan against itself, today's files and the broker: what ``rebal verify`` does with its arguments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import typer

from rebalplan.apply.checks import expect
from rebalplan.clock import SystemClock
from rebalplan.codec import Envelope
from rebalplan.commands.inputs import load, trading_mode, with_targets
from rebalplan.commands.plans import find_plan
from rebalplan.commands.world import World, open_world
from rebalplan.disk import SystemDisk
from rebalplan.document import Plan
from rebalplan.errors import AccountError, BrokerError, ExitCode
from rebalplan.journal.journal import Journal, journal_path
from rebalplan.journal.result import AccountResult
from rebalplan.live import LiveFinding, verify_live
from rebalplan.render.figures import count
from rebalplan.render.style import Style
from rebalplan.render.verify import render_findings, render_live
from rebalplan.settings import AccountSettings, Settings
from rebalplan.store import read_plan
from rebalplan.verify import (
    Expected,
    Finding,
    verify_derivation,
    verify_expiry,
    verify_files,
    verify_limits,
)


class Checked(msgspec.Struct, frozen=True):
    """Everything that was found; ``unread`` says per account why it could not be looked at."""

    findings: tuple[Finding, ...]
    live: tuple[LiveFinding, ...]
    unread: dict[str, str]


def check_plan(reference: str, config: Path, *, offline: bool, json: bool, style: Style) -> int:
    """Print what is not as the plan has it and return the exit code."""
    path = find_plan(reference, config)
    envelope = read_plan(path)
    settings = load(config)
    live: tuple[LiveFinding, ...] = ()
    unread: dict[str, str] = {}
    if not offline:
        journal = Journal(SystemDisk(), journal_path(path), envelope)
        live, unread = _look(settings, envelope.plan, [a for a in journal.result().accounts if a.lines])
    checked = Checked(_findings(envelope, settings), live, unread)
    if json:
        answer = {"plan": envelope.id, **msgspec.structs.asdict(checked)}
        typer.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
    else:
        typer.echo(_text(path, envelope.plan, checked, style, offline=offline))
    return _exit_code(checked)


def _text(path: Path, plan: Plan, checked: Checked, style: Style, *, offline: bool) -> str:
    parts = [render_findings(checked.findings, style), render_live(checked.live, style)]
    parts += [f"{account}: could not be read: {why}" for account, why in checked.unread.items()]
    shown = [part for part in parts if part]
    if _exit_code(checked) == ExitCode.DONE:
        shown.append(_all_well(path, plan, offline=offline))
    return "\n".join(shown)


def _all_well(path: Path, plan: Plan, *, offline: bool) -> str:
    steps = [
        "bytes and hash are those of the plan as it was made",
        "its orders follow from its own snapshot, prices, targets and policy",
        f"no limit is broken; it expires {plan.volatile.expires_at:%Y-%m-%d %H:%M} UTC",
        f"policy and targets are still those of today's files ({count(len(plan.accounts), 'account')})",
    ]
    if not offline:
        steps.append("positions, orders, cash and prices at the broker are still those of the plan")
    return "\n".join([str(path), *(f"  ok  {step}" for step in steps)])


def _look(
    settings: Settings, plan: Plan, accounts: Iterable[AccountResult]
) -> tuple[tuple[LiveFinding, ...], dict[str, str]]:
    """Read each account that has orders, one after the other, and compare it with its plan."""
    found: list[LiveFinding] = []
    unread: dict[str, str] = {}
    listed = {a.account: a for a in settings.account_settings}
    with open_world(settings) as world:
        for position, result in enumerate(accounts):
            if position:
                world.clock.sleep(float(settings.accounts.pacing_sec))
            if result.account not in listed:
                continue
            try:
                found += _look_at(world, listed[result.account], result)
            except (AccountError, BrokerError) as error:
                unread[result.account] = str(error)
    return tuple(found), unread


def _look_at(world: World, account: AccountSettings, result: AccountResult) -> tuple[LiveFinding, ...]:
    placed = world.place_settings(account)
    with world.broker.connect(placed.endpoint) as link:
        snapshot = link.read_account(placed.account)
        wanted = {p.symbol: p.con_id for p in snapshot.positions}
        wanted.update({o.symbol: o.con_id for o in result.plan.orders})
        market = link.read_market(
            dict(sorted(wanted.items())),
            allow_delayed=result.plan.policy.pricing.allow_delayed,
            progress=lambda _step: None,
        )
    quotes = {quote.symbol: quote for quote in market.quotes}
    return verify_live(expect(result.plan, result), snapshot, quotes)


def _findings(envelope: Envelope, settings: Settings) -> tuple[Finding, ...]:
    plan = envelope.plan
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


def _exit_code(checked: Checked) -> int:
    """Return refused for a plan that must not be applied, incomplete where only some account must not."""
    if any(finding.code != "RB302" for finding in checked.findings):
        return ExitCode.REFUSED
    if any(finding.weight == "refuse" for finding in checked.live):
        return ExitCode.REFUSED
    return ExitCode.INCOMPLETE if checked.findings or checked.unread else ExitCode.DONE
