"""Cleaning: each rule on its own, what it leaves alone, and what holds for any text."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iepile.builders.cleaning import RULES, Cleaner, join_by_text, text_digest
from iepile.builders.edits import Edit, rewrite, spans
from iepile.builders.errors import IEPileError
from iepile.builders.records import Argument, Entity, Event, Record, Rejected, Relation

ANNA = Record("Anna met Bo in Ulm.", entity=(Entity("Anna", "person", 0, 4), Entity("Ulm", "location", 15, 18)))


def clean(cleaner: Cleaner, *records: Record, split: str = "train") -> tuple[list[Record], list[Rejected]]:
    items = list(cleaner.clean(records, split))
    return [i for i in items if isinstance(i, Record)], [i for i in items if isinstance(i, Rejected)]


def test_sound_records_pass_unchanged() -> None:
    cleaner = Cleaner()
    records, rejected = clean(cleaner, ANNA, Record("Zweiter Satz.\tMit Tabulator\nund Zeile."), Record("第三句。"))
    assert records[0] is ANNA and len(records) == 3 and not rejected
    assert not cleaner.counts


def test_rejected_items_pass_through() -> None:
    fault = Rejected("a.txt:3", "1 column instead of 2")
    assert list(Cleaner().clean([fault], "train")) == [fault]


def test_duplicates_go_within_a_split_only() -> None:
    cleaner = Cleaner()
    again = Record(ANNA.text, entity=ANNA.entity[::-1], origin="b.txt:9")  # the order is no difference
    records, rejected = clean(cleaner, ANNA, again)
    assert records == [ANNA]
    assert rejected[0].origin == "b.txt:9" and rejected[0].reason.startswith("duplicate:") and not rejected[0].mention
    assert clean(cleaner, ANNA, split="test")[0] == [ANNA]
    assert cleaner.counts == {"duplicate": 1}


def test_of_contradictory_records_the_first_stays() -> None:
    cleaner = Cleaner()
    records, rejected = clean(cleaner, ANNA, Record(ANNA.text, entity=(Entity("Anna", "location", 0, 4),)))
    assert records == [ANNA]
    assert rejected[0].reason.startswith("contradiction:")
    assert cleaner.counts == {"contradiction": 1}


def test_pairs_of_a_text_are_joined_and_only_one_pair_can_contradict() -> None:
    text = "Oda of Ystad met Per of Lund."

    def told(head: str, relation: str, tail: str, origin: str) -> Record:
        places = (text.index(head), text.index(head) + len(head), text.index(tail), text.index(tail) + len(tail))
        return Record(text, relation=(Relation(head, relation, tail, "", "", *places),), origin=origin)

    items = [
        told("Oda", "lives in", "Ystad", "1"),
        Record("Another."),
        told("Per", "lives in", "Lund", "2"),
        told("Oda", "lives in", "Ystad", "3"),
        told("Per", "born in", "Lund", "4"),
    ]
    cleaner = Cleaner()
    kept = list(cleaner.clean(join_by_text(items), "train"))
    first, other = (item for item in kept if isinstance(item, Record))
    assert [(r.head, r.relation, r.tail) for r in first.relation] == [
        ("Oda", "lives in", "Ystad"),
        ("Per", "lives in", "Lund"),
    ]
    assert (first.origin, other.text) == ("1", "Another.")
    assert cleaner.counts == {"duplicate": 1, "contradiction": 1}
    assert [item.origin for item in kept if isinstance(item, Rejected)] == ["3", "4"]


def test_leaks_go_from_train_only() -> None:
    held_out = frozenset([text_digest(ANNA.text)])
    for split, stays in {"train": 0, "validation": 1, "test": 1, "zero_shot": 1}.items():
        records, rejected = clean(Cleaner(held_out=held_out), ANNA, split=split)
        assert len(records) == stays, split
        assert len(rejected) == 1 - stays
    assert Cleaner(held_out=held_out).held_out == held_out


def test_a_leak_is_found_whatever_must_be_mended() -> None:
    cleaner = Cleaner(held_out=frozenset([text_digest("An\x00na met Bo in Ulm.")]))
    assert clean(cleaner, ANNA)[0] == []


def test_missing_mentions_go_and_their_record_stays() -> None:
    record = Record(
        ANNA.text,
        entity=(Entity("Anna", "person"), Entity("Berta", "person"), Entity("", "person")),
        relation=(Relation("Anna", "knows", "Bo"), Relation("Anna", "knows", "Cleo"), Relation("Dora", "knows", "Bo")),
        event=(
            Event(
                "met",
                "meeting",
                (Argument("Anna", "party"), Argument("Emil", "party"), Argument("private", "kind", enumerated=True)),
            ),
            Event("greeted", "meeting", (Argument("Anna", "party"),)),
            Event("", "meeting", (Argument("Bo", "party"),)),
        ),
        origin="c.json:4",
    )
    cleaner = Cleaner()
    [left], rejected = clean(cleaner, record)
    assert left.entity == (Entity("Anna", "person"),)
    assert left.relation == (Relation("Anna", "knows", "Bo"),)
    assert left.event == (
        Event("met", "meeting", (Argument("Anna", "party"), Argument("private", "kind", enumerated=True))),
        Event("", "meeting", (Argument("Bo", "party"),)),
    )
    assert [r.content for r in rejected] == ["Berta", "", "Cleo", "Dora", "Emil", "greeted"]
    assert all(r.mention and r.origin == "c.json:4" and r.reason.startswith("missing mention:") for r in rejected)
    assert cleaner.counts == {"missing mention": 6}


def test_wrong_offsets_go_and_their_mention_stays() -> None:
    cleaner = Cleaner()
    [left], rejected = clean(cleaner, Record(ANNA.text, entity=(Entity("Anna", "person", 1, 5), ANNA.entity[1])))
    assert left.entity == (Entity("Anna", "person"), ANNA.entity[1])
    assert not rejected and cleaner.counts == {"wrong offsets": 1}


@pytest.mark.parametrize(
    ("text", "mended", "rule"),
    [
        ("An\x00na met", "Anna met", "control character"),
        ("Anna\x0cmet", "Anna met", "control character"),
        ("Anna\r\nmet", "Anna\nmet", "control character"),
        ("\ufeffAnna", "Anna", "control character"),
        ("Anna at the cafÃ©", "Anna at the café", "broken encoding"),
        ("Annaâ€™s café", "Anna’s café", "broken encoding"),
        ("å®‰å¨œ", "安娜", "broken encoding"),
        ("Anna \ud83d\ude00", "Anna 😀", "broken encoding"),
        ("Anna \ufffd\ufffdmet", "Anna met", "broken encoding"),
        ("« Café » 20 °C – naïve “É”», Ångström, São", "« Café » 20 °C – naïve “É”», Ångström, São", None),
        ("í\xa0\xa0 is no UTF-8", "í\xa0\xa0 is no UTF-8", None),
        ("👩\u200d🚒 𝔸 \ue000", "👩\u200d🚒 𝔸 \ue000", None),
    ],
)
def test_characters_are_mended(text: str, mended: str, rule: str | None) -> None:
    cleaner = Cleaner()
    [left], _ = clean(cleaner, Record(text))
    assert left.text == mended
    assert cleaner.counts == ({rule: 1} if rule else {})
    assert text_digest(text) == text_digest(mended)


def test_offsets_follow_what_is_mended() -> None:
    text = "\ufeffAn\x00na\x0cmet Zoë in CafÃ© Ulm"
    found = ["An\x00na", "Zoë", "CafÃ© Ulm"]
    entities = tuple(Entity(m, "x", text.index(m), text.index(m) + len(m)) for m in found)
    [left], _ = clean(Cleaner(), Record(text, entity=(*entities, Entity("An\x00na", "y"))))
    assert left.text == "Anna met Zoë in Café Ulm"
    assert [e.entity for e in left.entity] == ["Anna", "Zoë", "Café Ulm", "Anna"]
    assert all(left.text[e.start : e.end] == e.entity for e in left.entity[:3])


def test_a_mention_that_lost_characters_takes_its_record_along() -> None:
    cleaner = Cleaner()
    records, [rejected] = clean(cleaner, Record("Zo\ufffd met Bo.", entity=(Entity("Zo\ufffd", "person", 0, 3),)))
    assert not records and rejected.reason.startswith("broken encoding:")
    assert cleaner.counts == {"broken encoding": 1}


def test_published_profile_knows_duplicates_and_leaks_only() -> None:
    odd = Record("An\x00na met.", entity=(Entity("Berta", "person"),))
    cleaner = Cleaner("published", frozenset([text_digest("held out")]))
    records, rejected = clean(cleaner, odd, odd, Record("held out"))
    assert records == [odd] and len(rejected) == 2
    assert cleaner.counts == {"duplicate": 1, "leak": 1}


def test_unknown_profile_is_an_error() -> None:
    with pytest.raises(IEPileError, match="default, published"):
        Cleaner("strict")


def test_near_duplicates_go_by_their_ids() -> None:
    cleaner = Cleaner(near=frozenset(["A/train/1"]))
    records, [rejected] = clean(cleaner, replace(ANNA, id="A/train/0"), Record("Anna met Bo in Ulm!", id="A/train/1"))
    assert [r.id for r in records] == ["A/train/0"]
    assert rejected.reason.startswith("near duplicate:") and cleaner.counts == {"near duplicate": 1}


def test_quality_filters_are_an_option_for_training_texts() -> None:
    poor = [Record("34"), Record("1 - 0 ( 2 : 3 ) 0 - 1 at Ulm"), Record("§ 12")]
    fine = [ANNA, Record("安娜在乌尔姆"), Record("Is 34 ok")]
    assert len(clean(Cleaner(), *poor, *fine)[0]) == 6
    assert len(clean(Cleaner(quality=True), *poor, *fine, split="test")[0]) == 6
    cleaner = Cleaner(quality=True)
    records, rejected = clean(cleaner, *poor, *fine)
    assert records == fine
    assert [r.reason.partition(":")[0] for r in rejected] == ["too short", "not letters", "too short"]
    assert cleaner.counts == {"too short": 2, "not letters": 1}


@pytest.mark.parametrize(
    ("text", "masked", "kind"),
    [
        ("Write to anna.b+x@mail.example.org.", "Write to [EMAIL].", "e-mail address"),
        ("邮箱anna@example.cn，谢谢", "邮箱[EMAIL]，谢谢", "e-mail address"),
        ("电话13912345678找我", "电话[PHONE]找我", "telephone number"),
        ("电话010-12345678。", "电话[PHONE]。", "telephone number"),
        ("Call (212) 555-0123 or wait", "Call [PHONE] or wait", "telephone number"),
        ("Call +49 30 1234567 or wait", "Call [PHONE] or wait", "telephone number"),
        ("身份证号11010119900307123X，", "身份证号[ID]，", "identity number"),
        ("Her SSN is 123-45-6789.", "Her SSN is [ID].", "identity number"),
        ("@Anna_B thanks", "[USER] thanks", "user name"),
        ("谢谢@小明同学：好", "谢谢[USER]：好", "user name"),
        ("恭喜@柳晚舟 凭此夺冠", "恭喜[USER] 凭此夺冠", "user name"),
        ("今天上午，男星@廖远 也来了", "今天上午，男星[USER] 也来了", "user name"),
        ("河热@结果 红细胞多。雾咳@常伴头痛：轻", None, None),  # as passages of CMeIE open
        ("In 1998-2003, 10.1016/j.1234567890 @ 5, 3-2-1, 1,234,567 and 12345678901234567890", None, None),
    ],
)
def test_personal_data_are_counted_and_masked_by_option(text: str, masked: str | None, kind: str | None) -> None:
    counting, masking = Cleaner(), Cleaner(mask=True)
    assert clean(counting, Record(text))[0] == [Record(text)]
    assert clean(masking, Record(text))[0] == [Record(masked or text)]
    assert counting.counts == masking.counts == ({kind: 1} if kind else {})


def test_masks_take_mentions_along() -> None:
    text = "Ask @anna or anna@example.org, says Anna of example.org in Ulm"
    mentions = ["@anna", "anna@example.org", "example.org", "Anna of example.org", "Ulm"]
    entities = tuple(Entity(m, "x", text.index(m), text.index(m) + len(m)) for m in mentions)
    bare = tuple(Entity(m, "y") for m in mentions)
    [left], _ = clean(Cleaner(mask=True), Record(text, entity=entities + bare))
    assert left.text == "Ask [USER] or [EMAIL], says Anna of example.org in Ulm"
    assert [e.entity for e in left.entity if e.entity_type == "x"] == [
        *("[USER]", "[EMAIL]", "[EMAIL]", "Anna of example.org", "Ulm")
    ]
    assert [e.entity for e in left.entity if e.entity_type == "y"] == [
        *("[USER]", "[EMAIL]", "example.org", "Anna of example.org", "Ulm")
    ]
    assert all(left.text[e.start : e.end] == e.entity for e in left.entity if e.start is not None)


def test_repeats_are_known_by_the_text_before_masks() -> None:
    cleaner = Cleaner(mask=True, held_out=frozenset([text_digest("Call 13912345678")]))
    records, _ = clean(cleaner, Record("Call 13912345678"), Record("Call 13912345679"))
    assert records == [Record("Call [PHONE]")]


ODD = st.text(st.sampled_from("ab é\x00\x0c\r\n\ufeff\ufffd\ud83d\ude00Ã©â€™\x85í\xa0 "), min_size=1, max_size=30)


@settings(deadline=None)
@given(texts=st.lists(ODD, max_size=6), cut=st.tuples(st.integers(0, 30), st.integers(0, 30)), offsets=st.booleans())
def test_what_leaves_is_sound(texts: list[str], cut: tuple[int, int], offsets: bool) -> None:
    def annotated(text: str) -> Record:
        start, end = sorted(min(c, len(text)) for c in cut)
        return Record(text, entity=(Entity(text[start:end], "x", *((start, end) if offsets else ())),))

    cleaner = Cleaner()
    records, rejected = clean(cleaner, *map(annotated, texts))
    assert len(records) + sum(not r.mention for r in rejected) == len(texts)  # nothing is dropped in silence
    assert len({r.text for r in records}) == len(records)
    for record in records:
        record.text.encode()
        for mention, start, end in spans(record):
            assert mention and mention in record.text
            assert start is None or record.text[start:end] == mention
    again, rejected_again = clean(Cleaner(), *records)
    assert again == records and not rejected_again
    assert set(cleaner.counts) <= set(RULES)


@settings(deadline=None)
@given(st.text("abc", max_size=20), st.data())
def test_rewrite_moves_what_it_does_not_touch(text: str, data: st.DataObject) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    edits = [
        Edit(*pair, data.draw(st.sampled_from(["", "X", "XYZ"])))
        for pair in zip(places[::2], places[1::2], strict=False)
    ]
    entities = tuple(Entity(text[i : i + 1], "x", i, i + 1) for i in range(len(text)))
    moved = rewrite(Record(text, entity=entities), edits)
    assert moved.text == _by_hand(text, edits)
    for old, new in zip(entities, moved.entity, strict=True):
        touched = any(e.start < old.end and old.start < e.end for e in edits)
        assert new.entity == moved.text[new.start : new.end]
        assert touched or new.entity == old.entity


def _by_hand(text: str, edits: Iterable[Edit]) -> str:
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text
