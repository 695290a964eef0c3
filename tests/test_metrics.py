"""Scoring: both formats of predictions, by hand-counted examples."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from iepile.builders.errors import FormatError, IEPileError
from iepile.builders.instructions import Asking
from iepile.builders.records import Argument, Entity, Event, Record, Relation
from iepile.builders.tasks import Schema, Triple, get_task
from iepile.extraction.metrics import Counts
from iepile.extraction.parsing import parse
from iepile.extraction.scoring import score

from conftest import SHARED

HIRED = Event("hired", "hiring", (Argument("Ada", "employee"), Argument("Bo", "employee"), Argument("Co", "employer")))
RECORD = Record(
    "Co hired Ada and Bo, who live in Rome.",
    entity=(Entity("Co", "company"), Entity("Ada", "person"), Entity("Bo", "person"), Entity("Rome", "place")),
    relation=(
        Relation("Ada", "lives in", "Rome", "person", "place"),
        Relation("Co", "lives in", "Rome", "company", "place"),
    ),
    event=(HIRED, Event("", "moving", (Argument("Ada", "who"),))),
)
SCHEMA = Schema(
    entity_types=("company", "person", "place", "animal"),
    relations=("lives in", "owns"),
    triples=(Triple("person", "lives in", "place"), Triple("company", "lives in", "place")),
    event_types={"hiring": ("employer", "employee"), "moving": ("who", "whither"), "dying": ("who",)},
    attributes={"person": ("lives in", "born in"), "company": ("lives in",)},
)


def row(task: str, prediction: str | None = None, record: Record = RECORD, **changes: Any) -> dict[str, Any]:
    """One row of ours asking the whole schema; its gold is the prediction unless one is given."""
    t = get_task(task)
    options = t.options(SCHEMA)[:1] if task == "SPO" else t.options(SCHEMA)
    gold = t.gold(record, SCHEMA)
    instruction = t.ask(record.text, "en", [t.entry(option, SCHEMA, gold.get(option)) for option in options])
    output = t.answer({t.key(option): gold.get(option, t.empty()) for option in options})
    base = {"id": "toy/test/0", "batch": 0, "task": task, "source": "toy", "language": "en"}
    answer = output if prediction is None else prediction
    return base | {"instruction": instruction, "output": output, "prediction": answer} | changes


def published(task: str, output: str, schema: list[Any], label: list[Any], **changes: Any) -> dict[str, Any]:
    instruction = get_task(task).ask(RECORD.text, "en", schema)
    base = {"id": "0af3", "task": task, "source": "toy", "instruction": instruction}
    return base | {"output": output, "label": json.dumps(label)} | changes


def counts(rows: Any, task: str, source: str = "", facet: str | None = None) -> tuple[int, int, int]:
    found = score(rows).line(task, source, facet).counts
    return found.gold, found.predicted, found.correct


@pytest.mark.parametrize("task", ["NER", "RE", "SPO", "EE", "EET", "EEA", "KG"])
def test_gold_against_itself_gives_100(task: str) -> None:
    empty = Record("Nothing happens here.")
    rows = [row(task), row(task, record=empty, id="toy/test/1"), row(task, record=empty, id="b/test/0", source="b")]
    scores = score(rows)
    assert {line.source for line in scores.lines} == {"toy", "b", ""}
    for line in scores.lines:
        assert (line.counts.precision, line.counts.recall, line.counts.f1) == (100, 100, 100)
    assert scores.line(task).answers.rows == 3
    assert scores.line(task).counts.gold > 0


def test_entities_are_counted_as_a_multiset() -> None:
    answer = '{"company": ["Co", "Co"], "person": ["Ada"], "place": ["Ada"], "animal": []}'
    assert counts([row("NER", answer)], "NER") == (4, 4, 2)  # the second Co and Ada as a place are wrong
    line = score([row("NER", answer)]).line("NER")
    assert line.counts.precision == line.counts.recall == line.counts.f1 == 50


def test_keys_not_asked_and_other_values_than_strings() -> None:
    answer = '{"company": ["Co", 5, null], "person": "Ada", "place": {"x": 1}, "ghost": ["Bo"]}'
    scores = score([row("NER", answer)])
    assert vars_of(scores.line("NER").counts) == (4, 2, 1)  # the ghost was predicted and is wrong
    assert scores.line("NER").answers.dropped == 4


def vars_of(c: Counts) -> tuple[int, int, int]:
    return c.gold, c.predicted, c.correct


def test_relations_have_a_direction() -> None:
    answer = '{"lives in": [{"subject": "Rome", "object": "Ada"}, {"subject": "Ada", "object": "Rome"}], "owns": []}'
    assert counts([row("RE", answer)], "RE") == (2, 2, 1)


def test_attributes_are_scored_value_by_value() -> None:
    answer = {"person": {"Ada": {"lives in": ["Rome", "Oslo"]}, "Bo": {"lives in": "Rome"}}, "company": {"Co": "Rome"}}
    assert counts([row("KG", json.dumps(answer))], "KG") == (2, 3, 1)
    untyped = published(
        "KG", "{}", [{"entity_type": "a", "attributes": []}], [{"head": "a", "relation": "b", "tail": "c"}]
    )
    with pytest.raises(FormatError, match="row 1: a relation of `label` has no `head_type`"):
        score([untyped])


def test_events_score_triggers_and_arguments() -> None:
    answer = {
        "hiring": [{"trigger": "hired", "arguments": {"employer": "Bo", "employee": ["Ada", "Bo"]}}],
        "moving": [{"trigger": "NAN", "arguments": {"who": "Ada", "whither": "NAN"}}],
        "dying": [{"trigger": "live", "arguments": {}}],
    }
    rows = [row("EE", json.dumps(answer))]
    assert counts(rows, "EE", facet="trigger") == (1, 2, 1)  # no trigger is no item
    assert counts(rows, "EE", facet="argument") == (4, 4, 3)
    moved = json.dumps(answer).replace('"trigger": "hired"', '"trigger": "live"')
    assert counts([row("EE", moved)], "EE", facet="argument") == (4, 4, 3)
    assert counts([row("EE", moved)], "EE", facet="pair") == (4, 4, 1)  # an argument counts with its trigger only
    with pytest.raises(KeyError):
        score([row("EEA")]).line("EEA", facet="trigger")  # given, so not scored


def test_answers_are_counted_as_they_were_read() -> None:
    rows = [
        row("NER", p, id=f"toy/test/{n}") for n, p in enumerate(('{"person": ["Ada"', "no idea", '{"person": []}'))
    ]
    answers = score(rows).line("NER").answers
    assert (answers.rows, answers.repaired, answers.failed) == (3, 1, 1)
    assert score(rows, repair=False).line("NER").answers.failed == 2


def test_rows_that_share_a_text_stay_apart() -> None:
    only_ada = Record(RECORD.text, entity=(Entity("Ada", "person"),))
    both = '{"person": ["Ada"]}'
    rows = [row("NER", both, record=only_ada), row("NER", "{}", record=only_ada, id="toy/test/1")]
    assert counts(rows, "NER") == (2, 1, 1)


def test_a_row_that_stands_twice_is_an_error() -> None:
    with pytest.raises(FormatError, match=r"row 2: batch 0 of 'toy/test/0' stands twice \(first at row 1\)"):
        score([row("NER"), row("NER")])
    score([row("EE"), row("EET"), row("NER"), row("NER", batch=1)])  # other tasks and batches of the record are others


def test_published_batches_of_one_record_are_put_together() -> None:
    label = [{"entity": "Ada", "entity_type": "person"}, {"entity": "Rome", "entity_type": "place"}]
    rows = [
        published("NER", '{"person": ["Ada", "Bo"]}', ["person"], label),
        published("NER", '{"place": ["Rome"]}', ["place"], label),
    ]
    assert counts(rows, "NER", "toy") == (2, 3, 2)


def test_published_records_that_share_a_text_stay_apart() -> None:
    ada, bo = ([{"entity": name, "entity_type": "person"}] for name in ("Ada", "Bo"))
    rows = [
        published("NER", '{"person": ["Ada"]}', ["person"], ada),
        published("NER", '{"person": ["Bo"]}', ["person"], bo),
        published("NER", '{"person": []}', ["person"], ada),
    ]
    assert counts(rows, "NER") == (3, 2, 2)


def test_published_labels_of_every_task() -> None:
    record = RECORD.to_dict()
    for name in ("RE", "SPO", "EE", "EET", "EEA", "KG"):
        task = get_task(name)
        rows = []
        for _, instruction, output in Asking(task, SCHEMA, "en", {}, split_num=1).rows(RECORD, "test"):
            base = {"id": "0af3", "task": name, "source": "toy", "instruction": instruction}
            rows.append(base | {"output": output, "label": json.dumps(record[task.family])})
        for line in score(rows).lines:
            assert line.counts.f1 == 100, line
            assert line.counts.gold > 0


def test_the_task_of_a_published_row_is_found_from_its_instruction() -> None:
    bare = published("NER", '{"person": []}', ["person"], [])
    del bare["task"], bare["source"]
    assert score([bare]).lines[0].task == "NER"
    triples = published("SPO", "{}", [{"subject_type": "a", "predicate": "b", "object_type": "c"}], [])
    del triples["task"]
    assert score([triples]).lines[0].task == "SPO"
    bare["instruction"] = json.dumps({"instruction": "Find people.", "schema": ["person"], "input": "Ada"})
    with pytest.raises(FormatError, match="row 1: the row names no `task`"):
        score([bare])
    assert score([bare], task="NER").lines[0].task == "NER"


def test_files_of_both_kinds_give_the_same(tmp_path: Path) -> None:
    rows = [row("NER", '{"person": ["Ada"]}'), row("RE", "no"), row("EE")]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "p.parquet")
    expected = score(rows).to_dict()
    assert score(tmp_path / "p.jsonl").to_dict() == expected
    assert score(str(tmp_path / "p.parquet")).to_dict() == expected
    assert json.loads(json.dumps(expected)) == expected


BAD_LINES = {
    "{": "not JSON",
    "[1]": "no JSON object",
    '{"id": "a"}': "neither `prediction` nor `label`",
    json.dumps(row("NER", id="x") | {"prediction": None}): "`prediction` is missing or no string",
    json.dumps(row("NER", id="x") | {"output": "[]"}): "`output` is JSON, but no object",
    json.dumps(row("NER", id="x") | {"instruction": "{}"}): "`instruction` holds no `schema`",
    json.dumps(row("NER", id="x") | {"task": "QA"}): "There is no task 'QA'",
    json.dumps(row("NER", id="x") | {"task": "EE"}): "is this row of another task",
    json.dumps(published("NER", "{}", ["person"], ["Ada"])): "`label` holds no items",
}


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(row("NER")) + "\n" + line + "\n")
    with pytest.raises(FormatError) as caught:
        score(path)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert BAD_LINES[line] in str(caught.value)


def test_no_file_and_no_parquet(tmp_path: Path) -> None:
    with pytest.raises(IEPileError, match="no predictions file"):
        score(tmp_path / "none.jsonl")
    (tmp_path / "none.jsonl").touch()
    with pytest.raises(FormatError, match="none.jsonl: there are no rows"):
        score(tmp_path / "none.jsonl")
    (tmp_path / "p.parquet").write_bytes(b"PAR1 cut")
    with pytest.raises(FormatError, match="not a readable Parquet file"):
        score(tmp_path / "p.parquet")


def test_the_table_shows_every_line() -> None:
    table = score([row("NER", "{}"), row("EE", source="b|c")]).table().splitlines()
    assert len({len(line) for line in table}) == 1
    assert "0.00" in table[2] and "| all " in table[3]
    assert "b\\|c" in table[4]


@pytest.mark.skipif(not SHARED.exists(), reason="needs the published samples")
@pytest.mark.parametrize("name", ["NER", "RE", "EE", "EET", "EEA"])
def test_published_samples_answered_with_their_gold(name: str) -> None:
    folder = SHARED / "reference" / "unified_format" / name
    task = get_task(name)
    rows = []
    for line in (folder / "test.json").read_text().splitlines():
        data = json.loads(line)
        asked = json.loads(data["instruction"])
        record = Record.from_dict({"text": asked["input"], task.family: json.loads(data["label"])})
        entries = {task.entry_key(e): e for e in asked["schema"]}
        roles = {k: tuple(e["arguments"]) for k, e in entries.items()} if task.keyed_by else dict.fromkeys(entries, ())
        roles = {e.event_type: tuple(a.role for a in e.arguments) for e in record.event} | roles
        gold = task.gold(record, Schema(event_types=roles))
        answer = parse(task.answer({task.key(option): found for option, found in gold.items()}), task, asked["schema"])
        rows.append(data | {"output": task.answer(answer.answer)})
    for line in score(rows).lines:
        assert line.counts.f1 == 100, line
        assert line.counts.gold > 0
