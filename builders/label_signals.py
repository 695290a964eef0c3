"""What makes two labels of one schema alike: their words, their place in a hierarchy, their types, their roles.

Each signal gives, for one schema, a similarity in [0, 1] for every pair of labels and, for a pair, the reason why.
Shared features weigh by how rare they are in the schema, so that what all labels share says nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import log

Matrix = list[list[float]]
Features = dict[str, float]  # feature → weight of its kind

ELSE = frozenset({"else", "other", "others", "misc", "miscellaneous", "其他", "其它"})
_SEPARATOR = re.compile(r"[-:/.·—：]")
_WORD = re.compile(r"[a-z]+|\d+|[\u3400-\u9fff]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_FUNCTION_WORDS = frozenset("a an and at by for from in is of on or the to with among".split())
_FUNCTION_CHARACTERS = frozenset("的之与和及或在被")


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of one label: its name, the native name, the types that a relation joins, an event's roles."""

    name: str
    native: str = ""
    types: tuple[tuple[str, str], ...] = ()  # (subject type, object type), several where a predicate has several
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signal:
    """A similarity for every pair of labels; `reason(i, j)` says in words what the two share, "" for nothing."""

    name: str
    similarity: Matrix
    reason: Callable[[int, int], str]


def words_of(name: str) -> list[str]:
    """The content words of a label: `Live_In` → live; `司法行为-起诉` → 司法行为, 起诉. A plural loses its s."""
    words = (w for w in _WORD.findall(_CAMEL.sub(" ", name).lower()) if w not in _FUNCTION_WORDS)
    return [w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in words]


def parent_of(name: str) -> str:
    """What stands before the last separator: `Life:Marry` → Life, `/people/person/children` → /people/person."""
    parts = _SEPARATOR.split(name)
    return name[: -len(parts[-1]) - 1] if len(parts) > 1 and parts[-1] else ""


def word_signal(labels: Sequence[Label]) -> Signal:
    """Shared words and, for Chinese, shared characters and pairs of characters; the head counts twice."""
    return _shared("words", [_word_features(label.name) for label in labels])


def parent_signal(labels: Sequence[Label]) -> Signal:
    """The same parent in a hierarchy, by the native name or the published one."""
    features = []
    for label in labels:
        found: Features = {}
        for name in dict.fromkeys((label.name, label.native)):
            parent = parent_of(name)
            while parent.strip("/"):
                found[parent] = 1.0
                parent = parent_of(parent)
        features.append(found)
    return _shared("parent", features)


def type_signal(labels: Sequence[Label]) -> Signal:
    """The same subject type and object type; types that share words count in part."""
    features = []
    for label in labels:
        found: Features = {}
        for place, name in (pair for types in label.types for pair in zip(("subject", "object"), types, strict=True)):
            found[f"{place} {name}"] = 2.0
            found.update({f"{place}: {word}": 0.5 * weight for word, weight in _word_features(name).items()})
        features.append(found)
    return _shared("types", features)


def role_signal(labels: Sequence[Label]) -> Signal:
    """Shared roles of event types."""
    features = []
    for label in labels:
        found: Features = {}
        for role in label.roles:
            found[role] = 1.0
            found.update({f"{word}": 0.25 * weight for word, weight in _word_features(role).items() if word != role})
        features.append(found)
    return _shared("roles", features)


def _word_features(name: str) -> Features:
    found: Features = {}
    words = words_of(name)
    for word in words:
        if "\u3400" <= word[0]:
            characters = [c for c in word if c not in _FUNCTION_CHARACTERS]
            found.update({c: 0.5 for c in characters})
            found.update({word[i : i + 2]: 1.0 for i in range(len(word) - 1)})
        else:
            found[word] = 1.0
    return found


def _shared(name: str, features: Sequence[Features]) -> Signal:
    """Weighted Jaccard of features; a feature weighs less the more labels have it, and nothing if all have."""
    n = len(features)
    count = Counter(feature for found in features for feature in found)
    rarity = {feature: log(n / c) / log(n) if n > 1 else 0.0 for feature, c in count.items()}
    weighted = [{f: w * rarity[f] for f, w in found.items()} for found in features]

    def similarity(a: Features, b: Features) -> float:
        common = sum(min(a[f], b[f]) for f in a if f in b)
        return common / (sum(a.values()) + sum(b.values()) - common) if common else 0.0

    def reason(i: int, j: int) -> str:
        common = [f for f in weighted[i] if f in weighted[j] and weighted[i][f] > 0]
        return ", ".join(_longest(sorted(common, key=lambda f: -weighted[i][f])))

    return Signal(name, [[similarity(a, b) for b in weighted] for a in weighted], reason)


def _longest(features: Iterable[str]) -> list[str]:
    """Without those that are part of a longer one."""
    features = list(features)
    return [f for f in features if not any(f != g and f in g for g in features)]
