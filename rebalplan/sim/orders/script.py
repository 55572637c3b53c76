"""What is still to happen to an order, as a list of steps that a state file can keep.

A step is a word and perhaps a value behind a blank. Steps that change the book: ``fill QUANTITY``,
``correct`` (the price of the last execution), ``cancel REASON``, ``reveal`` (what was hidden),
``late_fill LABEL SHARES LISTED_SEC TOLD_SEC`` (shares that execute after the cancel before it). Steps that send a
message: ``new_open`` and ``new_status`` (the order as it was before any fill), ``open``, ``status``,
``execution N`` and ``commission N`` (of the order's nth execution), ``notice CODE TEXT``. And ``wait SECONDS`` and
``hang_up`` (on the client that placed the order).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from rebalplan.sim.orders.order_model import ZERO, Behaviour, LateFill
from rebalplan.sim.orders.order_texts import OrderCode, text_of

Script = tuple[str, ...]

SEQUENCE_WORDS: Final = ("ack", "execution", "commission", "status", "open", "hang_up", "cancel")
MESSAGE_STEPS: Final = frozenset(
    {"new_open", "new_status", "open", "status", "execution", "commission", "notice"}
)
_ACKNOWLEDGEMENT: Final = ("new_open", "new_status")
_NEEDS_FILL: Final = frozenset({"execution", "commission", "status", "open"})
_KEPT_AFTER_CANCEL: Final = frozenset({"execution", "commission", "reveal"})


def split_step(step: str) -> tuple[str, str]:
    """Return the word and the value of a step."""
    word, _, value = step.partition(" ")
    return word, value


def notice(code: int, text: str = "") -> str:
    """Return the step that sends an error or a notice about the order, with its usual text by default."""
    return f"notice {code:d} {text or text_of(code)}"


def build_script(
    behaviour: Behaviour, quantity: Decimal, executions: int, notices: Iterable[str] = ()
) -> Script:
    """Return the steps of an order that was taken in.

    ``quantity`` is to be filled and ``executions`` are there already; the steps ``notices`` come right behind the
    first acknowledgement. Of ``behaviour`` the filters and refusals are not looked at.
    """
    late = behaviour.commission_after_sec > 0
    is_uncharged = late or behaviour.no_commission
    words = [word for word in behaviour.sequence if not (is_uncharged and word == "commission")]
    steps: list[str] = []
    shares = split_quantity(quantity, behaviour.parts)[: behaviour.fills]
    for at, share in enumerate(shares or [ZERO]):
        part = [word for word in words if word != "cancel" and (at == 0 or _is_repeated(word))]
        steps += _part(part, behaviour, share, executions + at + 1)
    if "cancel" in words:
        steps += cancelling((), behaviour.text)
        steps += late_fill_step(behaviour.late_fill)
    last = executions + len(shares)
    if late and not behaviour.no_commission:
        steps.append(f"wait {behaviour.commission_after_sec}")
        steps += [f"commission {number + 1}" for number in range(executions, last)]
    if behaviour.correction_bps and shares:
        steps += ["correct", f"execution {last + 1}"]
        steps += [] if behaviour.no_commission else [f"commission {last + 1}"]
    if behaviour.visible_after_sec:
        steps += [f"wait {behaviour.visible_after_sec}", "reveal"]
    return _shape(behaviour, _with_notices(steps, tuple(notices)))


def split_quantity(quantity: Decimal, parts: int) -> list[Decimal]:
    """Return the quantity in at most ``parts`` whole parts, the first ones the larger; a fraction is in the first."""
    count = max(1, min(parts, int(quantity)))
    size, more = divmod(int(quantity), count)
    first, *rest = (Decimal(size + (number < more)) for number in range(count))
    return [first + quantity % 1, *rest]


def _is_repeated(word: str) -> bool:
    """Tell whether a word of a sequence holds for every part of an order, and not for the first alone."""
    return word in _NEEDS_FILL or word.startswith("wait")


def _part(words: list[str], behaviour: Behaviour, share: Decimal, number: int) -> list[str]:
    """Return the steps of one fill (``share`` 0: of none); the fill is right before what tells of it."""
    wait = [f"wait {behaviour.after_sec}"] if behaviour.after_sec else []
    fill = [*wait, f"fill {share}"] if share else []
    steps: list[str] = []
    for word in words:
        if word in _NEEDS_FILL:
            if not share:
                continue
            steps += fill
            fill = []
        steps += _expand(word, number)
    return [*steps, *fill]


def _expand(word: str, number: int) -> list[str]:
    if word == "ack":
        return list(_ACKNOWLEDGEMENT)
    if word in {"execution", "commission"}:
        return [f"{word} {number}"]
    if word == "status":
        return ["open", "status"]
    if word[0].isdigit():
        code, _, text = word.partition(" ")
        return [notice(int(code), text)]
    return [word]


def _with_notices(steps: list[str], notices: Script) -> list[str]:
    at = steps.index("new_status") + 1 if "new_status" in steps else 0
    return [*steps[:at], *notices, *steps[at:]]


def _shape(behaviour: Behaviour, steps: list[str]) -> Script:
    """Take the messages out of a silent order's script, and put a hang-up behind the nth of them."""
    if behaviour.silence == "booked":
        return tuple(step for step in steps if split_step(step)[0] not in MESSAGE_STEPS)
    if behaviour.hang_up_after < 0:
        return tuple(steps)
    shaped: list[str] = [] if behaviour.hang_up_after else ["hang_up"]
    sent = 0
    for step in steps:
        shaped.append(step)
        sent += split_step(step)[0] in MESSAGE_STEPS
        if sent == behaviour.hang_up_after and "hang_up" not in shaped:
            shaped.append("hang_up")
    return tuple(shaped)


def cancelling(script: Script, reason: str) -> Script:
    """Return the steps of an order that is cancelled now; of ``script`` only what belongs to its fills remains."""
    left = left_after_cancel(script)
    cancelled = notice(OrderCode.CANCELLED, text_of(OrderCode.CANCELLED, reason))
    return (f"cancel {reason}", "status", cancelled, *left)


def left_after_cancel(script: Script) -> Script:
    """Return what belongs to the fills of an order that is cancelled now."""
    return tuple(step for step in script if split_step(step)[0] in _KEPT_AFTER_CANCEL)


def late_fill_step(late: LateFill | None) -> Script:
    """Return the step that lets shares execute after the cancel before it, none without such shares."""
    if late is None:
        return ()
    return (f"late_fill {late.label} {late.shares} {late.listed_after_sec} {late.told_after_sec}",)


def without_cancel(script: Script) -> Script:
    """Return what is left of such steps behind ``cancel`` when there was nothing to cancel any more."""
    return script[2:]


def refusing(behaviour: Behaviour, code: int, text: str) -> Script:
    """Return the steps of an order that was taken in and refused."""
    return _shape(behaviour, ["open", "status", notice(code, text)])


def before_cancel(behaviour: Behaviour, remaining: Decimal, executions: int) -> Script:
    """Return what happens between a cancel request and its effect: a wait, fills that cross it."""
    steps = ["status", f"wait {behaviour.after_sec}"] if behaviour.after_sec else []
    if behaviour.cancel == "crossed":
        shares = split_quantity(remaining, behaviour.parts)[: behaviour.fills]
        for number, share in enumerate(shares, executions + 1):
            charged = [] if behaviour.no_commission else [f"commission {number}"]
            steps += [f"fill {share}", f"execution {number}", *charged, "open", "status"]
    return tuple(steps)
