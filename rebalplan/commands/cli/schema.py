"""``rebal schema``: the JSON Schema of a plan file."""

from __future__ import annotations

import typer

from rebalplan.commands.cli.options import Verbose


def schema(verbose: Verbose = False) -> None:
    """Print the JSON Schema of a plan file."""
    import msgspec

    from rebalplan.plan.codec import plan_schema

    del verbose
    typer.echo(msgspec.json.format(msgspec.json.encode(plan_schema()), indent=2).decode())
