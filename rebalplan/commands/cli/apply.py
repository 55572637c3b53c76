"""``rebal apply``: send exactly the orders of a plan, once."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalplan.commands.cli.options import (
    DEFAULT_CONFIG,
    Accounts,
    Config,
    Json,
    NoColor,
    PlanArgument,
    Verbose,
)
from rebalplan.core.vocabulary import ConfirmMode


def apply(
    context: typer.Context,
    plan: PlanArgument,
    *,
    config: Config = DEFAULT_CONFIG,
    account: Accounts = None,
    confirm_mode: Annotated[
        ConfirmMode | None,
        typer.Option(
            "--confirm-mode",
            metavar="MODE",
            help="per_account asks before each account, global once for all.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    expect: Annotated[
        str,
        typer.Option(
            "--expect",
            metavar="HEX",
            help="The last 12 characters of the plan's id; any other plan is refused.",
        ),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the steps; send nothing.")] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="The same as --dry-run.")] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Finish a run that stopped: find out what happened, then send the rest."
        ),
    ] = False,
    json: Json = False,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Check a plan, ask, and send exactly its orders, once.

    --account, --dry-run, --yes and --read-only apply to all accounts of the run.
    """
    from rebalplan.commands.actions.apply import ApplyRequest, apply_plan
    from rebalplan.commands.cli.options import stdout_style, wants_color
    from rebalplan.commands.machine import machine_of
    from rebalplan.commands.operator import Screen

    del verbose
    request = ApplyRequest(
        reference=plan,
        config=config,
        accounts=tuple(account or ()),
        confirm_mode=confirm_mode,
        yes=yes,
        expect=expect,
        preview_only=dry_run or read_only,
        resume=resume,
        color=wants_color(no_color),
        screen=Screen(stdout_style(no_color), json),
    )
    raise typer.Exit(apply_plan(request, machine_of(context)))
