"""From a quote to the one price an account is planned with, and the step of the fallback that gave it.

The fallback order, written down once. In the session: the ``price_source`` first; then, with
``fallback_to_snapshot``, the others of the same quote in the order of ``FALLBACKS``. The previous close
never stands in for a live price. Outside the session the last regular close serves, for every source. In the
evening it may not be known: then, with ``fallback_to_snapshot``, ``last`` or ``mid`` of after the close serves, each
only with a bid and an ask that are near each other.
A number that is not positive (0 and -1 are the broker's "nothing") is no price, wherever it came from.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec

from rebalplan.core.money import HUNDRED, divide, from_bps, quantize
from rebalplan.core.policy import LimitsPolicy, PricingPolicy
from rebalplan.core.vocabulary import PriceSource, Quote

FALLBACKS: dict[PriceSource, tuple[PriceSource, ...]] = {
    "last": ("mid",),
    "mid": ("last",),
    "bid": ("mid", "last"),
    "ask": ("mid", "last"),
    "close": ("last", "mid"),
}


_AFTER_HOURS: tuple[PriceSource, ...] = ("last", "mid")


class Price(msgspec.Struct, frozen=True):
    """A usable price in USD per share and the step that gave it."""

    value: Decimal
    source: PriceSource


class NoPrice(msgspec.Struct, frozen=True):
    """Why a quote gives no usable price."""

    why: str


def choose_price(
    quote: Quote | None, pricing: PricingPolicy, limits: LimitsPolicy | None = None
) -> Price | NoPrice:
    """Return the price of ``quote`` under an account's pricing rules; without a quote there is none.

    ``limits`` (the defaults when not given) say how wide a book may be to give a price, and how far outside of it a
    last trade may lie.
    """
    if quote is None:
        return NoPrice("not quoted")
    limits = limits or LimitsPolicy()
    quote = _without_impossible(quote)
    refusal = _refusal(quote, pricing)
    if refusal:
        return NoPrice(refusal)
    rejected = [_why_unknown(quote)] if quote.close_unknown else []
    for source in price_steps(quote, pricing):
        value, why = _read(quote, source, pricing, limits)
        if value is not None:
            return Price(value, source)
        rejected.append(why)
    advice = ": plan in the session" if quote.close_unknown else ""
    return NoPrice("; ".join([*dict.fromkeys(rejected), *([quote.notice] if quote.notice else [])]) + advice)


def price_steps(quote: Quote, pricing: PricingPolicy) -> tuple[PriceSource, ...]:
    """Return the sources that are tried for a quote under an account's pricing rules, in their order."""
    if not quote.closed:
        return _steps(pricing)
    if not quote.close_unknown:
        return ("close",)
    return (
        tuple(step for step in _steps(pricing) if step in _AFTER_HOURS)
        if pricing.fallback_to_snapshot
        else ()
    )


def _why_unknown(quote: Quote) -> str:
    if quote.last_at is None:
        return "the market is closed, and the last regular price is not known without the time of a trade"
    at = f"{quote.last_at:%Y-%m-%d %H:%M} UTC"
    return f"the last trade ({at}) came after the close, so the last regular price is not known"


def _refusal(quote: Quote, pricing: PricingPolicy) -> str | None:
    if quote.problem is not None:
        return quote.problem
    if quote.halted:
        return "trading is halted"
    if quote.delayed and not pricing.allow_delayed:
        return "only delayed data (allow_delayed = false)"
    if _has_live_book(quote) and quote.bid is not None and quote.ask is not None and quote.bid > quote.ask:
        return f"crossed quote (bid {quote.bid} over ask {quote.ask})"
    return None


def _has_live_book(quote: Quote) -> bool:
    return not quote.closed or quote.close_unknown


def _without_impossible(quote: Quote) -> Quote:
    """Return the quote with ``None`` for every price that cannot be one."""
    impossible = {
        name: None
        for name in ("bid", "ask", "last", "close")
        if (price := getattr(quote, name)) is not None and not (price.is_finite() and price > 0)
    }
    return msgspec.structs.replace(quote, **impossible) if impossible else quote


def _steps(pricing: PricingPolicy) -> tuple[PriceSource, ...]:
    wanted = pricing.price_source
    return (wanted, *FALLBACKS[wanted]) if pricing.fallback_to_snapshot else (wanted,)


def _read(
    quote: Quote, source: PriceSource, pricing: PricingPolicy, limits: LimitsPolicy
) -> tuple[Decimal | None, str]:
    match source:
        case "last" if quote.close_unknown:
            return _last_of_evening(quote, limits)
        case "last":
            return _last(quote, pricing, limits)
        case "close":
            return quote.close, "no close"
        case _:
            return _from_book(quote, source, limits)


def _last(quote: Quote, pricing: PricingPolicy, limits: LimitsPolicy) -> tuple[Decimal | None, str]:
    if quote.last is None:
        return None, "no last trade"
    if quote.last_at is None:
        return None, "last trade without a time"
    age = quote.received_at - quote.last_at
    if age > timedelta(microseconds=int(pricing.price_max_age_sec.scaleb(6))):
        seconds = -(-age // timedelta(seconds=1))
        return None, f"last trade {seconds} s old (price_max_age_sec = {pricing.price_max_age_sec})"
    return _near_book(quote, quote.last, limits)


def _last_of_evening(quote: Quote, limits: LimitsPolicy) -> tuple[Decimal | None, str]:
    """Return the last trade after the close: sound only beside a bid and an ask that are near each other."""
    if quote.last is None or quote.last_at is None:
        return None, "no last trade after the close"
    middle, why = _from_book(quote, "mid", limits)
    return _near_book(quote, quote.last, limits) if middle is not None else (None, why)


def _near_book(quote: Quote, last: Decimal, limits: LimitsPolicy) -> tuple[Decimal | None, str]:
    if quote.bid is not None and quote.ask is not None:
        slack = divide(last * limits.max_price_move_pct, HUNDRED)
        if not quote.bid - slack <= last <= quote.ask + slack:
            return None, (
                f"last trade {last} lies over {limits.max_price_move_pct}% outside bid {quote.bid} and ask "
                f"{quote.ask} (max_price_move_pct)"
            )
    return last, ""


def _from_book(quote: Quote, source: PriceSource, limits: LimitsPolicy) -> tuple[Decimal | None, str]:
    if quote.bid is None or quote.ask is None:
        value = {"bid": quote.bid, "ask": quote.ask}.get(source)
        return value, f"no {'bid and ask' if source == 'mid' else source}"
    if source == "mid":
        middle = quantize(divide(quote.bid + quote.ask, Decimal(2)))
        if quote.ask - quote.bid > from_bps(limits.max_spread_bps) * middle:
            return None, (
                f"bid {quote.bid} and ask {quote.ask} are over {limits.max_spread_bps} bps apart (max_spread_bps)"
            )
        return middle, ""
    return {"bid": quote.bid, "ask": quote.ask}[source], ""
