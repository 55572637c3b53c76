"""Every figure in docs/sizing.md is what sizing gives, and its sums are right."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from rebalplan.plan.sizing import Sizing, SizingLine, SizingProblem, size_orders

_PAGE = Path(__file__).parents[3] / "docs" / "sizing.md"
Table = list[dict[str, str]]


def sections() -> dict[str, list[Table]]:
    """Return the tables of each section that has some, by its title."""
    found: dict[str, list[Table]] = {}
    for section in _PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        blocks = [block for block in text.split("\n\n") if block.lstrip().startswith("|")]
        if blocks:
            found[title] = [table(block) for block in blocks]
    return found


def table(block: str) -> Table:
    header, _, *rows = [cells(row) for row in block.strip().splitlines()]
    return [dict(zip(header, row, strict=True)) for row in rows]


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().removeprefix("|").removesuffix("|").split("|")]


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def problem_of(account: dict[str, str], rows: Table) -> SizingProblem:
    return SizingProblem(
        lines=tuple(
            SizingLine(
                row["symbol"],
                number(row["held"]),
                number(row["price"]),
                number(row["target"]),
                number(row.get("band", "0")),
            )
            for row in rows
        ),
        cash_usd=number(account["cash"]),
        cash_floor_usd=number(account["floor"]),
        cash_target_usd=number(account.get("cash target", account["floor"])),
        cash_band_usd=number(account.get("cash band", "10,000")),
        cash_slack_usd=number(account.get("cash band", "10,000")),
        total_band_usd=None,
        held_usd=Decimal(0),
        net_liquidation_usd=number(account["exposure cap"]),
        max_leverage=Decimal(1),
        cost_bps=number(account["cost bps"]),
        min_order_usd=number(account["minimum order"]),
        allow_fractional=False,
        direction="both",
    )


def cash_after(problem: SizingProblem, sizing: Sizing) -> Decimal:
    cost = problem.cost_bps / 10_000
    flows = (
        line.price * (sized.trade + abs(sized.trade) * cost)
        for line, sized in zip(problem.lines, sizing.lines, strict=True)
    )
    return problem.cash_usd - sum(flows)


def sum_of_squares(problem: SizingProblem, sizing: Sizing) -> Decimal:
    return sum(
        (
            ((line.quantity + sized.trade) * line.price - line.target_usd) ** 2
            for line, sized in zip(problem.lines, sizing.lines, strict=True)
        ),
        Decimal(0),
    )


@pytest.mark.parametrize("title", sections())
def test_a_worked_example_is_what_sizing_gives(title: str) -> None:
    (account,), rows, (after,) = sections()[title]
    problem = problem_of(account, rows)
    sizing = size_orders(problem)
    assert [(line.symbol, line.trade, line.wanted, line.reason) for line in sizing.lines] == [
        (row["symbol"], number(row["trade"]), number(row["wanted"]), row["reason"] or None) for row in rows
    ]
    assert cash_after(problem, sizing) == number(after["cash after"])
    assert sum_of_squares(problem, sizing) == number(after["sum of squares"])
    unmet = after.get("unmet", "")
    assert (sizing.floor_unmet, sizing.cap_unmet) == ("floor" in unmet, "cap" in unmet)


def test_the_page_has_its_ten_examples() -> None:
    assert len(sections()) == 10
