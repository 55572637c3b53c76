"""``rebal show``: print a plan, offline, whatever became of it."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from rebalplan.commands.cli.options import (
    DEFAULT_CONFIG,
    Config,
    Json,
    NoColor,
    PlanArgument,
    Redact,
    Verbose,
)


def show(
    plan: PlanArgument,
    *,
    config: Config = DEFAULT_CONFIG,
    form: Annotated[
        Literal["table", "markdown", "html", "csv", "json"],
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="table, markdown for a pull request, html (one file, no network), csv or json.",
        ),
    ] = "table",
    redact: Redact = False,
    json: Json = False,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Print a saved plan, the exceptions first.

    Works offline, on expired and applied plans too.
    """
    from rebalplan.commands.actions.show import show_plan
    from rebalplan.commands.cli.options import stdout_style

    del verbose
    show_plan(plan, config, form="json" if json else form, redact=redact, style=stdout_style(no_color))
