"""Schema-based instruction generation: which options a record is asked for, and in which batches.

Rules from the paper (arXiv 2402.14710, section 3.2): a training record is asked for its positives, their hard
negatives and a few others; the whole is shuffled and cut into batches of `split_num` at most. Evaluation records are
asked for the whole schema in its declared order. Many records are worked on at once, as columns, since the text of a
row is many times as long as what is new in it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .records import Record
from .sampling import Asked, Flags, Integers, Streams, sampled
from .tasks import Option, Schema, Task, instruction_string, to_json

if TYPE_CHECKING:
    from .wording import SourceWording

T = TypeVar("T")

TRAINING_SPLITS = ("train", "validation")
NEGATIVES = ("hard", "random", "all")


class _Gold(NamedTuple):
    """The answers of many records, one after another."""

    records: list[int]
    options: list[int]
    answers: list[str]  # `"key": answer`, as rows write it
    entries: list[str]  # of the schema, for a task in which they show something of the answer


class _Rows(NamedTuple):
    """What many rows ask for: for each row its record, batch and size, then the options of all rows."""

    records: Integers
    batches: Integers
    sizes: Integers
    options: Integers
    answers: Integers  # the place in `_Gold` of each option's answer, -1 without one

    @property
    def starts(self) -> Integers:
        """Where each row's options begin, and where the last one's end."""
        return np.concatenate([[0], np.cumsum(self.sizes)])

    @property
    def filled(self) -> Flags:
        """Whether a row has any answer."""
        before = np.concatenate([[0], np.cumsum(self.answers >= 0)])
        return np.diff(before[self.starts]) > 0

    def only(self, kept: Flags) -> _Rows:
        """Without the other rows."""
        options = np.repeat(kept, self.sizes)
        rows = (self.records[kept], self.batches[kept], self.sizes[kept])
        return _Rows(*rows, self.options[options], self.answers[options])


@dataclass(frozen=True)
class Asking:
    """How one task asks about one source: everything but the records.

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

    def table(self, records: Sequence[Record], split: str) -> pa.Table:
        """The rows of the records: id, batch, instruction, output, and whether they are `filled` with any answer."""
        # The published test rows of EEA leave the triggers out.
        gold = self._gold(records, shown=not (self.published and split == "test"))
        rows = self._rows([record.id for record in records], gold, split)
        columns = self._strings([record.text for record in records], gold, rows)
        columns["id"] = pa.array([record.id for record in records], pa.string()).take(pa.array(rows.records))
        if self.wording is not None:
            self._reword(self.wording, columns, rows.batches, split)
        return pa.table({**columns, "batch": rows.batches.astype(np.int32), "filled": rows.filled})

    def rows(self, record: Record, split: str) -> list[tuple[int, str, str]]:
        """(batch, instruction, output) for each schema batch of one record."""
        columns = self.table([record], split).to_pydict()
        return list(zip(columns["batch"], columns["instruction"], columns["output"], strict=True))

    def filled_and_empty(self, records: Sequence[Record], split: str) -> tuple[int, int]:
        """How many rows of the records have an answer, and how many have none but empty ones."""
        filled = self._rows([record.id for record in records], self._gold(records), split).filled
        return int(filled.sum()), int((~filled).sum())

    def _gold(self, records: Sequence[Record], shown: bool = True) -> _Gold:
        """The answers; `shown` says whether entries of the schema may give something away of them."""
        gold = _Gold([], [], [], [])
        for number, record in enumerate(records):
            for option, answer in self.task.gold(record, self.schema).items():
                place = self._place[option]
                gold.records.append(number)
                gold.options.append(place)
                gold.answers.append(self._keys[place] + to_json(answer))
                if shown and self.task.entry_shows_gold:
                    gold.entries.append(to_json(self.task.entry(option, self.schema, answer)))
        return gold

    def _rows(self, ids: Sequence[str], gold: _Gold, split: str) -> _Rows:
        streams = Streams(self.seed, ids)
        answers = np.full((len(ids), len(self._options)), -1)
        answers[gold.records, gold.options] = np.arange(len(gold.answers))
        sizes, options = self._cut(self._asked(answers >= 0, streams, split))
        records = np.repeat(np.arange(len(ids)), list(map(len, sizes)))
        batches = np.array([batch for cut in sizes for batch in range(len(cut))], np.int64)
        of_each = np.array([size for cut in sizes for size in cut], np.int64)
        rows = _Rows(records, batches, of_each, options, answers[np.repeat(records, of_each), options])
        if self.keep_empty < 1 and split in TRAINING_SPLITS:
            drawn = streams.numbers(records, 2 * len(self._options) + batches)  # those before are drawn already
            rows = rows.only(rows.filled | (drawn / 2**64 < self.keep_empty))
        return rows

    def _asked(self, positive: Flags, streams: Streams, split: str) -> Asked:
        """What each record is asked for; `positive` says whether it has the option, (records, options)."""
        if not self.task.asks_negatives or not self._options:
            return Asked(positive.sum(axis=1), np.nonzero(positive)[1])
        if split in TRAINING_SPLITS:
            return sampled(positive, self._hard, self.task.split_num, streams, self.negatives_kind)
        count, size = positive.shape
        return Asked(np.full(count, size), np.tile(np.arange(size), count))

    def _cut(self, asked: Asked) -> tuple[list[list[int]], Integers]:
        """The sizes of each record's batches, and the options in the order in which these have them."""
        counts = asked.counts.tolist()
        if self._key is None:
            sizes = {
                n: [len(cut) for cut in batches(range(n), self._split_num, None, self.published)] for n in {*counts}
            }
            return [sizes[count] for count in counts], asked.options
        parts = np.split(asked.options, np.cumsum(counts)[:-1])
        cut = [batches(part.tolist(), self._split_num, self._key, self.published) for part in parts]
        return [[len(batch) for batch in one] for one in cut], np.array([*chain(*chain(*cut))], np.int64)

    def _strings(self, texts: Sequence[str], gold: _Gold, rows: _Rows) -> dict[str, pa.Array]:
        """The instructions and outputs, byte for byte as the published corpus writes them.

        What many rows share is encoded once: a JSON object is the comma-separated JSON of its parts.
        """
        entries, absent = self._json
        answered = np.where(rows.answers >= 0, len(self._options) + rows.answers, rows.options)
        outputs = _joined(pa.concat_arrays([absent, pa.array(gold.answers, pa.string())]), answered, rows)
        if gold.entries:
            schemas = _joined(pa.concat_arrays([entries, pa.array(gold.entries, pa.string())]), answered, rows)
        else:
            schemas = _joined(entries, rows.options, rows)
        written = pa.array(map(to_json, texts), pa.string()).take(pa.array(rows.records))
        opening, middle, closing = instruction_string(self._sentence, "[\0]", "\0").split("\0")
        return {
            "instruction": pc.binary_join_element_wise(opening, schemas, middle, written, closing, ""),
            "output": pc.binary_join_element_wise("{", outputs, "}", ""),
        }

    def _reword(
        self, wording: SourceWording, columns: dict[str, pa.Array], batches: Iterable[int], split: str
    ) -> None:
        rows = zip(*(columns[name].to_pylist() for name in ("id", "instruction", "output")), batches, strict=True)
        reworded = []
        for record_id, instruction, output, batch in rows:
            chance = generator(self.seed, f"{record_id} {batch} wording") if split in TRAINING_SPLITS else None
            reworded.append(wording.reword(self.task, instruction, output, chance))
        for name, values in zip(("instruction", "output"), zip(*reworded, strict=True), strict=False):
            columns[name] = pa.array(values, pa.string())

    @cached_property
    def _split_num(self) -> int:
        return self.split_num or self.task.split_num if self.split_num >= 0 else max(1, len(self._options))

    @cached_property
    def _options(self) -> tuple[Option, ...]:
        return self.task.options(self.schema)

    @cached_property
    def _place(self) -> dict[Option, int]:
        return {option: place for place, option in enumerate(self._options)}

    @cached_property
    def _hard(self) -> list[Integers]:
        return [
            np.array([self._place[o] for o in self.negatives.get(option, ())], np.int64) for option in self._options
        ]

    @cached_property
    def _key(self) -> Callable[[int], str] | None:
        """The key of an option, by its place, where two options share one, so that they must be kept apart."""
        keys = [self.task.key(option) for option in self._options]
        return keys.__getitem__ if len({*keys}) < len(keys) else None

    @cached_property
    def _sentence(self) -> str:
        return to_json(self.task.instruction[self.language])

    @cached_property
    def _keys(self) -> list[str]:
        """The key of each option as an answer has it, up to the value."""
        return [f"{to_json(self.task.key(option))}: " for option in self._options]

    @cached_property
    def _json(self) -> tuple[pa.Array, pa.Array]:
        """Of each option its entry in the schema, and its key in the answer with the empty answer."""
        entries = [to_json(self.task.entry(option, self.schema, None)) for option in self._options]
        absent = [key + to_json(self.task.empty()) for key in self._keys]
        return pa.array(entries, pa.string()), pa.array(absent, pa.string())


