"""Descriptions of labels and other names for them, in the rows of a build."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from iepile.builders.commands import build
from iepile.builders.instructions import Asking
from iepile.builders.records import Argument, Entity, Event, Record
from iepile.builders.source import load_sources
from iepile.builders.tasks import Schema, get_task
from iepile.builders.wording import SourceWording, read_words
from iepile.extraction.schemas import read_schema
from iepile.extraction.scoring import score

TEXT = "Bo sails the Tern and the Skua to Lund."
RECORD = Record(
    TEXT,
    entity=(Entity("Bo", "person"), Entity("Tern", "ship"), Entity("Skua", "ship")),
    event=(Event("sails", "voyage", (Argument("Bo", "master"),)),),
    id="Toy/train/7",
)
SCHEMA = Schema(
    entity_types=("person", "ship", "place"), event_types={"voyage": ("master", "port"), "wreck": ("port",)}
)
MEANINGS = {
    "person": "who",
    "ship": "what floats",
    "voyage": "a trip",
    "voyage.master": "who leads",
    "port": "where to",
}
NONE = SourceWording({}, {}, "", 0.5, "type ")


def row(task: str, wording: SourceWording | None, split: str = "train") -> tuple[object, dict[str, object]]:
    """Schema and answer of the one row that asks the whole schema."""
    asking = Asking(get_task(task), SCHEMA, "en", {}, negatives_kind="all", wording=wording)
    ((_, instruction, output),) = asking.rows(RECORD, split)
    return json.loads(instruction)["schema"], json.loads(output)


def test_descriptions_stand_in_place_of_the_list() -> None:
    wording = replace(NONE, descriptions=MEANINGS)
    asked, answer = row("NER", wording, "test")
    assert asked == {"person": "who", "ship": "what floats", "place": ""}
    assert (list(answer), answer) == (list(asked), row("NER", None, "test")[1])
    assert row("NER", replace(NONE, descriptions={"dog": "it barks"}), "test") == row("NER", None, "test")


def test_event_types_and_their_roles_are_described_as_the_extractor_asks() -> None:
    wording = replace(NONE, descriptions=MEANINGS)
    asked, _ = row("EE", wording, "test")
    assert asked == {
        "voyage": {"voyage": "a trip", "trigger": True, "arguments": {"master": "who leads", "port": "where to"}},
        "wreck": {"wreck": "", "trigger": True, "arguments": {"port": "where to"}},
    }
    ((entries, instruction),) = read_schema(asked).questions(TEXT, "en")
    assert json.loads(instruction)["schema"] == {
        "voyage": asked["voyage"],
        "wreck": {"wreck": "", "trigger": True, "arguments": {"port": "where to"}},
    }
    assert get_task("EE").listed(asked) == [{**e, "arguments": asked[e["event_type"]]["arguments"]} for e in entries]
    assert isinstance(row("EE", replace(NONE, descriptions={"port": "where to"}), "test")[0], list)


@pytest.mark.parametrize("task", ["NER", "EE", "EET", "EEA"])
@pytest.mark.parametrize("augment", ["", "synonyms", "neutral", "dropout"])
def test_reworded_gold_scores_100_against_itself(task: str, augment: str) -> None:
    synonyms = {"person": ("human", "ship"), "ship": ("vessel",), "voyage": ("trip",)}
    wording = SourceWording(MEANINGS, synonyms, augment, 0.7, "type ")
    asking = Asking(get_task(task), SCHEMA, "en", {}, wording=wording)
    rows = [
        {"id": str(n), "batch": 0, "task": task, "source": "Toy", "instruction": i, "output": o, "prediction": o}
        for n in range(20)
        for _, i, o in asking.rows(replace(RECORD, id=str(n)), "train")
    ]
    for found in rows:
        keys = [get_task(task).entry_key(e) for e in get_task(task).listed(json.loads(found["instruction"])["schema"])]
        assert keys == list(json.loads(found["output"]))
    (line, *_) = score(rows).lines
    assert line.counts.f1 == 100 and line.counts.gold > 0


def test_synonyms_and_neutral_names_take_answer_and_description_along() -> None:
    synonyms = {"person": ("human",), "place": ("spot",)}
    asked, answer = row("NER", SourceWording(MEANINGS, synonyms, "synonyms", 1.0, "type "))
    assert asked == {"human": "who", "ship": "what floats", "spot": ""} and answer["human"] == ["Bo"]
    asked, answer = row("NER", SourceWording(MEANINGS, {}, "neutral", 1.0, "type "))
    (person,) = (name for name, text in asked.items() if text == "who")
    assert person.startswith("type ") and answer[person] == ["Bo"]
    assert "place" in asked  # which has no description, so that its name is all that tells of it
    asked, _ = row("EE", SourceWording(MEANINGS, {}, "neutral", 1.0, "type "))
    (voyage,) = (name for name in asked if name != "wreck")
    assert asked[voyage] == {
        voyage: "a trip",
        "trigger": True,
        "arguments": {"master": "who leads", "port": "where to"},
    }


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["synonyms", "neutral", "dropout"]), st.floats(0, 1), st.integers(0, 10**6))
def test_what_is_augmented(augment: str, rate: float, number: int) -> None:
    record = replace(RECORD, id=f"Toy/train/{number}")
    synonyms = {"person": ("ship", "human"), "ship": ("person", "human")}
    wording = SourceWording(MEANINGS, synonyms, augment, rate, "类型")
    asking = Asking(get_task("NER"), SCHEMA, "zh", {}, wording=wording)
    rows = list(asking.rows(record, "train"))
    assert rows == list(asking.rows(record, "train"))
    assert list(asking.rows(record, "test")) == list(
        replace(asking, wording=replace(wording, augment="")).rows(record, "test")
    )
    for _, instruction, output in rows:
        asked, answer = json.loads(instruction)["schema"], json.loads(output)
        assert list(asked) == list(answer) and len(answer) >= 1 and any(answer.values())
    if rate == 0 and augment != "dropout":
        assert rows == list(replace(asking, wording=replace(wording, augment="")).rows(record, "train"))


def test_dropout_leaves_no_filled_row_without_an_answer() -> None:
    wording, rng = replace(NONE, augment="dropout", rate=1.0), random.Random(1)
    ((_, instruction, output),) = Asking(get_task("NER"), SCHEMA, "en", {}, split_num=-1).rows(RECORD, "test")
    for _ in range(10):
        asked, answer = wording.reword(get_task("NER"), instruction, output, rng)
        assert json.loads(answer) in ({"person": ["Bo"]}, {"ship": ["Tern", "Skua"]})
        assert json.loads(asked)["schema"] == list(json.loads(answer))


def test_a_build_takes_descriptions_and_augments(tmp_path: Path) -> None:
    (tmp_path / "meanings.yaml").write_text("person: a human being\nCoNLL2003:\n  location: a place\n")
    (tmp_path / "names.json").write_text('{"person": ["human"], "location": ["place", "spot"]}')

    def rows(*options: object) -> list[dict[str, str]]:
        out = tmp_path / "iepile"
        arguments = ["--sample", "--only", "CoNLL2003", "--out", out, *options]
        made = CliRunner().invoke(build, list(map(str, arguments)), catch_exceptions=False)
        assert made.exit_code == 0, made.output
        return [row for path in sorted(out.glob("en_ner/*.parquet")) for row in pq.read_table(path).to_pylist()]

    plain = rows()
    assert rows("--augment", "synonyms", "--synonyms", tmp_path / "names.json", "--augment-rate", 0) == plain
    described = rows("--descriptions", tmp_path / "meanings.yaml")
    assert [row["output"] for row in described] == [row["output"] for row in plain]
    assert '"location": "a place"' in described[0]["instruction"]
    assert '"person": "a human being"' in described[0]["instruction"]
    renamed = rows("--augment", "synonyms", "--synonyms", tmp_path / "names.json", "--augment-rate", 1)
    changed = {row["id"].split("/")[1] for row, old in zip(renamed, plain, strict=True) if row != old}
    assert changed == {"train", "validation"}
    assert not any('"person"' in row["output"] for row in renamed if "/train/" in row["id"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[person]", "this is no mapping"),
        ("person: {", "not YAML"),
        ("person: 3", "what stands at 'person' is no text"),
        ("CoNLL: {person: a}", "there is no source 'CoNLL'"),
        ("CoNLL2003: {persn: a}", "CoNLL2003 has no label 'persn'"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "meanings.yaml"
    path.write_text(content)
    with pytest.raises(Exception, match=message) as error:
        read_words(path, load_sources())
    assert "\n" not in str(error.value) and str(path) in str(error.value)


def test_options_that_need_one_another(tmp_path: Path) -> None:
    for options, message in {
        ("--augment", "neutral"): "--augment neutral needs --descriptions FILE",
        ("--augment", "synonyms"): "--augment synonyms needs --synonyms FILE",
        ("--synonyms", "names.yaml"): "--synonyms is for --augment synonyms",
    }.items():
        made = CliRunner().invoke(build, ["--sample", "--out", str(tmp_path / "iepile"), *options])
        assert made.exit_code == 2 and message in made.output
