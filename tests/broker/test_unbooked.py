"""Orders that the gateway refuses with an error message alone: not booked, in no list, and never heard of again."""

from __future__ import annotations

import json

import pytest

from tests.broker.driving import (
    ACCOUNTS,
    Trial,
    Undisturbed,
    assert_others_untouched,
    behaviour,
    first_line,
    trial,
)
from tests.cli import Workspace
from tests.scenarios import scenario_text

pytestmark = pytest.mark.slow

ACCOUNT = ACCOUNTS[1]
LIMIT = "value estimate of 124,995.00 USD exceeds the Total Value Limit of 100,000 USD"
REFUSALS = {
    451: LIMIT,
    460: "No trading permissions.",
    10243: "Fractional-sized order cannot be placed via API.",
}


def refusing(planned: Workspace, code: int, text: str) -> str:
    """Return a gateway that refuses the account's first sell with an error alone."""
    line = first_line(planned, ACCOUNT, "SELL")
    return scenario_text(
        extra=behaviour(account=ACCOUNT, symbol=line.symbol, side="SELL", code=code, text=text)
    )


def apply_unknown(it: Trial) -> str:
    """Apply the account, whose first sell ends UNKNOWN, and return its reference."""
    assert it.apply("--account", ACCOUNT).code == 4
    reference = f"{it.prefix}{first_line(it.workspace, ACCOUNT, 'SELL').reference}"
    assert it.kinds(ACCOUNT, reference) == ["DISPATCH", "UNKNOWN"]
    return reference


@pytest.mark.parametrize("code", REFUSALS)
def test_what_the_broker_said_of_an_order_that_it_did_not_book_is_in_every_file_and_on_every_screen(
    planned: Workspace, undisturbed: Undisturbed, code: int
) -> None:
    line, text = first_line(planned, ACCOUNT, "SELL"), REFUSALS[code]
    with trial(planned, refusing(planned, code, text)) as it:
        result = it.apply()
        reference = f"{it.prefix}{line.reference}"
        assert (result.code, it.kinds(ACCOUNT, reference)) == (4, ["DISPATCH", "UNKNOWN"])
        assert [s.reference for s in it.sent(ACCOUNT)].count(line.reference) == 1
        assert_others_untouched(it, ACCOUNT, undisturbed)
        (record,) = (json.loads(r) for r in it.records(ACCOUNT) if '"UNKNOWN"' in r)
        assert record["said"][0] == {"code": code, "text": text}
        sentence = f"the broker said: {text} ({code})"
        assert sentence in it.report(ACCOUNT)[line.symbol]["notes"]
        assert sentence in result.out
        status = json.loads(it.workspace.run("status", "latest", "--json").out)
        notes = {x["reference"]: x["note"] for a in status["accounts"] for x in a["lines"]}
        assert sentence in notes[reference]
        assert f"({code})" in it.workspace.run("status", "latest").out
        assert f"  {sentence}\n" in it.workspace.run("resolve", reference).out
        before = list(it.gateway.ledger)
        it.apply("--resume", "--account", ACCOUNT)
        assert [e for e in it.gateway.ledger[len(before) :] if e.kind == "place"] == []


def test_an_order_that_was_refused_without_a_booking_may_be_called_absent_while_its_session_lasts(
    planned: Workspace,
) -> None:
    with trial(planned, refusing(planned, 451, LIMIT)) as it:
        reference = apply_unknown(it)
        shown = it.workspace.run("resolve", reference)
        assert (shown.code, "Proposed: --absent" in shown.out) == (4, True)
        assert "error 451 refuses an order before it is booked" in shown.out
        settled = it.workspace.run("resolve", reference, "--accept-proposed", "--who", "the owner")
        assert (settled.code, f"{reference} never traded (decided by the owner)" in settled.out) == (0, True)
        (resolved,) = (json.loads(r) for r in it.records(ACCOUNT) if '"RESOLVED"' in r)
        assert (LIMIT in resolved["evidence"], "forced" in resolved["evidence"]) == (True, False)
        it.apply("--resume", "--account", ACCOUNT)
        line = first_line(planned, ACCOUNT, "SELL")
        assert [s.reference for s in it.sent(ACCOUNT)].count(line.reference) == 1
        assert len(it.sent(ACCOUNT)) > 1
        again = it.workspace.run("resolve", reference, "--filled", f"{line.quantity}@1")
        assert (again.code, "Too early to say" in again.err) == (3, True)


def test_absent_needs_no_force_for_a_refusal_without_a_booking(planned: Workspace) -> None:
    with trial(planned, refusing(planned, 451, LIMIT)) as it:
        reference = apply_unknown(it)
        assert it.workspace.run("resolve", reference, "--absent").code == 0


@pytest.mark.parametrize("code", [103, 161, 321, 10148])
def test_an_error_of_which_orders_are_known_to_live_on_proposes_nothing_while_the_session_lasts(
    planned: Workspace, code: int
) -> None:
    with trial(planned, refusing(planned, code, "no")) as it:
        reference = apply_unknown(it)
        shown = it.workspace.run("resolve", reference)
        assert f"the broker said: no ({code})" in shown.out
        assert "Too early to say" in shown.out
        refused = it.workspace.run("resolve", reference, "--absent")
        assert (refused.code, "Too early to say" in refused.err) == (3, True)
