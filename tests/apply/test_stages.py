"""The one list of steps: what is printed is what is walked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rebalplan.apply.journal.fold import fold
from rebalplan.apply.journal.records import AnyRecord
from rebalplan.apply.stages import (
    Check,
    Confirm,
    ConfirmAll,
    Pause,
    Recover,
    Selection,
    Skip,
    Stage,
    Trade,
    Verify,
    build_stages,
    rests_of,
)
from rebalplan.core.vocabulary import ConfirmMode
from rebalplan.plan.codec import encode
from tests.apply.journal.support import (
    FIRST_BUY,
    PLAN,
    SECOND_BUY,
    SELL,
    ack,
    closed,
    cut,
    dispatch,
    done,
    fill,
    intent,
    resolved,
    unknown,
)
from tests.builders import account, plan

D = Decimal


def select(**changes: Any) -> Selection:
    return msgspec.structs.replace(Selection((), ConfirmMode.PER_ACCOUNT, False, 1.0), **changes)


def stages(*records: AnyRecord, **changes: Any) -> tuple[Stage, ...]:
    verify, *others = build_stages(PLAN, fold(PLAN, records), select(**changes))
    assert verify == Verify()
    return tuple(others)


def references(trade: Stage) -> list[str]:
    assert isinstance(trade, Trade)
    return [line.reference for line in (*trade.sells, *trade.buys)]


def test_a_fresh_account_is_confirmed_and_traded() -> None:
    check, confirm, trade = stages()
    assert check == Check("DU1")
    assert confirm == Confirm("DU1")
    assert references(trade) == [SELL, FIRST_BUY, SECOND_BUY]
    assert isinstance(trade, Trade)
    assert not trade.is_resumed


def test_one_confirmation_for_all_accounts_and_a_pause_between_them() -> None:
    three = encode(plan(*(account(name, cash="10000") for name in ("DU1", "DU2", "DU3"))))[0]
    made = build_stages(three, fold(three, ()), select(confirm_mode="global"))
    assert " ".join(type(stage).__name__ for stage in made) == (
        "Verify Check Pause Check Pause Check ConfirmAll Pause Trade Pause Trade Pause Trade"
    )
    assert ConfirmAll(("DU1", "DU2", "DU3")) in made
    assert made[2] == Pause(1.0)


def test_only_chosen_accounts_have_stages() -> None:
    three = encode(plan(*(account(name, cash="10000") for name in ("DU1", "DU2", "DU3"))))[0]
    made = build_stages(three, fold(three, ()), select(accounts=("DU2",)))
    assert [stage.account for stage in made if isinstance(stage, Confirm | Trade)] == ["DU2", "DU2"]


def test_of_the_reasons_of_a_blocked_account_three_are_told() -> None:
    weights = dict.fromkeys(("AA", "BB", "CC", "DD", "EE"), "20")
    blocked = encode(plan(account("DU1", weights=weights, max_order_usd=D(1))))[0]
    (skip,) = (
        stage for stage in build_stages(blocked, fold(blocked, ()), select()) if isinstance(stage, Skip)
    )
    assert skip.why.count("max_order_usd") == 3
    assert skip.why.endswith(" and 2 more")


def test_accounts_without_orders_are_left_out_and_say_why() -> None:
    mixed = encode(
        plan(
            account("DU1", cash="0", holdings={"VTI": "10"}),
            account("DU2", failure="no answer"),
            account("DU3", cash="10000", max_order_usd=D(1)),
            account("DU4", cash="10000"),
        )
    )[0]
    made = build_stages(mixed, fold(mixed, ()), select())
    skips = [stage for stage in made if isinstance(stage, Skip)]
    assert [(s.account, s.is_problem) for s in skips] == [("DU1", False), ("DU2", True), ("DU3", True)]
    assert skips[0].why == "no changes planned"
    assert skips[1].why == "failed: no answer"
    assert skips[2].why.startswith("blocked: buy VTI for 10,000.00 USD is more than max_order_usd")
    assert not skips[2].why.endswith("more")
    assert not any(isinstance(stage, Pause) for stage in made)


def test_a_begun_account_goes_on_only_with_resume() -> None:
    assert stages(intent(SELL)) == (
        Skip("DU1", "already begun: only --resume goes on with it", is_problem=True),
    )
    _, confirm, trade = stages(intent(SELL), resume=True)
    assert confirm == Confirm("DU1")
    assert isinstance(trade, Trade)
    assert trade.is_resumed


def test_a_resume_asks_about_what_was_under_way_before_it_asks_the_person() -> None:
    recover, check, confirm, trade = stages(intent(SELL), dispatch(), ack(), resume=True)
    assert recover == Recover("DU1", (SELL,), trades_after=True)
    assert check == Check("DU1")
    assert confirm == Confirm("DU1")
    assert references(trade) == [FIRST_BUY, SECOND_BUY]


def test_a_fill_without_its_price_is_asked_about() -> None:
    recover, *_ = stages(intent(SELL), dispatch(), ack(), done("filled", "40"), resume=True)
    assert recover == Recover("DU1", (SELL,), trades_after=True)


def test_what_was_cut_is_weighed_again_by_a_resume() -> None:
    trade = stages(intent(SELL, FIRST_BUY), cut(FIRST_BUY), closed("incomplete"), resume=True)[-1]
    assert references(trade) == [SELL, FIRST_BUY, SECOND_BUY]


def test_a_done_account_is_never_applied_again() -> None:
    records = (intent(SELL), dispatch(), fill("e.1", "40"), done("filled", "40"), closed("done"))
    assert stages(*records) == (Skip("DU1", "already applied", is_problem=True),)
    assert stages(*records, resume=True) == (Skip("DU1", "already applied", is_problem=False),)


def test_refused_and_declined_accounts_stay_appliable() -> None:
    for status in ("refused", "declined"):
        assert isinstance(stages(closed(status))[-1], Trade)


def test_an_unknown_order_blocks_and_names_the_command_that_settles_it() -> None:
    (skip,) = stages(intent(SELL), dispatch(), unknown())
    assert isinstance(skip, Skip)
    assert f"`rebal resolve {SELL}`" in skip.why
    recover, blocked = stages(intent(SELL), dispatch(), unknown(), resume=True)
    assert recover == Recover("DU1", (SELL,), trades_after=False)
    assert blocked == skip


def test_an_account_with_nothing_left_is_only_read_again() -> None:
    records = [intent(SELL)]
    ended: list[AnyRecord] = [*records]
    for reference, quantity in ((SELL, "40"), (FIRST_BUY, "20"), (SECOND_BUY, "30")):
        ended += [dispatch(reference, quantity, algo="none"), done("cancelled", "0", reference)]
    ended.append(closed("incomplete", "sell BND is cancelled"))
    assert stages(*ended, resume=True) == (Recover("DU1", (), trades_after=False),)


def test_the_rest_of_a_dead_algo_order_keeps_the_account_resumable() -> None:
    ended: list[AnyRecord] = [intent(SELL)]
    for reference, quantity in ((SELL, "40"), (FIRST_BUY, "20"), (SECOND_BUY, "30")):
        ended += [dispatch(reference, quantity), done("cancelled", "0", reference)]
    ended.append(closed("incomplete"))
    assert isinstance(stages(*ended, resume=True)[-1], Trade)


@pytest.mark.parametrize(
    "end",
    [
        (done("cancelled", "0", is_agreed=False),),
        (done("cancelled", "0", cancel_asked=False),),
        (done("cancelled", "0"), fill("e.1", "5")),
        (done("cancelled", "5"),),
    ],
    ids=["lists did not agree", "somebody else cancelled", "filled more later", "not priced"],
)
def test_the_rest_of_an_order_whose_end_is_not_plain_is_never_sent(end: tuple[AnyRecord, ...]) -> None:
    sold = (intent(SELL), dispatch(), ack(), *end)
    assert rests_of(fold(PLAN, sold).of("DU1")) == ()
    plain = fold(PLAN, (intent(SELL), dispatch(), ack(), done("cancelled", "0"))).of("DU1")
    assert [order.dispatch.reference for order in rests_of(plain)] == [SELL]


def test_one_question_for_all_comes_after_what_became_of_earlier_orders_is_known() -> None:
    made = stages(intent(SELL), dispatch(), ack(), resume=True, confirm_mode="global")
    recover, check, ask, pause, trade = made
    assert check == Check("DU1")
    assert recover == Recover("DU1", (SELL,), trades_after=True)
    assert ask == ConfirmAll(("DU1",))
    assert pause == Pause(1.0)
    assert isinstance(trade, Trade)


def test_an_account_that_is_refused_is_left_out_and_a_resume_still_learns() -> None:
    refused = {"DU1": "another plan has an order there"}
    assert stages(refused=refused) == (Skip("DU1", "another plan has an order there", is_problem=True),)
    recover, skip = stages(intent(SELL), dispatch(), ack(), resume=True, refused=refused)
    assert recover == Recover("DU1", (SELL,), trades_after=False)
    assert skip == Skip("DU1", "another plan has an order there", is_problem=True)


def test_a_resolved_account_is_closed_anew_by_a_resume() -> None:
    ended: list[AnyRecord] = [intent(SELL, FIRST_BUY, SECOND_BUY)]
    for reference, quantity in ((SELL, "40"), (FIRST_BUY, "20")):
        ended += [dispatch(reference, quantity, algo="none"), done("filled", quantity, reference)]
    ended += [dispatch(SECOND_BUY, "30", algo="none"), unknown(SECOND_BUY), closed("incomplete")]
    made = stages(*ended, resolved("30", "100", SECOND_BUY), resume=True)
    assert made == (Recover("DU1", (SELL, FIRST_BUY), trades_after=False),)


def test_a_refused_plan_is_still_closed_after_its_last_news() -> None:
    sold = (intent(SELL), dispatch(), fill("e.1", "40"), done("filled", "40"))
    recover, skip = stages(*sold, resume=True, refused={"DU1": "expired"})
    assert recover == Recover("DU1", (), trades_after=False)
    assert isinstance(skip, Skip)
    assert len(stages(*sold, closed("incomplete"), resume=True, refused={"DU1": "expired"})) == 1


def test_a_plan_that_is_not_todays_any_more_says_so_once_and_is_only_followed() -> None:
    sold = (intent(SELL), dispatch(), ack())
    made = build_stages(PLAN, fold(PLAN, sold), select(resume=True, unverified="RB302 it expired"))
    verify, recover, skip = made
    assert verify == Verify("RB302 it expired")
    assert recover == Recover("DU1", (SELL,), trades_after=False)
    assert isinstance(skip, Skip)
    assert "RB302" not in skip.why
