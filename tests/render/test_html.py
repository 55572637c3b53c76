from __future__ import annotations

import re
from decimal import Decimal

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from rebalplan.render.exceptions import Sentence
from rebalplan.render.html import render_html
from rebalplan.render.html.page import is_open, sort_value
from rebalplan.render.view import PlanView
from tests.builders import account, plan
from tests.cli import Workspace, without_ids
from tests.render.pages import Element, parse
from tests.render.views import shown, varied


def page(view: PlanView) -> Element:
    return parse(render_html(view))


def rows(table: Element) -> list[list[str]]:
    return [[e.text for e in row.children if isinstance(e, Element)] for row in table.all("tr")]


def outline(element: Element, depth: int = 0) -> str:
    """Return the headings, tables and regions of a page, one a line."""
    lines = []
    for child in element.children:
        if not isinstance(child, Element):
            continue
        below = depth
        if child.tag in ("header", "main", "section", "details", "table", "ul", "dl"):
            name = child.attributes.get("class") or child.attributes.get("aria-labelledby") or ""
            lines.append(
                f"{'  ' * depth}{child.tag} {name}{' open' if 'open' in child.attributes else ''}".rstrip()
            )
            below = depth + 1
        elif child.tag in ("h1", "h2", "h3", "h4"):
            lines.append(f"{'  ' * depth}{child.tag}: {child.text}")
        lines.append(outline(child, below))
    return "\n".join(line for line in lines if line)


@pytest.mark.parametrize("redact", [False, True])
def test_every_element_is_closed_in_order(redact: bool) -> None:
    assert len(page(varied(redact=redact)).all("details")) == 8


def test_the_page_has_this_outline(screen: SnapshotAssertion) -> None:
    assert without_ids(outline(page(varied(mode="live")))) + "\n" == screen


def test_the_same_view_gives_the_same_bytes_in_ascii() -> None:
    first, second = (render_html(varied()) for _ in range(2))
    assert first == second
    assert first.isascii()
    assert first.startswith("<!doctype html>\n")
    assert first.endswith("</html>\n")


def test_the_head_says_what_the_plan_is() -> None:
    view = varied(mode="live", replay_of="20260301T160000Z-0123456789ab")
    head = page(view).one("header").text
    for said in (
        view.id,
        "LIVE",
        view.totals,
        "made 2026-03-02 16:00:00 UTC",
        "expires 2026-03-03 21:00 UTC",
    ):
        assert said in head
    assert "replays 20260301T160000Z-0123456789ab offline" in head


@pytest.mark.parametrize(("mode", "warned"), [("live", 1), ("paper", 0), ("sim", 0)])
def test_only_a_live_plan_is_announced_as_real_money(mode: str, warned: int) -> None:
    read = page(varied(mode=mode))
    assert len(read.all("p", class_="live-bar")) == warned
    assert read.one("span", class_="badge mode").text == mode.upper()
    assert read.one("body").attributes["class"] == mode


def test_exceptions_come_before_the_summary_and_the_accounts() -> None:
    read = page(varied())
    assert [h.text for h in read.all("h2")] == ["Look at first", "Summary", "Accounts"]
    exceptions = [item.text for item in read.one("ul", class_="exceptions").all("li")]
    assert any("U7000002 failed: no answer" in text for text in exceptions)


def test_a_plan_without_exceptions_says_so() -> None:
    quiet = msgspec.structs.replace(varied(), exceptions=())
    assert page(quiet).one("p", class_="calm").text == "Nothing stands out."


def test_details_of_an_exception_are_a_list_within_the_list() -> None:
    view = msgspec.structs.replace(
        varied(), exceptions=(Sentence("these differ:", ("A <sells> VTI", "B buys it")), Sentence("last"))
    )
    listed = page(view).one("ul", class_="exceptions")
    assert [item.text for item in listed.one("ul").all("li")] == ["A <sells> VTI", "B buys it"]
    assert listed.all("li")[-1].text == "last"


def test_the_summary_links_each_account_to_its_section() -> None:
    read = page(varied())
    ids = {details.attributes["id"] for details in read.all("details")}
    targets = [
        (a.attributes["href"] or "").removeprefix("#")
        for a in read.one("table", class_="sortable summary").all("a")
    ]
    assert len(targets) == 8
    assert set(targets) == ids


def opened(view: PlanView) -> list[str]:
    return [details.one("h3").text for details in page(view).all("details") if "open" in details.attributes]


def test_few_accounts_are_all_open() -> None:
    view = varied()
    few = msgspec.structs.replace(view, accounts=view.accounts[-5:])
    assert len(opened(few)) == 5


def test_of_many_accounts_only_those_that_need_a_look_are_open() -> None:
    view = varied()
    looked_at = {a.account for a in view.accounts if a.status != "planned" or a.is_exception}
    assert {"U7000002", "U7000003", "U7000004"} <= looked_at < {a.account for a in view.accounts}
    assert set(opened(view)) == looked_at


