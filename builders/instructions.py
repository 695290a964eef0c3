"""Schema-based instruction generation: which options a record is asked for, and in which batches.

Rules from the paper (arXiv 2402.14710, section 3.2): a training record is asked for its positives, their hard
negatives and a few others; the whole is shuffled and cut into batches of `split_num` at most. Evaluation records are
asked for the whole schema in its declared order.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from .records import Record
from .tasks import Option, Schema, Task

TRAINING_SPLITS = ("train", "validation")


@dataclass(frozen=True)
class Asking:
    """How one task asks about one source: everything but the record.

    `published` batches as the published code does: full batches, a remainder shorter than half a batch joined to the
    last one.
    """

    task: Task
    schema: Schema
    language: str
    negatives: Mapping[Option, Sequence[Option]]
    seed: int = 42
    published: bool = False

    def rows(self, record: Record, record_id: str, split: str) -> Iterator[tuple[str, str]]:
        """Yield (instruction, output) for each schema batch of the record."""
        gold = self.task.gold(record, self.schema)
        options = self.task.options(self.schema)
        if not self.task.asks_negatives:
            asked = [option for option in options if option in gold]
        elif split in TRAINING_SPLITS:
            rng = generator(self.seed, record_id)
            asked = sample(list(gold), options, self.negatives, self.task.split_num, rng)
        else:
            asked = list(options)
        for batch in batches(asked, self.task.split_num, self.task.key, published=self.published):
            yield self.task.write(record.text, self.language, batch, self.schema, gold)


def generator(seed: int, record_id: str) -> random.Random:
    """A generator that depends on the seed and the row's id alone, so that no order of work can matter."""
    digest = blake2b(f"{seed}/{record_id}".encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest, "big"))


def sample(
    positives: Sequence[Option],
    options: Sequence[Option],
    negatives: Mapping[Option, Sequence[Option]],
    split_num: int,
    rng: random.Random,
) -> list[Option]:
    """Positives, their hard negatives and up to `split_num` others, shuffled.

    Without positives: each option with probability one half, at least one.
    """
    if positives:
        asked = dict.fromkeys(positives)
        for positive in positives:
            asked.update(dict.fromkeys(negatives.get(positive, ())))
        others = [option for option in options if option not in asked]
        chosen = [*asked, *rng.sample(others, min(split_num, len(others)))]
    else:
        chosen = [option for option in options if rng.random() < 0.5] or [rng.choice(options)]
    rng.shuffle(chosen)
    return chosen


def batches(
    options: Sequence[Option], split_num: int, key: Callable[[Option], str] = str, *, published: bool = False
) -> list[list[Option]]:
    """Cut into as few batches as `split_num` allows, in order; sizes differ by one at most, larger ones first.

    Two options with one key never share a batch, since the answer could hold only one of them.
    """
    if not options:
        return []
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
    first = {}
    for place, option in enumerate(options):
        first.setdefault(key(option), place)
    order = sorted(range(len(options)), key=lambda place: (first[key(options[place])], place))
    return [[options[place] for place in sorted(order[n::count])] for n in range(count)]
