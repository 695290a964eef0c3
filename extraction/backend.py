"""What the Extractor asks of whatever runs a model: the transformers backend, or a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..builders.tasks import Task

Decoding = str  # one of DECODINGS
DECODINGS = ("grounded", "json", "free")


@dataclass(frozen=True)
class Question:
    """One schema batch about one text: what one row of the corpus holds.

    Attributes:
        instruction: the row's `instruction` string.
        entries: the schema entries in it.
        text: the text in it.
        role_values: the values of enumerated roles, which need not stand in the text.
    """

    instruction: str
    task: Task
    entries: Sequence[Any]
    text: str
    role_values: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What a model wrote.

    Attributes:
        output: its answer.
        cut: whether the token limit ended it.
        logprobs: for each token the place in `output` where it ends and its log probability (0 where the grammar
            forced it); None where the backend gives none.
    """

    output: str
    cut: bool = False
    logprobs: tuple[tuple[int, float], ...] | None = None


OnReply = Callable[[int, Reply], None]


class Backend(Protocol):
    """Runs a model.

    Attributes:
        details: which model it is and how it runs, for reports: name → value.
    """

    details: Mapping[str, Any]

    @property
    def room(self) -> int | None:
        """Tokens that a prompt may have, so that the answer still fits; None where it is not known."""
        ...

    def reply(self, questions: Sequence[Question], decoding: Decoding, on_reply: OnReply | None = None) -> list[Reply]:
        """Answer the questions, greedily; the replies stand in the questions' order.

        Args:
            questions: in any order; the backend batches them as it likes.
            decoding: `grounded`: JSON with exactly the asked keys whose values are substrings of the text; `json`: the
                same with any values; `free`: whatever the model writes.
            on_reply: called with each reply as it comes, and its question's place.
        """
        ...

    def count_tokens(self, instruction: str) -> int:
        """The length of the prompt for an `instruction` string."""
        ...
