"""What people read on a terminal: the preview of a plan and the findings of a check."""

from rebalplan.render.plan import render_plan, totals_line
from rebalplan.render.style import PLAIN, Style
from rebalplan.render.verify import render_findings

__all__ = ["PLAIN", "Style", "render_findings", "render_plan", "totals_line"]
