"""Sells whose buys are missing: what is still sold, whatever falls out, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.apply.sell_cuts import Missing, SellCuts, cut_sells
from rebalplan.core.money import ONE, ZERO, from_bps
from rebalplan.plan.document import AccountPlan, PlannedOrder
from tests.builders import account, planned

D = Decimal


def stranded(cash: str = "400", **keys: Any) -> AccountPlan:
    """Return an account that sells AAA to buy BBB and CCC."""
    weights = {"AAA": "40", "BBB": "30", "CCC": "30"}
    keys = {"min_order_usd": D(500), "cost_bps": D(20)} | keys
    return planned(account(cash=cash, holdings={"AAA": "300"}, weights=weights, **keys))


def order_of(plan: AccountPlan, symbol: str) -> PlannedOrder:
    return next(order for order in plan.orders if order.symbol == symbol)


def missing(plan: AccountPlan, symbols: Sequence[str]) -> list[Missing]:
    return [Missing(order, order.quantity) for order in plan.orders if order.symbol in symbols]


def sells_of(plan: AccountPlan, gone: Sequence[str] = ()) -> dict[str, PlannedOrder]:
    return {o.symbol: o for o in plan.orders if o.side == "SELL" and o.symbol not in gone}


def without(plan: AccountPlan, *symbols: str) -> tuple[dict[str, Decimal], SellCuts]:
    """Return how much is sold of each symbol when these lines cannot be sent."""
    cuts = cut_sells(plan, sells_of(plan, symbols), missing(plan, symbols))
    kept = {symbol: order.quantity for symbol, order in sells_of(plan, symbols).items()}
    return kept | {cut.reference: cut.quantity for cut in cuts.cuts}, cuts


def cash_after(plan: AccountPlan, sold: Mapping[str, Decimal], gone: Sequence[str]) -> Decimal:
    """Return the cash in the end, at the plan's prices and costs, counted from the account as it was."""
    assert plan.snapshot is not None
    cost = from_bps(plan.policy.rebalance.cost_bps)
    cash = plan.snapshot.cash_usd
    for order in plan.orders:
        if order.side == "SELL":
            cash += sold.get(order.symbol, ZERO) * order.price * (ONE - cost)
        elif order.symbol not in gone:
            cash -= order.quantity * order.price * (ONE + cost)
    return cash


def test_nothing_is_cut_while_every_buy_can_be_sent() -> None:
    sold, cuts = without(stranded())
    assert cuts == SellCuts((), ZERO, "")
    assert sold["AAA"] == order_of(stranded(), "AAA").quantity


def test_nothing_is_sold_when_no_buy_can_be_sent() -> None:
    sold, cuts = without(stranded(), "BBB", "CCC")
    assert sold == {"AAA": 0}
    assert cuts.cuts[0].why.startswith("buys_left_out: ")
    assert "USD of buys cannot be sent (BBB, CCC), so nothing is sold" in cuts.cuts[0].why


def test_only_what_the_other_buy_needs_is_sold() -> None:
    plan = stranded()
    sold, cuts = without(plan, "CCC")
    whole, needed = order_of(plan, "AAA").quantity, order_of(plan, "BBB").quantity
    assert needed - 5 <= sold["AAA"] <= needed + 1
    assert f"only {sold['AAA']} of {whole} shares are sold" in cuts.cuts[0].why


def test_the_smallest_drift_is_cut_first() -> None:
    weights = {"AAA": "20", "BBB": "40", "CCC": "40"}
    plan = planned(account(cash="0", holdings={"AAA": "50", "BBB": "50"}, weights=weights))
    assert {order.symbol: order.quantity for order in plan.orders} == {"AAA": 30, "BBB": 10, "CCC": 40}
    assert without(plan, "CCC")[0] == {"AAA": 0, "BBB": 0}
    part = cut_sells(plan, sells_of(plan), [Missing(order_of(plan, "CCC"), D(15))])
    assert {cut.reference: cut.quantity for cut in part.cuts} == {"BBB": 0, "AAA": 25}


def test_a_holding_with_a_target_of_0_is_closed_all_the_same_and_that_is_named() -> None:
    plan = planned(
        account(cash="0", holdings={"OLD": "50", "AAA": "50"}, weights={"AAA": "50", "BBB": "50", "OLD": "0"})
    )
    assert order_of(plan, "OLD").closes
    sold, cuts = without(plan, "BBB")
    assert sold == {"OLD": 50}
    assert cuts.cuts == ()
    assert cuts.why_sold == "OLD has a target of 0 and is sold all the same"
    assert cuts.excess_usd == 5000


def test_a_holding_of_which_only_a_fraction_must_stay_is_closed_too() -> None:
    plan = planned(
        account(
            cash="0", holdings={"OLD": "50.3", "AAA": "50"}, weights={"AAA": "50", "BBB": "50", "OLD": "0"}
        )
    )
    assert not order_of(plan, "OLD").closes
    sold, cuts = without(plan, "BBB")
    assert sold == {"OLD": 50}
    assert cuts.why_sold == "OLD has a target of 0 and is sold all the same"


