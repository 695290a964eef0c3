"""Adapters: where one is, which base it belongs to, and putting it on a model that fits it."""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..builders.errors import IEPileError
from .prompts import CHAT

if TYPE_CHECKING:
    from peft import PeftModel
    from torch.nn import Module
    from transformers import PreTrainedModel

logger = logging.getLogger(__name__)

# Adapters released with the published corpus name a folder of their makers' machine as base. Name → base, template.
PUBLISHED: Mapping[str, tuple[str, str]] = {
    "zjunlp/llama2-13b-iepile-lora": ("meta-llama/Llama-2-13b-chat-hf", "llama2"),
    "zjunlp/baichuan2-13b-iepile-lora": ("baichuan-inc/Baichuan2-13B-Chat", "baichuan2"),
    "zjunlp/llama3-8b-iepile-lora": ("meta-llama/Meta-Llama-3-8B-Instruct", "alpaca"),
    "zjunlp/qwen1.5-14b-iepile-lora": ("Qwen/Qwen1.5-14B-Chat", "qwen"),
}

LARGE = 50 * 2**20  # bytes

Shapes = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter that was found.

    Attributes:
        name: as it was asked for: a Hub id or a folder.
        folder: where its files lie.
        base: the model it belongs to: a Hub id or a folder.
        revision: of the base, where it is recorded.
        template: the prompt format it was trained with.
    """

    name: str
    folder: Path
    base: str
    revision: str | None = None
    template: str = CHAT


def find_adapter(name: str | Path, base: str | None = None) -> Adapter:
    """Find an adapter, in a folder or on the Hub, and its base.

    Args:
        name: a folder or a Hub id.
        base: the base, for an adapter that does not name it.

    Raises:
        IEPileError: where there is no such adapter, or its base is not known.
    """
    folder = Path(name)
    if not folder.is_dir():
        folder = _download(str(name))
    if not (folder / "adapter_config.json").is_file():
        raise IEPileError(f"{name} is no adapter: it has no adapter_config.json.")
    config, serving = _read(folder / "adapter_config.json"), _read(folder / "iepile.json")
    # A copy of a published adapter in a folder of the same name is known too.
    published = next((known for key, known in PUBLISHED.items() if _same(key, str(name))), None)
    recorded = serving.get("base_model") or config.get("base_model_name_or_path") or ""
    revision = config.get("revision") if base in (None, recorded) else None
    if base is None and published and not serving:
        base, revision = published[0], None
    if base is None and _is_public(recorded):
        base = recorded
    if base is None:
        raise IEPileError(
            f"The adapter {name} names {recorded or 'nothing'!r} as its base, which is neither a folder here nor a "
            "Hub id; name the model that it belongs to (--base, or --model with evaluate and extract)."
        )
    template = serving.get("template") or (published[1] if published else CHAT)
    return Adapter(str(name), folder, base, revision, template)


def load_adapter(model: PreTrainedModel, adapter: Adapter, *, trainable: bool = False) -> PeftModel:
    """Put an adapter on a model.

    Raises:
        IEPileError: where the model is not one that the adapter fits; the message names both.
    """
    from peft import PeftModel

    check_fit(model, adapter)
    name = getattr(model, "name_or_path", "")
    if name and not _same(name, adapter.base):
        logger.warning("%s was trained on %s and is put on %s", adapter.name, adapter.base, name)
    with warnings.catch_warnings():
        # transformers announces there what will change for callers who do as PEFT does.
        warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
        return PeftModel.from_pretrained(model, str(adapter.folder), is_trainable=trainable)


def check_fit(model: PreTrainedModel, adapter: Adapter) -> None:
    """See that the model has the layers that the adapter changes, in the same shapes; errors as `load_adapter`."""
    model_name = getattr(model, "name_or_path", "") or type(model).__name__
    wrong = f"The adapter {adapter.name} belongs to {adapter.base} and does not fit {model_name}"
    layers = dict(model.named_modules())
    shapes = target_shapes(adapter.folder)
    for name, (outputs, inputs) in shapes.items():
        if name not in layers:
            raise IEPileError(f"{wrong}, which has no layer {name}; name its own base.")
        here = _linear_shape(layers[name])
        if here and here != (outputs, inputs):
            raise IEPileError(
                f"{wrong}: {name} is {outputs} × {inputs} in the adapter and {here[0]} × {here[1]} in the model; "
                "name its own base."
            )
    # A deeper base of the same width would take the adapter on its lower layers alone, in silence.
    depth = getattr(model.config.get_text_config(), "num_hidden_layers", 0)
    changed = {int(found[1]) for name in shapes if (found := re.search(r"\.layers\.(\d+)\.", name))}
    if changed and not _read(adapter.folder / "adapter_config.json").get("layers_to_transform"):
        if max(changed) + 1 != depth:
            raise IEPileError(f"{wrong}: it has {max(changed) + 1} layers and the model {depth}; name its own base.")


def target_shapes(folder: Path) -> Shapes:
    """(outputs, inputs) of each layer that an adapter changes, read from its weights."""
    found: dict[str, list[int]] = {}
    for key, shape in _weight_shapes(folder).items():
        layer, _, part = key.removeprefix("base_model.model.").partition(".lora_")
        if part.startswith(("A.", "B.")):
            sides = found.setdefault(layer, [0, 0])
            sides[part.startswith("A.")] = shape[part.startswith("A.")]
    return {layer: (sides[0], sides[1]) for layer, sides in sorted(found.items())}


def store_as_bfloat16(folder: Path) -> None:
    """Halve an adapter's file: what was trained in bfloat16 has no more digits to keep."""
    import torch
    from safetensors.torch import load_file, save_file

    path = folder / "adapter_model.safetensors"
    weights = {key: weight.to(torch.bfloat16) for key, weight in load_file(path).items()}
    save_file(weights, path, metadata={"format": "pt"})


