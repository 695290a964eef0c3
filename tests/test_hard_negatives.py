"""The hard-negative dictionary: its properties for any schema, and the clusters that a reader would expect."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iepile.builders.errors import FormatError
from iepile.builders.hard_negatives import LARGEST, hard_negatives, read_dictionary, write_dictionary
from iepile.builders.tasks import Schema, Triple

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
@given(schemas(), st.sampled_from(["NER", "RE", "SPO", "EE", "EET"]), st.randoms(use_true_random=False))
def test_any_schema(schema, task, random):
    found = hard_negatives(task, schema, "en")
    options = schema.triples if task == "SPO" else schema.entity_types
    assert tuple(found) == options
    always = sum(str(o if isinstance(o, str) else o.predicate).lower() == "else" for o in options)
    for option, negatives in found.items():
        assert option not in negatives
        assert len(set(negatives)) == len(negatives)
        assert all(option in found[negative] for negative in negatives)
        assert negatives == tuple(o for o in options if o in set(negatives))
        if str(option if isinstance(option, str) else option.predicate).lower() != "else":
            assert len(negatives) < LARGEST + always
    shuffled = Schema(
        *(tuple(random.sample(part, len(part))) for part in (schema.entity_types, schema.relations, schema.triples)),
        event_types=dict(random.sample(list(schema.event_types.items()), len(schema.event_types))),
    )
    again = hard_negatives(task, shuffled, "en")
    assert {o: set(n) for o, n in again.items()} == {o: set(n) for o, n in found.items()}


def test_the_hash_seed_changes_nothing():
    code = (
        "from iepile.builders.hard_negatives import hard_negatives as h; from iepile.builders.tasks import Schema; "
        "print(h('NER', Schema(entity_types=('river name', 'lake name', 'river port', 'oil', 'olive oil')), 'en'))"
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
    return set(hard_negatives(task, schema, "en")[label])


def test_else_is_linked_to_all():
    schema = Schema(entity_types=("harbour", "else", "ship type", "ship owner", "cargo"))
    found = hard_negatives("NER", schema, "en")
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
    assert hard_negatives("RE", schema, "en", native) == {
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
    found = hard_negatives("SPO", Schema(triples=triples), "en")
    assert found[triples[0]] == (triples[1],)
    assert found[triples[2]] == (triples[3],)
    schema = Schema(relations=tuple(t.predicate for t in triples), triples=triples)
    assert hard_negatives("RE", schema, "en")["captain"] == ("cook",)


def test_events_that_share_roles_come_together():
    roles = {"登船": ("乘客", "船名"), "离港": ("乘客", "船名"), "开饭": ("厨师", "菜名"), "洗碗": ("厨师", "菜名")}
    assert negatives("EE", Schema(event_types=roles), "登船") == {"离港"}


@pytest.mark.parametrize("n", [0, 1, 2])
def test_small_schemas(n):
    labels = ("mast", "keel")[:n]
    assert hard_negatives("NER", Schema(entity_types=labels), "en") == {
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
