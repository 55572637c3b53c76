"""The report of a run."""

from __future__ import annotations

import csv

from syrupy.assertion import SnapshotAssertion

from rebalplan.apply.reports.summary import run_summary
from tests.apply.reports.support import (
    AFTER_ALL,
    AFTER_SELLS,
    BLOCKED,
    FAILED,
    NO_CHANGES,
    RUN_AT,
    Story,
    all_filled,
    sold,
)


def summary(*stories: Story) -> str:
    return run_summary([story.result for story in stories], RUN_AT).decode()


def row(story: Story) -> dict[str, str]:
    (cells,) = csv.DictReader(summary(story).splitlines())
    return cells


def one_rejected(name: str) -> Story:
    """Three lines sent: both sells filled, QQQ rejected; VTI was cut."""
    story = sold(name).send("QQQ", "9", "402.5").end("QQQ", "rejected", "0", "no permission (201)")
    story.cut("VTI", "0", "cash_short")
    return story.close("incomplete", "buy QQQ is rejected", cash="9364.75", **AFTER_SELLS)


def test_the_summary_has_a_row_for_each_account(csv_file: SnapshotAssertion) -> None:
    lagging = all_filled("DU3").close("done", cash="3017", **AFTER_ALL | {"VTI": "40"})
    assert csv_file == summary(
        all_filled("DU1").close("done", cash="1456.7", **AFTER_ALL),
        one_rejected("DU2"),
        lagging,
        Story("DU4").close("declined", "declined"),
        Story("DU5").close("refused", "=the plan has 100 BND, the account has 90: plan again"),
        Story("DU6"),
        Story(BLOCKED),
        Story(FAILED),
        Story(NO_CHANGES),
    )


def test_buys_and_sells_are_summed_apart_at_what_they_came_to() -> None:
    cells = row(all_filled())
    assert (cells["buy_usd"], cells["sell_usd"]) == ("7905.3", "6351.1")


def test_lines_are_counted_by_what_became_of_them() -> None:
    cells = row(one_rejected("DU1"))
    assert [cells[name] for name in ("planned_orders", "submitted", "filled", "rejected")] == list("4321")


def test_a_line_with_a_fallback_was_submitted_once() -> None:
    story = Story().begin().send("BND", "56", "73.4", 9001).end("BND", "cancelled", "0")
    story.send("BND", "56", "73.4", 9011, rest=True, algo="none").fill("BND", "56", "73.4", rest=True)
    assert (row(story)["submitted"], row(story)["sell_usd"]) == ("1", "4110.4")


def test_the_sum_of_a_side_is_blank_while_an_execution_of_it_is_missing() -> None:
    story = all_filled().end("GLD", "filled", "13")
    assert (row(story)["buy_usd"], row(story)["sell_usd"]) == ("7905.3", "")


def test_leverage_after_is_that_of_the_account_as_it_is_left() -> None:
    cells = row(all_filled())
    assert (cells["pre_leverage"], cells["post_leverage"]) == ("0.906304", "0.954746")


def test_doubts_follow_the_error() -> None:
    story = sold().close("incomplete", "it may be behind", cash="9364.75", **AFTER_SELLS | {"BND": "100"})
    doubt = "the broker showed 100 BND at the close, but 44 is reckoned from the fills"
    assert row(story)["error"] == f"it may be behind; {doubt}"
    assert row(sold().close("done", "", cash="9364.75", **AFTER_SELLS | {"BND": "100"}))["error"] == doubt
