"""The rows of a run: what is chosen, how they are mixed and encoded, and what is said of data that will not do."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("transformers")

from iepile.builders.errors import IEPileError
from iepile.training.data import IGNORED, choose_rows, encode_rows, read_encoded
from iepile.training.mixing import fill, mix
from iepile.training.prompts import encode_prompt
from iepile.training.recipe import Recipe
from iepile.training.splitting import split_row

from toy_models import toy_tokenizer, write_toy_rows

TOKENIZER = toy_tokenizer()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_rows(tmp_path_factory.mktemp("corpus") / "iepile")


def _recipe(corpus: Path, **changes: object) -> Recipe:
    return replace(Recipe(base_model="toy", data=str(corpus), configs=("en_ner", "zh_ner")), **changes)


def test_labels_score_the_completion_alone(corpus: Path, tmp_path: Path) -> None:
    encode_rows(choose_rows(_recipe(corpus)), TOKENIZER, tmp_path)
    rows, encoded = read_encoded(tmp_path)["train"]
    assert encoded.rows == len(rows) == 80
    scored = 0
    for row in rows:
        answer = [i for i in row["labels"] if i != IGNORED]
        scored += len(answer)
        prompt = row["input_ids"][: -len(answer)]
        assert row["input_ids"][-len(answer) :] == answer
        assert row["labels"][: -len(answer)] == [IGNORED] * len(prompt)
        text = TOKENIZER.decode(prompt)
        instruction = text[text.index('{"instruction"') : text.rindex("<|im_end|>")]
        assert prompt == encode_prompt(TOKENIZER, instruction), "training and serving differ"
        assert TOKENIZER.decode(answer).startswith("{") and answer[-1] == TOKENIZER.eos_token_id
    assert scored == encoded.completion_tokens


def test_the_same_seed_draws_the_same_rows_and_another_seed_others(corpus: Path, tmp_path: Path) -> None:
    digests = []
    for n, seed in enumerate((1, 1, 2)):
        encode_rows(choose_rows(_recipe(corpus, seed=seed, max_rows=30)), TOKENIZER, tmp_path / str(n))
        encoded = read_encoded(tmp_path / str(n))["train"][1]
        assert encoded.rows == 30
        digests.append(encoded.digest)
    assert digests[0] == digests[1] != digests[2]


def test_a_row_over_the_cutoff_is_counted_and_never_cut(corpus: Path, tmp_path: Path) -> None:
    encode_rows(choose_rows(_recipe(corpus)), TOKENIZER, tmp_path / "all")
    lengths = sorted(len(row["input_ids"]) for row in read_encoded(tmp_path / "all")["train"][0])
    cutoff = lengths[len(lengths) // 2]
    encode_rows(choose_rows(_recipe(corpus, cutoff=cutoff)), TOKENIZER, tmp_path / "short")
    rows, encoded = read_encoded(tmp_path / "short")["train"]
    assert sorted(len(row["input_ids"]) for row in rows) == [n for n in lengths if n <= cutoff]
    assert sum(encoded.over_cutoff.values()) == sum(n > cutoff for n in lengths)
    assert encoded.longest == lengths[-1]


def test_the_text_of_a_row_over_the_cutoff_is_split_on_demand(corpus: Path, tmp_path: Path) -> None:
    encode_rows(choose_rows(_recipe(corpus)), TOKENIZER, tmp_path / "all")
    lengths = sorted(len(row["input_ids"]) for row in read_encoded(tmp_path / "all")["train"][0])
    changes = {"cutoff": lengths[-1] - 1, "over_cutoff": "split"}
    encode_rows(choose_rows(_recipe(corpus, **changes)), TOKENIZER, tmp_path / "split")
    rows, encoded = read_encoded(tmp_path / "split")["train"]
    # The toy texts are too short to be split, so that the longest is still set aside, and counted.
    assert sum(encoded.over_cutoff.values()) == lengths.count(lengths[-1])
    assert max(len(row["input_ids"]) for row in rows) <= changes["cutoff"]


LONG = (
    "Ada Marlow left Tilbury. She met Bo in Lund; there they founded the Harbour Press. "
    "Years later Bo sold it to Cara for little."
)
ANSWERS = {
    "NER": {"person": ["Ada Marlow", "Bo", "Cara"], "place": ["Tilbury", "Lund"]},
    "RE": {"left": [{"subject": "Ada Marlow", "object": "Tilbury"}], "sold to": [{"subject": "Bo", "object": "Cara"}]},
    "EE": {
        "sale": [{"trigger": "sold", "arguments": {"seller": "Bo", "buyer": ["Cara", "Ada Marlow"]}}],
        "founding": [{"trigger": "founded", "arguments": {"founder": "Ada Marlow", "what": "NAN"}}],
    },
    "EET": {"sale": ["sold"], "founding": ["founded"]},
}


def _long_row(task: str) -> dict[str, str | int]:
    instruction = {"instruction": "Extract.", "schema": list(ANSWERS[task]), "input": LONG}
    return {
        **{"id": "Toy/train/0", "batch": 0, "task": task, "source": "Toy", "language": "en"},
        **{"instruction": json.dumps(instruction), "output": json.dumps(ANSWERS[task])},
    }


def _parts(task: str, longest: int) -> list[tuple[str, dict]]:
    parts = split_row(_long_row(task), lambda row: len(json.loads(row["instruction"])["input"]) <= longest)
    return [(json.loads(part["instruction"])["input"], json.loads(part["output"])) for part in parts]


def test_a_text_is_cut_between_sentences_and_each_part_answers_for_itself() -> None:
    (first, answer), (second, other) = _parts("NER", 95)
    assert first.endswith("Harbour Press.") and f"{first} {second}" == LONG
    assert answer == {"person": ["Ada Marlow", "Bo"], "place": ["Tilbury", "Lund"]}
    assert other == {"person": ["Bo", "Cara"], "place": []}
    assert [text for text, _ in _parts("NER", 60)][0] == "Ada Marlow left Tilbury."


def test_relations_and_events_stay_where_all_of_them_is() -> None:
    assert [answer for _, answer in _parts("RE", 95)] == [
        {"left": ANSWERS["RE"]["left"], "sold to": []},
        {"left": [], "sold to": ANSWERS["RE"]["sold to"]},
    ]
    assert [answer for _, answer in _parts("EE", 95)] == [
        {"sale": [], "founding": ANSWERS["EE"]["founding"]},
        {"sale": [{"trigger": "sold", "arguments": {"seller": "Bo", "buyer": "Cara"}}], "founding": []},
    ]
    assert [answer for _, answer in _parts("EET", 95)] == [
        {"sale": [], "founding": ["founded"]},
        {"sale": ["sold"], "founding": []},
    ]


def test_what_cannot_be_split_gives_no_parts() -> None:
    assert _parts("NER", 5) == []
    assert list(split_row({**_long_row("NER"), "task": "EEA"}, lambda row: True)) == []


def test_validation_is_the_validation_split(corpus: Path, tmp_path: Path) -> None:
    encode_rows(choose_rows(_recipe(corpus, validation_rows=10)), TOKENIZER, tmp_path)
    assert read_encoded(tmp_path)["validation"][1].rows == 10
    encode_rows(choose_rows(_recipe(corpus, validation_rows=0)), TOKENIZER, tmp_path / "none")
    assert "validation" not in read_encoded(tmp_path / "none")


def test_without_a_validation_split_whole_records_are_held_out(tmp_path: Path) -> None:
    corpus = write_toy_rows(tmp_path / "iepile", 100, configs=("en_ner",))
    card = corpus / "README.md"
    card.write_text(card.read_text("utf-8").partition("  - split: validation")[0] + "\n---\n", "utf-8")
    encode_rows(choose_rows(_recipe(corpus, configs=("en_ner",), validation_rows=50)), TOKENIZER, tmp_path / "rows")
    found = read_encoded(tmp_path / "rows")
    texts = {split: {str(row["input_ids"]) for row in rows} for split, (rows, _) in found.items()}
    assert not texts["train"] & texts["validation"]
    assert found["train"][1].rows + found["validation"][1].rows == 100
    assert 1 <= found["validation"][1].rows <= 25  # a tenth, drawn


def test_sources_can_be_chosen_and_capped(corpus: Path, tmp_path: Path) -> None:
    encode_rows(choose_rows(_recipe(corpus, sources=("ToyENB", "ToyZHA"))), TOKENIZER, tmp_path / "a")
    assert read_encoded(tmp_path / "a")["train"][1].sources == {"ToyENB": 10, "ToyZHA": 30}
    encode_rows(choose_rows(_recipe(corpus, max_rows_per_source=7)), TOKENIZER, tmp_path / "b")
    assert set(read_encoded(tmp_path / "b")["train"][1].sources.values()) == {7}


def test_configs_are_mixed_by_their_weights(corpus: Path, tmp_path: Path) -> None:
    encode_rows(choose_rows(_recipe(corpus, config_weights=(3.0, 1.0), max_rows=40)), TOKENIZER, tmp_path)
    sources = Counter(read_encoded(tmp_path)["train"][1].sources)
    assert sources["ToyENA"] + sources["ToyENB"] == 30
    assert sources["ToyZHA"] + sources["ToyZHB"] == 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"configs": ("en_re",)}, "has no config 'en_re'"),
        ({"data": "no-such-corpus"}, "There is no corpus 'no-such-corpus' here; run `iepile build`"),
        ({"cutoff": 3}, "all 80 chosen are longer than its cutoff of 3 tokens"),
        ({"sources": ("ToyENA", "Nowhere")}, "no train rows of the source 'Nowhere'"),
        ({"source_weights": ("Nowhere=2",)}, "no train rows of the source 'Nowhere'"),
    ],
)
def test_what_will_not_do_is_one_sentence(corpus: Path, tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(IEPileError, match=message):
        encode_rows(choose_rows(_recipe(corpus, **changes)), TOKENIZER, tmp_path)


def test_a_folder_that_is_no_corpus_says_so(tmp_path: Path) -> None:
    with pytest.raises(IEPileError, match="is no built corpus"):
        encode_rows(choose_rows(_recipe(tmp_path)), TOKENIZER, tmp_path / "rows")


COUNTS = {("en_ner", "A"): 900, ("en_ner", "B"): 100, ("en_re", "C"): 500}


def test_without_weights_a_mix_keeps_the_proportions_of_the_corpus() -> None:
    assert mix(COUNTS) == COUNTS
    assert mix(COUNTS, max_rows=150) == {("en_ner", "A"): 90, ("en_ner", "B"): 10, ("en_re", "C"): 50}


def test_temperature_raises_the_share_of_the_small() -> None:
    flat = mix(COUNTS, max_rows=150, temperature=1000)
    assert flat[("en_ner", "A")] in (50, 51) and flat[("en_ner", "B")] in (49, 50)
    some = mix(COUNTS, max_rows=150, temperature=2)
    assert 10 < some[("en_ner", "B")] < 50


def test_weights_without_a_number_of_rows_take_the_largest_mix_that_keeps_them() -> None:
    mixed = mix(COUNTS, config_weights={"en_ner": 1.0, "en_re": 1.0})
    assert mixed[("en_re", "C")] == 500
    assert mixed[("en_ner", "A")] + mixed[("en_ner", "B")] == 500


def test_source_weights_multiply_a_share() -> None:
    mixed = mix(COUNTS, max_rows=300, source_weights={"A": 0.0})
    assert mixed == {("en_ner", "A"): 0, ("en_ner", "B"): 100, ("en_re", "C"): 100}


def test_what_one_has_too_few_rows_for_goes_to_the_others() -> None:
    assert fill(100, {"a": 1.0, "b": 1.0, "c": 1.0}, {"a": 5, "b": 60, "c": 60}) == {"a": 5, "b": 48, "c": 47}
    assert fill(1000, {"a": 1.0, "b": 3.0}, {"a": 5, "b": 6}) == {"a": 5, "b": 6}
    assert fill(10, {"a": 0.0, "b": 1.0}, {"a": 50, "b": 6}) == {"a": 0, "b": 6}
