"""Where a mention stands in a text: by exact match first, then with case, width, white space and accents set aside.

Offsets are of Python characters (code points), end exclusive, and always of the original text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Match = Literal["exact", "normalised", "unsupported"]
Span = tuple[int, int]

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″「」『』", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "。": ".",
        "、": ",",
    }
)


@dataclass(frozen=True)
class Mention:
    """A string that a model wrote, and where it stands in the text.

    Attributes:
        text: as the model wrote it; `source[start:end]` is how the text writes it.
        start, end: the occurrence that is meant, None where the text does not support the mention.
        spans: all occurrences.
        match: how it was found.
    """

    text: str
    start: int | None = None
    end: int | None = None
    spans: tuple[Span, ...] = ()
    match: Match = "unsupported"

    @property
    def ambiguous(self) -> bool:
        """Whether other occurrences could be meant as well."""
        return len(self.spans) > 1


@dataclass(frozen=True)
class _Folded:
    """A text with some differences set aside, and for each of its characters the original one."""

    text: str
    origins: Sequence[int]

    def find(self, mention: str, length: int) -> list[Span]:
        """Spans in the original text, which has `length` characters, that start and end with a whole character."""
        spans = []
        place = self.text.find(mention) if mention else -1
        while place >= 0:
            stop = place + len(mention)
            starts_whole = place == 0 or self.origins[place - 1] != self.origins[place]
            ends_whole = stop == len(self.origins) or self.origins[stop - 1] != self.origins[stop]
            if starts_whole and ends_whole:
                spans.append((self.origins[place], min(self.origins[stop - 1] + 1, length)))
            place = self.text.find(mention, place + 1)
        return spans


@dataclass(frozen=True)
class Grounder:
    """Finds mentions in one text."""

    text: str
    _known: dict[str, tuple[Match, tuple[Span, ...]]] = field(default_factory=dict, repr=False)

    def find(self, mention: str) -> tuple[Match, tuple[Span, ...]]:
        """How a mention is found, and all its occurrences in order.

        Occurrences inside a word count only where there is no other, so that `he` is not found in `The`.
        """
        if mention not in self._known:
            self._known[mention] = self._find(mention)
        return self._known[mention]

    def ground(self, mentions: Sequence[str]) -> list[Mention]:
        """Place mentions that were answered together, for one key.

        A mention that is repeated takes its next occurrence each time. An occurrence inside a longer mention is taken
        last: of `New York` and `York`, the second is sought outside the first.
        """
        taken: set[Span] = set()
        covered = bytearray(len(self.text))
        # What is taken stays so: each of a mention's occurrences is looked at once, however often it is repeated.
        free: dict[str, Iterator[Span]] = {}
        fresh: dict[str, Iterator[Span]] = {}
        placed: dict[int, Mention] = {}
        for place in sorted(range(len(mentions)), key=lambda n: -len(mentions[n])):
            mention = mentions[place]
            match, spans = self.find(mention)
            if not spans:
                placed[place] = Mention(mention)
                continue
            span = next((s for s in free.setdefault(mention, iter(spans)) if not any(covered[slice(*s)])), None)
            span = span or next((s for s in fresh.setdefault(mention, iter(spans)) if s not in taken), spans[0])
            taken.add(span)
            covered[slice(*span)] = b"\1" * (span[1] - span[0])
            placed[place] = Mention(mention, *span, spans, match)
        return [placed[place] for place in range(len(mentions))]

    def _find(self, mention: str) -> tuple[Match, tuple[Span, ...]]:
        if exact := _occurrences(self.text, mention):
            return "exact", self._preferred(exact)
        for level, folded in enumerate(self._levels):
            if spans := folded.find(_fold(mention.strip(), level)[0], len(self.text)):
                return "normalised", self._preferred([self._with_marks(span) for span in spans])
        return "unsupported", ()

    @cached_property
    def _levels(self) -> list[_Folded]:
        return [_Folded(*_fold(self.text, level)) for level in range(len(_LEVELS))]

    def _preferred(self, spans: list[Span]) -> tuple[Span, ...]:
        whole = [span for span in spans if not self._inside_word(*span)]
        return tuple(whole or spans)

    def _inside_word(self, start: int, end: int) -> bool:
        return _joined(self.text[start - 1 : start], self.text[start]) or _joined(
            self.text[end - 1], self.text[end : end + 1]
        )

    def _with_marks(self, span: Span) -> Span:
        """The span with the accents that belong to its last character."""
        start, end = span
        while end < len(self.text) and unicodedata.combining(self.text[end]):
            end += 1
        return start, end


def _occurrences(text: str, mention: str) -> list[Span]:
    spans = []
    place = text.find(mention) if mention.strip() else -1
    while place >= 0:
        spans.append((place, place + len(mention)))
        place = text.find(mention, place + 1)
    return spans


def _joined(before: str, after: str) -> bool:
    """Whether two neighbours belong to one word; Chinese has no blanks between words, so nothing is known there."""
    return bool(before and after) and _in_word(before) and _in_word(after)


def _in_word(char: str) -> bool:
    return (char.isalnum() or bool(unicodedata.combining(char))) and not _is_cjk(char)


def _is_cjk(char: str) -> bool:
    return "\u2e80" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af" or "\uf900" <= char <= "\ufaff" or char >= "𠀀"


def _plain(char: str) -> str:
    """One character without case, width and form; what only formats is dropped."""
    if unicodedata.category(char) == "Cf":
        return ""
    folded = unicodedata.normalize("NFKD", char.translate(_ALIKE)).casefold()
    return unicodedata.normalize("NFKD", folded).translate(_ALIKE)


def _without_accents(char: str) -> str:
    return "".join(c for c in _plain(char) if not unicodedata.combining(c))


def _without_blanks(char: str) -> str:
    return "".join(c for c in _without_accents(char) if not c.isspace())


_LEVELS: tuple[Callable[[str], str], ...] = (_plain, _without_accents, _without_blanks)


def _fold(text: str, level: int) -> tuple[str, list[int]]:
    """The folded text and the original place of each of its characters; runs of blanks become one."""
    pieces: list[str] = []
    origins: list[int] = []
    for place, char in enumerate(text):
        for piece in _LEVELS[level](char):
            if piece.isspace():
                if pieces and pieces[-1] == " ":
                    continue
                piece = " "
            pieces.append(piece)
            origins.append(place)
    return "".join(pieces), origins
