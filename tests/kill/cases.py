"""Which cases are played: every boundary once, and samples of what multiplies them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final, get_args

from tests.kill.case import Case
from tests.kill.launcher import Kill, What
from tests.kill.sweep import STAGED, Staged, Sweep, every_kill

RESUMED: Final = tuple(Kill("journal", at, "after") for at in (1, 2, 3, 5)) + tuple(
    Kill("socket", at, "before") for at in (2, 9, 18, 22)
)
"""Where a resume dies: in its recovery, before and after what it sends."""

SLOW, RESTARTED, TWICE = 23, 79, 211
"""The test suite takes every so many-th of the cases that multiply the boundaries."""


def each_boundary(sweep: Sweep, what: What) -> list[Case]:
    """Return a kill before every boundary, and on the other sides of those where an order leaves.

    Just after a boundary the world outside is as it is just before the next one, so no state is left out.
    """
    staged = sweep.staged["brisk"]
    kills = [kill for kill in every_kill(staged, what) if kill.side == "before" or _sends(staged, kill)]
    return [Case("brisk", (kill,)) for kill in kills]


def each_side(sweep: Sweep, what: What) -> list[Case]:
    """Return a kill on each side of every boundary."""
    return [Case("brisk", (kill,)) for kill in every_kill(sweep.staged["brisk"], what)]


def _sends(staged: Staged, kill: Kill) -> bool:
    """Tell whether an order is announced or written here, or nothing comes behind it."""
    names = [name for name in staged.boundaries if name.startswith(f"{kill.what} ")]
    is_last = kill.at == len(names)
    return is_last or re.fullmatch(r"journal \d+ DISPATCH .*|socket \d+ 3 .*", names[kill.at - 1]) is not None


def slow_fills(sweep: Sweep, every: int = 1) -> list[Case]:
    """Return kills while orders work and are partly filled."""
    return [Case("slow", (kill,)) for kill in _kills(sweep.staged["slow"], ("journal", "socket"))][::every]


def restarts(sweep: Sweep, every: int = 1) -> list[Case]:
    """Return kills after which the gateway starts again and gives out the same order ids."""
    cases = [
        Case(scene, (kill,), restarted=True)
        for scene in STAGED
        for kill in _kills(sweep.staged[scene], ("journal", "socket"))
    ]
    return cases[::every]


def mended(sweep: Sweep) -> list[Case]:
    """Return kills in the middle of a DISPATCH, and of the resume that cuts the torn line off."""
    torn = [kill for kill in every_kill(sweep.staged["brisk"], "journal") if kill.side == "torn"]
    mends = (Kill("journal", 1, "before"), Kill("journal", 1, "after"))
    return [
        Case("brisk", (kill, mend)) for kill in torn if _sends(sweep.staged["brisk"], kill) for mend in mends
    ]


def twice(sweep: Sweep, every: int = 1) -> list[Case]:
    """Return kills of an apply and of its resume."""
    kills = product(_kills(sweep.staged["brisk"], ("journal", "socket")), RESUMED)
    return [Case("brisk", pair) for pair in kills][::every]


def sampled_cases(sweep: Sweep) -> Iterator[Case]:
    """Return what the test suite plays."""
    for what in get_args(What):
        yield from each_boundary(sweep, what)
    yield from slow_fills(sweep, SLOW)
    yield from restarts(sweep, RESTARTED)
    yield from twice(sweep, TWICE)
    yield from mended(sweep)[::3]


def all_cases(sweep: Sweep, every_pair: int = 1) -> Iterator[Case]:
    """Return every side of every boundary in every scene, and every so many-th of the pairs of kills."""
    for what in get_args(What):
        yield from each_side(sweep, what)
    for cases in (slow_fills(sweep), restarts(sweep), twice(sweep, every_pair), mended(sweep)):
        yield from cases


def _kills(staged: Staged, kinds: Iterable[What]) -> Iterator[Kill]:
    for what in kinds:
        yield from every_kill(staged, what)
