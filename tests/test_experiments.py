"""The experiments: a toy run from raw files to the report, what resumes, and the figures that are reckoned."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

import numpy as np
from click.testing import CliRunner, Result

from conftest import ROOT
from toy_models import save_toy_base


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def _run(folder: Path, *more: str) -> Result:
    main = importlib.import_module("experiments").main
    options = ["--raw", folder / "raw", "--source", "FindVehicle", "--source", "DuIE2.0"]
    options += ["--set", f"base_model={folder / 'base'}", "--tokens", 600]
    options += ["--step-tokens", 300, "--test-rows", 2, "--max-new-tokens", 24, "--work", folder / "work"]
    options += ["--arm", "4/hard", "--arm", "4/random", "--out", folder / "claims.md"]
    return CliRunner().invoke(main, [*map(str, options), *more])


def test_a_toy_run_is_reported_and_gone_on_with(tmp_path: Path) -> None:
    save_toy_base(tmp_path / "base")
    shutil.copytree(ROOT / "builders" / "samples" / "findvehicle", tmp_path / "raw" / "FindVehicle")
    first = _run(tmp_path)
    assert first.exit_code == 0, first.output
    assert first.output.count("train 4/hard, seed") == 2 and "ask 4-random-2 for all labels" in first.output
    text = (tmp_path / "claims.md").read_text("utf-8")
    assert "Without DuIE2.0, of which no files were at hand." in text
    claim = next(line for line in text.splitlines() if line.startswith("| Hard negatives cure confusion, batched"))
    assert claim.count("[") == 3 and "Batching cures" not in text
    for arm in ("4-hard-1", "4-random-2"):
        summary = json.loads((tmp_path / "work" / "arms" / arm / "adapter" / "training_summary.json").read_text())
        assert 600 <= summary["tokens"] < 1500 and summary["recipe"]["seed"] == int(arm[-1])
        rows = [json.loads(line) for line in (tmp_path / "work/arms" / arm / "asked-4/predictions.jsonl").open()]
        assert {row["source"] for row in rows} == {"FindVehicle"}
        assert max(len(json.loads(row["instruction"])["schema"]) for row in rows) == 4
    again = _run(tmp_path)
    assert again.exit_code == 0 and "train" not in again.output and "ask" not in again.output
    assert (tmp_path / "claims.md").read_text("utf-8") == text
    other = _run(tmp_path, "--tokens", "99")
    assert other.exit_code == 1 and "holds runs with another tokens" in other.output


def _table(*seeds: list[tuple[int, ...]]) -> Any:
    return np.array(seeds)


def test_an_interval_is_over_records_and_seeds() -> None:
    report = importlib.import_module("experiments_report")
    f1 = report.MEASURES["F1"]
    # correct, gold + said, gold, confused, paired
    half = _table([(1, 4, 2, 0, 0)] * 20, [(1, 4, 2, 0, 0)] * 20)
    assert report.estimate(f1, half) == "50.0 [50.0, 50.0]"
    assert report.estimate(f1, half, half) == "+0.0 [+0.0, +0.0]"
    seeds = _table([(2, 4, 2, 0, 0)] * 20, [(0, 4, 2, 0, 0)] * 20)
    assert report.estimate(f1, seeds) == "50.0 [0.0, 100.0]"
    records = _table(*[[(2, 4, 2, 0, 0)] * 10 + [(0, 4, 2, 0, 0)] * 10] * 2)
    low, high = report.estimate(f1, records).partition("[")[2].rstrip("]").split(", ")
    assert 20 < float(low) < 45 and 55 < float(high) < 80
    assert report.estimate(f1, records, records) == "+0.0 [+0.0, +0.0]", "both arms are drawn alike"
    assert report.estimate(report.MEASURES["of paired labels"], _table([(1, 4, 2, 2, 1)] * 5)) == "50.0 [50.0, 50.0]"


def test_confusions_are_counted_apart_for_paired_labels(tmp_path: Path) -> None:
    report = importlib.import_module("experiments_report")
    instruction = json.dumps({"instruction": "Extract.", "schema": ["person", "place"], "input": "Ada met Bo."})
    row = {"id": "Toy/test/0", "batch": 0, "task": "NER", "source": "Toy", "language": "en"}
    row |= {"instruction": instruction, "output": '{"person": ["Ada", "Bo"], "place": ["met"]}'}
    row |= {"prediction": '{"person": ["Ada", "met"], "place": ["Bo"]}'}
    (tmp_path / "predictions.jsonl").write_text(json.dumps(row) + "\n")
    paired = {"Toy": {("person", "place")}}
    assert report.count_records(tmp_path, paired) == {("Toy", "Toy/test/0"): [1, 6, 3, 2, 1]}
