from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rebalplan.core.errors import PlanFileError
from rebalplan.core.policy import Policy, RebalancePolicy
from rebalplan.inputs.settings import load_settings
from rebalplan.plan.codec import MAX_BYTES, check_readable, decode, encode, plan_schema
from rebalplan.plan.document import Plan
from tests.builders import NOW, account, plan, plans, quote, snapshot, unmanaged, working_order
from tests.sweep import quick_first

D = Decimal

SMALL = plan(
    account(
        "DU1",
        state=snapshot(
            "2000.5",
            {"VTI": "60.25"},
            unmanaged=(unmanaged("CASH", 'Zürich "株式" \\ 😀', "CHF", "3"),),
            working_orders=(working_order(),),
        ),
        cash_buffer_pct=D("0.01"),
    ),
    account("DU2", failure="no answer within 30 s"),
)
"""An order, a drift row, text beyond ASCII, and an account that failed."""

FILE = encode(SMALL)[1]
PLAN = msgspec.json.encode(json.loads(FILE)["plan"])
"""The compact JSON of the plan alone."""


def signed(compact: bytes) -> bytes:
    """Return a file with this plan whose hash and id are right, and its layout where it is JSON."""
    digest = hashlib.sha256(compact).hexdigest()
    head = f'{{"id":"{NOW:%Y%m%dT%H%M%SZ}-{digest[:12]}","sha256":"{digest}","plan":'.encode()
    with contextlib.suppress(msgspec.DecodeError):
        return msgspec.json.format(head + compact + b"}", indent=2) + b"\n"
    return head + compact + b"}\n"


def edited(old: str, new: str) -> bytes:
    """Return the compact plan with the first ``old`` replaced."""
    assert old.encode() in PLAN
    return PLAN.replace(old.encode(), new.encode("utf-8", "surrogatepass"), 1)


def refusal(data: bytes) -> str:
    with pytest.raises(PlanFileError) as caught:
        decode(data)
    return str(caught.value)


def accepted(data: Iterable[bytes]) -> list[bytes]:
    """Return what is not refused."""
    found = []
    for each in data:
        try:
            decode(each)
        except PlanFileError:
            continue
        found.append(each)
    return found


@settings(derandomize=True, deadline=None, max_examples=60)
@given(plans())
def test_a_plan_is_read_back_as_it_was_written(made: Plan) -> None:
    envelope, data = encode(made)
    assert decode(data) == envelope
    assert envelope.plan == made
    assert encode(decode(data).plan)[1] == data


def test_the_tests_own_signature_is_right() -> None:
    assert signed(PLAN) == FILE


@pytest.mark.slow
def test_a_flipped_bit_is_refused_wherever_it_is() -> None:
    flips = (
        FILE[:at] + bytes([FILE[at] ^ (1 << bit)]) + FILE[at + 1 :]
        for at in range(len(FILE))
        for bit in range(8)
    )
    assert accepted(flips) == []


def test_a_missing_byte_is_refused_wherever_it_is() -> None:
    assert accepted(FILE[:at] + FILE[at + 1 :] for at in range(len(FILE))) == []


@pytest.mark.parametrize("extra", quick_first([b" ", b"0", b"\n", b'"', b","]))
def test_an_inserted_byte_is_refused_wherever_it_is(extra: bytes) -> None:
    assert accepted(FILE[:at] + extra + FILE[at:] for at in range(len(FILE) + 1)) == []


def test_a_file_cut_anywhere_is_refused() -> None:
    assert accepted(FILE[:at] for at in range(len(FILE))) == []


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=40)
@given(plans(), st.data())
def test_any_changed_byte_of_any_plan_is_refused(made: Plan, data: st.DataObject) -> None:
    file = encode(made)[1]
    for _ in range(50):
        at = data.draw(st.integers(0, len(file) - 1))
        byte = file[at] ^ data.draw(st.integers(1, 255))
        assert accepted([file[:at] + bytes([byte]) + file[at + 1 :]]) == []


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.binary(max_size=60))
def test_other_bytes_are_refused(data: bytes) -> None:
    assert accepted([data]) == []


