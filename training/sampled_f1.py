"""F1 of a sample: the model as it stands answers some validation rows, as it will be asked when it serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .recipe import Recipe
from .splitting import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class SampledF1:
    """Micro F1 in per cent, over all tasks, of greedy answers that are held to the schema and the text.

    Args:
        rows: of the corpus.
        tokenizer: that of the base.
        recipe: gives template and batch size; an answer may be as long as its cutoff.
    """

    def __init__(self, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, recipe: Recipe) -> None:
        self._rows, self._tokenizer, self._recipe = rows, tokenizer, recipe

    def __call__(self, model: Any) -> float:
        """Score the model, with its adapter or without; it is left in evaluation mode."""
        from ..extraction.metrics import ALL, Counts
        from ..extraction.scoring import score
        from ..extraction.selection import questions
        from ..extraction.transformers_backend import TransformersBackend

        backend = TransformersBackend(
            model.get_base_model() if hasattr(model, "get_base_model") else model,
            self._tokenizer,
            template=self._recipe.template,
            batch_size=self._recipe.per_device_train_batch_size,
            max_new_tokens=self._recipe.cutoff,
        )
        replies = backend.reply(questions(self._rows), "grounded")
        answered = ({**row, "prediction": reply.output} for row, reply in zip(self._rows, replies, strict=True))
        first = {line.task: line for line in reversed(score(answered).lines) if line.source == ALL}
        return sum((line.counts for line in first.values()), Counts()).f1
