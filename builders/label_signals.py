"""What makes two labels of one schema alike: words, kinds, a place in a hierarchy, types, roles, shared mentions.

A signal describes each label of a schema by features. Two labels are as alike as the features that they share, each
weighing by how rare it is in this schema, so that what all labels have in common says nothing (this is what centring
within the schema does for vectors).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from .kinds import Kind, is_chinese, kinds_of

Matrix = list[list[float]]
Feature = tuple[str, str]  # (what it is, its value): ("word", "city"), ("role", "victim")
Features = Mapping[Feature, float]  # feature → weight
KindsOf = Callable[[str], Mapping[Kind, float]]

_SEPARATOR = re.compile(r"[-:/.·：]")
_QUALIFIED = re.compile(r"(.+)[（(][^（）()]+[）)]$")
_WORD = re.compile(r"[a-z]+|\d+|[\u3400-\u9fff]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_FUNCTION_WORDS = frozenset("a an and at by for from in is of on or the to with among".split())
_FUNCTION_CHARACTERS = frozenset("的之与和及或在被")


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of one label of a schema."""

    name: str
    native: tuple[str, ...] = ()  # in the native files
    types: tuple[tuple[str, str], ...] = ()  # of a relation: (subject type, object type), where it has several, all
    roles: tuple[str, ...] = ()  # of an event type


@dataclass(frozen=True)
class Signal:
    """How alike the labels of a schema are in one respect.

    Attributes:
        similarity: n × n, symmetric, 0 to 1; 0 where two labels have nothing in common.
        features: of each label, with their weights.
    """

    similarity: Matrix
    features: Sequence[Features]

    def shared(self, i: int, j: int) -> list[Feature]:
        """What labels i and j have in common, the weightiest first."""
        a, b = self.features[i], self.features[j]
        return sorted((f for f in a if f in b), key=lambda f: (-min(a[f], b[f]), f))


def alike(features: Sequence[Features]) -> Signal:
    """The signal of some features: weighted Jaccard, a feature of all labels weighing nothing."""
    n = len(features)
    count = Counter(feature for found in features for feature in found)
    rarity = {feature: log(n / c) / log(n) if n > 1 else 0.0 for feature, c in count.items()}
    weighted = [{f: w * rarity[f] for f, w in found.items() if rarity[f] > 0} for found in features]
    having: dict[Feature, list[int]] = defaultdict(list)
    for i, found in enumerate(weighted):
        for feature in found:
            having[feature].append(i)
    similarity: Matrix = [[0.0] * n for _ in range(n)]
    for feature, items in having.items():  # first the sum of what two have in common
        weights = [weighted[i][feature] for i in items]
        for i, weight in zip(items, weights, strict=True):
            row = similarity[i]
            for j, other in zip(items, weights, strict=True):
                row[j] += weight if weight < other else other
    total = [sum(found.values()) for found in weighted]
    for i, row in enumerate(similarity):
        for j, common in enumerate(row):
            row[j] = common / (total[i] + total[j] - common) if common else 0.0
    return Signal(similarity, weighted)


def words(labels: Sequence[Label]) -> Signal:
    """Shared words; for Chinese shared pairs of characters and, for half as much, shared characters."""
    return alike([_word_features(label.name) for label in labels])


def kinds(labels: Sequence[Label], kinds_of: KindsOf = kinds_of) -> Signal:
    """Names for the same kind of thing; kinds of one family count half. Relations with types have the types' kinds."""
    return alike([_kinds_of_label(label, kinds_of) if not label.types else {} for label in labels])


def parents(labels: Sequence[Label]) -> Signal:
    """The same place in a hierarchy, by the native name or the published one."""
    found = [{("parent", p): 1.0 for name in (a.name, *a.native) for p in ancestors(name)} for a in labels]
    count = Counter(feature for features in found for feature in features)
    # An only child's parent sets it apart from nobody: `组织关系-辞/离职` is no less one of 组织关系.
    return alike([{f: w for f, w in features.items() if count[f] > 1} for features in found])


