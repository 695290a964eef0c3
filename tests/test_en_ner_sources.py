"""English entities beyond biomedicine: CrossNER, FabNER, FindVehicle, MultiNERD and Ontonotes."""

from pathlib import Path

import pytest
from iepile.builders.errors import FormatError
from iepile.builders.readers.conll2012 import read_conll2012
from iepile.builders.source import get_source

from reading import facts, mentions, read_real, records, rejected, types, written

# CrossNER


@pytest.mark.parametrize("domain", ["AI", "literature", "music", "politics", "science"])
def test_crossner_counts(domain: str) -> None:
    counts = facts("en_ner_CrossNER")[domain.lower()]["test"]
    items = read_real(f"CrossNER_{domain}", "zero_shot")
    assert not rejected(items)
    assert len(records(items)) == counts["sentences"]
    names = get_source(f"CrossNER_{domain}").labels
    assert types(items) == {names[tag]: n for tag, n in counts["entities_per_type"].items()}
    assert sum(not record.entity for record in records(items)) == counts["sentences_without_entity"]


def test_crossner_is_never_trained_on() -> None:
    for domain in ("AI", "literature", "music", "politics", "science"):
        assert get_source(f"CrossNER_{domain}").splits == ("zero_shot",)


# FabNER, FindVehicle, MultiNERD


def test_fabner_types_at_o_are_no_mentions(tmp_path: Path) -> None:
    written(tmp_path, "S2-train.txt", "wire B-MATE\nfeed I-MATE\nhead E-MATE\nof S-MATE\nit O-CONPRI\n. O")
    (record,) = records(get_source("FabNER").records(tmp_path, "train"))
    assert mentions(record) == [("wire feed head", "material"), ("of", "material")]


def test_findvehicle_layers_of_a_sentence_are_one_record(tmp_path: Path) -> None:
    source = get_source("FindVehicle")
    first, second = records(source.records(source.sample, "test"))
    flat = [("lime", "color of vehicle"), ("Harrow", "brand of vehicle"), ("7 Estate", "vehicle model")]
    assert mentions(first) == [*flat, ("Harrow 7 Estate", "estate car")]
    assert mentions(second) == []
    lines = [
        '{"id": 1, "data": "A red Oro V8 .", "ner_label": [["vehicle_color", 2, 5, "red", 1, 2, ["red"]]]}',
        '{"id": 2, "data": "A red Oro V8 .", "ner_label": [["vehicle_color", 2, 5, "red", 1, 2, ["red"]], '
        '["vehicle_type-sports_car", 6, 12, "Oro V8", 2, 4, []], ["vehicle_brand", 7, 9, "Oro", 2, 3, []]]}',
        '{"id": 3, "data": "A car ."}',
    ]
    written(tmp_path, "FindVehicle_test.jsonl", "\n".join(lines))
    items = list(source.records(tmp_path, "test"))
    assert [mentions(record) for record in records(items)] == [[("red", "color of vehicle"), ("Oro V8", "sports car")]]
    assert [r.origin.rpartition(":")[2] for r in rejected(items)] == ["2", "3"]


def test_findvehicle_validation_is_carved_from_train() -> None:
    source = get_source("FindVehicle")
    train, validation = (records(source.records(source.sample, split)) for split in ("train", "validation"))
    assert train and validation
    assert not {record.text for record in train} & {record.text for record in validation}


def test_multinerd_columns_and_numbers(tmp_path: Path) -> None:
    source = get_source("MultiNERD")
    expected = [("Ada Brook", "person"), ("grey heron", "animal"), ("Galway", "location")]
    assert mentions(records(source.records(source.sample, "train"))[0]) == expected
    written(tmp_path, "a/train_en.tsv", "Ada\tB-PER\nBrook\tI-PER\n\nrain\tB-PHY\n")
    assert [mentions(record) for record in records(source.records(tmp_path / "a", "train"))] == [
        [("Ada Brook", "person")],
        [("rain", "geographical phenomenon")],
    ]
    lines = ['{"tokens": ["Orla", "fell"], "ner_tags": [23, 0], "lang": "en"}', '{"tokens": ["Orla"], "ner_tags": []}']
    written(tmp_path, "b/train_en.jsonl", "\n".join(lines))
    items = list(source.records(tmp_path / "b", "train"))
    assert [mentions(record) for record in records(items)] == [[("Orla", "mythical figure")]]
    assert len(rejected(items)) == 1
    written(tmp_path, "c/train_en.tsv", "no tags\there\n")
    with pytest.raises(FormatError, match="train_en.tsv:1: none of the columns holds tags"):
        list(source.records(tmp_path / "c", "train"))


# CoNLL-2012: Ontonotes


def conll2012(document: str, *sentences: str) -> str:
    """A document of sentences given as `word:bracket …`, each with as many arguments as it has words."""
    text = f"#begin document ({document}); part 000\n"
    for sentence in sentences:
        rows = [cell.rsplit(":", 1) for cell in sentence.split()]
        for n, (word, name) in enumerate(rows):
            cells = [document, "0", str(n), word, "NN", "*", "-", "-", "-", "-", name, *("*" for _ in rows), "-"]
            text += "   ".join(cells) + "\n"
        text += "\n"
    return text + "#end document\n"


def test_conll2012_names_are_carried_between_brackets(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "toy.gold_conll",
        conll2012("nw/a", "Anna:(PERSON* B.:* Berg:*) saw:* Oslo:(GPE) *:*", "and\\/or:* -LRB-:(ORG* X:*) /?:*")
        + conll2012("nw/b", "No:* end:(ORG*", "closed:*)", "in:(ORG* it:(GPE)", "odd:(ORG", "Still:* read:*"),
    )
    items = list(read_conll2012(path))
    assert [(record.text, mentions(record)) for record in records(items)] == [
        ("Anna B. Berg saw Oslo *", [("Anna B. Berg", "PERSON"), ("Oslo", "GPE")]),
        ("and/or ( X ?", [("( X", "ORG")]),
        ("Still read", []),
    ]
    assert [r.origin.rpartition(":")[2] for r in rejected(items)] == ["17", "19", "22", "24"]


def test_conll2012_passes_over_documents_without_names_in_a_genre(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "toy.gold_conll",
        conll2012("pt/a", "Unread:* verse:*")
        + conll2012("pt/b", "Orla:(PERSON) rose:*")
        + conll2012("nw/c", "Rain:*"),
    )
    assert [record.text for record in records(read_conll2012(path, unnamed=("pt",)))] == ["Orla rose", "Rain"]
    assert len(records(read_conll2012(path))) == 3


def test_conll2012_without_its_words_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "toy.gold_skel", conll2012("nw/a", "[WORD]:(ORG) [WORD]:*"))
    with pytest.raises(FormatError, match="toy.gold_skel:2: the words are left out"):
        list(read_conll2012(path))


def test_ontonotes_in_its_distributions(tmp_path: Path) -> None:
    source = get_source("Ontonotes")
    text = conll2012("nw/a", "Oslo:(GPE) rains:*")
    written(tmp_path, "v4/data/train/data/english/annotations/nw/a.v4_gold_conll", text)
    written(tmp_path, "v4/data/train/data/chinese/annotations/nw/a.v4_gold_conll", "not English\n")
    written(tmp_path, "v9/data/test/data/english/annotations/nw/a.v9_gold_conll", text)
    written(tmp_path, "development.english.v4_gold_conll", text)
    assert tuple(source.find(tmp_path)) == source.splits
    for split in source.splits:
        (record,) = records(source.records(tmp_path, split))
        assert mentions(record) == [("Oslo", "geographical social political")]
