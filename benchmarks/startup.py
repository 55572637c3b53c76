"""How long commands take to start, against the bare imports they cannot do without.

Run ``python benchmarks/startup.py`` in an environment with rebalplan installed. The two commands of a pair are run in
turn; the ratio is that of their medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 21
PAIRS = (
    (("-m", "rebalplan", "--help"), ("-c", "import typer, msgspec"), 1.5),
    (("-m", "rebalplan", "show", "latest"), ("-c", "import typer, msgspec, tabulate"), 1.5),
)


def seconds(arguments: tuple[str, ...], folder: Path) -> float:
    """Return how long one run takes."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - started


def measure(command: tuple[str, ...], bare: tuple[str, ...], folder: Path) -> tuple[float, float]:
    """Return the medians of a command and of its bare imports, run in turn after one warm-up."""
    pairs = [(seconds(command, folder), seconds(bare, folder)) for _ in range(RUNS + 1)][1:]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def main() -> None:
    """Plan the samples in an empty folder, then print a line per pair."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds(("-m", "rebalplan", "init"), folder)
        seconds(("-m", "rebalplan", "plan"), folder)
        for command, bare, wanted in PAIRS:
            ours, theirs = measure(command, bare, folder)
            print(
                f"rebal {' '.join(command[2:]):12} {ours * 1000:6.1f} ms   {bare[1]:34} {theirs * 1000:6.1f} ms   "
                f"ratio {ours / theirs:.2f} (wanted: at most {wanted})"
            )


if __name__ == "__main__":
    main()
