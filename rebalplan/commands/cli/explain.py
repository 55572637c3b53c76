"""``rebal explain``: why one line of a plan is what it is."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalplan.commands.cli.options import DEFAULT_CONFIG, Config, Json, NoColor, PlanArgument, Verbose


def explain(
    plan: PlanArgument,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="An account id.")],
    symbol: Annotated[
        str, typer.Argument(metavar="SYMBOL", help="A symbol of that account, SYMBOL@CONID, or CASH.")
    ],
    *,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Print how one line of a plan was calculated.

    The steps are price, target, drift, band, what the drift asks for and what cut it.
    """
    from rebalplan.commands.actions.explain import explain_symbol
    from rebalplan.commands.cli.options import as_json, stdout_style
    from rebalplan.render.explain import render_explained

    del verbose
    found = explain_symbol(plan, account, symbol, config)
    typer.echo(as_json(found) if json else render_explained(found, stdout_style(no_color)))
