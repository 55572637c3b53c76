"""The small world that is killed in: three accounts that need two or three orders each, over TCP."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

import msgspec

from rebalplan.apply.journal.fold import line_references
from rebalplan.plan.codec import Envelope
from rebalplan.plan.document import PlannedOrder
from rebalplan.plan.store import read_plan
from rebalplan.sim import Gateway, load_scenario, start
from tests.cli import NOON
from tests.kill.nursery import Nursery
from tests.pace import UNLIMITED

ACCOUNTS: Final = ("DU1000001", "DU1000002", "DU1000003")
SHIFT: Final = (NOON - datetime.now(UTC)).total_seconds()
"""What moves the clock of the gateway and of every launcher to noon when the sweep begins."""

HELD: Final = {
    "DU1000001": {"VTI": 100, "BND": 1100, "GLD": 130},
    "DU1000002": {"VTI": 150, "BND": 100, "GLD": 60},
    "DU1000003": {"VTI": 20, "BND": 10, "GLD": 110},
}
CASH: Final = {"DU1000001": "3000.00", "DU1000002": "900.00", "DU1000003": "20000.00"}

_PRICES = {"VTI": ("312.39", "312.41"), "BND": ("73.84", "73.85"), "GLD": ("376.87", "376.91")}

_PORTFOLIOS = "ETF,CORE\nVTI,60\nBND,29\nGLD,10\nCASH,1\n"

_SETTINGS = """[ibkr]
mode = tws
read_only = false
port = 4002
timeout_sec = 20
[accounts]
ids = DU1000001, DU1000002, DU1000003
confirm_mode = per_account
path = portfolios.csv
pacing_sec = 0
[models]
CORE = 1
[rebalance]
trigger_mode = per_holding
per_holding_band_bps = 50
min_order_usd = 500
cash_buffer_pct = 1%
max_leverage = 1
unlisted = hold
[execution]
commission_report_timeout = 1
[limits]
max_order_usd = 250000
max_turnover_pct = 200
max_price_move_pct = 2
allow_live = false
"""


Scene = Literal["brisk", "slow", "hidden"]

HIDDEN_SEC: Final = 3
_BEHAVIOUR: Final[dict[Scene, str]] = {
    "brisk": "",
    "slow": '[[behaviour]]\nparts = 2\nafter_sec = "0.06"\n',
    "hidden": f'[[behaviour]]\nsequence = ["execution", "commission"]\nvisible_after_sec = "{HIDDEN_SEC}"\n',
}
_HEAD = """[gateway]
name = "kill"
[market]
time_zone = "US/Eastern"
hours = "always"
[rates]
USD = "1"
[orders]
roll_back_ids = true
"""


def scenario_text(scene: Scene) -> str:
    """Return a scenario with constant prices: orders fill whole and at once, (slow) in two parts and later, or (hidden)
    at once without a word, and only later shown to whoever asks.
    """
    parts = [_HEAD]
    for number, (symbol, (bid, ask)) in enumerate(_PRICES.items(), start=1):
        parts.append(
            f'[[instrument]]\ncon_id = {700000000 + number}\nsymbol = "{symbol}"\nprimary_exchange = "ARCA"\n'
            f'bid = "{bid}"\nask = "{ask}"\nlast = "{ask}"\nclose = "{bid}"\n'
        )
    for account in ACCOUNTS:
        parts.append(
            f'[[account]]\nid = "{account}"\ntype = "margin"\ncash = {{ USD = "{CASH[account]}" }}\n'
        )
        parts += [
            f'[[account.position]]\nsymbol = "{symbol}"\nquantity = "{quantity}"\navg_cost = "50"\n'
            for symbol, quantity in HELD[account].items()
        ]
    return "\n".join([*parts, _BEHAVIOUR[scene]])


class Line(msgspec.Struct, frozen=True):
    """One order of the plan, as the gateway must see it."""

    reference: str
    account: str
    side: str
    symbol: str
    quantity: Decimal


class Original(msgspec.Struct, frozen=True):
    """A folder with the input files and the plan, to be copied, and the plan."""

    folder: Path
    plan: Path
    envelope: Envelope
    lines: tuple[Line, ...]

    def copy(self, folder: Path) -> Path:
        """Make a fresh workspace; return the plan in it."""
        shutil.copytree(self.folder, folder)
        return folder / self.plan.relative_to(self.folder)


def make_original(scene: Scene, folder: Path, nursery: Nursery, scenario: str = "") -> Original:
    """Write the input files and plan once; ``scenario`` stands in for the scene's own."""
    folder.mkdir(parents=True)
    files = {
        "settings.ini": _SETTINGS,
        "portfolios.csv": _PORTFOLIOS,
        "scenario.toml": scenario or scenario_text(scene),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    with serving(folder):
        code = nursery.run(folder, ["--shift", str(SHIFT), "--", "plan"])
    assert code == 0, (folder / "output.txt").read_text(encoding="utf-8")
    (folder / "gateway.json").unlink()
    (folder / "output.txt").unlink()
    (plan,) = (folder / "plans").glob("*.json")
    envelope = read_plan(plan)
    return Original(folder, plan, envelope, tuple(_lines(envelope)))


def _lines(envelope: Envelope) -> Iterator[Line]:
    for position, account in enumerate(envelope.plan.accounts, start=1):
        references = line_references(envelope.sha256, position, account)
        for reference, order in zip(references, account.orders, strict=True):
            yield _line(reference, account.account, order)


def _line(reference: str, account: str, order: PlannedOrder) -> Line:
    return Line(reference, account, order.side, order.symbol, order.quantity)


@contextmanager
def serving(folder: Path) -> Iterator[Gateway]:
    """Serve the scenario from its start, or from where ``gateway.json`` left it, and point the settings at it."""
    scenario = load_scenario(folder / "scenario.toml")
    with start(scenario, state=folder / "gateway.json", clock=_now, messages_per_sec=UNLIMITED) as gateway:
        settings = folder / "settings.ini"
        text = re.sub(r"(?m)^port = \d+$", f"port = {gateway.port}", settings.read_text(encoding="utf-8"))
        settings.write_text(text, encoding="utf-8", newline="\n")
        yield gateway


def _now() -> datetime:
    return datetime.fromtimestamp(time.time() + SHIFT, UTC)


def wait_until_alone(gateway: Gateway) -> None:
    """Wait until the gateway has read everything a dead client had sent."""
    deadline = time.monotonic() + 20
    while gateway.connections_now and time.monotonic() < deadline:
        time.sleep(0.002)
    assert not gateway.connections_now
