"""A release on a Hub: pushed by the command line to a server on loopback, and read back as anyone would."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from hub_server import Hub, running_hub
from hub_store import Repo
from toy_corpus import toy_row, write_toy_corpus
from toy_models import save_toy_base, toy_model, toy_tokenizer

BASE = "local/Toy-LM"
ADAPTER = "local/iepile-toy-lm-lora"
QUIET = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"}


@dataclass
class Client:
    """Another process, since a client's libraries read the Hub's address once, at import."""

    hub: Hub
    home: Path

    def run(self, *arguments: str, **variables: str | None) -> "subprocess.CompletedProcess[str]":
        wanted = {**os.environ, **QUIET, **self.hub.environment(self.home / "cache"), **variables}
        env = {name: value for name, value in wanted.items() if value is not None}
        return subprocess.run(
            [sys.executable, *arguments], env=env, cwd=self.home, capture_output=True, text=True, timeout=120
        )

    def iepile(self, *arguments: str, **variables: str | None) -> "subprocess.CompletedProcess[str]":
        return self.run("-m", "iepile", *arguments, **variables)

    def read(self, code: str) -> Any:
        """What the code prints as its last line of JSON."""
        done = self.run("-c", f"import json\n{code}")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    home = tmp_path_factory.mktemp("hub")
    write_toy_corpus(home / "corpus")
    _save_toy_adapter(home / "adapter")
    (home / "work").mkdir()  # where nothing is named `iepile`
    with running_hub(home / "server") as hub:
        yield Client(hub, home / "work")


@pytest.fixture(scope="module")
def released(client: Client) -> list[dict[str, Any]]:
    """What the command said of the push of everything."""
    asked = ("push-to-hub", "local", "--dataset", "../corpus", "--adapter", "../adapter", "--space", "--json")
    done = client.iepile(*asked)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _save_toy_adapter(folder: Path) -> None:
    """A LoRA adapter with random weights, as PEFT saves it."""
    from peft import LoraConfig, get_peft_model

    tokenizer = toy_tokenizer()
    settings = LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    model = get_peft_model(toy_model(tokenizer), settings)
    model.peft_config["default"].base_model_name_or_path = BASE
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "optimizer.pt").write_bytes(b"not for others")


def test_push_says_where_everything_is(client: Client, released: list[dict[str, Any]]) -> None:
    assert {repository["id"]: repository["url"] for repository in released} == {
        "local/iepile": f"{client.hub.url}/datasets/local/iepile",
        ADAPTER: f"{client.hub.url}/{ADAPTER}",
        "local/iepile-extraction": f"{client.hub.url}/spaces/local/iepile-extraction",
    }
    for repository in released:
        remote = Repo(client.hub.root, f"{repository['type']}s", repository["id"]).files("main")
        assert {path: file["size"] for path, file in remote.items() if path != ".gitattributes"} == repository["files"]
    assert not any("optimizer" in path for repository in released for path in repository["files"])


def test_dataset_loads_plain_and_streaming(client: Client, released: list[dict[str, Any]]) -> None:
    found = client.read("""
from datasets import get_dataset_config_names, load_dataset
from huggingface_hub import DatasetCard
data = load_dataset("local/iepile", "en_re")
print(json.dumps({
    "configs": get_dataset_config_names("local/iepile"),
    "rows": {split: list(rows) for split, rows in data.items()},
    "streamed": list(load_dataset("local/iepile", "en_re", split="train", streaming=True)),
    "all": {split: rows.num_rows for split, rows in load_dataset("local/iepile").items()},
    "license": DatasetCard.load("local/iepile").data.license,
}))""")
    assert found["configs"] == ["all", "en", "zh", "en_ner", "en_re", "en_spo", "zh_ner"]
    assert found["rows"] == {
        "train": [toy_row("en_re", "train", 0), toy_row("en_re", "train", 1)],
        "test": [toy_row("en_re", "test", 0)],
    }
    assert found["streamed"] == found["rows"]["train"]
    assert found["all"] == {"train": 7, "test": 1, "zero_shot": 1}
    assert found["license"] == "other"


def test_adapter_runs_by_the_code_of_its_card(client: Client, released: list[dict[str, Any]]) -> None:
    save_toy_base(client.home.parent / "base")
    found = client.read(f"""
