"""CASIE: attacks and vulnerabilities in cybersecurity news, sentence by sentence.

Paper: https://doi.org/10.1609/aaai.v34i05.6401
Format: one JSON file a document. Division by date, as in UIE (https://aclanthology.org/2022.acl-long.395): of the 997
documents that it keeps, the 200 newest are for testing, the next 100 for validation.
"""

from functools import partial

from ..readers.casie import newest_first, read_casie
from ..source import File, Source

_ARCHIVE = "https://github.com/Ebiquity/CASIE/archive/HEAD.zip"
_dated = partial(newest_first, left_out=frozenset({"999", "10001", "10002"}))
_ATTACK = ("attacker", "attack pattern", "victim", "damage amount", "tool", "time", "place")
_VULNERABILITY = (
    *("vulnerability", "common vulnerabilities and exposures", "vulnerable system", "vulnerable system version"),
    *("supported platform", "time"),
)

source = Source(
    name="CASIE",
    task="EE",
    language="en",
    domain="cybersecurity",
    licence="unstated",
    redistribute="unstated",
    citation="Satyapanich et al., 2020",
    homepage="https://github.com/Ebiquity/CASIE",
    access="Clone https://github.com/Ebiquity/CASIE; the files are data/annotation/<id>.json.",
    sizes={"train": 7_194, "validation": 1_182, "test": 2_333},
    files={
        "train": [File("annotation", _ARCHIVE, documents=partial(_dated, first=300 / 997, end=1))],
        "validation": [File("annotation", _ARCHIVE, documents=partial(_dated, first=200 / 997, end=300 / 997))],
        "test": [File("annotation", _ARCHIVE, documents=partial(_dated, first=0, end=200 / 997))],
    },
    read=read_casie,
    labels={
        "Databreach": "data breach",
        "Phishing": "phishing",
        "Ransom": "ransom",
        "DiscoverVulnerability": "discover vulnerability",
        "PatchVulnerability": "patch vulnerability",
    },
    roles={
        "data breach": (*_ATTACK, "purpose", "compromised data", "number of data", "number of victim"),
        "phishing": (*_ATTACK, "purpose", "trusted entity"),
        "ransom": (*_ATTACK, "price", "payment method"),
        "discover vulnerability": (*_VULNERABILITY, "discoverer", "vulnerable system owner", "capabilities"),
        "patch vulnerability": (*_VULNERABILITY, "releaser", "patch", "patch number", "issues addressed"),
    },
    role_names={
        "Attack-Pattern": "attack pattern",
        "Attacker": "attacker",
        "CVE": "common vulnerabilities and exposures",
        "Capabilities": "capabilities",
        "Compromised-Data": "compromised data",
        "Damage-Amount": "damage amount",
        "Discoverer": "discoverer",
        "Issues-Addressed": "issues addressed",
        "Number-of-Data": "number of data",
        "Number-of-Victim": "number of victim",
        "Patch": "patch",
        "Patch-Number": "patch number",
        "Payment-Method": "payment method",
        "Place": "place",
        "Price": "price",
        "Purpose": "purpose",
        "Releaser": "releaser",
        "Supported_Platform": "supported platform",
        "Time": "time",
        "Tool": "tool",
        "Trusted-Entity": "trusted entity",
        "Victim": "victim",
        "Vulnerability": "vulnerability",
        "Vulnerable_System": "vulnerable system",
        "Vulnerable_System_Owner": "vulnerable system owner",
        "Vulnerable_System_Version": "vulnerable system version",
    },
    key="CASIE",
)
