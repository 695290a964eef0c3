"""The published rule: counted by hand where it differs from ours."""

import json
import random
from typing import Any

import pytest
from iepile.builders.errors import IEPileError
from iepile.builders.tasks import get_task
from iepile.extraction.scoring import score

TEXT = "Ada met Bo in Lund."
HIRING = {"event_type": "hiring", "trigger": True, "arguments": ["who"]}


def row(task: str, output: str, label: list[Any], schema: list[Any], **changes: Any) -> dict[str, Any]:
    base = {"id": "0af3", "task": task, "source": "toy", "instruction": get_task(task).ask(TEXT, "en", schema)}
    return base | {"output": output, "label": json.dumps(label)} | changes


def figures(rows: list[dict[str, Any]], task: str, facet: str | None = None) -> tuple[float, ...]:
    c = score(rows, profile="published").line(task, "toy", facet).counts
    return c.gold, c.predicted, c.correct, c.precision, c.recall, c.f1


def test_f1_is_made_from_rounded_figures() -> None:
    label = [{"entity": str(n), "entity_type": "person"} for n in range(7)]
    output = json.dumps({"person": ["0", "1", "x"]})
    assert figures([row("NER", output, label, ["person"])], "NER") == (7, 3, 2, 66.67, 28.57, 40.0)
    ours = score([row("NER", output, label, ["person"])]).line("NER").counts
    assert round(ours.f1, 4) == 40.0 and round(ours.precision, 4) == 66.6667
    assert figures([row("NER", "{}", [], ["person"])], "NER") == (0, 0, 0, 0.0, 0.0, 0.0)


def test_records_that_share_a_text_are_put_together() -> None:
    ada, bo = ([{"entity": name, "entity_type": "person"}] for name in ("Ada", "Bo"))
    rows = [row("NER", '{"person": ["Ada"]}', ada, ["person"]), row("NER", '{"person": ["Bo"]}', bo, ["person"])]
    assert figures(rows, "NER")[:3] == (1, 2, 1)
    assert score(rows).line("NER").counts.correct == 2
    ours = [
        {"id": f"toy/test/{n}", "batch": 0, "task": "NER", "source": "toy", "output": r["output"]}
        | {"instruction": r["instruction"], "prediction": r["output"]}
        for n, r in enumerate(rows)
    ]
    assert figures(ours, "NER")[:3] == (1, 2, 1)


def test_nothing_is_mended() -> None:
    rows = [row("NER", '{"person": ["Ada"', [{"entity": "Ada", "entity_type": "person"}], ["person"])]
    assert figures(rows, "NER")[:3] == (1, 0, 0)
    assert score(rows, profile="published").line("NER").answers.failed == 1
    assert score(rows).line("NER").counts.correct == 1


def test_a_missing_subject_is_an_empty_one() -> None:
    label = [{"head": "Ada", "relation": "met", "tail": "Bo"}]
    output = '{"met": [{"subject": "Ada", "object": "Bo"}, {"object": "Bo"}, {"subject": 3, "object": "Bo"}]}'
    assert figures([row("RE", output, label, ["met"])], "RE")[:3] == (1, 2, 1)


def test_nan_is_a_trigger_like_others() -> None:
    label = [{"event_type": "hiring", "event_trigger": "NAN", "arguments": [{"argument": "Ada", "role": "who"}]}]
    output = '{"hiring": [{"trigger": "NAN", "arguments": {"who": ["Ada", 5, "NAN"]}}]}'
    rows = [row("EE", output, label, [HIRING])]
    assert figures(rows, "EE", "trigger")[:3] == (1, 1, 1)
    assert figures(rows, "EE", "argument")[:3] == (1, 2, 1)
    assert score(rows).line("EE", facet="trigger").counts.gold == 0