def warn_of_size(folder: Path) -> None:
    """Say so where an adapter is too large to be passed around lightly, and what would make it smaller."""
    size = (folder / "adapter_model.safetensors").stat().st_size
    if size > LARGE:
        logger.warning(
            "The adapter has %d MB, over %d; a lower lora_r or fewer target_modules make it smaller.",
            *(size // 2**20, LARGE // 2**20),
        )


def _weight_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    weights = folder / "adapter_model.safetensors"
    if weights.is_file():
        from safetensors import safe_open

        with safe_open(weights, framework="numpy") as file:
            return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}
    pickled = folder / "adapter_model.bin"  # as the published adapters may be; read without running anything in it
    if not pickled.is_file():
        raise IEPileError(f"{folder} is no whole adapter: it has no adapter_model.safetensors.")
    import torch

    return {key: tuple(tensor.shape) for key, tensor in torch.load(pickled, weights_only=True, mmap=True).items()}


def _linear_shape(layer: Module) -> tuple[int, int] | None:
    """(outputs, inputs) of a linear layer, quantised or not; None for another kind."""
    inputs, outputs = getattr(layer, "in_features", None), getattr(layer, "out_features", None)
    return None if inputs is None or outputs is None else (outputs, inputs)


def _is_public(base: str) -> bool:
    """Whether a base can be looked for: a folder that is here, or the form of a Hub id."""
    return Path(base).is_dir() or bool(re.fullmatch(r"([\w.-]+/)?[\w.-]+", base)) and base not in (".", "..")


def _same(one: str, other: str) -> bool:
    """Whether two names mean one model: a folder's or a mirror's own last part is enough."""
    return Path(one).name.lower() == Path(other).name.lower()


def _download(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=["adapter_*", "iepile.json"]))
    except HFValidationError:
        why = "it is neither a folder nor a Hub id (`owner/name`)"
    except LocalEntryNotFoundError:
        why = "the Hub can't be reached and its cache does not have it"
    except HfHubHTTPError as error:
        why = f"the Hub has none of that name ({error.response.status_code})"
    raise IEPileError(f"The adapter {name!r} could not be had: {why}.")


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except ValueError:
        raise IEPileError(f"{path}: this is not JSON; is the adapter complete?") from None
