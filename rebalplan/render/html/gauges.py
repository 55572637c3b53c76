"""The figures of an account before and after its orders, each with two small bars. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from rebalplan.core.money import ZERO
from rebalplan.core.vocabulary import CASH
from rebalplan.render.figures import percent, whole_dollars
from rebalplan.render.html.bars import bar, scale_over, upright
from rebalplan.render.html.charts import Layer, drift_after
from rebalplan.render.view import AccountView, BeforeAfter, Totals

GAUGE_HEIGHT = 16
_BARS = ((2, 5), (9, 5))
"""Top and height of the first and the second bar."""


class Gauge(msgspec.Struct, frozen=True):
    """One figure in words and as a drawing ``GAUGE_HEIGHT`` pixels high; ``detail`` may be empty."""

    name: str
    text: str
    detail: str
    layers: tuple[Layer, ...]


def gauges(account: AccountView, totals: Totals) -> tuple[Gauge, ...]:
    """Return cash, exposure, leverage, turnover and tracking error; ``total_drift`` accounts have their sum too."""
    named = (
        _compared("Cash", totals.cash_pct, _percent, _dollars(totals.cash_usd)),
        _compared("Exposure", totals.exposure_pct, _percent, _dollars(totals.exposure_usd)),
        _compared(
            "Leverage",
            totals.leverage,
            "{:.3f}".format,
            limit=account.max_leverage,
            limit_name="max_leverage",
        ),
        _turnover(account, totals),
        _compared("Tracking error", totals.tracking_error_pct, "{:.2f} pp".format),
    )
    if account.trigger_mode == "total_drift":
        return (*named, _total_drift(account))
    return named


def _percent(value: Decimal) -> str:
    return f"{percent(value)}%"


def _dollars(amounts: BeforeAfter | None) -> str:
    """Return the detail in dollars, or nothing when redacted."""
    if amounts is None:
        return ""
    return f"{whole_dollars(amounts.before)} → {whole_dollars(amounts.after)} USD"


def _compared(
    name: str,
    figure: BeforeAfter,
    words: Callable[[Decimal], str],
    detail: str = "",
    *,
    limit: Decimal | None = None,
    limit_name: str = "",
) -> Gauge:
    said = f"{limit_name} {words(limit)}" if limit is not None else detail
    layers = _layers((("before", figure.before), ("after", figure.after)), limit)
    return Gauge(name, f"{words(figure.before)} → {words(figure.after)}", said, layers)


def _turnover(account: AccountView, totals: Totals) -> Gauge:
    """Return the traded part of NLV, split into buys and sells."""
    bought = sum((line.value_pct or ZERO for line in account.orders if line.action == "buy"), ZERO)
    sold = sum((line.value_pct or ZERO for line in account.orders if line.action != "buy"), ZERO)
    detail = f"{percent(bought)}% buys, {percent(sold)}% sells"
    layers = _layers((("buy", bought), ("sell", sold)), None)
    return Gauge("Turnover", _percent(totals.turnover_pct), detail, layers)


def _total_drift(account: AccountView) -> Gauge:
    """Return the sum of all drifts except that of CASH, with its band."""
    held = [line for line in account.lines if line.symbol != CASH]
    before = sum((abs(line.drift_pct or ZERO) for line in held), ZERO)
    after = sum((abs(drift_after(line) or ZERO) for line in held), ZERO)
    figure = BeforeAfter(before, after)
    return _compared(
        "Total drift", figure, "{:.2f} pp".format, limit=account.band_pct, limit_name="total band"
    )


def _layers(bars: Iterable[tuple[str, Decimal]], limit: Decimal | None) -> tuple[Layer, ...]:
    named = tuple(bars)
    scale = scale_over((*(value for _kind, value in named), *(() if limit is None else (limit,))))
    drawn = [
        Layer(kind, bar(scale, ZERO, value, top, height))
        for (kind, value), (top, height) in zip(named, _BARS, strict=True)
    ]
    drawn.append(Layer("zero", upright(scale, ZERO, 0, GAUGE_HEIGHT)))
    if limit is not None:
        drawn.append(Layer("limit", upright(scale, limit, 0, GAUGE_HEIGHT)))
    return tuple(layer for layer in drawn if layer.path)
