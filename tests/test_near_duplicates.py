"""Near duplicates: what is near, what goes, and that the order of the work is no matter."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iepile.builders.near_duplicates import MOST, Text, near_duplicates, shingles

STORY = "The harbour master counted forty boats before the fog rolled in and hid the lighthouse from view"
CHINESE = "港务长数了四十条船，雾就涌了进来，把灯塔遮得严严实实，谁也看不见归来的渔民。"


def texts(source: str, split: str, *found: str) -> list[Text]:
    return [(source, split, f"{source}/{split}/{n}", text) for n, text in enumerate(found)]


def jaccard(one: str, other: str) -> float:
    a, b = set(shingles(one)), set(shingles(other))
    return len(a & b) / len(a | b)


def test_training_texts_near_to_held_out_ones_are_found_across_sources() -> None:
    found = near_duplicates(
        [
            *texts("A", "train", STORY + " .", "Nothing else is like this sentence", CHINESE.replace("四十", "五十")),
            *texts("A", "test", "A sentence that stands alone here"),
            *texts("B", "zero_shot", STORY.upper(), CHINESE),
        ]
    )
    assert found.texts == 6
    assert found.contaminated == {("A/train", "B/zero_shot"): 2}
    assert not found.repeated
    assert found.drop == {"A/train/0", "A/train/2"}
    assert [(pair.id, pair.of) for pair in found.examples] == [
        *(("A/train/0", "B/zero_shot/0"), ("A/train/2", "B/zero_shot/1"))
    ]
    assert found.examples[0].similarity == 1 and 0.8 <= found.examples[1].similarity < 1


def test_of_texts_trained_on_the_first_stays() -> None:
    found = near_duplicates(
        [
            *texts("A", "validation", "quite another matter altogether said the cook"),
            *texts(
                "A", "train", STORY, STORY.replace("forty", "fourty"), "Quite another matter altogether, said the cook"
            ),
            *texts("B", "train", STORY),  # another source can ask something else of the same text
        ]
    )
    assert found.drop == {"A/train/1", "A/validation/0"}
    assert found.repeated == {"A/validation": 1, "A/train": 1}
    assert not found.contaminated


def test_held_out_texts_never_go() -> None:
    found = near_duplicates([*texts("A", "test", STORY, STORY), *texts("B", "zero_shot", STORY)])
    assert found.texts == 3 and not found.drop and not found.examples


def test_what_goes_takes_nobody_along() -> None:
    """Of a chain where the second is near to both others, but these are not near, only the second goes."""
    words = [f"word{n}word" for n in range(60)]
    chain = [" ".join(words[n : n + 40]) for n in (0, 5, 10)]
    assert jaccard(chain[0], chain[1]) > 0.8 and jaccard(chain[0], chain[2]) < 0.66
    assert near_duplicates(texts("A", "train", *chain), threshold=0.73).drop == {"A/train/1"}


def test_many_texts_of_one_kind_are_all_found() -> None:
    kind = [f"{STORY} number {n}" for n in range(3 * MOST)]
    found = near_duplicates([*texts("A", "train", *kind), *texts("B", "test", STORY + " number 99")])
    assert found.contaminated == {("A/train", "B/test"): 3 * MOST}
    assert len(found.examples) <= 6
    alone = near_duplicates(texts("A", "train", *kind))
    assert alone.repeated == {"A/train": 3 * MOST - 1}


def test_nothing_is_near_to_nothing() -> None:
    assert near_duplicates([]).texts == 0
    short = texts("A", "train", "", "4 - 2", "4-2", "..", "?", "五号", "五号")
    assert near_duplicates(short).texts == 7 and not near_duplicates(short).drop


def test_an_unknown_split_is_an_error() -> None:
    with pytest.raises(KeyError):
        near_duplicates(texts("A", "dev", STORY))


def test_the_report_is_plain_data() -> None:
    found = near_duplicates([*texts("A", "train", STORY), *texts("B", "test", STORY)])
    assert found.to_dict() == {
        "texts": 2,
        "threshold": 0.8,
        "contaminated": [{"trained_on": "A/train", "held_out": "B/test", "texts": 1}],
        "repeated": {},
        "examples": [{"id": "A/train/0", "of": "B/test/0", "similarity": 1.0}],
        "drop": 1,
    }


def test_the_order_of_sources_and_splits_is_no_matter() -> None:
    chance = random.Random(7)
    groups = [
        texts(source, split, *(" ".join(chance.choices("fog boat pier rope".split(), k=9)) for _ in range(40)))
        for source in "CAB"
        for split in ("train", "test", "validation")
    ]
    results = []
    for _ in range(3):
        chance.shuffle(groups)
        results.append(near_duplicates(text for group in groups for text in group))
    assert results[0] == results[1] == results[2]
    assert results[0].drop and results[0].contaminated


LETTERS = st.text("abcd ,").map(lambda text: text + "abcdabcda")


@settings(max_examples=25, deadline=None)
@given(st.lists(LETTERS, max_size=8), st.lists(LETTERS, max_size=8))
def test_same_letters_are_always_near(trained: list[str], held: list[str]) -> None:
    found = near_duplicates([*texts("A", "train", *trained), *texts("A", "test", *held)])
    letters = ["".join(text.replace(",", " ").split()) for text in trained]
    same = {"".join(text.replace(",", " ").split()) for text in held}
    for n, text in enumerate(letters):
        if text in same or text in letters[:n]:
            assert f"A/train/{n}" in found.drop


def test_the_estimate_is_near_the_truth() -> None:
    chance = random.Random(1)
    words = [f"w{chance.randrange(10**6)}" for _ in range(400)]
    for _ in range(20):
        one = chance.sample(words, 40)
        other = one[: chance.randrange(30, 40)] + chance.sample(words, 3)
        truth = jaccard(" ".join(one), " ".join(other))
        found = near_duplicates(texts("A", "train", " ".join(one), " ".join(other)), threshold=0.0)
        if truth > 0.7:
            assert found.examples[0].similarity == pytest.approx(truth, abs=0.15)
