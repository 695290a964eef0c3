"""Training: it learns, scores the completion alone, gives what plain PEFT loads, and goes on after a kill."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

import torch
from iepile.builders.errors import IEPileError
from iepile.training.adapters import target_shapes
from iepile.training.base_models import load_model, load_tokenizer, resolve_base_model
from iepile.training.data import IGNORED
from iepile.training.prompts import encode_completion, encode_prompt
from iepile.training.recipe import Recipe
from iepile.training.run_folder import RunFolder
from iepile.training.sft import train
from iepile.training.trainer import CompletionTrainer, LengthGroupedSampler, completion_loss

from toy_models import save_toy_base, toy_model, toy_tokenizer, write_toy_rows

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Recipe]:
    """A recipe for a tiny base and corpus, with changes."""
    folder = tmp_path_factory.mktemp("toy")
    base, corpus = save_toy_base(folder / "base"), write_toy_rows(folder / "iepile", 24)
    recipe = Recipe(
        name="toy",
        base_model=str(base),
        data=str(corpus),
        configs=("en_ner", "zh_ner"),
        validation_rows=4,
        lora_r=4,
        learning_rate=2e-2,
        num_train_epochs=2,
        per_device_train_batch_size=4,
        gradient_accumulation_steps=1,
        logging_steps=1,
        eval_steps=0.5,
        save_steps=2,
    )
    return lambda **changes: replace(recipe, **changes)


@pytest.fixture(scope="module")
def trained(toy: Callable[..., Recipe], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(toy(output_dir=str(tmp_path_factory.mktemp("run") / "adapter")))


def _summary(adapter: Path) -> Any:
    return json.loads((adapter / "training_summary.json").read_text("utf-8"))


def _losses(adapter: Path) -> list[float]:
    return [entry["loss"] for entry in _summary(adapter)["loss"]["train"]]


def test_the_loss_falls(trained: Path) -> None:
    losses, validation = _losses(trained), _summary(trained)["loss"]["validation"]
    assert len(losses) == 24
    assert sum(losses[-4:]) / 4 < 0.8 * losses[0]
    assert validation[0]["step"] == 0 and validation[-1]["loss"] < 0.8 * validation[0]["loss"]


def test_the_summary_tells_what_was_done(trained: Path, toy: Callable[..., Recipe]) -> None:
    summary = _summary(trained)
    assert summary["recipe"] == json.loads(json.dumps(asdict(toy(output_dir=str(trained)))))
    data = summary["data"]["train"]
    assert data["rows"] == 48 and len(data["digest"]) == 32 and data["over_cutoff"] == {}
    assert summary["tokens"] == 2 * data["tokens"]
    assert summary["steps"] == 24 and summary["epochs"] == 2 and summary["seed"] == 42
    assert summary["seconds"] > 0 and summary["peak_memory"] > 2**20
    assert {"python", "torch", "transformers", "trl", "peft"} <= set(summary["versions"])
    assert 0 < summary["parameters"]["trained"] < summary["parameters"]["all"]
    assert (trained / "loss.png").read_bytes().startswith(PNG)


def test_the_folder_holds_the_adapter_and_nothing_of_the_run(trained: Path) -> None:
    assert {p.name for p in trained.iterdir()} == {
        *("adapter_model.safetensors", "adapter_config.json", "iepile.json", "README.md"),
        *("loss.png", "training_summary.json"),
    }
    card = (trained / "README.md").read_text("utf-8")
    assert card.startswith("---\nbase_model: ") and _summary(trained)["data"]["train"]["digest"] in card


def test_plain_peft_loads_it_and_it_knows_what_it_was_trained_on(
    trained: Path, toy: Callable[..., Recipe], tmp_path: Path
) -> None:
    from datasets import load_dataset
    from peft import PeftModel

    base = resolve_base_model(toy().base_model)
    model, tokenizer = load_model(base), load_tokenizer(base)
    prompt = encode_prompt(tokenizer, '{"instruction": "Extract."}')
    before = model(torch.tensor([prompt])).logits
    adapted = PeftModel.from_pretrained(model, str(trained))
    assert not torch.allclose(before, adapted(torch.tensor([prompt])).logits)
    row = load_dataset(toy().data, "en_ner", split="validation", cache_dir=str(tmp_path))[0]
    ids = encode_prompt(tokenizer, row["instruction"]) + (answer := encode_completion(tokenizer, row["output"]))
    labels = torch.tensor([[IGNORED] * (len(ids) - len(answer)) + answer])
    tuned = adapted(torch.tensor([ids]), labels=labels).loss
    with adapted.disable_adapter():
        assert tuned < 0.7 * adapted(torch.tensor([ids]), labels=labels).loss


def test_the_base_is_named_by_its_id_whatever_folder_it_came_from(
    toy: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    commit = "89abcdef" * 5
    cached = tmp_path / "hub" / "models--owner--toy"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text(commit)
    shutil.copytree(toy().base_model, cached / "snapshots" / commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    adapter = train(toy(base_model="owner/toy", output_dir=str(tmp_path / "run"), max_steps=1))
    config = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    assert (config["base_model_name_or_path"], config["revision"]) == ("owner/toy", commit)
    assert config["target_modules"] == sorted(config["target_modules"])
    for file in ("adapter_config.json", "iepile.json", "README.md"):
        assert str(tmp_path / "hub") not in (adapter / file).read_text("utf-8")


def test_serving_is_told_template_and_shapes(trained: Path) -> None:
    serving = json.loads((trained / "iepile.json").read_text("utf-8"))
    assert serving["template"] == "chat" and serving["cutoff"] == 700
    assert serving["target_shapes"] == {layer: list(shape) for layer, shape in target_shapes(trained).items()}
    assert serving["target_shapes"]["model.layers.0.mlp.down_proj"] == [48, 96]
    assert len(serving["target_shapes"]) == 14


def test_the_same_seed_gives_the_same_losses_and_weights(
    trained: Path, toy: Callable[..., Recipe], tmp_path: Path
) -> None:
    again = train(toy(output_dir=str(tmp_path / "again")))
    assert _losses(again) == _losses(trained)
    assert (again / "adapter_model.safetensors").read_bytes() == (trained / "adapter_model.safetensors").read_bytes()
    other = train(toy(output_dir=str(tmp_path / "other"), seed=7, max_steps=2))
    assert _losses(other) != _losses(trained)[:2]


def _batch(tokenizer: Any) -> dict[str, torch.Tensor]:
    """Two rows of different length, padded on the right, as the collator makes them."""
    pairs = [('{"input": "Ada met Bo."}', '{"person": ["Ada", "Bo"]}'), ('{"input": "小林"}', '{"人物": []}')]
    rows = [(encode_prompt(tokenizer, p), encode_completion(tokenizer, c)) for p, c in pairs]
    longest = max(len(p) + len(c) for p, c in rows)
    padded = [(p + c, [IGNORED] * len(p) + c, longest - len(p) - len(c)) for p, c in rows]
    return {
        "input_ids": torch.tensor([ids + [tokenizer.pad_token_id] * pad for ids, _, pad in padded]),
        "labels": torch.tensor([labels + [IGNORED] * pad for _, labels, pad in padded]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * pad for ids, _, pad in padded]),
    }


def _architectures() -> dict[str, Any]:
    from transformers import CohereConfig, Gemma2Config, GPT2Config, GraniteConfig, LlamaConfig

    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    return {
        "plain": LlamaConfig(**sizes, **heads),
        "soft cap": Gemma2Config(**sizes, **heads, head_dim=8, final_logit_softcapping=3.0),
        "scaled up": CohereConfig(**sizes, **heads, logit_scale=0.25),
        "scaled down": GraniteConfig(**sizes, **heads, logits_scaling=4.0),
        "positions learned": GPT2Config(n_embd=32, n_layer=2, n_head=4),
    }


@pytest.mark.parametrize("name", _architectures())
def test_the_head_on_the_completion_alone_gives_the_loss_and_gradients_of_the_whole(name: str) -> None:
    from transformers import AutoModelForCausalLM

    tokenizer = toy_tokenizer()
    config = _architectures()[name]
    config.vocab_size = len(tokenizer)
    config.pad_token_id = tokenizer.pad_token_id
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    batch = _batch(tokenizer)
    scored = int((batch["labels"] != IGNORED).sum())
    model(**batch).loss.backward()
    expected = {key: p.grad.clone() for key, p in model.named_parameters() if p.grad is not None}
    whole = model(**batch).loss.detach()
    model.zero_grad()
    labels = batch.pop("labels")[:, 1:]
    loss, outputs = completion_loss(model, model, batch, labels)
    assert outputs.logits.shape == (scored, len(tokenizer))
    (loss / scored).backward()
    torch.testing.assert_close(loss / scored, whole)
    for key, parameter in model.named_parameters():
        if key in expected:
            torch.testing.assert_close(parameter.grad, expected[key], msg=key)
    assert model(**batch).logits.shape[:2] == batch["input_ids"].shape, "the head is left as it was"


def test_the_trainer_reports_the_loss_that_trl_does(toy: Callable[..., Recipe], tmp_path: Path) -> None:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    tokenizer = toy_tokenizer()
    batch = _batch(tokenizer)
    rows = Dataset.from_list(
        [
            {"input_ids": ids[mask == 1].tolist(), "labels": labels[mask == 1].tolist()}
            for ids, labels, mask in zip(batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True)
        ]
    )
    arguments = SFTConfig(output_dir=str(tmp_path), bf16=False, max_length=None, report_to="none", disable_tqdm=True)
    options = {"args": arguments, "train_dataset": rows, "eval_dataset": rows, "processing_class": tokenizer}
    theirs = SFTTrainer(model=toy_model(tokenizer), **options)
    ours = CompletionTrainer(model=toy_model(tokenizer), lengths=[1, 1], **options)
    assert ours.evaluate()["eval_loss"] == pytest.approx(theirs.evaluate()["eval_loss"], rel=1e-5)


def test_batches_hold_rows_of_like_length_in_an_order_of_the_epoch_alone() -> None:
    lengths = [(n * 37) % 101 for n in range(1003)]
    sampler = LengthGroupedSampler(lengths, batch_size=4, seed=1)
    first, again = list(sampler), list(sampler)
    assert first == again and sorted(first) == list(range(1003)) and len(sampler) == 1003
    sampler.set_epoch(1)
    assert list(sampler) != first
    spread = [max(rows) - min(rows) for i in range(0, 1000, 4) if (rows := [lengths[j] for j in first[i : i + 4]])]
    assert sum(spread) / len(spread) < 5


def test_a_run_that_learns_no_more_stops_and_keeps_the_best(toy: Callable[..., Recipe], tmp_path: Path) -> None:
    folder = train(
        toy(
            output_dir=str(tmp_path),
            num_train_epochs=20,
            learning_rate=0.3,  # far too high: it learns at first, then wanders
            lr_scheduler_type="constant",
            eval_steps=2,
            early_stopping_patience=2,
        )
    )
    summary = _summary(folder)
    losses = [entry["loss"] for entry in summary["loss"]["validation"]]
    assert summary["steps"] < 240
    assert min(losses[-2:]) >= min(losses[:-2])
    assert summary["best_validation_loss"] == min(losses)


class _Killed(BaseException):
    """What no handler catches, as a kill."""


def test_a_killed_run_goes_on_with_the_same_losses(
    trained: Path, toy: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = toy(output_dir=str(tmp_path / "run"))
    step = CompletionTrainer.training_step
    count = 0

    def dies(self: CompletionTrainer, *args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count == 16:  # in the second epoch, two steps behind a checkpoint
            raise _Killed
        return step(self, *args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(_Killed):
        patch.setattr(CompletionTrainer, "training_step", dies)
        train(recipe)
    run = RunFolder(recipe.folder)
    last = run.last_checkpoint()
    assert last is not None and last.name == "checkpoint-14"
    (run.checkpoints / "checkpoint-15").mkdir()  # half-written when the process was killed
    (run.checkpoints / "checkpoint-15" / "trainer_state.json").write_text('{"global_')

    def count_steps(self: CompletionTrainer, *args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        return step(self, *args, **kwargs)

    count = 0
    monkeypatch.setattr(CompletionTrainer, "training_step", count_steps)
    assert _losses(train(recipe)) == pytest.approx(_losses(trained), rel=1e-6)
    assert count == 10
    assert not (recipe.folder / ".run").exists()


def test_a_run_is_not_continued_by_another_recipe_or_on_other_rows(toy: Callable[..., Recipe], tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.claim(toy(seed=1))
    run.claim_rows("a")
    run.claim(toy())  # nothing was trained yet
    run.claim_rows("b")
    checkpoint = run.checkpoints / "checkpoint-2"
    checkpoint.mkdir(parents=True)
    for name in ("adapter_model.safetensors", "optimizer.pt", "scheduler.pt", "trainer_state.json"):
        (checkpoint / name).write_text("{}")
    run.claim(toy())
    run.claim_rows("b")
    with pytest.raises(IEPileError, match="not finished, with another learning_rate, seed"):
        run.claim(toy(seed=1, learning_rate=1.0))
    with pytest.raises(IEPileError, match="the corpus changed since"):
        run.claim_rows("c")


def test_a_folder_with_files_of_someone_else_is_left_alone(toy: Callable[..., Recipe], tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(IEPileError, match="files that no training run made"):
        train(toy(output_dir=str(tmp_path)))
    assert (tmp_path / "thesis.tex").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1


def test_a_finished_run_can_be_run_again(trained: Path, toy: Callable[..., Recipe], tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "again"
    shutil.copytree(trained, folder)
    train(toy(output_dir=str(folder), max_steps=1))
    assert _summary(folder)["steps"] == 1
