from __future__ import annotations

import pytest

from .support import Client, error_of, ids, shared, stock, world


@pytest.fixture
def client() -> Client:
    return Client(shared()).start()


def _values(client: Client, *request: str) -> dict[tuple[str, str], str]:
    rows = [message for message in client.ask(*request) if message[0] == "73"]
    return {(row[5], row[7]): row[6] for row in rows}


def _details(*contract: str) -> tuple[str, ...]:
    return ("9", "8", "4", *contract, "0", "", "", "")


def test_account_values_of_a_margin_account(client: Client) -> None:
    values = _values(client, "76", "1", "5", "DU1", "", "0")
    expected = {
        ("AccountCode", ""): "DU1",
        ("AccountType", ""): "INDIVIDUAL",
        ("TradingType-S", ""): "STKMRGN",
        ("NetLiquidation", "USD"): "11896.00",
        ("TotalCashValue", "USD"): "1072.00",
        ("SettledCash", "USD"): "1072.00",
        ("GrossPositionValue", "USD"): "10824.00",
        ("CashBalance", "USD"): "1000.50",
        ("CashBalance", "CAD"): "100.00",
        ("CashBalance", "BASE"): "1072.00",
        ("TotalCashBalance", "BASE"): "1072.00",
        ("StockMarketValue", "USD"): "3124.00",
        ("OptionMarketValue", "USD"): "7700.00",
        ("NetLiquidationByCurrency", "USD"): "11824.50",
        ("NetLiquidationByCurrency", "CAD"): "100.00",
        ("NetLiquidationByCurrency", "BASE"): "11896.00",
        ("ExchangeRate", "USD"): "1.00",
        ("ExchangeRate", "CAD"): "0.7150000",
        ("ExchangeRate", "BASE"): "1.00",
        ("RealCurrency", "BASE"): "USD",
        ("Currency", "BASE"): "BASE",
        ("RealCurrency", "CAD"): "CAD",
    }
    assert {key: values.get(key) for key in expected} == expected


def test_a_cash_account_has_no_leverage(client: Client) -> None:
    values = _values(client, "76", "1", "5", "DU2", "", "0")
    assert values["TradingType-S", ""] == "STKCASH"
    assert values["BuyingPower", "USD"] == values["TotalCashValue", "USD"] == "500.00"


def test_a_base_currency_other_than_the_dollar() -> None:
    scenario = world('\n[[account]]\nid = "DU3"\nbase = "EUR"\ncash = { USD = "110", EUR = "10" }\n')
    values = _values(Client(shared(scenario)).start(), "76", "1", "5", "DU3", "", "0")
    assert values["NetLiquidation", "EUR"] == "110.00"
    assert ("NetLiquidation", "USD") not in values
    assert values["CashBalance", "USD"] == "110.00"
    assert values["ExchangeRate", "USD"] == "0.9090909"


def test_ledger_and_net_liquidation_leave_the_rest_out(client: Client) -> None:
    values = _values(client, "76", "1", "5", "DU1", "", "1")
    assert ("NetLiquidation", "USD") in values
    assert ("CashBalance", "BASE") in values
    assert not {"BuyingPower", "AccountType", "TotalCashValue"} & {tag for tag, _ in values}


def _rows_of(account: str, start: str = "") -> list[tuple[str, ...]]:
    """Return tag, value and currency of every account value of an account of its own."""
    base = 'id = "DU1"\ncash = { USD = "5" }\n'
    client = Client(shared(world(f"\n[[account]]\n{base}{account}\n", base=start))).start()
    return [row[5:] for row in client.ask("76", "1", "5", "DU1", "", "0")[:-1]]


def test_a_value_besides_comes_once_and_one_of_a_currency_replaces_that_alone() -> None:
    rows = _rows_of('report = { "PASharesValue:USD" = "6", "CashBalance:EUR" = "7", "FundValue:USD" = "8" }')
    assert rows.count(("PASharesValue", "6", "USD")) == 1
    assert [row for row in rows if row[0] == "CashBalance"] == [
        ("CashBalance", "5.00", "BASE"),
        ("CashBalance", "5.00", "USD"),
        ("CashBalance", "7", "EUR"),
    ]
    assert [row[1:] for row in rows if row[0] == "FundValue"] == [("0.00", "BASE"), ("8", "USD")]


