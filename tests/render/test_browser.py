"""The page in a real browser. Needs playwright and a Chromium; REBAL_BROWSER_TESTS=1 makes a missing one a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from rebalplan.render.exceptions import Sentence
from rebalplan.render.html import render_html
from rebalplan.render.view import PlanView
from tests.render.views import varied

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Playwright

pytestmark = pytest.mark.slow

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
REQUIRED = os.environ.get("REBAL_BROWSER_TESTS") == "1"

if not REQUIRED:
    pytest.importorskip("playwright", reason="playwright is not installed")


def executable(playwright: Playwright) -> str:
    """Return the path of a Chromium: one on PATH, or the one playwright installed."""
    for path in (*(shutil.which(name) for name in NAMES), playwright.chromium.executable_path):
        if path and Path(path).exists():
            return path
    message = f"no browser: none of {', '.join(NAMES)} on PATH, none by `playwright install chromium`"
    if REQUIRED:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # an optional tool

    with sync_playwright() as playwright:
        # A container's root and many CI machines cannot sandbox; the page is our own and loads nothing.
        started = playwright.chromium.launch(executable_path=executable(playwright), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(varied(), tmp_path_factory.mktemp("page"))


def written(view: PlanView, folder: Path) -> Path:
    """Write a page and return its file."""
    path = folder / "plan.html"
    path.write_text(render_html(view), encoding="utf-8")
    return path


class Seen:
    """What a page asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """The page, which must neither complain nor ask for anything but itself, whatever a test does with it."""
    opened = browser.new_page()
    seen = Seen(opened)
    opened.goto(file.as_uri())
    yield opened
    opened.close()
    assert seen.complaints == []
    # The icon is an empty data: address, which is no request over a network.
    assert [url for url in seen.requests if not url.startswith("data:")] == [file.as_uri()]


def account(page: Page, number: int) -> Locator:
    """Return an account's section, unfolded."""
    section = page.locator(f"#account-{number}")
    section.evaluate("details => { details.open = true }")
    return section


def symbols(section: Locator) -> list[str]:
    """Return the symbols of the visible orders from top to bottom."""
    return section.locator("tbody tr:visible th").all_inner_texts()


def test_sorting_by_a_figure_goes_down_then_up_then_back(page: Page) -> None:
    section = account(page, 5)
    header = section.get_by_role("columnheader", name="Qty")
    assert symbols(section) == ["BND", "GLD", "SPY", "VTI"]
    seen = []
    for _ in range(3):
        header.get_by_role("button").click()
        seen.append((header.get_attribute("aria-sort"), symbols(section)))
    assert seen == [
        ("descending", ["BND", "VTI", "GLD", "SPY"]),
        ("ascending", ["SPY", "GLD", "VTI", "BND"]),
        (None, ["BND", "GLD", "SPY", "VTI"]),
    ]


def test_figures_are_sorted_by_value_not_by_their_digits(page: Page) -> None:
    section = account(page, 5)
    section.get_by_role("button", name="Drift $", exact=True).click()
    assert symbols(section) == ["VTI", "SPY", "GLD", "BND"]


