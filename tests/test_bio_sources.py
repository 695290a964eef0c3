"""The sources of biomedical and other English entities: sentences, readers, counts of the real files."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from iepile.builders.errors import FormatError
from iepile.builders.readers.brat import read_brat
from iepile.builders.readers.chemdner import read_chemdner
from iepile.builders.readers.conll2012 import read_conll2012
from iepile.builders.readers.gene_mentions import read_gene_mentions
from iepile.builders.readers.pubtator import read_pubtator
from iepile.builders.readers.sentences import split_sentences
from iepile.builders.records import Record, Rejected
from iepile.builders.source import get_source

from conftest import SHARED

FACTS = SHARED / "sources"


def facts(name: str) -> dict[str, Any]:
    path = FACTS / f"en_ner_{name}.json"
    if not path.exists():
        pytest.skip("no ../shared here")
    return json.loads(path.read_text())["counts"]


def real(name: str, split: str) -> list[Record | Rejected]:
    """What is read of a split's real files."""
    source = get_source(name)
    folder = source.folder(SHARED / "data" / "en" / "NER")
    if folder is None or split not in source.find(folder):
        pytest.skip(f"no {split} files of {name} in ../shared")
    return list(source.records(folder, split))


def records(items: list[Record | Rejected]) -> list[Record]:
    found = [item for item in items if isinstance(item, Record)]
    for record in found:
        assert all(record.text[e.start : e.end] == e.entity for e in record.entity)
    return found


def rejected(items: list[Record | Rejected]) -> list[Rejected]:
    return [item for item in items if isinstance(item, Rejected)]


def types(items: list[Record | Rejected]) -> dict[str, int]:
    return Counter(e.entity_type for record in records(items) for e in record.entity)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def mentions(record: Record) -> list[tuple[str, str]]:
    return [(e.entity, e.entity_type) for e in record.entity]


# Sentences


def sentences(text: str, **options: Any) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text, **options)]


def test_sentences_end_at_marks_and_lines() -> None:
    text = "Lead and mice\nDr. Oak fed rats (n = 6) for 24 h. Cells grew, see Fig. 2, by 1.5 mg./kg. 2. None fell. \n"
    assert sentences(text) == [
        "Lead and mice",
        "Dr. Oak fed rats (n = 6) for 24 h.",
        "Cells grew, see Fig. 2, by 1.5 mg./kg.",
        "2. None fell.",
    ]
    assert sentences("") == sentences(" \n ") == []


def test_no_sentence_ends_inside_a_protected_span() -> None:
    text = "They saw Type ABC. Deficient cells. They left."
    assert len(sentences(text)) == 3
    span = text.index("ABC"), text.index(" cells")
    assert sentences(text, protected=[span]) == ["They saw Type ABC. Deficient cells.", "They left."]


def test_wrapped_text_and_chinese() -> None:
    assert sentences("The firm said on\nMonday it lost data.\n\nMore soon", lines=False) == [
        "The firm said on\nMonday it lost data.",
        "More soon",
    ]
    assert sentences("甲公司收购了乙。乙没有回应！", language="zh") == ["甲公司收购了乙。", "乙没有回应！"]


def test_blanks_beyond_ascii_are_blanks() -> None:
    assert sentences("Iron\u2003rusts. A.\x85 Gold\xa0lasts for 9\u202fh. Lead melts.") == [
        "Iron\u2003rusts.",
        "A.\x85 Gold\xa0lasts for 9\u202fh.",
        "Lead melts.",
    ]


# PubTator: BC5CDR, NCBI-Disease


def test_pubtator_offsets_run_over_title_and_abstract(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "toy.txt",
        "\n7|t|Zinc | a note.\n7|a|It seen near St. Orla's rash twice. Then lead.\n"
        "7\t0\t4\tZinc\tChemical\tD1  \n7\t28\t39\tSt.  Orla's\tDisease\t-1\n"
        "7\t56\t60\tlead\tChemical\tD2|D3\ta|b\n7\tCID\tD2\tD1\n"
        "8|t|No empty line before.\n8|a|\n",
    )
    first, second, third, fourth = records(list(read_pubtator(path)))
    assert (first.text, mentions(first)) == ("Zinc | a note.", [("Zinc", "Chemical")])
    assert (second.text, mentions(second)) == ("It seen near St. Orla's rash twice.", [("St. Orla's", "Disease")])
    assert (third.text, mentions(third)) == ("Then lead.", [("lead", "Chemical")])
    assert (fourth.text, fourth.origin) == ("No empty line before.", f"{path}:8")


