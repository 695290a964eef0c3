"""Rows for texts of one's own, and the corpus in the formats of other trainers."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from iepile.builders.format_commands import convert, prepare
from iepile.builders.instructions import Asking
from iepile.builders.records import Record
from iepile.builders.row_files import COLUMNS
from iepile.builders.tasks import Schema, get_task

from toy_corpus import write_toy_corpus

TEXTS = [{"text": "Ada met Bo in Lund.", "id": "a"}, "小林住在青石镇。", {"text": " "}, {"text": "Tern"}]


def run(command: Any, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "news.jsonl"
    path.write_text("".join(json.dumps(text) + "\n" for text in TEXTS))
    return path


def test_prepared_rows_ask_as_the_test_rows_of_the_corpus(texts: Path, tmp_path: Path) -> None:
    labels = [f"type {n}" for n in range(8)]
    (tmp_path / "schema.json").write_text(json.dumps(labels))
    out = tmp_path / "rows.jsonl"
    made = run(prepare, texts, "--schema", tmp_path / "schema.json", "--task", "NER", "--out", out)
    assert made.exit_code == 0 and "6 rows of NER" in made.output, made.output
    rows = lines(out)
    assert [tuple(row) for row in rows] == [COLUMNS] * 6
    assert [(row["id"], row["batch"], row["language"]) for row in rows] == [
        *(("a", 0, "en"), ("a", 1, "en")),
        *(("news/2", 0, "zh"), ("news/2", 1, "zh")),
        *(("news/4", 0, "en"), ("news/4", 1, "en")),
    ]
    assert {(row["task"], row["source"], row["output"]) for row in rows} == {("NER", "news", "")}
    asking = Asking(get_task("NER"), Schema(entity_types=tuple(labels)), "zh", {})
    expected = [instruction for _, instruction, _ in asking.rows(Record(str(TEXTS[1])), "test")]
    assert [row["instruction"] for row in rows[2:4]] == expected


def test_plain_texts_descriptions_and_a_language(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Ada left.\n\n小林住在青石镇。\n")
    (tmp_path / "schema.yaml").write_text("person: a human being\nplace:\nship:\n")
    (tmp_path / "more.yaml").write_text("place: a town or a country\nanimal: it lives\n")
    arguments = ["--schema", tmp_path / "schema.yaml", "--task", "ner", "--language", "en", "--split-num", 2]
    arguments += ["--descriptions", tmp_path / "more.yaml"]
    made = run(prepare, tmp_path / "notes.txt", *arguments, "--out", tmp_path / "rows.jsonl")
    assert made.exit_code == 0, made.output
    rows = lines(tmp_path / "rows.jsonl")
    assert [(row["id"], row["language"]) for row in rows] == [("notes/1", "en")] * 2 + [("notes/3", "en")] * 2
    assert json.loads(rows[0]["instruction"])["schema"] == {"person": "a human being", "place": "a town or a country"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "a"}\nb\n', "news.jsonl:2: not JSON"),
        ('{"text": "a"}\n{"input": "b"}\n', "news.jsonl:2: this line has no `text`"),
        ('{"text": "a", "id": 1}\n{"text": "b", "id": "1"}\n', "news.jsonl:2: the id '1' stood in an earlier line"),
    ],
)
def test_texts_that_cannot_be_read_leave_no_file(texts: Path, tmp_path: Path, content: str, message: str) -> None:
    texts.write_text(content)
    (tmp_path / "schema.json").write_text('["person"]')
    made = run(prepare, texts, "--schema", tmp_path / "schema.json", "--task", "NER", "--out", tmp_path / "rows.jsonl")
    assert message in str(made.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["news.jsonl", "schema.json"]


def test_every_format_keeps_prompt_and_answer(tmp_path: Path) -> None:
    from iepile import load

    write_toy_corpus(tmp_path / "iepile")
    rows = list(load("en_ner", "train", data_dir=tmp_path / "iepile", streaming=True))
    found = {}
    for name in ("messages", "alpaca", "sharegpt"):
        out = tmp_path / f"{name}.jsonl"
        made = run(convert, tmp_path / "iepile", "--to", name, "--config", "en_ner", "--out", out)
        assert made.exit_code == 0 and "3 rows of en_ner (train)" in made.output, made.output
        found[name] = lines(out)
    assert found["messages"] == [
        {
            "messages": [
                {"role": "user", "content": row["instruction"]},
                {"role": "assistant", "content": row["output"]},
            ]
        }
        for row in rows
    ]
    assert found["alpaca"] == [{"instruction": r["instruction"], "input": "", "output": r["output"]} for r in rows]
    assert found["sharegpt"][0] == {
        "conversations": [
            {"from": "human", "value": rows[0]["instruction"]},
            {"from": "gpt", "value": rows[0]["output"]},
        ]
    }


def test_messages_make_the_prompt_that_training_makes(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from iepile.training.prompts import encode_prompt

    from toy_models import toy_tokenizer

    write_toy_corpus(tmp_path / "iepile")
    run(convert, tmp_path / "iepile", "--to", "messages", "--config", "zh_ner", "--out", tmp_path / "rows.jsonl")
    tokenizer = toy_tokenizer()
    for row in lines(tmp_path / "rows.jsonl"):
        user, assistant = row["messages"]
        prompt = tokenizer.apply_chat_template([user], add_generation_prompt=True, tokenize=False)
        assert tokenizer(prompt, add_special_tokens=False)["input_ids"] == encode_prompt(tokenizer, user["content"])
        assert tokenizer.apply_chat_template([user, assistant], tokenize=False).startswith(
            prompt + assistant["content"]
        )


def test_what_cannot_be_converted_leaves_no_file(tmp_path: Path) -> None:
    write_toy_corpus(tmp_path / "iepile")
    out = tmp_path / "rows.jsonl"
    for arguments, message in {
        ("--config", "en_ee"): "has no en_ee",
        ("--split", "validation"): "has no validation rows of all",
        ("--out", tmp_path / "no" / "rows.jsonl"): "lies in no folder that there is; name another file with --out",
        ("--out", tmp_path): "is a folder; name another file with --out",
    }.items():
        assert message in str(run(convert, tmp_path / "iepile", "--to", "alpaca", "--out", out, *arguments).exception)
    assert [path.name for path in tmp_path.iterdir()] == ["iepile"]
