"""From ``Decimal`` to scaled integers and back; no rounding error can enter between the two.

Prices count in 0.000001 USD, quantities in 0.0001 share, so that every value counts in 1e-10 USD. Trades
count in steps: a whole share, or 0.0001 share where fractions are allowed.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import lru_cache

from msgspec import Struct, structs

from rebalplan.core.money import SHARE_STEP, canonical
from rebalplan.plan.sizing.problem import SizingLine, SizingProblem

QUANTITY_SCALE = 10_000
"""Quantity units in one share."""

_PRICE_FACTOR = Decimal(1_000_000)
_QUANTITY_FACTOR = Decimal(QUANTITY_SCALE)
_VALUE_FACTOR = Decimal(10**10)
_BPS = 10_000

_EXACT = Context(prec=80)
_DOWN = Context(prec=80, rounding=ROUND_FLOOR)
_UP = Context(prec=80, rounding=ROUND_CEILING)


class ScaledLine(Struct, frozen=True):
    """One line in integers. Values are in 1e-10 USD."""

    unit: int
    """Value of one step."""
    drift: int
    """Target less held value: positive is underweight."""
    held: int
    """Held value."""
    held_steps: int
    """Whole steps held: the most that can be sold."""
    closing: bool
    """Whether the target is exactly 0."""
    band: int
    """The drift that is tolerated."""

    @property
    def is_always_asked(self) -> bool:
        """Whether this is a holding with target 0, or a target with no holding."""
        return (self.held > 0) != (self.held + self.drift > 0)

    def moved(self, steps: int) -> ScaledLine:
        """Return the line after an order of so many signed steps."""
        value = steps * self.unit
        return structs.replace(
            self, drift=self.drift - value, held=self.held + value, held_steps=self.held_steps + steps
        )


class ScaledAccount(Struct, frozen=True):
    """The constraints of an account in integers. Values are in 1e-10 USD.

    ``keep`` and ``pay`` over ``base`` are what a sold dollar brings and what a bought dollar takes.
    """

    spare_cash: int
    """Cash over its floor."""
    spare_exposure: int
    """The cap less the exposure."""
    cash_drift: int
    """Cash over its target."""
    cash_band: int
    cash_slack: int
    total_band: int | None
    min_order: int
    keep: int
    pay: int
    base: int

    def moved(self, trades_value: int) -> ScaledAccount:
        """Return the account after orders of this signed value, filled at their prices and without costs."""
        return structs.replace(
            self,
            spare_cash=self.spare_cash - trades_value,
            spare_exposure=self.spare_exposure - trades_value,
            cash_drift=self.cash_drift - trades_value,
        )

    def spent(self, value: int) -> ScaledAccount:
        """Return the account after buys of this value and their costs."""
        paid = -(-value * self.pay // self.base)
        return structs.replace(
            self,
            spare_cash=self.spare_cash - paid,
            spare_exposure=self.spare_exposure - value,
            cash_drift=self.cash_drift - paid,
        )

    def cash_budget(self, sold: int) -> int:
        """Return what may be bought before cash falls under its floor; negative when it is under."""
        return (self.spare_cash * self.base + sold * self.keep) // self.pay

    def exposure_budget(self, sold: int) -> int:
        """Return what may be bought before exposure passes the cap; negative when it has."""
        return self.spare_exposure + sold


def scale_line(line: SizingLine, *, allow_fractional: bool) -> ScaledLine:
    """Return ``line`` in integers.

    Raises ``ValueError`` when a field has more decimals than ``SizingLine`` allows.
    """
    price = _whole(line, line.price, _PRICE_FACTOR)
    quantity = _whole(line, line.quantity, _QUANTITY_FACTOR)
    target = _whole(line, line.target_usd, _VALUE_FACTOR)
    step = 1 if allow_fractional else QUANTITY_SCALE
    held = quantity * price
    return ScaledLine(
        unit=price * step,
        drift=target - held,
        held=held,
        held_steps=quantity // step,
        closing=target == 0,
        band=_band(line.band_usd),
    )


def scale_account(problem: SizingProblem, held_by_lines: int) -> ScaledAccount:
    """Return the constraints in integers, each bound rounded to its safe side.

    ``held_by_lines`` is the value of all lines as they are held, in 1e-10 USD.
    """
    cost, base = problem.cost_bps.as_integer_ratio()
    base *= _BPS
    floor = _rounded(problem.cash_floor_usd, _UP)
    cap = _rounded(_EXACT.multiply(problem.max_leverage, problem.net_liquidation_usd), _DOWN)
    return ScaledAccount(
        spare_cash=_rounded(problem.cash_usd, _DOWN) - floor,
        spare_exposure=cap - _rounded(problem.held_usd, _UP) - held_by_lines,
        cash_drift=_rounded(problem.cash_usd, _DOWN) - _rounded(problem.cash_target_usd, _UP),
        cash_band=_rounded(problem.cash_band_usd, _DOWN),
        cash_slack=_rounded(problem.cash_slack_usd, _DOWN),
        total_band=None if problem.total_band_usd is None else _rounded(problem.total_band_usd, _DOWN),
        min_order=_rounded(problem.min_order_usd, _UP),
        keep=base - cost,
        pay=base + cost,
        base=base,
    )


def shares(steps: int, *, allow_fractional: bool) -> Decimal:
    """Return signed ``steps`` as shares in canonical form."""
    if not allow_fractional:
        return Decimal(steps)
    return canonical(_EXACT.multiply(Decimal(steps), SHARE_STEP))


def _whole(line: SizingLine, value: Decimal, factor: Decimal) -> int:
    scaled = _EXACT.multiply(value, factor)
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{line.symbol}: {value} has more decimals than sizing counts in")
    return whole


@lru_cache(maxsize=64)
def _band(band_usd: Decimal) -> int:
    """Return a band in integers; the lines of an account mostly have the same."""
    return _rounded(band_usd, _DOWN)


def _rounded(value: Decimal, context: Context) -> int:
    return int(context.to_integral_value(context.multiply(value, _VALUE_FACTOR)))
