from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rebalplan.core.policy import LimitsPolicy, PricingPolicy
from rebalplan.core.vocabulary import PriceSource, Quote
from rebalplan.plan.pricing import NoPrice, Price, choose_price, price_steps
from tests.builders import quote

FULL = quote("VTI", "10", bid="10.01", ask="10.03", close="10.5")
LIMIT_SEC = int(PricingPolicy().price_max_age_sec)


def chosen(made: Quote, source: PriceSource = "last", **keys: Any) -> tuple[str, str] | str:
    """Return price and source, or why there is none."""
    match choose_price(made, PricingPolicy(price_source=source, **keys)):
        case Price(value, found):
            return str(value), found
        case NoPrice(why):
            return why


@pytest.mark.parametrize(
    ("source", "price"),
    [("last", "10"), ("bid", "10.01"), ("ask", "10.03"), ("mid", "10.02"), ("close", "10.5")],
)
def test_each_source_gives_its_own_price(source: PriceSource, price: str) -> None:
    assert chosen(FULL, source) == (price, source)


@pytest.mark.parametrize(
    ("source", "made", "found"),
    [
        ("last", quote(last=None, bid="10.01", ask="10.03", close="14"), ("10.02", "mid")),
        ("mid", quote(last="10", bid=None, ask="10.03", close="14"), ("10", "last")),
        ("bid", quote(last="10", bid=None, ask="10.03", close="14"), ("10", "last")),
        ("ask", quote(last="10", bid="10.01", ask=None, close="14"), ("10", "last")),
        ("close", quote(last="10", bid="10.01", ask="10.03", close=None), ("10", "last")),
        ("close", quote(last=None, bid="10.01", ask="10.03", close=None), ("10.02", "mid")),
    ],
)
def test_each_fallback_step_is_named(source: PriceSource, made: Quote, found: tuple[str, str]) -> None:
    assert chosen(made, source) == found


@pytest.mark.parametrize("source", ["last", "bid", "ask", "mid"])
def test_a_close_never_stands_in_for_a_live_price_in_the_session(source: PriceSource) -> None:
    why = chosen(quote(last=None, close="14"), source)
    assert isinstance(why, str)
    assert "close" not in why


@pytest.mark.parametrize("source", ["last", "mid", "bid", "ask", "close"])
def test_without_fallback_only_the_source_counts(source: PriceSource) -> None:
    others: dict[str, Any] = {"last": "10", "bid": "11", "ask": "13", "close": "14"}
    for missing in ("bid", "ask") if source == "mid" else (source,):
        others[missing] = None
    assert isinstance(chosen(quote(**others), source, fallback_to_snapshot=False), str)


@pytest.mark.parametrize("source", ["last", "bid", "ask", "mid", "close"])
def test_outside_the_session_the_last_close_serves_for_every_source(source: PriceSource) -> None:
    assert chosen(quote(last="10", bid="11", ask="13", close="14", closed=True), source) == ("14", "close")


def test_outside_the_session_nothing_stands_in_for_the_close() -> None:
    assert chosen(quote(last="10", bid="11", ask="13", closed=True)) == "no close"


@pytest.mark.parametrize("closed", [False, True])
def test_delayed_data_is_a_price_only_where_it_is_allowed(closed: bool) -> None:
    made = quote("VTI", "10", close="10", delayed=True, closed=closed)
    assert chosen(made) == "only delayed data (allow_delayed = false)"
    assert chosen(made, allow_delayed=True) == ("10", "close" if closed else "last")


def test_a_halted_symbol_has_no_price() -> None:
    assert chosen(quote(halted=True)) == "trading is halted"


def test_the_problem_of_a_quote_is_the_reason() -> None:
    assert chosen(quote(last=None, problem="no contract")) == "no contract"


def test_a_crossed_book_gives_no_price() -> None:
    crossed = quote(last=None, bid="13", ask="11")
    for source in ("bid", "ask", "mid"):
        why = chosen(crossed, source)
        assert why.startswith("crossed quote (bid 13 over ask 11)")  # type: ignore[union-attr]  # a reason


def test_a_locked_book_is_not_crossed() -> None:
    assert chosen(quote(last=None, bid="12", ask="12"), "mid") == ("12", "mid")


@pytest.mark.parametrize(("age", "found"), [(LIMIT_SEC, ("10", "last")), (LIMIT_SEC + 1, ("10.02", "mid"))])
def test_a_trade_is_a_price_up_to_its_age_limit(age: int, found: tuple[str, str]) -> None:
    assert chosen(quote("VTI", "10", bid="10.01", ask="10.03", age_sec=age)) == found


def test_a_stale_trade_says_its_age_and_the_limit() -> None:
    why = chosen(quote("VTI", "10", age_sec=120), fallback_to_snapshot=False)
    assert why == f"last trade 120 s old (price_max_age_sec = {LIMIT_SEC})"


