from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.sim import SimError, describe, load_scenario
from rebalplan.sim.accounts import valuation
from rebalplan.sim.accounts.book import Book
from rebalplan.sim.faults import CONNECT
from rebalplan.sim.scenario.model import FaultAction
from rebalplan.sim.scenario.read import parse_scenario
from rebalplan.sim.wire.requests import REQUEST_NAMES

from .support import WORLD, Client, shared, world

ACCOUNT = '[[account]]\nid = "DU1"\n'
FUND = '[[instrument]]\ncon_id = 1\nsymbol = "A"\nlast = "1"\n'
SAMPLE_FUNDS = (
    "VTI",
    "VEA",
    "VWO",
    "BND",
    "BNDX",
    "TIP",
    "GLD",
    "VNQ",
    "QQQ",
    "SCHD",
    "AVUV",
    "AVDV",
    "IEF",
    "SGOV",
    "ARKK",
    "SPY",
)


def _problems(text: str) -> list[str]:
    """Return the problem lines without file name and indent."""
    with pytest.raises(SimError) as caught:
        parse_scenario(text, "x.toml")
    return [line.strip().removeprefix("x.toml: ") for line in str(caught.value).splitlines()[1:]]


def test_the_built_in_scenario_has_three_accounts_of_different_shapes() -> None:
    accounts = {account.id: account for account in describe(load_scenario(None), None).accounts}
    assert [(account.kind, account.base) for account in accounts.values()] == [
        ("margin", "USD"),
        ("cash", "USD"),
        ("margin", "USD"),
    ]
    assert [account.net_liquidation for account in accounts.values()] == [
        Decimal("487925.15"),
        Decimal("14243.80"),
        Decimal("153446.50"),
    ]
    assert all(not account.orders for account in accounts.values())


def test_the_built_in_scenario_quotes_every_fund_of_the_samples() -> None:
    quotes = {instrument.symbol: instrument.quote for instrument in load_scenario(None).instruments}
    assert quotes["VTI"].last == Decimal("312.40")
    for symbol in SAMPLE_FUNDS:
        quote = quotes[symbol]
        assert quote.data == "live"
        assert None not in (quote.bid, quote.ask, quote.last, quote.close)
        assert Decimal(str(quote.bid)) < Decimal(str(quote.ask))


def test_the_third_account_holds_things_beside_the_managed_part() -> None:
    account = describe(load_scenario(None), None).accounts[2]
    assert {cash.currency for cash in account.cash} == {"USD", "CAD"}
    assert {"ARKK", "AAPL"} <= {position.symbol for position in account.positions}


def test_a_scenario_says_everything_about_an_order() -> None:
    order = world().accounts[0].orders[1]
    assert (order.account, order.con_id, order.side, order.quantity) == ("DU1", 12, "SELL", Decimal(4))
    assert (order.order_type, order.limit_price, order.client_id, order.order_id) == (
        "LMT",
        Decimal("74.5"),
        9,
        6,
    )


