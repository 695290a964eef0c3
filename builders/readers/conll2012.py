"""CoNLL-2012 files: a token a line, names as brackets that open and close in the eleventh column (OntoNotes).

    #begin document (nw/toy/00/toy_0001); part 000
    nw/toy/00/toy_0001  0  0  Anna  NNP  (TOP(S(NP*  -  -  -  -  (PERSON*  (ARG0*  (3

Columns are parted by runs of blanks, and their number varies. Format: https://conll.cemantix.org/2012/data.html
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from pathlib import Path

from ..errors import FormatError
from ..records import Record, Rejected
from .columns import tagged_record
from .lines import read_lines

_WORD, _NAME = 3, 10  # columns
_BRACKET = re.compile(r"(?:\(([^()*]+))?\*?(\))?")
_SPELLINGS = {
    **{"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}", "-LAB-": "<", "-RAB-": ">"},
    **{"/.": ".", "/?": "?", "/-": "-"},  # marks in transcripts of speech
}


def read_conll2012(path: Path, unnamed: Container[str] = ()) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, with brackets and slashes as they are written.

    Args:
        path: the file.
        unnamed: genres (the start of a document's id) whose documents are passed over where they hold no name at all,
            since nobody looked for names there.

    Raises:
        FormatError: where the words are left out, as in the files that come without the LDC's texts.
    """
    for genre, sentences in _documents(path):
        if genre not in unnamed or any(isinstance(item, Rejected) or item.entity for item in sentences):
            yield from sentences


def _documents(path: Path) -> Iterator[tuple[str, list[Record | Rejected]]]:
    """(genre, sentences) of each part of a document."""
    genre = ""
    sentences: list[Record | Rejected] = []
    lines: list[str] = []
    number = 0
    for number, line in read_lines(path):
        if line and not line.isspace() and not line.startswith("#"):
            lines.append(line)
            continue
        if lines:
            sentences.append(_sentence(lines, path, number - len(lines)))
            lines = []
        if line.startswith("#begin document"):
            genre = line.partition("(")[2].partition("/")[0]
        elif line.startswith("#end document"):
            yield genre, sentences
            sentences = []
    if lines:
        sentences.append(_sentence(lines, path, number + 1 - len(lines)))
    yield genre, sentences


def _sentence(lines: list[str], path: Path, first: int) -> Record | Rejected:
    words, tags, label = [], [], ""
    for number, line in enumerate(lines, first):
        columns = line.split()
        if len(columns) <= _NAME:
            return Rejected(f"{path}:{number}", f"fewer than {_NAME + 1} columns", content=line)
        words.append(_spelled(columns[_WORD]))
        name = columns[_NAME]
        opens, closes = "", ""
        if name != "*":
            bracket = _BRACKET.fullmatch(name)
            opens, closes = (bracket[1] or "", bracket[2] or "") if bracket else ("", "")
            if not bracket or bool(opens) == bool(label):
                return Rejected(f"{path}:{number}", f"the bracket {name!r} fits no name", content=line)
        label = opens or label
        tags.append(f"{'B' if opens else 'I'}-{label}" if label else "O")
        if closes:
            label = ""
    if label:
        return Rejected(f"{path}:{number}", f"the name {label} has no end in its sentence", content=line)
    if set(words) == {"[WORD]"}:
        raise FormatError(
            f"{path}:{first}: the words are left out; fill them in with skeleton2conll.sh of the CoNLL-2012 scripts."
        )
    return tagged_record(words, [tags], f"{path}:{first}")


def _spelled(word: str) -> str:
    """The word as it is written, without the escapes of the treebank."""
    return _SPELLINGS.get(word, word).replace("\\/", "/").replace("\\*", "*")
