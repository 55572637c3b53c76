"""What the account shows beside what our fills make of it: late, unexplained, or just a dividend."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec
import pytest

from rebalplan.apply.booking import Booking, compare_bookings
from rebalplan.apply.journal.fold import fold_account
from rebalplan.apply.journal.records import AnyRecord
from rebalplan.core.vocabulary import Position
from tests.apply.journal.support import FIRST_BUY, PLAN, SELL, commission, dispatch, done, fill, intent
from tests.builders import con_id_of, position, snapshot

D = Decimal
BND, QQQ = con_id_of("BND"), con_id_of("QQQ")

SOLD: tuple[AnyRecord, ...] = (
    dispatch(SELL, "40"),
    fill("e.01.01", "40"),
    commission("e.01.01", "1"),
    done("filled", "40"),
)
"""From 50 BND and 1,000 USD to 10 BND and 4,999 USD."""
BOUGHT: tuple[AnyRecord, ...] = (
    dispatch(FIRST_BUY, "20"),
    fill("q.01.01", "9", "100", FIRST_BUY),
    commission("q.01.01", "1"),
    done("cancelled", "9", FIRST_BUY),
)
"""From 10 QQQ and 1,000 USD to 19 QQQ and 99 USD."""


def booking(
    *records: AnyRecord,
    cash: str = "1000",
    in_flight: Mapping[int, Decimal] | None = None,
    more: tuple[Position, ...] = (),
    **held: str,
) -> Booking:
    """Compare the account that the plan was made for, after these records, with ``held`` and ``cash``."""
    shares = {"BND": "50", "QQQ": "10", "VTI": "30"} | held
    account = snapshot(cash, (*(position(symbol, quantity) for symbol, quantity in shares.items()), *more))
    result = fold_account(PLAN, (intent(SELL, FIRST_BUY), *records), "DU1")
    return compare_bookings(result, account, in_flight or {})


NOTHING = Booking((), (), D(0), D(0))


def test_an_account_as_our_fills_leave_it_is_booked() -> None:
    assert booking() == NOTHING
    assert booking(*SOLD, BND="10", cash="4999") == NOTHING
    assert booking(*BOUGHT, QQQ="19", cash="99") == NOTHING


@pytest.mark.parametrize("shown", ["50", "49.9", "30", "11"])
def test_a_position_between_before_our_sell_and_after_it_is_late(shown: str) -> None:
    found = booking(*SOLD, BND=shown, cash="4999")
    assert found == Booking((), (f"BND shows {shown} shares, our fills make it 10",), D(0), D(0))


@pytest.mark.parametrize("shown", ["10", "15", "18.9"])
def test_a_position_between_before_our_buy_and_after_it_is_late(shown: str) -> None:
    found = booking(*BOUGHT, QQQ=shown, cash="99")
    assert found == Booking((), (f"QQQ shows {shown} shares, our fills make it 19",), D(0), D(0))


@pytest.mark.parametrize("shown", ["9.9", "0", "50.1", "90"])
def test_a_position_outside_what_our_sell_explains_is_strange(shown: str) -> None:
    found = booking(*SOLD, BND=shown, cash="4999")
    assert found == Booking((f"the account has {shown} BND, our fills make it 10",), (), D(0), D(0))


@pytest.mark.parametrize("shown", ["9.9", "0", "20", "39"])
def test_a_position_outside_what_our_buy_explains_is_strange(shown: str) -> None:
    found = booking(*BOUGHT, QQQ=shown, cash="99")
    assert found == Booking((f"the account has {shown} QQQ, our fills make it 19",), (), D(0), D(0))


def test_a_position_that_we_never_traded_is_strange_when_it_changes() -> None:
    assert booking(VTI="0").unexplained == ("the account has 0 VTI, our fills make it 30",)
    assert booking(VTI="31").unexplained == ("the account has 31 VTI, our fills make it 30",)
    assert booking(more=(position("XYZ", "0.5"),)).unexplained == (
        "the account has 0.5 XYZ, our fills make it 0",
    )


def test_a_position_that_is_gone_altogether_is_strange() -> None:
    held = snapshot("1000", {"BND": "50", "QQQ": "10"})
    result = fold_account(PLAN, (intent(SELL, FIRST_BUY),), "DU1")
    assert compare_bookings(result, held, {}).unexplained == ("the account has 0 VTI, our fills make it 30",)


def test_an_empty_position_is_none() -> None:
    assert booking(more=(position("XYZ", "0"),)) == NOTHING


def test_another_contract_of_the_same_symbol_is_another_position() -> None:
    found = booking(VTI="0", more=(position("VTI", "30", con_id=9),))
    assert found.unexplained == (
        "the account has 30 VTI, our fills make it 0",
        "the account has 0 VTI, our fills make it 30",
    )


@pytest.mark.parametrize(("shown", "is_strange"), [("30.9999", False), ("31", True), ("29.9999", True)])
def test_less_than_a_share_more_is_a_reinvested_dividend(shown: str, is_strange: bool) -> None:
    found = booking(VTI=shown)
    assert bool(found.unexplained) is is_strange
    assert found.late == ()


def test_a_dividend_on_what_our_fills_left_is_reinvested() -> None:
    assert booking(*SOLD, BND="10.5", cash="4999") == NOTHING


@pytest.mark.parametrize(
    ("shown", "unexplained"),
    [
        ("50", ()),
        ("30", ()),
        ("10", ()),
        ("9", ("the account has 9 BND, our fills make it 50",)),
        ("51", ("the account has 51 BND, our fills make it 50",)),
    ],
)
def test_shares_in_flight_explain_as_much_as_may_fill_and_are_not_waited_for(
    shown: str, unexplained: tuple[str, ...]
) -> None:
    found = booking(dispatch(SELL, "40"), BND=shown, in_flight={BND: D(-40)})
    assert found == Booking(unexplained, (), D(0), D(0))


@pytest.mark.parametrize(("shown", "is_strange"), [("10", False), ("19", False), ("30", False), ("31", True)])
def test_shares_in_flight_come_on_top_of_what_is_filled(shown: str, is_strange: bool) -> None:
    found = booking(*BOUGHT, QQQ=shown, cash="99", in_flight={QQQ: D(11)})
    assert (bool(found.unexplained), found.late) == (is_strange, ())


@pytest.mark.parametrize(("shown", "is_strange"), [("9", True), ("11", False), ("55", False), ("56", True)])
def test_shares_in_flight_the_other_way_explain_both_ways(shown: str, is_strange: bool) -> None:
    """10 after the sell, 50 before it, and 55 when 45 come back."""
    found = booking(*SOLD, BND=shown, cash="4999", in_flight={BND: D(45)})
    assert (bool(found.unexplained), found.late) == (is_strange, ())


def test_shares_in_flight_explain_no_other_position() -> None:
    found = booking(dispatch(SELL, "40"), VTI="20", in_flight={BND: D(-40)})
    assert found.unexplained == ("the account has 20 VTI, our fills make it 30",)


def test_a_resume_is_compared_with_the_account_before_the_first_order() -> None:
    """The second INTENT saw 10 BND, and the broker still shows the 50 of before the sell."""
    again = msgspec.structs.replace(intent(FIRST_BUY, attempt=2), positions=(position("BND", "10"),))
    found = booking(*SOLD, again, BND="50", cash="4999")
    assert found == Booking((), ("BND shows 50 shares, our fills make it 10",), D(0), D(0))


def test_several_positions_are_told_in_the_order_of_their_symbols() -> None:
    found = booking(VTI="1", BND="2", QQQ="3")
    assert [sentence.split()[4] for sentence in found.unexplained] == ["BND,", "QQQ,", "VTI,"]


@pytest.mark.parametrize(
    ("cash", "missing"), [("4999", "0"), ("4949", "0"), ("4948.99", "50.01"), ("1000", "3999"), ("9000", "0")]
)
def test_proceeds_that_are_not_booked_are_missing_beyond_the_tolerance(cash: str, missing: str) -> None:
    """The tolerance is 50 USD: cash_tolerance_usd, as 0.1% of 10,000 USD is less."""
    assert booking(*SOLD, BND="10", cash=cash) == Booking((), (), D(missing), D(0))


@pytest.mark.parametrize(
    ("cash", "taken"), [("1000", "0"), ("950", "0"), ("949.99", "50.01"), ("0", "1000"), ("-10", "1010")]
)
def test_cash_below_what_it_was_before_the_sells_was_taken(cash: str, taken: str) -> None:
    found = booking(*SOLD, BND="10", cash=cash)
    assert (found.missing_usd, found.taken_usd) == (D(4999) - D(cash), D(taken))


@pytest.mark.parametrize(("cash", "amount"), [("99", "0"), ("49", "0"), ("48.99", "50.01"), ("-901", "1000")])
def test_after_a_buy_no_delay_explains_less_than_it_leaves(cash: str, amount: str) -> None:
    assert booking(*BOUGHT, QQQ="19", cash=cash) == Booking((), (), D(amount), D(amount))


@pytest.mark.parametrize(
    ("cash", "unbooked"),
    [("149", "0"), ("149.01", "50.01"), ("1000", "901"), ("1049", "950"), ("1049.01", "0")],
)
def test_cash_that_our_buys_have_not_taken_yet_is_there_only_until_they_are_booked(
    cash: str, unbooked: str
) -> None:
    """900 USD were bought for: what is above that, with the tolerance of 50 USD on either end, is not explained."""
    found = booking(*BOUGHT, QQQ="19", cash=cash)
    assert (found.unbooked_usd, found.is_complete) == (D(unbooked), not D(unbooked))
    assert (found.unexplained, found.late, found.missing_usd, found.taken_usd) == ((), (), D(0), D(0))


@pytest.mark.parametrize("cash", ["5049", "5049.01", "5100", "9000"])
def test_more_cash_than_our_sells_leave_is_not_waited_for_without_a_buy(cash: str) -> None:
    assert booking(*SOLD, BND="10", cash=cash) == NOTHING


@pytest.mark.parametrize(
    ("cash", "unbooked"), [("4998", "900"), ("5048", "950"), ("5048.01", "0"), ("8000", "0")]
)
def test_what_our_sells_brought_explains_no_cash_that_is_too_much(cash: str, unbooked: str) -> None:
    """4,098 USD are left of 1,000 by a sell of 4,000, a buy of 900 and two commissions."""
    assert booking(*SOLD, *BOUGHT, BND="10", QQQ="19", cash=cash).unbooked_usd == D(unbooked)


def test_the_least_cash_of_all_attempts_is_what_a_delay_may_show() -> None:
    """A resume began with 600 USD of the 1,000: only what is below 600 was taken."""
    again = msgspec.structs.replace(intent(FIRST_BUY, attempt=2), cash_usd=D(600))
    assert booking(*SOLD, again, BND="10", cash="600").taken_usd == 0
    assert booking(*SOLD, again, BND="10", cash="500").taken_usd == 100


@pytest.mark.parametrize(
    ("found", "is_complete"),
    [
        (NOTHING, True),
        (Booking((), ("BND is late",), D(0), D(0)), False),
        (Booking((), (), D(100), D(0)), False),
        (Booking((), (), D(100), D(99)), False),
        (Booking((), (), D(100), D(100)), True),
        (Booking((), (), D(0), D(0), D(100)), False),
        (Booking((), (), D(100), D(100), D(100)), False),
        (Booking(("BND is unexplained",), ("QQQ is late",), D(100), D(0), D(100)), True),
    ],
)
def test_only_what_a_delay_explains_is_waited_for(found: Booking, is_complete: bool) -> None:
    assert found.is_complete is is_complete
