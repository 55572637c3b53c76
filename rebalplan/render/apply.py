"""What a person reads before, during and after an apply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rebalplan.document import AccountPlan, Plan
from rebalplan.journal.result import AccountResult, ApplyResult, LineResult
from rebalplan.money import ZERO
from rebalplan.render.figures import count, dollars, shares
from rebalplan.render.style import PLAIN, Style
from rebalplan.render.tables import table
from rebalplan.render.warnings import account_notes
from rebalplan.reports.account import account_error, account_status
from rebalplan.stages import Confirm, ConfirmAll, OrderLine, Pause, Recover, Skip, Stage, Trade

_SECONDS_PER_ORDER = 5
"""What an order takes on average from send to fill: for the expected duration only."""


def render_stages(stages: Sequence[Stage]) -> str:
    """Return the steps an apply would walk, numbered."""
    lines: list[str] = []
    for number, stage in enumerate(stages, start=1):
        lines += [
            f"{number:3}. {text}" if not extra else f"     {text}" for extra, text in enumerate(_stage(stage))
        ]
    return "\n".join(lines)


def _stage(stage: Stage) -> Iterable[str]:
    match stage:
        case ConfirmAll():
            yield f"ask once for {', '.join(stage.accounts)}"
        case Confirm():
            yield f"ask for {stage.account}"
        case Skip():
            yield f"leave out {stage.account}: {stage.why}"
        case Recover():
            yield f"{stage.account}: connect and find out what became of {', '.join(stage.references)}; send nothing"
        case Trade():
            again = "again " if stage.is_resumed else ""
            yield f"{stage.account}: connect {again}and check positions, orders, cash and prices against the plan"
            yield from (f"sell {_order(line)}" for line in stage.sells)
            yield from (f"buy {_order(line)}" for line in stage.buys)
            yield "reconcile with the broker, report, disconnect"
        case Pause():
            yield f"wait {stage.seconds:g} s"


def _order(line: OrderLine) -> str:
    order = line.order
    return (
        f"{shares(order.quantity)} {order.symbol} for about {dollars(order.value_usd)} USD ({line.reference})"
    )


def confirmation(plan: Plan, accounts: Sequence[AccountPlan]) -> str:
    """Return what a person must know before a yes: accounts, mode, orders, sums, every warning, the duration."""
    parts = [_account_facts(account, plan) for account in accounts]
    orders = sum(len(account.orders) for account in accounts)
    parts.append(f"Expected duration: about {max(1, orders * _SECONDS_PER_ORDER // 60)} min.")
    return "\n".join(parts)


def _account_facts(account: AccountPlan, plan: Plan) -> str:
    summary = account.summary
    buys = summary.buys_usd if summary else ZERO
    sells = summary.sells_usd if summary else ZERO
    head = (
        f"Account {account.account} ({plan.mode}): {count(len(account.orders), 'order')}, "
        f"sells {dollars(sells)} USD, buys {dollars(buys)} USD"
    )
    return "\n".join([head, *(f"  warning: {note}" for note in account_notes(account, plan))])


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
    """Return what became of these accounts: a table of lines for the ``detailed`` ones (all), then a line each."""
    chosen = [account for account in result.accounts if account.account in accounts]
    tables = [
        _lines_table(account, style)
        for account in chosen
        if account.lines and account.intents and (detailed is None or account.account in detailed)
    ]
    return "\n\n".join([*tables, "\n".join(_account_line(account, style) for account in chosen)])


def _lines_table(account: AccountResult, style: Style) -> str:
    rows = [_line(account.account, line, style) for line in account.lines]
    return table(rows, _LINES, right=("Planned", "Filled", "Price", "Value $", "Commission $"))


def _line(account: str, line: LineResult, style: Style) -> Sequence[str]:
    good = line.status == "filled"
    return (
        account,
        "+".join(o.dispatch.reference for o in line.orders) or line.reference,
        line.planned.action,
        line.planned.symbol,
        shares(line.planned.quantity),
        shares(line.filled),
        _average(line),
        dollars(line.value_usd) if line.value_usd else "",
        dollars(line.commission_usd) if line.commission_usd else "",
        line.status if good else style.paint(line.status, "yellow"),
        line.cut.why if line.cut is not None else "; ".join(o.note for o in line.orders if o.note),
    )


def _average(line: LineResult) -> str:
    known = sum((fill.quantity for order in line.orders for fill in order.fills), Decimal(0))
    return f"{line.value_usd / known:,.4f}" if known else ""


def _account_line(account: AccountResult, style: Style) -> str:
    status = account_status(account)
    filled = sum(line.status == "filled" for line in account.lines)
    shown = status if status in ("done", "no_changes") else style.paint(status, "red")
    error = account_error(account)
    return f"{account.account}: {shown}, {filled} of {count(len(account.lines), 'line')} filled" + (
        f" ({error})" if error else ""
    )