def test_pubtator_sets_aside_what_does_not_fit(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "toy.txt",
        "7|t|Zinc.\n7|a|It fell.\n7\t0\t4\tLead\tChemical\n7\t90\t94\tZinc\tChemical\n7\tzero\t4\tZinc\tChemical\n\n"
        "8|t|A title alone.\n\n",
    )
    items = list(read_pubtator(path))
    assert [(r.origin, r.mention) for r in rejected(items)] == [
        (f"{path}:3", True),
        (f"{path}:4", True),
        (f"{path}:5", True),
        (f"{path}:7", False),
    ]
    assert [r.text for r in records(items)] == ["Zinc.", "It fell."]


def test_pubtator_names_the_line_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "toy.txt"
    path.write_bytes(b"7|t|Zinc.\n7|a|It f\xe9ll.\n")
    with pytest.raises(FormatError, match="toy.txt:2: "):
        list(read_pubtator(path))


@pytest.mark.parametrize(("split", "part"), [("train", "Training"), ("validation", "Development")])
def test_bc5cdr_counts(split: str, part: str) -> None:
    counts = facts("BC5CDR")
    items = real("BC5CDR", split)
    assert not rejected(items)
    assert types(items) == counts["pubtator"][part]["types"]
    published = counts["MTL"][{"train": "train", "validation": "dev"}[split]]["sentences"]
    assert len(records(items)) == pytest.approx(published, rel=0.01)


@pytest.mark.parametrize(("split", "part"), [("train", "train"), ("validation", "dev")])
def test_ncbi_disease_counts(split: str, part: str) -> None:
    counts = facts("NCBI-Disease")
    items = real("NCBI-Disease", split)
    assert not rejected(items)  # nor the mention whose blanks are not those of the text
    assert types(items) == {"Disease": counts["original"][part]["entities"]}
    assert len(records(items)) == pytest.approx(counts["spyysalo-conll"][part]["sentences"], rel=0.015)


def test_an_abstract_that_stands_twice_is_read_twice() -> None:
    source = get_source("NCBI-Disease")
    texts = [record.text for record in records(list(source.records(source.sample, "train")))]
    assert texts.count("A map of the chick egg.") == 2  # cleaning counts it and takes it out


# brat: AnatEM


def test_brat_mentions_by_offsets(tmp_path: Path) -> None:
    written(tmp_path, "b.txt", "Second.\r\nA left\nlung here.\r\n")
    written(
        tmp_path, "b.ann", "T1\tOrgan 11 20\tleft lung\r\nR1\tPart Arg1:T1 Arg2:T1\r\nA1\tOld T1\r\n#1\tNote T1\ty\r\n"
    )
    written(tmp_path, "a.txt", "First.")
    written(tmp_path, "a.ann", "")
    first, second, third = records(list(read_brat(tmp_path)))
    assert [r.text for r in (first, second, third)] == ["First.", "Second.", "A left lung here."]
    assert mentions(third) == [("left lung", "Organ")]


def test_brat_sets_aside_pieces_and_what_has_no_partner(tmp_path: Path) -> None:
    written(tmp_path, "a.txt", "The left and right lung.")
    written(
        tmp_path,
        "a.ann",
        "T1\tOrgan 4 8;19 23\tleft lung\nT2\tOrgan 13 23\tright lung\nT3\tOrgan 13\nT4\tOrgan 0 3\tlung\n",
    )
    written(tmp_path, "b.txt", "Nothing beside it.")
    written(tmp_path, "c.ann", "")
    items = list(read_brat(tmp_path))
    assert [mentions(record) for record in records(items)] == [[("right lung", "Organ")]]
    assert [(r.origin.removeprefix(str(tmp_path)), r.mention) for r in rejected(items)] == [
        ("/a.ann:1", True),
        ("/a.ann:3", True),
        ("/a.ann:4", True),
        ("/b", False),
        ("/c", False),
    ]


@pytest.mark.parametrize(("split", "part"), [("train", "train"), ("validation", "devel")])
def test_anatem_counts(split: str, part: str) -> None:
    counts = facts("AnatEM")
    items = real("AnatEM", split)
    assert not rejected(items)
    assert types(items) == {"Anatomy": counts["original_standoff"][part]["entities"]}
    assert len(records(items)) == pytest.approx(counts["original_conll"][part]["sentences"], rel=0.015)


