"""CrossNER: sentences of Wikipedia in five domains with types of their own; one source a domain, never trained on.

Paper: https://arxiv.org/abs/2012.04373
Format: IOB2 columns `token tag`. Its training and development files are for other experiments and are not read.
"""

from functools import partial

from ..readers.columns import read_columns
from ..source import File, Source

_URL = "https://raw.githubusercontent.com/zliucr/CrossNER/main/ner_data"
_NAMES = {
    "academicjournal": "academic journal",
    "astronomicalobject": "astronomical object",
    "chemicalcompound": "chemical compound",
    "chemicalelement": "chemical element",
    "literarygenre": "literary genre",
    "metrics": "metric",
    "misc": "else",
    "musicalartist": "musical artist",
    "musicalinstrument": "musical instrument",
    "musicgenre": "music genre",
    "organisation": "organization",
    "politicalparty": "political party",
    "programlang": "programming language",
}


def _domain(name: str, domain: str, sentences: int, types: str, size: int | None = None, sha256: str = "") -> Source:
    return Source(
        name=f"CrossNER_{name}",
        task="NER",
        language="en",
        domain=f"Wikipedia ({domain})",
        licence="MIT",
        redistribute="yes",
        citation="Liu et al., 2021",
        homepage="https://github.com/zliucr/CrossNER",
        access="Clone https://github.com/zliucr/CrossNER; the files are ner_data/<domain>/test.txt.",
        sizes={"zero_shot": sentences},
        files={
            "zero_shot": [
                File(f"{name.lower()}/test.txt", url=f"{_URL}/{name.lower()}/test.txt", size=size, sha256=sha256)
            ]
        },
        read=partial(read_columns, separator="\t"),
        labels={tag: _NAMES.get(tag, tag) for tag in types.split()},
        folders=("CrossNER",),
    )


sources = (
    _domain(
        "AI",
        "artificial intelligence",
        431,
        "algorithm conference country field location metrics misc organisation person product programlang researcher "
        "task university",
        size=134455,
        sha256="7595ad386e0a98067100fe47f86811b38867a236011fee97cfaa90f778c37bcf",
    ),
    _domain(
        "literature",
        "literature",
        416,
        "award book country event literarygenre location magazine misc organisation person poem writer",
    ),
    _domain(
        "music",
        "music",
        465,
        "album award band country event location misc musicalartist musicalinstrument musicgenre organisation person "
        "song",
    ),
    _domain(
        "politics",
        "politics",
        651,
        "country election event location misc organisation person politicalparty politician",
        size=325917,
        sha256="05cadc5e129d394f7f92b4a052cf4b6ea4c60878d32a833e500cf046c297455f",
    ),
    _domain(
        "science",
        "natural science",
        543,
        "academicjournal astronomicalobject award chemicalcompound chemicalelement country discipline enzyme event "
        "location misc organisation person protein scientist theory university",
    ),
)
