"""Readers of relation files: the quirks of each format, on toy strings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from iepile.builders.errors import FormatError
from iepile.builders.readers.lines import read_json_items
from iepile.builders.readers.marked import read_marked_blocks, read_marked_lines
from iepile.builders.readers.relation_columns import read_relation_columns
from iepile.builders.readers.tables import merge_texts
from iepile.builders.readers.token_indexes import read_instances, read_triplets
from iepile.builders.readers.token_spans import Tokens, read_documents, read_sentences
from iepile.builders.readers.triples import Keys, read_triples
from iepile.builders.records import Record, Rejected, Relation

from reading import offsets_hold, records, rejected, triples, write

# Token spans.


def test_document_offsets_count_over_the_document_and_include_the_last_token(tmp_path: Path) -> None:
    document = {
        "doc_key": "x",
        "sentences": [["No", "relation", "."], ["Salt", "-LRB-", "NaCl", "-RRB-", "melts", "old", "ice", "."]],
        "ner": [[], [[3, 3, "Material"], [3, 6, "Material"], [8, 9, "Material"]]],
        "relations": [[], [[3, 6, 8, 9, "USED-FOR"]]],
        "clusters": [],
    }
    path = write(tmp_path / "x.json", document)
    (record,) = records(read_documents(path, only="relations"))
    assert [len(r.entity) for r in records(read_documents(path))] == [0, 3]
    assert [(e.entity, e.start, e.end) for e in record.entity][1:] == [("Salt ( NaCl )", 0, 13), ("old ice", 20, 27)]
    assert record.text == "Salt ( NaCl ) melts old ice ."
    assert record.relation == (
        Relation("Salt ( NaCl )", "USED-FOR", "old ice", "Material", "Material", 0, 13, 20, 27),
    )


def test_documents_with_events(tmp_path: Path) -> None:
    document = {
        "sentences": [["Rain", "."], ["Floods", "swept", "away", "the", "bridge", "."]],
        "events": [[], [[[3, "Harm"], [5, 6, "Target"]], [[3, 4, "Move"], [2, 2, "Cause"]]]],
    }
    (record,) = records(read_documents(write(tmp_path / "x.json", document), only="events"))
    assert offsets_hold(record)
    assert [(e.event_trigger, e.event_type, [(a.role, a.argument) for a in e.arguments]) for e in record.event] == [
        ("swept", "Harm", [("Target", "the bridge")]),
        ("swept away", "Move", [("Cause", "Floods")]),
    ]


def test_blank_tokens_leave_no_gap() -> None:
    tokens = Tokens(["The", "\xa0", "old", "bridge", " \n", "fell"])
    assert tokens.text == "The old bridge fell"
    assert tokens.span(2, 3) == ("old bridge", 4, 14)
    assert tokens.span(2, 4) == ("old bridge", 4, 14)


def test_a_malformed_document_is_set_aside_with_its_line(tmp_path: Path) -> None:
    good = {"sentences": [["A", "b"]], "ner": [[]], "relations": [[[0, 0, 1, 1, "PART-OF"]]]}
    outside = {"sentences": [["A", "b"]], "ner": [[]], "relations": [[[0, 0, 2, 2, "PART-OF"]]]}
    path = write(tmp_path / "x.json", good, {"sentences": []}, outside, "not JSON\n")
    items = list(read_documents(path, only="relations"))
    assert len(records(items)) == 1
    assert [item.origin for item in rejected(items)] == [f"{path}:{n}" for n in (2, 3, 4)]


# JSON arrays.


def test_an_array_gives_each_item_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "x.json", '\ufeff[\n  {"a": 1},\n  {"a":\n 2} ,\n{"a": 3}\n]\n')
    assert list(read_json_items(path)) == [(f"{path}:{n}", {"a": i}) for n, i in ((2, 1), (3, 2), (5, 3))]
    assert list(read_json_items(write(tmp_path / "y.json", {"a": 1}))) == [(f"{tmp_path / 'y.json'}:1", {"a": 1})]


def test_a_long_array_is_read_in_parts(tmp_path: Path) -> None:
    items = [{"n": n, "text": "[ü, {" * size} for n, size in enumerate((10, 500_000, 1, 300_000, 7, 0))]
    path = write(tmp_path / "x.json", json.dumps(items, indent=1, ensure_ascii=False).replace("\n", "\r\n"))
    found = dict(item for item in read_json_items(path) if not isinstance(item, Rejected))
    assert list(found.values()) == items
    assert list(found) == [f"{path}:{2 + 4 * n}" for n in range(len(items))]


def test_an_array_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b'[{"a": 1},\n{"a": "K\xf8ge"}]')
    with pytest.raises(FormatError, match=r"x\.json:2: this line is not UTF-8"):
        list(read_json_items(tmp_path / "x.json"))


@pytest.mark.parametrize("text", ['[{"a": 1},\n{"a"', '[{"a": 1},\n', '[{"a": 1}\n'])
def test_an_array_that_breaks_off_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(FormatError, match=r"x\.json:[12]: .*is the file complete"):
        list(read_json_items(write(tmp_path / "x.json", text)))


# Marked sentences.


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


# Triples.


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


def test_mentions_lose_the_accents_that_the_text_has_lost(tmp_path: Path) -> None:
    text = "Ana Belen came from Malaga to Málaga Street ."
    path = write(tmp_path / "x.json", json.dumps([{"text": text, "triple_list": [["Ana Belén", "r", "Málaga"]]}]))
    (record,) = records(read_triples(path))
    assert triples(record) == [("Ana Belen", "r", "Málaga")]


def test_layouts_of_the_new_york_times(tmp_path: Path) -> None:
    mention = {"em1Text": "Oslo", "em2Text": "Norway", "label": "r"}
    relation = {"rtext": "r", "em1": "Oslo", "em2": "Norway", "tags": [4, 0, 5, 0, 0]}
    none = {**relation, "rtext": "None"}
    path = write(
        tmp_path / "x.json",
        {"sentText": " Oslo in Norway . ", "relationMentions": [mention]},
        {"sentext": '"Oslo in Norway . "\r\n', "relations": [none, relation]},
        {"sentext": '"Oslo or Norway . "\r\n', "relations": [none]},
        {"sentext": "Oslo in Norway .", "relations": [relation]},
    )
    found = records(read_triples(path, no_relation="None"))
    assert [(r.text, triples(r)) for r in found] == [("Oslo in Norway .", [("Oslo", "r", "Norway")])] * 3


# Tables.


def test_a_text_with_several_records_is_merged() -> None:
    a, b = Relation("x", "r", "y"), Relation("x", "r", "z")
    items = [Record("1", relation=(a,), origin="f:1"), Rejected("f:2", "?"), Record("2", relation=(a,))]
    items += [Record("1", relation=(b, a), origin="f:4")]
    merged = list(merge_texts(items))
    assert rejected(merged) == [Rejected("f:2", "?")]
    assert records(merged) == [Record("1", relation=(a, b, a), origin="f:1"), Record("2", relation=(a,))]


# Columns with relations.


def test_relations_lead_from_last_token_to_last_token(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.txt",
        "#doc 3\n0\tRain\tO\t['N']\t[0]\n",
        "#doc 4\n0\tOda\tB-Peop\t['N']\t[0]\n1\tBrandt\tI-Peop\t['Live_In', 'Work_For']\t[5, 2]\n",
        "2\tMills\tB-Org\t['N']\t[2]\n3\t,\tO\t['N']\t[3]\n4\tNew\tB-Loc\t['N']\t[4]\n5\tYork\tI-Loc\t['N']\t[5]\n",
        "#doc 5\n0\tOda\tB-Peop\t['Live_In']\t[1]\n1\tran\tO\t['N']\t[1]\n",
    )
    record, bad = read_relation_columns(path)
    assert isinstance(record, Record) and record.text == "Oda Brandt Mills , New York" and record.origin == f"{path}:3"
    assert triples(record) == [("Oda Brandt", "Live_In", "New York"), ("Oda Brandt", "Work_For", "Mills")]
    assert [(r.head_type, r.tail_type) for r in record.relation] == [("Peop", "Loc"), ("Peop", "Org")]
    assert isinstance(bad, Rejected) and bad.origin == f"{path}:10"


def test_sentences_with_bilou_tags_or_with_entities(tmp_path: Path) -> None:
    tokens = ["Oda", "Brandt", "left", "Ystad"]
    relations = [{"head": 0, "tail": 1, "type": "Live_In"}]
    entities = [{"type": "Peop", "start": 0, "end": 2}, {"type": "Loc", "start": 3, "end": 4}]
    sentences = [
        {"tokens": tokens, "tags": ["B-Peop", "L-Peop", "O", "U-Loc"], "relations": relations, "orig_id": 1},
        {"tokens": tokens, "entities": entities, "relations": relations},
        {"tokens": tokens, "entities": entities[:1], "relations": relations},
    ]
    one, two, bad = read_sentences(write(tmp_path / "x.json", json.dumps(sentences, indent=1)))
    assert isinstance(one, Record) and isinstance(two, Record) and isinstance(bad, Rejected)
    assert triples(one) == triples(two) == [("Oda Brandt", "Live_In", "Ystad")]
    assert one.relation == two.relation and one.relation[0].head_type == "Peop"


# Token indexes and unseen relations.


def test_surfaces_come_from_the_tokens_and_sentences_stand_once(tmp_path: Path) -> None:
    tokens = ["The", "Fern", "\xa0", "Bridge", "spans", "it", ":", "the", "Lind", "!", "Fern", "Bridge", "!"]
    bridge = {"tokens": tokens, "h": ["fern bridge", "Q1", [[1, 2, 3], [10, 11]]], "t": ["river lind", "Q2", [[8]]]}
    other = {**bridge, "h": ["the lind", "Q2", [[7, 8]]], "t": ["fern bridge", "Q1", [[10, 11]]]}
    data = {"P177": [bridge], "P361": [other, {"tokens": tokens, "h": ["x", "Q1", []], "t": ["y", "Q2", [[0]]]}]}
    record, bad = sorted(read_instances(write(tmp_path / "val_wiki.json", data)), key=lambda item: item.origin)
    assert isinstance(record, Record) and record.text == "The Fern Bridge spans it : the Lind ! Fern Bridge !"
    assert triples(record) == [("Fern Bridge", "P177", "Lind"), ("the Lind", "P361", "Fern Bridge")]
    assert isinstance(bad, Rejected) and bad.origin.endswith("val_wiki.json:1 (P361 1)")


def test_mentions_that_are_empty_or_in_pieces_are_set_aside(tmp_path: Path) -> None:
    def triplet(head: list[int], tail: list[int], **more: str) -> dict[str, object]:
        return {"tokens": ["Oda", "Brandt", "of", "Ystad"], "head": head, "tail": tail, "label": "residence", **more}

    path = write(
        tmp_path / "test.jsonl",
        {"triplets": [triplet([0, 1], [3], label_id="P551"), triplet([], [3]), triplet([0, 1], [1, 3])]},
        {"triplets": []},
    )
    one, two, record, bad = read_triplets(path)
    assert [(isinstance(x, Rejected) and x.mention and x.reason) for x in (one, two)] == [
        "an argument of residence is empty",
        "an argument of residence is not in one piece",
    ]
    assert isinstance(record, Record) and triples(record) == [("Oda Brandt", "P551", "Ystad")]
    assert isinstance(bad, Rejected) and not bad.mention and bad.origin == f"{path}:2"


def test_edges_that_are_not_asked_for_leave_no_record(tmp_path: Path) -> None:
    def sentence(*edges: str) -> dict[str, object]:
        edge_set = [{"kbID": edge, "left": [0, 1], "right": [3]} for edge in edges]
        return {"tokens": ["Oda", "Brandt", "of", "Ystad"], "vertexSet": [], "edgeSet": edge_set}

    path = write(tmp_path / "x.json", json.dumps([sentence("P0", "P551"), sentence("P0"), sentence("P9999")]))
    (record,) = records(read_triplets(path, relations={"P551"}))
    assert triples(record) == [("Oda Brandt", "P551", "Ystad")]


def test_triples_of_any_keys(tmp_path: Path) -> None:
    triple = {"from": "Oda", "is": "born in", "to": "Ystad", "kind": "person"}
    path = write(tmp_path / "toy.json", {"passage": " Oda is from Ystad. ", "links": [triple]}, {"text": "x"})
    keys = Keys("passage", "links", "from", "is", "to", head_type="kind")
    record, other = read_triples(path, keys=keys)
    assert isinstance(record, Record) and triples(record) == [("Oda", "born in", "Ystad")]
    assert (record.text, record.relation[0].head_type) == ("Oda is from Ystad.", "person")
    assert isinstance(other, Rejected)
