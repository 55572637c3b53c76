"""Prints a plan in one of its formats: the action of ``rebal show``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from rebalplan.commands.plans import find_plan
from rebalplan.plan.codec import Envelope, encode
from rebalplan.plan.store import read_plan
from rebalplan.plan.verify import verify_derivation
from rebalplan.render.redaction import NOTHING, Redaction, redaction_of
from rebalplan.render.style import Style
from rebalplan.render.verify import render_edit
from rebalplan.render.view import view_plan

Form = Literal["table", "markdown", "html", "csv", "json"]


def show_plan(reference: str, config: Path, *, form: Form, redact: bool, style: Style) -> None:
    """Print the plan. As JSON without redaction it is the file itself, byte for byte."""
    envelope = read_plan(find_plan(reference, config))
    if form == "json" and not redact:
        # The codec accepts no other bytes for this plan.
        typer.echo(encode(envelope.plan)[1].decode(), nl=False)
    else:
        redaction = redaction_of(envelope.plan) if redact else NOTHING
        _warn_of_edits(envelope, redaction)
        typer.echo(_render(envelope, form, style, redaction), nl=False)


def _warn_of_edits(envelope: Envelope, redaction: Redaction) -> None:
    """Warn on stderr when a plan is not the result of its own inputs: somebody edited it."""
    for finding in verify_derivation(envelope.plan):
        typer.echo(f"Warning: {render_edit(finding, redaction)}", err=True)


def _render(envelope: Envelope, form: Form, style: Style, redaction: Redaction) -> str:
    """Return the text with a final line end. Each format loads only its own modules."""
    view = view_plan(envelope, redaction)
    match form:
        case "table":
            from rebalplan.render.plan import render_review

            return render_review(view, style) + "\n"
        case "markdown":
            from rebalplan.render.markdown import render_markdown

            return render_markdown(view)
        case "html":
            from rebalplan.render.html import render_html

            return render_html(view)
        case "csv":
            from rebalplan.render.lines_csv import render_csv

            return render_csv(view)
        case "json":
            from rebalplan.render.redacted_json import render_redacted_json

            return render_redacted_json(envelope, redaction)
