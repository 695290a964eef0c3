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


def find_personal(text: str) -> Iterator[tuple[str, Edit]]:
    """Yield (kind, the edit that masks it), in the order of the text."""
    if "@" not in text and not _DIGITS.search(text):
        return
    for match in _ANY.finditer(text):
        kind = KINDS[int((match.lastgroup or "kind0")[4:])]
        yield kind, Edit(*match.span(), _KINDS[kind][0])
