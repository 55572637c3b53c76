"""``rebal plan``: read every account, decide its orders, write one reviewable file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rebalplan import __version__
from rebalplan.codec import Envelope, encode
from rebalplan.commands.inputs import choose_accounts, load, store, trading_mode, with_targets
from rebalplan.commands.options import (
    DEFAULT_CONFIG,
    Accounts,
    Config,
    Json,
    NoColor,
    Verbose,
    stdout_style,
)
from rebalplan.errors import ExitCode
from rebalplan.plan import Plan, build_plan
from rebalplan.render import Style, render_plan
from rebalplan.settings import Settings
from rebalplan.store import PlanStore, read_plan


def plan(
    *,
    config: Config = DEFAULT_CONFIG,
    account: Accounts = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Preview only; write no plan file.")] = False,
    read_only: Annotated[
        bool,
        typer.Option("--read-only", help="Accepted for symmetry with apply: planning never sends an order."),
    ] = False,
    replay: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="PLAN",
            help="Plan again offline, from the snapshot and quotes in PLAN with today's files.",
        ),
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 when there are orders.")
    ] = False,
    json: Json = False,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Plan the orders of every account and save them for review. Sends nothing.

    --account, --dry-run and --read-only hold for every account processed.
    """
    del read_only, verbose  # the first changes nothing here, the second is read before commands run
    settings = load(config)
    if replay is None:
        made = _plan_online(settings, account or [], no_color=no_color)
    else:
        made = _plan_again(settings, account or [], read_plan(store(config).find(replay)))
    envelope, data = encode(made)
    path = _save(settings, envelope, data) if _has_orders(made) and not dry_run else None
    if json:
        _print_json(envelope, path)
    else:
        _print_preview(made, path, stdout_style(no_color), dry_run=dry_run)
    raise typer.Exit(_exit_code(made, detailed=detailed_exitcode))


def _plan_online(settings: Settings, only: list[str], *, no_color: bool) -> Plan:
    from rebalplan.collect import collect  # noqa: PLC0415  # offline commands need no broker
    from rebalplan.commands.progress import progress_line  # noqa: PLC0415
    from rebalplan.commands.world import open_world  # noqa: PLC0415

    accounts = with_targets(settings, choose_accounts(settings, only))
    mode = trading_mode(settings)
    with open_world(settings) as world, progress_line(not no_color) as progress:
        found = collect(world.place(accounts), world.broker, world.clock, settings.accounts, progress)
    return build_plan(
        found.accounts,
        found.market.quotes,
        mode=mode,
        session=found.market.session,
        created_at=found.market.asked_at,
        tool_version=__version__,
    )


def _plan_again(settings: Settings, only: list[str], old: Envelope) -> Plan:
    from rebalplan.clock import SystemClock  # noqa: PLC0415
    from rebalplan.replay import replay_inputs  # noqa: PLC0415

    accounts = with_targets(settings, choose_accounts(settings, only))
    volatile = old.plan.volatile
    return build_plan(
        replay_inputs(accounts, old.plan),
        volatile.quotes,
        mode=old.plan.mode,
        session=volatile.session,
        created_at=SystemClock().now().replace(microsecond=0),
        tool_version=__version__,
        replay_of=old.id,
    )


def _has_orders(made: Plan) -> bool:
    return any(account.orders for account in made.accounts)


def _save(settings: Settings, envelope: Envelope, data: bytes) -> Path:
    return PlanStore(settings.io.plan_dir).write(envelope.id, data)


def _print_json(envelope: Envelope, path: Path | None) -> None:
    answer = {"file": str(path) if path else None, **msgspec.structs.asdict(envelope)}
    typer.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())


def _print_preview(made: Plan, path: Path | None, style: Style, *, dry_run: bool) -> None:
    typer.echo(render_plan(made, style))
    if path is not None:
        typer.echo(f"\nSaved: {path}")
        if made.replay_of is None:
            typer.echo(f"Expires: {made.volatile.expires_at:%Y-%m-%d %H:%M} UTC")
            typer.echo(f"Apply exactly these orders with: rebal apply {path}")
        else:
            typer.echo(f"This replays {made.replay_of} offline: it is for reading and cannot be applied.")
    elif dry_run and _has_orders(made):
        typer.echo("\nDry run: nothing was written.")


def _exit_code(made: Plan, *, detailed: bool) -> int:
    if any(account.status in ("blocked", "failed") for account in made.accounts):
        return ExitCode.INCOMPLETE
    return ExitCode.CHANGES if detailed and _has_orders(made) else ExitCode.DONE
