"""A tokenizer and a random model, small enough to be made on the spot, for what needs a base but not a good one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SENTENCES = (
    "Ada Marlow moved to Tilbury in 1907 and founded the Harbour Press.",
    '{"instruction": "Please extract entities.", "schema": ["person", "location"], "input": "Ada met Bo in Lund."}',
    '{"person": ["Ada", "Bo"], "location": ["Lund"], "organization": []}',
    '{"place of birth": [{"subject": "Bo", "object": "Lund"}]}',
    '{"instruction": "请从input中抽取实体。", "schema": ["人物", "地点"], "input": "小林住在青石镇。"}',
    '{"人物": ["小林"], "地点": ["青石镇"]}',
)
CHATML = (
    "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}<|im_start|>system\nYou extract.<|im_end|>\n"
    "{% endif %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def toy_tokenizer(
    special: tuple[str, ...] = SPECIAL,
    *,
    bos: str | None = "<|im_start|>",
    eos: str = "<|im_end|>",
    chat_template: str | None = CHATML,
) -> PreTrainedTokenizerBase:
    """A byte-level BPE over `SENTENCES`: every string can be written in it, Chinese included."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=bos, eos_token=eos, pad_token=eos)
    # Without this only the named roles (bos, eos, pad) count as special.
    wrapped.add_special_tokens({"additional_special_tokens": [t for t in special if t not in (bos, eos)]})
    wrapped.chat_template = chat_template
    return wrapped


def toy_model(tokenizer: PreTrainedTokenizerBase, *, seed: int = 0) -> PreTrainedModel:
    """A Llama of two narrow layers with random weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config).eval()
        # Of a random head the logits are all but flat: too flat for an adapter that leaves the head alone to learn by.
        model.lm_head.weight.data *= 10
        model.model.embed_tokens.weight.data *= 10
        return model


def write_toy_rows(folder: Path, rows: int = 40, *, configs: tuple[str, ...] = ("en_ner", "zh_ner")) -> Path:
    """A built corpus whose answers can be learned from its texts: two names, two places, English and Chinese."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    front = ["configs:"]
    for config in configs:
        language, _, task = config.partition("_")
        front.append(f"- config_name: {config}\n  data_files:")
        for split, number in (("train", rows), ("validation", rows // 5)):
            path = folder / config / f"{split}-00000-of-00001.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            made = [_row(language, task.upper(), split, n) for n in range(number)]
            pq.write_table(pa.Table.from_pylist(made), path)
            front.append(f"  - split: {split}\n    path: {config}/{split}-*.parquet")
    (folder / "README.md").write_text("---\n" + "\n".join(front) + "\n---\n", encoding="utf-8")
    return folder


def _row(language: str, task: str, split: str, number: int) -> dict[str, str | int]:
    names = (("Ada", "Bo"), ("Lund", "Tilbury")) if language == "en" else (("小林", "小山"), ("青石镇", "白水村"))
    person, place = names[0][number % 2], names[1][number // 2 % 2]
    labels = ("person", "location") if language == "en" else ("人物", "地点")
    text = (
        f"{person} left {place} in {1900 + number}."
        if language == "en"
        else f"{person}在{1900 + number}年离开{place}。"
    )
    source = f"Toy{language.upper()}{'B' if number % 4 == 3 else 'A'}"
    return {
        "id": f"{source}/{split}/{number}",
        "batch": 0,
        "task": task,
        "source": source,
        "language": language,
        "instruction": json.dumps({"instruction": "Extract.", "schema": labels, "input": text}, ensure_ascii=False),
        "output": json.dumps({labels[0]: [person], labels[1]: [place]}, ensure_ascii=False),
    }


def save_toy_base(folder: Path) -> Path:
    """A local base model, as `from_pretrained` reads it."""
    tokenizer = toy_tokenizer()
    toy_model(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
