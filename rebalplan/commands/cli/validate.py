"""``rebal validate``: check the input files."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalplan.commands.cli.options import DEFAULT_CONFIG, Config, Json, Verbose


def validate(
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

    del verbose
    raise typer.Exit(check_files(config, online=online, json=json))