def _joined(values: pa.Array, places: Integers, rows: _Rows) -> pa.Array:
    """For each row the values at the places of its options, with commas."""
    return pc.binary_join(pa.ListArray.from_arrays(rows.starts.astype(np.int32), values.take(pa.array(places))), ", ")


def generator(seed: int, row: str) -> random.Random:
    """A generator that depends on the seed and the row's id alone, so that no order of work can matter."""
    digest = blake2b(f"{seed}/{row}".encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest, "big"))


def batches(
    options: Sequence[T], split_num: int, key: Callable[[T], str] | None = None, published: bool = False
) -> list[list[T]]:
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


def _published(options: Sequence[T], split_num: int) -> list[list[T]]:
    cut = [list(options[i : i + split_num]) for i in range(0, len(options), split_num)]
    if len(cut) > 1 and len(cut[-1]) < split_num // 2:
        rest = cut.pop()
        cut[-1] += rest
    return cut


def _dealt(options: Sequence[T], count: int, key: Callable[[T], str]) -> list[list[T]]:
    """Deal like cards, neighbours of one key first, so that they part; each batch keeps the order given."""
    first: dict[str, int] = {}
    for place, option in enumerate(options):
        first.setdefault(key(option), place)
    order = sorted(range(len(options)), key=lambda place: (first[key(options[place])], place))
    return [[options[place] for place in sorted(order[n::count])] for n in range(count)]
