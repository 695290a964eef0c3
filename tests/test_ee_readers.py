"""Readers of event files: the quirks of each format, on toy strings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from iepile.builders.errors import FormatError
from iepile.builders.readers.casie import newest_first, read_casie
from iepile.builders.readers.event_json import read_event_lists
from iepile.builders.readers.mentions import place
from iepile.builders.readers.nested_events import read_nested_events
from iepile.builders.readers.token_events import read_rams, read_wikievents
from iepile.builders.records import Record, Rejected
from iepile.builders.source import get_source

from reading import offsets_hold, records, set_aside, write


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
        return list(read_nested_events(write(tmp_path / "train.json", line)))

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
        path = write(tmp_path / "train.json", {"id": "1_1", "context": "Rash"})
        (rejected,) = read_nested_events(path)
        assert isinstance(rejected, Rejected) and not rejected.mention
        assert "annotations" in rejected.reason


class TestBaidu:
    def one(self, tmp_path: Path, **line: object) -> Record:
        (record,) = records(read_event_lists(write(tmp_path / "duee_train.json", {"id": "0", **line})))
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
        return write(tmp_path / "test.jsonl", line)

    def test_sentences_are_made_anew_and_mentions_keep_their_surface(self, tmp_path: Path) -> None:
        first, second = records(read_wikievents(self.document(tmp_path)))
        assert (first.text, second.text) == ("Died in Aar-Bor", "So Ann wept")
        (event,) = first.event
        assert (event.event_trigger, event.arguments[0].argument, event.arguments[0].start) == ("Died", "Aar-Bor", 8)

    def test_argument_of_another_sentence_is_set_aside(self, tmp_path: Path) -> None:
        items = list(read_wikievents(self.document(tmp_path, place_of=1)))
        assert set_aside(items) == {"argument outside its trigger's sentence": 1}
        assert records(items)[0].event[0].arguments == ()


class TestRAMS:
    def test_ends_are_inclusive_and_roles_lose_their_number(self, tmp_path: Path) -> None:
        line = {
            "sentences": [["Ann", "&amp;", "Bo", "fell", "."], ["It", "hurt", "."]],
            "evt_triggers": [[6, 6, [["life.injure.n/a", 1.0]]]],
            "gold_evt_links": [[[6, 6], [0, 2], "evt091arg01victim"], [[6, 6], [3, 3], "evt091arg01victim"]],
        }
        (record,) = records(read_rams(write(tmp_path / "test.jsonlines", line)))
        assert record.text == "Ann & Bo fell . It hurt ."
        (event,) = record.event
        assert (event.event_trigger, event.event_type) == ("hurt", "life.injure.n/a")
        assert [(a.argument, a.role) for a in event.arguments] == [("Ann & Bo", "victim"), ("fell", "victim")]
        assert offsets_hold(record)


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


class TestFewFC:
    def test_one_trigger_of_two_events_and_roles_named_by_type(self, tmp_path: Path) -> None:
        def event(event_type: str, role: str) -> dict[str, object]:
            trigger = {"word": "收购", "span": [1, 3], "role": "trigger"}
            return {"type": event_type, "mentions": [{"word": "甲", "span": [0, 1], "role": role}, trigger]}

        line = {"id": "0", "content": "甲收购乙", "events": [event("投资", "sub"), event("股份股权转让", "obj-org")]}
        (tmp_path / "rearranged").mkdir()
        for name in ("test_base", "test_trans"):
            path = write(tmp_path / "rearranged" / f"{name}.json", line)
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        record, _ = records(get_source("FewFC").records(tmp_path, "zero_shot"))
        assert [(e.event_type, e.event_trigger, e.start, e.arguments[0].role) for e in record.event] == [
            ("投资", "收购", 1, "投资方"),
            ("股份股权转让", "收购", 1, "受让公司"),
        ]
        assert not record.text.endswith("\r")


class TestUnified:
    def folder(self, tmp_path: Path, schema: str) -> Path:
        event = {"event_trigger": "盗走", "event_type": "盗窃", "arguments": [{"argument": "甲", "role": "嫌疑人"}]}
        write(tmp_path / "test.json", {"text": "甲盗走车", "event": [event]}, {"text": "无事", "event": []})
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
