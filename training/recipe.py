"""A recipe: all that decides a training run, read from a flat YAML file with `key=value` overrides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import yaml

from ..builders.errors import IEPileError
from .prompts import CHAT, get_template

RECIPES = Path(__file__).parent / "recipes"


class RecipeError(IEPileError):
    """A key or value that a recipe cannot have."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a run is decided by. Keys from `learning_rate` on are TRL's and go to its `SFTConfig` as they are.

    Attributes:
        name: of the recipe: its file's.
        base_model: a Hub id or a local folder; that of `adapter` if null.
        revision: the branch, tag or commit of the base on the Hub.
        trust_remote_code: run the code that comes with the base.
        adapter: train this one on, a folder or a Hub id; its rank, scale, layers and template are kept.
        load_in_4bit: hold the base in 4 bits while training (QLoRA; needs bitsandbytes).
        template: the prompt format, `chat` for the base's own (see `prompts.py`).
        data: a built corpus, or its id on the Hub.
        configs: the configs trained on, one after the other or a mix such as `all`.
        config_weights: the share of each of `configs` in the mix; by their rows if empty.
        sources: keep only rows of these; all if empty.
        source_weights: `NAME=WEIGHT`, times which a source's share within its config is taken.
        temperature: above 1 the shares of small sources grow (see `mixing.py`).
        max_rows_per_source: take so many rows of a source in a config at most; 0 for all.
        max_rows: take so many rows at most, drawn by the seed; 0 for all.
        validation_rows: measure the validation loss on so many rows at most.
        cutoff: prompt and completion together, in tokens; what is longer is counted, and never cut.
        over_cutoff: `set aside`, or `split` to train on the text of such a row in parts (see `splitting.py`).
        lora_r, lora_alpha, lora_dropout: LoRA's rank, scale and dropout.
        target_modules: the layers that get an adapter: names, `all-linear`, or a regular expression.
        precision: `float32`, `bfloat16`, or `auto` for bfloat16 on a GPU and float32 elsewhere.
        attn_implementation: transformers' name of the attention to use, such as `sdpa` or `flash_attention_2`; its own
            choice if null.
        packing: lay the rows of a batch end to end in place of padding them (see `packing.py`).
        early_stopping_patience: stop after so many measurements in a row that were no better than the best, and keep
            the adapter of the best; 0 to train to the end.
        early_stopping_metric: which measure that is: the validation `loss`, or `f1` of answers to validation rows.
        f1_rows: how many rows are answered for it at most.
        output_dir: where the adapter goes; `runs/<name>` if empty.
        eval_steps, save_steps: how often, in optimizer steps, to measure the validation loss and to write a
            checkpoint to resume from; below 1 a share of the run.
        report_to: where the curves go beside the summary: `none`, `tensorboard`, `trackio`, or what else transformers
            knows.
    """

    name: str = ""
    base_model: str | None = None
    adapter: str | None = None
    revision: str | None = None
    trust_remote_code: bool = False
    load_in_4bit: bool = False
    template: str = CHAT
    data: str = "iepile"
    configs: tuple[str, ...] = ("all",)
    config_weights: tuple[float, ...] = ()
    sources: tuple[str, ...] = ()
    source_weights: tuple[str, ...] = ()
    temperature: float = 1.0
    max_rows_per_source: int = 0
    max_rows: int = 0
    validation_rows: int = 100
    cutoff: int = 700
    over_cutoff: str = "set aside"
    lora_r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    target_modules: tuple[str, ...] | str = "all-linear"
    precision: str = "auto"
    attn_implementation: str | None = None
    packing: bool = False
    early_stopping_patience: int = 0
    early_stopping_metric: str = "loss"
    f1_rows: int = 32
    output_dir: str = ""

    learning_rate: float = 5e-5
    num_train_epochs: float = 1.0
    max_steps: int = -1
    per_device_train_batch_size: int = 2
    gradient_accumulation_steps: int = 4
    lr_scheduler_type: str = "cosine"
    warmup_steps: float = 0.0
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    optim: str = "adamw_torch"
    gradient_checkpointing: bool = False
    logging_steps: float = 10
    eval_steps: float = 0.1
    save_steps: float = 0.1
    report_to: str = "none"
    seed: int = 42

    def __post_init__(self) -> None:
        if not (self.base_model or self.adapter):
            raise RecipeError(f"The recipe {self.name} names no base_model (a Hub id or a folder) and no adapter.")
        if self.template != CHAT:
            get_template(self.template)
        if self.precision not in ("auto", "float32", "bfloat16"):
            raise RecipeError(f"precision is {self.precision!r}; it must be auto, float32 or bfloat16.")
        if self.over_cutoff not in ("set aside", "split"):
            raise RecipeError(f"over_cutoff is {self.over_cutoff!r}; it must be `set aside` or `split`.")
        if not self.configs:
            raise RecipeError("configs is empty; name at least one, such as en_ner.")
        if self.config_weights and len(self.config_weights) != len(self.configs):
            counts = f"There are {len(self.config_weights)} config_weights for {len(self.configs)} configs"
            raise RecipeError(f"{counts}; give one for each.")
        if self.config_weights and set(self.configs) & {"all", "en", "zh"}:
            raise RecipeError("config_weights weighs single configs, such as en_ner; name those in configs.")
        if self.temperature != 1 and not self.max_rows:
            raise RecipeError("temperature decides what to take if not all is taken; set max_rows, or temperature=1.")
        if self.early_stopping_metric not in ("loss", "f1"):
            raise RecipeError(f"early_stopping_metric is {self.early_stopping_metric!r}; it must be loss or f1.")
        if (self.early_stopping_patience or self.early_stopping_metric == "f1") and not self.validation_rows:
            raise RecipeError("Early stopping needs rows to measure on; set validation_rows.")
        self._source_weights()
        at_least = {"cutoff": 1, "lora_r": 1, "lora_alpha": 1, "max_rows": 0, "validation_rows": 0}
        at_least |= {"max_rows_per_source": 0, "temperature": 1, "early_stopping_patience": 0, "f1_rows": 1}
        at_least |= {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 1, "seed": 0}
        for key, least in at_least.items():
            if getattr(self, key) < least:
                raise RecipeError(f"{key} is {getattr(self, key)}; it must be {least} or more.")
        for key in ("learning_rate", "logging_steps", "eval_steps", "save_steps"):
            if getattr(self, key) <= 0:
                raise RecipeError(f"{key} is {getattr(self, key)}; it must be more than 0.")

    @property
    def folder(self) -> Path:
        """Where the adapter goes."""
        return Path(self.output_dir or f"runs/{self.name or 'adapter'}")

    @property
    def bfloat16(self) -> bool:
        """Whether to train in bfloat16: four times slower than float32 on a CPU, and the other way on a GPU."""
        if self.precision == "auto":
            import torch

            return torch.cuda.is_available()
        return self.precision == "bfloat16"

    def mixing(self) -> dict[str, Any]:
        """The options of `mixing.mix`, the number of rows aside."""
        weights = dict(zip(self.configs, self.config_weights, strict=True)) if self.config_weights else None
        return {
            "config_weights": weights,
            "source_weights": self._source_weights(),
            "temperature": self.temperature,
            "max_rows_per_source": self.max_rows_per_source,
        }

    def _source_weights(self) -> dict[str, float]:
        weights = {}
        for item in self.source_weights:
            name, _, weight = item.rpartition("=")
            try:
                weights[name] = float(weight)
            except ValueError:
                raise RecipeError(f"source_weights has {item!r}; write it as NAME=WEIGHT.") from None
        return weights


# From here on the fields are named and meant as in TRL's `SFTConfig`.
_FIELDS = [field.name for field in fields(Recipe)]
SFT_KEYS = tuple(_FIELDS[_FIELDS.index("learning_rate") :])


def load_recipe(recipe: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        recipe: a YAML file, or the name of one that comes with the package.
        overrides: `key=value`, the value written as in YAML; with other `configs` the file's `config_weights` are
            left out.

    Raises:
        RecipeError: for a recipe that is not there, a key that does not exist, or a value of another type.
    """
    path = _find(recipe)
    try:
        values = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise RecipeError(f"{path}{line}: this is not YAML ({getattr(error, 'problem', error)}).") from None
    if not isinstance(values, Mapping):
        raise RecipeError(f"{path}: a recipe is a list of `key: value` lines.")
    known: dict[str, Any] = {"name": path.stem}
    for key, value in values.items():
        known[key] = _typed(str(key), value, str(path))
    set_here: dict[str, Any] = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise RecipeError(f"--set {override}: write it as key=value.")
        try:
            value = yaml.safe_load(text) if text else ""
        except yaml.YAMLError:
            value = text
        set_here[key] = _typed(key, value, f"--set {override}")
    if "configs" in set_here:
        known.pop("config_weights", None)  # they were for the configs of the file
    return Recipe(**known | set_here)


