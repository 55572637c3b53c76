"""``rebal validate``: check the input files."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalplan.commands.cli.options import DEFAULT_CONFIG, Config, Json, Verbose


def validate(
    context: typer.Context,
    *,
    config: Config = DEFAULT_CONFIG,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the broker whether it knows the accounts and symbols.")
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Check settings.ini and portfolios.csv.

    Works offline. Every problem is reported with its line.
    """
    from rebalplan.commands.actions.validate import check_files
    from rebalplan.commands.machine import machine_of

    del verbose
    raise typer.Exit(check_files(config, machine_of(context), online=online, json=json))
