from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from rebalplan.apply.reports.cells import Cell, cell, table_bytes, timestamp


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        ("", ""),
        ("buy", "buy"),
        (Decimal("12.50"), "12.5"),
        (Decimal("-0"), "0"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.0000015"), "-0.000002"),
        (Decimal("-0.0000025"), "-0.000002"),
        (Decimal("1234567.8912344"), "1234567.891234"),
    ],
)
def test_a_value_is_written_plainly(value: Cell, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    assert cell(f"{start}1+1") == f"'{start}1+1"
    assert cell(f"1{start}1") == f"1{start}1"


def test_a_negative_number_stays_a_number() -> None:
    assert cell(Decimal("-1.5")) == "-1.5"


def test_a_time_is_in_utc_to_the_second() -> None:
    assert timestamp(datetime(2026, 3, 2, 16, 7, 9, tzinfo=UTC)) == "2026-03-02T16:07:09Z"


def test_rows_stand_under_their_columns_and_a_missing_cell_is_empty() -> None:
    rows: list[dict[str, Cell]] = [{"two": "a, b", "one": 1}, {"two": True}]
    assert table_bytes(("one", "two"), rows) == b'one,two\n1,"a, b"\n,true\n'


def test_a_table_is_utf_8() -> None:
    assert table_bytes(("one",), [{"one": "Zürich"}]) == "one\nZürich\n".encode()


def test_a_column_that_the_table_does_not_have_is_a_defect() -> None:
    with pytest.raises(KeyError, match="three"):
        table_bytes(("one",), [{"one": 1, "three": 3, "four": 4}])
