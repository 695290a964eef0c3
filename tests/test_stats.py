"""Statistics of built corpora: what is counted on rows, how the whole is estimated, the command."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from iepile.builders.corpus import Build, build
from iepile.builders.errors import FormatError, IEPileError
from iepile.builders.estimate import estimate, full_size
from iepile.builders.row_files import ARROW_SCHEMA
from iepile.builders.source import get_source, load_sources
from iepile.builders.stats import Part, Statistics, measure, read_report
from iepile.builders.stats_commands import stats

from toy_corpus import write_toy_corpus

SOURCES = ("KBP37", "MSRA", "PHEE", "DuIE2.0", "CrossNER_AI")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(None, tmp_path_factory.mktemp("stats") / "iepile", only=SOURCES)


def words(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def test_what_is_counted_is_what_was_built(made: Build) -> None:
    told: list[tuple[int, int]] = []
    found = measure(made.out, words, "words", lambda done, total: told.append((done, total)))
    assert told[-1] == (made.summary.rows, made.summary.rows)
    rows = [row for path in made.out.rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    assert sum(part.rows for part in found.parts) == len(rows) == made.summary.rows
    assert sum(part.tokens for part in found.parts) == sum(sum(words([r["instruction"], r["output"]])) for r in rows)
    for source in made.summary.sources:
        for split, counts in source.splits.items():
            parts = [part for part in found.parts if (part.source, part.split) == (source.name, split)]
            assert max(part.records for part in parts) == counts.records
            assert sum(part.rows for part in parts) == counts.rows
            assert sum(part.empty for part in parts) == counts.empty
            assert {(part.language, part.domain) for part in parts} == {(source.language, source.domain)}


def test_each_count_of_a_part(made: Build) -> None:
    (part,) = [p for p in measure(made.out).parts if (p.source, p.task, p.split) == ("KBP37", "RE", "test")]
    table = pq.read_table(next((made.out / "en_re").glob("test-*")), filters=[("source", "=", "KBP37")])
    answers = [json.loads(output) for output in table["output"].to_pylist()]
    texts = {json.loads(instruction)["input"] for instruction in table["instruction"].to_pylist()}
    assert part.rows == len(answers) and part.records == len(texts)
    assert part.labels == len(get_source("KBP37").schema.relations) == len(set().union(*answers))
    assert part.asked == sum(map(len, answers)) == part.records * part.labels
    assert part.positives == sum(bool(answer) for row in answers for answer in row.values())
    assert part.empty == sum(not any(row.values()) for row in answers) > 0
    assert part.batches == {n: [len(a) for a in answers].count(n) for n in {len(a) for a in answers}}
    assert (part.characters, part.longest) == (sum(map(len, texts)), max(map(len, texts)))
    assert part.tokens is None


def test_balance_is_of_the_mix(made: Build) -> None:
    found = measure(made.out)
    train = {config.name: config.splits["train"].rows for config in made.summary.configs if "train" in config.splits}
    assert "zh_spo" in train
    assert found.rows_by("task") == {
        task.upper(): sum(n for config, n in train.items() if config[3:] == task)
        for task in sorted(("ner", "re", "ee", "eet", "eea"), key=lambda t: -sum(
            n for config, n in train.items() if config[3:] == t))
    }  # fmt: skip
    assert sum(found.rows_by("language").values()) == sum(n for name, n in train.items() if "spo" not in name)
    assert set(found.rows_by("source", "zero_shot")) == {"CrossNER_AI"}


def test_leaks_are_found_on_the_rows(tmp_path: Path) -> None:
    write_toy_corpus(tmp_path / "iepile")
    found = measure(tmp_path / "iepile")
    assert found.leaks == {  # texts are told apart by their number; typed triples ask again about those of RE
        ("CrossNER_AI/train", "CrossNER_AI/zero_shot"): 1,
        ("CrossNER_AI/train", "SemEval-RE/test"): 1,
        ("SemEval-RE/train", "CrossNER_AI/zero_shot"): 1,
        ("SemEval-RE/train", "SemEval-RE/test"): 1,
    }
    assert found.duplicates == {}


def write_rows(folder: Path, config: str, split: str, *rows: dict) -> None:
    (folder / config).mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text("---\n---\n")
    table = pa.Table.from_pylist(list(rows), schema=ARROW_SCHEMA)
    pq.write_table(table, folder / config / f"{split}-00000-of-00001.parquet")


def row(number: int, text: str, batch: int = 0, **answer: list) -> dict:
    instruction = json.dumps({"instruction": "Extract.", "schema": list(answer), "input": text})
    where = {"id": f"Log/train/{number}", "batch": batch, "task": "NER", "source": "Log", "language": "en"}
    return {**where, "instruction": instruction, "output": json.dumps(answer)}


def test_repeated_texts_are_found_on_the_rows(tmp_path: Path) -> None:
    two = [row(0, "a", 0, x=[]), row(0, "a", 1, y=["a"])]
    write_rows(tmp_path, "en_ner", "train", *two, row(1, "b", x=[]), row(2, "a", x=[], y=[]), row(3, "a", x=[]))
    found = measure(tmp_path)
    assert found.duplicates == {"Log/train": 2}
    (part,) = found.parts
    assert (part.records, part.rows, part.empty, part.domain) == (4, 5, 4, "unstated")
    assert part.batches == {1: 4, 2: 1}


@pytest.mark.parametrize("broken", [{"output": "[1]"}, {"output": "no JSON"}, {"instruction": '{"schema": []}'}])
def test_a_row_that_no_build_wrote_is_named(tmp_path: Path, broken: dict) -> None:
    write_rows(tmp_path, "en_ner", "train", row(0, "a", x=[]), {**row(1, "b", x=[]), **broken})
    with pytest.raises(FormatError, match=r"train-00000-of-00001\.parquet:2: this row"):
        measure(tmp_path)


def part(source: str, split: str, task: str = "NER", records: int = 10, rows: int = 20, tokens: int = 1000) -> Part:
    return Part(
        source, task, "en", "news", split, records, rows, 0, 1, rows, rows, {1: rows}, records, 1, tokens
    )  # fmt: skip


def statistics(*parts: Part) -> Statistics:
    return Statistics("toy", parts, {}, {})


NER = replace(get_source("CoNLL2003"), name="A", carve={}, sizes={"train": 100, "validation": 40, "test": 10})


def test_the_estimate_scales_by_what_is_most_like() -> None:
    whole = estimate(statistics(part("A", "train"), part("A", "test", rows=10, tokens=100)), [NER], {})
    assert whole.rows == {"train": 200, "validation": 80, "test": 10}, "validation as train, which is asked alike"
    assert whole.tokens == {"train": 10_000, "validation": 4000, "test": 100}
    assert whole.measured == ("A/train", "A/test") and whole.inferred == ("A/validation",)
    other = replace(NER, name="B", sizes={"train": 50})
    whole = estimate(statistics(part("A", "train")), [NER, other], {})
    assert whole.rows["train"] == 300 and "B/train" in whole.inferred
    assert set(whole.unknown) == {"A/test", "B/validation", "B/test"}, "nothing is known that is like them"
    chinese = replace(NER, name="C", language="zh", sizes={"train": 50})
    whole = estimate(statistics(part("A", "train")), [NER, chinese], {})
    assert whole.rows["train"] == 300 and "C/train" in whole.inferred, (
        "its task in another language, where no other is"
    )


def test_the_estimate_counts_from_what_was_read() -> None:
    report = {"shards": [{"source": "A", "split": "train", "read": 20}]}
    assert estimate(statistics(part("A", "train")), [NER], report).rows["train"] == 100


def test_the_estimate_of_tasks_that_ask_about_some_records() -> None:
    events = replace(get_source("PHEE"), name="E", sizes={"train": 100, "test": 100})
    parts = [part("E", "train", task, n, n) for task, n in (("EE", 10), ("EET", 10), ("EEA", 3))]
    assert estimate(statistics(*parts), [events], {}).rows["train"] == 230
    assert estimate(statistics(*parts[:2]), [events], {}).rows["train"] == 200, "no EEA in a split that is here"


def test_full_sizes() -> None:
    carved = replace(NER, carve={"validation": 0.1}, sizes={"train": 1000})
    assert [full_size(carved, split) for split in ("train", "validation", "test")] == [900, 100, None]
    for source in load_sources().values():
        assert set(source.sizes) <= set(source.splits)


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(stats, list(map(str, arguments)))
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_command(made: Build, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    told = run(made.out, "--tokenizer", "none", "--plot", tmp_path / "mix.png")
    assert "KBP37" in told and "training rows" in told and "estimated" in told and "No tokens" not in told
    assert (tmp_path / "mix.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(IEPileError, match="name a .png or .svg"):
        CliRunner().invoke(stats, [str(made.out), "--tokenizer", "none", "--plot", "mix.xyz"], catch_exceptions=False)


def test_the_card_holds_the_tables(made: Build, tmp_path: Path) -> None:
    corpus = tmp_path / "iepile"
    shutil.copytree(made.out, corpus)
    before = (corpus / "README.md").read_text()
    for _ in range(2):  # the second time in place of the first
        run(corpus, "--tokenizer", "none", "--card")
    card = (corpus / "README.md").read_text()
    assert [line for line in card.splitlines() if line.startswith("#")] == [
        line for line in before.splitlines() if line.startswith("#")
    ]
    assert card.count("| KBP37 | RE | train |") == 1 and "| train | " in card and "Assumed: " in card
    assert card.partition("## Statistics")[0] == before.partition("## Statistics")[0]
    assert card.partition("## What cleaning did")[2] == before.partition("## What cleaning did")[2]
    (corpus / "README.md").write_text("# Mine")
    with pytest.raises(IEPileError, match="no section of statistics"):
        CliRunner().invoke(stats, [str(corpus), "--tokenizer", "none", "--card"], catch_exceptions=False)


def test_the_command_for_programs(made: Build) -> None:
    told = json.loads(run(made.out, "--tokenizer", "none", "--json"))
    assert told["tokenizer"] is None and {part["source"] for part in told["parts"]} == set(SOURCES)
    assert told["balance"]["language"].keys() == {"en", "zh"}
    assert told["estimate"]["rows"].keys() == {"train", "validation", "test", "zero_shot"}
    assert "KBP37/train" in told["estimate"]["measured"] and "GIDS/train" in told["estimate"]["inferred"]


def test_without_what_counts_tokens(made: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    assert "No tokens were counted: it needs transformers" in run(made.out)
    with pytest.raises(IEPileError, match=r"--tokenizer toy/tok: it needs transformers.*iepile\[train\]"):
        CliRunner().invoke(stats, [str(made.out), "--tokenizer", "toy/tok"], catch_exceptions=False)


def test_tokens_by_a_named_tokenizer(made: Build, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from toy_models import toy_tokenizer

    toy_tokenizer().save_pretrained(tmp_path / "tok")
    told = json.loads(run(made.out, "--tokenizer", tmp_path / "tok", "--json"))
    assert told["tokenizer"] == str(tmp_path / "tok")
    assert all(part["tokens"] > part["rows"] for part in told["parts"])
    assert told["estimate"]["tokens"]["train"] > told["estimate"]["rows"]["train"]


def test_what_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(IEPileError, match="is no built corpus"):
        measure(tmp_path)
    (tmp_path / "README.md").write_text("")
    with pytest.raises(IEPileError, match="has no rows"):
        measure(tmp_path)
    assert read_report(tmp_path) == {}
