"""Greedy decoding in batches: what prompts share is read once, rows leave when they are done, forced tokens are free.

`generate` of transformers reads every prompt whole, keeps finished rows in the batch and takes a step for each token.
In our format most of a prompt is the instruction and the schema, the same for many texts, and most of an answer is
keys and brackets, so all three are worth the loop below.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.nn.functional import pad
from transformers.cache_utils import DynamicLayer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

LEAST_SHARED = 8  # tokens: for fewer, a pass of their own costs more than it spares
ROOM = 64  # tokens that a cache has room for when it is made anew
MOST_TOKENS = 16_384  # of the prompts of a batch, so that long ones do not fill the memory
MOST_PADDING = 1.25  # places for each token, where prompts are read together


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
    """A prompt, and what was written after it.

    Attributes:
        prompt: its tokens.
        limit: new tokens at most.
        grammar: makes what constrains the row, when its turn comes; thousands of them would fill the memory.
        finished: whether it ended by itself, not by the limit.
    """

    prompt: list[int]
    limit: int
    grammar: Callable[[], Constraint] | None = None
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finished: bool = False
    constraint: Constraint | None = None  # while it is written

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
    batch_size: int = 32,
    force: bool = True,
    share: bool = True,
    on_done: Callable[[list[Row]], None] | None = None,
) -> None:
    """Write after each row's prompt the likeliest tokens; `tokens`, `logprobs` and `finished` are filled in.

    Args:
        model: a causal language model.
        rows: of any length and order; they are batched by what they share, and by length.
        stop_ids: the tokens that end an answer; they are not written down.
        pad_id: fills short rows up; masked.
        batch_size: rows at a time, fewer where they are long.
        force: whether forced tokens are appended without a step of their own.
        share: whether what all prompts of a batch open with (the instruction, mostly the schema too) is read once.
        on_done: called with rows that are done.
    """
    plain = not _slides(model)
    prefix = _Prefix(model) if share and plain else None
    for batch in _batches([row for row in rows if not row.over], batch_size):
        _decode_batch(model, batch, stop_ids, pad_id, force and plain, prefix, on_done)


def _batches(rows: Sequence[Row], batch_size: int) -> Iterator[list[Row]]:
    """Full batches of rows that share at least half of their prompts, then the rest, longest rows first."""
    rest: list[Row] = []
    group: list[Row] = []
    for row in (*sorted(rows, key=lambda row: row.prompt), None):
        if row is not None and (not group or 2 * _shared((group[0].prompt, row.prompt)) >= len(row.prompt)):
            group.append(row)
            continue
        for batch, full in _cut(group, batch_size):
            if full:
                yield batch
            else:
                rest += batch
        group = [] if row is None else [row]
    yield from (batch for batch, _ in _cut(rest, batch_size))


def _cut(rows: Sequence[Row], batch_size: int) -> Iterator[tuple[list[Row], bool]]:
    """Batches of the rows, longest first, and whether each is as large as it may be."""
    rows = sorted(rows, key=lambda row: -len(row.prompt))
    while rows:
        size = max(1, min(batch_size, MOST_TOKENS // len(rows[0].prompt)))
        yield rows[:size], len(rows) >= size
        rows = rows[size:]


def _shared(prompts: Sequence[list[int]]) -> int:
    """How many tokens all prompts open with."""
    first, last = min(prompts), max(prompts)  # all others lie between the two
    return next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))


class _Prefix:
    """What a model makes of the opening of a batch's prompts; kept for the next batch, which may open alike."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._tokens: list[int] = []
        self._cache: Any = None

    def read(self, prompts: Sequence[list[int]]) -> tuple[int, Any]:
        """How many tokens of the prompts need not be read again, and the cache that holds them."""
        shared = min(_shared(prompts), min(map(len, prompts)) - 1)  # a row's last token gives its first logits
        opening = prompts[0][:shared]
        known = len(self._tokens)
        if not (self._tokens == opening[:known] and known >= 0.8 * shared > 0):
            if len(prompts) == 1 or shared < LEAST_SHARED:
                return 0, None
            ids = torch.tensor([opening], device=self._model.device)
            self._cache = self._model(input_ids=ids, use_cache=True, **_last_logits(self._model)).past_key_values
            self._tokens, known = opening, shared
        cache = deepcopy(self._cache)
        cache.batch_repeat_interleave(len(prompts))
        return known, cache


