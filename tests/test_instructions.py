"""What a record is asked for, and in which batches: properties of any schema and any record."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iepile.builders.hard_negatives import hard_negatives
from iepile.builders.instructions import TRAINING_SPLITS, Asking, batches
from iepile.builders.records import Argument, Entity, Event, Record, Relation
from iepile.builders.source import SPLITS, load_sources
from iepile.builders.source_negatives import source_negatives
from iepile.builders.tasks import TASKS, Schema, Triple
from iepile.extraction.scoring import score

from conftest import ROOT

WORDS = ("Tern", "the", "Skua", 'a "quay"', "北港", "渡轮", "5", "Ada\nBo", "\\", "ä", "–")
LABELS = st.lists(
    st.one_of(st.sampled_from(["ship", "else", "港口", "of", 'a "b"']), st.text(min_size=1, max_size=6)),
    unique=True, min_size=1, max_size=40,
)  # fmt: skip
TASK_NAMES = st.sampled_from(sorted(TASKS))


@st.composite
def schemas(draw):
    names = tuple(draw(LABELS))
    types = st.sampled_from(["person", "船"])
    triples = st.lists(st.builds(Triple, types, st.sampled_from(names), types), unique=True, min_size=1, max_size=30)
    roles = st.lists(st.sampled_from(["crew", "place", "时间"]), unique=True).map(tuple)
    return Schema(
        entity_types=names,
        relations=names,
        triples=tuple(draw(triples)),
        event_types={name: draw(roles) for name in names},
        attributes={kind: names[n::2] for n, kind in enumerate(("person", "船"))},
    )


@st.composite
def records(draw, schema):
    text = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)))
    mention = st.one_of(st.sampled_from(WORDS), st.just("not in it"))
    relation = st.builds(
        lambda head, triple, tail: Relation(head, triple.predicate, tail, triple.subject_type, triple.object_type),
        mention, st.sampled_from(schema.triples), mention,
    )  # fmt: skip
    events = []
    for name in draw(st.lists(st.sampled_from(sorted(schema.event_types)), max_size=5)):
        roles = schema.event_types[name]
        argument = st.builds(Argument, mention, st.sampled_from(roles)) if roles else st.nothing()
        arguments = tuple(draw(st.lists(argument, max_size=4))) if roles else ()
        events.append(Event(draw(st.one_of(mention, st.just(""))), name, arguments))
    return Record(
        text=text,
        entity=tuple(draw(st.lists(st.builds(Entity, mention, st.sampled_from(schema.entity_types)), max_size=8))),
        relation=tuple(draw(st.lists(relation, max_size=8))),
        event=tuple(events),
        id=f"Toy/train/{draw(st.integers(0, 10**6))}",
    )


@st.composite
def questions(draw):
    """How a task asks about a schema, and a record of it."""
    schema = draw(schemas())
    task = TASKS[draw(TASK_NAMES)]
    negatives = hard_negatives(task.name, schema) if task.asks_negatives else {}
    seed = draw(st.integers(0, 99))
    return Asking(task, schema, draw(st.sampled_from(["en", "zh"])), negatives, seed=seed), draw(records(schema))


def asked(asking, record, split):
    """The batches, each as (schema entries, answer, the options that the entries stand for)."""
    found = []
    for _, instruction, output in asking.rows(record, split):
        entries = json.loads(instruction)["schema"]
        named = [Triple(**e) if asking.task.name == "SPO" else asking.task.entry_key(e) for e in entries]
        found.append((entries, json.loads(output), named))
    return found


def annotated(task, record, schema):
    """Each facet's items, read off the record without the task's help."""
    if task.name == "NER":
        return {"entity": Counter({(e.entity_type, e.entity) for e in record.entity})}
    if task.name == "RE":
        return {"relation": Counter({(r.head, r.relation, r.tail) for r in record.relation})}
    if task.name == "SPO":
        typed = {(r.head_type, r.tail_type, r.head, r.relation, r.tail) for r in record.relation}
        return {"relation": Counter(item[2:] for item in typed)}
    if task.name == "KG":
        attributes = ((r.head_type, r.head, r.relation, r.tail) for r in record.relation)
        return {"attribute": Counter({item for item in attributes if item[2] in schema.attributes[item[0]]})}
    triggers = Counter((e.event_type, e.event_trigger) for e in record.event if e.event_trigger)
    pairs = Counter(
        (e.event_type, e.event_trigger or "NAN", argument, role)
        for e in record.event
        for argument, role in {(a.argument, a.role) for a in e.arguments}
    )
    arguments: Counter = Counter()
    for (event_type, _, argument, role), times in pairs.items():
        arguments[event_type, argument, role] += times
    if task.name == "EET":
        return {"trigger": triggers}
    given = {"argument": arguments, "pair": pairs}
    return given if task.name == "EEA" else {"trigger": triggers, **given}


@settings(max_examples=60, deadline=None)
@given(questions(), st.sampled_from(SPLITS))
def test_what_is_asked(question, split):
    asking, record = question
    task, options = asking.task, asking.task.options(asking.schema)
    positives = task.gold(record, asking.schema)
    rows = asked(asking, record, split)
    order = [option for _, _, batch in rows for option in batch]
    assert len(set(order)) == len(order)
    assert set(positives) <= set(order) <= set(options)
    if not task.asks_negatives:
        assert set(order) == set(positives)
    elif split not in TRAINING_SPLITS:
        assert set(order) == set(options)
        if len({task.key(option) for option in options}) == len(options):
            assert tuple(order) == options
    elif positives:
        hard = {negative for positive in positives for negative in asking.negatives[positive]} - set(positives)
        assert hard <= set(order)
        rest = len(options) - len(hard) - len(positives)
        assert len(order) == len(positives) + len(hard) + min(task.split_num, rest)
    else:
        assert order


@settings(max_examples=60, deadline=None)
@given(questions(), st.sampled_from(SPLITS))
def test_how_it_is_cut(question, split):
    asking, record = question
    rows = asked(asking, record, split)
    for entries, answer, batch in rows:
        assert len(batch) <= asking.task.split_num
        assert [asking.task.entry_key(entry) for entry in entries] == list(answer)  # so no key stands twice either
    sizes = [len(batch) for _, _, batch in rows]
    assert max(sizes, default=0) - min(sizes, default=0) <= 1


@settings(max_examples=60, deadline=None)
@given(questions(), st.sampled_from(SPLITS))
def test_decoding_gives_back_what_was_annotated(question, split):
    asking, record = question
    found = {facet: Counter() for facet in asking.task.facets}
    for _, answer, _ in asked(asking, record, split):
        for facet, items in asking.task.items(answer).items():
            if facet in found:
                found[facet].update(items)
    assert found == annotated(asking.task, record, asking.schema)


@settings(max_examples=25, deadline=None)
@given(questions(), st.integers(0, 99))
def test_the_seed_and_the_id_decide(question, other_seed):
    asking, record = question
    rows = list(asking.rows(record, "train"))
    assert rows == list(replace(asking, seed=asking.seed).rows(replace(record), "train"))
    list(replace(asking, seed=other_seed).rows(record, "train"))
    assert rows == list(asking.rows(record, "train"))  # no running count


@settings(max_examples=25, deadline=None)
@given(questions())
def test_no_empty_rows_where_none_are_kept(question):
    asking, record = question
    gold = asking.task.gold(record, asking.schema)
    for _, answer, batch in asked(replace(asking, keep_empty=0.0), record, "train"):
        assert set(batch) & set(gold), answer
    strict = asked(replace(asking, keep_empty=0.0), record, "test")
    assert strict == asked(asking, record, "test")


@settings(max_examples=25, deadline=None)
@given(questions())
def test_all_negatives_ask_for_the_whole_schema(question):
    asking, record = question
    if asking.task.asks_negatives:
        rows = asked(replace(asking, negatives_kind="all"), record, "train")
        assert Counter(o for _, _, batch in rows for o in batch) == Counter(asking.task.options(asking.schema))


@settings(max_examples=25, deadline=None)
@given(questions())
def test_random_negatives_are_as_many_as_hard_ones(question):
    asking, record = question
    positives = asking.task.gold(record, asking.schema)
    if asking.task.asks_negatives and positives:
        counts = []
        for kind in ("hard", "random"):
            rows = asked(replace(asking, negatives_kind=kind), record, "train")
            order = [option for _, _, batch in rows for option in batch]
            assert set(positives) <= set(order) and len(set(order)) == len(order)
            counts.append(len(order))
        assert counts[0] == counts[1]


@settings(max_examples=40, deadline=None)
@given(questions(), st.sampled_from(SPLITS))
def test_the_published_profile_fills_its_batches(question, split):
    asking, record = question
    if len({asking.task.key(option) for option in asking.task.options(asking.schema)}) == len(
        asking.task.options(asking.schema)
    ):
        sizes = [len(batch) for _, _, batch in asked(replace(asking, published=True), record, split)]
        assert sum(sizes) == sum(len(batch) for _, _, batch in asked(asking, record, split))
        assert all(size == asking.task.split_num for size in sizes[:-1])
        assert len(sizes) < 2 or asking.task.split_num // 2 <= sizes[-1] < asking.task.split_num * 3 / 2


def test_published_test_rows_of_eea_leave_the_triggers_out():
    schema = Schema(event_types={"voyage": ("crew",), "wreck": ()})
    record = Record("Ada sails.", event=(Event("sails", "voyage", (Argument("Ada", "crew"),)),), id="Toy/test/0")
    ours = Asking(TASKS["EEA"], schema, "en", {})
    for asking, split, trigger in (
        (ours, "test", True),
        (replace(ours, published=True), "train", True),
        (replace(ours, published=True), "test", False),
    ):
        ((entries, answer, _),) = asked(asking, record, split)
        given = {"trigger": ["sails"]} if trigger else {}
        assert entries == [{"event_type": "voyage", **given, "arguments": ["crew"]}]
        assert answer == {"voyage": [{"trigger": "sails", "arguments": {"crew": "Ada"}}]}


@pytest.mark.parametrize("count", [1, 3, 65, 130])
def test_schemas_of_any_size(count):
    labels = tuple(f"label {n}" for n in range(count))
    asking = Asking(
        TASKS["NER"], Schema(entity_types=labels), "en", hard_negatives("NER", Schema(entity_types=labels))
    )
    record = Record("Tern", (Entity("Tern", labels[-1]),), id="Toy/train/0")
    whole = [option for _, _, batch in asked(asking, record, "test") for option in batch]
    assert whole == list(labels)
    sampled = [option for _, _, batch in asked(asking, record, "train") for option in batch]
    assert labels[-1] in sampled and len(sampled) == len({*sampled, *asking.negatives[labels[-1]]})


def test_empty_rows_are_kept_with_their_probability():
    schema = Schema(entity_types=tuple(f"label {n}" for n in range(8)))
    asking = Asking(TASKS["NER"], schema, "en", {}, keep_empty=0.3)
    records = [Record("", id=f"Toy/train/{n}") for n in range(400)]
    rows = {record.id: list(asking.rows(record, "train")) for record in records}
    every = sum(replace(asking, keep_empty=1.0).filled_and_empty(records, "train"))
    assert 0.24 < sum(map(len, rows.values())) / every < 0.36
    assert rows == {record.id: list(asking.rows(record, "train")) for record in reversed(records)}
    more = replace(asking, keep_empty=0.6)  # of what is kept, nothing goes where more is
    assert all(set(rows[record.id]) <= set(more.rows(record, "train")) for record in records)


@given(st.integers(0, 150), st.integers(1, 8))
def test_batches_are_few_and_even(n, split_num):
    cut = batches(list(range(n)), split_num)
    assert [o for batch in cut for o in batch] == list(range(n))
    assert len(cut) == -(-n // split_num)
    assert [len(batch) for batch in cut] == sorted((len(batch) for batch in cut), reverse=True)


@given(st.integers(1, 150), st.integers(2, 8))
def test_published_batches(n, split_num):
    cut = batches(list(range(n)), split_num, published=True)
    assert [o for batch in cut for o in batch] == list(range(n))
    assert all(len(batch) == split_num for batch in cut[:-1])
    assert len(cut) == 1 or split_num // 2 <= len(cut[-1]) < split_num + split_num // 2


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.integers(1, 8))
def test_options_of_one_key_never_share_a_batch(keys, split_num):
    options = list(enumerate(keys))
    cut = batches(options, split_num, key=lambda option: option[1])
    assert sorted(option for batch in cut for option in batch) == options
    assert all(len({key for _, key in batch}) == len(batch) <= split_num for batch in cut)
    assert max(map(len, cut)) - min(map(len, cut)) <= 1


def test_a_record_without_positives_asks_for_half():
    schema = Schema(entity_types=tuple(f"label {n}" for n in range(100)))
    asking = Asking(TASKS["NER"], schema, "en", {})
    counts = [sum(len(batch) for _, _, batch in asked(asking, Record("", id=str(n)), "train")) for n in range(50)]
    assert 45 < sum(counts) / len(counts) < 55
    alone = replace(asking, schema=Schema(entity_types=("ship",)))
    assert all(len(asked(alone, Record("", id=str(n)), "train")) == 1 for n in range(20))


def test_the_hash_seed_changes_nothing():
    code = (
        "from iepile.builders.instructions import Asking; from iepile.builders.records import Entity, Record; "
        "from iepile.builders.hard_negatives import hard_negatives; from iepile.builders.tasks import TASKS, Schema; "
        "schema = Schema(entity_types=tuple(f'label {n}' for n in range(40))); "
        "asking = Asking(TASKS['NER'], schema, 'en', hard_negatives('NER', schema)); "
        "print(list(asking.rows(Record('Tern', (Entity('Tern', 'label 3'),), id='a'), 'train')))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True, check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }  # fmt: skip
    assert len(runs) == 1


@pytest.mark.parametrize("source", load_sources().values(), ids=lambda source: source.name)
def test_gold_scored_against_itself_is_100(source):
    rows, source = [], source.at(source.sample)
    for name, task in TASKS.items():
        if task.family != TASKS[source.task].family or not task.options(source.schema):
            continue
        negatives = source_negatives(source, name).negatives
        asking = Asking(task, source.schema, source.language, negatives)
        for split in source.find(source.sample):
            for record in source.records(source.sample, split):
                if isinstance(record, Record):
                    rows += [
                        {
                            "id": record.id, "batch": batch, "task": name, "source": source.name,
                            "instruction": instruction, "output": output, "prediction": output,
                        }
                        for batch, instruction, output in asking.rows(record, split)
                    ]  # fmt: skip
    scores = score(rows)
    assert sum(line.counts.gold for line in scores.lines)
    for line in scores.lines:
        assert (line.counts.f1, line.answers.failed, line.answers.dropped) == (100.0, 0, 0)
