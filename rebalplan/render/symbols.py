"""The names of securities, distinct from the row of the account's cash."""

from __future__ import annotations

from rebalplan.core.vocabulary import CASH
from rebalplan.plan.document import AccountPlan


def shown_symbol(account: AccountPlan, symbol: str) -> str:
    """Return a security's symbol. A security called CASH gets its contract id, as in ``CASH@1234``."""
    return f"{CASH}@{contract_of(account, symbol)}" if symbol == CASH else symbol


def contract_of(account: AccountPlan, symbol: str) -> int:
    """Return the contract id of a security that the account holds or trades, else 0."""
    return account.contract_ids.get(symbol, 0)
