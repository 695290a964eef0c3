"""The build: its bytes, its folder, what it sets aside and what it refuses."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from iepile.builders.corpus import build
from iepile.builders.errors import FormatError, IEPileError, LabelError
from iepile.builders.shards import Options
from iepile.builders.source import get_source
from iepile.builders.tasks import TASKS

from conftest import ROOT
from iepile import load


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A raw folder with the toy files of one source."""
    folder = tmp_path / "raw"
    shutil.copytree(get_source("CoNLL2003").sample, folder / "CoNLL2003" / "as" / "unpacked")
    return folder


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_of(folder: Path, config: str, split: str) -> list[dict]:
    return [row for path in sorted((folder / config).glob(f"{split}-*")) for row in pq.read_table(path).to_pylist()]


def test_rows_follow_the_contract(tmp_path: Path) -> None:
    made = build(None, tmp_path / "iepile")
    assert {"en_ner"} <= {config.name for config in made.summary.configs}
    for config in made.summary.configs:
        for split in config.splits:
            rows = rows_of(made.out, config.name, split)
            assert len({(row["id"], row["batch"]) for row in rows}) == len(rows) == config.splits[split].rows
            for row in rows:
                assert list(row) == ["id", "batch", "task", "source", "language", "instruction", "output"]
                asked, answer = json.loads(row["instruction"]), json.loads(row["output"])
                keys = [TASKS[row["task"]].entry_key(entry) for entry in asked["schema"]]
                assert keys == list(answer)
                assert row["id"].startswith(f"{row['source']}/{split}/")
                assert len(keys) <= TASKS[row["task"]].split_num


def test_bytes_depend_on_input_seed_and_options_alone(raw: Path, tmp_path: Path) -> None:
    expected = bytes_of(build(None, tmp_path / "one" / "iepile").out)
    assert bytes_of(build(None, tmp_path / "two" / "iepile", workers=2).out) == expected
    for hash_seed in ("1", "2"):
        out = tmp_path / hash_seed / "iepile"
        out.parent.mkdir()
        command = [sys.executable, "-m", "iepile", "build", "--sample", "--out", str(out)]
        subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
        assert bytes_of(out) == expected
    assert bytes_of(build(None, tmp_path / "other" / "iepile", options=Options(seed=7)).out) != expected


def test_a_configs_rows_do_not_depend_on_the_others(tmp_path: Path) -> None:
    whole = bytes_of(build(None, tmp_path / "whole" / "iepile").out)
    part = bytes_of(build(None, tmp_path / "part" / "iepile", configs=["en_ner"]).out)
    del part["README.md"]
    assert part and part.items() <= whole.items()


