"""``python -m tests.kill``: kill at every boundary in every scene, resume, and let the gateway judge.

``--all`` kills on each side of every boundary also where the test suite takes samples, and at a third of all pairs;
``--only`` plays cases by their names.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
import tempfile
import time
from pathlib import Path

from tests.kill.case import Case
from tests.kill.cases import all_cases, sampled_cases
from tests.kill.sweep import Sweep, summary

THIRD = 3


def main() -> int:
    """Play the cases and print what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every boundary, no samples")
    parser.add_argument(
        "--only", default="", metavar="NAME", help="one case, or those that a pattern with * fits"
    )
    parser.add_argument("--folder", type=Path, help="keep the workspaces of what is wrong there")
    options = parser.parse_args()
    begun = time.monotonic()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="kill-"))
    with Sweep(folder) as sweep:
        cases = _choose(sweep, options)
        print(f"{len(cases)} cases in {folder}", flush=True)
        verdicts = []
        for verdict in sweep.play(cases):
            verdicts.append(verdict)
            if verdict.problems:
                print(verdict.case.name, *verdict.problems, sep="\n  ", flush=True)
            if not len(verdicts) % 100:
                print(summary(verdicts), flush=True)
    print(f"{summary(verdicts)}, {time.monotonic() - begun:.0f} s")
    return 1 if any(verdict.problems for verdict in verdicts) else 0


def _choose(sweep: Sweep, options: argparse.Namespace) -> list[Case]:
    if options.only:
        return [case for case in all_cases(sweep) if fnmatch.fnmatchcase(case.name, options.only)]
    return list(all_cases(sweep, THIRD) if options.all else sampled_cases(sweep))


if __name__ == "__main__":
    sys.exit(main())
