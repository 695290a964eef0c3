"""The event sources: quirks of their formats on toy strings, and the counts of the real files where present."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from iepile.builders.corpus import build
from iepile.builders.errors import FormatError, IEPileError, LabelError
from iepile.builders.readers.ace import read_apf_entities, read_apf_events, split_documents
from iepile.builders.readers.ace_lists import EVENTS, NESTED_NER
from iepile.builders.readers.casie import newest_first, read_casie
from iepile.builders.readers.event_json import read_event_lists, read_event_mentions
from iepile.builders.readers.mentions import place
from iepile.builders.readers.nested_events import read_nested_events
from iepile.builders.readers.token_events import read_oneie, read_rams, read_wikievents
from iepile.builders.readers.unified import read_unified
from iepile.builders.records import Record, Rejected
from iepile.builders.source import Source, get_source

from conftest import SHARED

EN, ZH = SHARED / "data" / "en" / "EE", SHARED / "data" / "zh" / "EE"


def records(items: Iterator[Record | Rejected]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


def set_aside(items: Iterator[Record | Rejected]) -> Counter[str]:
    return Counter(item.reason for item in items if isinstance(item, Rejected))


def write_lines(path: Path, *objects: object) -> Path:
    path.write_text("".join(json.dumps(o, ensure_ascii=False) + "\n" for o in objects), encoding="utf-8")
    return path


def real(name: str, *splits: str) -> tuple[Source, Path]:
    """The source and its folder of real files; skips where a split is not there."""
    source = get_source(name)
    folder = source.folder(SHARED / "data")
    if folder is None or not set(splits) <= set(source.find(folder)):
        pytest.skip(f"no real files of {name}")
    return source, folder


def offsets_hold(record: Record) -> bool:
    spans = [(a.argument, a.start, a.end) for e in record.event for a in e.arguments]
    spans += [(e.event_trigger, e.start, e.end) for e in record.event]
    return all(start is None or record.text[start:end] == mention for mention, start, end in spans)


class TestPlace:
    def test_offsets_that_hold_are_kept(self) -> None:
        assert place("a cat, a cat", "cat", 9) == ("cat", 9, 12)

    def test_blanks_at_the_edges_go_and_the_start_moves(self) -> None:
        assert place("the  red car", " red ", 4) == ("red", 5, 8)

    @pytest.mark.parametrize("start, found", [(0, 0), (3, 2), (6, 7), (99, 7)])
    def test_wrong_offsets_find_the_nearest_occurrence(self, start: int, found: int) -> None:
        assert place("xyxyzzzxy", "xy", start)[1] == found

    def test_what_does_not_occur_has_no_place(self) -> None:
        assert place("abc", "abd", 0) == ("abd", None, None)


class TestPHEE:
    def sentence(self, tmp_path: Path, text: str, **event: object) -> list[Record | Rejected]:
        event = {"event_type": "Adverse_event", "Trigger": {"text": [["after"]], "start": [[5]]}, **event}
        line = {"id": "1_1", "context": text, "annotations": [{"events": [event]}]}
        return list(read_nested_events(write_lines(tmp_path / "train.json", line)))

    def test_nested_arguments_carry_the_outer_role(self, tmp_path: Path) -> None:
        drug = {"text": [["abixin"]], "start": [[11]]}
        combination = [{"event_type": "Combination", "Trigger": {"text": [["with"]], "start": [[18]]}, "Drug": drug}]
        (record,) = records(
            self.sentence(
                tmp_path,
                "Rash after abixin with doran",
                Treatment={**drug, "Drug": drug, "Combination": combination},
            )
        )
        (event,) = record.event
        assert (event.event_trigger, event.start, event.end) == ("after", 5, 10)
        assert [(a.role, a.argument, a.start) for a in event.arguments] == [
            ("Treatment", "abixin", 11),
            ("Treatment.Drug", "abixin", 11),
            ("Combination.Drug", "abixin", 11),
        ]

    def test_attributes_are_no_arguments(self, tmp_path: Path) -> None:
        severity = {"text": [["Rash"]], "start": [[0]], "value": "High"}
        (record,) = records(self.sentence(tmp_path, "Rash after abixin", Severity=severity))
        assert record.event[0].arguments == ()

    def test_discontinuous_mention_is_set_aside_and_its_record_stays(self, tmp_path: Path) -> None:
        effect = {"text": [["Rash", "spots"], ["spots"]], "start": [[0, 18], [18]]}
        record, rejected = self.sentence(tmp_path, "Rash after abixin spots", Effect=effect)
        assert isinstance(record, Record) and isinstance(rejected, Rejected)
        assert [a.argument for a in record.event[0].arguments] == ["spots"]
        assert rejected.mention and rejected.reason == "discontinuous mention"
        assert rejected.content == "Effect: Rash … spots"
        assert rejected.origin.endswith("train.json:1")

    def test_trailing_blank_of_a_trigger_goes(self, tmp_path: Path) -> None:
        (record,) = records(
            self.sentence(tmp_path, "Rash after abixin", Trigger={"text": [["after "]], "start": [[5]]})
        )
        assert record.event[0].event_trigger == "after"

    def test_malformed_line_is_set_aside_as_a_whole(self, tmp_path: Path) -> None:
        path = write_lines(tmp_path / "train.json", {"id": "1_1", "context": "Rash"})
        (rejected,) = read_nested_events(path)
        assert isinstance(rejected, Rejected) and not rejected.mention
        assert "annotations" in rejected.reason

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
    def one(self, tmp_path: Path, **line: object) -> Record:
        (record,) = records(read_event_lists(write_lines(tmp_path / "duee_train.json", {"id": "0", **line})))
        return record

    def test_type_with_a_slash_is_one_label(self, tmp_path: Path) -> None:
        event = {"event_type": "组织关系-辞/离职", "trigger": "离职", "trigger_start_index": 2, "arguments": []}
        (event,) = self.one(tmp_path, text="他已离职", event_list=[event]).event
        assert (event.event_type, event.arguments, event.start, event.end) == ("组织关系-辞/离职", (), 2, 4)

    def test_blanks_at_the_edge_of_an_argument_go(self, tmp_path: Path) -> None:
        argument = {"role": "发布产品", "argument": " 新灯", "argument_start_index": 3}
        event = {"event_type": "产品行为-发布", "trigger": "发布", "trigger_start_index": 1, "arguments": [argument]}
        (argument,) = self.one(tmp_path, text="我发布 新灯", event_list=[event]).event[0].arguments
        assert (argument.argument, argument.start, argument.end) == ("新灯", 4, 6)

    def test_document_without_event_list_has_no_event(self, tmp_path: Path) -> None:
        record = self.one(tmp_path, text="平静的一天。", title="无事")
        assert record == Record("无事\n平静的一天。", origin=record.origin)

    def test_title_that_opens_the_text_is_not_said_twice(self, tmp_path: Path) -> None:
        assert self.one(tmp_path, text="公告：亏损。", title="公告").text == "公告：亏损。"

    def test_argument_of_the_title_alone_occurs_in_the_record(self, tmp_path: Path) -> None:
        argument = {"role": "公司名称", "argument": "甲公司"}
        event = {"event_type": "亏损", "trigger": "亏损", "arguments": [argument]}
        record = self.one(tmp_path, text="今年亏损。", title="甲公司年报", event_list=[event])
        assert set(record.mentions()) == {"亏损", "甲公司"} and all(m in record.text for m in record.mentions())
        assert record.event[0].arguments[0].start is None  # without offsets a repeated string has no one place

    def test_offsets_move_behind_the_title(self, tmp_path: Path) -> None:
        event = {"event_type": "亏损", "trigger": "亏损", "trigger_start_index": 2, "arguments": []}
        record = self.one(tmp_path, text="今年亏损。", title="年报", event_list=[event])
        assert record.text[record.event[0].start : record.event[0].end] == "亏损"
        assert record.event[0].start == 5

    def test_counts_of_duee1(self) -> None:
        source, folder = real("DuEE1.0", "test")
        items = list(source.records(folder, "test"))
        read = records(items)
        assert (len(read), len(items)) == (1492, 1492)
        assert sum(len(r.event) for r in read) == 1783
        assert sum(len(e.arguments) for r in read for e in r.event) == 3682
        assert len({e.event_type for r in read for e in r.event}) == 65
        assert sum(not e.arguments for r in read for e in r.event) == 60
        assert all(offsets_hold(r) for r in read) and all(
            m == m.strip() and m in r.text for r in read for m in r.mentions()
        )

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
        write_lines(tmp_path / "duee_fin_dev.json", line)
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
    def document(self, folder: Path, name: str, content: str, *events: dict[str, object], date: str = "") -> Path:
        data = {
            "sourcefile": f"{name}.txt",
            "info": {"date": date},
            "content": content,
            "cyberevent": {"hopper": [{"events": list(events)}]},
        }
        path = folder / f"{name}.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        return path

    def event(self, trigger: str, start: int, *arguments: tuple[str, str, int]) -> dict[str, object]:
        event: dict[str, object] = {"subtype": "Phishing", "nugget": self.span(trigger, start)}
        if arguments:
            event["argument"] = [{**self.span(m, s), "role": {"type": r}} for r, m, s in arguments]
        return event

    def span(self, text: str, start: int) -> dict[str, object]:
        return {"text": text, "startOffset": start, "endOffset": start + len(text)}

    def test_offsets_one_too_far_right_find_their_text(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, "1", "They sent mail. Mail was sent.", self.event("sent", 26))
        _, second = records(read_casie(path))
        assert second.text == "Mail was sent."
        assert (second.event[0].start, second.event[0].end) == (9, 13)

    def test_argument_of_another_sentence_is_set_aside(self, tmp_path: Path) -> None:
        event = self.event("sent", 5, ("Tool", "mail", 10), ("Victim", "Ann", 16))
        items = list(read_casie(self.document(tmp_path, "1", "They sent mail. Ann read it.", event)))
        assert [a.argument for r in records(items) for e in r.event for a in e.arguments] == ["mail"]
        assert set_aside(items) == {"argument outside its trigger's sentence": 1}

    def test_mention_across_a_sentence_is_set_aside(self, tmp_path: Path) -> None:
        event = self.event("sent", 5, ("Tool", "mail. Ann", 10))
        items = list(read_casie(self.document(tmp_path, "1", "They sent mail. Ann read it.", event)))
        assert set_aside(items) == {"argument across sentences": 1}

    def test_trigger_that_the_text_lacks_is_set_aside_with_its_event(self, tmp_path: Path) -> None:
        items = list(read_casie(self.document(tmp_path, "1", "Data has leaked", self.event("leaked.", 9))))
        assert set_aside(items) == {"trigger not in the text": 1}
        assert [r.event for r in records(items)] == [()]

    def test_stray_mark_goes_and_offsets_stay(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, "1", "Ann fell.</text> They sent mail.", self.event("sent", 22))
        first, second = records(read_casie(path))
        assert (first.text, second.text, second.event[0].start) == ("Ann fell.", "They sent mail.", 5)

    def test_division_by_date_and_then_by_name_as_strings(self, tmp_path: Path) -> None:
        for name, date in (("9", "2017_01_01"), ("10", "2017_01_01"), ("3", "2018_01_01"), ("4", "2015_12_31")):
            self.document(tmp_path, name, "", date=date)
        self.document(tmp_path, "999", "", date="2020_01_01")
        assert [p.stem for p in newest_first(tmp_path, 0, 0.5, frozenset({"999"}))] == ["3", "9"]
        assert [p.stem for p in newest_first(tmp_path, 0.5, 1, frozenset({"999"}))] == ["10", "4"]

    def test_the_whole_corpus_is_divided_200_100_697(self, tmp_path: Path) -> None:
        folder = tmp_path / "annotation"
        folder.mkdir()
        for n in range(1000):
            name = {0: "999", 1: "10001", 2: "10002"}.get(n, str(20000 + n))
            self.document(folder, name, "", date="2017_01_01")
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


def span(start: int, end: int) -> str:
    return f'<charseq START="{start}" END="{end}">as the reader must not trust it</charseq>'


def entity(identity: str, entity_type: str, extent: tuple[int, int], head: tuple[int, int]) -> str:
    return (
        f'<entity ID="{identity}" TYPE="{entity_type}"><entity_mention ID="{identity}-1" TYPE="NOM">'
        f"<extent>{span(*extent)}</extent><head>{span(*head)}</head></entity_mention></entity>"
    )


def event(event_type: str, anchor: tuple[int, int], *arguments: tuple[str, str, tuple[int, int]]) -> str:
    major, minor = event_type.split(":")
    filled = "".join(
        f'<event_mention_argument REFID="{ref}" ROLE="{role}"><extent>{span(*extent)}</extent>'
        "</event_mention_argument>"
        for role, ref, extent in arguments
    )
    return (
        f'<event ID="EV1" TYPE="{major}" SUBTYPE="{minor}"><event_mention ID="EV1-1"><extent>{span(0, 0)}</extent>'
        f"<anchor>{span(*anchor)}</anchor>{filled}</event_mention></event>"
    )


class TestACE:
    # Without its tags: "A\n" (0-1), then "\nThe old man\nmet Ann &amp; Bo." (2-30), then the rest.
    SGM = "<DOC><DOCID>A</DOCID>\n<TEXT>\nThe old man\nmet Ann &amp; Bo.\n<TURN>\nThey ran\n</TURN></TEXT>\n</DOC>\n"

    def document(self, folder: Path, *annotations: str, name: str = "X", sgm: str = SGM) -> Path:
        (folder / f"{name}.sgm").write_text(sgm, encoding="utf-8", newline="")
        path = folder / f"{name}.apf.xml"
        body = "".join(annotations)
        path.write_text(
            '<?xml version="1.0"?>\n<!DOCTYPE source_file SYSTEM "apf.v5.1.1.dtd">\n'
            f'<source_file URI="{name}.sgm"><document DOCID="{name}">{body}</document></source_file>\n',
            encoding="utf-8",
        )
        return path

    def test_ends_are_inclusive_and_offsets_count_what_is_not_a_tag(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, entity("E1", "PER", (3, 13), (11, 13)), entity("E2", "PER", (19, 30), (19, 21)))
        first, second = records(read_apf_entities(path))
        assert first.text == "The old man met Ann & Bo."
        assert [(e.entity, e.start, e.end) for e in first.entity] == [("The old man", 0, 11), ("Ann & Bo", 16, 24)]
        assert second.text == "They ran"

    def test_line_ends_of_other_systems_count_once(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, entity("E1", "PER", (3, 13), (11, 13)), sgm=self.SGM.replace("\n", "\r\n"))
        assert records(read_apf_entities(path))[0].entity[0].entity == "The old man"

    def test_mention_over_a_line_end_is_joined_by_a_blank(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, entity("E1", "PER", (11, 21), (11, 13)))
        assert records(read_apf_entities(path))[0].entity[0].entity == "man met Ann"

    def test_tag_ends_a_sentence_and_mention_outside_the_text_is_set_aside(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, entity("E1", "PER", (0, 0), (0, 0)), entity("E2", "PER", (34, 37), (34, 37)))
        items = list(read_apf_entities(path))
        assert [[e.entity for e in r.entity] for r in records(items)] == [[], ["They"]]
        assert set_aside(items) == {"entity outside all sentences": 1}

    def test_argument_is_the_head_of_its_entity_mention_or_the_extent_of_a_value(self, tmp_path: Path) -> None:
        meeting = event("Contact:Meet", (15, 17), ("Entity", "E1-1", (3, 13)), ("Time-Within", "T1-1", (7, 9)))
        path = self.document(tmp_path, entity("E1", "PER", (3, 13), (11, 13)), meeting)
        ((found,),) = [r.event for r in records(read_apf_events(path)) if r.event]
        assert (found.event_trigger, found.event_type, found.start) == ("met", "Contact:Meet", 12)
        assert [(a.role, a.argument, a.start) for a in found.arguments] == [
            ("Entity", "man", 8),
            ("Time-Within", "old", 4),
        ]

    def test_roles_of_values_and_slips_of_the_annotation(self, tmp_path: Path) -> None:
        attack = event(
            "Conflict:Attack",
            (15, 17),
            ("Victim", "E1-1", (3, 13)),
            ("Agent", "E2-1", (19, 21)),
            ("Crime", "V", (7, 9)),
        )
        self.document(
            tmp_path, entity("E1", "PER", (3, 13), (11, 13)), entity("E2", "PER", (19, 30), (19, 21)), attack
        )
        ((found,),) = [r.event for r in records(get_source("ACE05").records(tmp_path, "train")) if r.event]
        assert found.event_type == "attack"
        assert [(a.role, a.argument) for a in found.arguments] == [("target", "man"), ("attacker", "Ann")]

    def test_missing_text_and_broken_xml_name_the_file(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, "</document>")
        with pytest.raises(FormatError, match=r"X\.apf\.xml:3: not XML"):
            list(read_apf_events(path))
        (tmp_path / "X.sgm").unlink()
        with pytest.raises(FormatError, match=r"X\.sgm:1: the text of X\.apf\.xml is missing"):
            list(read_apf_events(path))

    def test_final_english_annotation_is_taken_once_and_by_list(self, tmp_path: Path) -> None:
        for part, names in (
            ("English/nw/adj", ["APW_ENG_20030306.0191"]),
            ("English/nw/timex2norm", ["APW_ENG_20030306.0191", "XIN_ENG_20030317.0177", "AFP_ENG_20030304.0250"]),
            ("English/un/timex2norm", ["alt.corel_20041228.0503"]),
            ("Chinese/nw/adj", ["XIN20001111.0000"]),
        ):
            (tmp_path / part).mkdir(parents=True)
            for name in names:
                self.document(tmp_path / part, entity("E1", "PER", (3, 13), (11, 13)), name=name)
        picked = {
            (source, split): [str(p.relative_to(tmp_path)) for p in split_documents(tmp_path, division, split)]
            for source, division in (("NER", NESTED_NER), ("EE", EVENTS))
            for split in ("train", "validation", "test")
        }
        nw = "English/nw/timex2norm/"
        assert picked == {
            ("NER", "train"): [f"{nw}AFP_ENG_20030304.0250.apf.xml", f"{nw}XIN_ENG_20030317.0177.apf.xml"],
            ("NER", "validation"): [],
            ("NER", "test"): [f"{nw}APW_ENG_20030306.0191.apf.xml"],
            ("EE", "train"): [
                f"{nw}XIN_ENG_20030317.0177.apf.xml",
                "English/un/timex2norm/alt.corel_20041228.0503.apf.xml",
            ],
            ("EE", "validation"): [],
            ("EE", "test"): [f"{nw}APW_ENG_20030306.0191.apf.xml"],
        }
        assert set(get_source("ACE05").find(tmp_path)) == {"train", "test"}  # a list without a document is no split

    def test_the_lists_have_the_published_sizes(self) -> None:
        assert (len(NESTED_NER.validation), len(NESTED_NER.test)) == (43, 51)
        assert (len(EVENTS.validation), len(EVENTS.test), len(EVENTS.left_out)) == (28, 40, 2)
        for division in (NESTED_NER, EVENTS):
            assert not division.validation & division.test
            assert not division.left_out & (division.validation | division.test)

    def test_schema(self) -> None:
        schema = get_source("ACE05").schema
        assert len(schema.event_types) == 33 and len(set().union(*schema.event_types.values())) == 22

    @pytest.mark.parametrize("name", ["ACE2005", "ACE05"])
    def test_the_made_up_document_reads(self, name: str) -> None:
        source, folder = real(name, "train")
        read = records(source.records(folder, "train"))
        assert [r.text[:9] for r in read] == ["Rebels at", "A court i"]
        if name == "ACE05":
            oneie = records(read_oneie(next(folder.rglob("made_up.oneie.json"))))
            apf = records(read_apf_events(next(folder.rglob("*.apf.xml"))))
            values = {"Time-Within", "Sentence", "Crime"}
            kept = [
                [(e.event_trigger, [a for a in e.arguments if a.role not in values]) for e in r.event] for r in apf
            ]
            assert kept == [[(e.event_trigger, list(e.arguments)) for e in r.event] for r in oneie]


class TestOneIE:
    def one(self, tmp_path: Path, tokens: str, sentence: str) -> Record | Rejected:
        line = {
            "tokens": tokens.split(),
            "sentence": sentence,
            "entity_mentions": [{"id": "E1", "entity_type": "PER", "start": 0, "end": 2}],
            "event_mentions": [
                {
                    "event_type": "Life:Die",
                    "trigger": {"start": 2, "end": 3},
                    "arguments": [{"entity_id": "E1", "role": "Victim"}],
                }
            ],
        }
        (item,) = read_oneie(write_lines(tmp_path / "train.oneie.json", line))
        return item

    @pytest.mark.parametrize(
        "tokens, sentence, text, mention",
        [
            ("Ann Bo died .", " Ann\nBo died.", "Ann Bo died.", "Ann Bo"),
            ("Ann -LRB- died .", "Ann -LRB- died.", "Ann ( died.", "Ann ("),
            ("`` Ann died .", '"Ann died.', "`` Ann died .", "`` Ann"),
        ],
    )
    def test_text_is_the_sentence_where_the_tokens_fit_else_the_tokens(
        self, tmp_path: Path, tokens: str, sentence: str, text: str, mention: str
    ) -> None:
        record = self.one(tmp_path, tokens, sentence)
        assert isinstance(record, Record)
        assert (record.text, record.entity[0].entity) == (text, mention)
        assert record.event[0].arguments[0].argument == mention and offsets_hold(record)

    def test_tokens_that_are_not_there_reject_the_record(self, tmp_path: Path) -> None:
        item = self.one(tmp_path, "Ann Bo", "Ann Bo")
        assert isinstance(item, Rejected) and not item.mention


class TestWikiEvents:
    def document(self, tmp_path: Path, place_of: int = 0) -> Path:
        mentions = [
            {"id": "T1", "sent_idx": 0, "start": 2, "end": 5, "entity_type": "LOC"},
            {"id": "T2", "sent_idx": 1, "start": 6, "end": 7, "entity_type": "PER"},
        ]
        arguments = [{"entity_id": mentions[place_of]["id"], "role": "Place"}]
        event = {"event_type": "Life.Die.Unspecified", "trigger": {"start": 0, "end": 1}, "arguments": arguments}
        line = {
            "doc_id": "d",
            "text": "Died in Aar-Bor So Ann wept",
            "sentences": [
                [
                    [["Died", 40, 44], ["in", 45, 47], ["Aar", 48, 51], ["-", 51, 52], ["Bor", 52, 55]],
                    "Died in Aar-Bor",
                ],
                [[["So", 57, 59], ["Ann", 60, 63], ["wept", 64, 68]], " So Ann wept"],
            ],
            "entity_mentions": mentions,
            "event_mentions": [event],
        }
        return write_lines(tmp_path / "test.jsonl", line)

    def test_sentences_are_made_anew_and_mentions_keep_their_surface(self, tmp_path: Path) -> None:
        first, second = records(read_wikievents(self.document(tmp_path)))
        assert (first.text, second.text) == ("Died in Aar-Bor", "So Ann wept")
        (event,) = first.event
        assert (event.event_trigger, event.arguments[0].argument, event.arguments[0].start) == ("Died", "Aar-Bor", 8)

    def test_argument_of_another_sentence_is_set_aside(self, tmp_path: Path) -> None:
        items = list(read_wikievents(self.document(tmp_path, place_of=1)))
        assert set_aside(items) == {"argument outside its trigger's sentence": 1}
        assert records(items)[0].event[0].arguments == ()

    def test_counts_of_the_development_file(self) -> None:
        path = EN / "WikiEvents/raw/data/wikievents/dev.jsonl"
        if not path.exists():
            pytest.skip("no real files of WikiEvents")
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
    def test_ends_are_inclusive_and_roles_lose_their_number(self, tmp_path: Path) -> None:
        line = {
            "sentences": [["Ann", "&amp;", "Bo", "fell", "."], ["It", "hurt", "."]],
            "evt_triggers": [[6, 6, [["life.injure.n/a", 1.0]]]],
            "gold_evt_links": [[[6, 6], [0, 2], "evt091arg01victim"], [[6, 6], [3, 3], "evt091arg01victim"]],
        }
        (record,) = records(read_rams(write_lines(tmp_path / "test.jsonlines", line)))
        assert record.text == "Ann & Bo fell . It hurt ."
        (event,) = record.event
        assert (event.event_trigger, event.event_type) == ("hurt", "life.injure.n/a")
        assert [(a.argument, a.role) for a in event.arguments] == [("Ann & Bo", "victim"), ("fell", "victim")]
        assert offsets_hold(record)

    def test_counts_of_the_development_file(self) -> None:
        path = EN / "RAMS/raw/data/rams/dev.jsonlines"
        if not path.exists():
            pytest.skip("no real files of RAMS")
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
    def mentions(self, tmp_path: Path, start: int, end: int, text: str) -> Record:
        sentence = {
            "words": ["Oil", "at", "$", "45", "-LRB-", "up", "-RRB-"],
            "sentence": "Oil at $ 45 -LRB- up -RRB-",
            "golden-event-mentions": [
                {
                    "event_type": "Movement-up-gain",
                    "trigger": {"start": start, "end": end, "text": text},
                    "arguments": [{"role": "Final_value2", "start": 2, "end": 4, "text": "$45"}],
                }
            ],
        }
        folder = tmp_path / "Test Set_ADJ"
        folder.mkdir()
        (folder / "1_a.json").write_text(json.dumps([sentence]), encoding="utf-8")
        (record,) = records(get_source("CrudeOilNews").records(tmp_path, "zero_shot"))
        assert offsets_hold(record)
        return record

    def test_spelling_is_evened_out_and_the_tokens_decide(self, tmp_path: Path) -> None:
        record = self.mentions(tmp_path, 5, 6, "u")
        assert record.text == "Oil at $ 45 ( up )"
        (event,) = record.event
        assert (event.event_trigger, event.event_type) == ("up", "movement up gain")
        assert [(a.role, a.argument) for a in event.arguments] == [("final value", "$ 45")]

    def test_empty_stretch_of_tokens_finds_its_text(self, tmp_path: Path) -> None:
        (event,) = self.mentions(tmp_path, 4, 4, "up").event
        assert (event.event_trigger, event.start) == ("up", 14)

    def test_role_of_other_types_is_set_aside(self, tmp_path: Path) -> None:
        argument = {"role": "Imposer", "start": 0, "end": 1, "text": "Oil"}
        event = {"event_type": "MOVEMENT-FLAT", "trigger": {"start": 1, "end": 2}, "arguments": [argument]}
        (tmp_path / "Test Set_ADJ").mkdir()
        sentence = {"words": ["Oil", "flat"], "golden-event-mentions": [event]}
        (tmp_path / "Test Set_ADJ" / "1.json").write_text(json.dumps([sentence]), encoding="utf-8")
        items = list(get_source("CrudeOilNews").records(tmp_path, "zero_shot"))
        assert set_aside(items) == {"role of other event types": 1}
        assert records(items)[0].event[0].arguments == ()

    def test_all_real_files_are_read_without_loss(self) -> None:
        folder = EN / "CrudeOilNews/raw/annotations/Gold-standard"
        if not folder.exists():
            pytest.skip("no real files of CrudeOilNews")
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
    def test_one_trigger_of_two_events_and_roles_named_by_type(self, tmp_path: Path) -> None:
        def event(event_type: str, role: str) -> dict[str, object]:
            trigger = {"word": "收购", "span": [1, 3], "role": "trigger"}
            return {"type": event_type, "mentions": [{"word": "甲", "span": [0, 1], "role": role}, trigger]}

        line = {"id": "0", "content": "甲收购乙", "events": [event("投资", "sub"), event("股份股权转让", "obj-org")]}
        (tmp_path / "rearranged").mkdir()
        for name in ("test_base", "test_trans"):
            path = write_lines(tmp_path / "rearranged" / f"{name}.json", line)
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        record, _ = records(get_source("FewFC").records(tmp_path, "zero_shot"))
        assert [(e.event_type, e.event_trigger, e.start, e.arguments[0].role) for e in record.event] == [
            ("投资", "收购", 1, "投资方"),
            ("股份股权转让", "收购", 1, "受让公司"),
        ]
        assert not record.text.endswith("\r")

    @pytest.mark.parametrize(
        "name, sentences, events, without", [("train_base", 2732, 4682, 4), ("dev_base", 1821, 3320, 3)]
    )
    def test_counts_of_the_real_files(self, name: str, sentences: int, events: int, without: int) -> None:
        path = ZH / f"FewFC/raw/original/{name}.json"
        if not path.exists():
            pytest.skip("no real files of FewFC")
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
        path = write_lines(tmp_path / "duee_dev.json" / "duee_dev.json", {"text": "无事", "event_list": []})
        assert get_source("DuEE1.0").find(tmp_path) == {"test": [path]}

    def test_split_that_is_not_there_says_where_it_comes_from(self, tmp_path: Path) -> None:
        with pytest.raises(IEPileError, match=r"The files of PHEE \(train\) are not in .*; it takes json/train\.json"):
            list(get_source("PHEE").records(tmp_path, "train"))


class TestUnified:
    def folder(self, tmp_path: Path, schema: str) -> Path:
        event = {"event_trigger": "盗走", "event_type": "盗窃", "arguments": [{"argument": "甲", "role": "嫌疑人"}]}
        write_lines(tmp_path / "test.json", {"text": "甲盗走车", "event": [event]}, {"text": "无事", "event": []})
        (tmp_path / "schema.json").write_text(schema, encoding="utf-8")
        return tmp_path

    def test_labels_are_those_of_the_schema_file(self, tmp_path: Path) -> None:
        folder = self.folder(tmp_path, '["盗窃"]\n["嫌疑人"]\n{"盗窃": ["嫌疑人"]}\n')
        source = get_source("CCF_law")
        first, second = records(source.records(folder, "zero_shot"))
        assert first.event[0].arguments[0].role == "嫌疑人" and second.event == ()
        assert source.at(folder).schema.event_types == {"盗窃": ("嫌疑人",)}
        assert source.at(folder).name == "CCF_law" and not source.labels

    @pytest.mark.parametrize("schema", ["", '["盗窃"]\n', '["盗窃"]\n[]\n["嫌疑人"]\n', "[]\n[]\n{}\n"])
    def test_malformed_schema_is_named(self, tmp_path: Path, schema: str) -> None:
        with pytest.raises(FormatError, match="schema.json:1"):
            get_source("CCF_law").at(self.folder(tmp_path, schema))

    def test_missing_schema_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(FormatError, match="schema.json:1: this file of CCF_law's labels is missing"):
            get_source("CCF_law").at(tmp_path)

    def test_published_sample_reads(self) -> None:
        path = SHARED / "reference/unified_format/EE/sample.json"
        if not path.exists():
            pytest.skip("no published samples")
        read = list(read_unified(path))
        assert all(isinstance(r, Record) and r.event and offsets_hold(r) for r in read)
