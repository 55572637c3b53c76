"""Make the script of an order: the steps of its behaviour and of a cancel, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal, assert_never, cast, get_args

from rebalplan.sim.orders.order_model import ZERO, Behaviour
from rebalplan.sim.orders.order_texts import OrderCode, text_of
from rebalplan.sim.orders.steps import (
    ACKNOWLEDGEMENT,
    Cancel,
    Correct,
    Disconnect,
    Fill,
    OrderMessage,
    Script,
    SendCommission,
    SendExecution,
    SendNotice,
    SendOpenOrder,
    SendStatus,
    ShowFills,
    Step,
    Wait,
)

SequenceWord = Literal["ack", "execution", "commission", "status", "open", "hang_up", "cancel"]
SEQUENCE_WORDS: Final[tuple[SequenceWord, ...]] = get_args(SequenceWord)
_NEEDS_FILL: Final = frozenset({"execution", "commission", "status", "open"})


def notice(code: int, text: str = "") -> SendNotice:
    """Return the step that sends an error or a notice about the order, with its usual text by default."""
    return SendNotice(int(code), text or text_of(code))


def read_word(word: str) -> str | Wait | SendNotice:
    """Return a checked word of a sequence; a wait and a code are steps already."""
    name, _, value = word.partition(" ")
    if name == "wait":
        return Wait(Decimal(value))
    return notice(int(name), value) if name.isdigit() else name


def build_script(
    behaviour: Behaviour, quantity: Decimal, executions: int, notices: Sequence[Step] = ()
) -> Script:
    """Return the steps of an order that was booked.

    ``quantity`` is to be filled and ``executions`` are there already; the steps ``notices`` come right behind the
    first acknowledgement. Filters and refusals of ``behaviour`` play no part here.
    """
    late = behaviour.commission_after_sec > 0
    is_uncharged = late or behaviour.no_commission
    words = [word for word in behaviour.sequence if not (is_uncharged and word == "commission")]
    steps: list[Step] = []
    shares = split_quantity(quantity, behaviour.parts)[: behaviour.fills]
    for at, share in enumerate(shares or [ZERO]):
        part = [word for word in words if at == 0 or _is_repeated(word)]
        steps += _part(part, behaviour, share, executions + at + 1)
    if "cancel" in words:
        steps += [*cancelling((), behaviour.text), *behaviour.late_fill]
    last = executions + len(shares)
    if late and not behaviour.no_commission:
        steps.append(Wait(behaviour.commission_after_sec))
        steps += [SendCommission(number + 1) for number in range(executions, last)]
    if behaviour.correction_bps and shares:
        steps += [Correct(), SendExecution(last + 1)]
        steps += [] if behaviour.no_commission else [SendCommission(last + 1)]
    if behaviour.visible_after_sec:
        steps += [Wait(behaviour.visible_after_sec), ShowFills()]
    return _shape(behaviour, _with_notices(steps, notices))


def split_quantity(quantity: Decimal, parts: int) -> list[Decimal]:
    """Return the quantity in at most ``parts`` whole parts, the first ones the larger; a fraction is in the first."""
    count = max(1, min(parts, int(quantity)))
    size, more = divmod(int(quantity), count)
    first, *rest = (Decimal(size + (number < more)) for number in range(count))
    return [first + quantity % 1, *rest]


def _is_repeated(word: str) -> bool:
    """Tell whether a word of a sequence holds for every part of an order, and not for the first alone."""
    return word in _NEEDS_FILL or word.startswith("wait")


def _part(words: list[str], behaviour: Behaviour, share: Decimal, number: int) -> list[Step]:
    """Return the steps of one fill (``share`` 0: of none); the fill is right before what tells of it."""
    wait = [Wait(behaviour.after_sec)] if behaviour.after_sec else []
    fill: list[Step] = [*wait, Fill(share)] if share else []
    steps: list[Step] = []
    for word in words:
        if word in _NEEDS_FILL:
            if not share:
                continue
            steps += fill
            fill = []
        steps += _expand(word, number)
    return [*steps, *fill]


def _expand(word: str, number: int) -> Sequence[Step]:  # one case per word
    known = read_word(word)
    if not isinstance(known, str):
        return [known]
    match cast(SequenceWord, known):
        case "ack":
            return ACKNOWLEDGEMENT
        case "execution":
            return [SendExecution(number)]
        case "commission":
            return [SendCommission(number)]
        case "status":
            return [SendOpenOrder(), SendStatus()]
        case "open":
            return [SendOpenOrder()]
        case "hang_up":
            return [Disconnect()]
        case "cancel":
            return []  # the broker cancels behind the last part
        case other:
            assert_never(other)


def _with_notices(steps: list[Step], notices: Sequence[Step]) -> list[Step]:
    acknowledged = SendStatus(is_new=True)
    at = steps.index(acknowledged) + 1 if acknowledged in steps else 0
    return [*steps[:at], *notices, *steps[at:]]


def _shape(behaviour: Behaviour, steps: Sequence[Step]) -> Script:
    """Take the messages out of a silent order's script, and put a hang-up behind the nth of them."""
    match behaviour.silence:
        case "booked":
            return tuple(step for step in steps if not isinstance(step, OrderMessage))
        case "" | "dropped":  # an order that was dropped has no script
            pass
        case other:
            assert_never(other)
    if behaviour.hang_up_after < 0:
        return tuple(steps)
    shaped: list[Step] = [] if behaviour.hang_up_after else [Disconnect()]
    sent = 0
    for step in steps:
        shaped.append(step)
        sent += isinstance(step, OrderMessage)
        if sent == behaviour.hang_up_after and Disconnect() not in shaped:
            shaped.append(Disconnect())
    return tuple(shaped)


def cancelling(script: Script, reason: str) -> Script:
    """Return the steps that cancel an order. From ``script`` they keep what belongs to its fills."""
    cancelled = notice(OrderCode.CANCELLED, text_of(OrderCode.CANCELLED, reason))
    return (Cancel(reason), SendStatus(), cancelled, *left_after_cancel(script))


def left_after_cancel(script: Script) -> Script:
    """Return the steps that belong to the fills of an order that is cancelled now."""
    return tuple(step for step in script if isinstance(step, SendExecution | SendCommission | ShowFills))


def without_cancel(script: Script) -> Script:
    """Return the steps behind a ``Cancel`` that came too late: without its status and its notice."""
    return script[2:]


def refusing(behaviour: Behaviour, code: int, text: str) -> Script:
    """Return the steps of an order that was booked and refused."""
    return _shape(behaviour, [SendOpenOrder(), SendStatus(), notice(code, text)])


def before_cancel(behaviour: Behaviour, remaining: Decimal, executions: int) -> Script:
    """Return the steps between a cancel request and its effect: a wait, and fills that cross it."""
    steps: list[Step] = [SendStatus(), Wait(behaviour.after_sec)] if behaviour.after_sec else []
    match behaviour.cancel:
        case "crossed":
            shares = split_quantity(remaining, behaviour.parts)[: behaviour.fills]
            for number, share in enumerate(shares, executions + 1):
                charged = [] if behaviour.no_commission else [SendCommission(number)]
                steps += [Fill(share), SendExecution(number), *charged, SendOpenOrder(), SendStatus()]
        case "" | "refused":  # a refused cancel has no effect
            pass
        case other:
            assert_never(other)
    return tuple(steps)
