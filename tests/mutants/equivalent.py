"""Mutants that change no result: nothing can notice them, and they do not count."""

from __future__ import annotations

import msgspec

from tests.mutants.changes import Change


class Equivalent(msgspec.Struct, frozen=True):
    """A change as the sampler prints it, and why no test can see it."""

    file: str
    before: str
    after: str
    reason: str

    def names(self, change: Change) -> bool:
        """Tell whether this is the change."""
        return (self.file, self.before, self.after) == (change.file, change.before, change.after)


EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent(
        "rebalplan/inputs/portfolios/read.py",
        "Allocation(line.symbol, line.percentages[index] or ZERO) for line in assets",
        "Allocation(line.symbol, line.percentages[index]) for line in assets",
        "A cell that is no number has refused the file before.",
    ),
    Equivalent(
        "rebalplan/plan/codec.py",
        "except (msgspec.DecodeError, ValueError) as error:",
        "except (ValueError,) as error:",
        "msgspec's DecodeError is a ValueError.",
    ),
    Equivalent(
        "rebalplan/plan/verify.py",
        "if isinstance(these, tuple) and isinstance(those, tuple):",
        "if isinstance(these, tuple):",
        "Both are the same field of an account, so both are tuples or neither is.",
    ),
    Equivalent(
        "rebalplan/plan/verify.py",
        "if isinstance(these, tuple) and isinstance(those, tuple):",
        "if isinstance(those, tuple):",
        "Both are the same field of an account, so both are tuples or neither is.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/search.py",
        "heaviest = (limit << _ORDER_BITS) + (1 << (_ORDER_BITS - 1))",
        "heaviest = (limit << _ORDER_BITS) + (1 << ((_ORDER_BITS + 1)))",
        "Costs up to four more are listed too; the best is proven within the limit either way.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/search.py",
        "halves: list[list[Change]] = [[(0, 0, 0)], [(0, 0, 0)]]",
        "halves: list[list[Change]] = [[(0, 1, 0)], [(0, 0, 0)]]",
        "Every sum of two halves weighs the same more or less, so the least is the same.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/search.py",
        "halves: list[list[Change]] = [[(0, 0, 0)], [(0, 0, 0)]]",
        "halves: list[list[Change]] = [[(0, -1, 0)], [(0, 0, 0)]]",
        "Every sum of two halves weighs the same more or less, so the least is the same.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/search.py",
        "halves: list[list[Change]] = [[(0, 0, 0)], [(0, 0, 0)]]",
        "halves: list[list[Change]] = [[(0, 0, 0)], [(0, 1, 0)]]",
        "Every sum of two halves weighs the same more or less, so the least is the same.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/search.py",
        "halves: list[list[Change]] = [[(0, 0, 0)], [(0, 0, 0)]]",
        "halves: list[list[Change]] = [[(0, 0, 0)], [(0, -1, 0)]]",
        "Every sum of two halves weighs the same more or less, so the least is the same.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/level.py",
        "return Fill(steps, price, left)",
        "return None",
        "Where the walk gives up, halving finds the same fill.",
    ),
    Equivalent(
        "rebalplan/plan/review.py",
        "most, number = Counter(keys).most_common(1)[0]",
        "most, number = Counter(keys).most_common(1)[-1]",
        "The list has exactly one entry.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/scaled.py",
        "_UP = Context(prec=80, rounding=ROUND_CEILING)",
        "_UP = Context(rounding=ROUND_CEILING)",
        "A figure has at most 36 digits, and rounding twice to one side is rounding once.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/scaled.py",
        "_UP = Context(prec=80, rounding=ROUND_CEILING)",
        "_UP = Context(prec=81, rounding=ROUND_CEILING)",
        "A figure has at most 36 digits, and rounding twice to one side is rounding once.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/scaled.py",
        "_UP = Context(prec=80, rounding=ROUND_CEILING)",
        "_UP = Context(prec=79, rounding=ROUND_CEILING)",
        "A figure has at most 36 digits, and rounding twice to one side is rounding once.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/scaled.py",
        "_DOWN = Context(prec=80, rounding=ROUND_FLOOR)",
        "_DOWN = Context(rounding=ROUND_FLOOR)",
        "A figure has at most 36 digits, and rounding twice to one side is rounding once.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/scaled.py",
        "_DOWN = Context(prec=80, rounding=ROUND_FLOOR)",
        "_DOWN = Context(prec=81, rounding=ROUND_FLOOR)",
        "A figure has at most 36 digits, and rounding twice to one side is rounding once.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/scaled.py",
        "_DOWN = Context(prec=80, rounding=ROUND_FLOOR)",
        "_DOWN = Context(prec=79, rounding=ROUND_FLOOR)",
        "A figure has at most 36 digits, and rounding twice to one side is rounding once.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/scaled.py",
        "_EXACT = Context(prec=80)",
        "_EXACT = Context(prec=81)",
        "A product of two figures of at most 18 digits has at most 36.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/scaled.py",
        "_EXACT = Context(prec=80)",
        "_EXACT = Context(prec=79)",
        "A product of two figures of at most 18 digits has at most 36.",
    ),
    Equivalent(
        "rebalplan/plan/account.py",
        'return tuple(sorted(orders, key=lambda o: (o.side == "BUY", o.symbol, o.con_id)))',
        "return tuple(sorted(orders, key=lambda o: (o.side == 'BUY', o.symbol)))",
        "Two contracts of one symbol fail the account, so no two orders share a symbol.",
    ),
    Equivalent(
        "rebalplan/core/money.py",
        "_UP = Context(prec=60, rounding=ROUND_UP)",
        "_UP = Context(prec=61, rounding=ROUND_UP)",
        "What it gives is rounded up to 0.01 afterwards, far coarser than the last digit.",
    ),
    Equivalent(
        "rebalplan/core/money.py",
        "_UP = Context(prec=60, rounding=ROUND_UP)",
        "_UP = Context(prec=59, rounding=ROUND_UP)",
        "What it gives is rounded up to 0.01 afterwards, far coarser than the last digit.",
    ),
    Equivalent(
        "rebalplan/plan/codec.py",
        '_ENCODER = msgspec.json.Encoder(decimal_format="string")',
        "_ENCODER = msgspec.json.Encoder()",
        "An encoder writes decimals as strings by default; the argument only says so.",
    ),
    Equivalent(
        "rebalplan/inputs/settings/checks.py",
        "return max((values[key].line for key in keys if key in values), default=0)",
        "return max((values[key].line for key in keys if key in values), default=1)",
        "The defaults pass every check, so one that fails has a line in the file.",
    ),
    Equivalent(
        "rebalplan/inputs/settings/checks.py",
        "return max((values[key].line for key in keys if key in values), default=0)",
        "return max((values[key].line for key in keys if key in values), default=-1)",
        "The defaults pass every check, so one that fails has a line in the file.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/level.py",
        "return Fill(steps, price, left) if left >= 0 else None",
        "return Fill(steps, price, left) if (left > 0) else None",
        "Halving finds the same fill.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/level.py",
        "for _ in range(_WALK * len(demands)):",
        "for _ in range(_WALK // len(demands)):",
        "A shorter walk ends in halving, which finds the same fill.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/level.py",
        "price = 0",
        "price = -1",
        "It is assigned before it is used: the walk begins with a budget that is overspent.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/level.py",
        "price = 0",
        "price = 1",
        "It is assigned before it is used: the walk begins with a budget that is overspent.",
    ),
    Equivalent(
        "rebalplan/plan/diff.py",
        "if order is None or account is None or account.summary is None:",
        "if order is None or account is None:",
        "An account with an order has a summary; the condition tells the type checker.",
    ),
    Equivalent(
        "rebalplan/core/money.py",
        "_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)",
        "_WIDE = Context(prec=60)",
        "A new context rounds half to even; the argument only says so.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/level.py",
        "return steps if steps < self.most else self.most",
        "return steps if (steps <= self.most) else self.most",
        "Both branches give the same number where the two are equal.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/candidates.py",
        'return "buy_only" if line.drift > 0 else "sell_only"',
        'return "buy_only" if line.drift > -1 else "sell_only"',
        "A line without drift is no candidate, and its reason is rounds_to_zero whatever its side.",
    ),
    Equivalent(
        "rebalplan/plan/codec.py",
        'too_long = len(text) > MAX_DIGITS and len(text.lstrip("-0.").replace(".", "")) > MAX_DIGITS',
        "too_long = len(text.lstrip('-0.').replace('.', '')) > MAX_DIGITS",
        "The digits are never more than the characters; the first length only saves counting them.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/ration.py",
        "movable = [index for cost, index in costs if cost <= limit]",
        "movable = [index for cost, index in costs]",
        "A line whose cheapest change costs more than the limit has no other move than none.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/ration.py",
        "if (found_rank := rank(demands, steps)) < best_rank:",
        "if (found_rank := rank(demands, steps)) <= best_rank:",
        "A rank holds the steps, so equal ranks are the same steps.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/ration.py",
        "splits[0] -= 1",
        "splits[-1] -= 1",
        "The list has exactly one entry.",
    ),
    Equivalent(
        "rebalplan/plan/sizing/ration.py",
        "if splits[0] < 0:",
        "if splits[-1] < 0:",
        "The list has exactly one entry.",
    ),
    Equivalent(
        "rebalplan/apply/journal/chain.py",
        '_ENCODER = msgspec.json.Encoder(decimal_format="string")',
        "_ENCODER = msgspec.json.Encoder()",
        "An encoder writes decimals as strings by default; the argument only says so.",
    ),
    Equivalent(
        "rebalplan/core/money.py",
        "if value.as_tuple().exponent > 0: # type: ignore[operator] # finite: the exponent is an int",
        "if value.as_tuple().exponent >= 0: # type: ignore[operator] # finite: the exponent is an int",
        "A whole number without an exponent is what quantizing to 1 gives.",
    ),
    Equivalent(
        "rebalplan/plan/build.py",
        'total = sum((a.summary.turnover_usd for a in accounts if a.summary and a.status == "planned"), ZERO)',
        "total = sum((a.summary.turnover_usd for a in accounts if a.status == 'planned'), ZERO)",
        "An account that is planned has a summary; the condition tells the type checker.",
    ),
    Equivalent(
        "rebalplan/plan/review.py",
        "if a.summary is not None and a.summary.turnover_pct > LARGE_TURNOVER_PCT",
        "if a.summary.turnover_pct > LARGE_TURNOVER_PCT",
        "Only planned accounts come here, and they have a summary; the condition tells the type checker.",
    ),
)


def is_equivalent(change: Change) -> bool:
    """Tell whether the change is on the list."""
    return any(each.names(change) for each in EQUIVALENT)
