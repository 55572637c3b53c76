"""The embedded gateway's accounts, quotes and orders as text."""

from __future__ import annotations

from decimal import Decimal

from rebalplan.render.figures import dollars, shares
from rebalplan.render.tables import table
from rebalplan.sim import AccountView, Description


def render_description(world: Description) -> str:
    """Return the accounts with their holdings, then the instruments with their quotes."""
    head = f"Scenario {world.name} ({world.source}), liquid hours: {world.hours}"
    parts = [head, *(_account(account) for account in world.accounts), "Instruments\n" + _instruments(world)]
    return "\n\n".join(parts)


def render_ledger(world: Description) -> str:
    """Return every order message that the gateway received, oldest first, and its result."""
    rows = [
        (
            f"{e.time:%Y-%m-%d %H:%M:%S}",
            str(e.client_id),
            e.kind,
            e.account,
            e.side,
            shares(e.quantity) if e.quantity else "",
            e.symbol,
            " ".join(part for part in (e.order_type, e.algo, e.tif) if part),
            e.order_ref,
            e.outcome,
        )
        for e in world.ledger
    ]
    headers = (
        "Time (UTC)",
        "Client",
        "Message",
        "Account",
        "Side",
        "Qty",
        "Symbol",
        "Type",
        "Reference",
        "Outcome",
    )
    return table(rows, headers, right=("Client", "Qty")) if rows else "No order was received."


def _account(account: AccountView) -> str:
    head = f"{account.id} ({account.kind}), net liquidation {dollars(account.net_liquidation)} {account.base}"
    cash = [("cash", c.currency, "", "", dollars(c.amount)) for c in account.cash]
    held = [
        (p.symbol, p.currency, shares(p.quantity), shares(p.price), dollars(p.market_value))
        for p in account.positions
    ]
    orders = [
        f"  working order: {o.order.side} {shares(o.order.quantity)} {o.symbol}" for o in account.orders
    ]
    rows = table(
        [*cash, *held], ("Holding", "Currency", "Qty", "Price", "Value"), right=("Qty", "Price", "Value")
    )
    return "\n".join([head, rows, *orders])


def _instruments(world: Description) -> str:
    rows = [
        (
            i.symbol,
            i.sec_type,
            i.currency,
            str(i.con_id),
            *(_price(p) for p in (i.quote.bid, i.quote.ask, i.quote.last, i.quote.close)),
        )
        for i in world.instruments
    ]
    headers = ("Symbol", "Type", "Currency", "conId", "Bid", "Ask", "Last", "Close")
    return table(rows, headers, right=("conId", "Bid", "Ask", "Last", "Close"))


def _price(price: Decimal | None) -> str:
    return "" if price is None else f"{price}"
