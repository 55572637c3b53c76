"""A gateway that has lost its broker, or refuses the client, says so in the handshake: nothing is sent on it."""

from __future__ import annotations

import pytest

from tests.broker.driving import (
    ACCOUNTS,
    FACTOR,
    Trial,
    Undisturbed,
    assert_others_untouched,
    behaviour,
    trial,
)
from tests.broker.hostile import error_of, first_sell, intents, table
from tests.cli import Workspace
from tests.scenarios import fault, scenario_text

pytestmark = pytest.mark.slow


def nth_connection(account: str, *, at_look: bool = True) -> int:
    """Return which connection of a run is the account's first, when it is looked at, or its second, when it is traded.

    The accounts before it have had two each.
    """
    return 2 * ACCOUNTS.index(account) + (1 if at_look else 2)


def in_the_handshake(account: str, *, at_look: bool = True, **keys: str | bool | list[str]) -> str:
    """One of the account's connections is told this in the write that ends its handshake."""
    nth = nth_connection(account, at_look=at_look)
    return table("handshake", client_id=42, occurrence=nth, **keys)


def connections(it: Trial) -> int:
    return sum(event.kind == "open" for event in it.gateway.log)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize(("code", "at_look"), [("2110", True), ("1100", True), ("1100", False)])
def test_nothing_is_sent_until_the_broker_is_back(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str, code: str, at_look: bool
) -> None:
    extra = in_the_handshake(disturbed, at_look=at_look, after=[code], later=["1102"], later_after_sec="0.3")
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        log = [e for e in it.gateway.log if e.connection == nth_connection(disturbed, at_look=at_look)]
        lost_at = next(at for at, e in enumerate(log) if e.kind == "sent" and code in e.fields)
        back_at = next(at for at, e in enumerate(log) if e.kind == "sent" and "1102" in e.fields)
        assert [e.kind for e in log[lost_at:back_at]].count("request") == 0, result
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 0


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize(("code", "at_look"), [("2110", True), ("1100", True), ("1100", False)])
def test_without_its_broker_the_account_is_refused_with_nothing_sent_and_no_intent(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str, code: str, at_look: bool
) -> None:
    extra = in_the_handshake(disturbed, at_look=at_look, after=[code])
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        assert (it.sent(disturbed), intents(it, disturbed)) == ([], 0), result
        assert "the gateway has been without its broker for 12 s" in error_of(it, disturbed)
        assert it.summary()[disturbed]["status"] == "refused"
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 4


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize("before", [True, False])
def test_a_client_id_in_use_fails_fast_and_is_not_tried_again(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str, before: bool
) -> None:
    planned.edit("settings.ini", "retries = 0", "retries = 3")
    planned.edit("settings.ini", "\ntimeout_sec = 2\n", "\ntimeout_sec = 20\n")
    extra = (
        in_the_handshake(disturbed, before=["326"]) if before else in_the_handshake(disturbed, in_use=True)
    )
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        assert (it.sent(disturbed), intents(it, disturbed)) == ([], 0), result
        assert "client id 42 is already in use" in error_of(it, disturbed)
        assert connections(it) == 2 * len(ACCOUNTS) - 1
        begun = [e.time for e in it.gateway.ledger]
        assert (begun[-1] - begun[0]).total_seconds() < 15 * FACTOR
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 4


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_connect_that_is_refused_once_is_tried_again(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    planned.edit("settings.ini", "retries = 0", "retries = 2")
    extra = fault("connect", "hang_up", occurrence=nth_connection(disturbed))
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        assert connections(it) == 2 * len(ACCOUNTS) + 1, result
        assert {account: it.sent(account) for account in ACCOUNTS} == undisturbed.orders
        assert result.code == 0


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_connection_lost_behind_a_send_is_followed_up_and_nothing_is_sent_again(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    planned.edit("settings.ini", "retries = 0", "retries = 3")
    with trial(planned, scenario_text()) as it:
        symbol = first_sell(it, disturbed).symbol
    once = behaviour(account=disturbed, symbol=symbol, occurrence=1, hang_up_after=0)
    with trial(planned, scenario_text(extra=once)) as it:
        result = it.apply()
        assert [s.symbol for s in it.sent(disturbed)].count(symbol) == 1, result
        assert not [s for s in it.sent(disturbed) if s.side == "BUY"]
        assert connections(it) == 2 * len(ACCOUNTS) + 1
        assert it.report(disturbed)[symbol]["status"] == "filled"
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 4
