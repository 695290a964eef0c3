"""SciERC: abstracts of AI papers, seven relations between scientific terms.

Paper: https://aclanthology.org/D18-1360
Format: JSON lines of documents, token offsets over the whole document. Sentences without a relation are not asked.
"""

from functools import partial

from ..readers.token_spans import read_documents
from ..source import File, Source

_ARCHIVE = "http://nlp.cs.washington.edu/sciIE/data/sciERC_processed.tar.gz"


def _file(name: str) -> File:
    # Other packagings hold a second copy beside it, with other tokens (`normalized_data`).
    return File((f"processed_data/json/{name}", f"json/{name}", name), url=_ARCHIVE)


source = Source(
    name="SciERC",
    task="RE",
    language="en",
    domain="scientific abstracts (artificial intelligence)",
    licence="unstated",
    redistribute="unstated",
    citation="Luan et al., 2018",
    homepage="http://nlp.cs.washington.edu/sciIE/",
    access="Download sciERC_processed.tar.gz from the homepage and unpack it.",
    sizes={"train": 1_366, "validation": 187, "test": 397},
    files={
        "train": [_file("train.json")],
        "validation": [_file("dev.json")],
        "test": [_file("test.json")],
    },
    read=partial(read_documents, only="relations"),
    labels={
        "FEATURE-OF": "feature of",
        "PART-OF": "part of",
        "HYPONYM-OF": "hyponym of",
        "COMPARE": "compare",
        "CONJUNCTION": "conjunction",
        "USED-FOR": "used for",
        "EVALUATE-FOR": "evaluate for",
    },
    key="SciERC",
)