def test_an_exception_is_open_though_it_is_planned() -> None:
    view = varied()
    planned = next(a for a in view.accounts if a.status == "planned" and not a.is_exception)
    assert not is_open(planned, view)
    assert is_open(msgspec.structs.replace(planned, is_exception=True), view)


def test_an_account_that_could_not_be_planned_has_reasons_only() -> None:
    failed = page(varied()).one("details", id="account-2")
    assert failed.one("p", class_="reason").text == "no answer of U7000002 within 31 s"
    assert not failed.all("table")
    assert not failed.all("svg")


def test_the_order_table_has_every_symbol_and_cash_below() -> None:
    table = page(varied()).one("details", id="account-5").one("table", class_="sortable")
    assert [row[:3] for row in rows(table.one("tbody"))] == [
        ["BND", "~ buy", "246"],
        ["GLD", "+ buy", "78"],
        ["SPY", "\N{MINUS SIGN} close", "40"],
        ["TIP", "", ""],
        ["VTI", "~ sell", "230"],
        ["ZZZ", "", ""],
    ]
    assert [row.attributes["class"] for row in table.one("tbody").all("tr")] == [
        "buy",
        "buy",
        "close",
        "idle",
        "sell",
        "idle",
    ]
    assert [row[-1] for row in rows(table.one("tbody")) if not row[1]] == ["below_min_order", "held_unlisted"]
    assert [row[0] for row in rows(table.one("tfoot"))] == ["CASH"]


@pytest.mark.parametrize("redact", [False, True])
def test_every_row_has_a_cell_for_each_column(redact: bool) -> None:
    tables = [rows(table) for table in page(varied(redact=redact)).all("table")]
    assert len(tables) == 8
    assert all(len({len(row) for row in table}) == 1 for table in tables)


def test_what_is_not_traded_is_hidden_only_where_there_are_orders() -> None:
    read = page(varied())
    assert (
        read.one("details", id="account-5").one("label", class_="toggle").text == "Show 2 symbols not traded"
    )
    unchanged = read.one("details", id="account-4")
    assert not unchanged.all("label")
    assert unchanged.one("h4").text == "No orders"


def test_figures_sort_as_numbers() -> None:
    cells = page(varied()).one("details", id="account-5").all("td")
    values = {cell.text: cell.attributes["data-value"] for cell in cells if "data-value" in cell.attributes}
    assert values["-24,621.02"] == "-24621.02"
    assert all(Decimal(value or "") == Decimal(text.replace(",", "")) for text, value in values.items())
    assert sort_value("-1,234,567.89") == "-1234567.89"


def test_columns_called_after_say_of_what() -> None:
    headers = page(varied()).one("table", class_="sortable summary").all("th", scope="col")
    named = [header.attributes["aria-label"] for header in headers if header.text == "after"]
    assert named == ["Cash $ after", "Exposure $ after", "Leverage after"]


def test_every_drawing_has_a_name_or_is_hidden() -> None:
    drawings = page(varied()).all("svg")
    assert drawings
    for svg in drawings:
        named = svg.attributes.get("role") == "img" and bool(svg.one("title").text)
        assert named != (svg.attributes.get("aria-hidden") == "true")


def luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_stands_out_from_what_is_behind_it(scheme: int) -> None:
    blocks = re.findall(r":root \{(.*?)\}", page(varied()).one("style").text, re.DOTALL)
    colors = dict(re.findall(r"--([\w-]+): (#\w{6});", blocks[scheme]))
    for text in ("text", "muted", "buy", "sell", "warn", "good", "link"):
        for behind in ("card", "page"):
            assert contrast(colors[text], colors[behind]) >= 4.5, (text, behind)
    assert contrast(colors["text"], colors["warn-fill"]) >= 4.5
    assert contrast(colors["alert-text"], colors["alert"]) >= 4.5


def test_the_command_prints_the_page(sample: Workspace) -> None:
    sample.ok("plan")
    out = sample.ok("show", "latest", "--format", "html")
    assert [h.text for h in parse(out).all("h3")] == ["DU1000001", "DU1000002", "DU1000003"]
    redacted = sample.ok("show", "latest", "--format", "html", "--redact")
    assert "DU100000" not in redacted
    assert [h.text for h in parse(redacted).all("h3")] == ["A1", "A2", "A3"]


def test_the_page_grows_in_line_with_the_accounts() -> None:
    sizes = [
        len(render_html(shown(plan(*(account(f"DU{n}") for n in range(10, 10 + number))))))
        for number in (10, 20, 40)
    ]
    assert (sizes[2] - sizes[1]) / (sizes[1] - sizes[0]) == pytest.approx(2, rel=0.05)
