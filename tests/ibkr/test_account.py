from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.core.errors import AccountError, UnreachableError
from rebalplan.core.vocabulary import Position, UnmanagedItem
from rebalplan.ibkr.account import PositionRow, read_snapshot
from rebalplan.ibkr.account_values import LEDGER, OTHER_VALUES

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


DEBT = {("CashBalance", "CAD"): "-0.50", ("NetLiquidationByCurrency", "CAD"): "-0.50"}


def debt(rows: dict[tuple[str, str], str]) -> Decimal | None:
    (item,) = read_snapshot(rows, [VTI], ()).unmanaged
    return item.debt_usd


def test_a_debt_is_worth_what_the_broker_s_own_rate_says() -> None:
    assert debt(ROWS | DEBT) == Decimal("0.3575")
    assert debt({k: v for k, v in (ROWS | DEBT).items() if k != ("ExchangeRate", "USD")}) == Decimal("0.3575")
    assert debt(ROWS) is None


def test_a_debt_of_a_euro_account_goes_through_the_euro() -> None:
    rates = {("ExchangeRate", "CAD"): "0.60", ("ExchangeRate", "USD"): "0.80"}
    assert debt(EURO | DEBT | rates) == Decimal("0.375")
    own = {("CashBalance", "EUR"): "-2.00", ("CashBalance", "CAD"): "0.00", **rates}
    assert debt(EURO | own) == Decimal("2.5")


@pytest.mark.parametrize("rate", ["0", "-1"])
def test_a_debt_without_a_usable_rate_has_no_value(rate: str) -> None:
    assert debt(ROWS | DEBT | {("ExchangeRate", "CAD"): rate}) is None
    assert debt(EURO | DEBT | {("ExchangeRate", "USD"): rate}) is None


def test_a_foreign_debt_that_one_row_alone_shows_is_seen() -> None:
    rows = ROWS | {("CashBalance", "CAD"): "0.00", ("TotalCashBalance", "CAD"): "-100.00"}
    assert debt(rows) == Decimal("71.5")


def test_positions_of_size_zero_are_none() -> None:
    rows = ROWS | {("StockMarketValue", "USD"): "0.00"}
    assert read_snapshot(rows, [PositionRow("VTI", 1, "STK", "USD", "VTI", 0.0)], ()).positions == ()


def test_stocks_of_value_without_a_position_fail_the_account() -> None:
    with pytest.raises(AccountError, match="stocks worth 50000 USD but listed none"):
        read_snapshot(ROWS, [OPTION], ())


@pytest.mark.parametrize(
    ("rows", "cash"),
    [
        ({("CashBalance", "USD"): "1300.00", ("TotalCashBalance", "USD"): "1000.00"}, "1000"),
        ({("CashBalance", "USD"): "1000.00", ("TotalCashBalance", "USD"): "1300.00"}, "1000"),
        ({("CashBalance", "USD"): "-20.00", ("TotalCashBalance", "USD"): "0.00"}, "-20"),
        ({(f"{LEDGER}CashBalance", "USD"): "900.00"}, "900"),
        ({(f"{LEDGER}CashBalance", "USD"): "1100.00", ("TotalCashBalance", "USD"): "990.00"}, "990"),
    ],
)
def test_cash_is_the_least_of_what_the_rows_say(rows: dict[tuple[str, str], str], cash: str) -> None:
    assert read_snapshot(ROWS | rows, [VTI], ()).cash_usd == Decimal(cash)


def test_a_total_without_the_cash_row_is_not_taken_for_it() -> None:
    rows = without(("CashBalance", "USD")) | {("TotalCashBalance", "USD"): "1000.00"}
    with pytest.raises(AccountError, match=r"no CashBalance \(USD\)"):
        read_snapshot(rows, [VTI], ())


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


def test_foreign_cash_is_sorted_by_currency_and_none_of_it_is_left_out() -> None:
    rows = ROWS | {
        ("CashBalance", "EUR"): "-5.5",
        ("CashBalance", "AUD"): "7",
        ("NetLiquidationByCurrency", "EUR"): "0",
    }
    assert [
        (i.kind, i.description, i.currency, i.quantity) for i in read_snapshot(rows, [VTI], ()).unmanaged
    ] == [
        ("CASH", "AUD cash", "AUD", Decimal(7)),
        ("CASH", "CAD cash", "CAD", Decimal(1000)),
        ("CASH", "EUR cash", "EUR", Decimal("-5.5")),
    ]


