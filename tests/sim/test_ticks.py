from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rebalplan.sim import SimError

from .support import NOW, Client, error_of, ids, market_data, shared, stock, world

Ticks = dict[int, str]
WEEKLY = '\n[market]\nhours = "weekly"\n'


def _ticks(client: Client, symbol: str) -> Ticks:
    """Return tick type -> value of a snapshot."""
    answer = client.ask(*market_data(5, stock(symbol)))
    return {int(message[3]): message[4] for message in answer if message[0] in {"1", "2", "45", "46"}}


def _client(extra: str = "") -> Client:
    return Client(shared(world(extra))).start()


def test_a_live_snapshot_is_type_prices_with_sizes_and_end() -> None:
    answer = _client().ask(*market_data(5, stock("VTI")))
    assert ids(answer) == [58, 1, 2, 1, 2, 1, 2, 46, 1, 45, 57]
    assert answer[0] == ("58", "1", "5", "1")
    assert answer[1] == ("1", "6", "5", "1", "312.39", "100", "0")


def test_live_prices_timestamp_close_and_halt() -> None:
    ticks = _ticks(_client(), "VTI")
    assert [ticks[tick] for tick in (1, 2, 4, 9, 49)] == ["312.39", "312.41", "312.40", "311.86", "0"]
    assert ticks[45] == str(int(NOW.timestamp()) - 5)


def test_a_stream_gives_the_same_without_an_end() -> None:
    answer = _client().ask(*market_data(5, stock("VTI"), snapshot=False))
    assert ids(answer) == [58, 1, 2, 1, 2, 1, 2, 46, 1, 45]


def test_missing_prices_are_missing_ticks() -> None:
    assert set(_ticks(_client(), "BND")) == {4, 5, 45, 49}


def test_odd_prices_are_sent_as_they_are() -> None:
    ticks = _ticks(_client(), "ODD")
    assert [ticks[tick] for tick in (1, 2, 4)] == ["NaN", "-1", "0"]


def test_delayed_data_must_be_asked_for() -> None:
    client = _client()
    assert error_of(client.ask(*market_data(5, stock("DLY"))))[:2] == (5, 354)
    assert client.ask("59", "1", "3") == []
    answer = client.ask(*market_data(6, stock("DLY")))
    assert answer[0][2:4] == ("6", "10167")
    assert answer[1] == ("58", "1", "6", "3")
    assert {int(message[3]) for message in answer if message[0] in {"1", "2", "46"}} == {
        *range(66, 72),
        75,
        88,
    }


def test_delayed_trades_are_fifteen_minutes_older() -> None:
    client = _client()
    client.ask("59", "1", "4")
    assert _ticks(client, "DLY")[88] == str(int(NOW.timestamp()) - 1 - 900)


def test_live_data_stay_live_for_who_accepts_delayed_ones() -> None:
    client = _client()
    client.ask("59", "1", "3")
    assert client.ask(*market_data(5, stock("VTI")))[0] == ("58", "1", "5", "1")


@pytest.mark.parametrize("kind", ["1", "3", "4"])
def test_no_subscription_is_error_354_whatever_type_is_asked(kind: str) -> None:
    client = _client()
    client.ask("59", "1", kind)
    assert error_of(client.ask(*market_data(5, stock("NON"))))[:2] == (5, 354)


def test_an_unknown_data_type_changes_nothing() -> None:
    client = _client()
    client.ask("59", "1", "9")
    assert client.ask(*market_data(5, stock("VTI")))[0] == ("58", "1", "5", "1")


def test_a_halted_instrument_says_so() -> None:
    assert _ticks(_client(), "HLT")[49] == "1"


def test_unknown_and_ambiguous_contracts_are_error_200() -> None:
    client = _client()
    assert error_of(client.ask(*market_data(5, stock("NOPE"))))[:2] == (5, 200)
    assert error_of(client.ask(*market_data(5, stock("XYZ", currency=""))))[:2] == (5, 200)


def test_a_closed_market_has_a_last_trade_and_no_bid_or_ask() -> None:
    client = _client(WEEKLY)
    client.now = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    ticks = _ticks(client, "VTI")
    close = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
    assert [ticks[tick] for tick in (1, 0, 2, 3, 4)] == ["-1", "0", "-1", "0", "312.40"]
    assert ticks[45] == str(int(close.timestamp()) - 5)


def test_a_closed_market_shows_frozen_quotes_to_who_asks() -> None:
    client = _client(WEEKLY)
    client.now = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    client.ask("59", "1", "2")
    answer = client.ask(*market_data(5, stock("VTI")))
    assert answer[0] == ("58", "1", "5", "2")
    assert answer[1][4] == "312.39"


def test_frozen_data_are_live_while_the_market_is_open() -> None:
    client = _client(WEEKLY)
    client.ask("59", "1", "2")
    assert client.ask(*market_data(5, stock("VTI")))[0] == ("58", "1", "5", "1")


def test_a_scenario_says_when_the_last_trade_was_and_shows_bid_and_ask_outside_hours() -> None:
    late = '[[instrument]]\ncon_id = 77\nsymbol = "EVE"\nbid = "9.99"\nask = "10.01"\nlast = "10"\n'
    client = _client(WEEKLY + late + 'last_at = "2026-11-24 17:45"\noutside_hours = true\n')
    client.now = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    ticks = _ticks(client, "EVE")
    assert [ticks[tick] for tick in (1, 2, 4)] == ["9.99", "10.01", "10"]
    assert ticks[45] == str(int(datetime(2026, 11, 24, 22, 45, tzinfo=UTC).timestamp()))


@pytest.mark.parametrize("text", ["17:45", "2026-13-01 10:00", "2026-11-24 17:45:01"])
def test_a_time_of_the_last_trade_that_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(SimError, match="expected a time such as"):
        world(f'[[instrument]]\ncon_id = 77\nsymbol = "EVE"\nlast_at = "{text}"\n')
