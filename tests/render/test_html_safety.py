"""What the page must not do: run or load what is not its own, show what is redacted."""

from __future__ import annotations

import base64
import hashlib
import re
from decimal import Decimal

import msgspec
import pytest

from rebalplan.render.exceptions import Sentence
from rebalplan.render.html import render_html
from rebalplan.render.view import AccountView, PlanView
from tests.builders import account, plan
from tests.render.pages import Element, parse
from tests.render.views import shown, varied
from tests.sweep import quick_first

HOSTILE = (
    "<script>alert(1)</script>",
    '"></svg><img src=x onerror=alert(1)>',
    "]]></title></style>",
    "javascript:alert(1)",
    "{{ 7 * 7 }} {% raw %}",
    "' onclick='x",
)


def page(view: PlanView) -> Element:
    return parse(render_html(view))


def hostile(text: str) -> PlanView:
    """Put the text wherever text from a broker or a file is shown."""
    view = varied()

    def spoiled(given: AccountView) -> AccountView:
        lines = tuple(
            line if line.symbol == "CASH" else msgspec.structs.replace(line, symbol=text, reason=text)
            for line in given.lines
        )
        return msgspec.structs.replace(
            given, account=text, headline=text, reasons=(text,), notes=(text,), trigger_mode=text, lines=lines
        )

    accounts = tuple(spoiled(a) for a in view.accounts)
    return msgspec.structs.replace(
        view,
        id=text,
        exceptions=(Sentence(text, (text,)),),
        totals=text,
        tool_version=text,
        accounts=accounts,
    )


@pytest.mark.parametrize("text", quick_first(HOSTILE, 2))
def test_text_from_outside_is_text_and_nothing_else(text: str) -> None:
    plain, spoiled = page(hostile("x")), page(hostile(text))
    assert [e.tag for e in spoiled.all()] == [e.tag for e in plain.all()]
    assert [sorted(e.attributes) for e in spoiled.all()] == [sorted(e.attributes) for e in plain.all()]
    assert spoiled.one("details").one("h3").text == text
    assert [a.attributes["href"] for a in spoiled.all("a")] == [a.attributes["href"] for a in plain.all("a")]


@pytest.mark.parametrize("text", quick_first(HOSTILE, 2))
def test_hostile_text_does_not_change_what_may_run(text: str) -> None:
    plain, spoiled = page(hostile("x")), page(hostile(text))
    for tag in ("script", "style"):
        assert [e.text for e in spoiled.all(tag)] == [e.text for e in plain.all(tag)]


def test_only_the_pages_own_style_and_script_may_run_and_nothing_loads() -> None:
    text = render_html(varied())
    policy = dict(
        part.strip().split(" ", 1)
        for part in (
            parse(text).one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"] or ""
        ).split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'{digest(text, 'style')}'",
        "script-src": f"'{digest(text, 'script')}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def digest(text: str, tag: str) -> str:
    """Return the hash of an element's content as the policy writes it."""
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def test_nothing_in_the_page_points_outside_or_needs_what_the_policy_forbids() -> None:
    read = page(varied())
    for element in read.all():
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
        address = element.attributes.get("href") or element.attributes.get("src") or ""
        assert address == "" or address.startswith("#") or address == "data:,"
    assert not re.search(r"url\(|@import|https?:", read.one("style").text + read.one("script").text)
    assert read.one("meta", name="referrer").attributes["content"] == "no-referrer"


def numbers(element: Element) -> set[str]:
    """Return every number in texts and attributes, but for the digits of a hash."""
    words = re.sub(r"\b[0-9a-f]{64}\b", "", element.said)
    return set(re.findall(r"\d+(?:\.\d+)?", words.replace(",", "")))


def amounts(view: PlanView) -> set[str]:
    """Return every amount and quantity that can be told from a percentage, in the forms in which they are shown."""
    totals = [a.totals for a in view.accounts if a.totals is not None]
    found = [line.quantity for a in view.accounts for line in a.lines]
    found += [
        amount for a in view.accounts for line in a.lines for amount in (line.value_usd, line.drift_usd)
    ]
    found += [amount for t in totals for amount in (t.net_liquidation_usd, t.buys_usd, t.sells_usd)]
    found += [
        amount
        for t in totals
        for pair in (t.cash_usd, t.exposure_usd)
        if pair is not None
        for amount in (pair.before, pair.after)
    ]
    large = [abs(amount) for amount in found if amount is not None and abs(amount) > 101]
    return {form for amount in large for form in (f"{amount:.2f}", f"{amount:.0f}")}


def test_a_redacted_page_has_no_account_amount_or_quantity_anywhere() -> None:
    view, whole, redacted = varied(), page(varied()), page(varied(redact=True)).one("body")
    assert len(amounts(view) & numbers(whole)) > 30
    assert not amounts(view) & numbers(redacted)
    assert not [a.account for a in view.accounts if a.account in render_html(varied(redact=True))]


def of_size(factor: int) -> str:
    """Return the redacted page of two accounts that are ``factor`` times as large, but for the plan's hash."""
    times = {symbol: str(int(shares) * factor) for symbol, shares in (("VTI", "80"), ("BND", "20"))}
    weights = {"VTI": "50", "BND": "30", "GLD": "20"}
    given = plan(
        account("DU1", cash=str(1000 * factor), holdings=times, weights=weights, cash_target="0"),
        account("DU2", cash="0", holdings=times, weights=weights, max_order_usd=Decimal(1)),
    )
    return render_html(msgspec.structs.replace(shown(given, redact=True), id="plan", sha256="hash"))


def test_a_redacted_page_is_the_same_for_an_account_of_ten_times_the_size() -> None:
    assert of_size(1) == of_size(10)


def test_a_redacted_page_still_has_percentages_prices_and_orders() -> None:
    read = page(varied(redact=True))
    assert "redacted" in read.one("p", class_="notice").text
    table = read.one("details", id="account-5").one("table", class_="sortable")
    assert [header.text for header in table.all("th", scope="col")] == [
        "Symbol",
        "Order",
        "Price",
        "% of NLV",
        "Current %",
        "Target %",
        "After %",
        "Drift %",
        "Reason",
    ]
    assert "USD" not in read.one("dl").text


def test_a_redacted_page_has_no_percentage_finer_than_three_decimals() -> None:
    """Exact percentages would give the amounts away."""
    body = page(varied(redact=True)).one("body")
    assert not [number for number in numbers(body) if re.search(r"\.\d{4,}", number)]
