"""A backend that gives prepared answers, for what needs answers but no model."""

from collections.abc import Sequence
from typing import Any

from iepile.extraction.backend import Decoding, OnReply, Question, Reply


class Canned:
    """A backend that gives prepared answers: key → value, or a whole output."""

    details = {"base": "canned"}

    def __init__(
        self, answers: dict[str, Any] | None = None, output: str | None = None, room: int | None = None
    ) -> None:
        self.answers, self.output, self.room = answers or {}, output, room
        self.questions: list[Question] = []

    def reply(self, questions: Sequence[Question], decoding: Decoding, on_reply: OnReply | None = None) -> list[Reply]:
        self.questions += questions
        return [Reply(self.output if self.output is not None else self._answer(q)) for q in questions]

    def _answer(self, question: Question) -> str:
        keys = [question.task.entry_key(entry) for entry in question.entries]
        return question.task.answer({key: self.answers.get(key, []) for key in keys})

    def count_tokens(self, instruction: str) -> int:
        return len(instruction)
