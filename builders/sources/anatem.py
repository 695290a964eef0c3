"""AnatEM: anatomical entities in 1,212 abstracts and extracts of full papers.

Paper: https://doi.org/10.1093/bioinformatics/btt580
Format: brat standoff, a folder a split. Its twelve types are one in the published corpus, which started from the
IOB2 columns of https://github.com/cambridgeltl/MTL-Bioinformatics-2016, the sentences of the release's own columns.
Either is read where there is no standoff, and by the published profile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..readers.brat import read_brat
from ..readers.columns import read_columns
from ..records import Record, Rejected
from ..source import File, Source

_TYPES = (
    *("Anatomical_system", "Cancer", "Cell", "Cellular_component", "Developing_anatomical_structure"),
    *("Immaterial_anatomical_entity", "Multi-tissue_structure", "Organ", "Organism_subdivision"),
    *("Organism_substance", "Pathological_formation", "Tissue"),
)
_ARCHIVE = "http://nactem.ac.uk/anatomytagger/AnatEM-1.0.2.tar.gz"


def _documents(path: Path) -> Sequence[Path]:
    return sorted(path.iterdir()) if path.parent.name == "conll" else [path]


def _read(path: Path) -> Iterator[Record | Rejected]:
    return read_brat(path) if path.is_dir() else read_columns(path, separator="\t")


def _columns(*names: str) -> list[File]:
    spellings = *(f"conll/{name}" for name in names), *(f"{name}.tsv" for name in names)
    return [File(spellings, url=_ARCHIVE, documents=_documents)]


def _files(*names: str) -> list[File]:
    (columns,) = _columns(*names)
    return [replace(columns, path=(*(f"standoff/{name}" for name in names), *columns.spellings))]


source = Source(
    name="AnatEM",
    task="NER",
    language="en",
    domain="biomedicine",
    licence="annotations CC BY-SA 3.0; texts under the terms of PubMed and PMC",
    redistribute="share-alike",
    citation="Pyysalo and Ananiadou, 2014",
    homepage="http://nactem.ac.uk/anatomytagger/",
    access=f"Download and unpack {_ARCHIVE}.",
    sizes={"train": 5_861, "validation": 2_118, "test": 3_830},
    files={
        "train": _files("train"),
        "validation": _files("devel", "dev"),
        "test": _files("test"),
    },
    published_files={"train": _columns("train"), "validation": _columns("devel", "dev"), "test": _columns("test")},
    read=_read,
    labels=dict.fromkeys((*_TYPES, "Anatomy"), "Anatomy"),
    folders=("AnatEM-1.0.2",),
    key="AnatEM",
)