def recipe_names() -> list[str]:
    """The recipes that come with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.yaml"))


def _find(recipe: str | Path) -> Path:
    path = Path(recipe)
    if path.is_file():
        return path
    packaged = RECIPES / f"{path.name.removesuffix('.yaml')}.yaml"
    # A path with folders is meant as a path: a packaged recipe must not stand in for a file that is missing.
    if packaged.is_file() and path.name == str(path):
        return packaged
    near = get_close_matches(packaged.stem, recipe_names(), n=1)
    hint = f"did you mean {near[0]}?" if near else f"the recipes here are {', '.join(recipe_names())}."
    raise RecipeError(f"There is no recipe {recipe}; {hint}")


def _typed(key: str, value: Any, where: str) -> Any:
    """The value in the type of its field."""
    hints = get_type_hints(Recipe)
    if key not in hints:
        near = get_close_matches(key, hints, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(hints)}."
        raise RecipeError(f"{where}: there is no key {key!r}; {hint}")
    options = get_args(hints[key]) if isinstance(hints[key], UnionType) else (hints[key],)
    for option in options:
        converted = _convert(value, option)
        if converted is not _UNFIT:
            return converted
    wanted = " or ".join(_NAMES[option] for option in options)
    raise RecipeError(f"{where}: {key} is {value!r}; it must be {wanted}.")


_UNFIT = object()
_NAMES = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[str, ...]: "a list of strings, written [a, b]",
    tuple[float, ...]: "a list of numbers, written [1, 2]",
    NoneType: "null",
}


def _convert(value: Any, kind: Any) -> Any:
    if get_origin(kind) is tuple:
        items = [_convert(item, get_args(kind)[0]) for item in value] if isinstance(value, list) else [_UNFIT]
        return _UNFIT if _UNFIT in items else tuple(items)
    if kind is float and isinstance(value, str):
        # YAML 1.1 reads 5e-5, which has no point, as a string.
        try:
            return float(value)
        except ValueError:
            return _UNFIT
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, bool) and kind is not bool:
        return _UNFIT
    return value if isinstance(value, kind) else _UNFIT
