"""The event sources: the counts of their real files where present, their schemas, and how their files are found."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from iepile.builders.corpus import build
from iepile.builders.errors import IEPileError, LabelError
from iepile.builders.readers.event_json import read_event_mentions
from iepile.builders.readers.token_events import read_rams, read_wikievents
from iepile.builders.readers.unified import read_unified
from iepile.builders.records import Record, Rejected
from iepile.builders.source import get_source

from reading import offsets_hold, real, real_file, records, set_aside, write


class TestPHEE:
    @pytest.mark.parametrize(
        "split, sentences, events, adverse, main, inner, broken_main",
        [("train", 2898, 3006, 2710, 7271, 6820, 357), ("validation", 961, 1003, 886, 2442, 2330, 106)],
    )
    def test_counts_of_the_real_files(
        self, split: str, sentences: int, events: int, adverse: int, main: int, inner: int, broken_main: int
    ) -> None:
        source, folder = real("PHEE", split)
        items = list(source.records(folder, split))
        read = records(items)
        roles = Counter(a.role for r in read for e in r.event for a in e.arguments)
        broken = Counter(i.content.split(":")[0] for i in items if isinstance(i, Rejected))
        assert len(read) == sentences
        assert Counter(e.event_type for r in read for e in r.event) == {
            "adverse event": adverse,
            "potential therapeutic event": events - adverse,
        }
        outer = {"Subject", "Treatment", "Effect"}
        assert sum(n for role, n in broken.items() if role in outer) == broken_main
        assert sum(n for role, n in (roles + broken).items() if role in outer) == main
        assert sum(n for role, n in (roles + broken).items() if role not in {*outer, "Combination.Drug"}) == inner
        assert set(roles) == set(source.roles["adverse event"])
        assert all(offsets_hold(record) for record in read)


class TestBaidu:
    def test_counts_of_duee1(self) -> None:
        source, folder = real("DuEE1.0", "test")
        items = list(source.records(folder, "test"))
        read = records(items)
        assert (len(read), len(items)) == (1492, 1492)
        assert sum(len(r.event) for r in read) == 1783
        assert sum(len(e.arguments) for r in read for e in r.event) == 3682
        assert len({e.event_type for r in read for e in r.event}) == 65
        assert sum(not e.arguments for r in read for e in r.event) == 60
        assert all(offsets_hold(r) for r in read)
        assert all(mention == mention.strip() and mention in r.text for r in read for mention in r.mentions())

    def test_schema_of_duee1(self) -> None:
        roles = get_source("DuEE1.0").roles
        assert (len(roles), sum(map(len, roles.values())), len(set().union(*roles.values()))) == (65, 217, 121)

    def test_counts_of_duee_fin(self) -> None:
        source, folder = real("DuEE-fin", "test")
        read = records(source.records(folder, "test"))
        arguments = [a for r in read for e in r.event for a in e.arguments]
        assert (len(read), sum(len(r.event) for r in read), len(arguments)) == (1171, 1533, 7915)
        assert sum(not r.event for r in read) == 151
        assert Counter(a.argument for a in arguments if a.enumerated) == {
            "筹备上市": 45,
            "正式上市": 26,
            "暂停上市": 3,
            "终止上市": 8,
        }
        assert {a.role for a in arguments if a.enumerated} == {"环节"}
        assert all(mention in r.text for r in read for mention in r.mentions())

    def test_schema_of_duee_fin(self) -> None:
        roles = get_source("DuEE-fin").roles
        assert (len(roles), sum(map(len, roles.values()))) == (13, 92)


class TestEnumeratedRole:
    def folder(self, tmp_path: Path, value: str) -> Path:
        arguments = [{"role": "上市公司", "argument": "甲公司"}, {"role": "环节", "argument": value}]
        event = {"event_type": "公司上市", "trigger": "挂牌", "arguments": arguments}
        line = {"id": "0", "title": "甲公司", "text": "甲公司挂牌。", "event_list": [event]}
        write(tmp_path / "duee_fin_dev.json", line)
        return tmp_path

    def test_its_value_is_kept_without_being_a_mention(self, tmp_path: Path) -> None:
        (record,) = records(get_source("DuEE-fin").records(self.folder(tmp_path, "正式上市"), "test"))
        company, stage = record.event[0].arguments
        assert not company.enumerated
        assert stage.enumerated and stage.argument == "正式上市"
        assert list(record.mentions()) == ["挂牌", "甲公司"]
        assert Record.from_dict(record.to_dict()).event == record.event

    def test_the_schema_lists_its_values(self) -> None:
        assert "正式上市" in get_source("DuEE-fin").schema.role_values["环节"]

    def test_a_value_that_is_not_listed_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(LabelError, match="duee_fin_dev.json:1: DuEE-fin knows no value of '环节' '借壳上市'"):
            list(get_source("DuEE-fin").records(self.folder(tmp_path, "借壳上市"), "test"))


class TestCASIE:
    def test_the_whole_corpus_is_divided_200_100_697(self, tmp_path: Path) -> None:
        folder = tmp_path / "annotation"
        folder.mkdir()
        for n in range(1000):
            name = {0: "999", 1: "10001", 2: "10002"}.get(n, str(20000 + n))
            write(folder / f"{name}.json", {"info": {"date": "2017_01_01"}, "sourcefile": f"{name}.txt"})
        located = {split: file.locate(tmp_path) for split, (file,) in get_source("CASIE").files.items()}
        assert {split: len(found[1]) for split, found in located.items() if found} == {
            "train": 697,
            "validation": 100,
            "test": 200,
        }

    def test_counts_of_the_real_files(self) -> None:
        """The facts file counts all 1,000 documents, so what is here is counted by the format alone."""
        source, folder = real("CASIE", "train", "validation", "test")
        items = [item for split in source.splits for item in source.records(folder, split)]
        read = records(items)
        annotated = Counter[str]()
        for path in folder.rglob("annotation/*.json"):
            if path.stem not in {"999", "10001", "10002"}:
                for hopper in json.loads(path.read_bytes())["cyberevent"]["hopper"]:
                    annotated["events"] += len(hopper["events"])
                    annotated["arguments"] += sum(len(event.get("argument", ())) for event in hopper["events"])
        aside = set_aside(items)
        assert sum(len(r.event) for r in read) + aside["trigger not in the text"] == annotated["events"]
        kept = sum(len(e.arguments) for r in read for e in r.event)
        assert kept + sum(n for reason, n in aside.items() if reason.startswith("argument")) == annotated["arguments"]
        assert aside["trigger not in the text"] <= 1 and aside["argument across sentences"] < 10
        assert aside["argument outside its trigger's sentence"] < 0.03 * annotated["arguments"]
        assert all(offsets_hold(r) for r in read)
        assert len(source.schema.event_types) == 5 and len(set().union(*source.roles.values())) == 26


class TestWikiEvents:
    def test_counts_of_the_development_file(self) -> None:
        path = real_file("data/en/EE/WikiEvents/raw/data/wikievents/dev.jsonl")
        items = list(read_wikievents(path))
        read = records(items)
        assert (len(read), sum(bool(r.event) for r in read), sum(len(r.event) for r in read)) == (378, 182, 345)
        assert len({e.event_type for r in read for e in r.event}) == 35
        assert sum(len(e.arguments) for r in read for e in r.event) == 428 - 2
        assert set_aside(items) == {"argument outside its trigger's sentence": 2}
        assert all(offsets_hold(r) and r.text == r.text.strip() for r in read)
        labels = get_source("WikiEvents").labels
        assert {e.event_type for r in read for e in r.event} <= set(labels)
        assert len(set(labels.values())) == len(labels) == 51 + 4


class TestRAMS:
    def test_counts_of_the_development_file(self) -> None:
        path = real_file("data/en/EE/RAMS/raw/data/rams/dev.jsonlines")
        items = list(read_rams(path))
        read = records(items)
        assert len(read) == len(items) == 924 and len({r.text for r in read}) == 800
        assert sum(len(r.event) for r in read) == 924
        arguments = [a for r in read for e in r.event for a in e.arguments]
        assert len(arguments) == 2188
        assert len({e.event_type for r in read for e in r.event}) == 131 and len({a.role for a in arguments}) == 62
        assert sum(not e.arguments for r in read for e in r.event) == 28
        assert all(offsets_hold(r) for r in read)

    def test_windows_with_one_text_are_one_record_of_a_build(self, tmp_path: Path) -> None:
        result = build(None, tmp_path / "corpus", only=("RAMS",), configs=("en_eet",))
        (shard,) = result.shards
        assert (shard.read, shard.records, dict(shard.removed)) == (3, 2, {})
        rows = [row for file in (tmp_path / "corpus").rglob("*.parquet") for row in pq.read_table(file).to_pylist()]
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["id"], []).extend(t for ts in json.loads(row["output"]).values() for t in ts)
        assert {key: sorted(triggers) for key, triggers in found.items()} == {
            "RAMS/zero_shot/0": ["brought", "thanked"],
            "RAMS/zero_shot/2": ["hurt"],
        }

    def test_schema(self) -> None:
        schema = get_source("RAMS").schema.event_types
        assert (len(schema), len(set().union(*schema.values()))) == (139, 65)
        assert schema["die death caused by violent events"] == ("killer", "victim", "instrument", "place")


class TestCrudeOilNews:
    def test_all_real_files_are_read_without_loss(self) -> None:
        folder = real_file("data/en/EE/CrudeOilNews/raw/annotations/Gold-standard")
        source = get_source("CrudeOilNews")
        counted, expected = Counter[str](), Counter[str]()
        for path in sorted(folder.glob("*.json")):
            for sentence in json.loads(path.read_bytes()):
                events = sentence["golden-event-mentions"]
                expected.update(sentences=1, events=len(events), arguments=sum(len(e["arguments"]) for e in events))
            for item in source.read(path):
                assert isinstance(item, Record) and offsets_hold(item)
                counted.update(sentences=1, events=len(item.event))
                counted["arguments"] += sum(len(e.arguments) for e in item.event)
                for event in item.event:
                    roles = source.roles[str(source.labels[event.event_type])]
                    assert {source.role_names[a.role] for a in event.arguments} <= set(roles)
        assert counted == expected
        assert len(source.schema.event_types) == 19 and len(set().union(*source.roles.values())) == 20


class TestFewFC:
    @pytest.mark.parametrize(
        "name, sentences, events, without", [("train_base", 2732, 4682, 4), ("dev_base", 1821, 3320, 3)]
    )
    def test_counts_of_the_real_files(self, name: str, sentences: int, events: int, without: int) -> None:
        path = real_file(f"data/zh/EE/FewFC/raw/original/{name}.json")
        read = records(read_event_mentions(path))
        assert (len(read), sum(len(r.event) for r in read), sum(not r.event for r in read)) == (
            sentences,
            events,
            without,
        )
        assert all(offsets_hold(r) and e.event_trigger for r in read for e in r.event)
        source = get_source("FewFC")
        for event in (e for r in read for e in r.event):
            names = {source.role_names[f"{event.event_type}.{a.role}"] for a in event.arguments}
            assert names <= set(source.roles[event.event_type])


class TestFindingFiles:
    def test_file_in_a_folder_of_its_own_name(self, tmp_path: Path) -> None:
        (tmp_path / "duee_dev.json").mkdir()
        path = write(tmp_path / "duee_dev.json" / "duee_dev.json", {"text": "无事", "event_list": []})
        assert get_source("DuEE1.0").find(tmp_path) == {"test": [path]}

    def test_split_that_is_not_there_says_where_it_comes_from(self, tmp_path: Path) -> None:
        with pytest.raises(IEPileError, match=r"The files of PHEE \(train\) are not in .*; it takes json/train\.json"):
            list(get_source("PHEE").records(tmp_path, "train"))


class TestUnified:
    def test_published_sample_reads(self) -> None:
        path = real_file("reference/unified_format/EE/sample.json")
        read = list(read_unified(path))
        assert all(isinstance(r, Record) and r.event and offsets_hold(r) for r in read)
