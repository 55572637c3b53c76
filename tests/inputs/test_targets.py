from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_UP, Context, Decimal, localcontext
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.inputs.portfolios import Allocation, Model, Portfolios
from rebalplan.inputs.settings import ModelWeight
from rebalplan.inputs.targets import target_weights
from tests.builders import decimals

D = Decimal
Item = TypeVar("Item")


def model(name: str, cash: str = "0", **weights: str) -> Model:
    return Model(name, tuple(Allocation(s, D(w)) for s, w in weights.items()), D(cash))


def portfolios(*models: Model) -> Portfolios:
    return Portfolios(Path("portfolios.csv"), tuple(a.symbol for a in models[0].allocations), models)


def mix(**weights: str) -> tuple[ModelWeight, ...]:
    return tuple(ModelWeight(name, D(weight)) for name, weight in weights.items())


SMURF = model("SMURF", VTI="60", BND="40", QQQ="0")
GLTR = model("GLTR", cash="-10", VTI="0", BND="10", QQQ="100")


def shown(made: Portfolios, **weights: str) -> dict[str, str]:
    found = target_weights(made, mix(**weights))
    return {w.symbol: str(w.target_pct) for w in found.weights} | {"CASH": str(found.cash_pct)}


def test_models_are_mixed_by_their_weights() -> None:
    assert shown(portfolios(SMURF, GLTR), SMURF="0.2", GLTR="0.8") == {
        "BND": "16",
        "QQQ": "80",
        "VTI": "12",
        "CASH": "-8",
    }


def test_model_names_match_in_any_case() -> None:
    assert shown(portfolios(SMURF), smurf="1")["VTI"] == "60"


def test_a_listed_symbol_with_blank_cells_has_the_weight_zero() -> None:
    assert shown(portfolios(SMURF), SMURF="1")["QQQ"] == "0"


def test_a_model_that_is_not_in_the_mix_names_its_symbols_all_the_same() -> None:
    assert shown(portfolios(SMURF, GLTR), GLTR="1")["VTI"] == "0"


def test_weights_are_rounded_half_to_even_to_a_millionth_of_a_percent() -> None:
    halves = model("M", A="0.000001", B="0.000003", C="99.999996")
    assert shown(portfolios(halves), M="0.5") == {
        "A": "0",
        "B": "0.000002",
        "C": "49.999998",
        "CASH": "0",
    }


def test_an_unknown_model_is_a_defect_of_the_caller() -> None:
    with pytest.raises(KeyError):
        target_weights(portfolios(SMURF), mix(OTHER="1"))


def shuffled(items: Iterable[Item], chance: Random) -> tuple[Item, ...]:
    ordered = list(items)
    chance.shuffle(ordered)
    return tuple(ordered)


@st.composite
def mixes(draw: st.DrawFn, /) -> tuple[Portfolios, tuple[ModelWeight, ...]]:
    """Return models whose columns sum to 100 and weights that sum to 1."""
    symbols = draw(st.permutations(("A", "B", "C", "D")))
    made, shares = [], []
    left = D(1)
    for name in ("M1", "M2", "M3"):
        parts = [draw(decimals("0", "25", 2)) for _ in symbols[1:]]
        cash = draw(decimals("-20", "20", 2))
        weights = (100 - cash - sum(parts), *parts)
        made.append(Model(name, tuple(map(Allocation, symbols, weights)), cash))
        weight = left if name == "M3" else draw(decimals("0", str(left), 4))
        shares.append(ModelWeight(name, weight))
        left -= weight
    return portfolios(*made), tuple(shares)


@settings(derandomize=True, deadline=None)
@given(mixes())
def test_weights_with_cash_sum_to_one_hundred(drawn: tuple[Portfolios, tuple[ModelWeight, ...]]) -> None:
    found = target_weights(*drawn)
    assert sum(w.target_pct for w in found.weights) + found.cash_pct == 100


@settings(derandomize=True, deadline=None)
@given(mixes(), st.randoms(use_true_random=False))
def test_neither_the_order_of_symbols_nor_of_models_matters(
    drawn: tuple[Portfolios, tuple[ModelWeight, ...]], chance: Random
) -> None:
    made, shares = drawn
    models = [Model(m.name, shuffled(m.allocations, chance), m.cash_pct) for m in made.models]
    again = Portfolios(made.path, shuffled(made.symbols, chance), shuffled(models, chance))
    found = target_weights(again, shuffled(shares, chance))
    assert found == target_weights(made, shares)
    assert [w.symbol for w in found.weights] == sorted(made.symbols)


def test_the_ambient_decimal_context_changes_nothing() -> None:
    long = model("M", A="33.333333333333333", B="66.666666666666667")
    expected = target_weights(portfolios(long), mix(M="0.333333333333333333"))
    with localcontext(Context(prec=3, rounding=ROUND_UP)):
        assert target_weights(portfolios(long), mix(M="0.333333333333333333")) == expected
