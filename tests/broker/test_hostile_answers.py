"""What-ifs and lists that cannot be taken at their word, and orders that come back after a person gave them up."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from rebalplan.core.orders import OpenOrder
from rebalplan.ibkr.broker import IbkrConnection
from tests.broker.driving import (
    ACCOUNTS,
    Trial,
    Undisturbed,
    assert_others_untouched,
    behaviour,
    first_line,
    trial,
)
from tests.broker.hostile import (
    FIRST_SELL,
    NOT_PLANNED,
    as_another_program,
    error_of,
    executed,
    fallbacks,
    first_sell,
    incident,
    killed_after,
    place_as_another,
    with_order,
    working,
)
from tests.cli import Workspace
from tests.scenarios import fault, scenario_text

pytestmark = pytest.mark.slow

UNSET = "1.7976931348623157e+308"


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_what_if_refused_for_its_algorithm_is_asked_again_as_a_plain_order(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    buy = first_line(planned, disturbed, "BUY")
    extra = "".join(
        behaviour(on=on, account=disturbed, symbol=buy.symbol, algo="adaptive", code=442)
        for on in ("what_if", "order")
    )
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        asked = [s.algo for s in it.sent(disturbed, "what_if") if s.symbol == buy.symbol]
        assert asked == ["Adaptive", ""], result
        assert [(s.algo, s.quantity) for s in it.of(disturbed, buy.symbol)] == [
            ("Adaptive", buy.quantity),
            ("", buy.quantity),
        ]
        assert executed(it, disturbed, buy.symbol, "BUY") == buy.quantity
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 0


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_notice_before_the_answer_to_a_what_if_is_no_refusal(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    extra = behaviour(on="what_if", account=disturbed, sequence=["10349", "answer"])
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        assert len(it.sent(disturbed, "what_if")) == len(it.sent(disturbed)), result
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 0


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_what_if_refused_for_want_of_permission_refuses_before_any_sell(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    buy = first_line(planned, disturbed, "BUY")
    text = "Order rejected - reason:No trading permissions"
    refused = behaviour(on="what_if", account=disturbed, symbol=buy.symbol, code=201, text=text)
    with trial(planned, scenario_text(extra=refused)) as it:
        result = it.apply()
        assert it.sent(disturbed) == [], result
        assert f"the broker would refuse to buy {buy.symbol}: {text}" in error_of(it, disturbed)
        assert it.summary()[disturbed]["status"] == "refused"
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 4


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_completed_order_without_a_filled_quantity_leaves_what_the_executions_say(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    half = (quantity + 1) // 2
    extra = (
        behaviour(account=disturbed, symbol=symbol, algo="adaptive", fills=0)
        + behaviour(on="cancel", account=disturbed, symbol=symbol, cancel="crossed", parts=2, fills=1)
        + fault("completed_orders", "field", field="filled", value=UNSET, row_account=disturbed)
    )
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        assert fallbacks(it, disturbed) == [(symbol, quantity - half)], result
        assert executed(it, disturbed, symbol) == quantity
        assert it.report(disturbed)[symbol]["exec_qty_shares"] == str(quantity)
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 0


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_an_open_order_that_cannot_be_read_refuses_its_own_account_alone(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    text = with_order(
        scenario_text(), disturbed, NOT_PLANNED[disturbed], order_id=12, limit_price="1.00"
    ) + fault("all_open_orders", "field", field="quantity", value="many", row_account=disturbed)
    with trial(planned, text) as it:
        result = it.apply()
        assert it.sent(disturbed) == [], result
        assert "a row that cannot be read" in error_of(it, disturbed)
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 4


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_completed_order_of_another_account_that_cannot_be_read_refuses_nothing(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    other = ACCOUNTS[ACCOUNTS.index(disturbed) - 1]
    extra = incident(when="start", does="buy", account=other, quantity="1", what=NOT_PLANNED[other])
    extra += fault("completed_orders", "field", field="quantity", value="many", row_account=other)
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply("--account", disturbed)
        assert it.gateway.reached["fault[1]"] > 0
        assert it.sent(disturbed) == undisturbed.orders[disturbed], result
        assert result.code == 0


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_completed_order_that_cannot_be_read_refuses_its_own_account_alone(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    extra = incident(when="start", does="buy", account=disturbed, quantity="1", what=NOT_PLANNED[disturbed])
    extra += fault("completed_orders", "field", field="quantity", value="many", row_account=disturbed)
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        assert it.sent(disturbed) == [], result
        assert "a row that cannot be read while completed orders was asked for" in error_of(it, disturbed)
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 4


def give_up(it: Trial, account: str) -> str:
    """Let the account's first sell get lost, and let a person say that it never was; return its reference."""
    assert it.apply().code == 4
    reference = f"{it.prefix}{first_sell(it, account).reference}"
    given_up = it.workspace.run("resolve", reference, "--absent", "--force", "--who", "the owner")
    assert given_up.code == 0, given_up
    return reference


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize("is_filled", [False, True])
def test_an_order_that_was_given_up_and_comes_back_stops_the_account(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str, is_filled: bool
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    extra = behaviour(account=disturbed, symbol=symbol, silence="dropped", occurrence=1)
    extra += "" if is_filled else behaviour(account=disturbed, symbol=symbol, fills=0)
    with trial(planned, scenario_text(extra=extra)) as it:
        line = first_sell(it, disturbed)
        reference = give_up(it, disturbed)
        place_as_another(it, line, client_id=42)
        verified = it.workspace.run("verify", "latest")
        found = "RB501" if is_filled else f"RB502 {disturbed}: SELL {quantity} {symbol} is already working"
        assert (verified.code, found in verified.out) == (3, True), verified
        before = list(it.gateway.ledger)
        result = it.apply("--resume")
        assert [e for e in it.gateway.ledger if e.kind == "place"] == [
            e for e in before if e.kind == "place"
        ], result
        assert executed(it, disturbed, symbol) == (quantity if is_filled else Decimal(0))
        assert f"RB512 {reference}: it was resolved as 0 shares" in error_of(it, disturbed)
        row = it.report(disturbed)[symbol]
        if is_filled:
            assert (row["exec_qty_shares"], row["status"]) == (str(quantity), "filled")
        else:
            assert (row["status"], working(it, disturbed)) == ("unknown", [(symbol, 42, quantity)])
        status = it.workspace.run("status", "latest").out
        (shown,) = [text for text in status.splitlines() if f"{reference} " in text and symbol in text]
        assert ("filled" if is_filled else "unknown") in shown
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")


def wait_until_shown(it: Trial, account: str) -> None:
    """Ask as another program until the list of working orders shows one of the account's."""
    shown: list[OpenOrder] = []

    def ask(link: IbkrConnection) -> None:
        deadline = time.monotonic() + 30
        while not shown and time.monotonic() < deadline:
            shown.extend(order for order in link.open_orders(account) if order.account == account)
            time.sleep(0.1)

    as_another_program(it, ask)
    assert shown


def test_an_order_that_no_list_showed_for_a_while_stops_the_account_when_it_shows_again(
    planned: Workspace, undisturbed: Undisturbed, account: str
) -> None:
    symbol, quantity = FIRST_SELL[account]
    hidden = behaviour(account=account, symbol=symbol, fills=0, hidden_for_sec="5")
    with trial(planned, scenario_text(extra=hidden)) as it:
        with killed_after("place", account):
            it.apply()
        assert it.apply("--resume").code == 4
        reference = f"{it.prefix}{first_sell(it, account).reference}"
        assert it.workspace.run("resolve", reference, "--absent", "--force").code == 0
        wait_until_shown(it, account)
        before = it.sent(account)
        result = it.apply("--resume")
        assert (it.sent(account), working(it, account)) == (before, [(symbol, 42, quantity)]), result
        assert f"RB512 {reference}: it was resolved as 0 shares, but the broker shows it working" in error_of(
            it, account
        )
        assert it.report(account)[symbol]["status"] == "unknown"
        assert_others_untouched(it, account, undisturbed)
        assert result.code == 4
