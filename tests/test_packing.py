"""Packing: the losses of padded rows without the padding, and no model that would mix rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

import torch
from iepile.builders.errors import IEPileError
from iepile.training.packing import keeps_apart
from iepile.training.recipe import Recipe
from iepile.training.sft import train
from transformers import AutoModelForCausalLM, BloomConfig, LlamaConfig, Qwen3Config

from toy_models import save_toy_base, write_toy_rows


def _train(folder: Path, base: Path, **changes: Any) -> Any:
    recipe = Recipe(
        name="toy",
        base_model=str(base),
        data=str(folder / "iepile"),
        configs=("en_ner", "zh_ner"),
        validation_rows=4,
        lora_r=4,
        lora_dropout=0.0,
        learning_rate=1e-2,
        max_steps=6,
        per_device_train_batch_size=4,
        gradient_accumulation_steps=1,
        logging_steps=1,
        eval_steps=3,
        **changes,
    )
    return json.loads((train(recipe) / "training_summary.json").read_text("utf-8"))


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_rows_have_the_losses_of_padded_ones(tmp_path: Path, attention: str) -> None:
    base = save_toy_base(tmp_path / "base")
    write_toy_rows(tmp_path / "iepile", 24)
    padded = _train(tmp_path, base, output_dir=str(tmp_path / "padded"))
    packed = _train(tmp_path, base, output_dir=str(tmp_path / "packed"), packing=True, attn_implementation=attention)
    for split in ("train", "validation"):
        losses = [[point["loss"] for point in summary["loss"][split]] for summary in (padded, packed)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-4), split
    assert padded["tokens"] == packed["tokens"]


SIZES: dict[str, Any] = {"vocab_size": 99, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
HEADS: dict[str, Any] = {"num_attention_heads": 4, "num_key_value_heads": 2}


@pytest.mark.parametrize("config", [LlamaConfig(**SIZES, **HEADS), Qwen3Config(**SIZES, **HEADS, head_dim=8)])
def test_models_that_look_at_positions_keep_rows_apart(config: Any) -> None:
    assert keeps_apart(AutoModelForCausalLM.from_config(config))


def test_a_model_that_reads_across_rows_is_refused(tmp_path: Path) -> None:
    from toy_models import toy_tokenizer

    tokenizer = toy_tokenizer()
    # Its attention goes by distance and knows no positions that start anew.
    config = BloomConfig(vocab_size=len(tokenizer), hidden_size=32, n_layer=2, n_head=4)
    config.pad_token_id = tokenizer.pad_token_id
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    assert not keeps_apart(model)
    model.save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    write_toy_rows(tmp_path / "iepile", 8)
    with pytest.raises(IEPileError, match="does not keep packed rows apart; set packing: false"):
        _train(tmp_path, tmp_path / "base", output_dir=str(tmp_path / "run"), packing=True)
