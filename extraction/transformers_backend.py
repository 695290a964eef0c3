"""Runs a base model, with an adapter or without, through transformers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch

from ..builders.errors import IEPileError
from ..training.adapters import find_adapter, load_adapter
from ..training.base_models import load_model, load_tokenizer, resolve_base_model
from ..training.prompts import CHAT, encode_prompt, stop_id
from .backend import Decoding, OnReply, Question, Reply
from .generation import Row, decode
from .parsing import complete

if TYPE_CHECKING:
    from llguidance import LLTokenizer
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)


class TransformersBackend:
    """See `backend.Backend`.

    Args:
        model: a causal language model, on its device.
        tokenizer: its tokenizer, with a token to pad with.
        details: which model it is, for reports.
        template: a prompt format of `training/prompts.py`.
        batch_size: questions at a time, fewer where they are long.
        max_new_tokens: the longest answer; what is cut there is closed, and marked.
    """

    details: Mapping[str, Any]

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        details: Mapping[str, Any] | None = None,
        template: str = CHAT,
        batch_size: int = 32,
        max_new_tokens: int = 512,
    ) -> None:
        if batch_size < 1 or max_new_tokens < 1:
            raise IEPileError("batch_size and max_new_tokens must be at least 1.")
        self.model, self.tokenizer = model.train(False), tokenizer
        self.details = {
            **(details or {"base": str(model.config.name_or_path)}),
            **{
                "template": template,
                "max_new_tokens": max_new_tokens,
                "dtype": str(model.dtype).removeprefix("torch."),
            },
        }
        self.template, self.batch_size, self.max_new_tokens = template, batch_size, max_new_tokens
        self.context: int | None = getattr(model.config, "max_position_embeddings", None)
        self.stop_id = stop_id(tokenizer, template)

    @classmethod
    def from_pretrained(
        cls,
        base: str | None,
        adapter: str | Path | None = None,
        *,
        revision: str | None = None,
        template: str | None = None,
        dtype: str | None = None,
        device: str | None = None,
        trust_remote_code: bool = False,
        **options: Any,
    ) -> TransformersBackend:
        """Load a model.

        Args:
            base: a Hub id or a folder; the adapter's own if None.
            adapter: likewise; it is merged into the weights, since that is quicker.
            revision: of the base.
            template: a prompt format; the one that the adapter was trained with, or the base's chat template.
            dtype: a name of torch's; float32 on a CPU, bfloat16 elsewhere.
            device: where to run; the first accelerator, or the CPU.
            trust_remote_code: whether the base may bring code of its own.
            options: see the class.

        Raises:
            IEPileError: where the base or the adapter cannot be had, or they do not fit.
        """
        if base is None and adapter is None:
            raise IEPileError("Name a base model, or an adapter that names its base.")
        found = None if adapter is None else find_adapter(adapter, base)
        if found is not None:
            revision, template = revision or found.revision, template or found.template
        resolved = resolve_base_model(found.base if found else str(base), revision)
        device = device or _best_device()
        dtype = dtype or ("float32" if device == "cpu" else "bfloat16")
        tokenizer = load_tokenizer(resolved, trust_remote_code=trust_remote_code)
        model = load_model(resolved, dtype=dtype, trust_remote_code=trust_remote_code)
        details = {"base": resolved.name, "revision": resolved.revision, "origin": resolved.origin}
        if found is not None:
            details |= {"adapter": found.name, "adapter digest": _digest(found.folder)}
            model = load_adapter(model, found).merge_and_unload()
        details = {name: value for name, value in details.items() if value}
        return cls(cast(Any, model).to(device), tokenizer, details=details, template=template or CHAT, **options)

    @property
    def room(self) -> int | None:
        return None if self.context is None else max(self.context - self.max_new_tokens, self.context // 2)

    def count_tokens(self, instruction: str) -> int:
        return len(encode_prompt(self.tokenizer, instruction, self.template))

    def reply(self, questions: Sequence[Question], decoding: Decoding, on_reply: OnReply | None = None) -> list[Reply]:
        rows = [self._row(question, decoding) for question in questions]
        places = {id(row): place for place, row in enumerate(rows)}
        replies: dict[int, Reply] = {}

        def note(done: Iterable[Row]) -> None:
            for row in done:
                place = places[id(row)]
                replies[place] = self._read(row, questions[place], decoding)
                if on_reply:
                    on_reply(place, replies[place])

        long = [row for row in rows if row.over]
        if long:
            logger.warning("%d prompts are longer than the model's %s tokens", len(long), self.context)
            note(long)
        decode(
            self.model,
            rows,
            stop_ids=frozenset((self.stop_id, *self._eos_ids)),
            pad_id=int(self.tokenizer.pad_token_id),
            batch_size=self.batch_size,
            on_done=note,
        )
        return [replies[place] for place in range(len(rows))]

    def _row(self, question: Question, decoding: Decoding) -> Row:
        prompt = encode_prompt(self.tokenizer, question.instruction, self.template)
        limit = self.max_new_tokens if self.context is None else min(self.max_new_tokens, self.context - len(prompt))
        if decoding == "free":
            return Row(prompt, limit)
        from .constraints import GrammarConstraint, write_grammar

        return Row(
            prompt, limit, lambda: GrammarConstraint(self._grammar_tokenizer, write_grammar(question, decoding))
        )

    def _read(self, row: Row, question: Question, decoding: Decoding) -> Reply:
        output = self._text(row.tokens)
        if not row.finished and decoding != "free":
            return Reply(complete(output, question.task, question.entries), cut=True)
        return Reply(
            output, cut=not row.finished, logprobs=tuple(zip(self._ends(row.tokens), row.logprobs, strict=True))
        )

    def _ends(self, tokens: list[int]) -> Iterator[int]:
        """Where each token ends in the text; a character of several tokens is there with the last of them."""
        end = first = known = 0
        for stop in range(1, len(tokens) + 1):
            # Decoded behind the tokens before it, since some tokenizers drop a blank at the very start.
            before, after = self._text(tokens[first:known]), self._text(tokens[first:stop])
            if not after.endswith("\ufffd"):
                end += len(after) - len(before)
                first, known = known, stop
            yield end

    def _text(self, tokens: list[int]) -> str:
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    @cached_property
    def _grammar_tokenizer(self) -> LLTokenizer:
        from .constraints import wrap_tokenizer

        return wrap_tokenizer(self.tokenizer, int(self.model.config.get_text_config().vocab_size), self.stop_id)

    @cached_property
    def _eos_ids(self) -> list[int]:
        ids = getattr(self.model.generation_config, "eos_token_id", None)
        return [ids] if isinstance(ids, int) else list(ids or ())


def _digest(adapter: Path) -> str:
    """Of an adapter's weights: a name alone does not tell which training it holds."""
    state = blake2b(digest_size=8)
    for file in sorted(adapter.glob("adapter_model.*")):
        state.update(file.read_bytes())
    return state.hexdigest()


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
