"""The report of one account, whole, for each thing that can become of it.

The figures of the plan and of the fills are those of ``support``; whatever differs is said beside its
story. Each was worked out by hand before it was pinned.
"""

from __future__ import annotations

import csv
from decimal import Decimal

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from rebalplan.apply.reports.account import account_report
from tests.apply.reports.support import (
    AFTER_ALL,
    AFTER_SELLS,
    BLOCKED,
    FAILED,
    HELD,
    NO_CHANGES,
    PLAN,
    RUN_AT,
    Story,
    all_filled,
    sold,
)

WRITTEN_HEX = "0123456789ab"
"""Stands for the plan's digits in what is pinned: they change with every field that a plan gets."""


def report(story: Story) -> str:
    """Return the report as text."""
    return account_report(story.result, RUN_AT).decode().replace(PLAN.sha256[:12], WRITTEN_HEX)


def row(story: Story, symbol: str) -> dict[str, str]:
    """Return the cells of a symbol."""
    return next(cells for cells in csv.DictReader(report(story).splitlines()) if cells["symbol"] == symbol)


def filled() -> Story:
    """Everything as planned."""
    return all_filled().close("done", cash="1456.7", **AFTER_ALL)


def partial_and_rejected() -> Story:
    """20 BND sold for 1,468 USD less 1.02; GLD not taken; 4 of 9 QQQ bought for 1,610 USD and 1.30; no VTI."""
    story = Story().begin()
    story.send("BND", "56", "73.4", 9001).fill("BND", "20", "73.4", "1.02")
    story.end("BND", "cancelled", "20", "Order Cancelled (202)")
    story.send("GLD", "12", "187.2").end("GLD", "rejected", "0", "=no permission (201)")
    story.cut("QQQ", "4", "cash_short").send("QQQ", "4", "402.75", 9003)
    story.fill("QQQ", "4", "402.5", "1.3").end("QQQ", "filled", "4")
    story.cut("VTI", "0", "cash_short")
    return story.close(
        "incomplete", "sell BND is partial", cash="2872.68", BND="80", GLD="12", QQQ="19", VTI="40", VXUS="60"
    )


def cut_by_a_refusal() -> Story:
    """The sells went through, no buy did: one price had moved, one line was never reached."""
    story = sold().cut("QQQ", "0", "QQQ moved 3.1% since the plan", is_refusal=True)
    return story.close("incomplete", "buy VTI was not sent", cash="9364.75", **AFTER_SELLS)


def fallback() -> Story:
    """BND: 20 at 73.40 with Adaptive, 36 at 73.10 as plain market orders: 1,468 + 2,631.60 USD, 2.25 of commission."""
    story = Story().begin().send("BND", "56", "73.4", 9001).fill("BND", "20", "73.4", "1.02")
    story.end("BND", "cancelled", "20")
    story.send("BND", "36", "73.2", 9011, rest=True, algo="none").fill("BND", "36", "73.1", "1.23", rest=True)
    story.end("BND", "filled", "36", rest=True)
    for symbol in ("GLD", "QQQ", "VTI"):
        story.cut(symbol, "0", "cash_short")
    return story.close("done", cash="7114.35", BND="44", GLD="12", QQQ="15", VTI="40", VXUS="60")


def overfilled() -> Story:
    """Somebody made 9 QQQ 15, all of which filled; of VTI 7 came after the end with 10, and all is 17."""
    story = sold().send("QQQ", "9", "402.5", 9003).change("QQQ", "15", "MKT")
    story.fill("QQQ", "15", "403", "1.35").end("QQQ", "filled", "15")
    story.send("VTI", "17", "251.55", 9004).fill("VTI", "10", "251.5", "0.7")
    story.end("VTI", "cancelled", "10").fill("VTI", "7", "251.9", "0.75")
    held = AFTER_ALL | {"QQQ": "30"}
    return story.close(
        "incomplete", "buy QQQ filled 15 shares; more than the 9 planned", cash="-961.35", **held
    )


def unknown() -> Story:
    """Nobody knows what became of BND; the account shows no trace of it."""
    story = Story().begin().send("BND", "56", "73.4").lose("BND", "no list of the broker has it")
    return story.close("incomplete", "sell BND is unknown; sell GLD was not sent", cash="3017", **HELD)


def resolved() -> Story:
    """A person said of the same order that 50 were sold at 73.25: 3,662.50 USD; the account was not read since."""
    return unknown().resolve("BND", "50", "73.25")


def dispatched_and_working() -> Story:
    """The run broke off: no word of BND, 5 of 12 GLD sold at 187.30 so far, their commission not known."""
    story = Story().begin().send("BND", "56", "73.4").send("GLD", "12", "187.2", 9002)
    return story.fill("GLD", "5", "187.3")


def lagging() -> Story:
    """Everything filled, but the broker showed cash and VTI as they were before."""
    return all_filled().close("incomplete", "it may be behind", cash="3017", **AFTER_ALL | {"VTI": "40"})


