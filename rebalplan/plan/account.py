"""One account: snapshot, targets, quotes and policy in; orders, reasons and figures out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from decimal import Decimal

import msgspec

from rebalplan.core.contracts import quote_of
from rebalplan.core.money import ZERO, canonical, quantize, usd
from rebalplan.core.policy import Policy
from rebalplan.core.text import printable
from rebalplan.core.vocabulary import AccountSnapshot, Position, Quote, Targets
from rebalplan.plan.document import AccountPlan, DriftRow, PlannedOrder
from rebalplan.plan.drift import Drift, Holding, Valuation, measure_drift, sizing_problem, value_account
from rebalplan.plan.limits import account_breaches
from rebalplan.plan.pricing import NoPrice, Price, choose_price
from rebalplan.plan.sizing import SizedLine, Sizing, size_orders
from rebalplan.plan.snapshot import mismatch_failure, snapshot_failures
from rebalplan.plan.summary import percent, summarize

_LONGEST_FAILURE = 1000
"""Characters of a failure that a plan keeps."""

_LEAST_INVESTABLE = 10**9
"""An investable value below the account's largest figure over this counts as 0: percentages of it would be endless."""


_LARGEST_USD = Decimal(10_000_000_000)
"""A larger account is a defect of the data. The bound also keeps every figure of a plan within 18 digits."""


class AccountInput(msgspec.Struct, frozen=True):
    """Everything an account's orders follow from, but the quotes.

    ``failure`` says why there is no snapshot; it is empty when there is one. Every decimal is in canonical
    form, as settings, portfolios and the broker adapter give it: a plan with another form is never written.
    """

    account: str
    client_id: int
    policy: Policy
    targets: Targets
    snapshot: AccountSnapshot | None
    failure: str = ""


def needed_symbols(account: AccountInput) -> dict[str, int]:
    """Return the symbols this account needs a price for, with the conId it holds (0: holds none)."""
    if account.snapshot is None:
        return {}
    needed = {w.symbol: 0 for w in account.targets.weights if w.target_pct}
    needed.update({p.symbol: p.con_id for p in account.snapshot.positions if p.quantity})
    return needed


def plan_account(account: AccountInput, quotes: Mapping[str, Quote]) -> AccountPlan:
    """Return the account's plan; one that cannot be planned has status ``failed`` and the reasons."""
    if account.snapshot is None:
        return _failed(account, (printable(account.failure, _LONGEST_FAILURE),))
    failures = snapshot_failures(account.snapshot, account.policy.rebalance.foreign_cash_tolerance_usd)
    left_out = _left_out(account, quotes)
    holdings, unpriced = _price_holdings(account, account.snapshot, quotes, left_out)
    failures = (*failures, *unpriced, *_shared_contracts(holdings))
    if failures:
        return _failed(account, failures)
    rules = account.policy.rebalance
    snapshot = account.snapshot
    valuation = value_account(snapshot.cash_usd, holdings, account.targets, rules, snapshot.unsettled_usd)
    priced = (quote_of(quotes, holding.symbol, holding.con_id) for holding in holdings if holding.quantity)
    is_closed = any(quote is not None and quote.closed for quote in priced)
    left_out_usd = sum(left_out.values(), ZERO)
    failure = _valuation_failure(snapshot, valuation, account.policy, left_out_usd, is_closed=is_closed)
    if failure:
        return _failed(account, (failure,))
    drifts = measure_drift(valuation, holdings, rules)
    sizing = size_orders(sizing_problem(valuation, drifts, rules))
    return _assemble(account, valuation, holdings, drifts, sizing)


def _failed(account: AccountInput, reasons: tuple[str, ...]) -> AccountPlan:
    return AccountPlan(
        account=account.account,
        client_id=account.client_id,
        status="failed",
        reasons=reasons,
        policy=account.policy,
        targets=account.targets.weights,
        cash_target_pct=account.targets.cash_pct,
        orders=(),
        drift=(),
        summary=None,
        snapshot=account.snapshot,
    )


def unpriced_holdings(account: AccountInput, quotes: Mapping[str, Quote]) -> tuple[Position, ...]:
    """Return the holdings that are left alone and have no price: the broker must be asked what they are worth."""
    if account.snapshot is None or account.policy.rebalance.unlisted == "sell":
        return ()
    listed = {w.symbol for w in account.targets.weights}
    return tuple(
        position
        for position in account.snapshot.positions
        if position.symbol not in listed and isinstance(_price_of(position, quotes, account.policy), NoPrice)
    )


def _left_out(account: AccountInput, quotes: Mapping[str, Quote]) -> dict[str, Decimal]:
    """Return the broker's value in USD of each holding without a price, by symbol; 0 when it does not say.

    Such a holding is not managed and not in our valuation. The broker's valuation has it all the same, so a value that
    it does not say shows as a mismatch unless it is small.
    """
    asked = {v.con_id: v for v in account.snapshot.broker_values} if account.snapshot else {}
    return {
        position.symbol: asked[position.con_id].value_usd or ZERO
        for position in unpriced_holdings(account, quotes)
        if position.con_id in asked
    }


