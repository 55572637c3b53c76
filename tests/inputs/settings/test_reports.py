"""Whole files with everything wrong, and whole older files, pinned as the user sees them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from syrupy.assertion import SnapshotAssertion

from rebalplan.core.errors import placed
from rebalplan.inputs.settings import Settings

Load = Callable[[str], Settings]
Problems = Callable[[str], list[str]]

FILES = Path(__file__).parent / "files"


def test_all_problems_of_a_file_are_reported_together(
    problems: Problems, text_snapshot: SnapshotAssertion
) -> None:
    text = (FILES / "everything_wrong.ini").read_text(encoding="utf-8")
    assert "\n".join([*problems(text), ""]) == text_snapshot


def test_an_older_file_loads_unchanged(load: Load, text_snapshot: SnapshotAssertion) -> None:
    settings = load((FILES / "older.ini").read_text(encoding="utf-8"))
    (account,) = settings.account_settings
    assert account.account == "DUA071544"
    assert account.policy.execution.commission_report_timeout == 5
    assert "\n".join([*map(placed, settings.warnings), ""]) == text_snapshot


def test_every_warning_of_a_usable_file_is_given_once(load: Load, text_snapshot: SnapshotAssertion) -> None:
    settings = load((FILES / "warnings.ini").read_text(encoding="utf-8"))
    assert "\n".join([*map(placed, settings.warnings), ""]) == text_snapshot


def test_values_that_contradict_each_other_are_refused(problems: Problems) -> None:
    text = (
        "[accounts]\nids = DU1 DU2\nbackoff_sec = 10\n[models]\nA = 1\n"
        "[limits]\nmax_order_usd = 1000\n[account:DU2]\nmin_order_usd = 2000\nopen_guard_min = 380\n"
    )
    assert problems(text) == [
        "settings.ini:3: backoff_sec 10 is more than backoff_max_sec 8; lower the one or raise the other",
        "settings.ini:9: min_order_usd 2000 is more than max_order_usd 1000, so no order could be sent; "
        "lower the one or raise the other",
        "settings.ini:10: open_guard_min and close_guard_min together are 395 minutes of the session's 390, "
        "so no account could ever start; lower them",
    ]


def test_a_relative_band_of_a_holding_contradicts_one_band_for_all_drifts(
    problems: Problems, load: Load
) -> None:
    text = "[accounts]\nids = DU1\n[models]\nA = 1\n[rebalance]\nper_holding_band_pct = 25\n"
    assert load(text).warnings == ()
    assert problems(f"{text}trigger_mode = total_drift\n") == [
        "settings.ini:7: per_holding_band_pct 25 contradicts trigger_mode = total_drift, which has one band for all "
        "drifts together; set it to 0, or trigger_mode to per_holding"
    ]


def test_values_that_just_agree_are_accepted(load: Load) -> None:
    settings = load(
        "[accounts]\nids = DU1\nbackoff_sec = 8\n[models]\nA = 1\n[rebalance]\nmin_order_usd = 1000\n"
        "[limits]\nmax_order_usd = 1000\nopen_guard_min = 374\n"
    )
    assert settings.warnings == ()


def test_guards_that_leave_no_minute_are_refused(problems: Problems) -> None:
    text = "[accounts]\nids = DU1\n[models]\nA = 1\n[limits]\nopen_guard_min = 375\n"
    assert problems(text)[0].startswith("settings.ini:6: open_guard_min and close_guard_min together are 390")


def test_a_contradiction_of_two_defaults_and_one_line_is_at_that_line(problems: Problems) -> None:
    text = "[accounts]\nids = DU1\n[models]\nA = 1\n[limits]\nmax_order_usd = 499\n"
    assert [line.split(":")[1] for line in problems(text)] == ["6"]


def test_an_absolute_buffer_of_nothing_is_a_warning(load: Load) -> None:
    text = "[accounts]\nids = DU1\n[models]\nA = 1\n[rebalance]\ncash_buffer_type = abs\n"
    assert [placed(warning) for warning in load(text).warnings] == [
        "settings.ini:6: cash_buffer_type = abs with cash_buffer_abs 0 keeps no cash; set cash_buffer_abs or use pct"
    ]
    assert load(f"{text}cash_buffer_abs = 100\n").warnings == ()
