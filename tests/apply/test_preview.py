"""What would be sent now: which lines a look leaves out or cuts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rebalplan.apply.funding import Funds
from rebalplan.apply.gate import Sent
from rebalplan.apply.journal.records import AnyRecord
from rebalplan.core.money import ZERO
from tests.apply.journal.support import FIRST_BUY, SECOND_BUY, SELL, ack, dispatch, done, intent
from tests.apply.previews import seen, sent, why
from tests.apply.support import AT

D = Decimal


def test_a_buy_that_still_works_is_not_missing_from_what_the_sells_pay_for() -> None:
    records = (intent(SELL, FIRST_BUY, SECOND_BUY), dispatch(FIRST_BUY, "20"), ack(FIRST_BUY))
    assert sent(seen(None, *records)) == {"BND": 40, "VTI": 30}


def test_in_a_calm_market_every_line_may_be_sent_as_planned() -> None:
    preview = seen()
    assert sent(preview) == {"BND": 40, "QQQ": 20, "VTI": 30}
    assert preview.cuts == ()
    assert preview.notes == ()
    assert not preview.is_empty


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"halted": True}, "no price for VTI: trading is halted"),
        ({"closed": True}, "the market of VTI is closed"),
        ({"last": D(103), "bid": D("102.95"), "ask": D("103.05")}, "VTI moved 3% since the plan"),
        ({"bid": D(98), "ask": D(102)}, "max_spread_bps"),
        ({"ask": None}, "VTI has no bid and ask"),
        ({"problem": "no ticks"}, "no price for VTI: no ticks"),
    ],
    ids=["halted", "closed", "moved", "wide", "no ask", "no quote"],
)
def test_a_buy_that_cannot_be_sent_is_left_out_and_its_share_of_the_sells_with_it(
    change: dict[str, Any], reason: str
) -> None:
    preview = seen({"VTI": change})
    assert reason in why(preview, SECOND_BUY)
    assert sent(preview) == {"BND": 10, "QQQ": 20}
    assert why(preview, SELL).startswith("buys_left_out: ")
    assert [line.is_refused for line in preview.cuts] == [False, True]


def test_nothing_can_be_sent_when_every_buy_falls_out() -> None:
    preview = seen({"VTI": {"halted": True}, "QQQ": {"halted": True}})
    assert preview.is_empty
    assert sent(preview) == {}


def test_a_sell_that_cannot_be_sent_cuts_no_other_line_but_says_what_the_cash_pays_for() -> None:
    preview = seen({"BND": {"halted": True}})
    assert sent(preview) == {"VTI": 30}
    assert why(preview, FIRST_BUY).startswith("cash_short: ")
    assert "cash pays for about 10 of 30 VTI at the live price" in preview.notes


def test_a_buy_that_nothing_pays_for_is_not_asked_about() -> None:
    sold = (intent(SELL), dispatch(), done("filled", "40"))
    poor = Funds(cash=D(2100), floor=ZERO, reserved=ZERO, exposure_room=D(5000))
    preview = seen(None, *sold, funds=poor)
    assert sent(preview) == {"VTI": 30}
    assert why(preview, FIRST_BUY).startswith("cash_short: ")
    assert [line.is_refused for line in preview.cuts] == [False]
    assert "cash pays for about 20 of 30 VTI at the live price" in preview.notes
    nothing = seen(None, *sold, funds=msgspec.structs.replace(poor, cash=D(90)))
    assert nothing.is_empty


def test_a_buy_that_the_sells_may_yet_pay_for_is_asked_about() -> None:
    poor = Funds(cash=D(-3000), floor=ZERO, reserved=ZERO, exposure_room=D(5000))
    assert sent(seen(funds=poor)) == {"BND": 40, "QQQ": 20, "VTI": 30}


def test_the_limits_count_what_was_sent_and_the_lines_before_this_one() -> None:
    preview = seen(sent=Sent(("x",), 98, ZERO, ZERO))
    assert "max_orders = 100" in why(preview, FIRST_BUY)
    assert sent(preview)["VTI"] == 30
    assert sent(preview)["BND"] == 20


def test_an_order_over_the_turnover_limit_is_left_out() -> None:
    preview = seen(net_liquidation_usd=D(8000))
    assert "max_turnover_pct" in why(preview, FIRST_BUY)
    assert "QQQ" not in sent(preview)


def test_after_the_close_and_after_the_expiry_nothing_can_be_sent() -> None:
    assert seen(closes_at=AT).is_empty
    assert seen(expires_at=AT).is_empty


def test_what_an_earlier_run_sent_is_not_looked_at_and_what_it_missed_counts() -> None:
    sold = (intent(SELL), dispatch(), done("filled", "40"))
    died = (dispatch(SECOND_BUY, "30", algo="none"), done("cancelled", "0", SECOND_BUY, cancel_asked=False))
    preview = seen(None, *sold, *died)
    assert sent(preview) == {"QQQ": 20}
    assert any("about 3,000.00 USD more than planned stay in cash" in note for note in preview.notes)


def test_a_rest_that_a_resume_owes_is_something_to_send() -> None:
    dead = [intent(SELL, FIRST_BUY, SECOND_BUY)]
    records: list[AnyRecord] = [*dead]
    for reference, quantity in ((SELL, "40"), (FIRST_BUY, "20"), (SECOND_BUY, "30")):
        records += [dispatch(reference, quantity), done("cancelled", "0", reference)]
    preview = seen(None, *records)
    assert (preview.lines, preview.rests, preview.is_empty) == ((), 3, False)
