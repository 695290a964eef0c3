"""Long texts: stretches that fit the model, cut at sentence ends, each with the last sentences of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..builders.errors import IEPileError
from ..builders.readers.sentences import split_sentences

OVERLAP = 8  # a stretch opens with sentences of the one before, up to this part of the budget
LEAST = 16  # tokens of text that must fit beside the schema


@dataclass(frozen=True)
class Window:
    """A stretch of a text, which starts at `offset`."""

    text: str
    offset: int


def split_text(text: str, language: str, budget: int, count: Callable[[str], int]) -> list[Window]:
    """Cut a text into stretches of at most `budget` tokens, without losing a character that is no blank.

    Args:
        text: of any length.
        language: decides what ends a sentence.
        budget: tokens.
        count: the tokens of a text.

    Raises:
        IEPileError: where the budget is too small to hold any text.
    """
    if budget < LEAST:
        raise IEPileError(
            f"The schema leaves {max(budget, 0)} tokens of the model's context to the text, too few to ask; "
            "shorten its descriptions, or lower max_new_tokens."
        )
    # Only a text that could be too long is counted: a token has a byte at least.
    if len(text.encode("utf-8", "replace")) <= budget or count(text) <= budget:
        return [Window(text, 0)]
    sentences = [piece for span in split_sentences(text, language) for piece in _fitting(text, span, budget, count)]
    sizes = [count(text[start:end]) + 1 for start, end in sentences]  # one for the blank between two
    windows = []
    first = 0
    while first < len(sentences):
        last = first
        used = sizes[first]
        while last + 1 < len(sentences) and used + sizes[last + 1] <= budget:
            last += 1
            used += sizes[last]
        # Put together, sentences may have a token more than apart.
        while last > first and count(text[sentences[first][0] : sentences[last][1]]) > budget:
            last -= 1
        windows.append(Window(text[sentences[first][0] : sentences[last][1]], sentences[first][0]))
        first = last + 1 if last + 1 == len(sentences) else _back(sizes, first, last, budget)
    return windows


def _back(sizes: list[int], first: int, last: int, budget: int) -> int:
    """Where the next stretch starts: some sentences before the end of this one, and behind its start."""
    start, repeated = last + 1, 0
    while start - 1 > first and repeated + sizes[start - 1] <= budget // OVERLAP:
        start -= 1
        repeated += sizes[start]
    # The sentence after the repeated ones must still fit.
    while start <= last and sum(sizes[start : last + 2]) > budget:
        start += 1
    return start


def _fitting(text: str, span: tuple[int, int], budget: int, count: Callable[[str], int]) -> Iterator[tuple[int, int]]:
    """The sentence, or pieces of one that is too long by itself, cut at blanks where there are any."""
    start, end = span
    while (reach := _reach(text, start, end, budget, count)) < end:
        blank = max(text.rfind(mark, start + (reach - start) // 2, reach) for mark in " \t,;，；、")
        reach = blank + 1 if blank > start else reach
        yield start, reach
        start = reach
    yield start, end


def _reach(text: str, start: int, end: int, budget: int, count: Callable[[str], int]) -> int:
    """How far the longest piece from `start` goes that has fewer tokens than the budget; at least a character."""
    fits, step = start, budget
    # Steps that double: the tokens of all that is left would be counted for each piece otherwise.
    while count(text[start : min(fits + step, end)]) < budget:
        fits += step
        if fits >= end:
            return end
        step *= 2
    low, high = max(fits, start + 1), min(fits + step, end)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(text[start:middle]) < budget else (low, middle)
    return low
