"""``rebal validate``: check the input files."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalplan.collect import AccountToRead
from rebalplan.commands.inputs import load, trading_mode, with_targets
from rebalplan.commands.options import DEFAULT_CONFIG, Config, Verbose
from rebalplan.errors import ExitCode
from rebalplan.settings import Settings


def validate(
    *,
    config: Config = DEFAULT_CONFIG,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the broker whether it knows the accounts and symbols.")
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Check settings.ini and portfolios.csv, offline; every problem is reported with its line."""
    del verbose
    settings = load(config)
    accounts = with_targets(settings, settings.account_settings)
    mode = trading_mode(settings)
    for account in accounts:
        typer.echo(_describe(account))
    problems = _check_online(settings, accounts) if online else ()
    for problem in problems:
        typer.echo(f"Error: {problem}", err=True)
    checked = "files, accounts and symbols" if online else "files"
    if problems:
        raise typer.Exit(ExitCode.ERROR)
    typer.echo(f"The {checked} are valid (mode {mode}).")


def _describe(account: AccountToRead) -> str:
    settings = account.settings
    mix = ", ".join(f"{m.model} {m.weight * 100:f}%" for m in settings.models)
    held = sum(1 for w in account.targets.weights if w.target_pct)
    return f"{settings.account}: {held} target weights from {settings.portfolios} ({mix})"


def _check_online(settings: Settings, accounts: tuple[AccountToRead, ...]) -> tuple[str, ...]:
    from rebalplan.collect import check_at_broker  # noqa: PLC0415  # the offline check needs no broker
    from rebalplan.commands.world import open_world  # noqa: PLC0415

    with open_world(settings) as world:
        return check_at_broker(world.place(accounts), world.broker, world.clock, settings.accounts)
