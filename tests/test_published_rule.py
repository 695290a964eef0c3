"""The published rule: counted by hand where it differs from ours."""

import json
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
