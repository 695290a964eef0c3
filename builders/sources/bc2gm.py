"""BC2GM: genes and proteins in 20,000 sentences of PubMed abstracts (BioCreative II, gene mentions).

Paper: https://doi.org/10.1186/gb-2008-9-s2-s2
Format: sentences and mentions in two files. The original has no development set; the usual one is 2,500 sentences held
out of its 15,000 for training (https://github.com/spyysalo/bc2gm-corpus); or the IOB2 columns of that division.
"""

from collections.abc import Iterator
from pathlib import Path

from ..readers.columns import read_columns
from ..readers.gene_mentions import read_gene_mentions, read_identifiers
from ..records import Record, Rejected
from ..source import File, Source

_ARCHIVE = "https://github.com/spyysalo/bc2gm-corpus/archive/HEAD.zip"
_DEVEL = "devel-split/devel"
_TRAIN = File(("devel-split/train", "original-data/train", "train", "conll/train.tsv", "train.tsv"))


def _training(folder: Path) -> list[Path]:
    found = _TRAIN.find(folder)
    return [found] if found else []


def _read(folder: Path) -> Iterator[Record | Rejected]:
    """Where the training files are the original ones, without the development set that was held out of them."""
    if folder.suffix == ".tsv":
        return read_columns(folder, separator="\t")
    devel = (parent / _DEVEL / "devel.in" for parent in folder.parents[:2])
    held_out = next((path for path in devel if path.exists() and path.parent != folder), None)
    return read_gene_mentions(folder, read_identifiers(held_out) if held_out else ())


source = Source(
    name="BC2GM",
    task="NER",
    language="en",
    domain="biomedicine",
    licence="public domain (work of the United States government); its division MIT",
    redistribute="yes",
    citation="Smith et al., 2008",
    homepage="https://biocreative.bioinformatics.udel.edu/resources/corpora/biocreative-ii-corpus/",
    access="Clone https://github.com/spyysalo/bc2gm-corpus.",
    sizes={"train": 12_500, "validation": 2_500, "test": 5_000},
    files={
        # The whole folder, since what is read of the original depends on the development set.
        "train": [File(("bc2gm-corpus", "."), url=_ARCHIVE, documents=_training)],
        "validation": [File((_DEVEL, "devel", "conll/devel.tsv", "devel.tsv"), url=_ARCHIVE)],
        "test": [File(("original-data/test", "test", "conll/test.tsv", "test.tsv"), url=_ARCHIVE)],
    },
    read=_read,
    labels={"GENE": "gene"},
    folders=("bc2gm-corpus", "bc2geneMention"),
    key="bc2gm",
)
