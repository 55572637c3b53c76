"""The adapter against the embedded gateway, through ib_insync over TCP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebalplan.core.errors import AccountError, BrokerError, TimedOutError, UnreachableError
from rebalplan.core.ports import BrokerConnection, MarketData
from rebalplan.core.vocabulary import Endpoint, Quote
from rebalplan.ibkr import IbkrBroker
from rebalplan.ibkr.broker import IbkrConnection
from rebalplan.sim import Gateway, load_scenario, start
from tests.cli import FrozenClock
from tests.pace import Pace
from tests.scenarios import fault, scenario_text

Change = tuple[str, str]


@contextmanager
def connected(
    tmp_path: Path, *changes: Change, extra: str = "", read_only: bool = False, timeout_sec: float = 2
) -> Iterator[tuple[BrokerConnection, Gateway]]:
    path = tmp_path / "scenario.toml"
    path.write_text(scenario_text(*changes, extra=extra), encoding="utf-8")
    clock = FrozenClock()
    with (
        start(load_scenario(path), clock=clock.now, read_only=read_only) as gateway,
        IbkrBroker(timeout_sec, clock).connect(Endpoint(gateway.host, gateway.port, 7)) as connection,
    ):
        yield connection, gateway


def silent(_step: str) -> None:
    pass


def market(connection: BrokerConnection, *symbols: str, allow_delayed: bool = False) -> MarketData:
    return connection.read_market(dict.fromkeys(symbols, 0), allow_delayed=allow_delayed, progress=silent)


def quote(tmp_path: Path, *changes: Change, extra: str = "", allow_delayed: bool = False) -> Quote:
    """Return the quote of VTI in the changed built-in scenario."""
    with connected(tmp_path, *changes, extra=extra) as (connection, _):
        return market(connection, "VTI", allow_delayed=allow_delayed).quotes[0]


VTI_LAST = 'last = "312.40"'
GATEWAY = 'name = "built-in"'
PREFIXED = f"{GATEWAY}\nledger_prefix = true"
VTI_BID = 'bid = "312.39"'


def test_an_account_is_read_in_three_requests(tmp_path: Path) -> None:
    with connected(tmp_path) as (connection, gateway):
        snapshot = connection.read_account("DU1000003")
        asked = [e.message_id for e in gateway.log if e.kind == "request"]
    assert asked == [71, 76, 74, 16]
    assert (snapshot.cash_usd, snapshot.base_currency) == (Decimal("7310.2"), "USD")
    assert [u.description for u in snapshot.unmanaged] == ["CAD cash", "AAPL 280121C00300000"]
    assert ("ARKK", Decimal(120)) in [(p.symbol, p.quantity) for p in snapshot.positions]
    assert snapshot.working_orders == ()


def test_nobody_else_s_positions_are_counted(tmp_path: Path) -> None:
    with connected(tmp_path) as (connection, _):
        snapshot = connection.read_account("DU1000002")
    assert [p.symbol for p in snapshot.positions] == ["BND", "GLD", "QQQ", "SCHD", "VEA", "VTI"]


def test_a_position_that_the_gateway_sends_of_another_account_is_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected(tmp_path) as (connection, _):
        assert isinstance(connection, IbkrConnection)
        before = connection.read_account("DU1000002").positions
        ib: Any = connection._client._ib
        ask = ib.client.reqPositionsMulti

        def answer_with_another(request: int, account: str, model: str) -> None:
            theirs = connection._client._library.Stock("SPY", "SMART", "USD", conId=700001616)
            ib.wrapper.positionMulti(request, "DU1000001", "", theirs, 9.0, 0.0)
            ask(request, account, model)

        monkeypatch.setattr(ib.client, "reqPositionsMulti", answer_with_another)
        assert connection.read_account("DU1000002").positions == before


def fault_in_rows(request: str, action: str, **where: str) -> str:
    return fault(request, action, account="DU1000002", **where)


def test_a_position_that_comes_twice_is_one_and_the_last_row_counts(tmp_path: Path) -> None:
    extra = fault_in_rows("positions_multi", "twice", field="quantity", value="999", row_symbol="VTI")
    with connected(tmp_path, extra=extra) as (connection, gateway):
        found = connection.read_account("DU1000002").positions
        rows = [e for e in gateway.log if e.kind == "sent" and e.message_id == 71 and "VTI" in e.fields]
    assert [p.quantity for p in found if p.symbol == "VTI"] == [Decimal(12)]
    assert len(rows) == 2


def test_a_position_row_of_another_request_is_not_counted(tmp_path: Path) -> None:
    extra = fault_in_rows("positions_multi", "stray", field="quantity", value="999")
    with connected(tmp_path) as (connection, _):
        plain = connection.read_account("DU1000002")
    with connected(tmp_path, extra=extra) as (connection, _):
        assert connection.read_account("DU1000002") == plain


@pytest.mark.parametrize(("action", "value"), [("twice", "77.00"), ("stray", "77.00")])
def test_an_account_value_that_is_older_or_of_another_request_is_not_counted(
    tmp_path: Path, action: str, value: str
) -> None:
    extra = fault_in_rows(
        "account_updates_multi", action, field="value", value=value, row_symbol="CashBalance:USD"
    )
    with connected(tmp_path, extra=extra) as (connection, _):
        assert connection.read_account("DU1000002").cash_usd == Decimal("912.4")


@pytest.mark.parametrize("account", ["DU1000001", "DU1000002", "DU1000003"])
def test_a_gateway_that_prefixes_the_rows_of_currencies_says_the_same(tmp_path: Path, account: str) -> None:
    with connected(tmp_path) as (connection, _):
        plain = connection.read_account(account)
    with connected(tmp_path, (GATEWAY, PREFIXED)) as (connection, gateway):
        assert connection.read_account(account) == plain
        tags = {e.fields[5] for e in gateway.log if e.kind == "sent" and e.message_id == 73}
    assert "$LEDGER-CashBalance" in tags
    assert "CashBalance" not in tags


def test_interest_in_another_currency_is_not_taken_for_us_dollars(tmp_path: Path) -> None:
    """The account's own row of AccruedCash is of all currencies; the prefixed one is of US dollars alone."""
    own = 'cash = { USD = "912.40" }\nreport = { "$LEDGER-AccruedCash:USD" = "2.00", "AccruedCash:USD" = "500.00" }'
    with connected(tmp_path) as (connection, _):
        plain = connection.read_account("DU1000002").broker_usd
    with connected(tmp_path, (GATEWAY, PREFIXED), ('cash = { USD = "912.40" }', own)) as (connection, _):
        assert connection.read_account("DU1000002").broker_usd == plain - 2


