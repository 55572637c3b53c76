from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebalplan.core.policy import LimitsPolicy
from rebalplan.core.vocabulary import Side
from rebalplan.plan.document import PlannedOrder
from rebalplan.plan.limits import account_breaches, total_breach

D = Decimal


def order(side: Side, symbol: str, value: Decimal) -> PlannedOrder:
    return PlannedOrder(side, symbol, 1, D(1), value, value, closes=False)


def breaches(*values: str, nlv: str = "1000000", **limits: Any) -> tuple[str, ...]:
    orders = [order("BUY", f"S{index}", D(value)) for index, value in enumerate(values)]
    return account_breaches(orders, D(nlv), LimitsPolicy(**limits))


def test_nothing_is_within_every_limit() -> None:
    assert breaches() == ()


def test_an_order_of_max_order_usd_is_allowed() -> None:
    assert breaches("1000", max_order_usd=D(1000)) == ()


def test_an_order_over_max_order_usd_is_named_with_its_value() -> None:
    assert breaches("1000", "1000.01", max_order_usd=D(1000)) == (
        "buy S1 for 1,000.01 USD is more than max_order_usd = 1,000.00: rebalance in steps or raise the limit",
    )


def test_each_order_that_is_too_large_is_named() -> None:
    assert len(breaches("1001", "1002", max_order_usd=D(1000))) == 2


def test_as_many_orders_as_max_orders_are_allowed() -> None:
    assert breaches("1", "1", max_orders=2) == ()


def test_one_order_more_than_max_orders_is_too_many() -> None:
    assert breaches("1", "1", "1", max_orders=2) == (
        "3 orders are more than max_orders = 2: widen the bands or raise the limit",
    )


def test_turnover_of_max_turnover_pct_is_allowed() -> None:
    assert breaches("300", "200", nlv="1000", max_turnover_pct=D(50)) == ()


def test_turnover_over_max_turnover_pct_is_named_in_dollars_and_percent() -> None:
    assert breaches("300", "200.01", nlv="1000", max_turnover_pct=D(50)) == (
        "turnover of 500.01 USD is 50.01% of NLV, more than max_turnover_pct = 50: "
        "rebalance in steps or raise the limit",
    )


def test_sells_count_in_turnover_like_buys() -> None:
    orders = (order("SELL", "A", D(300)), order("BUY", "B", D(300)))
    assert len(account_breaches(orders, D(1000), LimitsPolicy(max_turnover_pct=D(50)))) == 1


def test_every_broken_limit_is_reported() -> None:
    keys: dict[str, Any] = {"max_order_usd": D(10), "max_orders": 1, "max_turnover_pct": D(1)}
    assert len(breaches("11", "11", nlv="100", **keys)) == 4


@pytest.mark.parametrize("total", ["0", "999999999999"])
def test_without_a_total_limit_nothing_is_too_much(total: str) -> None:
    assert total_breach(D(total), LimitsPolicy()) is None


def test_the_total_limit_itself_is_allowed() -> None:
    assert total_breach(D(1000), LimitsPolicy(max_total_turnover_usd=D(1000))) is None


def test_more_than_the_total_limit_is_named() -> None:
    assert total_breach(D("1000.01"), LimitsPolicy(max_total_turnover_usd=D(1000))) == (
        "turnover of all accounts is 1,000.01 USD, more than max_total_turnover_usd = 1,000.00: "
        "plan fewer accounts with --account or raise the limit"
    )