# Columns: CrossNER, GENIA_NER


@pytest.mark.parametrize("domain", ["AI", "literature", "music", "politics", "science"])
def test_crossner_counts(domain: str) -> None:
    counts = facts("CrossNER")[domain.lower()]["test"]
    items = real(f"CrossNER_{domain}", "zero_shot")
    assert not rejected(items)
    assert len(records(items)) == counts["sentences"]
    names = get_source(f"CrossNER_{domain}").labels
    assert types(items) == {names[tag]: n for tag, n in counts["entities_per_type"].items()}
    assert sum(not record.entity for record in records(items)) == counts["sentences_without_entity"]


def test_crossner_is_never_trained_on() -> None:
    for domain in ("AI", "literature", "music", "politics", "science"):
        assert get_source(f"CrossNER_{domain}").splits == ("zero_shot",)


def test_genia_mentions_nest() -> None:
    source = get_source("GENIA_NER")
    first, *_ = records(list(source.records(source.sample, "test")))
    # Three layers, the innermost first; a type may hold its own.
    assert [(e.entity, e.start, e.end) for e in first.entity] == [
        ("Leaf factor 9", 0, 13),
        ("Leaf factor 9 binding site", 0, 26),
        ("Leaf factor 9 binding site mutants", 0, 34),
    ]


def test_genia_counts() -> None:
    counts = facts("GENIA_NER")["dev"]
    items = real("GENIA_NER", "validation")
    assert not rejected(items)
    assert len(records(items)) == counts["sentences"]
    names = get_source("GENIA_NER").labels
    assert types(items) == {names[tag]: n for tag, n in counts["types"].items()}
    nested = sum(
        (a.start, a.end) != (b.start, b.end) and a.start <= b.start and b.end <= a.end
        for record in records(items)
        for a in record.entity
        for b in record.entity
        if None not in (a.start, a.end, b.start, b.end)
    )
    assert nested == counts["nested_pairs"]


# Gene mentions: BC2GM


def test_gene_offsets_leave_out_blanks_and_ends_are_inclusive(tmp_path: Path) -> None:
    written(tmp_path, "toy.in", "P1 of moss  kinase 4/beta unit here\nP2 none\n")
    written(tmp_path, "GENE.eval", "P1|2 12|moss  kinase 4\nP1|13 20|beta unit\nP1|6 11|kinase\n")
    written(tmp_path, "ALTGENE.eval", "P1|2 5|moss\n")
    first, second = records(list(read_gene_mentions(tmp_path)))
    # The offsets of the second are off by one; the third nests in the first.
    assert [e.entity for e in first.entity] == ["moss  kinase 4", "beta unit", "kinase"]
    assert (second.text, second.entity) == ("none", ())


def test_gene_mentions_that_do_not_fit(tmp_path: Path) -> None:
    path = written(tmp_path, "toy.in", "P1 of moss\nP2\nP3 held out\n")
    written(tmp_path, "GENE.eval", "P1|2 5|fern\nP1|2 9|moss\nP1 2 5 moss\nP1|2|moss\nP3|0 3|held\nP4|0 3|gone\n")
    items = list(read_gene_mentions(tmp_path, held_out={"P3"}))
    assert [record.text for record in records(items)] == ["of moss"]
    assert {r.origin.rpartition("/")[2]: r.mention for r in rejected(items)} == {
        "GENE.eval:1": True,
        "GENE.eval:2": True,
        "GENE.eval:3": True,
        "GENE.eval:4": True,
        "GENE.eval:6": True,
        "toy.in:2": False,
    }
    path.with_name("GENE.eval").unlink()
    with pytest.raises(FormatError, match="no GENE.eval"):
        list(read_gene_mentions(tmp_path))


@pytest.mark.parametrize(("split", "part"), [("train", "train(15000)"), ("validation", "devel-split devel")])
def test_bc2gm_counts(split: str, part: str) -> None:
    counts = facts("BC2GM")
    items = real("BC2GM", split)
    assert not rejected(items)
    original, devel = counts["original"][part], counts["original"]["devel-split devel"]
    held_out = devel if split == "train" else {"sentences": 0, "entities": 0}
    assert len(records(items)) == original["sentences"] - held_out["sentences"]
    assert types(items) == {"gene": original["entities"] - held_out["entities"]}


