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
from toy_models import toy_model, toy_tokenizer


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


def long_text(language: str, ends: bool, words: int = 50_000) -> tuple[str, list[int]]:
    """A text of that many words (or Chinese characters), and where its names start."""
    rng = random.Random(4)
    english, chinese = ("ada bo in met the old".split(), "Zoe", ".", " "), (["的", "水", "到"], "张", "。", "")
    filler, name, stop, blank = english if language == "en" else chinese
    pieces, places, length = [], [], 0
    for number in range(words):
        if named := number % 97 == 0:
            places.append(length)
        word = name if named else rng.choice(filler)
        pieces.append(word + (stop if ends and rng.random() < 0.1 else "") + blank)
        length += len(pieces[-1])
    return "".join(pieces), places


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_fifty_thousand_words_in_time_that_grows_with_them(language: str, ends: bool) -> None:
    counted = 0

    class Counting(Finder):
        def count_tokens(self, instruction: str) -> int:
            nonlocal counted
            counted += len(instruction)
            return len(instruction)

    text, places = long_text(language, ends)
    backend = Counting(room=2_000)
    result = Extractor(backend).extract(text, ["person"], task="NER", window=1_000)
    assert [e.mention.start for e in result.entities] == places
    assert result.notes == (f"the text was read in {len(backend.questions)} stretches: what relates words of two of "
                            "them cannot be found",)  # fmt: skip
    assert counted < 100 * len(text)  # counted anew for each stretch, what is left would come to thousands
    assert sum(len(question.text) for question in backend.questions) < 1.5 * len(text)


@pytest.mark.slow
def test_a_random_model_reads_fifty_thousand_words() -> None:
    torch = pytest.importorskip("torch")
    from iepile.extraction.transformers_backend import TransformersBackend

    asked: list[Question] = []
    replies: list[Reply] = []

    class Listening(TransformersBackend):
        def reply(self, questions, decoding, on_reply=None):  # type: ignore[no-untyped-def]
            asked.extend(questions)
            replies.extend(super().reply(questions, decoding, on_reply))
            return replies

    tokenizer = toy_tokenizer()
    text = long_text("en", True, 25_000)[0] + long_text("zh", True, 25_000)[0]
    with torch.random.fork_rng():
        backend = Listening(toy_model(tokenizer), tokenizer, batch_size=8, max_new_tokens=2)
        result = Extractor(backend).extract(text, ["person"], task="NER", language="en")
    assert max(backend.count_tokens(question.instruction) for question in asked) <= 1024 - 2
    place = 0
    for question in asked:  # each stretch opens within the one before, or behind it where only blanks are left out
        start = text.index(question.text, max(0, place - len(question.text)))
        assert not text[place:start].strip()
        place = max(place, start + len(question.text))
    assert place == len(text.rstrip())
    assert all(text[e.mention.start : e.mention.end] == e.mention.text for e in result.entities)
    assert result.notes[0].startswith(f"the text was read in {len(asked)} stretches")
    cut = sum(reply.cut for reply in replies)
    assert (f"{cut} of {len(asked)} answers reached the token limit and were cut" in result.notes) == (cut > 0)


def test_many_mentions_are_placed_in_moderate_time() -> None:
    """A server may answer with anything: nothing grows with the square of what it says, or of the text."""
    text = "the old ship, " * 5_000
    names = ["the", "ship"] * 10_000
    result = Extractor(Canned({"thing": names}, room=1_000_000)).extract(text, ["thing"], task="NER", window=100_000)
    assert len(result.entities) == 10_000
    pairs = [{"subject": "the", "object": "ship"}] * 50
    result = Extractor(Canned({"has": pairs}, room=1_000_000)).extract(text, ["has"], task="RE", window=100_000)
    assert [(r.subject.start, r.object.start) for r in result.relations] == [(14, 8)]


def test_a_schema_that_leaves_no_room_is_named() -> None:
    with pytest.raises(IEPileError, match="leaves 0 tokens"):
        Extractor(Finder(room=100)).extract("Ada left.", ["person"], task="NER")
