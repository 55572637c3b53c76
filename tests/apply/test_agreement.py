"""When a preview has got worse since the yes, and what is sent after a yes to less."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from rebalplan.apply.agreement import as_agreed, got_worse
from rebalplan.apply.funding import Funds
from rebalplan.core.money import ZERO
from tests.apply.journal.support import SECOND_BUY
from tests.apply.previews import seen, sent, why

D = Decimal
MINIMUM = D(500)


def test_what_stayed_the_same_or_got_better_is_not_worse() -> None:
    calm, halted = seen(), seen({"VTI": {"halted": True}})
    assert got_worse(calm, calm, MINIMUM) == ()
    assert got_worse(halted, calm, MINIMUM) == ()


def test_a_line_that_falls_out_and_a_sell_that_is_cut_for_it_are_worse() -> None:
    sell, buy = got_worse(seen(), seen({"VTI": {"halted": True}}), MINIMUM)
    assert sell.startswith("sell BND: buys_left_out")
    assert buy == "buy VTI: no price for VTI: trading is halted"


@pytest.mark.parametrize(("cash", "is_worse"), [("1010", False), ("930", False), ("800", True)])
def test_money_that_is_missing_is_worse_from_a_tenth_of_the_order_or_the_minimum(
    cash: str, is_worse: bool
) -> None:
    poorer = seen(funds=Funds(cash=D(cash), floor=ZERO, reserved=ZERO, exposure_room=D(5000)))
    assert bool(got_worse(seen(), poorer, MINIMUM)) == is_worse


def test_nothing_is_sent_that_was_not_said_yes_to() -> None:
    agreed, now = seen({"VTI": {"halted": True}}), seen()
    final = as_agreed(agreed, now)
    assert sent(final) == sent(agreed) == {"BND": 10, "QQQ": 20}
    assert why(final, SECOND_BUY) == why(agreed, SECOND_BUY)


def test_a_line_that_nobody_was_shown_is_left_out() -> None:
    now = seen()
    agreed = msgspec.structs.replace(now, lines=now.lines[:-1])
    assert sent(as_agreed(agreed, now)) == {"BND": 40, "QQQ": 20}
