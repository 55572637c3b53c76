from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.sim.hours import Hours

from .support import world

BASE = '[[account]]\nid = "DU1"\n[market]\n'
WEEKLY = 'hours = "weekly"\nholidays = ["2026-11-26"]\n[market.early_closes]\n2026-11-27 = "13:00"\n'


def _hours(market: str) -> Hours:
    return Hours(world(base=BASE + market).market)


def test_weekly_hours_in_the_gateways_format() -> None:
    zone, trading, liquid = _hours(WEEKLY).describe(datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    assert zone == "US/Eastern"
    assert liquid.split(";") == [
        "20261124:0930-20261124:1600",
        "20261125:0930-20261125:1600",
        "20261126:CLOSED",
        "20261127:0930-20261127:1300",
        "20261128:CLOSED",
        "20261129:CLOSED",
        "20261130:0930-20261130:1600",
    ]
    assert trading.split(";")[0] == "20261124:0400-20261124:2000"


def test_the_first_day_is_the_day_in_the_markets_zone() -> None:
    _, _, liquid = _hours(WEEKLY).describe(datetime(2026, 11, 25, 3, 0, tzinfo=UTC))
    assert liquid.startswith("20261124:")


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-24T14:29:59", False),
        ("2026-11-24T14:30:00", True),
        ("2026-11-24T20:59:59", True),
        ("2026-11-24T21:00:00", False),
        ("2026-11-26T15:00:00", False),
        ("2026-11-27T17:59:59", True),
        ("2026-11-27T18:00:00", False),
        ("2026-11-28T15:00:00", False),
        ("2026-07-01T13:30:00", True),
    ],
)
def test_whether_the_market_is_open(moment: str, is_open: bool) -> None:
    assert _hours(WEEKLY).is_open(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is is_open


def test_the_last_close_before_a_weekend_is_fridays() -> None:
    sunday = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
    assert _hours(WEEKLY).last_close(sunday) == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


def test_a_list_is_sent_as_it_is() -> None:
    hours = _hours('hours = "list"\nsessions = ["20261124:1000-20261124:1100", "20261125:CLOSED"]\n')
    now = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
    assert hours.describe(now)[2] == "20261124:1000-20261124:1100;20261125:CLOSED"
    assert hours.is_open(now)
    assert not hours.is_open(now + timedelta(minutes=30))


def test_without_an_earlier_session_the_last_close_is_now() -> None:
    hours = _hours('hours = "list"\nsessions = ["20261125:CLOSED"]\n')
    now = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
    assert hours.last_close(now) == now


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.integers(0, 11 * 365 * 24 * 60))
def test_always_is_open_now_and_for_a_day_on_both_sides(minutes: int) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    hours = _hours("")
    assert hours.is_open(now)
    first = hours.describe(now)[2].split(";")[0]
    begin, end = first.split("-")
    assert begin <= f"{hours.local(now) - timedelta(days=1):%Y%m%d:%H%M}"
    assert f"{hours.local(now) + timedelta(days=1):%Y%m%d:%H%M}" <= end


@pytest.mark.parametrize(
    ("moment", "opens", "ends"),
    [
        ("2026-11-24T14:29:59", "2026-11-24T14:30:00", "2026-11-24T21:00:00"),
        ("2026-11-24T14:30:00", "2026-11-25T14:30:00", "2026-11-24T21:00:00"),
        ("2026-11-25T21:00:00", "2026-11-27T14:30:00", "2026-11-27T18:00:00"),
        ("2026-11-27T18:00:00", "2026-11-30T14:30:00", "2026-11-30T21:00:00"),
    ],
)
def test_the_next_open_and_the_end_of_the_session(moment: str, opens: str, ends: str) -> None:
    now, opening, ending = (
        datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (moment, opens, ends)
    )
    assert _hours(WEEKLY).next_open(now) == opening
    assert _hours(WEEKLY).session_end(now) == ending


def test_a_list_that_is_over_has_no_next_session() -> None:
    hours = _hours('hours = "list"\nsessions = ["20261123:0930-20261123:1600"]\n')
    assert hours.next_open(datetime(2026, 11, 24, tzinfo=UTC)) is None
    assert hours.session_end(datetime(2026, 11, 24, tzinfo=UTC)) is None
