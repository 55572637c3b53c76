"""The weights of the models."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from rebalplan.inputs.settings import ModelWeight, Settings

Load = Callable[[str], Settings]
Problems = Callable[[str], list[str]]

ALLOWED = "allowed is a weight from 0 to 1, or a percentage such as 40%"
ACCOUNT = "[accounts]\nids = DU1\n"


@pytest.mark.parametrize(
    ("lines", "weights"),
    [
        ("SMURF = 1", ["1"]),
        ("a = 0.5\nb = 0.25\nc = 0.125\nd = 0.125", ["0.5", "0.25", "0.125", "0.125"]),
        ("a = 40%\nb = 60 %", ["0.4", "0.6"]),
        ("a = 0.333\nb = 0.333\nc = 0.333", ["0.333", "0.333", "0.333"]),
        ("a = 0.667\nb = 0.334", ["0.667", "0.334"]),
        ("a = 1\nb = 0", ["1", "0"]),
        ("my model: 1", ["1"]),
    ],
)
def test_any_number_of_models_may_sum_to_one(load: Load, lines: str, weights: list[str]) -> None:
    models = load(f"{ACCOUNT}[models]\n{lines}\n").account_settings[0].models
    assert [str(model.weight) for model in models] == weights


def test_a_model_keeps_its_name_as_written(load: Load) -> None:
    assert load(f"{ACCOUNT}[models]\nSmurf = 1\n").account_settings[0].models == (
        ModelWeight("Smurf", Decimal(1)),
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "a = 0.5\nb = 0.4989",
            "settings.ini:3: the weights of [models] sum to 0.9989; they must sum to 1 (± 0.001)",
        ),
        (
            "a = 0.5\nb = 0.5011",
            "settings.ini:3: the weights of [models] sum to 1.0011; they must sum to 1 (± 0.001)",
        ),
        ("a = 0", "settings.ini:3: the weights of [models] sum to 0; they must sum to 1 (± 0.001)"),
        (
            "a = 1\nb = -0.1",
            "settings.ini:5: weight of b = '-0.1': " + ALLOWED,
        ),
        (
            "a = 40",
            "settings.ini:4: weight of a = '40': " + ALLOWED,
        ),
        (
            "a = much",
            "settings.ini:4: weight of a = 'much': this is no number; " + ALLOWED,
        ),
        ("a = 1\nA = 1", "settings.ini:5: A is given twice, on lines 4 and 5; keep one"),
        (
            "",
            "settings.ini:3: [models] names no model and DU1 has no models of its own; "
            "write lines such as SMURF = 0.5 under [models]",
        ),
    ],
)
def test_wrong_weights_are_refused(problems: Problems, lines: str, expected: str) -> None:
    assert problems(f"{ACCOUNT}[models]\n{lines}\n") == [expected]


def test_a_file_without_models_names_the_accounts_that_have_none(problems: Problems) -> None:
    text = "[accounts]\nids = DU1 DU2 DU3 DU4 DU5\n[account:DU1]\nmodels = a:1\n"
    assert problems(text) == [
        "settings.ini: [models] names no model and DU2, DU3, DU4 … has no models of its own; "
        "write lines such as SMURF = 0.5 under [models]"
    ]


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        (
            "a:0.5",
            "settings.ini:4: the weights of models of [account:DU1] sum to 0.5; they must sum to 1 (± 0.001)",
        ),
        ("", "settings.ini:4: models of [account:DU1] names no model; write models = smurf:0.2, gltr:0.8"),
        ("a:0.5, A:0.5", "settings.ini:4: model A is given twice, on lines 4 and 4; keep one"),
        ("a 1", "settings.ini:4: 'a 1' in models is no model with its weight; write it as smurf:0.2"),
        (":1", "settings.ini:4: ':1' in models is no model with its weight; write it as smurf:0.2"),
        (
            "a:nan",
            "settings.ini:4: weight of a = 'nan': this is no finite number; " + ALLOWED,
        ),
    ],
)
def test_wrong_weights_of_one_account_are_refused(problems: Problems, models: str, expected: str) -> None:
    assert expected in problems(f"{ACCOUNT}[account:DU1]\nmodels = {models}\n[models]\na = 1\n")


def test_weights_of_which_one_is_given_twice_are_not_summed(problems: Problems) -> None:
    assert problems(f"{ACCOUNT}[account:DU1]\nmodels = a:0.5, A:0.5\n[models]\na = 1\n") == [
        "settings.ini:4: model A is given twice, on lines 4 and 4; keep one"
    ]