def test_all_problems_are_told_at_once_with_their_key() -> None:
    problems = _problems(
        "[gateway]\nmax_version = 156\nread_olny = true\n"
        '[[instrument]]\ncon_id = "x"\nlast = 1.5\ndata = "dead"\n'
        '[[account]]\nid = "1"\ncash = { EUR = "1" }\nposition = [{ symbol = "B", quantity = "1" }]\n'
        '[[fault]]\nrequest = "positions"\naction = "silent"\naccount = "DU1"\n'
    )
    starts = (
        "gateway.max_version: expected an integer from 157 to 176, found 156",
        "gateway.read_olny: unknown key, did you mean 'read_only'?",
        "instrument[1].symbol: is required",
        "instrument[1].con_id: expected an integer",
        "instrument[1].last: expected a number in quotes",
        "instrument[1].data: expected one of live, delayed, none, halted, found 'dead'",
        "account[1].id: expected letters then digits",
        "account[1].cash.EUR: has no rate in [rates]",
        "account[1].position[1].symbol: no [[instrument]] matches 'B'",
        "fault[1].account: the request positions names no account",
    )
    assert len(problems) == len(starts)
    for problem, start in zip(problems, starts, strict=True):
        assert problem.startswith(start)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "account: at least one account is required"),
        (ACCOUNT + ACCOUNT, "account: id 'DU1' is used 2 times"),
        (FUND + FUND + ACCOUNT, "instrument: con_id '1' is used 2 times"),
        (
            ACCOUNT + "[[fault]]\nrequest = 'positions'\naction = 'silent'\naccount = 'DU1'\n",
            "fault[1].account: ",
        ),
        (
            ACCOUNT + "[[fault]]\nrequest = 'open_orders'\naction = 'silent'\nsymbol = 'A'\n",
            "fault[1].symbol: ",
        ),
        (
            ACCOUNT + "[[fault]]\nrequest = 'connect'\naction = 'error'\n",
            "fault[1].action: expected one of silent",
        ),
        (ACCOUNT + "[[fault]]\nrequest = 'positions'\naction = 'delay'\n", "fault[1].seconds: is required"),
        (
            ACCOUNT + "[[fault]]\nrequest = 'nothing'\naction = 'silent'\n",
            "fault[1].request: expected one of connect",
        ),
        (
            ACCOUNT + "[market]\ntime_zone = 'Mars/North'\n",
            "market.time_zone: 'Mars/North' is not a known time zone",
        ),
        (ACCOUNT + "[market]\ntime_zone = '../x'\n", "market.time_zone: "),
        (ACCOUNT + "[market]\nhours = 'list'\n", "market.sessions: is required"),
        (ACCOUNT + "[market]\nsessions = ['9 to 5']\n", "market.sessions: expected 20261123:0930-"),
        (ACCOUNT + "[market]\nsessions = ['20261340:CLOSED']\n", "market.sessions: expected 20261123:0930-"),
        (
            ACCOUNT + "[market.early_closes]\n2026-11-27 = '25:00'\n",
            "market.early_closes.2026-11-27: expected",
        ),
        (ACCOUNT + "[market]\nholidays = ['20261126']\n", "market.holidays: expected a date"),
        (ACCOUNT + "[market]\nholidays = ['soon']\n", "market.holidays: expected a date"),
        (
            ACCOUNT + "[market.early_closes]\n2026-11-27 = '1pm'\n",
            "market.early_closes.2026-11-27: expected a date",
        ),
        (
            ACCOUNT + "[rates]\nEUR = '0'\n",
            "rates.EUR: expected a currency of three capitals and a rate above 0",
        ),
        (ACCOUNT + "base = 'EUR'\n", "account[1].base: EUR has no rate in [rates]"),
        (
            ACCOUNT + "cash = { USD = '1e99' }\n",
            "account[1].cash.USD: expected a number of at most 18 digits",
        ),
        (ACCOUNT + "cash = { USD = 'NaN' }\n", "account[1].cash.USD: expected a finite number"),
        (ACCOUNT + "cash = 5\n", "account[1].cash: expected a table"),
        (ACCOUNT + "position = [1]\n", "account[1].position: expected an array of tables"),
        (ACCOUNT + 'account_type = "a\\u0000"\n', "account[1].account_type: control characters"),
        (ACCOUNT + "[gateway]\nread_only = 'no'\n", "gateway.read_only: expected true or false"),
        (ACCOUNT + "[gateway]\nsnapshot_sec = '-1'\n", "gateway.snapshot_sec: expected 0 or more"),
        (FUND + "currency = 'EUR'\n" + ACCOUNT, "rates: has no rate for EUR, the currency of A"),
        (
            FUND
            + ACCOUNT
            + "position = [{ con_id = 1, quantity = '1' }, { symbol = 'A', quantity = '1' }]\n",
            "account[1].position: con_id 1 is held twice",
        ),
        (
            FUND + ACCOUNT + "order = [{ symbol = 'A', side = 'BUY', quantity = '0' }]\n",
            "account[1].order[1].quantity: expected a quantity above 0",
        ),
    ],
)
def test_a_problem_names_its_key(text: str, problem: str) -> None:
    (found,) = _problems(text)
    assert found.startswith(problem)


