"""Where a mention stands in its text, for formats whose offsets may be absent, wrong or include blanks."""

from __future__ import annotations


def place(text: str, mention: str, start: int | None = None) -> tuple[str, int | None, int | None]:
    """The mention without blanks at its edges, its start and its end (exclusive).

    The annotated start holds where the text agrees, else the nearest place where the mention occurs; without a start
    no place is known, since a string may occur more than once.
    """
    bare = mention.strip()
    if start is None:
        return bare, None, None
    start += len(mention) - len(mention.lstrip())
    if not text.startswith(bare, start):
        found = nearest(text, bare, start)
        if found is None:
            return bare, None, None
        start = found
    return bare, start, start + len(bare)


def nearest(text: str, mention: str, start: int) -> int | None:
    """The start of the mention's occurrence that is nearest to `start`, None where it does not occur."""
    before = text.rfind(mention, 0, max(start, 0) + len(mention))
    after = text.find(mention, max(start, 0))
    if before < 0 or after < 0:
        return max(before, after) if max(before, after) >= 0 else None
    return before if start - before <= after - start else after


def span(text: str, start: int, end: int, mention: str) -> tuple[int, int] | str:
    """Start and end of a mention that must stand there, or what is wrong, for formats whose offsets are exact.

    Blanks do not count: neither those at the edges, which are cut off, nor their number between words.
    """
    found = text[start:end] if 0 <= start <= end else ""
    if found != mention and found.split() != mention.split():
        return f"the text has {found!r} where the mention is {mention!r}"
    bare = found.strip()
    if not bare:
        return "a mention without a character"
    start += found.index(bare)
    return start, start + len(bare)
