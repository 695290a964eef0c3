"""Which of the corpus's languages a text is in."""

from __future__ import annotations

import re

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"[^\W\d_\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


def guess_language(text: str) -> str:
    """`zh` where Chinese characters are at least as many as words in other scripts, else `en`.

    A Chinese text about English names has few words for its many characters; an English one that quotes a Chinese
    name is the other way round.
    """
    han = len(_HAN.findall(text))
    return "zh" if han and han >= len(_WORD.findall(text)) else "en"
