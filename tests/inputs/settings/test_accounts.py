"""Which accounts a file names, and what their sections may say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rebalplan.core.errors import placed
from rebalplan.inputs.settings import Settings

Load = Callable[[str], Settings]
Problems = Callable[[str], list[str]]


def accounts(settings: Settings) -> list[str]:
    return [account.account for account in settings.account_settings]


def warnings(settings: Settings) -> list[str]:
    return [placed(warning) for warning in settings.warnings]


@pytest.mark.parametrize(
    "ids",
    [
        "ids = DU3, DU1, U2",
        "ids = DU3 DU1\tU2",
        "ids = DU3,DU1,,U2,",
        "ids =\n  DU3\n  DU1\n  U2",
        "ids =\n\tDU3,\n\n\t; the small one\n\tDU1 ; a note\n\tU2 # another",
        "ids = DU3,\n      DU1, U2\nconfirm_mode = per_account",
        "ids = DU3\n  DU1\n  U2\nconfirm_mode: global",
        "ids = DU3\nDU1\nU2",
        "  ids = DU3 ; first\n    DU1 U2\n  pacing_sec = 2",
        "ids: du3, du1, u2",
    ],
)
def test_ids_are_separated_in_any_way_and_keep_their_order(load: Load, ids: str) -> None:
    settings = load(f"[accounts]\n{ids}\n[models]\nA = 1\n")
    assert accounts(settings) == ["DU3", "DU1", "U2"]
    assert warnings(settings) == []


def test_an_id_may_have_twenty_characters(load: Load) -> None:
    longest = "D" * 19 + "1"
    assert accounts(load(f"[accounts]\nids = {longest}\n[models]\nA = 1\n")) == [longest]


def test_an_id_given_twice_is_kept_once_with_a_warning(load: Load) -> None:
    settings = load("[accounts]\nids = DU2, DU1,\n  du2\n[models]\nA = 1\n")
    assert accounts(settings) == ["DU2", "DU1"]
    assert warnings(settings) == [
        "settings.ini:3: account DU2 is listed twice, first on line 2; it is kept once"
    ]


def test_the_account_id_of_older_files_is_one_account(load: Load) -> None:
    settings = load("[ibkr]\naccount_id = du123\n[models]\nA = 1\n")
    assert accounts(settings) == ["DU123"]
    assert warnings(settings) == []


def test_an_accounts_section_without_ids_leaves_the_older_account_id(load: Load) -> None:
    assert accounts(load("[ibkr]\naccount_id = DU123\n[accounts]\npacing_sec = 2\n[models]\nA = 1\n")) == [
        "DU123"
    ]


def test_ids_win_over_the_older_account_id_with_a_warning(load: Load) -> None:
    settings = load("[ibkr]\naccount_id = DU123\n[accounts]\nids = DU1\n[models]\nA = 1\n")
    assert accounts(settings) == ["DU1"]
    assert warnings(settings) == [
        "settings.ini:2: account_id has no effect, because [accounts] has ids; delete the line"
    ]


def test_a_section_of_an_account_not_in_ids_has_no_effect_with_a_warning(load: Load) -> None:
    settings = load("[accounts]\nids = DU1\n[models]\nA = 1\n[account:DU9]\nmin_order_usd = 1\n")
    assert accounts(settings) == ["DU1"]
    assert warnings(settings) == [
        "settings.ini:5: account DU9 is not in [accounts] ids; this section has no effect"
    ]


@pytest.mark.parametrize(
    "bad",
    [
        "../x",
        "DU-1",
        "DU",
        "123",
        "DU1x",
        "\uff24\uff351",
        "DU\uff11",
        "DU1;DU2",
        "[DU1]",
        "'DU1'",
        "D" * 20 + "1",
    ],
)
def test_an_id_that_is_not_letters_then_digits_is_refused_with_its_line(problems: Problems, bad: str) -> None:
    lines = problems(f"[accounts]\nids = DU1,\n  X9, {bad}\n[models]\nA = 1\n")
    assert len(lines) == 1
    assert lines[0].startswith("settings.ini:3: ")
    assert "is no account id; allowed is an account id: letters, then digits" in lines[0]


def test_an_id_with_a_space_is_two_refused_words(problems: Problems) -> None:
    lines = problems("[accounts]\nids = DU 1\n[models]\nA = 1\n")
    assert [line.split(" in ids")[0] for line in lines] == ["settings.ini:2: '1'", "settings.ini:2: 'DU'"]


@pytest.mark.parametrize("bad", ["../x", "DU 1", "", "con"])
def test_a_section_whose_name_is_no_account_id_is_refused(problems: Problems, bad: str) -> None:
    lines = problems(f"[accounts]\nids = DU1\n[models]\nA = 1\n[account:{bad}]\nmin_order_usd = 1\n")
    assert [line.split(":")[1] for line in lines] == ["5"]
    assert "is no account id" in lines[0]


@pytest.mark.parametrize("bad", ["../x", "DU 1", "DU1,DU2"])
def test_an_older_account_id_that_is_none_is_refused(problems: Problems, bad: str) -> None:
    lines = problems(f"[ibkr]\naccount_id = {bad}\n[models]\nA = 1\n")
    assert len(lines) == 1
    assert lines[0].startswith(f"settings.ini:2: '{bad}' in account_id is no account id; allowed is")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[accounts]\nids =\n",
            "settings.ini:2: ids is empty; write ids = DU1234567, DU1234568 under [accounts]",
        ),
        (
            "[accounts]\nids = ; none\n",
            "settings.ini:2: ids is empty; write ids = DU1234567, DU1234568 under [accounts]",
        ),
        (
            "[ibkr]\naccount_id =\n",
            "settings.ini: no account is named; write ids = DU1234567, DU1234568 under [accounts]",
        ),
        ("", "settings.ini: no account is named; write ids = DU1234567, DU1234568 under [accounts]"),
    ],
)
def test_a_file_without_accounts_is_refused(problems: Problems, text: str, expected: str) -> None:
    assert problems(f"{text}[models]\nA = 1\n") == [expected]


def test_an_empty_ids_is_refused_even_beside_an_older_account_id(problems: Problems) -> None:
    assert len(problems("[ibkr]\naccount_id = DU1\n[accounts]\nids =\n[models]\nA = 1\n")) == 2


def test_the_older_portfolio_section_is_read_as_an_account_section(load: Load) -> None:
    settings = load("[accounts]\nids = ACC1\n[models]\nA = 1\n[Portfolio: acc1 ]\npath = foo.csv\n")
    assert settings.account_settings[0].portfolios.name == "foo.csv"
    assert warnings(settings) == [
        "settings.ini:5: [portfolio:…] is the older name of [account:…] and read as such"
    ]


def test_two_sections_of_one_account_are_refused(problems: Problems) -> None:
    base = "[accounts]\nids = DU1\n[models]\nA = 1\n[account:DU1]\nmin_order_usd = 1\n"
    assert problems(f"{base}[ACCOUNT:du1]\nmax_orders = 1\n") == [
        "settings.ini:7: section [ACCOUNT:du1] is given twice, first on line 5; join the two"
    ]
    assert problems(f"{base}[portfolio:DU1]\npath = x.csv\n")[0] == (
        "settings.ini:7: account DU1 has a second section, the first is on line 5; join the two"
    )
