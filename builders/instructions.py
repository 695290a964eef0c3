"""Schema-based instruction generation: which options a record is asked for, and in which batches.

Rules from the paper (arXiv 2402.14710, section 3.2): a training record is asked for its positives, their hard
negatives and a few others; the whole is shuffled and cut into batches of `split_num` at most. Evaluation records are
asked for the whole schema in its declared order.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from .records import Record
from .tasks import Option, Schema, Task, instruction_string, to_json

if TYPE_CHECKING:
    from .wording import SourceWording

TRAINING_SPLITS = ("train", "validation")
NEGATIVES = ("hard", "random", "all")


@dataclass(frozen=True)
class Asking:
    """How one task asks about one source: everything but the record.

    Attributes:
        task, schema, language: what is asked, of what, with which sentence.
        negatives: option → its hard negatives.
        seed: decides what is sampled.
        published: batch as the published code does: full batches, a remainder shorter than half a batch joined to the
            last one.
        negatives_kind: `hard`; or for comparison `random`, as many others in their place, or `all`, the whole schema.
        split_num: the most options in a batch, in place of the task's own; below 0 for the whole schema at once.
        keep_empty: the probability with which a training row stays whose answers are all empty.
        wording: what rows say of the labels beside their names, and other names for them.
    """

    task: Task
    schema: Schema
    language: str
    negatives: Mapping[Option, Sequence[Option]]
    seed: int = 42
    published: bool = False
    negatives_kind: str = "hard"
    split_num: int = 0
    keep_empty: float = 1.0
    wording: SourceWording | None = None

    def rows(self, record: Record, split: str) -> Iterator[tuple[int, str, str]]:
        """Yield (batch, instruction, output) for each schema batch of the record."""
        gold = self.task.gold(record, self.schema)
        kept = dict(enumerate(self._batches(record, split, gold)))
        if self.keep_empty < 1 and split in TRAINING_SPLITS:
            rng = generator(self.seed, f"{record.id} empty")
            draws = {number: rng.random() for number in kept}
            kept = {n: b for n, b in kept.items() if draws[n] < self.keep_empty or not gold.keys().isdisjoint(b)}
        # The published test rows of EEA leave the triggers out.
        written = self.write(record.text, kept.values(), gold, show_gold=not (self.published and split == "test"))
        for number, (instruction, output) in zip(kept, written, strict=True):
            if self.wording is None:
                yield number, instruction, output
            else:
                chance = generator(self.seed, f"{record.id} {number} wording") if split in TRAINING_SPLITS else None
                yield number, *self.wording.reword(self.task, instruction, output, chance)

    def filled_and_empty(self, record: Record, split: str) -> tuple[int, int]:
        """How many rows of the record have an answer, and how many have none but empty ones."""
        gold = self.task.gold(record, self.schema)
        cut = self._batches(record, split, gold)
        empty = sum(gold.keys().isdisjoint(batch) for batch in cut)
        return len(cut) - empty, empty

    def _batches(self, record: Record, split: str, gold: Mapping[Option, Any]) -> list[list[Option]]:
        if not self.task.asks_negatives:
            asked = [option for option in self._options if option in gold]
        elif split in TRAINING_SPLITS:
            asked = self._sampled(list(gold), generator(self.seed, record.id))
        else:
            asked = list(self._options)
        return batches(asked, self._split_num, self._key, self.published)

    def write(
        self, text: str, batches: Iterable[Sequence[Option]], gold: Mapping[Option, Any], *, show_gold: bool = True
    ) -> Iterator[tuple[str, str]]:
        """Yield (instruction, output) for each batch, byte for byte as the published corpus writes them.

        What many rows share is encoded once: a JSON object is the comma-separated JSON of its parts.

        Args:
            text: of the record.
            batches: of options.
            gold: option → answer, without absent ones.
            show_gold: whether the schema shows what a task gives away of the answer, the triggers of EEA.
        """
        text_json = to_json(text)
        keys, absent, entries = self._json
        present = {option: keys[option] + to_json(answer) for option, answer in gold.items()}
        for batch in batches:
            if self.task.entry_shows_gold and show_gold:
                schema = [to_json(self.task.entry(option, self.schema, gold.get(option))) for option in batch]
            else:
                schema = [entries[option] for option in batch]
            output = [present.get(option) or absent[option] for option in batch]
            instruction = instruction_string(self._sentence, f"[{', '.join(schema)}]", text_json)
            yield instruction, f"{{{', '.join(output)}}}"

    def _sampled(self, positives: Sequence[Option], rng: random.Random) -> list[Option]:
        """What a training record is asked for."""
        if self.negatives_kind == "all":
            return rng.sample(self._options, len(self._options))
        hard = dict.fromkeys(negative for positive in positives for negative in self.negatives.get(positive, ()))
        if self.negatives_kind == "random":
            return sample(positives, self._options, (), len(hard.keys() - set(positives)) + self.task.split_num, rng)
        return sample(positives, self._options, tuple(hard), self.task.split_num, rng)

    @cached_property
    def _split_num(self) -> int:
        return self.split_num or self.task.split_num if self.split_num >= 0 else max(1, len(self._options))

    @cached_property
    def _options(self) -> tuple[Option, ...]:
        return self.task.options(self.schema)

    @cached_property
    def _key(self) -> Callable[[Option], str] | None:
        """The task's key where two options share one, so that they must be kept apart; else None."""
        return self.task.key if len({*map(self.task.key, self._options)}) < len(self._options) else None

    @cached_property
    def _sentence(self) -> str:
        return to_json(self.task.instruction[self.language])

    @cached_property
    def _json(self) -> tuple[dict[Option, str], dict[Option, str], dict[Option, str]]:
        """Option → its key in the answer, the key with the empty answer, its entry in the schema."""
        keys = {option: f"{to_json(self.task.key(option))}: " for option in self._options}
        absent = {option: key + to_json(self.task.empty()) for option, key in keys.items()}
        return keys, absent, {o: to_json(self.task.entry(o, self.schema, None)) for o in self._options}


