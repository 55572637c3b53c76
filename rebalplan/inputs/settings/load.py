"""Reads settings.ini into ``Settings``, or raises every problem of the file at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from rebalplan.core.policy import ExecutionPolicy, LimitsPolicy, Policy, PricingPolicy, RebalancePolicy
from rebalplan.core.vocabulary import Endpoint
from rebalplan.inputs.findings import SETTINGS, Findings
from rebalplan.inputs.settings.checks import check_accounts, check_fractions, check_policy, check_read_only
from rebalplan.inputs.settings.identities import (
    AccountSection,
    is_account_section,
    read_account_sections,
    read_ids,
)
from rebalplan.inputs.settings.keys import (
    ACCOUNT_KEYS,
    LIST_SECTIONS,
    SECTIONS,
    no_effect_message,
    protects,
    section_may_protect,
    unknown_key_message,
    unknown_section_message,
)
from rebalplan.inputs.settings.lines import Entry, Section, read_sections
from rebalplan.inputs.settings.model import (
    AccountSettings,
    AccountsSettings,
    IbkrSettings,
    IoSettings,
    ModelWeight,
    Settings,
    SimSettings,
)
from rebalplan.inputs.settings.places import check_folders, check_log_file, check_scenario, check_state
from rebalplan.inputs.settings.reading import Found, Values, build, read_section, read_values
from rebalplan.inputs.settings.successors import SUCCESSORS
from rebalplan.inputs.settings.weights import read_models, read_override
from rebalplan.inputs.text_files import read_text
from rebalplan.inputs.wording import escaped

_IF_MISSING = "Name another with --config FILE, or run `rebal init` to write a commented settings.ini."
_PORTFOLIOS = Path("portfolios.csv")


class _Override(msgspec.Struct, frozen=True):
    """The values of an account's own section; ``models`` is ``None`` when it names none."""

    values: dict[str, Found] = {}
    models: tuple[ModelWeight, ...] | None = None


class _Shared(msgspec.Struct, frozen=True):
    """The values of every account that does not override them."""

    folder: Path
    values: dict[str, Found]
    policy: Policy
    models: tuple[ModelWeight, ...]


def load_settings(path: Path, *, with_places: bool = False) -> Settings:
    """Return the settings with every default filled in and every path resolved against the file's folder.

    ``with_places`` also checks on the disk that the folders are writable and the scenario exists.

    Raises InputError with all problems of the file, each at its line, its warnings among them and marked
    so; and RebalError when it is no readable text file.
    """
    findings = Findings(escaped(str(path)), SETTINGS)
    sections = read_sections(read_text(path, if_missing=_IF_MISSING), findings)
    findings.name_sections({section.line: section.name for section in sections})
    settings = _resolve(path, sections, findings, with_places=with_places)
    findings.raise_errors()
    return msgspec.structs.replace(settings, warnings=findings.warnings)


def _resolve(path: Path, sections: tuple[Section, ...], findings: Findings, *, with_places: bool) -> Settings:
    """Return the settings, with defaults in place of refused values, which are noted."""
    values = read_values(sections, findings)
    ibkr, io, sim = build(IbkrSettings, values), _io(values, path.parent), _sim(values, path.parent)
    check_state(sim, values, findings, with_places=with_places and ibkr.mode == "sim")
    check_log_file(io, path, values, findings)
    if with_places:
        check_folders(io, values, findings)
        if ibkr.mode == "sim":
            check_scenario(sim, values, findings)
    ids = read_ids(_section(sections, "accounts"), values, findings)
    _warn_of_unknown_sections(sections, ids, findings)
    accounts = msgspec.structs.replace(build(AccountsSettings, values), ids=ids)
    check_accounts(accounts, values, findings)
    return Settings(
        path=path,
        ibkr=ibkr,
        accounts=accounts,
        account_settings=_account_settings(path.parent, sections, values, ids, findings),
        io=io,
        sim=sim,
    )


def _account_settings(
    folder: Path,
    sections: tuple[Section, ...],
    values: dict[str, Found],
    ids: tuple[str, ...],
    findings: Findings,
) -> tuple[AccountSettings, ...]:
    """Return the settings of every account in the order of ``ids``."""
    overrides = _read_overrides(read_account_sections(sections, findings), ids, findings)
    models_section = _section(sections, "models")
    _check_models_given(ids, overrides, models_section, findings)
    shared = _Shared(folder, values, _build_policy(values), read_models(models_section, findings))
    check_policy(shared.policy, values, findings)
    mode = build(IbkrSettings, values).mode
    check_fractions(mode, shared.policy, values, findings)
    return tuple(_account(name, overrides.get(name, _Override()), shared, findings) for name in ids)


