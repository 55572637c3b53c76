"""An account's own value over the global one over the default."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec

from rebalplan.core.policy import Policy, policy_values
from rebalplan.core.vocabulary import ConfirmMode, Endpoint
from rebalplan.inputs.settings import (
    AccountsSettings,
    IbkrSettings,
    IoSettings,
    ModelWeight,
    Settings,
    SimSettings,
    load_settings,
)

Load = Callable[[str], Settings]

MINIMAL = "[accounts]\nids = DU1\n[models]\nSMURF = 1\n"
TWO_ACCOUNTS = """\
[ibkr]
host = gateway
port = 7497
[accounts]
ids = DU1, DU2
path = shared.csv
[models]
SMURF = 0.4
GLTR = 0.6
[rebalance]
min_order_usd = 300
per_holding_band_bps = 25
[limits]
max_orders = 7
[account:DU2]
min_order_usd = 100
price_source = mid
sequence = together
allow_live = yes
path = own/small.csv
models = smurf:0.2, gltr:0.8
port = 4001
client_id = 9
"""


def test_a_minimal_file_gives_every_default(load: Load) -> None:
    settings = load(MINIMAL)
    account = settings.account_settings[0]
    assert settings.ibkr == IbkrSettings()
    assert settings.accounts == AccountsSettings(ids=("DU1",))
    assert settings.io == IoSettings()
    assert settings.sim == SimSettings()
    assert account.policy == Policy()
    assert account.endpoint == Endpoint()
    assert account.portfolios == Path("portfolios.csv")
    assert not account.allow_live
    assert settings.warnings == ()


def test_defaults_are_those_of_the_documentation() -> None:
    assert msgspec.structs.asdict(IbkrSettings()) == {
        "mode": "tws",
        "read_only": True,
        "timeout_sec": Decimal(30),
        "messages_per_sec": 40,
    }
    assert Endpoint() == Endpoint("127.0.0.1", 4002, 42)
    assert AccountsSettings() == AccountsSettings(
        ConfirmMode.PER_ACCOUNT, Decimal(1), 3, Decimal("0.5"), Decimal(8)
    )
    assert IoSettings() == IoSettings(Path("plans"), Path("reports"), "INFO")
    assert SimSettings() == SimSettings(None, Path(".rebal/sim.json"))


def test_the_default_policy_is_that_of_the_documentation() -> None:
    documented = {
        "rebalance.trigger_mode": "per_holding",
        "rebalance.per_holding_band_bps": "50",
        "rebalance.portfolio_total_band_bps": "100",
        "rebalance.min_order_usd": "500",
        "rebalance.cash_buffer_type": "pct",
        "rebalance.cash_buffer_pct": "0.01",
        "rebalance.cash_buffer_abs": "0",
        "rebalance.cost_bps": "20",
        "rebalance.allow_fractional": "False",
        "rebalance.max_leverage": "1.5",
        "rebalance.trading_hours": "rth",
        "rebalance.unlisted": "hold",
        "rebalance.direction": "both",
        "rebalance.foreign_cash_tolerance_usd": "10",
        "pricing.price_source": "last",
        "pricing.fallback_to_snapshot": "True",
        "pricing.price_max_age_sec": "90",
        "pricing.allow_delayed": "False",
        "execution.order_type": "market",
        "execution.algo_preference": "adaptive",
        "execution.adaptive_priority": "normal",
        "execution.fallback_plain_market": "True",
        "execution.wait_before_fallback": "300",
        "execution.batch_orders": "True",
        "execution.sequence": "sells_first",
        "execution.fill_timeout_sec": "600",
        "execution.commission_report_timeout": "5",
        "limits.max_order_usd": "250000",
        "limits.max_orders": "100",
        "limits.max_turnover_pct": "100",
        "limits.max_total_turnover_usd": "None",
        "limits.max_price_move_pct": "2",
        "limits.max_spread_bps": "100",
        "limits.cash_tolerance_usd": "50",
        "limits.cash_tolerance_pct": "0.1",
        "limits.net_liq_tolerance_pct": "5",
        "limits.nlv_mismatch_pct": "1",
        "limits.open_guard_min": "5",
        "limits.close_guard_min": "15",
        "limits.plan_ttl_min": "None",
    }
    values = policy_values(Policy())
    assert {key: values[key] for key in documented} == documented


def test_an_account_without_a_section_takes_the_global_values(load: Load) -> None:
    account = load(TWO_ACCOUNTS).account_settings[0]
    assert account.policy.rebalance.min_order_usd == 300
    assert account.policy.pricing.price_source == "last"
    assert account.portfolios == Path("shared.csv")
    assert account.endpoint == Endpoint("gateway", 7497, 42)
    assert account.models == (ModelWeight("SMURF", Decimal("0.4")), ModelWeight("GLTR", Decimal("0.6")))
    assert not account.allow_live


def test_an_account_section_overrides_what_it_names_and_nothing_else(load: Load) -> None:
    account = load(TWO_ACCOUNTS).account_settings[1]
    assert account.policy.rebalance.min_order_usd == 100
    assert account.policy.rebalance.per_holding_band_bps == 25
    assert account.policy.limits.max_orders == 7
    assert account.policy.pricing.price_source == "mid"
    assert account.policy.execution.sequence == "together"
    assert account.portfolios == Path("own/small.csv")
    assert account.endpoint == Endpoint("gateway", 4001, 9)
    assert account.models == (ModelWeight("smurf", Decimal("0.2")), ModelWeight("gltr", Decimal("0.8")))
    assert account.allow_live


def test_a_global_allow_live_can_be_taken_back_for_one_account(load: Load) -> None:
    text = "[accounts]\nids=DU1 DU2\n[models]\nA=1\n[limits]\nallow_live=on\n[account:DU2]\nallow_live=off\n"
    assert [account.allow_live for account in load(text).account_settings] == [True, False]


def test_no_models_section_is_needed_when_every_account_has_its_own(load: Load) -> None:
    text = "[accounts]\nids = DU1\n[account:DU1]\nmodels = A:0.5,\n   B:50%\n"
    assert load(text).account_settings[0].models == (
        ModelWeight("A", Decimal("0.5")),
        ModelWeight("B", Decimal("0.5")),
    )


def test_an_account_section_matches_its_id_in_any_case(load: Load) -> None:
    account = load(
        "[ACCOUNTS]\nIDS = du1\n[Models]\nA = 1\n[Account: Du1 ]\nMin_Order_USD = 5\n"
    ).account_settings[0]
    assert account.account == "DU1"
    assert account.policy.rebalance.min_order_usd == 5


def test_paths_are_resolved_against_the_folder_of_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "my money"
    folder.mkdir()
    path = folder / "settings.ini"
    path.write_text(
        f'{MINIMAL}[io]\nplan_dir = {tmp_path / "elsewhere"}\n[sim]\nscenario = "my world.toml"\n',
        encoding="utf-8",
    )
    settings = load_settings(path)
    assert settings.path == path
    assert settings.account_settings[0].portfolios == folder / "portfolios.csv"
    assert settings.io.plan_dir == tmp_path / "elsewhere"
    assert settings.io.report_dir == folder / "reports"
    assert settings.sim.scenario == folder / "my world.toml"
    assert settings.sim.state == folder / ".rebal" / "sim.json"


def test_a_windows_path_is_kept_as_it_is_written(load: Load) -> None:
    settings = load(MINIMAL.replace("DU1", "DU1\npath = C:\\Users\\me\\my files\\portfolios.csv"))
    assert str(settings.account_settings[0].portfolios) == r"C:\Users\me\my files\portfolios.csv"


def test_the_accounts_are_exposed_in_their_order_and_the_confirmation_as_a_member(load: Load) -> None:
    text = "[accounts]\nids = du3, DU1, U2\nconfirm_mode = Global\n[models]\nA = 1\n"
    accounts = load(text).accounts
    assert accounts.ids == ("DU3", "DU1", "U2")
    assert accounts.confirm_mode is ConfirmMode.GLOBAL
    assert load("[ibkr]\naccount_id = DU7\n[models]\nA = 1\n").accounts.ids == ("DU7",)
