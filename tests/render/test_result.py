"""What became of a plan, as it is printed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from rebalplan.apply.journal.result import ApplyResult
from rebalplan.render.apply import render_result, render_result_json
from rebalplan.render.style import Style
from tests.apply.reports.support import AFTER_ALL, PLAN, Story, all_filled

RED, YELLOW = "\x1b[31m", "\x1b[33m"


def cells(story: Story, symbol: str, style: Style | None = None) -> list[str]:
    """Return the cells of a symbol's line in the table."""
    text = render_result(ApplyResult((story.result,)), [story.name], style or Style(color=False))
    line = next(line for line in text.splitlines() if f"  {symbol}  " in line)
    return re.split(r" {2,}", line.strip())


def as_json(story: Story, symbol: str) -> dict[str, Any]:
    document = json.loads(render_result_json(PLAN.id, ApplyResult((story.result,))))
    (account,) = document["accounts"]
    found: dict[str, Any] = next(line for line in account["lines"] if line["symbol"] == symbol)
    return found


def test_a_filled_line_shows_what_it_came_to_and_cost() -> None:
    story = all_filled().close("done", cash="1456.7", **AFTER_ALL)
    reference = story.reference("BND")
    assert cells(story, "BND") == [
        *("DU1", reference, "sell", "BND", "56", "56", "73.2768", "4,103.50", "2.15", "filled")
    ]
    assert as_json(story, "BND") == {
        "reference": reference,
        "action": "sell",
        "symbol": "BND",
        "planned": "56",
        "filled": "56",
        "value_usd": "4103.50",
        "commission_usd": "2.15",
        "status": "filled",
        "note": "",
    }


def test_a_commission_that_is_not_known_is_blank_in_the_table_and_null_in_json() -> None:
    story = Story().begin().send("QQQ", "9", "402.5").fill("QQQ", "9", "403").end("QQQ", "filled", "9")
    assert cells(story, "QQQ")[4:] == ["9", "9", "403.0000", "3,627.00", "filled"]
    assert as_json(story, "QQQ")["commission_usd"] is None


def test_a_fill_that_cost_nothing_is_no_unknown_commission() -> None:
    story = Story().begin().send("QQQ", "9", "402.5").fill("QQQ", "9", "403", "0").end("QQQ", "filled", "9")
    assert cells(story, "QQQ")[4:] == ["9", "9", "403.0000", "3,627.00", "0.00", "filled"]
    assert as_json(story, "QQQ")["commission_usd"] == "0"


def test_a_value_is_not_shown_while_executions_are_missing() -> None:
    story = Story().begin().send("QQQ", "9", "402.5").fill("QQQ", "4", "403", "1").end("QQQ", "filled", "9")
    assert cells(story, "QQQ")[4:] == ["9", "9", "403.0000", "filled"]
    found = as_json(story, "QQQ")
    assert (found["value_usd"], found["commission_usd"]) == (None, None)


def test_a_line_without_fills_has_no_figures() -> None:
    story = Story().begin()
    assert cells(story, "QQQ")[4:] == ["9", "0", "not_sent"]
    found = as_json(story, "QQQ")
    assert (found["value_usd"], found["commission_usd"]) == ("0", "0")


def sent() -> Story:
    return Story().begin().send("QQQ", "9", "402.5", 9003)


@pytest.mark.parametrize(
    ("story", "status", "colour"),
    [
        (sent().fill("QQQ", "10", "403").end("QQQ", "filled", "10"), "overfilled", RED),
        (sent().lose("QQQ", "nobody knows"), "unknown", RED),
        (sent().end("QQQ", "rejected", "0"), "rejected", YELLOW),
        (sent(), "working", YELLOW),
    ],
)
def test_a_status_that_is_not_filled_is_painted_and_a_problem_is_red(
    story: Story, status: str, colour: str
) -> None:
    assert f"{colour}{status}\x1b[0m" in cells(story, "QQQ", Style(color=True))


def test_a_filled_status_is_not_painted() -> None:
    story = sent().fill("QQQ", "9", "403").end("QQQ", "filled", "9")
    assert "filled" in cells(story, "QQQ", Style(color=True))


def test_the_note_says_why_a_line_was_cut_and_what_happened_to_its_order() -> None:
    story = Story().begin().cut("QQQ", "4", "cash_short").send("QQQ", "4", "402.5", 9003)
    story.change("QQQ", "5", "LMT").end("QQQ", "cancelled", "0", "Order Cancelled (202)")
    note = "cash_short; Order Cancelled (202); somebody changed it at the broker to 5 shares (LMT)"
    assert cells(story, "QQQ")[-1] == note
    assert as_json(story, "QQQ")["note"] == note