def test_an_account_of_somebody_else_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with connected(tmp_path) as (connection, gateway):
        with pytest.raises(AccountError, match="does not manage this account; its login sees DU1000001, "):
            connection.read_account("DU9")
        assert [e.message_id for e in gateway.log if e.kind == "request"] == [71]


def test_an_adviser_master_account_is_refused(tmp_path: Path) -> None:
    with (
        connected(tmp_path, ('id = "DU1000002"', 'id = "DF1000002"')) as (connection, _),
        pytest.raises(AccountError, match="adviser master account"),
    ):
        connection.read_account("DF1000002")


def test_a_quote_has_every_price_and_its_time(tmp_path: Path) -> None:
    found = quote(tmp_path)
    assert (found.bid, found.ask, found.last, found.close) == (
        Decimal("312.39"),
        Decimal("312.41"),
        Decimal("312.4"),
        Decimal("311.86"),
    )
    assert found.last_at is not None
    assert (found.received_at - found.last_at).total_seconds() == 1
    assert (found.delayed, found.closed, found.halted, found.problem) == (False, False, False, None)


@pytest.mark.parametrize("value", ["0", "-1", "NaN"])
def test_an_odd_price_on_the_wire_is_no_price(tmp_path: Path, value: str) -> None:
    assert quote(tmp_path, (VTI_LAST, f'last = "{value}"')).last is None


