"""Hypothesis strategies for small accounts whose order sets can all be enumerated, and for large ones."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from rebalplan.plan.sizing import SizingLine, SizingProblem

PRICES = ("0.5", "1", "3", "7.25", "10", "10.5", "40", "99.999999", "250", "2500")
"""Few and related, so that half-share ties and equal order sets are frequent."""

_MOST_STEPS = {1: 30, 2: 14, 3: 8, 4: 5, 5: 3}
"""Steps away from the target per line, by number of lines: a few thousand order sets."""

WIDE = Decimal(10**9)
"""A band that no drift leaves."""
NONE = Decimal(0)
BANDS = (NONE, NONE, NONE, NONE, NONE, WIDE)
"""A line in six is not asked to trade."""


def asked(problem: SizingProblem) -> list[int]:
    """Return the positions of the lines without a band."""
    return [position for position, line in enumerate(problem.lines) if not line.band_usd]


def usd(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low * 4, high * 4).map(lambda quarters: Decimal(quarters) / 4)


@st.composite
def small_lines(
    draw: st.DrawFn, *, step: Decimal = Decimal(1), bands: Sequence[Decimal] = BANDS
) -> tuple[SizingLine, ...]:
    count = draw(st.integers(1, 5))
    return tuple(draw(small_line(f"S{index}", _MOST_STEPS[count], step, bands)) for index in range(count))


@st.composite
def small_line(
    draw: st.DrawFn, symbol: str, most_steps: int, step: Decimal, bands: Sequence[Decimal]
) -> SizingLine:
    price = Decimal(draw(st.sampled_from(PRICES)))
    quantity = draw(st.integers(0, most_steps)) * step
    if draw(st.booleans()):
        quantity += (
            Decimal(draw(st.sampled_from(("0.25", "0.3", "0.5", "0.75")))) if step == 1 else Decimal(0)
        )
    away = draw(st.integers(-2 * most_steps, 2 * most_steps)) * step / 2
    nudge = draw(st.sampled_from((Decimal(0), Decimal(0), Decimal("0.1"), Decimal("-0.1")))) * step
    target = max(Decimal(0), (quantity + away + nudge) * price).quantize(Decimal("1e-10"))
    if draw(st.integers(0, 7)) == 0:
        target = Decimal(0)
    return SizingLine(symbol, quantity, price, target, draw(st.sampled_from(bands)))


@st.composite
def small_problems(
    draw: st.DrawFn, /, *, fractional: bool = False, bands: Sequence[Decimal] = BANDS, **fixed: Any
) -> SizingProblem:
    """Return a problem of a few lines and a cash without a band; ``fixed`` replaces fields by strategies."""
    lines = draw(small_lines(step=Decimal("0.0001") if fractional else Decimal(1), bands=bands))
    scale = Decimal("0.0001") if fractional else Decimal(1)
    fields: dict[str, st.SearchStrategy[Any]] = {
        "cash_usd": usd(-300, 900).map(lambda cash: cash * scale),
        "cash_floor_usd": usd(-50, 100).map(lambda floor: floor * scale),
        "cash_target_usd": st.just(Decimal(0)),
        "cash_band_usd": st.just(WIDE),
        "cash_slack_usd": st.just(WIDE),
        "total_band_usd": st.none(),
        "held_usd": usd(0, 100).map(lambda held: held * scale),
        "net_liquidation_usd": usd(1, 3000).map(lambda value: value * scale),
        "max_leverage": st.sampled_from((Decimal("0.5"), Decimal(1), Decimal("1.5"), Decimal(100))),
        "cost_bps": st.sampled_from((Decimal(0), Decimal(20), Decimal("33.3"), Decimal(500))),
        "min_order_usd": st.just(Decimal(0)),
        "direction": st.sampled_from(("both", "both", "both", "buy_only", "sell_only")),
    }
    fields.update(fixed)
    values = {name: draw(strategy) for name, strategy in fields.items()}
    return SizingProblem(lines=lines, allow_fractional=fractional, **values)
