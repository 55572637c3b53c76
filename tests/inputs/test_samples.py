"""The files that `rebal init` writes: complete, true about every default, and usable as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from rebalplan.inputs.portfolios import Portfolios, check_leverage, read_portfolios
from rebalplan.inputs.samples import NAMES, sample_text
from rebalplan.inputs.settings import Settings, load_settings
from rebalplan.inputs.settings.keys import SECTIONS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).write_text(sample_text(name), encoding="utf-8")
    return tmp_path


@pytest.fixture
def settings(folder: Path) -> Settings:
    return load_settings(folder / "settings.ini")


@pytest.fixture
def portfolios(settings: Settings) -> Portfolios:
    account = settings.account_settings[0]
    return read_portfolios(account.portfolios, models=[weight.model for weight in account.models])


@pytest.mark.parametrize("name", NAMES)
def test_the_repository_shows_the_very_files_that_are_shipped(name: str) -> None:
    assert (ROOT / name).read_bytes() == (ROOT / "rebalplan" / "inputs" / "samples" / name).read_bytes()
    assert (ROOT / name).read_text(encoding="utf-8") == sample_text(name)


def test_another_sample_does_not_exist() -> None:
    with pytest.raises(KeyError):
        sample_text("../errors.py")


def test_the_sample_settings_load_without_a_warning(settings: Settings) -> None:
    assert settings.warnings == ()
    assert settings.ibkr.mode == "sim"
    assert [account.account for account in settings.account_settings] == [
        "DU1000001",
        "DU1000002",
        "DU1000003",
    ]


def test_only_the_small_account_has_a_rule_of_its_own(settings: Settings) -> None:
    first, small, last = settings.account_settings
    assert small.policy.rebalance.min_order_usd == 100
    assert first.policy == last.policy
    assert first.policy.rebalance.min_order_usd == 500


def test_every_key_is_in_the_sample(settings: Settings) -> None:
    shown = {(section, key) for section, key, _ in sample_keys()}
    known = {(section, key) for section, kinds in SECTIONS.items() for key in kinds}
    assert known - shown == {("ibkr", "account_id")}


def test_a_commented_line_shows_the_default(folder: Path, settings: Settings) -> None:
    path = folder / "settings.ini"
    path.write_text(re.sub(r"(?m)^;([a-z_]+ = )", r"\1", sample_text("settings.ini")), encoding="utf-8")
    assert load_settings(path) == settings


def test_the_active_lines_are_defaults_but_for_the_gateway_to_try(settings: Settings, folder: Path) -> None:
    path = folder / "bare.ini"
    path.write_text(
        "[accounts]\nids = DU1000001\n[models]\nSMURF=0.4\nBADASS=0.35\nGLTR=0.25\n", encoding="utf-8"
    )
    assert load_settings(path).account_settings[0] == settings.account_settings[0]


def test_each_sample_model_sums_to_exactly_100(portfolios: Portfolios) -> None:
    for model in portfolios.models:
        assert sum(allocation.pct for allocation in model.allocations) + model.cash_pct == 100


def test_the_sample_mix_is_a_broad_portfolio(settings: Settings, portfolios: Portfolios) -> None:
    account = settings.account_settings[0]
    mix = {symbol: Decimal(0) for symbol in portfolios.symbols}
    for weight in account.models:
        for allocation in portfolios.model(weight.model).allocations:
            mix[allocation.symbol] += weight.weight * allocation.pct
    assert {symbol: round(pct) for symbol, pct in mix.items()} == {
        "VTI": 27, "SPY": 0, "VEA": 12, "VWO": 6, "BND": 14, "BNDX": 5, "TIP": 4, "GLD": 5,
        "VNQ": 4, "QQQ": 7, "SCHD": 5, "AVUV": 4, "AVDV": 3, "IEF": 2, "SGOV": 1,
    }  # fmt: skip
    assert check_leverage(portfolios, account) == ()


def sample_keys() -> Iterator[tuple[str, str, str]]:
    """Give section, key and value of every line of the sample, commented defaults included."""
    section = ""
    for line in sample_text("settings.ini").splitlines():
        if header := re.fullmatch(r"\[(.+)\]", line):
            section = header[1]
        elif entry := re.fullmatch(r";?([A-Za-z_]+) = (.*)", line):
            yield section, entry[1], entry[2]
