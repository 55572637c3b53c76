"""The operator of an apply on a terminal: prompts that default to no."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import msgspec
import typer

from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.preview import Preview
from rebalplan.commands.stopping import Stop
from rebalplan.core.errors import RefusedError
from rebalplan.core.ports import Clock
from rebalplan.plan.codec import Envelope
from rebalplan.render.apply import render_ended
from rebalplan.render.confirmation import confirmation
from rebalplan.render.style import Style

HASH_DIGITS = 12


class Consent(msgspec.Struct, frozen=True):
    """The consent of the command line. ``expect`` is the plan id's last 12 characters, or empty."""

    yes: bool
    expect: str
    is_global: bool


def check_expectation(envelope: Envelope, consent: Consent) -> None:
    """Refuse a ``--expect`` for another plan, and a ``--yes`` to a live plan without one."""
    digits = envelope.sha256[:HASH_DIGITS]
    if consent.expect and consent.expect.lower() != digits:
        raise RefusedError(
            f"--expect {consent.expect[:40]!a} is not this plan: its id ends in {digits}. Nothing was sent",
            code="RB607",
        )
    if consent.yes and envelope.plan.mode == "live" and not consent.expect:
        raise RefusedError(
            f"--yes for a live plan needs --expect with the last {HASH_DIGITS} characters of the plan id: "
            "nothing was sent",
            code="RB607",
        )


class Screen(msgspec.Struct, frozen=True):
    """The stream for the person: stderr when a program reads JSON from stdout."""

    style: Style
    is_for_json: bool = False

    def echo(self, text: str, *, nl: bool = True) -> None:
        """Print a text."""
        typer.echo(text, nl=nl, err=self.is_for_json)


class Terminal:
    """Asks on the terminal. Without a terminal, or at the end of the input, the answer is no.

    ``pause`` clears the line of progress before a print. ``report`` writes the reports of a closed account.
    ``warnings`` are those of the settings: every question shows them.
    """

    def __init__(
        self,
        envelope: Envelope,
        journal: Journal,
        clock: Clock,
        consent: Consent,
        *,
        stop: Stop,
        pause: Callable[[], None],
        report: Callable[[str], None],
        warnings: Sequence[str],
        screen: Screen,
    ) -> None:
        self._envelope = envelope
        self._journal = journal
        self._clock = clock
        self._consent = consent
        self._stop = stop
        self._pause = pause
        self._report = report
        self._warnings = warnings
        self._screen = screen
        self._is_over_one = False

    @property
    def is_attended(self) -> bool:
        """Tell whether a person answers; with ``--yes`` nobody does."""
        return not self._consent.yes

    def confirm(self, previews: Sequence[Preview], worse: Sequence[str] = ()) -> bool:
        """Ask whether to send the orders of these previews."""
        self._pause()
        accounts = [preview.account for preview in previews]
        asked = [(self._journal.result_of(preview.account), preview) for preview in previews]
        now, echo = self._clock.now(), self._screen.echo
        if self._is_over_one:
            echo("")
        echo(confirmation(self._envelope, asked, now, warnings=self._warnings, worse=worse))
        if self._consent.yes:
            echo("Confirmed by --yes.")
            return True
        wanted, question = self._question(accounts, is_global=self._consent.is_global and not worse)
        answer = self._read_answer(question)
        confirmed = answer.strip() == wanted if wanted else answer.strip().lower() in ("y", "yes")
        if not confirmed:
            more = " more" if any(result.intents for result, _ in asked) else ""
            echo(f"{', '.join(accounts)}: declined, nothing{more} was sent there.")
            self._is_over_one = True
        return confirmed

    def _question(self, accounts: Sequence[str], *, is_global: bool) -> tuple[str, str]:
        """Return the text that the person must type (empty: yes), and the question."""
        if self._envelope.plan.mode != "live":
            return "", f"Send these orders for {', '.join(accounts)}? Only yes sends them [no]: "
        if is_global:
            digits = self._envelope.sha256[:HASH_DIGITS]
            return (
                digits,
                f"LIVE. Type the last {HASH_DIGITS} characters of the plan id to send these orders [no]: ",
            )
        return accounts[0], "LIVE. Type the account id to send its orders [no]: "

    def _read_answer(self, question: str) -> str:
        self._screen.echo(question, nl=False)
        self._stop.is_asking = True
        try:  # A signal before this point raised nothing. Its sender must not wait for an answer to the prompt.
            answer = sys.stdin.readline() if sys.stdin is not None and not self._stop.signalled else ""
        except KeyboardInterrupt:
            answer = ""
        finally:
            self._stop.is_asking = False
        if not answer:
            self._screen.echo("")
        return answer

    def tell(self, account: str, text: str) -> None:
        """Say why an account, or the whole plan, was left out."""
        self._pause()
        self._screen.echo(f"{account}: {text}" if account else text)

    def ended(self, account: str) -> None:
        """Show the result of an account before the next question, and write its report."""
        self._pause()
        self._screen.echo(render_ended(self._journal.result_of(account), self._screen.style))
        self._is_over_one = True
        self._report(account)
