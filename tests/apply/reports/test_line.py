"""The figures and the notes of one line."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.apply.journal.fold import orders_of
from rebalplan.apply.journal.result import LineResult
from rebalplan.apply.reports.line import (
    commission_usd,
    executed_usd,
    line_notes,
    missing_executions,
    order_notes,
    shares,
    slippage_bps,
)
from tests.apply.journal.support import SELL, dispatch, done, unknown
from tests.apply.reports.support import Story

D = Decimal


def line(story: Story, symbol: str) -> LineResult:
    return next(line for line in story.result.lines if line.planned.symbol == symbol)


def bought(*fills: tuple[str, str], quote: str = "100") -> LineResult:
    story = Story().send("QQQ", "9", quote, 9003)
    for quantity, price in fills:
        story.fill("QQQ", quantity, price)
    return line(story, "QQQ")


def test_a_buy_quoted_100_and_filled_at_101_slipped_by_100_bps() -> None:
    assert slippage_bps(bought(("9", "101"))) == 100


def test_a_buy_below_its_quote_has_negative_slippage() -> None:
    assert slippage_bps(bought(("9", "99.5"))) == -50


@pytest.mark.parametrize(("price", "bps"), [("101", -100), ("99", 100)])
def test_a_sell_slips_the_other_way(price: str, bps: int) -> None:
    story = Story().send("BND", "56", "100", 9001).fill("BND", "56", price)
    assert slippage_bps(line(story, "BND")) == bps


def test_slippage_is_weighted_by_the_shares_of_each_fill() -> None:
    assert slippage_bps(bought(("6", "100"), ("2", "104"))) == 100


def test_a_fallback_slips_against_its_own_quote() -> None:
    story = Story().send("QQQ", "9", "100", 9003).fill("QQQ", "4", "100")
    story.send("QQQ", "5", "200", 9013, rest=True, algo="none").fill("QQQ", "5", "202.8", rest=True)
    assert slippage_bps(line(story, "QQQ")) == 100


def test_without_executions_there_is_no_slippage_and_no_price() -> None:
    sent = line(Story().send("QQQ", "9", "100", 9003).end("QQQ", "filled", "9"), "QQQ")
    assert (slippage_bps(sent), sent.average_price) == (None, None)
    assert (slippage_bps(line(Story(), "QQQ")), line(Story(), "QQQ").average_price) == (None, None)


def test_the_price_is_the_average_of_the_executions() -> None:
    assert bought(("6", "100"), ("2", "104")).average_price == 101


def test_the_value_is_not_known_while_an_execution_is_missing() -> None:
    story = Story().send("QQQ", "9", "100", 9003).fill("QQQ", "4", "101").end("QQQ", "filled", "9")
    assert (executed_usd(line(story, "QQQ")), missing_executions(line(story, "QQQ"))) == (None, D(5))
    story.fill("QQQ", "5", "102")
    assert (executed_usd(line(story, "QQQ")), missing_executions(line(story, "QQQ"))) == (D(914), D(0))


def test_the_commission_is_not_known_until_that_of_every_share_is() -> None:
    story = Story().send("QQQ", "9", "100", 9003).fill("QQQ", "4", "101", "0.4").end("QQQ", "filled", "9")
    assert commission_usd(line(story, "QQQ")) is None
    story.fill("QQQ", "5", "102")
    assert commission_usd(line(story, "QQQ")) is None
    whole = Story().send("QQQ", "9", "100").fill("QQQ", "4", "101", "0.4").fill("QQQ", "5", "102", "0.5")
    assert commission_usd(line(whole, "QQQ")) == D("0.9")


def test_a_line_that_was_not_sent_came_to_nothing() -> None:
    assert (executed_usd(line(Story(), "QQQ")), commission_usd(line(Story(), "QQQ"))) == (D(0), D(0))


def notes(story: Story) -> list[str]:
    return list(line_notes(line(story, "QQQ")))


def test_a_line_of_which_nothing_is_to_be_said_has_no_notes() -> None:
    assert notes(Story().send("QQQ", "9", "100").fill("QQQ", "9", "100").end("QQQ", "filled", "9")) == []
    assert notes(Story()) == []


def test_a_changed_order_is_said() -> None:
    story = Story().send("QQQ", "9", "100", 9003).change("QQQ", "150", "MKT")
    assert notes(story) == ["somebody changed it at the broker to 150 shares (MKT)"]


def test_shares_that_came_after_the_end_are_said() -> None:
    story = Story().send("QQQ", "9", "100").end("QQQ", "cancelled", "0").fill("QQQ", "5", "100")
    assert notes(story) == ["5 shares came to light after the broker had said it was over"]


def test_missing_executions_are_said() -> None:
    story = Story().send("QQQ", "9", "100").fill("QQQ", "8", "100").end("QQQ", "filled", "9")
    assert notes(story) == ["the broker has not shown the executions of 1 share"]


def test_notes_stand_in_the_order_in_which_things_happened() -> None:
    story = Story().cut("QQQ", "7", "cash_short").send("QQQ", "7", "100", 9003).change("QQQ", "8", "LMT")
    story.end("QQQ", "cancelled", "0", "Order Cancelled (202)").fill("QQQ", "1", "100")
    story.send("QQQ", "6", "100", 9013, rest=True, algo="none").end("QQQ", "filled", "6", "late", rest=True)
    assert notes(story) == [
        "cut to 7: cash_short",
        "Order Cancelled (202)",
        "somebody changed it at the broker to 8 shares (LMT)",
        "1 share came to light after the broker had said it was over",
        "late",
        "the broker has not shown the executions of 6 shares",
    ]


@pytest.mark.parametrize(
    ("quantity", "text"),
    [("1", "1 share"), ("0", "0 shares"), ("0.5", "0.5 shares"), ("1500", "1,500 shares")],
)
def test_shares_are_counted(quantity: str, text: str) -> None:
    assert shares(D(quantity)) == text


def test_what_the_broker_said_of_an_order_is_noted_until_its_end_is_known() -> None:
    records = (dispatch(), unknown(SELL, 451))
    (order,) = orders_of(records)
    assert list(order_notes(order)) == ["nobody knows", "the broker said: no (451)"]
    (settled,) = orders_of((*records, done("cancelled", "0")))
    assert "the broker said: no (451)" not in list(order_notes(settled))