def test_arguments_alone_are_read_as_an_older_format_wrote_them() -> None:
    label = [{"event_type": "hiring", "event_trigger": "met", "arguments": [{"argument": "Ada", "role": "who"}]}]
    entry = HIRING | {"trigger": ["met"]}
    old, new = '{"hiring": [{"who": "Ada"}]}', '{"hiring": [{"trigger": "met", "arguments": {"who": "Ada"}}]}'
    assert figures([row("EEA", old, label, [entry])], "EEA", "argument")[:3] == (1, 1, 1)
    assert figures([row("EEA", new, label, [entry])], "EEA", "argument")[:3] == (1, 2, 0)


def test_tasks_that_the_rule_does_not_have() -> None:
    entry = {"entity_type": "person", "attributes": ["age"]}
    with pytest.raises(IEPileError, match="has no KG"):
        score([row("KG", "{}", [], [entry])], profile="published")
    with pytest.raises(IEPileError, match="no profile 'old'"):
        score([row("NER", "{}", [], ["person"])], profile="old")


def plainly(rows: list[dict[str, Any]], task: str) -> tuple[float, ...]:
    """The rule once more, by lists alone: gold, predicted, right, P, R, F1 of a task's first items."""
    golds: dict[str, list[Any]] = {}
    answers: dict[str, list[Any]] = {}
    for one in rows:
        label = json.loads(one["label"])
        if task == "NER":
            gold = [(x["entity_type"], x["entity"]) for x in label]
        elif task == "RE":
            gold = [(x["relation"], x["head"], x["tail"]) for x in label]
        else:
            gold = [(x["event_type"], x["event_trigger"]) for x in label]
        golds.setdefault(one["id"], gold)
        found = answers.setdefault(one["id"], [])
        try:
            answer = json.loads(one["output"])
        except ValueError:
            continue
        if not isinstance(answer, dict):
            continue
        for key in answer:
            for value in answer[key]:
                if task == "RE":
                    found.append((key, value.get("subject", ""), value.get("object", "")))
                else:
                    found.append((key, value["trigger"] if task == "EE" else value))
    right = 0
    for name, gold in golds.items():
        left = list(gold)
        for item in answers[name]:
            if item in left:
                left.remove(item)
                right += 1
    gold_count, found_count = sum(map(len, golds.values())), sum(map(len, answers.values()))
    p = round(right / found_count * 100, 2) if found_count else 0.0
    r = round(right / gold_count * 100, 2) if gold_count else 0.0
    return gold_count, found_count, right, p, r, round(2 * p * r / (p + r), 2) if p + r else 0.0


@pytest.mark.parametrize("task", ["NER", "RE", "EET", "EE"])
def test_random_predictions_score_as_by_the_rule_written_anew(task: str) -> None:
    rng = random.Random(task)
    labels, names = ["hiring", "met", "left"], ["Ada", "Bo", "Zoe"]

    def value() -> Any:
        if task == "RE":
            return {k: rng.choice(names) for k in ("subject", "object") if rng.random() < 0.95}
        name = rng.choice(names)
        return {"trigger": name, "arguments": {}} if task == "EE" else name

    def label() -> dict[str, Any]:
        name, kind = rng.choice(names), rng.choice(labels)
        return {
            "NER": {"entity": name, "entity_type": kind},
            "RE": {"head": name, "relation": kind, "tail": rng.choice(names)},
        }.get(task, {"event_type": kind, "event_trigger": name, "arguments": []})

    for _ in range(30):
        rows = []
        for record in range(rng.randint(1, 6)):
            gold = [label() for _ in range(rng.randint(0, 5))]
            for _ in range(rng.randint(1, 3)):  # schema batches
                found = {kind: [value() for _ in range(rng.randint(0, 4))] for kind in rng.sample(labels, 2)}
                output = json.dumps(found)
                output = rng.choice([output, output, output, output[:-3], "[]", "null"])
                schema = [{**HIRING, "event_type": kind} for kind in labels] if task == "EE" else labels
                rows.append(row(task, output, gold, schema, id=str(record)))
        assert figures(rows, task) == plainly(rows, task)
