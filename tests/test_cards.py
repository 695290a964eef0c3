"""Cards: the dataset card loads its corpus, and says what is in it."""

from dataclasses import replace
from pathlib import Path

import pytest
from datasets import get_dataset_config_names, get_dataset_split_names, load_dataset
from huggingface_hub import DatasetCard
from iepile.builders.summary import ConfigSummary, SplitSummary
from iepile.cards.render import render_dataset_card

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
