"""What ``--redact`` leaves of a plan, in every format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings

from rebalplan.plan.codec import Envelope, encode
from rebalplan.plan.document import Plan
from rebalplan.render.html import render_html
from rebalplan.render.lines_csv import render_csv
from rebalplan.render.markdown import render_markdown
from rebalplan.render.plan import render_preview, render_review
from rebalplan.render.redacted_json import render_redacted_json
from rebalplan.render.redaction import NOTHING, redaction_of
from rebalplan.render.view import view_plan
from tests.builders import account, plan, plans, snapshot, unmanaged, working_order
from tests.render.pages import parse

D = Decimal

RICH = plan(
    account(
        "DU7654321",
        state=snapshot(
            "81234.56",
            {"BND": "437", "ODD": "1733", "VTI": "291"},
            unmanaged=(unmanaged(description="4711 shares of U1234567", quantity="98765"),),
            working_orders=(working_order("VTI", quantity=D(7777), order_ref="rb-x", perm_id=424242),),
        ),
        weights={"BND": "30", "QQQ": "30", "VTI": "40"},
        min_order_usd=D(1234),
    ),
    account("DU7654322", cash="1000000", max_order_usd=D(54321)),
    account("DU7654323", failure="DU7654323 has 31,415 shares of nothing and 12.5% of it"),
)


def renderings(envelope: Envelope) -> dict[str, str]:
    redaction = redaction_of(envelope.plan)
    view = view_plan(envelope, redaction)
    return {
        "preview": render_preview(view),
        "table": render_review(view),
        "markdown": render_markdown(view),
        "html": render_html(view),
        "csv": render_csv(view),
        "json": render_redacted_json(envelope, redaction),
    }


def amounts(made: Plan) -> Iterator[Decimal]:
    """Return every amount and quantity of a plan that is long enough to be found in a text."""
    for found in made.accounts:
        for order in found.orders:
            yield from (order.quantity, order.value_usd)
        for row in found.drift:
            yield from (row.quantity, row.drift_usd, row.quantity * row.price)
        if found.summary is not None:
            names = (n for n in found.summary.__struct_fields__ if n.endswith("_usd"))
            yield from (getattr(found.summary, name) for name in names)
        if found.snapshot is not None:
            yield from (found.snapshot.cash_usd, found.snapshot.net_liquidation)
            yield from (item.quantity for item in found.snapshot.unmanaged)


def spellings(amount: Decimal) -> set[str]:
    """Return how an amount could be written, whole and with cents."""
    size = abs(amount)
    return {f"{size:f}", f"{size:,.2f}", f"{size:.2f}", f"{size:,.0f}", f"{size:.0f}", f"{size:,f}"}


def is_in(number: str, text: str) -> bool:
    return re.search(rf"(?<![\d.,]){re.escape(number)}(?![\d]|[.,]\d)", text) is not None


@pytest.mark.parametrize("form", ["preview", "table", "markdown", "html", "csv", "json"])
def test_no_account_id_and_no_amount_is_left(form: str) -> None:
    envelope = encode(RICH)[0]
    text = renderings(envelope)[form]
    for found in RICH.accounts:
        assert found.account not in text
    secrets = {s for amount in amounts(RICH) if abs(amount) >= 1000 for s in spellings(amount)}
    assert [s for s in sorted(secrets) if is_in(s, text)] == []
    for number in ("98765", "7777", "424242", "4711", "1234", "54321", "54,321", "31,415"):
        assert not is_in(number, text), number
    assert "12.5%" in text or form == "html"


_LARGEST_SETTING = 3000
"""An amount up to this may be a number that is shown, such as the year or ``plan_ttl_min``."""


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True)
@given(plans())
def test_no_amount_of_any_plan_is_left(made: Plan) -> None:
    envelope = msgspec.structs.replace(encode(made)[0], id="plan", sha256="hash")
    secrets = {s for amount in amounts(made) if abs(amount) > _LARGEST_SETTING for s in spellings(amount)}
    for form, text in renderings(envelope).items():
        said = parse(text).one("body").said if form == "html" else text
        assert [s for s in sorted(secrets) if is_in(s, said)] == [], form


def test_accounts_are_numbered_in_the_plans_order() -> None:
    named = redaction_of(RICH)
    assert [named.account(a.account) for a in RICH.accounts] == ["A1", "A2", "A3"]
    many = plan(*(account(f"DU{number}") for number in range(100, 112)))
    assert redaction_of(many).account("DU100") == "A01"
    assert redaction_of(many).account("DU111") == "A12"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12,345.67 USD is more than max_order_usd = 500", "*** USD is more than max_order_usd = ***"),
        ("turnover is 120.5% of NLV, max_turnover_pct = 100", "turnover is 120.5% of NLV, max_turnover_pct = ***"),
        ("DU7654321 and DU76543210 and xDU7654321", "A1 and DU*** and xDU***"),
        ("AAPL 280121C00300000", "AAPL ***C***"),
        ("-3 shares, +1,000", "*** shares, ***"),
        ("none", "none"),
    ],
)  # fmt: skip
def test_every_number_but_percentages_is_masked_in_sentences(text: str, expected: str) -> None:
    assert redaction_of(RICH).text(text) == expected
    assert NOTHING.text(text) == text


def test_percentages_are_rounded_so_that_whole_shares_cannot_be_reckoned_back() -> None:
    envelope = encode(RICH)[0]
    view = view_plan(envelope, redaction_of(RICH))
    shown = [line.value_pct for line in view.accounts[0].orders]
    assert shown
    assert all(value is not None and value == value.quantize(D("0.01")) for value in shown)


def test_redacted_json_keeps_the_plans_fields() -> None:
    envelope = encode(RICH)[0]
    shown = json.loads(renderings(envelope)["json"])
    whole = json.loads(encode(RICH)[1])

    def fields(value: object) -> object:
        if isinstance(value, dict):
            return {name: fields(item) for name, item in value.items()}
        return [fields(item) for item in value] if isinstance(value, list) else None

    assert shown["redacted"] is True
    assert fields(shown["plan"]) == fields(whole["plan"])
    assert shown["plan"]["accounts"][0]["targets"] == whole["plan"]["accounts"][0]["targets"]
    assert shown["plan"]["accounts"][0]["drift"][0]["price"] == "100"
    assert shown["plan"]["accounts"][0]["snapshot"]["cash_usd"] is None


def test_settings_and_targets_are_shown_as_they_are_written() -> None:
    given = account(
        "DU7654321",
        weights={"BND": "33.333333", "VTI": "66.666667"},
        cash_buffer_pct=D("0.005"),
        cash_tolerance_pct=D("0.004"),
        max_price_move_pct=D("0.125"),
        max_leverage=D("1.2345"),
        min_order_usd=D(1234),
    )
    shown = json.loads(renderings(encode(plan(given))[0])["json"])["plan"]["accounts"][0]
    rules, limits = shown["policy"]["rebalance"], shown["policy"]["limits"]
    assert (rules["cash_buffer_pct"], rules["max_leverage"]) == ("0.005", "1.2345")
    assert (limits["cash_tolerance_pct"], limits["max_price_move_pct"]) == ("0.004", "0.125")
    assert (rules["min_order_usd"], limits["cash_tolerance_usd"]) == (None, None)
    assert [weight["target_pct"] for weight in shown["targets"]] == ["33.333333", "66.666667"]
    assert shown["drift"][0]["target_pct"] == "33.333333"
    assert shown["drift"][0]["current_pct"] == "0"
