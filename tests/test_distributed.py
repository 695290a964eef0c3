"""Several processes through `accelerate launch`: two on the CPU, which talk by gloo, do what one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

from conftest import ROOT
from toy_models import save_toy_base, write_toy_rows


def _train(base: Path, corpus: Path, out: Path, processes: int) -> Any:
    settings = {"configs": "[en_ner, zh_ner]", "max_steps": 4, "validation_rows": 4, "precision": "float32"}
    settings |= {"per_device_train_batch_size": 8 // processes, "lora_dropout": 0.0, "logging_steps": 1}
    settings |= {"eval_steps": 2, "save_steps": 2, "base_model": base, "data": corpus, "output_dir": out}
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--num_machines", "1"]
    # accelerate has no flag for several processes on CPUs; where no GPU is seen this one gives them.
    launcher += ["--multi_gpu"] if processes > 1 else ["--cpu"]
    launcher += ["--num_processes", str(processes), "--mixed_precision", "no", "--dynamo_backend", "no"]
    launcher += ["--main_process_port", "0", "-m", "iepile", "train", "smollm2-135m-cpu"]
    overrides = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    done = subprocess.run(
        [*launcher, *overrides],
        cwd=ROOT,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((out / "training_summary.json").read_text("utf-8"))


@pytest.mark.parametrize("name", ["fsdp2.yaml", "zero3.yaml"])
def test_the_configurations_that_are_told_of_are_there_and_accelerate_reads_them(name: str) -> None:
    import trl
    from accelerate.commands.config.config_args import load_config_from_file

    assert name in (ROOT / "training" / "README.md").read_text("utf-8")
    config = load_config_from_file(str(Path(trl.__path__[0]) / "accelerate_configs" / name))
    assert config.distributed_type.value in ("FSDP", "DEEPSPEED")


@pytest.mark.slow
def test_two_processes_give_the_losses_and_the_adapter_of_one(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    base, corpus = save_toy_base(tmp_path / "base"), write_toy_rows(tmp_path / "iepile", 24)
    one, two = (_train(base, corpus, tmp_path / f"run{n}", n) for n in (1, 2))
    assert (one["processes"], two["processes"]) == (1, 2)
    assert one["tokens"] == two["tokens"] and one["data"] == two["data"]
    for split in ("train", "validation"):
        losses = [[entry["loss"] for entry in summary["loss"][split]] for summary in (one, two)]
        assert losses[1] == pytest.approx(losses[0], rel=1e-3)
    weights = [load_file(tmp_path / f"run{n}" / "adapter_model.safetensors") for n in (1, 2)]
    for key, weight in weights[0].items():
        assert (weight - weights[1][key]).abs().max() < 1e-3, key
    assert not (tmp_path / "run2" / ".run").exists()
