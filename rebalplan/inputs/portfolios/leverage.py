"""Checks whether the targets alone need more leverage than an account may have."""

from __future__ import annotations

from decimal import Decimal

from rebalplan.core.finding import Finding, InFile
from rebalplan.core.money import ZERO, canonical, exact_product, exact_sum, from_pct
from rebalplan.inputs.findings import TOO_MUCH_LEVERAGE
from rebalplan.inputs.portfolios.model import Model, Portfolios
from rebalplan.inputs.settings.model import AccountSettings
from rebalplan.inputs.wording import escaped


def check_leverage(portfolios: Portfolios, account: AccountSettings) -> tuple[Finding[InFile], ...]:
    """Return a finding when a negative CASH makes the account's targets break its max_leverage.

    Gross exposure is Σ w_i over the assets in multiples of NLV, with w_i = Σ_k m_k · p_{k,i} as in the
    specification of portfolios.csv. Without margin in the account's mix there is no finding: the sum is then 1, within
    the tolerances of the two files.
    """
    mix = [(weight.weight, portfolios.model(weight.model)) for weight in account.models]
    gross = _blend([(weight, exact_sum(asset.pct for asset in model.allocations)) for weight, model in mix])
    cash = _blend([(weight, model.cash_pct) for weight, model in mix])
    allowed = account.policy.rebalance.max_leverage
    if cash >= ZERO or gross <= allowed:
        return ()
    message = (
        f"CASH is {cash.scaleb(2):f}% in the mix of account {account.account}, so its targets alone come to "
        f"{gross:f} times NLV, more than its max_leverage {allowed:f}; raise CASH or max_leverage"
    )
    column = _deepest(mix).column
    where = InFile(escaped(str(portfolios.path)), portfolios.cash_line, column)
    return (Finding(code=TOO_MUCH_LEVERAGE, severity="error", where=where, message=message),)


def _blend(parts: list[tuple[Decimal, Decimal]]) -> Decimal:
    """Return Σ weight · percentage as a fraction."""
    return canonical(exact_sum(exact_product(weight, from_pct(pct)) for weight, pct in parts))


def _deepest(mix: list[tuple[Decimal, Model]]) -> Model:
    """Return the model with the most margin; the first of equals."""
    return min(mix, key=lambda part: exact_product(part[0], part[1].cash_pct))[1]
