"""Wiki-ZSL: Wikipedia sentences labelled by Wikidata, relations that a model has not seen, as drawn by five seeds.

Paper: https://aclanthology.org/2021.naacl-main.272 (ZS-BERT); of the draws:
https://aclanthology.org/2022.findings-acl.5 (RelationPrompt)
Format: RelationPrompt's `unseen_<m>_seed_<k>/test.jsonl`, or one JSON array of sentences with `edgeSet`. Never trained
on; `Wiki-ZSL_<k>` asks for the m relations of seed k, and the score of Wiki-ZSL is the mean over the five.
"""

from functools import partial

from ..readers.token_indexes import read_triplets
from ..source import File, Source

_RELATIONS = {
    "P17": "country",
    "P19": "place of birth",
    "P20": "place of death",
    "P22": "father",
    "P25": "mother",
    "P26": "spouse",
    "P27": "country of citizenship",
    "P30": "continent",
    "P31": "instance of",
    "P36": "capital",
    "P37": "official language",
    "P39": "position held",
    "P40": "child",
    "P47": "shares border with",
    "P50": "author",
    "P53": "family",
    "P54": "member of sports team",
    "P57": "director",
    "P58": "screenwriter",
    "P59": "constellation",
    "P69": "educated at",
    "P81": "connecting line",
    "P86": "composer",
    "P101": "field of work",
    "P102": "member of political party",
    "P106": "occupation",
    "P108": "employer",
    "P112": "founded by",
    "P118": "league",
    "P121": "item operated",
    "P123": "publisher",
    "P127": "owned by",
    "P131": "located in the administrative territorial entity",
    "P135": "movement",
    "P136": "genre",
    "P138": "named after",
    "P140": "religion",
    "P144": "based on",
    "P150": "contains administrative territorial entity",
    "P155": "follows",
    "P159": "headquarters location",
    "P161": "cast member",
    "P162": "producer",
    "P166": "award received",
    "P170": "creator",
    "P175": "performer",
    "P176": "manufacturer",
    "P178": "developer",
    "P179": "part of the series",
    "P186": "material used",
    "P190": "twinned administrative body",
    "P206": "located in or next to body of water",
    "P241": "military branch",
    "P264": "record label",
    "P272": "production company",
    "P276": "location",
    "P279": "subclass of",
    "P355": "subsidiary",
    "P360": "is a list of",
    "P361": "part of",
    "P364": "original language of film or TV show",
    "P366": "use",
    "P376": "located on astronomical body",
    "P397": "parent astronomical body",
    "P400": "platform",
    "P403": "mouth of the watercourse",
    "P412": "voice type",
    "P413": "position played on team / speciality",
    "P425": "field of this occupation",
    "P449": "original broadcaster",
    "P452": "industry",
    "P460": "said to be the same as",
    "P461": "opposite of",
    "P463": "member of",
    "P466": "occupant",
    "P495": "country of origin",
    "P530": "diplomatic relation",
    "P551": "residence",
    "P569": "date of birth",
    "P570": "date of death",
    "P571": "inception",
    "P577": "publication date",
    "P607": "conflict",
    "P641": "sport",
    "P647": "drafted by",
    "P674": "characters",
    "P676": "lyrics by",
    "P706": "located on terrain feature",
    "P734": "family name",
    "P735": "given name",
    "P737": "influenced by",
    "P800": "notable work",
    "P802": "student",
    "P840": "narrative location",
    "P921": "main subject",
    "P937": "work location",
    "P991": "successful candidate",
    "P1001": "applies to jurisdiction",
    "P1056": "product or material produced",
    "P1080": "from narrative universe",
    "P1269": "facet of",
    "P1303": "instrument",
    "P1344": "participant of",
    "P1346": "winner",
    "P1365": "replaces",
    "P1408": "licensed to broadcast to",
    "P1412": "languages spoken, written or signed",
    "P1435": "heritage designation",
    "P1552": "has quality",
    "P1589": "lowest point",
    "P1889": "different from",
    "P2389": "organization directed by the office or position",
    "P2416": "sports discipline competed in",
}


def sources(m: int = 5) -> tuple[Source, ...]:
    """One source for each of the seeds 0 to 4, asking for m relations (published: 5, 10 and 15).

    Those of 5 are below; `iepile build --variant unseen_10` adds those of 10, `--variant unseen_15` those of 15. For
    another number, name a file of your own like those of `builders/variants/` with `--source`.
    """
    return tuple(_source(m, seed) for seed in range(5))


def _source(m: int, seed: int) -> Source:
    drawn = f"unseen_{m}_seed_{seed}/test.jsonl"
    return Source(
        name=f"Wiki-ZSL_{seed}" if m == 5 else f"Wiki-ZSL_{m}_{seed}",
        task="RE",
        language="en",
        domain="Wikipedia",
        licence="unstated",
        redistribute="unstated",
        citation="Chen and Li, 2021",
        homepage="https://github.com/dinobby/ZS-BERT",
        access="Download zero_rte_data.zip of RelationPrompt "
        "(https://github.com/declare-lab/RelationPrompt/releases) and unpack its folder `wiki`, or download "
        "wiki_all.json as the homepage says.",
        files={"zero_shot": [File((f"wiki/{drawn}", drawn, "wiki_all.json"))]},
        read=partial(read_triplets, relations=_RELATIONS.keys()),
        labels=_RELATIONS,
        unseen=(m, seed),
        folders=("Wiki-ZSL", "WikiZSL", "Wiki"),
    )


SOURCES = sources()
