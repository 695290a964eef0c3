"""Where mentions stand: by hand, and on random texts of many scripts."""

import unicodedata

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from iepile.extraction.grounding import Grounder, Mention

COMBINING = "e\u0301o\u0308"  # é and ö, written as a letter and its accent
TEXT = f"The heads met Ms. Müller in Caf{COMBINING[:2]} Zoë, New York; York’s ﬁrm owns ＡＢＣ and ½ of it."


def place(text: str, mention: str) -> tuple[str, int | None, int | None]:
    found = Grounder(text).ground([mention])[0]
    return found.match, found.start, found.end


@pytest.mark.parametrize(
    ("mention", "match", "original"),
    [
        ("Müller", "exact", "Müller"),
        ("müller", "normalised", "Müller"),
        ("Muller", "normalised", "Müller"),
        ("Mu\u0308ller", "normalised", "Müller"),
        ("Ms.  Müller", "normalised", "Ms. Müller"),
        ("Ms.Müller", "normalised", "Ms. Müller"),
        ("Café", "normalised", f"Caf{COMBINING[:2]}"),
        ("cafe", "normalised", f"Caf{COMBINING[:2]}"),
        ("York's", "normalised", "York’s"),
        ("firm", "normalised", "ﬁrm"),
        ("ABC", "normalised", "ＡＢＣ"),
        ("heads", "exact", "heads"),
    ],
)
def test_a_mention_is_found_in_the_original_text(mention: str, match: str, original: str) -> None:
    found, start, end = place(TEXT, mention)
    assert (found, TEXT[start:end]) == (match, original)


@pytest.mark.parametrize("mention", ["Schmidt", "", " ", "irm owns A", "of  itt"])
def test_what_is_not_there_has_no_place(mention: str) -> None:
    found = Grounder(TEXT).ground([mention])[0]
    assert (found.start, found.end, found.spans, found.match) == (None, None, (), "unsupported")


def test_half_of_a_character_is_no_match() -> None:
    assert place("the ﬁrm", "f")[0] == "unsupported"  # ﬁ is one character
    assert place("½ cup", "1")[0] == "unsupported"


def test_whole_words_go_first() -> None:
    assert Grounder("The hen: he left.").ground(["he"]) == [Mention("he", 9, 11, ((9, 11),), "exact")]
    assert place("The theme", "he") == ("exact", 1, 3)  # there is no other
    assert place("小林住在小林镇", "小林") == ("exact", 0, 2)  # Chinese has no blanks to go by


def test_repeated_mentions_take_their_turns() -> None:
    first, second, third = Grounder("Ada saw Ada.").ground(["Ada", "Ada", "Ada"])
    assert (first.start, second.start, third.start) == (0, 8, 0)
    assert first.ambiguous and first.spans == ((0, 3), (8, 11))
    assert not Grounder("Ada left.").ground(["Ada"])[0].ambiguous


def test_a_part_is_sought_outside_the_whole() -> None:
    york, new_york = Grounder("New York beats York.").ground(["York", "New York"])
    assert (york.start, new_york.start) == (15, 0)
    nested, whole = Grounder("New York wins.").ground(["York", "New York"])
    assert (nested.start, whole.start) == (4, 0)


ALPHABETS = st.text(
    alphabet=st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("abcAB  \n\u00a0éüßﬁ½İſΣς中文林，。「」한글ガe\u0301\u0308\u200d👩🔬😀ＡＢ’'“-–"),
    ),
    max_size=30,
)


@given(ALPHABETS, st.integers(0, 30), st.integers(1, 10))
@settings(max_examples=150, deadline=None)
def test_every_part_of_a_text_is_found_exactly(text: str, start: int, length: int) -> None:
    start %= len(text) or 1
    mention = text[start : start + length]
    assume(mention.strip())
    found = Grounder(text).ground([mention])[0]
    assert found.match == "exact"
    for first, last in found.spans:
        assert text[first:last] == mention


@given(ALPHABETS, st.integers(0, 30), st.integers(1, 10), st.sampled_from(["upper", "NFD", "NFC", "NFKC", "blanks"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@example("x İstanbul ß", 2, 9, "upper")
@example("가각", 0, 1, "NFD")
def test_changed_parts_are_found_in_bounds(text: str, start: int, length: int, change: str) -> None:
    start %= len(text) or 1
    mention = text[start : start + length].strip()
    assume(any(c.isalnum() for c in mention))
    if change == "upper":
        changed = mention.upper()
    else:
        changed = mention.replace(" ", "  ") if change == "blanks" else unicodedata.normalize(change, mention)
    found = Grounder(text).ground([changed])[0]
    for first, last in found.spans:
        assert 0 <= first < last <= len(text)
        if found.match == "exact":
            assert text[first:last] == changed
    if change == "blanks":
        assert found.start is not None


@given(ALPHABETS, st.lists(ALPHABETS, max_size=5))
@settings(max_examples=100, deadline=None)
def test_any_mentions_are_placed_or_not_without_fail(text: str, mentions: list[str]) -> None:
    for mention, found in zip(mentions, Grounder(text).ground(mentions), strict=True):
        assert found.text == mention
        assert (found.start is None) == (found.match == "unsupported") == (found.spans == ())


def test_a_long_text_is_searched_in_moderate_time() -> None:
    text = "Ada met Bo in Lund. " * 15_000
    grounder = Grounder(text)
    assert len(grounder.find("Lund")[1]) == 15_000
    assert len(grounder.find("LUND")[1]) == 15_000
    assert grounder.find("Zoe")[0] == "unsupported"