def test_only_the_column_sorted_by_is_marked(page: Page) -> None:
    section = account(page, 5)
    for name in ("Qty", "Reason"):
        section.get_by_role("button", name=name, exact=True).click()
    assert section.locator("th[aria-sort]").all_inner_texts() == ["Reason"]
    assert section.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_sorts(page: Page, key: str) -> None:
    section = account(page, 5)
    section.get_by_role("button", name="Symbol", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press(key)
    assert section.locator("th[aria-sort]").all_inner_texts() == ["Qty"]
    assert symbols(section) == ["BND", "VTI", "GLD", "SPY"]


def test_equal_rows_keep_their_order(page: Page) -> None:
    """Everything costs 100."""
    section = account(page, 5)
    for _ in ("down", "up"):
        section.get_by_role("button", name="Price", exact=True).click()
        assert section.locator("th[aria-sort]").all_inner_texts() == ["Price"]
        assert symbols(section) == ["BND", "GLD", "SPY", "VTI"]


def test_rows_without_a_value_come_last_in_either_direction(page: Page) -> None:
    section = account(page, 5)
    section.get_by_role("checkbox").check()
    section.get_by_role("button", name="Target %", exact=True).click()
    assert symbols(section) == ["VTI", "BND", "GLD", "TIP", "SPY", "ZZZ"]
    section.get_by_role("button", name="Target %", exact=True).click()
    assert symbols(section) == ["SPY", "TIP", "GLD", "BND", "VTI", "ZZZ"]


def test_cash_stays_below_the_orders(page: Page) -> None:
    section = account(page, 5)
    section.get_by_role("button", name="Drift %", exact=True).click()
    assert section.locator("table tr").last.locator("th").inner_text() == "CASH"


def test_the_summary_sorts(page: Page) -> None:
    summary = page.locator("table.summary")
    summary.get_by_role("button", name="Leverage after", exact=True).click()
    assert symbols(summary)[0] == "U7000001"
    assert symbols(summary)[-1] == "U7000002"


def test_what_is_not_traded_can_be_shown_with_its_reason(page: Page) -> None:
    section = account(page, 5)
    toggle = section.get_by_role("checkbox", name="Show 2 symbols not traded")
    toggle.check()
    assert symbols(section) == ["BND", "GLD", "SPY", "TIP", "VTI", "ZZZ"]
    assert section.get_by_text("held_unlisted").is_visible()
    toggle.uncheck()
    assert symbols(section) == ["BND", "GLD", "SPY", "VTI"]


def test_what_is_not_traded_can_be_shown_everywhere(page: Page) -> None:
    page.get_by_role("checkbox", name="everywhere").check()
    assert symbols(account(page, 5)) == ["BND", "GLD", "SPY", "TIP", "VTI", "ZZZ"]
    assert "OLD" in symbols(account(page, 1))


def test_all_accounts_open_and_close_at_once(page: Page) -> None:
    opened = page.locator("details[open]")
    page.get_by_role("button", name="Open all").click()
    assert opened.count() == 8
    page.get_by_role("button", name="Close all").click()
    assert opened.count() == 0


def test_a_link_of_the_summary_opens_its_account(page: Page) -> None:
    closed = page.locator("#account-5")
    assert closed.get_attribute("open") is None
    page.get_by_role("link", name="U7000005").click()
    page.locator("#account-5[open]").wait_for()


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_never_scrolls_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_long_words_do_not_widen_the_page(browser: Browser, tmp_path: Path) -> None:
    word, view = "W" * 200, varied()
    accounts = tuple(
        msgspec.structs.replace(a, account=word, reasons=(word,), notes=(word,)) for a in view.accounts
    )
    page = browser.new_page(viewport={"width": 360, "height": 740})
    spoiled = msgspec.structs.replace(
        view, exceptions=(Sentence(word, (word,)),), totals=word, accounts=accounts
    )
    page.goto(written(spoiled, tmp_path).as_uri())
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.close()


def test_what_is_slipped_into_the_page_neither_runs_nor_loads(
    browser: Browser, file: Path, tmp_path: Path
) -> None:
    spoiled = tmp_path / "spoiled.html"
    text = file.read_text(encoding="utf-8")
    inserted = (
        '<script>document.title = "spoiled"</script><img src="http://127.0.0.1:9/x.png" onerror="alert(1)">'
    )
    spoiled.write_text(text.replace("<main>", f"<main>{inserted}"), encoding="utf-8")
    page = browser.new_page()
    seen, refused = Seen(page), []
    page.on("requestfailed", lambda request: refused.append((request.url, request.failure)))
    page.goto(spoiled.as_uri())
    assert page.title().startswith("Plan ")
    assert refused == [("http://127.0.0.1:9/x.png", "csp")]
    assert all("Content Security Policy" in text for text in seen.complaints)
    page.close()


def test_a_wide_table_scrolls_in_its_own_box_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    box = account(page, 5).locator(".scroll")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")


def test_dark_mode_is_dark(page: Page) -> None:
    def background() -> list[int]:
        text = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return [int(part) for part in text.removeprefix("rgb(").removesuffix(")").split(",")]

    page.emulate_media(color_scheme="light")
    assert min(background()) > 200
    page.emulate_media(color_scheme="dark")
    assert max(background()) < 60


def test_paper_shows_every_account_and_every_symbol_but_no_controls(page: Page) -> None:
    assert page.locator("details:not([open])").count() > 0
    page.emulate_media(media="print")
    assert page.locator("details .chart:visible").count() == 7
    assert page.locator("details[id] .idle:visible").count() == page.locator(".idle").count() > 0
    assert page.locator("input:visible, .tools:visible").count() == 0


def test_paper_begins_a_new_sheet_for_each_account_with_orders(page: Page) -> None:
    """One for head and summary, seven for accounts; the failed one has room on another's."""
    assert page.pdf(format="A4").count(b"/Type /Page\n") >= 8


def test_what_was_folded_is_folded_again_after_printing(page: Page) -> None:
    folded = page.locator("details:not([open])").count()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == folded > 0


def test_without_scripts_everything_can_be_read_and_no_control_is_dead(browser: Browser, file: Path) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(file.as_uri())
        assert page.get_by_role("button").count() == 0
        section = page.locator("#account-5")
        section.locator("summary").click()
        section.get_by_role("checkbox").check()
        assert symbols(section) == ["BND", "GLD", "SPY", "TIP", "VTI", "ZZZ"]


def test_drawings_are_as_wide_as_their_column_and_keep_their_height(page: Page) -> None:
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        box = account(page, 5).locator("svg.rows").first.bounding_box()
        assert box is not None
        assert box["height"] == 7 * 22
        assert box["width"] > width / 3
