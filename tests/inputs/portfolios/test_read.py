"""portfolios.csv: what is read, and everything that is refused with its line and column."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from rebalplan.core.errors import InputError, RebalError, placed
from rebalplan.core.policy import Policy, RebalancePolicy
from rebalplan.core.vocabulary import Endpoint
from rebalplan.inputs.portfolios import Allocation, Model, Portfolios, check_leverage, read_portfolios
from rebalplan.inputs.settings import AccountSettings, ModelWeight
from tests.snapshots import TextSnapshot

MODELS = ("SMURF", "GLTR")
HEADER = "ETF,SMURF,GLTR\n"
Read = Callable[..., Portfolios]
Problems = Callable[..., list[str]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Write the text as portfolios.csv of a new working directory and read it."""
    monkeypatch.chdir(tmp_path)

    def write_and_read(text: str, models: tuple[str, ...] = MODELS) -> Portfolios:
        path = Path("portfolios.csv")
        path.write_text(text, encoding="utf-8", newline="")
        return read_portfolios(path, models=models)

    return write_and_read


@pytest.fixture
def problems(read: Read) -> Problems:
    """Read a text that must be refused and return its problems as lines."""

    def refused(text: str, models: tuple[str, ...] = MODELS) -> list[str]:
        with pytest.raises(InputError) as caught:
            read(text, models)
        return str(caught.value).splitlines()

    return refused


def test_a_file_is_read_in_its_order_with_zeros(read: Read) -> None:
    assert read("ETF,SMURF,GLTR\nVTI,60%,33.25\nBND,39, 66.75 %\nOLD,,\nCASH,1,\n") == Portfolios(
        path=Path("portfolios.csv"),
        symbols=("VTI", "BND", "OLD"),
        models=(
            Model(
                "SMURF",
                (
                    Allocation("VTI", Decimal(60)),
                    Allocation("BND", Decimal(39)),
                    Allocation("OLD", Decimal(0)),
                ),
                cash_pct=Decimal(1),
                column=2,
            ),
            Model(
                "GLTR",
                (
                    Allocation("VTI", Decimal("33.25")),
                    Allocation("BND", Decimal("66.75")),
                    Allocation("OLD", Decimal(0)),
                ),
                cash_pct=Decimal(0),
                column=3,
            ),
        ),
        cash_line=5,
    )


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "VTI,100,100\n",
        "\ufeff" + HEADER + "VTI,100,100\n",
        HEADER.replace("\n", "\r\n") + "VTI,100,100\r\n",
        "# a comment, with a comma\n\n  # another\n etf , Smurf , gltr \n\n vti , 100 % , 100.00 \n ,, \n",
        '"# padded, by a spreadsheet",,\nETF,SMURF,GLTR,\n"VTI","100","100",\n',
        HEADER + "VTI,100,100",
        HEADER + '"VTI", "100", "100"\n',
        HEADER + '# a, "b" c\nVTI,100,100\n',
        HEADER + '" # a",b\n#N/A is no symbol, but this is a comment\nVTI,100,100\n',
        HEADER + "CASH,,\nVTI,1e2,+100\n",
    ],
)
def test_spaces_comments_marks_and_line_ends_change_nothing(read: Read, text: str) -> None:
    found = read(text)
    assert found.symbols == ("VTI",)
    assert [model.allocations for model in found.models] == [(Allocation("VTI", Decimal(100)),)] * 2
    assert [model.cash_pct for model in found.models] == [0, 0]


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("VTI", "VTI"),
        ("brk b", "BRK B"),
        ("BRK  B", "BRK B"),
        ("BRK.B", "BRK B"),
        ("A", "A"),
        ("C3AI", "C3AI"),
    ],
)
def test_a_ticker_may_have_a_class_and_any_case(read: Read, written: str, symbol: str) -> None:
    assert read(f"{HEADER}{written},100,100\n").symbols == (symbol,)