def generator(seed: int, record_id: str) -> random.Random:
    """A generator that depends on the seed and the row's id alone, so that no order of work can matter."""
    digest = blake2b(f"{seed}/{record_id}".encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest, "big"))


def sample(
    positives: Sequence[Option], options: Sequence[Option], hard: Sequence[Option], others: int, rng: random.Random
) -> list[Option]:
    """Positives, their hard negatives and up to `others` more of the options, shuffled.

    Without positives: each option with probability one half, at least one.
    """
    if positives:
        asked = dict.fromkeys((*positives, *hard))
        rest = [option for option in options if option not in asked]
        chosen = [*asked, *rng.sample(rest, min(others, len(rest)))]
    else:
        chosen = [option for option in options if rng.random() < 0.5] or [rng.choice(options)]
    rng.shuffle(chosen)
    return chosen


def batches(
    options: Sequence[Option], split_num: int, key: Callable[[Option], str] | None = None, published: bool = False
) -> list[list[Option]]:
    """Cut into as few batches as `split_num` allows, in order; sizes differ by one at most, larger ones first.

    Two options with one key never share a batch, since the answer could hold only one of them.
    """
    if not options:
        return []
    if key is not None:
        repeats = max(Counter(key(option) for option in options).values())
        if repeats > 1:
            return _dealt(options, max(repeats, -(-len(options) // split_num)), key)
    if published:
        return _published(options, split_num)
    count = -(-len(options) // split_num)
    size, larger = divmod(len(options), count)
    starts = [n * size + min(n, larger) for n in range(count + 1)]
    return [list(options[i:j]) for i, j in zip(starts, starts[1:], strict=False)]


def _published(options: Sequence[Option], split_num: int) -> list[list[Option]]:
    cut = [list(options[i : i + split_num]) for i in range(0, len(options), split_num)]
    if len(cut) > 1 and len(cut[-1]) < split_num // 2:
        rest = cut.pop()
        cut[-1] += rest
    return cut


def _dealt(options: Sequence[Option], count: int, key: Callable[[Option], str]) -> list[list[Option]]:
    """Deal like cards, neighbours of one key first, so that they part; each batch keeps the order given."""
    first: dict[str, int] = {}
    for place, option in enumerate(options):
        first.setdefault(key(option), place)
    order = sorted(range(len(options)), key=lambda place: (first[key(options[place])], place))
    return [[options[place] for place in sorted(order[n::count])] for n in range(count)]