@pytest.mark.parametrize(
    "data",
    [
        FILE.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + FILE,
        FILE + b"\n",
        FILE + b"{}",
        FILE[:-1],
        b" " + FILE,
        FILE.replace(b"  ", b"\t"),
        FILE.replace(b'": ', b'" : '),
        FILE.decode().encode("utf-16"),
        json.dumps(json.loads(FILE)).encode(),
        json.dumps(json.loads(FILE), indent=2).encode() + b"\n",
    ],
    ids=[
        *("CRLF", "BOM", "blank line", "trailing data", "no last newline", "leading space", "tabs", "colons"),
        *("UTF-16", "compact", "ASCII escapes"),
    ],
)
def test_another_layout_is_refused(data: bytes) -> None:
    refusal(data)


def test_reordered_fields_are_refused() -> None:
    document = json.loads(FILE)
    turned = {key: document[key] for key in ("sha256", "id", "plan")}
    refusal(json.dumps(turned, indent=2, ensure_ascii=False).encode() + b"\n")
    fields = list(document["plan"].items())
    assert "bytes are not those" in refusal(_written(document, dict(fields[::-1])))


def _written(document: dict[str, Any], plan_fields: dict[str, Any]) -> bytes:
    """Return the file with other ``plan`` fields and the hash of the right ones."""
    changed = document | {"plan": plan_fields}
    return json.dumps(changed, indent=2, ensure_ascii=False).encode() + b"\n"


def test_a_field_given_twice_is_refused() -> None:
    assert "given twice" in refusal(FILE.replace(b'"plan": {', b'"plan": {\n    "mode": "live",', 1))


@pytest.mark.parametrize(
    "at", ['{"format_version"', '{"account":"DU1"', '{"rebalance"', '{"side"', '{"symbol"']
)
def test_an_unknown_field_is_refused_at_every_depth(at: str) -> None:
    assert "unknown field" in refusal(signed(edited(at, '{"surprise":1,' + at[1:])))


def test_an_unknown_field_of_the_envelope_is_refused() -> None:
    assert "unknown field" in refusal(FILE.replace(b'{\n  "id"', b'{\n  "surprise": 1,\n  "id"', 1))


def test_a_missing_field_is_refused() -> None:
    assert "missing required field" in refusal(signed(edited('"mode":"paper",', "")))


@pytest.mark.parametrize(
    "text",
    [
        *("1e999", "1E+3", "1e3", "NaN", "sNaN", "-NaN", "Infinity", "-Infinity", "1.50", "1.0", "-0", "0.0"),
        *("+1", "01", "-01", ".5", "5.", "", "-", " 1", "1 ", "1_000", "1,000", "0x10", "\uff11", "abc"),
        *("1234567890123456789", "1000000000000000000", "0.0000001", "1.000000000000000001", "-1e-999"),
        "9" * 100_000,
    ],
)
def test_a_decimal_of_another_form_is_refused(text: str) -> None:
    refusal(signed(edited('"cash_usd":"2000.5"', f'"cash_usd":"{text}"')))


@pytest.mark.parametrize("text", ["0", "-1", "0.000001", "999999999999999999", "-999999999999.999999"])
def test_a_decimal_of_eighteen_digits_is_read(text: str) -> None:
    decode(signed(edited('"settled_cash":"2000.5"', f'"settled_cash":"{text}"')))


@pytest.mark.parametrize("json_value", ["2000.5", "2000", "2e3", "1e999", "null", "true", "[]", "{}", "NaN"])
def test_a_decimal_that_is_no_string_is_refused(json_value: str) -> None:
    refusal(signed(edited('"cash_usd":"2000.5"', f'"cash_usd":{json_value}')))


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**63, 2**64, 10**30, int("9" * 4000)])
def test_an_integer_beyond_what_json_readers_share_is_refused(value: int) -> None:
    refusal(signed(edited('"perm_id":7', f'"perm_id":{value}')))


def test_an_integer_of_more_digits_than_python_reads_is_refused() -> None:
    refusal(signed(edited('"perm_id":7', '"perm_id":' + "9" * 100_000)))


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1])
def test_an_integer_that_every_json_reader_shares_is_read(value: int) -> None:
    decode(signed(edited('"perm_id":7', f'"perm_id":{value}')))


@pytest.mark.parametrize("text", ["7.0", "7e0", '"7"', "true", "null", "-0"])
def test_an_integer_of_another_form_is_refused(text: str) -> None:
    refusal(signed(edited('"perm_id":7', f'"perm_id":{text}')))


@pytest.mark.parametrize(
    "text",
    [
        *(r"\u0000", r"\u001b[31m", r"\n", r"\t", r"\u007f", r"\u0085", r"\u2028", r"\u202e", r"\ufeff"),
        *(r"\ud800", r"\udc00", r"\ud83d", "\ud800", r"\u0041", r"\/", "\u00a0", "\x7f"),
    ],
)
def test_a_string_with_a_control_character_or_needless_escape_is_refused(text: str) -> None:
    refusal(signed(edited('"order_ref":"mine"', f'"order_ref":"{text}"')))


