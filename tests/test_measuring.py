"""What a run measures on the way: F1 of a sample, when it stops for want of better, and where the curves go."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

from iepile.builders.errors import IEPileError
from iepile.extraction.evaluate import evaluate
from iepile.training.recipe import Recipe
from iepile.training.sft import train
from iepile.training.trainer import CompletionTrainer

from toy_models import save_toy_base, write_toy_rows


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Recipe]:
    folder = tmp_path_factory.mktemp("toy")
    recipe = Recipe(
        name="toy",
        base_model=str(save_toy_base(folder / "base")),
        data=str(write_toy_rows(folder / "iepile", 24, configs=("en_ner",))),
        configs=("en_ner",),
        validation_rows=4,
        f1_rows=3,
        cutoff=200,
        lora_r=4,
        learning_rate=2e-2,
        max_steps=12,
        per_device_train_batch_size=4,
        gradient_accumulation_steps=1,
        logging_steps=1,
        eval_steps=3,
    )
    return lambda **changes: replace(recipe, **changes)


def _summary(folder: Path) -> Any:
    return json.loads((folder / "training_summary.json").read_text("utf-8"))


def test_f1_of_the_sample_is_that_of_evaluate(toy: Callable[..., Recipe], tmp_path: Path) -> None:
    recipe = toy(output_dir=str(tmp_path / "run"), early_stopping_metric="f1", f1_rows=100, precision="float32")
    folder = train(recipe)
    curve = _summary(folder)["f1"]
    assert [point["step"] for point in curve] == [0, 3, 6, 9, 12]
    # Its validation split has four rows, all of which were measured on.
    options: dict[str, Any] = {"config": "en_ner", "split": "validation", "max_new_tokens": 200}
    done = evaluate(recipe.base_model, folder, data=recipe.data, **options)
    assert curve[-1]["f1"] == pytest.approx(done.scores.line("NER").counts.f1)


def _scripted(monkeypatch: pytest.MonkeyPatch, *f1: float) -> None:
    """Let the measurements give these, one after the other."""
    left = iter(f1)
    monkeypatch.setattr("iepile.training.sampled_f1.SampledF1.__call__", lambda self, model: next(left))


def test_a_run_stops_when_f1_no_longer_rises_and_keeps_the_best(
    toy: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = toy(early_stopping_metric="f1", early_stopping_patience=2, lr_scheduler_type="constant")
    _scripted(monkeypatch, 0, 10, 30, 20, 25, 99)
    best = train(replace(recipe, output_dir=str(tmp_path / "stopped"), max_steps=30))
    assert _summary(best)["steps"] == 12
    assert [point["f1"] for point in _summary(best)["f1"]] == [0, 10, 30, 20, 25]
    _scripted(monkeypatch, 0, 10, 30)
    at_six = train(replace(recipe, output_dir=str(tmp_path / "six"), max_steps=6))
    weights = [(folder / "adapter_model.safetensors").read_bytes() for folder in (best, at_six)]
    assert weights[0] == weights[1]


class _Killed(BaseException):
    """What no handler catches, as a kill."""


def test_a_run_gone_on_with_remembers_how_long_nothing_was_better(
    toy: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = toy(early_stopping_metric="f1", early_stopping_patience=3, max_steps=30, output_dir=str(tmp_path))
    step, count = CompletionTrainer.training_step, 0

    def dies(self: CompletionTrainer, *args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count == 11:  # behind two measurements that were no better
            raise _Killed
        return step(self, *args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(_Killed):
        _scripted(patch, 0, 30, 20, 25)
        patch.setattr(CompletionTrainer, "training_step", dies)
        train(recipe)
    _scripted(monkeypatch, 10, 20, 99)
    summary = _summary(train(recipe))
    assert summary["steps"] == 12 and [point["f1"] for point in summary["f1"]][-1] == 10


def test_without_the_option_nothing_is_answered(
    toy: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _scripted(monkeypatch)
    assert "f1" not in _summary(train(toy(output_dir=str(tmp_path), max_steps=3)))


def test_tensorboard_gets_the_curves_and_they_stay(toy: Callable[..., Recipe], tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = train(toy(output_dir=str(tmp_path / "run"), max_steps=3, report_to="tensorboard"))
    read = EventAccumulator(str(folder / "tensorboard"))
    read.Reload()
    logged = [event.value for event in read.Scalars("train/loss")]
    assert logged == pytest.approx([point["loss"] for point in _summary(folder)["loss"]["train"]])
    train(toy(output_dir=str(folder), max_steps=1))  # the folder is still one that a run made
    assert not (folder / "tensorboard").exists()


def test_trackio_gets_the_curves_and_stays_here(
    toy: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trackio = pytest.importorskip("trackio")
    asked: dict[str, Any] = {}
    logged: list[dict[str, Any]] = []
    monkeypatch.setattr(trackio, "init", lambda **options: asked.update(options))
    monkeypatch.setattr(trackio, "log", lambda metrics, **_: logged.append(metrics))
    monkeypatch.setattr(trackio, "finish", lambda: None)
    monkeypatch.setattr(trackio, "config", {}, raising=False)
    folder = train(toy(output_dir=str(tmp_path / "run"), max_steps=2, report_to="trackio"))
    assert (asked["project"], asked["name"], asked["space_id"]) == ("iepile", "run", None)
    losses = [point["loss"] for point in _summary(folder)["loss"]["train"]]
    assert [metrics["train/loss"] for metrics in logged if "train/loss" in metrics] == losses


@pytest.mark.parametrize(
    ("name", "message"), [("wandbb", "it must be none or one of "), ("comet_ml", "run `pip install comet_ml`")]
)
def test_what_cannot_be_reported_to_is_said(
    name: str, message: str, toy: Callable[..., Recipe], tmp_path: Path
) -> None:
    with pytest.raises(IEPileError, match=message):
        train(toy(output_dir=str(tmp_path), report_to=name))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lr_scheduler_type": "cosin"}, "The recipe toy will not do: '?cosin'? is not a valid SchedulerType"),
        ({"optim": "adam"}, "The recipe toy will not do: '?adam'? is not a valid OptimizerNames"),
        ({"target_modules": ("W_pack",)}, "target_modules do not fit .*base: .*W_pack"),
        ({"attn_implementation": "sdpaa"}, "attn_implementation=sdpaa can't be had: "),
    ],
)
def test_a_value_that_a_library_refuses_is_one_sentence(
    changes: dict[str, Any], message: str, toy: Callable[..., Recipe], tmp_path: Path
) -> None:
    with pytest.raises(IEPileError, match=message) as caught:
        train(toy(output_dir=str(tmp_path), **changes))
    assert "\n" not in str(caught.value)
