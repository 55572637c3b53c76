"""What is said yes to is what would be sent now: the live check before the question, and again after the answer."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from rebalplan.sim import Gateway, load_scenario, start
from tests.cli import FrozenClock, Result, Workspace

ACCOUNTS = ("DU1", "DU2", "DU3")
SETTINGS = """\
[ibkr]
mode = tws
port = {port}
read_only = false
timeout_sec = 2
[accounts]
ids = {ids}
pacing_sec = 0
retries = 1
[models]
base = 1
[rebalance]
cost_bps = 5
cash_buffer_pct = 0
[limits]
max_turnover_pct = 200
"""
PORTFOLIOS = "ETF,BASE\nAAA,40\nBBB,30\nCCC,30\n"
PRICES = {"AAA": "100", "BBB": "200", "CCC": "50"}


class Market(msgspec.Struct, frozen=True):
    """What differs from a calm market with three alike accounts."""

    halted: tuple[str, ...] = ()
    prices: dict[str, str] = {}
    positions: dict[str, dict[str, int]] = {}
    extra: str = ""


def scenario(market: Market) -> str:
    parts = []
    for number, symbol in enumerate(PRICES, start=11):
        price = Decimal(market.prices.get(symbol, PRICES[symbol]))
        data = "halted" if symbol in market.halted else "live"
        parts.append(
            f'[[instrument]]\ncon_id = {number}\nsymbol = "{symbol}"\nbid = "{price - Decimal("0.01")}"\n'
            f'ask = "{price + Decimal("0.01")}"\nlast = "{price}"\nclose = "{price}"\ndata = "{data}"\n'
        )
    for account in ACCOUNTS:
        held = market.positions.get(account, {"AAA": 300})
        cash = "20000" if "BBB" in held else "400"
        parts.append(f'[[account]]\nid = "{account}"\ncash = {{ USD = "{cash}" }}\n')
        parts += [f'[[account.position]]\nsymbol = "{s}"\nquantity = "{q}"\n' for s, q in held.items()]
    return "\n".join(parts) + market.extra


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


class Site:
    """A folder with a plan, and a gateway that can be another one from one moment to the next."""

    def __init__(self, workspace: Workspace, accounts: Sequence[str]) -> None:
        self.workspace = workspace
        self._stack = ExitStack()
        self._accounts = accounts
        self.gateways: list[Gateway] = []
        self.serve(Market())
        workspace.write("portfolios.csv", PORTFOLIOS)
        self.write_settings()
        workspace.ok("plan")

    def write_settings(self, extra: str = "") -> None:
        text = SETTINGS.format(port=self.gateways[-1].port, ids=", ".join(self._accounts))
        self.workspace.write("settings.ini", text + extra)

    def serve(self, market: Market) -> None:
        """Put a gateway with another market in the place of the one before: nobody may be connected to that."""
        self._stack.close()
        port = self.gateways[-1].port if self.gateways else 0
        path = self.workspace.write("served.toml", scenario(market))
        gateway = start(load_scenario(path), clock=self.workspace.clock.now, port=port)
        self._stack.enter_context(gateway)
        self.gateways.append(gateway)

    def close(self) -> None:
        self._stack.close()

    def sent(self) -> dict[str, dict[str, int]]:
        """Return what the gateways received, by account and symbol."""
        found: dict[str, dict[str, int]] = {}
        for gateway in self.gateways:
            for entry in gateway.ledger:
                if entry.kind == "place":
                    found.setdefault(entry.account, {})[entry.symbol] = int(entry.quantity)
        return found

    def apply(self, *arguments: str, answers: str | Sequence[Callable[[], str]] = "") -> Result:
        return self.workspace.run("apply", "latest", *arguments, answers=answers)

    def answer(self, text: str, market: Market) -> Callable[[], str]:
        """Return an answer before which the market becomes another."""

        def typed() -> str:
            self.serve(market)
            return text

        return typed


@pytest.fixture
def build(workspace: Workspace, clock: FrozenClock) -> Iterator[Callable[..., Site]]:
    """Make a site with a plan of these accounts."""
    del clock
    sites: list[Site] = []

    def build_site(*accounts: str) -> Site:
        sites.append(Site(workspace, accounts or ("DU1",)))
        return sites[-1]

    yield build_site
    for site in sites:
        site.close()


WHOLE = {"AAA": 179, "BBB": 46, "CCC": 181}
YES = lambda: "yes"  # noqa: E731  # an answer in a word


def test_the_planned_orders_are_those_of_the_case(build: Callable[..., Site]) -> None:
    site = build()
    assert site.apply("--yes").code == 0
    assert site.sent() == {"DU1": WHOLE}


@pytest.mark.parametrize("position", range(3))
def test_nothing_is_sold_when_no_buy_can_be_sent(build: Callable[..., Site], position: int) -> None:
    site = build(*ACCOUNTS)
    site.serve(Market(halted=("BBB", "CCC")))
    result = site.apply("--account", ACCOUNTS[position], "--yes")
    assert (result.code, site.sent()) == (3, {})
    assert "no line can be sent now; no price for BBB: trading is halted; no price for CCC" in result.out
    assert "Nothing was sent." in result.out
    assert "was not sent" not in result.out
    assert f"tries {ACCOUNTS[position]} again. If the reason stays: `rebal plan` plans anew." in result.out


def test_one_buy_that_falls_out_takes_its_share_of_the_sells_with_it(build: Callable[..., Site]) -> None:
    site = build()
    site.serve(Market(halted=("CCC",)))
    result = site.apply(answers="yes\n")
    assert site.sent() == {"DU1": {"AAA": 89, "BBB": 46}}
    assert "! cut to 89: sell 179 AAA: buys_left_out: 9,050.00 USD of buys cannot be sent (CCC)" in result.out
    assert "! left out: buy 181 CCC: no price for CCC: trading is halted" in result.out
    assert "! new to the account: BBB in DU1" in result.out
    assert "! turnover over 20% of NLV: DU1 59.54%" in result.out
    assert result.code == 4
    journal = next(site.workspace.folder.glob("plans/*.jsonl")).read_text(encoding="utf-8")
    assert '"record":"CUT"' in journal
    assert "buys_left_out" in journal
    status = site.workspace.run("status", "latest").out
    assert "buys_left_out" in status
    (report,) = site.workspace.folder.glob("reports/rebalance_DU1_*.csv")
    rows = {row["symbol"]: row for row in rows_of(report)}
    assert rows["AAA"]["notes"].startswith("cut to 89: buys_left_out")
    assert "Next: `rebal plan` plans anew what is missing in DU1." in result.out
    assert "--resume" not in result.out


def test_a_resume_does_not_ask_about_a_buy_whose_money_was_never_raised(build: Callable[..., Site]) -> None:
    site = build()
    silent = '[[fault]]\nrequest = "market_data"\naction = "error"\nsymbol = "CCC"\ncode = 10197\noccurrence = {}\n'
    site.serve(Market(extra="".join(silent.format(number) for number in (1, 2, 3))))
    site.apply("--yes")
    before = site.sent()
    assert before == {"DU1": {"AAA": 89, "BBB": 46}}
    result = site.apply("--resume", answers="yes\n")
    assert site.sent() == before
    assert "[no]:" not in result.out
    assert "DU1: incomplete" in result.out
    assert result.code == 4


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_what_gets_worse_while_a_person_thinks_is_shown_and_asked_about_anew(
    build: Callable[..., Site], answer: str
) -> None:
    site = build()
    worse = site.answer("yes", Market(halted=("CCC",)))
    result = site.apply(answers=[worse, lambda: answer])
    assert result.out.count("Only yes sends them [no]:") == 2
    assert "DU1: nothing was sent yet: less can be sent now than you said yes to." in result.out
    assert ("DU1: declined, nothing was sent there." in result.out) == (answer == "no")
    assert site.sent() == ({"DU1": {"AAA": 89, "BBB": 46}} if answer == "yes" else {})
    assert result.code == (4 if answer == "yes" else 3)


def test_what_gets_better_while_a_person_thinks_is_not_sent_without_a_yes_to_it(
    build: Callable[..., Site],
) -> None:
    site = build()
    site.serve(Market(halted=("CCC",)))
    site.apply(answers=[site.answer("yes", Market())])
    assert site.sent() == {"DU1": {"AAA": 89, "BBB": 46}}


def test_an_account_that_is_stale_after_the_answer_is_refused(build: Callable[..., Site]) -> None:
    site = build()
    traded = Market(positions={"DU1": {"AAA": 200}})
    result = site.apply(answers=[site.answer("yes", traded)])
    assert (result.code, site.sent()) == (3, {})
    assert "RB501 the plan has 300 AAA, the account has 200" in result.out


def test_a_stale_account_is_refused_before_anybody_is_asked_about_it(build: Callable[..., Site]) -> None:
    site = build("DU1", "DU2")
    site.serve(Market(positions={"DU1": {"AAA": 200}}))
    result = site.apply(answers="yes\n")
    assert result.out.count("[no]:") == 1
    assert result.out.index("RB501") < result.out.index("Send these orders for DU2?")
    assert site.sent() == {"DU2": WHOLE}
    assert result.code == 4
    assert "was not sent" not in result.out  # of an account that was refused whole this is no news


def test_with_one_question_all_accounts_are_checked_first(build: Callable[..., Site]) -> None:
    site = build(*ACCOUNTS)
    site.serve(Market(positions={"DU2": {"AAA": 200}}))
    result = site.apply("--confirm-mode", "global", answers="yes\n")
    assert result.out.count("[no]:") == 1
    assert "Send these orders for DU1, DU3?" in result.out
    assert result.out.index("RB501") < result.out.index("[no]:")
    assert site.sent() == {"DU1": WHOLE, "DU3": WHOLE}


def test_with_one_question_an_account_that_gets_worse_is_asked_about_alone(
    build: Callable[..., Site],
) -> None:
    site = build("DU1", "DU2")
    result = site.apply(
        "--confirm-mode", "global", answers=[site.answer("yes", Market(halted=("CCC",))), YES]
    )
    assert "Send these orders for DU1?" in result.out
    assert "Send these orders for DU2?" in result.out
    assert site.sent() == {"DU1": {"AAA": 89, "BBB": 46}}


def test_the_result_of_an_account_comes_before_the_next_question(build: Callable[..., Site]) -> None:
    site = build("DU1", "DU2")
    seen: list[str] = []

    def second() -> str:
        reports = site.workspace.folder.glob("reports/*.csv")
        seen.extend(sorted(path.name.rpartition("_")[0] for path in reports))
        return "yes"

    result = site.apply(answers=[YES, second])
    assert seen == ["rebalance_DU1", "run_summary"]
    first = result.out.index("DU1: done, 3 of 3 lines filled, cash ")
    assert result.out.index("buy       CCC") < first < result.out.index("Send these orders for DU2?")
    assert result.code == 0


@pytest.mark.parametrize("arguments", [(), ("--confirm-mode", "global")])
def test_a_no_to_everything_says_that_nothing_was_sent_and_writes_no_report(
    build: Callable[..., Site], arguments: tuple[str, ...]
) -> None:
    site = build("DU1", "DU2")
    result = site.apply(*arguments, answers="")
    assert result.code == 3
    assert result.out.endswith("Accounts: 2 declined (DU1, DU2).\nNothing was sent.\n")
    assert not (site.workspace.folder / "reports").exists()


def test_some_declined_and_the_rest_done_is_a_success_that_says_so(build: Callable[..., Site]) -> None:
    site = build("DU1", "DU2")
    result = site.apply(answers="no\nyes\n")
    assert (result.code, site.sent()) == (0, {"DU2": WHOLE})
    assert "Accounts: 1 declined (DU1), 1 done." in result.out


def test_declining_what_is_left_after_an_applied_account_sends_nothing(build: Callable[..., Site]) -> None:
    site = build("DU1", "DU2")
    site.apply("--account", "DU1", "--yes")
    assert site.apply(answers="no\n").code == 3


def test_the_summary_has_a_row_for_every_account_of_the_plan(build: Callable[..., Site]) -> None:
    site = build(*ACCOUNTS)
    site.serve(Market(positions={"DU2": {"AAA": 200}}))
    site.apply("--account", "DU1", "--account", "DU2", answers="yes\n")
    (summary,) = site.workspace.folder.glob("reports/run_summary_*.csv")
    rows = rows_of(summary)
    assert [(row["account_id"], row["status"]) for row in rows] == [
        ("DU1", "done"),
        ("DU2", "refused"),
        ("DU3", "not_applied"),
    ]
    assert "RB501" in rows[1]["error"]


def test_a_planned_and_confirmed_apply_prints_no_more_than_its_orders_and_results(
    build: Callable[..., Site],
) -> None:
    site = build(*ACCOUNTS)
    out = site.apply(answers="yes\nyes\nyes\n").out
    assert "Accounts:" not in out
    assert "!" not in "".join(
        line for line in out.splitlines() if "turnover" not in line and "new to" not in line
    )


def test_warnings_of_the_settings_stand_in_the_question(build: Callable[..., Site]) -> None:
    site = build()
    site.write_settings("[colours]\nsky = blue\n")
    result = site.apply(answers="no\n")
    assert "warning: settings.ini:17: " in result.out


def test_yes_refuses_beside_a_limit_that_is_misspelled(build: Callable[..., Site]) -> None:
    site = build()
    site.write_settings("max_ordr_usd = 100\n")
    refused = site.apply("--yes")
    assert (refused.code, site.sent()) == (3, {})
    assert "Nothing was sent.\n  settings.ini:" in refused.err
    assert "max_ordr_usd" in refused.err
    asked = site.apply(answers="yes\n")
    assert "warning: settings.ini:17:" in asked.out
    assert site.sent() == {"DU1": WHOLE}


def test_apply_as_json_prints_the_result_alone_on_stdout(build: Callable[..., Site]) -> None:
    site = build("DU1", "DU2")
    result = site.apply("--json", "--account", "DU1", "--yes")
    found = json.loads(result.out)
    assert [(a["account"], a["status"]) for a in found["accounts"]] == [
        ("DU1", "done"),
        ("DU2", "not_applied"),
    ]
    assert "Account DU1" in result.err


def test_a_dry_run_prints_what_is_walked(build: Callable[..., Site]) -> None:
    site = build()
    out = site.apply("--dry-run").out
    steps = [line.strip() for line in out.splitlines()]
    assert steps[0].startswith("1. verify the plan")
    assert "ask the broker what-if about each order; disconnect" in steps
    assert [step.split(" (rb")[0] for step in steps[4:9]] == [
        "4. DU1: connect; check again",
        "sell 179 AAA for about 17,900.00 USD",
        "read the account again",
        "buy 46 BBB for about 9,200.00 USD",
        "buy 181 CCC for about 9,050.00 USD",
    ]


def test_a_dry_run_as_json_is_the_list_of_stages(build: Callable[..., Site]) -> None:
    site = build()
    stages = json.loads(site.apply("--dry-run", "--json").out)
    assert [stage["type"] for stage in stages] == ["Verify", "Check", "Confirm", "Trade"]
    assert site.sent() == {}
