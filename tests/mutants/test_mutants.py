from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cache

import pytest

from tests.mutants.changes import find_changes
from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.listed import applies
from tests.mutants.lists import MUTANTS
from tests.mutants.modules import MODULES
from tests.mutants.mutant import Mutant
from tests.mutants.sampled import all_changes, sample
from tests.mutants.scratch import ROOT

SOURCE = b"""
def spare(cash: int, floor: int, most: int | None = None) -> int | None:
    if cash < floor and most:
        return None
    return min(cash - floor, 10)
"""


@cache
def parsed(file: str) -> Sequence[ast.stmt]:
    return ast.parse((ROOT / file).read_text(encoding="utf-8")).body


def named(mutant: Mutant) -> str:
    return mutant.name


@pytest.mark.parametrize("mutant", MUTANTS, ids=named)
def test_a_listed_mutant_changes_one_place_of_its_file(mutant: Mutant) -> None:
    assert applies(mutant)
    assert mutant.old != mutant.new


@pytest.mark.parametrize("mutant", MUTANTS, ids=named)
def test_the_test_that_a_listed_mutant_names_exists(mutant: Mutant) -> None:
    file, *names = mutant.test.partition("[")[0].split("::")
    found: Sequence[ast.stmt] = parsed(file)
    for name in names:
        named_so = [n for n in found if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name]
        assert len(named_so) == 1
        found = named_so[0].body


def test_no_two_listed_mutants_have_one_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_one_seed_gives_one_sample_and_another_seed_another() -> None:
    changes = all_changes("rebalplan/plan/pricing.py")
    assert sample(changes, 10, seed=1) == sample(all_changes("rebalplan/plan/pricing.py"), 10, seed=1)
    assert sample(changes, 10, seed=1) != sample(changes, 10, seed=2)


def test_a_sample_of_more_than_there_is_is_everything() -> None:
    changes = all_changes("rebalplan/inputs/targets.py")
    assert sample(changes, 10_000, seed=1) == changes


def test_the_changes_of_a_function() -> None:
    assert [change.after for change in find_changes("spare.py", SOURCE)] == [
        "if (cash <= floor) and most:",
        "if (cash > floor) and most:",
        "if cash < floor or most:",
        "if cash < floor:",
        "if most:",
        "return None",
        "return max(cash - floor, 10)",
        "return min(cash + floor, 10)",
        "return min(cash - floor, 11)",
        "return min(cash - floor, 9)",
    ]


@pytest.mark.parametrize("file", ["rebalplan/plan/codec.py", "rebalplan/inputs/settings/values.py"])
def test_every_change_is_a_program(file: str) -> None:
    for change in find_changes(file, (ROOT / file).read_bytes()):
        ast.parse(change.source)


def test_every_sampled_module_and_its_tests_exist() -> None:
    for file, tests in MODULES.items():
        assert (ROOT / file).is_file()
        assert all((ROOT / test).exists() for test in tests)


@pytest.mark.parametrize("file", sorted({each.file for each in EQUIVALENT}))
def test_an_equivalent_mutant_is_a_change_that_the_sampler_makes(file: str) -> None:
    changes = find_changes(file, (ROOT / file).read_bytes())
    unknown = [
        each for each in EQUIVALENT if each.file == file and not any(each.names(change) for change in changes)
    ]
    assert unknown == []
