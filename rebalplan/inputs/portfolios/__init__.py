"""portfolios.csv: the model portfolios, with every problem reported at its line and column.

A column is the number of a cell in its row, from 1, as in a spreadsheet.
"""

from rebalplan.inputs.portfolios.leverage import check_leverage
from rebalplan.inputs.portfolios.model import Allocation, Model, Portfolios
from rebalplan.inputs.portfolios.read import read_portfolios

__all__ = ["Allocation", "Model", "Portfolios", "check_leverage", "read_portfolios"]
