"""``[orders]`` and ``[[behaviour]]`` of a scenario file."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from importlib import resources
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.sim import SimError, load_scenario
from rebalplan.sim.orders.order_model import AlgoFilter, Behaviour, BehaviourKind, CancelOutcome, Silence
from rebalplan.sim.orders.script import SEQUENCE_WORDS
from rebalplan.sim.scenario.keys_of_answers import FAULT, HANDSHAKE
from rebalplan.sim.scenario.keys_of_incidents import INCIDENT
from rebalplan.sim.scenario.keys_of_orders import BEHAVIOUR, ORDERS
from rebalplan.sim.scenario.read import parse_scenario
from rebalplan.sim.scenario.scenario_behaviours import plain_behaviour

from .orders import behaviour, order_world

TABLES = (ORDERS, BEHAVIOUR, HANDSHAKE, INCIDENT, FAULT)
SETTINGS = '[orders]\nslippage_bps = "3"\ncommission_minimum = "0"\nmaster_client_id = 5\n'


def _problem(extra: str) -> str:
    with pytest.raises(SimError) as caught:
        order_world(extra)
    return str(caught.value).splitlines()[1].strip().removeprefix("orders.toml: ")


def test_without_a_word_orders_fill_at_once_at_the_touch() -> None:
    scenario = load_scenario(None)
    assert scenario.behaviours == ()
    plain = plain_behaviour(scenario.orders)
    assert (plain.sequence, plain.parts, plain.after_sec) == (
        ("ack", "execution", "commission", "status"),
        1,
        Decimal(0),
    )
    assert (plain.slippage_bps, plain.commission_per_share, plain.commission_minimum) == (
        Decimal(0),
        Decimal("0.005"),
        Decimal("1.00"),
    )
    assert (scenario.orders.master_client_id, scenario.orders.roll_back_ids) == (-1, False)


def test_a_behaviour_takes_over_what_holds_for_every_order() -> None:
    (first, second) = order_world(
        SETTINGS, behaviour(symbol="VTI"), behaviour(slippage_bps="-1", commission_minimum="2")
    ).behaviours
    assert (first.symbol, first.slippage_bps, first.commission_minimum) == ("VTI", Decimal(3), Decimal(0))
    assert (second.slippage_bps, second.commission_minimum) == (Decimal(-1), Decimal(2))


def test_a_known_code_has_its_text() -> None:
    (found,) = order_world(behaviour(code=435)).behaviours
    assert found.text == "You must specify an account."


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        (behaviour(on="fill"), "behaviour[1].on: expected one of order, what_if, cancel, found 'fill'"),
        (behaviour(parts=0), "behaviour[1].parts: expected an integer from 1 to 1000, found 0"),
        (behaviour(after_sec="-1"), "behaviour[1].after_sec: expected 0 or more seconds"),
        (
            behaviour(slippage_bps="10000"),
            "behaviour[1].slippage_bps: expected basis points between -9999 and 9999",
        ),
        (behaviour(commission_minimum="-1"), "behaviour[1].commission_minimum: expected 0 or more"),
        (behaviour(cancel="crossed"), 'behaviour[1].cancel: is for behaviours with on = "cancel"'),
        (behaviour(on="cancel", cancel="refused"), "behaviour[1].code: is required, such as 161"),
        (behaviour(side="SHORT"), "behaviour[1].side: expected one of , BUY, SELL, found 'SHORT'"),
        (behaviour(symbl="VTI"), "behaviour[1].symbl: unknown key, did you mean 'symbol'?"),
        (
            behaviour(sequence=["ack", "exec"]),
            "behaviour[1].sequence: expected ack, execution, commission, status, open, hang_up, cancel, "
            '"wait 1.5" or a code such as "404", found \'exec\'',
        ),
        (behaviour(account="DU7"), "behaviour[1].account: no [[account]] has the id 'DU7'"),
        (behaviour(symbol="VT"), "behaviour[1].symbol: no [[instrument]] has the symbol 'VT'"),
        ('[orders]\nmarket_impact_bps = "x"\n', "orders.market_impact_bps: expected a number, found 'x'"),
        ("[orders]\nfills = 1\n", "orders.fills: unknown key"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(extra: str, problem: str) -> None:
    assert _problem(extra) == problem


def test_a_settlement_that_does_not_exist_is_told() -> None:
    accounts = '[[account]]\nid = "DU1"\nsettlement = "never"\n'
    with pytest.raises(SimError, match="settlement: expected one of same_day, next_day, found 'never'"):
        order_world(accounts=accounts)


@pytest.mark.parametrize(
    "word",
    [
        *(key.name for table in TABLES for key in table.keys),
        *SEQUENCE_WORDS,
        *(value for kind in (BehaviourKind, AlgoFilter, Silence, CancelOutcome) for value in get_args(kind)),
        *("slippage_bps", "market_impact_bps", "master_client_id", "roll_back_ids", "settlement"),
    ],
)
def test_the_format_is_described_in_the_built_in_scenario(word: str) -> None:
    text = resources.files("rebalplan.sim.scenario").joinpath("builtin.toml").read_text(encoding="utf-8")
    assert word in text.partition("[gateway]\nname")[0]


VALUES = st.one_of(
    st.integers(),
    st.booleans(),
    st.sampled_from(["'0'", "'-1'", "'ack'", "['ack']", "['wait 1']", "[1]", "{}"]),
)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.dictionaries(st.sampled_from(Behaviour.__struct_fields__), VALUES, max_size=5))
def test_a_behaviour_with_anything_for_a_value_loads_or_says_why(keys: dict[str, object]) -> None:
    lines = [
        f"{key} = {str(value).lower() if isinstance(value, bool) else value}" for key, value in keys.items()
    ]
    text = "[[account]]\nid = 'DU1'\n[[behaviour]]\n" + "\n".join(lines)
    with suppress(SimError):
        parse_scenario(text, "x.toml")