def _decode_batch(
    model: PreTrainedModel,
    rows: list[Row],
    stop_ids: frozenset[int],
    pad_id: int,
    force: bool,
    prefix: _Prefix | None,
    on_done: Callable[[list[Row]], None] | None,
) -> None:
    device = model.device
    for row in rows:
        row.constraint = row.grammar() if row.grammar else None
    known, cache = prefix.read([row.prompt for row in rows]) if prefix else (0, None)
    fed: list[Sequence[int]] = [[*row.prompt[known:], *(row.force() if force else ())] for row in rows]
    state = _State(
        cache,
        torch.full((len(rows),), known, device=device),
        torch.ones((len(rows), known), dtype=torch.long, device=device),
    )
    started = False
    while True:
        over = [row for row in rows if row.over]
        if over:
            for row in over:
                row.constraint = None
            if on_done:
                on_done(over)
            if len(over) == len(rows):
                return
            keep = _close_ranks([row.over for row in rows])
            chosen = torch.tensor(keep, device=device)
            rows, fed, state = [rows[n] for n in keep], [fed[n] for n in keep], state.select(chosen)
        now, fed = _share(fed) if started and device.type == "cpu" else (fed, [[] for _ in fed])
        parts = [list(range(len(rows)))] if started or not prefix else _alike(now)
        state, logits = _read_apart(model, now, parts, state, pad_id)
        if not started:
            _give_room(state.cache)
        started = True
        ready = [n for n, rest in enumerate(fed) if not rest]
        for n, ids in zip(ready, _extend([rows[n] for n in ready], logits[ready], stop_ids, force), strict=True):
            fed[n] = ids


def _close_ranks(over: Sequence[bool]) -> list[int]:
    """The places of the rows that are kept: the last of them move to where rows left, and all others stay."""
    kept = over.count(False)
    last = [n for n in range(kept, len(over)) if not over[n]]
    return [last.pop() if over[n] else n for n in range(kept)]


def _share(fed: Sequence[Sequence[int]]) -> tuple[list[Sequence[int]], list[Sequence[int]]]:
    """What is fed of each row's tokens at this step, and what later: as many of each, so that nothing is padded.

    A processor takes as long for a place as for a token, so a row whose tokens are forced waits for the others, which
    need the step anyway. An accelerator takes as long for a step, whatever is in it, and is fed all at once.
    """
    step = min(map(len, fed))
    return [ids[:step] for ids in fed], [ids[step:] for ids in fed]


@dataclass
class _State:
    """What a model has read of some rows.

    Attributes:
        cache: what it made of it; None before the first token.
        seen: tokens of each row so far, which is the position of the next one.
        mask: rows × places of the cache; 0 where a row has no token.
    """

    cache: Any
    seen: torch.Tensor
    mask: torch.Tensor

    def select(self, chosen: torch.Tensor) -> _State:
        """Some of the rows; this state is used up."""
        if self.cache is not None:
            self.cache.batch_select_indices(chosen)
        return _State(self.cache, self.seen[chosen], self.mask[chosen])


