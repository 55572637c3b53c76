"""The drawings of an account: the weights of its holdings, and their drift against the band. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import ceil

import msgspec

from rebalplan.core.money import ZERO
from rebalplan.core.vocabulary import CASH
from rebalplan.render.html.bars import (
    ROW,
    Scale,
    Tick,
    axis,
    bar,
    dot,
    grid,
    scale_about,
    scale_over,
    upright,
)
from rebalplan.render.view import AccountView, LineView

_MOST_ROWS = 24
"""A longer chart is cut into parts of about one length, each with its axis, which fit a printed page."""

_TOP, _HEIGHT = 6, 10
_TARGET_TOP, _TARGET_HEIGHT = 3, 16
_KINDS = ("kept", "buy", "more", "sell", "close", "less")


class Layer(msgspec.Struct, frozen=True):
    """All shapes of one kind as one path; ``kind`` names their colour."""

    kind: str
    path: str


class Chart(msgspec.Struct, frozen=True):
    """A drawing with one row per line of the account, ``height`` pixels high."""

    title: str
    description: str
    height: int
    ticks: tuple[Tick, ...]
    layers: tuple[Layer, ...]


class Part(msgspec.Struct, frozen=True):
    """Consecutive lines of an account with their drawings; the parts of an account have the same axes."""

    lines: tuple[LineView, ...]
    weights: Chart
    drift: Chart


def chart_parts(account: AccountView) -> tuple[Part, ...]:
    """Return the drawings of an account's lines in their order."""
    lines = account.lines
    weights = scale_over(weight for line in lines for weight in _weights(line))
    drift = scale_about(
        (*(line.band_pct for line in lines), *(drift for line in lines for drift in _drifts(line)))
    )
    number = ceil(len(lines) / ceil(len(lines) / _MOST_ROWS))
    cut = (lines[start : start + number] for start in range(0, len(lines), number))
    return tuple(Part(part, weights_chart(part, weights), drift_chart(part, drift, account)) for part in cut)


def _weights(line: LineView) -> Iterable[Decimal]:
    yield from (line.current_pct, line.after_pct)
    if line.target_pct is not None:
        yield line.target_pct


def _drifts(line: LineView) -> Iterable[Decimal]:
    return (drift for drift in (line.drift_pct, drift_after(line)) if drift is not None)


def weights_chart(lines: Sequence[LineView], scale: Scale) -> Chart:
    """Return the bars of current and planned weight, with a mark at the target.

    The part that stays is ``kept``. Beyond it lies the part that goes (``sell``, ``close``, ``less`` of CASH or of a
    debt) or comes (``buy``, ``more``).
    """
    paths: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for row, line in enumerate(lines):
        kept = _kept(line)
        for kind, start, end in (
            ("kept", ZERO, kept),
            (_goes(line), kept, line.current_pct),
            (_comes(line), kept, line.after_pct),
        ):
            paths[kind].append(bar(scale, start, end, row * ROW + _TOP, _HEIGHT))
    targets = (
        upright(scale, line.target_pct, row * ROW + _TARGET_TOP, _TARGET_HEIGHT)
        for row, line in enumerate(lines)
        if line.target_pct is not None
    )
    return _chart("Weights", _WEIGHTS, scale, lines, (*paths.items(), ("target", targets)))


_WEIGHTS = "Current, planned and target weight of every holding and CASH, in percent of the investable value."


def _kept(line: LineView) -> Decimal:
    """Return the weight that stays: the common part of the weights before and after."""
    current, after = line.current_pct, line.after_pct
    if (current < 0) != (after < 0):
        return ZERO
    return min(current, after, key=abs)


def _goes(line: LineView) -> str:
    return line.action if line.action in ("sell", "close") else "less"


def _comes(line: LineView) -> str:
    return line.action if line.action == "buy" else "more"


def drift_chart(lines: Sequence[LineView], scale: Scale, account: AccountView) -> Chart:
    """Return the drift of every line: a bar for now, a dot for after the orders, the band where it decides."""
    bands, before, after = [], [], []
    for row, line in enumerate(lines):
        left = drift_after(line)
        if line.drift_pct is None or left is None:
            continue
        if has_band(line, account.trigger_mode):
            bands.append(bar(scale, -line.band_pct, line.band_pct, row * ROW, ROW))
        before.append(bar(scale, ZERO, line.drift_pct, row * ROW + _TOP, _HEIGHT))
        after.append(dot(scale, left, row * ROW + ROW // 2))
    layers = (("band", bands), ("before", before), ("halo", after), ("after", after))
    return _chart("Drift", _DRIFT, scale, lines, layers, sign="+")


_DRIFT = (
    "Drift from the target before and after the orders, in percent points: underweight to the left, "
    "overweight to the right."
)


def has_band(line: LineView, trigger_mode: str) -> bool:
    """Tell whether the band alone decides whether this line is traded.

    Under ``total_drift`` the band limits the sum of all drifts, and by itself only CASH. A target of 0 and a target
    without a holding are traded whatever their drift.
    """
    if line.symbol == CASH:
        return True
    return trigger_mode == "per_holding" and bool(line.target_pct) == bool(line.current_pct)


def drift_after(line: LineView) -> Decimal | None:
    """Return the drift after the orders, in percent points; ``None`` without a target."""
    return None if line.target_pct is None else line.after_pct - line.target_pct


def _chart(
    title: str,
    description: str,
    scale: Scale,
    lines: Sequence[LineView],
    layers: Iterable[tuple[str, Iterable[str]]],
    *,
    sign: str = "",
) -> Chart:
    height = ROW * len(lines)
    drawn = [Layer(kind, "".join(paths)) for kind, paths in (("grid", (grid(scale, height),)), *layers)]
    return Chart(title, description, height, axis(scale, sign), tuple(layer for layer in drawn if layer.path))
