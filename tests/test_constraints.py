"""Constrained decoding: whatever is chosen among the allowed tokens, the answer is valid and grounded."""

import json
import random
from typing import Any

import pytest
from iepile.builders.tasks import NAN, get_task
from iepile.extraction.backend import Decoding, Question
from iepile.extraction.parsing import complete, parse

from toy_models import toy_model, toy_tokenizer

torch = pytest.importorskip("torch")
pytest.importorskip("llguidance")

from iepile.extraction.constraints import GrammarConstraint, wrap_tokenizer, write_grammar  # noqa: E402
from iepile.extraction.generation import Row, decode  # noqa: E402
from iepile.extraction.transformers_backend import TransformersBackend  # noqa: E402

TOKENIZER = toy_tokenizer()
WRAPPED = wrap_tokenizer(TOKENIZER, len(TOKENIZER), TOKENIZER.eos_token_id)
SHIFTS = torch.arange(32, dtype=torch.int32)
LABELS = ["person", 'a "quoted" \\ label', "地点", "{brace}: [x],", "emoji 😀", "tab\there"]
EVENTS = [
    {"event_type": "hiring", "trigger": True, "arguments": ["employer", "stage"]},
    {"event_type": 'odd "one"', "trigger": True, "arguments": []},
]
GIVEN = [{"event_type": "hiring", "trigger": ["met", 'sa"id'], "arguments": ["employer"]}]
TRIPLES = [{"subject_type": "a", "predicate": "lives in", "object_type": "b"}]
THINGS = [{"entity_type": "ship", "attributes": ['na"me', "built in", "船名"]}, {"entity_type": "x", "attributes": []}]
VALUES = {"stage": ["first", 'the "second"']}
TEXTS = [
    'Ada "the Lion" met Bo\\n at 10.5% in\nLund\t(again).',
    "小林住在青石镇，和Ada说：“你好”。😀👩‍🔬 e\u0301\x01",
    "x",
    "",
    " \n ",
]


def ask(task: str, text: str) -> Question:
    entries: dict[str, list[Any]] = {"NER": LABELS, "RE": LABELS[:4], "SPO": TRIPLES, "EE": EVENTS, "EEA": GIVEN,
                                     "EET": LABELS[:3], "KG": THINGS}  # fmt: skip
    return Question("", get_task(task), entries[task], text, VALUES)