def test_what_restores_the_floor_is_still_sold() -> None:
    weights = {"AAA": "40", "BBB": "60"}
    plan = planned(account(cash="-1000", holdings={"AAA": "100"}, weights=weights))
    sold, _ = without(plan, "BBB")
    assert sold["AAA"] == 10
    assert cash_after(plan, sold, ["BBB"]) == 0


def test_what_brings_leverage_under_its_cap_is_still_sold() -> None:
    plan = planned(
        account(
            cash="-6000",
            holdings={"AAA": "160"},
            weights={"AAA": "60", "BBB": "90"},
            cash_target="-50",
            max_leverage=D("1.2"),
            cost_bps=D(200),
        )
    )
    assert {order.symbol: order.quantity for order in plan.orders} == {"AAA": 101, "BBB": 61}
    assert without(plan, "BBB")[0]["AAA"] == 40  # 38 would pay for what is not bought and leave 1.22


def test_a_sell_that_cannot_be_sent_brings_nothing_that_must_be_cut_elsewhere() -> None:
    weights = {"AAA": "25", "BBB": "25", "CCC": "50"}
    plan = planned(account(cash="0", holdings={"AAA": "50", "BBB": "50"}, weights=weights))
    assert cut_sells(plan, sells_of(plan, ["AAA"]), missing(plan, ["AAA"])).cuts == ()
    both = missing(plan, ["AAA", "CCC"])
    assert without(plan, "AAA", "CCC")[0]["BBB"] == 0
    assert len(both) == 2


@pytest.mark.parametrize(("minimum", "left"), [(0, 6), (600, 6), (601, 0)])
def test_a_rest_below_the_minimum_is_not_sold_when_nothing_needs_it(minimum: int, left: int) -> None:
    weights = {"AAA": "50", "BBB": "40"}
    plan = planned(
        account(
            cash="400", holdings={"AAA": "96"}, weights=weights, cash_target="10", min_order_usd=D(minimum)
        )
    )
    assert {order.symbol: order.quantity for order in plan.orders} == {"AAA": 46, "BBB": 40}
    assert without(plan, "BBB")[0] == {"AAA": left}


def test_a_rest_below_the_minimum_that_pays_for_a_buy_is_sold() -> None:
    plan = planned(
        account(
            cash="0",
            holdings={"AAA": "100"},
            weights={"AAA": "50", "BBB": "45", "CCC": "5"},
            min_order_usd=D(500),
        )
    )
    assert order_of(plan, "CCC").quantity == 5
    cut = cut_sells(
        plan, sells_of(plan), [Missing(order_of(plan, "BBB"), order_of(plan, "BBB").quantity + 1)]
    )
    assert {c.reference: c.quantity for c in cut.cuts} == {"AAA": 4}


@st.composite
def plans(draw: st.DrawFn) -> AccountPlan:
    """Return an account that trades, with prices that are not round."""
    symbols = draw(st.lists(st.sampled_from("ABCDEFGH"), min_size=2, max_size=6, unique=True))
    shares = [draw(st.integers(0, 100)) for _ in symbols]
    parts = [draw(st.integers(0, 100)) for _ in symbols]
    total = sum(parts) or 1
    weights = {s: str((D(p) * 100 / total).quantize(D("0.01"))) for s, p in zip(symbols, parts, strict=True)}
    slack = 100 - sum(map(D, weights.values()))
    prices = {s: str(draw(st.decimals(min_value=1, max_value=400, places=2))) for s in symbols}
    return planned(
        account(
            cash=str(draw(st.integers(-2000, 20000))),
            holdings={s: str(n) for s, n in zip(symbols, shares, strict=True) if n},
            weights=weights,
            cash_target=str(slack),
            prices=prices,
            cost_bps=D(draw(st.sampled_from((0, 20)))),
            min_order_usd=D(draw(st.sampled_from((0, 500)))),
        ),
        **prices,
    )


@settings(max_examples=300, deadline=None)
@given(plans(), st.data())
def test_whatever_falls_out_no_more_cash_is_left_than_planned_and_a_share_or_a_duty_says_why(
    plan: AccountPlan, data: st.DataObject
) -> None:
    if plan.summary is None or not plan.orders:
        return
    names = [order.symbol for order in plan.orders]
    gone = data.draw(st.lists(st.sampled_from(names), unique=True))
    sold, cuts = without(plan, *gone)
    after, promised = cash_after(plan, sold, gone), plan.summary.cash_after_usd
    dearest = max((o.price for o in plan.orders if o.side == "SELL"), default=ZERO)
    assert after <= promised + dearest or cuts.why_sold
    assert after >= min(promised, plan.summary.cash_floor_usd) - 1 or any(o in gone for o in sells_of(plan))
    for symbol, quantity in sold.items():
        planned_quantity = order_of(plan, symbol).quantity
        assert 0 <= quantity <= planned_quantity
        assert quantity == planned_quantity or not order_of(plan, symbol).closes