@pytest.mark.parametrize(
    "symbol",
    ["1", "V-TI", "BRK B C", "VTI.", "=cmd|x", "ÜBER", "\u017f", "TOOLONGATICKER", "$VTI", "../x"],
)
def test_a_symbol_that_is_no_ticker_is_refused(problems: Problems, symbol: str) -> None:
    assert problems(f"{HEADER}{symbol},100,100\n") == [
        f"portfolios.csv:2:1: '{symbol}' is no ticker; "
        "expected letters and digits with an optional class, such as VTI or BRK B"
    ]


@pytest.mark.parametrize(
    "error",
    [
        "#BLOCKED!",
        "#BUSY!",
        "#CONNECT!",
        "#ERROR!",
        "#FIELD!",
        "#UNKNOWN!",
        "#N/A",
        "#REF!",
        "#NAME?",
        "#VALUE!",
        "#DIV/0!",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
    ],
)
@pytest.mark.parametrize("written", ["{}", " {} ", '"{}"'])
def test_a_spreadsheet_s_error_is_no_comment(problems: Problems, error: str, written: str) -> None:
    assert problems(f"{HEADER}VTI,100,100\n{written.format(error)},0,0\n") == [
        f"portfolios.csv:3:1: '{error}' is no ticker; "
        "expected letters and digits with an optional class, such as VTI or BRK B"
    ]


def test_a_file_of_only_bad_rows_reports_each_of_them(problems: Problems) -> None:
    assert problems('"VTI\n"BND\n') == [
        "portfolios.csv:1: this line is no CSV (unexpected end of data); check its quotation marks",
        "portfolios.csv:2: this line is no CSV (unexpected end of data); check its quotation marks",
    ]


@pytest.mark.parametrize("cell", ["99.99", "100.01", "100.0000"])
def test_a_sum_within_a_hundredth_is_right(read: Read, cell: str) -> None:
    assert read(f"{HEADER}VTI,{cell},100\n").models[0].allocations[0].pct == Decimal(cell)


@pytest.mark.parametrize(
    ("rows", "total"),
    [("VTI,99.98,100\n", "99.98"), ("VTI,100.011,100\n", "100.011"), ("VTI,100,100\nCASH,5,\n", "105")],
)
def test_a_wrong_sum_is_refused_with_the_sum_found(problems: Problems, rows: str, total: str) -> None:
    assert problems(HEADER + rows) == [
        f"portfolios.csv:1:2: column SMURF sums to {total}; with CASH it must sum to 100 (± 0.01)"
    ]


