"""ACE 2005, English: entities (`ACE2005`) and events (`ACE05`) of news, talk and web pages.

Guidelines: https://www.ldc.upenn.edu/collaborations/past-projects/ace/annotation-tasks-and-specifications
Format: .sgm and .apf.xml as released, or the JSON lines that OneIE (https://blender.cs.illinois.edu/software/oneie/)
makes of them. From the release, entities are the full extents of all mentions, as in nested NER, and arguments the
heads of theirs, as in ACE05-E; OneIE knows heads alone. Roles that values and times fill are left out, as is usual,
which leaves 22; roles outside the guideline are slips of the annotation and go where they belong.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..readers.ace import ANNOTATION, read_apf_entities, read_apf_events, split_documents
from ..readers.ace_lists import EVENTS, NESTED_NER, Division
from ..readers.token_events import read_oneie
from ..records import Record, Rejected
from ..source import File, Reader, Source


def _either(read_apf: Reader, path: Path) -> Iterator[Record | Rejected]:
    return read_apf(path) if path.name.endswith(ANNOTATION) else read_oneie(path)


def _files(division: Division, oneie_first: bool) -> dict[str, list[File]]:
    files = {}
    for split, name in (("train", "train"), ("validation", "dev"), ("test", "test")):
        oneie, release = (f"{name}.oneie.json",), ("English", ".")
        spellings = (*oneie, *release) if oneie_first else (*release, *oneie)
        files[split] = [File(spellings, documents=partial(split_documents, division=division, split=split))]
    return files


entities = Source(
    name="ACE2005",
    task="NER",
    language="en",
    domain="news, conversation and web",
    licence="LDC User Agreement",
    redistribute="agreement",
    owner="Linguistic Data Consortium",
    citation="Walker et al., 2006",
    homepage="https://catalog.ldc.upenn.edu/LDC2006T06",
    access="Order LDC2006T06 from the LDC and unpack its folder data/English, or give what OneIE makes of it.",
    sizes={"train": 7_299, "validation": 971, "test": 1_060},
    files=_files(NESTED_NER, oneie_first=False),
    read=partial(_either, read_apf_entities),
    labels={
        "ORG": "organization",
        "PER": "person",
        "GPE": "geographical social political",
        "VEH": "vehicle",
        "LOC": "location",
        "WEA": "weapon",
        "FAC": "facility",
    },
    folders=("ACE05", "ace_2005_td_v7", "LDC2006T06"),
    key="ACE2005",
)

# Native type: published name and roles, all but values and times.
_EVENTS = {
    "Justice:Charge-Indict": ("charge indict", "defendant prosecutor adjudicator place"),
    "Justice:Trial-Hearing": ("trial hearing", "defendant prosecutor adjudicator place"),
    "Justice:Convict": ("convict", "defendant adjudicator place"),
    "Justice:Sentence": ("sentence", "defendant adjudicator place"),
    "Justice:Acquit": ("acquit", "defendant adjudicator place"),
    "Justice:Appeal": ("appeal", "defendant prosecutor adjudicator place"),
    "Justice:Sue": ("sue", "plaintiff defendant adjudicator place"),
    "Justice:Arrest-Jail": ("arrest jail", "person agent place"),
    "Justice:Release-Parole": ("release parole", "person entity place"),
    "Justice:Extradite": ("extradite", "agent person destination origin"),
    "Justice:Pardon": ("pardon", "defendant adjudicator place"),
    "Justice:Execute": ("execute", "person agent place"),
    "Justice:Fine": ("fine", "entity adjudicator place"),
    "Business:Start-Org": ("start organization", "agent organization place"),
    "Business:End-Org": ("end organization", "organization place"),
    "Business:Merge-Org": ("merge organization", "organization place"),
    "Business:Declare-Bankruptcy": ("declare bankruptcy", "organization place"),
    "Transaction:Transfer-Money": ("transfer money", "giver recipient beneficiary place"),
    "Transaction:Transfer-Ownership": ("transfer ownership", "buyer seller beneficiary artifact place"),
    "Personnel:Start-Position": ("start position", "person entity place"),
    "Personnel:End-Position": ("end position", "person entity place"),
    "Personnel:Elect": ("elect", "person entity place"),
    "Personnel:Nominate": ("nominate", "person agent place"),
    "Life:Marry": ("marry", "person place"),
    "Life:Divorce": ("divorce", "person place"),
    "Life:Be-Born": ("born", "person place"),
    "Life:Die": ("die", "agent victim instrument place"),
    "Conflict:Attack": ("attack", "attacker target instrument place"),
    "Life:Injure": ("injure", "agent victim instrument place"),
    "Conflict:Demonstrate": ("demonstrate", "entity place"),
    "Contact:Meet": ("meet", "entity place"),
    "Movement:Transport": ("transport", "agent artifact vehicle origin destination"),
    "Contact:Phone-Write": ("phone write", "entity"),
}
_ROLES = {name: tuple(roles.split()) for name, roles in _EVENTS.values()}
_TIMES = ("Within", "Starting", "Ending", "Holds", "Before", "After", "At-Beginning", "At-Begginning", "At-End")

events = replace(
    entities,
    name="ACE05",
    task="EE",
    sizes={"train": 17_172, "validation": 923, "test": 832},
    files=_files(EVENTS, oneie_first=True),
    read=partial(_either, read_apf_events),
    labels={native: name for native, (name, _) in _EVENTS.items()},
    roles=_ROLES,
    role_names={
        **{role.title(): role for roles in _ROLES.values() for role in roles},
        "Org": "organization",
        **{role: None for role in ("Crime", "Money", "Position", "Price", "Sentence", "Time")},
        **{f"Time-{time}": None for time in _TIMES},
        "Conflict:Attack.Agent": "attacker",
        "Conflict:Attack.Victim": "target",
        "Contact:Phone-Write.Place": None,
        "Justice:Appeal.Plaintiff": "prosecutor",
        "Life:Die.Person": "victim",
        "Movement:Transport.Place": None,
        "Movement:Transport.Victim": "artifact",
    },
    folders=("ACE2005", "ace_2005_td_v7", "LDC2006T06"),
    key="ACE05",
)
