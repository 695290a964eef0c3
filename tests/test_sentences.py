"""Documents are split into sentences, and never inside a mention."""

from typing import Any

from iepile.builders.readers.sentences import split_sentences


def sentences(text: str, **options: Any) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text, **options)]


def test_sentences_end_at_marks_and_lines() -> None:
    text = "Lead and mice\nDr. Oak fed rats (n = 6) for 24 h. Cells grew, see Fig. 2, by 1.5 mg./kg. 2. None fell. \n"
    assert sentences(text) == [
        "Lead and mice",
        "Dr. Oak fed rats (n = 6) for 24 h.",
        "Cells grew, see Fig. 2, by 1.5 mg./kg.",
        "2. None fell.",
    ]
    assert sentences("") == sentences(" \n ") == []


def test_no_sentence_ends_inside_a_protected_span() -> None:
    text = "They saw Type ABC. Deficient cells. They left."
    assert len(sentences(text)) == 3
    span = text.index("ABC"), text.index(" cells")
    assert sentences(text, protected=[span]) == ["They saw Type ABC. Deficient cells.", "They left."]


def test_wrapped_text_and_chinese() -> None:
    assert sentences("The firm said on\nMonday it lost data.\n\nMore soon", lines=False) == [
        "The firm said on\nMonday it lost data.",
        "More soon",
    ]
    assert sentences("甲公司收购了乙。乙没有回应！", language="zh") == ["甲公司收购了乙。", "乙没有回应！"]


def test_blanks_beyond_ascii_are_blanks() -> None:
    assert sentences("Iron\u2003rusts. A.\x85 Gold\xa0lasts for 9\u202fh. Lead melts.") == [
        "Iron\u2003rusts.",
        "A.\x85 Gold\xa0lasts for 9\u202fh.",
        "Lead melts.",
    ]
