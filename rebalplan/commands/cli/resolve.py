"""``rebal resolve``: a person settles an order whose end nobody else can tell."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalplan.commands.cli.options import DEFAULT_CONFIG, Config, Json, Verbose


def resolve(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="REF", help="The order's reference, rb-….")],
    *,
    filled: Annotated[
        str, typer.Option("--filled", metavar="QTY@PRICE", help="It bought or sold this much at this price.")
    ] = "",
    absent: Annotated[bool, typer.Option("--absent", help="It never traded and never will.")] = False,
    accept_proposed: Annotated[
        bool, typer.Option("--accept-proposed", help="Take the answer that the evidence agrees on.")
    ] = False,
    who: Annotated[
        str, typer.Option("--who", metavar="NAME", help="Who decides; the name of this login if left out.")
    ] = "",
    force: Annotated[
        bool,
        typer.Option("--force", help="Record an answer that is too early, or that the broker contradicts."),
    ] = False,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Settle an order whose end nobody knows.

    Without --filled, --absent or --accept-proposed it only shows the evidence.
    """
    from rebalplan.commands.actions.resolve import Decision, resolve_order
    from rebalplan.commands.machine import machine_of

    del verbose
    raise typer.Exit(
        resolve_order(
            reference,
            Decision(filled, absent, accept_proposed, who, force, json),
            config,
            machine_of(context),
        )
    )
