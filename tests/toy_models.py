"""A tokenizer and a random model, small enough to be made on the spot, for what needs a base but not a good one."""

from __future__ import annotations

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
        return LlamaForCausalLM(config).eval()


def save_toy_base(folder: Path) -> Path:
    """A local base model, as `from_pretrained` reads it."""
    tokenizer = toy_tokenizer()
    toy_model(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
