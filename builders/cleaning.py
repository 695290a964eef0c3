"""Cleaning: which records and mentions go before the corpus is made, each by a rule with a name and a counter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from functools import partial
from hashlib import blake2b

from .edits import Span, map_mentions, rewrite, spans
from .errors import IEPileError
from .mending import is_sound, mend, mend_text
from .personal import KINDS, find_personal
from .records import Record, Rejected
from .seen import Seen

LETTERS = 3  # or characters of Chinese: what a text needs to say anything

# The rules in the order in which they are applied, and what each does. Under the profile `published` only `duplicate`,
# `contradiction` and `leak` are: the published corpus was cleaned of nothing else.
RULES = {
    "broken encoding": "read again in the right encoding; lost characters left out, or the record where a mention "
    "lost them",
    "control character": "left out, or a space where it parts two words",
    "too short": f"with `quality`: a text to train on with fewer than {LETTERS} letters: the record goes",
    "not letters": "with `quality`: a text to train on of which letters are less than half: the record goes",
    "duplicate": "a text that stood earlier in the split, with the same annotations: the record goes",
    "contradiction": "a text that stood earlier in the split, with other annotations: it goes, the first stays",
    "leak": "a training text that stands in a test split or a zero-shot suite: the record goes",
    "near duplicate": "a text to train or tune on that is near to a held-out one, or to an earlier one of its source: "
    "with `near`, the record goes",
    "wrong offsets": "offsets that do not point at their mention, which occurs elsewhere: the offsets go",
    "missing mention": "a mention that the text lacks: it goes, with the relation or event that hangs on it",
    **dict.fromkeys(KINDS, "counted each time it occurs; with `mask`, it and the mentions that hold it are masked"),
}
PROFILES = ("default", "published")

Step = Callable[[Record], Record | Rejected]


def text_digest(text: str) -> int:
    """64 bits that stand for a text, the same in every process and before and after its characters are mended."""
    return _digest(text if is_sound(text) else mend_text(text))


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def join_by_text(items: Iterable[Record | Rejected]) -> Iterator[Record | Rejected]:
    """The records, those that share a text as one: the first, with the annotations of all.

    For sources that tell a text's events or related pairs one by one; all records are held in memory. What tells
    nothing new, or another relation of a pair than its first, follows as a record of its own, so that cleaning counts
    it: the one as a duplicate, the other as a contradiction.
    """
    joined: dict[str, Record] = {}
    again: list[tuple[Record, bool]] = []  # what is not joined, and whether it says the same
    for item in items:
        if isinstance(item, Rejected):
            yield item
            continue
        first = joined.get(item.text)
        if first is None:
            joined[item.text] = item
        elif not _adds(first, item):
            again.append((item, True))
        elif _related(first) & _related(item):
            again.append((item, False))
        else:
            joined[item.text] = replace(
                first,
                entity=(*first.entity, *item.entity),
                relation=(*first.relation, *item.relation),
                event=(*first.event, *item.event),
            )
    yield from joined.values()
    for item, same in again:
        yield replace(joined[item.text], id=item.id, origin=item.origin) if same else item


def _adds(first: Record, item: Record) -> bool:
    return not (
        set(item.entity) <= set(first.entity)
        and set(item.relation) <= set(first.relation)
        and set(item.event) <= set(first.event)
    )


def _related(record: Record) -> set[tuple[str, int | None, str, int | None]]:
    """The pairs of mentions that a relation is told of."""
    return {(r.head, r.head_start, r.tail, r.tail_start) for r in record.relation}


class Cleaner:
    """Cleans the records of one source; `counts` says how often each rule applied.

    Args:
        profile: `default` for all rules, `published` for those of the published corpus.
        held_out: `text_digest`s of the texts that must not be trained on: under the default profile those of all test
            splits and zero-shot suites, under the published one those of the source's own test split.
        quality: whether poor texts go from `train` and `validation`.
        mask: whether personal data are masked.
        near: ids of the records that go as near duplicates, as `near_duplicates.py` finds them.

    Raises:
        IEPileError: if there is no such profile.
    """

    def __init__(
        self,
        profile: str = "default",
        held_out: Container[int] = frozenset(),
        quality: bool = False,
        mask: bool = False,
        near: frozenset[str] = frozenset(),
    ) -> None:
        if profile not in PROFILES:
            raise IEPileError(f"There is no profile {profile!r}; the profiles are {', '.join(PROFILES)}.")
        self.profile = profile
        self.held_out = held_out
        self.quality = quality
        self.mask = mask
        self.near = near
        self.counts: Counter[str] = Counter()

    def clean(self, items: Iterable[Record | Rejected], split: str) -> Iterator[Record | Rejected]:
        """Yield what stays of one split's records; what goes follows as `Rejected`, its reason opening with the rule.

        Memory grows by 16 bytes a record, whatever the length of the texts.
        """
        aside: list[Rejected] = []
        steps = self._steps(split, aside)
        for item in items:
            for step in steps:
                if isinstance(item, Rejected):
                    break
                item = step(item)
            yield item
            if aside:
                yield from aside
                aside.clear()

    def _steps(self, split: str, aside: list[Rejected]) -> list[Step]:
        default = self.profile == "default"
        held_out: Container[int] = self.held_out if split == "train" else ()
        # Personal data go last: repeats and leaks are known by the texts as they were.
        steps: list[tuple[bool, Step]] = [
            (default, self._mended),
            (self.quality and split in ("train", "validation"), self._worthy),
            (True, partial(self._known, Seen(), held_out, _digest if default else text_digest)),
            (bool(self.near), self._apart),
            (default, partial(self._grounded, aside)),
            (default or self.mask, self._masked),
        ]
        return [step for applies, step in steps if applies]

    def _rejected(self, rule: str, record: Record, why: str) -> Rejected:
        self.counts[rule] += 1
        return Rejected(record.origin, f"{rule}: {why}", content=record.text[:200])

    def _mended(self, record: Record) -> Record | Rejected:
        if is_sound(record.text):
            return record
        mended, rules = mend(record)
        if mended is None:
            return self._rejected("broken encoding", record, "a mention holds characters that were lost")
        self.counts.update(rules)
        return mended

    def _worthy(self, record: Record) -> Record | Rejected:
        letters = sum(map(str.isalpha, record.text))
        if letters < LETTERS:
            return self._rejected("too short", record, f"fewer than {LETTERS} letters")
        if 2 * letters < sum(map(len, record.text.split())):
            return self._rejected("not letters", record, "less than half of the text are letters")
        return record

    def _known(
        self, seen: Seen, held_out: Container[int], digest_of: Callable[[str], int], record: Record
    ) -> Record | Rejected:
        digest = digest_of(record.text)
        # Hashes of this process do for the annotations, since they are compared within one split only.
        annotations = hash(frozenset((*record.entity, *record.relation, *record.event)))
        first = seen.first(digest, annotations)
        if first == annotations:
            return self._rejected("duplicate", record, "the text stands earlier in this split")
        if first is not None:
            return self._rejected(
                "contradiction", record, "the text stands earlier in this split, annotated otherwise"
            )
        if digest in held_out:
            return self._rejected("leak", record, "the text stands in a test split or a zero-shot suite")
        return record

    def _apart(self, record: Record) -> Record | Rejected:
        if record.id in self.near:
            return self._rejected(
                "near duplicate", record, "near to a held-out text, or to an earlier one of its source"
            )
        return record

    def _grounded(self, aside: list[Rejected], record: Record) -> Record:
        """The record without mentions that its text lacks, and without offsets that point elsewhere."""
        text = record.text
        for mention, start, end in spans(record):
            if not mention or (mention not in text if start is None else text[start:end] != mention):
                break
        else:
            return record

        def settle(mention: str, start: int | None, end: int | None) -> Span:
            if start is None or text[start:end] == mention or mention not in text:
                return mention, start, end
            self.counts["wrong offsets"] += 1
            return mention, None, None

        def lacks(*mentions: str) -> bool:
            missing = next((m for m in mentions if not m or m not in text), None)
            if missing is None:
                return False
            self.counts["missing mention"] += 1
            aside.append(Rejected(record.origin, "missing mention: the text lacks it", mention=True, content=missing))
            return True

        record = map_mentions(record, settle)
        return replace(
            record,
            entity=tuple(e for e in record.entity if not lacks(e.entity)),
            relation=tuple(r for r in record.relation if not lacks(r.head, r.tail)),
            event=tuple(
                replace(e, arguments=tuple(a for a in e.arguments if a.enumerated or not lacks(a.argument)))
                for e in record.event
                if not (e.event_trigger and lacks(e.event_trigger))
            ),
        )

    def _masked(self, record: Record) -> Record:
        edits = []
        for kind, edit in find_personal(record.text):
            self.counts[kind] += 1
            edits.append(edit)
        return rewrite(record, edits) if self.mask else record
