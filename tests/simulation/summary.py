"""Many runs added up, on one core or several."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.simulation.policies import POLICIES
from tests.simulation.run import Verdict, simulate

CHUNK = 250


@dataclass
class Summary:
    """What a number of runs came to."""

    runs: int = 0
    crashes: int = 0
    processes: int = 0
    steps: int = 0
    disk_failures: int = 0
    sent: int = 0
    sent_twice: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    accounts: Counter[str] = field(default_factory=Counter)
    violated: dict[int, list[str]] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Return how many orders the journal does not account for."""
        return sum(1 for found in self.violated.values() for sentence in found if sentence.startswith("LOST"))

    def add(self, verdict: Verdict) -> None:
        """Count one run."""
        self.runs += 1
        for name in ("crashes", "processes", "steps", "disk_failures", "sent", "sent_twice"):
            setattr(self, name, getattr(self, name) + getattr(verdict, name))
        for name in ("faults", "lines", "accounts"):
            getattr(self, name).update(getattr(verdict, name))
        if verdict.violations:
            self.violated[verdict.seed] = verdict.violations

    def merge(self, other: Summary) -> None:
        """Count what another core did."""
        for name in ("runs", "crashes", "processes", "steps", "disk_failures", "sent", "sent_twice"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("faults", "lines", "accounts"):
            getattr(self, name).update(getattr(other, name))
        self.violated |= other.violated


def run_seeds(seeds: Iterable[int]) -> Summary:
    """Run these seeds one after the other."""
    summary = Summary()
    for seed in seeds:
        summary.add(simulate(seed))
    return summary


def _run_chunk(work: tuple[str, int, int]) -> Summary:
    policy, first, count = work
    seeds = range(first, first + count)
    if not policy:
        return run_seeds(seeds)
    with POLICIES[policy]():
        return run_seeds(seeds)


def run_many(first: int, runs: int, jobs: int, policy: str) -> tuple[Summary, float]:
    """Run so many seeds from ``first`` on; return the sum and the seconds it took."""
    started = time.perf_counter()
    chunks = [(policy, first + at, min(CHUNK, runs - at)) for at in range(0, runs, CHUNK)]
    summary = Summary()
    if jobs == 1:
        for chunk in chunks:
            summary.merge(_run_chunk(chunk))
    else:
        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            for part in pool.imap_unordered(_run_chunk, chunks):
                summary.merge(part)
    return summary, time.perf_counter() - started


def render(summary: Summary, seconds: float) -> str:
    """Return the summary as text."""
    return "\n".join(
        (
            f"{summary.runs:,} runs, {summary.processes:,} processes, {summary.crashes:,} crashes, "
            f"{summary.disk_failures:,} disk failures, {summary.steps:,} port operations",
            f"{summary.sent:,} orders sent, sent twice {summary.sent_twice}, lost {summary.lost}",
            f"lines     {_counts(summary.lines)}",
            f"accounts  {_counts(summary.accounts)}",
            f"faults    {_counts(summary.faults)}",
            f"{len(summary.violated)} runs with a violation, {seconds:.1f} s, {summary.runs / seconds:.0f} runs/s",
            *(f"seed {seed}: {found[0]}" for seed, found in sorted(summary.violated.items())[:10]),
        )
    )


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counter.most_common())
