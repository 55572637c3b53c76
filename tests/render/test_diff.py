"""The difference of two plans in words, on a terminal and in a pull request."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from rebalplan.plan.account import AccountInput
from rebalplan.plan.codec import encode
from rebalplan.plan.diff import diff_plans
from rebalplan.plan.document import Plan
from rebalplan.render.diff import render_diff
from rebalplan.render.diff_markdown import render_diff_markdown
from rebalplan.render.fitting import LONGEST
from tests.builders import account, plan

D = Decimal
HALF = {"BND": "50", "VTI": "50"}
SYMBOLS = [
    f"{a}{b}{c}" for a in "AB" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
]


def text_of(old: Plan, new: Plan) -> str:
    return render_diff(diff_plans("old", old, "new", new))


def markdown_of(old: Plan, new: Plan) -> str:
    before, after = (encode(made)[0] for made in (old, new))
    return render_diff_markdown(diff_plans(before.id, before.plan, after.id, after.plan))


def balanced(name: str, bnd: str = "600", **keys: Any) -> AccountInput:
    values: dict[str, Any] = {
        "cash": "0",
        "holdings": {"BND": bnd, "VTI": "500"},
        "weights": HALF,
        "max_order_usd": D(10**6),
    }
    return account(name, **values | keys)


def wide(name: str, cash: str, symbols: int) -> AccountInput:
    """An account that buys many symbols, each for what its cash allows."""
    names = [*SYMBOLS[: symbols - 1], "ZZZ"]
    weights = dict.fromkeys(names, "0.05") | {"ZZZ": str(D(100) - D("0.05") * (symbols - 1))}
    return account(name, cash=cash, weights=weights, max_order_usd=D(10**9), max_orders=9999)


def test_a_status_that_changed_alone_is_told_with_its_reason() -> None:
    text = text_of(plan(balanced("DU1")), plan(balanced("DU1", max_order_usd=D(100))))
    assert text.startswith("old -> new: 1 account changed.\n\nAccount DU1\n  total drift ")
    assert "\n  status: account planned -> blocked; sell BND for 5,000.00 USD is more than" in text


def test_a_reason_that_changed_alone_is_no_change() -> None:
    old, new = (plan(account(failure=f"no answer within {seconds} s")) for seconds in (30, 31))
    assert text_of(old, new) == "old -> new: no order changed (status moved)."
    assert markdown_of(old, new).endswith("\n\nNo order changed (status moved).\n")


def test_an_account_without_a_changed_order_has_no_block_of_them() -> None:
    text = markdown_of(plan(balanced("DU1")), plan(balanced("DU1", max_order_usd=D(100))))
    assert "```" not in text
    assert "**DU1**\n\n- total drift" in text


def test_all_changed_orders_of_a_wide_account_are_shown_where_there_is_room() -> None:
    text = markdown_of(plan(wide("DU1", "100000000", 400)), plan(wide("DU1", "110000000", 400)))
    assert text.count("\n! buy ") == 400
    assert "Left out" not in text


def test_an_account_that_is_too_long_is_cut_and_the_rest_counted() -> None:
    narrow = (balanced("DU2"), balanced("DU2", "700"))
    old, new = (
        plan(wide("DU1", cash, 1200), other)
        for cash, other in zip(("100000000", "110000000"), narrow, strict=True)
    )
    text = markdown_of(old, new)
    assert len(text) <= LONGEST
    assert text.split("```")[1].count("\n! buy ") == 300
    assert "```\n\n- and 900 more orders\n" in text
    assert "**DU2**" in text
    assert "65,536 characters: orders of 1 account. All of it: `rebal diff 2" in text


def more_bonds(number: int) -> tuple[AccountInput, AccountInput]:
    name = f"DU{number:05}"
    return balanced(name), balanced(name, "700")


def now_failed(number: int) -> tuple[AccountInput, AccountInput]:
    name = f"DU{number:05}"
    return balanced(name), account(name, failure=f"{number} *lost* " + "its_ connection " * 18)


def new_targets(number: int) -> tuple[AccountInput, AccountInput]:
    name = f"DU{number:05}"
    return wide(name, "1000000", 60), wide(name, str(1000000 + number * 10_000), 61)


@pytest.mark.slow
@pytest.mark.parametrize(("change", "accounts"), [(more_bonds, 2000), (now_failed, 1000), (new_targets, 150)])
def test_no_difference_is_longer_than_a_forge_accepts_and_says_what_it_left_out(
    change: Callable[[int], tuple[AccountInput, AccountInput]], accounts: int
) -> None:
    old, new = zip(*(change(number) for number in range(accounts)), strict=True)
    text = markdown_of(plan(*old), plan(*new))
    assert LONGEST * 0.9 < len(text) <= LONGEST
    assert text.count("```") == 2 * text.count("```diff")
    left_out = re.search(r"(\d+) accounts that changed as well", text)
    assert left_out is not None
    assert int(left_out[1]) == accounts - text.count("\n**DU")


def test_a_cause_of_unusual_length_that_all_share_does_not_make_it_longer() -> None:
    reason = "lost " * 199
    old = plan(*(balanced(f"DU{number}") for number in range(9)))
    new = plan(*(account(f"DU{number}", failure=reason) for number in range(9)))
    text = markdown_of(old, new)
    assert text.count("lost ") < 250
    assert "…" in text


def test_of_the_reasons_of_a_status_three_are_told() -> None:
    weights = dict.fromkeys(("AA", "BB", "CC", "DD", "EE"), "20")
    blocked = account(weights=weights, max_order_usd=D(100))
    text = text_of(plan(account(weights=weights)), plan(blocked))
    (status,) = (line for line in text.splitlines() if line.strip().startswith("status:"))
    assert status.count("max_order_usd") == 3
    assert " and 2 more" in status
