"""BC4CHEMD: chemicals in 10,000 PubMed abstracts (BioCreative IV, CHEMDNER).

Paper: https://doi.org/10.1186/1758-2946-7-S1-S2
Format: a table of abstracts and one of mentions; or the IOB2 columns of https://github.com/cambridgeltl/MTL-Bioinformatics-2016.
Its classes are one in the published corpus.
"""

from functools import partial

from ..readers.chemdner import read_chemdner
from ..readers.columns import read_columns_or
from ..source import File, Source

_ARCHIVE = "https://biocreative.bioinformatics.udel.edu/media/store/files/2014/chemdner_corpus.tar.gz"
_CLASSES = (
    *("ABBREVIATION", "FAMILY", "FORMULA", "IDENTIFIER", "IDENTIFIERS", "MULTIPLE", "SYSTEMATIC", "TRIVIAL"),
    *("NO CLASS", "Chemical"),
)


def _files(name: str, columns: str) -> list[File]:
    return [
        File((f"{name}.abstracts.txt", columns), url=_ARCHIVE),
        # The columns hold the mentions themselves.
        File((f"{name}.annotations.txt", columns), url=_ARCHIVE, beside=True),
    ]


source = Source(
    name="BC4CHEMD",
    task="NER",
    language="en",
    domain="biomedicine (chemistry)",
    licence="unstated",
    redistribute="unstated",
    citation="Krallinger et al., 2015",
    homepage="https://biocreative.bioinformatics.udel.edu/resources/biocreative-iv/chemdner-corpus/",
    access=f"Download and unpack {_ARCHIVE}.",
    sizes={"train": 30_682, "validation": 30_639, "test": 26_364},
    files={
        "train": _files("training", "train.tsv"),
        "validation": _files("development", "devel.tsv"),
        "test": _files("evaluation", "test.tsv"),
    },
    published_files={"train": [File("train.tsv")], "validation": [File("devel.tsv")], "test": [File("test.tsv")]},
    read=partial(read_columns_or, read_chemdner),
    labels=dict.fromkeys(_CLASSES, "Chemical"),
    folders=("chemdner_corpus",),
    key="bc4chemd",
)
