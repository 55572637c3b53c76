"""What each kind of value accepts, refuses, and says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.core.policy import Policy, policy_values
from rebalplan.inputs.findings import SETTINGS, Findings
from rebalplan.inputs.settings import Settings
from rebalplan.inputs.settings.keys import ACCOUNT_KEYS, SECTIONS
from rebalplan.inputs.settings.lines import read_sections
from rebalplan.inputs.settings.ranges import RANGES, unit_of
from rebalplan.inputs.settings.reading import read_values

Load = Callable[[str], Settings]
Problems = Callable[[str], list[str]]

MINIMAL = "[accounts]\nids = DU1\n[models]\nA = 1\n"


def policy(loaded: Settings) -> Policy:
    return loaded.account_settings[0].policy


@pytest.mark.parametrize("text", ["true", "YES", "On", "1"])
def test_true_is_written_in_four_ways(load: Load, text: str) -> None:
    assert policy(load(f"{MINIMAL}[rebalance]\nallow_fractional = {text}\n")).rebalance.allow_fractional


@pytest.mark.parametrize("text", ["false", "No", "OFF", "0"])
def test_false_is_written_in_four_ways(load: Load, text: str) -> None:
    assert not load(f"{MINIMAL}[ibkr]\nread_only = {text}\n").ibkr.read_only


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("0.01", "0.01"),
        ("1%", "0.01"),
        ("1 %", "0.01"),
        ("0", "0"),
        ("0.2", "0.2"),
        ("50%", "0.5"),
        ("0.5%", "0.005"),
    ],
)
def test_a_cash_buffer_is_a_fraction_or_a_percentage(load: Load, text: str, fraction: str) -> None:
    read = policy(load(f"{MINIMAL}[rebalance]\ncash_buffer_pct = {text}\n")).rebalance.cash_buffer_pct
    assert str(read) == fraction


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("0.5", "did you mean 50% (write 50%) or 0.5% (write 0.5% or 0.005)"),
        ("0.201", "did you mean 20.1% (write 20.1%) or 0.201% (write 0.201% or 0.00201)"),
        ("0.99", "did you mean 99% (write 99%) or 0.99% (write 0.99% or 0.0099)"),
        ("1", "as a fraction this is 100%, which is too much; did you mean 1% (write 1% or 0.01)"),
        ("5", "as a fraction this is 500%, which is too much; did you mean 5% (write 5% or 0.05)"),
    ],
)
def test_a_bare_cash_buffer_over_a_fifth_is_refused_naming_both_readings(
    problems: Problems, text: str, readings: str
) -> None:
    assert problems(f"{MINIMAL}[rebalance]\ncash_buffer_pct = {text}\n") == [
        f"settings.ini:6: cash_buffer_pct = '{text}': {readings}; "
        "allowed is a fraction of NLV from 0 to 0.2, or a percentage from 0% to 99%"
    ]


@pytest.mark.parametrize("text", ["-0.01", "100%", "-1%", "0.0000001", "%", "1%%", "nan%"])
def test_a_cash_buffer_out_of_range_is_refused(problems: Problems, text: str) -> None:
    assert len(problems(f"{MINIMAL}[rebalance]\ncash_buffer_pct = {text}\n")) == 1


@pytest.mark.parametrize("text", ["", "none", "None", "NONE"])
def test_a_limit_that_may_be_absent_is_none_or_empty(load: Load, text: str) -> None:
    limits = policy(
        load(f"{MINIMAL}[limits]\nmax_total_turnover_usd = {text}\nplan_ttl_min = {text}\n")
    ).limits
    assert limits.max_total_turnover_usd is None
    assert limits.plan_ttl_min is None


def test_an_account_may_lift_a_limit_that_the_others_have(load: Load) -> None:
    loaded = load(f"{MINIMAL}[limits]\nplan_ttl_min = 30\n[account:DU1]\nplan_ttl_min = none\n")
    assert policy(loaded).limits.plan_ttl_min is None


def test_a_whole_number_may_be_written_with_a_zero_fraction_as_in_older_files(load: Load) -> None:
    limits = policy(load(f"{MINIMAL}[limits]\nopen_guard_min = 5.0\n")).limits
    assert limits.open_guard_min == 5
    assert type(limits.open_guard_min) is int


SECONDS = [
    (section, key) for section, kinds in SECTIONS.items() for key in kinds if unit_of(key) == "seconds"
]


@pytest.mark.parametrize(("section", "key"), SECONDS)
@pytest.mark.parametrize("text", ["2.5", "0.5", "7.0"])
def test_seconds_may_have_a_fraction_in_every_section(load: Load, section: str, key: str, text: str) -> None:
    header = "" if section == "accounts" else f"[{section}]\n"
    loaded = load(f"[models]\nA = 1\n[accounts]\nids = DU1\n{header}{key} = {text}\n")
    values = policy_values(policy(loaded)) | {
        f"{name}.{field}": str(getattr(getattr(loaded, name), field))
        for name in ("ibkr", "accounts")
        for field in getattr(loaded, name).__struct_fields__
    }
    assert values[f"{section}.{key}"] == text.removesuffix(".0")


def test_a_percentage_may_carry_its_sign(load: Load) -> None:
    assert policy(load(f"{MINIMAL}[limits]\nmax_turnover_pct = 40%\n")).limits.max_turnover_pct == 40


def test_names_of_a_list_are_read_in_any_case(load: Load) -> None:
    loaded = load(f"{MINIMAL}[io]\nlog_level = debug\n[ibkr]\nmode = SIM\n")
    assert loaded.io.log_level == "DEBUG"
    assert loaded.ibkr.mode == "sim"


def test_quotation_marks_around_a_path_are_dropped_and_others_kept(load: Load) -> None:
    loaded = load(f'{MINIMAL}[io]\nplan_dir = "my plans"\nreport_dir = "\n')
    assert loaded.io.plan_dir.name == "my plans"
    assert loaded.io.report_dir.name == '"'


@pytest.mark.parametrize("text", ['"half', 'half"', '"half" a'])
def test_a_path_with_one_quotation_mark_keeps_it(load: Load, text: str) -> None:
    assert load(f"{MINIMAL}[io]\nplan_dir = {text}\n").io.plan_dir.name == text


def test_a_home_folder_that_does_not_exist_is_refused(
    problems: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", no_home)
    assert problems(f"{MINIMAL}[io]\nplan_dir = ~x/plans\n") == [
        "settings.ini:6: plan_dir = '~x/plans': there is no such home folder; "
        "allowed is the path of a file or folder, relative to this file or absolute"
    ]


def test_numbers_are_kept_in_canonical_form(load: Load) -> None:
    rebalance = policy(
        load(f"{MINIMAL}[rebalance]\nmin_order_usd = 0500.00\nmax_leverage = 1.50\n")
    ).rebalance
    assert (str(rebalance.min_order_usd), str(rebalance.max_leverage)) == ("500", "1.5")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("250,000", "write it with a decimal point and without thousands separators"),
        ("250.000,50", "write it with a decimal point and without thousands separators"),
        ("250_000", "write it with a decimal point and without thousands separators"),
        ("250'000", "write it with a decimal point and without thousands separators"),
        ("nan", "this is no finite number"),
        ("-Infinity", "this is no finite number"),
        ("$500", "write the number alone, without a currency"),
        ("500 USD", "write the number alone, without a currency"),
        ("5%", "write it without %"),
        ("much", "this is no number"),
        ("\u0665\u0660\u0660", "this is no number"),
        ("0.0000001", "this has more than six decimals"),
        ("9999999999999999999", "this has too many digits"),
    ],
)
def test_a_refused_number_says_what_is_wrong_with_its_form(problems: Problems, text: str, hint: str) -> None:
    (line,) = problems(f"{MINIMAL}[limits]\nmax_order_usd = {text}\n")
    assert line.startswith(f"settings.ini:6: max_order_usd = '{text}': {hint}")
    assert line.endswith("allowed is a number over 0 up to 1000000000000 (USD)")


def numbers_outside_their_range() -> list[tuple[str, str, str]]:
    found = []
    for section, kinds in SECTIONS.items():
        for key in kinds:
            if key in RANGES:
                allowed = RANGES[key]
                found.append((section, key, f"{allowed.low if allowed.above_low else allowed.low - 1:f}"))
                found.append((section, key, f"{allowed.high + 1:f}"))
    return found


@pytest.mark.parametrize(("section", "key", "text"), numbers_outside_their_range())
def test_a_number_out_of_its_range_is_refused(problems: Problems, section: str, key: str, text: str) -> None:
    header = "" if section == "accounts" else f"[{section}]\n"
    lines = problems(f"[models]\nA = 1\n[accounts]\nids = DU1\n{header}{key} = {text}\n")
    assert len(lines) == 1
    assert f"{key} = '{text}': allowed is a" in lines[0]
    assert str(RANGES[key]) in lines[0]


@pytest.mark.parametrize(
    ("section", "key", "text", "allowed"),
    [
        ("rebalance", "trigger_mode", "sometimes", "one of per_holding, total_drift"),
        ("rebalance", "direction", "", "one of both, buy_only, sell_only"),
        ("execution", "order_type", "limit", "market"),
        ("execution", "batch_orders", "maybe", "true or false (or yes/no, on/off, 1/0)"),
        ("io", "log_level", "LOUD", "one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("io", "plan_dir", "", "the path of a file or folder, relative to this file or absolute"),
        ("io", "plan_dir", '""', "the path of a file or folder, relative to this file or absolute"),
        ("ibkr", "host", "http://localhost", "a host name or an IP address"),
        ("ibkr", "host", "my host", "a host name or an IP address"),
        ("ibkr", "host", "::1::", "a host name or an IP address"),
        ("ibkr", "host", "gateway:", "a host name or an IP address"),
        ("ibkr", "host", ":4002", "a host name or an IP address"),
        ("ibkr", "port", "4002.5", "a whole number from 1 to 65535"),
        ("limits", "plan_ttl_min", "0", "a whole number from 1 to 43200 (minutes), or none"),
    ],
)
def test_a_refused_value_says_what_is_allowed(
    problems: Problems, section: str, key: str, text: str, allowed: str
) -> None:
    (line,) = problems(f"{MINIMAL}[{section}]\n{key} = {text}\n")
    assert line.startswith(f"settings.ini:6: {key} " + (f"= '{text}': " if text else "is empty: "))
    assert line.endswith(f"allowed is {allowed}")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "my-gateway.home.example", "::1", "fe80::1:2"])
def test_a_host_is_a_name_or_an_address(load: Load, host: str) -> None:
    assert load(f"{MINIMAL}[ibkr]\nhost = {host}\n").account_settings[0].endpoint.host == host


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("127.0.0.1:4002", "127.0.0.1"),
        ("localhost:4002", "localhost"),
        ("[::1]:4002", "::1"),
        ("http://127.0.0.1:4002/", "127.0.0.1"),
    ],
)
def test_a_port_in_the_host_says_where_it_belongs(problems: Problems, text: str, name: str) -> None:
    (line,) = problems(f"{MINIMAL}[ibkr]\nhost = {text}\n")
    assert f"this has a port in it; write host = {name} and port = 4002" in line


def test_the_address_of_a_page_is_no_host(problems: Problems) -> None:
    (line,) = problems(f"{MINIMAL}[ibkr]\nhost = https://gateway/\n")
    assert "this is the address of a page; write host = gateway" in line


def test_every_policy_key_of_the_file_is_a_field_of_the_policy_and_the_reverse() -> None:
    fields = {
        f"{section.name}.{field.name}"
        for section in msgspec.structs.fields(Policy)
        for field in msgspec.structs.fields(section.type)
    }
    keys = {
        f"{section}.{key}"
        for section in ("rebalance", "pricing", "execution", "limits")
        for key in SECTIONS[section]
    }
    assert keys == fields | {"limits.allow_live"}


def test_no_key_is_in_two_sections() -> None:
    keys = [key for kinds in SECTIONS.values() for key in kinds]
    assert len(keys) == len(set(keys))
    assert set(ACCOUNT_KEYS) <= {*keys, "models"}


def texts_with_values(field: msgspec.structs.FieldInfo) -> st.SearchStrategy[tuple[str, object]]:
    """Draw a text that the field accepts, and the value that it means."""
    if field.type is bool:
        return st.sampled_from([("true", True), ("off", False)])
    if field.name == "cash_buffer_pct":
        return st.decimals(0, Decimal("0.2"), places=4).map(lambda value: (f"{value:f}", value))
    if field.name not in RANGES:
        return st.sampled_from([(name.upper(), name) for name in get_args(field.type)])
    allowed = RANGES[field.name]
    low, high = int(allowed.low) + 1, int(allowed.high)
    if field.type is int or int in get_args(field.type):
        return st.integers(low, high).map(lambda value: (str(value), value))
    places = 6 if high < 10**9 else 2  # no more digits than a plan keeps
    return st.decimals(low, high, places=places).map(lambda value: (f"{value:f}", value))


POLICY_FIELDS = [
    (section.name, field)
    for section in msgspec.structs.fields(Policy)
    for field in msgspec.structs.fields(section.type)
]


@settings(derandomize=True, deadline=None, max_examples=150)
@given(data=st.data())
def test_a_policy_value_written_as_text_is_read_back(data: st.DataObject) -> None:
    section, field = data.draw(st.sampled_from(POLICY_FIELDS))
    text, value = data.draw(texts_with_values(field))
    findings = Findings("settings.ini", SETTINGS)
    values = read_values(read_sections(f"[{section}]\n{field.name} = {text}\n", findings), findings)
    findings.raise_errors()
    assert values[field.name].value == value