def _price_holdings(
    account: AccountInput,
    snapshot: AccountSnapshot,
    quotes: Mapping[str, Quote],
    left_out: Container[str],
) -> tuple[tuple[Holding, ...], tuple[str, ...]]:
    """Return the priced holdings in symbol order, and a sentence for each that has no price."""
    quantities = {p.symbol: p.quantity for p in snapshot.positions}
    targets: dict[str, Decimal | None] = {w.symbol: w.target_pct for w in account.targets.weights}
    unlisted = ZERO if account.policy.rebalance.unlisted == "sell" else None
    holdings, unpriced = [], []
    for symbol, con_id in sorted(needed_symbols(account).items()):
        if symbol in left_out:
            continue
        quote = quote_of(quotes, symbol, con_id)
        price = _price(symbol, con_id, quote, account.policy)
        if quote is None or isinstance(price, NoPrice):
            why = price.why if isinstance(price, NoPrice) else "not quoted"
            unpriced.append(f"no price for {symbol}: {why}")
            continue
        holdings.append(
            Holding(
                symbol=symbol,
                con_id=quote.con_id,
                quantity=quantities.get(symbol, ZERO),
                price=price.value,
                price_source=price.source,
                target_pct=targets.get(symbol, unlisted),
            )
        )
    return tuple(holdings), tuple(unpriced)


def _price_of(position: Position, quotes: Mapping[str, Quote], policy: Policy) -> Price | NoPrice:
    quote = quote_of(quotes, position.symbol, position.con_id)
    return _price(position.symbol, position.con_id, quote, policy)


def _price(symbol: str, con_id: int, quote: Quote | None, policy: Policy) -> Price | NoPrice:
    if quote is None:
        return NoPrice("it was not quoted with the snapshot: plan again at the broker")
    if quote.problem is None and con_id not in (0, quote.con_id):
        return NoPrice(f"the account holds contract {con_id} but {symbol} is now contract {quote.con_id}")
    return choose_price(quote, policy.pricing, policy.limits)


def _shared_contracts(holdings: Iterable[Holding]) -> Iterable[str]:
    """Return a sentence for each contract that goes by two names here: it would be traded twice."""
    symbols: dict[int, list[str]] = {}
    for holding in holdings:
        symbols.setdefault(holding.con_id, []).append(holding.symbol)
    for con_id, names in symbols.items():
        if len(names) > 1:
            yield (
                f"{' and '.join(names)} are one contract ({con_id}) at the broker: use the name that the account "
                "holds it by in portfolios.csv"
            )


def _valuation_failure(
    snapshot: AccountSnapshot,
    valuation: Valuation,
    policy: Policy,
    left_out_usd: Decimal,
    *,
    is_closed: bool,
) -> str | None:
    largest = max(valuation.exposure, abs(valuation.cash), valuation.buffer)
    if largest > _LARGEST_USD:
        return (
            f"cash of {usd(valuation.cash)} USD and holdings of {usd(valuation.exposure)} USD are beyond "
            f"{usd(_LARGEST_USD)} USD: no figure of that size is planned with"
        )
    if valuation.investable * _LEAST_INVESTABLE <= largest:
        return (
            f"nothing to invest: {usd(valuation.net_liquidation)} USD net liquidation value less "
            f"{usd(valuation.buffer)} USD cash buffer and {usd(valuation.held)} USD unlisted holdings leaves "
            f"{usd(valuation.investable)} USD"
        )
    tolerance_pct = policy.limits.nlv_mismatch_pct
    return mismatch_failure(
        snapshot, valuation.net_liquidation, tolerance_pct, left_out_usd, is_closed=is_closed
    )


def _assemble(
    account: AccountInput,
    valuation: Valuation,
    holdings: tuple[Holding, ...],
    drifts: tuple[Drift, ...],
    sizing: Sizing,
) -> AccountPlan:
    orders = _orders(drifts, sizing)
    breaches = account_breaches(orders, valuation.net_liquidation, account.policy.limits)
    return AccountPlan(
        account=account.account,
        client_id=account.client_id,
        status="blocked" if breaches else "planned" if orders else "no_changes",
        reasons=breaches,
        policy=account.policy,
        targets=account.targets.weights,
        cash_target_pct=account.targets.cash_pct,
        orders=orders,
        drift=_rows(valuation, holdings, drifts, sizing),
        summary=summarize(account.policy.rebalance, valuation, drifts, sizing),
        snapshot=account.snapshot,
    )


def _orders(drifts: tuple[Drift, ...], sizing: Sizing) -> tuple[PlannedOrder, ...]:
    orders = [
        _order(d.holding, line.trade) for d, line in zip(drifts, sizing.lines, strict=True) if line.trade
    ]
    return tuple(sorted(orders, key=lambda o: (o.side == "BUY", o.symbol, o.con_id)))


def _order(holding: Holding, trade: Decimal) -> PlannedOrder:
    return PlannedOrder(
        side="BUY" if trade > 0 else "SELL",
        symbol=holding.symbol,
        con_id=holding.con_id,
        quantity=canonical(abs(trade)),
        price=holding.price,
        value_usd=quantize(abs(trade) * holding.price),
        closes=not holding.target_pct and holding.quantity + trade == 0,
    )


def _rows(
    valuation: Valuation, holdings: tuple[Holding, ...], drifts: tuple[Drift, ...], sizing: Sizing
) -> tuple[DriftRow, ...]:
    sized = {d.holding.symbol: (d, line) for d, line in zip(drifts, sizing.lines, strict=True)}
    return tuple(_row(valuation, holding, sized.get(holding.symbol)) for holding in holdings)


def _row(valuation: Valuation, holding: Holding, sized: tuple[Drift, SizedLine] | None) -> DriftRow:
    drift, line = sized or (None, None)
    return DriftRow(
        symbol=holding.symbol,
        quantity=holding.quantity,
        price=holding.price,
        price_source=holding.price_source,
        target_pct=holding.target_pct,
        current_pct=percent(holding.value, valuation.investable),
        drift_pct=drift.pct if drift else ZERO,
        drift_usd=quantize(drift.usd) if drift else ZERO,
        trade=canonical(line.trade) if line else ZERO,
        reason=line.reason if line else "held_unlisted",
    )