def test_an_age_limit_may_be_a_fraction_of_a_second() -> None:
    assert chosen(quote("VTI", "10", age_sec=2), price_max_age_sec=Decimal("2.5")) == ("10", "last")
    assert chosen(
        quote("VTI", "10", age_sec=3), price_max_age_sec=Decimal("2.5"), fallback_to_snapshot=False
    ) == ("last trade 3 s old (price_max_age_sec = 2.5)")


def test_a_trade_whose_time_is_not_known_is_no_price() -> None:
    assert chosen(quote("VTI", "10", age_sec=None)) == "last trade without a time; no bid and ask"


@pytest.mark.parametrize("nothing", ["0", "-1", "NaN", "Infinity", "-0.01"])
@pytest.mark.parametrize("source", ["last", "bid", "ask", "close"])
def test_zero_minus_one_and_what_is_no_number_are_no_prices(source: PriceSource, nothing: str) -> None:
    fields: dict[str, Any] = {"last": None, source: nothing}
    assert isinstance(chosen(quote(**fields), source), str)
    assert isinstance(chosen(quote(closed=True, **fields), source), str)


@pytest.mark.parametrize("source", ["last", "bid", "ask", "close"])
def test_a_millionth_of_a_dollar_is_a_price(source: PriceSource) -> None:
    fields: dict[str, Any] = {"last": None, source: "0.000001"}
    assert chosen(quote(**fields), source) == ("0.000001", source)


@pytest.mark.parametrize(("bid", "ask"), [("0", "13"), ("-1", "13"), ("11", "0"), ("-1", "-1")])
def test_half_a_book_has_no_mid(bid: str, ask: str) -> None:
    assert chosen(quote(last=None, bid=bid, ask=ask), "mid") == "no bid and ask; no last trade"


def test_a_mid_is_rounded_half_to_even_to_a_millionth() -> None:
    assert chosen(quote(bid="10.000000", ask="10.000001"), "mid") == ("10", "mid")
    assert chosen(quote(bid="10.000001", ask="10.000002"), "mid") == ("10.000002", "mid")


def test_every_rejected_step_is_in_the_reason() -> None:
    made = quote("VTI", "10", age_sec=600, bid="11")
    assert chosen(made, "ask") == (
        f"no ask; no bid and ask; last trade 600 s old (price_max_age_sec = {LIMIT_SEC})"
    )


def test_a_price_is_the_quoted_decimal_itself() -> None:
    assert choose_price(quote("VTI", "10.123456"), PricingPolicy()) == Price(Decimal("10.123456"), "last")


@pytest.mark.parametrize(("ask", "found"), [("10.10", ("10.05", "mid")), ("10.11", None)])
def test_a_book_gives_a_middle_up_to_the_spread_limit(ask: str, found: tuple[str, str] | None) -> None:
    made = quote(last=None, bid="10", ask=ask)
    limits = LimitsPolicy(max_spread_bps=Decimal(100))
    match choose_price(made, PricingPolicy(), limits):
        case Price(value, source):
            assert (str(value), source) == found
        case NoPrice(why):
            assert found is None
            assert "bid 10 and ask 10.11 are over 100 bps apart (max_spread_bps)" in why


@pytest.mark.parametrize(
    ("last", "usable"), [("9.81", True), ("9.80", False), ("10.30", True), ("10.31", False)]
)
def test_a_last_trade_far_outside_its_book_is_no_price(last: str, usable: bool) -> None:
    made = quote(last=last, bid="10", ask="10.1")
    found = choose_price(made, PricingPolicy(fallback_to_snapshot=False), LimitsPolicy())
    assert isinstance(found, Price) is usable


@pytest.mark.parametrize(
    ("last", "bid", "ask", "usable"),
    [
        ("9.8", "12.25", "12.3", True),
        ("9.799999", "12.25", "12.3", False),
        ("12.5", "9.3", "9.375", True),
        ("12.500001", "9.3", "9.375", False),
    ],
)
def test_a_last_trade_may_lie_outside_its_book_by_exactly_the_limit_of_its_own_price(
    last: str, bid: str, ask: str, usable: bool
) -> None:
    """25% of 9.8 are 2.45, from the bid of 12.25 down to 9.8; 25% of 12.5 are 3.125, from the ask of 9.375 up."""
    limits = LimitsPolicy(max_price_move_pct=Decimal(25))
    made = quote(last=last, bid=bid, ask=ask)
    assert isinstance(choose_price(made, PricingPolicy(fallback_to_snapshot=False), limits), Price) is usable


def test_a_last_trade_beside_half_a_book_is_a_price() -> None:
    assert chosen(quote(last="10", bid="90", ask=None)) == ("10", "last")
    assert chosen(quote(last="10", bid=None, ask="1")) == ("10", "last")


