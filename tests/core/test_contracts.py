"""The names of contracts, and the holdings under the names of their targets."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from rebalplan.core.contracts import con_id_of, exchange_of, quote_of, symbol_of, with_names
from rebalplan.core.vocabulary import AccountSnapshot, Position, Quote, Targets, TargetWeight
from tests.builders import quote, snapshot


def held(*con_ids: int) -> AccountSnapshot:
    positions = tuple(Position("AAA", con_id, Decimal(1)) for con_id in con_ids)
    return msgspec.structs.replace(snapshot("100"), positions=positions)


def targets(*names: str) -> Targets:
    return Targets(tuple(TargetWeight(name, Decimal(10)) for name in names), Decimal(0))


def quotes(**con_ids: int) -> dict[str, Quote]:
    """Return quotes by name; ``__`` stands for the @."""
    return {n.replace("__", "@"): quote(n.replace("__", "@"), con_id=c) for n, c in con_ids.items()}


@pytest.mark.parametrize(
    ("name", "parts"),
    [("AAA", ("AAA", "", 0)), ("BRK B@NYSE", ("BRK B", "NYSE", 0)), ("AAA@756733", ("AAA", "", 756733))],
)
def test_a_name_has_a_symbol_and_an_exchange_or_a_contract_id(name: str, parts: tuple[str, str, int]) -> None:
    assert (symbol_of(name), exchange_of(name), con_id_of(name)) == parts


@pytest.mark.parametrize(
    ("name", "con_id", "found"),
    [
        ("AAA", 0, "AAA"),
        ("AAA", 1, "AAA"),
        ("AAA", 2, "AAA@2"),
        ("AAA", 3, "AAA@ARCA"),
        ("AAA@3", 0, "AAA@ARCA"),
        ("AAA", 9, "AAA"),
    ],
)
def test_a_contract_s_quote_is_found_under_any_name(name: str, con_id: int, found: str) -> None:
    known = quote_of(quotes(AAA=1, AAA__2=2, AAA__ARCA=3), name, con_id)
    assert known is not None
    assert known.symbol == found


@pytest.mark.parametrize(
    ("listed", "con_ids", "names"),
    [
        (("AAA",), (2,), {2: "AAA"}),
        (("AAA@ARCA",), (3,), {3: "AAA@ARCA"}),
        (("AAA@7",), (7,), {7: "AAA@7"}),
        (("AAA@ARCA", "AAA"), (2, 3), {2: "AAA", 3: "AAA@ARCA"}),
        (("AAA",), (2, 3), {2: "AAA", 3: "AAA"}),
        ((), (1, 2), {1: "AAA", 2: "AAA@2"}),
        ((), (8,), {8: "AAA"}),
        ((), (8, 9), {8: "AAA@8", 9: "AAA@9"}),
        (("AAA@ARCA",), (1, 3), {1: "AAA", 3: "AAA@ARCA"}),
    ],
)
def test_a_holding_has_the_name_of_its_target(
    listed: tuple[str, ...], con_ids: tuple[int, ...], names: dict[int, str]
) -> None:
    named = with_names(held(*con_ids), targets(*listed), quotes(AAA=1, AAA__2=2, AAA__ARCA=3))
    assert {p.con_id: p.symbol for p in named.positions} == names
    assert with_names(named, targets(*listed), quotes(AAA=1, AAA__2=2, AAA__ARCA=3)) == named
