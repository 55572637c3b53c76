"""Hand-worked allotments: the largest drift first, the smallest cut first, never past floor or leverage."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalplan.apply.funding import Allotment, Baseline, BuyRequest, Funding, Funds, allot_buys, quantity_step
from rebalplan.apply.journal.fold import orders_of
from rebalplan.apply.journal.records import AccountRecord, Commission
from rebalplan.core.money import exact
from tests.apply.journal.support import AT, FIRST_BUY, SELL, dispatch, done, fill

D = Decimal
PLENTY = D(10**9)


def request(symbol: str, quantity: str, drift: str, ask: str = "100") -> BuyRequest:
    return BuyRequest(f"ref-{symbol}", symbol, D(quantity), D(drift), D(ask))


def funds(cash: str, floor: str = "0", reserved: str = "0", room: Decimal = PLENTY) -> Funds:
    return Funds(D(cash), D(floor), D(reserved), room)


def allot(
    *requests: BuyRequest, money: Funds, cost_bps: str = "0", step: str = "1", minimum: str = "0"
) -> list[tuple[str, str]]:
    made = allot_buys(requests, money, cost_bps=D(cost_bps), step=D(step), min_order_usd=D(minimum))
    return [(a.request.symbol, str(a.quantity)) for a in made]


def reasons(*requests: BuyRequest, money: Funds, minimum: str = "0") -> list[str]:
    made = allot_buys(requests, money, cost_bps=D(0), step=D(1), min_order_usd=D(minimum))
    return [a.why for a in made]


def test_enough_money_buys_everything() -> None:
    assert allot(request("A", "3", "-300"), request("B", "2", "-200"), money=funds("500")) == [
        ("A", "3"),
        ("B", "2"),
    ]


def test_the_smallest_drift_is_cut_first() -> None:
    requests = (request("A", "2", "-200"), request("B", "3", "-300"))
    assert allot(*requests, money=funds("499.99")) == [("B", "3"), ("A", "1")]
    assert allot(*requests, money=funds("299.99")) == [("B", "2"), ("A", "0")]


def test_whole_shares_are_cut_to_whole_shares_whatever_the_step() -> None:
    assert allot(request("A", "10", "-1000"), money=funds("999.95"), step="0.0001") == [("A", "9")]
    assert allot(request("A", "9.5", "-950"), money=funds("920"), step="0.0001") == [("A", "9.2")]


def test_equal_drifts_go_by_symbol() -> None:
    requests = (request("B", "1", "-100"), request("A", "1", "-100"))
    assert allot(*requests, money=funds("100")) == [("A", "1"), ("B", "0")]


def test_costs_floor_and_working_buys_come_first() -> None:
    line = request("A", "10", "-1000")
    assert allot(line, money=funds("1002"), cost_bps="20") == [("A", "10")]
    assert allot(line, money=funds("1001.99"), cost_bps="20") == [("A", "9")]
    assert allot(line, money=funds("1000", floor="100")) == [("A", "9")]
    assert allot(line, money=funds("1000", reserved="101")) == [("A", "8")]


def test_zero_and_negative_money_buys_nothing() -> None:
    assert allot(request("A", "10", "-1000"), money=funds("0")) == [("A", "0")]
    assert allot(request("A", "10", "-1000"), money=funds("-500")) == [("A", "0")]


def test_leverage_leaves_only_so_much_room() -> None:
    line = request("A", "10", "-1000")
    assert allot(line, money=funds("5000", room=D("799.99"))) == [("A", "7")]
    assert allot(line, money=funds("5000", reserved="100", room=D(800))) == [("A", "7")]
    assert allot(line, money=funds("5000", room=D(-1))) == [("A", "0")]


def test_ten_thousandths_of_a_share() -> None:
    assert allot(request("A", "1.5", "-150"), money=funds("100.019"), step="0.0001") == [("A", "1.0001")]
    assert (quantity_step(allow_fractional=True), quantity_step(allow_fractional=False)) == (
        D("0.0001"),
        D(1),
    )


def test_what_is_cut_below_the_minimum_order_is_not_bought() -> None:
    line = request("A", "10", "-1000")
    assert allot(line, money=funds("550"), minimum="500") == [("A", "5")]
    assert allot(line, money=funds("499"), minimum="500") == [("A", "0")]
    assert allot(request("A", "1", "-100"), money=funds("100"), minimum="500") == [("A", "1")]


def test_a_cut_says_why_with_its_figures() -> None:
    line = request("A", "10", "-1000")
    assert reasons(line, money=funds("1000")) == [""]
    assert reasons(line, money=funds("640")) == [
        "cash_short: 1,000.00 USD needed at the live ask with costs, 640.00 USD left"
    ]
    assert reasons(line, money=funds("5000", room=D(640))) == [
        "leverage_cap: 1,000.00 USD wanted at the live ask, room for 640.00 USD under max_leverage"
    ]
    assert reasons(line, money=funds("40"), minimum="100") == [
        "cash_short: 1,000.00 USD needed at the live ask with costs, 40.00 USD left"
    ]
    assert reasons(line, money=funds("140"), minimum="200") == [
        "cash_short: 1,000.00 USD needed at the live ask with costs, 140.00 USD left; "
        "what is left is below min_order_usd = 200.00"
    ]


def test_cash_is_the_reason_where_cash_and_leverage_leave_the_same() -> None:
    assert reasons(request("A", "10", "-1000"), money=funds("640", room=D(640))) == [
        "cash_short: 1,000.00 USD needed at the live ask with costs, 640.00 USD left"
    ]


def test_what_is_left_of_exactly_the_minimum_order_is_bought() -> None:
    assert allot(request("A", "10", "-1000"), money=funds("500"), minimum="500") == [("A", "5")]


amounts = st.decimals("-5000", "50000", places=2)


@given(
    st.lists(
        st.builds(
            BuyRequest,
            reference=st.just("r"),
            symbol=st.sampled_from("ABCDEF"),
            quantity=st.integers(1, 50).map(D),
            drift_usd=st.decimals("-5000", "0", places=2),
            ask=st.decimals("0.5", "600", places=2),
        ),
        max_size=6,
    ),
    amounts,
    amounts,
    st.sampled_from([D(0), D(20), D(100)]),
)
def test_never_more_than_wished_nor_than_there_is(
    requests: list[BuyRequest], cash: Decimal, room: Decimal, cost_bps: Decimal
) -> None:
    with exact():
        made = allot_buys(
            requests, Funds(cash, D(0), D(0), room), cost_bps=cost_bps, step=D(1), min_order_usd=D(0)
        )
        spent = sum((a.quantity * a.request.ask * (1 + cost_bps / 10_000) for a in made), D(0))
        exposed = sum((a.quantity * a.request.ask for a in made), D(0))
    assert len(made) == len(requests)
    assert spent <= max(cash, D(0))
    assert exposed <= max(room, D(0))
    assert all(_is_sound(a) for a in made)


def _is_sound(allotment: Allotment) -> bool:
    is_whole = allotment.quantity == allotment.request.quantity
    return 0 <= allotment.quantity <= allotment.request.quantity and is_whole == (not allotment.why)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_order_of_the_lines_changes_nothing(order: tuple[int, ...]) -> None:
    requests = [request("A", "3", "-10"), request("B", "3", "-30"), request("C", "3", "-20")]
    assert allot(*(requests[i] for i in order), money=funds("500")) == [("B", "3"), ("C", "2"), ("A", "0")]


class TestFunding:
    """1,000 USD of cash and 9,000 USD of holdings; floor 100, costs 100 bps, leverage up to 1.5."""

    def funds(self, *records: AccountRecord, earlier: dict[str, str] | None = None, paid: str = "0") -> Funds:
        values = {reference: D(value) for reference, value in (earlier or {}).items()}
        baseline = Baseline(D(1000), D(9000), D(10000), values, D(paid), D(0))
        return Funding(baseline, D(100), D(100), D("1.5")).funds(orders_of(records))

    def test_without_orders_the_account_is_what_it_was(self) -> None:
        assert self.funds() == Funds(D(1000), D(100), D(0), D(6000))

    def test_a_sell_brings_what_was_filled_at_its_price_and_frees_exposure_at_the_quote(self) -> None:
        sold = (dispatch(), fill("e.01.01", "10", "99"))
        assert self.funds(*sold) == Funds(D(1990), D(100), D(0), D(7000))

    def test_a_sell_that_the_baseline_knows_never_counts_again(self) -> None:
        sold = (dispatch(), fill("e.01.01", "10", "99"))
        assert self.funds(*sold, earlier={SELL: "0"}) == Funds(D(1000), D(100), D(0), D(6000))

    def test_a_working_buy_reserves_its_rest_with_costs(self) -> None:
        bought = (dispatch(FIRST_BUY, "5"), fill("e.01.01", "2", "101", FIRST_BUY))
        assert self.funds(*bought) == Funds(D(798), D(100), D(303), D(5798))

    def test_a_buy_that_is_over_reserves_only_what_has_no_price_yet(self) -> None:
        bought = (dispatch(FIRST_BUY, "5"), fill("e.01.01", "2", "101", FIRST_BUY))
        ended = (*bought, done("cancelled", "2", FIRST_BUY))
        assert self.funds(*ended).reserved == 0
        assert self.funds(*bought, done("filled", "5", FIRST_BUY)).reserved == 303

    def test_a_buy_of_an_earlier_run_costs_what_it_filled_since(self) -> None:
        bought = (dispatch(FIRST_BUY, "5"), fill("e.01.01", "2", "101", FIRST_BUY))
        assert self.funds(*bought, earlier={FIRST_BUY: "150"}) == Funds(D(948), D(100), D(303), D(5948))

    def test_commissions_count_once(self) -> None:
        charged = Commission(account="DU1", at=AT, exec_id="e.01.01", amount_usd=D(3))
        sold = (dispatch(), fill("e.01.01", "10"), charged)
        assert self.funds(*sold).cash == 1997
        assert self.funds(*sold, earlier={SELL: "1000"}, paid="3").cash == 1000

    def test_missing_cash_is_not_there_to_spend(self) -> None:
        baseline = Baseline(D(1000), D(0), D(1000), {}, D(0), D(0))
        assert Funding(baseline, D(0), D(0), D(1)).without(D(200)).funds(()).cash == 800
