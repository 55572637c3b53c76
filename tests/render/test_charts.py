from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.render.html.bars import ROW
from rebalplan.render.html.charts import Chart, Layer, chart_parts, has_band
from rebalplan.render.html.gauges import Gauge, gauges
from rebalplan.render.view import AccountView
from tests.render.views import shown_account

HALVES = {"VTI": "50", "BND": "50"}


def paths(chart: Chart | Gauge) -> dict[str, str]:
    return {layer.kind: layer.path for layer in chart.layers}


def weights(account: AccountView) -> dict[str, str]:
    return paths(chart_parts(account)[0].weights)


def drift(account: AccountView) -> dict[str, str]:
    return paths(chart_parts(account)[0].drift)


def figures(account: AccountView) -> dict[str, Gauge]:
    assert account.totals is not None
    return {found.name: found for found in gauges(account, account.totals)}


def test_a_purchase_is_what_stays_and_what_comes() -> None:
    """BND goes from 20 to 50 of 100, VTI from 80 to 50; the axis ends at 80."""
    drawn = weights(shown_account(cash="0", holdings={"BND": "20", "VTI": "80"}, weights=HALVES))
    assert drawn["kept"] == "M0 6h250v10h-250zM0 28h625v10h-625z"
    assert drawn["buy"] == "M250 6h375v10h-375z"
    assert drawn["sell"] == "M625 28h375v10h-375z"
    assert drawn["target"] == "M625 3v16M625 25v16M0 47v16"


def test_a_closed_holding_keeps_nothing() -> None:
    account = shown_account(cash="0", holdings={"BND": "50", "VTI": "50"}, weights={"BND": "0", "VTI": "100"})
    assert "M0 6h500v10h-500z" in weights(account)["close"]
    assert not weights(account)["kept"].startswith("M0 6")


def test_an_unlisted_holding_has_a_weight_but_neither_target_nor_drift() -> None:
    account = shown_account(cash="0", holdings={"OLD": "10", "VTI": "90"})
    assert [line.symbol for line in account.lines] == ["OLD", "VTI", "CASH"]
    assert weights(account)["kept"].startswith("M0 6")
    assert weights(account)["target"].split("M")[1:] == ["1000 25v16", "0 47v16"]
    assert drift(account)["after"].split("M")[1:] == ["500 33h0", "500 55h0"]


def test_a_debt_lies_left_of_zero_and_what_is_repaid_goes() -> None:
    account = shown_account(cash="-2500", holdings={"VTI": "125"}, weights={"VTI": "110"}, cash_target="-10")
    assert [line.current_pct for line in account.lines] == [Decimal(125), Decimal(-25)]
    assert [line.after_pct for line in account.lines] == [Decimal(110), Decimal(-10)]
    drawn = weights(account)
    zero = 167
    assert f"M{zero - 67} 28h67v10h-67z" in drawn["kept"]
    assert drawn["less"] == "M0 28h100v10h-100z"


def test_cash_that_crosses_zero_has_a_part_on_either_side() -> None:
    """From -10 to 10 on an axis from -12.5 to 112.5."""
    account = shown_account(cash="-1000", holdings={"VTI": "110"}, weights={"VTI": "90"}, cash_target="10")
    drawn = weights(account)
    assert drawn["less"] == "M20 28h80v10h-80z"
    assert drawn["more"] == "M100 28h80v10h-80z"


def test_drift_is_a_bar_before_and_a_dot_after_on_the_shaded_band() -> None:
    """BND is 30 under, VTI 30 over, and nothing is left; the band is 3."""
    drawn = drift(
        shown_account(
            cash="0",
            holdings={"BND": "20", "VTI": "80"},
            weights=HALVES,
            per_holding_band_bps=Decimal(300),
        )
    )
    assert drawn["before"] == "M0 6h500v10h-500zM500 28h500v10h-500z"
    assert drawn["after"] == "M500 11h0M500 33h0M500 55h0"
    assert drawn["band"] == "M450 0h100v22h-100zM450 22h100v22h-100zM450 44h100v22h-100z"


def test_the_band_of_the_total_is_shaded_for_cash_only() -> None:
    account = shown_account(
        cash="0", holdings={"BND": "20", "VTI": "80"}, weights=HALVES, trigger_mode="total_drift"
    )
    assert drift(account)["band"].count("M") == 1
    assert f" {2 * ROW}h" in drift(account)["band"]


def test_the_total_has_a_figure_of_its_own_with_its_band() -> None:
    account = shown_account(
        cash="0", holdings={"BND": "20", "VTI": "80"}, weights=HALVES, trigger_mode="total_drift"
    )
    total = figures(account)["Total drift"]
    assert (total.text, total.detail) == ("60.00 pp → 0.00 pp", "total band 1.00 pp")
    assert "limit" in paths(total)


@pytest.mark.parametrize(
    ("symbol", "expected"), [("BND", False), ("VTI", True), ("SPY", False), ("CASH", True)]
)
def test_no_band_decides_on_a_new_holding_or_one_to_close(symbol: str, expected: bool) -> None:
    account = shown_account(
        cash="0", holdings={"SPY": "20", "VTI": "80"}, weights={"SPY": "0", "VTI": "50", "BND": "50"}
    )
    line = next(line for line in account.lines if line.symbol == symbol)
    assert has_band(line, "per_holding") is expected


def test_a_long_chart_is_cut_into_even_parts_on_one_axis() -> None:
    symbols = [f"S{number:02}" for number in range(60)]
    weights_of = dict.fromkeys(symbols, "1") | {"S00": "41"}
    parts = chart_parts(shown_account(weights=weights_of))
    assert [len(part.lines) for part in parts] == [21, 21, 19]
    assert [part.weights.height for part in parts] == [21 * ROW, 21 * ROW, 19 * ROW]
    assert len({part.weights.ticks for part in parts}) == len({part.drift.ticks for part in parts}) == 1
    assert [line.symbol for part in parts for line in part.lines] == [*symbols, "CASH"]


def test_nothing_is_drawn_that_is_empty() -> None:
    account = shown_account(cash="0", holdings={"VTI": "100"})
    assert all(
        layer.path for part in chart_parts(account) for layer in (*part.weights.layers, *part.drift.layers)
    )
    assert set(weights(account)) == {"grid", "kept", "target"}


def test_figures_are_compared_before_and_after() -> None:
    account = shown_account(cash="10000", weights={"VTI": "60", "BND": "40"}, max_leverage=Decimal(2))
    assert {name: (found.text, found.detail) for name, found in figures(account).items()} == {
        "Cash": ("100.00% → 0.00%", "10,000 → 0 USD"),
        "Exposure": ("0.00% → 100.00%", "0 → 10,000 USD"),
        "Leverage": ("0.000 → 1.000", "max_leverage 2.000"),
        "Turnover": ("100.00%", "100.00% buys, 0.00% sells"),
        "Tracking error": ("72.11 pp → 0.00 pp", ""),
    }


def test_leverage_is_drawn_against_its_cap() -> None:
    account = shown_account(cash="0", holdings={"VTI": "100"}, max_leverage=Decimal(2))
    assert figures(account)["Leverage"].layers == (
        Layer("before", "M0 2h500v5h-500z"),
        Layer("after", "M0 9h500v5h-500z"),
        Layer("zero", "M0 0v16"),
        Layer("limit", "M1000 0v16"),
    )