from huggingface_hub import HfApi, ModelCard
api = HfApi()
api.create_repo("{BASE}")
api.upload_folder(repo_id="{BASE}", folder_path="../base")
card = ModelCard.load("{ADAPTER}")
print(json.dumps({{"text": card.text, **card.data.to_dict()}}))""")
    assert (found["base_model"], found["library_name"], found["datasets"]) == (BASE, "peft", ["local/iepile"])
    example = re.search(r"```python\n(.*?)```", found["text"], re.DOTALL)
    assert example
    answer = client.read(
        example[1]
        + f"""
import torch
base = AutoModelForCausalLM.from_pretrained("{BASE}")
ids = prompt["input_ids"]
with torch.no_grad():
    differ = (base(ids).logits - model(ids).logits).abs().max().item()
print(json.dumps([type(model).__name__, differ]))"""
    )
    assert answer[0] == "PeftModelForCausalLM"
    assert answer[1] > 1e-4  # the adapter's weights are there


def test_space_names_the_adapter(client: Client, released: list[dict[str, Any]]) -> None:
    space = Repo(client.hub.root, "spaces", "local/iepile-extraction")
    assert {"app.py", "README.md", "requirements.txt"} <= set(space.files("main"))
    assert space.meta["sdk"] == "gradio"
    assert ADAPTER in {variable["value"] for variable in space.meta["variables"].values()}
    assert ADAPTER in space.info()["cardData"]["models"]


def test_second_push_changes_nothing_and_a_smaller_corpus_leaves_no_old_rows(client: Client, tmp_path: Path) -> None:
    write_toy_corpus(tmp_path / "corpus")
    push = ("push-to-hub", "local", "--dataset", str(tmp_path / "corpus"))
    assert client.iepile(*push).returncode == 0
    remote = Repo(client.hub.root, "datasets", "local/iepile")
    head = remote.sha("main")
    assert client.iepile(*push).returncode == 0
    assert remote.sha("main") == head
    old = {
        **remote.files("main"),
        "en_re/old-00000-of-00001.parquet": remote.blobs.add(b""),
        "logo.png": remote.blobs.add(b""),
    }
    remote.save(old, "as an earlier, larger corpus left it")
    assert client.iepile(*push).returncode == 0
    assert set(old) - set(remote.files("main")) == {"en_re/old-00000-of-00001.parquet"}


@pytest.mark.parametrize(
    ("namespace", "variables", "message"),
    [
        ("local", {"HF_TOKEN": "hf_wrong"}, r"answered 401 \(.*\); log in again"),
        ("local", {"HF_TOKEN": ""}, r"Not logged in to http://127\.0\.0\.1.*hf auth login"),
        ("other", {}, r"Cannot create other/iepile: .* answered 403 \(.*\); name a namespace"),
        ("local", {"HF_ENDPOINT": "http://127.0.0.1:9"}, r"no answer from http://127\.0\.0\.1:9 .*check the network"),
        ("local", {"HF_HUB_OFFLINE": "1"}, r"HF_HUB_OFFLINE is set"),
    ],
)
def test_refusal_is_one_sentence(client: Client, namespace: str, variables: dict[str, str], message: str) -> None:
    done = client.iepile("push-to-hub", namespace, "--dataset", "../corpus", **variables)
    assert done.returncode == 1
    assert re.search(message, done.stderr) and done.stderr.count("\n") == 1, done.stderr


def test_endpoint_that_is_no_hub(client: Client) -> None:
    done = client.iepile("push-to-hub", "local", "--dataset", "../corpus", HF_ENDPOINT=f"{client.hub.url}/nowhere")
    assert done.returncode == 1 and re.search(r"answered 404 .*check that HF_ENDPOINT is a Hub", done.stderr)


def test_private_release_never_goes_to_a_public_repository(client: Client, released: list[dict[str, Any]]) -> None:
    head = Repo(client.hub.root, "datasets", "local/iepile").sha("main")
    done = client.iepile("push-to-hub", "local", "--dataset", "../corpus", "--private")
    assert done.returncode == 1 and "is there and public" in done.stderr
    assert Repo(client.hub.root, "datasets", "local/iepile").sha("main") == head


def test_hub_without_xet_needs_no_setting(client: Client) -> None:
    """Xet is on by default where its package is installed, and has no way back to plain uploads."""
    pytest.importorskip("hf_xet")
    done = client.iepile("push-to-hub", "local", "--dataset", "../corpus", HF_HUB_DISABLE_XET=None)
    assert done.returncode == 0, done.stderr
    done = client.iepile("push-to-hub", "local", "--dataset", "../corpus", HF_HUB_DISABLE_XET="0")
    assert done.returncode == 1 and "set HF_HUB_DISABLE_XET=1" in done.stderr
