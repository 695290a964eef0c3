"""The Extractor, from schema to placed mentions, on a tiny random model and on canned replies."""

import json
from math import prod
from pathlib import Path
from typing import Any

import pytest
from iepile.builders.errors import IEPileError
from iepile.builders.instructions import Asking
from iepile.builders.records import Record
from iepile.builders.tasks import Schema, get_task
from iepile.extraction.backend import Question
from iepile.extraction.extractor import Extractor
from iepile.extraction.language import guess_language
from iepile.extraction.schemas import parse_schema, read_schema

from canned import Canned
from toy_models import save_toy_base, toy_model, toy_tokenizer

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_toy_base(tmp_path_factory.mktemp("base"))


def test_prompts_are_those_of_the_corpus_test_rows() -> None:
    labels = tuple(f"type {n}" for n in range(14))
    text = "Ada met Bo in Lund."
    asking = Asking(get_task("NER"), Schema(entity_types=labels), "en", {})
    expected = [instruction for _, instruction, _ in asking.rows(Record(text, id="toy/test/0"), "test")]
    backend = Canned()
    Extractor(backend).extract(text, labels, task="NER")
    assert [q.instruction for q in backend.questions] == expected
    assert [len(q.entries) for q in backend.questions] == [5, 5, 4]


def test_entities_are_placed_and_batches_merged() -> None:
    text = "Ada met Bo. Ada left New York for York."
    backend = Canned({"person": ["Bo", "Ada", "Ada", "Zoe"], "place": ["York", "New York"]})
    result = Extractor(backend).extract(text, ["a", "b", "c", "person", "d", "e", "place"], task="ner")
    found = [(e.type, e.mention.text, e.mention.start, e.mention.end) for e in result.entities]
    assert found == [
        ("person", "Bo", 8, 10),
        ("person", "Ada", 0, 3),
        ("person", "Ada", 12, 15),
        ("person", "Zoe", None, None),
        ("place", "York", 34, 38),
        ("place", "New York", 21, 29),
    ]
    assert result.entities[3].mention.match == "unsupported"
    assert "1 mention not found in the text" in result.notes
    assert list(result.answer or ()) == ["a", "b", "c", "person", "d", "e", "place"]


def test_typed_triples_keep_their_types() -> None:
    schema = [("person", "lives in", "place"), ("company", "lives in", "place"), ("person", "owns", "company")]
    backend = Canned({"lives in": [{"subject": "Ada", "object": "Lund"}]})
    result = Extractor(backend).extract("Bo saw Lund. Ada lives in Lund.", schema)
    assert result.task == "SPO"
    assert [(r.subject.text, r.relation, r.object.text, r.subject_type) for r in result.relations] == [
        ("Ada", "lives in", "Lund", "person"),
        ("Ada", "lives in", "Lund", "company"),
    ]
    assert (result.relations[0].subject.start, result.relations[0].object.start) == (13, 26)  # the nearest pair


def test_events_with_and_without_trigger() -> None:
    events = [
        {"trigger": "hired", "arguments": {"employer": "Acme", "employee": ["Ada", "Bo"]}},
        {"trigger": "NAN", "arguments": {"employer": "NAN", "employee": "Ada"}},
        {"trigger": "NAN", "arguments": {}},
    ]
    text = "Acme hired Ada and Bo."
    result = Extractor(Canned({"hiring": events})).extract(text, {"hiring": ["employer", "employee"]})
    first, second = result.events
    assert (first.type, first.trigger and first.trigger.start) == ("hiring", 5)
    assert [(a.role, a.mention.text) for a in first.arguments] == [
        ("employer", "Acme"), ("employee", "Ada"), ("employee", "Bo")]  # fmt: skip
    assert second.trigger is None and second.arguments[0].mention.start == 11
    triggers = Extractor(Canned({"hiring": ["hired"]})).extract(text, ["hiring"], task="EET")
    assert [(e.type, e.trigger and e.trigger.text) for e in triggers.events] == [("hiring", "hired")]


def test_attributes_become_relations_of_their_entity() -> None:
    text = "Ada lives in Lund. Ada and Bo are cooks."
    backend = Canned({"person": {"Ada": {"home": "Lund", "job": ["cook", "cooks"]}, "Bo": {"job": "cooks"}}})
    schema = {"person": {"home": "the town", "job": ""}, "ship": ["name"]}
    result = Extractor(backend).extract(text, schema, task="KG")
    assert result.to_triples() == [
        ("Ada", "home", "Lund"), ("Ada", "job", "cook"), ("Ada", "job", "cooks"), ("Bo", "job", "cooks")]  # fmt: skip
    assert result.relations[0].subject_type == "person" and result.relations[2].subject.start == 19
    assert [json.loads(q.instruction)["schema"] for q in backend.questions] == [
        [{"entity_type": "person", "attributes": {"home": "the town", "job": ""}}],
        [{"entity_type": "ship", "attributes": ["name"]}],
    ]
    with pytest.raises(IEPileError, match="attributes of 'person' are no list"):
        Extractor(backend).extract(text, [{"entity_type": "person", "attributes": "home"}])


