"""What a run reports of itself: the summary, the loss plot, and what serving must know."""

from __future__ import annotations

import platform
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .base_models import BaseModel
from .data import Encoded
from .recipe import Recipe

if TYPE_CHECKING:
    from .trainer import CompletionTrainer

_PACKAGES = "iepile torch transformers trl peft accelerate datasets tokenizers safetensors bitsandbytes".split()


def summarise(
    recipe: Recipe, base: BaseModel, trainer: CompletionTrainer, encoded: Mapping[str, Encoded], seconds: float
) -> dict[str, Any]:
    """The content of `training_summary.json`; times in seconds, memory in bytes."""
    import torch

    history = trainer.state.log_history
    parameters = [(p.numel(), p.requires_grad) for p in trainer.model.parameters()]
    on_gpu = torch.cuda.is_available()
    return {
        "recipe": asdict(recipe),
        "base_model": {"name": base.name, "revision": base.revision, "origin": base.origin},
        "data": {split: asdict(part) for split, part in encoded.items()},
        "steps": trainer.state.global_step,
        "epochs": trainer.state.epoch,
        "tokens": int(trainer.state.num_input_tokens_seen),
        "loss": {
            "train": _curve(history, "loss"),
            "validation": _curve(history, "eval_loss"),
        },
        **({"f1": f1} if (f1 := _curve(history, "eval_f1")) else {}),
        "best_validation_loss": min((point["loss"] for point in _curve(history, "eval_loss")), default=None),
        "parameters": {
            "all": sum(number for number, _ in parameters),
            "trained": sum(number for number, trained in parameters if trained),
        },
        "seconds": round(seconds, 1),
        "peak_memory": torch.cuda.max_memory_allocated() if on_gpu else peak_memory(),
        "device": torch.cuda.get_device_name() if on_gpu else f"CPU, {torch.get_num_threads()} threads",
        "processes": trainer.args.world_size,
        "seed": recipe.seed,
        "versions": {"python": platform.python_version(), **_versions()},
    }


def peak_memory() -> int:
    """The most memory that this process ever held, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # Linux counts kibibytes


def serving_settings(recipe: Recipe, base: BaseModel, shapes: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The content of `iepile.json`, by which an adapter is served as it was trained."""
    return {
        "base_model": base.name,
        "revision": base.revision,
        "template": recipe.template,
        "cutoff": recipe.cutoff,
        "target_shapes": shapes,
    }


def write_loss_plot(history: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Training and validation loss over the optimizer steps, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for key, label in (("loss", "training"), ("eval_loss", "validation")):
        points = _curve(history, key)
        axes.plot([p["step"] for p in points], [p["loss"] for p in points], marker="." if len(points) < 40 else "")
        axes.lines[-1].set_label(label)
    axes.set(xlabel="step", ylabel="loss per completion token")
    axes.set_ylim(bottom=0)
    axes.legend()
    figure.savefig(path, dpi=120)


def _curve(history: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    name = key.removeprefix("eval_")
    return [{"step": entry["step"], name: entry[key]} for entry in history if key in entry]


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