@pytest.mark.parametrize("raw", [b"\x00", b"\x1b", b"\xff", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80"])
def test_a_string_of_wrong_bytes_is_refused(raw: bytes) -> None:
    refusal(FILE.replace(b'"mine"', b'"' + raw + b'"', 1))


@pytest.mark.parametrize(
    "time",
    [
        *(
            "2026-03-02T16:00:00.5Z",
            "2026-03-02T16:00:00.500000Z",
            "2026-03-02T16:00:00+00:00",
            "2026-03-02T17:00:00+01:00",
        ),
        *("2026-03-02T16:00:00", "2026-03-02 16:00:00Z", "2026-03-02t16:00:00z", "2026-02-30T16:00:00Z"),
        *("2026-03-02T16:00:60Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "", "now"),
    ],
)
def test_a_time_of_another_form_is_refused(time: str) -> None:
    refusal(signed(edited('"received_at":"2026-03-02T16:00:00Z"', f'"received_at":"{time}"')))


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"plan":', b'{"plan":['])
def test_deep_nesting_is_refused(opening: bytes) -> None:
    refusal(opening * 100_000)
    refusal(b'{"id":"a","sha256":"b","plan":' + opening * 100_000)
    refusal(b'{"surprise":' + opening * 100_000)


def test_a_file_over_the_size_cap_is_refused_unread() -> None:
    assert "more than the 80,000,000" in refusal(b"x" * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    "version", ["2.0", "0.9", "10.0", "1", "1.", "one", "", "1.0.0", "1.00000", "\uff11.0"]
)
def test_another_major_format_is_refused_as_such(version: str) -> None:
    reason = refusal(signed(edited('"format_version":"1.0"', f'"format_version":"{version}"')))
    assert "its format_version is" in reason


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "RB101"),
        (signed(edited('"mode":"paper",', "")), "RB101"),
        (b"x" * (MAX_BYTES + 1), "RB102"),
        (signed(b'{"format_version":"2.0","everything":"else"}'), "RB103"),
        (signed(edited('"cash_usd":"2000.5"', '"cash_usd":"2000.50"')), "RB104"),
        (signed(edited('"perm_id":7', f'"perm_id":{2**53}')), "RB104"),
        (FILE.replace(b'"DU2"', b'"DU3"', 1), "RB105"),
        (FILE.replace(b'"id": "2026', b'"id": "2025', 1), "RB106"),
        (FILE + b"\n", "RB107"),
    ],
    ids=["empty", "field", "size", "version", "decimal", "integer", "hash", "id", "bytes"],
)
def test_a_refusal_has_the_code_of_its_kind(data: bytes, code: str) -> None:
    with pytest.raises(PlanFileError) as caught:
        decode(data)
    assert caught.value.finding.code == code


def test_another_major_format_is_named_even_where_its_fields_are_unknown() -> None:
    later = signed(b'{"format_version":"2.0","everything":"else"}')
    assert refusal(later) == (
        "its format_version is '2.0', this rebal reads 1.0: use the version that made it or plan again"
    )


def test_a_later_minor_format_with_the_same_fields_is_read() -> None:
    decode(signed(edited('"format_version":"1.0"', '"format_version":"1.7"')))


def test_a_content_that_does_not_match_its_hash_is_called_edited() -> None:
    reason = refusal(FILE.replace(b'"DU2"', b'"DU3"', 1))
    assert "it was edited or damaged after it was made" in reason


def test_an_id_that_belongs_to_another_plan_is_refused() -> None:
    right = encode(SMALL)[0].id.encode()
    assert "does not belong to its content" in refusal(FILE.replace(right, b"20260302T160000Z-" + b"0" * 12))
    assert "does not belong to its content" in refusal(FILE.replace(right, right[:8] + b"x" + right[9:]))


def test_a_hash_in_upper_case_is_refused() -> None:
    right = encode(SMALL)[0].sha256.encode()
    refusal(FILE.replace(right, right.upper()))


def test_an_edited_order_with_its_own_hash_and_id_is_a_well_formed_file() -> None:
    order = msgspec.structs.replace(SMALL.accounts[0].orders[0], quantity=D(999))
    first = msgspec.structs.replace(SMALL.accounts[0], orders=(order,))
    forged = msgspec.structs.replace(SMALL, accounts=(first, *SMALL.accounts[1:]))
    assert decode(encode(forged)[1]).plan == forged


@settings(derandomize=True, deadline=None, max_examples=40)
@given(plans())
def test_the_hash_is_that_of_the_compact_json_of_the_plan(made: Plan) -> None:
    envelope, data = encode(made)
    compact = json.dumps(json.loads(data)["plan"], separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(compact.encode()).hexdigest() == envelope.sha256


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_jq_and_sha256sum_give_the_hash(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(FILE)
    jq = shutil.which("jq") or "jq"
    compact = subprocess.run([jq, "-cj", ".plan", str(file)], check=True, capture_output=True).stdout
    assert hashlib.sha256(compact).hexdigest() == encode(SMALL)[0].sha256


def test_an_id_is_the_time_and_the_first_twelve_digits_of_the_hash() -> None:
    envelope, _ = encode(SMALL)
    assert envelope.id == f"20260302T160000Z-{envelope.sha256[:12]}"


def test_a_second_later_is_another_id() -> None:
    later = plan(account(), created_at=NOW + timedelta(seconds=1))
    assert encode(later)[0].id.startswith("20260302T160001Z-")


def test_the_order_of_fields_is_fixed() -> None:
    document = json.loads(FILE)
    assert list(document) == ["id", "sha256", "plan"]
    assert list(document["plan"]) == [
        *("format_version", "sizing_version", "mode", "replay_of", "accounts", "volatile"),
    ]
    assert list(document["plan"]["volatile"]) == [
        *("quotes", "session", "created_at", "expires_at", "tool_version"),
    ]


_LINE = re.compile(r'\s*("[a-z0-9_]+": )?("(\\.|[^"\\])*"|-?[0-9]+|true|false|null|[\[{]|[\[{][\]}]|[\]}]),?')


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=30)
@given(plans())
def test_every_scalar_stands_on_its_own_line(made: Plan) -> None:
    text = encode(made)[1].decode()
    assert text.endswith("}\n")
    assert [line for line in text[:-1].split("\n") if not _LINE.fullmatch(line)] == []


def test_no_line_has_a_json_float_or_an_exponent() -> None:
    numbers = [value for value in _scalars(json.loads(FILE)) if isinstance(value, float)]
    assert numbers == []


def _scalars(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        yield value
        return
    for item in value:
        yield from _scalars(item)


VALIDATOR = jsonschema.Draft202012Validator(plan_schema())


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(plan_schema())


@settings(derandomize=True, deadline=None, max_examples=20)
@given(plans())
def test_the_schema_accepts_real_plans(made: Plan) -> None:
    VALIDATOR.validate(json.loads(encode(made)[1]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"mode":"paper"', '"mode":"demo"'),
        ('"mode":"paper",', ""),
        ('"mode":"paper"', '"mode":"paper","surprise":1'),
        ('"cash_usd":"2000.5"', '"cash_usd":2000.5'),
        ('"perm_id":7', '"perm_id":"7"'),
        ('"side":"BUY"', '"side":"HOLD"'),
        ('"cash_usd":"2000.5"', '"cash_usd":"abc"'),
        ('"cash_usd":"2000.5"', '"cash_usd":"2000.50"'),
        ('"cash_usd":"2000.5"', '"cash_usd":"2e3"'),
        ('"format_version":"1.0"', '"format_version":"1.1"'),
        ('"created_at":"2026-03-02T16:00:00Z"', '"created_at":"2026-03-02 16:00"'),
        ('"perm_id":7', '"perm_id":9007199254740992'),
    ],
)
def test_the_schema_refuses_a_broken_plan(old: str, new: str) -> None:
    document = json.loads(signed(edited(old, new)))
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)


@pytest.mark.parametrize(("field", "value"), [("id", "plan"), ("sha256", "abc")])
def test_the_schema_says_how_id_and_hash_look(field: str, value: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(json.loads(encode(plan())[1]) | {field: value})


def decimals(schema: object) -> Iterator[str]:
    """Return the pattern of every decimal in a schema."""
    if isinstance(schema, dict):
        if schema.get("format") == "decimal":
            yield schema["pattern"]
        for value in schema.values():
            yield from decimals(value)
    if isinstance(schema, list):
        for item in schema:
            yield from decimals(item)


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.from_regex(r"[-+]?[0-9]{0,21}\.?[0-9]{0,21}(E[0-9])?|NaN|Infinity", fullmatch=True))
@example("0.00000000000000000123456789")
@example("123456789012345678.1")
@example("-0")
@example("0")
def test_a_decimal_passes_the_schema_exactly_when_it_is_read(text: str) -> None:
    (pattern,) = set(decimals(plan_schema()))
    assert (re.search(pattern, text) is not None) == is_read(text)


def is_read(text: str) -> bool:
    try:
        decode(signed(edited('"cash_usd":"2000.5"', f'"cash_usd":"{text}"')))
    except PlanFileError:
        return False
    return True


def test_a_decimal_that_is_not_canonical_is_written_but_never_read() -> None:
    odd = plan(account(cash_buffer_pct=D("0.010")))
    assert refusal(encode(odd)[1]) == (
        "plan.accounts[0].policy.rebalance.cash_buffer_pct is not a decimal in canonical form of at most 18 digits"
    )


def test_settings_in_any_form_make_a_plan_that_can_be_read(tmp_path: Path) -> None:
    policy = loaded(
        tmp_path, "cash_buffer_pct = 1.50%\nmax_leverage = 01.20\ncost_bps = 2e1\nmin_order_usd = 5e2"
    )
    plain = loaded(
        tmp_path, "cash_buffer_pct = 0.015\nmax_leverage = 1.2\ncost_bps = 20\nmin_order_usd = 500"
    )
    made = [msgspec.structs.replace(account(), policy=each) for each in (policy, plain)]
    files = [encode(plan(each))[1] for each in made]
    assert files[0] == files[1]
    decode(files[0])


def loaded(folder: Path, rebalance: str) -> Policy:
    path = folder / "settings.ini"
    path.write_text(
        f"[accounts]\nids = DU1\n[models]\nSMURF = 1\n[rebalance]\n{rebalance}\n", encoding="utf-8"
    )
    return load_settings(path).account_settings[0].policy


def test_the_default_policy_is_canonical() -> None:
    decode(encode(plan(msgspec.structs.replace(account(), policy=Policy(rebalance=RebalancePolicy()))))[1])


def test_equal_plans_have_equal_bytes() -> None:
    again = plan(account("DU1", cash="50"), market=(quote("VTI"),))
    assert encode(again) == encode(plan(account("DU1", cash="50"), market=(quote("VTI"),)))


def test_what_was_just_written_is_readable() -> None:
    envelope, data = encode(SMALL)
    check_readable(envelope, data)


@pytest.mark.parametrize(
    "other",
    [
        b"{",
        b"\xff",
        FILE.replace(b'"60.25"', b'"60.26"'),
        FILE.replace(b'"DU2"', b'"DU3"'),
        FILE.replace(b'"paper"', b'"live"'),
        encode(plan(account("DU1")))[1],
        encode(plan(account("DU1"), account("DU2"), account("DU3")))[1],
    ],
    ids=["cut", "no text", "position", "account", "mode", "another plan", "more accounts"],
)
def test_bytes_that_would_not_be_read_as_the_plan_are_never_called_readable(other: bytes) -> None:
    envelope, _ = encode(SMALL)
    with pytest.raises(PlanFileError, match="could not be read again") as caught:
        check_readable(envelope, other)
    assert caught.value.finding.code == "RB101"


def test_a_plan_with_fewer_accounts_than_were_made_is_not_readable() -> None:
    envelope, data = encode(SMALL)
    first = msgspec.structs.replace(envelope.plan, accounts=envelope.plan.accounts[:1])
    with pytest.raises(PlanFileError, match="could not be read again"):
        check_readable(msgspec.structs.replace(envelope, plan=first), data)


def test_a_plan_says_what_its_quotes_lack_only_where_they_lack_it() -> None:
    lacking = quote("VTI", "100", bid="99.9", ask="100.1", closed=True, close_unknown=True, notice="Not all.")
    written = [encode(plan(account(), market=[q]))[1] for q in (quote("VTI", "100"), lacking)]
    said = [json.loads(data)["plan"]["volatile"]["quotes"][0] for data in written]
    assert not {"notice", "close_unknown"} & said[0].keys()
    assert (said[1]["notice"], said[1]["close_unknown"]) == ("Not all.", True)
    for data in written:
        assert encode(decode(data).plan)[1] == data
        jsonschema.validate(json.loads(data), plan_schema())
    (row,) = decode(written[1]).plan.accounts[0].drift
    assert (row.price, row.price_source) == (D(100), "last")
