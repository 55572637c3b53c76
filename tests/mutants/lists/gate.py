"""Faults of the send gate and the checks before it: an order leaves that no plan has, or that a limit forbids."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_SEND_GATE = "rebalplan/apply/send_gate.py"
_GATE = "rebalplan/apply/gate.py"
_GUARD = "rebalplan/apply/guard.py"
_CHECKS = "rebalplan/apply/checks.py"
_LIVE = "rebalplan/apply/live.py"

GATE: tuple[Mutant, ...] = (
    Mutant(
        "the send gate lets more shares pass than were planned",
        _GATE,
        "if not 0 < ticket.quantity <= planned.quantity:",
        "if not 0 < ticket.quantity:",
        "tests/apply/test_gate.py::test_an_order_that_is_not_its_plan_line_is_a_defect",
    ),
    Mutant(
        "the send gate does not compare the account",
        _GATE,
        "if (ticket.account, ticket.symbol, ticket.con_id, ticket.side) != wanted:",
        "if (ticket.symbol, ticket.con_id, ticket.side) != wanted[1:]:",
        "tests/apply/test_gate.py::test_an_order_that_is_not_its_plan_line_is_a_defect",
    ),
    Mutant(
        "a reference passes the send gate twice",
        _GATE,
        "if ticket.reference in sent.references:",
        "if ticket.reference in sent.references[1:]:",
        "tests/apply/test_gate.py::test_a_reference_that_was_used_is_a_defect",
    ),
    Mutant(
        "a fallback passes for all that was sent",
        _GATE,
        "if ticket.quantity > first.rest:",
        "if ticket.quantity > first.dispatch.quantity:",
        "tests/apply/test_gate.py::test_a_fallback_needs_the_end_of_the_first_order_and_takes_no_more_than_its_rest",
    ),
    Mutant(
        "a fallback passes while the first order may still fill",
        _GATE,
        "if first is None or not first.is_over:",
        "if first is None:",
        "tests/apply/test_gate.py::test_a_fallback_needs_the_end_of_the_first_order_and_takes_no_more_than_its_rest",
    ),
    Mutant(
        "the turnover forgets what was sent before",
        _GATE,
        "turnover_pct = divide((sent.value_usd + value) * HUNDRED, net_liquidation_usd)",
        "turnover_pct = divide(value * HUNDRED, net_liquidation_usd)",
        "tests/apply/test_gate.py::test_turnover_of_the_account",
    ),
    Mutant(
        "the turnover of all accounts is that of one",
        _GATE,
        "if total is not None and sent.total_usd + value > total:",
        "if total is not None and sent.value_usd + value > total:",
        "tests/apply/test_gate.py::test_turnover_of_all_accounts",
    ),
    Mutant(
        "an order leaves in the second in which its plan expires",
        _GATE,
        "if now >= expires_at:",
        "if now > expires_at:",
        "tests/apply/test_gate.py::test_expiry_and_close_by_the_second",
    ),
    Mutant(
        "an order leaves for a halted symbol",
        _GATE,
        "if quote.halted:",
        "if quote.halted and quote.closed:",
        "tests/apply/test_gate.py::test_a_market_that_is_none",
    ),
    Mutant(
        "what the send gate refuses for the market is sent",
        _SEND_GATE,
        "if refusal is None:",
        "if refusal is None or not refusal.is_defect:",
        "tests/apply/test_line_orders.py::test_an_order_that_the_send_gate_refuses_does_not_leave",
    ),
    Mutant(
        "a paper plan trades a live account",
        _GUARD,
        'if paper != (mode == "paper"):',
        'if paper and mode != "paper":',
        "tests/apply/test_guard.py::test_an_account_of_the_other_kind_than_the_plan_is_refused",
    ),
    Mutant(
        "a live account is traded without allow_live",
        _GUARD,
        "if not paper and not account.allow_live:",
        "if paper and not account.allow_live:",
        "tests/apply/test_guard.py::test_a_live_account_is_refused_until_it_is_allowed",
    ),
    Mutant(
        "a paper account is traded at the port for live trading",
        _GUARD,
        "if port in (LIVE_PORTS if paper else PAPER_PORTS):",
        "if port in (PAPER_PORTS if paper else LIVE_PORTS):",
        "tests/apply/test_guard.py::test_a_paper_account_at_a_live_port_is_refused",
    ),
    Mutant(
        "a resume sends on another day",
        _CHECKS,
        "if result.intents and result.intents[0].at.date() != now.date():",
        "if result.intents and result.intents[0].at.date() > now.date():",
        "tests/apply/test_checks.py::test_an_account_that_was_begun_on_another_day_is_refused_although_its_plan_has_"
        "not_expired",
    ),
    Mutant(
        "by the broker's time no plan expires",
        _CHECKS,
        "if expired:",
        "if expired[1:]:",
        "tests/apply/test_checks.py::test_by_the_broker_s_time_an_expired_plan_is_refused",
    ),
    Mutant(
        "an account starts in the last minutes of the session",
        _CHECKS,
        "if now >= session.closes_at - timedelta(minutes=limits.close_guard_min):",
        "if now >= session.closes_at:",
        "tests/apply/test_engine.py::test_no_account_starts_in_the_last_minutes_of_the_session",
    ),
    Mutant(
        "a position may be short of a part of a share",
        _LIVE,
        "return before > 0 and ZERO < now - before < ONE",
        "return before > 0 and abs(now - before) < ONE",
        "tests/apply/test_live.py::test_an_increase_of_a_whole_share_or_any_decrease_is_no_reinvested_dividend",
    ),
    Mutant(
        "a working order of somebody else is taken for ours when it has a reference",
        _LIVE,
        "order.order_ref not in required.own_references:",
        "not order.order_ref:",
        "tests/apply/test_live.py::test_rb502_working_orders_on_planned_symbols_whoever_placed_them",
    ),
    Mutant(
        "a symbol that became another contract is traded",
        _LIVE,
        "quote.problem is None and quote.con_id != order.con_id:",
        "quote.problem is None and not quote.con_id:",
        "tests/apply/test_live.py::test_rb503_another_contract",
    ),
    Mutant(
        "cash that is missing is only a note, and extra cash refuses",
        _LIVE,
        "short = missing > 0",
        "short = missing < 0",
        "tests/apply/test_live.py::test_rb505_missing_cash",
    ),
    Mutant(
        "orders of another copy of the plan are no finding",
        _LIVE,
        "if not references:\n        return ()",
        "if len(references) < 9:\n        return ()",
        "tests/apply/test_live.py::test_rb510_references_of_this_plan_that_the_journal_does_not_know",
    ),
    Mutant(
        "the orders of a plan are not calculated again before it is applied",
        "rebalplan/apply/engine.py",
        "        *verify_derivation(plan),\n",
        "",
        "tests/apply/test_engine.py::test_a_plan_whose_orders_do_not_follow_from_it_is_refused_whole",
    ),
)
