"""Makes a plan, saves it and shows it: the action of ``rebal plan``."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import msgspec
import typer

from rebalplan import __version__
from rebalplan.apply.guard import check_mode
from rebalplan.commands.cli.options import DEFAULT_CONFIG
from rebalplan.commands.inputs import choose_accounts, load, trading_mode, with_targets
from rebalplan.commands.machine import Machine
from rebalplan.commands.plans import blocked_elsewhere
from rebalplan.commands.progress import progress_line
from rebalplan.commands.world import open_world
from rebalplan.core.errors import BrokerError, ExitCode, RebalError, RefusedError
from rebalplan.core.ports import Disk, MarketData
from rebalplan.core.text import by_what_is_said, named
from rebalplan.inputs.settings import Settings
from rebalplan.plan.build import build_plan
from rebalplan.plan.codec import Envelope, encode
from rebalplan.plan.collect import collect
from rebalplan.plan.document import Plan
from rebalplan.plan.replay import replay_inputs
from rebalplan.plan.store import PlanStore, read_plan
from rebalplan.render.fractions import render_fractions
from rebalplan.render.plan import render_preview
from rebalplan.render.redaction import NOTHING
from rebalplan.render.style import Style
from rebalplan.render.view import view_plan
from rebalplan.system.files import why_unwritable


class PlanRequest(msgspec.Struct, frozen=True):
    """The arguments of ``rebal plan``. ``replay`` names a plan to plan again offline, or is empty."""

    config: Path
    accounts: tuple[str, ...]
    replay: str
    dry_run: bool
    detailed_exitcode: bool
    json: bool
    color: bool
    style: Style


def make_plan(request: PlanRequest, machine: Machine) -> int:
    """Plan, save unless it is a dry run, print, and return the exit code."""
    settings = load(request.config)
    if not request.dry_run:
        _require_plan_folder(settings)
    made = (_plan_again if request.replay else _plan_online)(settings, request, machine)
    envelope, data = encode(made)
    path = None
    if _has_orders(made) and not request.dry_run:
        path = PlanStore(settings.io.plan_dir).write(envelope, data)
    if not request.replay:
        _warn_of_refusals(settings, envelope, machine.disk)
    if request.json:
        _print_json(envelope, path)
    else:
        _print_preview(envelope, path, request, settings)
    return _exit_code(made, detailed=request.detailed_exitcode)


def _require_plan_folder(settings: Settings) -> None:
    """Refuse when the plan folder is not writable, before any account is read."""
    if why := why_unwritable(settings.io.plan_dir):
        raise RebalError(
            f"no plan can be written to {settings.io.plan_dir} ({why}): correct [io] plan_dir in {settings.path}, or "
            "add --dry-run to see the plan without keeping it."
        )


def _plan_online(settings: Settings, request: PlanRequest, machine: Machine) -> Plan:
    accounts = with_targets(settings, choose_accounts(settings, request.accounts))
    mode = trading_mode(settings)
    with open_world(settings, machine) as world, progress_line(color=request.color) as progress:
        found = collect(world.place(accounts), world.broker, world.clock, settings.accounts, progress)
    _require_session(found.market)
    return build_plan(
        found.accounts,
        found.market.quotes,
        mode=mode,
        session=found.market.session,
        created_at=found.market.asked_at,
        tool_version=__version__,
    )


def _require_session(market: MarketData) -> None:
    """Refuse a plan without a session, because it would have no expiry."""
    if market.session is None and any(quote.problem is None for quote in market.quotes):
        raise BrokerError(
            "the broker names no coming regular session for any symbol, so a plan would have no expiry: nothing was "
            "written; plan again when the gateway shows trading hours"
        )


def _plan_again(settings: Settings, request: PlanRequest, machine: Machine) -> Plan:
    old = read_plan(PlanStore(settings.io.plan_dir).find(request.replay))
    accounts = with_targets(settings, choose_accounts(settings, request.accounts))
    return build_plan(
        replay_inputs(accounts, old.plan),
        old.plan.volatile.quotes,
        mode=old.plan.mode,
        session=old.plan.volatile.session,
        created_at=machine.clock.now().replace(microsecond=0),
        tool_version=__version__,
        replay_of=old.id,
    )


def _warn_of_refusals(settings: Settings, envelope: Envelope, disk: Disk) -> None:
    """Warn on stderr about accounts that apply will refuse: another plan's order, or live against paper."""
    own = settings.io.plan_dir / f"{envelope.id}.json"
    blocked = blocked_elsewhere(disk, own, (a.account for a in envelope.plan.accounts))
    for account in settings.account_settings:
        try:
            check_mode(account, envelope.plan.mode)
        except RefusedError as error:
            blocked.setdefault(account.account, f"apply will refuse it: {error}")
    planned = [a.account for a in envelope.plan.accounts]
    said = by_what_is_said((account, blocked[account]) for account in planned if account in blocked)
    for why, accounts in said.items():
        typer.echo(f"Warning: {named(accounts, len(planned))}: {why}", err=True)


def _has_orders(made: Plan) -> bool:
    return any(account.orders for account in made.accounts)


def _print_json(envelope: Envelope, path: Path | None) -> None:
    answer = {"file": path.as_posix() if path else None, **msgspec.structs.asdict(envelope)}
    typer.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())


def _print_preview(envelope: Envelope, path: Path | None, request: PlanRequest, settings: Settings) -> None:
    made = envelope.plan
    typer.echo(render_preview(view_plan(envelope, NOTHING), request.style))
    fractions = render_fractions(made.accounts)
    if fractions:
        typer.echo(f"\n{fractions}")
    if path is not None:
        typer.echo(f"\nSaved: {path}")
        if made.replay_of is None:
            typer.echo(f"Expires: {made.volatile.expires_at:%Y-%m-%d %H:%M} UTC")
            if any(account.status == "planned" for account in made.accounts):
                typer.echo(f"Apply exactly these orders with: {_apply_command(path, request.config)}")
                if settings.ibkr.read_only:
                    typer.echo(
                        f"{settings.path} says read_only = true: apply refuses until it is set to false."
                    )
        else:
            typer.echo(f"This replays {made.replay_of} offline: it is for reading and cannot be applied.")
    elif request.dry_run and _has_orders(made):
        typer.echo("\nDry run: nothing was written.")


def _apply_command(path: Path, config: Path) -> str:
    words = ["rebal", "apply", str(path)]
    if config != DEFAULT_CONFIG:
        words += ["--config", str(config)]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _exit_code(made: Plan, *, detailed: bool) -> int:
    if any(account.status in ("blocked", "failed") for account in made.accounts):
        return ExitCode.INCOMPLETE
    return ExitCode.CHANGES if detailed and _has_orders(made) else ExitCode.DONE
