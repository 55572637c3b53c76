"""Faults between us and the wire: an order goes out wrong, or what the gateway said is misread or not heard."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_CONNECTION = "rebalplan/ibkr/connection.py"
_INBOUND = "rebalplan/ibkr/inbound.py"
_TRADING = "rebalplan/ibkr/trading.py"
_ORDER_MESSAGES = "rebalplan/ibkr/order_messages.py"
_TESTS = "tests/ibkr/test_trading.py::"

WIRE: tuple[Mutant, ...] = (
    Mutant(
        "the time in force is not set",
        _TRADING,
        '            tif="DAY",\n',
        "",
        f"{_TESTS}test_an_order_arrives_once_with_account_reference_and_time_in_force",
    ),
    Mutant(
        "the account is not set on the order",
        _TRADING,
        "            account=ticket.account,\n            orderRef",
        "            orderRef",
        f"{_TESTS}test_an_order_arrives_once_with_account_reference_and_time_in_force",
    ),
    Mutant(
        "the reference is not set on the order",
        _TRADING,
        "            orderRef=ticket.reference,\n",
        "",
        f"{_TESTS}test_an_order_arrives_once_with_account_reference_and_time_in_force",
    ),
    Mutant(
        "a sent order is left in the library's queue",
        _TRADING,
        "if not client._msgQ and not transport.get_write_buffer_size():",
        "if transport:",
        f"{_TESTS}test_nothing_is_left_in_the_queue_when_place_returns",
    ),
    Mutant(
        "a cancel is for every order of everybody",
        _TRADING,
        "self._ib.client.cancelOrder(order_id)",
        "self._ib.client.reqGlobalCancel()",
        f"{_TESTS}test_a_cancel_ends_only_the_order_of_its_number",
    ),
    Mutant(
        "the order ids of another client push ours up",
        _TRADING,
        "if row.client_id == self._client_id and 0 < order_id < LARGEST_ORDER_ID:",
        "if 0 < order_id < LARGEST_ORDER_ID:",
        f"{_TESTS}test_the_order_ids_of_another_client_do_not_push_ours_up",
    ),
    Mutant(
        "2110 is no lost link",
        _TRADING,
        "LINK_LOST = (1100, 2110)",
        "LINK_LOST = (1100,)",
        f"{_TESTS}test_a_gateway_without_its_broker_says_so_to_a_new_client_too",
    ),
    Mutant(
        "nobody listens before the connection is made",
        "rebalplan/ibkr/broker.py",
        "            connection = IbkrConnection(\n",
        "            loop.run_until_complete(opened.connect())\n            connection = IbkrConnection(\n",
        f"{_TESTS}test_what_is_said_in_the_very_read_that_ends_the_handshake_is_heard",
    ),
    Mutant(
        "10349 ends a what-if",
        _INBOUND,
        "        if code in _NOTICES_ABOUT_ORDERS:\n",
        "        if code in _NOTICES_ABOUT_ORDERS[1:]:\n",
        f"{_TESTS}test_a_notice_about_the_time_in_force_does_not_answer_a_what_if",
    ),
    Mutant(
        "a refused algorithm is not told apart from other refusals of a what-if",
        _TRADING,
        "lacks_algo=refused.code in ALGO_REFUSED,",
        "lacks_algo=refused.code == 441,",
        f"{_TESTS}test_a_what_if_that_is_refused_for_its_algorithm_says_so",
    ),
    Mutant(
        "a what-if without an answer is a yes",
        _TRADING,
        'return WhatIf(answered=False, refusal="")',
        'return WhatIf(answered=True, refusal="")',
        f"{_TESTS}test_what_if_without_an_answer_is_not_taken_for_a_yes",
    ),
    Mutant(
        "a filled quantity that is not set is 0",
        _ORDER_MESSAGES,
        "return None if shares > _LARGEST_AMOUNT else quantity(shares,",
        "return Decimal(0) if shares > _LARGEST_AMOUNT else quantity(shares,",
        f"{_TESTS}test_a_completed_order_that_does_not_say_how_much_was_filled_says_nothing",
    ),
    Mutant(
        "a row of this account that cannot be read is left out",
        _INBOUND,
        'return not account or self.account in ("", account) or is_ours(self.reference)',
        "return not account or is_ours(self.reference)",
        f"{_TESTS}test_a_row_that_cannot_be_read_spoils_the_list_of_its_own_account_only",
    ),
    Mutant(
        "a list that the gateway refuses is empty",
        _CONNECTION,
        "self.ib.RaiseRequestErrors = True",
        "self.ib.RaiseRequestErrors = False",
        f"{_TESTS}test_a_list_that_is_refused_is_not_empty[executions]",
    ),
    Mutant(
        "an execution in an unknown time zone is lost",
        _TRADING,
        "lambda fields: decode(with_known_zone(fields))",
        "lambda fields: decode(fields)",
        f"{_TESTS}test_an_execution_in_an_unknown_time_zone_is_not_lost",
    ),
    Mutant(
        "positions of other accounts are counted",
        "rebalplan/ibkr/client.py",
        "            if (request, owner) == (own, account):\n",
        "            if request == own:\n",
        "tests/ibkr/test_broker.py::test_a_position_that_the_gateway_sends_of_another_account_is_not_counted",
    ),
    Mutant(
        "positions that answer another request are counted",
        "rebalplan/ibkr/client.py",
        "            if (request, owner) == (own, account):\n",
        "            if owner == account:\n",
        "tests/ibkr/test_broker.py::test_a_position_row_of_another_request_is_not_counted",
    ),
    Mutant(
        "a value that another one contains is taken off again",
        "rebalplan/ibkr/account_values.py",
        "if not value.contained_in or",
        "if value.contained_in or",
        "tests/commands/test_real_accounts.py::test_money_market_funds_are_in_the_value_of_funds_already",
    ),
    Mutant(
        "a target without a price is left out",
        "rebalplan/plan/account.py",
        "        if position.symbol not in listed and isinstance(",
        "        if isinstance(",
        "tests/commands/test_real_accounts.py::test_a_holding_that_is_a_target_or_to_be_sold_still_needs_a_price",
    ),
    Mutant(
        "what is left out for want of a price counts at the apply",
        "rebalplan/apply/live.py",
        "        if position.con_id in left_out:\n",
        "        if position.con_id in ():\n",
        "tests/apply/test_live.py::test_what_the_plan_left_out_is_in_no_net_liquidation",
    ),
    Mutant(
        "the greatest of the broker's cash rows is spent",
        "rebalplan/ibkr/account.py",
        "    least = min(amounts)\n",
        "    least = max(amounts)\n",
        "tests/commands/test_real_accounts.py::test_cash_is_the_least_of_what_the_rows_say",
    ),
    Mutant(
        "a client id in use is waited for until the time-out",
        _CONNECTION,
        "CLIENT_ID_IN_USE = 326",
        "CLIENT_ID_IN_USE = 327",
        "tests/ibkr/test_broker.py::test_a_client_id_in_use_fails_long_before_the_timeout",
    ),
    Mutant(
        "stocks of value without a position are sold out",
        "rebalplan/ibkr/account.py",
        "if value and not managed:",
        "if value and managed:",
        "tests/ibkr/test_account.py::test_stocks_of_value_without_a_position_fail_the_account",
    ),
    Mutant(
        "an order is written to the socket twice",
        _TRADING,
        "        self._placed.add(order_id)\n        with _as_unreachable():\n            self._ib.client.placeOrder("
        "order_id, self._contract(ticket), self._order(ticket))\n",
        "        self._placed.add(order_id)\n        for _ in range(2):\n            self._ib.client.placeOrder("
        "order_id, self._contract(ticket), self._order(ticket))\n",
        f"{_TESTS}test_an_order_arrives_once_with_account_reference_and_time_in_force",
    ),
)
