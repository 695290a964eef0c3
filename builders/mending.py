"""Control characters and broken encodings: which there are, and what each should be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .edits import Edit, rewrite
from .records import Record

# Blanks of other kinds become a space, so that the words around them stay apart; line feeds and tabs stay.
_BLANK = "\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029"
_CONTROL = re.compile(f"(?P<blank>(?!\r\n)[{_BLANK}])|[\x00-\x08\x0e-\x1b\r\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")

# UTF-8 once read as Latin-1 or Windows-1252, where nobody means it: `Ã©`, `â€™`, three bytes or more of pure Latin-1,
# and Chinese as two such characters at least. An `É` before a `»` can be meant.
_LATER = "[\x80-\xbf]"
_WINDOWS = "[\x80-\xbf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ€]"
_MOJIBAKE = re.compile(
    f"(?:[ä-é]{_WINDOWS}{{2}}){{2,}}|[ÂÃ]{_LATER}|â[\x80€]{_WINDOWS}|[à-ï]{_LATER}{{2}}|[ð-ô]{_LATER}{{3}}"
)
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")  # an emoji as the two halves of UTF-16
_LOST = re.compile("[\ud800-\udfff\ufffd]+")  # what stands for characters that nobody can bring back

_ANY = re.compile(f"{_CONTROL.pattern}|{_MOJIBAKE.pattern}|{_LOST.pattern}")
_FIRST = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9fÂÃà-ô\u2028\u2029\ud800-\udfff\ufeff\ufffd-\uffff]"
)  # of a match of any


def is_sound(text: str) -> bool:
    """Whether there is nothing to mend: the common case, so it is found fast."""
    return not _FIRST.search(text) or not _ANY.search(text)


def mend(record: Record) -> tuple[Record | None, set[str]]:
    """The record with its characters mended, and the names of the rules that did it.

    What was read in the wrong encoding is read again, and control characters go. Lost characters (U+FFFD, half
    surrogates) are left out, unless they stand in a mention, which then cannot be known: None.
    """
    rules: set[str] = set()
    before = None
    while record is not before:  # what goes may bring together what belongs together
        before = record
        record = rewrite(record, list(_reread(record.text)))
        if edits := [Edit(*match.span(), "") for match in _LOST.finditer(record.text)]:
            if any(_LOST.search(mention) for mention in record.mentions()):
                return None, {"broken encoding"}
            record = rewrite(record, edits)
        if record is not before:
            rules.add("broken encoding")
        if edits := [Edit(*m.span(), " " if m["blank"] else "") for m in _CONTROL.finditer(record.text)]:
            record = rewrite(record, edits)
            rules.add("control character")
    return record, rules


def mend_text(text: str) -> str:
    """The text as it stands in a mended record."""
    record, _ = mend(Record(text))
    assert record is not None, "without mentions nothing is rejected"
    return record.text


def _reread(text: str) -> Iterator[Edit]:
    found = [(m, m[0].encode("utf-16", "surrogatepass").decode("utf-16")) for m in _PAIR.finditer(text)]
    for match in _MOJIBAKE.finditer(text):
        try:
            found.append((match, b"".join(map(_byte, match[0])).decode()))
        except UnicodeDecodeError:
            continue
    for match, new in sorted(found, key=lambda item: item[0].start()):
        yield Edit(*match.span(), new)


def _byte(character: str) -> bytes:
    return bytes([ord(character)]) if character < "\u0100" else character.encode("cp1252")