def executions_missing() -> Story:
    """Of 56 BND that the broker says were sold, 26 have no execution, and of 12 GLD none has; the rest is whole."""
    story = Story().begin().send("BND", "56", "73.4", 9001).fill("BND", "30", "73.3", "1.05")
    story.end("BND", "filled", "56").send("GLD", "12", "187.2", 9002).end("GLD", "filled", "12")
    for symbol in ("QQQ", "VTI"):
        story.cut(symbol, "0", "cash_short")
    return story.close("incomplete", "every execution was not shown", cash="9365.9", **AFTER_SELLS)


def uncharged() -> Story:
    """The broker has not said what QQQ cost, and its cash has 1.40 of it."""
    story = sold().send("QQQ", "9", "402.5", 9003).fill("QQQ", "9", "403").end("QQQ", "filled", "9")
    story.cut("VTI", "0", "cash_short")
    return story.close("done", cash="5736.35", **AFTER_SELLS | {"QQQ": "24"})


STORIES = {
    "filled": filled(),
    "partial-and-rejected": partial_and_rejected(),
    "cut-by-a-refusal": cut_by_a_refusal(),
    "fallback": fallback(),
    "overfilled": overfilled(),
    "unknown": unknown(),
    "resolved": resolved(),
    "dispatched-and-working": dispatched_and_working(),
    "lagging": lagging(),
    "executions-missing": executions_missing(),
    "uncharged": uncharged(),
    "not-applied": Story(),
    "declined": Story().close("declined", "declined"),
    "refused": Story().close("refused", "the plan has 100 BND, the account has 90: plan again"),
    "blocked": Story(BLOCKED),
    "failed": Story(FAILED),
    "no-changes": Story(NO_CHANGES),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_report_says_what_became_of_the_account(story: Story, csv_file: SnapshotAssertion) -> None:
    assert report(story) == csv_file


@pytest.mark.parametrize(
    ("story", "status", "error"),
    [
        (filled(), "done", ""),
        (unknown(), "incomplete", "sell BND is unknown; sell GLD was not sent"),
        (resolved(), "incomplete", "the run did not finish: `rebal apply PLAN --resume` finishes it"),
        (Story().begin(), "incomplete", "the run did not finish: `rebal apply PLAN --resume` finishes it"),
        (Story().close("declined", "declined"), "declined", "declined"),
        (Story(), "not_applied", ""),
        (Story(FAILED), "failed", "the gateway does not know the account"),
        (Story(NO_CHANGES), "no_changes", ""),
    ],
)
def test_an_account_says_how_it_ended_and_why(story: Story, status: str, error: str) -> None:
    assert (story.result.status, story.result.error) == (status, error)


def test_several_reasons_of_a_blocked_account_are_all_said() -> None:
    result = Story(BLOCKED).result
    told = msgspec.structs.replace(result, plan=msgspec.structs.replace(result.plan, reasons=("one", "two")))
    assert told.error == "one; two"


def test_a_fallback_is_summed_into_its_line() -> None:
    cells = row(fallback(), "BND")
    reference = f"rb-{WRITTEN_HEX}-a01-l01"
    assert cells["order_ref"] == f"{reference}+{reference}-f"
    assert (cells["algo"], cells["perm_id"]) == ("adaptive+none", "9001+9011")
    assert Decimal(cells["exec_qty_shares"]) == 20 + 36
    assert Decimal(cells["exec_value_usd"]) == 20 * Decimal("73.4") + 36 * Decimal("73.1")
    assert Decimal(cells["commission_usd"]) == Decimal("1.02") + Decimal("1.23")


def test_an_unsent_line_names_the_reference_and_the_algorithm_that_it_would_have() -> None:
    cells = row(Story(), "QQQ")
    assert (cells["order_ref"], cells["algo"]) == (f"rb-{WRITTEN_HEX}-a01-l03", "adaptive")
    assert (cells["status"], cells["perm_id"], cells["exec_price"]) == ("not_sent", "", "")


def test_only_an_unsent_line_says_why_its_account_ended() -> None:
    story = cut_by_a_refusal()
    errors = {symbol: row(story, symbol)["error"] for symbol in ("BND", "QQQ", "VTI", "VXUS")}
    assert errors == {"BND": "", "QQQ": "", "VTI": "buy VTI was not sent", "VXUS": ""}


def test_a_doubt_about_a_position_stands_in_its_row_and_every_doubt_in_that_of_cash() -> None:
    story = lagging()
    shown = "the broker showed 40 VTI at the close, but 57 is reckoned from the fills"
    assert row(story, "VTI")["notes"] == shown
    assert row(story, "CASH")["notes"] == (
        "the broker showed 3,017.00 USD of cash at the close, but 1,456.70 USD is reckoned from the fills; "
        + shown
    )


def test_a_doubt_about_a_symbol_that_is_not_traded_follows_the_reason_why_it_is_not() -> None:
    story = sold().close("incomplete", cash="9364.75", **AFTER_SELLS | {"VXUS": "50"})
    assert row(story, "VXUS")["notes"] == (
        "rounds_to_zero; the broker showed 50 VXUS at the close, but 60 is reckoned from the fills"
    )


def test_what_the_broker_has_not_told_is_blank() -> None:
    cells = row(uncharged(), "QQQ")
    assert (cells["exec_value_usd"], cells["commission_usd"]) == ("3627", "")
    cells = row(executions_missing(), "BND")
    assert (cells["exec_qty_shares"], cells["exec_value_usd"], cells["commission_usd"]) == ("56", "", "")
