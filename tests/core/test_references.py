"""The references of orders: unique, short, and read back as they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalplan.core.references import (
    OrderReference,
    account_prefix,
    fallback_reference,
    is_ours,
    line_of,
    order_reference,
    parse_reference,
)


def test_an_order_reference_is_short_ascii_and_tells_where_the_order_stands() -> None:
    reference = order_reference("0123456789abcdef" * 4, 2, 7)
    assert reference == "rb-0123456789ab-a02-l07"


def test_order_references_are_unique_and_at_most_forty_ascii_characters() -> None:
    places = [(a, line) for a in (*range(1, 130), 1000, 9999) for line in (*range(1, 130), 10_000)]
    references = {order_reference("f" * 64, *place) for place in places}
    assert len(references) == len(places)
    assert max(map(len, references)) <= 40
    assert all(reference.isascii() and reference.isprintable() for reference in references)


@given(st.integers(1, 5000), st.integers(1, 5000), st.booleans())
def test_a_reference_is_read_back_as_it_was_written(account: int, line: int, is_fallback: bool) -> None:
    reference = OrderReference("0123456789ab", account, line, is_fallback)
    assert parse_reference(str(reference)) == reference
    assert is_ours(str(reference))


def test_a_fallback_leads_back_to_its_line() -> None:
    first = order_reference("f" * 64, 1, 1)
    assert line_of(fallback_reference(first)) == line_of(first) == first
    assert parse_reference(fallback_reference(first)) == OrderReference("f" * 12, 1, 1, is_fallback=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rb-",
        "rb-0123456789ab-a01",
        "rb-0123456789AB-a01-l01",
        "rb-0123456789ab-a1-l01",
        "rb-0123456789ab-a01-l01-g",
    ],
)
def test_another_text_is_no_reference(text: str) -> None:
    assert parse_reference(text) is None


def test_every_reference_of_an_account_begins_alike_and_none_of_another_does() -> None:
    prefix = account_prefix("f" * 64, 1)
    assert fallback_reference(order_reference("f" * 64, 1, 70)).startswith(prefix)
    assert not order_reference("f" * 64, 10, 1).startswith(prefix)
