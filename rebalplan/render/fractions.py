"""Names the fractions of shares that no order can sell."""

from __future__ import annotations

from collections.abc import Iterable

from rebalplan.plan.document import AccountPlan
from rebalplan.plan.fractions import residues
from rebalplan.render.figures import dollars, shares


def render_fractions(accounts: Iterable[AccountPlan]) -> str:
    """Return a line for each account that keeps fractions which should be sold, with their value; empty for none."""
    return "\n".join(line for account in accounts for line in _lines(account))


def _lines(account: AccountPlan) -> Iterable[str]:
    left = [f"{shares(r.quantity)} {r.symbol} (about {dollars(r.value_usd)} USD)" for r in residues(account)]
    if left:
        yield f"{account.account}: fractions that rebal cannot sell stay: {', '.join(left)}. Sell them in TWS."
