"""The sources of named entities that are no biomedical ones: what is odd about their formats, counts, cleaning."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from iepile.builders.cleaning import Cleaner, text_digest
from iepile.builders.errors import FormatError, LabelError
from iepile.builders.readers.columns import read_columns, read_either_order
from iepile.builders.readers.inline import read_inline
from iepile.builders.readers.span_lists import read_span_lists
from iepile.builders.readers.span_map import read_span_map
from iepile.builders.records import Entity, Record, Rejected
from iepile.builders.source import get_source

from conftest import SHARED


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "toy.txt"


def found(items: Iterator[Record | Rejected]) -> list[tuple[str, list[tuple[str, str]]]]:
    """(text, [(mention, label)]) of each record; offsets are checked on the way."""
    records = [item for item in items if isinstance(item, Record)]
    for record in records:
        assert all(record.text[e.start : e.end] == e.entity for e in record.entity)
    return [(r.text, [(e.entity, e.entity_type) for e in r.entity]) for r in records]


@pytest.mark.parametrize(
    ("scheme", "tags"),
    {
        "IOB1": ["I-A", "B-A", "O", "I-B", "I-A", "I-A"],
        "IOB2": ["B-A", "B-A", "O", "B-B", "B-A", "I-A"],
        "BIOES": ["S-A", "S-A", "O", "S-B", "B-A", "E-A"],
        "BMES": ["S-A", "S-A", "O", "S-B", "B-A", "E-A"],
        "BILOU": ["U-A", "U-A", "O", "U-B", "B-A", "L-A"],
        "types on O": ["B-A", "B-A", "O-A", "B-B", "B-A", "I-A"],
        "illegal M and E": ["S-A", "M-A", "O", "E-B", "M-A", "E-A"],
    }.items(),
)
def test_tag_schemes_read_alike(file: Path, scheme: str, tags: list[str]) -> None:
    if scheme == "illegal M and E":
        tags = ["S-A", "E-A", *tags[2:]]
    file.write_text("".join(f"w{n} {tag}\n" for n, tag in enumerate(tags)))
    assert found(read_columns(file)) == [
        ("w0 w1 w2 w3 w4 w5", [("w0", "A"), ("w1", "A"), ("w3", "B"), ("w4 w5", "A")]),
    ]


def test_layers_of_tags_nest(file: Path) -> None:
    file.write_text("the\tO\tO\tO\nBcl\tB-gene\tB-cell\tO\n2\tI-gene\tI-cell\tO\ncell\tO\tI-cell\tO\n")
    assert found(read_columns(file, tag=(1, 2, 3))) == [
        ("the Bcl 2 cell", [("Bcl 2", "gene"), ("Bcl 2 cell", "cell")])
    ]


def test_sentences_end_at_blanks_documents_and_the_end(file: Path) -> None:
    file.write_text("\n-DOCSTART- O\na B-A\nb O\n \n\t\nc O\n-DOCSTART- O\nd B-A\n\n\n-DOCSTART- -X- O O\n\ne O")
    assert found(read_columns(file)) == [("a b", [("a", "A")]), ("c", []), ("d", [("d", "A")]), ("e", [])]
    file.write_text("a B-A\n-DOCSTART- -X- O O\nb O\n-DOCSTART- -X- O O")  # at the end of its document
    assert found(read_columns(file)) == [("a", [("a", "A")]), ("b", [])]


def test_comments_are_no_sentences(file: Path) -> None:
    file.write_text("# id 1\na B-A\n# b\n\n# id 2\n# text\nc O\n# end")
    assert found(read_columns(file, comment="# ")) == [("a", [("a", "A")]), ("c", [])]
    assert [item for item in read_columns(file) if isinstance(item, Rejected)]


def test_spans_of_any_keys(file: Path) -> None:
    line = {"text": "丁一看《雾》", "marks": [{"at": {"from": 0, "to": 1}, "kind": "name", "says": "丁一"}]}
    broken = {"text": "丁一", "marks": [{"at": {"from": 0, "to": 1}, "kind": "name", "says": "丙"}]}
    file.write_text(json.dumps([line, broken, {"text": "没有"}]), encoding="utf-8")
    keys = {"text": "text", "spans": "marks", "label": "kind", "start": "at.from", "end": "at.to", "mention": "says"}
    record, mention, empty, other = read_span_lists(file, **keys, inclusive=True)
    assert isinstance(record, Record) and record.entity == (Entity("丁一", "name", 0, 2),)
    assert isinstance(mention, Rejected) and mention.mention and isinstance(empty, Record) and not empty.entity
    assert isinstance(other, Rejected) and "'marks'" in other.reason
    bare, *_ = read_span_lists(file, **{**keys, "mention": None})
    assert isinstance(bare, Record) and bare.entity == (Entity("丁", "name", 0, 1),)


def test_a_token_may_be_a_blank_where_the_separator_is_named(file: Path) -> None:
    file.write_text("我\tB-A\n \tI-A\n\u3000\tO\n你\tO\n", encoding="utf-8")
    assert found(read_columns(file, separator="\t", joiner="")) == [("我 \u3000你", [("我 ", "A")])]


def test_either_order(file: Path) -> None:
    for text in ("B-A\tb-movie\nO\to\nO\to\n", "b-movie\tB-A\no\tO\no\tO"):
        file.write_text(text)
        assert found(read_either_order(file)) == [("b-movie o o", [("b-movie", "A")])]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [("lonely", "fewer than 2 columns"), ("word thing", "'thing' is no tag"), ("word B", "'B' is no tag")],
)
def test_a_malformed_line_sets_its_sentence_aside(file: Path, bad: str, reason: str) -> None:
    file.write_text(f"a O\n\nb B-A\n{bad}\nc O\n\nd B-A\n")
    first, rejected, last = read_columns(file)
    assert isinstance(first, Record) and isinstance(last, Record)
    assert (first.text, last.text) == ("a", "d") and last.origin == f"{file}:7"
    assert rejected == Rejected(f"{file}:4", reason, content=bad)


def test_a_file_of_another_format_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "msra_test_bio.txt").write_text("这是/o 江城/ns\n", encoding="utf-8")
    with pytest.raises(FormatError, match=r"msra_test_bio.txt:1: fewer than 2 columns"):
        list(get_source("MSRA").records(tmp_path, "test"))


def test_an_unknown_tag_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "dev.char.bmes").write_text("江 B-RIVER\n水 E-RIVER\n", encoding="utf-8")
    with pytest.raises(LabelError, match=r"dev.char.bmes:1: ResumeNER knows no label 'RIVER'"):
        list(get_source("ResumeNER").records(tmp_path, "validation"))


def test_weibo_characters_carry_their_place_in_the_word(tmp_path: Path) -> None:
    rows = ["20\tO", "01\tO", "\ufffd\ufffd0\tO", "阿0\tB-PER.NAM", "乐11\tI-PER.NAM", "友0\tB-PER.NOM"]
    (tmp_path / "weiboNER_2nd_conll.test").write_text("\n".join(rows), encoding="utf-8")
    records = get_source("WeiboNER").records(tmp_path, "zero_shot")
    assert found(records) == [("20\ufffd\ufffd阿乐友", [("阿乐", "人名"), ("友", "人物泛称")])]


def test_weibo_of_the_first_edition_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weiboNER_2nd_conll.test").write_text("阿\tB-PER.NAM\n乐\tI-PER.NAM\n", encoding="utf-8")
    with pytest.raises(FormatError, match=":1: no token"):
        list(get_source("WeiboNER").records(tmp_path, "zero_shot"))


def test_span_maps_have_inclusive_ends(file: Path) -> None:
    line = {"text": "丁一和丁一看《雾》", "label": {"name": {"丁一": [[0, 1], [3, 4]]}, "book": {"《雾》": [[6, 8]]}}}
    file.write_text(json.dumps(line) + "\n" + json.dumps({"id": 1, "text": "无标注"}) + "\n[]\n", encoding="utf-8")
    record, *rejected = read_span_map(file)
    assert isinstance(record, Record)
    assert record.entity == (
        Entity("丁一", "name", 0, 2),
        Entity("丁一", "name", 3, 5),
        Entity("《雾》", "book", 6, 9),
    )
    assert [r.origin for r in rejected] == [f"{file}:2", f"{file}:3"]


@pytest.mark.parametrize(
    ("line", "text", "mentions"),
    [
        ("{{a:甲}}和{{b:乙丙}}。", "甲和乙丙。", [("甲", "a"), ("乙丙", "b")]),
        ("{{a: 甲 }}", " 甲 ", [("甲", "a")]),
        ("{{a:{{a:甲}}乙", "甲乙", [("甲", "a")]),
        ("{{a:{{a:甲}}}}乙", "甲乙", [("甲", "a")]),
        ("{{a:甲{{b:乙}}}}丙", "甲乙丙", [("乙", "b"), ("甲乙", "a")]),
        (r"甲\n{{a:乙\n丙}}", "甲\n乙\n丙", [("乙\n丙", "a")]),
        ("{甲} }}{{乙", "{甲} }}{{乙", []),
        ("{{a:时间：三点}}", "时间：三点", [("时间：三点", "a")]),
    ],
)
def test_inline_marks(file: Path, line: str, text: str, mentions: list[tuple[str, str]]) -> None:
    file.write_text(f"{line}\n\n{line}", encoding="utf-8")
    assert found(read_inline(file)) == [(text, mentions)] * 2


def test_msra_in_segments(tmp_path: Path) -> None:
    (tmp_path / "testright1.txt").write_text("在/o 河城/ns 1/2/o 丁一/nr 说/o\n\n坏 了/o\n", encoding="utf-8")
    items = list(get_source("MSRA").records(tmp_path, "test"))
    assert found(iter(items)) == [("在河城1/2丁一说", [("河城", "地理位置"), ("丁一", "人物")])]
    assert [item.origin for item in items if isinstance(item, Rejected)] == [f"{tmp_path / 'testright1.txt'}:3"]


@pytest.mark.parametrize("line", ["{{a: }}甲", "甲{{a:乙"])
def test_inline_marks_that_hold_nothing_are_set_aside(file: Path, line: str) -> None:
    file.write_text(line, encoding="utf-8")
    rejected, record = read_inline(file)
    assert isinstance(rejected, Rejected) and rejected.mention and rejected.origin == f"{file}:1"
    assert isinstance(record, Record) and not record.entity


def native(name: str, folder: str, splits: list[str]) -> list[Record]:
    """The records of these splits of the real files, or a skip where they are not there."""
    source, home = get_source(name), SHARED / "data" / folder
    present = source.find(home) if home.exists() else {}
    if not set(splits) <= set(present):
        pytest.skip(f"the files of {name} are not here")
    items = [item for split in splits for item in source.records(home, split)]
    assert all(isinstance(item, Record) for item in items), "nothing of the real files is set aside"
    return [item for item in items if isinstance(item, Record)]


def facts(file: str, *keys: str) -> dict[str, object]:
    path = SHARED / "sources" / f"{file}.json"
    if not path.exists():
        pytest.skip("the facts files are not here")
    counts = json.loads(path.read_text(encoding="utf-8"))["counts"]
    for key in keys:
        counts = counts[key]
    return counts


@pytest.mark.parametrize(
    ("name", "folder", "splits", "counted"),
    [
        ("ResumeNER", "zh/NER/ResumeNER", ["train"], ["zh_ner_ResumeNER", "train"]),
        ("ResumeNER", "zh/NER/ResumeNER", ["validation"], ["zh_ner_ResumeNER", "dev"]),
        ("MSRA", "zh/NER/MSRA", ["test"], ["zh_ner_MSRA", "test"]),
        ("CLUENER2020", "zh/NER/CLUENER2020", ["train", "validation"], ["zh_ner_CLUENER2020", "train"]),
        ("MIT-Movie", "en/NER/MIT_Movie", ["train", "validation"], ["en_ner_MIT_Movie", "eng", "train"]),
        (
            "MIT-Restaurant",
            "en/NER/MIT_Restaurant",
            ["train", "validation"],
            ["en_ner_MIT_Restaurant", "upstream", "train"],
        ),
        ("HarveyNER", "en/NER/HarveyNER", ["train"], ["en_ner_HarveyNER", "train"]),
        ("HarveyNER", "en/NER/HarveyNER", ["validation"], ["en_ner_HarveyNER", "dev"]),
    ],
)
def test_counts_of_the_real_files(name: str, folder: str, splits: list[str], counted: list[str]) -> None:
    records = native(name, folder, splits)
    expected = facts(*counted)
    labels = get_source(name).labels
    by_type = expected.get("entities_by_type") or expected["entities_per_type"]
    assert len(records) == expected["sentences"]
    assert Counter(e.entity_type for r in records for e in r.entity) == {labels[tag]: n for tag, n in by_type.items()}
    if "sentences_without_entity" in expected:
        assert sum(not r.entity for r in records) == expected["sentences_without_entity"]
    if "characters" in expected:
        assert sum(len(r.text) for r in records) == expected["characters"]
    if "tokens" in expected:
        assert sum(len(r.text.split(" ")) for r in records) == expected["tokens"]
    assert all(r.text[e.start : e.end] == e.entity for r in records for e in r.entity)


@pytest.mark.parametrize("split", ["train", "dev"])
def test_counts_of_the_weibo_splits_that_are_not_used(split: str) -> None:
    path = SHARED / f"data/zh/NER/WeiboNER/raw/weiboNER_2nd_conll.{split}"
    if not path.exists():
        pytest.skip("the files of WeiboNER are not here")
    expected = facts("zh_ner_WeiboNER", split)
    records = [item for item in get_source("WeiboNER").read(path) if isinstance(item, Record)]
    assert len(records) == expected["sentences"]
    assert Counter(e.entity_type for r in records for e in r.entity) == expected["entities_by_type"]


@pytest.mark.parametrize(
    ("name", "folder", "splits", "published"),
    [
        ("HarveyNER", "en/NER/HarveyNER", ["train"], 3553),
        ("HarveyNER", "en/NER/HarveyNER", ["validation"], 1270),
        ("HarveyNER", "en/NER/HarveyNER", ["test"], 1260),
        ("MIT-Movie", "en/NER/MIT_Movie", ["train", "validation"], 9707),
        ("MIT-Movie", "en/NER/MIT_Movie", ["test"], 2441),
        ("MIT-Restaurant", "en/NER/MIT_Restaurant", ["train", "validation"], 7658),
        ("MIT-Restaurant", "en/NER/MIT_Restaurant", ["test"], 1520),
        ("ResumeNER", "zh/NER/ResumeNER", ["train"], 3799),
        ("ResumeNER", "zh/NER/ResumeNER", ["validation"], 463),
        ("ResumeNER", "zh/NER/ResumeNER", ["test"], 476),
        ("MSRA", "zh/NER/MSRA", ["test"], 3437),
    ],
)
def test_published_counts(name: str, folder: str, splits: list[str], published: int) -> None:
    records = native(name, folder, splits)
    held_out = {text_digest(r.text) for r in native(name, folder, ["test"])} if "train" in splits else set()
    cleaned = Cleaner("published", frozenset(held_out)).clean(records, splits[0])
    # The release that the published corpus started from had lost a sentence or two.
    assert 0 <= sum(isinstance(item, Record) for item in cleaned) - published <= 2


@pytest.mark.parametrize(
    ("name", "folder", "splits", "repeats"),
    [
        ("HarveyNER", "en/NER/HarveyNER", ["train"], 297),
        ("HarveyNER", "en/NER/HarveyNER", ["validation"], 31),
        ("ResumeNER", "zh/NER/ResumeNER", ["train"], 18),
        ("MSRA", "zh/NER/MSRA", ["test"], 5),
        ("CLUENER2020", "zh/NER/CLUENER2020", ["train", "validation"], 0),
    ],
)
def test_repeats_within_a_split(name: str, folder: str, splits: list[str], repeats: int) -> None:
    cleaner = Cleaner("published")
    list(cleaner.clean(native(name, folder, splits), splits[0]))
    assert cleaner.counts["duplicate"] + cleaner.counts["contradiction"] == repeats
