"""What goes wrong: the fate of each order, and of each connection, drawn from a seed.

A fate follows from the seed and the order's reference alone, so that what happens to one account never
depends on another.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Literal

OnCancel = Literal["confirm", "cross", "ignore", "late", "unknown_id", "cannot", "fill after"]
FOREVER = 10.0**7
REJECT_CODES = (201, 439, 440, 441, 442, 443)
HARMLESS = (399, 404, 10349)
UNBOOKED_CODES = (451, 460, 10243)
FRIGHTENING = (103, 161, 321, 10147, 10148)


@dataclass
class Fate:
    """What becomes of one order. Seconds after it reached the broker; parts are shares of its quantity.

    ``unbooked`` is the error that is all that is ever said of an order: no list has it. ``hidden_sec`` is how long no
    list shows it. ``lost`` names the kinds of event that never arrive.
    """

    is_booked: bool = True
    unbooked: int = 0
    ack_sec: float = 0.1
    hidden_sec: float = 0.0
    lag_sec: float = 0.0
    status_sec: float = 0.1
    execution_sec: float = 0.1
    commission_sec: float = 0.5
    copies: int = 1
    lost: frozenset[str] = frozenset()
    reject: int = 0
    reject_says_status: bool = True
    reject_has_perm: bool = True
    reject_is_listed: bool = True
    reject_status_first: bool = False
    notices: tuple[tuple[float, int], ...] = ()
    fills: tuple[tuple[float, float], ...] = ((1.0, 1.0),)
    correction_sec: float = 0.0
    on_cancel: OnCancel = "confirm"
    fill_after_sec: float = 0.0
    fill_after_told_sec: float = 0.0
    fill_after_part: float = 0.5
    change_sec: float = 0.0
    change_factor: float = 1.0
    change_is_told: bool = True
    is_charged: bool = True
    names: list[str] = field(default_factory=list)


@dataclass
class LinkFate:
    """What becomes of one connection: counts of calls from 1, seconds from its start; 0 or empty is never."""

    refused: bool = False
    drops_at: int = 0
    drops_after_effect: bool = False
    bad_queries: dict[int, str] = field(default_factory=dict)
    down_at_sec: float = 0.0
    up_after_sec: float = 0.0
    rolls_back: bool = False
    is_down_at_start: bool = False


class Faults:
    """Draws fates. ``intensity`` is the chance that a given thing goes wrong.

    ``only`` is the one account hit, ``only_harm`` the one thing that goes wrong; empty is all.
    """

    def __init__(self, seed: int, intensity: float, only: str = "", only_harm: str = "") -> None:
        self._seed = seed
        self._intensity = intensity
        self._only = only
        self._only_harm = only_harm
        self._connections: Counter[str] = Counter()
        self.is_on = intensity > 0
        self.counts: Counter[str] = Counter()

    def _hits(self, account: str) -> bool:
        return self.is_on and self._only in ("", account)

    def _is_chosen(self, name: str) -> bool:
        return self._only_harm in ("", name)

    def order(self, account: str, reference: str) -> Fate:
        """Return the fate of an order."""
        rng = Random(f"{self._seed} {reference}")  # noqa: S311  # reproducible, not secret
        fate = Fate(
            fills=_normal_fills(rng),
            execution_sec=rng.choice((0.05, 0.1, 0.3)),
            status_sec=rng.choice((0.05, 0.1, 0.3)),
        )
        if self._hits(account):
            self._spoil(fate, rng)
            self._harm(fate, Random(f"{self._seed} {reference} harm"))  # noqa: S311
            self.counts.update(fate.names)
        return fate

    def _harm(self, fate: Fate, rng: Random) -> None:
        """Let the faults strike that only a hostile reading found, as often as the others."""
        for name, strike in _HARMS.items():
            if rng.random() < self._intensity and self._is_chosen(name):
                fate.names.append(name)
                strike(fate, rng)

    def _spoil(self, fate: Fate, rng: Random) -> None:
        """Let each kind of fault strike with the same chance."""
        for name, strike in _STRIKES.items():
            if rng.random() < self._intensity and self._is_chosen(name):
                fate.names.append(name)
                strike(fate, rng)

    def link(self, account: str) -> LinkFate:
        """Return the fate of the next connection that is made for an account."""
        self._connections[account] += 1
        rng = Random(f"{self._seed} {account} {self._connections[account]}")  # noqa: S311
        fate = LinkFate()
        if not self._hits(account):
            return fate
        for name, strike in _LINK_STRIKES.items():
            if rng.random() < self._intensity and self._is_chosen(name):
                self.counts[name] += 1
                strike(fate, rng)
        rng = Random(f"{self._seed} {account} {self._connections[account]} harm")  # noqa: S311
        for name, strike in _LINK_HARMS.items():
            if rng.random() < self._intensity / 2 and self._is_chosen(name):
                self.counts[name] += 1
                strike(fate, rng)
        return fate


def _normal_fills(rng: Random) -> tuple[tuple[float, float], ...]:
    if rng.random() < 0.6:
        return ((rng.choice((0.3, 1.0, 4.0)), 1.0),)
    return ((0.5, 0.4), (rng.choice((1.5, 6.0)), 0.6))


def _silent(fate: Fate, rng: Random) -> None:
    fate.lost = frozenset(("ack", "status", "execution", "notice"))
    fate.hidden_sec = rng.choice((20.0, 60.0, FOREVER))


def _dropped(fate: Fate, rng: Random) -> None:
    del rng
    fate.is_booked = False


def _late(fate: Fate, rng: Random) -> None:
    fate.ack_sec = rng.choice((5.0, 20.0, 70.0))
    fate.status_sec = rng.choice((2.0, 25.0))


def _lost(fate: Fate, rng: Random) -> None:
    kinds = ("ack", "status", "execution", "commission", "notice")
    fate.lost = frozenset(rng.sample(kinds, rng.randint(1, 3)))


def _doubled(fate: Fate, rng: Random) -> None:
    fate.copies = rng.choice((2, 3))


def _fill_before_ack(fate: Fate, rng: Random) -> None:
    fate.ack_sec = 3.0
    fate.fills = ((0.2, rng.choice((0.5, 1.0))), (0.3, 1.0))


def _status_before_execution(fate: Fate, rng: Random) -> None:
    fate.status_sec, fate.execution_sec = 0.05, rng.choice((2.0, 8.0, 30.0))


def _rejected(fate: Fate, rng: Random) -> None:
    fate.reject = rng.choice(REJECT_CODES)
    fate.reject_says_status = rng.random() < 0.8
    fate.reject_has_perm = rng.random() < 0.5
    fate.reject_is_listed = rng.random() < 0.6
    fate.reject_status_first = rng.random() < 0.5


def _noticed(fate: Fate, rng: Random) -> None:
    fate.notices = ((0.3, rng.choice(HARMLESS)),)
    fate.fills = ((rng.choice((5.0, 40.0)), 1.0),)


def _frightened(fate: Fate, rng: Random) -> None:
    fate.notices = ((0.3, rng.choice(FRIGHTENING)), (1.0, rng.choice(FRIGHTENING)))
    fate.fills = ((rng.choice((2.0, 30.0)), 1.0),)


def _slow(fate: Fate, rng: Random) -> None:
    fate.fills = rng.choice((((450.0, 1.0),), ((2.0, 0.5), (900.0, 0.5)), (), ((301.0, 1.0),)))


def _cancels_badly(fate: Fate, rng: Random) -> None:
    fate.fills = ((1.0, 0.4),) if rng.random() < 0.5 else ()
    fate.on_cancel = rng.choice(("cross", "cross", "ignore", "late", "unknown_id", "cannot"))


def _corrected(fate: Fate, rng: Random) -> None:
    fate.correction_sec = rng.choice((0.2, 2.0, 40.0))


def _lagging(fate: Fate, rng: Random) -> None:
    fate.lag_sec = rng.choice((2.0, 12.0, 45.0))


_STRIKES = {
    "silence": _silent,
    "dropped before booking": _dropped,
    "late": _late,
    "fill before ack": _fill_before_ack,
    "status before execution": _status_before_execution,
    "slow": _slow,
    "cancel goes wrong": _cancels_badly,
    "harmless notice": _noticed,
    "frightening notice": _frightened,
    "rejected": _rejected,
    "correction": _corrected,
    "lists lag": _lagging,
    "events lost": _lost,
    "events doubled": _doubled,
}


def _fills_after_cancel(fate: Fate, rng: Random) -> None:
    """The wire says cancelled; an execution that crossed the cancel is booked, and told, seconds later."""
    fate.fills = rng.choice(((), ((1.0, 0.3),)))
    fate.on_cancel = "fill after"
    fate.fill_after_sec = rng.choice((0.1, 0.4, 2.0, 4.0, 15.0, 60.0))
    fate.fill_after_told_sec = rng.choice((0.0, 0.0, 5.0, FOREVER))
    fate.fill_after_part = rng.choice((0.2, 0.5, 1.0))


def _changed(fate: Fate, rng: Random) -> None:
    """A person changes the order in TWS while it works."""
    fate.fills = ((rng.choice((6.0, 40.0)), 0.5), (60.0, 1.0))
    fate.change_sec = rng.choice((0.5, 5.0, 30.0))
    fate.change_factor = rng.choice((0.5, 1.5, 2.0))
    fate.change_is_told = rng.random() < 0.7


def _never_charged(fate: Fate, rng: Random) -> None:
    del rng
    fate.is_charged = False
    fate.lost |= {"commission"}


def _hides_and_returns(fate: Fate, rng: Random) -> None:
    """Nothing shows the order for longer than anybody waits; then it works, and fills late."""
    fate.lost = frozenset(("ack", "status", "execution", "notice"))
    fate.hidden_sec = rng.choice((90.0, 150.0, 400.0))
    fate.fills = ((rng.choice((300.0, 900.0)), 1.0),)


def _refused_unbooked(fate: Fate, rng: Random) -> None:
    """The gateway answers with an error alone and books nothing."""
    fate.unbooked = rng.choice(UNBOOKED_CODES)


_HARMS = {
    "hides and returns": _hides_and_returns,
    "fill after the cancel": _fills_after_cancel,
    "changed by a person": _changed,
    "commission never": _never_charged,
    "refused without a booking": _refused_unbooked,
}


def _refuses(fate: LinkFate, rng: Random) -> None:
    fate.refused = rng.random() < 0.5


def _drops(fate: LinkFate, rng: Random) -> None:
    fate.drops_at = rng.randint(1, 40)
    fate.drops_after_effect = rng.random() < 0.5


def _answers_badly(fate: LinkFate, rng: Random) -> None:
    for _ in range(rng.choice((1, 3, 30))):
        fate.bad_queries[rng.randint(1, 30)] = rng.choice(("error", "no end marker"))


def _loses_link(fate: LinkFate, rng: Random) -> None:
    fate.down_at_sec = rng.choice((0.3, 1.0, 5.0, 200.0))
    fate.up_after_sec = rng.choice((0.5, 10.0, 100.0, 0.0))


def _rolls_back(fate: LinkFate, rng: Random) -> None:
    del rng
    fate.rolls_back = True


def _starts_without_broker(fate: LinkFate, rng: Random) -> None:
    fate.is_down_at_start = True
    fate.up_after_sec = rng.choice((0.5, 10.0, 0.0))


_LINK_HARMS = {"without its broker (2110)": _starts_without_broker}

_LINK_STRIKES = {
    "connection refused": _refuses,
    "connection lost": _drops,
    "query fails": _answers_badly,
    "link lost (1100)": _loses_link,
    "order ids rolled back": _rolls_back,
}