def test_given_triggers_stand_in_the_prompt() -> None:
    backend = Canned()
    schema = {"hiring": {"trigger": ["hired"], "arguments": ["employer"]}}
    Extractor(backend).extract("Acme hired Ada.", schema, task="EEA")
    entry = json.loads(backend.questions[0].instruction)["schema"][0]
    assert entry == {"event_type": "hiring", "trigger": ["hired"], "arguments": ["employer"]}


def test_descriptions_stand_in_the_prompt() -> None:
    backend = Canned({"person": ["Ada"]})
    result = Extractor(backend).extract("Ada left.", {"person": "a human being", "place": None}, task="NER")
    asked = json.loads(backend.questions[0].instruction)["schema"]
    assert asked == {"person": "a human being", "place": ""}
    assert result.entities[0].mention.text == "Ada"
    Extractor(backend).extract("Ada left.", {"leaving": {"who": "the one who goes"}})
    asked = json.loads(backend.questions[1].instruction)["schema"]
    assert asked == [{"event_type": "leaving", "trigger": True, "arguments": {"who": "the one who goes"}}]


def test_nonsense_gives_an_empty_result_and_a_note() -> None:
    result = Extractor(Canned(output="I can't.")).extract("Ada left.", ["person"], task="NER")
    assert result.entities == () and result.notes == ("1 of 1 answers could not be read",)
    mended = Extractor(Canned(output='{"person": ["Ada"')).extract("Ada left.", ["person"], task="NER")
    assert len(mended.entities) == 1 and mended.notes == ("1 of 1 answers were no valid JSON and were mended",)


def test_many_texts_keep_their_order_and_language() -> None:
    backend = Canned({"人物": ["小林"]})
    results = Extractor(backend).extract(["Ada left.", "小林住在青石镇。", ""], ["人物"], task="NER")
    assert [r.language for r in results] == ["en", "zh", "en"]
    assert [len([e for e in r.entities if e.mention.start is not None]) for r in results] == [0, 1, 0]
    assert Extractor(backend).extract([], ["人物"], task="NER") == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ada met Bo.", "en"),
        ("小林在Microsoft工作。", "zh"),
        ("The painter 林 was born in Lund and moved to Rome.", "en"),
        ("", "en"),
        ("123 !?", "en"),
    ],
)
def test_language_is_found_from_the_text(text: str, language: str) -> None:
    assert guess_language(text) == language


BAD_SCHEMAS: list[tuple[Any, str | None, str]] = [
    (["person", "person"], "NER", "names 'person' twice"),
    ([], "NER", "nothing that NER could ask for"),
    (["person"], None, "name one: NER, RE or EET"),
    (["person", 3], "NER", "3 is no label"),
    (["person"], "EEA", "not for EEA"),
    (["person"], "QA", "There is no task 'QA'"),
    ({"hiring": ["who", "who"]}, None, "names 'who' twice"),
    ({"hiring": ["who"]}, "NER", "not for NER"),
    ({"hiring": ["who"]}, "EEA", "EEA needs triggers"),
    ({"hiring": 3}, "EE", "are no list of names"),
    ([("a", "b", "c")], "NER", "not for NER"),
    ("no such file.json", "NER", "no schema file"),
]


@pytest.mark.parametrize(("schema", "task", "message"), BAD_SCHEMAS)
def test_a_bad_schema_is_one_sentence(schema: Any, task: str | None, message: str) -> None:
    with pytest.raises(IEPileError, match=message):
        read_schema(schema, task)


