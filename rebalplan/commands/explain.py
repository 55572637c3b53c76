"""``rebal explain``: why one line of a plan is what it is."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalplan.commands.options import DEFAULT_CONFIG, Config, NoColor, PlanArgument, Verbose


def explain(
    plan: PlanArgument,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="An account id.")],
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="A symbol of that account, or CASH.")],
    *,
    config: Config = DEFAULT_CONFIG,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Print the arithmetic of one line: price, target, drift, band, what it asks for and what cut it."""
    from rebalplan.commands.options import stdout_style
    from rebalplan.commands.plans import find_plan
    from rebalplan.errors import RebalError, UsageError
    from rebalplan.model import CASH
    from rebalplan.render.explain import explain_cash, explain_line
    from rebalplan.store import read_plan

    del verbose
    made = read_plan(find_plan(plan, config)).plan
    found = next((a for a in made.accounts if a.account == account.upper()), None)
    if found is None:
        raise UsageError(
            f"the plan has no such account; it has {', '.join(a.account for a in made.accounts)}"
        )
    if found.summary is None:
        raise RebalError(f"{found.account} could not be planned: {'; '.join(found.reasons)}")
    if symbol.upper() == CASH:
        typer.echo(explain_cash(found, found.summary, stdout_style(no_color)))
        return
    row = next((r for r in found.drift if r.symbol == symbol.upper()), None)
    if any(holding.symbol == symbol.upper() for holding in found.left_out):
        raise UsageError(
            f"{symbol.upper()} has no price, so it is not managed in {found.account}: `rebal show` says why"
        )
    if row is None:
        raise UsageError(
            f"{found.account} has no such symbol; it has {', '.join(r.symbol for r in found.drift)}, CASH"
        )
    typer.echo(explain_line(made, found, row, found.summary, stdout_style(no_color)))
