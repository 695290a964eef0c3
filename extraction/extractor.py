"""Extract entities, relations and events from texts with a trained model.

extractor = Extractor.from_pretrained("HuggingFaceTB/SmolLM2-135M-Instruct", "adapter")
result = extractor.extract("Ada met Bo in Lund.", ["person", "place"], task="NER")
result.entities[0].mention.start
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from ..builders.errors import IEPileError
from .assembly import Part, build_result
from .backend import DECODINGS, Backend, Decoding, OnReply, Question, Reply
from .confidence import with_confidence
from .language import guess_language
from .parsing import Parsed, parse
from .results import Result
from .schemas import Asked, SchemaLike, read_schema
from .windows import split_text

WINDOW = 1024  # tokens of text at a time: longer ones than in any corpus are answered badly, and slowly
BACKENDS = ("transformers", "openai")


@dataclass(frozen=True)
class Answer:
    """A model's answer to one question, as it came and as it was read."""

    reply: Reply
    parsed: Parsed


class Extractor:
    """Asks a model about texts, in the batches and with the prompts of the corpus's test rows."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    @classmethod
    def from_pretrained(
        cls, base: str | None, adapter: str | Path | None = None, *, backend: str = "transformers", **options: Any
    ) -> Extractor:
        """Load a model.

        Args:
            base: the base model, a Hub id or a folder; the one that the adapter names if None.
            adapter: a LoRA adapter for it, likewise.
            backend: `transformers`, or `openai` for a server: then `base` is the model's name there.
            options: of the backend: `template`, `batch_size`, `max_new_tokens`, `dtype`, `device`, `revision`; for a
                server `url`, `api_key`, `concurrency`, `timeout`, `retries`.

        Raises:
            IEPileError: where one of them cannot be had.
        """
        if backend == "transformers":
            from .transformers_backend import TransformersBackend

            return cls(TransformersBackend.from_pretrained(base, adapter, **options))
        if backend == "openai":
            from .openai_backend import OpenAIBackend

            if base is None or adapter is not None or "url" not in options:
                raise IEPileError(
                    "A server answers for one model: name it as base, without adapter, and give its url."
                )
            return cls(OpenAIBackend(base, **options))
        raise IEPileError(f"There is no backend {backend!r}; the backends are {', '.join(BACKENDS)}.")

    @overload
    def extract(
        self,
        texts: str,
        schema: SchemaLike,
        *,
        task: str | None = None,
        language: str | None = None,
        decoding: Decoding = "grounded",
        threshold: float = 0.0,
        window: int | None = None,
        on_reply: OnReply | None = None,
    ) -> Result: ...

    @overload
    def extract(
        self,
        texts: list[str] | tuple[str, ...],
        schema: SchemaLike,
        *,
        task: str | None = None,
        language: str | None = None,
        decoding: Decoding = "grounded",
        threshold: float = 0.0,
        window: int | None = None,
        on_reply: OnReply | None = None,
    ) -> list[Result]: ...

    def extract(
        self,
        texts: str | list[str] | tuple[str, ...],
        schema: SchemaLike,
        *,
        task: str | None = None,
        language: str | None = None,
        decoding: Decoding = "grounded",
        threshold: float = 0.0,
        window: int | None = None,
        on_reply: OnReply | None = None,
    ) -> Result | list[Result]:
        """Ask for a schema in one text or several.

        Args:
            texts: one text, or several, which are answered together in batches.
            schema: what to look for; see `schemas.read_schema`.
            task: NER, RE, EE, EET, EEA, SPO or KG; may be left out for typed triples and for events with roles.
            language: en or zh, of the instruction; found from each text when not given.
            decoding: `grounded`, `json` or `free`; see `backend.Backend.reply`.
            threshold: items that the model was less sure of, from 0 to 1, are left out.
            window: tokens of text that are asked about at a time; a longer text is cut at sentence ends. What fits the
                model, and no more than `WINDOW`, if None.
            on_reply: called with each reply as it comes, and its question's place among all that are asked.

        Returns:
            A result for each text, in order; one result for one text.

        Raises:
            IEPileError: for a schema, task or language that there is not.
        """
        asked = read_schema(schema, task)
        many = [texts] if isinstance(texts, str) else list(texts)
        languages = [language or guess_language(text) for text in many]
        questions = [self._questions(asked, text, lang, window) for text, lang in zip(many, languages, strict=True)]
        answers = iter(self.answer([q for asking in questions for _, q in asking], decoding, on_reply))
        results = []
        for text, lang, asking in zip(many, languages, questions, strict=True):
            answered = [(offset, question, next(answers)) for offset, question in asking]
            parts = (Part(q.entries, with_confidence(a.parsed, a.reply), q.text, offset) for offset, q, a in answered)
            notes = _notes([answer for _, _, answer in answered], len({offset for offset, _, _ in answered}))
            results.append(build_result(text, asked.task, lang, parts, notes, threshold))
        return results[0] if isinstance(texts, str) else results

    def answer(
        self,
        questions: Sequence[Question],
        decoding: Decoding = "grounded",
        on_reply: OnReply | None = None,
    ) -> list[Answer]:
        """Answer rows: one answer for each question, in order."""
        if decoding not in DECODINGS:
            raise IEPileError(f"There is no decoding {decoding!r}; there are {', '.join(DECODINGS)}.")
        replies = self.backend.reply(questions, decoding, on_reply)
        return [Answer(r, parse(r.output, q.task, q.entries)) for r, q in zip(replies, questions, strict=True)]

    def _questions(self, asked: Asked, text: str, language: str, window: int | None) -> list[tuple[int, Question]]:
        """(where its stretch of the text starts, question) for each stretch and batch."""
        batches = [asked.entries(options) for options in asked.batches()]

        def count(stretch: str) -> int:
            return self.backend.count_tokens(asked.instruction(stretch, language, longest))

        longest = max(batches, key=lambda entries: self.backend.count_tokens(asked.instruction("", language, entries)))
        bare = count("")
        room = WINDOW if self.backend.room is None else self.backend.room - bare
        budget = min(room, WINDOW if window is None else window)
        return [
            (stretch.offset, self._question(asked, stretch.text, language, entries))
            for stretch in split_text(text, language, budget, lambda part: count(part) - bare)
            for entries in batches
        ]

    @staticmethod
    def _question(asked: Asked, text: str, language: str, entries: list[Any]) -> Question:
        instruction = asked.instruction(text, language, entries)
        return Question(instruction, asked.task, entries, text, asked.schema.role_values)


def _notes(answers: Sequence[Answer], stretches: int) -> list[str]:
    """What a reader should know of how the answers came to be."""
    counts = Counter(answer.parsed.status for answer in answers)
    cut = sum(answer.reply.cut for answer in answers)
    told = {
        "reached the token limit and were cut": cut,
        "were no valid JSON and were mended": counts["repaired"],
        "could not be read": counts["failed"],
    }
    long = f"the text was read in {stretches} stretches: what relates words of two of them cannot be found"
    counted = [f"{count} of {len(answers)} answers {what}" for what, count in told.items() if count]
    return [*([long] if stretches > 1 else []), *counted]
