"""What one account holds never decides what another one buys."""

from __future__ import annotations

import json
from typing import Any

from tests.cli import Workspace
from tests.scenarios import use_scenario

TWIN = """
[[instrument]]
con_id = 5
symbol = "AVDV"
exchange = "LSEETF"
bid = "9.99"
ask = "10.00"
last = "10"
close = "10"
"""


def accounts(workspace: Workspace, *arguments: str) -> dict[str, dict[str, Any]]:
    result = workspace.run("plan", "--json", "--dry-run", *arguments)
    return {a["account"]: a for a in json.loads(result.out)["plan"]["accounts"]}


def test_a_listing_of_the_same_name_held_by_one_account_is_never_bought_by_another(sample: Workspace) -> None:
    held = '\n[[account.position]]\ncon_id = 5\nquantity = "100"\navg_cost = "9"\n'
    use_scenario(sample, extra=held + TWIN)
    together = accounts(sample)
    for name in ("DU1000001", "DU1000002"):
        assert together[name] == accounts(sample, "--account", name)[name]
        assert [o["con_id"] for o in together[name]["orders"] if o["symbol"] == "AVDV"] != [5]
    assert together["DU1000003"]["status"] == "failed"


def test_wrong_cash_does_not_pass_for_the_broker_s_own_valuation(sample: Workspace) -> None:
    use_scenario(
        sample,
        (
            'cash = { USD = "912.40" }',
            'cash = { USD = "912.40" }\nreport = { "CashBalance:USD" = "9000", "TotalCashBalance:USD" = "9000" }',
        ),
    )
    found = accounts(sample)
    assert found["DU1000002"]["status"] == "failed"
    assert "nlv_mismatch_pct" in found["DU1000002"]["reasons"][0]
    assert (found["DU1000001"]["status"], found["DU1000003"]["status"]) == ("planned", "planned")


def test_a_wrong_net_liquidation_fails_the_account(sample: Workspace) -> None:
    use_scenario(
        sample,
        ('cash = { USD = "912.40" }', 'cash = { USD = "912.40" }\nreport = { NetLiquidation = "1.00" }'),
    )
    assert accounts(sample)["DU1000002"]["status"] == "failed"


def test_the_prefix_that_newer_gateways_put_before_ledger_tags_is_read(sample: Workspace) -> None:
    plain = accounts(sample)
    moved = 'report = { "CashBalance:USD" = "", "$LEDGER-CashBalance:USD" = "912.40" }'
    use_scenario(sample, ('cash = { USD = "912.40" }', f'cash = {{ USD = "912.40" }}\n{moved}'))
    assert accounts(sample) == plain
