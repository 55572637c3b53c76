"""The exceptions of a plan as sentences, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rebalplan.render.figures import count, percent, shares
from rebalplan.render.redaction import MASK, Redaction
from rebalplan.review import (
    LARGE_TURNOVER_PCT,
    Common,
    Difference,
    InputDifference,
    Outlier,
    Review,
    SymbolsIn,
)

_MOST_NAMES = 6
_MOST_SYMBOLS = 12
_MOST_OPPOSITE = 3
_MOST_DETAILS = 4
_MOST_OUTLIERS = 12


def exceptions(review: Review, accounts: int, redaction: Redaction) -> tuple[str, ...]:
    """Return one sentence per exception; ``accounts`` is how many the plan has."""
    return (
        *_not_planned(review, redaction),
        *_unmet(review, redaction),
        *_turnover(review, redaction),
        *_opposite_sides(review, redaction),
        *_symbols("closes", review.closed, accounts, redaction),
        *_symbols("held but not in portfolios.csv:", review.unlisted, accounts, redaction),
        *_symbols("new to the account:", review.opened, accounts, redaction),
        *_prices(review),
        *_unmanaged(review, redaction),
        *_working(review, redaction),
        *_common(review.common, redaction),
    )


def _not_planned(review: Review, redaction: Redaction) -> Iterable[str]:
    for found in review.not_planned:
        name, why = redaction.account(found.account), redaction.text("; ".join(found.reasons))
        yield f"{name} {'failed' if found.status == 'failed' else 'is blocked'}: {why}"


def _unmet(review: Review, redaction: Redaction) -> Iterable[str]:
    if review.floor_unmet:
        yield f"cash stays below its floor (floor_unmet) in {_names(review.floor_unmet, redaction)}"
    if review.cap_unmet:
        yield f"leverage stays over max_leverage (cap_unmet) in {_names(review.cap_unmet, redaction)}"


def _turnover(review: Review, redaction: Redaction) -> Iterable[str]:
    found = review.large_turnover
    if found:
        shown = [f"{redaction.account(t.account)} {percent(t.turnover_pct)}%" for t in found]
        yield f"turnover over {LARGE_TURNOVER_PCT}% of NLV: {_listed(shown)}"


def _opposite_sides(review: Review, redaction: Redaction) -> Iterable[str]:
    if len(review.opposite_sides) > _MOST_OPPOSITE:
        shown = [f"{o.symbol} ({len(o.buyers)} buy, {len(o.sellers)} sell)" for o in review.opposite_sides]
        yield f"opposite sides of one symbol in different accounts: {_listed(shown, _MOST_SYMBOLS)}"
        return
    for found in review.opposite_sides:
        buyers, sellers = (_names(names, redaction) for names in (found.buyers, found.sellers))
        yield f"opposite sides: {found.symbol} is bought in {buyers} and sold in {sellers}"


def _symbols(what: str, groups: Sequence[SymbolsIn], accounts: int, redaction: Redaction) -> Iterable[str]:
    shown = []
    for group in groups:
        everywhere = len(group.accounts) == accounts > 1
        where = f"all {accounts} accounts" if everywhere else _names(group.accounts, redaction)
        shown.append(f"{_listed(group.symbols, _MOST_SYMBOLS)} in {where}")
    if shown:
        yield f"{what} {'; '.join(shown[:_MOST_NAMES])}{_more(shown, _MOST_NAMES)}"


def _prices(review: Review) -> Iterable[str]:
    if review.delayed_prices:
        yield f"delayed prices: {_listed(review.delayed_prices)}"
    if review.closed_prices:
        yield f"market closed, priced at the last close: {_listed(review.closed_prices)}"


def _unmanaged(review: Review, redaction: Redaction) -> Iterable[str]:
    for found in review.unmanaged:
        items = [
            f"{item.kind} {MASK if redaction.is_on else shares(item.quantity)} "
            f"{redaction.text(item.description)} ({item.currency})"
            for item in found.items
        ]
        yield f"not managed in {redaction.account(found.account)}: {_listed(items)}"


def _working(review: Review, redaction: Redaction) -> Iterable[str]:
    for found in review.working:
        symbols = _listed(list(dict.fromkeys(order.symbol for order in found.orders)))
        yield f"working orders at the broker in {redaction.account(found.account)}: {symbols}; apply stops at them"


def _common(common: Common | None, redaction: Redaction) -> Iterable[str]:
    if common is None or not common.outliers:
        return
    same, others = len(common.accounts), len(common.outliers)
    these = "this one differs" if others == 1 else f"these {others} differ"
    yield f"{count(same, 'account')} do the same; {these}:"
    for outlier in common.outliers[:_MOST_OUTLIERS]:
        yield f"  {redaction.account(outlier.account)} {_outlier(outlier, redaction)}"
    if others > _MOST_OUTLIERS:
        yield f"  and {others - _MOST_OUTLIERS} more"


def _outlier(outlier: Outlier, redaction: Redaction) -> str:
    does = _listed([_difference(d) for d in outlier.differences], _MOST_DETAILS)
    if not outlier.inputs:
        return f"{does}, because it holds other amounts under the same targets and settings"
    why = _listed([_input(found, redaction) for found in outlier.inputs], _MOST_DETAILS)
    return f"{does}, because {why}"


def _difference(difference: Difference) -> str:
    """Say what the account does, and why it or the others do nothing."""
    symbol = difference.symbol
    if difference.action is None:
        why = f" ({difference.reason})" if difference.reason else ""
        return f"does not {difference.others} {symbol}{why}"
    if difference.others is None:
        others = f" (the others: {difference.reason})" if difference.reason else ""
        return f"{difference.action}s {symbol}{others}"
    return f"{difference.action}s {symbol} (the others {difference.others} it)"


def _input(found: InputDifference, redaction: Redaction) -> str:
    if found.kind == "target":
        return f"its target of {found.what} is {_weight(found.value)}, not {_weight(found.others)}"
    _section, _dot, key = found.what.partition(".")
    return f"its {key} is {redaction.text(found.value)}, not {redaction.text(found.others)}"


def _weight(value: str) -> str:
    return f"{value}%" if value else "not listed"


def _names(accounts: Sequence[str], redaction: Redaction) -> str:
    names = [redaction.account(account) for account in accounts]
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{len(names)} accounts ({', '.join(names[:_MOST_NAMES])}, …)"


def _listed(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    """Return the names, or the first few and how many more there are."""
    return ", ".join(names[:most]) + _more(names, most)


def _more(names: Sequence[str], most: int) -> str:
    return f" and {len(names) - most} more" if len(names) > most else ""
