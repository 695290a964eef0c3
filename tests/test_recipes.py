"""Recipes: their keys, their types, and what is said of a wrong one."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from iepile.builders.errors import IEPileError
from iepile.training.recipe import SFT_KEYS, Recipe, load_recipe, recipe_names


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_of_the_package_load_by_name_and_by_path(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe == load_recipe(Path(__file__).parent.parent / "training" / "recipes" / f"{name}.yaml")
    assert recipe.folder == Path("runs") / name


def test_keys_named_after_the_libraries_are_theirs() -> None:
    peft, trl = pytest.importorskip("peft"), pytest.importorskip("trl")
    assert set(SFT_KEYS) <= {field.name for field in fields(trl.SFTConfig)}
    lora = {field.name for field in fields(peft.LoraConfig)}
    assert {"r", "lora_alpha", "lora_dropout", "target_modules"} <= lora


def test_overrides_are_read_as_yaml_and_typed(tmp_path: Path) -> None:
    path = _write(tmp_path, "base_model: owner/base\nlearning_rate: 5e-5\n")
    recipe = load_recipe(path, ["max_steps=7", "configs=[en_ner, zh_re]", "learning_rate=1e-3", "revision=null"])
    assert recipe == Recipe(
        name="mine", base_model="owner/base", max_steps=7, configs=("en_ner", "zh_re"), learning_rate=1e-3
    )
    assert load_recipe(path).learning_rate == 5e-5
    assert load_recipe(path, ["num_train_epochs=2"]).num_train_epochs == 2.0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("learning_rat: 1", "there is no key 'learning_rat'; did you mean 'learning_rate'"),
        ("zzz: 1", "there is no key 'zzz'; the keys are name, base_model"),
        ("max_rows: many", "max_rows is 'many'; it must be a whole number"),
        ("max_rows: true", "max_rows is True; it must be a whole number"),
        ("max_rows: 1.5", "max_rows is 1.5; it must be a whole number"),
        ("learning_rate: fast", "learning_rate is 'fast'; it must be a number"),
        ("configs: en_ner", "configs is 'en_ner'; it must be a list of strings"),
        ("revision: 3", "revision is 3; it must be a string or null"),
        ("trust_remote_code: 1", "trust_remote_code is 1; it must be true or false"),
        ("max_rows: -1", "max_rows is -1; it must be 0 or more"),
        ("learning_rate: 0", "learning_rate is 0.0; it must be more than 0"),
        ("template: alpacca", "did you mean 'alpaca'"),
        ("precision: int8", "it must be auto, float32 or bfloat16"),
        ("over_cutoff: cut", "it must be `set aside` or `split`"),
        ("configs: []", "configs is empty"),
        ("early_stopping_patience: 2\nvalidation_rows: 0", "Early stopping needs rows to measure on"),
        ("early_stopping_metric: f1\nvalidation_rows: 0", "Early stopping needs rows to measure on"),
        ("early_stopping_metric: F1", "early_stopping_metric is 'F1'; it must be loss or f1"),
        ("f1_rows: 0", "f1_rows is 0; it must be 1 or more"),
        ("packing: 1", "packing is 1; it must be true or false"),
        ("config_weights: [1]\nconfigs: [en_ner, en_re]", "There are 1 config_weights for 2 configs"),
        ("config_weights: [1]", "weighs single configs"),
        ("temperature: 2", "set max_rows, or temperature=1"),
        ("source_weights: [KBP37]", "write it as NAME=WEIGHT"),
        ("configs: [a", "mine.yaml:.*not YAML"),
    ],
)
def test_a_wrong_line_is_one_sentence(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(IEPileError, match=message):
        load_recipe(_write(tmp_path, f"base_model: owner/base\n{line}\n"))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("lora_rr=8", "--set lora_rr=8: there is no key 'lora_rr'; did you mean 'lora_r'"),
        ("lora_r=eight", "--set lora_r=eight: lora_r is 'eight'"),
        ("lora_r", "write it as key=value"),
    ],
)
def test_a_wrong_override_names_the_option(tmp_path: Path, override: str, message: str) -> None:
    with pytest.raises(IEPileError, match=message):
        load_recipe(_write(tmp_path, "base_model: owner/base\n"), [override])


def test_weights_of_configs_leave_with_their_configs(tmp_path: Path) -> None:
    path = _write(tmp_path, "base_model: owner/base\nconfigs: [en_ner, en_re]\nconfig_weights: [1, 2]\n")
    assert load_recipe(path).config_weights == (1, 2)
    assert load_recipe(path, ["configs=[en_ner]"]).config_weights == ()
    assert load_recipe(path, ["config_weights=[3, 4]", "configs=[en_ner, zh_ner]"]).config_weights == (3, 4)


@pytest.mark.parametrize("text", ["- a\n- b\n", "", "just words"])
def test_a_file_that_is_no_recipe_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(IEPileError, match="a recipe is a list of `key: value` lines"):
        load_recipe(_write(tmp_path, text))


def test_a_recipe_without_a_base_says_so(tmp_path: Path) -> None:
    with pytest.raises(IEPileError, match="names no base_model"):
        load_recipe(_write(tmp_path, "seed: 1\n"))


def test_a_missing_recipe_names_the_near_one() -> None:
    with pytest.raises(IEPileError, match="did you mean smollm2-135m-cpu"):
        load_recipe("smollm2-135m-cp")
    with pytest.raises(IEPileError, match="There is no recipe here/smollm2-135m-cpu"):
        load_recipe("here/smollm2-135m-cpu")
