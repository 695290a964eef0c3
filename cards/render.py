"""Cards: README.md files with YAML front matter, rendered from the templates beside this module."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml

from ..builders.cleaning import RULES
from ..builders.source import SPLITS
from ..builders.summary import ConfigSummary, CorpusSummary, SourceCounts, SplitSummary
from ..builders.tasks import TASKS

MIXED_LICENCE = "each-source-under-its-own-terms"

# Licences that the Hub knows by name; any other, or several in one corpus, are `other`.
HUB_LICENCES = frozenset(
    "apache-2.0 mit cc0-1.0 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-4.0 cc-by-nc-sa-4.0".split()
)
_LOCAL = frozenset({"data", "output_dir"})  # of a recipe: folders on its user's machine
TASK_TAGS = {"NER": "named-entity-recognition", "RE": "relation-extraction", "EE": "event-extraction"}


def render_dataset_card(summary: CorpusSummary) -> str:
    """The README.md of a built corpus: YAML by which `datasets` loads it, and what a reader should know."""
    members = summary.members
    applied = {rule for counts in summary.cleaning.values() for rule in counts}
    rules = {rule: what for rule, what in RULES.items() if rule in applied}
    first = next((name for name in members if "_" in name), "all")
    return _render(
        "dataset_card.md.j2",
        metadata=_front_matter(dataset_metadata(summary)),
        summary=summary,
        members=members,
        splits={name: _splits(configs) for name, configs in members.items()},
        split_names=[s for s in SPLITS if any(s in config.splits for config in summary.configs)],
        rules=rules,
        example=first,
        example_split=next(iter(_splits(members[first])), "train") if members else "train",
    )


def dataset_metadata(summary: CorpusSummary) -> dict[str, Any]:
    """The front matter of the dataset card, in the Hub's own keys."""
    tasks = {source.task for source in summary.sources}
    return {
        "pretty_name": "IEPile",
        "language": sorted({source.language for source in summary.sources}),
        **_licence({source.licence for source in summary.sources}),
        "task_categories": ["text-generation", *(["token-classification"] if "NER" in tasks else [])],
        "tags": ["iepile", "information-extraction", *(TASK_TAGS[t] for t in TASK_TAGS if t in tasks)],
        "size_categories": [_size_category(summary.rows)],
        "configs": [
            {
                "config_name": name,
                "data_files": [
                    {
                        "split": split,
                        "path": _one_or_list([f"{c.name}/{split}-*.parquet" for c in configs if split in c.splits]),
                    }
                    for split in _splits(configs)
                ],
                **({"default": True} if name == "all" else {}),
            }
            for name, configs in summary.members.items()
        ],
        "dataset_info": [
            {
                "config_name": name,
                "features": [{"name": column, "dtype": dtype} for column, dtype in summary.features.items()],
                "splits": [
                    {"name": split, "num_bytes": info.num_bytes, "num_examples": info.rows}
                    for split, info in _splits(configs).items()
                ],
                "download_size": sum(info.download_size for info in _splits(configs).values()),
                "dataset_size": sum(info.num_bytes for info in _splits(configs).values()),
            }
            for name, configs in summary.members.items()
        ],
    }


def render_model_card(adapter: Path, *, repo_id: str = "", dataset_id: str | None = None) -> str:
    """The README.md of a trained adapter, from its adapter_config.json and what training and evaluation left there.

    Args:
        adapter: holds adapter_config.json; and, where they were written, training_summary.json and scores.json.
        repo_id: where the adapter will lie on the Hub; the folder's own path if empty.
        dataset_id: the corpus on the Hub that it was trained on, where that is known.
    """
    config = _read_json(adapter / "adapter_config.json")
    summary = _read_json(adapter / "training_summary.json")
    base = config["base_model_name_or_path"]
    modules = config.get("target_modules") or ()
    metadata = {
        "base_model": base,
        "base_model_relation": "adapter",
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        **({"datasets": [dataset_id]} if dataset_id else {}),
        "tags": ["iepile", "information-extraction", "lora"],
    }
    return _render(
        "model_card.md.j2",
        metadata=_front_matter(metadata),
        name=repo_id.rpartition("/")[2] or adapter.resolve().name,
        repo_id=repo_id or adapter.as_posix(),
        base=base,
        config=config,
        modules=[modules] if isinstance(modules, str) else sorted({name.rpartition(".")[2] for name in modules}),
        instruction=TASKS["NER"].instruction["en"],
        template=summary.get("recipe", {}).get("template", "chat"),
        facts=_facts({key: value for key, value in summary.items() if key != "recipe"}),
        recipe=_front_matter(
            {k: v for k, v in summary.get("recipe", {}).items() if v not in (None, "", [], ()) and k not in _LOCAL}
        ),
        scores=_facts(_read_json(adapter / "scores.json")),
    )


def _read_json(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def _facts(data: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Dotted name → value, for a card: curves by their ends, and no paths of the machine where they were recorded."""
    facts: dict[str, str] = {}
    for key, value in data.items():
        if isinstance(value, Mapping) and key in ("sources", "versions"):
            facts[prefix + key] = ", ".join(f"{name} {item}" for name, item in value.items())
        elif isinstance(value, Mapping):
            facts.update(_facts(value, f"{prefix}{key}."))
        elif isinstance(value, float):
            facts[prefix + key] = f"{value:.4g}"
        elif isinstance(value, str) and Path(value).is_absolute():
            continue
        elif isinstance(value, str | int):
            facts[prefix + key] = str(value)
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) and "loss" in item for item in value):
            facts[prefix + key] = f"{value[0]['loss']:.4g} → {value[-1]['loss']:.4g}"
    return facts


def _splits(configs: tuple[ConfigSummary, ...]) -> dict[str, SplitSummary]:
    """Split → its files and counts over these configs, in the usual order, without empty ones."""
    found: dict[str, SplitSummary] = {}
    for split in SPLITS:
        for config in configs:
            if split in config.splits:
                part = config.splits[split]
                found[split] = found[split] + part if split in found else part
    return found


def _one_or_list(paths: list[str]) -> str | list[str]:
    return paths[0] if len(paths) == 1 else paths


def _licence(licences: set[str]) -> dict[str, str]:
    known = {licence.lower().replace(" ", "-") for licence in licences}
    if len(known) == 1 and known <= HUB_LICENCES:
        return {"license": known.pop()}
    return {"license": "other", "license_name": MIXED_LICENCE}


def _size_category(rows: int) -> str:
    """The Hub's name for the order of magnitude."""
    steps = [(10**3, "1K"), (10**4, "10K"), (10**5, "100K"), (10**6, "1M"), (10**7, "10M"), (10**8, "100M")]
    lower = ""
    for limit, name in steps:
        if rows < limit:
            return f"{lower}<n<{name}" if lower else f"n<{name}"
        lower = name
    return f"n>{lower}"


def _front_matter(metadata: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True, width=1000).rstrip("\n")


def _cell(value: object) -> str:
    """Text that may stand in a cell of a Markdown table."""
    return " ".join(str(value).split()).replace("|", "\\|")


def _counts(counts: SourceCounts) -> str:
    """`200 → 310, 12 % empty`."""
    empty = f", {counts.empty / counts.rows:.0%} empty".replace("%", " %") if counts.rows else ""
    return f"{counts.records} → {counts.rows}{empty}"


def _render(template: str, /, **values: Any) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown, not HTML
    )
    environment.filters["cell"] = _cell
    environment.filters["counts"] = _counts
    environment.filters["pretty"] = lambda value: json.dumps(value, ensure_ascii=False, indent=2)
    return environment.get_template(template).render(**values)
