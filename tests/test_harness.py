"""The task for lm-evaluation-harness: by its functions alone, and in the harness itself where it is installed."""

import json
from pathlib import Path
from typing import Any

import pytest
from iepile.builders.corpus import build
from iepile.extraction import harness
from iepile.extraction.scoring import score

import iepile

TASKS = Path(harness.__file__).with_name("lm_eval")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("corpus") / "iepile"
    build(None, out, only=["CoNLL2003", "KBP37"])
    return out


def test_it_scores_as_we_do(corpus: Path) -> None:
    rows = list(harness.load_rows(str(corpus), "en_ner")["test"])
    answers = [row["output"] for row in rows]
    scored = [harness.score_row(row, [answer]) for row, answer in zip(rows, answers, strict=True)]
    assert [harness.f1([s["f1"] for s in scored]), harness.recall([s["recall"] for s in scored])] == [100, 100]
    answers[0] = f"Here it is: {json.dumps({'person': ['Nobody'], 'food': ['soup']})}"
    scored = [harness.score_row(row, [answer]) for row, answer in zip(rows, answers, strict=True)]
    ours = score([{**row, "prediction": answer} for row, answer in zip(rows, answers, strict=True)]).line("NER")
    assert ours.counts.f1 < 100
    for name in ("precision", "recall", "f1"):
        assert getattr(harness, name)([s[name] for s in scored]) == getattr(ours.counts, name)
    assert [s["valid"] for s in scored].count(0) == ours.answers.repaired == 1


def test_the_harness_runs_it(corpus: Path) -> None:
    lm_eval = pytest.importorskip("lm_eval")
    from lm_eval.api.model import LM
    from lm_eval.tasks import TaskManager

    gold = {row["instruction"]: row["output"] for row in iepile.load("en_re", "test", data_dir=corpus)}

    class Knowing(LM):
        def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
            return [next(answer for asked, answer in gold.items() if r.args[0].endswith(asked)) for r in requests]

        loglikelihood = loglikelihood_rolling = generate_until

    for shots in (0, 1):
        manager = TaskManager(include_path=str(TASKS), metadata={"data": str(corpus), "config": "en_re"})
        found = lm_eval.simple_evaluate(Knowing(), tasks=["iepile"], task_manager=manager, num_fewshot=shots)
        figures = {name.partition(",")[0]: value for name, value in found["results"]["iepile"].items()}
        assert (figures["f1"], figures["precision"], figures["valid"]) == (100, 100, 1)
        assert found["n-samples"]["iepile"]["original"] == len(gold)
