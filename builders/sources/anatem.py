"""AnatEM: anatomical entities in 1,212 abstracts and extracts of full papers.

Paper: https://doi.org/10.1093/bioinformatics/btt580
Format: brat standoff, a folder a split. Its twelve types are one in the published corpus.
"""

from ..readers.brat import read_brat
from ..source import File, Source

_TYPES = (
    *("Anatomical_system", "Cancer", "Cell", "Cellular_component", "Developing_anatomical_structure"),
    *("Immaterial_anatomical_entity", "Multi-tissue_structure", "Organ", "Organism_subdivision"),
    *("Organism_substance", "Pathological_formation", "Tissue"),
)
_ARCHIVE = "http://nactem.ac.uk/anatomytagger/AnatEM-1.0.2.tar.gz"

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
        "train": [File("standoff/train", url=_ARCHIVE)],
        "validation": [File(("standoff/devel", "standoff/dev"), url=_ARCHIVE)],
        "test": [File("standoff/test", url=_ARCHIVE)],
    },
    read=read_brat,
    labels=dict.fromkeys(_TYPES, "Anatomy"),
    folders=("AnatEM-1.0.2",),
    key="AnatEM",
)
