"""Long texts: nothing is lost, nothing is too long, and offsets are those of the whole."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iepile.builders.errors import IEPileError
from iepile.extraction.backend import Question, Reply
from iepile.extraction.extractor import Extractor
from iepile.extraction.windows import split_text

from canned import Canned


class Finder(Canned):
    """Finds every word that opens with a capital Z, or every 张, in what it is asked about."""

    def _answer(self, question: Question) -> str:
        assert len(question.instruction) <= (self.room or 1 << 30)
        words = question.text.replace(".", " ").split()
        found = [word for word in words if word.startswith("Z")] + ["张"] * question.text.count("张")
        return question.task.answer({question.task.entry_key(entry): found for entry in question.entries})

    def reply(self, questions, decoding, on_reply=None) -> list[Reply]:  # type: ignore[no-untyped-def]
        self.questions += questions
        return [Reply(self._answer(question)) for question in questions]


def test_a_short_text_stays_whole() -> None:
    assert [(w.text, w.offset) for w in split_text(" Ada left. ", "en", 20, len)] == [(" Ada left. ", 0)]


def test_cuts_are_at_sentence_ends_with_some_repeated() -> None:
    text = "Ada left Rome. Bo met Dr. Li. He ran. Zoe sat in the sun and slept. She woke."
    windows = split_text(text, "en", 42, len)
    assert [w.text for w in windows] == [
        "Ada left Rome. Bo met Dr. Li. He ran.",
        "Zoe sat in the sun and slept. She woke.",
    ]
    assert all(text[w.offset :].startswith(w.text) for w in windows)
    chinese = "小林来了。他说：“好！”然后走了。后来他又来了。"
    assert all(w.text[-1] in "。”！" for w in split_text(chinese, "zh", 16, lambda part: 2 * len(part)))
    many = " ".join(f"It is {n}." for n in range(100, 130))
    repeated = split_text(many, "en", 100, len)
    assert all(b.offset < a.offset + len(a.text) for a, b in zip(repeated, repeated[1:], strict=False))


@given(st.text(alphabet=st.sampled_from("ab. 。\n中文!，😀e\u0301"), max_size=300), st.integers(16, 60))
@settings(max_examples=100, deadline=None)
def test_every_character_is_in_a_stretch_that_fits(text: str, budget: int) -> None:
    windows = split_text(text, "en", budget, lambda part: len(part.encode()))
    covered = [False] * len(text)
    for window in windows:
        assert text[window.offset : window.offset + len(window.text)] == window.text
        assert len(window.text.encode()) <= budget
        covered[window.offset : window.offset + len(window.text)] = [True] * len(window.text)
    assert all(seen or char.isspace() for seen, char in zip(covered, text, strict=True))
    assert [w.offset for w in windows] == sorted({w.offset for w in windows})


def test_offsets_are_of_the_whole_and_repeats_are_dropped() -> None:
    rng = random.Random(3)
    words = [rng.choice(["ada", "bo", "lund.", "Zoe", "met"]) for _ in range(2_000)]
    text = " ".join(words)
    result = Extractor(Finder(room=400)).extract(text, ["person"], task="NER")
    expected = [place for place in range(len(text)) if text.startswith("Zoe", place)]
    assert sorted(e.mention.start or 0 for e in result.entities) == expected
    assert result.notes[0].startswith("the text was read in ")
    assert "stretches" in result.notes[0]


def test_chinese_without_blanks() -> None:
    text = "张三到了。" * 400 + "李四走" * 300
    result = Extractor(Finder(room=600)).extract(text, ["人物"], task="NER")
    starts = [place for place in range(len(text)) if text[place] == "张"]
    assert sorted(e.mention.start or 0 for e in result.entities) == starts


def test_fifty_thousand_words() -> None:
    rng = random.Random(4)
    text = " ".join(rng.choice(["ada", "bo", "in", "Lund.", "met", "the"]) for _ in range(50_000)) + " Zoe."
    result = Extractor(Finder()).extract(text, ["person"], task="NER", window=4_000)
    assert [e.mention.start for e in result.entities] == [len(text) - 4]


def test_a_schema_that_leaves_no_room_is_named() -> None:
    with pytest.raises(IEPileError, match="leaves 0 tokens"):
        Extractor(Finder(room=100)).extract("Ada left.", ["person"], task="NER")
