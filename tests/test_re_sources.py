"""Relation sources: the quirks of their native files on toy strings, and the published counts on the real files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from iepile.builders.errors import FormatError
from iepile.builders.readers.lines import read_json_items
from iepile.builders.readers.marked import read_marked_blocks, read_marked_lines
from iepile.builders.readers.token_spans import Tokens, read_documents
from iepile.builders.readers.triples import read_triples
from iepile.builders.records import Record, Rejected, Relation
from iepile.builders.source import get_source

from conftest import SHARED

DATA = SHARED / "data"


def records(items: Iterable[Record | Rejected]) -> list[Record]:
    """The records alone."""
    return [item for item in items if isinstance(item, Record)]


def rejected(items: Iterable[Record | Rejected]) -> list[Rejected]:
    """What was set aside."""
    return [item for item in items if isinstance(item, Rejected)]


def triples(record: Record) -> list[tuple[str, str, str]]:
    """Head, relation and tail of each relation, its offsets checked against the text."""
    for r in record.relation:
        assert r.head_start is None or record.text[r.head_start : r.head_end] == r.head
        assert r.tail_start is None or record.text[r.tail_start : r.tail_end] == r.tail
    return [(r.head, r.relation, r.tail) for r in record.relation]


def write(path: Path, *lines: object) -> Path:
    """A file of these lines; what is no string is written as JSON."""
    path.write_text("".join(x if isinstance(x, str) else json.dumps(x, ensure_ascii=False) + "\n" for x in lines))
    return path


# (source, split) → (records, relations, mentions set aside), as counted by other code on the same files.
COUNTS = {
    ("SciERC", "train"): (1366, 3219, 0),
    ("SciERC", "validation"): (187, 455, 0),
    ("KBP37", "train"): (15917, 15807, 112),
    ("KBP37", "validation"): (1724, 1714, 10),
}


@pytest.mark.parametrize(("name", "split"), COUNTS)
def test_real_files_hold_what_the_facts_say(name: str, split: str) -> None:
    source = get_source(name)
    folder = source.folder(DATA)
    if folder is None or split not in source.find(folder):
        pytest.skip(f"no files of {name} in {DATA}")
    items = list(source.records(folder, split))
    found = records(items)
    aside = rejected(items)
    assert all(item.mention for item in aside)
    assert (len(found), sum(len(r.relation) for r in found), len(aside)) == COUNTS[name, split]
    for record in found:
        triples(record)
        assert all(mention in record.text for mention in record.mentions()), record


# --- token spans ---------------------------------------------------------------------------------------------------


def test_document_offsets_count_over_the_document_and_include_the_last_token(tmp_path: Path) -> None:
    document = {
        "doc_key": "x",
        "sentences": [["No", "relation", "."], ["Salt", "-LRB-", "NaCl", "-RRB-", "melts", "old", "ice", "."]],
        "ner": [[], [[3, 3, "Material"], [3, 6, "Material"], [8, 9, "Material"]]],
        "relations": [[], [[3, 6, 8, 9, "USED-FOR"]]],
        "clusters": [],
    }
    (record,) = records(read_documents(write(tmp_path / "x.json", document)))
    assert record.text == "Salt ( NaCl ) melts old ice ."
    assert record.relation == (
        Relation("Salt ( NaCl )", "USED-FOR", "old ice", "Material", "Material", 0, 13, 20, 27),
    )


def test_blank_tokens_leave_no_gap() -> None:
    tokens = Tokens(["The", "\xa0", "old", "bridge", " \n", "fell"])
    assert tokens.text == "The old bridge fell"
    assert tokens.span(2, 3) == ("old bridge", 4, 14)
    assert tokens.span(2, 4) == ("old bridge", 4, 14)


def test_a_malformed_document_is_set_aside_with_its_line(tmp_path: Path) -> None:
    good = {"sentences": [["A", "b"]], "ner": [[]], "relations": [[[0, 0, 1, 1, "PART-OF"]]]}
    outside = {"sentences": [["A", "b"]], "ner": [[]], "relations": [[[0, 0, 2, 2, "PART-OF"]]]}
    path = write(tmp_path / "x.json", good, {"sentences": []}, outside, "not JSON\n")
    items = list(read_documents(path))
    assert len(records(items)) == 1
    assert [item.origin for item in rejected(items)] == [f"{path}:{n}" for n in (2, 3, 4)]


# --- JSON arrays ---------------------------------------------------------------------------------------------------


def test_an_array_gives_each_item_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "x.json", '\ufeff[\n  {"a": 1},\n  {"a":\n 2} ,\n{"a": 3}\n]\n')
    assert list(read_json_items(path)) == [(f"{path}:{n}", {"a": i}) for n, i in ((2, 1), (3, 2), (5, 3))]
    assert list(read_json_items(write(tmp_path / "y.json", {"a": 1}))) == [(f"{tmp_path / 'y.json'}:1", {"a": 1})]


@pytest.mark.parametrize("text", ['[{"a": 1},\n{"a"', '[{"a": 1},\n', '[{"a": 1}\n'])
def test_an_array_that_breaks_off_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(FormatError, match=r"x\.json:?.*is the file complete"):
        list(read_json_items(write(tmp_path / "x.json", text)))


# --- marked sentences ----------------------------------------------------------------------------------------------


def test_direction_decides_the_subject(tmp_path: Path) -> None:
    lines = (
        '1\t"The <e1>oar</e1> of the <e2>boat</e2> broke."\r\nComponent-Whole(e1,e2)\r\nComment: no. (e2,e1)\r\n\r\n',
        '2\t""Row!" cried the <e2>boat</e2>\'s <e1>cook</e1>."\r\nComponent-Whole(e2,e1)\r\nComment:\r\n\r\n',
        '3\t"A <e1>dog</e1> by a <e2>door</e2>"\r\nOther\r\n',
    )
    found = records(read_marked_blocks(write(tmp_path / "x.txt", *lines)))
    assert [r.text for r in found] == [
        "The oar of the boat broke.",
        '"Row!" cried the boat\'s cook.',
        "A dog by a door",
    ]
    assert [triples(r) for r in found] == [
        [("oar", "Component-Whole", "boat")],
        [("boat", "Component-Whole", "cook")],
        [("dog", "Other", "door")],
    ]


def test_tokenised_sentences_lose_the_blanks_that_marks_leave(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.txt", '0\t" <e1> Oda  Brandt </e1> of <e2> Oslo </e2> ,  sings . "\nper:origin(e2,e1)\n\n\n'
    )
    (record,) = records(read_marked_blocks(path, tokenised=True))
    assert record.text == "Oda Brandt of Oslo , sings ."
    assert triples(record) == [("Oslo", "per:origin", "Oda Brandt")]


def test_an_empty_mention_is_set_aside_and_the_record_stays(tmp_path: Path) -> None:
    path = write(tmp_path / "x.txt", '7\t" The <e1>  </e1> of <e2> Oslo </e2> . "\nper:origin(e1,e2)\n')
    aside, record = read_marked_blocks(path, tokenised=True)
    assert isinstance(record, Record) and (record.text, record.relation) == ("The of Oslo .", ())
    assert isinstance(aside, Rejected) and aside.mention and aside.origin == record.origin == f"{path}:1"


@pytest.mark.parametrize(
    "block",
    ["1\tA <e1>b</e1> <e2>c</e2>\nOther\n", '1\t"A <e1>b</e1> <e2>c"\nOther\n', '1\t"<e1>b</e1> <e2>c</e2>"\n']
    + ['1\t"<e1>b <e2>c</e2> d</e1>"\nOther\n', '1\t"<e1>b</e1> <e2>c</e2> <e2>d</e2>"\nOther\n'],
)
def test_a_malformed_block_is_set_aside(tmp_path: Path, block: str) -> None:
    path = write(tmp_path / "x.txt", "\n", block, '\n2\t"<e1>b</e1> <e2>c</e2>"\nOther\n')
    bad, good = read_marked_blocks(path)
    assert isinstance(bad, Rejected) and bad.origin == f"{path}:2" and not bad.mention
    assert isinstance(good, Record)


def test_marked_lines_may_name_the_object_first(tmp_path: Path) -> None:
    path = write(tmp_path / "x", " <e2>1961年</e2>出生的<e1> 石青 </e1>是歌手\tcr2\n", "没有标签\n")
    record, bad = read_marked_lines(path)
    assert isinstance(record, Record) and record.text == "1961年出生的 石青 是歌手"
    assert triples(record) == [("石青", "cr2", "1961年")]
    assert isinstance(bad, Rejected) and bad.origin == f"{path}:2"


# --- triples -------------------------------------------------------------------------------------------------------


def spo(subject: str, predicate: str, **slots: str) -> dict[str, object]:
    """A triple as DuIE2.0 writes it."""
    value = {slot.replace("value", "@value"): text for slot, text in slots.items()}
    types = {slot: "Text" for slot in value}
    return {"subject": subject, "subject_type": "人物", "predicate": predicate, "object": value, "object_type": types}


def test_slots_beside_the_value_are_counted_as_set_aside(tmp_path: Path) -> None:
    spos = [spo("柳晚舟", "饰演", inWork="河声", value="老秦"), spo(" 柳晚舟", "饰演", value="阿四 ")]
    path = write(tmp_path / "x.json", {"text": "柳晚舟在《河声》里饰演老秦和阿四", "spo_list": spos})
    aside, record = read_triples(path)
    assert isinstance(aside, Rejected) and aside.mention
    assert (aside.content, aside.origin) == ("河声", f"{path}:1") and "inWork" in aside.reason
    assert isinstance(record, Record)
    assert triples(record) == [("柳晚舟", "饰演", "老秦"), ("柳晚舟", "饰演", "阿四")]
    assert {(r.head_type, r.tail_type) for r in record.relation} == {("人物", "Text")}


def test_plain_objects_and_empty_ones(tmp_path: Path) -> None:
    plain = {"subject": "渡口", "subject_type": "歌曲", "predicate": "歌手", "object": "阿岚", "object_type": "人物"}
    path = write(tmp_path / "x.json", {"text": "阿岚唱《渡口》", "spo_list": [plain, spo("渡口", "歌手", value=" ")]})
    aside, record = read_triples(path)
    assert isinstance(record, Record) and triples(record) == [("渡口", "歌手", "阿岚")]
    assert isinstance(aside, Rejected) and aside.mention and "empty" in aside.reason


def test_a_triple_without_a_value_sets_its_record_aside(tmp_path: Path) -> None:
    bad = [
        {"text": "甲", "spo_list": [spo("甲", "父亲", inWork="乙")]},
        {"text": "甲"},
        ["甲"],
        {"text": "甲", "spo_list": [3]},
        {"text": 1, "spo_list": []},
    ]
    items = list(read_triples(write(tmp_path / "x.json", *bad)))
    assert len(rejected(items)) == len(items) == len(bad)


def test_real_duie_triples_are_all_read() -> None:
    path = DATA / "zh/RE/DuIE2.0/raw/LawsonAbs/train_data_5000.json"
    if not path.exists():
        pytest.skip(f"no {path}")
    items = list(read_triples(path))
    assert len(records(items)) == 5000
    assert sum(len(r.relation) for r in records(items)) == 8945
    assert len(rejected(items)) == 348  # slots beside @value: 145 + 42 + 26 + 51 + 34 + 43 + 7


def test_what_is_set_aside_is_told_once_where_splits_are_carved(tmp_path: Path) -> None:
    source = get_source("DuIE2.0")
    triple = spo("柳晚舟", "饰演", inWork="河声", value="老秦")
    triple |= {"subject_type": "娱乐人物", "object_type": {"@value": "人物", "inWork": "影视作品"}}
    write(tmp_path / "duie_train.json", *({"text": f"{n}：柳晚舟饰演老秦", "spo_list": [triple]} for n in range(40)))
    train, validation = (list(source.records(tmp_path, split)) for split in ("train", "validation"))
    assert len(records(train)) + len(records(validation)) == 40
    assert records(validation) and len(rejected(train)) == 40 and not rejected(validation)
