"""The arithmetic of one line of a plan, in words and figures."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from rebalplan.core.contracts import quote_of
from rebalplan.core.money import HUNDRED, ZERO, divide, from_bps, quantize
from rebalplan.core.policy import RebalancePolicy
from rebalplan.core.vocabulary import CASH, Quote, Reason
from rebalplan.plan.codec import Envelope
from rebalplan.plan.document import AccountPlan, DriftRow, Summary
from rebalplan.plan.drift import cash_band_usd, holding_band_usd
from rebalplan.plan.pricing import price_steps
from rebalplan.render.figures import count, dollars, percent, price, shares, signed_dollars, signed_percent
from rebalplan.render.style import PLAIN, Style
from rebalplan.render.symbols import contract_of, shown_symbol

_ROUNDED_TO = Decimal("0.000001")
"""What the dollars of a plan are rounded to."""

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
    "cash_short": "cash above the floor does not pay for more; larger drifts are served first",
    "leverage_cap": "more would put leverage over max_leverage",
    "direction": "direction forbids this side",
    "held_unlisted": "portfolios.csv does not name it, and unlisted = hold keeps it",
    "fractional_residue": "a fraction of a share cannot be sold without allow_fractional",
}


class Explained(msgspec.Struct, frozen=True):
    """One line of a plan with the steps that led to it, each a name and a sentence.

    ``line`` and ``quote`` are ``None`` for the account's cash, ``quote`` also where the plan has none.
    """

    plan: str
    account: str
    symbol: str
    outcome: str
    steps: dict[str, str]
    line: DriftRow | None
    quote: Quote | None
    summary: Summary


def explain_line(envelope: Envelope, account: AccountPlan, row: DriftRow, summary: Summary) -> Explained:
    """Return the steps from price to order."""
    quotes = {quote.symbol: quote for quote in envelope.plan.volatile.quotes}
    quote = quote_of(quotes, row.symbol, contract_of(account, row.symbol))
    parts = [
        ("Price", _price(account, row, quote)),
        *_target(account, row, summary),
        (
            "Held",
            f"{shares(row.quantity)} x {price(row.price)} = {dollars(row.quantity * row.price)} USD, "
            f"{percent(row.current_pct)}%",
        ),
        *_drift(account, row, summary),
        *_order(row),
    ]
    name = shown_symbol(account, row.symbol)
    return Explained(envelope.id, account.account, name, _outcome(row), dict(parts), row, quote, summary)


def explain_cash(envelope: Envelope, account: AccountPlan, summary: Summary) -> Explained:
    """Return the same for CASH: what is there, what should be, what must stay, what the orders leave."""
    target = divide(account.cash_target_pct * summary.investable_usd, HUNDRED)
    buffer, floor = dollars(summary.buffer_usd), dollars(summary.cash_floor_usd)
    parts = [
        _investable(summary),
        (
            "Target",
            f"{account.cash_target_pct:f}% of it = {dollars(target)} USD, beside the buffer of {buffer}",
        ),
        ("Held", f"{dollars(summary.cash_usd)} USD, {percent(summary.cash_current_pct)}% without the buffer"),
        (
            "Drift",
            f"{signed_dollars(summary.cash_drift_usd)} USD, {signed_percent(summary.cash_drift_pct)}% "
            "(positive is to be invested)",
        ),
        ("Band", _cash_band(account.policy.rebalance, summary)),
        ("Floor", f"{floor} USD: {_floor(account)}; no buy goes below it"),
        (
            "After",
            f"{dollars(summary.cash_after_usd)} USD = held + sells {dollars(summary.sells_usd)} - buys "
            f"{dollars(summary.buys_usd)} - costs set aside {dollars(summary.costs_usd)}",
        ),
        *_security_called_cash(account),
    ]
    return Explained(
        envelope.id, account.account, CASH, "what the orders leave", dict(parts), None, None, summary
    )


def render_explained(explained: Explained, style: Style = PLAIN) -> str:
    """Return a head and one labelled paragraph per step."""
    head = f"{explained.symbol} in {explained.account}: {explained.outcome}"
    steps = [f"{label:12}{text}" for label, text in explained.steps.items()]
    return "\n".join((style.paint(head, "bold") + "\n", *steps))


def _security_called_cash(account: AccountPlan) -> Iterable[tuple[str, str]]:
    if any(row.symbol == CASH for row in account.drift):
        name = shown_symbol(account, CASH)
        yield (
            "Not this",
            f"the security called CASH: `rebal explain PLAN {account.account} {name}` explains it",
        )


def _outcome(row: DriftRow) -> str:
    if not row.trade:
        return "no order"
    side = "buy" if row.trade > 0 else "sell"
    return f"{side} {shares(abs(row.trade))} for {dollars(abs(row.trade) * row.price)} USD"


def _price(account: AccountPlan, row: DriftRow, quote: Quote | None) -> str:
    text = f"{price(row.price)} USD, {_SOURCES[row.price_source]}"
    if quote is None:
        return text
    steps = price_steps(quote, account.policy.pricing)
    if steps[1:] and row.price_source in steps:
        text += f" (step {steps.index(row.price_source) + 1} of {', '.join(steps)})"
    closed = "market closed, its close not known" if quote.close_unknown else "market closed"
    marks = [word for word, is_set in (("delayed", quote.delayed), (closed, quote.closed)) if is_set]
    return f"{text}, received {quote.received_at:%Y-%m-%d %H:%M:%S} UTC" + "".join(f", {m}" for m in marks)


def _target(account: AccountPlan, row: DriftRow, summary: Summary) -> Iterable[tuple[str, str]]:
    yield _investable(summary)
    if row.target_pct is not None:
        target = divide(row.target_pct * summary.investable_usd, HUNDRED)
        yield "Target", f"{row.target_pct:f}% of it = {dollars(target)} USD"


def _investable(summary: Summary) -> tuple[str, str]:
    return (
        "Investable",
        f"{dollars(summary.investable_usd)} USD = net liquidation value {dollars(summary.net_liquidation_usd)} "
        f"- cash buffer {dollars(summary.buffer_usd)} - unlisted holdings {dollars(summary.unlisted_usd)}",
    )


def _drift(account: AccountPlan, row: DriftRow, summary: Summary) -> Iterable[tuple[str, str]]:
    if row.target_pct is None:
        return
    yield (
        "Drift",
        f"{signed_dollars(row.drift_usd)} USD, {signed_percent(row.drift_pct)}% (positive is overweight)",
    )
    yield "Band", _band(row, account.policy.rebalance, summary)
    yield "Selected", _selected(account, row, summary)
    wanted = divide(abs(row.drift_usd), row.price)
    yield (
        "Asks for",
        f"{dollars(abs(row.drift_usd))} / {price(row.price)} = {count(quantize(wanted, Decimal('0.0001')), 'share')}",
    )


def _floor(account: AccountPlan) -> str:
    """Say what the floor of the cash is made of."""
    unsettled = account.snapshot.unsettled_usd if account.snapshot else ZERO
    beside = f", or the {dollars(unsettled)} USD that are not settled where that is more" if unsettled else ""
    return f"buffer and, with a negative target, margin{beside}"


def _selected(account: AccountPlan, row: DriftRow, summary: Summary) -> str:
    """Say which rule made the line a candidate for an order."""
    rules = account.policy.rebalance
    if row.reason == "within_band" and not row.trade:
        return "no: the drift is within the band, and neither cash nor leverage asks for it"
    if row.quantity and not row.target_pct:
        return "yes: a holding with target 0 is closed"
    if not row.quantity:
        return "yes: a target that is not held yet"
    if row.reason == "within_band":
        return "yes: within its band, sold for the money that is needed and no further"
    band = _band_usd(row, rules, summary)
    # A drift may be beyond the band by less than what its figures are rounded to.
    if rules.trigger_mode == "per_holding" and abs(row.drift_usd) > band - _ROUNDED_TO:
        return "yes: the drift is beyond the band"
    return _corrects(row, summary, rules) or _follows(row, rules)


def _follows(row: DriftRow, rules: RebalancePolicy) -> str:
    """Say why a line trades that neither its band nor the account's cash and leverage ask for at first."""
    if rules.trigger_mode == "total_drift":
        return "yes: the largest drifts, until the rest is within the band"
    if row.drift_usd < 0:
        return "yes: within its band, bought for what the sells bring beyond CASH's band"
    return "yes: within its band, sold for the money that the buys take"


