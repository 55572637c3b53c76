from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import msgspec
import pytest

from rebalplan.plan.account import AccountInput
from rebalplan.plan.codec import encode
from rebalplan.plan.document import Plan
from rebalplan.render.exceptions import Sentence
from rebalplan.render.fitting import LONGEST
from rebalplan.render.markdown import escape, render_markdown
from rebalplan.render.redaction import NOTHING
from rebalplan.render.view import PlanView, view_plan
from tests.builders import account, plan, policy, snapshot, unmanaged, working_order

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


def failed(number: int, *, length: int = 300) -> AccountInput:
    """An account with a long reason, and characters that Markdown has to escape."""
    return account(f"DU{number:05}", failure="a_long *reason* " * (length // 16))


def unmanaged_in(number: int) -> AccountInput:
    items = tuple(unmanaged("OPT", f"*option* {name} " * 12, quantity="7") for name in range(9))
    return account(f"DU{number:05}", state=snapshot("9000", unmanaged=items))


def waiting(number: int) -> AccountInput:
    """An account with working orders on every symbol that it trades."""
    weights = dict.fromkeys(SYMBOLS[:10], "10")
    orders = tuple(working_order(symbol) for symbol in weights)
    return account(f"DU{number:05}", state=snapshot("900000", working_orders=orders), weights=weights)


def blocked(number: int) -> AccountInput:
    """An account whose every order is a reason."""
    return msgspec.structs.replace(
        wide(number), policy=policy(max_order_usd=D(1), max_orders=1, max_turnover_pct=D(1))
    )


def crowd(of: Callable[[int], AccountInput], accounts: int) -> PlanView:
    return view_of(plan(*(of(number) for number in range(accounts))))


LARGE: dict[str, Callable[[], PlanView]] = {
    "25 wide": partial(many, 25),
    "400 wide": partial(many, 400),
    "1500 wide": partial(many, 1500),
    "1000 failed": partial(crowd, failed, 1000),
    "100 with the longest reasons": partial(crowd, partial(failed, length=980), 100),
    "1000 blocked": partial(crowd, blocked, 1000),
    "1000 with what is not managed": partial(crowd, unmanaged_in, 1000),
    "1000 with working orders": partial(crowd, waiting, 1000),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_no_plan_is_longer_than_a_forge_accepts_and_says_what_it_left_out(name: str) -> None:
    view = LARGE[name]()
    text = render_markdown(view)
    assert LONGEST * 0.9 < len(text) <= LONGEST
    assert text.rstrip("\n").splitlines()[-1].startswith("> Left out to stay under 65,536 characters: ")
    assert f"`rebal show {view.id}`" in text
    assert text.count("<details>") == text.count("</details>")


def test_exceptions_of_unusual_length_are_counted_too() -> None:
    view = msgspec.structs.replace(
        many(2), exceptions=(Sentence("first " * 9999, ("detail",)), *(Sentence("*" * 900) for _ in range(99)))
    )  # fmt: skip
    text = render_markdown(view)
    assert len(text) <= LONGEST
    assert re.search(r"^- first (first )+f[^ ]*…$", text, re.MULTILINE)
    shown, counted = text.count("\n- " + r"\*" * 900), re.search(r"^- and (\d+) more$", text, re.MULTILINE)
    assert counted is not None
    assert shown > 9
    assert shown + int(counted[1]) == 99


def test_names_of_unusual_length_are_cut() -> None:
    name = "W" * 30_000
    view = msgspec.structs.replace(
        many(0), accounts=tuple(msgspec.structs.replace(a, account=name) for a in many(30).accounts)
    )
    text = render_markdown(view)
    assert len(text) <= LONGEST
    assert "WWW…" in text


@pytest.mark.slow
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
