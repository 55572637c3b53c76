from __future__ import annotations

import pytest

from rebalplan.render.fitting import fit, shortened

TEXTS = (("", "a" * 10, "a" * 50, "a" * 90), ("", "b" * 10, "b" * 20), ("", "c" * 10, "c" * 60))


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (11, [0, 0, 0]),
        (12, [1, 0, 0]),
        (36, [1, 1, 1]),
        (46, [1, 2, 1]),
        (76, [2, 1, 1]),
        (86, [2, 2, 1]),
        (126, [3, 2, 1]),
        (136, [2, 2, 2]),
        (999, [3, 2, 2]),
    ],
)
def test_every_text_grows_by_one_form_before_any_grows_by_two(room: int, expected: list[int]) -> None:
    assert fit(TEXTS, range(3), room) == expected


@pytest.mark.parametrize("room", range(0, 200, 7))
def test_what_is_fitted_has_room(room: int) -> None:
    fitted = fit(TEXTS, range(3), room)
    shown = [forms[form] for forms, form in zip(TEXTS, fitted, strict=True) if form]
    assert sum(len(text) + len("\n\n") for text in shown) <= room


def test_what_comes_first_in_order_gets_the_room() -> None:
    assert fit(TEXTS, (2, 0, 1), 12) == [0, 0, 1]


def test_nothing_fits_nowhere() -> None:
    assert fit((), (), 100) == []


@pytest.mark.parametrize(("text", "expected"), [("", ""), ("12345", "12345"), ("123456", "1234…")])
def test_a_text_that_is_too_long_ends_in_an_ellipsis(text: str, expected: str) -> None:
    assert shortened(text, 5) == expected
