"""Personal data in a text: e-mail addresses, telephone and identity numbers, user names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .edits import Edit

_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"  # month and day
# Kind → (what stands for it where it is masked, how it looks).
_KINDS = {
    "e-mail address": ("[EMAIL]", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"),
    "identity number": (
        "[ID]",
        rf"[1-9]\d{{5}}(?:19|20)\d\d{_DAY}\d{{3}}[\dXx]"  # China: it holds the date of birth
        r"|(?!000|666|9)\d{3}-\d\d-\d{4}",  # United States
    ),
    "telephone number": (
        "[PHONE]",
        r"(?:\+?86[- ]?)?1[3-9]\d(?:\d{8}|[- ]\d{4}[- ]\d{4})"  # China, mobile
        r"|(?:0\d{2,3}-|\(0\d{2,3}\) ?)\d{7,8}|[48]00-\d{3}-?\d{4}"  # China, landline and service
        r"|(?:\+?1[-. ])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}"  # North America
        r"|\+\d{1,3}(?:[- .]?\(?\d{2,4}\)?){2,5}",  # with the code of a country
    ),
    # As Weibo and Twitter read one: up to a blank or a mark. It holds a letter, so `@10` is none.
    "user name": ("[USER]", r"@(?=[\d_-]*[^\W\d_])[\w-]{2,30}"),
}
KINDS = tuple(_KINDS)

# Letters and digits of ASCII may not touch what is found; Chinese is written right up to it.
_ANY = re.compile(
    r"(?<![0-9A-Za-z_.%+@-])(?:"
    + "|".join(f"(?P<kind{n}>{pattern})" for n, (_, pattern) in enumerate(_KINDS.values()))
    + r")(?![0-9A-Za-z_@-])"
)
_DIGITS = re.compile(r"\d[\d() .-]{5,}\d")
_SENTENCE_END = re.compile(r"[。！？；.?!)）\]\s]")
_CLAUSE_MARK = re.compile("[，,：:、@]")
# Words that end no heading but lead to a name: they address, or are particles.
_LEADING = ("回复", "转发", "关注", "感谢", "谢谢", "恭喜", "祝贺", "羡慕", "通过", *"自在对由的了是给")
_HEADING = 30  # characters at most


def find_personal(text: str) -> Iterator[tuple[str, Edit]]:
    """Yield (kind, the edit that masks it), in the order of the text."""
    if "@" not in text and not _DIGITS.search(text):
        return
    for match in _ANY.finditer(text):
        kind = KINDS[int((match.lastgroup or "kind0")[4:])]
        if kind == "user name" and _is_heading(text, match.start()):
            continue
        yield kind, Edit(*match.span(), _KINDS[kind][0])


def _is_heading(text: str, at: int) -> bool:
    """Whether the `@` is layout, as in CMeIE's `disease@what is said of it`.

    So it is behind a Chinese character where nothing but that one term stands before it in the sentence, unless the
    term ends with a word that leads to a name. So none is counted in CMeIE's development set (1,643 without this
    rule), and in five sets of news and messages 364 of 373 still are.
    """
    term = _SENTENCE_END.split(text[max(0, at - _HEADING - 1) : at])[-1]
    return (
        "\u3400" <= term[-1:] <= "\u9fff"
        and len(term) <= _HEADING
        and not _CLAUSE_MARK.search(term)
        and not term.endswith(_LEADING)
    )
