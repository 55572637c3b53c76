"""``python -m tests.simulation``: run many seeds, or replay one with everything that happened."""

from __future__ import annotations

import argparse
import sys

from tests.simulation.policies import POLICIES
from tests.simulation.process import silent
from tests.simulation.rows import ROWS, draw_row
from tests.simulation.run import simulate, simulate_scenario
from tests.simulation.scenario import draw
from tests.simulation.summary import render, run_many


def main() -> int:
    """Return 1 when anything that must never happen happened."""
    arguments = _parser().parse_args()
    if arguments.rows:
        return _rows(arguments.seed, arguments.runs)
    if arguments.runs == 1:
        return _replay(arguments.seed, arguments.policy, verbose=arguments.verbose)
    summary, seconds = run_many(arguments.seed, arguments.runs, arguments.jobs, arguments.policy)
    print(render(summary, seconds))
    return 1 if summary.violated else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="how many seeds; 1 replays --seed")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes to share the runs")
    parser.add_argument("--rows", action="store_true", help="each hostile row alone, so many seeds of each")
    parser.add_argument("--policy", choices=["", *POLICIES], default="", help="plant a wrong policy")
    parser.add_argument("--verbose", action="store_true", help="with one run: print every step")
    return parser


def _rows(first: int, runs: int) -> int:
    """Print how many runs of each row end with a violation, alone and with a kill before."""
    bad = 0
    for name in ROWS:
        for killed in (False, True):
            verdicts = [
                simulate_scenario(draw_row(name, seed, killed=killed)) for seed in range(first, first + runs)
            ]
            failed = [verdict for verdict in verdicts if verdict.violations]
            bad += len(failed)
            example = f"  seed {failed[0].seed}: {failed[0].violations[0]}" if failed else ""
            print(f"{len(failed):5} of {runs}  {name}{', killed' if killed else ''}{example}", flush=True)
    return 1 if bad else 0


def _replay(seed: int, policy: str, *, verbose: bool) -> int:
    print(draw(seed))
    trace = print if verbose else silent
    if policy:
        with POLICIES[policy]():
            verdict = simulate(seed, trace)
    else:
        verdict = simulate(seed, trace)
    for violation in verdict.violations:
        print(f"VIOLATION {violation}")
    print(f"{verdict.sent} orders sent, {verdict.crashes} crashes, {len(verdict.violations)} violations")
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main())