def test_a_row_with_an_empty_currency_is_no_currency_of_its_own() -> None:
    empty = {
        ("CashBalance", ""): "900",
        ("NetLiquidation", ""): "900",
        ("NetLiquidationByCurrency", ""): "900",
        ("StockMarketValue", ""): "900",
    }
    assert read_snapshot(ROWS | empty, [VTI], ()) == read_snapshot(ROWS, [VTI], ())


def test_every_text_of_the_broker_is_printable() -> None:
    rows = without(("AccountType", "")) | {
        ("AccountType", ""): "INDI\x1b[1mVIDUAL\n",
        ("CashBalance", "C\x07D"): "3",
    }
    held = PositionRow("V\x1bTI", 1, "STK", "USD", "VTI", 160.0)
    other = PositionRow("X", 9, "B\x00ND", "E\x07R", "T\tBILL", 2.0)
    snapshot = read_snapshot(rows, [held, other], ())
    assert snapshot.account_type == "INDI [1mVIDUAL"
    assert snapshot.positions == (Position("V TI", 1, Decimal(160)),)
    assert snapshot.unmanaged == (
        UnmanagedItem("CASH", "C D cash", "C D", Decimal(3)),
        UnmanagedItem("CASH", "CAD cash", "CAD", Decimal(1000)),
        UnmanagedItem("B ND", "T BILL", "E R", Decimal(2)),
    )


def test_a_base_currency_with_a_control_character_is_read_and_printable() -> None:
    rows = without(("NetLiquidation", "USD"), ("NetLiquidation", "BASE")) | {
        ("NetLiquidation", "E\x07R"): "1"
    }
    snapshot = read_snapshot(rows, [VTI], ())
    assert (snapshot.base_currency, snapshot.net_liquidation) == ("E R", Decimal(1))


@pytest.mark.parametrize(
    ("rows", "row", "words"),
    [
        (ROWS, PositionRow("V\x1bTI", 0, "STK", "USD", "", 1.0), "reports V TI without a contract id"),
        (ROWS, PositionRow("V\x1bTI", 1, "STK", "USD", "", float("nan")), "position in V TI is nan"),
        (ROWS, PositionRow("X", 1, "OPT", "USD", "A\x1bB", float("nan")), "position in A B is nan"),
        (ROWS | {("CashBalance", "E\x07R"): "x"}, VTI, r"CashBalance \(E R\) is 'x'"),
        (
            ROWS | {("NetLiquidationByCurrency", "E\x07R"): "x"},
            VTI,
            r"NetLiquidationByCurrency \(E R\) is 'x'",
        ),
        (ROWS | {("NetLiquidationByCurrency", "E\x07R"): "1"}, VTI, r"no ExchangeRate \(E R\)"),
        (
            ROWS | {("NetLiquidationByCurrency", "E\x07R"): "1", ("ExchangeRate", "E\x07R"): "x"},
            VTI,
            r"ExchangeRate \(E R\) is 'x'",
        ),
    ],
)
def test_an_error_shows_the_broker_s_text_without_control_characters(
    rows: dict[tuple[str, str], str], row: PositionRow, words: str
) -> None:
    with pytest.raises(AccountError, match=words):
        read_snapshot(rows, [VTI, row], ())


def test_positions_come_by_symbol_then_contract_and_other_items_by_kind_description_and_currency() -> None:
    def stock(symbol: str, con_id: int, currency: str = "USD", kind: str = "STK") -> PositionRow:
        return PositionRow(symbol, con_id, kind, currency, symbol, 1.0)

    rows = [
        stock("VTI", 9),
        stock("BND", 8),
        stock("VTI", 3),
        stock("ZZZ", 4, "GBP"),
        stock("AAA", 5, "GBP"),
        stock("AAA", 6, "EUR"),
        stock("ZZZ", 7, kind="BOND"),
    ]
    snapshot = read_snapshot(without(("CashBalance", "CAD")), rows, ())
    assert [(p.symbol, p.con_id) for p in snapshot.positions] == [("BND", 8), ("VTI", 3), ("VTI", 9)]
    assert [(i.kind, i.description, i.currency) for i in snapshot.unmanaged] == [
        ("BOND", "ZZZ", "USD"),
        ("STK", "AAA", "EUR"),
        ("STK", "AAA", "GBP"),
        ("STK", "ZZZ", "GBP"),
    ]


def test_an_unmanaged_position_of_size_zero_is_none() -> None:
    gone = PositionRow("AAPL", 2, "OPT", "USD", "AAPL C300", 0.0)
    assert [i.kind for i in read_snapshot(ROWS, [VTI, gone], ()).unmanaged] == ["CASH"]


