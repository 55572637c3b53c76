"""A plan as one HTML page for review: no network, no other file, readable without scripts."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from rebalplan.render import columns
from rebalplan.render.columns import shown
from rebalplan.render.figures import count
from rebalplan.render.html.charts import chart_parts
from rebalplan.render.html.gauges import GAUGE_HEIGHT, gauges
from rebalplan.render.html.page import ORDERS, holdings, is_open, mark, sort_value
from rebalplan.render.plan import head_lines
from rebalplan.render.view import PlanView

_TEMPLATES = "templates"


def render_html(view: PlanView) -> str:
    """Return the page in ASCII, other characters as references: it is the same in whatever encoding it is stored."""
    style, script = _asset("plan.css"), _asset("plan.js")
    made, *notices = head_lines(view)
    page = _page_template().render(
        view=view,
        made=made,
        notices=notices,
        summary=columns.summary(view),
        orders=shown(ORDERS, view),
        policy=content_security_policy(style, script),
        style=style,
        script=script,
    )
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def content_security_policy(style: str, script: str) -> str:
    """Return a policy under which the page loads nothing and runs only its own style and script."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _asset(name: str) -> str:
    return (resources.files("rebalplan.render.html") / _TEMPLATES / name).read_text(encoding="utf-8")


def _page_template() -> Template:
    environment = Environment(
        loader=PackageLoader("rebalplan.render.html", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {
        "chart_parts": chart_parts,
        "count": count,
        "gauge_height": GAUGE_HEIGHT,
        "gauges": gauges,
        "holdings": holdings,
        "is_open": is_open,
        "mark": mark,
    }
    environment.filters["sort_value"] = sort_value
    return environment.get_template("plan.html.j2")
