"""A process that has imported everything and forks one launcher for each line it reads.

A fork starts in milliseconds where a new interpreter takes most of a second; it is a process of its own all
the same, and SIGKILL ends it the same way. ``python -m tests.kill.nursery`` reads a ``Job`` as JSON on each line and
answers with the exit code, below 0 for a signal.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

import rebalplan

REPOSITORY: Final = Path(__file__).parents[2]
LONGEST_SEC: Final = 120
"""A launcher that takes longer is ended with SIGALRM."""


class Job(msgspec.Struct, frozen=True):
    """One launcher: where it runs, with what arguments, and the file its output goes to."""

    folder: str
    arguments: tuple[str, ...]
    output: str


class Nursery:
    """A running nursery; a context manager. One job at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.nursery"],
            cwd=REPOSITORY,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, folder: Path, arguments: Sequence[str]) -> int:
        """Run one launcher in ``folder``, its output added to ``output.txt`` there; return its exit code."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(
            msgspec.json.encode(Job(str(folder), tuple(arguments), str(folder / "output.txt"))) + b"\n"
        )
        stdin.flush()
        return int(stdout.readline())

    def __enter__(self) -> Nursery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()


def environment() -> dict[str, str]:
    """Return the environment of a launcher: plain text, and these tests to import from."""
    return {**os.environ, "NO_COLOR": "1", "COLUMNS": "120", "PYTHONPATH": str(REPOSITORY)}


def serve() -> None:
    """Fork a launcher for each line of stdin until it ends."""
    from tests.kill.launcher import launch  # noqa: PLC0415  # the side that only asks needs no launcher

    _import_everything()
    answers = os.dup(1)
    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        child = os.fork()
        if not child:
            os._exit(_become(job, launch))
        _, status = os.waitpid(child, 0)
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _import_everything() -> None:
    """Import what commands import when they run, and keep it out of every child's garbage collection."""
    names = [module.name for module in pkgutil.walk_packages(rebalplan.__path__, "rebalplan.")]
    for name in (*names, "tabulate"):
        if not name.endswith("__main__"):
            importlib.import_module(name)
    gc.freeze()


def _become(job: Job, launch: object) -> int:
    """Run the job in this process, which is to end afterwards."""
    assert callable(launch)
    signal.alarm(LONGEST_SEC)
    os.chdir(job.folder)
    output = os.open(job.output, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o666)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        return int(launch(job.arguments))
    except BaseException:  # the parent's loop must not go on in here
        sys.excepthook(*sys.exc_info())
        return 99
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    serve()
