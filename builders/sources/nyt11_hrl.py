"""NYT11-HRL: New York Times sentences, twelve distantly supervised relations, a manually labelled test set.

Paper: https://arxiv.org/abs/1811.03925
Format: JSON lines with `relations` (HRL-RE), `relationMentions`, or `triple_list` (CasRel); labels are Freebase paths
or, in some copies, the names below. The test is the first 369 sentences: one copy appends 976 others. A share of the
training sentences as large as the published 149 of 62,648 is the validation set, unless a copy has cut its own.
"""

from functools import partial

from ..readers.triples import read_triples
from ..source import File, Source

_NAMES = {
    "/people/person/place_of_birth": "place of birth",
    "/people/deceased_person/place_of_death": "place of death",
    "/people/person/place_lived": "place lived",
    "/people/person/children": "children",
    "/business/company/founders": "company founders",
    "/business/person/company": "company",
    "/location/location/contains": "location contains",
    "/location/neighborhood/neighborhood_of": "neighborhood of",
    "/people/person/nationality": "nationality",
    "/location/country/capital": "country capital",
    "/location/administrative_division/country": "administrative division of country",
    "/location/country/administrative_divisions": "country of administrative divisions",
}


def _spellings(split: str, other: str) -> tuple[str, ...]:
    return f"{split}_triples.json", f"new_{other}.json", f"{split}.json", f"{other}.json"


source = Source(
    name="NYT11-HRL",
    task="RE",
    language="en",
    domain="news",
    licence="unstated; text under the New York Times Annotated Corpus agreement (LDC2008T19)",
    redistribute="agreement",
    owner="The New York Times; its text is given out by the Linguistic Data Consortium",
    citation="Takanobu et al., 2019",
    homepage="https://github.com/truthless11/HRL-RE",
    access="Download the data of NYT11 that the homepage links to: train.json and test.json.",
    sizes={"train": 62_648, "validation": 149, "test": 369},
    files={
        "train": [File(_spellings("train", "train"))],
        "validation": [File(_spellings("dev", "valid"))],
        "test": [File(_spellings("test", "test"), rows=(0, 369))],
    },
    read=partial(read_triples, no_relation="None"),
    labels=_NAMES | {name: name for name in _NAMES.values()},
    carve={"validation": 149 / 62_648},
    folders=("NYT11", "NYT11_HRL"),
    key="NYT11",
)
