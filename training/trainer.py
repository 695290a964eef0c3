"""TRL's trainer, with the language-model head on the scored positions alone and an order of rows to resume by."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.nn import functional as F
from tqdm import tqdm
from transformers import ProgressCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from trl import SFTTrainer

from .data import IGNORED


class CompletionTrainer(SFTTrainer):
    """An `SFTTrainer` for rows with `labels`.

    On a GPU TRL's own loss already leaves the prompt out of the head. Elsewhere it projects every position, which at
    a vocabulary of 49 thousand is as much work as the rest of a small model.
    """

    def __init__(
        self,
        *args: Any,
        lengths: Sequence[int],
        sampled_f1: Callable[[Any], float] | None = None,
        **kwargs: Any,
    ) -> None:
        self._lengths, self._sampled_f1 = lengths, sampled_f1
        super().__init__(*args, **kwargs)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        if self.args.device.type == "cuda":
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        inputs = dict(inputs)
        labels = inputs.pop("labels")[:, 1:]
        loss, outputs = completion_loss(model, self.accelerator.unwrap_model(model), inputs, labels)
        scored = (labels != IGNORED).sum().clamp(min=1)
        loss = loss / (scored if num_items_in_batch is None else num_items_in_batch)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            # The count is of all processes, and their gradients are averaged.
            loss = loss * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss

    def evaluation_loop(self, *args: Any, metric_key_prefix: str = "eval", **kwargs: Any) -> Any:
        """The loss, and where a sample was given F1 of the answers to it; each process answers all of it."""
        output = super().evaluation_loop(*args, metric_key_prefix=metric_key_prefix, **kwargs)
        if self._sampled_f1:
            output.metrics[f"{metric_key_prefix}_f1"] = self._sampled_f1(self.accelerator.unwrap_model(self.model))
        return output

    def _get_train_sampler(self, train_dataset: Any = None) -> torch.utils.data.Sampler[int]:
        batch = self.args.per_device_train_batch_size * self.args.world_size
        return LengthGroupedSampler(self._lengths, batch, self.args.seed)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Not with each checkpoint: the adapter's card is written once, at the end."""


def completion_loss(
    model: torch.nn.Module, bare: Any, inputs: dict[str, Any], labels: torch.Tensor
) -> tuple[torch.Tensor, Any]:
    """The summed loss of the scored positions, of which alone logits are made.

    The hook narrows what reaches the head, so that whatever a model does around it (soft caps, scales, biases) is
    done as ever, on fewer positions.

    Args:
        model: what is called; it may be wrapped for several processes.
        bare: the same model unwrapped.
        inputs: without labels.
        labels: (batch, length - 1), the token behind each position, `IGNORED` where it is not scored.

    Returns:
        The loss, and the model's output, whose logits are (scored positions, vocabulary).
    """
    scored = labels != IGNORED
    head = bare.get_output_embeddings()
    hook = head.register_forward_pre_hook(lambda _, args: (args[0][:, :-1][scored], *args[1:]))
    try:
        outputs = model(**inputs, use_cache=False)
    finally:
        hook.remove()
    return F.cross_entropy(outputs.logits.float(), labels[scored], reduction="sum"), outputs


class LengthGroupedSampler(torch.utils.data.Sampler[int]):
    """Batches of rows of like length, in an order drawn anew each epoch from the seed and the epoch alone.

    The library's own draws from the global generator, which stands elsewhere after a resume.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int, window: int = 50) -> None:
        self._lengths, self._batch_size, self._seed, self._window = lengths, batch_size, seed, window
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        draw = random.Random(f"{self._seed} {self._epoch}")
        rows = list(range(len(self._lengths)))
        draw.shuffle(rows)
        span = self._batch_size * self._window
        batches = []
        for start in range(0, len(rows), span):
            near = sorted(rows[start : start + span], key=self._lengths.__getitem__, reverse=True)
            batches += [near[i : i + self._batch_size] for i in range(0, len(near), self._batch_size)]
        # A batch that is not full must come last, or all behind it would be cut askew.
        short = [batch for batch in batches if len(batch) < self._batch_size]
        batches = [batch for batch in batches if len(batch) == self._batch_size]
        draw.shuffle(batches)
        for batch in batches + short:
            yield from batch


class Bar(ProgressCallback):
    """The library's bar, without its own lines."""

    def on_log(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: `LogLines` tells."""


class LogLines(TrainerCallback):
    """A line for each log entry, above the bar where there is one."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        if state.is_world_process_zero and logs:
            shown = {k: v for k, v in logs.items() if k in ("loss", "eval_loss", "eval_f1", "learning_rate")}
            values = "  ".join(f"{key} {value:.4g}" for key, value in shown.items())
            if values:
                tqdm.write(f"train: step {state.global_step} of {state.max_steps}  {values}", file=sys.stderr)
