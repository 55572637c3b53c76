"""The exceptions of a plan as sentences, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rebalplan.core.text import by_what_is_said, named
from rebalplan.plan.review import (
    LARGE_TURNOVER_PCT,
    Common,
    Difference,
    InputDifference,
    Outlier,
    Review,
    SymbolsIn,
    Unmanaged,
    Working,
)
from rebalplan.render.figures import count, listed, percent, shares
from rebalplan.render.redaction import MASK, NOTHING, Redaction

_MOST_NAMES = 6
_MOST_SYMBOLS = 12
_MOST_OPPOSITE = 3
_MOST_DETAILS = 4
_MOST_REASONS = 2
_MOST_ACCOUNTS = 12


class Sentence(msgspec.Struct, frozen=True):
    """One exception for the reviewer, and its details."""

    text: str
    details: tuple[str, ...] = ()


def exceptions(review: Review, accounts: int, redaction: Redaction) -> tuple[Sentence, ...]:
    """Return one sentence per exception; ``accounts`` is how many the plan has.

    Many accounts may share one sentence. Of a kind with a sentence per account, only the first twelve are named.
    """
    texts = (
        *_not_planned(review, accounts, redaction),
        *_unmet(review, redaction),
        *_turnover(review, redaction),
        *_opposite_sides(review, redaction),
        *_symbols("closes", review.closed, accounts, redaction),
        *_symbols("held but not in portfolios.csv:", review.unlisted, accounts, redaction),
        *_symbols("new to the account:", review.opened, accounts, redaction),
        *_prices(review),
        *_unmanaged(review, redaction),
        *_working(review, redaction),
    )
    return (*(Sentence(text) for text in texts), *_common(review.common, redaction))


def order_exceptions(review: Review) -> tuple[str, ...]:
    """Return the sentences about orders and holdings alone, for the one account of a review."""
    return (
        *_turnover(review, NOTHING),
        *_opposite_sides(review, NOTHING),
        *_symbols("closes", review.closed, 1, NOTHING),
        *_symbols("held but not in portfolios.csv:", review.unlisted, 1, NOTHING),
        *_symbols("new to the account:", review.opened, 1, NOTHING),
    )


def _first(
    sentences: Sequence[str], others: str, accounts: Sequence[Sequence[str]] | None = None
) -> Iterable[str]:
    """Return the first sentences of a kind, and count the accounts of the rest: one each, or those in ``accounts``."""
    yield from sentences[:_MOST_ACCOUNTS]
    left = (
        len(sentences) - _MOST_ACCOUNTS
        if accounts is None
        else sum(len(names) for names in accounts[_MOST_ACCOUNTS:])
    )
    if left > 0:
        yield f"and {count(left, 'more account')} {others}"


def _not_planned(review: Review, accounts: int, redaction: Redaction) -> Iterable[str]:
    """Return a sentence per reason, with the accounts that share it."""
    said = by_what_is_said(
        (found.account, (found.status, tuple(redaction.text(reason) for reason in found.reasons)))
        for found in review.not_planned
    )

    def sentence(names: Sequence[str], status: str, reasons: Sequence[str]) -> str:
        became = "failed" if status == "failed" else "is blocked" if len(names) == 1 else "are blocked"
        shown = named([redaction.account(name) for name in names], accounts)
        return f"{shown} {became}: {listed(reasons, _MOST_REASONS, '; ')}"

    return _first(
        [sentence(names, *why) for why, names in said.items()], "failed or blocked", list(said.values())
    )


def _unmet(review: Review, redaction: Redaction) -> Iterable[str]:
    if review.floor_unmet:
        yield f"cash stays below its floor (floor_unmet) in {_names(review.floor_unmet, redaction)}"
    if review.cap_unmet:
        yield f"leverage stays over max_leverage (cap_unmet) in {_names(review.cap_unmet, redaction)}"


def _turnover(review: Review, redaction: Redaction) -> Iterable[str]:
    found = review.large_turnover
    if found:
        shown = [f"{redaction.account(t.account)} {percent(t.turnover_pct)}%" for t in found]
        yield f"turnover over {LARGE_TURNOVER_PCT}% of NLV: {listed(shown, _MOST_NAMES)}"


def _opposite_sides(review: Review, redaction: Redaction) -> Iterable[str]:
    if len(review.opposite_sides) > _MOST_OPPOSITE:
        shown = [f"{o.symbol} ({len(o.buyers)} buy, {len(o.sellers)} sell)" for o in review.opposite_sides]
        yield f"opposite sides of one symbol in different accounts: {listed(shown, _MOST_SYMBOLS)}"
        return
    for found in review.opposite_sides:
        buyers, sellers = (_names(names, redaction) for names in (found.buyers, found.sellers))
        yield f"opposite sides: {found.symbol} is bought in {buyers} and sold in {sellers}"


def _symbols(what: str, groups: Sequence[SymbolsIn], accounts: int, redaction: Redaction) -> Iterable[str]:
    shown = []
    for group in groups:
        where = named([redaction.account(name) for name in group.accounts], accounts)
        shown.append(f"{listed(group.symbols, _MOST_SYMBOLS)} in {where}")
    if shown:
        yield f"{what} {listed(shown, _MOST_NAMES, '; ')}"


def _prices(review: Review) -> Iterable[str]:
    if review.delayed_prices:
        yield f"delayed prices: {listed(review.delayed_prices, _MOST_NAMES)}"
    if review.closed_prices:
        yield f"market closed, priced at the last close: {listed(review.closed_prices, _MOST_NAMES)}"
    if review.evening_prices:
        yield (
            "market closed, last close not known, priced after hours: "
            f"{listed(review.evening_prices, _MOST_NAMES)}"
        )


def _unmanaged(review: Review, redaction: Redaction) -> Iterable[str]:
    def sentence(found: Unmanaged) -> str:
        items = [
            f"{item.kind} {MASK if redaction.is_on else shares(item.quantity)} "
            f"{redaction.text(item.description)} ({item.currency})"
            for item in found.items
        ]
        return f"not managed in {redaction.account(found.account)}: {listed(items, _MOST_NAMES)}"

    return _first([sentence(found) for found in review.unmanaged], "with what is not managed")


def _working(review: Review, redaction: Redaction) -> Iterable[str]:
    def sentence(found: Working) -> str:
        symbols = listed(list(dict.fromkeys(order.symbol for order in found.orders)), _MOST_NAMES)
        name = redaction.account(found.account)
        return f"working orders at the broker in {name}: {symbols}; apply stops at them"

    return _first([sentence(found) for found in review.working], "with working orders at which apply stops")


def _common(common: Common | None, redaction: Redaction) -> Iterable[Sentence]:
    if common is None or not common.outliers:
        return
    same, others = len(common.accounts), len(common.outliers)
    these = "this one differs" if others == 1 else f"these {others} differ"
    details = [
        f"{redaction.account(outlier.account)} {_outlier(outlier, redaction)}"
        for outlier in common.outliers[:_MOST_ACCOUNTS]
    ]
    if others > _MOST_ACCOUNTS:
        details.append(f"and {others - _MOST_ACCOUNTS} more")
    yield Sentence(f"{count(same, 'account')} do the same; {these}:", tuple(details))


def _outlier(outlier: Outlier, redaction: Redaction) -> str:
    does = listed([_difference(d) for d in outlier.differences], _MOST_DETAILS)
    if not outlier.inputs:
        return f"{does}, because it holds other amounts under the same targets and settings"
    why = listed([_input(found, redaction) for found in outlier.inputs], _MOST_DETAILS)
    return f"{does}, because {why}"


def _difference(difference: Difference) -> str:
    """Return the order of the account, and why it or the others have none."""
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
    return named([redaction.account(account) for account in accounts], 0)
