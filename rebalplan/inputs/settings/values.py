"""Turns a value's text into its type, or tells the allowed values."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec

from rebalplan.core.money import MICRO, canonical, from_pct, parse_decimal, quantize
from rebalplan.inputs.wording import bare

Value = str | bool | int | Decimal | Path | None

_FLAGS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_SCHEME = re.compile(r"[a-z]+://", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_ACCOUNT = re.compile(r"[A-Za-z]+[0-9]+")
_PLAIN_NUMBER = re.compile(r"[0-9]+\.?[0-9]*(?:e[+-]?[0-9]+)?")
_MAX_ACCOUNT_LENGTH = 20
_BARE_FRACTION_LIMIT = Decimal("0.2")
_FRACTION_LIMIT = Decimal("0.99")


class ValueRefusedError(ValueError):
    """The text is no value of its key. The message says why; it is empty when the allowed values say enough."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of value: how its text is read. ``read`` raises ValueRefusedError; ``allowed`` ends 'allowed is …'."""

    allowed: str
    read: Callable[[str], Value]


class Range(msgspec.Struct, frozen=True):
    """The allowed numbers, ends included; ``above_low`` leaves the lower end out."""

    low: Decimal
    high: Decimal
    above_low: bool = False

    def holds(self, value: Decimal) -> bool:
        """Return whether the value is allowed."""
        return self.low <= value <= self.high and not (self.above_low and value == self.low)

    def __str__(self) -> str:
        """Return ``from 0 to 10`` or ``over 0 up to 10``."""
        words = ("over", "up to") if self.above_low else ("from", "to")
        return f"{words[0]} {self.low} {words[1]} {self.high}"


def choice(names: tuple[str, ...]) -> Kind:
    """Return the kind for one of the names, in any case."""
    by_folded = {name.casefold(): name for name in names}

    def read(text: str) -> str:
        if text.casefold() not in by_folded:
            raise ValueRefusedError
        return by_folded[text.casefold()]

    return Kind(names[0] if len(names) == 1 else f"one of {', '.join(names)}", read)


def flag() -> Kind:
    """Return the kind for true or false."""

    def read(text: str) -> bool:
        if text.casefold() not in _FLAGS:
            raise ValueRefusedError
        return _FLAGS[text.casefold()]

    return Kind("true or false (or yes/no, on/off, 1/0)", read)


def number(allowed: Range, unit: str = "") -> Kind:
    """Return the kind for a Decimal with at most six decimals; percentages may carry a ``%``."""
    is_percent = unit == "percent"

    def read(text: str) -> Decimal:
        digits = text.removesuffix("%").rstrip() if is_percent else text
        return _within(allowed, _settings_number(digits))

    return Kind(f"a number {allowed}{_in_brackets(unit)}", read)


def whole_number(allowed: Range, unit: str = "") -> Kind:
    """Return the kind for an int; ``5.0`` is one, as older files write it."""

    def read(text: str) -> int:
        value = _within(allowed, _settings_number(text))
        if value != value.to_integral_value():
            raise ValueRefusedError("this is no whole number")
        return int(value)

    return Kind(f"a whole number {allowed}{_in_brackets(unit)}", read)


def fraction() -> Kind:
    """Return the kind for a fraction of NLV that is written as ``0.01`` or ``1%``.

    A bare number over 0.2 is refused, because it may mean percent or a fraction.
    """
    allowed = Range(Decimal(0), _FRACTION_LIMIT)

    def read(text: str) -> Decimal:
        if text.endswith("%"):
            return _within(allowed, _settings_number(text[:-1].rstrip(), of_percent=True))
        value = _settings_number(text)
        if value > _BARE_FRACTION_LIMIT:
            raise ValueRefusedError(_two_readings(value))
        return _within(allowed, value)

    return Kind("a fraction of NLV from 0 to 0.2, or a percentage from 0% to 99%", read)


def _two_readings(value: Decimal) -> str:
    as_fraction, as_percent = canonical(value.scaleb(2)), from_pct(value)
    percent = f"{value:f}% (write {value:f}% or {as_percent:f})"
    if value > _FRACTION_LIMIT:
        return f"as a fraction this is {as_fraction:f}%, which is too much; did you mean {percent}"
    return f"did you mean {as_fraction:f}% (write {as_fraction:f}%) or {percent}"


def optional(kind: Kind) -> Kind:
    """Return the kind whose value may also be ``none`` or empty."""

    def read(text: str) -> Value:
        return None if text.casefold() in {"", "none"} else kind.read(text)

    return Kind(f"{kind.allowed}, or none", read)


def file_path() -> Kind:
    """Return the kind for a path; quotation marks around it are dropped and ``~`` is the home folder."""

    def read(text: str) -> Path:
        quoted = len(text) > 1 and text[0] == text[-1] == '"'
        name = text[1:-1] if quoted else text
        if not name.strip():
            raise ValueRefusedError
        try:
            return Path(name).expanduser()
        except RuntimeError:
            raise ValueRefusedError("there is no such home folder") from None

    return Kind("the path of a file or folder, relative to this file or absolute", read)


def host() -> Kind:
    """Return the kind for a host name or address."""

    def read(text: str) -> str:
        address = _SCHEME.sub("", text).rstrip("/")
        inside, _, port = address.rpartition(":")
        name = inside[1:-1] if inside.startswith("[") and inside.endswith("]") else inside
        if name and (":" not in name or name != inside) and port.isdecimal():
            raise ValueRefusedError(
                f"this has a port in it; write host = {bare(name)} and port = {bare(port)}"
            )
        if address and address != text:
            raise ValueRefusedError(f"this is the address of a page; write host = {bare(address)}")
        if not _HOST.fullmatch(text) or (":" in text and not _is_ipv6(text)):
            raise ValueRefusedError
        return text

    return Kind("a host name or an IP address", read)


def _is_ipv6(text: str) -> bool:
    import ipaddress  # noqa: PLC0415  # hardly any file has one

    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def account_id() -> Kind:
    """Return the kind for an account id, which is kept in upper case."""

    def read(text: str) -> str:
        if len(text) > _MAX_ACCOUNT_LENGTH or not _ACCOUNT.fullmatch(text):
            raise ValueRefusedError
        return text.upper()

    return Kind(f"an account id: letters, then digits, at most {_MAX_ACCOUNT_LENGTH} characters", read)


def parse_number(text: str) -> Decimal:
    """Return the number, or raise ValueRefusedError with a hint at what is wrong with its form."""
    value = parse_decimal(text)
    if value is None:
        raise ValueRefusedError(_number_hint(text))
    return value


def _settings_number(text: str, *, of_percent: bool = False) -> Decimal:
    parsed = parse_number(text)
    value = canonical(from_pct(parsed) if of_percent else parsed)
    if value != quantize(value, MICRO):
        raise ValueRefusedError("this has more than six decimals")
    return value


def _within(allowed: Range, value: Decimal) -> Decimal:
    if not allowed.holds(value):
        raise ValueRefusedError
    return value


def _number_hint(text: str) -> str:
    folded = text.casefold().strip().lstrip("+-")
    if folded.startswith(("nan", "snan", "inf")):
        return "this is no finite number"
    if "," in folded or "_" in folded or "'" in folded:
        return "write it with a decimal point and without thousands separators"
    if folded.endswith("%"):
        return "write it without %"
    if "$" in folded or "usd" in folded:
        return "write the number alone, without a currency"
    return "this has too many digits" if _PLAIN_NUMBER.fullmatch(folded) else "this is no number"


def _in_brackets(unit: str) -> str:
    return f" ({unit})" if unit else ""