def walk(question: Question, decoding: Decoding, rng: random.Random, limit: int = 150) -> tuple[str, bool]:
    """An answer by a model that knows nothing: a random allowed token each time, longer ones as likely as any."""
    constraint = GrammarConstraint(WRAPPED, write_grammar(question, decoding))
    tokens: list[int] = []
    bits = torch.zeros((len(TOKENIZER) + 31) // 32, dtype=torch.int32)
    while not constraint.done and len(tokens) < limit:
        tokens += constraint.forced()
        if not constraint.done:
            constraint.mask_into(bits)
            allowed = ((bits[:, None] >> SHIFTS) & 1).flatten().nonzero()[:, 0]
            tokens.append(int(allowed[rng.randrange(len(allowed))]))
            constraint.accept(tokens[-1])
    return TOKENIZER.decode(tokens, clean_up_tokenization_spaces=False), constraint.done


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value
    return [found for part in inner for found in strings(part)]


def names_twice(output: str) -> bool:
    repeats = []
    json.loads(output, object_pairs_hook=lambda pairs: repeats.append(len({k for k, _ in pairs}) < len(pairs)))
    return any(repeats)


@pytest.mark.parametrize("decoding", ["grounded", "json"])
@pytest.mark.parametrize("task", ["NER", "RE", "SPO", "EE", "EET", "EEA", "KG"])
def test_random_answers_are_always_valid(task: str, decoding: Decoding) -> None:
    rng = random.Random(task + decoding)
    for text in TEXTS:
        for _ in range(2):
            question = ask(task, text)
            output, done = walk(question, decoding, rng)
            if not done:
                output = complete(output, question.task, question.entries)
            parsed = parse(output, question.task, question.entries, repair=False)
            assert parsed.status == "valid", output
            assert list(json.loads(output)) == [question.task.entry_key(e) for e in question.entries]
            assert parsed.off_schema == {} and parsed.dropped == 0
            if done:
                assert json.loads(output) == parsed.answer
                # Byte for byte as the corpus writes, but for an entity that is named twice: no grammar can forbid it.
                if decoding == "grounded" and not names_twice(output):
                    assert output == question.task.answer(json.loads(output))


@pytest.mark.parametrize("task", ["NER", "RE", "SPO", "EE", "EET", "EEA", "KG"])
def test_grounded_values_stand_in_the_text(task: str) -> None:
    rng = random.Random(task)
    known = {NAN, "met", 'sa"id', *VALUES["stage"]} if task in ("EE", "EEA") else set()
    found = 0
    for text in TEXTS:
        for _ in range(6):
            output, done = walk(ask(task, text), "grounded", rng)
            for value in strings(list(json.loads(output).values())) if done else ():
                assert value in known or value in text, output
                assert value.strip() == value != ""
                found += 1
    assert found > 10


def test_a_mention_never_cuts_a_word() -> None:
    rng = random.Random(7)
    words = set("Marlow settled in Tilbury".split())
    for _ in range(10):
        output, done = walk(Question("", get_task("NER"), ["person"], "Marlow settled in Tilbury"), "grounded", rng)
        for value in json.loads(output)["person"] if done else ():
            assert set(value.split()) <= words


def test_a_text_without_a_word_has_no_mentions() -> None:
    for text in ("", " \n\t"):
        output, done = walk(ask("RE", text), "grounded", random.Random(1))
        assert done and strings(list(json.loads(output).values())) == []


@pytest.mark.parametrize("decoding", ["grounded", "json"])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_forced_tokens_change_steps_and_not_answers(decoding: Decoding, batch_size: int) -> None:
    model = toy_model(TOKENIZER, seed=1)
    asked = [ask(task, text) for task in ("NER", "EE") for text in TEXTS[:2]]
    steps = 0

    def count(*_: Any) -> None:
        nonlocal steps
        steps += 1

    handle = model.register_forward_hook(count)
    outputs, taken = [], []
    for force in (True, False):
        steps = 0
        rows = [
            Row(TOKENIZER(q.text)["input_ids"], 60, lambda q=q: GrammarConstraint(WRAPPED, write_grammar(q, decoding)))
            for q in asked
        ]
        decode(model, rows, stop_ids=frozenset(), pad_id=0, batch_size=batch_size, force=force)
        outputs.append([(TOKENIZER.decode(row.tokens), row.finished) for row in rows])
        taken.append(steps)
    handle.remove()
    assert outputs[0] == outputs[1]
    assert taken[0] < taken[1]


@pytest.mark.parametrize("decoding", ["grounded", "json"])
def test_a_random_model_writes_no_invalid_answer_even_when_cut(decoding: Decoding) -> None:
    for seed in range(2):
        backend = TransformersBackend(toy_model(TOKENIZER, seed=seed), TOKENIZER, batch_size=6, max_new_tokens=48)
        asked = [ask(task, text) for task in ("NER", "RE", "EE", "EEA", "EET", "SPO") for text in TEXTS[:2]]
        for question, reply in zip(asked, backend.reply(asked, decoding), strict=True):
            parsed = parse(reply.output, question.task, question.entries, repair=False)
            assert parsed.status == "valid" and parsed.off_schema == {}


ENDS = {
    '{"person": ["Ada", "B': {"person": ["Ada"], "place": []},
    '{"person": ["Ada", ': {"person": ["Ada"], "place": []},
    '{"person": ["Ada \\"the L': {"person": [], "place": []},
    '{"person": [], "pla': {"person": [], "place": []},
    '{"person": [], "place": ': {"person": [], "place": []},
    '{"person": ["Ada \\\\"], "place": ["x"': {"person": ["Ada \\"], "place": ["x"]},
    "{": {"person": [], "place": []},
    "": {"person": [], "place": []},
}


@pytest.mark.parametrize("output", ENDS)
def test_a_cut_answer_is_closed_without_its_unfinished_end(output: str) -> None:
    assert json.loads(complete(output, get_task("NER"), ["person", "place"])) == ENDS[output]


def test_a_cut_pair_is_left_out() -> None:
    output = '{"born in": [{"subject": "Ada", "object": "Lund"}, {"subject": "Bo", "object": "Ro'
    expected = {"born in": [{"subject": "Ada", "object": "Lund"}]}
    assert json.loads(complete(output, get_task("RE"), ["born in"])) == expected
    event = '{"hiring": [{"trigger": "met", "arguments": {"employer": "Ada", "stage": "fi'
    expected_event = {"trigger": "met", "arguments": {"employer": "Ada", "stage": NAN}}
    assert json.loads(complete(event, get_task("EE"), EVENTS))["hiring"] == [expected_event]