def test_a_symbol_nobody_knows_has_a_problem(tmp_path: Path) -> None:
    with connected(tmp_path) as (connection, _):
        found = market(connection, "NOPE", "VTI")
    assert found.quotes[0].con_id == 0
    assert "No security definition has been found for the request (error 200)" in str(found.quotes[0].problem)
    assert found.quotes[1].problem is None


def test_a_symbol_that_is_two_contracts_is_not_guessed_but_what_is_held_is_known(tmp_path: Path) -> None:
    twins = "".join(f'\n[[instrument]]\ncon_id = {n}\nsymbol = "TWIN"\nlast = "{n}"\n' for n in (5, 6))
    with connected(tmp_path, extra=twins) as (connection, _):
        (guessed,) = market(connection, "TWIN").quotes
        (held,) = connection.read_market({"TWIN": 6}, allow_delayed=False, progress=silent).quotes
    assert guessed.problem == (
        "TWIN is 2 securities in USD at the broker: write TWIN@5 (TWIN) or TWIN@6 (TWIN) in portfolios.csv"
    )
    assert (held.con_id, held.last, held.problem) == (6, Decimal(6), None)


def test_no_subscription_is_a_problem_with_a_way_out(tmp_path: Path) -> None:
    problem = quote(tmp_path, (VTI_LAST, VTI_LAST + '\ndata = "none"')).problem
    assert "subscribe to it, or set allow_delayed = true" in str(problem)
    assert "(error 354)" in str(problem)


def test_delayed_data_only_when_it_is_asked_for_and_then_marked(tmp_path: Path) -> None:
    delayed = (VTI_LAST, VTI_LAST + '\ndata = "delayed"')
    assert "(error 354)" in str(quote(tmp_path, delayed).problem)
    found = quote(tmp_path, delayed, allow_delayed=True)
    assert (found.delayed, found.last, found.problem) == (True, Decimal("312.4"), None)


def test_live_data_stays_live_when_delayed_is_allowed(tmp_path: Path) -> None:
    assert quote(tmp_path, allow_delayed=True).delayed is False


def test_a_halt_is_seen(tmp_path: Path) -> None:
    assert quote(tmp_path, (VTI_LAST, VTI_LAST + '\ndata = "halted"')).halted is True


def test_outside_the_session_the_quote_is_closed_and_the_next_session_known(tmp_path: Path) -> None:
    sessions = '["20261123:0930-20261123:1130", "20261124:0930-20261124:1600"]'
    with connected(tmp_path, ('hours = "always"', f'hours = "list"\nsessions = {sessions}')) as (
        connection,
        _,
    ):
        found = market(connection, "VTI")
    assert found.quotes[0].closed is True
    assert found.session is not None
    assert f"{found.session.closes_at:%Y-%m-%d %H:%M}" == "2026-11-24 21:00"


def test_one_silent_symbol_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    silence = fault("market_data", "silent", symbol="VEA")
    with connected(tmp_path, extra=silence, timeout_sec=0.3) as (connection, _):
        found = market(connection, "VEA", "VTI")
    assert "did not finish sending market data within 0.3 s" in str(found.quotes[0].problem)
    assert found.quotes[1].problem is None


@pytest.mark.parametrize("request_name", ["contract_details", "market_data"])
def test_a_hang_up_during_the_quotes_is_an_unreachable_gateway(tmp_path: Path, request_name: str) -> None:
    hang_up = fault(request_name, "hang_up", symbol="VEA")
    with (
        connected(tmp_path, extra=hang_up) as (connection, _),
        pytest.raises(UnreachableError, match="hung up"),
    ):
        market(connection, "VEA", "VTI", "BND")