def test_a_newer_gateway_prefixes_the_values_of_currencies_and_only_those() -> None:
    report = 'accrued_cash = "3"\nreport = { "AccruedCash:USD" = "9", "FundValue:USD" = "8" }'
    plain, prefixed = _rows_of(report), _rows_of(report, "[gateway]\nledger_prefix = true\n")
    assert len(plain) == len(prefixed)
    of_dollars = {row[0]: row[1] for row in prefixed if row[2] == "USD"}
    assert (of_dollars["$LEDGER-FundValue"], of_dollars["NetLiquidation"]) == ("8", "8.00")
    assert (of_dollars["AccruedCash"], of_dollars["$LEDGER-AccruedCash"]) == ("9", "3.00")
    assert [row[0] for row in prefixed].count("$LEDGER-CashBalance") == 2
    assert "CashBalance" not in {row[0] for row in prefixed}


def test_a_fund_is_in_both_values_of_funds_and_once_in_the_net_liquidation() -> None:
    fund = '[[instrument]]\ncon_id = 31\nsymbol = "FXAIX"\nsec_type = "FUND"\nlast = "50"\n'
    held = 'position = [{ symbol = "FXAIX", quantity = "2" }]'
    rows = {row[0]: row[1] for row in _rows_of(held, fund) if row[2] == "USD"}
    assert (rows["FundValue"], rows["MutualFundValue"], rows["MoneyMarketFundValue"]) == (
        "100.00",
        "100.00",
        "0.00",
    )
    assert rows["NetLiquidation"] == rows["NetLiquidationByCurrency"] == "105.00"


def test_a_reported_value_can_be_overridden_or_left_out() -> None:
    report = 'report = { NetLiquidation = "1.00", "CashBalance:USD" = "7", BuyingPower = "" }'
    scenario = world(f'\n[[account]]\nid = "DU3"\ncash = {{ USD = "5" }}\n{report}\n')
    values = _values(Client(shared(scenario)).start(), "76", "1", "5", "DU3", "", "0")
    assert values["NetLiquidation", "USD"] == "1.00"
    assert (values["CashBalance", "USD"], values["CashBalance", "BASE"]) == ("7", "5.00")
    assert ("BuyingPower", "USD") not in values


@pytest.mark.parametrize(
    ("request_fields", "request_id"),
    [
        (("6", "2", "1", "DU9"), 2147483647),
        (("6", "2", "1", ""), 2147483647),
        (("74", "1", "5", "DU9", ""), 5),
        (("76", "1", "6", "DU9", "", "0"), 6),
    ],
)
def test_an_unknown_account_is_refused(
    client: Client, request_fields: tuple[str, ...], request_id: int
) -> None:
    account = request_fields[3]
    text = f"Error validating request.-'bZ' : cause - Invalid account code '{account}'."
    assert error_of(client.ask(*request_fields)) == (request_id, 321, text)


def test_no_account_means_the_only_one() -> None:
    client = Client(shared(world(base='[[account]]\nid = "DU1"\n'))).start()
    assert client.ask("6", "2", "1", "")[-1] == ("54", "1", "DU1")


def test_account_updates_are_values_portfolio_time_and_end(client: Client) -> None:
    answer = client.ask("6", "2", "1", "DU1")
    assert ids(answer)[-4:] == [7, 7, 8, 54]
    assert answer[-2:] == [("8", "1", "10:00"), ("54", "1", "DU1")]
    assert client.ask("6", "2", "0", "DU1") == []


def test_a_summary_has_the_asked_tags_of_all_accounts(client: Client) -> None:
    rows = client.ask("62", "1", "5", "All", "NetLiquidation,$LEDGER:CAD")[:-1]
    assert {(row[3], row[6]) for row in rows} == {
        ("DU1", "USD"),
        ("DU2", "USD"),
        ("DU1", "CAD"),
        ("DU2", "CAD"),
    }


def test_the_plain_ledger_is_in_base_currency(client: Client) -> None:
    rows = client.ask("62", "1", "5", "All", "$LEDGER")[:-1]
    assert {row[6] for row in rows} == {"BASE"}


def test_a_summary_of_an_unknown_group_is_refused(client: Client) -> None:
    assert error_of(client.ask("62", "1", "5", "Family", "NetLiquidation"))[:2] == (5, 321)