def test_a_second_build_writes_no_shard_again(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "iepile"
    first = build(raw, out)
    shards = {path: path.stat().st_mtime_ns for path in first.work.glob("shards/*/shard.json")}
    assert len(shards) == 3
    build(raw, out)
    assert {path: path.stat().st_mtime_ns for path in first.work.glob("shards/*/shard.json")} == shards
    (raw / "CoNLL2003/as/unpacked/eng.testa").write_text("Oslo NNP I-NP I-LOC\n\n")
    build(raw, out)
    again = {path: path.stat().st_mtime_ns for path in first.work.glob("shards/*/shard.json")}
    assert len(again) == 3 and len(again.keys() & shards.keys()) == 2, "one split changed, and its old shard is gone"


def test_a_killed_build_leaves_the_old_corpus_and_can_be_run_again(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "iepile"
    build(raw, out)
    old = bytes_of(out)
    (raw / "CoNLL2003/as/unpacked/eng.testa").write_text("Oslo NNP I-NP I-LOC\n\n")
    renames = []
    rename = Path.rename

    def killed(self: Path, target: Path) -> Path:
        renames.append(self.name)
        if self.name == "corpus.part":
            raise KeyboardInterrupt  # the worst moment: the old corpus is away, the new one not yet there
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            build(raw, out)
    assert "iepile" in renames
    (raw / "CoNLL2003/as/unpacked/eng.testb").write_text("not\n")
    with pytest.raises(FormatError):
        build(raw, out)
    assert bytes_of(out) == old


def test_a_malformed_record_is_set_aside_or_stops_the_build(raw: Path, tmp_path: Path) -> None:
    with (raw / "CoNLL2003/as/unpacked/eng.train").open("a") as file:
        file.write("\nOslo NNP I-NP I-LOC\nalone\n\nPorto NNP I-NP I-LOC\n")
    made = build(raw, tmp_path / "iepile")
    rejected = [json.loads(line) for line in (made.work / "rejected.jsonl").read_text().splitlines()]
    assert len(rejected) == 1
    assert rejected[0]["origin"].endswith("eng.train:33") and "column" in rejected[0]["reason"]
    train = next(shard for shard in made.shards if shard.split == "train")
    assert (train.read, train.records, train.rejected) == (5, 5, 1)
    with pytest.raises(FormatError, match=r"eng\.train:33: .*without --strict"):
        build(raw, tmp_path / "strict" / "iepile", options=Options(strict=True))
    assert not (tmp_path / "strict" / "iepile").exists()


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"Oslo NNP I-NP I-PLANET\n", LabelError, r"eng\.train:1: CoNLL2003 knows no label 'PLANET'"),
        (b"Oslo NNP I-NP I-LOC\nK\xf8ge NNP I-NP I-LOC\n", FormatError, r"eng\.train:2: .*not UTF-8"),
        (b"", FormatError, r"eng\.train: the file holds no record"),
        (b"Oslo\nPorto\n", FormatError, r"eng\.train:1: .*no record of eng\.train could be read"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    raw: Path, tmp_path: Path, content: bytes, error: type[IEPileError], message: str
) -> None:
    (raw / "CoNLL2003/as/unpacked/eng.train").write_bytes(content)
    with pytest.raises(error, match=message):
        build(raw, tmp_path / "iepile")
    assert not (tmp_path / "iepile").exists()


def test_wrong_names_and_folders_are_one_sentence(raw: Path, tmp_path: Path) -> None:
    with pytest.raises(IEPileError, match="is no folder"):
        build(tmp_path / "nowhere", tmp_path / "iepile")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IEPileError, match="holds no source.s files"):
        build(tmp_path / "empty", tmp_path / "iepile")
    with pytest.raises(IEPileError, match="did you mean 'CoNLL2003'"):
        build(raw, tmp_path / "iepile", only=["CoNLL203"])
    assert not (tmp_path / "iepile.build").exists()  # nothing is left behind
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")
    with pytest.raises(IEPileError, match="was not made by a build"):
        build(raw, tmp_path / "mine")
    assert (tmp_path / "mine/thesis.txt").exists()


def test_training_texts_of_a_test_split_are_removed(raw: Path, tmp_path: Path) -> None:
    folder = raw / "CoNLL2003/as/unpacked"
    with (folder / "eng.train").open("a") as file:
        file.write("\n" + (folder / "eng.testb").read_text())
    made = build(raw, tmp_path / "iepile")
    train = next(shard for shard in made.shards if shard.split == "train")
    assert train.removed == {"leak": 1} and train.records == 4
    texts = [json.loads(row["instruction"])["input"] for row in rows_of(made.out, "en_ner", "train")]
    assert not any(text.startswith("Riverbank") for text in texts)


def test_absent_sources_and_splits_are_named(raw: Path, tmp_path: Path) -> None:
    (raw / "CoNLL2003/as/unpacked/eng.testb").unlink()
    made = build(raw, tmp_path / "iepile")
    assert made.incomplete == {"CoNLL2003": ("test",)}
    assert "CoNLL2003" not in made.absent


def test_near_duplicates_are_reported_and_by_option_dropped(raw: Path, tmp_path: Path) -> None:
    folder = raw / "CoNLL2003/as/unpacked"
    near = (folder / "eng.testb").read_text().replace("Porto NNP", "porto NNP")
    with (folder / "eng.train").open("a") as file:
        file.write("\n" + near)
    kept = build(raw, tmp_path / "iepile", contamination=True)
    found = [{"trained_on": "CoNLL2003/train", "held_out": "CoNLL2003/test", "texts": 1}]
    assert kept.summary.contamination and kept.summary.contamination["contaminated"] == found
    assert "| CoNLL2003/train | CoNLL2003/test | 1 |" in (kept.out / "README.md").read_text()
    assert next(shard for shard in kept.shards if shard.split == "train").records == 5
    dropped = build(raw, tmp_path / "iepile", options=Options(near=True))
    train = next(shard for shard in dropped.shards if shard.split == "train")
    assert train.removed == {"near duplicate": 1} and train.records == 4


