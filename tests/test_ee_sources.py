"""The event sources: quirks of their formats on toy strings, and the counts of the real files where present."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import SHARED
from iepile.builders.readers.mentions import place
from iepile.builders.readers.nested_events import read_nested_events
from iepile.builders.records import Record, Rejected
from iepile.builders.source import Source, get_source

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
