"""Accounts of few lines in dollars and percents, as a person would write them down."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import structs

from rebalplan.plan.sizing import Sizing, SizingLine, SizingProblem

BPS = Decimal(10_000)


def number(value: float | str) -> Decimal:
    return Decimal(str(value))


def account(
    *lines: tuple[float | str, float | str, float | str],
    cash: float | str,
    band_bps: float = 50,
    buffer: str = "0.01",
    reserve: float = 0,
    cash_pct: float = 0,
    cash_band_bps: float | None = None,
    total: bool = False,
    **fields: Any,
) -> SizingProblem:
    """Return an account of lines, each its weight in percent, shares held and price, with a buffer of a part of NLV."""
    exposure = sum((number(held) * number(price) for _, held, price in lines), Decimal(0))
    nlv = exposure + number(cash)
    kept = number(buffer) * nlv + number(reserve)
    investable = nlv - kept
    band = number(band_bps) * investable / BPS
    cash_target = number(cash_pct) / 100 * investable
    own_band = band if cash_band_bps is None else number(cash_band_bps) * investable / BPS
    minimum = Decimal(fields.get("min_order_usd", 500))
    values: dict[str, Any] = {
        "cash_usd": number(cash),
        "cash_floor_usd": kept + min(Decimal(0), cash_target),
        "cash_target_usd": kept + cash_target,
        "cash_band_usd": own_band,
        "cash_slack_usd": max(own_band, min(band, own_band + minimum)),
        "total_band_usd": band if total else None,
        "held_usd": Decimal(0),
        "net_liquidation_usd": nlv,
        "max_leverage": Decimal("1.5"),
        "cost_bps": Decimal(20),
        "min_order_usd": minimum,
        "allow_fractional": False,
        "direction": "both",
    }
    return SizingProblem(
        lines=tuple(
            SizingLine(
                f"S{index:02}",
                number(held),
                number(price),
                (number(weight) / 100 * investable).quantize(Decimal("1e-10")),
                band,
            )
            for index, (weight, held, price) in enumerate(lines)
        ),
        **(values | fields),
    )


def trades(sizing: Sizing) -> list[int]:
    """Return the signed shares of each line."""
    return [int(line.trade) for line in sizing.lines]


def after(problem: SizingProblem, sizing: Sizing) -> SizingProblem:
    """Return the account after its orders are filled at their prices, without costs."""
    spent = sum(
        (line.price * sized.trade for line, sized in zip(problem.lines, sizing.lines, strict=True)),
        Decimal(0),
    )
    lines: Sequence[SizingLine] = [
        structs.replace(line, quantity=line.quantity + sized.trade)
        for line, sized in zip(problem.lines, sizing.lines, strict=True)
    ]
    return structs.replace(problem, lines=tuple(lines), cash_usd=problem.cash_usd - spent)


def cash_after_costs(problem: SizingProblem, sizing: Sizing) -> Decimal:
    """Return the cash that the orders and what is set aside for their costs leave."""
    turnover = sum(
        (line.price * abs(sized.trade) for line, sized in zip(problem.lines, sizing.lines, strict=True)),
        Decimal(0),
    )
    return after(problem, sizing).cash_usd - turnover * problem.cost_bps / BPS
