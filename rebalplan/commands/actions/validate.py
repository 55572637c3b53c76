"""Checks the input files, also with the broker: the action of ``rebal validate``."""

from __future__ import annotations

from pathlib import Path

import typer

from rebalplan.commands.inputs import load, trading_mode, with_targets
from rebalplan.commands.machine import Machine
from rebalplan.commands.world import open_world
from rebalplan.core.errors import BrokerError, ExitCode, InputError, RebalError
from rebalplan.core.finding import Finding, InFile
from rebalplan.core.money import HUNDRED, canonical
from rebalplan.inputs.findings import SETTINGS
from rebalplan.inputs.settings import Settings
from rebalplan.plan.collect import AccountToRead, check_at_broker
from rebalplan.render.input_files import Validation, render_validation_json


def check_files(config: Path, machine: Machine, *, online: bool, json: bool) -> int:
    """Print the files' content and problems, and return the exit code."""
    settings = None
    try:
        settings = load(config, with_places=True)
        accounts = with_targets(settings, settings.account_settings)
        mode = trading_mode(settings)
        _check_simulation(settings)
    except RebalError as error:
        if not json:
            raise
        warnings = () if settings is None else settings.warnings
        typer.echo(render_validation_json(_invalid(config, error, warnings)))
        return error.exit_code
    try:
        problems = _check_online(settings, accounts, machine) if online else ()
    except BrokerError as error:
        if not json:
            raise
        problems = (str(error),)
    if json:
        found = Validation(
            not problems,
            mode,
            settings.accounts.ids,
            settings.accounts.confirm_mode,
            (),
            settings.warnings,
            problems,
        )
        typer.echo(render_validation_json(found))
        return ExitCode.ERROR if problems else ExitCode.DONE
    for account in accounts:
        typer.echo(_describe(account))
    for problem in problems:
        typer.echo(f"Error: {problem}", err=True)
    checked = "files, accounts and symbols" if online else "files"
    if problems:
        return ExitCode.ERROR
    typer.echo(f"Accounts in this order: {', '.join(settings.accounts.ids)}")
    typer.echo(f"Confirmation: {settings.accounts.confirm_mode}")
    typer.echo(f"The {checked} are valid (mode {mode}).")
    return ExitCode.DONE


def _invalid(config: Path, error: RebalError, warnings: tuple[Finding[InFile], ...]) -> Validation:
    """Return an error's problems beside the warnings of the readable settings.

    An error about a file as a whole names the settings file.
    """
    if isinstance(error, InputError):
        found = error.findings
    else:
        where = InFile(str(config), 0, 0)
        found = (Finding(code=SETTINGS, severity="error", where=where, message=str(error)),)
    errors = tuple(finding for finding in found if finding.severity == "error")
    warnings += tuple(finding for finding in found if finding.severity == "warning")
    return Validation(False, "", (), "", errors, warnings, ())


def _check_simulation(settings: Settings) -> None:
    """Raise ``RebalError`` when the built-in gateway cannot start with the scenario or its state."""
    if settings.ibkr.mode != "sim":
        return
    from rebalplan import sim

    state = settings.sim.state
    try:
        sim.describe(sim.load_scenario(settings.sim.scenario), state if state.exists() else None)
    except sim.SimError as error:
        raise RebalError(str(error)) from error


def _describe(account: AccountToRead) -> str:
    settings = account.settings
    mix = ", ".join(f"{m.model} {canonical(m.weight * HUNDRED)}%" for m in settings.models)
    held = sum(1 for w in account.targets.weights if w.target_pct)
    return f"{settings.account}: {held} target weights from {settings.portfolios} ({mix})"


def _check_online(
    settings: Settings, accounts: tuple[AccountToRead, ...], machine: Machine
) -> tuple[str, ...]:
    with open_world(settings, machine) as world:
        return check_at_broker(world.place(accounts), world.broker, world.clock, settings.accounts)
