"""``rebal verify``: check that a plan is untouched and still holds."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from rebalplan.commands.cli.options import DEFAULT_CONFIG, Config, Json, NoColor, PlanArgument, Verbose

Form = Literal["text", "json", "github"]


def verify(
    context: typer.Context,
    plan: PlanArgument,
    *,
    config: Config = DEFAULT_CONFIG,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the broker.")] = False,
    form: Annotated[
        Form,
        typer.Option(
            "--format", metavar="FORMAT", help="text, json, or github for annotations in a workflow."
        ),
    ] = "text",
    json: Json = False,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Check that a plan is untouched and still holds.

    Checks its bytes and hash, calculates its orders again, checks limits and expiry, compares it with today's files
    and, unless --offline, with the accounts as they are.
    """
    from rebalplan.commands.actions.verify import check_plan
    from rebalplan.commands.cli.options import stdout_style
    from rebalplan.commands.machine import machine_of

    del verbose
    raise typer.Exit(
        check_plan(
            plan,
            config,
            machine_of(context),
            offline=offline,
            form="json" if json else form,
            style=stdout_style(no_color),
        )
    )
