"""Evaluation on a small built corpus: gold answers give 100, a stopped run goes on, `score` agrees."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from iepile.builders.corpus import build
from iepile.builders.errors import IEPileError
from iepile.extraction.backend import Decoding, OnReply, Question, Reply
from iepile.extraction.commands import evaluate as evaluate_command
from iepile.extraction.evaluate import evaluate
from iepile.extraction.extractor import Extractor
from iepile.extraction.metrics import Answers, Counts, Line, Scores
from iepile.extraction.scoring import score
from iepile.extraction.selection import pick_shots, reorder, select
from iepile.extraction.suites import get_suite, load_suites

from conftest import ROOT
from toy_models import save_toy_base


class Gold:
    """A backend that knows the answers; it can be told to break off."""

    details, room = {"base": "gold"}, None

    def __init__(self, answers: dict[str, str], most: int = 100_000) -> None:
        self.answers, self.most, self.asked = answers, most, 0

    def reply(self, questions: Sequence[Question], decoding: Decoding, on_reply: OnReply | None = None) -> list[Reply]:
        replies = []
        for place, question in enumerate(questions):
            if self.asked == self.most:
                raise KeyboardInterrupt
            self.asked += 1
            replies.append(Reply(self.answers[question.instruction]))
            if on_reply:
                on_reply(place, replies[-1])
        return replies

    def count_tokens(self, instruction: str) -> int:
        return len(instruction)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("corpus") / "iepile"
    build(None, out, only=["CoNLL2003", "KBP37", "PHEE", "DuEE1.0", "CrossNER_AI", "CrossNER_music", "WikiEvents"])
    return out


def rows(corpus: Path, config: str, split: str) -> list[dict[str, Any]]:
    import iepile

    return list(iepile.load(config, split, data_dir=corpus, streaming=True))


def gold(corpus: Path, split: str = "test", **options: Any) -> Gold:
    return Gold({row["instruction"]: row["output"] for row in rows(corpus, "all", split)}, **options)


def test_gold_answers_score_100_in_every_task_and_source(corpus: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    found = evaluate(
        Extractor(gold(corpus)), data=corpus, split="test", out=tmp_path, on_rows=lambda *n: seen.append(n)
    )
    assert {line.task for line in found.scores.lines} == {"NER", "RE", "EE", "EET", "EEA"}
    assert all(line.counts.f1 == 100 for line in found.scores.lines)
    total = len(rows(corpus, "all", "test"))
    assert seen[-1] == (total, total)
    assert score(tmp_path / "predictions.jsonl").to_dict() == found.scores.to_dict()
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["scores"] == found.scores.to_dict()["scores"]
    assert report["settings"]["model"] == {"base": "gold"} and report["settings"]["rows"] == total
    assert "| 100.00 |" in (tmp_path / "report.md").read_text()


def test_a_stopped_run_goes_on_where_it_was(corpus: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"data": corpus, "split": "test", "out": tmp_path}
    total = len(rows(corpus, "all", "test"))
    assert total > 2
    with pytest.raises(KeyboardInterrupt):
        evaluate(Extractor(gold(corpus, most=2)), **options)
    part = tmp_path / "predictions.part.jsonl"
    part.write_text(part.read_text() + '{"id": "half a')  # what a kill leaves
    second = gold(corpus)
    found = evaluate(Extractor(second), **options)
    assert second.asked == total - 2
    assert len(found.predictions) == total and not part.exists()
    assert [r["id"] for r in found.predictions] == [r["id"] for r in rows(corpus, "all", "test")]


def test_part_of_another_run_is_not_mixed_in(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        evaluate(Extractor(gold(corpus, most=0)), data=corpus, config="en_ner", split="test", out=tmp_path)
    with pytest.raises(IEPileError, match="part of a run with other settings"):
        evaluate(Extractor(gold(corpus)), data=corpus, config="en_re", split="test", out=tmp_path)


def test_a_limit_draws_whole_records_and_smaller_draws_lie_in_larger() -> None:
    every = [
        {"task": "RE", "source": source, "id": f"{source}/test/{n}", "batch": batch}
        for source in ("a", "b")
        for n in range(30)
        for batch in range(3)
    ]
    few, more = select(every, 5, seed=1), select(every, 9, seed=1)
    assert len(few) == 2 * 5 * 3 and len(more) == 2 * 9 * 3
    assert all(row in more for row in few)
    assert few == [row for row in every if row in few]
    assert select(reversed(every), 5, seed=1) == few[::-1]
    assert select(every, 5, seed=2) != few
    assert select(every, 100, seed=1) == every == select(every, None)
    with pytest.raises(IEPileError, match="limit must be at least 1"):
        select(every, 0)


def test_a_suite_stands_beside_the_published_scores(corpus: Path, tmp_path: Path) -> None:
    found = evaluate(Extractor(gold(corpus, "zero_shot")), data=corpus, suite="zero-shot-en", out=tmp_path)
    assert {row["task"] for row in found.predictions} == {"NER", "EE"}
    report = json.loads((tmp_path / "report.json").read_text())
    events = report["published"]["WikiEvents (trigger)"]
    assert events["ours"] == 100 and events["published"]["OneKE"] == 12.43
    assert report["published"]["CrossNER (entity)"]["ours"] is None  # three domains are not here
    assert report["published"]["FewRel (relation)"]["published"]["GPT-4"] == 22.43
    text = (tmp_path / "report.md").read_text()
    assert "## Beside published scores" in text and "## Errors" in text
    assert (tmp_path / "f1.png").stat().st_size > 1000
    assert report["labels"]["NER CrossNER_AI"][0] and report["confusions"] == []


def test_a_benchmark_of_several_sources_is_their_mean() -> None:
    def line(source: str, correct: int) -> Line:
        return Line("RE", source, "relation", Counts(10, 10, correct), Answers())

    suite = get_suite("zero-shot-en")
    draws = [line(f"FewRel_{n}", n) for n in range(5)]  # F1 0, 10, 20, 30 and 40
    scores = Scores((*draws, *(line(f"Wiki-ZSL_{n}", 5) for n in range(4))))
    found = suite.to_dict(scores)
    assert found["FewRel (relation)"]["ours"] == 20
    assert found["FewRel (relation)"]["members"]["FewRel_3"] == 30
    assert found["Wiki-ZSL (relation)"]["ours"] is None  # one of five is not there: no mean of the others
    fewrel = next(row for row in suite.table(scores).splitlines() if "FewRel (mean of 5)" in row)
    assert fewrel.split("|")[-2].strip() == "20.00" and "39.19" in fewrel


def test_suites_name_sources_that_there_are() -> None:
    for suite in load_suites().values():
        assert all(benchmark.sources for benchmark in suite.benchmarks), suite.name
        assert len(suite.sources) == len(set(suite.sources))
    assert len(get_suite("zero-shot-en").sources) == 5 + 5 + 5 + 3
    assert get_suite("zero-shot-zh").configs == ["zh_ee", "zh_ner", "zh_re"]


def test_other_orders_ask_the_same_of_the_same_records(corpus: Path) -> None:
    declared = rows(corpus, "all", "test")
    shuffled = reorder(declared, 7)
    assert shuffled == reorder(declared, 7) != reorder(declared, 8)

    def asked(all_rows: list[dict[str, Any]]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for row in all_rows:
            found.setdefault((row["task"], row["id"]), {}).update(json.loads(row["output"]))
        return found

    assert asked(shuffled) == asked(declared)
    for row in shuffled:
        instruction, output = json.loads(row["instruction"]), json.loads(row["output"])
        assert len(instruction["schema"]) == len(output)


def test_mean_and_spread_over_orders(corpus: Path, tmp_path: Path) -> None:
    declared = rows(corpus, "en_ner", "test")
    every = [*declared, *reorder(declared, 43), *reorder(declared, 44)]
    backend = Gold({row["instruction"]: row["output"] for row in every})
    found = evaluate(Extractor(backend), data=corpus, config="en_ner", split="test", orders=3, out=tmp_path)
    assert len(found.other_orders) == 2
    assert found.to_dict()["orders"][0] | {"f1": [100.0] * 3, "stdev": 0.0} == found.to_dict()["orders"][0]
    assert {path.name for path in tmp_path.iterdir()} == {
        *("predictions.jsonl", "predictions.order-1.jsonl", "predictions.order-2.jsonl"),
        *("report.json", "report.md", "f1.png"),
    }
    assert "## Over orders of the schema" in (tmp_path / "report.md").read_text()


def test_examples_stand_before_the_question(corpus: Path) -> None:
    train = rows(corpus, "all", "train")
    shots = pick_shots(train, 2, seed=1)
    assert shots == pick_shots(reversed(train), 2, seed=1)
    example = shots["RE", "en"]
    assert example.count("\n\n") == 2 and "[{" in example
    asked: list[str] = []

    class Listening(Gold):
        def reply(self, questions, decoding, on_reply=None):  # type: ignore[no-untyped-def]
            asked.extend(question.instruction for question in questions)
            for place in range(len(questions)):
                on_reply(place, Reply("{}"))
            return [Reply("{}") for _ in questions]

    evaluate(Extractor(Listening({})), data=corpus, config="en_re", split="test", shots=2, seed=1)
    assert all(question.startswith(example) for question in asked) and asked


def test_the_published_profile(corpus: Path) -> None:
    found = evaluate(Extractor(gold(corpus)), data=corpus, config="en_re", split="test", profile="published")
    assert found.scores.line("RE").counts.f1 == 100
    assert found.to_dict()["settings"]["profile"] == "published"


def test_a_random_model_is_evaluated_from_its_folder(corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    base = save_toy_base(tmp_path / "base")
    out = tmp_path / "out"
    options: dict[str, Any] = {"max_new_tokens": 40, "batch_size": 4, "device": "cpu"}
    found = evaluate(str(base), data=corpus, config="en", split="test", limit=1, out=out, **options)
    for line in found.scores.lines:
        assert line.answers.rows > 0
        assert line.answers.failed == line.answers.repaired == 0  # constrained: every answer is valid
        assert line.counts.predicted >= line.counts.correct
    assert score(out / "predictions.jsonl").to_dict() == found.scores.to_dict()
    assert found.settings.model["base"] == str(base)


class Slow(BaseHTTPRequestHandler):
    """Answers with nothing found, each time after a while."""

    asked = 0

    def do_POST(self) -> None:
        Slow.asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.05)
        body = json.dumps({"choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def test_a_killed_command_goes_on_when_it_is_given_again(corpus: Path, tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    arguments = (
        *("--model", "toy", "--url", f"http://127.0.0.1:{server.server_port}/v1", "--batch-size", "1"),
        *("--suite", "zero-shot-en", "--data", str(corpus), "--out", str(tmp_path / "out"), "--limit", "1"),
    )
    command = [sys.executable, "-m", "iepile", "evaluate", *arguments]
    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    part = tmp_path / "out" / "predictions.part.jsonl"
    while first.poll() is None and (not part.exists() or part.read_text().count("\n") < 4):
        time.sleep(0.02)
    first.kill()
    first.wait()
    written = part.read_text().count("\n") - 1
    time.sleep(0.2)  # for what it had asked when it was killed
    Slow.asked = 0
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    server.shutdown()
    server.server_close()
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()]
    assert 3 <= written < len(rows) and Slow.asked == len(rows) - written
    assert "| benchmark" in done.stdout and "CrossNER (mean of 5)" in done.stdout
    assert not part.exists() and (tmp_path / "out" / "report.md").exists()


def test_a_suite_names_its_own_rows(corpus: Path) -> None:
    arguments = ["--model", "toy", "--suite", "supervised", "--config", "en_ner", "--data", str(corpus)]
    done = CliRunner().invoke(evaluate_command, arguments)
    assert done.exit_code == 2 and "leave --config out" in done.output


def test_the_command_passes_its_options_on(corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    base = save_toy_base(tmp_path / "base")
    arguments = ["--model", str(base), "--data", str(corpus), "--config", "en_re", "--max-new-tokens", "16", "--json"]
    arguments += ["--shots", "1", "--orders", "2", "--profile", "published", "--limit", "1", "--seed", "3"]
    done = CliRunner().invoke(evaluate_command, [*arguments, "--decoding", "json", "--batch-size", "2"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    expected = {"shots": 1, "profile": "published", "limit": 1, "seed": 3, "decoding": "json", "configs": ["en_re"]}
    assert expected.items() <= found["settings"].items()
    assert len(found["orders"][0]["f1"]) == 2 and found["settings"]["model"]["max_new_tokens"] == 16


def test_what_is_not_there_is_named(corpus: Path) -> None:
    with pytest.raises(IEPileError, match="has no zero_shot rows"):
        evaluate(Extractor(gold(corpus)), data=corpus, config="zh_ee")
    with pytest.raises(IEPileError, match="no suite 'best'"):
        evaluate(Extractor(gold(corpus)), data=corpus, suite="best")
    with pytest.raises(IEPileError, match="no config"):
        evaluate(Extractor(gold(corpus)), data=corpus, config="de_ner")
    with pytest.raises(IEPileError, match="is no folder"):
        evaluate(Extractor(gold(corpus)), data=corpus / "none")
