"""FewRel: Wikipedia sentences, relations that a model has not seen, as drawn by five seeds; never trained on.

Paper: https://aclanthology.org/D18-1514; of the draws: https://aclanthology.org/2022.findings-acl.5 (RelationPrompt)
Format: JSON, relation → instances, or RelationPrompt's `unseen_<m>_seed_<k>/test.jsonl`, whose relations are drawn
already. `FewRel_<k>` asks for the m relations of seed k, in the sentences that have one of them; the score of FewRel
is the mean over the five. Of FewRel 2.0 nothing is read: its SemEval part is the training text of SemEval-RE.
"""

from collections.abc import Iterator
from pathlib import Path

from ..readers.token_indexes import read_instances, read_triplets
from ..records import Record, Rejected
from ..source import File, Source

_RELATIONS = {
    "P6": "head of government",
    "P17": "country",
    "P22": "father",
    "P25": "mother",
    "P26": "spouse",
    "P27": "country of citizenship",
    "P31": "instance of",
    "P39": "position held",
    "P40": "child",
    "P57": "director",
    "P58": "screenwriter",
    "P59": "constellation",
    "P84": "architect",
    "P86": "composer",
    "P101": "field of work",
    "P102": "member of political party",
    "P105": "taxon rank",
    "P106": "occupation",
    "P118": "league",
    "P123": "publisher",
    "P127": "owned by",
    "P131": "located in the administrative territorial entity",
    "P135": "movement",
    "P136": "genre",
    "P137": "operator",
    "P140": "religion",
    "P150": "contains administrative territorial entity",
    "P155": "follows",
    "P156": "followed by",
    "P159": "headquarters location",
    "P175": "performer",
    "P176": "manufacturer",
    "P177": "crosses",
    "P178": "developer",
    "P206": "located in or next to body of water",
    "P241": "military branch",
    "P264": "record label",
    "P276": "location",
    "P306": "operating system",
    "P355": "subsidiary",
    "P361": "part of",
    "P364": "original language of film or TV show",
    "P400": "platform",
    "P403": "mouth of the watercourse",
    "P407": "language of work or name",
    "P410": "military rank",
    "P412": "voice type",
    "P413": "position played on team / speciality",
    "P449": "original network",
    "P460": "said to be the same as",
    "P463": "member of",
    "P466": "occupant",
    "P495": "country of origin",
    "P527": "has part",
    "P551": "residence",
    "P641": "sport",
    "P674": "characters",
    "P706": "located on terrain feature",
    "P710": "participant",
    "P740": "location of formation",
    "P750": "distributor",
    "P800": "notable work",
    "P921": "main subject",
    "P931": "place served by transport hub",
    "P937": "work location",
    "P974": "tributary",
    "P991": "successful candidate",
    "P1001": "applies to jurisdiction",
    "P1303": "instrument",
    "P1344": "participant of",
    "P1346": "winner",
    "P1408": "licensed to broadcast to",
    "P1411": "nominated for",
    "P1435": "heritage designation",
    "P1877": "after a work by",
    "P1923": "participating team",
    "P2094": "competition class",
    "P3373": "sibling",
    "P3450": "sports season of league or competition",
    "P4552": "mountain range",
}


def read(path: Path) -> Iterator[Record | Rejected]:
    """Yield the sentences of either layout."""
    return read_triplets(path) if path.suffix == ".jsonl" else read_instances(path)


def sources(m: int = 5) -> tuple[Source, ...]:
    """One source for each of the seeds 0 to 4, asking for m relations (published: 5, 10 and 15).

    Those of 5 are below; `iepile build --variant unseen_10` adds those of 10, `--variant unseen_15` those of 15. For
    another number, name a file of your own like those of `builders/variants/` with `--source`.
    """
    return tuple(_source(m, seed) for seed in range(5))


def _source(m: int, seed: int) -> Source:
    drawn = f"unseen_{m}_seed_{seed}/test.jsonl"
    return Source(
        name=f"FewRel_{seed}" if m == 5 else f"FewRel_{m}_{seed}",
        task="RE",
        language="en",
        domain="Wikipedia",
        licence="MIT",
        redistribute="yes",
        citation="Han et al., 2018",
        homepage="https://github.com/thunlp/FewRel",
        access="Download data/val_wiki.json from the homepage, or zero_rte_data.zip of RelationPrompt "
        "(https://github.com/declare-lab/RelationPrompt/releases) and unpack its folder `fewrel`.",
        sizes={"zero_shot": 700 * m},
        files={
            "zero_shot": [
                File(
                    (f"fewrel/{drawn}", drawn, "val_wiki.json", "val.json"),
                    url="https://raw.githubusercontent.com/thunlp/FewRel/master/data/val_wiki.json",
                    size=3534147,
                    sha256="76bb44c2485b6faed358a3ce040eadafcc8a8835245cd7e6afc1bef672d4a0bf",
                )
            ]
        },
        read=read,
        labels=_RELATIONS,
        unseen=(m, seed),
        folders=("FewRel",),
    )


SOURCES = sources()
