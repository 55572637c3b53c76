"""The sentences that come before everything else."""

from __future__ import annotations

from decimal import Decimal

from syrupy.assertion import SnapshotAssertion

from rebalplan.plan.account import AccountInput
from rebalplan.plan.document import Plan
from rebalplan.plan.review import review_plan
from rebalplan.render.exceptions import Sentence, exceptions
from rebalplan.render.redaction import NOTHING, Redaction, redaction_of
from tests.builders import account, plan, quote, snapshot, unmanaged, working_order

D = Decimal
HALF = {"BND": "50", "VTI": "50"}


def found(made: Plan, redaction: Redaction = NOTHING) -> tuple[Sentence, ...]:
    return exceptions(review_plan(made), len(made.accounts), redaction)


def sentences(made: Plan, redaction: Redaction = NOTHING) -> tuple[str, ...]:
    """Return the sentences, each with its details indented below it."""
    return tuple(
        line for s in found(made, redaction) for line in (s.text, *(f"  {detail}" for detail in s.details))
    )


def follower(number: int, **fields: object) -> AccountInput:
    """One of many accounts that invest a deposit."""
    values: dict[str, object] = {
        "cash": "1000",
        "holdings": {"BND": "50", "VTI": "50"},
        "weights": HALF,
        **fields,
    }
    return account(f"DU{number}", **values)  # type: ignore[arg-type]


def test_the_gravest_come_first(screen: SnapshotAssertion) -> None:
    state = snapshot("9000", unmanaged=(unmanaged(),), working_orders=(working_order("BND"),))
    odd = {"BND": "40", "ODD": "1", "OLD": "60"}
    made = plan(
        account("DU1", failure="no answer"),
        account("DU2", max_order_usd=D(100)),
        account("DU3", cash="-500", holdings={"VTI": "100"}, direction="buy_only"),
        account("DU4", cash="-9000", holdings={"VTI": "100"}, direction="buy_only"),
        account("DU5", cash="0", holdings={"BND": "60", "VTI": "40"}, weights=HALF),
        account("DU6", state=state, weights={"BND": "100", "OLD": "0"}),
        account("DU7", cash="0", holdings=odd, weights={**HALF, "OLD": "0"}, max_turnover_pct=D(200)),
        account("DU8", cash="9000", weights={"LATE": "100"}, allow_delayed=True),
        market=(quote("LATE", delayed=True), quote("OLD", close="100", closed=True)),
    )
    assert "\n".join(sentences(made)) == screen


def test_many_accounts_that_do_the_same_and_the_few_that_do_not(screen: SnapshotAssertion) -> None:
    made = plan(
        *(follower(number) for number in range(100, 247)),
        follower(300, weights={"BND": "30", "VTI": "70"}),
        follower(301, direction="sell_only"),
        follower(302, holdings={"BND": "60", "VTI": "40"}),
    )
    assert "\n".join(sentences(made)) == screen


def test_with_more_outliers_than_anybody_reads_the_rest_is_counted() -> None:
    others = (follower(number, direction="sell_only") for number in range(300, 320))
    last = found(plan(*(follower(number) for number in range(100, 130)), *others))[-1]
    assert last.text == "30 accounts do the same; these 20 differ:"
    assert len(last.details) == 13
    assert last.details[-1] == "and 8 more"


def test_redacted_sentences_number_the_accounts() -> None:
    made = plan(account("DU1", failure="DU1 owes 5,000 USD"), account("DU2", max_order_usd=D(100)))
    first, second = sentences(made, redaction_of(made))
    assert first == "A1 failed: A1 owes *** USD"
    assert second.startswith("A2 is blocked: buy VTI for *** USD is more than max_order_usd = ***")


def test_long_lists_are_cut_and_counted() -> None:
    made = plan(*(account(f"DU{number}") for number in range(100, 120)))
    turnover, opened = sentences(made)[:2]
    assert turnover.endswith("DU105 100.00% and 14 more")
    assert opened == "new to the account: VTI in all 20 accounts"


def test_what_only_the_outlier_trades_is_told_with_what_keeps_the_others_from_it() -> None:
    held = {"BND": "50", "VTI": "50"}
    made = plan(
        *(follower(number, cash="0") for number in (1, 2, 3)),
        follower(4, cash="0", holdings=held, weights={"BND": "40", "VTI": "60"}),
        follower(5, cash="0", holdings={**held, "OLD": "1"}, weights={**HALF, "OLD": "0"}),
    )
    (told,) = (s for s in found(made) if s.details)
    assert told == Sentence(
        "3 accounts do the same; these 2 differ:",
        (
            "DU4 sells BND (the others: within_band), buys VTI (the others: within_band), "
            "because its target of BND is 40%, not 50%, its target of VTI is 60%, not 50%",
            "DU5 closes OLD, because its target of OLD is 0%, not not listed",
        ),
    )


def test_of_failed_unmanaged_and_waiting_accounts_twelve_are_named() -> None:
    def holder(number: int) -> AccountInput:
        state = snapshot("9000", unmanaged=(unmanaged(),), working_orders=(working_order("VTI"),))
        return account(f"DU2{number:02}", state=state)

    made = plan(
        *(account(f"DU1{number:02}", failure=f"gone {number}") for number in range(20)),
        *(holder(number) for number in range(13)),
    )
    told = sentences(made)
    assert [text for text in told if text.startswith("and ")] == [
        "and 8 more accounts failed or blocked",
        "and 1 more account with what is not managed",
        "and 1 more account with working orders at which apply stops",
    ]
    for start in ("DU1", "not managed in DU2", "working orders at the broker in DU2"):
        assert sum(text.startswith(start) for text in told) == 12


def test_what_several_accounts_failed_of_is_said_once() -> None:
    gone = [account(f"DU{number}", failure="gone") for number in range(1, 4)]
    assert sentences(plan(*gone))[0] == "all 3 accounts failed: gone"
    assert sentences(plan(*gone, account("DU4")))[0] == "DU1, DU2, DU3 failed: gone"
    many = [account(f"DU1{number:02}", failure="gone") for number in range(20)]
    told = sentences(plan(*many, account("DU4", failure="late"), account("DU5")))
    assert told[:2] == (
        "20 accounts (DU100, DU101, DU102, DU103, DU104, DU105, …) failed: gone",
        "DU4 failed: late",
    )
    blocked = sentences(plan(account("DU1", max_orders=D(0)), account("DU2", max_orders=D(0))))[0]
    assert blocked.startswith("all 2 accounts are blocked: ")


def test_the_rest_of_the_reasons_is_counted_by_their_accounts() -> None:
    pairs = [account(f"DU{number}", failure=f"gone {number % 14}") for number in range(100, 128)]
    assert "and 4 more accounts failed or blocked" in sentences(plan(*pairs))


def test_of_an_accounts_reasons_two_are_told_and_the_rest_counted() -> None:
    four = {"AA": "25", "BB": "25", "CC": "25", "DD": "25"}
    made = plan(account("DU1", weights=four, max_order_usd=D(100)))
    first = "DU1 is blocked: buy AA for 2,500.00 USD is more than max_order_usd = 100.00: "
    told = sentences(made)[0]
    assert told.startswith(first)
    assert "buy BB" in told
    assert told.endswith(" and 2 more")
    assert sentences(made, redaction_of(made))[0].endswith(" and 2 more")
