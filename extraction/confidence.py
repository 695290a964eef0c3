"""How sure a model was of each string that it wrote, from the probabilities of its tokens."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

from .assembly import Written
from .backend import Reply
from .parsing import Parsed


def with_confidence(parsed: Parsed, reply: Reply) -> Mapping[str, Any]:
    """The answer with each string a `Written`, where the reply has probabilities and was valid as it came.

    The confidence is the geometric mean of the probabilities of the tokens that touch the string, its closing quote
    among them; those that the grammar forced are left out, and a string of only such has 1.
    """
    if reply.logprobs is None or parsed.status != "valid":
        return parsed.answer
    reader = _Reader(reply.output, reply.logprobs)
    return {key: reader.read_member(key, value) for key, value in parsed.answer.items()}


class _Reader:
    """Walks through an answer in the order in which it was written."""

    def __init__(self, output: str, logprobs: Sequence[tuple[int, float]]) -> None:
        self._output = output
        self._ends = [end for end, _ in logprobs]
        self._values = [value for _, value in logprobs]
        self._place = 0

    def read_member(self, key: str, value: Any) -> Any:
        """A member of the answer itself; what the model wrote need not stand in the order asked."""
        self._place = 0
        return self._read({key: value})[key]

    def _read(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._written(value)
        if isinstance(value, list):
            return [self._read(item) for item in value]
        read = {}
        for name, inner in value.items():
            self._next(name, ":")
            read[name] = self._read(inner)
        return read

    def _next(self, text: str, after: str = "") -> tuple[int, int] | None:
        for literal in (json.dumps(text, ensure_ascii=False), json.dumps(text)):
            start = self._output.find(literal + after, self._place)
            if start >= 0:
                self._place = start + len(literal)
                return start, self._place
        return None

    def _written(self, value: str) -> str:
        span = self._next(value)
        if span is None:  # spelled with other escapes
            return value
        first, last = bisect_right(self._ends, span[0]), bisect_right(self._ends, span[1] - 1)
        chosen = [v for v in self._values[first : last + 1] if v < 0]
        written = Written(value)
        written.confidence = exp(sum(chosen) / len(chosen)) if chosen else 1.0
        return written
