"""``rebal diff``: what changed between two plans, and why."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from rebalplan.commands.cli.options import (
    DEFAULT_CONFIG,
    Config,
    Json,
    NewPlan,
    NoColor,
    OldPlan,
    Redact,
    Verbose,
)


def diff(
    old: OldPlan,
    new: NewPlan,
    *,
    config: Config = DEFAULT_CONFIG,
    form: Annotated[
        Literal["text", "markdown"],
        typer.Option("--format", metavar="FORMAT", help="text, or markdown for a pull request."),
    ] = "text",
    redact: Redact = False,
    json: Json = False,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Compare two plans.

    Exits with 0 when every order and status is the same, 1 when not, 2 on an error.
    """
    from rebalplan.commands.actions.diff import compare_plans
    from rebalplan.commands.cli.options import stdout_style

    del verbose
    raise typer.Exit(
        compare_plans(
            old, new, config, form="json" if json else form, redact=redact, style=stdout_style(no_color)
        )
    )
