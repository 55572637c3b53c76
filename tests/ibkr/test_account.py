from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.errors import AccountError, UnreachableError
from rebalplan.ibkr.account import PositionRow, read_snapshot
from rebalplan.model import Position, UnmanagedItem

ROWS = {
    ("AccountType", ""): "INDIVIDUAL",
    ("NetLiquidation", "USD"): "51715.00",
    ("NetLiquidation", "BASE"): "51715.00",
    ("NetLiquidationByCurrency", "BASE"): "51715.00",
    ("NetLiquidationByCurrency", "USD"): "51000.00",
    ("NetLiquidationByCurrency", "CAD"): "1000.00",
    ("NetLiquidationByCurrency", "EUR"): "0.00",
    ("ExchangeRate", "USD"): "1.00",
    ("ExchangeRate", "CAD"): "0.7150",
    ("SettledCash", "USD"): "990.00",
    ("CashBalance", "BASE"): "1715.00",
    ("CashBalance", "USD"): "1000.00",
    ("CashBalance", "CAD"): "1000.00",
    ("CashBalance", "EUR"): "0.00",
    ("StockMarketValue", "USD"): "50000.00",
}
VTI = PositionRow("VTI", 1, "STK", "USD", "VTI", 160.0)
OPTION = PositionRow("AAPL", 2, "OPT", "USD", "AAPL  280121C00300000", 1.0)
LONDON = PositionRow("VUSA", 3, "STK", "GBP", "VUSA", 10.0)


def without(*keys: tuple[str, str]) -> dict[tuple[str, str], str]:
    return {key: value for key, value in ROWS.items() if key not in keys}


def test_the_base_rows_are_not_counted_again() -> None:
    snapshot = read_snapshot(ROWS, [VTI], ())
    assert (snapshot.cash_usd, snapshot.broker_usd) == (Decimal(1000), Decimal(51000))
    assert (snapshot.base_currency, snapshot.net_liquidation) == ("USD", Decimal(51715))


def test_only_us_dollar_stocks_are_managed_and_the_rest_is_listed() -> None:
    snapshot = read_snapshot(ROWS, [OPTION, LONDON, VTI], ())
    assert snapshot.positions == (Position("VTI", 1, Decimal(160)),)
    assert snapshot.unmanaged == (
        UnmanagedItem("CASH", "CAD cash", "CAD", Decimal(1000)),
        UnmanagedItem("OPT", "AAPL 280121C00300000", "USD", Decimal(1)),
        UnmanagedItem("STK", "VUSA", "GBP", Decimal(10)),
    )


def test_positions_of_size_zero_are_none() -> None:
    rows = ROWS | {("StockMarketValue", "USD"): "0.00"}
    assert read_snapshot(rows, [PositionRow("VTI", 1, "STK", "USD", "VTI", 0.0)], ()).positions == ()


def test_stocks_of_value_without_a_position_fail_the_account() -> None:
    with pytest.raises(AccountError, match="stocks worth 50000 USD but listed none"):
        read_snapshot(ROWS, [OPTION], ())


def test_zero_cash_is_zero_and_not_missing() -> None:
    assert read_snapshot(ROWS | {("CashBalance", "USD"): "0.00"}, [VTI], ()).cash_usd == Decimal(0)


def test_the_broker_s_value_does_not_come_from_its_cash_row() -> None:
    doubled = read_snapshot(ROWS | {("CashBalance", "USD"): "2000.00"}, [VTI], ())
    assert (doubled.cash_usd, doubled.broker_usd) == (Decimal(2000), Decimal(51000))


def test_the_broker_s_value_is_without_what_is_not_managed() -> None:
    rows = ROWS | {
        ("NetLiquidation", "USD"): "54815.00",
        ("OptionMarketValue", "USD"): "3000.00",
        ("AccruedCash", "USD"): "100.00",
    }
    assert read_snapshot(rows, [VTI, OPTION], ()).broker_usd == Decimal(51000)


def test_a_currency_without_its_rate_fails_the_account() -> None:
    with pytest.raises(AccountError, match=r"no ExchangeRate \(CAD\)"):
        read_snapshot(without(("ExchangeRate", "CAD")), [VTI], ())


def test_an_account_that_is_still_loading_is_worth_another_try() -> None:
    with pytest.raises(UnreachableError, match="AccountReady"):
        read_snapshot(ROWS | {("AccountReady", ""): "false"}, [VTI], ())


def test_a_us_dollar_account_without_its_cash_row_fails() -> None:
    with pytest.raises(AccountError, match=r"no CashBalance \(USD\)"):
        read_snapshot(without(("CashBalance", "USD")), [VTI], ())


EURO = without(("NetLiquidation", "USD"), ("NetLiquidation", "BASE")) | {("NetLiquidation", "EUR"): "47000"}


def test_a_euro_account_is_valued_by_its_us_dollar_rows() -> None:
    snapshot = read_snapshot(EURO, [VTI], ())
    assert (snapshot.base_currency, snapshot.net_liquidation) == ("EUR", Decimal(47000))
    assert (snapshot.cash_usd, snapshot.broker_usd) == (Decimal(1000), Decimal(51000))


def test_a_euro_account_s_missing_us_dollar_cash_is_not_taken_for_none() -> None:
    rows = {key: value for key, value in EURO.items() if key != ("CashBalance", "USD")}
    with pytest.raises(AccountError, match=r"no CashBalance \(USD\)"):
        read_snapshot(rows, [VTI], ())


def test_a_euro_account_without_any_us_dollars_has_none() -> None:
    rows = {key: value for key, value in EURO.items() if key[1] != "USD"}
    assert read_snapshot(rows, [], ()).cash_usd == Decimal(0)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (without(("NetLiquidation", "USD")), "NetLiquidation 0 times"),
        (ROWS | {("NetLiquidation", "EUR"): "1"}, "NetLiquidation 2 times"),
        (ROWS | {("CashBalance", "USD"): "n/a"}, r"CashBalance \(USD\) is 'n/a', not a number"),
        (ROWS | {("CashBalance", "CAD"): "NaN"}, r"CashBalance \(CAD\) is 'NaN', not a number"),
        (ROWS | {("StockMarketValue", "USD"): ""}, r"StockMarketValue \(USD\) is '', not a number"),
        (ROWS | {("SettledCash", "USD"): "x"}, r"SettledCash \(USD\) is 'x', not a number"),
        (ROWS | {("NetLiquidation", "USD"): "1e999"}, "NetLiquidation is '1e999', not a number"),
    ],
)
def test_an_unusable_row_fails_the_account_with_the_field_named(
    rows: dict[tuple[str, str], str], words: str
) -> None:
    with pytest.raises(AccountError, match=words):
        read_snapshot(rows, [VTI], ())


def test_a_position_without_a_contract_id_fails() -> None:
    with pytest.raises(AccountError, match="VTI without a contract id"):
        read_snapshot(ROWS, [PositionRow("VTI", 0, "STK", "USD", "VTI", 1.0)], ())


def test_settled_cash_may_be_unknown() -> None:
    assert read_snapshot(without(("SettledCash", "USD")), [VTI], ()).settled_cash is None


def test_text_from_the_broker_cannot_steer_a_terminal() -> None:
    snapshot = read_snapshot(ROWS, [VTI, PositionRow("X", 9, "OPT", "USD", "A\x1b[31mPL\n", 1.0)], ())
    assert [i.description for i in snapshot.unmanaged] == ["CAD cash", "A [31mPL"]
