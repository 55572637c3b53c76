"""``rebal plan``: read every account, decide its orders, write one reviewable file."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalplan.commands.cli.options import DEFAULT_CONFIG, Accounts, Config, Json, NoColor, Verbose


def plan(
    context: typer.Context,
    *,
    config: Config = DEFAULT_CONFIG,
    account: Accounts = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Preview only; write no plan file.")] = False,
    read_only: Annotated[
        bool,
        typer.Option("--read-only", help="Changes nothing: planning never sends an order."),
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

    --account, --dry-run and --read-only apply to all accounts of the run.
    """
    from rebalplan.commands.actions.plan import PlanRequest, make_plan
    from rebalplan.commands.cli.options import stdout_style, wants_color
    from rebalplan.commands.machine import machine_of

    del read_only, verbose  # the first changes nothing here, the second is read before commands run
    request = PlanRequest(
        config=config,
        accounts=tuple(account or ()),
        replay=replay or "",
        dry_run=dry_run,
        detailed_exitcode=detailed_exitcode,
        json=json,
        color=wants_color(no_color),
        style=stdout_style(no_color),
    )
    raise typer.Exit(make_plan(request, machine_of(context)))