def _section(sections: tuple[Section, ...], name: str) -> Section:
    """Return the section of that name, or an empty one at line 0."""
    return next((section for section in sections if section.name == name), Section(name, name, 0, ()))


def _read_overrides(
    sections: tuple[AccountSection, ...], ids: tuple[str, ...], findings: Findings
) -> dict[str, _Override]:
    overrides: dict[str, _Override] = {}
    for account, section in ((item.account, item.section) for item in sections):
        if ids and account not in ids:
            findings.warn(
                f"account {account} is not in [accounts] ids; this section has no effect", line=section.line
            )
            known = [entry for entry in section.entries if entry.key in ACCOUNT_KEYS]
            _refuse_protecting(section, known, f", because {account} is not in [accounts] ids", findings)
        entry = next((entry for entry in section.entries if entry.key == "models"), None)
        models = None if entry is None else read_override(entry, section.title, findings)
        overrides[account] = _Override(read_section(section, ACCOUNT_KEYS, findings), models)
    return overrides


def _warn_of_unknown_sections(
    sections: tuple[Section, ...], ids: tuple[str, ...], findings: Findings
) -> None:
    for section in sections:
        if section.name not in {*SECTIONS, *LIST_SECTIONS} and not is_account_section(section):
            findings.warn(
                unknown_section_message(section.title, ids),
                line=section.line,
                may_protect=section_may_protect(section.name, (entry.key for entry in section.entries)),
            )
            for entry in section.entries:
                if entry.key in SUCCESSORS:
                    findings.warn(unknown_key_message(entry.key, section.title, {}), line=entry.line)
            _refuse_protecting(section, section.entries, ", because rebal knows no such section", findings)


def _refuse_protecting(section: Section, entries: Iterable[Entry], why: str, findings: Findings) -> None:
    """Note each protecting key in a section where it has no effect."""
    for entry in entries:
        if protects(entry.key):
            findings.error(no_effect_message(entry.key, section.title, why), line=entry.line)


def _check_models_given(
    ids: tuple[str, ...], overrides: dict[str, _Override], section: Section, findings: Findings
) -> None:
    """Note accounts that have no model weights at all."""
    without = [name for name in ids if name not in overrides or overrides[name].models is None]
    if without and not section.entries:
        some = ", ".join(without[:3]) + (" …" if without[3:] else "")
        findings.error(
            f"[models] names no model and {some} has no models of its own; "
            "write lines such as SMURF = 0.5 under [models]",
            line=section.line,
        )


def _build_policy(values: Values) -> Policy:
    return Policy(
        rebalance=build(RebalancePolicy, values),
        pricing=build(PricingPolicy, values),
        execution=build(ExecutionPolicy, values),
        limits=build(LimitsPolicy, values),
    )


def _account(name: str, override: _Override, shared: _Shared, findings: Findings) -> AccountSettings:
    """Return one account's settings. Its own values win over the shared ones, which win over the defaults."""
    values = {**shared.values, **override.values}
    check_read_only(name, shared.values, override.values, findings)
    policy = shared.policy
    if override.values:
        policy = _build_policy(values)
        check_policy(policy, values, findings)
        check_fractions(build(IbkrSettings, shared.values).mode, policy, values, findings)
    return AccountSettings(
        account=name,
        endpoint=build(Endpoint, values),
        portfolios=_path(values, "path", shared.folder, _PORTFOLIOS),
        models=shared.models if override.models is None else override.models,
        policy=policy,
        allow_live="allow_live" in values and values["allow_live"].value is True,
        read_only="read_only" in override.values and override.values["read_only"].value is True,
    )


def _io(values: Values, folder: Path) -> IoSettings:
    io = build(IoSettings, values)
    return msgspec.structs.replace(
        io,
        plan_dir=folder / io.plan_dir,
        report_dir=folder / io.report_dir,
        log_file=None if io.log_file is None else folder / io.log_file,
    )


def _sim(values: Values, folder: Path) -> SimSettings:
    sim = build(SimSettings, values)
    scenario = None if sim.scenario is None else folder / sim.scenario
    return SimSettings(scenario=scenario, state=folder / sim.state)


def _path(values: Values, key: str, folder: Path, default: Path) -> Path:
    value = values[key].value if key in values else default
    return folder / value if isinstance(value, Path) else folder / default
