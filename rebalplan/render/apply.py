"""The texts of an apply: its stages, its results, the next steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from rebalplan.apply.journal.result import AccountResult, ApplyResult, LineResult, LineStatus
from rebalplan.apply.reports.after import account_after
from rebalplan.apply.reports.line import commission_usd, executed_usd, order_notes
from rebalplan.apply.stages import (
    Check,
    Confirm,
    ConfirmAll,
    OrderLine,
    Pause,
    Recover,
    Skip,
    Stage,
    Trade,
    Verify,
    rests_of,
)
from rebalplan.render.figures import count, dollars, listed, shares
from rebalplan.render.style import PLAIN, Style
from rebalplan.render.tables import table


def render_stages(stages: Sequence[Stage]) -> str:
    """Return the stages of an apply, numbered."""
    lines: list[str] = []
    for number, stage in enumerate(stages, start=1):
        lines += [
            f"{number:3}. {text}" if not extra else f"     {text}" for extra, text in enumerate(_stage(stage))
        ]
    return "\n".join(lines)


def _stage(stage: Stage) -> Iterable[str]:
    match stage:
        case Verify():
            yield "verify the plan: bytes, hash, derivation, expiry, today's policy and targets"
        case Check():
            yield f"{stage.account}: connect; check positions, orders, cash and prices against the plan"
            yield "ask the broker what-if about each order; disconnect"
        case ConfirmAll():
            yield f"ask once for {', '.join(stage.accounts)}"
        case Confirm():
            yield f"ask for {stage.account}"
        case Skip():
            yield f"leave out {stage.account}: {stage.why}"
        case Recover():
            what = (
                f"find out what became of {', '.join(stage.references)}"
                if stage.references
                else "read the account"
            )
            yield f"{stage.account}: connect and {what}; send nothing"
        case Trade():
            yield f"{stage.account}: connect; check again"
            yield from (f"sell {_order(line)}" for line in stage.sells)
            if stage.sells and stage.buys:
                yield "read the account again"
            yield from (f"buy {_order(line)}" for line in stage.buys)
            yield "reconcile with the broker, report, disconnect"
        case Pause():
            yield f"wait {stage.seconds:g} s"


def _order(line: OrderLine) -> str:
    order = line.order
    return (
        f"{shares(order.quantity)} {order.symbol} for about {dollars(order.value_usd)} USD ({line.reference})"
    )


_MOST_REASONS = 3
_MOST_NAMES = 10
_PROBLEMS: tuple[LineStatus, ...] = ("overfilled", "unknown")
_LINES = (
    "Account",
    "Ref",
    "Action",
    "Symbol",
    "Planned",
    "Filled",
    "Price",
    "Value $",
    "Commission $",
    "Status",
    "Note",
)


def render_result(
    result: ApplyResult,
    accounts: Sequence[str],
    style: Style = PLAIN,
    *,
    detailed: Sequence[str] | None = None,
) -> str:
    """Return the results of these accounts: a table of lines for the ``detailed`` ones (all), then a line each."""
    chosen = [account for account in result.accounts if account.account in accounts]
    tables = [
        _lines_table(account, style)
        for account in chosen
        if account.lines and account.intents and (detailed is None or account.account in detailed)
    ]
    return "\n\n".join([*tables, "\n".join(_account_line(account, style) for account in chosen)])


def render_ended(account: AccountResult, style: Style = PLAIN) -> str:
    """Return the result of a closed account: its lines, if it was begun, and a line about the account."""
    end = _account_line(account, style)
    return f"{_lines_table(account, style)}\n{end}" if account.lines and account.intents else end


def _lines_table(account: AccountResult, style: Style) -> str:
    rows = [_line(account.account, line, style) for line in account.lines]
    return table(rows, _LINES, right=("Planned", "Filled", "Price", "Value $", "Commission $"))


def _line(account: str, line: LineResult, style: Style) -> Sequence[str]:
    price, value, commission = line.average_price, executed_usd(line), commission_usd(line)
    return (
        account,
        "+".join(o.dispatch.reference for o in line.orders) or line.reference,
        line.planned.action,
        line.planned.symbol,
        shares(line.planned.quantity),
        shares(line.filled),
        "" if price is None else f"{price:,.4f}",
        dollars(value) if line.filled and value is not None else "",
        dollars(commission) if line.filled and commission is not None else "",
        _status(line, style),
        _note(line),
    )


def _status(line: LineResult, style: Style) -> str:
    if line.status == "filled":
        return line.status
    return style.paint(line.status, "red" if line.status in _PROBLEMS else "yellow")


class _LineStatus(msgspec.Struct, frozen=True):
    """One line of the plan in ``status --json``. Shares and USD; null where the broker has not told."""

    reference: str
    action: str
    symbol: str
    planned: Decimal
    filled: Decimal
    value_usd: Decimal | None
    commission_usd: Decimal | None
    status: str
    note: str


class _AccountStatus(msgspec.Struct, frozen=True):
    """One account in ``status --json``."""

    account: str
    status: str
    error: str
    lines: tuple[_LineStatus, ...]


def render_result_json(plan_id: str, result: ApplyResult) -> str:
    """Return the result of every account and line, and the next steps, as indented JSON."""
    document = {
        "plan": plan_id,
        "accounts": [_account_status(account) for account in result.accounts],
        "next": next_steps(plan_id, result.accounts),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _account_status(account: AccountResult) -> _AccountStatus:
    lines = tuple(
        _LineStatus(
            reference=line.reference,
            action=line.planned.action,
            symbol=line.planned.symbol,
            planned=line.planned.quantity,
            filled=line.filled,
            value_usd=executed_usd(line),
            commission_usd=commission_usd(line),
            status=line.status,
            note=_note(line),
        )
        for line in account.lines
    )
    return _AccountStatus(account.account, account.status, account.error, lines)


def _note(line: LineResult) -> str:
    cut = () if line.cut is None else (line.cut.why,)
    return "; ".join((*cut, *(note for order in line.orders for note in order_notes(order))))


def next_steps(plan_id: str, accounts: Iterable[AccountResult]) -> tuple[str, ...]:
    """Return the next steps for these accounts as commands, unknown orders first."""
    accounts = tuple(accounts)
    unknown = [order.dispatch.reference for account in accounts for order in account.unknown]
    steps = [f"Next: `rebal resolve {reference}` shows the evidence and settles it." for reference in unknown]
    if any(_goes_on(account) for account in accounts):
        steps.append(f"Next: `rebal apply {plan_id} --resume` goes on where it ended.")
    if missed := [account.account for account in accounts if _is_missed(account)]:
        steps.append(f"Next: `rebal plan` plans anew what is missing in {listed(missed, _MOST_NAMES)}.")
    if refused := [account.account for account in accounts if account.status == "refused"]:
        names = listed(refused, _MOST_NAMES)
        steps.append(
            f"Next: `rebal apply {plan_id}` tries {names} again. If the reason stays: `rebal plan` plans anew."
        )
    return tuple(steps)


def _goes_on(account: AccountResult) -> bool:
    """Tell whether a resume would send an order or learn an end."""
    if not account.intents or account.is_applied or account.unknown:
        return False
    if account.unresolved or rests_of(account) or not account.is_current:
        return True
    return bool(account.unsent) and not _lacks_proceeds(account)


def _lacks_proceeds(account: AccountResult) -> bool:
    """Tell whether only cut buys are left, because a sell that was to pay for them brought less than planned."""
    sells = [line for line in account.lines if line.planned.side == "SELL"]
    is_short = any(line.filled < line.planned.quantity for line in sells)
    return (
        is_short
        and all(line.orders for line in sells)
        and all(line.cut is not None for line in account.unsent)
    )


def _is_missed(account: AccountResult) -> bool:
    """Tell whether an account was begun and did not end as planned, and a resume cannot change that."""
    return bool(account.intents) and not (account.is_applied or account.unknown or _goes_on(account))


def _account_line(account: AccountResult, style: Style) -> str:
    status = account.status
    filled = sum(line.status == "filled" for line in account.lines)
    shown = status if status in ("done", "no_changes") else style.paint(status, "red")
    error = listed(account.error.split("; "), _MOST_REASONS, "; ")
    after = account_after(account) if account.intents else None
    return (
        f"{account.account}: {shown}, {filled} of {count(len(account.lines), 'line')} filled"
        + (f", cash {dollars(after.cash_usd)} USD" if after is not None else "")
        + (f" ({error})" if error else "")
    )


def render_outcome(accounts: Iterable[AccountResult]) -> str:
    """Return the number of accounts by their ends, those not done by name; nothing when all are done."""
    by_status: dict[str, list[str]] = {}
    for account in accounts:
        by_status.setdefault(account.status.replace("_", " "), []).append(account.account)
    if set(by_status) <= {"done"}:
        return ""
    parts = [
        f"{len(names)} {status}" + ("" if status == "done" else f" ({listed(names, _MOST_NAMES)})")
        for status, names in by_status.items()
    ]
    return f"Accounts: {', '.join(parts)}."