def test_two_orders_cannot_share_an_id() -> None:
    order = "{ symbol = 'A', side = 'BUY', quantity = '1' }"
    assert _problems(FUND + ACCOUNT + f"order = [{order}, {order}]\n") == [
        "order: perm_id '900000002' is used 2 times",
        "order: order_id '1 of client 0' is used 2 times",
    ]


def test_a_symbol_of_two_instruments_must_be_named_by_con_id() -> None:
    with pytest.raises(SimError, match=r"2 \[\[instrument\]\] matches 'XYZ'; name one by con_id"):
        world('\n[[account]]\nid = "DU3"\nposition = [{ symbol = "XYZ", quantity = "1" }]\n')


def test_bad_toml_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[gateway]\nname = \n", encoding="utf-8")
    with pytest.raises(SimError, match=r"bad\.toml is not valid TOML: .*line 2"):
        load_scenario(path)


def test_a_missing_file_is_told_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SimError, match=r"none\.toml cannot be read.*\[sim\] scenario"):
        load_scenario(tmp_path / "none.toml")


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SimError, match="cannot be read"):
        load_scenario(path)


def test_comments_bom_and_line_ends_do_not_change_the_digest(tmp_path: Path) -> None:
    path = tmp_path / "same.toml"
    path.write_bytes(b"\xef\xbb\xbf# a comment\r\n" + WORLD.replace("\n", "\r\n").encode())
    assert load_scenario(path).sha256 == world().sha256


def test_another_price_changes_the_digest() -> None:
    assert parse_scenario(WORLD.replace("312.40", "312.41"), "x").sha256 != world().sha256


def test_the_built_in_file_explains_every_request_and_action_of_a_fault() -> None:
    text = resources.files("rebalplan.sim.scenario").joinpath("builtin.toml").read_text(encoding="utf-8")
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    for name in (CONNECT, *REQUEST_NAMES, *get_args(FaultAction)):
        assert re.search(rf"\b{name}\b", comments), name


def test_the_largest_numbers_are_valued_without_an_overflow() -> None:
    fund = '[[instrument]]\ncon_id = 1\nsymbol = "A"\nlast = "9e18"\ncurrency = "EUR"\n'
    fund += '[rates]\nEUR = "9e18"\nJPY = "9e-18"\n'
    account = ACCOUNT + 'base = "JPY"\nposition = [{ symbol = "A", quantity = "9e18" }]\n'
    scenario = parse_scenario(fund + account, "x.toml")
    assert describe(scenario, None).accounts[0].net_liquidation > 0
    assert valuation.ledger_rows(Book(scenario), "DU1")


def test_a_large_scenario_loads() -> None:
    funds = "".join(f'[[instrument]]\ncon_id = {at}\nsymbol = "S{at}"\nlast = "1"\n' for at in range(1, 301))
    accounts = "".join(
        f'[[account]]\nid = "DU{at}"\nposition = [{{ symbol = "S{1 + at % 300}", quantity = "1" }}]\n'
        for at in range(1000)
    )
    scenario = parse_scenario(funds + accounts, "large.toml")
    assert (len(scenario.instruments), len(scenario.accounts)) == (300, 1000)


TOKENS = st.sampled_from(
    ["", "0", "-1", '"x"', '""', "{}", "[]", "[[1]]", "1.5", "nan", "9" * 30, "2026-01-01", "true", '"NaN"']
)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.data())
def test_a_scenario_with_anything_for_a_value_loads_or_says_why(data: st.DataObject) -> None:
    lines = WORLD.splitlines()
    at = data.draw(st.sampled_from([at for at, line in enumerate(lines) if " = " in line and line[0] != " "]))
    lines[at] = f"{lines[at].split(' = ')[0]} = {data.draw(TOKENS)}"
    with suppress(SimError):
        Client(shared(parse_scenario("\n".join(lines), "x.toml"))).start()


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.text() | st.dictionaries(st.sampled_from(["gateway", "market", "account", "fault"]), TOKENS).map(str)
)
def test_no_text_makes_the_reader_raise_anything_else(text: str) -> None:
    with suppress(SimError):
        parse_scenario(text, "x.toml")


def test_deep_nesting_is_an_error_of_the_file() -> None:
    with pytest.raises(SimError, match="is not valid TOML"):
        parse_scenario("a = " + "[" * 100_000, "x.toml")