def types(labels: Sequence[Label], kinds_of: KindsOf = kinds_of) -> Signal:
    """The same subject and object types, or types of one kind; the subject, which a text is about, counts twice."""
    found = []
    for label in labels:
        features: dict[Feature, float] = {}
        for subject, object_ in label.types:
            for place, name, weight in (("subject", subject, 2.0), ("object", object_, 1.0)):
                features[place, name] = 2.0 * weight
                for (what, value), w in _kind_features(kinds_of(name)).items():
                    features[f"{place} {what}", value] = w * weight
                for (what, value), w in _word_features(name).items():
                    features[f"{place} {what}", value] = 0.25 * w * weight
            if subject == object_:
                features["types", "equal"] = 1.0
        found.append(features)
    return alike(found)


def roles(labels: Sequence[Label]) -> Signal:
    """Shared roles of event types, and shared words of their roles."""
    found = []
    for label in labels:
        features: dict[Feature, float] = {}
        for role in label.roles:
            features.update({("role word", word): 0.25 * w for (_, word), w in _word_features(role).items()})
        features.update({("role", role): 1.0 for role in label.roles})
        found.append(features)
    return alike(found)


def ancestors(name: str) -> list[str]:
    """From the nearest: `/people/person/children` → /people/person, /people; `同义词（药物）` → 同义词."""
    qualified = _QUALIFIED.match(name)
    found = [qualified[1]] if qualified else []
    separators = list(_SEPARATOR.finditer(name))
    return found + [name[: m.start()] for m in reversed(separators) if m.start() and m.end() < len(name)]


def _word_features(name: str) -> dict[Feature, float]:
    found: dict[Feature, float] = {}
    for word in _WORD.findall(_CAMEL.sub(" ", name).lower()):
        if is_chinese(word):
            found.update({("character", c): 0.5 for c in word if c not in _FUNCTION_CHARACTERS})
            found.update({("characters", word[i : i + 2]): 1.0 for i in range(len(word) - 1)})
        elif word not in _FUNCTION_WORDS:
            plural = len(word) > 3 and word.endswith("s") and not word.endswith("ss")
            found["word", word[:-1] if plural else word] = 1.0
    return found


def _kinds_of_label(label: Label, kinds_of: KindsOf) -> dict[Feature, float]:
    """By its name; where that tells nothing, by its native name (`GPE`)."""
    names = [label.name, *(name[len(next(iter(ancestors(name)), "")) :] for name in label.native)]
    return _kind_features(next(filter(None, map(kinds_of, names)), {}))


def _kind_features(kinds: Mapping[Kind, float]) -> dict[Feature, float]:
    found: dict[Feature, float] = {}
    for (family, kind), weight in kinds.items():
        found["kind", kind] = weight
        found["family", family] = max(0.5 * weight, found.get(("family", family), 0.0))
    return found


PHRASES = {
    "parent": "both lie under {}",
    "role": "both have the roles {}",
    "kind": "both name things of the kind {}",
    "family": "both name things of the family {}",
    "word": "both have the word {}",
    "characters": "both have the characters {}",
    "character": "both have the character {}",
    "subject": "both start at {}",
    "object": "both end at {}",
    "subject kind": "both start at things of the kind {}",
    "object kind": "both end at things of the kind {}",
    "mention": "both are given to the same mentions: {}",
}


def phrase(shared: Sequence[Feature]) -> str:
    """What two labels have in common, in words; the weightiest sort of feature, "" for none that means anything."""
    for what in dict.fromkeys(what for what, _ in shared if what in PHRASES):
        values = [value for w, value in shared if w == what]
        values = [v for v in values if not any(v != other and other.startswith(v) for other in values)]
        return PHRASES[what].format(", ".join(repr(value) for value in values[:3]))
    return ""
