"""Every recipe of the package, on a tiny random model of its own base's architecture: train, save, load, generate.

The stand-in tokenizers have the special tokens of the real ones, and chat templates of our own with the same marks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

import torch
from iepile.builders.errors import IEPileError
from iepile.training.adapters import find_adapter, load_adapter
from iepile.training.base_models import load_model, load_tokenizer, resolve_base_model
from iepile.training.prompts import encode_prompt, stop_id
from iepile.training.recipe import load_recipe, recipe_names
from iepile.training.sft import train

from test_prompts import GEMMA, LLAMA3, QWEN3
from toy_models import CHATML, save_toy_base, toy_tokenizer, write_toy_rows

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "head_dim": 8}
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2}
LLAMA2_TOKENS = ("<s>", "</s>", "<unk>")
LLAMA3_TOKENS = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
QWEN_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
GEMMA_TOKENS = ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<image_soft_token>")


def _llama(tied: bool = False, **more: Any) -> Callable[[int], Any]:
    def make(vocab_size: int) -> Any:
        from transformers import LlamaConfig

        return LlamaConfig(vocab_size=vocab_size, **SIZES, **HEADS, tie_word_embeddings=tied, **more)

    return make


def _llama32(vocab_size: int) -> Any:
    rope = {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    rope |= {"original_max_position_embeddings": 128, "rope_theta": 500000.0}
    return _llama(tied=True, rope_parameters=rope)(vocab_size)


def _qwen2(vocab_size: int) -> Any:
    from transformers import Qwen2Config

    sizes = {key: value for key, value in SIZES.items() if key != "head_dim"}
    return Qwen2Config(vocab_size=vocab_size, **sizes, **HEADS)


def _qwen3(vocab_size: int) -> Any:
    from transformers import Qwen3Config

    return Qwen3Config(vocab_size=vocab_size, **SIZES, **HEADS)


def _gemma3(vocab_size: int) -> Any:
    from transformers import Gemma3Config

    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    return Gemma3Config(
        text_config={"vocab_size": vocab_size, **SIZES, **HEADS, "sliding_window": 64},
        vision_config={**vision, "image_size": 28, "patch_size": 14},
        mm_tokens_per_image=4,
        image_token_index=GEMMA_TOKENS.index("<image_soft_token>"),
    )


# Recipe → special tokens, bos, eos, chat template, configuration. Baichuan2's code is not in transformers.
BASES: dict[str, tuple[tuple[str, ...], str | None, str, str | None, Callable[[int], Any]]] = {
    "demo": (QWEN_TOKENS, "<|im_start|>", "<|im_end|>", CHATML, _llama(tied=True)),
    "smollm2-135m-cpu": (QWEN_TOKENS, "<|im_start|>", "<|im_end|>", CHATML, _llama(tied=True)),
    "llama2-13b-chat": (LLAMA2_TOKENS, "<s>", "</s>", None, _llama()),
    "llama3-8b-instruct": (LLAMA3_TOKENS, "<|begin_of_text|>", "<|eot_id|>", LLAMA3, _llama()),
    "llama3.2-3b-instruct": (LLAMA3_TOKENS, "<|begin_of_text|>", "<|eot_id|>", LLAMA3, _llama32),
    "qwen1.5-14b-chat": (QWEN_TOKENS, None, "<|im_end|>", CHATML, _qwen2),
    "qwen3-8b": (QWEN_TOKENS, None, "<|im_end|>", QWEN3, _qwen3),
    "qwen3-4b": (QWEN_TOKENS, None, "<|im_end|>", QWEN3, _qwen3),
    "qwen3-0.6b": (QWEN_TOKENS, None, "<|im_end|>", QWEN3, _qwen3),
    "qlora": (QWEN_TOKENS, None, "<|im_end|>", QWEN3, _qwen3),
    "gemma3-4b": (GEMMA_TOKENS, "<bos>", "<eos>", GEMMA, _gemma3),
}
SMALL = ("configs=[en_ner, zh_ner]", "max_steps=2", "validation_rows=2", "per_device_train_batch_size=2")
SMALL += ("gradient_accumulation_steps=1", "eval_steps=1", "save_steps=1", "cutoff=900", "precision=float32")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_rows(tmp_path_factory.mktemp("corpus") / "iepile", 10)


def _save_base(recipe: str, folder: Path) -> Path:
    from transformers import AutoModelForCausalLM

    special, bos, eos, chat_template, configure = BASES[recipe]
    tokenizer = toy_tokenizer(special, bos=bos, eos=eos, chat_template=chat_template)
    config = configure(len(tokenizer))
    for part in {id(c): c for c in (config, config.get_text_config())}.values():
        part.bos_token_id, part.eos_token_id = tokenizer.bos_token_id, tokenizer.eos_token_id
        part.pad_token_id = tokenizer.pad_token_id
    with torch.random.fork_rng():
        torch.manual_seed(0)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _trained(recipe: str, base: Path, corpus: Path, out: Path, *more: str) -> Path:
    changes = [f"base_model={base}", f"data={corpus}", f"output_dir={out}", *SMALL, *more]
    return train(load_recipe(recipe, changes))


@pytest.mark.parametrize("name", BASES)
def test_a_recipe_trains_saves_loads_and_generates(name: str, corpus: Path, tmp_path: Path) -> None:
    if name == "qlora":
        pytest.importorskip("bitsandbytes")
    folder = _trained(name, _save_base(name, tmp_path / "base"), corpus, tmp_path / "adapter")
    recipe = load_recipe(name)
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (
        recipe.lora_r,
        recipe.lora_alpha,
        recipe.lora_dropout,
    )
    adapter = find_adapter(folder)
    assert adapter.template == recipe.template
    base = resolve_base_model(adapter.base)
    tokenizer = load_tokenizer(base)
    model = load_adapter(load_model(base), adapter).eval()
    changed = {layer.rpartition(".")[2] for layer in json.loads((folder / "iepile.json").read_text())["target_shapes"]}
    expected = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert changed == (set(recipe.target_modules) if isinstance(recipe.target_modules, tuple) else expected)
    assert not any("vision" in layer for layer in json.loads((folder / "iepile.json").read_text())["target_shapes"])
    prompt = torch.tensor([encode_prompt(tokenizer, '{"instruction": "请抽取。"}', adapter.template)])
    ids = model.generate(
        input_ids=prompt, max_new_tokens=4, do_sample=False, eos_token_id=stop_id(tokenizer, adapter.template)
    )
    assert ids.shape[1] > prompt.shape[1]


def test_every_recipe_has_its_architecture_here() -> None:
    assert set(recipe_names()) == {*BASES, "baichuan2-13b-chat", "continue"}


def test_continue_trains_an_adapter_on_and_keeps_what_it_is(corpus: Path, tmp_path: Path) -> None:
    base = save_toy_base(tmp_path / "base")
    first = _trained("smollm2-135m-cpu", base, corpus, tmp_path / "first", "lora_r=3", "lora_alpha=5", "template=qwen")
    changes = [f"adapter={first}", f"data={corpus}", f"output_dir={tmp_path / 'second'}", *SMALL]
    second = train(load_recipe("continue", changes))
    configs = [json.loads((folder / "adapter_config.json").read_text("utf-8")) for folder in (first, second)]
    for key in ("r", "lora_alpha", "target_modules", "base_model_name_or_path"):
        assert configs[0][key] == configs[1][key]
    assert find_adapter(second).template == "qwen"
    starts = [json.loads((f / "training_summary.json").read_text())["loss"]["validation"] for f in (first, second)]
    assert starts[1][0]["loss"] == pytest.approx(starts[0][-1]["loss"], rel=1e-4)


def test_baichuan2_asks_its_user_to_trust_its_code(tmp_path: Path) -> None:
    recipe = load_recipe("baichuan2-13b-chat")
    assert recipe.template == "baichuan2" and recipe.trust_remote_code is False
    tokenizer = toy_tokenizer(("<s>", "</s>", "<reserved_106>", "<reserved_107>"), bos="<s>", eos="</s>")
    ids = encode_prompt(tokenizer, "小林", recipe.template)
    assert tokenizer.decode(ids) == "<reserved_106>小林<reserved_107>" and tokenizer.bos_token_id not in ids
    folder = tmp_path / "base"
    tokenizer.save_pretrained(folder)
    code = {"AutoConfig": "configuration_toy.ToyConfig", "AutoModelForCausalLM": "modeling_toy.Toy"}
    (folder / "config.json").write_text(json.dumps({"model_type": "baichuan", "auto_map": code}), "utf-8")
    with pytest.raises(IEPileError, match="comes with code of its own; .*trust_remote_code"):
        load_model(resolve_base_model(str(folder)))
