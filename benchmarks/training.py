"""Speed and memory of `iepile train` against TRL's SFTTrainer, on the same base, rows and machine, in one run.

    python benchmarks/training.py --data iepile --config en_ner --rows 64 --out benchmarks/results/training.md

Three arms, each in processes of its own, in turn: `iepile`; `trl`, the SFTTrainer with its defaults; `trl-float32`,
the same without what its defaults cost on a CPU (bfloat16, recomputed activations). All see the same rows once, with
the same LoRA, batch size and learning rate. The loss after training is over the same validation rows, by one function.

On processors without instructions for bfloat16 that is very slow: `--against trl --rows 8 --rounds 1` tells enough.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import click

ARMS = ("iepile", "trl", "trl-float32")
FIELDS = ("examples/s", "tokens/s", "tokens a processor second", "peak MB", "loss before", "loss after")


@click.command()
@click.option("--recipe", "name", default="smollm2-135m-cpu", show_default=True)
@click.option("--data", default="iepile", show_default=True, help="A built corpus.")
@click.option("--config", default="en_ner", show_default=True)
@click.option("--rows", default=64, show_default=True, type=click.IntRange(1))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Times that each arm is run.")
@click.option("--against", multiple=True, type=click.Choice(ARMS[1:]), default=ARMS[1:], show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Markdown file for the table; standard output if none.")
@click.option("--arm", type=click.Choice(ARMS), hidden=True, help="Run one arm and print its measurements.")
def main(
    name: str,
    data: str,
    config: str,
    rows: int,
    rounds: int,
    against: tuple[str, ...],
    out: Path | None,
    arm: str | None,
) -> None:
    """Measure all arms and write a table of medians."""
    if arm:
        click.echo(json.dumps(_measure(arm, name, data, config, rows)))
        return
    options = ["--recipe", name, "--data", data, "--config", config, "--rows", str(rows)]
    found: dict[str, list[dict[str, float]]] = {arm: [] for arm in ("iepile", *against)}
    for number in range(1, rounds + 1):
        for arm in found:
            click.echo(f"round {number} of {rounds}: {arm}", err=True)
            done = subprocess.run(
                [sys.executable, __file__, *options, "--arm", arm], stdout=subprocess.PIPE, text=True, check=True
            )
            found[arm].append(json.loads(done.stdout.splitlines()[-1]))
        others = " ".join(f"--against {arm}" for arm in against)
        text = _table(f"{' '.join(options)} --rounds {rounds} {others}", number, found)
        if out:  # after each round, so that a run that is stopped leaves what it measured
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(text, "utf-8")
        elif number == rounds:
            click.echo(text)


def _table(options: str, rounds: int, found: dict[str, list[dict[str, float]]]) -> str:
    lines = [
        "# Training speed",
        "",
        f"    python benchmarks/training.py {options}",
        "",
        f"On {platform.machine()}, {_cores()} cores; medians of {rounds} rounds, smallest and largest in brackets.",
        "Seconds and tokens are of training alone; memory is the most that the process ever held, libraries included.",
        "",
        "| | " + " | ".join(FIELDS) + " |",
        "|---|" + "---:|" * len(FIELDS),
    ]
    for arm, runs in found.items():
        lines.append(f"| {arm} | " + " | ".join(_cell([run[key] for run in runs]) for key in FIELDS) + " |")
    lines += ["", "How many times as fast `iepile` is, round by round:", "", "| | by the clock | by processor time |"]
    lines.append("|---|---:|---:|")
    for arm in list(found)[1:]:
        pairs = list(zip(found["iepile"], found[arm], strict=True))
        ratios = [
            [ours[key] / theirs[key] for ours, theirs in pairs] for key in ("tokens/s", "tokens a processor second")
        ]
        lines.append(f"| than {arm} | " + " | ".join(map(_cell, ratios)) + " |")
    return "\n".join(lines) + "\n"


def _cell(values: list[float]) -> str:
    return f"{median(values):.3g} [{min(values):.3g}, {max(values):.3g}]"


def _measure(arm: str, name: str, data: str, config: str, rows: int) -> dict[str, float]:
    from iepile.training.base_models import load_tokenizer, resolve_base_model
    from iepile.training.data import choose_rows, encode_rows, read_encoded
    from iepile.training.recipe import load_recipe
    from iepile.training.summary import peak_memory

    chosen = [
        f"data={data}",
        f"configs=[{config}]",
        f"max_rows={rows}",
        f"validation_rows={min(32, rows)}",
    ]
    recipe = load_recipe(name, chosen)
    base = resolve_base_model(str(recipe.base_model), recipe.revision)
    tokenizer = load_tokenizer(base)
    with tempfile.TemporaryDirectory() as folder:
        drawn = choose_rows(recipe)
        encode_rows(drawn, tokenizer, Path(folder))
        encoded = read_encoded(Path(folder))
        trainer = _ours(recipe, base, tokenizer, encoded, folder) if arm == "iepile" else None
        trainer = trainer or _theirs(arm, recipe, base, tokenizer, list(drawn.train), folder)
        validation = encoded["validation"][0]
        before = _loss(trainer.model, validation)
        wall, cpu = time.perf_counter(), time.process_time()
        trainer.train()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = peak_memory()
        return {
            "examples/s": len(encoded["train"][0]) / wall,
            "tokens/s": encoded["train"][1].tokens / wall,
            "tokens a processor second": encoded["train"][1].tokens / cpu,
            "peak MB": peak / 2**20,
            "loss before": before,
            "loss after": _loss(trainer.model, validation),
        }


def _ours(recipe: Any, base: Any, tokenizer: Any, encoded: Any, folder: str) -> Any:
    from iepile.training.sft import build_model, build_trainer

    recipe = replace(recipe, save_steps=10**6, num_train_epochs=1.0)
    return build_trainer(recipe, build_model(recipe, base), tokenizer, {"train": encoded["train"]}, Path(folder))


def _theirs(arm: str, recipe: Any, base: Any, tokenizer: Any, rows: list[Any], folder: str) -> Any:
    """TRL's own way: messages in, its chat template, its loss, its defaults."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    messages = [
        {
            "prompt": [{"role": "user", "content": row["instruction"]}],
            "completion": [{"role": "assistant", "content": row["output"]}],
        }
        for row in rows
    ]
    # Its default of bfloat16 is refused on a CPU unless the CPU is asked for.
    plain: dict[str, Any] = {"use_cpu": not torch.accelerator.is_available()}
    plain |= {"bf16": False, "gradient_checkpointing": False} if arm == "trl-float32" else {}
    return SFTTrainer(
        model=base.path,
        args=SFTConfig(
            output_dir=folder,
            num_train_epochs=1,
            per_device_train_batch_size=recipe.per_device_train_batch_size,
            gradient_accumulation_steps=recipe.gradient_accumulation_steps,
            learning_rate=recipe.learning_rate,
            lr_scheduler_type=recipe.lr_scheduler_type,
            warmup_steps=recipe.warmup_steps,
            max_grad_norm=recipe.max_grad_norm,
            seed=recipe.seed,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            **plain,
        ),
        train_dataset=Dataset.from_list(messages),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            task_type="CAUSAL_LM",
            r=recipe.lora_r,
            lora_alpha=recipe.lora_alpha,
            lora_dropout=recipe.lora_dropout,
            target_modules=recipe.target_modules,
        ),
    )


def _loss(model: Any, rows: Any) -> float:
    """The mean loss of the completion tokens, row by row, in float32."""
    import torch

    model.eval()
    total, tokens = 0.0, 0
    with torch.no_grad():
        for row in rows:
            labels = torch.tensor([row["labels"]])
            scored = int((labels[:, 1:] != -100).sum())
            total += float(model(input_ids=torch.tensor([row["input_ids"]]), labels=labels).loss) * scored
            tokens += scored
    model.train()
    return total / tokens


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()
