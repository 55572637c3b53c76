"""The arithmetic of one line of a plan, in words and figures."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rebalplan.document import AccountPlan, DriftRow, Plan, Summary
from rebalplan.model import Quote, Reason
from rebalplan.money import HUNDRED, divide, from_bps, quantize
from rebalplan.policy import RebalancePolicy
from rebalplan.render.figures import dollars, percent, shares, signed_dollars, signed_percent
from rebalplan.render.style import PLAIN, Style

_SOURCES = {
    "last": "the last trade",
    "close": "the last regular close",
    "bid": "the bid",
    "ask": "the ask",
    "mid": "the middle of bid and ask",
}

_REASONS: dict[Reason, str] = {
    "within_band": "its drift is within the band and nothing else asks for a trade",
    "below_min_order": "what could be traded is below min_order_usd",
    "rounds_to_zero": "the nearest whole number of shares is what is held",
    "cash_short": "cash above the floor does not pay for more; it goes where it lowers the squared distances most",
    "leverage_cap": "more would put leverage over max_leverage",
    "direction": "direction forbids this side",
    "held_unlisted": "portfolios.csv does not name it and unlisted = hold leaves it alone",
    "fractional_residue": "a fraction of a share cannot be sold without allow_fractional",
}


def explain_line(
    plan: Plan, account: AccountPlan, row: DriftRow, summary: Summary, style: Style = PLAIN
) -> str:
    """Return one labelled paragraph per step from price to order."""
    quote = next((q for q in plan.volatile.quotes if q.symbol == row.symbol), None)
    parts = [
        (style.paint(f"{row.symbol} in {account.account}: {_outcome(row)}", "bold"), ""),
        ("Price", _price(row, quote)),
        *_target(account, row, summary),
        (
            "Held",
            f"{shares(row.quantity)} x {row.price:f} = {dollars(row.quantity * row.price)} USD, "
            f"{percent(row.current_pct)}%",
        ),
        *_drift(account, row, summary),
        *_order(row),
    ]
    return "\n".join(f"{label:12}{text}" if text else f"{label}\n" for label, text in parts)


def _outcome(row: DriftRow) -> str:
    if not row.trade:
        return "no order"
    side = "buy" if row.trade > 0 else "sell"
    return f"{side} {shares(abs(row.trade))} for {dollars(abs(row.trade) * row.price)} USD"


def _price(row: DriftRow, quote: Quote | None) -> str:
    text = f"{row.price:f} USD, {_SOURCES[row.price_source]}"
    if quote is None:
        return text
    marks = [word for word, is_set in (("delayed", quote.delayed), ("market closed", quote.closed)) if is_set]
    return f"{text}, received {quote.received_at:%Y-%m-%d %H:%M:%S} UTC" + "".join(f", {m}" for m in marks)


def _target(account: AccountPlan, row: DriftRow, summary: Summary) -> Iterable[tuple[str, str]]:
    yield (
        "Investable",
        f"{dollars(summary.investable_usd)} USD = net liquidation value {dollars(summary.net_liquidation_usd)} "
        f"- cash buffer {dollars(summary.buffer_usd)} - unlisted holdings {dollars(summary.unlisted_usd)}",
    )
    if row.target_pct is not None:
        target = divide(row.target_pct * summary.investable_usd, HUNDRED)
        yield "Target", f"{row.target_pct:f}% of it = {dollars(target)} USD"


def _drift(account: AccountPlan, row: DriftRow, summary: Summary) -> Iterable[tuple[str, str]]:
    if row.target_pct is None:
        return
    yield (
        "Drift",
        f"{signed_dollars(row.drift_usd)} USD, {signed_percent(row.drift_pct)}% (positive is overweight)",
    )
    yield "Band", _band(account.policy.rebalance, summary)
    wanted = divide(abs(row.drift_usd), row.price)
    yield (
        "Asks for",
        f"{dollars(abs(row.drift_usd))} / {row.price:f} = {quantize(wanted, Decimal('0.0001')):f} shares",
    )


def _band(rules: RebalancePolicy, summary: Summary) -> str:
    if rules.trigger_mode == "total_drift":
        bps, what = rules.portfolio_total_band_bps, "all drifts together (total_drift)"
    else:
        bps, what = rules.per_holding_band_bps, "each holding"
    return f"{bps:f} bps of the investable value = {dollars(from_bps(bps) * summary.investable_usd)} USD for {what}"


def _order(row: DriftRow) -> Iterable[tuple[str, str]]:
    if row.trade:
        after = row.quantity + row.trade
        yield "Order", f"{_outcome(row)}; then {shares(after)} are held, {dollars(after * row.price)} USD"
    if row.reason is not None:
        yield "Cut by" if row.trade else "Reason", f"{row.reason}: {_REASONS[row.reason]}"
