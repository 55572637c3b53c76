"""portfolios.csv as people keep it: what a spreadsheet adds, and what was meant instead."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from rebalplan.core.errors import InputError
from rebalplan.inputs.portfolios import Portfolios, read_portfolios
from rebalplan.inputs.settings import ModelWeight
from rebalplan.inputs.targets import target_weights
from rebalplan.render.input_files import MOST_SHOWN, render_input_error

HEADER = "ETF,SMURF,GLTR\n"
Read = Callable[..., Portfolios]
Problems = Callable[..., list[str]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    monkeypatch.chdir(tmp_path)

    def write_and_read(text: str, models: tuple[str, ...] = ("SMURF", "GLTR")) -> Portfolios:
        Path("portfolios.csv").write_text(text, encoding="utf-8", newline="")
        return read_portfolios(Path("portfolios.csv"), models=models)

    return write_and_read


@pytest.fixture
def problems(read: Read) -> Problems:
    def refused(text: str, models: tuple[str, ...] = ("SMURF", "GLTR")) -> list[str]:
        with pytest.raises(InputError) as caught:
            read(text, models)
        return str(caught.value).splitlines()

    return refused


@pytest.mark.parametrize(
    "cells", ["0.6,60\nBND,0.4,40", "0.6,60\nBND,0.3,40\nCASH,0.1,0", "0.5995,60\nBND,.4,40"]
)
def test_fractions_are_recognised(problems: Problems, cells: str) -> None:
    (line,) = problems(f"{HEADER}VTI,{cells}\n")
    assert line.startswith("portfolios.csv:1:2: column SMURF sums to ")
    assert line.endswith("(± 0.01). These look like fractions: write percentages, 60 for 0.6")


def test_another_wrong_sum_is_not_called_a_fraction(problems: Problems) -> None:
    (line,) = problems(f"{HEADER}VTI,1.002,100\n")
    assert line.endswith("must sum to 100 (± 0.01)")


@pytest.mark.parametrize("name", ["Total", "TOTALS", "Grand total", "Sum", "Total:", "Sub-total", "Summe"])
def test_a_row_of_totals_is_named_and_not_added(problems: Problems, name: str) -> None:
    assert problems(f"{HEADER}VTI,60,60\nBND,40,40\n{name},100,100\n") == [
        f"portfolios.csv:4:1: '{name}' is a row of totals; delete it, rebal adds up by itself"
    ]


def test_two_rows_of_totals_are_no_symbol_given_twice(problems: Problems) -> None:
    assert len(problems(f"{HEADER}VTI,100,100\nTotal,100,100\nTotal,100,100\n")) == 2


@pytest.mark.parametrize("cell", ["-", " - ", "\N{EN DASH}", "\N{EM DASH}", "-%", "n/a", "None"])
def test_a_dash_for_zero_says_leave_it_blank(problems: Problems, cell: str) -> None:
    (line,) = problems(f"{HEADER}VTI,100,{cell}\nBND,,100\n")
    assert f"'{cell.strip()}' for GLTR: leave the cell blank for 0; expected a percentage" in line


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#BEZUG!", "#¡VALOR!", "#NV"])
def test_a_formula_that_failed_is_no_comment_and_no_number(problems: Problems, error: str) -> None:
    assert problems(f"{HEADER}VTI,100,{error}\n{error},0,0\n") == [
        f"portfolios.csv:2:3: '{error}' for GLTR: a formula failed in the spreadsheet; "
        "expected a percentage such as 33.25 or 33%",
        f"portfolios.csv:3:1: '{error}' is no ticker; "
        "expected letters and digits with an optional class, such as VTI or BRK B",
    ]


def test_a_column_of_texts_is_one_problem(problems: Problems) -> None:
    assert problems("ETF,SMURF,Notes,GLTR\nVTI,60,core,60\nBND,40,safe one,40\n") == [
        "portfolios.csv:1:3: unknown column Notes: no model of settings.ini has this name, and it holds text such as "
        "'core'; delete the column"
    ]


def test_a_column_of_other_numbers_is_one_problem_and_says_how_a_model_is_kept_unused(
    problems: Problems,
) -> None:
    assert problems("ETF,SMURF,GLTR,Price\nVTI,60,60,312.40\nBND,40,40\n") == [
        "portfolios.csv:1:4: unknown column Price: no model of settings.ini has this name; delete the column, or "
        "write Price = 0 under [models] for a model that is not used now"
    ]


def test_a_column_of_texts_without_a_name_is_one_problem(problems: Problems) -> None:
    assert problems("ETF,SMURF,,GLTR\nVTI,100,core,100\n") == [
        "portfolios.csv:1:3: this column has no name; name its model or delete it"
    ]


def test_a_misspelled_model_still_has_its_cells_read(problems: Problems) -> None:
    lines = problems("ETF,SMRF,GLTR\nVTI,x,100\n")
    assert any("'x' for SMRF: this is no number" in line for line in lines)


def test_a_model_of_weight_zero_is_unused(read: Read) -> None:
    found = read("ETF,SMURF,Old\nVTI,100,\nQQQ,,100\n", ("SMURF", "Old"))
    mix = [ModelWeight("SMURF", Decimal(1)), ModelWeight("Old", Decimal(0))]
    assert [(w.symbol, w.target_pct) for w in target_weights(found, mix).weights] == [
        ("QQQ", Decimal(0)),
        ("VTI", Decimal(100)),
    ]


@pytest.mark.parametrize(
    ("symbol", "code"),
    [
        ("USD", "USD"),
        ("eur", "EUR"),
        ("CASH USD", "USD"),
        ("cash.usd", "USD"),
        ("CASH-EUR", "EUR"),
        ("USD CASH", "USD"),
        ("Cash GB", "GB"),
    ],
)
def test_a_currency_is_refused_with_both_readings(problems: Problems, symbol: str, code: str) -> None:
    assert problems(f"{HEADER}VTI,60,60\n{symbol},40,40\n") == [
        f"portfolios.csv:3:1: '{symbol}' may mean cash or a security; write CASH for the account's cash, or "
        f"{code}@EXCHANGE for the security {code}, such as {code}@ARCA"
    ]


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("USD@ARCA", "USD@ARCA"),
        ("usd @ arca", "USD@ARCA"),
        ("CASH@NASDAQ", "CASH@NASDAQ"),
        ("BRK.B@NYSE", "BRK B@NYSE"),
        ("AAA@NASDAQ.NMS", "AAA@NASDAQ.NMS"),
        ("AAA@756733", "AAA@756733"),
    ],
)
def test_a_security_is_named_with_its_exchange_or_contract_id(read: Read, written: str, symbol: str) -> None:
    assert read(f"{HEADER}{written},100,100\n").symbols == (symbol,)


@pytest.mark.parametrize(
    "symbol", ["AAA@", "@ARCA", "AAA@012", "AAA@A", "AAA@B@C", "AAA@12345678901", "AAA@NY SE"]
)
def test_what_no_exchange_or_contract_id_can_be_is_no_ticker(problems: Problems, symbol: str) -> None:
    (line,) = problems(f"{HEADER}{symbol},100,100\n")
    assert line.startswith(f"portfolios.csv:2:1: '{symbol}' is no ticker; expected")


@pytest.mark.parametrize(
    "symbol", ["CSPX.L", "vwce.de", "XIC TO", "7203.T", "IWDA.AS", "CSPX LN", "LON:CSPX"]
)
def test_a_ticker_of_another_exchange_says_what_is_handled(problems: Problems, symbol: str) -> None:
    (line,) = problems(f"{HEADER}VTI,100,100\n{symbol},,\n")
    assert line == (
        f"portfolios.csv:3:1: '{symbol}' looks like a ticker of another exchange; only securities that are listed in "
        "the US in USD can be traded, by their US ticker, such as VTI"
    )


@pytest.mark.parametrize(
    ("symbol", "ticker"),
    [
        ("BRK-B", "BRK B"),
        ("brk/b", "BRK B"),
        ("AAPL US", "AAPL"),
        ("VTI.US", "VTI"),
        ("NYSEARCA:VTI", "VTI"),
        ("NYSE:BRK.B", "BRK B"),
    ],
)
def test_a_us_ticker_of_another_program_says_what_to_write(
    problems: Problems, symbol: str, ticker: str
) -> None:
    (line,) = problems(f"{HEADER}QQQ,100,100\n{symbol},,\n")
    assert line == f"portfolios.csv:3:1: '{symbol}' is no ticker as the broker writes it; write {ticker}"


@pytest.mark.parametrize("minus", ["\N{MINUS SIGN}", "\N{EN DASH}"])
def test_a_typographic_minus_says_what_to_write(problems: Problems, minus: str) -> None:
    (line,) = problems(f"{HEADER}VTI,120,100\nCASH,{minus}20,\n")
    assert "write the minus as -, such as -20" in line


def test_sums_without_a_name_are_a_row_of_totals(problems: Problems) -> None:
    assert problems(f"{HEADER}VTI,60,60\nBND,40,40\n,100,100.00%\n") == [
        "portfolios.csv:4:1: this is a row of totals; delete it, rebal adds up by itself"
    ]


def test_an_isin_says_that_a_ticker_is_needed(problems: Problems) -> None:
    (line,) = problems(f"{HEADER}VTI,100,100\nUS9229087690,,\n")
    assert "looks like an ISIN, not a ticker" in line


@pytest.mark.parametrize("symbol", ["BRK.B", "BF B", "HEI.A", "MOG.A", "BAC PRA", "SUMX", "TOT"])
def test_us_classes_and_alike_names_are_tickers(read: Read, symbol: str) -> None:
    assert read(f"{HEADER}{symbol},100,100\n").symbols == (symbol.replace(".", " "),)


def test_names_compare_whether_an_accent_is_one_character_or_two(read: Read) -> None:
    one, two = "Re\N{LATIN SMALL LETTER E WITH ACUTE}t", "REe\N{COMBINING ACUTE ACCENT}T"
    found = read(f"ETF,{one},GLTR\nVTI,100,100\n", (two, "GLTR"))
    assert found.model(two) is found.models[0]
    (vti,) = target_weights(found, [ModelWeight(two, Decimal(1))]).weights
    assert vti.target_pct == 100


@pytest.mark.parametrize(("wrong", "more"), [(MOST_SHOWN, 0), (MOST_SHOWN + 1, 1), (500, 480)])
def test_many_problems_are_summarised_on_the_screen_and_kept_as_data(
    read: Read, wrong: int, more: int
) -> None:
    rows = "".join(f"A{n},x,\n" for n in range(wrong))
    with pytest.raises(InputError) as caught:
        read(f"{HEADER}VTI,0,100\n{rows}")
    head, *shown = render_input_error(caught.value).splitlines()
    assert head == "the input files cannot be used."
    assert {f.code for f in caught.value.findings} == {"RB002"}
    assert len(caught.value.findings) == wrong
    assert len(shown) == MOST_SHOWN + bool(more)
    if more:
        assert shown[-1] == f"  portfolios.csv: and {more} more; `rebal validate --json` lists them all"
