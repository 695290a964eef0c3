"""Every source: its header, its toy files, its labels."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from iepile.builders.errors import IEPileError
from iepile.builders.records import Record
from iepile.builders.source import SPLITS, File, Source, get_source, load_sources

SOURCES = load_sources()
REDISTRIBUTE = {"yes", "share-alike", "non-commercial", "agreement", "unstated"}


@pytest.mark.parametrize("name", SOURCES)
def test_header_is_complete(name: str) -> None:
    source = SOURCES[name]
    assert source.task in {"NER", "RE", "EE"}
    assert source.language in {"en", "zh"}
    assert source.redistribute in REDISTRIBUTE
    for field in ("domain", "licence", "citation", "homepage", "access"):
        assert getattr(source, field).strip(), f"{name} has no {field}"
    assert set(source.files) | set(source.carve) <= set(SPLITS)
    assert "zero_shot" not in source.splits or source.splits == ("zero_shot",)


@pytest.mark.parametrize("name", SOURCES)
def test_toy_files_are_read_without_loss(name: str) -> None:
    source = SOURCES[name]
    assert tuple(source.find(source.sample)) == source.splits, f"toy files of {name} miss a split"
    texts, seen = set(), set()
    for split in source.splits:
        for item in source.records(source.sample, split):
            if not isinstance(item, Record):
                continue  # a toy file may show what is set aside
            texts.add(item.text)
            assert all(mention in item.text for mention in item.mentions()), item
            for entity in item.entity:
                assert entity.start is None or item.text[entity.start : entity.end] == entity.entity
            seen.update(_labels(source, item))
    assert texts, f"toy files of {name} hold no record"
    assert seen, f"toy files of {name} hold no annotation"


def _labels(source: Source, record: Record) -> set[str]:
    if source.task == "NER":
        return {e.entity_type for e in record.entity}
    if source.task == "RE":
        return {r.relation for r in record.relation}
    return {e.event_type for e in record.event}


def test_a_split_is_carved_only_where_it_has_no_file(tmp_path: Path) -> None:
    def read(path: Path) -> Iterator[Record]:
        return (Record(f"{path.stem} {n}") for n in range(60))

    toy = replace(
        get_source("CoNLL2003"), read=read, carve={"validation": 0.5}, files={"train": [File("a"), File("b")]}
    )
    for name in ("a", "b", "c"):
        (tmp_path / name).touch()
    texts = {split: [r.text for r in toy.records(tmp_path, split)] for split in toy.find(tmp_path)}
    assert list(texts) == ["train", "validation"]
    assert min(len(part) for part in texts.values()) > 40
    assert sorted(sum(texts.values(), [])) == sorted(f"{name} {n}" for name in "ab" for n in range(60))
    own = replace(toy, files={**toy.files, "validation": [File("c")]})
    assert [r.text for r in own.records(tmp_path, "validation")] == [f"c {n}" for n in range(60)]
    assert len(list(own.records(tmp_path, "train"))) == 120
    (tmp_path / "c").unlink()
    assert [r.text for r in own.records(tmp_path, "validation")] == texts["validation"]


def test_unknown_source_names_the_nearest() -> None:
    with pytest.raises(IEPileError, match="did you mean 'CoNLL2003'"):
        get_source("conll2003")