def test_positions_of_all_accounts_and_of_one(client: Client) -> None:
    everything = client.ask("61", "1")
    assert [(row[2], row[3], row[14]) for row in everything[:-1]] == [
        ("DU1", "11", "10"),
        ("DU1", "41", "2"),
        ("DU2", "22", "-3"),
    ]
    assert everything[-1] == ("62", "1")
    assert [row[4] for row in client.ask("74", "1", "5", "DU2", "")[:-1]] == ["22"]


@pytest.mark.parametrize(("count", "last"), [(50, 62), (51, 4)])
def test_positions_of_all_are_refused_above_fifty_accounts(count: int, last: int) -> None:
    accounts = "".join(f'[[account]]\nid = "DU{number}"\n' for number in range(count))
    assert ids(Client(shared(world(base=accounts))).start().ask("61", "1"))[-1] == last


def test_positions_by_account_work_with_a_thousand_accounts() -> None:
    accounts = "".join(f'[[account]]\nid = "DU{number}"\ncash = {{ USD = "1" }}\n' for number in range(1000))
    client = Client(shared(world(base=accounts))).start()
    assert client.ask("74", "1", "5", "DU999", "") == [("72", "1", "5")]
    assert len(client.welcome[0][2].split(",")) == 1000


@pytest.mark.parametrize(
    ("contract", "con_ids"),
    [
        (stock("VTI"), ["11"]),
        (stock("VTI", exchange=""), ["11"]),
        (stock("VTI", exchange="ARCA"), ["11"]),
        (stock("XYZ", currency=""), ["21", "22"]),
        (stock("XYZ"), ["21"]),
        (("22", *stock("")[1:]), ["22"]),
        (("11", "WRONG", *stock("")[2:]), ["11"]),
        (("0", "AAPL", "OPT", "202801", "300.0", "CALL", "100", "SMART", "", "USD", "", ""), ["41"]),
        (("0", "", "OPT", "", "0", "", "", "", "", "", "AAPL  280121C00300000", ""), ["41"]),
    ],
)
def test_contracts_are_found_by_what_is_said(
    client: Client, contract: tuple[str, ...], con_ids: list[str]
) -> None:
    answer = client.ask(*_details(*contract))
    assert ids(answer) == [*[10] * len(con_ids), 52]
    assert [row[12] for row in answer[:-1]] == con_ids


@pytest.mark.parametrize(
    "contract",
    [
        stock("NOPE"),
        stock("VTI", currency="EUR"),
        stock("VTI", exchange="LSE"),
        ("999", *stock("VTI")[1:]),
        ("0", "VTI", "OPT", *stock("")[3:]),
        stock(""),
    ],
)
def test_an_unknown_contract_is_error_200_without_an_end(client: Client, contract: tuple[str, ...]) -> None:
    answer = client.ask(*_details(*contract))
    assert error_of(answer) == (4, 200, "No security definition has been found for the request")


def test_open_orders_are_those_of_the_client(client: Client) -> None:
    answer = client.ask("5", "1")
    assert ids(answer) == [5, 3, 53]
    assert (answer[0][1], answer[1][1]) == ("5", "5")


def test_all_open_orders_are_those_of_every_client(client: Client) -> None:
    assert ids(client.ask("16", "1")) == [5, 3, 5, 3, 53]


def test_a_client_without_orders_gets_the_end_alone() -> None:
    assert ids(Client(shared()).start(77).ask("5", "1")) == [53]


def test_only_client_zero_may_bind_orders(client: Client) -> None:
    assert error_of(client.ask("15", "1", "1"))[:2] == (-1, 327)
    assert Client(shared()).start(0).ask("15", "1", "1") == []


def test_nothing_is_executed_or_completed_yet(client: Client) -> None:
    assert client.ask("7", "3", "9", "0", "", "", "", "", "", "") == [("55", "1", "9")]
    assert client.ask("99", "0") == [("102",)]


@pytest.mark.parametrize(
    "fields", [("14", "1", "5"), ("64", "1"), ("75", "1", "9"), ("77", "1", "9"), ("2", "2", "9")]
)
def test_cancels_and_the_log_level_are_taken_in_silence(client: Client, fields: tuple[str, ...]) -> None:
    assert client.ask(*fields) == []


def test_accounts_and_next_id_can_be_asked_again(client: Client) -> None:
    assert client.ask("17", "1") == [("15", "1", "DU1,DU2")]
    assert client.ask("8", "1", "1") == [("9", "1", "7")]
