"""A plain market order follows an algo order only on the broker's evidence, for exactly the rest."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.broker.driving import (
    ACCOUNTS,
    Undisturbed,
    assert_others_untouched,
    behaviour,
    first_line,
    trial,
)
from tests.cli import Workspace
from tests.scenarios import scenario_text

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize("code", [201, 439, 441, 442, 443])
def test_a_refused_algorithm_is_followed_by_one_plain_market_order(
    planned: Workspace, undisturbed: Undisturbed, code: int, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    text = scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, algo="adaptive", code=code))
    with trial(planned, text) as it:
        result = it.apply()
        assert [
            (s.order_type, s.algo, s.tif, s.quantity, s.reference) for s in it.of(disturbed, line.symbol)
        ] == [
            ("MKT", "Adaptive", "DAY", line.quantity, line.reference),
            ("MKT", "", "DAY", line.quantity, f"{line.reference}-f"),
        ], result
        assert Decimal(it.report(disturbed)[line.symbol]["exec_qty_shares"]) == line.quantity
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 0


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_cancel_that_crosses_a_fill_leaves_only_the_rest_to_the_fallback(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    text = scenario_text(
        extra=behaviour(account=disturbed, symbol=line.symbol, algo="adaptive", fills=0)
        + behaviour(on="cancel", account=disturbed, symbol=line.symbol, cancel="crossed", parts=2, fills=1)
    )
    with trial(planned, text) as it:
        result = it.apply()
        half = (line.quantity + 1) // 2
        assert [(s.algo, s.quantity) for s in it.of(disturbed, line.symbol)] == [
            ("Adaptive", line.quantity),
            *([("", line.quantity - half)] if line.quantity > half else []),
        ], result
        assert it.cancels() == 1
        assert Decimal(it.report(disturbed)[line.symbol]["exec_qty_shares"]) == line.quantity
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_cancel_that_a_whole_fill_crosses_needs_no_fallback(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    text = scenario_text(
        extra=behaviour(account=disturbed, symbol=line.symbol, fills=0)
        + behaviour(on="cancel", account=disturbed, symbol=line.symbol, cancel="crossed")
    )
    with trial(planned, text) as it:
        assert it.apply().code == 0
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        assert it.cancels() == 1
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize("code", [161, 10147, 10148])
def test_an_order_whose_cancel_is_refused_is_left_working_and_has_no_fallback(
    planned: Workspace, undisturbed: Undisturbed, code: int, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    text = scenario_text(
        extra=behaviour(account=disturbed, symbol=line.symbol, fills=0)
        + behaviour(on="cancel", account=disturbed, symbol=line.symbol, cancel="refused", code=code)
    )
    with trial(planned, text) as it:
        result = it.apply()
        assert result.code == 4
        assert len(it.of(disturbed, line.symbol)) == 1
        assert it.report(disturbed)[line.symbol]["status"] == "working"
        assert (
            f"sell {line.symbol} is working, 0 of {line.quantity} filled" in it.summary()[disturbed]["error"]
        )
        assert_others_untouched(it, disturbed, undisturbed)
