"""Relation sources: the quirks of their native files on toy strings, and the published counts on the real files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from iepile.builders.errors import FormatError
from iepile.builders.readers.lines import read_json_items
from iepile.builders.readers.token_spans import Tokens, read_documents
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
