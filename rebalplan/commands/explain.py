"""``rebal explain``: why one line of a plan is what it is."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalplan.commands.options import DEFAULT_CONFIG, Config, NoColor, PlanArgument, Verbose


def explain(
    plan: PlanArgument,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="An account id.")],
    symbol: Annotated[
        str, typer.Argument(metavar="SYMBOL", help="A symbol of that account, SYMBOL@CONID, or CASH.")
    ],
    *,
    config: Config = DEFAULT_CONFIG,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Print the arithmetic of one line: price, target, drift, band, what it asks for and what cut it."""
    from rebalplan.commands.explaining import explain_symbol
    from rebalplan.commands.options import stdout_style

    del verbose
    explain_symbol(plan, account, symbol, config, stdout_style(no_color))