def test_poor_texts_go_and_personal_data_are_masked_by_option(raw: Path, tmp_path: Path) -> None:
    with (raw / "CoNLL2003/as/unpacked/eng.train").open("a") as file:
        file.write("\n1 CD I-NP O\n: : O O\n2 CD I-NP O\n\nWrite VB O O\nada@example.org NN O O\nsoon RB O O\n")
    plain = build(raw, tmp_path / "iepile")
    assert "ada@example.org" in str(rows_of(plain.out, "en_ner", "train"))
    strict = build(raw, tmp_path / "iepile", options=Options(quality=True, mask=True))
    rows = str(rows_of(strict.out, "en_ner", "train"))
    assert "ada@example.org" not in rows and "Write" in rows and "1 : 2" not in rows


def test_the_published_profile_carves_what_was_published(tmp_path: Path) -> None:
    splits = {
        profile: {s.split for s in build(None, tmp_path / profile, only=["MIT-Movie"], options=options).shards}
        for profile, options in {"default": Options(), "published": Options(profile="published")}.items()
    }
    assert splits == {"default": {"train", "validation", "test"}, "published": {"train", "test"}}


OWN = """
from iepile.builders.readers.unified import read_unified
from iepile.builders.source import File, Source
SHIPS = Source(
    name="Ships", task="RE", language="en", domain="general", licence="ours", redistribute="yes", citation="us",
    homepage="none", access="Write it.", files={"train": (File("ships.json"),)}, read=read_unified,
    labels={"built in": "built in", "master": "master", "sister of": "sister of"},
    attributes={"ship": ("master", "built in"), "port": ("built in",)},
)
"""


def test_a_source_of_ones_own_may_have_attributes(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "raw/Ships").mkdir(parents=True)
    triples = [
        ("Tern", "ship", "sister of", "Skua"),
        ("Tern", "ship", "built in", "1904"),
        ("Tern", "ship", "master", "Bo"),
    ]
    relation = [{"head": h, "head_type": k, "relation": r, "tail": t, "tail_type": ""} for h, k, r, t in triples]
    record = {"text": "Bo sails the Tern, built in 1904, sister of the Skua.", "relation": relation}
    (tmp_path / "raw/Ships/ships.json").write_text(json.dumps(record) + "\n")
    made = build(tmp_path / "raw", tmp_path / "iepile", modules=(tmp_path / "own.py",))
    assert [config.name for config in made.summary.configs] == ["en_re", "en_kg"]
    answers = [json.loads(row["output"]) for row in rows_of(made.out, "en_kg", "train")]
    assert {k: v for answer in answers for k, v in answer.items()} == {
        "ship": {"Tern": {"master": "Bo", "built in": "1904"}}, "port": {},
    }  # fmt: skip
    assert load("en_kg", "train", data_dir=made.out, cache_dir=str(tmp_path / "cache"))[0]["task"] == "KG"
    assert load("all", "train", data_dir=made.out, cache_dir=str(tmp_path / "cache")).unique("task") == ["RE"]


def test_empty_rows_are_bounded_in_every_source(tmp_path: Path) -> None:
    folder = tmp_path / "raw/CoNLL2003"
    shutil.copytree(get_source("CoNLL2003").sample, folder)
    sentences = [f"Oslo NNP I-NP {'I-LOC' if n % 10 == 0 else 'O'}\n{n} CD I-NP O\n" for n in range(600)]
    (folder / "eng.train").write_text("\n".join(sentences))

    def counts(options: Options) -> tuple[int, int]:
        rows = rows_of(build(tmp_path / "raw", tmp_path / "iepile", options=options).out, "en_ner", "train")
        filled = sum(any(json.loads(row["output"]).values()) for row in rows)
        return filled, len(rows) - filled

    filled, empty = counts(Options())
    assert filled == 60 and empty == 540
    kept = counts(Options(max_empty=2))
    assert kept == counts(Options(max_empty=2)) == (filled, kept[1])
    assert 2 * filled - 40 < kept[1] < 2 * filled + 40  # in expectation 120, with a deviation of 10
    assert counts(Options(max_empty=2, seed=7)) != kept
    assert counts(Options(max_empty=0)) == (filled, 0)
    assert counts(Options(max_empty=20)) == (filled, empty)