def test_negative_cash_is_margin(read: Read) -> None:
    assert read(f"{HEADER}VTI,150,100\nCash,-50%,0\n").models[0].cash_pct == -50


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("abc", "this is no number"),
        ("nan", "this is no finite number"),
        ("-inf", "this is no finite number"),
        ("1_00", "write it with a decimal point and without thousands separators"),
        ('"33,25"', "write it with a decimal point and without thousands separators"),
        ("10%%", "write it without %"),
        ("1e400", "this has too many digits"),
        ("\u0665", "this is no number"),
    ],
)
def test_a_cell_that_is_no_finite_number_is_refused(problems: Problems, cell: str, reason: str) -> None:
    shown = cell.strip('"')
    assert problems(f"{HEADER}VTI,100,{cell}\nBND,,100\n") == [
        f"portfolios.csv:2:3: '{shown}' for GLTR: {reason}; expected a percentage such as 33.25 or 33%"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            HEADER + "VTI,110,100\nBND,-10,\n",
            ["portfolios.csv:3:2: '-10' for SMURF is negative; only CASH may be, which means margin"],
        ),
        (
            HEADER + "VTI,50,50\nvti,50,50\n",
            ["portfolios.csv:3:1: symbol VTI is given twice, on lines 2 and 3; keep one"],
        ),
        (
            HEADER + "BRK B,50,50\nBRK.B,50,50\n",
            ["portfolios.csv:3:1: symbol BRK B is given twice, on lines 2 and 3; keep one"],
        ),
        (
            HEADER + "VTI,100,100\nCASH,,\nCASH,,\n",
            ["portfolios.csv:4:1: symbol CASH is given twice, on lines 3 and 4; keep one"],
        ),
        (
            HEADER + "VTI,100,100\n,,1\n",
            [
                "portfolios.csv:1:3: column GLTR sums to 101; with CASH it must sum to 100 (± 0.01)",
                "portfolios.csv:3:1: the symbol is missing; "
                "expected letters and digits with an optional class, such as VTI or BRK B",
            ],
        ),
        (
            HEADER + "VTI,100,100\nOLD\n",
            ["portfolios.csv:3:1: this row ends after 1 of 3 columns; write an empty cell for 0"],
        ),
        (
            HEADER + "VTI,100,100,5\n",
            ["portfolios.csv:2:4: '5' is beyond the header; numbers have a decimal point and no comma"],
        ),
        (
            HEADER + 'VTI,"100,100\n',
            [
                "portfolios.csv:1: there is no row below the header; write one for each ETF",
                "portfolios.csv:2: this line is no CSV (unexpected end of data); check its quotation marks",
            ],
        ),
        (HEADER, ["portfolios.csv:1: there is no row below the header; write one for each ETF"]),
        (
            HEADER + "V\x07TI,100,100\n",
            [
                "portfolios.csv:2:1: '" + r"V\x07TI" + "' is no ticker; "
                "expected letters and digits with an optional class, such as VTI or BRK B",
                "portfolios.csv:2:1: a control or invisible character in this cell; delete it",
            ],
        ),
    ],
)
def test_a_wrong_row_is_refused_with_line_and_column(
    problems: Problems, text: str, expected: list[str]
) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "ETF,SMRF,GLTR",
            [
                "portfolios.csv:1: missing column SMURF: settings.ini uses this model; the nearest name is SMRF",
                "portfolios.csv:1:2: unknown column SMRF: no model of settings.ini has this name; "
                "the nearest name is SMURF",
            ],
        ),
        (
            "ETF,SMURF,smurf,GLTR",
            ["portfolios.csv:1:3: smurf is given twice, first as column 2; delete one column"],
        ),
        ("ETF,SMURF,,GLTR", ["portfolios.csv:1:3: this column has no name; name its model or delete it"]),
        (
            "ETF",
            [
                "portfolios.csv:1: missing column GLTR: settings.ini uses this model",
                "portfolios.csv:1: missing column SMURF: settings.ini uses this model",
                "portfolios.csv:1: the header names no model; expected a header such as ETF,SMURF,BADASS,GLTR",
            ],
        ),
        (
            "Ticker,SMURF,GLTR",
            [
                "portfolios.csv:1:1: the first column is 'Ticker', not ETF; "
                "expected a header such as ETF,SMURF,BADASS,GLTR"
            ],
        ),
        (
            "VTI,100,100",
            [
                "portfolios.csv:1:1: the first column is 'VTI', not ETF; "
                "expected a header such as ETF,SMURF,BADASS,GLTR"
            ],
        ),
        (
            "ETF;SMURF;GLTR",
            [
                "portfolios.csv:1:1: the first column is 'ETF;SMURF;GLTR', not ETF; expected a header such as "
                "ETF,SMURF,BADASS,GLTR. The cells are separated by semicolons; save the file with commas"
            ],
        ),
    ],
)
def test_a_wrong_header_is_refused(problems: Problems, header: str, expected: list[str]) -> None:
    cells = ",100" * header.count(",")
    assert problems(f"{header}\nVTI{cells}\n") == expected


def test_all_problems_of_a_file_are_reported_together(
    problems: Problems, snapshot: SnapshotAssertion
) -> None:
    text = (Path(__file__).parents[1] / "settings" / "files" / "everything_wrong.csv").read_text(
        encoding="utf-8"
    )
    found = problems(text, ("SMURF", "BADASS", "GLTR"))
    assert "\n".join([*found, ""]) == snapshot.use_extension(TextSnapshot)


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n# comments\n", ",,\n"])
def test_an_empty_file_says_what_to_do(read: Read, text: str) -> None:
    with pytest.raises(RebalError) as caught:
        read(text)
    assert str(caught.value) == (
        "portfolios.csv: the file has no rows. Correct `path` in settings.ini, or run `rebal init` to write a "
        "commented portfolios.csv."
    )


