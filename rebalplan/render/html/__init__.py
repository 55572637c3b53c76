"""A plan as one HTML page: geometry and figures of an account, layout, templates."""

from rebalplan.render.html.document import content_security_policy, render_html

__all__ = ["content_security_policy", "render_html"]
