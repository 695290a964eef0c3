"""Which kinds of things a label names: `place of birth` a place, `公司名称` an organization.

The words and their kinds stand in `kinds.yaml`. A label's head decides; its other words count half. The head of an
English label is the last word before a preposition, that of a Chinese one its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml

Kind = tuple[str, str]  # ("family", "kind")

_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_ENGLISH = re.compile(r"[a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PREPOSITION = re.compile(r"\b(?:of|in|for|by|to|at|on|from|with|among)\b")
_LAST_PART = re.compile(r"[-:/.·：]")
_LONGEST = 5  # characters of the longest Chinese word looked up
# Heads that name no kind: the label is about the word before them.
_TRANSPARENT = frozenset("name names type types kind information".split())
_TRANSPARENT_CHINESE = re.compile(r"(?<=.)(?:名称|名字|类型|种类|信息|名)$")


@cache
def lexicon() -> Mapping[str, tuple[Kind, ...]]:
    """Word → its kinds."""
    families = yaml.safe_load((Path(__file__).parent / "kinds.yaml").read_text(encoding="utf-8"))
    found: dict[str, tuple[Kind, ...]] = {}
    for family, kinds in families.items():
        for kind, words in kinds.items():
            for word in words.split():
                found[word] = (*found.get(word, ()), (family, kind))
    return found


def kinds_of(label: str) -> dict[Kind, float]:
    """Each kind that words of the label name → 1 for the head, a half for the rest."""
    found: dict[Kind, float] = {}
    for word, weight in _words(label):
        for kind in _look_up(word):
            found[kind] = max(weight, found.get(kind, 0.0))
    return found


def is_chinese(text: str) -> bool:
    """Whether there is a Chinese character in it."""
    return _CHINESE.search(text) is not None


def _words(label: str) -> Iterator[tuple[str, float]]:
    if is_chinese(label):
        yield from _chinese_words("".join(_CHINESE.findall(_LAST_PART.split(label)[-1])) or label)
        return
    head, *rest = _PREPOSITION.split(_CAMEL.sub(" ", label).lower().replace("_", " "))
    words = _ENGLISH.findall(head)
    while len(words) > 1 and words[-1] in _TRANSPARENT:
        words.pop()
    for place, word in enumerate(words, 1):
        yield word, 1.0 if place == len(words) else 0.5
    for part in rest:
        yield from ((word, 0.5) for word in _ENGLISH.findall(part))


def _chinese_words(label: str) -> Iterator[tuple[str, float]]:
    """The words of the lexicon that the label is made of, longest first, from its end."""
    words = lexicon()
    if label not in words:
        label = _TRANSPARENT_CHINESE.sub("", label)
    end = len(label)
    while end > 0:
        start = next((s for s in range(max(0, end - _LONGEST), end) if label[s:end] in words), None)
        if start is None:
            end -= 1
        else:
            yield label[start:end], 1.0 if end == len(label) else 0.5
            end = start


def _look_up(word: str) -> tuple[Kind, ...]:
    words = lexicon()
    singulars = (word, word.removesuffix("s"), word.removesuffix("es"), re.sub("ies$", "y", word))
    return next((words[singular] for singular in singulars if singular in words), ())
