from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.core.vocabulary import Quote
from rebalplan.plan.account import AccountInput
from rebalplan.plan.build import build_plan, derive_again, inputs_of, needed_symbols
from rebalplan.plan.codec import encode
from rebalplan.plan.document import PLAN_FORMAT, Plan
from rebalplan.plan.sizing import SIZING_VERSION
from tests.builders import (
    NOW,
    SESSION,
    account,
    plan,
    planned_alone,
    plans,
    quote,
    quotes,
    worlds,
)

D = Decimal
World = tuple[tuple[AccountInput, ...], tuple[Quote, ...]]


def built(accounts: Sequence[AccountInput], market: Sequence[Quote]) -> Plan:
    return build_plan(accounts, market, mode="paper", session=SESSION, created_at=NOW, tool_version="0.1.0")


def without_total_limit(given: AccountInput) -> AccountInput:
    limits = msgspec.structs.replace(given.policy.limits, max_total_turnover_usd=None)
    return msgspec.structs.replace(given, policy=msgspec.structs.replace(given.policy, limits=limits))


@pytest.mark.slow
@settings(derandomize=True, deadline=None)
@given(worlds())
def test_the_plan_of_many_accounts_is_each_accounts_plan_alone(world: World) -> None:
    accounts, market = world
    accounts = tuple(without_total_limit(a) for a in accounts)
    assert built(accounts, market).accounts == tuple(planned_alone(a, market) for a in accounts)


@pytest.mark.slow
@settings(derandomize=True, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_quotes_changes_no_byte(world: World, chance: Random) -> None:
    accounts, market = world
    shuffled = list(market)
    chance.shuffle(shuffled)
    assert encode(built(accounts, shuffled)) == encode(built(accounts, market))


@pytest.mark.slow
@settings(derandomize=True, deadline=None)
@given(worlds())
def test_the_ambient_decimal_context_changes_no_byte(world: World) -> None:
    expected = encode(built(*world))
    with localcontext(Context(prec=4, rounding=ROUND_CEILING, capitals=0)):
        assert encode(built(*world)) == expected


@pytest.mark.slow
@settings(derandomize=True, deadline=None)
@given(plans())
def test_a_plan_derived_again_is_the_plan(made: Plan) -> None:
    assert derive_again(made) == made


def test_an_account_that_fails_leaves_the_others_as_they_are() -> None:
    good, bad = account("DU1"), account("DU2", weights={"BND": "100"})
    made = plan(good, bad, market=(quote("BND", last=None),))
    assert [a.status for a in made.accounts] == ["planned", "failed"]
    assert made.accounts[0] == plan(good).accounts[0]


def test_accounts_keep_their_order() -> None:
    made = plan(account("DU2"), account("DU1"), account("DU3"))
    assert [a.account for a in made.accounts] == ["DU2", "DU1", "DU3"]


def test_quotes_are_in_symbol_order() -> None:
    made = plan(account(), market=quotes("VTI", "BND", "QQQ"))
    assert [q.symbol for q in made.volatile.quotes] == ["BND", "QQQ", "VTI"]


def test_a_plan_names_its_format_and_sizing() -> None:
    made = plan()
    assert (made.format_version, made.sizing_version) == (PLAN_FORMAT, SIZING_VERSION)


def test_an_account_given_twice_is_a_defect_of_the_caller() -> None:
    with pytest.raises(ValueError, match="account DU1 comes twice"):
        plan(account("DU1"), account("DU1"))


def test_a_symbol_quoted_twice_is_a_defect_of_the_caller() -> None:
    with pytest.raises(ValueError, match="quote of VTI comes twice"):
        built((account(),), (quote("VTI", "100"), quote("VTI", "101")))


def test_turnover_of_all_accounts_at_the_limit_is_allowed() -> None:
    pair = [account(name, max_total_turnover_usd=D(20_000)) for name in ("DU1", "DU2")]
    assert [a.status for a in plan(*pair).accounts] == ["planned", "planned"]


def test_turnover_of_all_accounts_over_the_limit_blocks_each_that_would_trade() -> None:
    three = [account(name, max_total_turnover_usd=D("19999.99")) for name in ("DU1", "DU2")]
    three.append(account("DU3", cash="0", holdings={"VTI": "1"}, max_total_turnover_usd=D(1)))
    made = plan(*three)
    assert [a.status for a in made.accounts] == ["blocked", "blocked", "no_changes"]
    assert made.accounts[0].reasons == (
        "turnover of all accounts is 20,000.00 USD, more than max_total_turnover_usd = 19,999.99: "
        "plan fewer accounts with --account or raise the limit",
    )


def test_the_total_limit_binds_only_the_accounts_that_set_it() -> None:
    made = plan(account("DU1", max_total_turnover_usd=D(1)), account("DU2"))
    assert [a.status for a in made.accounts] == ["blocked", "planned"]


def test_an_account_blocked_by_its_own_limit_does_not_count_in_the_total() -> None:
    own = account("DU1", max_order_usd=D(1), max_total_turnover_usd=D(10_000))
    other = account("DU2", max_total_turnover_usd=D(10_000))
    made = plan(own, other)
    assert [a.status for a in made.accounts] == ["blocked", "planned"]
    assert len(made.accounts[0].reasons) == 1


def test_a_plan_expires_at_the_close_of_the_next_session() -> None:
    assert plan().volatile.expires_at == SESSION.closes_at


def test_a_plan_without_a_session_expires_at_once() -> None:
    assert plan(session=None).volatile.expires_at == NOW


def test_the_shortest_plan_ttl_min_shortens_the_life_of_the_plan() -> None:
    pair = account("DU1", plan_ttl_min=90), account("DU2", plan_ttl_min=60)
    assert plan(*pair).volatile.expires_at == NOW + timedelta(minutes=60)


def test_plan_ttl_min_never_lengthens_the_life_of_the_plan() -> None:
    assert plan(account(plan_ttl_min=43_200)).volatile.expires_at == SESSION.closes_at


def test_a_plan_ttl_min_does_not_give_life_to_a_plan_without_a_session() -> None:
    assert plan(account(plan_ttl_min=60), session=None).volatile.expires_at == NOW


def test_the_inputs_of_a_plan_are_those_it_was_built_from() -> None:
    given_accounts = (account("DU1", max_order_usd=D(1)), account("DU2", failure="timed out"))
    assert inputs_of(plan(*given_accounts)) == given_accounts


def test_needed_are_the_targets_and_whatever_is_held() -> None:
    given_account = account(holdings={"OLD": "3", "GONE": "0"}, weights={"VTI": "100", "ZERO": "0"})
    assert needed_symbols(given_account) == {"VTI": 0, "OLD": quote("OLD").con_id}


def test_an_account_that_could_not_be_read_needs_nothing() -> None:
    assert needed_symbols(account(failure="timed out")) == {}
