"""Confusions mined from predictions, in our own format and in the published one."""

import json

import pytest
from iepile.builders.errors import FormatError
from iepile.builders.tasks import get_task
from iepile.extraction.confusions import read_confusions


def own(n, task, entries, text, output, prediction):
    return {
        "id": f"Ships/test/{n}", "batch": n, "task": task, "source": "Ships", "language": "en",
        "instruction": get_task(task).ask(text, "en", entries),
        "output": json.dumps(output), "prediction": json.dumps(prediction),
    }  # fmt: skip


def read(tmp_path, *rows):
    (tmp_path / "answers.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return read_confusions(tmp_path / "answers.jsonl")


def test_a_mention_under_another_label(tmp_path):
    gold = {"ship": ["Tern", "Skua"], "bird": []}
    row = own(0, "NER", ["ship", "bird"], "The Tern met the Skua", gold, {"ship": ["Skua", "met"], "bird": ["Tern"]})
    assert read(tmp_path, row) == {("NER", "Ships"): {("ship", "bird"): 1}}


def test_batches_of_one_text_are_put_together(tmp_path):
    text = "The Tern met the Skua"
    first = own(0, "NER", ["ship"], text, {"ship": ["Tern"]}, {"ship": []})
    second = own(1, "NER", ["bird"], text, {"bird": []}, {"bird": ["Tern"]})
    assert read(tmp_path, first, second) == {("NER", "Ships"): {("ship", "bird"): 1}}


def test_what_has_both_labels_is_no_confusion(tmp_path):
    both = {"ship": ["Tern"], "bird": ["Tern"]}
    assert read(tmp_path, own(0, "NER", ["ship", "bird"], "Tern", both, both)) == {("NER", "Ships"): {}}


def test_relations_and_events(tmp_path):
    pair = [{"subject": "Ada", "object": "Tern"}]
    relation = own(0, "RE", ["captain of", "cook of"], "Ada Tern", {"captain of": pair, "cook of": []},
                   {"captain of": [], "cook of": pair})  # fmt: skip
    entries = [{"event_type": name, "trigger": True, "arguments": []} for name in ("leave", "arrive")]
    event = [{"trigger": "reached", "arguments": {}}]
    trigger = own(0, "EE", entries, "reached", {"leave": [], "arrive": event}, {"leave": event, "arrive": []})
    assert read(tmp_path, relation, trigger) == {
        ("RE", "Ships"): {("captain of", "cook of"): 1},
        ("EE", "Ships"): {("arrive", "leave"): 1},
    }


def test_the_published_format(tmp_path):
    row = {
        "id": "0", "task": "NER", "source": "Ships",
        "instruction": get_task("NER").ask("Tern", "en", ["ship", "bird"]),
        "output": json.dumps({"ship": [], "bird": ["Tern"]}),
        "label": json.dumps([{"entity": "Tern", "entity_type": "ship"}]),
    }  # fmt: skip
    assert read(tmp_path, row, row | {"id": "1", "output": '{"ship": ["Tern"], "bird": []}'}) == {
        ("NER", "Ships"): {("ship", "bird"): 1}
    }


def test_no_predictions_file(tmp_path):
    with pytest.raises(FormatError):
        read(tmp_path, {"text": "Tern"})
