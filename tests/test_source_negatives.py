"""The hard negatives of sources and of schemas of one's own: what people decide, the cache, the commands."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner
from iepile.builders.commands import COMMANDS
from iepile.builders.errors import FormatError
from iepile.builders.hard_negatives import Finder, read_dictionary
from iepile.builders.negatives_commands import hard_negatives as group
from iepile.builders.source import load_sources
from iepile.builders.source_negatives import (
    by_hand,
    cached,
    native_names,
    override_file,
    schema_negatives,
    source_negatives,
)
from iepile.builders.tasks import Schema, Triple, get_task

CONLL = load_sources()["CoNLL2003"]


@pytest.fixture
def own(tmp_path):
    """A source whose module lies in a folder of ours."""
    return replace(CONLL, module=str(tmp_path / "own.py"))


@pytest.mark.parametrize("source", load_sources().values(), ids=lambda source: source.name)
def test_every_source(source):
    found = source_negatives(source, source.task)
    labels = get_task(source.task).options(source.schema)
    assert tuple(found.negatives) == labels
    assert len(labels) < 2 or all(found.negatives.values())
    assert all(found.why(label, other) for label, others in found.negatives.items() for other in others)


def test_people_have_the_last_word(own):
    before = source_negatives(own, "NER").negatives
    assert "location" in before["organization"]
    assert "person" not in before["organization"]
    override_file(own).write_text("CoNLL2003:\n  organization: {add: [person], drop: [location]}\n")
    found = source_negatives(own, "NER")
    assert "person" in found.negatives["organization"]
    assert "organization" in found.negatives["person"]
    assert "organization" not in found.negatives["location"]
    assert "by hand" in found.why("person", "organization")


def test_the_file_of_another_source_decides_nothing(own):
    override_file(own).write_text("Another: {organization: {add: [person]}}\n")
    assert by_hand(own) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CoNLL2003: {organisation: {add: [person]}}", "no label 'organisation'"),
        ("CoNLL2003: {person: {add: [human]}}", "no label 'human'"),
        ("CoNLL2003: {person: {plus: [location]}}", "'plus'"),
        ("CoNLL2003: {person: [location]}", "not of the form"),
        ("[person]", "not of the form"),
        ("{", "not YAML"),
    ],
)
def test_a_wrong_file_is_an_error(own, text, message):
    override_file(own).write_text(text)
    with pytest.raises(FormatError, match=message):
        by_hand(own)


def test_files_beside_the_sources_can_be_read():
    for source in load_sources().values():
        by_hand(source)


def test_typed_relations_are_named_as_triples_or_by_predicate():
    triples = (Triple("ship", "cook", "sailor"), Triple("ship", "flag", "nation"), Triple("fleet", "cook", "sailor"))
    schema = Schema(triples=triples)
    decided = {("ship_cook_sailor", "flag"): True, ("fleet_cook_sailor", "cook"): False}
    found = Finder(get_task("SPO"), schema, by_hand=decided).negatives
    assert triples[1] in found[triples[0]]
    assert triples[2] not in found[triples[0]]


def test_the_cache_answers_for_the_same_question_alone(tmp_path):
    schema = Schema(triples=tuple(Triple("ship", name, "sailor") for name in ("cook", "captain", "mate")))
    calls = []

    def finder(**evidence):
        def kinds_of(label):
            calls.append(label)
            return {}

        return Finder(get_task("SPO"), schema, kinds_of=kinds_of, **evidence)

    first = cached(finder(), tmp_path / "cache", "no encoder")
    assert calls
    calls.clear()
    assert cached(finder(), tmp_path / "cache", "no encoder") == first
    assert not calls
    for other in (
        lambda: cached(finder(), tmp_path / "cache", "an encoder"),
        lambda: cached(finder(native={"cook": "crew:cook"}), tmp_path / "cache", "no encoder"),
        lambda: cached(finder(confusions={("cook", "mate"): 4}), tmp_path / "cache", "no encoder"),
    ):
        calls.clear()
        other()
        assert calls


@pytest.mark.parametrize("broken", ["", "[]", "[[99], [], [], []]", "{}"])
def test_a_broken_cache_file_is_made_anew(tmp_path, broken):
    found = cached(Finder(get_task("NER"), CONLL.schema), tmp_path)
    for path in tmp_path.iterdir():
        path.write_text(broken)
    assert cached(Finder(get_task("NER"), CONLL.schema), tmp_path) == found


def test_a_bare_schema_takes_what_a_like_source_declares():
    kbp = load_sources()["KBP37"]
    names = kbp.schema.relations[:10]
    found = schema_negatives("RE", Schema(relations=names), "en")
    native = native_names(kbp)
    assert found.native == {name: native[name] for name in names if name in native}
    assert schema_negatives("RE", Schema(relations=("keel laid", *names[:1], "masts")), "en").native == {}


def run(*args):
    return CliRunner().invoke(group, [str(arg) for arg in args], catch_exceptions=False)


def test_build_for_a_schema(tmp_path):
    (tmp_path / "schema.json").write_text(json.dumps(["river name", "lake name", "ship type", "ship owner"]))
    out = tmp_path / "out.json"
    result = run("build", "--task", "NER", "--schema", tmp_path / "schema.json", "--out", out)
    assert result.exit_code == 0, result.output
    assert read_dictionary(out) == {
        "river name": ("lake name",), "lake name": ("river name",),
        "ship type": ("ship owner",), "ship owner": ("ship type",),
    }  # fmt: skip


def test_build_for_a_published_schema_of_typed_relations(tmp_path):
    lines = (["ship_sails_to_port", "ship_sails_port", "crew_eats_dish"], ["sails", "sails_to", "eats"], {})
    (tmp_path / "schema.json").write_text("\n".join(map(json.dumps, lines)))
    args = ("--task", "SPO", "--schema", tmp_path / "schema.json", "--out", tmp_path / "out.json")
    assert run("build", *args).exit_code == 0
    assert "ship_sails_port" in read_dictionary(tmp_path / "out.json")["ship_sails_to_port"]


def test_build_with_records_and_predictions(tmp_path):
    (tmp_path / "schema.json").write_text(json.dumps(["xa", "xb", "xc", "xd"]))
    mentions = [("Aurora", "xa"), ("Aurora", "xb"), ("Tern", "xc"), ("Tern", "xd")]
    lines = [json.dumps({"text": m, "entity": [{"entity": m, "entity_type": label}]}) for m, label in mentions]
    (tmp_path / "records.jsonl").write_text("\n".join(lines))
    rows = [
        {
            "id": f"toy/test/{n}", "batch": 0, "task": "NER", "source": "toy", "language": "en",
            "instruction": get_task("NER").ask(f"the Tern {n}", "en", ["xa", "xc"]),
            "output": '{"xa": ["Tern"], "xc": []}', "prediction": '{"xa": [], "xc": ["Tern"]}',
        }
        for n in range(3)
    ]  # fmt: skip
    (tmp_path / "answers.jsonl").write_text("\n".join(map(json.dumps, rows)))
    args = ("build", "--task", "NER", "--schema", tmp_path / "schema.json", "--out", tmp_path / "out.json")
    run(*args, "--records", tmp_path / "records.jsonl")
    assert read_dictionary(tmp_path / "out.json")["xa"] == ("xb",)
    run(*args, "--records", tmp_path / "records.jsonl", "--from-predictions", tmp_path / "answers.jsonl")
    assert read_dictionary(tmp_path / "out.json")["xa"] == ("xb", "xc")


def test_build_for_sources(tmp_path):
    out = tmp_path / "out.json"
    assert run("build", "CoNLL2003", "--out", out).exit_code == 0
    assert read_dictionary(out) == {"NER": {"CoNLL2003": source_negatives(CONLL, "NER").negatives}}


def test_build_from_predictions_alone(tmp_path):
    row = {
        "id": "CoNLL2003/test/0", "batch": 0, "task": "NER", "source": "CoNLL2003", "language": "en",
        "instruction": get_task("NER").ask("Tern", "en", ["person", "organization"]),
        "output": '{"person": ["Tern"], "organization": []}', "prediction": '{"person": [], "organization": ["Tern"]}',
    }  # fmt: skip
    rows = [row, row | {"batch": 1, "instruction": get_task("NER").ask("A Tern", "en", ["person", "organization"])}]
    (tmp_path / "answers.jsonl").write_text("\n".join(map(json.dumps, rows)))
    run("build", "--from-predictions", tmp_path / "answers.jsonl", "--out", tmp_path / "out.json")
    found = read_dictionary(tmp_path / "out.json")
    assert list(found) == ["NER"]
    assert list(found["NER"]) == ["CoNLL2003"]
    assert "organization" in found["NER"]["CoNLL2003"]["person"]


def test_show_says_why():
    result = run("show", "CoNLL2003")
    assert "location: both name things of the family 'site'" in result.output
    data = json.loads(run("show", "CoNLL2003", "--json").output)
    assert set(data["NER"]["person"]) == {"else"}


@pytest.mark.parametrize(
    "args",
    [
        ("build", "--task", "NER"),
        ("build", "--schema", "schema.json"),
        ("build", "CoNLL2003", "--schema", "schema.json", "--task", "NER"),
        ("show", "CoNLL2003", "--task", "RE"),
    ],
)
def test_options_that_do_not_fit(args):
    result = CliRunner().invoke(group, args)
    assert result.exit_code == 2
    assert "Error" in result.output


def test_the_command_is_there():
    assert group in COMMANDS
