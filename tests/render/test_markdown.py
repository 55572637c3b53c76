from __future__ import annotations

import re
from decimal import Decimal

import pytest

from rebalplan.codec import encode
from rebalplan.document import Plan
from rebalplan.plan import AccountInput
from rebalplan.render.markdown import LONGEST, escape, render_markdown
from rebalplan.render.redaction import NOTHING
from rebalplan.render.view import PlanView, view_plan
from tests.builders import account, plan

D = Decimal
SYMBOLS = [f"E{letter}{other}" for letter in "ABCDEF" for other in "ABCDEFGHIJ"]


def view_of(made: Plan) -> PlanView:
    return view_plan(encode(made)[0], NOTHING)


def wide(number: int, *, symbols: int = 40) -> AccountInput:
    """An account with an order for each of many symbols."""
    names = SYMBOLS[:symbols]
    return account(
        f"DU{number:05}",
        cash="1000000",
        weights={s: str(D(100) / symbols) for s in names},
        max_order_usd=D(10**7),
    )


def many(accounts: int, *, symbols: int = 40) -> PlanView:
    made = plan(
        *(wide(number, symbols=symbols) for number in range(accounts)), account("DU99999", failure="gone")
    )
    return view_of(made)  # fmt: skip


def test_a_small_plan_is_whole() -> None:
    text = render_markdown(many(2))
    assert "Left out" not in text
    assert text.count("<details>") == text.count("</details>") == 2
    assert text.count("| + | E") == 80


@pytest.mark.parametrize("accounts", [25, 40, 400, 1500])
def test_no_plan_is_longer_than_a_forge_accepts_and_says_what_it_left_out(accounts: int) -> None:
    view = many(accounts)
    text = render_markdown(view)
    assert LONGEST * 0.9 < len(text) <= LONGEST
    assert text.rstrip("\n").splitlines()[-1].startswith("> Left out to stay under 65,536 characters: ")
    assert f"`rebal show {view.id}`" in text
    assert text.count("<details>") == text.count("</details>")


def test_every_account_that_is_not_shown_whole_is_counted() -> None:
    view = many(400)
    text = render_markdown(view)
    counted = re.findall(r"(orders and details|details|everything) of (\d+) accounts", text)
    whole = text.count("<details>")
    assert whole + sum(int(number) for _what, number in counted) == 400
    assert sum(f"**{a.account}**" in text for a in view.accounts) == 401 - _everything(counted)


def _everything(counted: list[tuple[str, str]]) -> int:
    return sum(int(number) for what, number in counted if what == "everything")


def test_exceptional_accounts_keep_their_orders_longest() -> None:
    outlier = account("DU55555", cash="1000000", weights={"ZZZ": "100"}, max_order_usd=D(10**7))
    made = plan(*(wide(number) for number in range(60)), outlier)
    text = render_markdown(view_of(made))
    assert "| + | ZZZ | buy |" in text
    assert "Left out" in text


def test_text_from_outside_is_shown_as_it_is() -> None:
    hostile = "<img src=x> | @everyone #1 **bold** `code` [link](http://x) & \\"
    shown = escape(hostile)
    assert "<" not in shown.replace("\\<", "")
    assert "@everyone" not in shown
    assert "#1" not in shown
    assert shown.replace("\u200b", "").replace("\\", "") == hostile.replace("\\", "")
    text = render_markdown(view_of(plan(account("DU1", failure=hostile), account("DU2", failure="a | b"))))
    assert "<img" not in text.replace("\\<img", "")
    assert "a \\| b" in text


def test_a_failed_account_says_why_and_has_no_table() -> None:
    text = render_markdown(view_of(plan(account("DU1", failure="no answer"))))
    assert "**DU1**: failed, nothing planned\n- **no answer**" in text
    assert "| Symbol |" not in text
