"""A process that trains is killed by the system, somewhere; the same command then ends as if nothing had been."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

import yaml
from iepile.training.recipe import load_recipe
from iepile.training.sft import train

from conftest import ROOT
from toy_models import save_toy_base, write_toy_rows

STEPS = 24


def _write_recipe(folder: Path) -> Path:
    recipe: dict[str, Any] = {"base_model": str(save_toy_base(folder / "base")), "configs": ["en_ner", "zh_ner"]}
    recipe |= {"data": str(write_toy_rows(folder / "iepile", 24)), "validation_rows": 4, "cutoff": 400, "lora_r": 4}
    recipe |= {"learning_rate": 0.02, "num_train_epochs": 4, "per_device_train_batch_size": 8, "logging_steps": 1}
    recipe |= {"gradient_accumulation_steps": 1, "eval_steps": 5, "save_steps": 3, "precision": "float32"}
    path = folder / "toy.yaml"
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return path


def _start(recipe: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "iepile", "train", str(recipe), "--set", f"output_dir={out}"]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def test_a_run_that_is_killed_ends_with_the_same_losses_and_the_same_adapter(tmp_path: Path) -> None:
    recipe = _write_recipe(tmp_path)
    whole = train(load_recipe(recipe, [f"output_dir={tmp_path / 'whole'}"]))
    out = tmp_path / "killed"
    last = random.randrange(2, STEPS)  # wherever: also while a checkpoint is written
    process = _start(recipe, out)
    assert process.stderr
    for line in process.stderr:
        if (step := re.search(r"step (\d+) of", line)) and int(step[1]) >= last:
            process.send_signal(signal.SIGKILL)
            break
    assert process.wait() == -signal.SIGKILL
    assert not (out / "training_summary.json").exists()
    again = _start(recipe, out)
    _, told = again.communicate(timeout=300)
    assert again.returncode == 0, told
    first = re.search(r"step (\d+) of", told)
    assert first and (int(first[1]) > 1 or last < 4), f"killed at step {last}, it began anew"
    summaries = [json.loads((folder / "training_summary.json").read_text("utf-8")) for folder in (whole, out)]
    assert summaries[0]["steps"] == STEPS
    for key in ("loss", "steps", "tokens", "data"):
        assert summaries[0][key] == summaries[1][key], f"{key}, killed at step {last}"
    adapters = [(folder / "adapter_model.safetensors").read_bytes() for folder in (whole, out)]
    assert adapters[0] == adapters[1], f"killed at step {last}"