@pytest.mark.parametrize("request_name", ["account_updates_multi", "positions_multi", "all_open_orders"])
@pytest.mark.parametrize("action", ["silent", "no_end"])
def test_a_missing_end_marker_is_a_failure(tmp_path: Path, request_name: str, action: str) -> None:
    with (
        connected(tmp_path, extra=fault(request_name, action), timeout_sec=0.2) as (connection, _),
        pytest.raises(TimedOutError),
    ):
        connection.read_account("DU1000001")


def test_a_garbled_answer_is_a_failure(tmp_path: Path) -> None:
    garbage = fault("positions_multi", "garbage")
    with connected(tmp_path, extra=garbage, timeout_sec=0.2) as (connection, _), pytest.raises(BrokerError):
        connection.read_account("DU1000001")


def test_a_read_only_gateway_is_enough_but_does_not_tell_about_orders(tmp_path: Path) -> None:
    with connected(tmp_path, read_only=True) as (connection, _):
        assert connection.read_account("DU1000001").working_orders is None


def test_a_client_id_in_use_fails_long_before_the_timeout(tmp_path: Path, pace: Pace) -> None:
    clock = FrozenClock()
    with connected(tmp_path, timeout_sec=30) as (_, gateway):
        with (
            pytest.raises(BrokerError, match="client id 7 is already in use"),
            _second_loop(clock, Endpoint(gateway.host, gateway.port, 7)),
        ):
            pass
        assert pace.waited_sec < 15


@contextmanager
def _second_loop(clock: FrozenClock, endpoint: Endpoint) -> Iterator[None]:
    """Connect once more from this thread; the connection that is open waits meanwhile."""
    with IbkrBroker(30, clock).connect(endpoint):
        yield


def test_the_socket_is_closed_when_the_connection_is_left(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(scenario_text(), encoding="utf-8")
    clock = FrozenClock()
    with start(load_scenario(path), clock=clock.now) as gateway:
        broker, endpoint = IbkrBroker(2, clock), Endpoint(gateway.host, gateway.port, 7)
        for _ in range(5):
            with broker.connect(endpoint) as connection:
                connection.check_account("DU1000001")
        assert gateway.max_connections == 1
        assert sum(e.kind == "open" for e in gateway.log) == 5


def test_symbols_are_checked_without_quoting_them(tmp_path: Path) -> None:
    with connected(tmp_path) as (connection, gateway):
        problems = connection.check_symbols(["VTI", "NOPE", "VEA"])
        assert 1 not in [e.message_id for e in gateway.log if e.kind == "request"]
    assert len(problems) == 1
    assert problems[0].startswith("NOPE: the broker knows no US stock or ETF of this symbol in USD")


def test_the_rate_of_messages_holds_over_all_connections_of_a_run(tmp_path: Path, pace: Pace) -> None:
    path, clock = tmp_path / "scenario.toml", FrozenClock()
    path.write_text(scenario_text(), encoding="utf-8")
    with start(load_scenario(path), clock=clock.now) as gateway:
        broker, endpoint = IbkrBroker(5, clock, messages_per_sec=4), Endpoint(gateway.host, gateway.port, 7)
        for _ in range(3):
            with broker.connect(endpoint) as connection:
                connection.read_account("DU1000001")
    assert pace.waited_sec > 2  # 12 messages, of which four are free


def test_many_symbols_stay_under_the_gateway_s_limit_of_messages(tmp_path: Path) -> None:
    names = [f"X{n:03}" for n in range(40)]
    more = "".join(
        f'\n[[instrument]]\ncon_id = {n + 1}\nsymbol = "{name}"\nlast = "{n + 1}"\n'
        for n, name in enumerate(names)
    )
    with connected(tmp_path, extra=more, timeout_sec=10) as (connection, gateway):
        found = market(connection, *names)
        errors = [
            e.fields for e in gateway.log if e.kind == "sent" and e.message_id == 4 and "100" in e.fields
        ]
        sent = sum(e.kind == "request" for e in gateway.log)
    assert [q.last for q in found.quotes] == [Decimal(n + 1) for n in range(40)]
    assert (errors, sent) == ([], 82)
