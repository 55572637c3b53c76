"""A plan on a terminal."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from rebalplan.render.exceptions import Sentence
from rebalplan.render.plan import render_preview, render_review
from rebalplan.render.style import Style
from rebalplan.render.view import PlanView
from tests.builders import account, plan
from tests.render.views import shown, varied


def test_a_replay_says_that_it_is_for_reading() -> None:
    view = shown(plan(replay_of="20260301T160000Z-0123456789ab"))
    made, replays, *_rest = render_review(view).splitlines()[1:]
    assert made.startswith("made 2026-03-02 16:00:00 UTC by rebal 0.1.0, expires 2026-03-03 21:00 UTC")
    assert replays == "replays 20260301T160000Z-0123456789ab offline: for reading, cannot be applied"
    assert "replays" not in render_review(shown(plan()))


@pytest.mark.parametrize("render", [render_preview, render_review])
def test_details_stand_under_their_sentence_and_long_ones_are_wrapped(
    render: Callable[[PlanView], str],
) -> None:
    told = (Sentence("these 2 differ:", ("DU1 sells VTI", "DU2 " + "buys it " * 20)), Sentence("stop!"))
    lines = render(msgspec.structs.replace(varied(), exceptions=told)).split("\n")
    at = lines.index("Look at first")
    assert lines[at + 1 : at + 3] == ["  ! these 2 differ:", "    DU1 sells VTI"]
    assert lines[at + 3].startswith("    DU2 buys it ")
    assert lines[at + 4].startswith("      buys it ")
    assert lines[at + 5] == "  ! stop!"


def test_only_the_mark_of_a_sentence_is_coloured() -> None:
    view = msgspec.structs.replace(varied(), exceptions=(Sentence("stop!"),))
    assert "  \x1b[33m!\x1b[0m stop!\n" in render_review(view, Style(color=True))


@pytest.mark.parametrize("render", [render_preview, render_review])
def test_accounts_that_failed_of_the_same_share_a_paragraph(render: Callable[[PlanView], str]) -> None:
    gone = [account(f"DU{number}", failure="gone") for number in (1, 3)]
    text = render(shown(plan(gone[0], account("DU2", failure="late"), gone[1], account("DU4"))))
    assert (
        "\nDU1, DU3 (paper): failed, nothing planned\n  ! gone\n\nAccount DU2 (paper): failed" in f"\n{text}"
    )
    every = render(shown(plan(*gone)))
    assert "All 2 accounts (paper): failed, nothing planned\n  ! gone\n" in every
    assert "Account DU" not in every
