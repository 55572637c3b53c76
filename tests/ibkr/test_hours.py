from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rebalplan.core.vocabulary import Session
from rebalplan.ibkr.hours import is_open, last_session, next_session, read_sessions

WEEK = "20261123:0930-20261123:1600;20261124:CLOSED;20261125:0930-20261125:1600"


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_sessions_are_read_in_utc_and_closed_days_left_out() -> None:
    assert read_sessions(WEEK, "US/Eastern") == (
        Session(utc(23, 14, 30), utc(23, 21)),
        Session(utc(25, 14, 30), utc(25, 21)),
    )


def test_a_session_that_ends_the_next_day() -> None:
    assert read_sessions("20261123:1800-20261124:1700", "US/Eastern") == (Session(utc(23, 23), utc(24, 22)),)


def test_older_gateways_leave_out_the_second_date() -> None:
    assert read_sessions("20261123:0930-1600", "America/New_York") == (Session(utc(23, 14, 30), utc(23, 21)),)


@pytest.mark.parametrize(
    "zone",
    [
        "EST (Eastern Standard Time)",
        "EST",
        "EST5EDT",
        "US/Eastern",
        "America/New_York",
        " US/Eastern ",
        " EST  (Eastern Standard Time)",
    ],
)
def test_the_names_gateways_have_for_new_york(zone: str) -> None:
    assert read_sessions("20260701:0930-20260701:1600", zone)[0].opens_at == datetime(
        2026, 7, 1, 13, 30, tzinfo=UTC
    )


def test_spaces_around_a_day_are_nothing_and_sessions_come_in_order() -> None:
    assert read_sessions("20261125:0930-20261125:1600 ; 20261123:0930-1600", "US/Eastern") == (
        Session(utc(23, 14, 30), utc(23, 21)),
        Session(utc(25, 14, 30), utc(25, 21)),
    )


@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Tokyo"])
def test_a_zone_elsewhere_is_that_zone(zone: str) -> None:
    opens_at = {"Europe/London": utc(23, 8), "Asia/Tokyo": utc(22, 23)}
    assert read_sessions("20261123:0800-1600", zone)[0].opens_at == opens_at[zone]


@pytest.mark.parametrize(
    "text", ["", "CLOSED", "20261123:CLOSED", "garbage-garbage", "20261123:9930-20261123:1600", "-"]
)
def test_what_cannot_be_read_is_no_session(text: str) -> None:
    assert read_sessions(text, "US/Eastern") == ()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../Tokyo", "America", "x" * 300])
def test_an_unknown_time_zone_gives_no_sessions(zone: str) -> None:
    assert read_sessions(WEEK, zone) == ()


def test_a_session_includes_its_open_and_not_its_close() -> None:
    sessions = read_sessions(WEEK, "US/Eastern")
    assert [
        is_open(sessions, t) for t in (utc(23, 14, 29), utc(23, 14, 30), utc(23, 20, 59), utc(23, 21))
    ] == [
        False,
        True,
        True,
        False,
    ]


def test_the_next_session_is_the_first_that_opens_later() -> None:
    sessions = read_sessions(WEEK, "US/Eastern")
    assert next_session(sessions, utc(23, 14, 29)) == sessions[0]
    assert next_session(sessions, utc(23, 14, 30)) == sessions[1]
    assert next_session(sessions, utc(26, 0)) is None


def test_the_last_session_is_the_one_that_ended_last_its_close_included() -> None:
    sessions = read_sessions(WEEK, "US/Eastern")
    assert last_session(sessions, utc(23, 20, 59)) is None
    assert last_session(sessions, utc(23, 21)) == sessions[0]
    assert last_session(sessions, utc(25, 20, 59)) == sessions[0]
    assert last_session(sessions, utc(25, 21)) == sessions[1]
    assert last_session(reversed(sessions), utc(26, 0)) == sessions[1]


def test_the_order_of_the_sessions_does_not_matter() -> None:
    sessions = read_sessions(WEEK, "US/Eastern")[::-1]
    assert next_session(sessions, utc(20, 0)) == sessions[1]
    assert is_open(sessions, utc(23, 15))
