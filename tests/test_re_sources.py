"""Relation sources: the published counts on the real files, and what each module decides."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from iepile.builders.commands import build as build_command
from iepile.builders.commands import sources as sources_command
from iepile.builders.corpus import build
from iepile.builders.errors import FormatError, IEPileError
from iepile.builders.records import Record, Rejected
from iepile.builders.source import Source, get_source, known_sources, load_sources
from iepile.builders.sources import ipre, wiki_zsl

from conftest import SHARED
from iepile import load
from reading import records, rejected, triples, write, written

DATA = SHARED / "data"


# (source, split) → (records, relations, mentions set aside), as counted by other code on the same files.
COUNTS = {
    ("SciERC", "train"): (1366, 3219, 0),
    ("SciERC", "validation"): (187, 455, 0),
    ("KBP37", "train"): (15917, 15807, 112),
    ("KBP37", "validation"): (1724, 1714, 10),
    ("SemEval-RE", "train"): (6507, 6507, 0),
    ("SemEval-RE", "validation"): (1493, 1493, 0),
    ("CoNLL2004", "train"): (910, 1273, 0),
    ("CoNLL2004", "validation"): (243, 353, 0),
    ("GIDS", "validation"): (1417, 1417, 0),
    ("New-York-Times-RE", "validation"): (5000, 7985, 0),
    ("NYT11-HRL", "validation"): (313, 390, 0),
    ("CMeIE", "test"): (3585, 10626, 0),
    ("Wiki-ZSL_0", "zero_shot"): (5134, 7421 - 12, 12),
    ("FewRel_0", "zero_shot"): (10996, 11200, 0),  # all of the file; the seeds draw from it
    ("COAE2016", "zero_shot"): (971, 988, 0),
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


def test_real_files_that_are_carved_hold_what_the_facts_say() -> None:
    for name, parts, expected in (
        ("DuIE2.0", 2, (5000, 8945, 145 + 42 + 26 + 51 + 34 + 43 + 7)),
        ("ADE_corpus", 3, (4272, 6821, 0)),
    ):
        source = get_source(name)
        folder = source.folder(DATA)
        if folder is None:
            pytest.skip(f"no files of {name} in {DATA}")
        splits = [split for split, paths in source.find(folder).items() if paths == source.find(folder)["train"]]
        items = [item for split in splits for item in source.records(folder, split)]
        found = records(items)
        assert (len(found), sum(len(triples(r)) for r in found), len(rejected(items))) == expected
        assert len(splits) == parts


@pytest.mark.parametrize("name", [s.name for s in load_sources().values() if s.task == "RE" and s.key])
def test_names_and_their_order_are_the_published_ones(name: str) -> None:
    if not (path := SHARED / "reference" / "iepile_label_names.json").exists():
        pytest.skip(f"no {path}")
    published = json.loads(path.read_text())
    schema = get_source(name).schema
    key = get_source(name).key
    # A source of one label has no hard negatives, so that the published dictionary lists none.
    assert list(schema.relations) == published["RE"][key] or (len(schema.relations), published["RE"][key]) == (1, [])
    assert ["_".join(t) for t in schema.triples] == published["SPO"].get(key, [])


def test_what_is_set_aside_is_told_once_where_splits_are_carved(tmp_path: Path) -> None:
    source = get_source("DuIE2.0")
    triple = {"subject": "柳晚舟", "predicate": "饰演", "object": {"@value": "老秦", "inWork": "河声"}}
    triple |= {"subject_type": "娱乐人物", "object_type": {"@value": "人物", "inWork": "影视作品"}}
    write(tmp_path / "duie_train.json", *({"text": f"{n}：柳晚舟饰演老秦", "spo_list": [triple]} for n in range(40)))
    train, validation = (list(source.records(tmp_path, split)) for split in ("train", "validation"))
    assert len(records(train)) + len(records(validation)) == 40
    assert records(validation) and len(rejected(train)) == 40 and not rejected(validation)


def test_rows_without_a_relation_are_left_out_and_words_parted(tmp_path: Path) -> None:
    row = "/m/1\t/m/2\tOda_Brandt\tYstad,_Skane_\t{}\tOda_Brandt left Ystad,_Skane_ in May . ###END### \n"
    path = write(tmp_path / "dev.tsv", row.format("NA"), row.format("/people/person/place_of_birth"), "too\tfew\n")
    record, bad = get_source("GIDS").records(tmp_path, "validation")
    assert isinstance(record, Record) and record.text == "Oda Brandt left Ystad, Skane in May ."
    assert triples(record) == [("Oda Brandt", "place of birth", "Ystad, Skane")]
    assert isinstance(bad, Rejected) and bad.origin == f"{path}:3"


def placed(*rows: tuple[str, int, str, int], text: str) -> list[str]:
    """Rows as in ADE: adverse effect and drug with their places."""
    return [f"1|{text}|{ae}|{a}|{a + len(ae)}|{drug}|{d}|{d + len(drug)}\n" for ae, a, drug, d in rows]


def ade(path: Path, *rows: str) -> list[Record]:
    """The training records of these rows, whichever split they fall into."""
    write(path / "DRUG-AE.rel", *rows)
    return records(get_source("ADE_corpus").read(path / "DRUG-AE.rel"))


def test_places_in_the_document_are_found_in_the_sentence(tmp_path: Path) -> None:
    text = "Rash after lumin, and lumin rash with cough."
    # The first pair fits at two places of the text alone, the second decides.
    rows = placed(
        ("lumin rash", 122, "lumin", 122), ("cough", 138, "lumin", 122), ("rash", 128, " lumin", 121), text=text
    )
    (record,) = ade(tmp_path, *rows)
    assert triples(record) == [
        ("lumin", "adverse effect", "lumin rash"),
        ("lumin", "adverse effect", "cough"),
        ("lumin", "adverse effect", "rash"),
    ]
    assert [(r.head_start, r.tail_start) for r in record.relation] == [(22, 22), (22, 38), (22, 28)]


def test_an_ambiguous_place_is_the_first_and_a_wrong_one_is_none(tmp_path: Path) -> None:
    first = placed(("rash", 55, "lumin", 58), text="x rash y") + placed(
        ("fit", 55, "lumin", 50), text="lumin fit, lumin f"
    )
    twice = placed(("rash", 106, "lumin", 100), text="lumin rash and lumin rash")
    wrong, right, ambiguous = ade(tmp_path, *first, *twice)
    assert [(r.head_start, r.tail_start) for r in wrong.relation] == [(None, None)]
    assert [(r.head_start, r.tail_start) for r in right.relation] == [(None, None)]
    assert [(r.head_start, r.tail_start) for r in ambiguous.relation] == [(0, 6)]


def test_the_test_of_nyt11_is_its_first_369_sentences(tmp_path: Path) -> None:
    relation = {"em1Text": "Oslo", "em2Text": "Norway", "label": "place lived"}
    lines = [{"sentText": f" {n} Oslo in Norway . ", "relationMentions": [relation]} for n in range(400)]
    write(tmp_path / "new_test.json", *lines)
    found = records(get_source("NYT11-HRL").records(tmp_path, "test"))
    assert (len(found), found[-1].text) == (369, "368 Oslo in Norway .")


@pytest.mark.parametrize(
    ("name", "file", "label"),
    [("KBP37", "test.txt", "per:spouse"), ("SemEval-RE", "TEST_FILE_FULL.TXT", "Cause-Effect")],
)
def test_a_sentence_with_two_pairs_is_one_record(name: str, file: str, label: str, tmp_path: Path) -> None:
    sentences = ["<e1>Oda</e1> met <e2>Per</e2> in Lund .", "Oda met <e1>Per</e1> in <e2>Lund</e2> ."]
    blocks = [f'{n}\t"{sentence}"\n{label}(e1,e2)\n\n' for n, sentence in enumerate((*sentences, sentences[0]))]
    written(tmp_path / "raw" / name, file, "".join(blocks))
    shard, *_ = build(tmp_path / "raw", tmp_path / "iepile").shards
    assert (shard.read, shard.records, shard.removed) == (3, 1, {"duplicate": 1})
    rows = pq.read_table(tmp_path / "iepile" / "en_re").to_pylist()
    pairs = [{"subject": "Oda", "object": "Per"}, {"subject": "Per", "object": "Lund"}]
    assert [found for row in rows for found in json.loads(row["output"]).values() if found] == [pairs]


def test_synonyms_bear_the_type_of_their_subject() -> None:
    source = get_source("CMeIE")
    found = [r for record in records(source.records(source.sample, "test")) for r in record.relation]
    assert [(r.head_type, r.relation, r.tail_type) for r in found] == [
        ("疾病", "实验室检查", "检查"),
        ("检查", "同义词（检查）", "检查"),
    ]


def all_of(source: Source) -> list[Record]:
    """The zero-shot records of its toy files."""
    return records(source.records(source.sample, "zero_shot"))


def test_seeds_draw_relations_and_keep_the_sentences_that_have_one() -> None:
    draws = []
    for seed in range(5):
        source = get_source(f"FewRel_{seed}")
        drawn = source.at(source.sample)
        assert len(drawn.schema.relations) == 5 < len({r for x in all_of(source) for r in x.relation})
        assert list(drawn.schema.relations) == [n for n in source.schema.relations if n in drawn.schema.relations]
        kept = [x for x in all_of(source) if any(r.relation in drawn.schema.relations for r in x.relation)]
        assert [x.text for x in all_of(drawn)] == [x.text for x in kept]
        assert {r.relation for x in all_of(drawn) for r in x.relation} == set(drawn.schema.relations)
        draws.append(drawn.schema.relations)
    assert len(set(draws)) > 1
    assert [
        get_source(f"FewRel_{seed}").at(get_source("FewRel_0").sample).schema.relations for seed in range(5)
    ] == draws


def test_real_draws_of_fewrel_hold_700_instances_a_relation() -> None:
    source = get_source("FewRel_4")
    if (folder := source.folder(DATA)) is None:
        pytest.skip(f"no files of FewRel in {DATA}")
    drawn = source.at(folder)
    found = records(drawn.records(folder, "zero_shot"))
    assert len(drawn.schema.relations) == 5
    assert sum(len(r.relation) for r in found) == 3500
    assert len({r.text for r in found}) == len(found) <= 3500


def test_drawn_files_are_read_by_their_seed_and_number(tmp_path: Path) -> None:
    for m, seed, label in ((5, 3, "P57"), (10, 3, "P20")):
        folder = tmp_path / "zero_rte" / "wiki" / f"unseen_{m}_seed_{seed}"
        folder.mkdir(parents=True)
        triplet = {"tokens": ["Oda", "left", "Ystad"], "head": [0], "tail": [2], "label": "?", "label_id": label}
        lost = {**triplet, "head": []}
        write(folder / "test.jsonl", {"triplets": [triplet]}, {"triplets": [lost]})
    assert not get_source("Wiki-ZSL_2").find(tmp_path)
    five = get_source("Wiki-ZSL_3").at(tmp_path)
    assert five.schema.relations == ("director",)
    # The sentence whose only triple is unusable stays, as any record does.
    assert [len(r.relation) for r in records(five.records(tmp_path, "zero_shot"))] == [1, 0]
    ten = wiki_zsl.sources(10)[3]
    assert (ten.name, ten.at(tmp_path).schema.relations) == ("Wiki-ZSL_10_3", ("place of death",))


def test_variants_of_the_suites_are_built_by_name(tmp_path: Path) -> None:
    triplet = {"tokens": ["Oda", "left", "Ystad"], "head": [0], "tail": [2], "label": "?", "label_id": "P20"}
    drawn = tmp_path / "raw" / "Wiki-ZSL" / "zero_rte" / "wiki" / "unseen_10_seed_2"
    written(drawn, "test.jsonl", json.dumps({"triplets": [triplet]}))
    home = tmp_path / "raw" / "IPRE"
    written(home, "sent_test.txt", "1\t石青\t石山\t石青 是 石山 的 孩子\r\n2\t石青\t林素\t石青 和 林素 同行\r\n")
    written(home, "sent_relation_test.txt", "1\t10\r\n2\t0\r\n")
    asked = ["--variant", "unseen_10", "--variant", "ipre_none", "--out", str(tmp_path / "iepile")]
    result = CliRunner().invoke(build_command, ["--raw", str(tmp_path / "raw"), *asked, "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "iepile.build" / "report.json").read_text())
    assert {s["source"]: s["records"] for s in report["shards"]} == {"IPRE": 1, "IPRE_none": 2, "Wiki-ZSL_10_2": 1}
    rows = load("all", split="zero_shot", data_dir=tmp_path / "iepile", sources=["Wiki-ZSL_10_2"])
    assert json.loads(rows[0]["output"]) == {"place of death": [{"subject": "Oda", "object": "Ystad"}]}
    with pytest.raises(IEPileError, match="--variant unseen_10` adds it"):
        get_source("Wiki-ZSL_10_2")
    told = CliRunner().invoke(sources_command, ["FewRel_15_0"]).output
    assert "unseen_15_seed_0/test.jsonl" in told and "FewRel/" in told
    names = set(known_sources()) - set(load_sources())
    assert names == {f"{s}_{m}_{k}" for s in ("FewRel", "Wiki-ZSL") for m in (10, 15) for k in range(5)} | {
        "IPRE_none"
    }


def test_suites_without_native_files_say_so() -> None:
    told = {source.name for source in load_sources().values() if source.obtained == "published layout"}
    assert told == {"SKE2020", "CCF_law"}
    assert all("No native file could be found" in get_source(name).access for name in told)


def test_rows_without_a_mention_or_its_place_are_set_aside(tmp_path: Path) -> None:
    good = placed(("rash", 50, "lumin", 56), text="rash, lumin")
    bad = [good[0].replace("|50|", "||"), good[0].replace("|lumin|", "| |"), "1|rash, lumin\n"]
    items = list(get_source("ADE_corpus").read(write(tmp_path / "DRUG-AE.rel", *bad, *good)))
    assert [item.origin for item in rejected(items)] == [f"{tmp_path / 'DRUG-AE.rel'}:{n}" for n in (1, 2, 3)]
    assert [triples(r) for r in records(items)] == [[("lumin", "adverse effect", "rash")]]
    row = "/m/1\t/m/2\t_\tYstad\t/people/person/place_of_birth\tshe left Ystad . ###END### \n"
    (item,) = get_source("GIDS").read(write(tmp_path / "dev.tsv", row))
    assert isinstance(item, Rejected) and item.reason == "a mention is empty"


def test_a_row_asks_for_the_relations_of_its_seed_and_names_it(tmp_path: Path) -> None:
    build(None, tmp_path / "iepile", only=["FewRel_1", "FewRel_2"])
    files = sorted((tmp_path / "iepile" / "en_re").glob("zero_shot-*.parquet"))
    asked: dict[str, set[str]] = {}
    for row in pq.read_table(files).to_pylist():
        asked.setdefault(row["source"], set()).update(json.loads(row["instruction"])["schema"])
    drawn = {name: get_source(name).at(get_source(name).sample).schema.relations for name in ("FewRel_1", "FewRel_2")}
    assert asked == {name: set(relations) for name, relations in drawn.items()}


def test_ipre_joins_its_two_files(tmp_path: Path) -> None:
    rows = ["1\t石青\t石山\t石青 是 石山 的 孩子 。\r\n", "2\t石山\t石青\t石青 是 石山 的 孩子 。\r\n"]
    rows += ["3\t石青\t林素\t石青 和 林 素 同行\r\n", "4\t石青\t林素\t没 有 编号\r\n"]
    path = write(tmp_path / "sent_test.txt", *rows)
    with pytest.raises(FormatError, match="sent_relation_test.txt"):
        list(ipre.read(path))
    assert not get_source("IPRE").find(tmp_path)
    write(tmp_path / "sent_relation_test.txt", "1\t10 33\r\n", "2\t12\r\n", "3\t0\r\n")
    items = list(ipre.read(path))
    (record,) = records(items)
    assert record.text == "石青是石山的孩子。"
    assert triples(record) == [("石青", "10", "石山"), ("石青", "33", "石山"), ("石山", "12", "石青")]
    assert [item.origin for item in rejected(items)] == [f"{path}:4"]
    assert [r.text for r in records(ipre.read(path, keep_none=True))] == ["石青是石山的孩子。", "石青和林素同行"]
    assert triples(records(get_source("IPRE").records(tmp_path, "zero_shot"))[0])[0] == ("石青", "生父", "石山")
