"""Staging a release: what is in it, and what may not be released."""

import json
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from datasets import load_dataset
from iepile.builders.console import cli
from iepile.builders.errors import IEPileError
from iepile.cards.commands import push_to_hub
from iepile.cards.release import adapter_name, push, stage

from conftest import ROOT
from toy_corpus import write_toy_corpus

BASE = "toymaker/Toy-LM-1B"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_toy_corpus(tmp_path / "iepile")
    return tmp_path / "iepile"


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """An adapter as training leaves it, with what must stay at home."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    config = {"peft_type": "LORA", "base_model_name_or_path": BASE, "r": 4, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "checkpoint-5").mkdir()
    for name in ("optimizer.pt", "training_args.bin", "rng_state.pth", "checkpoint-5/optimizer.pt"):
        (folder / name).write_bytes(b"secret")
    return folder


def test_staged_dataset_is_the_corpus_and_loads(corpus: Path, tmp_path: Path) -> None:
    (staged,) = stage("ada", tmp_path / "out", dataset=corpus)
    assert (staged.id, staged.type) == ("ada/iepile", "dataset")
    assert set(staged.files) == {p.relative_to(corpus).as_posix() for p in corpus.rglob("*") if p.is_file()}
    assert staged.size == sum(p.stat().st_size for p in staged.folder.rglob("*") if p.is_file())
    assert 'load_dataset("ada/iepile", "en_ner"' in (staged.folder / "README.md").read_text(encoding="utf-8")
    assert load_dataset(str(staged.folder), "en_re", split="train").num_rows == 2


def test_staged_adapter_leaves_training_state_at_home(adapter: Path, tmp_path: Path) -> None:
    (staged,) = stage("ada", tmp_path / "out", adapter=adapter)
    assert staged.id == "ada/iepile-toy-lm-1b-lora"
    assert set(staged.files) == {"README.md", "adapter_config.json", "adapter_model.safetensors", "tokenizer.json"}


def test_adapter_is_named_after_its_base() -> None:
    assert adapter_name("HuggingFaceTB/SmolLM2-135M-Instruct") == "iepile-smollm2-135m-instruct-lora"
    assert adapter_name("Qwen/Qwen1.5-14B-Chat") == "iepile-qwen1.5-14b-chat-lora"


def test_staging_again_replaces_an_earlier_release_and_nothing_else(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stage("ada", out, dataset=corpus)
    stage("bo", out, dataset=corpus)
    assert {p.name for p in out.iterdir()} == {"iepile", "release.json"}
    assert json.loads((out / "release.json").read_text())[0]["id"] == "bo/iepile"
    with pytest.raises(IEPileError, match="which staging empties"):
        stage("ada", out, dataset=out / "iepile")
    assert (out / "iepile" / "README.md").is_file()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(IEPileError, match="not empty"):
        stage("ada", tmp_path / "mine", dataset=corpus)
    assert (tmp_path / "mine" / "notes.txt").is_file()


def test_restricted_sources_are_named(tmp_path: Path) -> None:
    names = {"en_ner": "CoNLL2003", "en_re": "My own", "en_spo": "My own", "zh_ner": "BC5CDR"}
    write_toy_corpus(tmp_path / "iepile", names)
    (staged,) = stage("ada", tmp_path / "out", dataset=tmp_path / "iepile")
    assert [warning.partition(":")[0] for warning in staged.warnings] == ["CoNLL2003", "My own"]


def _drop_readme(corpus: Path) -> None:
    (corpus / "README.md").unlink()


def _drop_front_matter(corpus: Path) -> None:
    (corpus / "README.md").write_text("# IEPile\n")


def _break_yaml(corpus: Path) -> None:
    (corpus / "README.md").write_text("---\nconfigs: [\n---\n")


def _break_configs(corpus: Path) -> None:
    (corpus / "README.md").write_text("---\nconfigs: [{}]\ndataset_info: []\n---\n")


def _drop_file(corpus: Path) -> None:
    (corpus / "en_re" / "test-00000-of-00001.parquet").unlink()


def _drop_shard(corpus: Path) -> None:
    path = corpus / "en_re" / "test-00000-of-00001.parquet"
    path.rename(path.with_name("test-00000-of-00002.parquet"))


def _cut_file(corpus: Path) -> None:
    path = corpus / "en_re" / "train-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes()[:-10])


def _lose_rows(corpus: Path) -> None:
    path = corpus / "en_re" / "train-00000-of-00001.parquet"
    pq.write_table(pq.read_table(path).slice(0, 1), path)


def _other_columns(corpus: Path) -> None:
    pq.write_table(pa.table({"text": ["a", "b"]}), corpus / "en_re" / "train-00000-of-00001.parquet")


def _add_script(corpus: Path) -> None:
    (corpus / "iepile.py").write_text("")


def _add_leftover(corpus: Path) -> None:
    (corpus / "en_re" / "train.part").write_text("")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_drop_readme, "is no built corpus"),
        (_drop_front_matter, "lacks `configs`"),
        (_break_yaml, "is not YAML"),
        (_break_configs, "not that of a build"),
        (_drop_file, r"test-\*.parquet is named by the card but not there"),
        (_drop_shard, "is one of 2 files, but 1 are there"),
        (_cut_file, "not a whole Parquet file"),
        (_lose_rows, "counts 2 train rows of en_re, its files hold"),
        (_other_columns, "no column `source`"),
        (_add_script, r"iepile\.py: .*loading script"),
        (_add_leftover, r"train\.part is not named by the card"),
    ],
)
def test_spoilt_corpus_is_not_staged(
    spoil: Callable[[Path], None], message: str, corpus: Path, tmp_path: Path
) -> None:
    spoil(corpus)
    with pytest.raises(IEPileError, match=message) as caught:
        stage("ada", tmp_path / "out", dataset=corpus)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_spoilt_adapter_is_not_staged(adapter: Path, tmp_path: Path) -> None:
    out, config = tmp_path / "out", adapter / "adapter_config.json"
    with pytest.raises(IEPileError, match="is no adapter"):
        stage("ada", out, adapter=tmp_path)
    for base in ("/home/ada/models/toy", "toy", ""):
        config.write_text(json.dumps({"base_model_name_or_path": base}))
        with pytest.raises(IEPileError, match="base_model_name_or_path is"):
            stage("ada", out, adapter=adapter)
    config.write_text(json.dumps({"base_model_name_or_path": BASE}))
    weights = adapter / "adapter_model.safetensors"
    whole = weights.read_bytes()
    for content, message in ((whole[:-1], "cut short"), (b"PK\3\4" + bytes(90), "not a safetensors file")):
        weights.write_bytes(content)
        with pytest.raises(IEPileError, match=message):
            stage("ada", out, adapter=adapter)
    weights.rename(adapter / "adapter_model.bin")
    with pytest.raises(IEPileError, match="has no adapter_model.safetensors"):
        stage("ada", out, adapter=adapter)
    assert not out.exists()


@pytest.mark.parametrize("namespace", ["ada/iepile", "", "https://example.org", "-ada"])
def test_namespace_is_one_name(namespace: str, corpus: Path) -> None:
    with pytest.raises(IEPileError, match="is no namespace"):
        push(namespace, dataset=corpus, dry_run=True)


def test_space_holds_the_app_and_names_its_adapter(adapter: Path, tmp_path: Path) -> None:
    _, space = stage("ada", tmp_path / "out", adapter=adapter, space=True)
    assert space.id == "ada/iepile-extraction"
    assert {"app.py", "requirements.txt", "README.md", "iepile/__init__.py"} <= set(space.files)
    assert "ada/iepile-toy-lm-1b-lora" in space.variables.values()
    card = (space.folder / "README.md").read_text(encoding="utf-8")
    assert "sdk: gradio" in card and "ada/iepile-toy-lm-1b-lora" in card
    assert not any("/samples/" in path or path.endswith(".pyc") for path in space.files)


def test_space_runs_from_its_own_files(tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason="the extra `space` brings it")
    (space,) = stage("ada", tmp_path / "out", space=True)
    assert space.warnings == ("no --adapter is named, so the Space runs its base model alone",)
    code = "import app, iepile; print(iepile.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=space.folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == space.folder / "iepile" / "__init__.py"


def test_space_installs_what_the_package_needs() -> None:
    tomllib = pytest.importorskip("tomllib", reason="Python 3.11 brings it")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = (ROOT / "spaces" / "extraction" / "requirements.txt").read_text(encoding="utf-8").split()
    extra = project["optional-dependencies"]["train"]
    core, train, listed = (
        {re.split("[<>=]", item)[0] for item in x} for x in (project["dependencies"], extra, wanted)
    )
    assert core <= listed <= core | train


def test_dry_run_lists_every_file(corpus: Path, adapter: Path) -> None:
    cli.add_command(push_to_hub)
    asked = ["push-to-hub", "ada", "--dataset", str(corpus), "--adapter", str(adapter), "--dry-run"]
    shown = CliRunner().invoke(cli, asked)
    assert shown.exit_code == 0
    for line in (
        "dataset ada/iepile: 7 files",
        "not pushed",
        "en_re/test-00000-of-00001.parquet",
        "adapter_model.safetensors",
    ):
        assert line in shown.output
    assert "optimizer" not in shown.output
    found = json.loads(CliRunner().invoke(cli, [*asked, "--json"]).stdout)
    assert [repository["id"] for repository in found] == ["ada/iepile", "ada/iepile-toy-lm-1b-lora"]
    assert found[0]["url"] == "" and found[0]["files"]["README.md"] == (found[0]["size"] - _parquet(corpus))


def _parquet(corpus: Path) -> int:
    return sum(path.stat().st_size for path in corpus.rglob("*.parquet"))


def test_nothing_named_is_nothing_to_push() -> None:
    with pytest.raises(IEPileError, match="Nothing to push: name --dataset"):
        push("ada")


def test_staging_leaves_the_corpus_alone(corpus: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    stage("ada", tmp_path / "out", dataset=corpus)
    shutil.rmtree(tmp_path / "out")
    assert before == {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
