"""What an account holds after an apply."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from rebalplan.journal.fold import fold
from rebalplan.journal.records import AccountClosed, AnyRecord
from rebalplan.reports.after import After, account_after
from tests.builders import position
from tests.journal.support import (
    FIRST_BUY,
    PLAN,
    SELL,
    closed,
    commission,
    dispatch,
    done,
    fill,
    intent,
    resolved,
    run_ended,
    unknown,
)

D = Decimal


def after(*records: AnyRecord) -> After | None:
    return account_after(fold(PLAN, records).of("DU1"))


def read_again(cash: str, **shares: str) -> AccountClosed:
    held = tuple(position(symbol, quantity) for symbol, quantity in shares.items())
    return msgspec.structs.replace(closed("incomplete"), positions=held, cash_usd=D(cash))


SOLD = (dispatch(), fill("e.1", "40", "100"), commission("e.1"), done("filled", "40"))


def test_an_account_that_was_not_begun_is_as_it_was() -> None:
    assert after() is None
    assert after(closed("declined")) is None


def test_it_is_reckoned_from_before_and_the_fills_until_it_was_read_again() -> None:
    found = after(intent(SELL), *SOLD)
    assert found is not None
    assert found.shares == {"BND": D(10), "QQQ": D(10), "VTI": D(30)}
    assert found.cash_usd == D(1000) + 4000 - 1


def test_what_was_read_again_counts_more_than_what_is_reckoned() -> None:
    found = after(intent(SELL), *SOLD, read_again("5005", BND="10"), run_ended())
    assert found is not None
    assert (found.shares, found.cash_usd) == ({"BND": D(10)}, D(5005))


def test_what_was_learnt_after_the_closing_is_not_mixed_with_what_was_read_before() -> None:
    begun = (intent(SELL), dispatch(), unknown(), read_again("1000", BND="50", QQQ="10", VTI="30"))
    found = after(*begun, run_ended(), *SOLD[1:])
    assert found is not None
    assert (found.shares["BND"], found.cash_usd) == (D(10), D(4999))
    found = after(*begun, run_ended(), resolved("15", "99"))
    assert found is not None
    assert (found.shares["BND"], found.cash_usd) == (D(35), D(1000) + 15 * 99)


def test_a_buy_takes_cash() -> None:
    found = after(intent(), dispatch(FIRST_BUY, "20"), fill("b.1", "5", "110", FIRST_BUY))
    assert found is not None
    assert (found.shares["QQQ"], found.cash_usd, found.prices["QQQ"]) == (D(15), D(450), D(110))
