"""The prompt format, written once: training, the Extractor, evaluation, the Space and the exports all ask here.

The prompt holds a row's `instruction` string unchanged; the completion is its `output` and the token that closes the
answer. Both are tokenised apart and joined, so the prompt of training is, id by id, the prompt of serving.

`chat`, the default, is the base model's own chat template. The others are those that the published adapters were
trained with (zjunlp/IEPile at 933918d), by the names that their configurations use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ..builders.errors import IEPileError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CHAT = "chat"

# What a chat template may ask for beside the messages. Llama 3.1 and later write the current date into the prompt
# unless told one, so that a prompt would differ from day to day; theirs is the date that the template falls back on.
# Qwen3 would otherwise open a thought before the answer.
CHAT_OPTIONS: Mapping[str, Any] = {"date_string": "26 Jul 2024", "enable_thinking": False}


@dataclass(frozen=True)
class Template:
    """A prompt as pieces that are tokenised one by one, as the published training code does.

    `BOS` and what is in `tokens` are single ids; `{system}` and `{query}` are filled in, in the others. `stop` is the
    token that closes the answer, the tokenizer's own end of sequence where it is empty.
    """

    pieces: Sequence[str]
    system: str = ""
    tokens: frozenset[str] = frozenset()
    stop: str = ""


BOS = "{bos}"
_LLAMA2_PIECES = (BOS, "[INST] <<SYS>>\n{system}\n<</SYS>>\n\n{query} [/INST]")
TEMPLATES: Mapping[str, Template] = {
    "llama2": Template(
        _LLAMA2_PIECES,
        system="You are a helpful, respectful and honest assistant. Always answer as helpfully as possible, while "
        "being safe. Your answers should not include any harmful, unethical, racist, sexist, toxic, dangerous, or "
        "illegal content. Please ensure that your responses are socially unbiased and positive in nature.\n\nIf a "
        "question does not make any sense, or is not factually coherent, explain why instead of answering something "
        "not correct. If you don't know the answer to a question, please don't share false information.",
    ),
    "llama2_zh": Template(_LLAMA2_PIECES, system="You are a helpful assistant. 你是一个乐于助人的助手。"),
    "alpaca": Template(
        (BOS, "{system}", "\n\n", "### Instruction:\n{query}\n\n### Response:\n"),
        system="Below is an instruction that describes a task. Write a response that appropriately completes the "
        "request.",
    ),
    "baichuan2": Template(
        ("<reserved_106>", "{query}", "<reserved_107>"), tokens=frozenset({"<reserved_106>", "<reserved_107>"})
    ),
    "qwen": Template(
        (
            *("<|im_start|>", "system\n{system}", "<|im_end|>", "\n"),
            *("<|im_start|>", "user\n{query}", "<|im_end|>", "\n"),
            *("<|im_start|>", "assistant\n"),
        ),
        system="You are a helpful assistant.",
        tokens=frozenset({"<|im_start|>", "<|im_end|>"}),
        stop="<|im_end|>",
    ),
}
TEMPLATE_NAMES = (CHAT, *TEMPLATES)


def encode_prompt(tokenizer: PreTrainedTokenizerBase, instruction: str, template: str = CHAT) -> list[int]:
    """The ids of all that stands before the answer.

    Args:
        tokenizer: that of the base model.
        instruction: a row's `instruction` string.
        template: one of `TEMPLATE_NAMES`.

    Raises:
        IEPileError: where there is no such template, or the tokenizer lacks what it needs.
    """
    if template == CHAT:
        # The text already holds the special tokens that the template wants.
        return _encode_text(tokenizer, render_prompt(tokenizer, instruction))
    found = get_template(template)
    ids: list[int] = []
    for piece in found.pieces:
        if piece == BOS:
            ids += [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
        elif piece in found.tokens:
            ids.append(_token_id(tokenizer, piece, template))
        else:
            ids += _encode_text(tokenizer, _fill(piece, found.system, instruction))
    return ids


def encode_completion(tokenizer: PreTrainedTokenizerBase, output: str, template: str = CHAT) -> list[int]:
    """The ids of a row's `output` and of the token that closes the answer; arguments and errors as `encode_prompt`."""
    return [*_encode_text(tokenizer, output), stop_id(tokenizer, template)]


def stop_id(tokenizer: PreTrainedTokenizerBase, template: str = CHAT) -> int:
    """The token that closes an answer: generation ends at it; errors as `encode_prompt`."""
    if template != CHAT:
        stop = get_template(template).stop
        return _token_id(tokenizer, stop, template) if stop else _eos_id(tokenizer)
    answer = "{}"
    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": answer}]
    _, _, closing = _render(tokenizer, turns, add_generation_prompt=False).rpartition(answer)
    special = set(tokenizer.all_special_ids)
    return next((i for i in _encode_text(tokenizer, closing) if i in special), _eos_id(tokenizer))


def render_prompt(tokenizer: PreTrainedTokenizerBase, instruction: str, template: str = CHAT) -> str:
    """The prompt as text, special tokens spelled out; arguments and errors as `encode_prompt`."""
    if template == CHAT:
        return _render(tokenizer, [{"role": "user", "content": instruction}], add_generation_prompt=True)
    found = get_template(template)
    pieces = ((tokenizer.bos_token or "") if piece == BOS else piece for piece in found.pieces)
    return "".join(_fill(piece, found.system, instruction) for piece in pieces)


def get_template(name: str) -> Template:
    """The published template of that name.

    Raises:
        IEPileError: if there is none.
    """
    try:
        return TEMPLATES[name]
    except KeyError:
        near = get_close_matches(name, TEMPLATE_NAMES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the templates are {', '.join(TEMPLATE_NAMES)}."
        raise IEPileError(f"There is no prompt template {name!r}; {hint}") from None


def _render(tokenizer: PreTrainedTokenizerBase, turns: list[dict[str, str]], *, add_generation_prompt: bool) -> str:
    if not tokenizer.chat_template:
        raise IEPileError(
            f"The tokenizer of {tokenizer.name_or_path!r} has no chat template; "
            f"name a template in the recipe (`template: {' or '.join(TEMPLATES)}`) or take the base's chat version."
        )
    return str(
        tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=add_generation_prompt, **CHAT_OPTIONS
        )
    )


def _fill(piece: str, system: str, query: str) -> str:
    # In one pass from the left: the query's own braces are left alone.
    before, found, after = piece.partition("{query}")
    return before.replace("{system}", system) + (query + after if found else "")


def _encode_text(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _token_id(tokenizer: PreTrainedTokenizerBase, token: str, template: str) -> int:
    found = tokenizer.get_vocab().get(token)
    if found is None:
        raise IEPileError(
            f"The template {template!r} needs the token {token!r}, which the tokenizer of "
            f"{tokenizer.name_or_path!r} does not have; take the template of this base (`template: {CHAT}`)."
        )
    return int(found)


def _eos_id(tokenizer: PreTrainedTokenizerBase) -> int:
    if tokenizer.eos_token_id is None:
        raise IEPileError(f"The tokenizer of {tokenizer.name_or_path!r} has no end-of-sequence token; set one.")
    return int(tokenizer.eos_token_id)