def test_schema_files(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('["person", "place"]')
    (tmp_path / "b.yaml").write_text("hiring: [employer, employee]\n")
    (tmp_path / "schema.json").write_text('["hiring"]\n["employer"]\n{"hiring": ["employer"]}\n')
    (tmp_path / "relations.json").write_text('[]\n["born in"]\n{}\n')
    (tmp_path / "bad.json").write_text('["person",\n')
    assert read_schema(tmp_path / "a.json", "NER").schema.entity_types == ("person", "place")
    assert read_schema(str(tmp_path / "b.yaml")).schema.event_types == {"hiring": ("employer", "employee")}
    assert read_schema(tmp_path / "schema.json").schema.event_types == {"hiring": ("employer",)}
    assert read_schema(tmp_path / "schema.json", "NER").schema.entity_types == ("hiring",)
    assert read_schema(tmp_path / "relations.json", "RE").schema.relations == ("born in",)
    with pytest.raises(IEPileError, match=r"bad\.json:\d+: not JSON"):
        read_schema(tmp_path / "bad.json", "NER")


@pytest.mark.parametrize(
    ("text", "task", "expected"),
    [
        ("person, place\n date", "NER", ["person", "place", "date"]),
        ("人物，地点、机构", "NER", ["人物", "地点", "机构"]),
        ('["a, b"]', "RE", ["a, b"]),
        ("person, lives in, place", "SPO", [("person", "lives in", "place")]),
        ("hiring: who, whom\nfiring", "EE", [
            {"event_type": "hiring", "arguments": ["who", "whom"]}, {"event_type": "firing", "arguments": []}]),
        ("hiring [took on, hired]: who", "EEA", [
            {"event_type": "hiring", "trigger": ["took on", "hired"], "arguments": ["who"]}]),
    ],
)  # fmt: skip
def test_typed_schemas(text: str, task: str, expected: Any) -> None:
    assert parse_schema(text, task) == expected
    assert read_schema(parse_schema(text, task), task).task.name == task


def test_results_are_written_in_every_form() -> None:
    text = "Ada <b> lives in Lund & Rome."
    backend = Canned({"lives in": [{"subject": "Ada", "object": "Lund"}, {"subject": "Ada <b>", "object": "Oslo"}]})
    result = Extractor(backend).extract(text, ["lives in"], task="RE")
    data = json.loads(result.to_json())
    assert data["relations"][0]["subject"] == {"text": "Ada", "start": 0, "end": 3, "match": "exact"}
    assert data["relations"][1]["object"]["start"] is None
    assert result.to_triples() == [("Ada", "lives in", "Lund"), ("Ada <b>", "lives in", "Oslo")]
    record = Record.from_dict(result.to_records())
    assert (record.relation[0].tail_start, record.relation[1].tail_start) == (17, None)
    page = result.to_html()
    assert "<b>" not in page and "&lt;b&gt;</mark>" in page and "Rome." in page
    graph = pytest.importorskip("networkx") and result.to_networkx()
    assert graph.has_edge("Ada", "Lund")


def test_a_random_model_gives_well_formed_results(base: Path) -> None:
    extractor = Extractor.from_pretrained(str(base), max_new_tokens=60, batch_size=3, device="cpu")
    texts = ["Ada met Bo in Lund.", "小林住在青石镇。"]
    places: list[int] = []
    for decoding in ("grounded", "json", "free"):
        results = extractor.extract(
            texts, ["person", "人物"], task="NER", decoding=decoding, on_reply=lambda place, _: places.append(place)
        )
        assert [r.text for r in results] == texts
        for result in results:
            for entity in result.entities:
                if decoding == "grounded":
                    assert entity.mention.match == "exact"
                assert entity.confidence is None or 0 <= entity.confidence <= 1
    assert sorted(places) == [0, 0, 0, 1, 1, 1]
    assert extractor.extract(texts[0], ["person"], task="NER", threshold=1.1).entities == ()


def test_an_adapter_brings_its_base_and_template(base: Path, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    model = toy_model(toy_tokenizer())
    config = peft.LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj", "v_proj"], init_lora_weights=False, r=8)
    config.base_model_name_or_path = str(base)
    peft.get_peft_model(model, config).save_pretrained(tmp_path)
    (tmp_path / "iepile.json").write_text(json.dumps({"base_model": str(base), "template": "alpaca"}))
    options: dict[str, Any] = {"max_new_tokens": 24, "device": "cpu"}
    plain = Extractor.from_pretrained(str(base), template="alpaca", **options)
    adapted = Extractor.from_pretrained(None, tmp_path, **options)
    details = adapted.backend.details
    assert (details["base"], details["adapter"], details["template"]) == (str(base), str(tmp_path), "alpaca")
    question = [Question("Ada met Bo.", get_task("NER"), ["person"], "Ada met Bo.")]
    assert plain.answer(question, "free") != adapted.answer(question, "free")


def test_free_decoding_is_that_of_transformers() -> None:
    from iepile.extraction.generation import Row, decode

    tokenizer = toy_tokenizer()
    model = toy_model(tokenizer, seed=3)
    opening = "Please extract entities. Ada met Bo in "
    ends = ("Lund.", "Lund.", "", "Rome, where it rained.", "Oslo")
    texts = ["Ada", "小林住", "B", *(opening + end for end in ends)]
    prompts = [tokenizer(text)["input_ids"] for text in texts]
    stops = frozenset([tokenizer.eos_token_id])
    expected = []
    for prompt in prompts:
        ids = model.generate(torch.tensor([prompt]), max_new_tokens=30, do_sample=False)[0, len(prompt) :].tolist()
        expected.append(ids[:-1] if ids[-1] in stops else ids)
    for batch_size in (1, 2, 4):
        for share in (True, False):
            rows = [Row(prompt, 30) for prompt in prompts]
            decode(model, rows, stop_ids=stops, pad_id=0, batch_size=batch_size, share=share)
            assert [row.tokens for row in rows] == expected


@pytest.mark.parametrize("share", [True, False])
def test_rows_that_leave_a_batch_do_not_disturb_the_others(share: bool) -> None:
    from iepile.extraction.generation import Row, decode

    tokenizer = toy_tokenizer()
    model = toy_model(tokenizer, seed=3)
    texts = ["Ada", "小林住", "B", "Please extract", "Please extract entities.", "Bo met", "Ada and Bo"]
    limits = [5, 150, 1, 40, 149, 12, 70]  # beyond the room that a cache is first given

    def rows() -> list[Row]:
        return [Row(tokenizer(text)["input_ids"], limit) for text, limit in zip(texts, limits, strict=True)]

    alone, together = rows(), rows()
    for row in alone:
        decode(model, [row], stop_ids=frozenset(), pad_id=0, share=False)
    decode(model, together, stop_ids=frozenset(), pad_id=0, batch_size=7, share=share)
    assert [row.tokens for row in together] == [row.tokens for row in alone]
    assert [len(row.tokens) for row in together] == limits


def _shapes_read(model: Any) -> list[tuple[int, ...]]:
    """The rows and places of each pass through the model from here on."""
    shapes: list[tuple[int, ...]] = []
    model.register_forward_pre_hook(
        lambda _, args, kwargs: shapes.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
    )
    return shapes


def test_what_prompts_share_is_read_once() -> None:
    from iepile.extraction.generation import Row, decode

    tokenizer = toy_tokenizer()
    model = toy_model(tokenizer)
    read = _shapes_read(model)
    opening = tokenizer("Ada Marlow moved to Tilbury in 1907 and founded the Harbour Press.")["input_ids"]
    sizes = []
    for share in (True, False):
        read.clear()
        rows = [Row([*opening, 70 + n], 1) for n in range(6)]
        decode(model, rows, stop_ids=frozenset(), pad_id=0, batch_size=3, share=share)
        sizes.append(sum(map(prod, read)))
    assert sizes == [len(opening) + 6, 6 * (len(opening) + 1)]


def test_long_prompts_are_read_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from iepile.extraction import generation

    monkeypatch.setattr(generation, "MOST_TOKENS", 100)
    model = toy_model(toy_tokenizer())
    read = _shapes_read(model)
    rows = [generation.Row([70 + number] * length, 1) for number, length in enumerate((120, 50, 50, 50, 10, 10, 10))]
    generation.decode(model, rows, stop_ids=frozenset(), pad_id=0, batch_size=32)
    assert {(1, 120), (2, 50)} <= set(read)
    assert all(prod(shape) <= 100 for shape in set(read) - {(1, 120)})
    assert all(len(row.tokens) == 1 for row in rows)


def test_prompts_of_different_lengths_are_hardly_padded() -> None:
    from iepile.extraction.generation import Row, decode

    model = toy_model(toy_tokenizer())
    read = _shapes_read(model)
    prompts = [[70 + number] * length for number, length in enumerate((3, 400, 90, 100, 5, 398))]
    decode(model, [Row(prompt, 1) for prompt in prompts], stop_ids=frozenset(), pad_id=0, batch_size=6)
    assert sum(map(len, prompts)) <= sum(map(prod, read)) <= 1.25 * sum(map(len, prompts))


def test_what_cannot_be_loaded_is_one_sentence(base: Path, tmp_path: Path) -> None:
    with pytest.raises(IEPileError, match="no backend 'vllm'"):
        Extractor.from_pretrained(str(base), backend="vllm")
    with pytest.raises(IEPileError, match="Name a base model"):
        Extractor.from_pretrained(None)
    with pytest.raises(IEPileError, match="is no adapter"):
        Extractor.from_pretrained(str(base), tmp_path)
    extractor = Extractor.from_pretrained(str(base), device="cpu")
    with pytest.raises(IEPileError, match="no decoding 'fast'"):
        extractor.extract("Ada", ["person"], task="NER", decoding="fast")  # type: ignore[arg-type]
