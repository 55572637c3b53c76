"""Builders of small quotes, snapshots, targets, policies and whole plans.

Every symbol costs 100 USD unless told otherwise, and every default account can be planned. Numbers are given
as text: ``snapshot(cash="900", holdings={"VTI": "2"})``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

from rebalplan.core.money import ZERO, canonical, exact
from rebalplan.core.policy import ExecutionPolicy, LimitsPolicy, Policy, PricingPolicy, RebalancePolicy
from rebalplan.core.vocabulary import (
    AccountSnapshot,
    BrokerValue,
    Position,
    Quote,
    Session,
    Targets,
    TargetWeight,
    UnmanagedItem,
    WorkingOrder,
)
from rebalplan.plan.account import AccountInput, plan_account
from rebalplan.plan.build import build_plan, needed_symbols
from rebalplan.plan.document import AccountPlan, Plan
from rebalplan.plan.drift import Holding, Valuation, value_account
from rebalplan.plan.fractions import without_fractional_orders

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
"""A Monday, in the regular session."""

SESSION = Session(NOW + timedelta(hours=22, minutes=30), NOW + timedelta(hours=29))
"""Tuesday's session."""

PRICE = "100"


def con_id_of(symbol: str) -> int:
    """Return the contract id that every builder gives ``symbol``."""
    return int.from_bytes(symbol.encode()[:4], "big")


def optional(number: str | None) -> Decimal | None:
    """Return the number of a text."""
    return None if number is None else Decimal(number)


def quote(
    symbol: str = "VTI",
    last: str | None = PRICE,
    *,
    bid: str | None = None,
    ask: str | None = None,
    close: str | None = None,
    age_sec: int | None = 0,
    **fields: Any,
) -> Quote:
    """Return a quote received now whose last trade is ``age_sec`` old (``None``: its time is not known)."""
    made = Quote(
        symbol=symbol,
        con_id=con_id_of(symbol),
        bid=optional(bid),
        ask=optional(ask),
        last=optional(last),
        close=optional(close),
        last_at=None if age_sec is None else NOW - timedelta(seconds=age_sec),
        received_at=NOW,
        delayed=False,
        closed=False,
        halted=False,
        problem=None,
    )
    return msgspec.structs.replace(made, **fields)


def quotes(*symbols: str, **prices: str) -> tuple[Quote, ...]:
    """Return a quote for each symbol at ``PRICE``, and for each keyword at its price."""
    return tuple(quote(symbol, price) for symbol, price in (dict.fromkeys(symbols, PRICE) | prices).items())


def position(symbol: str, quantity: str, con_id: int | None = None) -> Position:
    """Return a holding."""
    return Position(symbol, con_id or con_id_of(symbol), Decimal(quantity))


def unmanaged(
    kind: str = "CASH",
    description: str = "EUR cash",
    currency: str = "EUR",
    quantity: str = "100",
    debt_usd: str | None = None,
) -> UnmanagedItem:
    """Return something that is never valued."""
    debt = None if debt_usd is None else Decimal(debt_usd)
    return UnmanagedItem(kind, description, currency, Decimal(quantity), debt)


def working_order(symbol: str = "VTI", **fields: Any) -> WorkingOrder:
    """Return an open order of somebody else."""
    made = WorkingOrder(symbol, con_id_of(symbol), "BUY", Decimal(1), "mine", 7)
    return msgspec.structs.replace(made, **fields)


def snapshot(
    cash: str = "0",
    holdings: Mapping[str, str] | Sequence[Position] = (),
    prices: Mapping[str, str] | None = None,
    **fields: Any,
) -> AccountSnapshot:
    """Return an account that the broker values as we do, at ``prices`` and else ``PRICE``."""
    positions = (
        tuple(position(s, q) for s, q in holdings.items())
        if isinstance(holdings, Mapping)
        else tuple(holdings)
    )
    with exact():
        price = {p.symbol: Decimal((prices or {}).get(p.symbol, PRICE)) for p in positions}
        worth = canonical(Decimal(cash) + sum((p.quantity * price[p.symbol] for p in positions), ZERO))
    made = AccountSnapshot(
        account_type="INDIVIDUAL",
        base_currency="USD",
        net_liquidation=worth,
        broker_usd=worth,
        cash_usd=Decimal(cash),
        settled_cash=Decimal(cash),
        positions=positions,
        unmanaged=(),
        working_orders=(),
    )
    return msgspec.structs.replace(made, **fields)


def targets(weights: Mapping[str, str], cash: str = "0") -> Targets:
    """Return target weights in percent, in symbol order."""
    return Targets(tuple(TargetWeight(s, Decimal(weights[s])) for s in sorted(weights)), Decimal(cash))


