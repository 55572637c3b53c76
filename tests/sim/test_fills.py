"""Prices of fills where a quote is odd, and when proceeds settle."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from .orders import ACCOUNTS, MARKET, Room, order_world, place, statuses


def _quoted(bid: str, ask: str, last: str = "", tick: str = "0.01") -> Room:
    lines = [f'{name} = "{price}"' for name, price in (("bid", bid), ("ask", ask), ("last", last)) if price]
    odd = (
        '\n[[instrument]]\ncon_id = 31\nsymbol = "ODD"\n' + f'min_tick = "{tick}"\n' + "\n".join(lines) + "\n"
    )
    return Room(order_world(market=MARKET + odd, accounts=ACCOUNTS))


@pytest.mark.parametrize(
    ("quote", "order_type", "side", "price"),
    [
        (("", "", "9"), "MKT", "BUY", "9"),
        (("NaN", "-1", "9"), "MKT", "BUY", "9"),
        (("0", "10", "9"), "MKT", "SELL", "9"),
        (("8", "", ""), "MKT", "SELL", "8"),
        (("8", "", ""), "MIDPRICE", "SELL", "8"),
        (("8.00", "8.03", ""), "MIDPRICE", "BUY", "8.01"),
        (("8.00", "8.03", ""), "MIDPRICE", "SELL", "8.02"),
        (("", "", "NaN"), "MKT", "BUY", None),
    ],
)
def test_an_odd_quote_falls_back_to_the_last_price(
    quote: tuple[str, str, str], order_type: str, side: str, price: str | None
) -> None:
    told = _quoted(*quote).join().ask(*place(symbol="ODD", side=side, order_type=order_type))
    assert [row[20] for row in told if row[0] == "11"] == ([] if price is None else [price])


def test_an_instrument_without_a_tick_takes_any_price() -> None:
    room = _quoted("8", "8.5", tick="0")
    told = room.join().ask(*place(symbol="ODD", order_type="LMT", limit="8.51234"))
    assert statuses(told)[-1] == ("Filled", "10", "0")
    told = room.join(2).ask(*place(symbol="ODD", order_type="MIDPRICE", quantity="1"))
    assert told[2][20] == "8.25"


@pytest.mark.parametrize(("sold", "settles_days"), [("2026-11-24", 1), ("2026-11-27", 3), ("2026-11-28", 2)])
def test_proceeds_settle_on_the_next_weekday(sold: str, settles_days: int) -> None:
    accounts = (
        '[[account]]\nid = "DU2"\ntype = "cash"\nsettlement = "next_day"\n'
        'position = [{ symbol = "BND", quantity = "50" }]\n'
    )
    room = Room(order_world(accounts=accounts))
    room.now = datetime.fromisoformat(f"{sold}T15:00:00+00:00")
    room.join().ask(*place(symbol="BND", side="SELL", quantity="50", account="DU2"))
    (proceeds,) = room.book.unsettled("DU2")
    assert proceeds.amount == Decimal("2500.00")
    assert proceeds.settles == room.now.date() + timedelta(days=settles_days)
    room.wait((settles_days - 1) * 86400)
    assert room.book.unsettled("DU2") == (proceeds,)
    room.wait(86400)
    assert room.book.unsettled("DU2") == ()
