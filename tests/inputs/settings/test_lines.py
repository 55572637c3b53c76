"""How the text of the file is taken apart, and what is no INI."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rebalplan.inputs.settings import Settings
from rebalplan.inputs.settings.keys import ACCOUNT_KEYS, SECTIONS
from rebalplan.inputs.settings.lines import Entry, Part
from rebalplan.inputs.settings.successors import SUCCESSORS

Load = Callable[[str], Settings]
Problems = Callable[[str], list[str]]

MINIMAL = "[accounts]\nids = DU1\n[models]\nA = 1\n"


@pytest.mark.parametrize(
    "line",
    [
        "port = 7000",
        "PORT=7000",
        "Port: 7000",
        "   port   =   7000   ",
        "port = 7000 ; a comment",
        "port = 7000 # a comment",
        "port = 7000\t;a comment",
        "; port = 1\n# port = 2\nport = 7000",
        "\n\nport = 7000\n\n",
    ],
)
def test_a_key_is_read_in_any_case_spacing_and_with_comments(load: Load, line: str) -> None:
    loaded = load(f"[ibkr] ; the broker\n{line}\n{MINIMAL}")
    assert loaded.account_settings[0].endpoint.port == 7000
    assert loaded.warnings == ()


def test_a_comment_sign_without_a_space_belongs_to_the_value(load: Load) -> None:
    assert load(f"{MINIMAL}[io]\nplan_dir = my#plans;old ; x\n").io.plan_dir.name == "my#plans;old"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_change_nothing(load: Load, newline: str, mark: str) -> None:
    loaded = load(mark + f"{MINIMAL}[ibkr]\nport = 7000\nunknown = 1\n".replace("\n", newline))
    assert loaded.account_settings[0].endpoint.port == 7000
    assert [warning.where.line for warning in loaded.warnings] == [7]


def test_indented_keys_are_keys(load: Load) -> None:
    loaded = load("[accounts]\n  ids = DU1\n  retries = 5\n[models]\n  A = 1\n")
    assert loaded.accounts.retries == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{MINIMAL}[ibkr]\nport 4002\n",
            "settings.ini:6: 'port 4002' is neither [section] nor key = value",
        ),
        (f"{MINIMAL}[ibkr]\n= 4002\n", "settings.ini:6: '= 4002' is neither [section] nor key = value"),
        (f"{MINIMAL}[ibkr\n", "settings.ini:5: '[ibkr' is no section; expected [name] alone on its line"),
        (
            f"{MINIMAL}[ibkr] x\n",
            "settings.ini:5: '[ibkr] x' is no section; expected [name] alone on its line",
        ),
        (f"{MINIMAL}[]\n", "settings.ini:5: '[]' is no section; expected [name] alone on its line"),
        (f"port = 1\nhost = x\n{MINIMAL}", "settings.ini:1: 'port' stands before the first [section]"),
        (
            f"{MINIMAL}[ibkr]\nport = 1\nPORT = 2\n",
            "settings.ini:7: PORT is given twice, on lines 6 and 7; keep one",
        ),
        (
            f"{MINIMAL}[Models]\nB = 1\n",
            "settings.ini:5: section [Models] is given twice, first on line 3; join the two",
        ),
        (
            f"{MINIMAL}[ibkr]\nhost = a\n  b\n",
            "settings.ini:7: 'b' continues host of line 6, which takes a single line",
        ),
        (
            f"{MINIMAL}[ibkr]\nport = 40\x0002\n".replace("\x00", "\x07"),
            "settings.ini:6:10: a control or invisible character; delete it",
        ),
        (
            f"{MINIMAL}[io]\nplan_dir = pl\u202eans\n",
            "settings.ini:6:14: a control or invisible character; delete it",
        ),
    ],
)
def test_what_is_no_ini_is_refused_with_its_line(problems: Problems, text: str, expected: str) -> None:
    assert expected in problems(text)


def test_control_characters_never_reach_a_message(problems: Problems) -> None:
    text = "\n".join(
        problems(
            f"{MINIMAL}[ib\x1b[31mkr]\nport\x07 = \x1b]0;x\x07\n[limits]\nmax_orders = \x1b[2J\n\x9b5 = 1\n"
        )
    )
    assert all(char.isprintable() or char == "\n" for char in text)
    assert r"max_orders = '\x1b[2J'" in text


def test_a_long_value_is_cut_in_a_message(problems: Problems) -> None:
    lines = problems(f"{MINIMAL}[limits]\nmax_orders = {'9' * 5000}\n")
    assert max(len(line) for line in lines) < 250


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[ibrk]\nport = x\n",
            "unknown section [ibrk] is ignored; the nearest known section is [ibkr]",
        ),
        (
            "[acount:DU1]\nport = 1\n",
            "unknown section [acount:DU1] is ignored; the nearest known section is [account:DU1]",
        ),
        ("[DU1]\nport = 1\n", "unknown section [DU1] is ignored; the nearest known section is [account:DU1]"),
        (
            "[rebalance]\nmin_order_u = x\n",
            "unknown key min_order_u in [rebalance] is ignored; the nearest known key is min_order_usd",
        ),
        (
            "[ibkr]\nmin_order_u = x\n",
            "unknown key min_order_u in [ibkr] is ignored; "
            "the nearest known key is min_order_usd in [rebalance]",
        ),
        (
            "[ibkr]\nmin_order_usd = x\n",
            "unknown key min_order_usd in [ibkr] is ignored; it belongs in [rebalance]",
        ),
        (
            "[account:DU1]\npacing_sec = x\n",
            "unknown key pacing_sec in [account:DU1] is ignored; it belongs in [accounts]",
        ),
        ("[telegram]\ntoken = x\n", "unknown section [telegram] is ignored"),
        ("[rebalance]\napi_key = x\n", "unknown key api_key in [rebalance] is ignored"),
        (
            "[rebalance]\nprefer_rth = true\n",
            "unknown key prefer_rth in [rebalance] is ignored; "
            "trading_hours in [rebalance] decides; rth is its default",
        ),
        ("[limits]\nparallel = 3\n", "parallel is a key of older files and has no effect; delete the line"),
        (
            "[account:DU1]\nMAX_PASSES = 3\n",
            "max_passes is a key of older files and has no effect; delete the line",
        ),
    ],
)
def test_what_is_unknown_is_one_warning_with_the_nearest_name(load: Load, text: str, expected: str) -> None:
    (warning,) = load(MINIMAL + text).warnings
    assert warning.message == expected
    assert warning.where.line == (5 if "section" in expected else 6)


@pytest.mark.parametrize(("length", "shown"), [(60, "x" * 60), (61, "x" * 60 + "…")])
def test_a_value_is_cut_after_sixty_characters(problems: Problems, length: int, shown: str) -> None:
    (line,) = problems(f"{MINIMAL}[io]\nlog_level = {'x' * length}\n")
    assert f"log_level = '{shown}': " in line


def test_a_value_that_begins_on_its_second_line_has_no_space_before_it() -> None:
    parts = (Part(1, ""), Part(2, "a:0.5,"), Part(3, "b:0.5"))
    assert Entry("models", "models", 1, parts).text == "a:0.5, b:0.5"


def test_every_successor_of_an_older_key_is_told_also_in_a_section_that_is_unknown(load: Load) -> None:
    lines = "".join(f"{key} = 1\n" for key in SUCCESSORS)
    told = [warning.message for warning in load(f"{MINIMAL}[safety]\n{lines}").warnings]
    assert told[0] == "unknown section [safety] is ignored"
    assert told[1:] == [f"unknown key {key} in [safety] is ignored; {why}" for key, why in SUCCESSORS.items()]


def test_a_successor_is_for_no_key_that_is_read() -> None:
    read = {key for kinds in SECTIONS.values() for key in kinds} | set(ACCOUNT_KEYS)
    assert not read & set(SUCCESSORS)