def test_a_last_trade_far_outside_its_book_says_by_how_much() -> None:
    why = chosen(quote(last="9.80", bid="10", ask="10.1"), fallback_to_snapshot=False)
    assert why == "last trade 9.80 lies over 2% outside bid 10 and ask 10.1 (max_price_move_pct)"


@pytest.mark.parametrize("source", ["last", "bid", "ask", "mid", "close"])
def test_a_closed_crossed_quote_gives_its_close(source: PriceSource) -> None:
    made = quote(last="10", bid="10.2", ask="10.1", close="9.9", closed=True)
    assert chosen(made, source) == ("9.9", "close")


@pytest.mark.parametrize(("ask", "bps", "usable"), [("10.2", "198.0198", False), ("10.5", "487.8049", True)])
def test_the_spread_is_measured_against_the_middle(ask: str, bps: str, usable: bool) -> None:
    """0.2 of 10.1 are 198.0198.. bps, a little more than the limit; 0.5 of 10.25 are 487.8048.., a little less."""
    limits = LimitsPolicy(max_spread_bps=Decimal(bps))
    made = quote(last=None, bid="10", ask=ask)
    assert isinstance(choose_price(made, PricingPolicy(price_source="mid"), limits), Price) is usable


def test_a_spread_of_exactly_the_limit_gives_a_middle() -> None:
    made = quote(last=None, bid="9.95", ask="10.05")
    found = choose_price(made, PricingPolicy(), LimitsPolicy(max_spread_bps=Decimal(100)))
    assert found == Price(Decimal(10), "mid")


def test_without_a_quote_there_is_no_price() -> None:
    assert choose_price(None, PricingPolicy()) == NoPrice("not quoted")


def test_a_bid_and_an_ask_alone_are_prices_of_their_own() -> None:
    assert chosen(quote(last=None, bid="11", ask=None), "bid") == ("11", "bid")
    assert chosen(quote(last=None, bid=None, ask="13"), "ask") == ("13", "ask")
    assert chosen(quote(last=None, bid="11", ask=None), "ask") == "no ask; no bid and ask; no last trade"
    assert chosen(quote(last=None, bid=None, ask="13"), "bid") == "no bid; no bid and ask; no last trade"


@pytest.mark.parametrize("source", ["last", "mid", "bid", "ask", "close"])
def test_a_crossed_book_refuses_the_whole_quote(source: PriceSource) -> None:
    assert (
        chosen(quote(last="10", bid="10.2", ask="10.1", close="10"), source)
        == "crossed quote (bid 10.2 over ask 10.1)"
    )


LATE = quote("VTI", "10", bid="9.99", ask="10.01", closed=True, close_unknown=True)
CAUSE = "the last trade (2026-03-02 16:00 UTC) came after the close, so the last regular price is not known"


@pytest.mark.parametrize(
    ("source", "made", "found"),
    [
        ("last", LATE, ("10", "last")),
        ("close", LATE, ("10", "last")),
        ("mid", LATE, ("10", "mid")),
        ("bid", LATE, ("10", "mid")),
        ("ask", LATE, ("10", "mid")),
        ("last", msgspec.structs.replace(LATE, last=Decimal("10.5")), ("10", "mid")),
        ("last", msgspec.structs.replace(LATE, last_at=None), ("10", "mid")),
    ],
)
def test_in_the_evening_a_sound_price_of_after_the_close_serves(
    source: PriceSource, made: Quote, found: tuple[str, str]
) -> None:
    assert chosen(made, source) == found


@pytest.mark.parametrize(
    ("made", "rest"),
    [
        ({"bid": None}, "; no bid and ask"),
        ({"bid": "9"}, "; bid 9 and ask 10.01 are over 100 bps apart (max_spread_bps)"),
        ({"bid": None, "notice": "Not all."}, "; no bid and ask; Not all."),
    ],
)
def test_in_the_evening_a_last_trade_without_a_narrow_book_is_no_price(
    made: dict[str, Any], rest: str
) -> None:
    prices = {
        key: value if key == "notice" or value is None else Decimal(value) for key, value in made.items()
    }
    assert chosen(msgspec.structs.replace(LATE, **prices)) == f"{CAUSE}{rest}: plan in the session"


@pytest.mark.parametrize("source", ["last", "mid", "bid", "ask", "close"])
def test_in_the_evening_without_fallback_the_cause_is_said(source: PriceSource) -> None:
    assert chosen(LATE, source, fallback_to_snapshot=False) == f"{CAUSE}: plan in the session"


def test_in_the_evening_a_crossed_book_is_no_price() -> None:
    assert "crossed quote" in chosen(msgspec.structs.replace(LATE, bid=Decimal("10.02")))


def test_the_steps_are_those_that_are_tried() -> None:
    assert price_steps(FULL, PricingPolicy()) == ("last", "mid")
    assert price_steps(msgspec.structs.replace(FULL, closed=True), PricingPolicy()) == ("close",)
    assert price_steps(LATE, PricingPolicy(price_source="bid")) == ("mid", "last")
