"""Biomedical entities: PubTator, brat, layers of tags, the files of BioCreative; counts of the real files."""

from pathlib import Path

import pytest
from iepile.builders.errors import FormatError
from iepile.builders.readers.brat import read_brat, read_brat_events, read_brat_relations
from iepile.builders.readers.chemdner import read_chemdner
from iepile.builders.readers.gene_mentions import read_gene_mentions
from iepile.builders.readers.pubtator import read_pubtator
from iepile.builders.source import get_source

from reading import facts, mentions, offsets_hold, read_real, records, rejected, triples, types, written

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
    first, second, third, fourth = records(read_pubtator(path))
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
    counts = facts("en_ner_BC5CDR")
    items = read_real("BC5CDR", split)
    assert not rejected(items)
    assert types(items) == counts["pubtator"][part]["types"]
    published = counts["MTL"][{"train": "train", "validation": "dev"}[split]]["sentences"]
    assert len(records(items)) == pytest.approx(published, rel=0.01)


@pytest.mark.parametrize(("split", "part"), [("train", "train"), ("validation", "dev")])
def test_ncbi_disease_counts(split: str, part: str) -> None:
    counts = facts("en_ner_NCBI-Disease")
    items = read_real("NCBI-Disease", split)
    assert not rejected(items)  # nor the mention whose blanks are not those of the text
    assert types(items) == {"Disease": counts["original"][part]["entities"]}
    assert len(records(items)) == pytest.approx(counts["spyysalo-conll"][part]["sentences"], rel=0.015)


def test_an_abstract_that_stands_twice_is_read_twice() -> None:
    source = get_source("NCBI-Disease")
    texts = [record.text for record in records(source.records(source.sample, "train"))]
    assert texts.count("A map of the chick egg.") == 2  # cleaning counts it and takes it out


# brat: AnatEM


def test_brat_mentions_by_offsets(tmp_path: Path) -> None:
    written(tmp_path, "b.txt", "Second.\r\nA left\nlung here.\r\n")
    written(
        tmp_path, "b.ann", "T1\tOrgan 11 20\tleft lung\r\nR1\tPart Arg1:T1 Arg2:T1\r\nA1\tOld T1\r\n#1\tNote T1\ty\r\n"
    )
    written(tmp_path, "a.txt", "First.")
    written(tmp_path, "a.ann", "")
    first, second, third = records(read_brat(tmp_path))
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
    counts = facts("en_ner_AnatEM")
    items = read_real("AnatEM", split)
    assert not rejected(items)
    assert types(items) == {"Anatomy": counts["original_standoff"][part]["entities"]}
    assert len(records(items)) == pytest.approx(counts["original_conll"][part]["sentences"], rel=0.015)


MINE = "Oda saw the\nold shaft flood in water. Per walked home. The flood hurt Per."
MENTIONS = (
    "T1\tPerson 0 3\tOda\nT2\tSite 8 21\tthe old shaft\nT3\tFlood 22 27\tflood\nT4\tPlace 31 36\twater\n"
    "T5\tPerson 38 41\tPer\nT6\tHarm 65 69\thurt\nT7\tPerson 70 73\tPer\nT8\tFlood 59 64\tflood\n"
    "T9\tSite 8 11;16 21\tthe shaft\n"
)


def test_brat_relations_within_a_sentence(tmp_path: Path) -> None:
    written(tmp_path, "a.txt", MINE)
    links = "R1\tsees Arg2:T2 Arg1:T1\nR2\tknows Arg1:T1 Arg2:T5\t\nR3\tsees Arg1:T1 Arg2:T9\n*\tEquiv T5 T7\n"
    written(tmp_path, "a.ann", MENTIONS + links)
    items = list(read_brat_relations(tmp_path))
    first, *others = records(items)
    assert (first.text, triples(first)) == (
        "Oda saw the old shaft flood in water.",
        [("Oda", "sees", "the old shaft")],
    )
    assert [(r.head_type, r.tail_type) for r in first.relation] == [("Person", "Site")]
    assert [(r.text, r.relation) for r in others] == [("Per walked home.", ()), ("The flood hurt Per.", ())]
    assert [r.reason for r in rejected(items)] == [
        "a mention in pieces",
        "a relation without its two mentions",
        "relation across sentences",
    ]


def test_brat_events_hold_events(tmp_path: Path) -> None:
    written(tmp_path, "a.txt", MINE)
    links = "E1\tFlood:T3 Site:T2 Place:T4 Site2:T9\nE2\tHarm:T6 Cause:E3 Victim:T7\nE3\tFlood:T8\nE4\tHarm:T99\n"
    written(tmp_path, "a.ann", MENTIONS + links + "A1\tNegated E2\n")
    items = list(read_brat_events(tmp_path))
    first, _, last = records(items)
    assert all(map(offsets_hold, records(items)))
    assert [(e.event_trigger, e.event_type) for e in (*first.event, *last.event)] == [
        ("flood", "Flood"),
        ("hurt", "Harm"),
        ("flood", "Flood"),
    ]
    assert [(a.role, a.argument) for e in (*first.event, *last.event) for a in e.arguments] == [
        ("Site", "the old shaft"),
        ("Place", "water"),
        ("Cause", "flood"),
        ("Victim", "Per"),
    ]
    assert [(r.reason, r.content) for r in rejected(items)[1:]] == [
        ("an argument without its mention", "Site2:T9"),
        ("an event without its trigger", "Harm:T99"),
    ]


# Columns: GENIA_NER


def test_genia_mentions_nest() -> None:
    source = get_source("GENIA_NER")
    first, *_ = records(source.records(source.sample, "test"))
    # Three layers, the innermost first; a type may hold its own.
    assert [(e.entity, e.start, e.end) for e in first.entity] == [
        ("Leaf factor 9", 0, 13),
        ("Leaf factor 9 binding site", 0, 26),
        ("Leaf factor 9 binding site mutants", 0, 34),
    ]


def test_genia_counts() -> None:
    counts = facts("en_ner_GENIA_NER")["dev"]
    items = read_real("GENIA_NER", "validation")
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
    first, second = records(read_gene_mentions(tmp_path))
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
    counts = facts("en_ner_BC2GM")
    items = read_real("BC2GM", split)
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
    assert len(records(source.records(tmp_path, "train"))) == 5
    assert len(records(source.records(source.sample, "train"))) == 4


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
    (record,) = records(source.records(tmp_path, "validation"))
    assert (record.text, mentions(record)) == ("Brass acid .", [("Brass acid", "Chemical")])