def test_bc2gm_holds_the_development_set_out_only_where_it_is(tmp_path: Path) -> None:
    source = get_source("BC2GM")
    train = {path.name: path.read_text() for path in (source.sample / "original-data" / "train").iterdir()}
    for name, text in train.items():
        written(tmp_path, f"bc2geneMention/train/{name}", text)
    assert tuple(source.find(tmp_path)) == ("train",)
    assert len(records(list(source.records(tmp_path, "train")))) == 5
    assert len(records(list(source.records(source.sample, "train")))) == 4


# CHEMDNER: BC4CHEMD


def test_chemdner_offsets_are_those_of_title_or_abstract(tmp_path: Path) -> None:
    path = written(
        tmp_path, "toy.abstracts.txt", "7\tZinc.\tIt is no lead. Zinc it is.\n8\tNone.\tNone here.\n9\tNo abstract\n"
    )
    written(
        tmp_path,
        "toy.annotations.txt",
        "7\tA\t15\t19\tZinc\tTRIVIAL\n7\tT\t0\t4\tZinc\tTRIVIAL\n7\tA\t9\t13\tlead\tNO CLASS\n"
        "7\tA\t0\t4\tZinc\tTRIVIAL\n7\tX\t0\t4\tZinc\tTRIVIAL\n5\tT\t0\t4\tZinc\tTRIVIAL\n",
    )
    items = list(read_chemdner(path))
    assert [(record.text, mentions(record)) for record in records(items)] == [
        ("Zinc.", [("Zinc", "TRIVIAL")]),
        ("It is no lead.", [("lead", "NO CLASS")]),
        ("Zinc it is.", [("Zinc", "TRIVIAL")]),
        ("None.", []),
        ("None here.", []),
    ]
    assert [(r.origin.rpartition("/")[2], r.mention) for r in rejected(items)] == [
        ("toy.annotations.txt:4", True),
        ("toy.annotations.txt:5", True),
        ("toy.abstracts.txt:3", False),
        ("toy.annotations.txt:6", True),
    ]
    path.with_name("toy.annotations.txt").unlink()
    with pytest.raises(FormatError, match="put toy.annotations.txt there"):
        list(read_chemdner(path))


def test_bc4chemd_from_columns_too(tmp_path: Path) -> None:
    written(tmp_path, "BC4CHEMD-IOB/devel.tsv", "Brass\tB-Chemical\nacid\tI-Chemical\n.\tO\n\n")
    source = get_source("BC4CHEMD")
    assert tuple(source.find(tmp_path)) == ("validation",)
    (record,) = records(list(source.records(tmp_path, "validation")))
    assert (record.text, mentions(record)) == ("Brass acid .", [("Brass acid", "Chemical")])


# FabNER, FindVehicle, MultiNERD


def test_fabner_types_at_o_are_no_mentions(tmp_path: Path) -> None:
    written(tmp_path, "S2-train.txt", "wire B-MATE\nfeed I-MATE\nhead E-MATE\nof S-MATE\nit O-CONPRI\n. O")
    (record,) = records(list(get_source("FabNER").records(tmp_path, "train")))
    assert mentions(record) == [("wire feed head", "material"), ("of", "material")]


def test_findvehicle_layers_of_a_sentence_are_one_record(tmp_path: Path) -> None:
    source = get_source("FindVehicle")
    first, second = records(list(source.records(source.sample, "test")))
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
    train, validation = (records(list(source.records(source.sample, split))) for split in ("train", "validation"))
    assert train and validation
    assert not {record.text for record in train} & {record.text for record in validation}


def test_multinerd_columns_and_numbers(tmp_path: Path) -> None:
    source = get_source("MultiNERD")
    expected = [("Ada Brook", "person"), ("grey heron", "animal"), ("Galway", "location")]
    assert mentions(records(list(source.records(source.sample, "train")))[0]) == expected
    written(tmp_path, "a/train_en.tsv", "Ada\tB-PER\nBrook\tI-PER\n\nrain\tB-PHY\n")
    assert [mentions(record) for record in records(list(source.records(tmp_path / "a", "train")))] == [
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
    assert [record.text for record in records(list(read_conll2012(path, unnamed=("pt",))))] == ["Orla rose", "Rain"]
    assert len(records(list(read_conll2012(path)))) == 3


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
        (record,) = records(list(source.records(tmp_path, split)))
        assert mentions(record) == [("Oslo", "geographical social political")]