def test_a_missing_file_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RebalError, match=r"^my models\.csv: no such file\. Correct `path` in settings\.ini"):
        read_portfolios(Path("my models.csv"), models=MODELS)


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "portfolios.csv"
    path.write_bytes(b"PK\x03\x04\x00\x00")
    with pytest.raises(RebalError, match="the file is binary, expected UTF-8 text"):
        read_portfolios(path, models=MODELS)


def test_a_model_and_a_cash_row_that_stand_in_no_file_have_no_place() -> None:
    made = Portfolios(Path("portfolios.csv"), (), (Model("SMURF", (), Decimal(0)),))
    assert (made.cash_line, made.models[0].column) == (0, 0)


def test_a_model_is_found_in_any_case(read: Read) -> None:
    found = read(f"{HEADER}VTI,100,100\n")
    assert found.model("gltr") is found.models[1]
    with pytest.raises(KeyError):
        found.model("other")


def account(max_leverage: str, **weights: str) -> AccountSettings:
    return AccountSettings(
        account="DU7",
        endpoint=Endpoint(),
        portfolios=Path("portfolios.csv"),
        models=tuple(ModelWeight(name, Decimal(weight)) for name, weight in weights.items()),
        policy=Policy(rebalance=RebalancePolicy(max_leverage=Decimal(max_leverage))),
    )


LEVERAGED = HEADER + "VTI,160,100\nCASH,-60,0\n"


def test_a_cash_that_breaks_max_leverage_names_account_and_numbers(read: Read) -> None:
    (problem,) = check_leverage(read(LEVERAGED), account("1.29", smurf="0.5", gltr="0.5"))
    assert placed(problem) == (
        "portfolios.csv:3:2: CASH is -30% in the mix of account DU7, so its targets alone come to 1.3 times NLV, "
        "more than its max_leverage 1.29; raise CASH or max_leverage"
    )


@pytest.mark.parametrize(
    ("text", "max_leverage", "smurf"),
    [
        (LEVERAGED, "1.3", "0.5"),
        (LEVERAGED, "1.6", "1"),
        (LEVERAGED, "1", "0"),
        (HEADER + "VTI,100.01,100.01\n", "1", "1"),
        (HEADER + "VTI,100,100\n", "0.5", "1"),
    ],
)
def test_targets_within_max_leverage_or_without_margin_are_no_problem(
    read: Read, text: str, max_leverage: str, smurf: str
) -> None:
    assert check_leverage(read(text), account(max_leverage, SMURF=smurf, GLTR=str(1 - Decimal(smurf)))) == ()


percentages = st.decimals(0, 100, places=4)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(first=percentages, margin=percentages)
def test_percentages_written_as_text_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, first: Decimal, margin: Decimal
) -> None:
    path = tmp_path_factory.getbasetemp() / "round trip.csv"
    rest = 100 + margin - first
    path.write_text(f"ETF,A\nVTI,{first:f}\nBND,{rest:f}%\nCASH,{-margin:f}\n", encoding="utf-8")
    (model,) = read_portfolios(path, models=["a"]).models
    assert model == Model("A", (Allocation("VTI", first), Allocation("BND", rest)), -margin, 2)


def only_refuses(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        read_portfolios(path, models=MODELS)
    except RebalError as error:
        assert all(char.isprintable() or char == "\n" for char in str(error))  # noqa: PT017  # either outcome is right


PIECES = st.sampled_from(
    (
        "VTI",
        "CASH",
        ",",
        ",",
        "\n",
        "\n",
        "\r",
        '"',
        "#",
        "%",
        "100",
        "-1",
        "1e999999999",
        "nan",
        "\x1b",
        " ",
        ";",
    )
)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(pieces=st.lists(PIECES | st.text(max_size=5), max_size=40), header=st.sampled_from(["", HEADER]))
def test_no_text_raises_anything_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str], header: str
) -> None:
    text = header + "".join(pieces)
    only_refuses(tmp_path_factory.getbasetemp() / "text.csv", text.encode("utf-8", "ignore"))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(content=st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    only_refuses(tmp_path_factory.getbasetemp() / "bytes.csv", content)
