from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.mutants.listed import run_listed
from tests.mutants.sampled import run_sample


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the listed mutants or a sample, print the result, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="run N mutants made by chance")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same sample")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="PATH", help="sample only files that begin so"
    )
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time")
    asked = parser.parse_args(arguments)
    if asked.sample is None:
        return run_listed(jobs=asked.jobs)
    return run_sample(asked.sample, seed=asked.seed, only=tuple(asked.only), jobs=asked.jobs)


if __name__ == "__main__":
    sys.exit(main())
