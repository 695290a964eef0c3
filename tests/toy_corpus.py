"""A built corpus in small: a few rows of our own, written in the layout of a real one."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from iepile.builders.summary import ConfigSummary, CorpusSummary, SourceCounts, SourceSummary, SplitSummary
from iepile.cards.render import render_dataset_card

COLUMNS = {"id": "string", "batch": "int32"} | dict.fromkeys(
    ("task", "source", "language", "instruction", "output"), "string"
)
ROWS = {
    ("en_ner", "train"): 3,
    ("en_ner", "zero_shot"): 1,
    ("en_re", "train"): 2,
    ("en_re", "test"): 1,
    ("en_spo", "train"): 2,
    ("zh_ner", "train"): 2,
}
SOURCES = {"en_ner": "CrossNER_AI", "en_re": "SemEval-RE", "en_spo": "SemEval-RE", "zh_ner": "WeiboNER"}


def toy_row(config: str, split: str, number: int) -> dict[str, str | int]:
    text = f"Ada Brook left Lyons in 190{number}." if config.startswith("en") else f"林一在190{number}年离开里昂。"
    instruction = {"instruction": "Extract.", "schema": ["person"], "input": text}
    return {
        "id": f"{SOURCES[config]}/{split}/{number}",
        "batch": 0,
        "task": config.partition("_")[2].upper(),
        "source": SOURCES[config],
        "language": config[:2],
        "instruction": json.dumps(instruction, ensure_ascii=False),
        "output": json.dumps({"person": ["Ada Brook"]}, ensure_ascii=False),
    }


def write_toy_corpus(folder: Path, sources: dict[str, str] | None = None) -> CorpusSummary:
    """Write Parquet and card below `folder`; `sources` renames the source of a config."""
    schema = pa.schema([(name, dtype) for name, dtype in COLUMNS.items()])
    names = SOURCES | (sources or {})
    splits: dict[str, dict[str, SplitSummary]] = {}
    for (config, split), count in ROWS.items():
        rows = [toy_row(config, split, n) | {"source": names[config]} for n in range(count)]
        path = folder / config / f"{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist(rows, schema=schema)
        pq.write_table(table, path, compression="zstd")
        splits.setdefault(config, {})[split] = SplitSummary(
            (f"{config}/{path.name}",), count, table.nbytes, path.stat().st_size
        )
    counts = {config: {s: SourceCounts(i.rows, i.rows) for s, i in infos.items()} for config, infos in splits.items()}
    summary = CorpusSummary(
        version="0.1.0",
        seed=42,
        profile="default",
        features=COLUMNS,
        configs=tuple(ConfigSummary(config, infos) for config, infos in splits.items()),
        sources=tuple(
            SourceSummary(
                name=names[config],
                task=config.partition("_")[2].upper(),
                language=config[:2],
                domain="web",
                licence="free | for research",
                redistribute="yes",
                homepage="https://example.org/corpus",
                citation="Brook, 2020",
                labels=2,
                splits=counts[config],
            )
            for config in ("en_ner", "en_re", "zh_ner")
        ),
        cleaning={names["en_ner"]: {"duplicate": 3}, names["zh_ner"]: {"leak": 1}},
        sample=toy_row("en_ner", "train", 0),
    )
    (folder / "README.md").write_text(render_dataset_card(summary), encoding="utf-8")
    return summary
