"""Every source: its header, its toy files, its labels."""

import pytest
from iepile.builders.errors import IEPileError
from iepile.builders.records import Record
from iepile.builders.source import SPLITS, Source, get_source, load_sources

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


def test_unknown_source_names_the_nearest() -> None:
    with pytest.raises(IEPileError, match="did you mean 'CoNLL2003'"):
        get_source("conll2003")
