"""Keys that protect: refused where they have no effect, and ``read_only`` for one account."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rebalplan.core.errors import InputError
from rebalplan.inputs.settings import Settings
from rebalplan.inputs.settings.keys import SECTIONS

Load = Callable[[str], Settings]
Problems = Callable[[str], list[str]]

MINIMAL = "[accounts]\nids = DU1\n[models]\nA = 1\n"

PROTECTING = ["read_only", *SECTIONS["limits"]]


@pytest.mark.parametrize("key", PROTECTING)
@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("[pricing]", ""),
        ("[limit]", ", because rebal knows no such section"),
        ("[DU1]", ", because rebal knows no such section"),
        ("[account:DU9]", ", because DU9 is not in [accounts] ids"),
    ],
)
def test_a_key_that_protects_is_refused_where_it_has_no_effect(
    problems: Problems, header: str, why: str, key: str
) -> None:
    errors = [text for text in problems(f"{MINIMAL}{header}\n{key} = 1\n") if " warning: " not in text]
    assert len(errors) == 1
    assert errors[0].startswith(f"settings.ini:6: {key} has no effect in {header}{why}; write it in [")


def test_the_refusal_says_where_the_key_protects(problems: Problems) -> None:
    misplaced = "[io]\nread_only = true\nmax_orders = 5\nconfirm_mode = global\n"
    assert problems(f"{MINIMAL}{misplaced}[account:DU1]\nconfirm_mode = global\n") == [
        "settings.ini:6: read_only has no effect in [io]; write it in [ibkr], or in [account:ID] for one account",
        "settings.ini:7: max_orders has no effect in [io]; write it in [limits], or in [account:ID] for one account",
        "settings.ini:8: confirm_mode has no effect in [io]; write it in [accounts]",
        "settings.ini:10: confirm_mode has no effect in [account:DU1]; write it in [accounts]",
    ]


def test_another_key_in_the_wrong_section_stays_a_warning(load: Load) -> None:
    (warning,) = load(f"{MINIMAL}[io]\nmin_order_usd = 5\n").warnings
    assert warning.message == "unknown key min_order_usd in [io] is ignored; it belongs in [rebalance]"


@pytest.mark.parametrize(
    ("general", "own", "read_only"),
    [("false", "true", True), ("true", "true", True), ("false", "false", False), ("false", "", False)],
)
def test_an_account_may_be_read_only_alone(load: Load, general: str, own: str, read_only: bool) -> None:
    section = f"[account:DU1]\nread_only = {own}\n" if own else ""
    settings = load(f"[ibkr]\nread_only = {general}\n{MINIMAL}{section}")
    assert (settings.ibkr.read_only, settings.account_settings[0].read_only) == (general == "true", read_only)
    assert settings.warnings == ()


@pytest.mark.parametrize("general", ["[ibkr]\nread_only = true\n", ""])
def test_an_account_cannot_lift_the_general_read_only(load: Load, general: str) -> None:
    settings = load(f"{general}{MINIMAL}[account:DU1]\nread_only = false\n")
    (warning,) = settings.warnings
    assert settings.ibkr.read_only
    assert warning.message == (
        "read_only = false of account DU1 has no effect, because [ibkr] read_only is true for all accounts"
    )


def test_read_only_of_one_account_leaves_the_others_alone(load: Load) -> None:
    text = f"[ibkr]\nread_only = no\n{MINIMAL.replace('DU1', 'DU1, DU2')}[account:DU2]\nread_only = yes\n"
    assert [account.read_only for account in load(text).account_settings] == [False, True]


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("[limits]\nmax_ordr_usd = 100\n", "limits"),
        ("[limits]\nnote = mine\n", "limits"),
        ("[accounts]\nconfirm = always\nids = DU1\n", "accounts"),
        ("[approval]\nrequierd = 2\n", "approval"),
        ("[limit]\n", "limit"),
        ("[safety]\nmax_ordr_usd = 100\n", "safety"),
        ("[account:DU1]\nmax_ordr_usd = 100\n", "account:du1"),
        ("[ibkr]\nreadonly = true\n", "ibkr"),
    ],
)
def test_what_is_unknown_and_may_have_been_meant_to_protect_refuses_yes(
    load: Load, text: str, section: str
) -> None:
    rest = "[models]\nA = 1\n" if "[accounts]" in text else MINIMAL
    settings = load(text + rest)
    (warning,) = settings.unread_protections
    assert (warning.where.file, warning.severity, warning.where.section) == (
        "settings.ini",
        "warning",
        section,
    )
    assert settings.warnings == (warning,)


@pytest.mark.parametrize(
    "text",
    [
        "[limits]\nparallel = 3\n",
        "[limits]\nmin_order_usd = 3\n",
        "[rebalance]\nmin_ordr_usd = 3\n",
        "[account:DU1]\nnote = mine\n",
        "[telegram]\ntoken = abc\n",
        "[rebalance]\ntrading_hours = eth\n",
    ],
)
def test_every_other_warning_leaves_yes_alone(load: Load, text: str) -> None:
    settings = load(MINIMAL + text)
    assert len(settings.warnings) == 1
    assert settings.unread_protections == ()


def test_a_problem_carries_the_section_that_it_is_in(load: Load) -> None:
    with pytest.raises(InputError) as caught:
        load(f"{MINIMAL}[io]\nnote = 1\nlog_level = loud\n[Limits]\nmax_orders = x\nmaxorders = 2\n")
    assert [(f.where.line, f.where.section, f.severity, f.code) for f in caught.value.findings] == [
        (6, "io", "warning", "RB004"),
        (7, "io", "error", "RB001"),
        (9, "limits", "error", "RB001"),
        (10, "limits", "warning", "RB005"),
    ]
    words = [line.split()[1] for line in str(caught.value).splitlines()]
    assert words == ["warning:", "log_level", "max_orders", "warning:"]
