"""What is said of an account when its turn ends."""

from __future__ import annotations

from rebalplan.apply.closing import out_of_reach, still_working
from tests.apply.support import CLIENT_ID, confirm, sent_book, shown, status
from tests.builders import snapshot, working_order
from tests.journal.support import SELL


def test_an_order_that_is_over_but_works_at_the_broker_is_named() -> None:
    book, _ = sent_book()
    seen = snapshot("0", working_orders=(working_order("BND", order_ref=SELL), working_order("VTI")))
    assert still_working(book.orders.values(), seen) == []
    book.shown(shown())
    book.status(status("Cancelled"))
    confirm(book)
    (sentence,) = still_working(book.orders.values(), seen)
    assert sentence.startswith(f"{SELL} is over by all that was reported, but works at the broker")


def test_an_order_that_cannot_be_cancelled_from_here_names_the_client_id_that_can() -> None:
    book, _ = sent_book()
    book.shown(shown(client_id=43))
    (sentence,) = out_of_reach(book.orders.values(), CLIENT_ID)
    assert sentence == f"{SELL} works under client id 43, ours is {CLIENT_ID}: cancel it in TWS"
