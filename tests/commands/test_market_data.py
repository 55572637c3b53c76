"""What real gateways say about market data and their own connection, planned over TCP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.cli import FrozenClock, Workspace
from tests.commands.test_real_accounts import MARKET, SETTINGS, account, gateway, orders, plan
from tests.pace import Pace
from tests.scenarios import fault

PLANNED = [("BUY", "AAA", "58"), ("BUY", "BBB", "9"), ("BUY", "CCC", "238")]
CCC_PRICES = "".join(f'{key} = "50"\n' for key in ("bid", "ask", "last", "close"))
NOTICES = {
    354: "Requested market data is not subscribed.",
    10089: "Requested market data requires additional subscription for API.",
    10090: "Part of requested market data is not subscribed.",
    10091: "Part of requested market data requires additional subscription for API.",
    10168: "Requested market data is not subscribed. Delayed market data is not enabled.",
    10197: "No market data during competing live session",
}


def said(code: int, action: str = "notice") -> str:
    return fault("market_data", action, symbol="CCC", code=code, text=NOTICES[code])


def handshake(**keys: str) -> str:
    return "[[handshake]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


@pytest.mark.parametrize("code", NOTICES)
def test_a_notice_about_data_before_good_ticks_changes_nothing(workspace: Workspace, code: int) -> None:
    with gateway(workspace, account(), said(code)):
        assert orders(plan(workspace)) == PLANNED


@pytest.mark.parametrize("code", [10090, 10091])
def test_a_notice_about_data_counts_where_its_ticks_have_no_price(workspace: Workspace, code: int) -> None:
    with gateway(workspace, account(), said(code), market=MARKET.replace(CCC_PRICES, "")):
        (reason,) = plan(workspace)["reasons"]
    assert NOTICES[code].rstrip(".") in reason
    assert "no live market data: subscribe to it" in reason


def test_a_notice_about_data_is_named_beside_ticks_that_do_not_suffice(workspace: Workspace) -> None:
    closing = MARKET.replace(CCC_PRICES, 'close = "50"\n')
    with gateway(workspace, account(), said(10090), market=closing):
        (reason,) = plan(workspace)["reasons"]
    assert reason == f"no price for CCC: no last trade; no bid and ask; {NOTICES[10090]} (error 10090)"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (354, "no live market data: subscribe to it"),
        (10197, "another session of this user has the market data: log it out"),
    ],
)
def test_a_notice_about_data_with_nothing_behind_it_is_the_reason_soon(
    workspace: Workspace, pace: Pace, code: int, advice: str
) -> None:
    slow = SETTINGS.replace("timeout_sec = 2", "timeout_sec = 20")
    with gateway(workspace, account(), said(code, "error"), settings=slow):
        (reason,) = plan(workspace)["reasons"]
    assert reason.startswith(f"no price for CCC: {advice}")
    assert NOTICES[code] in reason
    assert pace.waited_sec < 10


@pytest.mark.parametrize("code", ["2110", "1100"])
def test_a_gateway_without_its_broker_is_waited_for(workspace: Workspace, code: str) -> None:
    told = handshake(after=f'["{code}"]', later='["1102"]', later_after_sec='"0.5"')
    with gateway(workspace, account(), told) as served:
        assert orders(plan(workspace)) == PLANNED
        first = [e for e in served.log if e.connection == 1]
        back = next(at for at, e in enumerate(first) if e.kind == "sent" and "1102" in e.fields)
        assert [e.message_id for e in first[:back] if e.kind == "request"] == [71]


@pytest.mark.parametrize("code", ["2110", "1100"])
def test_a_gateway_without_its_broker_is_named_within_the_time_limit(
    workspace: Workspace, pace: Pace, code: str
) -> None:
    with gateway(workspace, account(), handshake(after=f'["{code}"]')):
        result = workspace.run("plan")
    assert result.code == 4
    assert "has lost its connection to the broker, and it is not back within 2 s" in result.out + result.err
    assert pace.waited_sec < 10


def test_a_broker_that_is_lost_while_an_answer_is_waited_for_is_named(workspace: Workspace) -> None:
    lost = handshake(later='["1100"]', later_after_sec='"0.2"')
    with gateway(workspace, account(), lost, fault("positions_multi", "silent")):
        result = workspace.run("plan")
    assert "within 2 s: the gateway has lost its connection to the broker" in result.out + result.err


def test_many_accounts_wait_only_once_for_a_gateway_without_its_broker(
    workspace: Workspace, pace: Pace
) -> None:
    settings = SETTINGS.replace("ids = DU1", "ids = DU1, DU2, DU3\npacing_sec = 0").replace(
        "timeout_sec = 2", "timeout_sec = 6"
    )
    others = "".join(account().replace('"DU1"', f'"{name}"') for name in ("DU2", "DU3"))
    with gateway(workspace, account(), others, handshake(after='["2110"]'), settings=settings):
        assert workspace.run("plan").code == 4
    assert pace.waited_sec < 11


AT_NIGHT = MARKET.replace('hours = "always"', 'hours = "weekly"')
TRADED_LATE = AT_NIGHT.replace(
    CCC_PRICES, CCC_PRICES.replace('close = "50"', 'close = "40"') + 'last_at = "2026-11-23 17:20"\n'
)


@pytest.fixture
def evening(workspace: Workspace, clock: FrozenClock) -> Workspace:
    """A workspace at half past five in New York."""
    clock.time = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    return workspace


def test_in_the_evening_the_last_trade_of_the_session_is_its_close(evening: Workspace) -> None:
    with gateway(evening, account(), market=AT_NIGHT):
        planned = plan(evening)
    assert orders(planned) == PLANNED
    assert [row["price_source"] for row in planned["drift"]] == ["close"] * 3


def test_in_the_evening_the_close_of_the_day_before_is_never_the_last_one(evening: Workspace) -> None:
    with gateway(evening, account(), market=TRADED_LATE):
        (reason,) = plan(evening)["reasons"]
    assert reason == (
        "no price for CCC: the last trade (2026-11-23 22:20 UTC) came after the close, so the last regular price is "
        "not known; no bid and ask: plan in the session"
    )


def test_in_the_evening_a_sound_price_of_after_the_close_serves_and_is_named(evening: Workspace) -> None:
    shown = TRADED_LATE.replace("last_at", "outside_hours = true\nlast_at")
    with gateway(evening, account(), market=shown):
        result = evening.run("plan")
        planned = plan(evening)
    assert "market closed, last close not known, priced after hours: CCC (last)" in result.out
    assert "market closed, priced at the last close: AAA, BBB" in result.out
    assert orders(planned) == PLANNED
    told = evening.ok("explain", "latest", "DU1", "CCC")
    assert "50.00 USD, the last trade (step 1 of last, mid), received" in told
    assert "market closed, its close not known" in told


def test_a_mismatch_in_the_evening_names_the_close_first(evening: Workspace) -> None:
    stale = AT_NIGHT.replace(
        'last = "100"\nclose = "100"', 'last = "100"\nclose = "90"\nlast_at = "2026-11-20 15:59"'
    )
    with gateway(evening, account(), market=stale):
        (reason,) = plan(evening)["reasons"]
    assert (
        "the close that the broker sends may still be the day before's (plan in the session), or a split"
        in reason
    )
