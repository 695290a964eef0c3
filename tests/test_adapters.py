"""Adapters: which base they belong to, and what is said on any other."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("peft")

import torch
from iepile.builders.errors import IEPileError
from iepile.training import adapters
from iepile.training.adapters import (
    PUBLISHED,
    check_fit,
    find_adapter,
    load_adapter,
    store_as_bfloat16,
    target_shapes,
    warn_of_size,
)

from conftest import SHARED
from toy_models import toy_model, toy_tokenizer


def _model(**changes: Any) -> Any:
    """The toy model, wider or deeper on demand."""
    from transformers import LlamaForCausalLM

    model = toy_model(toy_tokenizer())
    if changes:
        config = model.config
        config.update(changes)
        model = LlamaForCausalLM(config)
    model.name_or_path = "owner/other" if changes else "owner/toy"
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An adapter of the toy model that changes what it answers."""
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(_model(), LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False))
    model.save_pretrained(str(tmp_path / "adapter"))
    return tmp_path / "adapter"


def _write(path: Path, **changes: Any) -> None:
    known = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    path.write_text(json.dumps(known | changes), "utf-8")


def test_an_adapter_names_its_base_revision_and_template(folder: Path) -> None:
    _write(folder / "adapter_config.json", revision="abc")
    _write(folder / "iepile.json", template="alpaca")
    found = find_adapter(folder)
    assert (found.base, found.revision, found.template) == ("owner/toy", "abc", "alpaca")
    other = find_adapter(folder, "owner/mirror")
    assert (other.base, other.revision) == ("owner/mirror", None)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_adapters_load_although_they_name_a_private_path(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _write(folder / "adapter_config.json", base_model_name_or_path="/home/someone/models/base-13B")
    monkeypatch.setattr(adapters, "_download", lambda asked: folder if asked == name else None)
    found = find_adapter(name)
    assert (found.base, found.template) == PUBLISHED[name]
    copy = tmp_path / name.rpartition("/")[2]
    shutil.copytree(folder, copy)
    assert find_adapter(copy).base == PUBLISHED[name][0]
    assert find_adapter(copy, "owner/toy").base == "owner/toy"
    load_adapter(_model(), find_adapter(copy, "owner/toy"))


def test_the_table_of_published_adapters_is_theirs() -> None:
    path = SHARED / "reference" / "prompt_templates.json"
    if not path.exists():
        pytest.skip("the reference files are not beside this checkout")
    table = json.loads(path.read_text("utf-8"))["adapters"]
    # OneKE is a whole model, not an adapter.
    assert {n: (a["base"], a["template"]) for n, a in table.items() if n != "zjunlp/OneKE"} == dict(PUBLISHED)


def test_an_unknown_adapter_with_a_private_path_asks_for_its_base(folder: Path) -> None:
    _write(folder / "adapter_config.json", base_model_name_or_path="/home/someone/base")
    with pytest.raises(IEPileError, match=r"names '/home/someone/base' as its base, which is neither .* \(--base"):
        find_adapter(folder)


def test_what_is_no_adapter_says_so(tmp_path: Path) -> None:
    with pytest.raises(IEPileError, match="is no adapter: it has no adapter_config.json"):
        find_adapter(tmp_path)
    with pytest.raises(IEPileError, match="'owner/nowhere' could not be had: the Hub can't be reached"):
        find_adapter("owner/nowhere")


def test_it_is_put_on_its_base_and_the_shapes_are_read_from_its_weights(folder: Path) -> None:
    shapes = target_shapes(folder)
    assert shapes["model.layers.1.mlp.gate_proj"] == (96, 48) and len(shapes) == 14
    ids = torch.tensor([[5, 6, 7]])
    model = _model()
    before = model(ids).logits
    assert not torch.allclose(load_adapter(model, find_adapter(folder))(ids).logits, before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_size": 64}, "down_proj is 48 × 96 in the adapter and 64 × 96 in the model"),
        ({"num_hidden_layers": 1}, "which has no layer model.layers.1"),
        ({"num_hidden_layers": 3}, "it has 2 layers and the model 3"),
    ],
)
def test_a_base_that_does_not_fit_is_refused_in_one_sentence_that_names_both(
    folder: Path, changes: dict[str, int], message: str
) -> None:
    with pytest.raises(IEPileError, match=message) as caught:
        load_adapter(_model(**changes), find_adapter(folder))
    assert "belongs to owner/toy and does not fit owner/other" in str(caught.value)


def test_another_base_of_the_same_shape_is_told_but_taken(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = _model()
    model.name_or_path = "someone/mirror-of-toys"
    with caplog.at_level(logging.WARNING):
        load_adapter(model, find_adapter(folder))
    assert "was trained on owner/toy and is put on someone/mirror-of-toys" in caplog.text


def test_weights_of_before_safetensors_are_read(folder: Path) -> None:
    from safetensors.torch import load_file

    weights = folder / "adapter_model.safetensors"
    shapes = target_shapes(folder)
    torch.save(load_file(weights), folder / "adapter_model.bin")
    weights.unlink()
    assert target_shapes(folder) == shapes
    check_fit(_model(), find_adapter(folder))
    (folder / "adapter_model.bin").unlink()
    with pytest.raises(IEPileError, match="is no whole adapter"):
        check_fit(_model(), find_adapter(folder))


def test_bfloat16_halves_the_file_and_loads(folder: Path) -> None:
    size = (folder / "adapter_model.safetensors").stat().st_size
    store_as_bfloat16(folder)
    assert (folder / "adapter_model.safetensors").stat().st_size < 0.7 * size
    load_adapter(_model(), find_adapter(folder))


def test_a_large_adapter_is_warned_of(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    warn_of_size(folder)
    assert not caplog.text
    monkeypatch.setattr(adapters, "LARGE", 1024)
    warn_of_size(folder)
    assert "a lower lora_r or fewer target_modules" in caplog.text


def test_the_extractor_takes_the_template_of_the_adapter_and_refuses_a_base_that_does_not_fit(
    folder: Path, tmp_path: Path
) -> None:
    from iepile.extraction.transformers_backend import TransformersBackend

    from toy_models import save_toy_base

    _write(folder / "iepile.json", template="qwen")
    base = save_toy_base(tmp_path / "base")
    backend = TransformersBackend.from_pretrained(str(base), folder)
    assert backend.template == "qwen" and backend.details["adapter digest"]
    assert TransformersBackend.from_pretrained(str(base), folder, template="chat").template == "chat"
    wide = tmp_path / "wide"
    _model(hidden_size=64).save_pretrained(str(wide))
    toy_tokenizer().save_pretrained(str(wide))
    with pytest.raises(IEPileError, match="does not fit"):
        TransformersBackend.from_pretrained(str(wide), folder)