def policy(**keys: Any) -> Policy:
    """Return a policy without buffer, cost or minimum order but for ``keys``, found in their sections by name."""
    plain = {"cash_buffer_pct": ZERO, "cost_bps": ZERO, "min_order_usd": ZERO}
    values = plain | keys
    sections: list[Any] = []
    for section in (RebalancePolicy, PricingPolicy, ExecutionPolicy, LimitsPolicy):
        mine = {name: values.pop(name) for name in section.__struct_fields__ if name in values}
        sections.append(section(**mine))
    assert not values, f"no such policy keys: {sorted(values)}"
    return Policy(rebalance=sections[0], pricing=sections[1], execution=sections[2], limits=sections[3])


def rules(**keys: Any) -> RebalancePolicy:
    """Return the ``[rebalance]`` part of ``policy``."""
    return policy(**keys).rebalance


def account(
    name: str = "DU1",
    *,
    cash: str = "10000",
    holdings: Mapping[str, str] | Sequence[Position] = (),
    weights: Mapping[str, str] | None = None,
    cash_target: str = "0",
    prices: Mapping[str, str] | None = None,
    state: AccountSnapshot | None = None,
    failure: str = "",
    client_id: int = 42,
    **keys: Any,
) -> AccountInput:
    """Return an account to plan: by default 10,000 USD of cash for 100% VTI. ``keys`` are policy keys."""
    return AccountInput(
        account=name,
        client_id=client_id,
        policy=policy(**keys),
        targets=targets({"VTI": "100"} if weights is None else weights, cash_target),
        snapshot=None if failure else state or snapshot(cash, holdings, prices),
        failure=failure,
    )


def planned(given: AccountInput, *market: Quote, **prices: str) -> AccountPlan:
    """Plan one account, at ``market`` and ``prices`` and else with every needed symbol at ``PRICE``."""
    return plan(given, market=market, **prices).accounts[0]


def plan(*accounts: AccountInput, market: Sequence[Quote] = (), **prices_or_fields: Any) -> Plan:
    """Build a plan; upper-case keywords are prices of symbols, lower-case ones arguments of ``build_plan``."""
    prices = {key: value for key, value in prices_or_fields.items() if key.isupper()}
    fields = {key: value for key, value in prices_or_fields.items() if not key.isupper()}
    given = accounts or (account(),)
    quoted = {q.symbol: q for q in (*quotes(**prices), *market)}
    for symbol in sorted({s for a in given for s in needed_symbols(a)} - quoted.keys()):
        quoted[symbol] = quote(symbol)
    arguments: dict[str, Any] = {
        "mode": "paper",
        "session": SESSION,
        "created_at": NOW,
        "tool_version": "0.1.0",
        **fields,
    }
    return build_plan(given, tuple(quoted.values()), **arguments)


def planned_alone(given: AccountInput, market: Sequence[Quote]) -> AccountPlan:
    """Plan one paper account without ``build_plan``."""
    with exact():
        return without_fractional_orders(plan_account(given, {q.symbol: q for q in market}), "paper")


def holding(symbol: str, quantity: str, target_pct: str | None, price: str = PRICE) -> Holding:
    """Return a priced holding."""
    return Holding(symbol, con_id_of(symbol), Decimal(quantity), Decimal(price), "last", optional(target_pct))


def valuation(cash: str, holdings: Sequence[Holding], *, cash_target: str = "0", **keys: Any) -> Valuation:
    """Value holdings under ``rules``; the target weights are the holdings' own."""
    weights = {h.symbol: str(h.target_pct) for h in holdings if h.target_pct is not None}
    return value_account(Decimal(cash), holdings, targets(weights, cash_target), rules(**keys))


SYMBOLS = ("AVUV", "BND", "QQQ", "VTI", "VXUS")
_ANY_TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=8)
"""Printable in every version of Unicode that a supported Python knows is left to the characters below."""

TEXTS = st.one_of(st.sampled_from(("", "EUR cash", 'a "quoted" \\ / text', "Zürich 株式 😀 ﬁ é")), _ANY_TEXT)
"""Printable text of a broker."""


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    """Return canonical decimals with at most so many places."""
    scale = 10**places
    return st.integers(int(Decimal(low) * scale), int(Decimal(high) * scale)).map(
        lambda units: canonical(Decimal(units) / scale)
    )


