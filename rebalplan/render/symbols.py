"""The name of a security, told apart from the row of the account's cash."""

from __future__ import annotations

from rebalplan.core.vocabulary import CASH
from rebalplan.plan.document import AccountPlan


def shown_symbol(account: AccountPlan, symbol: str) -> str:
    """Return a security's symbol; one that is itself called CASH with its contract id, as in ``CASH@1234``."""
    return f"{CASH}@{contract_of(account, symbol)}" if symbol == CASH else symbol


def contract_of(account: AccountPlan, symbol: str) -> int:
    """Return the contract id of a security that the account holds or trades; 0 for one that it does not."""
    return account.contract_ids.get(symbol, 0)
