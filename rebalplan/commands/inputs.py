"""Reads the input files of a run, each once: settings.ini and its accounts' portfolios."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from rebalplan.commands.logs import open_logs
from rebalplan.core.errors import FindingsError, InputError, RebalError, UsageError, placed
from rebalplan.core.finding import Finding, InFile, InPlan
from rebalplan.core.text import folded, named, printable
from rebalplan.core.vocabulary import Mode, is_paper
from rebalplan.inputs.portfolios import Portfolios, check_leverage, read_portfolios
from rebalplan.inputs.settings import AccountSettings, Settings, load_settings
from rebalplan.inputs.targets import target_weights
from rebalplan.plan.collect import AccountToRead


def load(config: Path, *, with_places: bool = False) -> Settings:
    """Read settings.ini, print its warnings to stderr and set the log level of --verbose."""
    settings = load_settings(config, with_places=with_places)
    open_logs(settings)
    for warning in settings.warnings:
        typer.echo(f"Warning: {placed(warning)}", err=True)
    return settings


def choose_accounts(settings: Settings, wanted: Sequence[str]) -> tuple[AccountSettings, ...]:
    """Return the accounts of the run, in the order of settings.ini. Raises ``UsageError`` for one not in it."""
    known = {a.account for a in settings.account_settings}
    asked = {name.strip().upper() for name in wanted}
    unknown = sorted(asked - known)
    if unknown:
        names = named([a.account for a in settings.account_settings], 0)
        raise UsageError(
            f"--account {printable(unknown[0])} is not in [accounts] ids of {settings.path} ({names})"
        )
    return tuple(a for a in settings.account_settings if not asked or a.account in asked)


def with_targets(settings: Settings, accounts: Sequence[AccountSettings]) -> tuple[AccountToRead, ...]:
    """Read the portfolios file of each account and mix its models. Raises ``InputError`` with all problems."""
    files = _read_files(settings)
    found = [f for a in accounts for f in check_leverage(files[a.portfolios], a)]
    if found:
        raise InputError(found)
    return tuple(AccountToRead(a, target_weights(files[a.portfolios], a.models)) for a in accounts)


def _read_files(settings: Settings) -> dict[Path, Portfolios]:
    """Read each file once, with the models of every account that uses it, whichever accounts are planned."""
    models: dict[Path, dict[str, str]] = {}
    for account in settings.account_settings:
        names = models.setdefault(account.portfolios, {})
        names.update({folded(m.model): m.model for m in account.models})
    files: dict[Path, Portfolios] = {}
    found: list[Finding[InFile]] = []
    for path, names in models.items():
        try:
            files[path] = read_portfolios(path, models=list(names.values()))
        except InputError as error:
            found += error.findings
    if found:
        raise InputError(found)
    return files


def require_mode(settings: Settings, planned: Mode) -> None:
    """Refuse to ask today's gateway about a plan of another mode: its accounts are other ones."""
    mode = trading_mode(settings)
    if planned != mode:
        found = Finding(
            code="RB404",
            severity="error",
            where=InPlan("", "mode"),
            message=f"the plan was made in mode {planned}, and {settings.path} now says {mode}. rebal never asks a "
            f"{mode} gateway about a {planned} plan",
            planned=planned,
            now=mode,
            way_out="use the settings file it was made with, or plan again. Nothing was sent",
        )
        raise FindingsError([found])


def trading_mode(settings: Settings) -> Mode:
    """Return sim, or paper or live by the accounts' ids (paper ids begin with D)."""
    if settings.ibkr.mode == "sim":
        return "sim"
    kinds = {is_paper(a.account) for a in settings.account_settings}
    if len(kinds) > 1:
        raise RebalError(
            f"{settings.path}: [accounts] ids mixes paper accounts (their ids begin with D) and live ones: "
            "keep them in two settings files"
        )
    return "paper" if True in kinds else "live"
