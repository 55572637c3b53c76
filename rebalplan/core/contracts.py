"""The names of contracts: a symbol, with its exchange or contract id where several contracts share the symbol.

A name is ``AAA``, ``AAA@ARCA`` (primary exchange) or ``AAA@756733`` (contract id). Within an account, a position, its
target, its order and its row have the same name: the one in portfolios.csv if it lists the contract. The broker's own
symbol never has an @.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from rebalplan.core.vocabulary import AccountSnapshot, Position, Quote, Targets

_AT = "@"


def symbol_of(name: str) -> str:
    """Return the broker's symbol in a name."""
    return name.partition(_AT)[0]


def exchange_of(name: str) -> str:
    """Return the primary exchange in a name, empty without one."""
    which = name.partition(_AT)[2]
    return "" if which.isdecimal() else which


def con_id_of(name: str) -> int:
    """Return the contract id in a name, 0 without one."""
    which = name.partition(_AT)[2]
    return int(which) if which.isdecimal() else 0


def contract_name(symbol: str, con_id: int) -> str:
    """Return the name that stands for one contract only, even if others share its symbol."""
    return f"{symbol_of(symbol)}{_AT}{con_id}"


def quote_of(quotes: Mapping[str, Quote], name: str, con_id: int = 0) -> Quote | None:
    """Return the quote of a contract, or of its name when there is no contract id.

    Accounts share their quotes, so another account may quote the same contract under another name. Without a quote of
    the contract, the quote under this name is returned, whichever contract it is of.
    """
    con_id = con_id or con_id_of(name)
    own = quotes.get(name)
    if not con_id or (own is not None and own.con_id == con_id):
        return own
    return (
        quotes.get(contract_name(name, con_id))
        or next((quote for quote in quotes.values() if quote.con_id == con_id), None)
        or own
    )


def with_names(snapshot: AccountSnapshot, targets: Targets, quotes: Mapping[str, Quote]) -> AccountSnapshot:
    """Return the snapshot with its positions under the names of the targets.

    A target with an exchange or id names one contract. A plain symbol names another contract of that symbol that the
    account holds. Two such contracts keep the plain name, and the account is not planned. A holding without a target
    keeps the name of its quote.
    """
    listed = {weight.symbol for weight in targets.weights}
    named: dict[int, str] = {}
    for symbol, positions in _by_symbol(snapshot.positions).items():
        told_apart = _told_apart(symbol, listed, quotes)
        rest = [p for p in positions if p.con_id not in told_apart]
        named.update({p.con_id: told_apart[p.con_id] for p in positions if p.con_id in told_apart})
        named.update(
            {
                p.con_id: symbol if symbol in listed else _unlisted(p, quotes, alone=len(rest) == 1)
                for p in rest
            }
        )
    return renamed(snapshot, named)


def _by_symbol(positions: Iterable[Position]) -> dict[str, list[Position]]:
    found: dict[str, list[Position]] = {}
    for position in positions:
        found.setdefault(symbol_of(position.symbol), []).append(position)
    return found


def _told_apart(symbol: str, listed: Iterable[str], quotes: Mapping[str, Quote]) -> dict[int, str]:
    """Return the names of the targets with an exchange or id, by contract id."""
    found = {}
    for name in sorted(listed, reverse=True):  # The first of two names for one contract counts.
        if name != symbol and symbol_of(name) == symbol:
            quote = quotes.get(name)
            con_id = con_id_of(name) or (quote.con_id if quote is not None else 0)
            if con_id:
                found[con_id] = name
    return found


def _unlisted(position: Position, quotes: Mapping[str, Quote], *, alone: bool) -> str:
    symbol = symbol_of(position.symbol)
    quote = quote_of(quotes, symbol, position.con_id)
    if quote is not None and quote.con_id == position.con_id:
        return quote.symbol
    return symbol if alone else contract_name(symbol, position.con_id)


def renamed(snapshot: AccountSnapshot, names: Mapping[int, str]) -> AccountSnapshot:
    """Return the snapshot with these names, by contract id, for its positions and their values."""
    positions = [msgspec.structs.replace(p, symbol=names.get(p.con_id, p.symbol)) for p in snapshot.positions]
    values = [
        msgspec.structs.replace(v, symbol=names.get(v.con_id, v.symbol)) for v in snapshot.broker_values
    ]
    return msgspec.structs.replace(
        snapshot,
        positions=tuple(sorted(positions, key=lambda p: (p.symbol, p.con_id))),
        broker_values=tuple(values),
    )