class _RoomyLayer(DynamicLayer):
    """A layer of a cache with room behind its tokens, into which the next ones are written.

    Its parent joins old and new anew at every step: a copy of all that was read so far, and that mostly into fresh
    pages of memory, which took up to a third of the time of a batch.
    """

    def __init__(self, layer: DynamicLayer) -> None:
        super().__init__()
        self.lazy_initialization(layer.keys, layer.values)
        self._room: tuple[torch.Tensor, ...] = (layer.keys, layer.values)
        self.keys, self.values = self._room

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        before = self.keys.shape[-2]
        after = before + key_states.shape[-2]
        if self._room[0].shape[-2] < after:
            self._room = tuple(pad(old, (0, 0, 0, after - before + ROOM)) for old in (self.keys, self.values))
        for room, states in zip(self._room, (key_states, value_states), strict=True):
            room[..., before:after, :] = states
        self.keys, self.values = (room[..., :after, :] for room in self._room)
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep these rows; only those whose place changes are copied."""
        here = torch.arange(len(indices), device=indices.device)
        moved = here[indices != here]
        for room in self._room:
            room[moved] = room[indices[moved]]
        self._room = tuple(room[: len(indices)] for room in self._room)
        self.keys, self.values = (room[..., : self.keys.shape[-2], :] for room in self._room)


def _give_room(cache: Any) -> None:
    """Let a model's plain layers grow in place; unused ones, or of a window or a running state, stay as they are."""
    for number, layer in enumerate(cache.layers):
        if type(layer) is DynamicLayer and layer.is_initialized:
            cache.layers[number] = _RoomyLayer(layer)


def _alike(fed: Sequence[Sequence[int]]) -> list[list[int]]:
    """The places of rows that are read together: of much the same length, for padding costs what tokens cost."""
    parts: list[list[int]] = []
    longest = total = 0
    for place in sorted(range(len(fed)), key=lambda n: -len(fed[n])):
        if not parts or longest * (len(parts[-1]) + 1) > MOST_PADDING * (total + len(fed[place])):
            parts.append([])
            longest, total = len(fed[place]), 0
        parts[-1].append(place)
        total += len(fed[place])
    return parts


def _read_apart(
    model: PreTrainedModel, fed: Sequence[Sequence[int]], parts: list[list[int]], state: _State, pad_id: int
) -> tuple[_State, torch.Tensor]:
    """Read some rows after others; the new state and the last logits of each row, in the rows' order."""
    if len(parts) == 1:
        return _read(model, fed, state, pad_id)
    done = []
    for part in parts:
        chosen = torch.tensor(part, device=model.device)
        own = _State(deepcopy(state.cache), state.seen, state.mask).select(chosen)
        done.append(_read(model, [fed[place] for place in part], own, pad_id))
    order = torch.tensor([place for part in parts for place in part], device=model.device).argsort()
    states, logits = [one for one, _ in done], torch.cat([some for _, some in done])[order]
    width = max(one.mask.shape[1] for one in states)
    cache = states[0].cache
    for number, layer in enumerate(cache.layers):
        layers = [(one.cache.layers[number], width - one.mask.shape[1]) for one in states]
        layer.keys, layer.values = (
            torch.cat([pad(getattr(part, name), (0, 0, lacking, 0)) for part, lacking in layers])
            for name in ("keys", "values")
        )
    mask = torch.cat([pad(one.mask, (width - one.mask.shape[1], 0)) for one in states])
    return _State(cache, torch.cat([one.seen for one in states]), mask).select(order), logits


def _read(
    model: PreTrainedModel, fed: Sequence[Sequence[int]], state: _State, pad_id: int
) -> tuple[_State, torch.Tensor]:
    ids, new = _left_padded(fed, pad_id, model.device)
    mask = torch.cat((state.mask, new), dim=1)
    out = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=(state.seen[:, None] + new.cumsum(dim=1) - 1).clamp(min=0),
        past_key_values=state.cache,
        use_cache=True,
        **_last_logits(model),
    )
    return _State(out.past_key_values, state.seen + new.sum(dim=1), mask), out.logits[:, -1].float()


def _last_logits(model: PreTrainedModel) -> dict[str, int]:
    """Only the last place of each row is asked for its logits: a vocabulary wide, they would cost more than layers."""
    return {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}


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
