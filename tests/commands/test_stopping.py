"""A signal where nobody looks for one: right before a question, when nothing is interrupted by it yet."""

from __future__ import annotations

import os
import signal

import pytest

from rebalplan.commands import operator
from rebalplan.render.confirmation import confirmation
from tests.cli import Workspace


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process that is sent a signal like this")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_a_signal_right_before_the_question_no_answer_is_waited_for(
    sample: Workspace, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    sample.ok("plan")

    def interrupted(*arguments: object, **options: object) -> str:
        os.kill(os.getpid(), number)
        return confirmation(*arguments, **options)  # type: ignore[arg-type]  # passed on as they are

    def never_read() -> str:
        pytest.fail("an answer was waited for")

    monkeypatch.setattr(operator, "confirmation", interrupted)
    result = sample.run("apply", "latest", answers=[never_read])
    assert result.code == 130
    assert "Stopped by Ctrl-C or a signal: nothing was sent." in result.out
