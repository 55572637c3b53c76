"""Explains one line of a plan, found by the symbol that a person types: the action of ``rebal explain``."""

from __future__ import annotations

import re
from pathlib import Path

from rebalplan.commands.plans import find_plan
from rebalplan.core.contracts import symbol_of
from rebalplan.core.errors import RebalError, UsageError
from rebalplan.core.text import named, printable
from rebalplan.core.vocabulary import CASH
from rebalplan.plan.document import AccountPlan, DriftRow, Plan
from rebalplan.plan.store import read_plan
from rebalplan.render.explain import Explained, explain_cash, explain_line
from rebalplan.render.symbols import contract_of, shown_symbol

_BETWEEN = re.compile(r"[ ./-]+")
"""The separator before the class of a share: BRK B at the broker, BRK.B, BRK-B or BRK/B elsewhere."""


def explain_symbol(reference: str, account: str, symbol: str, config: Path) -> Explained:
    """Return the arithmetic of one line; raises ``UsageError`` for one that is not in the plan."""
    envelope = read_plan(find_plan(reference, config))
    found = _account(envelope.plan, account)
    if found.summary is None:
        raise RebalError(f"{found.account} could not be planned: {'; '.join(found.reasons)}")
    row = None if _plain(symbol) == CASH else _row(found, symbol)
    if row is not None:
        return explain_line(envelope, found, row, found.summary)
    return explain_cash(envelope, found, found.summary)


def _account(plan: Plan, name: str) -> AccountPlan:
    found = next((a for a in plan.accounts if a.account == name.strip().upper()), None)
    if found is None:
        raise UsageError(
            f"the plan has no account {printable(name)!a}; it has {named([a.account for a in plan.accounts], 0)}"
        )
    return found


def _row(account: AccountPlan, text: str) -> DriftRow:
    """Return the row of a name, of a symbol that only one row has, or of ``SYMBOL@CONID``.

    With an @ even CASH means the security of that name.
    """
    name, _at, contract = text.strip().partition("@")
    con_id = int(contract) if contract.isascii() and contract.isdecimal() else 0
    called = [row for row in account.drift if _plain(symbol_of(row.symbol)) == _plain(name)]
    for row in called:
        is_contract = con_id != 0 and contract_of(account, row.symbol) == con_id
        if is_contract or _plain(row.symbol) == _plain(text):
            return row
    if len(called) == 1 and not con_id:
        return called[0]
    if any(_plain(holding.symbol) == _plain(text) for holding in account.left_out):
        raise UsageError(
            f"{printable(text)} has no price, so it is not managed in {account.account}: `rebal show` says why"
        )
    known = [shown_symbol(account, row.symbol) for row in account.drift]
    raise UsageError(
        f"{account.account} has no symbol {printable(text)!a} in this plan; it has {', '.join([*known, CASH])}"
    )


def _plain(symbol: str) -> str:
    return _BETWEEN.sub(" ", symbol.strip().upper())
