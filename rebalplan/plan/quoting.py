"""Which contracts a plan needs quotes of, under which name: one quote per contract, shared by all accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from rebalplan.core.contracts import contract_name, quote_of, symbol_of, with_names
from rebalplan.core.vocabulary import AccountSnapshot, Quote
from rebalplan.plan.account import AccountInput
from rebalplan.plan.build import needed_symbols


def first_quotes(accounts: Sequence[AccountInput]) -> dict[str, int]:
    """Return the names to quote, with the contract id they are looked up by (0: by name).

    A plain symbol is looked up by its name when some account needs it and holds none of it: what one account happens to
    hold must not decide what another one buys. Otherwise it is looked up by the contract that is held. A holding is
    left out here when a target tells its symbol apart by exchange: first that target's contract must be known.
    """
    wanted: dict[str, int] = {}
    for account in accounts:
        for name, con_id in _needed(account).items():
            wanted[name] = min(con_id, wanted.get(name, con_id))
    return {name: wanted[name] for name in sorted(wanted)}


def _needed(account: AccountInput) -> dict[str, int]:
    """Return what one account needs a quote of by name, with the contract it holds (0: none of it)."""
    if account.snapshot is None:
        return {}
    needed = {w.symbol: 0 for w in account.targets.weights if w.target_pct}
    held: dict[str, list[int]] = {}
    for position in account.snapshot.positions:
        if position.quantity:
            held.setdefault(position.symbol, []).append(position.con_id)
    told_apart = {symbol_of(w.symbol) for w in account.targets.weights if symbol_of(w.symbol) != w.symbol}
    needed.update({symbol: min(ids) for symbol, ids in held.items() if symbol not in told_apart})
    return needed


def more_quotes(
    accounts: Iterable[AccountInput], quotes: Mapping[str, Quote], asked: Mapping[str, int]
) -> dict[str, int]:
    """Return the holdings without a quote, by contract: their symbol is another contract in other accounts.

    ``asked`` are the names that were quoted before, with the contract id that each was looked up by. None of them is
    quoted twice.
    """
    wanted: dict[str, int] = {}
    for account in accounts:
        if account.snapshot is None:
            continue
        named = with_names(account.snapshot, account.targets, quotes)
        for name, con_id in needed_symbols(_with(account, named)).items():
            quote = quote_of(quotes, name, con_id)
            is_known = quote is not None and con_id in (0, quote.con_id)
            own = contract_name(name, con_id) if con_id else name
            if not is_known and asked.get(name) != con_id and own not in asked:
                wanted[own] = con_id
    return {name: wanted[name] for name in sorted(wanted)}


def named_account(account: AccountInput, quotes: Mapping[str, Quote]) -> AccountInput:
    """Return the account with its holdings under the names that its targets and the quotes give them."""
    if account.snapshot is None:
        return account
    return _with(account, with_names(account.snapshot, account.targets, quotes))


def _with(account: AccountInput, snapshot: AccountSnapshot) -> AccountInput:
    return msgspec.structs.replace(account, snapshot=snapshot)
