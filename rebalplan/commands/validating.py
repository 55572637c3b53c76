"""Check the input files, and the broker's view of them: what ``rebal validate`` does with its arguments."""

from __future__ import annotations

from pathlib import Path

import msgspec
import typer

from rebalplan.collect import AccountToRead, check_at_broker
from rebalplan.commands.inputs import load, trading_mode, with_targets
from rebalplan.commands.world import open_world
from rebalplan.errors import ExitCode, InputError, Problem
from rebalplan.money import HUNDRED, canonical
from rebalplan.settings import Settings


class Validation(msgspec.Struct, frozen=True):
    """What ``--json`` prints: the problems of the files, or of what the broker knows."""

    valid: bool
    mode: str
    accounts: tuple[str, ...]
    problems: tuple[Problem, ...]
    broker_problems: tuple[str, ...]


def check_files(config: Path, *, online: bool, json: bool) -> int:
    """Print what the files say and what is wrong, and return the exit code."""
    try:
        settings = load(config)
        accounts = with_targets(settings, settings.account_settings)
    except InputError as error:
        if not json:
            raise
        _print_json(Validation(False, "", (), error.problems, ()))
        return error.exit_code
    mode = trading_mode(settings)
    problems = _check_online(settings, accounts) if online else ()
    if json:
        names = tuple(account.settings.account for account in accounts)
        _print_json(Validation(not problems, mode, names, (), problems))
        return ExitCode.ERROR if problems else ExitCode.DONE
    for account in accounts:
        typer.echo(_describe(account))
    for problem in problems:
        typer.echo(f"Error: {problem}", err=True)
    checked = "files, accounts and symbols" if online else "files"
    if problems:
        return ExitCode.ERROR
    typer.echo(f"The {checked} are valid (mode {mode}).")
    return ExitCode.DONE


def _print_json(found: Validation) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


def _describe(account: AccountToRead) -> str:
    settings = account.settings
    mix = ", ".join(f"{m.model} {canonical(m.weight * HUNDRED)}%" for m in settings.models)
    held = sum(1 for w in account.targets.weights if w.target_pct)
    return f"{settings.account}: {held} target weights from {settings.portfolios} ({mix})"


def _check_online(settings: Settings, accounts: tuple[AccountToRead, ...]) -> tuple[str, ...]:
    with open_world(settings) as world:
        return check_at_broker(world.place(accounts), world.broker, world.clock, settings.accounts)
