"""Greedy decoding in batches: rows leave when they are done, and tokens that a grammar forces cost no step.

`generate` of transformers keeps finished rows in the batch and takes a step for each token; most of an answer in our
format is its keys and brackets, so both are worth the loop below.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Constraint(Protocol):
    """What a row may write next."""

    def forced(self) -> list[int]:
        """Accept and return the tokens that are the only way to go on."""
        ...

    def mask_into(self, bits: torch.Tensor) -> None:
        """Set the bits of the allowed tokens in an int32 vector."""
        ...

    def accept(self, token: int) -> None:
        """Take note of a chosen token."""
        ...

    @property
    def done(self) -> bool:
        """Whether the answer is complete."""
        ...


@dataclass
class Row:
    """A prompt, and what was written after it."""

    prompt: Sequence[int]
    limit: int  # of new tokens
    constraint: Constraint | None = None
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finished: bool = False  # by itself, not by the limit

    def force(self) -> list[int]:
        """Append what the grammar forces, within the limit."""
        if self.constraint is None:
            return []
        forced = self.constraint.forced()[: self.limit - len(self.tokens)]
        self.tokens += forced
        self.logprobs += [0.0] * len(forced)
        self.finished = self.constraint.done
        return forced

    @property
    def over(self) -> bool:
        return self.finished or len(self.tokens) >= self.limit


@torch.inference_mode()
def decode(
    model: PreTrainedModel,
    rows: Sequence[Row],
    *,
    stop_ids: frozenset[int],
    pad_id: int,
    batch_size: int = 8,
    force: bool = True,
    on_done: Callable[[int], None] | None = None,
) -> None:
    """Write after each row's prompt the likeliest tokens; `tokens`, `logprobs` and `finished` are filled in.

    Args:
        model: a causal language model.
        rows: of any length and order; they are batched by length.
        stop_ids: the tokens that end an answer; they are not written down.
        pad_id: fills short rows up; masked.
        batch_size: rows at a time.
        force: whether forced tokens are appended without a step of their own.
        on_done: called with the number of rows done since the last call.
    """
    force = force and not _slides(model)
    order = sorted(range(len(rows)), key=lambda n: -len(rows[n].prompt))
    for first in range(0, len(rows), batch_size):
        _decode_batch(model, [rows[n] for n in order[first : first + batch_size]], stop_ids, pad_id, force, on_done)


def _decode_batch(
    model: PreTrainedModel,
    rows: list[Row],
    stop_ids: frozenset[int],
    pad_id: int,
    force: bool,
    on_done: Callable[[int], None] | None,
) -> None:
    device = model.device
    # Only the last place of each row is asked for its logits: a vocabulary wide, they would cost more than the layers.
    last = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}
    fed: list[Sequence[int]] = [[*row.prompt, *(row.force() if force else ())] for row in rows]
    seen = torch.zeros(len(rows), dtype=torch.long, device=device)  # tokens so far: the next one's position
    mask = torch.zeros((len(rows), 0), dtype=torch.long, device=device)
    cache = None
    while True:
        keep = [n for n, row in enumerate(rows) if not row.over]
        if len(keep) < len(rows):
            if on_done:
                on_done(len(rows) - len(keep))
            if not keep:
                return
            chosen = torch.tensor(keep, device=device)
            rows, fed, seen, mask = [rows[n] for n in keep], [fed[n] for n in keep], seen[chosen], mask[chosen]
            if cache is not None:
                cache.batch_select_indices(chosen)
        ids, new = _left_padded(fed, pad_id, device)
        mask = torch.cat((mask, new), dim=1)
        positions = (seen[:, None] + new.cumsum(dim=1) - 1).clamp(min=0)
        out = model(
            input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True, **last
        )
        cache, seen = out.past_key_values, seen + new.sum(dim=1)
        fed = _extend(rows, out.logits[:, -1].float(), stop_ids, force)


def _extend(rows: Sequence[Row], logits: torch.Tensor, stop_ids: frozenset[int], force: bool) -> list[Sequence[int]]:
    """Let each row take its likeliest allowed token; return what each has to be fed next."""
    logits = _allowed(rows, logits)
    tokens = logits.argmax(dim=-1)
    logprobs = (logits.gather(1, tokens[:, None])[:, 0] - logits.logsumexp(dim=-1)).tolist()
    fed: list[Sequence[int]] = []
    for row, token, logprob in zip(rows, tokens.tolist(), logprobs, strict=True):
        if row.constraint is None and token in stop_ids:
            row.finished = True
            fed.append([])
            continue
        row.tokens.append(token)
        row.logprobs.append(logprob)
        if row.constraint is not None:
            row.constraint.accept(token)
            row.finished = row.constraint.done
        fed.append([token, *(row.force() if force and not row.over else ())])
    return fed


def _allowed(rows: Sequence[Row], logits: torch.Tensor) -> torch.Tensor:
    """The logits with those of forbidden tokens at minus infinity."""
    if all(row.constraint is None for row in rows):
        return logits
    bits = torch.full((len(rows), (logits.shape[1] + 31) // 32), -1, dtype=torch.int32)
    for row, line in zip(rows, bits, strict=True):
        if row.constraint is not None:
            row.constraint.mask_into(line)
    unpacked = (bits[:, :, None] >> torch.arange(32, dtype=torch.int32)) & 1
    allowed = unpacked.reshape(len(rows), -1)[:, : logits.shape[1]].bool().to(logits.device)
    return logits.masked_fill(~allowed, float("-inf"))


def _left_padded(fed: Sequence[Sequence[int]], pad_id: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(len(ids) for ids in fed)
    ids = [[pad_id] * (width - len(row)) + list(row) for row in fed]
    mask = [[0] * (width - len(row)) + [1] * len(row) for row in fed]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def _slides(model: PreTrainedModel) -> bool:
    """Whether some layers see a window or keep a running state: holes in the mask would shift what they see."""
    kinds = getattr(model.config, "layer_types", None) or ()
    return any(kind != "full_attention" for kind in kinds) or bool(getattr(model.config, "sliding_window", None))
