"""Error kinds, labels, intervals: counted by hand on small answers."""

import json
from typing import Any

import numpy as np
from iepile.builders.tasks import get_task
from iepile.extraction.analysis import Analysis, analyse, bootstrap
from iepile.extraction.metrics import Counts
from iepile.extraction.predictions import answered

TEXT = "Ada Marlow met Bo Lind in New Lund."


def analysis(task: str, gold: Any, answer: Any, schema: list[Any], text: str = TEXT) -> Analysis:
    row = {
        **{"id": "toy/test/0", "batch": 0, "task": task, "source": "toy"},
        "instruction": get_task(task).ask(text, "en", schema),
        "output": json.dumps(gold),
        "prediction": json.dumps(answer),
    }
    return analyse(answered([("row 1", row)]))


def kinds(task: str, gold: Any, answer: Any, schema: list[Any], facet: str) -> dict[str, int]:
    return dict(analysis(task, gold, answer, schema).kinds[(task, "toy", facet)])


TYPES = ["person", "place"]
GOLD = {"person": ["Ada Marlow", "Bo Lind"], "place": ["New Lund"]}


def test_each_kind_of_error_of_entities() -> None:
    def of(answer: Any) -> dict[str, int]:
        return kinds("NER", GOLD, answer, TYPES, "entity")

    assert of(GOLD) == {}
    assert of({"person": ["Ada Marlow", "Bo Lind"], "place": []}) == {"missed": 1}
    assert of(GOLD | {"place": ["New Lund", "met"]}) == {"spurious": 1}
    assert of(GOLD | {"animal": ["met"]}) == {"off schema": 1}
    assert of(GOLD | {"place": ["New Lund", "Oslo"]}) == {"not in text": 1}
    assert of({"person": ["Ada Marlow"], "place": ["New Lund", "Bo Lind"]}) == {"wrong type": 1}
    assert of({"person": ["Ada", "Lind in"], "place": ["New Lund"]}) == {"wrong boundary": 2}
    assert of(GOLD | {"person": ["Ada Marlow", "Bo Lind", "Bo Lind"]}) == {"spurious": 1}


def test_each_kind_of_error_of_relations() -> None:
    gold = {"met": [{"subject": "Ada Marlow", "object": "Bo Lind"}], "saw": []}

    def of(*pairs: tuple[str, str, str]) -> dict[str, int]:
        answer: dict[str, list[Any]] = {"met": [], "saw": []}
        for subject, relation, obj in pairs:
            answer[relation].append({"subject": subject, "object": obj})
        return kinds("RE", gold, answer, ["met", "saw"], "relation")

    assert of(("Bo Lind", "met", "Ada Marlow")) == {"swapped": 1}
    assert of(("Ada Marlow", "saw", "Bo Lind")) == {"wrong type": 1}
    assert of(("Ada", "met", "Bo Lind in")) == {"wrong boundary": 1}
    assert of(("Ada", "met", "New Lund")) == {"spurious": 1, "missed": 1}
    assert of(("Ada Marlow", "met", "Bo Lind"), ("Zoe", "met", "Bo Lind")) == {"not in text": 1}


def test_events_and_their_arguments() -> None:
    entry = {"event_type": "meeting", "trigger": True, "arguments": ["who", "where"]}
    gold = {"meeting": [{"trigger": "met", "arguments": {"who": ["Ada Marlow", "Bo Lind"], "where": "New Lund"}}]}
    answer = {"meeting": [{"trigger": "met", "arguments": {"who": ["Ada Marlow", "New Lund"], "where": "Lund"}}]}
    found = analysis("EE", gold, answer, [entry])
    assert found.kinds[("EE", "toy", "trigger")] == {}
    assert found.kinds[("EE", "toy", "argument")] == {"wrong type": 1, "spurious": 1, "missed": 1}
    assert found.labels[("EE", "toy", "argument")]["meeting: who"] == Counts(2, 2, 1)


def test_labels_and_their_mean() -> None:
    found = analysis("NER", GOLD, {"person": ["Ada Marlow", "Bo Lind"], "place": ["Lund"]}, TYPES)
    key = ("NER", "toy", "entity")
    assert found.labels[key] == {"person": Counts(2, 2, 2), "place": Counts(1, 1, 0)}
    assert found.macro_f1(key) == 50
    assert found.to_dict()[0]["labels"]["person"]["f1"] == 100
    assert json.loads(json.dumps(found.to_dict()))[1]["source"] is None
    report = found.report()
    assert "| NER  | toy    | entity | place  |" in report and "wrong boundary" in report


def test_places_forgive_how_a_mention_is_written() -> None:
    gold = {"person": ["Ada Müller"], "place": []}
    found = analysis("NER", gold, {"person": ["ada muller"], "place": []}, TYPES, text="I met Ada Müller.")
    key = ("NER", "toy", "entity")
    assert found.by_place[key] == Counts(1, 1, 1) and found.labels[key]["person"].correct == 0


def test_intervals_hold_the_figure_and_narrow_with_more_records() -> None:
    rng = np.random.default_rng(1)
    few = [Counts(4, 4, int(n)) for n in rng.integers(0, 5, 20)]
    low, high = bootstrap(few, 500, np.random.default_rng(2))
    f1 = sum(few, Counts()).f1
    assert low < f1 < high
    wide, narrow = high - low, np.ptp(bootstrap(few * 25, 500, np.random.default_rng(2)))
    assert 3 < wide / narrow < 8  # five times, by the square root of 25
    assert bootstrap(few, 500, np.random.default_rng(2)) == (low, high)
    assert bootstrap([Counts(2, 2, 2)] * 5, 50, rng) == (100, 100)
    assert bootstrap([Counts()], 50, rng) == (100, 100)


def test_batches_of_a_record_are_drawn_together() -> None:
    def row(record: int, batch: int, answer: str) -> dict[str, Any]:
        schema = [f"type {batch}"]
        base = {"id": f"toy/test/{record}", "batch": batch, "task": "NER", "source": "toy"}
        found = {"instruction": get_task("NER").ask(TEXT, "en", schema), "output": json.dumps({schema[0]: ["Ada"]})}
        return base | found | {"prediction": json.dumps({schema[0]: [answer]})}

    rows = [row(r, b, "Ada" if r else "Bo") for r in range(2) for b in range(10)]
    found = analyse(answered((f"row {n}", r) for n, r in enumerate(rows)))
    assert found.intervals[("NER", "toy", "entity")] == (0, 100)  # two records, one all right and one all wrong
