"""What the library must not do with messages: end a request by a notice, or leave out a row that it cannot read.

Error codes: the TWS API reference.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from rebalplan.core.errors import BrokerError
from rebalplan.core.references import is_ours
from rebalplan.core.text import printable

if TYPE_CHECKING:
    import ib_insync

NO_SUCH_CONTRACT = 200
NO_HOURS = 0
"""Our own: the contract is known, its trading hours are not."""

OTHER_SESSION = 10197
_PARTLY_SUBSCRIBED = (10090, 10091)
NOT_SUBSCRIBED = (354, 10089, 10168, *_PARTLY_SUBSCRIBED)
_NOTICES_ABOUT_DATA = (*NOT_SUBSCRIBED, OTHER_SESSION)
"""The broker sends these before a quote's ticks, or instead of them. The library takes them for the quote's end."""

_TICKS_FOLLOW_WITHIN_SEC = 2
"""How long ticks are waited for after a notice about the whole quote: without ticks no end marker comes either."""

_ROWS = {5: (20, 23), 11: (16, 26), 71: (3, None), 73: (3, None), 101: (19, 22)}
"""The messages that are rows of a list, each with the positions of account and order reference in its fields.

Open order, execution, position, account value, completed order (the EDecoder of the TWS API).
"""

_NOTICES_ABOUT_ORDERS = (10349,)
"""The broker sends these about an order that lives on, or before the answer to a what-if. The library ends both."""


class RequestRefused(BrokerError):  # noqa: N818  # it reads as what happened
    """The gateway answered a request with an error."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(f"{printable(text)} (error {code})" if code else printable(text))


class UnreadableRow(msgspec.Struct, frozen=True):
    """A row that cannot be read, whose account and reference perhaps can."""

    account: str
    reference: str
    why: str

    def may_concern(self, account: str) -> bool:
        """Tell whether it may be of this account. One with a reference of ours always may: its account may be wrong."""
        return not account or self.account in ("", account) or is_ours(self.reference)


def _unreadable(fields: list[str], places: tuple[int, int | None], why: str) -> UnreadableRow:
    found = [fields[at] if at is not None and at < len(fields) else "" for at in places]
    return UnreadableRow(found[0], found[1], why)


class Inbound:
    """Takes the library's decoder and its handling of errors over, on one client.

    ``unreadable`` are the rows that could not be read so far, oldest first.
    """

    def __init__(self, ib: ib_insync.IB, timeout_sec: float) -> None:
        self.unreadable: list[UnreadableRow] = []
        self._ib = ib
        self._timeout_sec = timeout_sec
        self._data_notices: dict[int, RequestRefused] = {}
        self._end_by_error = ib.wrapper.error
        decoder: Any = ib.client.decoder
        decoder.interpret = self._interpret
        wrapper: Any = ib.wrapper
        wrapper.error = self._take_error

    def _take_error(self, request: int, code: int, text: str, advanced: str) -> None:
        """Pass an error on to the library, unless it is a notice that ends nothing."""
        if code in _NOTICES_ABOUT_ORDERS:
            self._ib.errorEvent.emit(request, code, text, None)
        elif code in _NOTICES_ABOUT_DATA and request in self._ib.wrapper.reqId2Ticker:
            self._take_data_notice(request, code, text)
        else:
            self._end_by_error(request, code, text, advanced)

    def _take_data_notice(self, request: int, code: int, text: str) -> None:
        """Keep a notice about market data until the end marker of the ticks. Without ticks it may never come."""
        self._data_notices[id(self._ib.wrapper.reqId2Ticker[request])] = RequestRefused(code, text)
        if code not in _PARTLY_SUBSCRIBED:
            loop = asyncio.get_running_loop()
            soon = min(_TICKS_FOLLOW_WITHIN_SEC, self._timeout_sec / 2)
            loop.call_later(soon, self._end_without_ticks, request, code, text)

    def _end_without_ticks(self, request: int, code: int, text: str) -> None:
        wrapper = self._ib.wrapper
        if request in wrapper._futures and wrapper.reqId2Ticker[request].time is None:
            self._end_by_error(request, code, text, "")

    def data_notice(self, ticker: object) -> RequestRefused | None:
        """Return what the broker said last about the data of a ticker, if anything is missing in it."""
        return self._data_notices.get(id(ticker))

    def _interpret(self, fields: list[str]) -> None:
        """Decode a message and call its handler, as the library does, but remember what failed."""
        message = int(fields[0]) if fields and fields[0].isdecimal() else 0
        handler = self._ib.client.decoder.handlers.get(message)
        if handler is None:
            return
        try:
            handler(fields)
        except Exception as error:  # whatever a row does to the library, the connection goes on
            if message in _ROWS:
                why = printable(f"{type(error).__name__}: {error}", 120)
                self.unreadable.append(_unreadable(fields, _ROWS[message], why))
