"""The person in front of an apply: prompts that default to no."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import msgspec
import typer

from rebalplan.codec import Envelope
from rebalplan.commands.stopping import Stop
from rebalplan.errors import RefusedError
from rebalplan.journal.journal import Journal
from rebalplan.ports import Clock
from rebalplan.render.confirmation import confirmation

HASH_DIGITS = 12


class Consent(msgspec.Struct, frozen=True):
    """What the command line said beforehand. ``expect`` is the plan's first 12 hex digits, or empty."""

    yes: bool
    expect: str
    is_global: bool


def check_expectation(envelope: Envelope, consent: Consent) -> None:
    """Refuse a ``--expect`` for another plan, and a ``--yes`` to a live plan without one."""
    digits = envelope.sha256[:HASH_DIGITS]
    if consent.expect and consent.expect.lower() != digits:
        raise RefusedError(
            f"--expect {consent.expect[:40]!a} is not this plan, whose hash begins with {digits}: nothing was sent"
        )
    if consent.yes and envelope.plan.mode == "live" and not consent.expect:
        raise RefusedError(
            f"--yes for a live plan needs --expect with the plan's first {HASH_DIGITS} hex digits: nothing was sent"
        )


class Terminal:
    """Asks on the terminal; the end of the input, or no terminal at all, is a no.

    ``pause`` takes away a line of progress, which would be drawn over what is printed. What is left to send is read
    from the journal when it is asked about.
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
    ) -> None:
        self._envelope = envelope
        self._journal = journal
        self._clock = clock
        self._consent = consent
        self._stop = stop
        self._pause = pause

    def confirm(self, accounts: Sequence[str]) -> bool:
        """Ask whether to trade these accounts."""
        self._pause()
        asked = [self._journal.result_of(account) for account in accounts]
        typer.echo(confirmation(self._envelope, asked, self._clock.now()))
        if self._consent.yes:
            typer.echo("Confirmed by --yes.")
            return True
        wanted, question = self._question(accounts)
        answer = self._read_answer(question)
        confirmed = answer.strip() == wanted if wanted else answer.strip().lower() in ("y", "yes")
        if not confirmed:
            left = "is left as it is" if len(accounts) == 1 else "are left as they are"
            typer.echo(f"Not confirmed; {', '.join(accounts)} {left}.\n")
        return confirmed

    def _question(self, accounts: Sequence[str]) -> tuple[str, str]:
        """Return what must be typed (empty: yes) and how to ask for it."""
        if self._envelope.plan.mode != "live":
            return "", f"Send these orders for {', '.join(accounts)}? Only yes sends them [no]: "
        if self._consent.is_global:
            digits = self._envelope.sha256[:HASH_DIGITS]
            return digits, f"LIVE. Type the plan's first {HASH_DIGITS} hex digits to send these orders [no]: "
        return accounts[0], "LIVE. Type the account id to send its orders [no]: "

    def _read_answer(self, question: str) -> str:
        typer.echo(question, nl=False)
        self._stop.is_asking = True
        try:
            answer = sys.stdin.readline() if sys.stdin is not None else ""
        except KeyboardInterrupt:
            answer = ""
        finally:
            self._stop.is_asking = False
        if not answer:
            typer.echo()
        return answer

    def tell(self, account: str, text: str) -> None:
        """Say why an account was left out."""
        self._pause()
        typer.echo(f"{account}: {text}")