def _corrects(row: DriftRow, summary: Summary, rules: RebalancePolicy) -> str:
    """Say what an order of the line corrects of the account as a whole, or nothing."""
    band = cash_band_usd(rules, summary.investable_usd)
    if row.drift_usd < 0 and summary.cash_drift_usd > band:
        return f"yes: CASH is {dollars(summary.cash_drift_usd)} USD over its target, which is invested"
    if row.drift_usd > 0 and summary.cash_drift_usd < -band:
        return f"yes: CASH is {dollars(-summary.cash_drift_usd)} USD under its target, which is raised"
    if row.drift_usd > 0 and summary.cash_usd < summary.cash_floor_usd:
        return f"yes: cash is under its floor of {dollars(summary.cash_floor_usd)} USD"
    if row.drift_usd > 0 and summary.exposure_before_usd > rules.max_leverage * summary.net_liquidation_usd:
        return f"yes: leverage is {summary.leverage_before:.3f}, over max_leverage = {rules.max_leverage:f}"
    return ""


def _band(row: DriftRow, rules: RebalancePolicy, summary: Summary) -> str:
    what = "all drifts together (total_drift)" if rules.trigger_mode == "total_drift" else "each holding"
    absolute = dollars(from_bps(rules.band_bps) * summary.investable_usd)
    text = f"{rules.band_bps:f} bps of the investable value = {absolute} USD for {what}"
    if not rules.per_holding_band_pct:
        return text
    return (
        f"{dollars(_band_usd(row, rules, summary))} USD, the tighter of {text} and {rules.per_holding_band_pct:f}% of "
        "the target"
    )


def _cash_band(rules: RebalancePolicy, summary: Summary) -> str:
    bps = rules.band_bps if rules.cash_band_bps is None else rules.cash_band_bps
    band = dollars(cash_band_usd(rules, summary.investable_usd))
    return f"{bps:f} bps of the investable value = {band} USD"


def _band_usd(row: DriftRow, rules: RebalancePolicy, summary: Summary) -> Decimal:
    return holding_band_usd(rules, summary.investable_usd, row.target_pct or ZERO)


def _order(row: DriftRow) -> Iterable[tuple[str, str]]:
    if row.trade:
        after = row.quantity + row.trade
        yield "Order", f"{_outcome(row)}; then {shares(after)} are held, {dollars(after * row.price)} USD"
        # Half a share past the target is still the nearest share to it.
        if -row.trade * row.price - row.drift_usd > row.price / 2:
            yield (
                "Further",
                "past the share nearest to the target, for the buys or the cash floor need the money more",
            )
    if row.reason is not None:
        yield "Cut by" if row.trade else "Reason", f"{row.reason}: {_REASONS[row.reason]}"