@st.composite
def policies(draw: st.DrawFn, /) -> Policy:
    """Return policies in which every rule of planning varies."""
    return policy(
        trigger_mode=draw(st.sampled_from(("per_holding", "total_drift"))),
        per_holding_band_bps=draw(decimals("0", "500", 1)),
        portfolio_total_band_bps=draw(decimals("0", "1000", 1)),
        min_order_usd=draw(decimals("0", "900", 2)),
        cash_buffer_type=draw(st.sampled_from(("pct", "abs"))),
        cash_buffer_pct=draw(decimals("0", "0.05", 4)),
        cash_buffer_abs=draw(decimals("0", "2000", 2)),
        cost_bps=draw(decimals("0", "100", 1)),
        allow_fractional=draw(st.booleans()),
        max_leverage=draw(decimals("0.8", "2", 2)),
        unlisted=draw(st.sampled_from(("hold", "sell"))),
        direction=draw(st.sampled_from(("both",) * 6 + ("buy_only", "sell_only"))),
        max_order_usd=draw(decimals("3000", "100000", 0)),
        max_orders=draw(st.integers(2, 9)),
        max_total_turnover_usd=draw(st.none() | decimals("1000", "100000", 0)),
        nlv_mismatch_pct=draw(st.sampled_from((Decimal(0), Decimal(1)))),
        plan_ttl_min=draw(st.none() | st.integers(1, 3000)),
        allow_delayed=draw(st.booleans()),
    )


@st.composite
def markets(draw: st.DrawFn, /) -> tuple[Quote, ...]:
    """Return quotes of ``SYMBOLS``, a few of them unusable."""
    made = []
    for symbol in SYMBOLS:
        price = draw(decimals("0.5", "600", 6))
        flaw = draw(st.sampled_from(({},) * 60 + ({"halted": True}, {"delayed": True}, {"last": None})))
        book = {"bid": price, "ask": canonical(price + Decimal("0.01")), "close": price}
        made.append(quote(symbol, **(book | {"last": price} | flaw)))
    return tuple(made)


@st.composite
def weights_of_100(draw: st.DrawFn, /) -> Targets:
    """Return target weights of ``SYMBOLS`` and CASH that sum to 100."""
    parts = draw(st.lists(st.integers(0, 40), min_size=len(SYMBOLS), max_size=len(SYMBOLS)))
    cash = draw(st.integers(-30, 30))
    parts[0] += 1
    scale = Decimal(100 - cash) / sum(parts)
    rounded = [(Decimal(part) * scale).quantize(Decimal("0.000001")) for part in parts]
    rounded[0] += 100 - cash - sum(rounded)
    return Targets(
        tuple(TargetWeight(s, canonical(w)) for s, w in zip(SYMBOLS, rounded, strict=True)), Decimal(cash)
    )


@st.composite
def snapshots(draw: st.DrawFn, market: Sequence[Quote], /) -> AccountSnapshot:
    """Return accounts of a few holdings, now and then short, in debt or mispriced by the broker."""
    holdings = tuple(
        Position(
            q.symbol,
            q.con_id,
            draw(st.sampled_from((Decimal(0),)) | decimals("-1", "9", 4) | decimals("10", "90", 0)),
        )
        for q in market
        if draw(st.integers(0, 3))
    )
    cash = draw(st.sampled_from((Decimal(-300), Decimal(0))) | decimals("2000", "30000", 2))
    prices = {q.symbol: str(q.last or q.close) for q in market}
    return snapshot(
        str(cash),
        tuple(p for p in holdings if p.quantity >= 0 or draw(st.integers(0, 9)) == 0),
        prices,
        unmanaged=tuple(
            draw(st.lists(st.builds(unmanaged, quantity=st.just("3"), description=TEXTS), max_size=2))
        ),
        working_orders=draw(st.none() | st.just(()) | st.just((working_order(),))),
        settled_cash=draw(st.none() | decimals("0", "100", 2)),
        is_cash_account=draw(st.booleans()),
        broker_values=tuple(
            BrokerValue(p.symbol, p.con_id, draw(st.none() | decimals("0", "900", 2)))
            for p in holdings
            if not draw(st.integers(0, 3))
        ),
    )


@st.composite
def worlds(draw: st.DrawFn, /) -> tuple[tuple[AccountInput, ...], tuple[Quote, ...]]:
    """Return up to three accounts and the market they share; some accounts could not be read."""
    market = draw(markets())
    accounts = []
    for index in range(draw(st.integers(1, 3))):
        failure = draw(st.sampled_from(("",) * 9 + ("no answer within 30 s",)))
        state = None if failure else draw(snapshots(market))
        accounts.append(
            AccountInput(f"DU{index + 1}", 42, draw(policies()), draw(weights_of_100()), state, failure)
        )
    return tuple(accounts), market


@st.composite
def plans(draw: st.DrawFn, /) -> Plan:
    """Return whole plans."""
    accounts, market = draw(worlds())
    return build_plan(
        accounts,
        market,
        mode=draw(st.sampled_from(("sim", "paper", "live"))),
        session=draw(st.none() | st.just(SESSION)),
        created_at=NOW,
        tool_version="0.1.0",
        replay_of=draw(st.none() | st.just("20260301T160000Z-0123456789ab")),
    )
