"""Cards: the dataset card loads its corpus, and says what is in it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from datasets import get_dataset_config_names, get_dataset_split_names, load_dataset
from huggingface_hub import DatasetCard, ModelCard
from iepile.builders.summary import ConfigSummary, SplitSummary
from iepile.cards.render import render_dataset_card, render_model_card

from toy_corpus import COLUMNS, ROWS, toy_row, write_toy_corpus


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_toy_corpus(tmp_path / "iepile")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "iepile"


def test_corpus_loads_by_its_card(corpus: Path) -> None:
    assert get_dataset_config_names("iepile") == ["all", "en", "zh", "en_ner", "en_re", "en_spo", "zh_ner"]
    data = load_dataset("iepile", "en_re")
    assert {split: len(rows) for split, rows in data.items()} == {"train": 2, "test": 1}
    assert data["train"].column_names == list(COLUMNS)
    assert data["train"][1] == toy_row("en_re", "train", 1)


def test_default_config_is_all_and_leaves_typed_triples_out(corpus: Path) -> None:
    data = load_dataset("iepile")
    assert list(data) == ["train", "test", "zero_shot"]
    assert {split: len(rows) for split, rows in data.items()} == {"train": 7, "test": 1, "zero_shot": 1}
    assert set(data["train"]["task"]) == {"NER", "RE"}


@pytest.mark.parametrize(("config", "languages"), [("en", {"en"}), ("zh", {"zh"}), ("all", {"en", "zh"})])
def test_mixes_stream(corpus: Path, config: str, languages: set[str]) -> None:
    rows = list(load_dataset("iepile", config, split="train", streaming=True))
    assert {row["language"] for row in rows} == languages
    expected = sum(n for (c, s), n in ROWS.items() if s == "train" and c[:2] in languages and "spo" not in c)
    assert len(rows) == expected


def test_split_without_rows_is_not_named(corpus: Path) -> None:
    assert get_dataset_split_names("iepile", "zh") == ["train"]


def test_front_matter_is_the_hubs(corpus: Path) -> None:
    card = DatasetCard.load(corpus / "README.md")
    assert card.data.language == ["en", "zh"]
    assert card.data.license == "other" and card.data.license_name
    assert card.data.size_categories == ["n<1K"]
    assert {"named-entity-recognition", "relation-extraction"} <= set(card.data.tags)
    assert [c["config_name"] for c in card.data.configs if c.get("default")] == ["all"]
    info = {i["config_name"]: i for i in card.data.dataset_info}
    files = [p.stat().st_size for p in (corpus / "en_re").iterdir()]
    assert info["en_re"]["download_size"] == sum(files)
    assert info["all"]["dataset_size"] == sum(info[c]["dataset_size"] for c in ("en_ner", "en_re", "zh_ner"))


def test_card_says_where_rows_come_from_and_what_went(corpus: Path) -> None:
    text = (corpus / "README.md").read_text(encoding="utf-8")
    assert (
        "| [SemEval-RE](https://example.org/corpus) | RE | en | web | 3 | 3 | 2 | free \\| for research | yes |"
        in text
    )
    assert "| SemEval-RE | 2 → 2, 0 % empty | 1 → 1, 0 % empty | – |" in text
    assert "| source | duplicate | leak |" in text
    assert "| CrossNER_AI | 3 | 0 |" in text
    assert '"input\\": \\"Ada Brook left Lyons in 1900.' in text


def test_one_known_licence_is_named(tmp_path: Path) -> None:
    summary = write_toy_corpus(tmp_path)
    same = replace(summary, sources=tuple(replace(s, licence="CC BY 4.0") for s in summary.sources))
    assert DatasetCard(render_dataset_card(same)).data.license == "cc-by-4.0"


@pytest.mark.parametrize(
    ("rows", "category"), [(999, "n<1K"), (1000, "1K<n<10K"), (2_400_000, "1M<n<10M"), (10**8, "n>100M")]
)
def test_size_category(tmp_path: Path, rows: int, category: str) -> None:
    summary = write_toy_corpus(tmp_path)
    config = ConfigSummary("en_re", {"train": SplitSummary(("en_re/train-00000-of-00001.parquet",), rows, 1, 1)})
    card = DatasetCard(render_dataset_card(replace(summary, configs=(config,))))
    assert card.data.size_categories == [category]


CONFIG = {
    "base_model_name_or_path": "toymaker/Toy-LM-1B",
    "r": 4,
    "lora_alpha": 8,
    "lora_dropout": 0.0,
    "target_modules": ["model.layers.0.v_proj", "model.layers.1.v_proj", "model.layers.0.q_proj"],
}
SUMMARY = {
    "recipe": {"name": "toy", "template": "chat", "data": "/home/ada/iepile", "max_rows": 12, "lora_r": 4},
    "base_model": {"name": "toymaker/Toy-LM-1B", "revision": None, "origin": "/home/ada/models/toy"},
    "data": {"train": {"rows": 12, "digest": "0f1e2d", "sources": {"PHEE": 8, "MSRA": 4}}},
    "steps": 6,
    "loss": {"train": [{"step": 1, "loss": 2.5}, {"step": 6, "loss": 0.75}], "validation": []},
    "versions": {"peft": "0.21.2", "trl": "1.16.0"},
}


def write_run(folder: Path, **files: dict) -> Path:
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_model_card_names_base_and_task(tmp_path: Path) -> None:
    write_run(tmp_path, adapter_config=CONFIG)
    card = ModelCard(render_model_card(tmp_path, repo_id="ada/iepile-toy-lora", dataset_id="ada/iepile"))
    assert card.data.to_dict() == {
        "base_model": "toymaker/Toy-LM-1B",
        "base_model_relation": "adapter",
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "datasets": ["ada/iepile"],
        "tags": ["iepile", "information-extraction", "lora"],
    }
    assert "rank 4, alpha 8 and dropout 0.0, on q_proj, v_proj." in card.text
    assert '"ada/iepile-toy-lora")' in card.text
    assert "Nothing more was recorded." in card.text and "None were recorded" in card.text


def test_model_card_tells_what_training_and_evaluation_recorded(tmp_path: Path) -> None:
    scores = {"en_ner": {"f1": 0.51239, "rows": 40}}
    write_run(tmp_path, adapter_config=CONFIG, training_summary=SUMMARY, scores=scores)
    text = render_model_card(tmp_path)
    for line in (
        "| data.train.rows | 12 |",
        "| data.train.digest | 0f1e2d |",
        "| loss.train | 2.5 → 0.75 |",
        "| data.train.sources | PHEE 8, MSRA 4 |",
        "| versions | peft 0.21.2, trl 1.16.0 |",
        "| en_ner.f1 | 0.5124 |",
        "max_rows: 12",
    ):
        assert line in text.splitlines()
    assert "/home/ada" not in text


def test_model_card_warns_of_another_prompt(tmp_path: Path) -> None:
    recipe = {**SUMMARY["recipe"], "template": "alpaca"}
    write_run(tmp_path, adapter_config=CONFIG, training_summary={**SUMMARY, "recipe": recipe})
    assert "prompt template `alpaca`" in render_model_card(tmp_path)
