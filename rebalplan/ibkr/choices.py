"""Which of several contracts with one symbol is meant, and how to write each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rebalplan.core.contracts import contract_name, symbol_of
from rebalplan.core.text import printable
from rebalplan.ibkr.inbound import RequestRefused

if TYPE_CHECKING:
    import ib_insync


class AmbiguousSymbol(RequestRefused):
    """The gateway knows the symbol more than once, or at another exchange only. No error of its own says so: code 0."""

    def __init__(self, name: str, details: Sequence[ib_insync.ContractDetails]) -> None:
        self.is_plain = symbol_of(name) == name
        super().__init__(0, describe_choices(name, details))


def choose(
    exchange: str, details: Sequence[ib_insync.ContractDetails]
) -> Sequence[ib_insync.ContractDetails]:
    """Return the contracts with this primary exchange; without an exchange all of them.

    Some gateway versions name the tiers of an exchange: NASDAQ is also NASDAQ.NMS and NASDAQ.SCM.
    """
    return [d for d in details if not exchange or exchange in (_exchange(d), _exchange(d).partition(".")[0])]


def describe_choices(name: str, details: Sequence[ib_insync.ContractDetails]) -> str:
    """Say how portfolios.csv names each contract: by its exchange, or by its id when exchanges do not differ."""
    symbol = symbol_of(name)
    contracts = {d.contract.conId: d for d in details if d.contract is not None}
    exchanges = Counter(_exchange(d) for d in contracts.values())
    choices = [
        (
            f"{symbol}@{_exchange(d)}"
            if _exchange(d) and exchanges[_exchange(d)] == 1
            else contract_name(symbol, con_id)
        )
        + (f" ({printable(d.longName)})" if d.longName else "")
        for con_id, d in sorted(contracts.items())
    ]
    what = (
        f"{symbol} is {len(choices)} securities in USD at the broker"
        if symbol == name
        else f"the broker has no single {name}"
    )
    return f"{what}: write {' or '.join(choices)} in portfolios.csv"


def _exchange(details: ib_insync.ContractDetails) -> str:
    return printable(details.contract.primaryExchange).upper() if details.contract is not None else ""
