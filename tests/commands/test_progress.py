"""The line of progress and the questions share one terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli import Workspace

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are POSIX")
REPOSITORY = Path(__file__).parent.parent.parent
REAL_SEC = 20.0


def read_until(terminal: int, is_enough: Callable[[bytes], bool], longest_sec: float) -> bytes:
    """Return what a terminal shows until that is enough, or the time is up."""
    os.set_blocking(terminal, False)
    deadline, said = time.monotonic() + longest_sec, b""
    while time.monotonic() < deadline and not is_enough(said):
        try:
            said += os.read(terminal, 65536)
        except BlockingIOError:
            time.sleep(0.02)
        except OSError:
            break
    return said


@pytest.mark.slow
def test_nothing_is_drawn_over_a_question(sample: Workspace) -> None:
    ours, theirs = os.openpty()
    rebal = [sys.executable, "-m", "rebalplan"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm"}
    subprocess.run([*rebal, "plan"], cwd=sample.folder, env=environment, check=True, capture_output=True)
    with subprocess.Popen(
        [*rebal, "apply", "latest"], cwd=sample.folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:  # fmt: skip
        try:
            asked = read_until(ours, lambda said: b"Only yes sends them [no]: " in said, REAL_SEC)
            after = read_until(ours, lambda _said: False, 1.0)
            os.write(ours, b"no\n" * 3)
            read_until(ours, lambda said: b"run_summary" in said, REAL_SEC)
        finally:
            process.wait(REAL_SEC)
            os.close(ours)
            os.close(theirs)
    assert b"Only yes sends them [no]: " in asked
    assert asked.endswith(b"[no]: ")
    assert after == b""
