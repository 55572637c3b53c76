"""From a sizing problem to its orders: candidates, the minimum order, and the reason beside each line."""

from __future__ import annotations

from decimal import Decimal

from rebalplan.core.money import ZERO, canonical
from rebalplan.plan.sizing.candidates import Candidates, find_candidates, nearest_steps, side
from rebalplan.plan.sizing.minimum import solve_above_minimum
from rebalplan.plan.sizing.problem import Reason, SizedLine, Sizing, SizingLine, SizingProblem
from rebalplan.plan.sizing.scaled import ScaledLine, scale_account, scale_line, shares
from rebalplan.plan.sizing.solve import Solution


def size_orders(problem: SizingProblem) -> Sizing:
    """Return the orders that bring an account nearest to its targets, with a reason for what is not traded.

    Among the order sets that keep cash at its floor and exposure under its cap it takes the least sum of
    (value - target)^2 over the lines; docs/sizing.md has worked examples. Raises ``ValueError`` when a
    line has more decimals than ``SizingLine`` allows.
    """
    scaled = [scale_line(line, allow_fractional=problem.allow_fractional) for line in problem.lines]
    account = scale_account(problem, sum(line.held for line in scaled))
    selected = [each if line.selected else None for line, each in zip(problem.lines, scaled, strict=True)]
    allowed = find_candidates(selected, problem.direction)
    kept, solution = solve_above_minimum(account, allowed)
    steps = _signed_steps(kept, solution)
    dropped = {each.position for each in allowed.all()}.difference(each.position for each in kept.all())
    short = _short_of(solution)
    lines: list[SizedLine] = []
    for position, (line, each) in enumerate(zip(problem.lines, scaled, strict=True)):
        wanted = _wanted(line, each, allow_fractional=problem.allow_fractional)
        trade = shares(steps.get(position, 0), allow_fractional=problem.allow_fractional)
        limit = _limit(problem, each, short, dropped=position in dropped)
        lines.append(SizedLine(line.symbol, trade, wanted, _reason(line, trade, wanted, limit)))
    return Sizing(tuple(lines), solution.cash_budget < 0, solution.exposure_budget < 0)


def _signed_steps(candidates: Candidates, solution: Solution) -> dict[int, int]:
    sold = zip(candidates.sells, solution.sells, strict=True)
    bought = zip(candidates.buys, solution.buys, strict=True)
    steps = {each.position: -count for each, count in sold}
    steps.update((each.position, count) for each, count in bought)
    return steps


def _short_of(solution: Solution) -> Reason:
    """Return which constraint leaves less for buys."""
    return "cash_short" if solution.cash_budget <= solution.exposure_budget else "leverage_cap"


def _wanted(line: SizingLine, scaled: ScaledLine, *, allow_fractional: bool) -> Decimal:
    """Return the signed shares to the nearest share, or all that is held when the target is 0."""
    if scaled.closing:
        return canonical(line.quantity).copy_negate() if scaled.held else ZERO
    steps = nearest_steps(abs(scaled.drift), scaled.unit)
    return shares(steps if scaled.drift > 0 else -steps, allow_fractional=allow_fractional)


def _limit(problem: SizingProblem, line: ScaledLine, short: Reason, *, dropped: bool) -> Reason:
    """Return what keeps a selected line from all that it wants, if anything does."""
    if problem.direction not in {"both", side(line)}:
        return "direction"
    if dropped:
        return "below_min_order"
    return "fractional_residue" if line.drift < 0 else short


def _reason(line: SizingLine, trade: Decimal, wanted: Decimal, limit: Reason) -> Reason | None:
    if not line.selected:
        return "within_band"
    if not trade and not wanted:
        return "rounds_to_zero"
    return None if trade.copy_abs() >= wanted.copy_abs() else limit
