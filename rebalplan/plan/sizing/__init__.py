"""Sizing: from drift to the orders that correct it best within cash and leverage.

A pure function in scaled integers; its searches stop by count. The same problem gives the same orders on
every machine and Python.
"""

from rebalplan.plan.sizing.orders import size_orders
from rebalplan.plan.sizing.problem import Direction, Reason, SizedLine, Sizing, SizingLine, SizingProblem

__all__ = [
    "SIZING_VERSION",
    "Direction",
    "Reason",
    "SizedLine",
    "Sizing",
    "SizingLine",
    "SizingProblem",
    "size_orders",
]

SIZING_VERSION = "2"
"""Changes whenever the same problem may give other orders."""
