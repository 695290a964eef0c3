"""Answers that cannot be anything but valid: a grammar for each question, followed by llguidance.

The grammar is made from `Task.shape`: JSON with exactly the asked keys in the order asked, spaced as the corpus writes
it. With `grounded`, each mention is a run of the text's own words (or Chinese characters); a trigger or an argument
may be `NAN`, an enumerated role one of its values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from llguidance import LLMatcher, LLTokenizer

from ..builders.errors import IEPileError
from .backend import Decoding, Question
from .shapes import answer_shapes

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

MOST_ITEMS = 64  # in one list
LONGEST = 300  # characters of one value

# Letters, digits and all else apart, Chinese (and other text without blanks) character by character: a mention may
# start and end between any two chunks, never inside one.
_CHUNK = re.compile(
    "[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]|[^\\W\\d_\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
    "|\\d+|\\s|.",
    re.DOTALL,
)
_CHAR = r'([^"\\\x00-\x1F]|\\(["\\\/bfnrt]|u00[01][0-9a-f]))'
_SEEN = r'([^"\\\s\x00-\x1F\x7F]|\\["\\\/])'  # a mention starts and ends with something that can be seen
_VALUE = rf"/{_SEEN}({_CHAR}{{0,{LONGEST - 2}}}{_SEEN})?/"


class GrammarConstraint:
    """Follows one answer; see `generation.Constraint`."""

    def __init__(self, tokenizer: LLTokenizer, grammar: str) -> None:
        self._matcher = LLMatcher(tokenizer, grammar, log_level=0)
        self._check()

    def forced(self) -> list[int]:
        tokens: list[int] = self._matcher.compute_ff_tokens()
        if tokens:
            self._matcher.consume_tokens(tokens)
            self._check()
        return tokens

    def mask_into(self, bits: torch.Tensor) -> None:
        self._matcher.unsafe_compute_mask_ptr(bits.data_ptr(), bits.numel() * bits.element_size())
        self._check()

    def accept(self, token: int) -> None:
        self._matcher.consume_token(token)
        self._check()

    @property
    def done(self) -> bool:
        return bool(self._matcher.is_stopped())

    def _check(self) -> None:
        # The matcher never raises; it goes silent.
        if self._matcher.is_error():
            raise IEPileError(f"The grammar can't be followed ({self._matcher.get_error()}); decode with `free`.")


def wrap_tokenizer(tokenizer: PreTrainedTokenizerBase, vocab_size: int, stop_id: int) -> LLTokenizer:
    """A tokenizer as llguidance reads it; takes a second, so it is made once.

    Raises:
        IEPileError: for a slow tokenizer, which it can't read.
    """
    from llguidance.hf import from_tokenizer

    try:
        return from_tokenizer(cast(Any, tokenizer), n_vocab=vocab_size, eos_token=stop_id)
    except ValueError as error:
        raise IEPileError(f"Constrained decoding needs a fast tokenizer ({error}); decode with `free`.") from None


def write_grammar(question: Question, decoding: Decoding) -> str:
    """The Lark grammar of the answers to a question."""
    return _Writer(question, grounded=decoding == "grounded").grammar


class _Writer:
    """Writes one grammar; equal rules are written once. A body of None stands for what no answer can fulfil."""

    def __init__(self, question: Question, grounded: bool) -> None:
        self._rules: dict[str, str] = {}
        chunks = _CHUNK.findall(question.text) if grounded else []
        seen = sum(not chunk.isspace() and chunk[0] >= " " and chunk != "\x7f" for chunk in chunks)
        self._has_mentions = not grounded or seen > 0
        # A model that repeats itself stops there. A text of five words hardly holds more than five mentions of a type.
        self._most_items = min(MOST_ITEMS, max(seen, 2)) if grounded else MOST_ITEMS
        start = self._object(answer_shapes(question))
        lines = [f"start: {start}", *(f"{name}: {body}" for body, name in self._rules.items())]
        if self._has_mentions:
            substring = f'%regex {{"substring_chunks": {json.dumps([_dumps(c)[1:-1] for c in chunks])}}}\n'
            value = f"SUBSTRING & {_VALUE}" if grounded else _VALUE
            lines += ['MENTION: "\\"" VALUE "\\""', f"VALUE: {value}", f"SUBSTRING: {substring}" if grounded else ""]
        self.grammar = "\n".join(lines)

    def _rule(self, shape: Mapping[str, Any]) -> str | None:
        body = self._body(shape)
        return body if body is None else self._named(body)

    def _body(self, shape: Mapping[str, Any]) -> str | None:
        if "anyOf" in shape:
            return " | ".join(rule for option in shape["anyOf"] if (rule := self._rule(option))) or None
        if "const" in shape or "enum" in shape:
            values = map(_dumps, shape.get("enum", [shape.get("const")]))
            return " | ".join(map(json.dumps, dict.fromkeys(values)))
        if shape["type"] == "string":
            return "MENTION" if self._has_mentions else None
        if shape["type"] == "array":
            item, least = self._rule(shape["items"]), shape.get("minItems", 0)
            nothing = ['"[]"'] if least == 0 else []
            more = f"{max(least - 1, 0)},{self._most_items - 1}"
            some = [f'"[" {item} (", " {item}){{{more}}} "]"'] if item else []
            return " | ".join(nothing + some) or None
        if "propertyNames" in shape:
            key, value = self._rule(shape["propertyNames"]), self._rule(shape["additionalProperties"])
            member = f'{key} ": " {value}'
            filled = f'"{{" {member} (", " {member}){{0,{self._most_items - 1}}} "}}"'
            return f'"{{}}" | {filled}' if key and value else '"{}"'
        if not shape.get("required"):
            return self._optional(shape["properties"])
        return self._object(shape["properties"])

    def _optional(self, properties: Mapping[str, Any]) -> str | None:
        """An object with at least one of these keys, in this order."""
        first: str | None = None  # the object's inside, from this key on
        after = ""  # what may follow a key: each of the later ones
        for name, shape in reversed(list(properties.items())):
            if value := self._rule(shape):
                member = f"{json.dumps(_dumps(name) + ': ')} {value}"
                first = f"{member} {after} | {self._named(first)}" if first else member
                after = self._named(f'(", " {member})? {after}')
        return first and f'"{{" ({first}) "}}"'

    def _named(self, body: str) -> str:
        return self._rules.setdefault(body, f"r{len(self._rules)}")

    def _object(self, properties: Mapping[str, Any]) -> str | None:
        """An object with exactly these keys in this order."""
        members = [(_dumps(name) + ": ", self._rule(shape)) for name, shape in properties.items()]
        if any(rule is None for _, rule in members):
            return None
        return '"{" ' + ' ", " '.join(f"{json.dumps(key)} {rule}" for key, rule in members) + ' "}"'


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