def test_a_short_position_is_read_with_its_sign() -> None:
    short = PositionRow("BND", 5, "STK", "USD", "BND", -3.0)
    assert read_snapshot(ROWS, [short, VTI], ()).positions[0] == Position("BND", 5, Decimal(-3))


@pytest.mark.parametrize("ready", ["true", "TRUE", ""])
def test_an_account_that_is_ready_is_read(ready: str) -> None:
    assert read_snapshot(ROWS | {("AccountReady", ""): ready}, [VTI], ()).cash_usd == Decimal(1000)


def test_an_account_that_says_false_in_capitals_is_still_loading() -> None:
    with pytest.raises(UnreachableError, match="AccountReady"):
        read_snapshot(ROWS | {("AccountReady", ""): "FALSE"}, [VTI], ())


def test_an_account_without_a_type_has_an_empty_one() -> None:
    assert read_snapshot(without(("AccountType", "")), [VTI], ()).account_type == ""


def test_settled_cash_is_its_us_dollar_row() -> None:
    assert read_snapshot(ROWS, [VTI], ()).settled_cash == Decimal(990)
    assert read_snapshot(ROWS | {("SettledCash", "USD"): "0.00"}, [VTI], ()).settled_cash == Decimal(0)
    assert read_snapshot(ROWS | {("SettledCash", "USD"): ""}, [VTI], ()).settled_cash is None


@pytest.mark.parametrize(
    "tag",
    [
        "AccruedCash",
        "AccruedDividend",
        "CorporateBondValue",
        "Cryptocurrency",
        "FundValue",
        "FutureOptionValue",
        "FuturesPNL",
        "IssuerOptionValue",
        "MoneyMarketFundValue",
        "MutualFundValue",
        "OptionMarketValue",
        "TBillValue",
        "TBondValue",
        "WarrantValue",
    ],
)
@pytest.mark.parametrize("base", ["USD", "EUR"])
def test_a_us_dollar_value_that_is_not_managed_is_not_in_the_broker_s_value(tag: str, base: str) -> None:
    rows = (ROWS if base == "USD" else EURO) | {(tag, "USD"): "100.50"}
    assert read_snapshot(rows, [VTI], ()).broker_usd == Decimal("50899.5")


@pytest.mark.parametrize("base", ["USD", "EUR"])
def test_what_another_value_contains_already_is_taken_off_once(base: str) -> None:
    rows = (ROWS if base == "USD" else EURO) | {
        ("FundValue", "USD"): "7000",
        ("MutualFundValue", "USD"): "2000",
        ("MoneyMarketFundValue", "USD"): "5000",
        ("AccruedDividend", "USD"): "30",
        ("NetDividend", "USD"): "30",
    }
    assert read_snapshot(rows, [VTI], ()).broker_usd == Decimal(51000) - 7000 - 30


def test_every_containing_value_is_in_the_table_itself() -> None:
    tags = [value.tag for value in OTHER_VALUES]
    assert len(tags) == len(set(tags))
    assert {value.contained_in for value in OTHER_VALUES} <= {"", *tags}


PREFIXED = {
    (tag if currency == "" or tag in {"NetLiquidation", "SettledCash"} else LEDGER + tag, currency): value
    for (tag, currency), value in ROWS.items()
}


def test_the_prefixed_form_of_the_rows_says_the_same() -> None:
    assert read_snapshot(PREFIXED, [VTI, OPTION], ()) == read_snapshot(ROWS, [VTI, OPTION], ())


@pytest.mark.parametrize("is_account_row_last", [True, False])
def test_interest_of_the_account_and_of_its_us_dollars_are_told_apart(is_account_row_last: bool) -> None:
    accrued = [(("AccruedCash", "USD"), "900"), ((f"{LEDGER}AccruedCash", "USD"), "100")]
    rows = PREFIXED | dict(accrued[::-1] if is_account_row_last else accrued)
    assert read_snapshot(rows, [VTI], ()).broker_usd == Decimal(50900)
    alone = PREFIXED | {("AccruedCash", "USD"): "900"}
    assert read_snapshot(alone, [VTI], ()).broker_usd == Decimal(51000)


def test_every_foreign_currency_is_taken_off_at_its_rate() -> None:
    rows = ROWS | {("NetLiquidationByCurrency", "EUR"): "200", ("ExchangeRate", "EUR"): "1.25"}
    assert read_snapshot(rows, [VTI], ()).broker_usd == Decimal(51715) - Decimal(715) - Decimal(250)


def test_working_orders_are_handed_on() -> None:
    assert read_snapshot(ROWS, [VTI], None).working_orders is None
