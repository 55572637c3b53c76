"""From a sizing problem to its orders: candidates, the minimum order, and the reason beside each line."""

from __future__ import annotations

from decimal import Decimal

from rebalplan.core.money import ZERO, canonical
from rebalplan.plan.sizing.candidates import nearest_steps, side
from rebalplan.plan.sizing.fixed_point import settle_for_good
from rebalplan.plan.sizing.problem import Reason, SizedLine, Sizing, SizingLine, SizingProblem
from rebalplan.plan.sizing.rounds import Round
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine, scale_account, scale_line, shares
from rebalplan.plan.sizing.solve import Solution


def size_orders(problem: SizingProblem) -> Sizing:
    """Return the orders that bring an account back within its bands, with a reason for what is not traded.

    Among the order sets that keep cash at its floor and exposure under its cap it takes the least sum of
    (value - target)^2 over the lines; docs/sizing.md has worked examples. Raises ``ValueError`` when a
    line has more decimals than ``SizingLine`` allows.
    """
    scaled = [scale_line(line, allow_fractional=problem.allow_fractional) for line in problem.lines]
    account = scale_account(problem, sum(line.held for line in scaled))
    found, dropped = settle_for_good(account, scaled, problem.direction)
    steps = found.trades
    short = _short_of(found.solution)
    lines: list[SizedLine] = []
    for position, (line, each) in enumerate(zip(problem.lines, scaled, strict=True)):
        wanted = _wanted(line, each, allow_fractional=problem.allow_fractional)
        trade = shares(steps.get(position, 0), allow_fractional=problem.allow_fractional)
        too_small = not trade and wanted.copy_abs() * line.price < problem.min_order_usd and _may_trade(each)
        limit = _limit(problem, each, short, too_small=too_small or position in dropped)
        selected = position in found.asked or position in dropped
        reason = _reason(trade, wanted, limit, selected=selected)
        lines.append(SizedLine(line.symbol, trade, selected or trade != 0, wanted, reason))
    return Sizing(tuple(lines), _is_floor_unmet(account, found), found.solution.exposure_budget < 0)


def _is_floor_unmet(account: ScaledAccount, found: Round) -> bool:
    """Tell whether cash ends under its floor by the minimum order or more; less is no reason to trade."""
    cash = (
        account.spare_cash * account.base
        + found.solution.sold * account.keep
        - found.solution.bought * account.pay
    )
    return cash < 0 and -cash >= account.min_order * account.base


def _short_of(solution: Solution) -> Reason:
    """Return which constraint leaves less for buys."""
    return "cash_short" if solution.cash_budget <= solution.exposure_budget else "leverage_cap"


def _wanted(line: SizingLine, scaled: ScaledLine, *, allow_fractional: bool) -> Decimal:
    """Return the signed shares to the nearest share, or all that is held when the target is 0."""
    if scaled.closing:
        return canonical(line.quantity).copy_negate() if scaled.held else ZERO
    steps = nearest_steps(abs(scaled.drift), scaled.unit)
    return shares(steps if scaled.drift > 0 else -steps, allow_fractional=allow_fractional)


def _may_trade(line: ScaledLine) -> bool:
    """Tell whether the line can trade a step at all: less than a share that is held cannot."""
    return line.drift > 0 or line.held_steps > 0


def _limit(problem: SizingProblem, line: ScaledLine, short: Reason, *, too_small: bool) -> Reason:
    """Return what keeps a selected line from all that it wants, if anything does."""
    if problem.direction not in {"both", side(line)}:
        return "direction"
    if too_small and not line.closing:
        return "below_min_order"
    if problem.direction == "sell_only":
        return "direction"
    return "fractional_residue" if line.drift < 0 else short


def _reason(trade: Decimal, wanted: Decimal, limit: Reason, *, selected: bool) -> Reason | None:
    if not selected:
        return "within_band" if trade.copy_abs() < wanted.copy_abs() or not trade else None
    if not trade and not wanted:
        return "rounds_to_zero"
    return None if trade.copy_abs() >= wanted.copy_abs() else limit
