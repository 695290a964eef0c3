"""Reading what models write: exactly the asked keys, whatever was written."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iepile.builders.tasks import get_task
from iepile.extraction.parsing import parse

NER, RE, EE, EEA = (get_task(name) for name in ("NER", "RE", "EE", "EEA"))
HIRING = {"event_type": "hiring", "trigger": True, "arguments": ["employer", "employee"]}
TYPES = ["person", "place"]


def test_a_clean_answer_is_read_as_it_is() -> None:
    parsed = parse('{"person": ["Ada", "Ada"], "place": []}', NER, TYPES)
    assert parsed.answer == {"person": ["Ada", "Ada"], "place": []}
    assert (parsed.status, parsed.off_schema, parsed.dropped) == ("valid", {}, 0)


@pytest.mark.parametrize(
    "output",
    [
        'Sure! Here it is:\n```json\n{"person": ["Ada"], "place": []}\n```',
        "{'person': ['Ada'], 'place': []}",
        '{"person": ["Ada"], "place": [',
        '{"person": ["Ada',
        '[{"person": ["Ada"]}] and that is all',
    ],
)
def test_broken_json_is_mended_and_said_to_be(output: str) -> None:
    parsed = parse(output, NER, TYPES)
    assert parsed.answer == {"person": ["Ada"], "place": []}
    assert parsed.status == "repaired"
    assert parse(output, NER, TYPES, repair=False).status == "failed"


@pytest.mark.parametrize(
    "output", ["", "I found nothing.", "[]", '["person"]', "null", "3", "[" * 100_000, "{" * 30_000]
)
def test_what_is_no_object_fails_with_empty_answers(output: str) -> None:
    parsed = parse(output, NER, TYPES)
    assert parsed.answer == {"person": [], "place": []}
    assert parsed.status == "failed"


def test_keys_not_asked_are_kept_apart() -> None:
    parsed = parse('{"animal": ["cat"], "person": ["Ada"]}', NER, TYPES)
    assert parsed.answer == {"person": ["Ada"], "place": []}
    assert parsed.off_schema == {"entity": [("animal", "cat")]}


def test_the_last_of_two_equal_keys_holds_as_in_json() -> None:
    assert parse('{"person": ["Ada"], "person": ["Bo"]}', NER, ["person"]).answer == {"person": ["Bo"]}


def test_attributes_are_read_entity_by_entity() -> None:
    entries = [{"entity_type": "person", "attributes": ["home", "job"]}]
    output = '{"person": {"Ada": {"job": ["cook", 7], "home": "Lund", "age": "5"}, "Bo": {"job": 3}, "Cy": "cook"}}'
    parsed = parse(output, get_task("KG"), entries)
    assert parsed.answer == {"person": {"Ada": {"home": "Lund", "job": ["cook"]}}}
    assert parsed.off_schema == {"attribute": [("person", "Ada", "age", "5")]}
    assert parse("no", get_task("KG"), entries).answer == {"person": {}}


def test_values_of_another_shape_are_dropped_and_counted() -> None:
    parsed = parse('{"person": ["Ada", 7, null, ["Bo"]], "place": "Rome"}', NER, TYPES)
    assert parsed.answer == {"person": ["Ada"], "place": []}
    assert parsed.dropped == 4
    triples = parse(
        '{"born in": [{"subject": "Ada"}, {"subject": "Bo", "object": "Rome", "year": 3}]}', RE, ["born in"]
    )
    assert triples.answer == {"born in": [{"subject": "Bo", "object": "Rome"}]}


def test_events_get_every_role_and_no_other() -> None:
    output = {"hiring": [{"arguments": {"employee": ["Ada", "Bo"], "salary": "9"}}, {"trigger": "hired"}, "x"]}
    parsed = parse(json.dumps(output), EE, [HIRING])
    assert parsed.answer == {
        "hiring": [
            {"trigger": "NAN", "arguments": {"employer": "NAN", "employee": ["Ada", "Bo"]}},
            {"trigger": "hired", "arguments": {}},
        ]
    }
    assert parsed.off_schema["argument"] == [("hiring", "9", "salary")]


def test_given_triggers_only() -> None:
    entry = HIRING | {"trigger": ["hired"]}
    output = '{"hiring": [{"trigger": "took on", "arguments": {"employee": "Ada", "employer": "NAN"}}]}'
    parsed = parse(output, EEA, [entry])
    assert parsed.answer["hiring"][0] == {"trigger": "NAN", "arguments": {"employee": "Ada", "employer": "NAN"}}
    assert parsed.off_schema["trigger"] == [("hiring", "took on")]


def test_half_surrogate_pairs_become_writable() -> None:
    parsed = parse('{"person": ["A\\ud83d", "\\ud83d\\ude00"]}', NER, ["person"])
    assert parsed.answer == {"person": ["A\ufffd", "😀"]}
    json.dumps(parsed.answer, ensure_ascii=False).encode()


@given(st.text())
@settings(max_examples=100, deadline=None)
def test_any_text_is_read(output: str) -> None:
    assert list(parse(output, NER, TYPES).answer) == TYPES


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["hiring", "trigger", "arguments", "employer", "subject"]) | st.text(), x)))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_any_json_comes_out_in_the_shape(value: object) -> None:
    for task, entries in ((NER, ["hiring"]), (RE, ["hiring"]), (EE, [HIRING])):
        parsed = parse(json.dumps({"hiring": value}), task, entries)
        again = parse(json.dumps(parsed.answer), task, entries)
        assert again.answer == parsed.answer
        assert again.dropped == 0


def test_random_bytes_and_cut_answers_never_raise() -> None:
    rng = random.Random(5)
    whole = json.dumps({"hiring": [{"trigger": "hired", "arguments": {"employer": "NAN", "employee": ["Ada"]}}]})
    outputs = [rng.randbytes(rng.randrange(200)).decode("utf-8", "replace") for _ in range(200)]
    outputs += ["".join(rng.choice('{}[]",:\\ eN1') for _ in range(rng.randrange(80))) for _ in range(200)]
    outputs += [whole[:n] for n in range(len(whole))]
    for output in outputs:
        assert list(parse(output, EE, [HIRING]).answer) == ["hiring"]
