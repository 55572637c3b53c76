from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.core.text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\r\n", "two lines"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("a\x00b\x07c\x7fd\x9be", "a b c d e"),
        ("right\u202eleft\u200bzero\ufeff", "right left zero"),
        ("half \ud800 pair", "half pair"),
        ("Zürich 株式 😀", "Zürich 株式 😀"),
        ("no\u00a0break", "no break"),
    ],
)
def test_control_and_invisible_characters_become_one_space(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(("length", "shown"), [(10, "x" * 10), (11, "x" * 9 + "…")])
def test_text_is_cut_to_the_limit(length: int, shown: str) -> None:
    assert printable("x" * length, 10) == shown


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=40), st.integers(1, 30))
def test_the_result_is_printable_within_the_limit_and_stays_as_it_is(text: str, limit: int) -> None:
    once = printable(text, limit)
    assert once.isprintable()
    assert len(once) <= limit
    assert printable(once, limit) == once
