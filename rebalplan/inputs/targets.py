"""Target weights: the mix of an account's models by their weights."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rebalplan.core.money import ZERO, exact, quantize
from rebalplan.core.text import folded
from rebalplan.core.vocabulary import Targets, TargetWeight
from rebalplan.inputs.portfolios import Portfolios
from rebalplan.inputs.settings import ModelWeight


def target_weights(portfolios: Portfolios, mix: Iterable[ModelWeight]) -> Targets:
    """Mix the models: w_i = Σ_k m_k · p_k,i, in percent, rounded half to even to 0.000001 percent.

    Every symbol in portfolios.csv has a weight, 0 included: a symbol with blank cells is closed.
    Weights come in symbol order.
    """
    models = {folded(model.name): model for model in portfolios.models}
    sums = dict.fromkeys(portfolios.symbols, ZERO)
    cash = ZERO
    with exact():
        for share in mix:
            model = models[folded(share.model)]
            cash += share.weight * model.cash_pct
            for allocation in model.allocations:
                sums[allocation.symbol] += share.weight * allocation.pct
    return Targets(_sorted_weights(sums), quantize(cash))


def _sorted_weights(sums: dict[str, Decimal]) -> tuple[TargetWeight, ...]:
    return tuple(TargetWeight(symbol, quantize(sums[symbol])) for symbol in sorted(sums))
