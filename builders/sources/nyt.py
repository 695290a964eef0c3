"""New York Times, in CopyRE's and CasRel's version: twenty-four distantly supervised relations.

Paper: https://doi.org/10.1007/978-3-642-15939-8_10 (Riedel et al., 2010); https://aclanthology.org/P18-1047 (CopyRE)
Format: JSON with `triple_list` (CasRel) or `relationMentions` (CopyRE). CasRel's texts lost the accents that the
mentions kept. The variant that keeps only the last word of a mention (`NYT*`, `NYT_star`) is not this one.
"""

from collections.abc import Sequence
from pathlib import Path

from ..readers.triples import read_triples
from ..source import File, Source


def _whole(path: Path) -> Sequence[Path]:
    return [] if path.parent.name in ("NYT_star", "NYT*") else [path]


def _file(split: str, other: str) -> File:
    # Copies that hold both keep them in `NYT` and `NYT_star`.
    names = (f"{split}_triples.json", f"raw_{other}.json", f"new_{other}.json", f"{split}.json", f"{other}.json")
    return File((f"NYT/{names[0]}", *names), documents=_whole)


source = Source(
    name="New-York-Times-RE",
    task="RE",
    language="en",
    domain="news",
    licence="text under the New York Times Annotated Corpus agreement (LDC2008T19)",
    redistribute="agreement",
    owner="The New York Times; its text is given out by the Linguistic Data Consortium",
    citation="Riedel et al., 2010; Zeng et al., 2018",
    homepage="https://github.com/weizhepei/CasRel/tree/master/data/NYT",
    access="Follow the homepage's instructions to train_triples.json, dev_triples.json and test_triples.json.",
    sizes={"train": 56_196, "validation": 5_000, "test": 5_000},
    files={
        "train": [_file("train", "train")],
        "validation": [_file("dev", "valid")],
        "test": [_file("test", "test")],
    },
    read=read_triples,
    labels={
        "/people/ethnicity/geographic_distribution": "geographic distribution",
        "/location/country/administrative_divisions": "country of administrative divisions",
        "/location/administrative_division/country": "administrative division of country",
        "/location/location/contains": "location contains",
        "/location/neighborhood/neighborhood_of": "neighborhood of",
        "/location/country/capital": "country of capital",
        "/people/person/place_lived": "place lived",
        "/people/person/place_of_birth": "place of birth",
        "/people/deceased_person/place_of_death": "place of death",
        "/people/person/ethnicity": "ethnicity",
        "/people/person/nationality": "nationality",
        "/people/person/religion": "religion",
        "/people/ethnicity/people": "ethnicity of people",
        "/people/person/profession": "profession",
        "/people/person/children": "children",
        "/business/company/industry": "company industry",
        "/business/person/company": "person of company",
        "/business/company_shareholder/major_shareholder_of": "company shareholder among major shareholders",
        "/business/company/major_shareholders": "company major shareholders",
        "/business/company/founders": "company founders",
        "/business/company/place_founded": "company founded place",
        "/business/company/advisors": "company advisors",
        "/sports/sports_team/location": "sports team of location",
        "/sports/sports_team_location/teams": "sports team location of teams",
    },
    folders=("NYT",),
    key="New-York-Times-RE",
)
